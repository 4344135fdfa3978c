"""What no log or view holds is refused where it is read."""

from __future__ import annotations

import pytest

from stream.archive.fitting import BESIDE_TEXT_MAX, EVENT_BYTES_MAX, problem
from stream.codec.events import encode
from stream.core.events import Person
from tests import story

LONG = "ö" * BESIDE_TEXT_MAX


@pytest.mark.parametrize(
    ("event", "what"),
    [
        pytest.param(story.asked(text="x" * EVENT_BYTES_MAX), "7,340,", id="a text of 7 MiB"),
        pytest.param(story.asked(title=LONG), "title", id="a title"),
        pytest.param(story.asked(author=Person(name=LONG)), "names", id="a name"),
        pytest.param(story.asked(tags=(LONG,)), "tags", id="a tag"),
        pytest.param(story.edited(note=LONG, text=LONG), "names", id="a note beside a text"),
        pytest.param(story.commented(mentions=(LONG,)), "names", id="a mention"),
    ],
)
def test_what_is_too_large_is_said(event, what):
    assert what in (problem(encode(event)) or "")


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(story.asked(text="\n" * 2_000_000), id="a text"),
        pytest.param(story.edited(text=LONG), id="an edit's text"),
        pytest.param(story.observed({f"c{n}": n for n in range(30_000)}), id="many scores"),
    ],
)
def test_what_is_only_large_is_fine(event):
    assert len(encode(event).value) > BESIDE_TEXT_MAX
    assert problem(encode(event)) is None
