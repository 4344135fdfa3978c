"""The one way by which readers come to an archive's files, however these are packed.

A file (plain, .gz or .zst, told by its content), a folder of files, or a .7z: `opened` gives all
of them as a list of `File`, each of which opens as plain bytes. What leads out of the archive or
expands without end is refused.
"""

from __future__ import annotations

import codecs
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.expanding import SEVEN_ZIP, open_file, unopened
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from stream.archive.base import Options, Report

HEAD: Final = 256 * 1024  # The longest question there can be is shorter.
LINE_MAX: Final = 64 * 1024 * 1024
FILES_MAX: Final = 1_000_000
# What a folder has beside its data, and what endings say nothing about the content.
ASIDE: Final = ("license", "licence", "readme", "copying")
ENDINGS: Final = frozenset(
    (".7z", ".gz", ".zst", ".csv", ".html", ".json", ".jsonl", ".mbox", ".ndjson", ".txt", ".xml")
)


@dataclass(frozen=True, slots=True)
class File:
    """``name``: within the archive, parts split by "/". ``where``: for whoever reads an error."""

    name: str
    path: Path
    where: str
    options: Options

    def open(self) -> BinaryIO:
        """Its bytes, expanded. Use it in a ``with``; reading may raise `ArchiveError`."""
        return open_file(self.path, self.options, self.where)


class Line(NamedTuple):
    """``data``: without the blanks around it; of one that is too long only its beginning."""

    row: int
    data: bytes
    too_long: bool


@contextmanager
def opened(path: Path, options: Options, report: Report) -> Iterator[list[File]]:
    """The files of the archive at ``path``, by name; a .7z is expanded for as long as it takes."""
    if path.is_dir():
        yield [
            File(name, path / name, str(path / name), options)
            for name in _walked(path, options, report)
        ]
    elif is_seven_zip(path):
        from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

        with tempfile.TemporaryDirectory(prefix="threadline-") as folder:
            found = seven_zip.extract(path, Path(folder), options, report)
            yield [
                File(name, lies, f"{path}/{name}", options) for name, lies in sorted(found.items())
            ]
    else:
        yield [File(path.name, path, str(path), options)]


def names(path: Path) -> list[str]:
    """The names of the files in a folder or .7z, sorted; of a file its own."""
    if path.is_dir():
        return _walked(path)
    if is_seven_zip(path):
        from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

        return seven_zip.names(path)
    return [path.name]


def head(path: Path, options: Options) -> bytes:
    """How the file begins, expanded, without a byte order mark; of many, how the first does."""
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            msg = f"{path} is no regular file; save what comes from it to a file first"
            raise ArchiveError(msg)
        start = _start(path, options)
    except (OSError, ValueError) as error:
        raise unopened(str(path), error) from error
    if not start.strip():
        msg = f"{path} is empty; an archive has at least one event"
        raise ArchiveError(msg)
    return start.removeprefix(codecs.BOM_UTF8)


def is_seven_zip(path: Path) -> bool:
    """Whether it is a .7z, whatever its name."""
    try:
        with path.open("rb") as file:
            return file.read(len(SEVEN_ZIP)) == SEVEN_ZIP
    except (OSError, ValueError) as error:
        raise unopened(str(path), error) from error


def bare_name(path: Path) -> str:
    """The name without endings that tell of a format: what an archive is called by itself."""
    name = Path(os.path.abspath(path)).name  # noqa: PTH100  (a link keeps its own name)
    if path.is_dir():
        return name
    while (ending := Path(name).suffix).lower() in ENDINGS:
        name = name[: -len(ending)]
    return name


def lines(file: BinaryIO, most: int = LINE_MAX) -> Iterator[Line]:
    """Its lines, numbered from 1, without a byte order mark; none needs more than ``most``."""
    row = 0
    while data := file.readline(most + 1):
        row += 1
        if row == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        too_long = len(data) > most
        rest = data
        while too_long and not rest.endswith(b"\n") and rest:
            rest = file.readline(1 << 20)
        yield Line(row, data.strip(), too_long)


def _start(path: Path, options: Options) -> bytes:
    if path.is_dir():
        found = _walked(path)
        if not found:
            msg = f"{path} has no files; name a folder that has"
            raise ArchiveError(msg)
        path /= _first(found)
    elif is_seven_zip(path):
        from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

        found = seven_zip.names(path)
        return seven_zip.beginning(path, _first(found), HEAD, options) if found else b""
    with open_file(path, options) as file:
        return file.read(HEAD)


def _first(found: list[str]) -> str:
    """The first that is no licence or the like."""
    return next((name for name in found if not name.lower().startswith(ASIDE)), found[0])


def _walked(
    folder: Path, options: Options | None = None, report: Report | None = None
) -> list[str]:
    """The names of its files and those of its folders, without hidden ones."""
    found: list[str] = []
    base = folder.resolve()
    for top, folders, here in os.walk(folder, onerror=_unwalked):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (name for name in (*folders, *here) if not name.startswith(".")):
            path = Path(top, name)
            if path.is_symlink() and not path.resolve().is_relative_to(base):
                if options is not None and report is not None:
                    report.refuse(str(path), "it is a link that leads out of the folder", options)
            elif path.is_file():
                found.append(path.relative_to(folder).as_posix())
        if len(found) > FILES_MAX:
            msg = f"{folder} has more than {FILES_MAX:,} files; name a smaller folder"
            raise ArchiveError(msg)
    return sorted(found)


def _unwalked(error: OSError) -> None:
    raise unopened(str(error.filename), error) from error
