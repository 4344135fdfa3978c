"""A broker that forgets the transaction under way when it is started again: the embedded one.

It ends as aborted what it then holds of one, and takes the rest, which is sent afterwards, for
another: half of it would be committed, or it would never end. Kafka goes on with it. So nothing of
a transaction is sent but over the connections that were there at its begin: they do not outlive
the broker.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka.client import ConnectionGroup
from aiokafka.errors import NodeNotReadyError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    TxnOffsetCommitRequest,
)

from stream.errors import BrokerError

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

EMBEDDED: Final = "MkU3OEVBNTctOEUyRi00"  # noida-db's cluster, the same wherever it runs.
AGAIN_S: Final = 0.1
OF_A_TRANSACTION: Final = (
    ProduceRequest,
    AddPartitionsToTxnRequest,
    AddOffsetsToTxnRequest,
    TxnOffsetCommitRequest,
    EndTxnRequest,
)


class ForgottenError(BrokerError):
    """Of the transaction nothing is left that could be committed: restore what is there."""

    def __init__(self) -> None:
        super().__init__(
            "the embedded broker was started again amid a transaction, and has forgotten it"
        )


async def sitting_of(producer: AIOKafkaProducer) -> Sitting | None:
    """Keeps a forgetful broker's ``producer`` from going on after a restart; None for others'."""
    client: Any = producer.client
    answer = await client.send(client.get_random_node(), MetadataRequest([]))
    return Sitting(client) if getattr(answer, "cluster_id", None) == EMBEDDED else None


class Sitting:
    """The connections over which a transaction goes.

    ``over``: something of it was to be sent over another.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 # It is asked what it keeps to itself.
        self._client = client
        self._begun: dict[Any, Any] = {}  # By node and group; empty before the first.
        self.over = False
        self._send = client.send
        client.send = self.send

    async def begin(self) -> None:
        """Call before anything of a transaction is sent; waits for a broker that is away."""
        for broker in self._client.cluster.brokers():
            for group in ConnectionGroup.DEFAULT, ConnectionGroup.COORDINATION:
                while not await self._client.ready(broker.nodeId, group=group):  # noqa: ASYNC110 # No event.
                    await asyncio.sleep(AGAIN_S)
        self._begun = dict(self._connections)
        self.over = False

    async def send(
        self,
        node: int,
        request: Any,  # noqa: ANN401 # aiokafka's, as what it answers.
        *,
        group: ConnectionGroup = ConnectionGroup.DEFAULT,
    ) -> Any:  # noqa: ANN401
        """As the client's own, but `ForgottenError` where the broker has begun anew.

        aiokafka ends its producer with that, and says something more general.
        """
        if self._begun and isinstance(request, OF_A_TRANSACTION):
            if not await self._client.ready(node, group=group):
                raise NodeNotReadyError  # As the client's own, which could be ready by then.
            if self._connections[node, group] is not self._begun.get((node, group)):
                self.over = True
                raise ForgottenError
        return await self._send(node, request, group=group)

    @property
    def _connections(self) -> dict[Any, Any]:
        connections: dict[Any, Any] = self._client._conns  # noqa: SLF001 # No public way.
        return connections
