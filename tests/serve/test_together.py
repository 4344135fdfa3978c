"""What many ask at once is answered once, and never with what was there before somebody asked."""

from __future__ import annotations

import asyncio

import pytest

from stream.serve.together import Together


class _Slow:
    """Answers when it is let, with the state as it was when it began."""

    def __init__(self) -> None:
        self.state = 0
        self.begun: list[int] = []
        self.let = asyncio.Event()

    async def answer(self) -> int:
        seen = self.state
        self.begun.append(seen)
        await self.let.wait()
        self.let.clear()
        return seen


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_meanwhile_gets_the_next_answer_all_the_same_one():
    together, slow = Together[int](), _Slow()
    first = asyncio.create_task(together.answer("q", slow.answer))
    await _turns()
    slow.state = 1
    others = [asyncio.create_task(together.answer("q", slow.answer)) for _ in range(9)]
    await _turns()
    assert slow.begun == [0]
    slow.state = 2
    slow.let.set()
    assert await first == 0
    await _turns()
    slow.state = 3
    last = asyncio.create_task(together.answer("q", slow.answer))
    await _turns()
    slow.let.set()
    assert await asyncio.gather(*others) == [2] * 9
    await _turns()
    slow.let.set()
    assert await last == 3
    assert slow.begun == [0, 2, 3]


async def test_other_questions_do_not_wait():
    together, slow, other = Together[int](), _Slow(), _Slow()
    waiting = asyncio.create_task(together.answer("q", slow.answer))
    other.let.set()
    assert await together.answer("other", other.answer) == 0
    slow.let.set()
    assert await waiting == 0


async def test_who_goes_away_takes_the_answer_from_nobody():
    together, slow = Together[int](), _Slow()
    gone = asyncio.create_task(together.answer("q", slow.answer))
    await _turns()
    both = [asyncio.create_task(together.answer("q", slow.answer)) for _ in range(2)]
    await _turns()
    gone.cancel()
    both[0].cancel()
    slow.let.set()
    await _turns()
    slow.let.set()
    assert await both[1] == 0
    assert len(slow.begun) == 2


async def test_a_failure_is_told_to_all_and_the_next_begins_anew():
    together, slow = Together[int](), _Slow()

    async def fails() -> int:
        await slow.answer()
        raise LookupError

    both = [asyncio.create_task(together.answer("q", fails)) for _ in range(2)]
    for one in both:
        await _turns()
        slow.let.set()
        with pytest.raises(LookupError):
            await one
    await _turns()
    slow.let.set()
    assert await together.answer("q", slow.answer) == 0
