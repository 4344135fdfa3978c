"""Eight pages of a mirror, as text and as HTML, against the truth behind them."""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.codec.times import read_time
from stream.core.events import (
    AnswerAccepted,
    CommentCreated,
    PostCreated,
    ThreadClosed,
    ThreadObserved,
)
from stream.core.when import ms
from tests.archive.conftest import ARCHIVES

PAGES = ARCHIVES / "kiwix-pages"
NAMES = sorted(path.stem for path in (PAGES / "truth").iterdir())


class Told:
    """What is read of one page, beside the truth of each of its items."""

    def __init__(self, name: str, form: str) -> None:
        self.form = form
        self.report = Report()
        ending = "html" if form == "html" else "txt"
        path = PAGES / form / f"{name}.{ending}"
        self.events = list(read([path], Options(), self.report))
        self.truth = json.loads((PAGES / "truth" / f"{name}.json").read_text())
        self.posts = self._items(PostCreated)
        self.comments = self._items(CommentCreated)
        (self.observed,) = [e for e in self.events if isinstance(e, ThreadObserved)]

    def _items(self, kind):
        return {event.data.item: event.data for event in self.events if isinstance(event, kind)}

    def true_posts(self):
        return {f"a{n}" if n else "q": true for n, true in enumerate(self.truth["posts"])}

    def true_comments(self):
        return {
            f"{item}.c{n}": true
            for item, post in self.true_posts().items()
            for n, true in enumerate(post["comments"], 1)
        }


@pytest.fixture(
    scope="module",
    params=[(name, form) for name in NAMES for form in ("text", "html")],
    ids="-".join,
)
def told(request):
    return Told(*request.param)


def _name(data):
    return None if data.author is None else data.author.name


def _printed(name):
    return None if name == "None" else name


def test_every_item_is_there_and_nothing_else(told):
    assert set(told.posts) == set(told.true_posts())
    assert set(told.comments) == set(told.true_comments())
    assert not told.report.unreadable


def test_every_bound_contains_the_true_date(told):
    for item, true in told.true_posts().items():
        when, date = told.posts[item].when, read_time(true["true_created"])
        if item == "q":
            assert ms(when.at) == date
        else:
            assert when.at is None
            assert ms(when.after) <= date
            assert when.by is None or date <= ms(when.by)
            assert told.form == "text" or when.by is not None


def test_comments_have_their_times_texts_and_names(told):
    for item, true in told.true_comments().items():
        data = told.comments[item]
        assert ms(data.when.at) == read_time(true["created"])
        assert data.text.split() == true["text"].split()
        assert _name(data) == _printed(true["author"])


def test_comments_have_their_scores(told):
    for item, true in told.true_comments().items():
        assert told.observed.data.scores.get(item, 0) == true["score"]
    assert "comment" in told.observed.data.scored
    assert "ambiguous-score" not in told.report.oddities


def test_what_only_html_prints(told):
    if told.form == "text":
        assert {_name(told.posts[item]) for item in told.posts if item != "q"} <= {None}
        return
    for item, true in told.true_posts().items():
        assert _name(told.posts[item]) == _printed(true["author"])
        assert told.observed.data.scores.get(item, 0) == true["score"]
    accepted = {e.data.item for e in told.events if isinstance(e, AnswerAccepted)}
    assert accepted == {item for item, true in told.true_posts().items() if true["accepted"]}
    assert {event.subject for event in told.events} == {told.truth["question_id"]}
    assert {event.source for event in told.events} == {"conlang.meta.stackexchange.com"}


def test_the_question_has_its_title_and_name(told):
    assert told.posts["q"].title == told.truth["title"]
    assert _name(told.posts["q"]) == told.truth["posts"][0]["author"]


def test_the_closing_that_one_page_prints_is_told(told):
    closed = [event for event in told.events if isinstance(event, ThreadClosed)]
    assert len(closed) == (told.form == "html" and told.truth["question_id"] == "79")
