"""What scores a dump's comments have, by thread: in sorted runs on disk, beside the store.

Those but 0, which a third or a half of comments have. Where two processes read, ids are to grow, as
those of dumps do: then none is there twice, and nobody has to remember them. Where one does, the
store knows all of them.
"""

from __future__ import annotations

from heapq import merge
from itertools import groupby
from operator import itemgetter
from shutil import rmtree
from struct import Struct
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from stream.archive.sorting import Runs, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from stream.archive.beside import Found
    from stream.archive.stack_exchange_site import Site

SCORES_BYTES: Final = 4 * 1024 * 1024  # In memory, of each process
BEFORE_ALL: Final = -(1 << 63)

_FOLDER: Final = "scores"
_SCORE: Final = Struct(">QQq")  # Thread, comment, score: bytes compare as threads do.
_SIGN: Final = 1 << 63  # Wrong numbers may be below 0.

_decoded: Final[Callable[[str], dict[str, int]]] = msgspec.json.Decoder(dict[str, int]).decode
_OF_POSTS: Final = """
SELECT thread, json_group_object(id, score) FILTER (WHERE score <> 0), max(views) FROM posts
WHERE kind = 1 OR (kind = 2 AND score <> 0) GROUP BY thread ORDER BY thread
"""
_OF_COMMENTS: Final = "SELECT thread, id, score FROM comments WHERE score <> 0 ORDER BY thread, id"

OfThread: TypeAlias = "tuple[int, dict[str, int], int | None]"
"""A thread, the scores in it but 0 by item, and the views of its question."""


class Scores:
    """Those that one of two processes finds.

    ``newest``: the id of the last comment in the stretch that is being read; ``first``: that of its
    first one, None where it has none.
    """

    def __init__(self, folder: Path, name: str, memory_bytes: int = SCORES_BYTES) -> None:
        self.first: int | None = None
        self.newest = BEFORE_ALL
        # A folder of their own: what is merged has the same names everywhere.
        scores_in(folder).mkdir(exist_ok=True)
        self._runs = Runs(scores_in(folder), name, memory_bytes)

    def begin(self) -> None:
        """With a stretch."""
        self.first, self.newest = None, BEFORE_ALL

    def put_comment(self, id_: int, thread: int, score: int) -> bool:
        """False where it is not behind those before it, so that it may be there twice."""
        if id_ <= self.newest:
            return False
        self.first, self.newest = id_ if self.first is None else self.first, id_
        if score:
            self.put([packed_score(thread, id_, score)])
        return True

    def put(self, scores: list[bytes]) -> None:
        """Some that are packed, of comments whose ids are known to grow."""
        self._runs.add_packed(scores)

    def leave(self) -> None:
        """All of them are on disk."""
        self._runs.on_disk()


def packed_score(thread: int, comment: int, score: int) -> bytes:
    """As `Scores` keeps them."""
    return _SCORE.pack(thread + _SIGN, comment + _SIGN, score)


def growing(found: Iterable[Found]) -> bool:
    """Whether ids grow from stretch to stretch, which are in their order."""
    newest = BEFORE_ALL
    for one in found:
        if one.ids is not None:
            first, last = one.ids
            if first <= newest:
                return False
            newest = last
    return True


def scores_in(folder: Path) -> Path:
    """Where `Scores` leaves them that are given that folder."""
    return folder / _FOLDER


def scored(site: Site) -> Iterator[OfThread]:
    """Each thread that has any, and each question's, in order; those on disk are gone then."""
    asked, folder = site.store.asked, site.scores_in
    of_posts = ((thread, _decoded(scores), views) for thread, scores, views in asked(_OF_POSTS))
    if folder is None:
        of_comments = _by_thread(asked(_OF_COMMENTS))
    else:
        of_comments = _by_thread(map(_unpacked, merged(sorted(folder.iterdir()), folder)))
    both = merge(of_posts, of_comments, key=itemgetter(0))
    for thread, some in groupby(both, itemgetter(0)):
        scores: dict[str, int] = {}
        views = None
        for _, more, seen in some:
            scores |= more
            views = seen if views is None else views
        yield thread, scores, views
    if folder is not None:
        rmtree(folder)


def _by_thread(comments: Iterable[tuple[int, int, int]]) -> Iterator[OfThread]:
    for thread, some in groupby(comments, itemgetter(0)):
        yield thread, {f"c{id_}": score for _, id_, score in some}, None


def _unpacked(packed: bytes) -> tuple[int, int, int]:
    thread, id_, score = _SCORE.unpack(packed)
    return thread - _SIGN, id_ - _SIGN, score
