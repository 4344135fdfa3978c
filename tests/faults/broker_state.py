"""What a broker remembers of producers, which aiokafka has no request for: asked by hand."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stream.config import Settings

DESCRIBE_PRODUCERS: Final = 61
DESCRIBE_TRANSACTIONS: Final = 65
TRANSACTIONAL_ID_NOT_FOUND: Final = 105
NO_TAGS: Final = b"\0"


async def knows_transactions_of(settings: Settings, transactional_id: str) -> bool:
    """Whether the coordinator has not forgotten this producer."""
    body = _list(_text(transactional_id)) + NO_TAGS
    answer = await _ask(settings, DESCRIBE_TRANSACTIONS, body)
    at = 4 + 1  # After the throttle and the list's length.
    error = int.from_bytes(answer[at : at + 2], "big", signed=True)
    assert error in (0, TRANSACTIONAL_ID_NOT_FOUND), error
    return error == 0


async def knows_producers_of(settings: Settings, topic: str, partition: int) -> bool:
    """Whether the partition's leader remembers how far any producer has come."""
    partitions = _list(struct.pack(">i", partition))
    body = _list(_text(topic) + partitions + NO_TAGS) + NO_TAGS
    answer = await _ask(settings, DESCRIBE_PRODUCERS, body)
    at = 4 + 1 + len(_text(topic)) + 1 + 4
    error, message, producers = struct.unpack_from(">hbb", answer, at)
    assert (error, message) == (0, 0), error
    return bool(producers != 1)  # The length of a list, and one.


async def _ask(settings: Settings, api: int, body: bytes) -> bytes:
    """The answer's body; these requests and answers are of the flexible kind, in version 0."""
    host, _, port = settings.brokers.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        request = struct.pack(">hhih", api, 0, 1, -1) + NO_TAGS + body
        writer.write(struct.pack(">i", len(request)) + request)
        size = int.from_bytes(await reader.readexactly(4), "big")
        return (await reader.readexactly(size))[5:]  # After the number and the header's tags.
    finally:
        writer.close()
        await writer.wait_closed()


def _list(only: bytes) -> bytes:
    return b"\2" + only


def _text(text: str) -> bytes:
    return bytes([len(text) + 1]) + text.encode()
