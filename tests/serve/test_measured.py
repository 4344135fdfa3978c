"""What is measured for one who asks is measured for all, and anew once something is written."""

from __future__ import annotations

import asyncio

from stream.serve.again import How
from stream.serve.shown import Views
from stream.serve.waited import Asked, Waited, Which
from tests.story import DAY, answered, asked

PATH = "/v1/latency"


async def test_what_many_ask_at_once_is_told_to_all_and_is_of_now(served):
    params = {"metric": "first_answer"}
    async with served.api() as client:
        for story, waiting in (((asked(),), 1), ((answered("a1", between=(0, DAY)),), 0)):
            served.world.publish(*story)
            served.world.work()
            served.follow()
            found = await asyncio.gather(*(client.get(PATH, params=params) for _ in range(20)))
            assert len({(one.status_code, one.text, str(one.headers)) for one in found}) == 1
            assert found[0].json()["n_waiting"] == waiting


async def test_what_was_measured_is_not_measured_again_until_something_is_written(served):
    waited = Waited()
    question = Asked("first_answer", None, None, None, None, How())

    def measured():
        with Views(served.db).shown() as shown:
            return waited.measured(shown, question, Which(), as_of=0)

    served.world.publish(asked())
    served.world.work()
    served.follow()
    first = measured()
    assert measured() is first
    assert not waited.is_long(question)
    served.world.publish(answered("a1", between=(0, DAY)))
    served.world.work()
    served.follow()
    assert measured()["n_between"] == 1
    assert waited.is_long(question)
