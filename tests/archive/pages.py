# ruff: noqa: RUF001  (the dash of this format is U+2013)
"""Pages of a mirror in words: a question, its comments, its answers, each as it is printed."""

from __future__ import annotations

ASKED = "2017-04-24T06:00:00.000"


def at(day: int, hour: int = 12) -> str:
    """A time of May 2017, as the mirror prints it."""
    return f"2017-05-{day:02d}T{hour:02d}:00:00.000"


def comment(text: str, *, name: str = "Bob", time: str = "2017-05-01T12:00:00.000") -> str:
    return f"{text} – {name} – {time}\n\n"


def question(*comments: str, title: str = "How warm is water?", name: str | None = "Ann") -> str:
    author = "\n" if name is None else f"{name}\n\n"
    return (
        f"{title}\n\n\nI held my hand in it.\n\n{author}"
        f"Posted {ASKED}\n\nReputation: 1 234\n\n{''.join(comments)}"
    )


def answer(*comments: str, text: str = "Warm enough.", printed: str = ASKED) -> str:
    """An answer whose author's name is missing, as on every page of the mirror."""
    return f"\n{text}\n\n\nPosted {printed}\n\nReputation: 99\n\n{''.join(comments)}"
