"""Stack Exchange API: the pages of its answers, or the items of them.

Questions with the answers and comments inside them, answers, comments, revisions and timelines,
by themselves too. Ids are those of the site's dumps: posts by number, comments as ``c`` and the
number. So that a dump and the API's pages agree where both are replayed, a time is told as the
second it is: the site's clock has milliseconds, and the API cuts them off. Names and titles, which
it escapes, are told as people wrote them.

An edited post's first words are known where its first revision is there; title and tags are told
as if they had always been so. An accepted answer was accepted at a moment unknown, unless the
timeline tells it.

Not told: votes, reputations, badges, bounties, migrations, protection, community ownership, and,
counted, the other lines of timelines, closings as revisions tell them (vote-based ones), and items
of other kinds. ``backoff`` and quotas were for whoever asked; that there is more to ask for
(``has_more``) is counted where no last page is there.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from stream.archive.base import Options, Report, community_of
from stream.archive.holdings import Held, Holdings, holdings
from stream.archive.hosts import Hosts
from stream.archive.json_rows import of_json, starts
from stream.archive.opening import opened
from stream.archive.robots import marked
from stream.archive.stack_exchange_api_pages import Found, Pages, Register
from stream.archive.stack_exchange_api_rows import second
from stream.archive.stack_exchange_api_said import (
    TIMELINE,
    Place,
    acceptance,
    answer_id,
    revision,
    said,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.core.events import Event

_LINK: Final = re.compile(
    rb'"link"\s*:\s*"https?:\\?/\\?/([\w.\-]+)\\?/(?:users|questions|q|a)\\?/'
)
_QUESTION: Final = re.compile(r"/questions/(\d+)")
_ITEMS: Final = re.compile(rb'"items"\s*:\s*\[')
_IDS: Final = re.compile(rb'"(?:question_id|answer_id|comment_id|revision_guid|timeline_type)"\s*:')
_DATE: Final = re.compile(rb'"creation_date"\s*:\s*\d')


class StackExchangeApi:
    """Read twice: first what belongs to which question, then what is said."""

    name = "stack-exchange-api"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:
        return any(map(_recognised, starts(path, head, Options())))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        return marked(self._events(path, options, report))

    def _events(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        with (
            opened(path, options, report) as all_files,
            holdings() as held,
            closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as disk,
        ):
            files = of_json(all_files, report)
            register = Register(disk)
            pages = Pages(options, report)
            for file in files:
                for found in pages.items(file):
                    register.enter(found)
            pages.tell_missing(path)
            hosts = Hosts(files, _LINK)
            reading = _Reading(options, report, held, register)
            again = Pages(Options(skip_unreadable=True), Report())  # Its faults were said above.
            for file in files:
                community = community_of(path, options, hosts.of(file))
                for found in again.items(file):
                    yield from reading.item(found, community)
            held.tell_orphans(report)
            yield from held.undated()
            yield from held.observed(report)


def _recognised(head: bytes) -> bool:
    start = head.lstrip()[:1]
    if start not in (b"{", b"[") or _IDS.search(head) is None or _DATE.search(head) is None:
        return False
    return start == b"[" or _ITEMS.search(head) is not None or b"\n{" in head


class _Reading:
    def __init__(
        self, options: Options, report: Report, held: Holdings, register: Register
    ) -> None:
        self._options = options
        self._report = report
        self._held = held
        self._register = register

    def item(self, found: Found, community: str) -> Iterator[Event]:
        """What an item states."""
        row, item, _ = found
        try:
            place = self._place(found, community)
            facts = [] if place is None else self._facts(found, place)
            last = item.last
        except ValueError as error:
            self._report.fault(row.where, row.row, str(error), self._options)
            return
        if place is None or not facts or last is None:
            return
        if item.kind in ("revision", "timeline"):
            self._held.printed(last)
            yield from filter(self._held.is_news, facts)
            return
        held = Held(*place[:4], kind=item.kind, at=last, score=item.score, views=item.view_count)
        if not self._held.add(held, facts):
            self._report.odd("doubled-item", f"{row.place}: {place.item} is there already")
            return
        if item.author is None or item.author.id is None:
            self._report.odd("deleted-author", f"{row.place}: {place.item} ({place.thread})")
        yield from self._held.placed(facts)

    def _facts(self, found: Found, place: Place) -> list[Event]:
        """Nothing where an item is of a kind that is counted, and not told."""
        row, item, _ = found
        if item.kind == "timeline":
            if item.timeline_type in TIMELINE and item.post_id is not None:
                return [acceptance(place, item)]
            self._report.odd("not-told", f"{row.place}: {item.timeline_type} in a timeline")
            return []
        if item.kind == "revision":
            if item.revision_number is not None and item.revision_number > 1:
                return [revision(place, item)]
            if item.revision_number is None:
                self._report.odd("not-told", f"{row.place}: a revision that changed no words")
            return []
        return list(said(place, item))

    def _place(self, found: Found, community: str) -> Place | None:
        row, item, _ = found
        if item.kind == "unknown":
            self._report.odd("not-told", f"{row.place}: an item of another kind")
            return None
        created = second(item.creation_date)
        if created is None:
            msg = f"the {item.kind} has no creation_date"
            raise ValueError(msg)
        if item.kind == "question":
            own = str(item.question_id)
            revised = self._register.revised(item.question_id or 0)
            return Place(community, own, own, None, created, *revised)
        if item.kind == "answer":
            thread = self._thread_of_answer(found)
            revised = self._register.revised(item.answer_id or 0)
            own = answer_id(item.answer_id or 0, thread)
            return Place(community, thread, own, thread, created, *revised)
        thread, on = self._thread_of_post(found)
        own = on if item.comment_id is None or item.kind == "timeline" else f"c{item.comment_id}"
        return Place(community, thread, own, on if own != on else None, created)

    def _thread_of_answer(self, found: Found) -> str:
        row, item, inside = found
        outer = None if inside is None else inside.question_id
        stated = outer if item.question_id is None else item.question_id
        if stated is None:
            msg = f"answer {item.answer_id} has no question_id"
            raise ValueError(msg)
        if outer not in (None, stated):
            what = f"answer {item.answer_id} to {stated} is inside of {outer}"
            self._report.odd("inside-another", f"{row.place}: {what}")
        return str(stated)

    def _thread_of_post(self, found: Found) -> tuple[str, str]:
        """The thread that something on a post is in, and the post's id there."""
        row, item, inside = found
        outer = None if inside is None else inside.answer_id or inside.question_id
        post = item.post_id if item.post_id is not None else outer or item.question_id
        if post is None:
            msg = f"the {item.kind} has no post_id"
            raise ValueError(msg)
        if outer not in (None, post):
            self._report.odd("inside-another", f"{row.place}: on {post}, inside of {outer}")
        answers = item.post_type == "answer" or item.timeline_type in TIMELINE
        if inside is not None and outer == post:
            thread = inside.question_id
            answers |= inside.answer_id is not None
        else:
            link = _QUESTION.search(item.link or "")
            stated = item.question_id or (int(link[1]) if link else None)
            thread = self._register.question(post) or stated
        if thread is None:
            if item.post_type != "question":
                self._report.odd("thread-unknown", f"{row.place}: on {post}, which is not there")
            thread = post
        return str(thread), answer_id(post, str(thread)) if answers else str(post)
