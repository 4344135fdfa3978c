"""One large JSON object, entry by entry."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, Final

from stream.archive.opening import LINE_MAX
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.opening import File

CHUNK: Final = 1 << 20


def whole(file: File | None) -> dict[str, Any]:
    """A small object; empty where there is none."""
    return {} if file is None else dict(entries(file))


def entries(file: File) -> Iterator[tuple[str, Any]]:
    """The entries of one JSON object, however many, each of them no larger than a line may be."""
    scanner = json.JSONDecoder()
    with file.open() as stream:
        text = _Text(stream, file.where)
        text.skip()
        text.expect("{")
        while not text.at("}"):
            key = text.value(scanner)
            text.skip()
            text.expect(":")
            text.skip()
            value = text.value(scanner)
            if not isinstance(key, str):
                msg = "a key that is no text"
                raise text.wrong(msg)
            yield key, value
            text.skip()
            if not text.at("}"):
                text.expect(",")
                text.skip()


class _Text:
    """What has been read of a file, and where in it we are."""

    def __init__(self, stream: Any, where: str) -> None:  # noqa: ANN401  (a BinaryIO, or ours)
        self._read = stream.read
        self._where = where
        self._decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
        self._text = ""
        self._place = 0
        self._rows = 1
        self._ended = False

    def skip(self) -> None:
        """Go on to what is no blank."""
        while True:
            while self._place < len(self._text) and self._text[self._place].isspace():
                self._place += 1
            if self._place < len(self._text) or not self._more():
                return

    def at(self, sign: str) -> bool:
        return self._text.startswith(sign, self._place)

    def expect(self, sign: str) -> None:
        if not self.at(sign):
            msg = f"no {sign!r} where one should be"
            raise self.wrong(msg)
        self._place += 1
        self.skip()

    def value(self, scanner: json.JSONDecoder) -> Any:  # noqa: ANN401  (JSON)
        """The next value, whole."""
        while True:
            try:
                found, end = scanner.raw_decode(self._text, self._place)
            except RecursionError as error:
                msg = "values within values without end"
                raise self.wrong(msg) from error
            except ValueError as error:
                if self._more():
                    continue
                raise self.wrong(str(error)) from error
            if end < len(self._text) or not self._more():
                self._place = end
                return found

    def wrong(self, problem: str) -> ArchiveError:
        row = self._rows + self._text.count("\n", 0, self._place)
        return ArchiveError(f"{self._where}, row {row}: {problem}; the file is damaged")

    def _more(self) -> bool:
        """Read on, as much again as there is."""
        if self._ended:
            return False
        rest = self._text[self._place :]
        if len(rest) > LINE_MAX:
            msg = f"an entry longer than {LINE_MAX >> 20} MiB"
            raise self.wrong(msg)
        data = self._read(max(CHUNK, len(rest)))
        self._ended = not data
        self._rows += self._text.count("\n", 0, self._place)
        self._text = rest + self._decode(data, final=self._ended)
        self._place = 0
        return not self._ended
