"""Mailing lists: an mbox, or pipermail's text by month; one file or a folder of them.

Told: every mail as a post, under the one it answers (``In-Reply-To``, else the last of its
``References``), in the thread of the first mail that these lead to. An answer that names no mail
goes into the thread of the latest one with its subject, which is counted (``threaded-by-subject``)
and states nothing of who is answered.

Not told: attachments, headers besides those named here, signatures (they are part of the text,
as are quotations). A list knows no edits, deletions, acceptances, closings or scores.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stream.archive import mail_dates
from stream.archive.base import community_of
from stream.archive.mail_join import Join, Lies
from stream.archive.mail_parse import parsed
from stream.archive.mail_split import looks_like_mails, mails
from stream.archive.opening import opened
from stream.core.events import Person, PostCreated, PostData
from stream.core.when import When, to_datetime
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stream.archive.base import Options, Report
    from stream.archive.mail_join import Joined
    from stream.archive.mail_parse import Mail
    from stream.archive.mail_split import Raw
    from stream.archive.opening import File

SILENT: Final = ("accepted", "closed", "deleted", "edited", "score")


class Mbox:
    """Mails of a list, however many files they lie in."""

    name = "mbox"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        return looks_like_mails(head)

    def read(self, path: Path, options: Options, report: Report) -> Iterator[PostCreated]:
        join = Join(report)
        try:
            with opened(path, options, report) as files:
                for file in sorted(files, key=_place):
                    _add(file, join, options, report)
            join.link()
            yield from _told(path, join, options)
        finally:
            join.close()


def _place(file: File) -> tuple[tuple[int, int], str]:
    """By month where its name says one: "2017-April" comes after "2017-March"."""
    return mail_dates.month_of(file.name) or (0, 0), file.name


def _add(file: File, join: Join, options: Options, report: Report) -> None:
    month = mail_dates.month_of(file.name)
    for raw in mails(file, options, report):
        where = f"{raw.where}, row {raw.row}"
        try:
            mail = parsed(raw, partial(_odd, report, where))
        except ValueError as error:
            report.fault(raw.where, raw.row, str(error), options)
            continue
        date = mail.date
        if date is not None and mail_dates.contradicted(date, mail.arrived, month):
            date = None
        _judge(mail, date, raw, report)
        join.add(mail, date, Lies(where, month))


def _odd(report: Report, where: str, code: str, example: str) -> None:
    report.odd(code, f"{example} ({where})")


def _judge(mail: Mail, date: mail_dates.Stated | None, raw: Raw, report: Report) -> None:
    where = f"({raw.where}, row {raw.row})"
    if not mail.printed:
        report.odd("date-missing", f"{mail.id} {where}")
    elif date is None:
        report.odd("printed-date-refused", f"{mail.printed} {where}")
    elif not date.exact:
        report.odd("date-without-zone", f"{mail.printed} {where}")


def _told(path: Path, join: Join, options: Options) -> Iterator[PostCreated]:
    last = join.last()
    if last is None:
        msg = f"{path}: no mail says when it was written in a way that can be believed"
        raise ArchiveError(msg)
    community = community_of(_named(path), options, join.list_id())
    for mail in join.mails():
        yield _post(mail, community, last)


def _named(path: Path) -> Path:
    """What the archive is called by: a month is no name of a list, its folder's is."""
    if mail_dates.month_of(path.name) and not path.is_dir():
        return path.absolute().parent
    return path


def _post(mail: Joined, community: str, last: int) -> PostCreated:
    exact = mail.lo is not None and mail.lo == mail.hi
    lo = None if mail.lo is None else to_datetime(mail.lo)
    hi = None if mail.hi is None else to_datetime(mail.hi)
    author = Person(id=mail.author_id, name=mail.author_name)
    return PostCreated(
        source=community,
        subject=mail.thread,
        time=hi or to_datetime(last),
        data=PostData(
            item=mail.id,
            kind="post",
            on=mail.parent,
            author=author if author.id or author.name else None,
            title=mail.subject or None,
            text=mail.text,
            format="html" if mail.format == "html" else "text",
            when=When(at=hi) if exact else When(after=lo, by=hi),
            printed=mail.printed or None if not exact else None,
            silent_on=SILENT if mail.parent is None else None,
        ),
    )
