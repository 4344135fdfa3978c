from __future__ import annotations

import heapq
import resource
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive import sorting
from stream.archive.sorting import sorted_on_disk
from stream.codec.events import Encoded, decode, encode
from stream.codec.packing import packed, unpacked
from stream.core.events import order
from stream.errors import ArchiveError
from tests.codec.test_packing import IN_ORDER, encoded
from tests.story import accepted, answered, asked, closed, commented


@given(st.lists(encoded), st.integers(1, 500))
def test_whatever_fits_into_memory_all_come_in_order(events, memory):
    found = list(map(unpacked, sorted_on_disk(events, memory_bytes=memory)))
    assert list(map(IN_ORDER, found)) == sorted(map(IN_ORDER, events))
    assert sorted(map(packed, found)) == sorted(map(packed, events))


def test_the_order_is_that_of_the_core():
    story = [asked(), answered(), commented("q.c1"), accepted(), closed()]  # All at noon.
    sorted_ones = map(unpacked, sorted_on_disk(map(encode, story[::-1])))
    found = [decode(event.value, where="") for event in sorted_ones]
    assert found == sorted(found, key=order)


def _many(count):
    return (Encoded(b"c/t", b"x" * 100, -n * 7919 % 5003, f"{n:032x}") for n in range(count))


def test_many_runs_are_merged_with_few_files_open(tmp_path):
    count = 4 * sorting.RUNS_MAX
    found = list(sorted_on_disk(_many(count), memory_bytes=1, folder=tmp_path))
    assert found == list(map(packed, sorted(_many(count), key=IN_ORDER)))
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_on_disk_however_it_ends(tmp_path):
    def breaks():
        yield from _many(50)
        message = "row 51"
        raise ArchiveError(message)

    with pytest.raises(ArchiveError):
        list(sorted_on_disk(breaks(), memory_bytes=1000, folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    events = sorted_on_disk(_many(50), memory_bytes=1000, folder=tmp_path)
    assert len(list(islice(events, 3))) == 3
    assert list(tmp_path.rglob("run-*"))
    events.close()
    assert list(tmp_path.iterdir()) == []


def test_sorted_streams_merge_as_they_are():
    first, second = list(_many(40))[::2], list(_many(40))[1::2]
    both = heapq.merge(sorted_on_disk(first), sorted_on_disk(second))
    assert list(both) == list(map(packed, sorted(_many(40), key=IN_ORDER)))


def test_a_folder_that_is_missing_or_full_is_named(tmp_path):
    with pytest.raises(ArchiveError, match=r"missing cannot be sorted in: No such file.*TMPDIR"):
        list(sorted_on_disk(_many(1), folder=tmp_path / "missing"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ArchiveError, match=r"cannot be sorted in: File too large; .*TMPDIR"):
            list(sorted_on_disk(_many(5000), memory_bytes=300_000, folder=tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
