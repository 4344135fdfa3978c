"""The simple job on Quix Streams: ``python -m benchmarks.quix ORDER`` (`peers.Order` as JSON)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
from quixstreams import Application

from benchmarks.peers import FIRST, Order
from benchmarks.simple import new, read, step

if TYPE_CHECKING:
    from quixstreams.state import State


def main() -> None:
    """Process so many records, commit, and stay until ended."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    app = Application(
        broker_address=order.brokers,
        consumer_group=order.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once" if order.exactly_once else "at-least-once",
        state_dir=order.folder,
        loglevel="WARNING",
    )
    topic = app.topic(order.topic, value_deserializer="bytes", key_deserializer="bytes")
    said = False

    def count(value: bytes, _key: bytes, at: int, _headers: Any, state: State) -> None:  # noqa: ANN401 # Quix's own.
        nonlocal said
        if not said:
            said = True
            sys.stdout.write(f"{FIRST}\n")
            sys.stdout.flush()
        thread = state.get("thread") or new()
        step(thread, read(value), at)
        state.set("thread", thread)

    app.dataframe(topic).update(count, stateful=True, metadata=True)
    app.run(count=order.events, collect=False)
    sys.stdin.read()


if __name__ == "__main__":
    main()
