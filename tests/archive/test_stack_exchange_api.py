from __future__ import annotations

from datetime import timedelta

import pytest

from stream.archive.base import Options
from stream.archive.opening import head
from stream.archive.stack_exchange_api import StackExchangeApi
from stream.core import events as e
from stream.core.fold import Partition
from stream.core.when import When
from stream.errors import RowError
from tests.archive.json_files import at, of, saved, told

ASKED = 1_500_000_000
LAST = timedelta(milliseconds=999)


def second(after=0):
    return When(after=at(ASKED + after), by=at(ASKED + after) + LAST)


def user(id_=1, name="Ann", **more):
    link = f"https://tea.example/users/{id_}/x"
    return {"user_id": id_, "display_name": name, "user_type": "registered", "link": link, **more}


def question(id_=10, **more):
    return {
        "question_id": id_,
        "owner": user(),
        "creation_date": ASKED,
        "last_activity_date": ASKED + 900,
        "title": "How warm is &quot;warm&quot;?",
        "body": "<p>Is it 80?</p>",
        "tags": ["tea"],
        "score": 4,
        "view_count": 30,
        "link": f"https://tea.example/questions/{id_}/how-warm",
        **more,
    }


def answer(id_=11, **more):
    item = {"answer_id": id_, "question_id": 10, "owner": user(2, "Bob"), "score": 1}
    return {**item, "creation_date": ASKED + 60, "body": "<p>It is.</p>", **more}


def comment(id_=11, on=10, **more):
    item = {"comment_id": id_, "post_id": on, "owner": user(3, "Cid"), "score": 0}
    return {**item, "creation_date": ASKED + 90, "body": "@Ann Why?", "edited": False, **more}


def page(*items, **more):
    return {"items": items, "has_more": False, "quota_remaining": 9, "backoff": 10, **more}


@pytest.fixture
def read(tmp_path, report):
    def reading(*pages, options=None):
        for number, one in enumerate(pages):
            saved(tmp_path / f"tea/{number}.json", one, indent=1)
        return told(StackExchangeApi(), tmp_path / "tea", report, options)

    return reading


def recognised(path):
    return StackExchangeApi().recognises(path, head(path, Options()))


def test_a_question_is_told_within_its_second(read, report):
    events = read(page(question()))
    (event,) = of(events, e.PostCreated)
    assert (event.source, event.subject) == ("tea.example", "10")
    assert event.time == at(ASKED) + LAST
    data = event.data
    assert (data.item, data.kind, data.on, data.tags) == ("10", "question", None, ("tea",))
    assert (data.title, data.text) == ('How warm is "warm"?', "<p>Is it 80?</p>")
    assert (data.format, data.when, data.silent_on) == ("html", second(), ("deleted",))
    assert data.author == e.Person(id="1", name="Ann")
    assert not report.oddities


def test_a_dumps_exact_time_is_joined_without_a_conflict(read):
    state = Partition()
    for event in read(page(question())):
        state.join(event)
    exact = e.PostData(
        item="10",
        kind="question",
        author=e.Person(id="1", name="Ann"),
        title='How warm is "warm"?',
        tags=("tea",),
        when=When(at=at(ASKED + 0.313)),
        silent_on=(),
    )
    time = at(ASKED + 0.313)
    state.join(e.PostCreated(source="tea.example", subject="10", time=time, data=exact))
    item = state.thread("tea.example", "10").items["10"]
    assert (item.at, item.contested) == (ASKED * 1000 + 313, False)


def test_answers_and_comments_inside_are_told(read, report):
    inner = answer(comments=[comment(2, 11), comment(3, 11, post_id=None)])
    events = read(page(question(answers=[inner], comments=[comment(1)])))
    assert {event.subject for event in events} == {"10"}
    assert of(events, e.PostCreated, "11").on == "10"
    comments = {event.data.item: event.data.on for event in of(events, e.CommentCreated)}
    assert comments == {"c1": "10", "c2": "11", "c3": "11"}
    assert of(events, e.CommentCreated, "c1").mentions == ("Ann",)
    assert not report.oddities


def test_comments_by_themselves_find_their_thread(read, report):
    alone = comment(4, 99, link="https://tea.example/questions/98/x/99#comment4_99")
    events = read(page(comment(1, 11), comment(2, 10), alone), page(answer()), page(question()))
    threads = {event.data.item: event.subject for event in of(events, e.CommentCreated)}
    assert threads == {"c1": "10", "c2": "10", "c4": "98"}
    assert report.oddities["orphan"].count == 1


