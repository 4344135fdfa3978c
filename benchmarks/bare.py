"""The bare loop: aiokafka's ``getmany`` from the start of the log to its end, in no group.

Each record is read and folded by the simple job into a plain dictionary; nothing is restored,
kept or written. ``python -m benchmarks.bare BROKERS PREFIX PARTITIONS`` prints one JSON object.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from typing import TYPE_CHECKING, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.simple import fold
from stream.config import Settings
from stream.kafka.connect import connection
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from benchmarks.simple import State

RECORDS: Final = 40_000  # At most, at once; kept, so that ratios to it can be compared over time
FETCH_BYTES: Final = 8 << 20  # A partition


async def bare(settings: Settings) -> dict[str, float]:
    """Go over the whole log once."""
    topic = Topics(settings.prefix).events
    consumer = AIOKafkaConsumer(
        **connection(settings),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    places = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
    consumer.assign(places)
    await consumer.start()
    ends = await consumer.end_offsets(places)
    states: dict[bytes | None, State] = {}
    started, cpu, events = time.perf_counter(), time.process_time(), 0
    while [place for place in places if await consumer.position(place) < ends[place]]:
        fetched = await consumer.getmany(timeout_ms=500, max_records=RECORDS)
        for records in fetched.values():
            fold(states, records)
            events += len(records)
    took = {
        "count": events,
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    await consumer.stop()
    return took


if __name__ == "__main__":
    brokers, prefix, partitions = sys.argv[1:]
    known = Settings(brokers=brokers, prefix=prefix, partitions=int(partitions))
    sys.stdout.write(orjson.dumps(asyncio.run(bare(known))).decode() + "\n")
