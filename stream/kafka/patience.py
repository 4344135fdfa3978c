"""Rest where a broker does not wait: the embedded one answers a fetch at once, with nothing.

Kafka holds a fetch back until there is something to read or its time is up. Against a broker that
does not, aiokafka asks thousands of times a second, half a core for doing nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka.protocol.fetch import FetchRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REST_S: Final = 0.05  # At most this much later is a new record seen.


def patient(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A client's ``send`` that keeps back a fetch's answer which is empty and sooner than that."""

    async def send_patiently(node: int, request: Any, **how: Any) -> Any:  # noqa: ANN401 # aiokafka's.
        began = asyncio.get_running_loop().time()
        answer = await send(node, request, **how)
        if isinstance(request, FetchRequest) and not _holds_records(answer):
            await asyncio.sleep(began + REST_S - asyncio.get_running_loop().time())
        return answer

    return send_patiently


def _holds_records(answer: Any) -> bool:  # noqa: ANN401 # As above.
    return any(partition[-1] for _, partitions in answer.topics for partition in partitions)
