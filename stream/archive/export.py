"""Archives the other way: as our own event lines, or as a ConvoKit corpus for other tools.

A corpus says what its utterances are now: of edits the last, of deletions that they were. It goes
through the fold a thread at a time; what waits for its turn is on disk.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream.archive.detect import read_encoded
from stream.archive.export_corpus import Corpus
from stream.codec.events import decode
from stream.codec.keys import split_key
from stream.core.events import CREATIONS, RANK
from stream.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream.archive.base import Options, Report
    from stream.codec.events import Encoded
    from stream.core.events import Event

FORMATS: Final = ("convokit", "jsonl")
_CREATED: Final = max(RANK[kind] for kind in CREATIONS)
_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
CREATE TABLE event (seq INTEGER PRIMARY KEY, key BLOB, value BLOB);
CREATE TABLE item (id TEXT, key BLOB, PRIMARY KEY (id, key)) WITHOUT ROWID;
BEGIN;
"""


def export(paths: Sequence[Path], options: Options, report: Report, *, to: Path, form: str) -> int:
    """Write ``paths`` as ``form`` to ``to``, which must not be there; how many entries it has."""
    if to.exists() and not (form == "convokit" and to.is_dir() and not any(to.iterdir())):
        msg = f"{to} is there already; name another, or move it away"
        raise UsageError(msg)
    events = read_encoded(paths, options, report)
    try:
        return _lines(events, to) if form == "jsonl" else _corpus(events, to)
    except OSError as error:
        msg = f"{to} cannot be written: {error.strerror}"
        raise UsageError(msg) from error


def _lines(events: Iterator[Encoded], to: Path) -> int:
    """All of it or nothing: the file takes its name when it is whole."""
    count = 0
    with tempfile.NamedTemporaryFile(dir=to.absolute().parent, delete=False) as file:
        try:
            for count, event in enumerate(events, 1):  # noqa: B007  (the last one counts)
                file.write(event.value + b"\n")
            file.close()
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(to)
        finally:
            Path(file.name).unlink(missing_ok=True)
    return count


def _umask() -> int:
    """What new files may not be; asking is only possible by setting."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _corpus(events: Iterator[Encoded], to: Path) -> int:
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as disk:
        disk.executescript(_SCHEMA)
        disk.executemany("INSERT INTO event (key, value) VALUES (?, ?)", _noted(events, disk))
        disk.execute("CREATE INDEX threads ON event (key)")
        query = "SELECT 1 FROM item GROUP BY id HAVING COUNT(*) > 1 LIMIT 1"
        plain = disk.execute(query).fetchone() is None
        with _whole(to) as folder, Corpus(folder, plain=plain) as corpus:
            for key, people in _threads(disk):
                community, thread = split_key(key)
                corpus.add(community, thread, people, _events(disk, key))
        return corpus.utterances


@contextmanager
def _whole(to: Path) -> Iterator[Path]:
    """A folder that takes its name once it is complete."""
    parent = to.absolute().parent
    with tempfile.TemporaryDirectory(dir=parent, prefix=".threadline-") as made:
        folder = Path(made, "corpus")
        folder.mkdir()
        yield folder
        folder.replace(to)


def _noted(
    events: Iterator[Encoded], disk: sqlite3.Connection
) -> Iterator[tuple[bytes | None, bytes]]:
    """The events, and on the way whether the ids of items are of one thread only."""
    for event in events:
        if event.rank <= _CREATED:
            said = decode(event.value, where="an archive")
            if isinstance(said, CREATIONS):
                disk.execute(
                    "INSERT OR IGNORE INTO item VALUES (?, ?)", (said.data.item, event.key)
                )
        yield event.key, event.value


def _threads(disk: sqlite3.Connection) -> Iterator[tuple[bytes, list[Event]]]:
    """Each thread's key, with what is said of people everywhere."""
    people = list(_events(disk, None))
    for (key,) in disk.execute("SELECT DISTINCT key FROM event WHERE key NOT NULL ORDER BY key"):
        yield key, people


def _events(disk: sqlite3.Connection, key: bytes | None) -> Iterator[Event]:
    query = "SELECT value FROM event WHERE key IS ? ORDER BY seq"
    for (value,) in disk.execute(query, (key,)):
        yield decode(value, where="an archive")
