"""The simple job on Bytewax: ``python -m benchmarks.bytewax ORDER`` (`peers.Order` as JSON).

It keeps its state in a recovery store on disk, not in Kafka; what it has computed at the log's end
it writes to ``answers.json`` in its folder.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import bytewax.operators as op
import msgspec
import orjson
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main
from typing_extensions import override

from benchmarks.peers import DONE, FIRST, KEPT, Order
from benchmarks.simple import Said, new, read, step

if TYPE_CHECKING:
    from bytewax.connectors.kafka import KafkaSourceMessage

    from benchmarks.simple import State

BATCH: Final = 5_000
SNAPSHOT_EVERY: Final = timedelta(seconds=1)
Counted = tuple[str, tuple[int | None, int | None]]


class Latest(StatelessSinkPartition):
    """Keeps the latest answer of each thread."""

    def __init__(self, answers: dict[str, tuple[int | None, int | None]]) -> None:
        self._answers = answers

    @override
    def write_batch(self, items: list[Counted]) -> None:
        self._answers.update(items)


class Answers(DynamicSink):
    """The same for all workers, of which there is one."""

    def __init__(self, answers: dict[str, tuple[int | None, int | None]]) -> None:
        self._answers = answers

    @override
    def build(self, step_id: str, worker_index: int, worker_count: int) -> Latest:
        if not self._answers:
            say(FIRST)
        return Latest(self._answers)


def decoded(batch: list[KafkaSourceMessage]) -> list[tuple[str, tuple[Said, int]]]:
    """Keyed by thread, as a stateful step needs it."""
    return [(each.key.decode(), (read(each.value), stamp(each))) for each in batch]


def stamp(message: KafkaSourceMessage) -> int:
    """Its record's time in milliseconds."""
    assert message.timestamp is not None  # noqa: S101 # Ours have one.
    return int(message.timestamp[1])


def counted(
    state: State | None, event: tuple[Said, int]
) -> tuple[State, tuple[int | None, int | None]]:
    """One more event of a thread."""
    state = state or new()
    step(state, *event)
    return state, (state[0], state[2])


def main() -> None:
    """Read the topic to its end, and write the answers down."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    recovery = Path(order.folder, "recovery")
    recovery.mkdir()
    init_db_dir(recovery, 1)
    answers: dict[str, tuple[int | None, int | None]] = {}
    flow = Dataflow("simple")
    source = KafkaSource([order.brokers], [order.topic], tail=False, batch_size=BATCH)
    read_in = op.input("log", flow, source)
    keyed = op.flat_map_batch("decoded", read_in, decoded)
    told = op.stateful_map("counted", keyed, counted)
    op.output("answers", told, Answers(answers))
    run_main(flow, epoch_interval=SNAPSHOT_EVERY, recovery_config=RecoveryConfig(recovery))
    say(DONE)
    Path(order.folder, "answers.json").write_bytes(orjson.dumps(answers))
    say(KEPT)


def say(word: str) -> None:
    """Tell whoever measures."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
