"""A thread's waits, the plain way: every candidate, its bounds, the smallest of them."""

from __future__ import annotations

from typing import Any

from stream.codec.times import stamp
from stream.core import events as e
from stream.core.when import LONG_AGO

HORIZON = 1 << 53


def wait_between(start: tuple[int, int], end: tuple[int, int], item: str | None) -> dict[str, Any]:
    named = {"item": item} if item else {}
    if start[0] == start[1] and end[0] == end[1]:
        return {"status": "observed", "ms": end[1] - start[1], **named}
    after = 0 if start[1] == HORIZON else max(0, end[0] - start[1])
    by = None if end[1] == HORIZON or start[0] == LONG_AGO else end[1] - start[0]
    return {"status": "between", "after_ms": after, "by_ms": by, **named}


def earliest(candidates: list[Any]) -> tuple[tuple[int, int], str | None]:
    first = min(candidates, key=lambda i: (i.by, i.id))
    rivals = [i for i in candidates if i is not first and not i.exact and i.after < first.by]
    after = min([first.after, *(i.after for i in rivals)])
    return (after, first.by), None if rivals else first.id


def summary_waits(facts: Any, root: Any, known: list[Any]) -> dict[str, Any]:
    people = facts.people
    live = [i for i in known if not i.is_deleted and i is not root]
    stood = standing(facts)
    if root is None:
        names = ("first_response", "first_answer", "first_comment", "accepted", "closed")
        waits: dict[str, Any] = dict.fromkeys([*names, "asker_return"])
        return {"waits": waits, "half_life_ms": None, "state": state(facts, None, [], stood)}
    asker = people.root(root.author)
    others = [
        i
        for i in live
        if i.kind != "question"
        and (i.kind != "comment" or root.kind != "question" or i.on == root.id)
        and (asker is None or not i.author or people.root(i.author) != asker)
    ]
    asks = root.kind == "question"
    begun = (root.after, root.by)

    def first(candidates: list[Any]) -> dict[str, Any]:
        if not candidates:
            return {"status": "waiting", "since": stamp(root.at)}
        return wait_between(begun, *earliest(candidates))

    comments = [i for i in others if i.kind == "comment" and i.on == root.id]
    waits = {
        "first_response": first(others),
        "first_answer": first([i for i in others if i.kind == "answer"]) if asks else None,
        "first_comment": first(comments),
        "accepted": accepted(facts, root, begun) if asks else None,
        "closed": closed(facts, root, begun),
        "asker_return": returned(live, others, root, people),
    }
    times = sorted(i.at for i in known if i.kind == "comment")
    half = times[(len(times) + 1) // 2 - 1] - root.at if times else None
    return {"waits": waits, "half_life_ms": half, "state": state(facts, root, others, stood)}


def returned(live: list[Any], others: list[Any], root: Any, people: Any) -> dict[str, Any] | None:
    if not others:
        return None
    asker = people.root(root.author)
    if asker is None:
        return {"status": "unknown"}
    response = min(others, key=lambda i: (i.by, i.id))
    (after, _), _ = earliest(others)
    acts = [i for i in live if i.author and people.root(i.author) == asker and i.key > response.key]
    if not acts:
        return {"status": "waiting", "since": stamp(response.at)}
    return wait_between((after, response.by), *earliest(acts))


def told(facts: Any, kind: type) -> list[Any]:
    return [x for x in facts.events if isinstance(x, kind)]


def first_of(spans: list[tuple[int, int, bool]]) -> tuple[int, int]:
    return min(s[0] for s in spans), min(HORIZON if s[2] else s[1] for s in spans)


def not_yet(facts: Any, root: Any, fact: str) -> dict[str, Any]:
    posts = [x.data for x in told(facts, e.PostCreated)]
    silent = [set(p.silent_on or ()) for p in posts if p.on is None and p.kind != "answer"]
    if silent and fact in set.intersection(*silent):
        return {"status": "unknown"}
    return {"status": "waiting", "since": stamp(root.at)}


def accepted(facts: Any, root: Any, begun: tuple[int, int]) -> dict[str, Any]:
    from tests.laws.clean import happenings  # noqa: PLC0415 - it imports us

    events = told(facts, e.AnswerAccepted)
    if not events:
        return not_yet(facts, root, "accepted")
    spans = {
        item: first_of(happenings([x for x in events if x.data.item == item]))
        for item in {x.data.item for x in events}
    }
    item = min(spans, key=lambda i: (spans[i][1], i))
    sure = all(spans[o][0] >= spans[item][1] for o in spans if o != item)
    after = min(span[0] for span in spans.values())
    return wait_between(begun, (after, spans[item][1]), item if sure else None)


def closed(facts: Any, root: Any, begun: tuple[int, int]) -> dict[str, Any]:
    from tests.laws.clean import happenings  # noqa: PLC0415 - it imports us

    spans = happenings(told(facts, e.ThreadClosed))
    if not spans:
        return not_yet(facts, root, "closed")
    return wait_between(begun, first_of(spans), None)


def standing(facts: Any) -> dict[str, bool]:
    from tests.laws.clean import happenings  # noqa: PLC0415 - it imports us

    def stands(done: list[Any], undone: list[Any]) -> bool:
        did, didnt = happenings(done), happenings(undone)
        return bool(did) and (not didnt or did[-1][1] > didnt[-1][1])

    yes, no = told(facts, e.AnswerAccepted), told(facts, e.AnswerUnaccepted)
    return {
        "closed": stands(told(facts, e.ThreadClosed), told(facts, e.ThreadReopened)),
        "accepted": any(
            stands([x for x in yes if x.data.item == i], [x for x in no if x.data.item == i])
            for i in {x.data.item for x in yes}
        ),
    }


def state(facts: Any, root: Any, others: list[Any], stood: dict[str, bool]) -> str:
    if root is not None and root.is_deleted:
        return "deleted"
    for name, holds in stood.items():
        if holds:
            return name
    answers = [i for i in facts.items.values() if i.kind == "answer" and not i.is_deleted]
    forum = root is not None and root.kind == "post" and others
    if root is None:
        forum = any(i.kind == "post" and not i.is_deleted for i in facts.items.values())
    return "answered" if answers or forum else "waiting"
