"""What a reader and the process that sorts for it tell one another, so that both can read.

A reader that has a part which anyone can read lets the second process begin with it, goes on with
what it alone can read, and then takes its share. What came of that it keeps only where all of it
was as it should be: else it reads the part by itself, as if nobody had tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from stream.archive.base import Oddity
from stream.archive.robots import First

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What messages hold: events to be sorted, a part to be read, that the first process has read its
# share of it; and what came of one or the other.
EVENTS, PART, FINISH, ANSWER = range(4)


class Found(msgspec.Struct):
    """What came up in a stretch of a part, beside events; ``number``: its place in the part.

    ``ids``: of the first and the last comment that counts, None where there is none.
    """

    number: int
    last: int
    oddities: dict[str, Oddity]
    robots: First
    ids: tuple[int, int] | None = None


class Share(Protocol):
    """What one of two processes reads of a part: stretches that the other one does not."""

    found: list[Found]
    community: str

    @property
    def refused(self) -> bool:
        """Whether something was not as it should be, in this share or in the other."""
        ...

    def records(self) -> Iterator[list[bytes]]:
        """Its events, as `stream.codec.packing.packed` packs them, some at a time."""
        ...


class Part(Protocol):
    """A part of an archive; `msgspec` can encode it."""

    def share(self, folder: Path) -> Share:
        """That of the second process; ``folder`` is common to both."""
        ...


class Beside(Protocol):
    """The second process, as a reader sees it; ``started``: there is enough to be read by both."""

    @property
    def started(self) -> bool: ...

    def start(self) -> Path:
        """Let it start, unless it has; the folder that both may write to."""
        ...

    def keep(self, records: list[bytes], community: str) -> None:
        """Take some of a community's events that are packed, and checked, without being told them.

        It is to be started.
        """
        ...

    def begin(self, part: Part) -> None:
        """Let it read its share of ``part`` from now on."""
        ...

    def finish(self, share: Share, take: Callable[[list[Found]], bool]) -> bool:
        """Read what is left of the part, and keep all that both have told of it.

        Unless something was refused, or ``take`` does not take what was found: then it is False,
        and the reader has to read the whole part by itself.
        """
        ...
