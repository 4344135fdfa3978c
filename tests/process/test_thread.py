"""The thread that talks to the broker: what ends it is raised, once, where the worker runs."""

from __future__ import annotations

import pytest
from aiokafka.errors import KafkaConnectionError

from stream.config import Settings
from stream.process.all_views import AllViews
from stream.process.consumer import Consumer
from stream.process.owner import Partitions
from stream.process.worker import Pace, build
from tests.brokers import steady_ports


async def test_where_the_broker_is_gone_as_it_starts_nothing_is_printed_beside_the_error(capfd):
    (port,) = steady_ports(1)
    settings = Settings(brokers=f"127.0.0.1:{port}", prefix="test", partitions=1)
    app = build(settings, "one", Pace(), Partitions(settings, AllViews))
    assert isinstance(app.consumer, Consumer)
    thread = app.consumer._thread  # noqa: SLF001 (the worker starts all at once)
    with pytest.raises(KafkaConnectionError):
        await thread.start()
    await thread.stop()
    assert "Traceback" not in capfd.readouterr().err
