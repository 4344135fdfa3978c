"""What `inspect` says of real archives, and the words in which plain counts are given."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stream.archive.base import Options
from stream.archive.inspect import inspect
from tests.archive.conftest import ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Iterable


class Found:
    """What `inspect` says, without what is none."""

    def __init__(self, *paths: str, community: str | None = None) -> None:
        self.all = inspect([ARCHIVES / path for path in paths], Options(community=community))
        self.facts = self.all["facts"]
        self.items = {kind: count for kind, count in self.all["items"].items() if count}
        self.odd = {odd["code"]: odd["count"] for odd in self.all["oddities"]}
        self.odd.pop("unresolved-mention", None)
        assert (self.all["skipped"], self.all["unreadable"]) == (0, [])
        assert self.all["events"] == sum(self.facts.values())


def some(**counts: int) -> dict[str, int]:
    """The counts that are not 0, with their words joined as codes and facts have them."""
    return {name.replace("__", ".").replace("_", "-"): n for name, n in counts.items() if n}


def against_time(numbered: Iterable[tuple[Any, int]]) -> int:
    """How many (moment, id) are below the highest id of the moment before theirs."""
    moments: dict[Any, list[int]] = {}
    for at, id_ in numbered:
        moments.setdefault(at, []).append(id_)
    groups = [moments[at] for at in sorted(moments)]
    return sum(id_ < max(before) for before, now in pairwise(groups) for id_ in now)
