"""What was found out once, kept until it is another: the last answers to the newest questions."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Q = TypeVar("Q", bound="Hashable")
A = TypeVar("A")


class Kept(Generic[Q, A]):
    """The answers to at most ``most`` questions, each with the version of what it was found in.

    Several threads may use it at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Q, tuple[object, A]] = {}
        self._lock = Lock()

    def get(self, question: Q, version: object) -> A | None:
        """The answer, if it is that of this version."""
        kept = self._kept.get(question)
        return kept[1] if kept is not None and kept[0] == version else None

    def last(self, question: Q) -> A | None:
        """The answer, of whatever version."""
        kept = self._kept.get(question)
        return None if kept is None else kept[1]

    def put(self, question: Q, version: object, answer: A) -> A:
        """Keep it, and forget the oldest where there are too many."""
        with self._lock:
            self._kept.pop(question, None)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[question] = version, answer
        return answer
