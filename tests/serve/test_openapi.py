"""What OpenAPI says of every call is what the call answers."""

from __future__ import annotations

from random import Random
from threading import enumerate as enumerate_threads

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # It ships no types.

from tests.laws.stories import broad, crowded
from tests.story import asked, finished

CALLS = {
    "/v1/threads": "/v1/threads",
    "/v1/threads/{community}/{thread}": "/v1/threads/community.example/t1",
    "/v1/threads/{community}/{thread}/timeline": "/v1/threads/community.example/t1/timeline",
    "/v1/threads/{community}/{thread}/replies": "/v1/threads/community.example/t1/replies",
    "/v1/activity": "/v1/activity?bucket=week",
    "/v1/latency": "/v1/latency?metric=first_comment&as_of=2017-04-24T12:45&bots=exclude",
    "/v1/positions": "/v1/positions",
    "/healthz": "/healthz",
    "/readyz": "/readyz",
}
STREAMS = {"/v1/streams/events"}


def schema(openapi, path, status, media_type):
    response = openapi["paths"][path]["get"]["responses"][status]
    body = response["content"][media_type]["schema"]
    return Draft202012Validator({**body, "components": openapi["components"]})


@pytest.mark.parametrize("seed", range(12))
async def test_every_call_answers_by_its_schema(served, seed):
    rng = Random(seed)  # noqa: S311 (a story, no secret)
    served.world.publish(*broad(rng), *crowded(rng), finished(9 * 86_400_000))
    served.world.work()
    served.follow()
    async with served.api() as client:
        openapi = (await client.get("/openapi.json")).json()
        assert set(openapi["paths"]) == set(CALLS) | STREAMS
        for path, call in CALLS.items():
            answer = await client.get(call)
            assert answer.status_code == 200, (call, answer.text)
            schema(openapi, path, "200", "application/json").validate(answer.json())


@pytest.mark.parametrize("path", sorted([*CALLS, *STREAMS]))
async def test_every_call_refuses_unknown_parameters_by_its_schema(served, path):
    async with served.api() as client:
        openapi = (await client.get("/openapi.json")).json()
        answer = await client.get(CALLS.get(path, path), params={"colour": "red"})
    assert answer.status_code == 400
    schema(openapi, path, "4XX", "application/problem+json").validate(answer.json())


async def test_no_call_goes_through_a_thread_of_the_frameworks(served):
    """A dependency that is no coroutine does, which takes longer than most answers."""
    before = set(enumerate_threads())
    async with served.api() as client:
        for call in CALLS.values():
            await client.get(call)
        begun = {thread.name for thread in set(enumerate_threads()) - before}
    assert {name.partition("_")[0] for name in begun} <= {"aside", "folding"}


async def test_the_page_to_try_the_calls_on_fetches_nothing_from_elsewhere(served):
    async with served.api() as client:
        page = (await client.get("/docs")).text
        assert "http://" not in page
        assert "https://" not in page
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
            assert f"/docs/{name}" in page
            assert (await client.get(f"/docs/{name}")).status_code == 200


async def test_the_start_page_escapes_what_people_wrote(served):
    served.world.publish(asked(title="<script>alert(1)</script>", community="a/b & c"))
    served.world.work()
    served.follow()
    async with served.api() as client:
        page = (await client.get("/")).text
    assert "<script>" not in page
    assert 'href="/v1/threads/a%2Fb%20%26%20c/t1"' in page
