"""Made-up stories: broad ones, where anything may be stated, and crowded ones.

Crowded: one post, few people, most comments calling somebody, now and then a contrary statement.
Broad stories alone let hard faults pass, as what is hard hardly ever happens in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream.core import events as e
from tests import story as s

if TYPE_CHECKING:
    from random import Random

NAMES = ("Ann", "Anna", "Bob", "Cy", "Zed Low")
ITEMS = ("q", "a1", "a2", "q.c1", "q.c2", "q.c10", "a1.c1", "a1.c2", "p1", "p1.c1", "q.c1.c1")


def broad(rng: Random) -> list[e.Event]:
    """Up to forty statements of every type, about two threads of one community."""
    return [_any(rng) for _ in range(rng.randint(1, 40))]


def crowded(rng: Random) -> list[e.Event]:
    names = rng.sample(NAMES[:4], rng.randint(2, 4))
    told: list[e.Event] = [s.asked(author=_maybe(rng, "Ann", 0.9))]
    ids = {name: str(n) for n, name in enumerate(names)} if rng.random() < 0.4 else {}
    ids["share"] = rng.choice(("0.5", "1"))
    for n in range(1, rng.randint(4, 14)):
        times = 1 + (rng.random() < 0.08)
        told.extend([_crowding(rng, n, names, ids) for _ in range(times)])
    if rng.random() < 0.3:
        told.append(s.deleted("q.c1", after=9 * s.MINUTE))
    if rng.random() < 0.2:
        where: s.Told = {"thread": s.THREAD} if rng.random() < 0.5 else {}
        told.append(s.aliased(*rng.sample([*NAMES[2:4], "Zed"], 2), **where))
    if rng.random() < 0.4:
        told.extend([_flag(rng, {}) for _ in range(rng.randint(1, 3))])
    if rng.random() < 0.2:
        told.append(
            s.edited(f"q.c{rng.randint(1, 5)}", text="!", mentions=_calls(rng), after=s.HOUR)
        )
    return told


def erasing(rng: Random) -> list[e.Event]:
    """A crowded story in which nobody contradicts, and somebody is erased.

    Whom two statements name differently, and one of the two is erased: that order shows, as what
    is erased cannot be compared any more.
    """
    told = {(type(x), getattr(x.data, "item", "")): x for x in crowded(rng)}
    where: s.Told = {"thread": s.THREAD} if rng.random() < 0.5 else {}
    return [*told.values(), s.erased(rng.choice(NAMES[:4]), **where)]


def vanishing(rng: Random) -> list[e.Event]:
    """A broad story in which nobody contradicts, and up to three are erased, by name or id."""
    told = {_what(x): x for x in (*broad(rng), *broad(rng))}
    gone = []
    for _ in range(rng.randint(1, 3)):
        where: s.Told = {"thread": rng.choice(("t1", "t2"))} if rng.random() < 0.4 else {}
        gone.append(s.erased(_who(rng) or "Ann", **where))
    return [*told.values(), *gone]


def _what(event: e.Event) -> tuple[object, ...]:
    """What it is about; of aliases and robots, one may be told again and again."""
    data = event.data
    if isinstance(data, e.AliasData | e.FlagData):
        return (event.id,)
    kind = "made" if isinstance(event, e.PostCreated | e.CommentCreated) else type(event).__name__
    revision = data.revision if isinstance(data, e.EditData) else ""
    return event.subject, kind, getattr(data, "item", ""), revision


def renaming(rng: Random) -> list[e.Event]:
    """Two or three write, under one account or several, and go by more names than they write under.

    Some names a thread alone knows to be one person's, some the whole community; and a page, which
    knows bounds, tells of them before or after a dump does.
    """
    names = rng.sample(NAMES, rng.randint(2, 3))
    told: list[e.Event] = [s.asked(author=_renamed(rng, names))]
    for n in range(1, rng.randint(2, 6)):
        who, calls = _renamed(rng, names), _calls(rng) if rng.random() < 0.6 else ()
        if rng.random() < 0.7:
            told.append(s.commented(f"q.c{n}", who, mentions=calls, between=(0, s.HOUR)))
            who = who if rng.random() < 0.7 else _renamed(rng, names)
        after = rng.randint(1, 60) * s.MINUTE
        told.append(s.commented(f"q.c{n}", who, mentions=calls, after=after))
    for _ in range(rng.randint(1, 4)):
        where: s.Told = {"thread": s.THREAD} if rng.random() < 0.5 else {}
        told.append(s.aliased(*rng.sample(NAMES, 2), **where))
    return told


def namesakes(rng: Random) -> list[e.Event]:
    """One or two accounts, names with and without one of them, and statements that differ.

    Who is who among them changes whom the asker, who mostly calls nobody, answers.
    """
    names = rng.sample(NAMES[:4], 2)
    ids, share = rng.choice((("1",), ("1", "2"))), rng.choice((0.3, 0.6))
    told: list[e.Event] = [s.asked(author=_namesake(rng, names, ids, share))]
    if rng.random() < 0.3:
        told.append(s.asked(author=_namesake(rng, names, ids, share), between=(0, s.HOUR)))
    for n in range(1, rng.randint(3, 6)):
        who, calls = _namesake(rng, names, ids, share), _maybe_calls(rng, 0.3)
        for _ in range(rng.choice((1, 1, 2, 3))):
            if rng.random() < 0.2:
                who, calls = _namesake(rng, names, ids, share), _maybe_calls(rng, 0.5)
            after, comment = rng.randint(1, 60) * s.MINUTE, f"q.c{n}"
            if rng.random() < 0.4:
                told.append(s.commented(comment, who, mentions=calls, between=(0, after)))
            else:
                told.append(s.commented(comment, who, mentions=calls, after=after))
    if rng.random() < 0.3:
        where: s.Told = {"thread": s.THREAD} if rng.random() < 0.5 else {}
        told.append(s.aliased(*rng.sample(NAMES, 2), **where))
    return told


def _namesake(rng: Random, names: list[str], ids: tuple[str, ...], share: float) -> s.Who:
    name = rng.choice(names)
    if rng.random() < share:
        return e.Person(id=rng.choice(ids), name=name if rng.random() < 0.9 else None)
    return name


def _maybe_calls(rng: Random, share: float) -> tuple[str, ...]:
    return _calls(rng) if rng.random() < share else ()


def _renamed(rng: Random, names: list[str]) -> s.Who:
    name = rng.choice(names)
    return e.Person(id=rng.choice("12"), name=name) if rng.random() < 0.3 else name


def _crowding(rng: Random, n: int, names: list[str], ids: dict[str, str]) -> e.Event:
    name = rng.choice(names)
    who: s.Who = name
    if rng.random() < 0.05:
        who = None
    elif name in ids and (n % 2 or rng.random() < float(ids["share"])):
        who = e.Person(id=ids[name], name=name if rng.random() < 0.8 else "Zed")
    return s.commented(
        f"q.c{n}",
        author=who,
        after=rng.randint(1, 60) * s.MINUTE,
        mentions=_calls(rng) if rng.random() < 0.6 else (),
    )


def _calls(rng: Random) -> tuple[str, ...]:
    return tuple(rng.sample(["ann", "anna", "bob", "cy", "zed", "an"], 1 + (rng.random() < 0.1)))


def _maybe(rng: Random, value: str, share: float) -> str | None:
    return value if rng.random() < share else None


def _who(rng: Random) -> s.Who:
    chance = rng.random()
    name = rng.choice(NAMES)
    if chance < 0.1:
        return None
    if chance < 0.3:
        return e.Person(id=str(rng.randint(1, 3)), name=name)
    if chance < 0.35:
        return e.Person(id=str(rng.randint(1, 3)))
    return name


def _told(rng: Random) -> dict[str, Any]:
    told: dict[str, Any] = {"thread": rng.choice(("t1", "t1", "t1", "t2"))}
    if rng.random() < 0.75:
        told["after"] = rng.randint(0, 90) * s.MINUTE
    else:
        low, high = sorted((rng.randint(0, 90), rng.randint(0, 90)))
        told["after"] = rng.randint(60, 90) * s.MINUTE
        told["between"] = (
            low * s.MINUTE if rng.random() < 0.8 else None,
            high * s.MINUTE if rng.random() < 0.8 else None,
        )
    return told


def _any(rng: Random) -> e.Event:
    kind = rng.choices(
        tuple(_MAKE),
        (20, 35, 8, 8, 5, 5, 4, 3, 3, 4),
    )[0]
    return _MAKE[kind](rng, _told(rng))


def _post(rng: Random, told: dict[str, Any]) -> e.Event:
    item = rng.choice((*ITEMS[:3], "p1", "p1", "p2"))
    if item == "q":
        silent = rng.choice([(), ("accepted",), ("accepted", "closed"), None])
        return s.asked(_who(rng), title=rng.choice(["T", "U"]), silent_on=silent, **told)
    if item.startswith("a"):
        return s.answered(item, _who(rng), printed=rng.choice([None, "2017"]), **told)
    on = rng.choice([None, "p1"]) if item == "p2" else None
    calls = _calls(rng) if rng.random() < 0.3 else ()
    return s.posted(item, _who(rng), on=on, mentions=calls, tags=rng.choice([(), ("x",)]), **told)


def _comment(rng: Random, told: dict[str, Any]) -> e.Event:
    calls = _calls(rng) if rng.random() < 0.5 else ()
    return s.commented(rng.choice(ITEMS[3:]), _who(rng), mentions=calls, **told)


def _edit(rng: Random, told: dict[str, Any]) -> e.Event:
    changes: dict[str, Any] = {"title": "V"} if rng.random() < 0.4 else {}
    if rng.random() < 0.6:
        changes |= {"text": "new", "mentions": _calls(rng)}
    if rng.random() < 0.2:
        changes["tags"] = rng.choice([("y",), ("x", "y")])
    revision = rng.choice(("r1", "r2", "r3"))
    return s.edited(rng.choice(ITEMS), _who(rng), revision, **changes, **told)


def _delete(rng: Random, told: dict[str, Any]) -> e.Event:
    return rng.choice((s.deleted, s.restored))(rng.choice(ITEMS), _who(rng), **told)


def _accept(rng: Random, told: dict[str, Any]) -> e.Event:
    return rng.choice((s.accepted, s.unaccepted))(rng.choice(("a1", "a2")), **told)


def _state(rng: Random, told: dict[str, Any]) -> e.Event:
    say = rng.choice((s.closed, s.reopened, s.locked, s.unlocked))
    return say(_who(rng), rng.choice((None, "why")), **told)


def _observe(rng: Random, told: dict[str, Any]) -> e.Event:
    items = rng.sample(ITEMS, rng.randint(0, 3))
    scores = {item: rng.randint(-2, 9) for item in items}
    return s.observed(scores, scored=rng.choice(((), ("comment",), ("answer", "post"))), **told)


def _alias(rng: Random, told: dict[str, Any]) -> e.Event:
    if rng.random() < 0.5:
        del told["thread"]
    return s.aliased(*rng.sample(NAMES[:4], 2), **told)


def _flag(rng: Random, told: dict[str, Any]) -> e.Event:
    told.pop("thread", None)
    return s.flagged(_who(rng) or "Zed", robot=rng.random() < 0.8, **told)


def _attribute(rng: Random, told: dict[str, Any]) -> e.Event:
    return s.attributed(rng.choice(ITEMS), rng.choice(NAMES), **told)


_MAKE = {
    "post": _post,
    "comment": _comment,
    "edit": _edit,
    "delete": _delete,
    "accept": _accept,
    "state": _state,
    "observe": _observe,
    "alias": _alias,
    "attribute": _attribute,
    "flag": _flag,
}
