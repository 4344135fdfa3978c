"""Who answers whom, the plain way: every comment looks at all earlier ones."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.laws.clean_people import call, called
from tests.laws.clean_waits import wait_between

SPEAKS = ("comment", "post")


class Replies:
    def __init__(self, facts: Any) -> None:
        self.items = facts.items
        self.people = facts.people
        every = facts.items.values()
        known = [i for i in every if i.kind in SPEAKS and (i.on is not None or i.kind == "post")]
        self.comments = sorted(known, key=lambda i: i.key)
        self.found = cache(self._found)

    def who(self, item: Any) -> Any:
        return self.people.root(item.author)

    def earlier(self, c: Any) -> list[Any]:
        return [d for d in self.comments if d.on == c.on and d.key < c.key]

    def on(self, c: Any) -> Any:
        post = self.items.get(c.on)
        return post if post is not None and post.kind else None

    def _found(self, id_: str) -> list[tuple[str, str, Any, Any]]:
        c = self.items[id_]
        if c not in self.comments:
            return []
        return [(name, *self.meant(name, c)) for name in c.said]

    def meant(self, name: str, c: Any) -> tuple[str, Any, Any]:
        said, post = call(name), self.on(c)
        aliases = self.people.others(said)
        for how, fits in (
            ("exact", lambda n: n == said),
            ("prefix", lambda n: len(said) >= 3 and n.startswith(said)),
            ("alias", lambda n: n in aliases),
        ):
            if not said:
                break
            matches = [d for d in self.earlier(c) if d.author and fits(called(d.author))]
            if not matches and post and post.author and fits(called(post.author)):
                matches = [post]
            if matches:
                return (how, *self.of_person(self.who(matches[-1]), matches[-1], c))
        return "unresolved", None, None

    def of_person(self, person: int | None, meant: Any, c: Any) -> tuple[Any, Any]:
        """Their latest earlier comment, and the latest not said to a third person."""
        theirs = [d for d in self.earlier(c) if d.author and self.who(d) == person]
        if not theirs:
            return meant, meant
        me = self.who(c)
        for d in reversed(theirs):
            whom = {self.who(to) for _, _, to, _ in self.found(d.id) if to}
            if not whom or (me is not None and me in whom) or (me is None and None in whom):
                return theirs[-1], d
        return theirs[-1], theirs[-1]

    def unsaid(self, c: Any) -> tuple[str, Any] | None:
        post = self.on(c)
        if c not in self.comments:
            return None
        if post is not None and post.kind in SPEAKS:
            return "explicit", post
        if c.said or post is None or not post.author or not c.author:
            return None
        if self.who(post) != self.who(c):
            return None
        earlier = self.earlier(c)
        others = [d for d in earlier if not d.author or self.who(d) != self.who(c)]
        if any(not d.author for d in earlier) or len({self.who(d) for d in others}) != 1:
            return None
        return "implicit", others[-1]

    def mentions(self, item: Any) -> list[dict[str, Any]]:
        from tests.laws.clean import shown  # noqa: PLC0415 - it imports us

        return [
            {
                "name": name,
                "how": how,
                "person": shown(to.author) if to else None,
                "item": to.id if to else None,
            }
            for name, how, to, _ in self.found(item.id)
        ]

    def row(self, item: Any) -> dict[str, list[dict[str, Any]]]:
        unsaid = self.unsaid(item)
        explicit = [self.target(item, *unsaid)] if unsaid and unsaid[0] == "explicit" else []
        guessed = [self.target(item, *unsaid)] if unsaid else []
        found = self.found(item.id)
        latest = explicit or [self.target(item, how, to) for _, how, to, _ in found if to]
        addressed = explicit or [self.target(item, how, d) for _, how, to, d in found if to]
        return {
            "explicit": explicit,
            "mention-latest": latest,
            "mention-addressed": addressed,
            "implicit": latest or guessed,
        }

    def target(self, item: Any, how: str, to: Any) -> dict[str, Any]:
        from tests.laws.clean import shown  # noqa: PLC0415 - it imports us

        wait = wait_between((to.after, to.by), (item.after, item.by), None)
        return {"item": to.id, "person": shown(to.author), "how": how, "wait": wait}
