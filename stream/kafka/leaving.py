"""How a member with a name leaves its group: at once, and also while it is still joining it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int16, Int32, Schema, String
from typing_extensions import override

from stream.kafka.ending import LEFT_WITHIN_S, cancelled, group_tasks

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

LEAVE_GROUP: Final = 13


class _Left(Response):
    API_KEY = LEAVE_GROUP
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "members",
            Array(
                ("member_id", String("utf-8")),
                ("group_instance_id", String("utf-8")),
                ("error_code", Int16),
            ),
        ),
    )


class _Leave(RequestStruct):
    """The first version that knows members by their names (KIP-345); aiokafka has none of it."""

    API_KEY = LEAVE_GROUP
    API_VERSION = 3
    RESPONSE_TYPE = _Left
    SCHEMA = Schema(
        ("group", String("utf-8")),
        (
            "members",
            Array(("member_id", String("utf-8")), ("group_instance_id", String("utf-8"))),
        ),
    )


class LeaveByName(Request[_Leave]):
    """That ``name`` leaves; where ``member_id`` is known, nobody else who came by that name."""

    API_KEY = LEAVE_GROUP

    def __init__(self, group: str, member_id: str, name: str) -> None:
        self._group = group
        self._member = (member_id, name)

    @override
    def build(self, request_struct_class: type[_Leave]) -> _Leave:
        return request_struct_class(self._group, [self._member])


async def left(consumer: AIOKafkaConsumer) -> None:
    """Take ``consumer``, a member with a name, out of its group, however far it has joined.

    aiokafka leaves a member with a name in the group, for the broker to wait for it; and whoever
    joins waits for all the others before he does anything else. A broker that does not answer
    finds out when the session has timed out.
    """
    coordinator: Any = consumer._coordinator  # noqa: SLF001 # No public way.
    if coordinator is None or coordinator.coordinator_id is None:
        return
    await cancelled(group_tasks(consumer))
    client, node = consumer._client, coordinator.coordinator_id  # noqa: SLF001 # As above.
    line: Any = client._conns.get((node, ConnectionGroup.COORDINATION))  # noqa: SLF001 # As above.
    if line is not None and line._requests:  # noqa: SLF001 # As above.
        line.close()  # Answers come in turn, and that to a join only when all have joined.
    leave = LeaveByName(
        coordinator.group_id,
        coordinator.member_id,
        coordinator._group_instance_id,  # noqa: SLF001 # As above.
    )
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(LEFT_WITHIN_S):
            await client.send(node, leave, group=ConnectionGroup.COORDINATION)
