"""A community to stream, and frames to read."""

from __future__ import annotations

import orjson

from tests.story import DAY, HOUR, MINUTE, aliased, answered, asked, commented, finished


def many(threads=12, comments=30):
    """A community of some hundred events, and two that concern it as a whole."""
    yield aliased("Ann", "Anna")
    for n in range(threads):
        yield asked(thread=f"t{n}", after=n * MINUTE)
        yield answered(thread=f"t{n}", after=HOUR + n)
        for c in range(comments):
            yield commented(f"q.c{c}", thread=f"t{n}", after=c * HOUR)
    yield finished(3 * DAY)


def frames(data):
    """(id, event, data) of each frame."""
    for text in data.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(":"))
        if "data" in fields:
            yield fields["id"], fields.get("event", "message"), orjson.loads(fields["data"])


def ids(found):
    return [data["id"] for _, event, data in found if event == "message"]
