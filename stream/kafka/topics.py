"""The topics: their names, the settings that they must have, and what differs from those."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from stream.errors import BrokerError
from stream.kafka.connect import connection, running, translated
from stream.kafka.refusals import NotAllowedError, client_of, rights_on_topics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from stream.config import Settings

VIEWS: Final = ("items", "threads", "replies", "activity", "people")
SEEN_WITHIN_S: Final = 10.0
RECORD_BYTES_MAX: Final = 8 << 20  # Kafka's own megabyte is less than some mails have.
_LONGEST: Final = "9223372036854775807"
_KEPT: Final = {
    "cleanup.policy": "delete",
    # Records carry the archive's times: a retention by time deletes a replay of 2017 at once.
    "retention.ms": "-1",
    "retention.bytes": "-1",
    # Kafka rolls by the records' times too: its week would cut 14 years into 700 segments.
    "segment.ms": _LONGEST,
    "max.message.bytes": str(RECORD_BYTES_MAX),
    "message.timestamp.type": "CreateTime",
    # Kafka 4 refuses times over an hour ahead of its clock; an archive's are its own affair.
    "message.timestamp.before.max.ms": _LONGEST,
    "message.timestamp.after.max.ms": _LONGEST,
}
_COMPACTED: Final = {
    **_KEPT,
    "cleanup.policy": "compact",
    # The segment being written is never compacted; a gigabyte of it would be read at each start.
    "segment.bytes": str(64 << 20),
}


@dataclass(frozen=True, slots=True)
class Topics:
    """The names under one prefix."""

    prefix: str

    @property
    def events(self) -> str:
        return self._named("events")

    @property
    def items(self) -> str:
        return self._named("items")

    @property
    def threads(self) -> str:
        return self._named("threads")

    @property
    def replies(self) -> str:
        return self._named("replies")

    @property
    def activity(self) -> str:
        return self._named("activity")

    @property
    def people(self) -> str:
        return self._named("people")

    @property
    def progress(self) -> str:
        return self._named("progress")

    @property
    def dead_letters(self) -> str:
        return self._named("dead-letters")

    def view(self, name: str) -> str:
        """The topic of one of `VIEWS`."""
        if name not in VIEWS:
            raise KeyError(name)
        return self._named(name)

    def settings(self) -> dict[str, dict[str, str]]:
        """Every topic's name, with the settings it must have."""
        compacted = [self.view(name) for name in VIEWS] + [self.progress]
        return {
            self.events: _KEPT,
            **dict.fromkeys(compacted, _COMPACTED),
            self.dead_letters: _KEPT,
        }

    def _named(self, name: str) -> str:
        return f"{self.prefix}.{name}"


@dataclass(frozen=True, slots=True)
class Difference:
    """``what`` of ``topic`` is ``found``, not ``wanted``; None where there is nothing."""

    topic: str
    what: str
    wanted: str
    found: str | None


async def create(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names.

    Any number of processes may do so at once. A topic that is there with another number of
    partitions is a `BrokerError`: keys would lie elsewhere than where readers look for them.
    """
    wanted = Topics(settings.prefix).settings()
    async with _admin(settings) as admin:
        there = await _partitions(admin)
        missing = [name for name in wanted if name not in there]
        created = await _create(admin, settings, {name: wanted[name] for name in missing})
        if missing:
            there = await _seen(admin, missing)
    _refuse_other_partitions(settings, {name: there[name] for name in wanted})
    return created


async def check(settings: Settings) -> list[Difference]:
    """What is not as `create` would have it, among the settings that the broker tells."""
    wanted = Topics(settings.prefix).settings()
    differences: list[Difference] = []
    async with _admin(settings) as admin:
        there = await _partitions(admin)
        for topic, configs in wanted.items():
            told = await _configs(admin, topic)
            if topic not in there:
                if told is not None:
                    raise TopicAuthorizationFailedError(topic)
                differences.append(Difference(topic, "topic", "there", None))
                continue
            if there[topic] != settings.partitions:
                count, found = str(settings.partitions), str(there[topic])
                differences.append(Difference(topic, "partitions", count, found))
            differences += [
                Difference(topic, name, value, told[name])
                for name, value in configs.items()
                if told and name in told and told[name] != value
            ]
    return differences


class _Admin(AIOKafkaAdminClient):
    """Ends as aiokafka's other clients do."""

    async def stop(self) -> None:
        await self.close()  # type: ignore[no-untyped-call] # aiokafka's.


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = _Admin(**connection(settings))
    with translated(settings):
        async with running(admin, settings):
            yield admin


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    """How many partitions each topic has.

    All topics are asked for, never one by name: asking a broker for a topic may create it.
    """
    described = await admin.describe_topics()
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def _create(
    admin: AIOKafkaAdminClient, settings: Settings, wanted: dict[str, dict[str, str]]
) -> list[str]:
    if not wanted:
        return []
    new = [
        NewTopic(name, settings.partitions, settings.replication, topic_configs=configs)
        for name, configs in wanted.items()
    ]
    answer = await admin.create_topics(new, timeout_ms=10_000)
    created = []
    for name, code, why in answer.topic_errors:  # type: ignore[attr-defined] # Typed as any answer.
        if code == TopicAlreadyExistsError.errno:
            continue  # Another process was faster.
        if code == TopicAuthorizationFailedError.errno:
            raise _hidden(settings, name)
        if code:
            msg = f"the topic {name} cannot be created: {why or for_code(code).__name__}"
            raise BrokerError(msg)
        created.append(name)
    return created


async def _seen(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """The topics, once every broker's answer holds ``names``: creating them takes effect later."""
    deadline = asyncio.get_running_loop().time() + SEEN_WITHIN_S
    while True:
        there = await _partitions(admin)
        absent = [name for name in names if not there.get(name)]
        if not absent:
            return there
        if asyncio.get_running_loop().time() > deadline:
            msg = f"{absent[0]} was created {SEEN_WITHIN_S:g} s ago and is not there; try again"
            raise BrokerError(msg)
        await asyncio.sleep(0.05)


async def _configs(admin: AIOKafkaAdminClient, topic: str) -> dict[str, str] | None:
    """The settings that the broker tells of ``topic``; None where it is not there."""
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    entries: dict[str, str] = {}
    for answer in answers:
        for code, _, _, _, told in answer.resources:  # type: ignore[attr-defined] # Typed as any answer.
            if code == UnknownTopicOrPartitionError.errno:
                return None
            if code:
                raise for_code(code)(topic)
            entries |= {entry[0]: entry[1] for entry in told}
    return entries


def _hidden(settings: Settings, topic: str) -> NotAllowedError:
    """A topic is not in the list of those that we may see, and may not be made by us."""
    who, needed = client_of(settings.security), rights_on_topics(settings.prefix)
    return NotAllowedError(
        f"Kafka at {settings.brokers} neither shows {who} a topic {topic} nor lets it be created;"
        f" grant {needed}"
    )


def _refuse_other_partitions(settings: Settings, there: dict[str, int]) -> None:
    for name, partitions in there.items():
        if partitions != settings.partitions:
            msg = (
                f"{name} has {partitions} partitions, not {settings.partitions}; set "
                f"THREADLINE_PARTITIONS={partitions}, or take another prefix with --prefix"
            )
            raise BrokerError(msg)
