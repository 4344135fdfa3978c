"""Where py7zr puts what it expands."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from py7zr.io import Py7zIO, WriterFactory
from typing_extensions import override

from stream.archive.expanding import too_much

if TYPE_CHECKING:
    from pathlib import Path


class Enough(Exception):  # noqa: N818  (no error)
    """As much has been expanded as was asked for."""


class Budget:
    """How many bytes may still be written."""

    def __init__(self, where: str, most: int) -> None:
        self._where, self._most, self._left = where, most, most

    def take(self, size: int) -> None:
        """Or `ArchiveError`, where that is more than are left."""
        self._left -= size
        if self._left < 0:
            raise too_much(self._where, self._most)


class _Sink(Py7zIO):
    """Takes bytes and gives none back."""

    @override
    def read(self, size: int | None = None) -> bytes:
        return b""

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    @override
    def flush(self) -> None:
        pass

    @override
    def size(self) -> int:
        return 0


class Head(_Sink):
    """Keeps the first ``size`` bytes as ``data``, then raises `Enough`."""

    def __init__(self, size: int) -> None:
        self._size, self.data = size, bytearray()

    @override
    def write(self, s: bytes | bytearray) -> int:
        self.data += s[: self._size - len(self.data)]
        if len(self.data) >= self._size:
            raise Enough
        return len(s)


class _Written(_Sink):
    def __init__(self, path: Path, budget: Budget) -> None:
        self._file, self._budget = path.open("xb"), budget

    @override
    def write(self, s: bytes | bytearray) -> int:
        self._budget.take(len(s))
        return self._file.write(s)

    @override
    def close(self) -> None:
        self._file.close()


class Factory(WriterFactory):
    """One for all files."""

    def __init__(self, sink: Py7zIO) -> None:
        self._sink = sink

    @override
    def create(self, filename: str) -> Py7zIO:
        return self._sink


class Folder(WriterFactory):
    """A file of ours for each of the archive's, numbered in its order."""

    def __init__(self, into: Path, budget: Budget) -> None:
        self.written: list[Path] = []
        self.opened = ExitStack()
        self._into, self._budget = into, budget

    @override
    def create(self, filename: str) -> Py7zIO:
        path = self._into / f"{len(self.written):06}"
        self.written.append(path)
        return self.opened.enter_context(closing(_Written(path, self._budget)))
