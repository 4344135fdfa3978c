"""An answer: its bytes, and on it how far the views have read."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.responses import Response

from stream.codec.times import read_time

if TYPE_CHECKING:
    from stream.serve.shown import Shown


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


def row(raw: bytes, as_of: int | None) -> Any:  # noqa: ANN401 (spliced into JSON)
    """A thread's row as the topic has it, but for waits that go on: those say for how long."""
    return parsed(raw, as_of) if b'"since"' in raw else orjson.Fragment(raw)


def parsed(raw: bytes, as_of: int | None) -> dict[str, Any]:
    """The same as values."""
    thread: dict[str, Any] = orjson.loads(raw)
    for wait in thread["waits"].values():
        if wait is not None and wait["status"] == "waiting" and as_of is not None:
            wait["for_ms"] = max(as_of - read_time(wait["since"]), 0)
    return thread
