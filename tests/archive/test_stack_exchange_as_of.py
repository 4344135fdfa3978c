"""A dump folded as of an earlier moment is an earlier dump of the same site, post by post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream.archive.generate import generate
from stream.archive.made_up.stack_exchange import write_dump
from stream.core.events import AnswerAccepted, AnswerUnaccepted, ItemDeleted, ItemRestored
from tests.archive.stack_exchange_posts import folded, printed
from tests.archive.stack_exchange_site import told

SINCE, UNTIL = datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC)


def _story(seed):
    """Without what a later dump no longer holds: deleted comments, and former acceptances."""
    story = list(generate(threads=120, seed=seed, since=SINCE, until=UNTIL))
    gone = {(x.subject, x.data.item) for x in story if isinstance(x, ItemDeleted)}
    accepting = set()
    for event in story:
        if isinstance(event, (ItemDeleted, ItemRestored)) and ".c" in event.data.item:
            continue
        if isinstance(event, (AnswerAccepted, AnswerUnaccepted)):
            lasts = isinstance(event, AnswerAccepted) and event.subject not in accepting
            if not lasts or (event.subject, event.data.item) in gone:
                continue
            accepting.add(event.subject)
        yield event


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_dump_as_of_an_earlier_day_is_the_dump_of_that_day(tmp_path, seed):
    story = list(_story(seed))
    write_dump(story, tmp_path / "now")
    events = told(tmp_path / "now")
    assert folded(events) == printed(tmp_path / "now")
    for days in (5, 21, 40):
        cut = SINCE + timedelta(days)
        then = tmp_path / f"{days}"
        write_dump((event for event in story if event.time < cut), then)
        before, as_of = printed(then), folded(event for event in events if event.time < cut)
        kept = {id_: post for id_, post in before.items() if id_ in printed(tmp_path / "now")}
        assert len(kept) > 10
        assert as_of == kept
