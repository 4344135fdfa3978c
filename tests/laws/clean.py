"""The fold as one would explain it: collect all that was stated, then say what follows.

Slow and from nothing, with nothing in common with the fold that workers run but the events. Rows
come out as the plain dictionaries of VIEWS, less what only a worker's restart needs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from stream.codec.times import stamp
from stream.core import events as e
from stream.core.when import LONG_AGO, Moment, moment
from tests.laws.clean_people import People, call, masked_in
from tests.laws.clean_waits import summary_waits, wait_between

HORIZON = 1 << 53
QUARTER_MS = 900_000
KINDS = ("question", "answer", "post", "comment")


class Facts:
    """Everything stated of one thread."""

    def __init__(self, events: list[Any], people: People) -> None:
        self.events = events
        self.people = people
        self.items: dict[str, Item] = {}
        seen = [x for x in events if isinstance(x, e.ThreadObserved)]
        self.observed = max(
            seen, key=lambda x: (moment(x.data.when, x.time).at, x.id), default=None
        )

    def item(self, id_: str) -> Item:
        return self.items.setdefault(id_, Item(id_))

    def robots_items(self) -> list[str]:
        authors = {item.id: item.author for item in self.items.values()}
        return sorted(id_ for id_, who in authors.items() if who and self.people.is_robot(who))


class Item:
    def __init__(self, id_: str) -> None:
        self.id = id_
        self.created: list[Any] = []
        self.edits: dict[str, list[Any]] = defaultdict(list)
        self.deleted: list[Any] = []
        self.restored: list[Any] = []
        self.attributed: set[tuple[str, str, str, str]] = set()
        self.score: int | None = None
        self.conflict = False
        self.erased = False

    def settle(self, people: People) -> None:
        """From statements to what holds."""
        self.kind = self.one({_kind(c.data) for c in self.created})
        self.on = self.one({c.data.on for c in self.created})
        id_ = self.one({c.data.author.id for c in self.created if c.data.author})
        name = self.one({c.data.author.name for c in self.created if c.data.author})
        self.author = (id_, name) if id_ or name else None
        if self.author and people.is_erased(self.author):
            self.author, self.erased = None, True
        self.names = self.one({c.data.mentions for c in self.created}) or ()
        posts = [c.data for c in self.created if isinstance(c.data, e.PostData)]
        self.title = self.one({p.title for p in posts})
        self.tags = self.one({p.tags or None for p in posts})
        self.printed = self.one({p.printed for p in posts})
        self.place([moment(c.data.when, c.time) for c in self.created])
        self.revisions = sorted(
            [self.revision(key, told, people) for key, told in self.edits.items()],
            key=lambda r: (r["at_ms"], r["revision"]),
        )
        texts = [r for r in self.revisions if "text" in r["changes"]]
        self.said = texts[-1]["names"] if texts else self.names
        self.deletions = happenings(self.deleted)
        undone = happenings(self.restored)
        self.is_deleted = bool(self.deletions) and (
            not undone or self.deletions[-1][1] > undone[-1][1]
        )
        attributed = {a for a in self.attributed if not people.is_erased((a[0] or None, a[1]))}
        self.attribution = self.one(attributed)

    def one(self, values: set[Any]) -> Any:
        """What all agree on; of different answers the smallest, and the item is in conflict."""
        known = sorted(value for value in values if value is not None)
        self.conflict |= len(known) > 1
        return known[0] if known else None

    def place(self, told: list[Moment]) -> None:
        exact = {m.at for m in told if m.exact}
        bounded = [m for m in told if not m.exact and not m.open]
        after = max((m.after for m in told if not m.exact), default=LONG_AGO)
        by = min((m.at for m in bounded), default=HORIZON)
        self.open = False
        if exact:
            self.after = self.at = min(exact)
            self.conflict |= len(exact) > 1 or not after <= self.at <= by
        else:
            self.after, self.at = after, by
            self.conflict |= after > by
            if told and not bounded:
                self.at, self.open = min(m.at for m in told), True
        self.exact = bool(exact)

    def revision(self, key: str, told: list[Any], people: People) -> dict[str, Any]:
        data = [event.data for event in told]
        by = (
            self.one({d.by.id for d in data if d.by}),
            self.one({d.by.name for d in data if d.by}),
        )
        facts = {
            (moment(t.data.when, t.time), t.data.note, t.data.rollback)
            + (t.data.changes.title, t.data.changes.tags)
            + ((t.data.mentions,) if t.data.changes.text is not None else (None,))
            for t in told
        }
        self.conflict |= len(facts) > 1
        place = min((moment(t.data.when, t.time) for t in told), key=lambda m: (not m.exact, m))
        stated = [d.changes for d in data]
        return {
            "revision": key,
            "at_ms": place.at,
            "at": stamp(place.at),
            "by": shown(by if by != (None, None) and not people.is_erased(by) else None),
            "changes": [
                name
                for name in ("title", "text", "tags")
                if any(getattr(c, name) is not None for c in stated)
            ],
            "rollback": any(d.rollback for d in data),
            "note": self.one({d.note for d in data}),
            "title": self.one({c.title for c in stated}),
            "tags": self.one({c.tags for c in stated}),
            "names": min((d.mentions for d in data if d.changes.text is not None), default=()),
        }

    @property
    def by(self) -> int:
        return HORIZON if self.open else self.at

    @property
    def key(self) -> tuple[int, str]:
        return self.at, self.id


def _kind(data: e.PostData | e.CommentData) -> str:
    return data.kind if isinstance(data, e.PostData) else "comment"


def happenings(told: list[Any]) -> list[tuple[int, int, bool]]:
    """Distinct statements, less those that contain another."""
    spans = {(m.after, m.at, m.open) for m in (moment(t.data.when, t.time) for t in told)}
    return sorted(
        (s for s in spans if not any(contains(s, other) for other in spans if other != s)),
        key=lambda s: (s[1], s[0], s[2]),
    )


def contains(span: tuple[int, int, bool], other: tuple[int, int, bool]) -> bool:
    if span[2] and other[2]:
        return (other[0], -other[1]) > (span[0], -span[1])
    if span[2]:
        return other[0] >= span[0]
    return not other[2] and span[0] <= other[0] and other[1] <= span[1]


def shown(person: tuple[str | None, str | None] | None) -> dict[str, str] | None:
    if person is None:
        return None
    return {k: v for k, v in zip(("id", "name"), person, strict=True) if v}


def when(item: Item) -> dict[str, str | None] | None:
    if item.kind is None:
        return None
    if item.exact:
        return {"at": stamp(item.at)}
    return {
        "after": None if item.after == LONG_AGO else stamp(item.after),
        "by": None if item.open else stamp(item.at),
    }


def views(events: list[e.Event]) -> dict[tuple[str, str, str], Any]:
    """(view, thread or community, item or quarter) → row, of events in any order, with repeats."""
    community = [x for x in events if not x.subject]
    threads: dict[tuple[str, str], list[e.Event]] = defaultdict(list)
    for event in {(type(x), x.id): x for x in events}.values():
        if event.subject:
            threads[event.source, event.subject].append(event)
    rows: dict[tuple[str, str, str], Any] = {}
    activity: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for (source, subject), told in threads.items():
        wide = [x for x in community if x.source == source]
        facts = collect(told, People([*told, *wide]))
        rows.update(thread_rows(facts, subject))
        tally(facts, activity, source)
    for (source, quarter), counts in activity.items():
        rows["activity", source, stamp(quarter * QUARTER_MS)] = dict(counts)
    return rows


def collect(told: list[Any], people: People) -> Facts:  # noqa: C901 - a flat list of cases
    facts = Facts(told, people)
    for x in told:
        match x:
            case e.PostCreated() | e.CommentCreated():
                facts.item(x.data.item).created.append(x)
            case e.PostEdited() | e.CommentEdited():
                facts.item(x.data.item).edits[x.data.revision].append(x)
            case e.ItemDeleted():
                facts.item(x.data.item).deleted.append(x)
            case e.ItemRestored():
                facts.item(x.data.item).restored.append(x)
            case e.ItemAttributed(data=d):
                who = (d.person.id or "", d.person.name or "")
                facts.item(d.item).attributed.add((*who, d.by, d.evidence or ""))
            case e.ThreadObserved():
                for id_ in x.data.scores:
                    facts.item(id_)
            case _:
                pass  # Of the thread as a whole: looked for where it matters.
    for one in facts.items.values():
        one.settle(people)
    people.settle([i.author for i in facts.items.values() if i.author and i.kind])
    return facts


def tally(facts: Facts, activity: dict[tuple[str, int], Counter[str]], source: str) -> None:
    def add(at: int, column: str) -> None:
        activity[source, at // QUARTER_MS][column] += 1

    for item in facts.items.values():
        for revision in item.revisions:
            add(revision["at_ms"], "edits")
        for _, at, _ in item.deletions:
            add(at, "deletions")
        if item.kind:
            add(item.at, item.kind + "s")
            if not item.exact:
                add(item.at, "bounded")


def thread_rows(facts: Facts, subject: str) -> dict[tuple[str, str, str], Any]:
    from tests.laws.clean_replies import Replies  # noqa: PLC0415 - it needs Item

    rows: dict[tuple[str, str, str], Any] = {}
    replies = Replies(facts)
    for item in facts.items.values():
        rows["items", subject, item.id] = item_row(facts, item, replies.mentions(item))
        answer = replies.row(item)
        if any(answer.values()):
            rows["replies", subject, item.id] = {
                "item": item.id,
                "author": shown(item.author),
                "when": when(item),
                "replies_to": answer,
            }
    rows["threads", subject, ""] = thread_row(facts, replies)
    rows["robots", subject, ""] = facts.robots_items()
    return rows


def item_row(facts: Facts, item: Item, mentions: list[dict[str, Any]]) -> dict[str, Any]:
    a = item.attribution
    return {
        "item": item.id,
        "kind": item.kind,
        "on": item.on,
        "author": shown(item.author),
        "attributed": a and {**(shown(a[:2]) or {}), "by": a[2], "evidence": a[3] or None},
        "when": when(item),
        "printed": item.printed,
        "score": score(facts, item),
        "edits": [
            {k: r[k] for k in ("revision", "at", "by", "changes", "rollback", "note")}
            for r in item.revisions
        ],
        "mentions": mentions,
        "is_deleted": item.is_deleted,
        "conflict": item.conflict,
    }


def score(facts: Facts, item: Item) -> int | None:
    observed = facts.observed
    if observed is None:
        return None
    default = 0 if item.kind in observed.data.scored else None
    return observed.data.scores.get(item.id) or default


def thread_row(facts: Facts, replies: Any) -> dict[str, Any]:
    known = sorted((i for i in facts.items.values() if i.kind), key=lambda i: i.key)
    kinds = Counter(i.kind for i in known)
    mentions = [m for i in known for m in replies.mentions(i)]
    resolved = sum(m["how"] != "unresolved" for m in mentions)
    roots = [i for i in known if i.on is None and i.kind in ("question", "post")]
    silent = [
        frozenset(x.data.silent_on or ())
        for x in facts.events
        if isinstance(x, e.PostCreated) and x.data.on is None and x.data.kind != "answer"
    ]
    people = facts.people
    root = roots[0] if roots else None
    title = tags = None
    if root:
        titles = [r["title"] for r in root.revisions if r["title"] is not None]
        title = None if root.erased else titles[-1] if titles else root.title
        tagged = [r["tags"] for r in root.revisions if r["tags"] is not None]
        tags = tagged[-1] if tagged else root.tags
    return {
        "title": title,
        "tags": list(tags or ()),
        "asked": when(root) if root else None,
        "asker": shown(root.author) if root else None,
        "first_at": stamp(known[0].at) if known else None,
        "last_at": stamp(known[-1].at) if known else None,
        "counts": {
            **{kind + "s": kinds[kind] for kind in KINDS},
            "edits": sum(len(i.revisions) for i in facts.items.values()),
            "deleted": sum(i.is_deleted for i in facts.items.values()),
            "people": len({people.root(i.author) for i in known if i.author}),
        },
        "mentions": {"resolved": resolved, "unresolved": len(mentions) - resolved},
        "silent_on": sorted(frozenset.intersection(*silent)) if silent else [],
        "conflicts": sum(i.conflict for i in facts.items.values()),
        **summary_waits(facts, root, known),
    }


__all__ = ["call", "masked_in", "views", "wait_between"]
