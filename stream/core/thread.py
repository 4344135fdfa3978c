"""A thread's state: its items, the sums over them, and what was stated of it as a whole."""

from __future__ import annotations

from array import array
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from stream.core.item import HORIZON, Item
from stream.core.moments import stands
from stream.core.people import Names, tokens_of, united
from stream.core.when import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from stream.core.community import Community
    from stream.core.moments import Happenings
    from stream.core.people import Voice
    from stream.core.post import Post
    from stream.core.when import Moment

ANSWER: Final = "answer"
KINDS: Final = ("question", ANSWER, "post", "comment")
TANGLED, UNTANGLED = 1, 2  # Tokens do not say who is who; the latter: to be found out again.


class Observed:
    """What an archive saw of the thread when it was captured; the latest by (time, id) counts."""

    __slots__ = ("id", "moment", "scored", "views")

    def __init__(
        self, id_: str, moment: Moment, scored: tuple[str, ...], views: int | None
    ) -> None:
        self.id = id_
        self.moment = moment
        self.scored = scored
        self.views = views

    @property
    def version(self) -> tuple[int, str]:
        return self.moment.at, self.id


NEVER: Final[Mapping[str, Happenings]] = MappingProxyType({})
Alias: TypeAlias = tuple[tuple[str, ...], str, str]
NO_ALIASES: Final[frozenset[Alias]] = frozenset()
NOBODY: Final[frozenset[tuple[str, str]]] = frozenset()


class Stated:
    """Statements about the thread as a whole, as its row in ``threads`` carries them.

    Most threads have the same nothing in most of it; only what is a thread's own is changed.
    """

    __slots__ = (
        "accepted",
        "aliases",
        "erased",
        "happened",
        "observed",
        "silent",
        "taken",
        "unaccepted",
    )

    def __init__(self) -> None:
        self.accepted: Mapping[str, Happenings] = NEVER  # By item
        self.unaccepted: Mapping[str, Happenings] = NEVER
        self.happened = NEVER  # closed, reopened, locked, unlocked
        self.observed: Observed | None = None
        self.aliases: AbstractSet[Alias] = NO_ALIASES  # Names, by, evidence
        self.erased: AbstractSet[tuple[str, str]] = NOBODY  # Id and name, "" where missing
        self.silent: frozenset[str] | None = None
        self.taken: int | None = None  # See `room`; None: to be found out.


@lru_cache(maxsize=1024)
def silence(facts: tuple[str, ...]) -> frozenset[str]:
    """What an archive cannot tell; kept once, as all threads of an archive say the same."""
    return frozenset(facts)


