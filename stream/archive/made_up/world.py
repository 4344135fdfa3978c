"""What all threads of a made-up community share, and how one of its events is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from stream.archive.made_up import words
from stream.codec.events import identified

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream.archive.made_up.chance import Chance
    from stream.archive.made_up.people import People
    from stream.core.events import Event
    from stream.core.when import When

TEXT_MAX: Final = 600


class Dated(Protocol):
    """What an event says that happens at a known time."""

    @property
    def when(self) -> When: ...


class World(NamedTuple):
    """A community, its people, and the one stream of chance by which they act."""

    community: str
    chance: Chance
    people: People

    def tell(self, kind: Callable[..., Event], thread: str, data: Dated) -> Event:
        """The event of ``kind`` that states ``data`` of a thread, or of the community for ""."""
        time = data.when.at
        return identified(kind(source=self.community, subject=thread, time=time, data=data))

    def text(self, least: int, thing: str, opening: str = "") -> str:
        """Sentences about ``thing``, at least so many characters, and at most `TEXT_MAX`."""
        sayings = words.SAYINGS[thing]
        text = opening + self.chance.pick(sayings)
        while len(text) < least:
            longer = f"{text} {self.chance.pick(sayings)}"
            if len(longer) > TEXT_MAX:
                break
            text = longer
        return text
