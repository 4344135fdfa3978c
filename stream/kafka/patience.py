"""Rest where a broker does not wait: the embedded one answers a fetch at once, with nothing.

Kafka holds a fetch back until there is something to read or its time is up. Against a broker that
does not, aiokafka asks thousands of times a second, half a core for doing nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

REST_S: Final = 0.05  # At most this much later is a new record seen.


def patient(consumer: AIOKafkaConsumer) -> None:
    """Let a started consumer rest after each fetch that came back empty and sooner than that."""
    fetcher: Any = consumer._fetcher  # noqa: SLF001 # No public way.
    fetch = fetcher._proc_fetch_request  # noqa: SLF001 # As above.
    now = asyncio.get_running_loop().time

    async def fetch_patiently(*request: Any) -> bool:  # noqa: ANN401 # As aiokafka's own.
        began = now()
        found = bool(await fetch(*request))
        rest = 0.0 if found else REST_S - (now() - began)
        if rest > 0:
            try:
                await asyncio.sleep(rest)
            except asyncio.CancelledError:
                return False  # As its own: whatever comes is of no interest any more.
        return found

    fetcher._proc_fetch_request = fetch_patiently  # noqa: SLF001 # As above.