def test_a_comment_whose_thread_nobody_knows_is_kept_and_counted(read, report):
    events = read(page(comment(1, 77), comment(2, 78, post_type="question")))
    assert [event.subject for event in of(events, e.CommentCreated)] == ["77", "78"]
    assert report.oddities["thread-unknown"].count == 1


def test_an_answer_with_its_questions_number_is_told_apart(read):
    inner = answer(10, comments=[comment(5, 10)])
    events = read(page(question(answers=[inner], accepted_answer_id=10)))
    assert of(events, e.PostCreated, "a10").on == "10"
    assert of(events, e.CommentCreated, "c5").on == "a10"
    assert of(events, e.AnswerAccepted, "a10").when == When(after=at(ASKED))


def test_an_answer_inside_another_question_belongs_where_it_says(read, report):
    events = read(page(question(answers=[answer(question_id=20)])))
    (event,) = [one for one in of(events, e.PostCreated) if one.data.item == "11"]
    assert event.subject == "20"
    assert report.oddities["inside-another"].count == 1
    assert report.oddities["orphan"].count == 1


def test_acceptance_is_at_a_moment_unknown(read):
    events = read(page(question(accepted_answer_id=11, answers=[answer(is_accepted=True)])))
    whens = {event.data.when for event in of(events, e.AnswerAccepted)}
    assert whens == {When(after=at(ASKED)), When(after=at(ASKED + 60))}
    assert {event.time for event in of(events, e.AnswerAccepted)} == {at(ASKED + 900)}


def test_a_timeline_tells_its_second(read, report):
    line = {"question_id": 10, "post_id": 11, "creation_date": ASKED + 300}
    taken_back = {**line, "timeline_type": "unaccepted_answer", "creation_date": ASKED + 400}
    events = read(
        page(
            {**line, "timeline_type": "accepted_answer"},
            taken_back,
            {**line, "timeline_type": "vote_aggregate"},
        )
    )
    assert of(events, e.AnswerAccepted, "11").when == second(300)
    assert of(events, e.AnswerUnaccepted, "11").when == second(400)
    assert report.oddities["not-told"].count == 1


def test_closing_and_locking_have_their_seconds(read):
    events = read(
        page(question(closed_date=ASKED + 500, closed_reason="Duplicate", locked_date=ASKED + 600))
    )
    (closed,), (locked,) = of(events, e.ThreadClosed), of(events, e.ThreadLocked)
    assert (closed.data.when, closed.data.why) == (second(500), "Duplicate")
    assert locked.data.when == second(600)


def test_of_an_edited_post_the_first_words_are_unknown(read):
    edited = question(last_edit_date=ASKED + 50, last_editor=user(9, "Ed"))
    events = read(page(edited))
    assert of(events, e.PostCreated, "10").text is None
    edit = of(events, e.PostEdited, "10")
    assert (edit.when, edit.changes.text) == (second(50), "<p>Is it 80?</p>")
    assert edit.by == e.Person(id="9", name="Ed")


def revision(number, **more):
    item = {"revision_guid": f"g{number}", "revision_number": number, "post_id": 10}
    return {**item, "creation_date": ASKED + (number or 9), "user": user(9, "Ed"), **more}


def test_revisions_tell_the_first_words_and_each_edit(read, report):
    events = read(
        page(question(last_edit_date=ASKED + 3, answers=[answer()])),
        page(
            revision(3, body="<p>3</p>", is_rollback=True, comment="back"),
            revision(2, body="<p>2</p>", title="How hot?", tags=["heat"]),
            revision(1, body="<p>1</p>", title="Warm?"),
            revision(None, comment="Post closed"),
            revision(2, body="<p>2</p>", title="How hot?", tags=["heat"]),
        ),
    )
    first = of(events, e.PostCreated, "10")
    assert (first.text, first.title) == ("<p>1</p>", "Warm?")
    second_edit, third = (event.data for event in of(events, e.PostEdited))
    assert second_edit.changes == e.Changes(title="How hot?", text="<p>2</p>", tags=("heat",))
    assert (third.revision, third.rollback, third.note) == ("g3", True, "back")
    assert report.oddities["not-told"].count == 1


