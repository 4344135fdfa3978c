"""How far something has read the log: the next offset of each partition, and its opaque token."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


class Position(dict[int, int]):
    """Partition → the next offset to read; a partition that is not there stands at 0."""

    @property
    def token(self) -> str:
        """URL-safe, opaque to whoever gets it; `parse` reads it again."""
        text = ",".join(f"{partition}:{offset}" for partition, offset in sorted(self.items()))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Self:
        """The position a token stands for; ``ValueError`` where it is none of ours."""
        try:
            text = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4)).decode()
            pairs = [pair.split(":") for pair in text.split(",") if pair]
            return cls({int(partition): int(offset) for partition, offset in pairs})
        except (ValueError, UnicodeError) as error:
            msg = f"{token!r} is no position; give one that Threadline printed or answered"
            raise ValueError(msg) from error

    def covers(self, other: Mapping[int, int]) -> bool:
        """Whether everything before ``other`` has been read."""
        return all(self.get(partition, 0) >= offset for partition, offset in other.items())

    def join(self, other: Mapping[int, int]) -> Position:
        """The further of both, partition by partition."""
        return Position({p: max(self.get(p, 0), other.get(p, 0)) for p in {*self, *other}})
