"""What many ask at once is answered once for all of them.

Who asks what is being answered already may have seen a newer state than that answer began with: it
waits for the next one, and so does whoever else asks meanwhile. So of each question one answer is
being made at a time, however many ask.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

T = TypeVar("T")


class Together(Generic[T]):
    """Questions under way, in one event loop; who asks may be cancelled, the answer goes on."""

    def __init__(self) -> None:
        self._answering: dict[Hashable, asyncio.Task[T]] = {}
        self._next: dict[Hashable, asyncio.Task[T]] = {}

    async def answer(self, question: Hashable, made: Callable[[], Awaitable[T]]) -> T:
        """What ``made`` makes, begun after this call; those who ask the same get the same."""
        before, task = self._answering.get(question), self._next.get(question)
        if task is None:
            task = asyncio.create_task(self._made(question, made, before))
            task.add_done_callback(_take_note)
            (self._answering if before is None else self._next)[question] = task
        return await asyncio.shield(task)

    async def _made(
        self,
        question: Hashable,
        made: Callable[[], Awaitable[T]],
        before: asyncio.Task[T] | None,
    ) -> T:
        if before is not None:
            await asyncio.wait([before])
            self._answering[question] = self._next.pop(question)
        try:
            return await made()
        finally:
            if question not in self._next:  # Else the next one takes its place.
                del self._answering[question]


def _take_note(task: asyncio.Task[T]) -> None:
    """Where all who asked are gone, asyncio would log what became of it."""
    if not task.cancelled():
        task.exception()
