"""What is done with the database has its turn, and does not pile up while nothing gets on."""

from __future__ import annotations

import asyncio
import gc
import threading
from functools import partial

import pytest

from stream.serve.turns import turns


async def test_what_is_begun_is_done_in_turn_and_at_the_end_all_of_it():
    did: list[int] = []
    async with turns() as writing:
        for n in range(5):
            writing.begin(partial(did.append, n))
    assert did == [0, 1, 2, 3, 4]


async def test_who_waits_for_all_but_the_last_does_not_wait_for_that():
    did: list[str] = []
    gate = threading.Event()
    async with turns() as writing:
        writing.begin(partial(did.append, "first"))
        writing.begin(partial(gate.wait, 30))
        await writing.done(but=1)
        assert did == ["first"]
        assert not writing.idle
        gate.set()
        await writing.done()
        assert writing.idle


async def test_while_nothing_gets_on_the_newest_takes_the_place_of_the_one_before():
    did: list[str] = []
    gate = threading.Event()
    async with turns() as writing:
        writing.begin(partial(gate.wait, 30))
        for n in range(1_000):
            writing.begin_newest("ends", partial(did.append, f"ends {n}"))
        writing.begin(partial(did.append, "a batch"))
        writing.begin_newest("fold in", partial(did.append, "fold in"))
        writing.begin_newest("ends", partial(did.append, "the last ends"))
        assert len(writing._begun) == 4  # noqa: SLF001 (no other way to see it)
        gate.set()
        await writing.done()
        assert did == ["the last ends", "a batch", "fold in"]
        writing.begin_newest("ends", partial(did.append, "ends again"))
        await writing.done()
    assert did[3:] == ["ends again"]


async def test_what_goes_wrong_in_its_turn_is_raised_where_it_is_waited_for():
    async with turns() as writing:
        writing.begin_newest("ends", partial(int, "no number"))
        with pytest.raises(ValueError, match="no number"):
            await writing.done()


async def test_of_what_goes_wrong_together_the_first_is_raised_and_nothing_is_logged(caplog):
    async with turns() as writing:
        writing.begin(partial(int, "no number"))
        writing.begin(partial(int, "nor this"))
        with pytest.raises(ValueError, match="no number"):
            await writing.done()
    del writing
    gc.collect()
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_who_no_longer_waits_leaves_what_was_begun_where_it_is():
    gate = threading.Event()
    async with turns() as writing:
        writing.begin(partial(gate.wait, 30))
        waiting = asyncio.create_task(writing.done())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not writing.idle
        gate.set()
        await writing.done()
        assert writing.idle
