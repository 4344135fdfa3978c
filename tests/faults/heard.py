"""What is heard on a line: who asks to be the writer of a partition, and who is refused what."""

from __future__ import annotations

import asyncio
import struct
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka.protocol import group, produce, transaction
from aiokafka.protocol.api import Response

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Api(IntEnum):
    """The requests that faults are aimed at."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


WRITES: Final = (
    Api.PRODUCE,
    Api.ADD_PARTITIONS_TO_TXN,
    Api.ADD_OFFSETS_TO_TXN,
    Api.TXN_OFFSET_COMMIT,
    Api.END_TXN,
)
IN_LISTS: Final = (Api.PRODUCE, Api.ADD_PARTITIONS_TO_TXN, Api.TXN_OFFSET_COMMIT)
BELONGS: Final = (Api.JOIN_GROUP, Api.HEARTBEAT, Api.SYNC_GROUP)
TOO_FEW_COPIES: Final = frozenset({19, 20})  # In step: before and after the write was taken.
OTHERS_NOW: Final = frozenset({45, 47, 48, 90})  # Sequence, epoch, state of a transaction; fenced.
NO_MEMBER: Final = frozenset({22, 25, 82})  # Illegal generation, unknown member, fenced instance.
_ANSWERS: Final[dict[tuple[Any, Any], Any]] = {
    (kind.API_KEY, kind.API_VERSION): kind
    for module in (group, produce, transaction)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Response) and kind is not Response
}


class Request(NamedTuple):
    """As much of one as is needed to read its answer."""

    api: int
    version: int
    writer: str | None = None  # The transactional id for which it asks.

    @classmethod
    def read(cls, frame: bytes) -> tuple[int, Request]:
        """Its number on its line, and itself."""
        api, version, number, client = struct.unpack_from(">hhih", frame)
        if api != Api.INIT_PRODUCER_ID:
            return number, cls(api, version)
        at = 10 + max(client, 0)
        (size,) = struct.unpack_from(">h", frame, at)
        return number, cls(api, version, frame[at + 2 : at + 2 + max(size, 0)].decode() or None)


class Refusal(NamedTuple):
    """The broker's answer to the ``line``-th connection that was opened."""

    line: int
    api: Api
    code: int

    @property
    def fenced(self) -> bool:
        """Whether this was a write of one who is the writer no more."""
        return self.api in WRITES and self.code in OTHERS_NOW

    @property
    def expelled(self) -> bool:
        """Whether this was said to one who had lost all his partitions."""
        return self.api in BELONGS and self.code in NO_MEMBER


class Heard:
    """All that was heard on the lines of one process."""

    def __init__(self) -> None:
        self.lines = 0
        self.asked: dict[str, float] = {}  # Of each transactional id, when it was last asked for.
        self.refusals: list[Refusal] = []
        self.unwritten = 0  # What was refused as too few copies are in step.
        self._new = asyncio.Event()

    def request(self, request: Request) -> None:
        if request.writer is not None:
            self.asked[request.writer] = time.monotonic()

    def answer(self, line: int, request: Request | None, frame: bytes) -> None:
        if request is None or request.api not in (*WRITES, *BELONGS):
            return
        kind = _ANSWERS.get((request.api, request.version))
        if kind is not None:
            api = Api(request.api)
            found = [Refusal(line, api, code) for code in _codes(api, kind.decode(frame[4:]))]
            self.unwritten += sum(each.code in TOO_FEW_COPIES for each in found)
            self.refusals += [each for each in found if each.fenced or each.expelled]
            self._new.set()

    async def refusal(
        self, lines: Iterable[int], after: int, within_s: float, *, fenced: bool = False
    ) -> Refusal | None:
        """What was refused on one of ``lines``, after so many refusals; of a write, if ``fenced``.

        None where nothing was in that time.
        """
        those: Collection[int] = frozenset(lines)
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self._new.clear()
                    for each in self.refusals[after:]:
                        if each.line in those and (each.fenced or not fenced):
                            return each
                    await self._new.wait()
        except TimeoutError:
            return None


def _codes(api: Api, answer: Any) -> list[int]:
    if api not in IN_LISTS:
        return [answer.error_code]
    topics = answer.topics if api is Api.PRODUCE else answer.errors
    return [code for _, parts in topics for _, code, *_ in parts]
