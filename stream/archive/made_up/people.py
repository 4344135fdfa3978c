"""Who writes in a made-up community: few much, most little; some renamed, some gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.made_up.words import name_of
from stream.core.events import Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.made_up.chance import Chance

PEOPLE_MAX: Final = 20_000
PEOPLE_MIN: Final = 40
RENAMED_EVERY: Final = 37
GONE_EVERY: Final = 41
REGULARS: Final = 20  # Of them nobody has deleted the account.
ROBOT: Final = Person(id="-1", name="Community")


class Someone(NamedTuple):
    """``person``: None for whoever deleted the account. ``calls``: the names others use."""

    person: Person | None
    calls: tuple[str, ...]


class People:
    """As many as ``threads`` would bring together, up to `PEOPLE_MAX`."""

    def __init__(self, chance: Chance, threads: int) -> None:
        self._chance = chance
        self._size = min(max(threads, PEOPLE_MIN), PEOPLE_MAX)
        self._known: dict[int, Someone] = {}

    def anybody(self) -> Someone:
        """Cubed, so that one in twelve acts among 2,000 people is by the busiest of them."""
        draw = self._chance.draw()
        number = int(draw * draw * draw * self._size)
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = _someone(number)
        return known

    def call(self, someone: Someone) -> str:
        """The name by which somebody addresses them, right after the "@"."""
        name = self._chance.pick(someone.calls).replace(" ", "")
        draw = self._chance.draw()
        if draw < 0.1:  # noqa: PLR2004 - every tenth is cut short
            return name[: 3 + int(draw * 40)]
        return name if draw < 0.93 else _nobody(draw).replace(" ", "")  # noqa: PLR2004

    def renamed(self) -> Iterator[tuple[str, str]]:
        """The former and the present name of whoever has changed theirs."""
        for number in range(RENAMED_EVERY // 7, self._size, RENAMED_EVERY):
            yield _former(number), name_of(number)


def _someone(number: int) -> Someone:
    name = name_of(number)
    if number > REGULARS and number % GONE_EVERY == 0:
        return Someone(None, (name,))
    if number % RENAMED_EVERY == RENAMED_EVERY // 7:
        return Someone(Person(id=str(1000 + number), name=name), (name, _former(number)))
    return Someone(Person(id=str(1000 + number), name=name), (name,))


def _former(number: int) -> str:
    return name_of(number + PEOPLE_MAX)


def _nobody(draw: float) -> str:
    return name_of(2 * PEOPLE_MAX + int(draw * 10_000))
