"""Discourse: topics as their JSON pages, which overlap.

A community is the host that the pages' avatars name, a thread is a topic, and an item has its
number within the topic (as in the topic's address): that is what ``reply_to_post_number`` says, so
a reply has its parent also where that is on another page or gone. A post that replies to none
stands under nothing: the archive does not say that it answers the first.

Of an edited post (``version`` above 1) only the last words are known, and that its edits were made
by ``updated_at``. What is deleted, withdrawn by its author or hidden by flags was so after it was
written; the words of the latter two are gone. Small actions (posts of type 3) that close, open or
archive a topic are told as events of the thread; those of posts moved elsewhere, pins, tags or
invitations are counted, and not told. Likes are the score.

Not told: people's full names (several may have the same, and mentions use the user name), quotes,
reads, flags, categories, and, counted, an ``updated_at`` without a new version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from stream.archive.base import Options, community_of
from stream.archive.discourse_rows import Page, Post
from stream.archive.discourse_said import (
    ACTIONS,
    SMALL_ACTION,
    VERSIONS_MAX,
    Place,
    acted,
    said,
    stands,
)
from stream.archive.holdings import Held, Holdings, holdings
from stream.archive.hosts import Hosts
from stream.archive.json_rows import Row, Unfit, decoded, of_json, printed, rows, starts
from stream.archive.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Report
    from stream.core.events import Event

_PAGE: Final = re.compile(rb'"post_stream"\s*:|"latest_posts"\s*:')
_POST: Final = re.compile(rb'"post_number"\s*:')
_COOKED: Final = re.compile(rb'"cooked"\s*:')
_HOST: Final = re.compile(rb"/user_avatar/([\w.\-]+\.\w+)/")

_pages: Final = msgspec.json.Decoder(Page)
_posts: Final = msgspec.json.Decoder(Post)


class Discourse:
    """Pages in any order, of any number of topics; or posts by themselves."""

    name = "discourse"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:
        return any(map(_recognised, starts(path, head, Options())))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        with opened(path, options, report) as all_files, holdings() as held:
            files = of_json(all_files, report)
            reading = _Reading(options, report, held)
            hosts = Hosts(files, _HOST)
            for file in files:
                community = community_of(path, options, hosts.of(file))
                for row in rows([file], options, report):
                    yield from reading.row(row, community)
            held.tell_orphans(report)
            _tell_missing(held, report)
            yield from held.undated()
            yield from held.observed(report)


def _recognised(head: bytes) -> bool:
    if head.lstrip()[:1] not in (b"{", b"["):
        return False
    return bool(_PAGE.search(head) or (_POST.search(head) and _COOKED.search(head)))


def _tell_missing(held: Holdings, report: Report) -> None:
    for community, thread, whole, count in held.numbered():
        if whole > count:
            example = f"{whole - count:,} of {whole:,} posts ({community}/{thread})"
            report.odd("posts-missing", example)


class _Reading:
    def __init__(self, options: Options, report: Report, held: Holdings) -> None:
        self._options = options
        self._report = report
        self._held = held
        self._community = ""

    def row(self, row: Row, community: str) -> Iterator[Event]:
        """What a page or a post by itself states."""
        self._community = community
        page, posts = Page(), [row]
        if _PAGE.search(row.data) is not None:
            try:
                page = decoded(row, _pages, self._options, self._report)
            except Unfit:
                return
            found = page.latest_posts or []
            found = page.post_stream.posts if page.post_stream is not None else found
            posts = [row._replace(data=bytes(post)) for post in found]
        for post in posts:
            yield from self._post(post, page)
        if page.post_stream is not None:
            yield from self._topic(row, page)

    def _post(self, row: Row, page: Page) -> Iterator[Event]:
        try:
            post = decoded(row, _posts, self._options, self._report)
        except Unfit:
            return
        try:
            place = self._place(page, post)
            action = post.post_type == SMALL_ACTION
            facts = list(acted(place, post) if action else said(place, post, page))
        except ValueError as error:
            problem = f"post {post.post_number}: {error}"
            self._report.fault(row.where, row.row, problem, self._options)
            return
        held = Held(
            *place[:3],
            None if action else post.on,
            kind="action" if action else "post",
            at=max((event.time for event in facts), default=place.created),
            score=post.likes,
            views=page.views,
        )
        if not self._held.add(held, facts):
            self._report.odd("doubled-item", f"{row.place}: post {place.item} is there already")
            return
        self._odd(f"{row.place}: post {place.item} of topic {place.thread}", place, post)
        yield from self._held.placed(facts)

    def _place(self, page: Page, post: Post) -> Place:
        topic = post.topic_id if post.topic_id is not None else page.id
        if topic is None:
            msg = "nothing says which topic it is of"
            raise ValueError(msg)
        created = printed(post.created_at)
        if created is None:
            msg = "it has no created_at"
            raise ValueError(msg)
        updated = printed(post.updated_at)
        return Place(self._community, str(topic), str(post.post_number), created, updated)

    def _topic(self, row: Row, page: Page) -> Iterator[Event]:
        """What was so when the page was captured; the same on each page of a topic."""
        try:
            created = printed(page.created_at)
            if page.id is None or created is None:
                return
            place = Place(self._community, str(page.id), "1", created, None)
            self._held.expect(place.community, place.thread, page.posts_count or 0)
            facts = list(stands(place, page))
        except ValueError as error:
            self._report.fault(row.where, row.row, f"the topic: {error}", self._options)
            return
        yield from self._held.placed(filter(self._held.is_news, facts))

    def _odd(self, where: str, place: Place, post: Post) -> None:
        version, action = post.version or 1, post.post_type == SMALL_ACTION
        updated = place.updated is not None and place.updated > place.created
        to = post.reply_to_post_number
        for code, odd in (
            ("deleted-author", post.author is None),
            ("action-not-told", action and post.action_code not in ACTIONS),
            ("updated-without-version", updated and version == 1 and not action),
            ("edits-not-told", version > VERSIONS_MAX),
            ("hidden", bool(post.hidden)),
            ("answers-itself", to is not None and to > 0 and post.on is None),
        ):
            if odd:
                self._report.odd(code, f"{where}{f' ({post.action_code})' if action else ''}")
