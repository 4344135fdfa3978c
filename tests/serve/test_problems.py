"""Whatever goes wrong is told as a problem document, with its type."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stream.core.position import Position
from tests.story import asked

T1 = "/v1/threads/community.example/t1"


@pytest.fixture
async def client(served):
    served.world.publish(asked())
    served.world.work()
    served.follow()
    async with served.api() as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "status", "kind", "named"),
    [
        ("/v1/threads?colour=red", 400, "unknown-parameter", "colour"),
        (f"{T1}?policy=implicit", 400, "unknown-parameter", "as_of"),
        ("/healthz?x=1", 400, "unknown-parameter", "none"),
        ("/v1/threads?limit=0", 400, "invalid-parameter", "limit"),
        ("/v1/threads?limit=many", 400, "invalid-parameter", "many"),
        ("/v1/threads?state=odd", 400, "invalid-parameter", "state"),
        ("/v1/threads?cursor=xyz", 400, "invalid-parameter", "cursor"),
        (f"{T1}?as_of=yesterday", 400, "invalid-parameter", "yesterday"),
        (f"{T1}/replies?policy=guess", 400, "invalid-parameter", "policy"),
        ("/v1/activity?zone=Mars/Olympus", 400, "invalid-parameter", "Mars"),
        ("/v1/activity?bucket=year", 400, "invalid-parameter", "bucket"),
        ("/v1/activity?since=2017-05-01&until=2017-04-01", 400, "invalid-parameter", "until"),
        ("/v1/activity?bucket=15m&since=1990-01-01", 400, "invalid-parameter", "rows"),
        ("/v1/latency?metric=patience", 400, "invalid-parameter", "metric"),
        ("/v1/threads?min_position=!!", 400, "invalid-parameter", "min_position"),
        ("/v1/threads?wait_ms=60000", 400, "invalid-parameter", "wait_ms"),
        ("/v1/threads?community=nowhere", 404, "unknown-community", "community.example"),
        ("/v1/activity?community=nowhere", 404, "unknown-community", "nowhere"),
        ("/v1/latency?community=nowhere", 404, "unknown-community", "nowhere"),
        ("/v1/threads/community.example/t9", 404, "unknown-thread", "t9"),
        (f"{T1}?as_of=2016-01-01", 404, "unknown-thread", "2016-01-01"),
        ("/v2/threads", 404, "not-found", "/v2/threads"),
        ("/docs/secrets", 404, "not-found", "secrets"),
        ("/v1/streams/events?type=odd", 400, "invalid-parameter", "comment.created"),
        ("/v1/streams/events?thread=t1", 400, "invalid-parameter", "COMMUNITY/THREAD"),
        ("/v1/streams/events?cursor=!!", 400, "invalid-parameter", "cursor"),
        ("/v1/streams/events?since=then", 400, "invalid-parameter", "then"),
    ],
)
async def test_each_has_its_type_and_names_what_is_wrong(client, path, status, kind, named):
    answer = await client.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"urn:threadline:problem:{kind}"
    assert named in problem["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["threadline-position"]


async def test_only_get_is_answered(client):
    answer = await client.post("/v1/threads")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["type"] == "urn:threadline:problem:method-not-allowed"


async def test_a_position_not_reached_in_time_is_504(client):
    far = Position({0: 10_000}).token
    answer = await client.get("/v1/threads", params={"min_position": far, "wait_ms": 20})
    assert answer.status_code == 504
    assert answer.json()["reached"] == answer.headers["threadline-position"]


async def test_more_long_answers_than_may_wait_are_503_and_when_to_ask_again(client):
    aside = client._transport.app.state.aside  # noqa: SLF001 (the app that it asks)
    gate = threading.Event()
    try:
        waiting = [asyncio.create_task(aside.answer(lambda _: gate.wait(30))) for _ in range(200)]
        await asyncio.sleep(0)
        answer = await client.get("/v1/latency?metric=first_answer")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["type"] == "urn:threadline:problem:busy"
        assert "200 answers that take long are asked for; try in 5 s" in answer.json()["detail"]
        assert (await client.get("/v1/threads")).status_code == 200
        as_of = {"metric": "first_answer", "as_of": "2017-05-01"}
        folded = await client.get("/v1/latency", params=as_of)  # Has threads of its own.
        assert folded.status_code == 200
    finally:
        gate.set()
    assert await asyncio.gather(*waiting) == [True] * 200
    assert (await client.get("/v1/latency?metric=first_answer")).status_code == 200


async def test_our_own_mistakes_are_500_and_a_document(served):
    served.world.publish(asked())
    served.world.work()
    served.follow()
    served.db.execute("UPDATE threads SET raw = x'00'")
    async with served.api() as client:
        answer = await client.get("/v1/threads/community.example/t1")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:threadline:problem:internal-error"


async def test_it_is_not_ready_while_the_views_lag_behind_what_was_there_at_the_start(served):
    served.world.publish(asked())
    served.follow()
    async with served.api() as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["lag"]) == (503, 1)
        served.world.work()
        served.follow()
        assert (await client.get("/readyz")).status_code == 200
