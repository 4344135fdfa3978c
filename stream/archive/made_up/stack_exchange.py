"""Events of question threads as a dump in Stack Exchange's XML, as of the last of them.

What such a dump does not hold is not in it either: deleted posts and comments with all that was
said on them, edits of comments, the hour of an acceptance. Ids are given in the order of creation,
but for some neighbours that change places, as in real dumps. What was said of the posts is kept in
a temporary database, so memory does not grow with the community.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stream.archive.made_up.stack_exchange_rows import FILES, attributes
from stream.archive.made_up.stack_exchange_site import Site
from stream.archive.temporary import temporary_folder
from stream.codec.times import stamp_of
from stream.core import events as e

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stream.core.events import Event

EndOfLine: TypeAlias = Literal["lf", "crlf"]
EOL: Final = {"lf": "\n", "crlf": "\r\n"}
BOM: Final = "\ufeff"


def write_dump(events: Iterable[Event], folder: Path, *, eol: EndOfLine = "lf") -> dict[str, int]:
    """Write the dump's files into ``folder``; the number of rows by file.

    ``events``: in order, of one community, each post before what refers to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        temporary_folder() as temporary,
        closing(Site(temporary / "site.sqlite")) as site,
    ):
        for event in events:
            _tell(site, event)
        written = {}
        for name, query in FILES.items():
            path = folder / f"{name}.xml"
            written[name] = _write(path, name.lower(), site.rows(query), EOL[eol])
        return written


def _write(path: Path, root: str, rows: Iterable[dict[str, object]], eol: str) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f'{BOM}<?xml version="1.0" encoding="utf-8"?>{eol}<{root}>{eol}')
        for row in rows:
            file.write(f"  <row{attributes(row)} />{eol}")
            written += 1
        file.write(f"</{root}>{eol}")
    return written


def _tell(site: Site, event: Event) -> None:
    told = _TOLD.get(type(event))
    if told is not None:
        told(site, event, stamp_of(event.time).removesuffix("Z"))


def _post(site: Site, event: e.PostCreated, at: str) -> None:
    data = event.data
    user = site.user(data.author, at)
    post = site.post(event.subject, data, user, at)
    kinds = {2: data.text}
    if data.kind == "question":
        kinds |= {1: data.title, 3: _tags(data.tags)}
    site.revised(post, kinds, user, at)


def _comment(site: Site, event: e.CommentCreated, at: str) -> None:
    site.comment(event.subject, event.data, site.user(event.data.author, at), at)


def _edit(site: Site, event: e.PostEdited, at: str) -> None:
    data = event.data
    post, _ = site.place(event.subject, data.item)
    changes = data.changes
    by = 3 if data.rollback else 0  # A rollback's types are three further.
    tags = None if changes.tags is None else _tags(changes.tags)
    kinds = {5 + by: changes.text, 4 + by: changes.title, 6 + by: tags}
    editor = site.user(data.by, at)
    site.revised(post, kinds, editor, at, note=data.note)
    site.edited(post, changes, editor, at)


def _comment_edit(site: Site, event: e.CommentEdited, _at: str) -> None:
    _, comment = site.place(event.subject, event.data.item)
    site.said_instead(comment, event.data.changes.text)


def _delete(site: Site, event: e.ItemDeleted | e.ItemRestored, at: str) -> None:
    data, gone = event.data, isinstance(event, e.ItemDeleted)
    post, comment = site.place(event.subject, data.item)
    site.deleted(post, comment, gone=gone)
    if comment is None:
        kinds: dict[int, str | None] = {12 if gone else 13: site.voters(data.by)}
        note = "via Vote" if gone else None
        site.revised(post, kinds, site.user(data.by, at), at, note=note)


def _accept(site: Site, event: e.AnswerAccepted | e.AnswerUnaccepted, at: str) -> None:
    answer, _ = site.place(event.subject, event.data.item)
    site.accepted(event.subject, answer if isinstance(event, e.AnswerAccepted) else None, at)


def _close(site: Site, event: e.ThreadClosed, at: str) -> None:
    post, _ = site.place(event.subject, "q")
    reason = site.closed(post, event.data.why, at)
    by = event.data.by
    site.revised(post, {10: site.voters(by)}, site.user(by, at), at, note=reason)


def _reopen(site: Site, event: e.ThreadReopened, at: str) -> None:
    post, _ = site.place(event.subject, "q")
    site.reopened(post)
    by = event.data.by
    site.revised(post, {11: site.voters(by)}, site.user(by, at), at)


def _tags(tags: tuple[str, ...]) -> str:
    return "".join(f"<{tag}>" for tag in tags)


_TOLD: Final[dict[type, Callable[..., None]]] = {
    e.PostCreated: _post,
    e.CommentCreated: _comment,
    e.PostEdited: _edit,
    e.CommentEdited: _comment_edit,
    e.ItemDeleted: _delete,
    e.ItemRestored: _delete,
    e.AnswerAccepted: _accept,
    e.AnswerUnaccepted: _accept,
    e.ThreadClosed: _close,
    e.ThreadReopened: _reopen,
}
