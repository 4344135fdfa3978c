"""A broker that refuses to write: told so of topics, as it would of a disk that is full."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream.kafka.connect import connection
from stream.kafka.topics import Topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from stream.config import Settings

GONE_WITHIN_S: Final = 10.0
MORE_THAN_THERE_ARE: Final = "2"  # Copies in step that a write asks for: there is one broker.


@asynccontextmanager
async def refusing(settings: Settings, topics: Iterable[str]) -> AsyncIterator[None]:
    """Every write to ``topics`` is refused with NOT_ENOUGH_REPLICAS meanwhile."""
    named = list(topics)
    await _ask_for_copies(settings, named, MORE_THAN_THERE_ARE)
    try:
        yield
    finally:
        await _ask_for_copies(settings, named, "1")


async def _ask_for_copies(settings: Settings, topics: list[str], copies: str) -> None:
    kept = Topics(settings.prefix).settings()
    wanted = [
        ConfigResource(
            ConfigResourceType.TOPIC,
            topic,
            {**kept.get(topic, {}), "min.insync.replicas": copies},  # It sets all, or resets.
        )
        for topic in topics
    ]
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        for answer in await admin.alter_configs(wanted):
            for code, why, *_ in answer.resources:  # type: ignore[attr-defined] # Typed as any.
                assert code == 0, why
    finally:
        await admin.close()


async def delete_topics(settings: Settings) -> None:
    """All of ours; returns when they are gone."""
    ours = set(Topics(settings.prefix).settings())
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.delete_topics(list(ours))
        async with asyncio.timeout(GONE_WITHIN_S):
            while ours & set(await admin.list_topics()):  # noqa: ASYNC110 # Kafka has no event for it.
                await asyncio.sleep(0.05)
    finally:
        await admin.close()
