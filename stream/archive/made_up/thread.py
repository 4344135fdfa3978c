"""The course of one made-up thread: a question, then one act after another until it is over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from stream.archive.made_up import words
from stream.archive.made_up.acts import COURSE, UNHURRIED
from stream.archive.made_up.chance import HOUR
from stream.core.events import CommentCreated, CommentData, PostCreated, PostData
from stream.core.when import When, to_datetime

if TYPE_CHECKING:
    from stream.archive.made_up.people import Someone
    from stream.archive.made_up.world import World
    from stream.core.events import Event

ACTS_MAX: Final = 5_000
POSTS_MAX: Final = 40
REMEMBERED: Final = 8  # The last comments of a post that anybody still answers, mends or deletes.
REGULARS_MAX: Final = 12
NEVER_ANSWERED: Final = 0.12
ASKERS_SHARE: Final = 0.2  # Of all acts.
REGULARS_SHARE: Final = 0.5


class Comment(NamedTuple):
    """As far as anybody remembers it."""

    item: str
    author: Someone
    mentions: tuple[str, ...]


@dataclass(slots=True)
class Post:
    """A question or an answer, with the last of its comments."""

    item: str
    author: Someone
    comments: int = 0
    remembered: deque[Comment] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


@dataclass(slots=True)
class Thread:
    """Everything it keeps is bounded, however long it gets. ``left``: acts still to come."""

    world: World
    subject: str
    thing: str
    asker: Someone
    takes_answers: bool
    left: int
    pace: int
    posts: list[Post] = field(default_factory=list)
    regulars: list[Someone] = field(default_factory=list)
    deleted: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    accepted: str | None = None
    closed: bool = False
    revisions: int = 0

    @classmethod
    def begin(cls, world: World, subject: str, *, alone: bool) -> Thread:
        """``alone``: nobody will come by, whatever chance says."""
        takes_answers = world.chance.draw() >= NEVER_ANSWERED
        acts = world.chance.heavy(4, ACTS_MAX) if takes_answers else world.chance.heavy(1, 30)
        return cls(
            world=world,
            subject=subject,
            thing=world.chance.pick(words.THINGS),
            asker=world.people.anybody(),
            takes_answers=takes_answers,
            left=1 if alone else acts,
            pace=max(acts, UNHURRIED),
        )

    def act(self, at: int) -> tuple[Event, int | None]:
        """What happens at ``at``, and when the next thing will; None where that was all."""
        when = When(at=to_datetime(at))
        event = self._next(when) if self.posts else self._ask(when)
        self.left -= 1
        if self.left <= 0:
            return event, None
        wait = self.world.chance.wait() * UNHURRIED // self.pace
        coming = at + max(wait, 1)
        return event, self.world.chance.awake(coming) if wait >= HOUR else coming

    def somebody(self) -> Someone:
        """Whoever acts next: often the asker or one of the thread's regulars."""
        chance = self.world.chance
        draw = chance.draw()
        if draw < ASKERS_SHARE:
            return self.asker
        if self.regulars and draw < ASKERS_SHARE + REGULARS_SHARE:
            return chance.pick(self.regulars)
        someone = self.world.people.anybody()
        if len(self.regulars) < REGULARS_MAX:
            self.regulars.append(someone)
        return someone

    def text(self, least: int, opening: str = "") -> str:
        return self.world.text(least, self.thing, opening)

    def remark(self, mentions: tuple[str, ...]) -> str:
        """The text of a comment that calls these."""
        draw = self.world.chance.draw()
        opening = "".join(f"@{name} " for name in mentions)
        return self.text(60 + int(draw * draw * 700), opening)

    def _next(self, when: When) -> Event:
        draw = self.world.chance.draw()
        for share, act in COURSE:
            if draw < share:
                return act(self, when) or self._comment(when)
            draw -= share
        often = 0.6 if len(self.posts) == 1 else 0.1
        if self._answerable() and self.world.chance.draw() < often:
            return self._answer(when)
        return self._comment(when)

    def _answerable(self) -> bool:
        return self.takes_answers and not self.closed and len(self.posts) < POSTS_MAX

    def _ask(self, when: When) -> Event:
        chance = self.world.chance
        title = chance.pick(words.TITLES).format(self.thing)
        text = self.text(150 + int(chance.draw() * 450))
        tags = tuple(sorted({chance.pick(words.TAGS) for _ in range(1 + int(chance.draw() * 3))}))
        self.posts.append(Post("q", self.asker))
        return self.world.tell(
            PostCreated,
            self.subject,
            PostData(
                item="q",
                kind="question",
                author=self.asker.person,
                title=title,
                text=text,
                tags=tags,
                when=when,
                silent_on=(),
            ),
        )

    def _answer(self, when: When) -> Event:
        text = self.text(120 + int(self.world.chance.draw() * 450))
        post = Post(f"a{len(self.posts)}", self.somebody())
        self.posts.append(post)
        return self.world.tell(
            PostCreated,
            self.subject,
            PostData(
                item=post.item,
                kind="answer",
                on="q",
                author=post.author.person,
                text=text,
                when=when,
            ),
        )

    def _comment(self, when: When) -> Event:
        chance = self.world.chance
        draw = chance.draw()
        post = self.posts[-1 - int(draw * draw * draw * len(self.posts))]
        author = self.somebody()
        mentions = self._mentions(post, author)
        text = self.remark(mentions)
        post.comments += 1
        comment = Comment(f"{post.item}.c{post.comments}", author, mentions)
        post.remembered.append(comment)
        return self.world.tell(
            CommentCreated,
            self.subject,
            CommentData(
                item=comment.item,
                on=post.item,
                author=author.person,
                text=text,
                mentions=mentions,
                when=when,
            ),
        )

    def _mentions(self, post: Post, author: Someone) -> tuple[str, ...]:
        """Now and then somebody who has spoken there; rarely two of them."""
        chance = self.world.chance
        draw = chance.draw()
        if draw >= 0.4:  # noqa: PLR2004 - of all comments, so many call nobody
            return ()
        spoken = [comment.author for comment in post.remembered]
        spoken = [other for other in (*spoken, post.author) if other != author]
        called = [chance.pick(spoken) for _ in range(2 if draw < 0.02 else 1)] if spoken else []  # noqa: PLR2004
        return tuple(dict.fromkeys(self.world.people.call(other) for other in called))
