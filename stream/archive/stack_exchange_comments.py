"""Comments of a dump from their lines to packed events: most of its events are comments.

What is usual of a comment is told from its bytes as they are. A row with anything else about it is
told as `stream.archive.stack_exchange_posts.commented_encoded` tells it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import orjson

from stream.archive.fitting import BESIDE_TEXT_MAX, problem
from stream.archive.mentions import mentions
from stream.archive.robots import MARKED
from stream.archive.stack_exchange_lines import DIGITS_MAX, plain, row, rows
from stream.archive.stack_exchange_moments import written
from stream.archive.stack_exchange_posts import commented_encoded
from stream.archive.stack_exchange_rows import words
from stream.archive.stack_exchange_scores import BEFORE_ALL, packed_score
from stream.archive.stack_exchange_site import NAME_MAX
from stream.archive.stack_exchange_tables import ANSWER, QUESTION
from stream.archive.stack_exchange_xml import Unusual
from stream.codec.comments import called, stated
from stream.codec.framing import identified
from stream.codec.packing import packed, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream.archive.stack_exchange_lines import Values
    from stream.archive.stack_exchange_rows import Row
    from stream.archive.stack_exchange_scores import Scores
    from stream.archive.stack_exchange_site import Site
    from stream.archive.stack_exchange_xml import Stretches
    from stream.codec.framing import Frame

TOGETHER: Final = 50  # They and what is read at a time stay in the processor's cache:
CHUNK: Final = 32 * 1024  # with ten times as many, a row took a quarter longer.
LONG: Final = 64 * 1024  # Bytes of a text: three of these are no large event.
POSTS_MAX: Final = 4_000  # Kept at hand, with what is the same for a thread
AUTHORS_MAX: Final = 20_000  # Kept at hand, too

_COLUMNS: Final = ("Id", "PostId", "Score", "Text", "CreationDate", "UserId", "UserDisplayName")
_SCORES: Final = {str(score).encode(): score for score in range(1_000)}
_ZERO, _AMPERSAND, _BACKSLASH, _AT = b"0&\\@"  # Numbers, as `stack_exchange_lines` has them.


class Comments:
    """Those of a site, whose report and ``scores`` are of the stretch that is being read."""

    def __init__(self, site: Site, scores: Scores) -> None:
        self._site, self._scores = site, scores
        site.scores = scores  # For what is told as a row
        self._posts: dict[bytes, tuple[int, Frame]] = {}
        self._authors: dict[tuple[bytes, bytes], bytes] = {}

    def told(self, stretches: Stretches, number: int) -> Iterator[list[bytes]]:
        """What the comments of a stretch tell, packed, some at a time."""
        lines, taken = rows(stretches.document(number, CHUNK), stretches.root, _COLUMNS), 0
        try:
            while some := list(islice(lines, TOGETHER)):
                yield self._of_lines(some)
                taken += len(some)
        except Unusual:
            for one in islice(stretches.rows(number), taken, None):
                yield self._of_row(one)

    def _of_lines(self, lines: list[Values]) -> list[bytes]:
        records: list[bytes] = []
        points: list[bytes] = []
        posts, authors, newest = self._posts, self._authors, 0
        scores, last = self._scores, self._scores.newest
        for line, id_, post, score, text, created, user, name in lines:
            place = posts.get(post) or self._post(post)
            author = place and (authors.get((user, name)) or self._author(user, name))
            at, worth = written(created), _SCORES.get(score)
            if (
                (place is None or author is None or at is None or worth is None)
                or (not id_.isdigit() or id_[0] == _ZERO or len(id_) > DIGITS_MAX)
                or len(text) > LONG
            ):
                scores.newest = last
                records += self._of_row(row(line))
                last = scores.newest
                continue
            (thread, about), number = place, int(id_)
            if number <= last:
                raise Unusual  # Read as a row it is refused, and then the whole table.
            if last == BEFORE_ALL:
                scores.first = number
            last = number
            if worth:
                points.append(packed_score(thread, number, worth))
            said, mentioned = _said(text)
            time = created + b"Z"
            data = stated(author, b'"c%b"' % id_, mentioned, b'"%b"' % post, said, time)
            event, value = identified(about, time, data)
            records.append(record(at, about.rank, event, about.key, value))
            if at > newest:  # noqa: PLR1730  (a call of `max` a row is dear)
                newest = at
        self._site.see(newest)
        scores.newest = last
        scores.put(points)
        return records

    def _of_row(self, one: Row) -> list[bytes]:
        """The same of a row about which anything may be unusual."""
        told = list(commented_encoded(self._site, one))
        if any(len(event.value) > BESIDE_TEXT_MAX and problem(event) for event in told):
            raise Unusual  # It is to be refused, in its turn.
        return list(map(packed, told))

    def _post(self, written: bytes) -> tuple[int, Frame] | None:
        """The thread of a question or an answer; None for whatever else there is."""
        place = self._site.place({"PostId": plain(written)}) if written else None
        if place is None or place.kind not in (QUESTION, ANSWER):
            return None
        if len(self._posts) >= POSTS_MAX:
            self._posts.clear()
        found = self._posts[written] = place.thread, self._site.thread(place.thread).frame
        return found

    def _author(self, user: bytes, name: bytes) -> bytes | None:
        """How an account is said; None where there is none, and for the site's own."""
        if not user or len(name) > NAME_MAX:
            return None
        columns = {"UserId": plain(user), "UserDisplayName": plain(name)}
        found = self._site.author(columns, "UserId", "UserDisplayName")
        if found.person is None or found.person.id == MARKED or len(found.said) > NAME_MAX:
            return None
        if len(self._authors) >= AUTHORS_MAX:
            self._authors.clear()
        self._authors[user, name] = found.said
        return found.said


def _said(text: bytes) -> tuple[bytes, bytes]:
    """A text as JSON, and whom it mentions."""
    if not (_AMPERSAND in text or _BACKSLASH in text or _AT in text):
        return b'"%b"' % text, b""
    said = words(plain(text))
    return orjson.dumps(said), called(mentions(said))
