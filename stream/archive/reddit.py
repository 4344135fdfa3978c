"""Reddit: rows of Pushshift and Arctic Shift, a submission or comment a line, and API listings.

Times are the site's own, whole seconds by its clock. A community is ``reddit.com/r/`` and the
subreddit; a thread and its first post have the submission's id. What was ``[removed]`` or
``[deleted]`` was so at a moment unknown, after it was written and by the time it was captured; its
words are not known, nor are the first words of what was edited since.

Not told: crossposts, flairs, awards, polls, what is distinguished, sticky or archived, and upvotes
apart from the score. Counted, and not told: what a listing left out (``more``), and things that
are neither submission nor comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stream.archive.base import Options, community_of
from stream.archive.holdings import Held, Holdings, holdings
from stream.archive.json_rows import Row, of_json, rows, seconds, starts
from stream.archive.opening import opened
from stream.archive.reddit_rows import Entry, apart
from stream.archive.reddit_said import DELETED, Place, Said, edited, edits_early, said
from stream.core.when import When

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Report
    from stream.core.events import Event

_ROW: Final = re.compile(rb'"created_utc"\s*:')
_SUBREDDIT: Final = re.compile(rb'"subreddit"\s*:')
_LISTING: Final = re.compile(rb'"kind"\s*:\s*"(?:Listing|t1|t3)"')


class Reddit:
    """Submissions and comments, in any order, also each in a file of its own."""

    name = "reddit"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:
        return any(map(_recognised, starts(path, head, Options())))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        with opened(path, options, report) as all_files, holdings() as held:
            files = of_json(all_files, report)
            reading = _Reading(path, options, report, held)
            for row in rows(files, options, report):
                for one, entry in apart(row, options, report):
                    yield from reading.entry(one, entry)
            held.tell_orphans(report)
            yield from held.undated()
            yield from held.observed(report)


def _recognised(head: bytes) -> bool:
    if head.lstrip()[:1] not in (b"{", b"["):
        return False
    return bool(_LISTING.search(head) or (_ROW.search(head) and _SUBREDDIT.search(head)))


class _Reading:
    def __init__(self, path: Path, options: Options, report: Report, held: Holdings) -> None:
        self._path = path
        self._options = options
        self._report = report
        self._held = held

    def entry(self, row: Row, entry: Entry) -> Iterator[Event]:
        """What a row states; what has no bound above waits for the end."""
        try:
            place = self._place(entry)
            facts = list(said(place, entry))
        except ValueError as error:
            self._report.fault(row.where, row.row, str(error), self._options)
            return
        if not self._held.add(_held(place, entry, facts), facts):
            self._report.odd("doubled-item", f"{row.place}: {place.item} is there already")
            return
        self._odd(row, entry, place)
        yield from self._held.placed(facts)

    def _place(self, entry: Entry) -> Place:
        if not entry.id:
            msg = "it has no id, as a submission or comment does"
            raise ValueError(msg)
        stated = entry.subreddit and f"reddit.com/r/{entry.subreddit}"
        created = seconds(entry.created_utc)
        first, last = entry.captured()
        by = None if created else edited(entry) or first
        return Place(
            community_of(self._path, self._options, stated or None),
            entry.thread,
            entry.numbered(entry.id) if entry.is_comment else entry.id,
            entry.on if entry.is_comment else None,
            When(at=created) if created else When(by=by),
            first,
            last,
        )

    def _odd(self, row: Row, entry: Entry, place: Place) -> None:
        for code, odd in (
            ("deleted-author", entry.author == DELETED),
            ("date-missing", place.created.at is None),
            ("parent-missing", entry.is_comment and place.on is None),
            ("edited-before-written", edits_early(place, entry)),
            ("captured-before-written", place.first is not None and place.first < place.time),
        ):
            if odd:
                self._report.odd(code, f"{row.place}: {place.item} ({place.thread})")


def _held(place: Place, entry: Entry, facts: list[Said]) -> Held:
    score = entry.score if entry.score is not None else entry.ups
    return Held(
        *place[:4],
        kind="comment" if entry.is_comment else "post",
        at=max(event.time for event in facts),
        score=None if entry.score_hidden else score,
        seen=place.last,
    )
