"""Who is who, the plain way: link what is the same, then walk the links."""

from __future__ import annotations

from typing import Any

from stream.core import events as e

Pair = tuple[str | None, str | None]


def call(name: str) -> str:
    return name.replace(" ", "").lower()


def called(person: Pair) -> str:
    return call(person[1]) if person[1] else f"#{person[0]}"


def masked_in(person: Pair, erased: list[e.Person]) -> bool:
    id_, name = person
    for gone in erased:
        if gone.id and id_:
            if gone.id == id_:
                return True
        elif gone.name and name and call(gone.name) == call(name):
            return True
    return False


class People:
    def __init__(self, events: list[Any]) -> None:
        self.classes: list[set[str]] = []
        for x in events:
            if isinstance(x, e.PersonAliased):
                names = {call(n) for n in x.data.names}
                met = [c for c in self.classes if c & names]
                apart = [c for c in self.classes if not c & names]
                self.classes = [*apart, names.union(*met)]
        self.erased = [x.data.person for x in events if isinstance(x, e.PersonErased)]
        flags = [x.data for x in events if isinstance(x, e.PersonFlagged)]
        self.robots = [flag.person for flag in flags if flag.robot]
        self.humans = [flag.person for flag in flags if not flag.robot]
        self.groups: list[set[Pair]] = []

    def is_robot(self, person: Pair) -> bool:
        if masked_in(person, self.humans):
            return False
        others = self.others(called(person))
        named = {call(robot.name) for robot in self.robots if robot.name}
        return masked_in(person, self.robots) or bool(others & named)

    def is_erased(self, person: Pair) -> bool:
        return masked_in(person, self.erased)

    def others(self, name: str) -> set[str]:
        return next((c for c in self.classes if name in c), set())

    def settle(self, present: list[Pair]) -> None:
        people = sorted(set(present), key=lambda p: (p[0] or "", p[1] or ""))
        groups = [{p} for p in people]

        def link(one: Pair, other: Pair) -> None:
            a = next(g for g in groups if one in g)
            b = next(g for g in groups if other in g)
            if a is not b:
                a |= b
                groups.remove(b)

        for one in people:
            for other in people:
                if self.same(one, other):
                    link(one, other)
            accounts = [p for p in people if p[0] is not None and called(p) == called(one)]
            if one[0] is None and accounts:
                link(one, min(accounts, key=lambda p: f"#{p[0]}"))
        self.groups = groups

    def same(self, one: Pair, other: Pair) -> bool:
        if one[0] is not None and one[0] == other[0]:
            return True
        if one[0] is None and other[0] is None and called(one) == called(other):
            return True
        return called(other) in self.others(called(one))

    def root(self, person: Pair | None) -> int | None:
        if person is None:
            return None
        return next((i for i, g in enumerate(self.groups) if person in g), None)
