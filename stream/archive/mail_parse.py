"""From a mail's bytes to what is told of it: who, when, what, and which mails it refers to."""

from __future__ import annotations

import re
from email import policy
from email.errors import MessageError
from email.parser import BytesParser
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from stream.archive import mail_dates
from stream.archive.mail_people import address_of, clean, decoded, header, plain, sender
from stream.archive.mail_split import ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from email.message import Message

    from stream.archive.mail_dates import Stated
    from stream.archive.mail_split import Raw
    from stream.core.events import Person

    Odd = Callable[[str, str], None]

REFERENCES_MAX: Final = 1_000
ID_BYTES: Final = 16

_ID: Final = re.compile(r"<([^<>]+)>")
_BARE_ID: Final = re.compile(r"[^\s<>\"(),;:]+@[^\s<>\"(),;:]+")
_ANSWERS: Final = re.compile(
    r"^\s*(?:\[[^\]]*\]\s*)*(?:(?:re|aw|sv|antw|antwort|rif|res|odp|vs)(?:\[\d+\]|\^\d+)?\s*[::]\s*"
    r"|\[[^\]]*\]\s*)+",
    re.IGNORECASE,
)
_HEADERS: Final = frozenset(
    (
        "date", "from", "in-reply-to", "list-id", "list-post", "message-id", "received",
        "references", "reply-to", "subject", "x-beenthere", "x-list-received-date",
        "x-original-from",
    )
)  # fmt: skip
_LIST: Final = re.compile(r"<([^<>]+)>\s*$")
_PARSER: Final = BytesParser(policy=policy.compat32)


class Mail(NamedTuple):
    """``id``: its own, or a hash of it all. ``parents``: what it refers to, the nearest first.

    ``topic``: the subject without marks of an answer and of the list; ``answers``: it had one.
    ``date``: as far as it can be believed by itself; ``arrived``: by when it had come in.
    """

    id: str
    parents: tuple[str, ...]
    topic: str
    answers: bool
    date: Stated | None
    printed: str
    arrived: int | None
    author: Person | None
    subject: str
    text: str
    format: Literal["text", "html"]
    list_id: str


def parsed(raw: Raw, odd: Odd) -> Mail:
    """What a mail says; ``ValueError`` where it cannot be taken apart."""
    try:
        message = _PARSER.parsebytes(raw.data)
        text, form = _text(message, odd)
    except (MessageError, RecursionError, LookupError, TypeError) as error:
        msg = f"a mail that cannot be taken apart: {error}"
        raise ValueError(msg) from error
    headers = _headers(message)
    own = _own_id(headers, raw.data, odd)
    subject = header(headers.get("subject", ""), odd)
    marks = _ANSWERS.match(subject)
    printed = header(headers.get("date", ""), odd)
    return Mail(
        id=own,
        parents=tuple(one for one in _parents(headers) if one != own),
        topic=(subject[marks.end() :] if marks else subject).strip().lower(),
        answers=marks is not None and _is_answer(marks[0]),
        date=mail_dates.stated(printed),
        printed=printed,
        arrived=_arrived(headers, raw.envelope),
        author=_author(headers, raw.envelope, odd),
        subject=subject,
        text=text,
        format=form,
        list_id=_list_id(headers),
    )


def _headers(message: Message) -> Mapping[str, str]:
    """The first of each that is used, as it is written."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        key = name.lower()
        if key in _HEADERS:
            found.setdefault(key, str(value))
    return found


def _is_answer(marks: str) -> bool:
    return re.search(r"[a-z]\S*\s*:", re.sub(r"\[[^\]]*\]", "", marks), re.IGNORECASE) is not None


def _own_id(headers: Mapping[str, str], data: bytes, odd: Odd) -> str:
    found = _ids(headers.get("message-id", ""))
    if found:
        return found[0]
    made = f"hash-{blake2b(data, digest_size=ID_BYTES).hexdigest()}"
    odd("no-message-id", made)
    return made


def _parents(headers: Mapping[str, str]) -> tuple[str, ...]:
    """``In-Reply-To``, then ``References`` from the nearest to the first; each once."""
    direct = _ids(headers.get("in-reply-to", ""))
    before = _ids(headers.get("references", ""))[-REFERENCES_MAX:]
    return tuple(dict.fromkeys((*direct[:1], *reversed(before), *direct[1:])))


def _ids(written: str) -> list[str]:
    """Message ids; those without brackets too, and those hidden from harvesters."""
    text = clean(" ".join(written.split()))
    found = [plain(one.strip()).replace(" ", "") for one in _ID.findall(text)]
    bare = [text] if _BARE_ID.fullmatch(text) else []
    return [one for one in found if one] or bare


def _arrived(headers: Mapping[str, str], envelope: bytes) -> int | None:
    """By when the list had it: what a server wrote, else the envelope."""
    for name in ("x-list-received-date", "received"):
        written = " ".join(headers.get(name, "").split()).rpartition(";")[2]
        found = mail_dates.stated(written)
        if found is not None:
            return found.by
    match = ENVELOPE.match(envelope)
    return mail_dates.enveloped(match["date"].decode("latin-1")) if match else None


def _author(headers: Mapping[str, str], envelope: bytes, odd: Odd) -> Person | None:
    lists = frozenset(
        address_of(headers.get(name, "")) for name in ("list-post", "x-beenthere")
    ) - {""}
    lists = frozenset(one.removeprefix("mailto:") for one in lists)
    other = headers.get("x-original-from") or headers.get("reply-to", "")
    written = headers.get("from", "")
    match = ENVELOPE.match(envelope)
    if not written.strip() and match:
        odd("author-from-envelope", match["who"].decode("utf-8", "replace"))
        written = match["who"].decode("utf-8", "replace")
    found = sender(written, other, lists, odd)
    if found is None:
        odd("author-missing", header(headers.get("subject", ""), odd) or "no subject")
    return found


def _list_id(headers: Mapping[str, str]) -> str:
    match = _LIST.search(" ".join(headers.get("list-id", "").split()))
    return clean(match[1].strip().lower()) if match else ""


def _text(message: Message, odd: Odd) -> tuple[str, Literal["text", "html"]]:
    """What one reads: its plain parts, else its page."""
    plain_parts: list[str] = []
    pages: list[str] = []
    for part in _leaves(message):
        kind = part.get_content_type()
        if (
            kind not in {"text/plain", "text/html"}
            or part.get_content_disposition() == "attachment"
        ):
            continue
        (plain_parts if kind == "text/plain" else pages).append(_content(part, odd))
    if plain_parts or not pages:
        return "\n\n".join(one for one in plain_parts if one), "text"
    return "\n\n".join(pages), "html"


def _leaves(message: Message) -> Iterator[Message]:
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop()
        if part.is_multipart() and isinstance(part.get_payload(), list):
            waiting.extend(reversed(part.get_payload()))
        else:
            yield part


def _content(part: Message, odd: Odd) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_param("charset")
    named = charset if isinstance(charset, str) else (charset[2] if charset else None)
    text = decoded(data, named, odd)
    return text.replace("\r\n", "\n").strip("\n")
