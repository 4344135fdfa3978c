"""A consumer of committed records that believes a broker's list of aborted transactions with care.

With what it hands out, a broker lists the transactions in it that were aborted, and the reader
drops their producers' records up to the marker that ends each. Kafka lists what ends behind the
offset asked for. The embedded broker lists, whatever is asked for, all that it knows of: a reader
that starts behind an aborted transaction would drop all that its producer committed afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.memory_records import MemoryRecords

from stream.kafka.patience import patient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

READ_UNCOMMITTED: Final = 0  # Markers, too, lie where a transaction still open hides them.

Place: TypeAlias = tuple[str, int]  # Topic and partition.


def committed_consumer(**arguments: Any) -> AIOKafkaConsumer:  # noqa: ANN401 # aiokafka's own.
    """aiokafka's, made to rest at a broker that does not wait, and not to drop what counts."""
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed", enable_auto_commit=False, **arguments
    )
    client: Any = consumer._client  # noqa: SLF001 # No public way to what a broker answers.
    client.send = _apart(patient(Aborts(client.send).send))
    return consumer


def _apart(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A client's ``send`` that asks where a partition ends on another connection than it fetches.

    Kafka answers what comes on one connection in turn, and holds a fetch back for half a second
    where there is nothing to read.
    """

    async def send_apart(node: int, request: Any, **how: Any) -> Any:  # noqa: ANN401 # aiokafka's.
        if isinstance(request, OffsetRequest):
            how["group"] = ConnectionGroup.COORDINATION
        return await send(node, request, **how)

    return send_apart


class Marker(NamedTuple):
    """The end of a producer's transaction, and from where on there is none before it."""

    since: int
    offset: int
    aborts: bool


class Fetched(NamedTuple):
    """What a fetch brought of one partition."""

    topic: str
    partition: int
    offset: int
    bytes_max: int
    aborted: list[tuple[int, int]]  # Producer id and first offset; taking one out is heeded.
    records: bytes


class Aborts:
    """Takes out of each answer the aborted transactions that ended before the offset asked for.

    A listed one that began before it is what the producer's next marker says: there is one
    transaction of a producer at a time. That marker may lie further on than what was fetched; it
    is remembered until the reader has come by it.
    """

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send
        self._ahead: dict[Place, dict[int, Marker]] = {}  # Of a partition, by producer id.

    async def send(self, node: int, request: Any, **how: Any) -> Any:  # noqa: ANN401 # aiokafka's.
        """As the client's own."""
        answer = await self._send(node, request, **how)
        if isinstance(request, FetchRequest):
            for fetched in _begun_before(request, answer):
                await self._amend(node, fetched)
        return answer

    async def _amend(self, node: int, fetched: Fetched) -> None:
        self._come_to(fetched)
        doubted = {producer for producer, first in fetched.aborted if first < fetched.offset}
        markers, undecided = _next_markers(fetched.records, fetched.offset, doubted)
        for producer in undecided:
            marker = await self._further(node, fetched, producer)
            if marker is not None:
                markers[producer] = marker
        over = {producer for producer, marker in markers.items() if not marker.aborts}
        fetched.aborted[:] = [
            (producer, first)
            for producer, first in fetched.aborted
            if first >= fetched.offset or producer not in over
        ]

    def _come_to(self, fetched: Fetched) -> None:
        """Forget the markers that say nothing of where the reader is now."""
        place = (fetched.topic, fetched.partition)
        ahead = {
            producer: marker
            for producer, marker in self._ahead.pop(place, {}).items()
            if marker.since <= fetched.offset <= marker.offset
        }
        if ahead:
            self._ahead[place] = ahead

    async def _further(self, node: int, fetched: Fetched, producer: int) -> Marker | None:
        """The marker that ends what ``fetched`` has of ``producer``; it lies behind all of that."""
        ahead = self._ahead.setdefault((fetched.topic, fetched.partition), {})
        if producer in ahead:
            return ahead[producer]
        offset, records = fetched.offset, fetched.records
        while (beyond := _end(records)) is not None and beyond > offset:
            offset = beyond
            records = await self._look(node, fetched, offset)
            markers, _ = _next_markers(records, fetched.offset, {producer})
            if producer in markers:
                ahead[producer] = markers[producer]
                return markers[producer]
        return None

    async def _look(self, node: int, fetched: Fetched, offset: int) -> bytes:
        most = fetched.bytes_max
        wanted = [(fetched.topic, [(fetched.partition, offset, most)])]
        request = FetchRequest(0, 1, most, READ_UNCOMMITTED, wanted, rack_id="")
        answer = await self._send(node, request)
        [(_, [(_, code, *_, records)])] = answer.topics
        if code:
            raise for_code(code)  # As a fetch that fails: aiokafka tries again.
        return records or b""


def _begun_before(request: Any, answer: Any) -> Iterator[Fetched]:  # noqa: ANN401 # aiokafka's.
    """What came with aborted transactions that began before the offset asked for."""
    at = -3 if answer.API_VERSION >= 11 else -2  # noqa: PLR2004 # Since then a replica follows it.
    asked: dict[tuple[str, int], tuple[int, int]] = {}
    for topic, partitions in answer.topics:
        for partition, *rest in partitions:
            aborted, records = rest[at] if answer.API_VERSION >= 4 else None, rest[-1]  # noqa: PLR2004 # Transactions.
            if not aborted or not records:
                continue
            asked = asked or {(t, p): (o, b) for t, parts in request.topics for p, o, b in parts}
            offset, bytes_max = asked[topic, partition]
            if any(first < offset for _, first in aborted):
                yield Fetched(topic, partition, offset, bytes_max, aborted, records)


def _next_markers(
    records: bytes, since: int, producers: set[int]
) -> tuple[dict[int, Marker], set[int]]:
    """The first marker of each of ``producers``; and who has records here, but no marker."""
    found: dict[int, Marker] = {}
    undecided: set[int] = set()
    for batch in batches_in(records):
        producer = batch.producer_id
        if producer not in producers or producer in found or batch.next_offset <= since:
            continue
        if batch.is_control_batch:
            aborts = ControlRecord.parse(next(batch).key) == ABORT_MARKER
            found[producer] = Marker(since, batch.base_offset, aborts)
            undecided.discard(producer)
            if len(found) == len(producers):
                break
        elif batch.is_transactional:
            undecided.add(producer)
    return found, undecided


def _end(records: bytes) -> int | None:
    end = None
    for batch in batches_in(records):
        end = batch.next_offset
    return end


def batches_in(records: bytes) -> Iterator[Any]:
    """The record batches of what a fetch brought."""
    batches: Any = MemoryRecords(records)
    while batches.has_next():
        yield batches.next_batch()
