"""The bare loop: aiokafka's ``getmany`` from the start of the log to its end, each record decoded.

It keeps nothing and writes nothing. ``python -m benchmarks.bare BROKERS PREFIX PARTITIONS`` prints
one JSON object: events, seconds, CPU seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.codec.events import decode
from stream.config import Settings
from stream.kafka.connect import connection
from stream.kafka.topics import Topics
from stream.process.worker import Pace


async def bare(settings: Settings) -> dict[str, float]:
    """Read and decode the whole log once."""
    topic = Topics(settings.prefix).events
    consumer = AIOKafkaConsumer(
        **connection(settings),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=Pace().fetch_bytes,
    )
    places = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
    consumer.assign(places)
    await consumer.start()
    ends = await consumer.end_offsets(places)
    started, cpu, events = time.perf_counter(), time.process_time(), 0
    while [place for place in places if await consumer.position(place) < ends[place]]:
        fetched = await consumer.getmany(timeout_ms=500, max_records=4 * Pace().run_records)
        for records in fetched.values():
            for record in records:
                decode(record.value or b"", where=topic)
            events += len(records)
    took = {
        "events": events,
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time() - cpu,
    }
    await consumer.stop()
    return took


if __name__ == "__main__":
    brokers, prefix, partitions = sys.argv[1:]
    known = Settings(brokers=brokers, prefix=prefix, partitions=int(partitions))
    sys.stdout.write(orjson.dumps(asyncio.run(bare(known))).decode() + "\n")
