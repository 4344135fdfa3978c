from __future__ import annotations

import pytest

from stream.archive.base import Options
from stream.archive.hacker_news import HackerNews
from stream.archive.opening import head
from stream.core.events import CommentCreated, ItemDeleted, Person, PostCreated, ThreadObserved
from stream.core.when import When
from stream.errors import RowError
from tests.archive.json_files import at, of, saved, told

WRITTEN = 1_500_000_000


def story(id_=100, **more):
    title = "Ask HN: How warm?"
    item = {"id": id_, "type": "story", "by": "ann", "time": WRITTEN, "title": title, "score": 5}
    return {**item, "text": "Is 80 <i>right</i>?", **more}


def comment(id_, parent, **more):
    item = {"id": id_, "type": "comment", "by": "bob", "time": WRITTEN + id_, "parent": parent}
    return {**item, "text": "It is.", **more}


@pytest.fixture
def read(tmp_path, report):
    """Each item is a file, as the API gives them."""

    def reading(*items, options=None):
        for number, item in enumerate(items):
            saved(tmp_path / f"items/{number}.json", item, indent=1)
        return told(HackerNews(), tmp_path / "items", report, options)

    return reading


def recognised(path):
    return HackerNews().recognises(path, head(path, Options()))


def test_a_story_is_a_post(read):
    (created,) = of(read(story()), PostCreated)
    assert (created.source, created.subject) == ("news.ycombinator.com", "100")
    data = created.data
    assert (data.item, data.kind, data.on, data.author) == ("100", "post", None, Person(name="ann"))
    assert (data.title, data.text, data.format) == (
        "Ask HN: How warm?",
        "Is 80 <i>right</i>?",
        "html",
    )
    assert data.when == When(at=at(WRITTEN))
    assert data.silent_on == ("accepted", "closed", "edited")


@pytest.mark.parametrize("kind", ["job", "poll"])
def test_jobs_and_polls_are_posts_too(read, kind):
    assert of(read(story(type=kind)), PostCreated, "100").kind == "post"


def test_a_storys_address_is_its_text(read):
    data = of(read(story(text=None, url="https://tea.example/")), PostCreated, "100")
    assert (data.text, data.format) == ("https://tea.example/", "text")


def test_the_thread_is_found_by_the_chain_of_parents(read, report):
    events = read(comment(103, 102), comment(101, 100), story(), comment(102, 101))
    assert {event.subject for event in events} == {"100"}
    assert of(events, CommentCreated, "103").on == "102"
    assert not report.oddities


def test_a_chain_that_ends_at_a_missing_item_has_its_id(read, report):
    events = read(comment(103, 102), comment(102, 90), comment(104, 90))
    assert {event.subject for event in events} == {"90"}
    assert of(events, CommentCreated, "102").on == "90"
    assert report.oddities["orphan"].count == 2


def test_parents_in_a_circle_are_no_thread(read, report):
    with pytest.raises(RowError, match="parents of 101"):
        read(comment(101, 102), comment(102, 101))
    options = Options(skip_unreadable=True)
    assert not read(comment(101, 102), comment(102, 101), options=options)
    assert report.skipped == 2


def test_a_chain_may_be_deep(tmp_path, report):
    deep = [comment(n, n - 1) for n in range(20_100, 100, -1)]
    events = told(HackerNews(), saved(tmp_path / "deep.jsonl", *deep, story()), report)
    assert {event.subject for event in events} == {"100"}


def test_what_is_deleted_was_so_at_a_moment_unknown(read, report):
    gone = {"id": 101, "type": "comment", "parent": 100, "time": WRITTEN + 1, "deleted": True}
    events = read(story(), gone, comment(102, 101))
    assert of(events, CommentCreated, "101").author is None
    assert of(events, CommentCreated, "101").text is None
    (deleted,) = of(events, ItemDeleted)
    assert deleted.data.when == When(after=at(WRITTEN + 1))
    assert deleted.time == at(WRITTEN + 102)  # The archive's last printed time.
    assert report.oddities["deleted-author"].count == 1


def test_what_is_dead_is_shown_to_nobody_and_keeps_its_words(read):
    events = read(story(), comment(101, 100, dead=True))
    assert of(events, CommentCreated, "101").text == "It is."
    assert of(events, ItemDeleted, "101").when == When(after=at(WRITTEN + 101))


def test_an_item_without_a_time_has_no_bounds(read, report):
    events = read(story(), comment(101, 100, time=None))
    assert of(events, CommentCreated, "101").when == When()
    assert of(events, CommentCreated)[0].time == at(WRITTEN)
    assert report.oddities["date-missing"].count == 1


def test_only_posts_have_a_score(read):
    (observed,) = of(read(story(), comment(101, 100)), ThreadObserved)
    assert (observed.data.scores, observed.data.scored) == ({"100": 5}, ("post",))
    assert observed.data.when == When(after=at(WRITTEN + 101))


def test_null_and_the_options_of_polls_are_counted(read, report):
    option = {"id": 101, "type": "pollopt", "poll": 100, "text": "80", "score": 2, "time": WRITTEN}
    events = read(None, story(type="poll"), option)
    assert len(of(events, PostCreated)) == 1
    assert report.oddities["null-item"].count == 1
    assert report.oddities["not-told"].count == 1


def test_an_item_that_comes_twice_is_told_once(read, report):
    assert len(of(read(story(), story()), PostCreated)) == 1
    assert report.oddities["doubled-item"].count == 1


def test_lines_a_list_and_files_tell_the_same(tmp_path, read, report):
    items = story(), comment(101, 100)
    events = read(*items)
    lines, listed = saved(tmp_path / "a.jsonl", *items), saved(tmp_path / "b.json", [*items])
    assert events == told(HackerNews(), lines, report) == told(HackerNews(), listed, report)
    assert recognised(lines)
    assert recognised(listed)


def test_a_folder_that_begins_with_null_is_recognised(read, tmp_path):
    read(None, story())
    assert recognised(tmp_path / "items")
    assert not recognised(tmp_path / "items/0.json")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (story(time=253_402_300_799), "is no time"),
        (story(id_="x"), "Expected `int"),
        (story(id_=-1), "Expected `int"),
        (story(type="user"), "Invalid enum value"),
    ],
    ids=["year 9999", "text as id", "negative id", "type"],
)
def test_what_cannot_be_told_is_said_with_its_file(read, report, item, problem):
    with pytest.raises(RowError, match=rf"1\.json, row 1: .*{problem}"):
        read(story(1), item)
    events = read(story(1), item, options=Options(skip_unreadable=True))
    assert len(of(events, PostCreated)) == 1
    assert report.skipped == 1
