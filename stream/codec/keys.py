"""Record keys: a thread's key is its path under ``/v1/threads/``, an item's goes one further."""

from __future__ import annotations

from urllib.parse import unquote


def quoted(part: str) -> str:
    """One part of a key: "/" and "%" are percent-encoded, so that keys split in one way only."""
    if "%" in part or "/" in part:
        return part.replace("%", "%25").replace("/", "%2F")
    return part


def thread_key(community: str, thread: str) -> bytes:
    """``community/thread``: the key of the log and of ``threads``; decides the partition."""
    return f"{quoted(community)}/{quoted(thread)}".encode()


def item_key(community: str, thread: str, item: str) -> bytes:
    """``community/thread/item``: the key of ``items`` and ``replies``."""
    return f"{quoted(community)}/{quoted(thread)}/{quoted(item)}".encode()


def split_key(key: bytes) -> tuple[str, ...]:
    """The parts of a key, as they were before `quoted`."""
    return tuple(unquote(part) for part in key.decode().split("/"))
