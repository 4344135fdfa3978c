"""A worker: takes its share of the log's partitions and keeps their views, until it is ended."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from faust.streams import Stream
from faust.types import StreamT  # noqa: TC002 # Faust reads an agent's annotations.
from mode import CrashingSupervisor

from stream.errors import BrokerError
from stream.kafka.connect import connection, reachable, translated
from stream.kafka.ending import cancelled, nothing_left
from stream.kafka.topics import Topics, create
from stream.process.all_views import AllViews
from stream.process.batches import NoTables, RunApp, RunTopic
from stream.process.commit import group_of
from stream.process.consumer import Consumer
from stream.process.memory import return_free_pages, return_large_blocks
from stream.process.name import held_name
from stream.process.owner import Partitions
from stream.process.runs import Run  # noqa: TC001 # As above.

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream.config import Settings
    from stream.process.job import Job, Place

STOPPED_WITHIN_S: Final = 2.0
LOOKED_EVERY_S: Final = 10.0
NOBODY_LISTENS: Final = logging.CRITICAL + 1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How soon a silent worker is given up, and how much is done at once."""

    session_s: float = 10.0
    heartbeat_s: float = 1.0
    rebalance_s: float = 20.0
    run_records: int = 5000  # at most, a batch
    fetch_bytes: int = 4 << 20  # at most, a partition


def run(
    settings: Settings,
    *,
    name: str | None = None,
    data: Path | None = None,
    pace: Pace | None = None,
    job: Callable[[Place], Job] = AllViews,
) -> None:
    """Work until SIGTERM or SIGINT, then finish the batch under way and leave the group.

    ``name``: by which Kafka knows this worker again after a crash (`held_name` gives it one);
    ``data``: where the lock on that name lies; ``job``: what is done with a partition.
    """
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(NOBODY_LISTENS)
    gc.disable()  # `Partitions` collects between batches.
    return_large_blocks()
    with held_name(settings, name=name, data=data) as member:
        asyncio.run(nothing_left(_work(settings, member, pace or Pace(), job)))


def build(settings: Settings, member: str, pace: Pace, partitions: Partitions) -> RunApp:
    """The Faust app, wired but not started: nothing connects before it runs."""
    app = RunApp(
        group_of(settings),
        broker=f"kafka://{settings.brokers.replace(',', ';')}",
        store="memory://",
        Topic=RunTopic,
        TableManager=NoTables,
        agent_supervisor=CrashingSupervisor,
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_buffer_maxsize=2,
        stream_recovery_delay=0.0,
        broker_commit_interval=3600.0,
        broker_session_timeout=pace.session_s,
        broker_heartbeat_interval=pace.heartbeat_s,
        broker_rebalance_timeout=pace.rebalance_s,
        broker_request_timeout=max(40.0, pace.session_s + 5),
        broker_max_poll_records=2 * pace.run_records,
        consumer_max_fetch_size=pace.fetch_bytes,
        consumer_group_instance_id=member,
    )
    app.log_topic = Topics(settings.prefix).events
    app.connection = connection(settings)
    app.owner = partitions
    app.run_records = pace.run_records
    topic = app.topic(app.log_topic, key_type=bytes, value_type=bytes)

    async def keep_views(runs: StreamT[Run]) -> None:
        assert isinstance(runs, Stream)  # noqa: S101 # Its `noack` is not in Faust's interface.
        async for event in runs.noack().events():
            partitions.take(event.message.partition, event.message.run)

    app.agent(topic)(keep_views)
    return app


async def _work(settings: Settings, member: str, pace: Pace, job: Callable[[Place], Job]) -> None:
    await reachable(settings)
    await create(settings)
    partitions = Partitions(settings, job)
    app = build(settings, member, pace, partitions)
    consumer = app.consumer
    assert isinstance(consumer, Consumer)  # noqa: S101 # Tells the type checker.
    partitions.consumer = consumer
    asked = _asked_to_end()  # Whoever reads the next line may ask us at once.
    log.info("%s works for %s", member, settings.prefix)
    watching = asyncio.create_task(_watch(settings, partitions))
    try:
        await _until_ended(asked, settings, app, consumer, partitions)
    finally:
        await cancelled({watching})


async def _watch(settings: Settings, partitions: Partitions) -> None:
    """Say so where the broker is away, also while there is nothing to commit; and tidy up."""
    while True:
        await asyncio.sleep(LOOKED_EVERY_S)
        gc.collect()  # Of what is not state, which is frozen: little.
        return_free_pages()
        try:
            await reachable(settings)
        except BrokerError as error:
            partitions.say(error)


def _asked_to_end() -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked


async def _until_ended(
    asked: asyncio.Event,
    settings: Settings,
    app: RunApp,
    consumer: Consumer,
    partitions: Partitions,
) -> None:
    await asyncio.sleep(0)  # Who was told to end before that hears it here, with nothing begun.
    starting = asyncio.create_task(app.start())
    left = asyncio.create_task(consumer.left())
    ends: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(asked.wait()),
        asyncio.ensure_future(app.wait_until_stopped()),
        partitions.failed,
        left,
    ]
    for task in (starting, left):
        task.add_done_callback(lambda ended: None if ended.cancelled() else ended.exception())
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if partitions.failed.done():
            partitions.failed.result()
        with translated(settings):
            if left.done():
                left.result()
            if not asked.is_set() and app.crash_reason is not None:
                raise app.crash_reason
    finally:
        await partitions.close()
        await _stopped(app, starting, ends)


async def _stopped(
    app: RunApp, starting: asyncio.Task[None], ends: list[asyncio.Future[Any]]
) -> None:
    for task in (*ends, starting):
        task.cancel()
    stopping = asyncio.create_task(app.stop())
    await asyncio.wait([stopping], timeout=STOPPED_WITHIN_S)
