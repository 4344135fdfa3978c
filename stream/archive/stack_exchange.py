"""A Stack Exchange dump: a folder or .7z of XML files, or its Posts.xml alone.

Posts must be there. Without PostHistory, closings, deletions and edits cannot be told (`silent_on`
says so); without Votes nobody knows when an answer was accepted; without Users people are ids.
Not told: votes but acceptances (VoteTypeId 1), PostLinks that only mention (LinkTypeId 1),
Badges, Tags, what Users says beyond names; and what the other modules of this reader list.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from stream.archive.base import community_of
from stream.archive.opening import is_seven_zip, names, opened
from stream.archive.robots import marked
from stream.archive.stack_exchange_end import told_last
from stream.archive.stack_exchange_history import History
from stream.archive.stack_exchange_moments import at as moment_at
from stream.archive.stack_exchange_posts import from_body
from stream.archive.stack_exchange_rows import known
from stream.archive.stack_exchange_shared import STEP, Shared
from stream.archive.stack_exchange_site import Site
from stream.archive.stack_exchange_store import opened_store
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.opening import File
    from stream.archive.stack_exchange_rows import Row
    from stream.core.events import Event

TABLES: Final = ("posts", "comments", "posthistory", "users", "votes", "postlinks")
DUPLICATE: Final = "3"  # LinkTypeId

_POSTS: Final = re.compile(rb"<posts>\s*(<row\s[^>]*\bPostTypeId=|</posts>)|<posts\s*/>")


class StackExchangeDump:
    """Read by Users, PostLinks, Posts, PostHistory, Comments, Votes, then what is left."""

    name = "stack-exchange"
    ordered = False

    def __init__(self, step: int = STEP) -> None:
        self._step = step

    def recognises(self, path: Path, head: bytes) -> bool:
        if path.is_dir() or is_seven_zip(path):
            return any(_table(name) == "posts" for name in names(path))
        return _POSTS.search(head) is not None

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        with opened(path, options, report) as found, opened_store() as store:
            alone = len(found) == 1 and not path.is_dir() and not is_seven_zip(path)
            files = {"posts": found[0]} if alone else _tables(path, found)
            named = path.resolve().parent if alone else path
            site = Site(files, store, options, report, community_of(named, options))
            shared = Shared(site, self._step)
            yield from marked(_events(site, shared), shared.robots)


def _events(site: Site, shared: Shared) -> Iterator[Event]:
    for table in TABLES:
        if table not in site.files:
            site.report.odd("file-missing", f"{table}.xml; what it would tell is not known")
    shared.begin("posts")
    yield from site.read("users", _user)
    yield from site.read("postlinks", _link)
    yield from shared.finish("posts")
    shared.begin("comments")
    yield from History(site).read()
    if site.store.untold():
        yield from site.read("posts", from_body, again=True)
    yield from shared.finish("comments")
    shared.begin("votes")
    yield from shared.finish("votes")
    yield from told_last(site)


def _user(site: Site, row: Row) -> Iterable[Event]:
    if not site.store.put_user(known(row, "Id"), row.get("DisplayName", "")):
        site.report.odd("doubled-user", f"user {row['Id']} is there more than once")
    return ()


def _link(site: Site, row: Row) -> Iterable[Event]:
    if row.get("LinkTypeId") == DUPLICATE:
        at = site.see(moment_at(row))
        site.store.put_duplicate(known(row, "PostId"), known(row, "RelatedPostId"), at)
    return ()


def _table(name: str) -> str | None:
    """Which table a file holds: ``Posts.xml``, in any case."""
    path = PurePosixPath(name.lower())
    return path.stem if path.suffix == ".xml" and path.stem in TABLES else None


def _tables(path: Path, found: list[File]) -> dict[str, File]:
    """The files by table; those of one folder only, or they would be of several sites."""
    tables: dict[str, File] = {}
    for file in found:
        table = _table(file.name)
        if table in tables:
            msg = f"{path} holds both {tables[table].name} and {file.name}; name one site's folder"
            raise ArchiveError(msg)
        if table is not None:
            tables[table] = file
    if "posts" not in tables:
        msg = f"{path} has no Posts.xml, without which there are no threads"
        raise ArchiveError(msg)
    return tables
