"""The one way by which readers come to an archive's files, however these are packed.

A file (plain, .gz or .zst, told by its content), a folder of files and of .7z, or a .7z: `opened`
gives all of them as a list of `File`, each of which opens as plain bytes. What leads out of the
archive or expands without end is refused.
"""

from __future__ import annotations

import codecs
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.expanding import SEVEN_ZIP, is_compressed, open_file, unopened
from stream.archive.temporary import temporary_folder
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    report: Report

    def open(self) -> BinaryIO:
        """Its bytes, expanded. Use it in a ``with``; reading may raise `ArchiveError`."""
        broken = self.report.breaks(self.where, self.options)
        return open_file(self.path, self.options, self.where, broken)


class Line(NamedTuple):
    """``data``: without the blanks around it; of one that is too long only its beginning."""

    row: int
    data: bytes
    too_long: bool


@contextmanager
def opened(path: Path, options: Options, report: Report) -> Iterator[list[File]]:
    """The files of the archive at ``path``, by name; a .7z is expanded for as long as it takes."""
    if not path.is_dir() and not is_seven_zip(path):
        yield [File(path.name, path, str(path), options, report)]
        return
    found: list[File] = []
    archives: set[str] = set()
    with ExitStack() as expanded:
        for within, packed in _parts(path, options, report):
            if packed is None:
                found.append(File(within, path / within, str(path / within), options, report))
                continue
            from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

            archives.add(str(packed))
            into = expanded.enter_context(temporary_folder())
            inside = seven_zip.extract(packed, into, options, report)
            found += [
                File(f"{within}{name}", lies, f"{packed}/{name}", options, report)
                for name, lies in inside.items()
            ]
        damaged = [" ".join(told) for told in report.unreadable if told.where in archives]
        try:
            yield sorted(found, key=attrgetter("name"))
        except ArchiveError as error:
            if not damaged:
                raise
            msg = f"{damaged[0]}; of what is left, {error}"
            raise ArchiveError(msg) from error


def names(path: Path) -> list[str]:
    """The names of the files in a folder or .7z, sorted; of a file its own."""
    if not path.is_dir() and not is_seven_zip(path):
        return [path.name]
    found: list[str] = []
    for within, packed in _parts(path):
        if packed is None:
            found.append(within)
            continue
        from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

        found += [f"{within}{name}" for name in seven_zip.sizes(packed)]
    return sorted(found)


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


def is_packed(start: bytes) -> bool:
    """Whether what begins so is to be expanded before it can be read."""
    return is_compressed(start) or start.startswith(SEVEN_ZIP)


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


def _parts(
    path: Path, options: Options | None = None, report: Report | None = None
) -> Iterator[tuple[str, Path | None]]:
    """The files of a folder by name; with each .7z among them, or ``path`` itself, where it lies.

    The name of such a one is what its files' names begin with.
    """
    if not path.is_dir():
        yield "", path
        return
    for name in _walked(path, options, report):
        packed = name.lower().endswith(".7z") and is_seven_zip(path / name)
        yield (f"{name}/", path / name) if packed else (name, None)


def _start(path: Path, options: Options) -> bytes:
    if path.is_dir():
        found = _walked(path)
        if not found:
            led = any(inside.is_symlink() for inside in path.iterdir())
            why = "no files but links that lead out of it" if led else "no files"
            msg = f"{path} has {why}; name a folder that has"
            raise ArchiveError(msg)
        path /= _first(found, lambda name: (path / name).stat().st_size)
    if is_seven_zip(path):
        from stream.archive import seven_zip  # noqa: PLC0415  (takes a while to load)

        sizes = seven_zip.sizes(path)
        if not sizes:
            return b""
        return seven_zip.beginning(path, _first(sorted(sizes), sizes.__getitem__), HEAD, options)
    with open_file(path, options) as file:
        return file.read(HEAD)


def _first(found: list[str], size: Callable[[str], int]) -> str:
    """The first that has something in it, and is no licence or the like."""
    data = [name for name in found if not name.lower().startswith(ASIDE)] or found
    return next(filter(size, data), data[0])


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
