"""Reading a dump takes as much memory as its longest rows, not as all of them."""

from __future__ import annotations

import tracemalloc

import pytest

from stream.archive.base import Options, Report
from stream.archive.stack_exchange import StackExchangeDump
from stream.archive.stack_exchange_site import PLACES_MAX, THREADS_MAX, Site
from stream.archive.stack_exchange_store import opened_store
from tests.archive.stack_exchange_site import answer, comment, history, question, vote, write


def _peak(folder, size):
    """The most that Python held while it read a dump of so many posts, and four times the rows."""
    write(
        folder,
        Posts=[question(1), *(answer(n, at=n) for n in range(2, size))],
        Comments=[comment(n, on=n % size or 1, at=n) for n in range(1, size)],
        PostHistory=[history(2, n, n, f"first-{n}", Text="x" * 500) for n in range(1, size)],
        Votes=[vote(n) for n in range(2, size)],
    )
    tracemalloc.start()
    try:
        count = sum(1 for _ in StackExchangeDump().read(folder, Options(), Report()))
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.long
def test_a_longer_dump_takes_no_more_memory(tmp_path):
    short, held = _peak(tmp_path / "short", 5_000)
    long, held_long = _peak(tmp_path / "long", 12_000)
    assert long > 2 * short
    assert held_long < held + 2_000_000  # What is kept at hand of posts, up to its bound


def test_what_is_kept_at_hand_of_posts_is_bounded():
    with opened_store() as store:
        site = Site({}, store, Options(), Report(), "c")
        for post in range(PLACES_MAX + 10):
            assert site.place({"PostId": str(post)}) is None
        assert len(site._places) <= PLACES_MAX  # noqa: SLF001  (no other way to see it)


def test_what_is_kept_at_hand_of_threads_is_bounded():
    with opened_store() as store:
        site = Site({}, store, Options(), Report(), "c")
        for number in range(THREADS_MAX + 10):
            assert site.thread(number).subject == str(number)
        assert len(site._threads) <= THREADS_MAX  # noqa: SLF001  (no other way to see it)
