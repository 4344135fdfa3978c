"""When all of a log is committed: the offsets of a consumer group, whoever is its member."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream.kafka.connect import connection
from stream.kafka.follow import open_reader
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from stream.config import Settings

LOOKED_EVERY_S: Final = 0.03


class Group:
    """A consumer group and the log that it reads."""

    def __init__(
        self, admin: AIOKafkaAdminClient, name: str, ends: Mapping[TopicPartition, int]
    ) -> None:
        self.events = sum(ends.values())
        self._admin = admin
        self._name = name
        self._ends = ends

    async def committed(self) -> int:
        """How many records lie before its offsets; of those that were there at first."""
        with suppress(KafkaError):  # It may not be there yet.
            found = await self._admin.list_consumer_group_offsets(self._name)
            ends = self._ends
            return sum(min(at.offset, ends[place]) for place, at in found.items() if place in ends)
        return 0

    async def all_committed(self, *, within_s: float) -> None:
        """Return once its offsets are the log's ends."""
        async with asyncio.timeout(within_s):
            while await self.committed() < self.events:  # noqa: ASYNC110 # Another process's.
                await asyncio.sleep(LOOKED_EVERY_S)


@asynccontextmanager
async def group_on(settings: Settings, name: str) -> AsyncIterator[Group]:
    """The group ``name``, asked for what it has committed of the log as that is now."""
    topic = Topics(settings.prefix).events
    async with open_reader(settings, [topic], {}) as reader:
        ends = {TopicPartition(*place): end for place, end in (await reader.ends()).items()}
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        yield Group(admin, name, ends)
    finally:
        await admin.close()
