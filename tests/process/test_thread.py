"""The thread that talks to the broker: what ends it is raised, once, where the worker runs."""

from __future__ import annotations

import asyncio
from time import sleep

import pytest
from aiokafka.errors import KafkaConnectionError
from typing_extensions import override

from stream.config import Settings
from stream.process.all_views import AllViews
from stream.process.consumer import Consumer
from stream.process.consumer_thread import ConsumerThread, Told
from stream.process.owner import Partitions
from stream.process.worker import Pace, build
from tests.brokers import steady_ports


def thread() -> ConsumerThread:
    """One whose broker is gone."""
    (port,) = steady_ports(1)
    settings = Settings(brokers=f"127.0.0.1:{port}", prefix="test", partitions=1)
    app = build(settings, "one", Pace(), Partitions(settings, AllViews))
    assert isinstance(app.consumer, Consumer)
    found = app.consumer._thread  # noqa: SLF001 (the worker starts all at once)
    assert isinstance(found, ConsumerThread)
    return found


async def test_where_the_broker_is_gone_as_it_starts_nothing_is_printed_beside_the_error(capfd):
    gone = thread()
    with pytest.raises(KafkaConnectionError):
        await gone.start()
    await gone.stop()
    assert "Traceback" not in capfd.readouterr().err


async def test_one_that_has_ended_by_itself_can_be_stopped():
    gone = thread()
    with pytest.raises(KafkaConnectionError):
        await gone.start()
    ended = gone._thread  # noqa: SLF001 (as above)
    assert ended is not None
    await asyncio.to_thread(ended.join)
    await gone.stop()
    assert gone.should_stop


async def test_what_ends_it_at_once_is_raised_where_it_is_started_however_late_that_waits(
    capfd, caplog
):
    class Ahead(Told):
        """One that has a second before whoever starts it goes on, as on a busy machine."""

        @override
        def start(self) -> None:
            super().start()
            sleep(1)

    gone = thread()
    gone.Worker = Ahead
    with pytest.raises(KafkaConnectionError):
        await gone.start()
    await gone.stop()
    assert "never retrieved" not in caplog.text
    assert "Traceback" not in capfd.readouterr().err


async def test_one_that_is_stopped_before_it_has_begun_has_ended_then():
    """Told to end meanwhile, a worker would end without it, and wait for it for ever."""

    class Late(Told):
        """One that gets its turn half a second later, as on a busy machine."""

        @override
        def run(self) -> None:
            sleep(0.5)
            super().run()

    late = thread()
    late.Worker = Late
    starting = asyncio.create_task(late.start())
    await asyncio.sleep(0.1)
    starting.cancel()
    await late.stop()
    begun = late._thread  # noqa: SLF001 (as above)
    assert begun is not None
    assert not begun.is_alive()
