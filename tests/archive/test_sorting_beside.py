"""Large archives are sorted by a second process: it must not show but in the time it takes."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime

import pytest

from stream.archive import sorting_beside
from stream.archive.base import Options, Report
from stream.archive.fitting import EVENT_BYTES_MAX
from stream.archive.generate import generate
from stream.archive.sorting_beside import Second, sorted_beside
from stream.codec.events import encode
from stream.codec.packing import packed
from stream.errors import ArchiveError
from tests.codec.test_packing import IN_ORDER
from tests.story import asked

COUNT = sorting_beside.FEW + 2_345


def _events(count=COUNT):
    made = generate(
        threads=4_000,
        seed=3,
        since=datetime(2017, 4, 1, tzinfo=UTC),
        until=datetime(2018, 4, 1, tzinfo=UTC),
    )
    return [event for event, _ in zip(made, range(count), strict=False)][::-1]


@pytest.mark.parametrize("count", [3, sorting_beside.FEW, COUNT])
def test_all_come_in_order_and_are_counted(count):
    report = Report()
    found = list(sorted_beside(iter(_events(count)), report, Options()))
    wanted = sorted(map(encode, _events(count)), key=IN_ORDER)
    assert found == list(map(packed, wanted))
    assert report.events == count
    assert report.ends == {"community.example": wanted[-1].at}


@pytest.mark.parametrize("count", [3, COUNT])
def test_one_that_no_log_takes_is_refused_or_skipped(count):
    long = asked(thread="t7", text="x" * EVENT_BYTES_MAX)
    with pytest.raises(ArchiveError, match=r"an item of community\.example/t7 is not read: it has"):
        list(sorted_beside(iter([*_events(count), long]), Report(), Options()))
    report = Report()
    events = iter([*_events(count), long])
    found = list(sorted_beside(events, report, Options(skip_unreadable=True)))
    assert (len(found), report.events, report.skipped) == (count, count, 1)
    assert report.unreadable[0].where == "an item of community.example/t7"


def test_an_error_while_reading_ends_both():
    def breaks():
        yield from _events()
        message = "row 51"
        raise ArchiveError(message)

    with pytest.raises(ArchiveError, match="row 51"):
        list(sorted_beside(breaks(), Report(), Options()))


def test_a_process_that_dies_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Second(Report(), Options()) as second:
        shutil.rmtree(second.start())
        with pytest.raises(ArchiveError, match="cannot be sorted in: No such file"):
            second.sort(iter(_events(50)))
