"""Somebody who asks the service all through a run, and keeps what it said to be checked later."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from stream.codec import compare
from stream.codec.events import decode
from stream.codec.keys import split_key
from stream.codec.views import tell
from stream.core.fold import Partition
from stream.core.position import Position
from stream.kafka.records import partition_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from tests.faults.community import Community
    from tests.faults.judge import Read

EVERY_S: Final = 0.1
ANSWERED_WITHIN_S: Final = 5.0
OK: Final = 200


class Said(NamedTuple):
    """What was said of the thread ``key`` at a position."""

    key: bytes
    position: Position
    body: dict[str, Any]


class Witness:
    """Asks for threads of ``community`` at random; whoever does not answer is asked again."""

    def __init__(self, community: Community, url: str, seed: int) -> None:
        self.heard: list[Said] = []
        self._keys = sorted({event.key for event in community.encoded if event.key is not None})
        self._chance = random.Random(seed)  # noqa: S311 # No secret.
        self._url = url

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._ask())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ask(self) -> None:
        timeout = httpx.Timeout(ANSWERED_WITHIN_S)
        async with httpx.AsyncClient(
            base_url=self._url, timeout=timeout, trust_env=False
        ) as service:
            while True:
                await asyncio.sleep(EVERY_S)
                key = self._chance.choice(self._keys)
                path = "/".join(quote(part, safe="") for part in split_key(key))
                with suppress(httpx.TransportError):
                    answer = await service.get(f"/v1/threads/{path}")
                    if answer.status_code == OK:
                        position = Position.parse(answer.headers["Threadline-Position"])
                        self.heard.append(Said(key, position, answer.json()))


def backwards(heard: Sequence[Said]) -> Iterator[str]:
    """Where an answer showed less of the log than one before it."""
    reached: dict[int, int] = {}
    for said in heard:
        for part, offset in said.position.items():
            if offset < reached.get(part, 0):
                yield f"an answer stood at {offset} of partition {part} after {reached[part]}"
            reached[part] = max(offset, reached.get(part, 0))


def untrue(heard: Sequence[Said], found: Read, partitions: int) -> Iterator[str]:
    """Where an answer was not the fold of the log up to the position that it named."""
    for part in range(partitions):
        mine = [said for said in heard if partition_of(said.key, partitions) == part]
        state, rows, at = Partition(), _Rows(), 0
        log = found.log.get(part, ())
        for said in sorted(mine, key=lambda said: said.position.get(part, 0)):
            offset = said.position.get(part, 0)
            while at < len(log) and log[at].offset < offset:
                state.join(decode(log[at].value or b"", where="the log"))
                at += 1
            rows.take(state)
            for what in rows.differing(said):
                yield f"at {offset} of partition {part}, {said.key.decode()} was said: {what}"


class _Rows:
    """The rows of a fold on its way."""

    def __init__(self) -> None:
        self._threads: dict[bytes, bytes] = {}
        self._items: dict[bytes, dict[str, bytes]] = {}

    def take(self, state: Partition) -> None:
        for view, key, value, _ in tell(state):
            if view == "threads" and value is not None:
                self._threads[key] = value
            elif view == "items" and value is not None:
                thread = b"/".join(key.split(b"/")[:2])
                self._items.setdefault(thread, {})[compare.field(value, "item")] = value

    def differing(self, said: Said) -> Iterator[str]:
        row = self._threads.get(said.key)
        if row is None:
            yield "it was not there yet"
            return
        for wait in said.body["waits"].values():
            if wait:
                wait.pop("for_ms", None)  # As of when it is asked: no fact of the thread.
        yield from map(str, compare.differing_where_both(row, said.body))
        served = {item["item"]: item for item in said.body["items"]}
        wanted = self._items.get(said.key, {})
        known = {name for name, item in wanted.items() if compare.field(item, "kind") is not None}
        if served.keys() != known:
            yield f"its items were {sorted(served)}, not {sorted(known)}"
        for name in served.keys() & known:
            yield from map(str, compare.differing_where_both(wanted[name], served[name]))
