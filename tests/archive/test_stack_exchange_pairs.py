"""Two dumps of one site: the later one, folded as of the earlier, says what the earlier one says.

The figures are those that HTTP gives with ``as_of``: title, last edit, closing, accepted answer,
comments, post by post. What no later dump can know is taken out of the earlier one by plain
counting of both: comments that are gone, and acceptances of which no vote is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.codec.keys import thread_key
from stream.codec.times import read_time
from stream.core.when import ms
from stream.serve.as_of import fold
from stream.serve.reading import readable
from stream.serve.standing import of_thread
from tests.archive.changing_site import Site
from tests.archive.stack_exchange_posts import Post, printed, rows
from tests.archive.stack_exchange_site import DAY, HOUR, NOON, SECOND

if TYPE_CHECKING:
    from pathlib import Path


class Turn(NamedTuple):
    """Whose turn it is at what, by two numbers."""

    site: Site
    one: int
    other: int

    @property
    def post(self) -> int:
        return self._of(list(self.site.posts))

    @property
    def question(self) -> int:
        return self._of([id_ for id_ in self.site.posts if id_ not in self.site.on])

    @property
    def answer(self) -> int:
        return self._of(list(self.site.on))

    @property
    def user(self) -> int:
        people = sorted(self.site.people)
        return people[self.other % len(people)]

    @property
    def title(self) -> str | None:
        return f"Title of {self.site.now} by {self.user}" if self.other % 2 else None

    def _of(self, posts: list[int]) -> int:
        return posts[self.one % len(posts)]


TYPES = (14, 15, 16, 19, 20, 33, 34, 36, 37, 38, 50, 52)  # Of history that changes no figure
TURNS = {
    "ask": lambda t: t.site.ask(t.user, f"Title {t.site.now}"),
    "answer": lambda t: t.site.answer(t.question, t.user),
    "comment": lambda t: t.site.comment(t.post, t.user),
    "edit": lambda t: t.site.edit(t.post, t.user, t.title),
    "roll back": lambda t: t.site.edit(t.post, t.user, t.title, back=True),
    "suggest": lambda t: t.site.suggest(t.post, f"Suggested {t.site.now}", f"By {t.site.now}"),
    "feature no more": lambda t: t.site.feature_no_more(t.question),
    "close": lambda t: t.site.close(t.question, t.user, ("1", "3", "101", "103")[t.other % 4]),
    "reopen": lambda t: t.site.reopen(t.question, t.user),
    "migrate": lambda t: t.site.migrate(t.question, t.user),
    "happen": lambda t: t.site.happen(t.post, TYPES[t.other % len(TYPES)]),
    "delete": lambda t: t.site.delete(t.post, t.user),
    "restore": lambda t: t.site.restore(min(t.site.deleted, default=0), t.user),
    "accept": lambda t: t.site.accept(t.answer),
    "take back": lambda t: t.site.take_back(t.answer),
    "remove a comment": lambda t: t.site.forget(min(t.site.comments, default=0)),
    "rename": lambda t: t.site.rename(t.user),
    "leave": lambda t: t.site.leave(t.user),
}
GAPS = st.sampled_from([2 * SECOND, HOUR, 6 * HOUR, DAY, 3 * DAY])
TURN = st.tuples(st.sampled_from(list(TURNS)), st.integers(0, 7), st.integers(0, 7), GAPS)


def as_of(dump: Path, at: int) -> dict[str, Post]:
    """The posts that stand, as HTTP shows them as of then."""
    events = list(read([dump], Options(community="c"), Report()))
    found: dict[str, Post] = {}
    for subject in {event.subject for event in events if event.subject}:
        told = [event for event in events if event.subject == subject]
        views = fold(thread_key("c", subject), told, [], at)
        if views is not None:
            found |= _figures(views)
    return found


def _figures(views):
    thread = orjson.loads(views["threads"][0])
    stands = of_thread(thread)
    for item in orjson.loads(readable(views["items"], [])):
        id_, asks = item["item"], item["kind"] == "question"
        if (
            thread["state"] == "deleted"
            or item["deleted"]
            or item["kind"] not in {"question", "answer"}
        ):
            continue
        edited, closed = item["edited"], stands["closed"] if asks else None
        yield (
            id_,
            Post(
                edited=None if edited is None else read_time(edited),
                title=thread["title"] if asks else None,
                closed=None if closed is None else read_time(closed["when"]["at"]),
                accepted=stands["accepted"]["item"] if asks and stands["accepted"] else None,
                comments=item["comments"],
            ),
        )


def knowable(earlier: Path, later: Path, at: int) -> dict[str, Post]:
    """What the earlier dump says, as far as the later one can know it."""
    here = set(printed(later))
    comments = {row["Id"] for row in rows(later, "Comments")}
    gone = [row["PostId"] for row in rows(earlier, "Comments") if row["Id"] not in comments]
    votes = {row["PostId"]: read_time(row["CreationDate"]) for row in rows(later, "Votes")}
    unfeatured = [
        (row["PostId"], read_time(row["CreationDate"]))
        for row in rows(later, "PostHistory")
        if row["PostHistoryTypeId"] == "6" and row["UserId"] == "-1"
    ]
    found = {}
    for id_, post in printed(earlier).items():
        if id_ not in here:
            continue
        voted = votes.get(post.accepted or "", at)
        times = [time for of, time in unfeatured if of == id_ and time <= at]
        found[id_] = post._replace(
            accepted=post.accepted if voted + DAY <= at + 1 else None,
            comments=post.comments - gone.count(id_),
            edited=max([*times, *([post.edited] if post.edited is not None else [])], default=None),
        )
    return found


def begun() -> Site:
    """Two questions with two answers each, all of them with a comment."""
    site = Site()
    for user in (1, 2):
        question = site.ask(user, f"Title {user}")
        for post in (question, site.answer(question, 3), site.answer(question, 4)):
            site.comment(post, 5)
    site.now += HOUR
    return site


@settings(deadline=None)
@given(before=st.lists(TURN, min_size=5, max_size=40), after=st.lists(TURN, max_size=40))
def test_a_later_dump_as_of_an_earlier_one_says_the_same(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("pair")
    site = begun()
    for verb, one, other, gap in before:
        TURNS[verb](Turn(site, one, other))
        site.now += gap
    earlier, at = site.dump(folder / "earlier"), ms(NOON) + site.now
    site.now += 1
    for verb, one, other, gap in after:
        TURNS[verb](Turn(site, one, other))
        site.now += gap
    later = site.dump(folder / "later")
    if site.there():
        assert as_of(later, at) == knowable(earlier, later, at)
