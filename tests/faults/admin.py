"""What is done to a run's topics from outside: refused writes, compaction, their end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from stream.kafka.connect import connection
from stream.kafka.topics import VIEWS, Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stream.config import Settings

GONE_WITHIN_S: Final = 10.0
TAKEN_WITHIN_S: Final = 120.0  # Several starts of a broker on a busy machine.
ANSWERS_WITHIN_MS: Final = 10_000
NOBODY: Final = -1  # As the leader of a partition.
REFUSED: Final = {"min.insync.replicas": "2"}  # Copies in step that a write asks for: one is.
COMPACTED: Final = {
    "segment.ms": str(7 * 86_400_000),  # Of the records' own times: a few seconds of a replay.
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "1000",
}


class Altered:
    """The settings of a run's topics: ours, and what is set beside them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names = Topics(settings.prefix)
        self._wanted = {name: dict(given) for name, given in self._names.settings().items()}

    async def compact(self) -> None:
        """Let the broker compact all through the run, which it else does after weeks."""
        views = [self._names.view(view) for view in VIEWS]
        await self._set([*views, self._names.progress], COMPACTED)

    async def refuse(self, whom: str) -> None:
        """Writes to the topics called so (or to all) want more copies in step than there are."""
        await self._set(self._called(whom), REFUSED)

    async def allow(self, whom: str) -> None:
        """As many are enough as before, whoever else refused them."""
        topics = self._called(whom)
        for topic in topics:
            for name in REFUSED:
                self._wanted[topic].pop(name, None)
        await self._set(topics, {})

    def _called(self, whom: str) -> list[str]:
        return [name for name in self._wanted if whom in ("all", name.rpartition(".")[2])]

    async def _set(self, topics: list[str], more: dict[str, str]) -> None:
        """All of a topic's settings are set at once: what is left out is the broker's again.

        Another fault may have the broker down or without room: then it is done once that is over,
        and all partitions have a leader. With how many copies are wanted Kafka forgets who may
        lead where nobody does: a partition whose one copy is not in yet has no leader again.
        """
        for topic in topics:
            self._wanted[topic] |= more
        async with asyncio.timeout(TAKEN_WITHIN_S):
            while not await self._taken(topics):  # noqa: ASYNC110 # Kafka has no event for it.
                await asyncio.sleep(0.2)

    async def _taken(self, topics: list[str]) -> bool:
        wanted = [
            ConfigResource(ConfigResourceType.TOPIC, topic, self._wanted[topic]) for topic in topics
        ]
        try:
            async with admin(self._settings) as client:
                if not await _led(client, topics):
                    return False
                answers = await client.alter_configs(wanted)
        except KafkaError:
            return False
        return not any(code for answer in answers for code, *_ in answer.resources)  # type: ignore[attr-defined] # Typed as any.


async def _led(client: AIOKafkaAdminClient, topics: list[str]) -> bool:
    described = await client.describe_topics(topics)
    return all(
        topic["error_code"] == 0 and all(each["leader"] != NOBODY for each in topic["partitions"])
        for topic in described
    )


async def delete_topics(settings: Settings, *topics: str) -> None:
    """These, or all of ours; returns when they are gone."""
    ours = set(topics or Topics(settings.prefix).settings())
    async with admin(settings) as client, asyncio.timeout(GONE_WITHIN_S):
        await client.delete_topics(list(ours))
        while ours & set(await client.list_topics()):  # noqa: ASYNC110 # Kafka has no event for it.
            await asyncio.sleep(0.05)


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Closed also where it does not even start, which leaves connections open."""
    client = AIOKafkaAdminClient(request_timeout_ms=ANSWERS_WITHIN_MS, **connection(settings))
    try:
        await client.start()
        yield client
    finally:
        await client.close()
