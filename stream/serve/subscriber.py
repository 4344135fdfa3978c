"""What one subscriber is sent: events, and now and then how far it has come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import orjson

from stream.core.position import Position

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stream.serve.hub import Chunk, Filter, Hub

HEARTBEAT_S: Final = 10.0
CHECKPOINT_S: Final = 1.0  # At most one in this time, for those whose filter lets little through.
HEARTBEAT: Final = b": heartbeat\n\n"
RETRY: Final = b"retry: 1000\n\n"


def frame(event: str, cursor: Position, **data: object) -> bytes:
    """A frame that is no event of the log."""
    body = orjson.dumps({"position": cursor.token, **data})
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.token.encode(), event.encode(), body)


class Subscriber:
    """Stands after row ``seq`` of the hub's database, at ``cursor`` in the log."""

    heartbeat_s: float = HEARTBEAT_S

    def __init__(self, hub: Hub, wanted: Filter, seq: int, cursor: Position) -> None:
        self._hub = hub
        self._database = hub.database
        self._wanted = wanted
        self._seq = seq
        self._said = Position(cursor)  # The cursor that was last sent.
        self.cursor = Position(cursor)

    async def frames(self) -> AsyncIterator[bytes]:
        """All that is to be sent, for ever; a heartbeat where there is nothing."""
        with self._hub.listening():
            async for data in self._frames():
                yield data

    async def _frames(self) -> AsyncIterator[bytes]:
        caught_up = False
        clock = asyncio.get_running_loop().time
        sent = checked = clock()
        yield RETRY
        while not self._hub.stopping:
            moved = self._hub.moved()
            if self._hub.database != self._database:
                why = "the log was made anew, and cursors with it; subscribe again without one"
                yield frame("error", self.cursor, detail=why)
                return
            if chunk := self._hub.after(self._seq, self.cursor):
                if found := self._take(chunk):
                    yield found
                    sent = checked = clock()
                await asyncio.sleep(0)
                continue
            if not caught_up and self._hub.at_end():
                caught_up = True
                yield self._tell("caught_up")
            elif self.cursor != self._said and clock() - checked >= CHECKPOINT_S:
                yield self._tell("checkpoint")
                sent = checked = clock()
            elif clock() - sent >= self.heartbeat_s:
                yield HEARTBEAT
                sent = clock()
            wait_s = CHECKPOINT_S if self.cursor != self._said else self.heartbeat_s
            await asyncio.wait([moved], timeout=min(wait_s, sent + self.heartbeat_s - clock()))

    def _take(self, chunk: Chunk) -> bytes:
        found = chunk.joined(self._hub.resolved(self._wanted))
        self._seq, self.cursor = chunk.last, Position(chunk.after)
        if found:
            self._said = _last_id(found)
        return found

    def _tell(self, event: str) -> bytes:
        self._said = Position(self.cursor)
        return frame(event, self.cursor)


def _last_id(frames: bytes) -> Position:
    start = frames.rindex(b"\nid: ") + 5 if b"\nid: " in frames else 4
    return Position.parse(frames[start : frames.index(b"\n", start)].decode())
