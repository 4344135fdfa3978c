# ruff: noqa: RUF001  (people type such quotation marks)
"""Who wrote a mail: "user at host", names in odd encodings, senders that a list has rewritten."""

from __future__ import annotations

import codecs
import re
from base64 import b64decode
from binascii import a2b_qp
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final

from stream.core.events import Person

if TYPE_CHECKING:
    from collections.abc import Callable

WRITTEN_MAX: Final = 1_000  # Of a sender; more is nobody's name.

_AT: Final = re.compile(r"(?<=[\w.+\-=\"’”]) (?:at|AT) (?=[\w\[][\w.\-]*)")
_COMMENTED: Final = re.compile(r"^\s*(?P<address>[^\s<>()]+@[^\s<>()]+)\s*\((?P<name>.*)\)\s*$")
_VIA: Final = re.compile(r"^['\"]?(?P<name>.+?)['\"]? via \S.*$", re.IGNORECASE)
_WORD: Final = re.compile(r"=\?(?P<charset>[^?\s]+)\?(?P<how>[bBqQ])\?(?P<text>[^?]*)\?=")
_WORDS: Final = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?: *=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
# Python knows these by name, but they are no encodings of texts that people write.
_NO_TEXT: Final = frozenset(("idna", "punycode", "raw-unicode-escape", "unicode-escape"))


def decoded(data: bytes, charset: str | None, odd: Callable[[str, str], None]) -> str:
    """``data`` as text; where the charset is unknown or wrong, the first of the usual ones."""
    tried = ["utf-8", "cp1252"]
    if charset:
        known = _known(charset)
        if known is None:
            odd("unknown-charset", charset)
        else:
            tried.insert(0, known)
    for name in tried:
        try:
            text = data.decode(name)
        except UnicodeError:
            continue
        if charset and _known(charset) not in {None, name}:
            odd("wrong-charset", f"{charset}, read as {name}")
        return clean(text)
    if charset:
        odd("wrong-charset", f"{charset}, read as latin-1")
    return clean(data.decode("latin-1"))


def clean(text: str) -> str:
    """Without what no text may hold: halves of characters and NUL."""
    text = text.replace("\0", "\ufffd")
    return text.encode(errors="replace").decode() if not text.isascii() else text


def header(value: str, odd: Callable[[str, str], None]) -> str:
    """A header's value with its encoded words in clear, on one line."""
    text = " ".join(value.replace("\0", "\ufffd").split())
    if not text.isascii():  # Bytes that are not, as `email` keeps them.
        text = decoded(text.encode("utf-8", "surrogateescape"), None, odd)
    if "=?" in text:
        text = _WORDS.sub(lambda run: _in_clear(run[0], odd), text)
    return clean(" ".join(text.split()))


def _in_clear(run: str, odd: Callable[[str, str], None]) -> str:
    """Encoded words one after another; a character may be split between two of one charset."""
    said: list[tuple[str, bytes]] = []
    for word in _WORD.finditer(run):
        charset = word["charset"].partition("*")[0].lower()
        try:
            data = _bytes(word["how"], word["text"])
        except ValueError:
            odd("broken-header", run)
            return run
        if said and said[-1][0] == charset:
            said[-1] = charset, said[-1][1] + data
        else:
            said.append((charset, data))
    return "".join(decoded(data, charset, odd) for charset, data in said)


def _bytes(how: str, text: str) -> bytes:
    data = text.encode()
    if how in "qQ":
        return a2b_qp(data, header=True)
    return b64decode(data + b"=" * (-len(data) % 4))


def sender(
    written: str, answers_to: str, lists: frozenset[str], odd: Callable[[str, str], None]
) -> Person | None:
    """Who a ``From`` names; ``answers_to``: the first other address said to be theirs.

    A list that rewrites senders ("Ann via list") puts its own address there for everybody: the
    name counts then, and the other address where it is not the list's own.
    """
    name, address = _split(header(written, odd))
    via = _VIA.match(name)
    if via and (not lists or address in lists):
        odd("rewritten-sender", written)
        other = _split(header(answers_to, odd))[1]
        own = other if other and other not in lists and other != address else None
        return Person(id=own, name=via["name"].strip())
    if not address and not name:
        return None
    return Person(id=address or None, name=name or None)


def address_of(written: str) -> str:
    """The address in ``written``, in small letters; "" where there is none."""
    return _split(written)[1]


def _split(written: str) -> tuple[str, str]:
    text = plain(written[:WRITTEN_MAX])
    commented = _COMMENTED.match(text)
    if commented:
        return commented["name"].strip().strip('"'), commented["address"].lower()
    try:
        name, address = parseaddr(text)
    except RecursionError:  # Comments within comments
        name, address = text, ""
    if "@" not in address:
        return (name or address or text).strip().strip('"'), ""
    return name.strip(), address.lower()


def plain(written: str) -> str:
    """``ann at example.org`` as the address it hides."""
    return _AT.sub("@", written, count=1) if "@" not in written else written


def _known(charset: str) -> str | None:
    name = charset.strip().strip("'\"").lower()
    try:
        found = codecs.lookup(name)
        b"a".decode(name, "ignore")  # Refuses those that make no text.
    except (LookupError, ValueError):
        return None
    return None if found.name in _NO_TEXT else found.name


__all__ = ["address_of", "clean", "decoded", "header", "plain", "sender"]
