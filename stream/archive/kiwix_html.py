# ruff: noqa: RUF001  (the dash of this format is U+2013)
"""The HTML of a Kiwix mirror's page: the same page as its text, and more of what it knows.

It prints every author, the scores of posts, tags, views, the accepted answer, a closing, the
question's id and when any post was last changed, by which every answer must have been there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from lxml import etree, html  # type: ignore[import-untyped]  # It ships no types.

from stream.archive.base import Options, Report, community_of
from stream.archive.files import page_text
from stream.archive.kiwix_page import Comment, Page, Post, events, person, read_time, slug
from stream.archive.mentions import mentions
from stream.core.events import Person
from stream.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from stream.core.events import Event

    Element: TypeAlias = Any  # lxml.html.HtmlElement

_MADE_BY: Final = b"openzim/sotoki"
_LAID_OUT: Final = (b'class="post-container"', b'id="question"')
_USER: Final = re.compile(r"/user/(\d+)[/.]")
_QUESTION: Final = re.compile(r"/questions/(\d+)")


class KiwixHtml:
    """The page as the mirror serves it."""

    name = "kiwix-html"
    ordered = False

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002  (a Reader's parameters)
        return b"<html" in head and (_MADE_BY in head or all(mark in head for mark in _LAID_OUT))

    def read(self, path: Path, options: Options, report: Report) -> Iterator[Event]:
        data = page_text(path, options, report).encode()
        try:
            document = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"))
        except etree.LxmlError as error:
            msg = f"{path} cannot be read as HTML: {error}"
            raise ArchiveError(msg) from error
        return events(_Parse(path, document, options, report).page(), report)


class _Parse:
    def __init__(self, path: Path, document: Element, options: Options, report: Report) -> None:
        self._path = path
        self._document = document
        self._options = options
        self._report = report

    def page(self) -> Page:
        question = _one(self._document, '//div[@id="question"]/div[@class="post"]')
        title = _text(_one(self._document, '//h2[@class="title"]'))
        metadata = _one(self._document, '//div[@class="metadata"]')
        asked = None if question is None else _asked(question, metadata)
        if question is None or asked is None:
            msg = f"{self._path}: no question with its date; give a question's page of the mirror"
            raise ArchiveError(msg)
        source = _one(self._document, '//div[@id="footer"]//a[contains(@href, "/questions/")]')
        if source is None:
            problem = "the page was cut off: it has no footer that says where it is from"
            self._report.fault(self._path, _last_row(self._document), problem, self._options)
        address = "" if source is None else source.get("href")
        number = _QUESTION.search(address)
        return Page(
            community=community_of(self._path, self._options, urlsplit(address).hostname),
            thread=number[1] if number else slug(title),
            title=title,
            asked=asked,
            posts=list(self._posts(question)),
            silent_on=("deleted", "edited"),
            scored=("answer", "comment", "question"),
            tags=_tags(question),
            views=_number(_said(metadata, "Viewed:")),
            active=_dated(metadata, "Active:"),
            closed=_date(_one(question, './div[@class="closed-banner"]')),
        )

    def _posts(self, question: Element) -> Iterator[Post]:
        yield self._post(question, "q")
        answers = self._document.xpath('//div[@id="answers"]/div/div[@class="post"]')
        whole = [post for post in answers if not self._cut(post)]
        for number, answer in enumerate(whole, 1):
            yield self._post(answer, f"a{number}")

    def _cut(self, answer: Element) -> bool:
        """Whether the page ends within this answer: half of a text is not what was said."""
        ends = _one(self._document, '//div[@id="footer"]') is not None
        if ends or answer.xpath('./div[@class="author"]//p[starts-with(., "Reputation")]'):
            return False
        problem = "the page ends within this answer"
        self._report.fault(self._path, answer.sourceline, problem, self._options)
        return True

    def _post(self, post: Element, item: str) -> Post:
        head = './div[@class="post-container"]/div[@class="reputation"]'
        body = _one(post, './div[@class="post-container"]/div[@class="body"]')
        score = _one(post, f'{head}/div[@class="score"]')
        return Post(
            author=self._author(_one(post, './div[@class="author"]'), item),
            text=_inner(body),
            format="html",
            printed=_printed(post),
            score=_number(_text(score)) or 0,
            accepted=bool(post.xpath(f'{head}/div[@class="accepted"]')),
            comments=list(self._comments(post, item)),
        )

    def _author(self, block: Element, item: str) -> Person | None:
        names = (
            []
            if block is None
            else block.xpath('.//p[not(span) and not(starts-with(., "Reputation:"))]')
        )
        link = _one(block, './/a[@class="profile"]')
        return self._person(_text(names[0]) if names else "", link, item)

    def _person(self, name: str, link: Element, item: str) -> Person | None:
        someone = person(name, item, self._report)
        number = None if link is None else _USER.search(link.get("href") or "")
        if someone is None or number is None:
            return someone
        return Person(id=number[1], name=someone.name)

    def _comments(self, post: Element, item: str) -> Iterator[Comment]:
        number = 0
        for block in post.xpath('./div[@class="comments"]/div[@class="comment"]'):
            said = _one(block, './/span[@class="text"]')
            at = _date(block)
            if said is None or at is None:
                problem = "a comment without its text or its date"
                self._report.fault(self._path, block.sourceline, problem, self._options)
                continue
            number += 1
            link = next((e for e in said.itersiblings() if e.tag == "a"), None)
            name = _text(link) if link is not None else (said.tail or "").strip(" –\n\t")
            author = self._person(name, link, f"{item}.c{number}")
            score = _number(_text(_one(block, './/span[starts-with(@class, "score")]')))
            yield Comment(
                text=_text(said),
                mentions=mentions("".join(said.xpath(".//text()[not(ancestor::code)]"))),
                author=author,
                at=at,
                score=score or 0,
            )


def _one(element: Element, path: str) -> Element:
    """The first that is there, None where nothing is."""
    found = [] if element is None else element.xpath(path)
    return found[0] if found else None


def _text(element: Element) -> str:
    return "" if element is None else str(element.text_content()).strip()


def _inner(element: Element) -> str:
    """What stands between an element's tags, as HTML."""
    if element is None:
        return ""
    children = (html.tostring(child, encoding="unicode") for child in element)
    return "".join([element.text or "", *children]).strip()


def _number(text: str) -> int | None:
    """A whole number printed with blanks between its thousands."""
    found = re.search(r"-?\d+", re.sub(r"(?<=\d)\s+(?=\d)", "", text))
    return int(found[0]) if found else None


def _printed(post: Element) -> str | None:
    dates = post.xpath('./div[@class="author"]//span[@class="date"]/@title')
    return str(dates[0]) if dates else None


def _asked(question: Element, metadata: Element) -> datetime | None:
    return read_time(_printed(question) or "") or _dated(metadata, "Asked:")


def _date(element: Element) -> datetime | None:
    """The last date within, which is the one that the template prints."""
    dates = [] if element is None else element.xpath('.//span[@class="date"]/@title')
    return read_time(str(dates[-1])) if dates else None


def _said(metadata: Element, label: str) -> str:
    return _text(_one(metadata, f'./p[starts-with(., "{label}")]'))


def _dated(metadata: Element, label: str) -> datetime | None:
    return _date(_one(metadata, f'./p[starts-with(., "{label}")]'))


def _tags(question: Element) -> tuple[str, ...]:
    return tuple(_text(tag) for tag in question.xpath('./div[@class="tags"]//li'))


def _last_row(document: Element) -> int:
    return max((int(e.sourceline) for e in document.iter() if e.sourceline), default=1)
