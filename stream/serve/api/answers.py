"""An answer: its bytes, and on it how far the views have read."""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import orjson
from fastapi.responses import Response

from stream.codec.times import read_time

if TYPE_CHECKING:
    from stream.serve.shown import Shown


_WAITING: Final = re.compile(rb'"status":"waiting","since":"([^"]*)"')  # A string has \" for ".
_since: Final = lru_cache(maxsize=256)(read_time)  # The waits of a thread mostly begin with it.


class Answer(Response):
    """JSON of one state of the views."""

    media_type = "application/json"

    def __init__(self, body: object, shown: Shown, *, status: int = 200) -> None:
        super().__init__(orjson.dumps(body), status, headers=shown.headers)

    def another(self) -> Answer:
        """The same for somebody else; what is put on one on its way is not on the other."""
        other = copy(self)
        other.raw_headers = list(self.raw_headers)
        return other


def row(raw: bytes, as_of: int | None) -> bytes:
    """A thread's row as the topic has it, but for waits that go on: those say for how long."""
    if as_of is None or raw.find(b'"since"') < 0:
        return raw

    def said(wait: re.Match[bytes]) -> bytes:
        return b'%b,"for_ms":%d' % (wait[0], max(as_of - _since(wait[1].decode()), 0))

    return _WAITING.sub(said, raw)
