"""ConvoKit corpora: a folder of utterances, and what is said of conversations and speakers.

Told: a conversation as a thread, its first utterance as a post, those that reply as comments under
what they reply to; ``[deleted]`` and ``[removed]`` as a deletion at a moment unknown, at the latest
when the corpus was fetched; scores. A corpus of Reddit has Reddit's communities.

Not told: vectors, annotations of utterances, speakers' and the corpus' ``meta``, and all edits: an
utterance is what it was when it was fetched. A corpus that `threadline export` made says more, and
that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from stream.archive.base import community_of
from stream.archive.convokit_parts import (
    UTTERANCES,
    Conversations,
    OfConversation,
    OfUtterance,
    Utterance,
    conversations,
    robots,
)
from stream.archive.convokit_said import (
    GONE,
    Said,
    author,
    created,
    deleted,
    score,
    seen,
    text,
    time,
)
from stream.archive.holdings import Held, Holdings, holdings
from stream.archive.json_entries import whole
from stream.archive.json_rows import Row, Unfit, decoded, rows, seconds
from stream.archive.opening import names, opened
from stream.core import events as e
from stream.core.when import EPOCH, When

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.opening import File

SILENT: Final = ("accepted", "closed", "edited")
YEAR_S: Final = 31_536_000  # Corpora of speech count seconds from its beginning.

_UTTERANCE: Final = msgspec.json.Decoder(Utterance)


class ConvoKit:
    """A corpus as ConvoKit dumps it."""

    name = "convokit"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:
        one = path.is_file() and b'"reply-to"' in head and b'"conversation_id"' in head
        return one or (path.is_dir() and UTTERANCES in _files(names(path)))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[e.Event]:
        with opened(path, options, report) as found:
            files = dict(zip(_files([file.name for file in found]), found, strict=True))
            spoken = files.get(UTTERANCES) or found[0]
            with conversations(files) as told, holdings() as held:
                reading = _Reading(path, options, report, held, told)
                reading.corpus = whole(files.get("corpus.json"))
                reading.robots = robots(files)
                yield from reading.events(spoken)


def _files(paths: list[str]) -> list[str]:
    """Their names without folders and endings of what is packed."""
    return [path.rpartition("/")[2].removesuffix(".gz").removesuffix(".zst") for path in paths]


class _Reading:
    def __init__(
        self,
        path: Path,
        options: Options,
        report: Report,
        held: Holdings,
        told: Conversations,
    ) -> None:
        self._path = path
        self._options = options
        self._report = report
        self._held = held
        self._told = told
        self.corpus: dict[str, Any] = {}
        self.robots: dict[str, e.Person] = {}
        self._begun: dict[tuple[str, str], datetime] = {}  # By community and speaker

    def events(self, file: File) -> Iterator[e.Event]:
        for row in rows([file], self._options, self._report):
            try:
                said = decoded(row, _UTTERANCE, self._options, self._report)
            except Unfit:
                continue
            yield from self._held.placed(self._of(row, said))
        self._held.tell_orphans(self._report)
        if self._held.last == EPOCH:
            self._report.refuse(
                str(self._path), "no utterance has a time that can be believed", self._options
            )
            return
        yield from self._held.undated()
        yield from self._flags()
        for event in self._held.observed(self._report):
            yield self._as_observed(event)

    def _of(self, row: Row, said: Utterance) -> list[Said]:
        meta = self._told.meta(said.conversation)
        ours = said.meta.threadline if said.meta is not None else None
        where = self._conversation(said, meta)
        at = self._at(row, said)
        item = ours or self._item(said, at, meta)
        thread = where.thread
        made = created(where, item, text(said))
        self._odd(row, said, item)
        gone = [deleted(where, item, when) for when in item.deleted]
        held = Held(
            where.community, thread, item.item, item.on, item.kind,
            max([time(one.data.when) for one in (made, *gone)]),
            score=score(said), seen=seen(said),
            views=None if where.observed is None else where.observed.views,
        )  # fmt: skip
        facts: list[Said] = [made, *gone]
        if said.by in self.robots:
            begun = where.community, said.by
            self._begun[begun] = min(made.time, self._begun.get(begun, made.time))
        if not self._held.add(held, facts):
            self._report.odd("doubled-item", f"{row.place}: {item.item} is there already")
            return []
        if where.observed is not None:
            self._told.observe(where)
            self._held.printed(time(where.observed.when))
        return facts

    def _flags(self) -> Iterator[e.Event]:
        """Of each community the speakers that the corpus marks as robots, since their first."""
        for (community, speaker), at in sorted(self._begun.items()):
            person = self.robots[speaker]
            data = e.FlagData(person=person, robot=True, by="reader", evidence="the corpus says so")
            yield e.PersonFlagged(source=community, time=at, data=data)

    def _conversation(self, said: Utterance, meta: dict[str, Any]) -> OfConversation:
        ours = meta.get("threadline")
        if ours is not None:
            where = msgspec.convert(ours, OfConversation)
            given = self._options.community
            return msgspec.structs.replace(where, community=given) if given else where
        subreddit = meta.get("subreddit") or (said.meta and said.meta.subreddit)
        stated = subreddit or self.corpus.get("subreddit")
        community = f"reddit.com/r/{stated}" if isinstance(stated, str) and stated else None
        called = community or self.corpus.get("name")
        named = called if isinstance(called, str) else None
        return OfConversation(
            community_of(self._path, self._options, named), said.conversation, silent_on=SILENT
        )

    def _item(self, said: Utterance, at: datetime | None, meta: dict[str, Any]) -> OfUtterance:
        first = said.parent is None
        when = When(at=at) if at is not None else When()
        reddit = "subreddit" in meta or "subreddit" in self.corpus
        title = meta.get("title") if first else None
        gone: tuple[When, ...] = ()
        if said.text in GONE:
            by = seen(said)
            gone = (When(after=at, by=by if by and at and by >= at else None),)
        return OfUtterance(
            item=str(said.id),
            kind="post" if first else "comment",
            when=when,
            on=said.parent,
            author=author(said, reddit=reddit),
            format="markdown" if reddit else "text",
            deleted=gone,
            title=title if isinstance(title, str) else None,
        )

    def _at(self, row: Row, said: Utterance) -> datetime | None:
        try:
            at = seconds(said.timestamp)
        except ValueError:
            at = None
        if at is None or at.timestamp() < YEAR_S:
            if said.meta is None or said.meta.threadline is None:
                code = "date-missing" if said.timestamp in {None, ""} else "printed-date-refused"
                self._report.odd(code, f"{row.place}: {said.timestamp!r} is no time of {said.id}")
            return None
        return at

    def _odd(self, row: Row, said: Utterance, item: OfUtterance) -> None:
        if item.author is None:
            self._report.odd("deleted-author", f"{row.place}: {item.item} is by {said.by!r}")

    def _as_observed(self, event: e.ThreadObserved) -> e.ThreadObserved:
        known = self._told.observed(event.source, event.subject)
        if known is None:
            return event
        data = msgspec.structs.replace(
            event.data, when=known.when, scored=known.scored, views=known.views
        )
        at = known.when.at or known.when.by or known.when.after or event.time
        return msgspec.structs.replace(event, data=data, time=at)
