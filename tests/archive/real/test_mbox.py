"""Real mailing lists, against counts that regular expressions make of the same files."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.core.events import PostCreated
from tests.archive.conftest import ARCHIVES

LISTS = ARCHIVES / "mailing-list"
PIPERMAIL = LISTS / "docktesters"
ODD = sorted((LISTS / "odd-encodings").iterdir())
SEPARATOR = re.compile(rb"^From .* \d\d:\d\d:\d\d \d{4}$", re.MULTILINE)


def _headers():
    """Each mail's header as text, in whatever order the files come."""
    for path in sorted(PIPERMAIL.iterdir()):
        for mail in SEPARATOR.split(path.read_bytes())[1:]:
            yield mail.split(b"\n\n", 1)[0].decode("latin-1").replace("\n ", " ")


def _field(header, name):
    found = re.search(rf"^{name}: (.*)$", header, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def _posts(events):
    return {event.data.item: event for event in events if isinstance(event, PostCreated)}


@pytest.fixture(scope="module")
def report():
    return Report()


@pytest.fixture(scope="module")
def posts(report):
    return _posts(read([PIPERMAIL], Options(), report))


def test_every_mail_is_there(posts, report):
    ids = {_field(header, "Message-ID")[1:-1] for header in _headers()}
    assert posts.keys() == ids
    assert len(ids) == 109
    assert not report.unreadable


def test_every_mail_stands_under_the_one_it_answers(posts):
    for header in _headers():
        post = posts[_field(header, "Message-ID")[1:-1]]
        answered = _field(header, "In-Reply-To")
        assert post.data.on == (answered and answered[1:-1])


def test_every_mail_has_its_moment(posts):
    for header in _headers():
        post = posts[_field(header, "Message-ID")[1:-1]]
        assert post.data.when.at == parsedate_to_datetime(_field(header, "Date"))


def test_two_mails_answer_one_that_is_not_there(posts, report):
    answered = {_field(header, "In-Reply-To") for header in _headers()} - {None}
    missing = {one[1:-1] for one in answered} - posts.keys()
    orphans = [post for post in posts.values() if post.data.on in missing]
    assert len(orphans) == report.oddities["orphan"].count == 2
    assert report.oddities.keys() == {"orphan"}


def test_threads_are_those_that_the_answers_join(posts):
    leader = {item: item for item in posts}

    def lead(item):
        while leader.setdefault(item, item) != item:
            item = leader[item]
        return item

    for header in _headers():
        item = _field(header, "Message-ID")[1:-1]
        linked = f"{_field(header, 'In-Reply-To') or ''} {_field(header, 'References') or ''}"
        for other in re.findall(r"<([^<>]+)>", linked):
            leader[lead(item)] = lead(other)
    by_hand: dict[str, set[str]] = {}
    told: dict[str, set[str]] = {}
    for item, post in posts.items():
        by_hand.setdefault(lead(item), set()).add(item)
        told.setdefault(post.subject, set()).add(item)
    assert sorted(map(sorted, told.values())) == sorted(map(sorted, by_hand.values()))


def test_people_are_those_of_the_addresses(posts):
    said = {_field(header, "From").split(" (")[0].replace(" at ", "@") for header in _headers()}
    ids = {post.data.author.id for post in posts.values()}
    assert ids == {one.lower() for one in said}
    names = {post.data.author.name for post in posts.values()}
    assert "Joachim Lütken Weischenfeldt" in names


def _read(name):
    report = Report()
    events = read([LISTS / "odd-encodings" / name], Options(), report)
    return _posts(events), report


@pytest.mark.parametrize("path", ODD, ids=lambda path: path.stem)
def test_no_odd_encoding_stops_the_reader(path):
    events, report = _read(path.name)
    assert events
    assert not report.unreadable
    ids = re.findall(rb"^message-id: *<(\S+)>$", path.read_bytes(), re.MULTILINE | re.IGNORECASE)
    assert {one.decode() for one in ids} <= events.keys()


def test_missing_fields_are_said_and_nothing_is_made_up():
    events, report = _read("mbox_no_fields.mbox")
    assert {code: oddity.count for code, oddity in report.oddities.items()} == {
        "date-missing": 2,
        "doubled-item": 3,
        "no-message-id": 1,
        "printed-date-refused": 1,
    }
    wrong = events["0000be042b7b@domain.com"].data
    assert wrong.when.at is None
    assert wrong.printed == "RANDOM_Wed, 21 Sep 2016 22:42:07 +0300"


def test_names_in_odd_encodings_are_read_as_far_as_they_can_be():
    (event,) = _read("mbox_unknown_encoding.mbox")[0].values()
    assert event.data.author.id == "yuancong@example.com"
    assert "\ufffd" not in event.data.author.name
    names = {post.data.author.name for post in _read("mbox_no_fields.mbox")[0].values()}
    assert "Göran Lastname" in names
