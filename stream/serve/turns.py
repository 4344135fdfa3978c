"""What is done with the database, one thing after the other, beside the loop that reads Kafka."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Turns:
    """Done in a thread of their own: SQLite works there while Python reads on here."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread
        self._begun: deque[asyncio.Future[object]] = deque()
        self._newest: dict[str, Callable[[], object]] = {}  # That no turn has come for yet.
        self._lock = threading.Lock()  # Of those: looked at here, taken there.

    @property
    def idle(self) -> bool:
        """Whether all that was begun is done."""
        return all(each.done() for each in self._begun)

    def begin(self, do: Callable[[], object]) -> None:
        """Have it done after what was begun before, some of whose errors may be raised here."""
        while self._begun and self._begun[0].done():
            self._begun.popleft().result()
        begun = asyncio.get_running_loop().run_in_executor(self._thread, do)
        begun.add_done_callback(_heard)
        self._begun.append(begun)

    def begin_newest(self, name: str, do: Callable[[], object]) -> None:
        """The same, in the place of what was begun under this name and has not had its turn.

        So that what comes again and again does not pile up while the database stands still.
        """
        with self._lock:
            has_place = name in self._newest
            self._newest[name] = do
        if not has_place:
            self.begin(partial(self._do_newest, name))

    def _do_newest(self, name: str) -> None:
        with self._lock:
            do = self._newest.pop(name)
        do()

    async def done(self, *, but: int = 0) -> None:
        """Wait for all that was begun, except for the last ``but``."""
        while len(self._begun) > but:
            try:
                await asyncio.shield(self._begun[0])
            finally:
                if self._begun[0].done():  # Not where only who waits was cancelled.
                    del self._begun[0]


def _heard(begun: asyncio.Future[object]) -> None:
    """Of several errors the first is raised, and the others, which follow from it, go unsaid."""
    if not begun.cancelled():
        begun.exception()


@asynccontextmanager
async def turns() -> AsyncIterator[Turns]:
    """At the end, what was begun is still done."""
    with ThreadPoolExecutor(1, thread_name_prefix="writer") as thread:
        yield Turns(thread)
