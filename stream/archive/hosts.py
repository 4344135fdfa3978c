"""Which site a file is from, where its content names one: each file's own, else a neighbour's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re

    from stream.archive.opening import File

CHUNK: Final = 1 << 20
NAME_MAX: Final = 300


class Hosts:
    """``pattern``: its first group is the site's name."""

    def __init__(self, files: list[File], pattern: re.Pattern[bytes]) -> None:
        self._files = files
        self._pattern = pattern
        self._beside: dict[str, str | None] = {}

    def of(self, file: File) -> str | None:
        """The first that the file names, else the first of a file in the same folder."""
        host = self._host(file)
        folder = _folder(file)
        if host is None and folder not in self._beside:
            beside = (self._host(other) for other in self._files if _folder(other) == folder)
            self._beside[folder] = next(filter(None, beside), None)
        return host or self._beside[folder]

    def _host(self, file: File) -> str | None:
        with file.open() as content:
            before = b""
            while chunk := content.read(CHUNK):
                found = self._pattern.search(before + chunk)
                if found is not None:
                    return found[1].decode()
                before = chunk[-NAME_MAX:]
        return None


def _folder(file: File) -> str:
    return file.name.rpartition("/")[0]
