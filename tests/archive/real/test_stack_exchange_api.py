"""The API's answers, against a plain count of them.

Their ids are made up: question and answer have the same, and a page holds an answer to 2 inside
of question 1.
"""

from __future__ import annotations

import json

import pytest

from stream.archive.base import Options, Report
from stream.archive.opening import head
from stream.archive.stack_exchange_api import StackExchangeApi
from stream.core.events import CommentCreated, PostCreated, ThreadObserved
from tests.archive.conftest import ARCHIVES
from tests.archive.json_files import at, of, told

FOLDER = ARCHIVES / "stack-exchange" / "api"
PATHS = [FOLDER, *sorted(FOLDER.iterdir())]


def plainly(path):
    """Ids and dates of all items, by kind; how often the questions come."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    pages = [json.loads(file.read_text()) for file in files]
    questions = [q for page in pages for q in (page["items"] if isinstance(page, dict) else page)]
    inside = {
        key: {item[id_]: item["creation_date"] for q in questions for item in q[key]}
        for key, id_ in (("answers", "answer_id"), ("comments", "comment_id"))
    }
    asked = {q["question_id"]: q["creation_date"] for q in questions}
    copies = sum(1 + len(q["answers"]) + len(q["comments"]) for q in questions)
    return asked, inside["answers"], inside["comments"], copies


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_item_is_told_once_within_its_second(path):
    report = Report()
    events = told(StackExchangeApi(), path, report)
    asked, answers, comments, copies = plainly(path)
    expected = {str(id_): at(date) for id_, date in asked.items()}
    expected |= {f"a{id_}": at(date) for id_, date in answers.items()}
    expected |= {f"c{id_}": at(date) for id_, date in comments.items()}
    created = of(events, (PostCreated, CommentCreated))
    assert {event.data.item: event.data.when.after for event in created} == expected
    doubled = report.oddities.get("doubled-item")
    assert len(created) + (doubled.count if doubled else 0) == copies
    assert {event.source for event in events} == {"stackoverflow.com"}
    assert not report.unreadable
    assert StackExchangeApi().recognises(path, head(path, Options()))


def test_what_the_question_shows_is_observed():
    events = told(StackExchangeApi(), FOLDER / "stackexchange_question", Report())
    (observed,) = of(events, ThreadObserved)
    assert (observed.data.views, observed.data.scores) == (17, {"1": 1})


def test_a_page_before_the_last_says_so():
    report = Report()
    told(StackExchangeApi(), FOLDER / "stackexchange_question_page", report)
    assert report.oddities["pages-missing"].count == 1
    assert report.oddities["inside-another"].count == 1
