"""The rows of the sample that ships, byte for byte: what a change of the fold changes is seen here.

``python -m tests.codec.test_golden`` writes them anew, for a look at the difference.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, sample, sample_people
from stream.codec.views import tell
from stream.core.fold import Partition

GOLDEN = Path(__file__).parent / "golden"
VIEWS = ("activity", "items", "replies", "threads")


def rows() -> dict[str, list[bytes]]:
    """View → its rows by key."""
    partition = Partition()
    for event in read([sample(), sample_people()], Options(), Report()):
        partition.join(event)
    told = sorted((view, key, value or b"") for view, key, value, _ in tell(partition))
    return {view: [value for name, _, value in told if name == view] for view in VIEWS}


@pytest.mark.parametrize("view", VIEWS)
def test_the_sample_gives_the_rows_it_gave(view):
    assert rows()[view] == (GOLDEN / f"{view}.jsonl").read_bytes().splitlines()


def test_rows_are_json_as_a_library_writes_it():
    for view, values in rows().items():
        for value in values:
            assert orjson.dumps(orjson.loads(value)) == value, view


if __name__ == "__main__":
    for view, values in rows().items():
        (GOLDEN / f"{view}.jsonl").write_bytes(b"\n".join(values) + b"\n")