def test_an_edited_comment_was_edited_sometime(read):
    events = read(page(question(comments=[comment(1, edited=True)])))
    assert of(events, e.CommentCreated, "c1").text is None
    edit = of(events, e.CommentEdited, "c1")
    assert edit.when == When(after=at(ASKED + 90))
    assert (edit.changes.text, edit.mentions) == ("@Ann Why?", ("Ann",))


def test_a_deleted_user_has_a_name_at_most(read, report):
    gone = {"user_type": "does_not_exist", "display_name": "O&#39;Hara"}
    events = read(page(question(owner=gone, answers=[answer(owner=None)])))
    assert of(events, e.PostCreated, "10").author == e.Person(name="O'Hara")
    assert of(events, e.PostCreated, "11").author is None
    assert report.oddities["deleted-author"].count == 2


def test_code_calls_nobody_and_markdown_is_unescaped(read):
    html = comment(1, body="<code>@me</code> @<b>Bob</b> &amp; @Cid")
    markdown = comment(2, body_markdown="@Bob it&#39;s `@me` &gt; 5")
    del markdown["body"]
    events = read(page(question(comments=[html, markdown])))
    assert of(events, e.CommentCreated, "c1").mentions == ("Bob", "Cid")
    data = of(events, e.CommentCreated, "c2")
    assert (data.text, data.format) == ("@Bob it's `@me` > 5", "markdown")
    assert data.mentions == ("Bob",)


def test_scores_and_views_are_of_an_unknown_capture(read):
    events = read(page(question(answers=[answer()], comments=[comment(1)])))
    (observed,) = of(events, e.ThreadObserved)
    assert (observed.data.scores, observed.data.views) == ({"10": 4, "11": 1}, 30)
    assert observed.data.scored == ("answer", "comment", "question")
    assert observed.data.when == When(after=at(ASKED + 900))


def test_pages_that_overlap_are_told_once(read, report):
    first = page(question(answers=[answer()]), has_more=True)
    events = read(first, page(question(answers=[answer()])))
    assert len(of(events, e.PostCreated)) == 2
    assert report.oddities["doubled-item"].count == 2
    assert "pages-missing" not in report.oddities


def test_a_page_after_which_there_is_more_is_counted(read, report):
    read(page(question(), has_more=True))
    assert report.oddities["pages-missing"].count == 1


def test_items_without_their_wrapper_tell_the_same(tmp_path, read, report):
    items = question(), answer(), comment()
    listed, lines = saved(tmp_path / "a.json", [*items]), saved(tmp_path / "b.jsonl", *items)
    events = read(page(*items))
    assert events == told(StackExchangeApi(), listed, report)
    assert events == told(StackExchangeApi(), lines, report)
    assert all(map(recognised, (tmp_path / "tea", listed, lines)))


def test_the_folder_names_a_site_that_nothing_else_names(read):
    nowhere = question(link="", owner={"user_id": 1, "display_name": "Ann"})
    assert read(page(nowhere))[0].source == "tea"
    assert read(page(question()), options=Options(community="mine"))[0].source == "mine"


def test_an_error_of_the_api_is_no_page(read, report):
    error = {"error_id": 502, "error_name": "throttle_violation", "error_message": "too many"}
    with pytest.raises(RowError, match="throttle_violation: too many"):
        read(page(question()), error)
    events = read(page(question()), error, options=Options(skip_unreadable=True))
    assert len(of(events, e.PostCreated)) == 1
    assert report.skipped == 1


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (question(creation_date=253_402_300_799), "is no time"),
        (question(creation_date=None), "no creation_date"),
        (answer(question_id=None), "no question_id"),
        (comment(post_id=None), "no post_id"),
        (question(id_="x"), "Expected `int"),
    ],
    ids=["year 9999", "no date", "no question", "no post", "text as id"],
)
def test_what_cannot_be_told_is_said_with_its_place(read, report, item, problem):
    with pytest.raises(RowError, match=rf"0\.json, row 2: .*{problem}"):
        read(page(question(), item))
    events = read(page(question(), item), options=Options(skip_unreadable=True))
    assert len(of(events, e.PostCreated)) == 1
    assert report.skipped == 1


def test_items_of_other_kinds_are_counted(read, report):
    assert not read(page({"user_id": 5, "creation_date": ASKED}))
    assert report.oddities["not-told"].count == 1
