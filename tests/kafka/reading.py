"""Reading a topic to its end, for the tests' own eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream.kafka.follow import open_reader

if TYPE_CHECKING:
    from stream.config import Settings
    from stream.kafka.follow import LogReader, Place, Record


async def read_all(settings: Settings, *topics: str) -> dict[Place, list[Record]]:
    """Every committed record, by topic and partition."""
    async with open_reader(settings, topics, {}) as reader:
        return await read_to_end(reader)


async def read_to_end(reader: LogReader) -> dict[Place, list[Record]]:
    """What a reader still has to read up to the ends as they are now."""
    ends = await reader.ends()
    found: dict[Place, list[Record]] = {place: [] for place in ends}
    while any(at < ends[place] for place, at in (await reader.positions()).items()):
        for place, records in (await reader.batch(1000, 200)).items():
            found[place] += records
    return found
