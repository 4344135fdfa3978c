"""A ConvoKit corpus as it is written, thread by thread."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from stream.archive.convokit_parts import (
    UTTERANCES,
    Observation,
    OfConversation,
    OfUtterance,
)
from stream.codec.keys import quoted
from stream.core import events as e
from stream.core.fold import Partition
from stream.core.item import EXACT, OPEN, latest_tags, latest_title
from stream.core.robots import is_robot
from stream.core.when import LONG_AGO, Moment, When, ms, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType
    from typing import TextIO

    from stream.core.item import Item
    from stream.core.people import Voice
    from stream.core.thread import Thread

NOBODY: Final = "[deleted]"
GONE: Final = "[deleted]"


class Corpus:
    """The files of a corpus, complete once it is left. ``plain``: items' ids tell them apart."""

    def __init__(self, folder: Path, *, plain: bool) -> None:
        self._folder = folder
        self._plain = plain
        self._stack = ExitStack()
        self._speakers = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._speakers.execute("CREATE TABLE speaker (id TEXT PRIMARY KEY, meta TEXT)")
        self.utterances = 0

    def __enter__(self) -> Self:
        self._said = self._open(UTTERANCES)
        self._threads = _Object(self._open("conversations.json"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            self._threads.close()
            if kind is None:
                speakers = _Object(self._open("speakers.json"))
                for id_, meta in self._speakers.execute("SELECT * FROM speaker ORDER BY id"):
                    speakers.add(id_, {"meta": json.loads(meta), "vectors": []})
                speakers.close()
                self._open("corpus.json").write("{}")
                json.dump(_INDEX, self._open("index.json"))
        self._speakers.close()

    def add(
        self, community: str, thread: str, people: Iterable[e.Event], events: Iterable[e.Event]
    ) -> None:
        """One thread: its utterances in order of time, the first of them leading."""
        state, texts = Partition(), _Texts()
        for event in people:
            if event.source == community:
                state.join(event)
        for event in events:
            state.join(event)
            texts.join(event)
        state.settled()
        told = state.thread(community, thread)
        items = sorted(item for item in told.items.values() if item.kind is not None)
        if not items:
            return
        first = told.root or items[0]
        conversation = self._id(told, first)
        self._threads.add(conversation, {"meta": _of_thread(told, first), "vectors": []})
        for item in sorted(items, key=lambda item: item is not first):
            self._write(told, item, conversation, texts)

    def _open(self, name: str) -> TextIO:
        return self._stack.enter_context((self._folder / name).open("w", encoding="utf-8"))

    def _id(self, thread: Thread, item: Item) -> str:
        if self._plain:
            return item.id
        return "/".join(map(quoted, (thread.community.name, thread.id, item.id)))

    def _write(self, thread: Thread, item: Item, conversation: str, texts: _Texts) -> None:
        parent = thread.items.get(item.on or "")
        answers = parent is not None and parent.kind is not None
        meta: dict[str, Any] = {"threadline": msgspec.to_builtins(_of_item(item, texts))}
        score = _score(thread, item)
        if score is not None:
            meta["score"] = score
        said: dict[str, object] = {
            "id": self._id(thread, item),
            "conversation_id": conversation,
            "text": GONE if item.deleted or item.erased else texts.text(item),
            "speaker": self._speaker(thread, item.author),
            "meta": meta,
            "reply-to": self._id(thread, parent) if answers and parent is not None else None,
            "timestamp": item.at // 1000 if item.at % 1000 == 0 else item.at / 1000,
            "vectors": [],
        }
        self._said.write(json.dumps(said, ensure_ascii=False) + "\n")
        self.utterances += 1

    def _speaker(self, thread: Thread, author: Voice | None) -> str:
        if author is None:
            return NOBODY
        id_ = author.id or author.name or NOBODY
        robot = is_robot(thread, author) or None
        meta = {"id": author.id, "name": author.name, "robot": robot}
        said = json.dumps({name: value for name, value in meta.items() if value is not None})
        self._speakers.execute("INSERT OR IGNORE INTO speaker VALUES (?, ?)", (id_, said))
        return id_


class _Object:
    """A JSON object that is written entry by entry."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lead = "{"

    def add(self, key: str, value: object) -> None:
        entry = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        self._file.write(self._lead + entry)
        self._lead = ", "

    def close(self) -> None:
        self._file.write("{}" if self._lead == "{" else "}")


class _Texts:
    """The words of a thread's items, of several versions the latest by (time, id)."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[tuple[int, str], str]] = {}
        self._formats: dict[str, e.Format] = {}

    def join(self, event: e.Event) -> None:
        if isinstance(event, e.CREATIONS):
            self._formats[event.data.item] = event.data.format
            self._offer(event.data.item, (LONG_AGO, event.id), event.data.text)
        elif isinstance(event, e.PostEdited | e.CommentEdited):
            version = ms(event.time), event.data.revision
            self._offer(event.data.item, version, event.data.changes.text)

    def text(self, item: Item) -> str:
        return self._held.get(item.id, ((0, ""), ""))[1]

    def format(self, item: Item) -> e.Format:
        return self._formats.get(item.id, "text")

    def _offer(self, item: str, version: tuple[int, str], text: str | None) -> None:
        if text is not None:
            self._held[item] = max((version, text), self._held.get(item, (version, text)))


def _of_thread(thread: Thread, first: Item) -> dict[str, Any]:
    stated = thread.stated
    seen = stated.observed if stated is not None else None
    ours = OfConversation(
        community=thread.community.name,
        thread=thread.id,
        silent_on=None if stated is None or stated.silent is None else tuple(sorted(stated.silent)),
        observed=None if seen is None else Observation(_when(seen.moment), seen.scored, seen.views),
    )
    title = latest_title(first)
    named = {} if title is None else {"title": title}
    return {**named, "threadline": msgspec.to_builtins(ours)}


def _of_item(item: Item, texts: _Texts) -> OfUtterance:
    author = item.author
    more = item.more
    gone = more.deletions if more is not None and item.deleted else ()
    return OfUtterance(
        item=item.id,
        kind=item.kind or "post",  # type: ignore[arg-type]
        when=_when(Moment(item.after, item.at, exact=item.mode == EXACT, open=item.mode == OPEN)),
        on=item.on,
        author=None if author is None else e.Person(author.id, author.name),
        format=texts.format(item),
        mentions=item.said,
        deleted=tuple(
            [_when(Moment(one.after, one.at, exact=one.exact, open=one.open)) for one in gone]
        ),
        title=latest_title(item),
        tags=latest_tags(item),
    )


def _when(moment: Moment) -> When:
    if moment.exact:
        return When(at=to_datetime(moment.at))
    return When(
        after=None if moment.after <= LONG_AGO else to_datetime(moment.after),
        by=None if moment.open else to_datetime(moment.at),
    )


def _score(thread: Thread, item: Item) -> int | None:
    seen = thread.stated.observed if thread.stated is not None else None
    if item.score is not None or seen is None:
        return item.score
    return 0 if item.kind in seen.scored else None


_INDEX: Final = {
    "utterances-index": {"score": ["<class 'int'>"], "threadline": ["<class 'dict'>"]},
    "speakers-index": {
        "id": ["<class 'str'>"],
        "name": ["<class 'str'>"],
        "robot": ["<class 'bool'>"],
    },
    "conversations-index": {"title": ["<class 'str'>"], "threadline": ["<class 'dict'>"]},
    "overall-index": {},
    "version": 1,
    "vectors": [],
}