class Thread:
    """``people``: token → items of theirs; ``hazy``: the items whose moment is only bounded.

    ``root``: the first post. ``response``, ``answer``, ``comment``: the first of each by somebody
    else; ``returned``: the asker's first act after the response. ``stale``: these are to be looked
    for again. ``roots``: who is who where tokens do not say it all, else None.

    ``entering``: items whose part is put in when the batch is settled; ``touched``: to be told.
    """

    __slots__ = (
        "answer",
        "asker",
        "comment",
        "community",
        "contested",
        "deleted",
        "edits",
        "entering",
        "first_at",
        "gone_answers",
        "hazy",
        "head",
        "heard",
        "hidden",
        "id",
        "items",
        "joining",
        "key",
        "kinds",
        "last_at",
        "names",
        "open",
        "people",
        "posts",
        "resolved",
        "response",
        "returned",
        "root",
        "roots",
        "spoken",
        "stale",
        "stated",
        "tangled",
        "touched",
        "unlearned",
        "unresolved",
        "voices",
    )

    def __init__(self, community: Community, id_: str) -> None:  # noqa: PLR0915 - a line for each
        self.community = community
        self.id = id_
        self.key = b""  # Kept by the codec, like ``head``.
        self.head = ""
        self.items: dict[str, Item] = {}
        self.posts: dict[str, Post] = {}
        self.stated: Stated | None = None
        self.kinds = [0, 0, 0, 0]
        self.edits = self.deleted = self.gone_answers = self.contested = 0
        self.resolved = self.unresolved = 0
        self.people: dict[str, int] = {}
        self.first_at, self.last_at = HORIZON, LONG_AGO
        self.spoken = array("q")
        self.hazy: dict[str, Item] | None = None
        self.root: Item | None = None
        self.asker: str | None = None
        self.response: Item | None = None
        self.answer: Item | None = None
        self.comment: Item | None = None
        self.returned: Item | None = None
        self.stale = False
        self.touched: dict[str, Item] = {}
        self.entering: list[Item] = []
        self.open: list[Post] = []
        self.tangled = 0
        self.roots: Mapping[str, str] | None = None
        self.heard: set[Voice] | None = None  # Who has written, once tangled
        self.joining: set[Voice] | None = None  # Those of them who are new
        self.voices: dict[str, set[Voice]] | None = None  # By root, once tangled
        self.names: Names | None = None  # Where the thread has aliases of its own
        self.unlearned = False  # Aliases were stated since these were put together.
        self.hidden: frozenset[str] = community.erased

    def who(self, voice: Voice) -> str:
        """One token for all that are the same person."""
        token = voice.token
        return token if self.roots is None else self.roots.get(token, token)

    @property
    def statements(self) -> Stated:
        """`stated`, made where there is nothing yet."""
        if self.stated is None:
            self.stated = Stated()
        return self.stated

    def mix_up(self) -> None:
        """Somebody may have gone: find again who is who, where that is in question."""
        if self.tangled:
            self.tangled, self.heard = UNTANGLED, None

    @property
    def haze(self) -> dict[str, Item]:
        """`hazy`, made where there is nothing yet."""
        if self.hazy is None:
            self.hazy = {}
        return self.hazy

    @property
    def aliases(self) -> Names:
        """The names that are one person's, here."""
        return self.community.names if self.names is None else self.names

    def learn_names(self) -> None:
        """Put together again the thread's own aliases and those of its community."""
        if self.stated is not None and self.stated.aliases:
            stated = (names for names, _, _ in self.stated.aliases)
            self.names = united(self.community.names, stated)
        self.unlearned = False

    def learn_erased(self) -> None:
        """Put together again whom nobody may see."""
        self.hidden = self.community.erased  # One for all threads, but those of which more is said.
        if self.stated is not None and self.stated.erased:
            self.hidden |= tokens_of(self.stated.erased)

    @property
    def people_count(self) -> int:
        """Distinct known authors, aliases counted once."""
        if self.roots is None:
            return len(self.people)
        roots = self.roots
        return len({roots.get(token, token) for token in self.people})

    @property
    def state(self) -> str:
        """``deleted``, ``closed``, ``accepted``, ``answered``, ``waiting``: the first to hold."""
        stated, root = self.stated, self.root
        if root is not None and root.deleted:
            return "deleted"
        if stated is not None and stated.happened and self._stands("closed", "reopened"):
            return "closed"
        if stated is not None and stated.accepted and self._accepted():
            return "accepted"
        answers = self.kinds[KINDS.index(ANSWER)] - self.gone_answers
        return "answered" if answers or self._forum_answered() else "waiting"

    def _forum_answered(self) -> bool:
        """Whether a post was answered; where it is not there, what stands under it answers it."""
        root = self.root
        if root is not None:
            return root.kind == "post" and self.response is not None
        return any(item.kind == "post" and not item.deleted for item in self.items.values())

    def _stands(self, done: str, undone: str) -> bool:
        happened = self.statements.happened
        return stands(happened.get(done, ()), happened.get(undone, ()))

    def _accepted(self) -> bool:
        stated = self.statements
        return any(
            stands(done, stated.unaccepted.get(item, ())) for item, done in stated.accepted.items()
        )
