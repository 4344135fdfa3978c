"""The other engines on the simple job: how each is started, and what it must have kept."""

from __future__ import annotations

import asyncio
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import orjson

from benchmarks import kafka_streams, logs
from benchmarks.groups import group_on
from benchmarks.meter import Meter
from benchmarks.processes import EndedError, python, running
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench, Broker
    from benchmarks.results import Took
    from benchmarks.simple import Answers
    from stream.config import Settings

FIRST: Final = "FIRST"
DONE: Final = "DONE"
KEPT: Final = "KEPT"
STARTED_WITHIN_S: Final = 90.0
WITHIN_S: Final = 600.0
NONE: Final = -(1 << 63)  # Java's smallest long.


class Order(msgspec.Struct, kw_only=True):
    """What an engine is to do."""

    brokers: str
    topic: str
    events: int
    group: str
    folder: str
    exactly_once: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """One engine with one of its guarantees."""

    name: str
    engine: Literal["quixstreams", "bytewax", "kafka-streams"]
    exactly_once: bool = False

    @property
    def missing(self) -> str | None:
        """Why it cannot be measured here; None where it can."""
        if self.engine == "kafka-streams":
            return kafka_streams.missing()
        if importlib.util.find_spec(self.engine) is None:
            return "not installed; pip install 'threadline[peers]'"
        return None

    def command(self, order: Order) -> list[str]:
        """What starts it."""
        if self.engine == "kafka-streams":
            guarantee = "exactly_once_v2" if self.exactly_once else "at_least_once"
            where = [order.brokers, order.topic, str(order.events), order.group, order.folder]
            return ["java", "-cp", f"{kafka_streams.jars()}/*", "SimpleJob", *where, guarantee]
        module = "quix" if self.engine == "quixstreams" else "bytewax"
        return python(f"benchmarks.{module}", msgspec.json.encode(order).decode())


PEERS: Final = (
    Peer("Kafka Streams, exactly-once v2", "kafka-streams", exactly_once=True),
    Peer("Kafka Streams, at-least-once", "kafka-streams"),
    Peer("Quix Streams, exactly-once", "quixstreams", exactly_once=True),
    Peer("Quix Streams, at-least-once", "quixstreams"),
    Peer("Bytewax, recovery on disk", "bytewax"),
)


def measured_peers(
    bench: Bench, broker: Broker, settings: Settings, wanted: Answers
) -> Iterator[Took]:
    """A run of each that is there; of one that is not, the reason."""
    for n, peer in enumerate(PEERS):
        why = peer.missing
        if bench.kind == "embedded" and peer.engine != "bytewax":
            why = "only on Apache Kafka"
        if why is not None:
            bench.say(f"{peer.name}: {why}")
            continue
        with bench.folder() as folder:
            order = Order(
                brokers=settings.brokers,
                topic=Topics(settings.prefix).events,
                events=sum(count for count, _ in wanted.values()),
                group=f"{settings.prefix}-peer-{n}",
                folder=str(folder),
                exactly_once=peer.exactly_once,
            )
            try:
                took, kept = asyncio.run(_measured(peer, order, broker, settings))
            except (EndedError, TimeoutError, kafka_streams.UnbuiltError) as error:
                bench.say(f"{peer.name} was not measured: {error}")
                continue
        yield msgspec.structs.replace(took, right=kept == wanted)


async def _measured(
    peer: Peer, order: Order, broker: Broker, settings: Settings
) -> tuple[Took, Answers]:
    """From its first record until all is committed; and what it has kept."""
    async with (
        group_on(settings, order.group) as group,
        running(peer.command(order)) as child,
    ):
        await child.says(FIRST, within_s=STARTED_WITHIN_S)
        meter = Meter(broker, child)
        if peer.engine == "bytewax":
            await child.says(DONE, within_s=WITHIN_S)
        else:
            await group.all_committed(within_s=WITHIN_S)
        took = meter.took("worker, simple job", peer.name, order.events)
        if peer.engine == "bytewax":
            await child.says(KEPT, within_s=WITHIN_S)
    return took, await _kept(peer, order, settings)


async def _kept(peer: Peer, order: Order, settings: Settings) -> Answers:
    """From its changelog, where it has one."""
    if peer.engine == "bytewax":
        said = orjson.loads(await asyncio.to_thread(Path(order.folder, "answers.json").read_bytes))
        return {thread: (count, first) for thread, (count, first) in said.items()}
    if peer.engine == "quixstreams":
        return await _kept_by_quix(order, settings)
    found: Answers = {}
    async for _, key, value in logs.records(settings, f"{order.group}-threads-changelog"):
        count, _, first = struct.unpack(">qqq", value)
        found[key.decode()] = (count, None if first == NONE else first)
    return found


async def _kept_by_quix(order: Order, settings: Settings) -> Answers:
    """Its keys are the message's and the state's own, in JSON, with a bar between."""
    found: Answers = {}
    topic = f"changelog__{order.group}--{order.topic}--default"
    async for _, key, value in logs.records(settings, topic):
        thread, _, name = key.rpartition(b"|")
        if name == b'"thread"':
            count, _, first = orjson.loads(value)
            found[thread.decode()] = (count, first)
    return found
