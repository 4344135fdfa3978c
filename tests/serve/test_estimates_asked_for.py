"""While the API has a long estimate made it answers others; it says if that fails, and ends it."""

from __future__ import annotations

import asyncio
import os
import sys
from random import Random

import pytest

from tests.serve.test_estimates import WITHIN_S, status
from tests.story import DAY, HOUR, accepted, answered, asked

PATH = "/v1/latency"
PARAMS = {"metric": "accepted"}


@pytest.fixture
def dump(served):
    """Two thousand threads whose answers were accepted, some day."""
    rng = Random(1)  # noqa: S311 (a story, no secret)
    for n in range(2_000):
        thread, day, after = f"t{n}", rng.randrange(100) * DAY, rng.randrange(DAY)
        served.world.publish(
            asked(thread=thread, after=after),
            answered(thread=thread, after=after + HOUR),
            accepted(thread=thread, between=(day + DAY, day + 2 * DAY)),
        )
    served.world.work()
    served.follow()
    return served


async def test_while_the_first_is_made_no_thread_of_the_apis_makes_it(dump):
    """And those that count do not wait for it: two of the three questions would take both."""
    async with dump.api() as client:
        app = client._transport.app  # noqa: SLF001 (the app that it asks)
        async with asyncio.timeout(WITHIN_S):
            with app.state.estimates._turn:  # noqa: SLF001 (as if one were under way)
                long = [
                    asyncio.create_task(client.get(PATH, params={**PARAMS, "since": since}))
                    for since in ("2016-01-01", "2016-01-02", "2016-01-03")
                ]
                others = [await client.get("/v1/activity?bucket=month") for _ in range(3)]
                others.append(await client.get(PATH, params={"metric": "first_answer"}))
                others.append(await client.get("/healthz"))
                assert not any(one.done() for one in long)
            found = await asyncio.gather(*long)
        assert app.state.estimates.pid not in {None, os.getpid()}
    assert {one.status_code for one in others} == {200}
    assert [one.json()["n_between"] for one in found] == [2_000] * 3
    assert {one.json()["estimator"] for one in found} == {"turnbull"}


async def test_where_it_ends_again_and_again_that_is_a_problem_and_the_next_who_asks_is_answered(
    dump, monkeypatch, tmp_path
):
    odd = tmp_path / "python"
    odd.write_text("#!/bin/sh\nexit 7\n")
    odd.chmod(0o755)
    async with dump.api() as client:
        with monkeypatch.context() as without:
            without.setattr(sys, "executable", str(odd))
            answer = await client.get(PATH, params=PARAMS)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:threadline:problem:not-estimated"
        assert "ended 2 times, with status 7; ask again" in answer.json()["detail"]
        assert (await client.get(PATH, params=PARAMS)).json()["n_between"] == 2_000


async def test_the_api_ends_its_process(dump):
    async with dump.api() as client:
        assert (await client.get(PATH, params=PARAMS)).status_code == 200
        pid = client._transport.app.state.estimates.pid  # noqa: SLF001 (the app that it asks)
        assert status(pid) is not None
    assert status(pid) is None
