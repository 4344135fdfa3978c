"""The Faust app whose unit is a run of records: one topic in, nothing out.

Group membership, assignment, flow control and the agent are Faust's. Its producers, tables and
topic creation are not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import faust
from faust.app.base import BootStrategy
from faust.tables.manager import TableManager
from faust.topics import Topic
from typing_extensions import override

from stream.process.consumer import Transport
from stream.process.consumer_thread import FAUST_LOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream.process.runs import RunMessage


class Owner(Protocol):
    """Who decides where a partition is read from."""

    async def on_revoked(self) -> None:
        """Let what is under way come to an end: others may own the partitions next."""

    async def on_assigned(self, partitions: set[int]) -> None:
        """From now on these, and only these, are ours."""

    async def positions(self, partitions: set[int]) -> Mapping[int, int]:
        """The next offset of those that can be read on; the others are made ready meanwhile."""


class NoProducer(BootStrategy):
    """Faust's own producer is not started: a partition's transactional one writes."""

    enable_kafka_producer = False


class NoTables(TableManager):
    """Does not wait a second for tables to be declared."""

    logger = FAUST_LOG

    @override
    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class RunApp(faust.App):
    """Reads ``log_topic`` in runs of at most ``run_records``, as ``owner`` wants it."""

    logger = FAUST_LOG
    BootStrategy = NoProducer
    log_topic: str
    connection: Mapping[str, object]
    owner: Owner
    run_records: int

    @override
    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    @override
    def _create_directories(self) -> None:
        """Nothing is kept on disk."""


class RunTopic(Topic):
    """Hands a run on as it is."""

    @override
    def _compile_decode(self) -> None:
        app = self.app

        async def decode(message: RunMessage, *, propagate: bool = False) -> faust.Event:
            del propagate  # Nothing is decoded, so nothing fails here.
            return faust.Event(app, None, message.run, {}, message)

        self.decode = decode  # type: ignore[assignment] # As Faust's own does.
