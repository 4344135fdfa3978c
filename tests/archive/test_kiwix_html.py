from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream.core.events import (
    AnswerAccepted,
    CommentCreated,
    Person,
    PostCreated,
    ThreadClosed,
    ThreadObserved,
)
from stream.core.when import When
from stream.errors import ArchiveError, RowError
from tests.archive.html_pages import ACCEPTED, ACTIVE, ASKED, author, closed, comment, post
from tests.archive.html_pages import page as html

ANN = author("Ann", 4)


def _time(printed):
    return datetime.fromisoformat(printed).replace(tzinfo=UTC)


def _first(events, kind, item=None):
    return next(
        e for e in events if isinstance(e, kind) and item in {None, getattr(e.data, "item", None)}
    )


@pytest.fixture
def read(page):
    def reading(text, **options):
        return page(text, name="page.html", **options)

    return reading


def test_the_footer_names_the_community_and_the_thread(read, report):
    asked = read(html(post(by=ANN)))[0]
    assert (asked.source, asked.subject) == ("water.example", "69")
    assert report.format == "kiwix-html"


def test_the_community_given_goes_before_the_footers(read):
    assert read(html(post(by=ANN)), community="mine")[0].source == "mine"


def test_a_question_has_title_body_tags_and_its_authors_id(read):
    asked = read(html(post(by=ANN, body="<p>Is it <b>warm</b>?</p>")))[0]
    assert asked.data.title == "How warm is water?"
    assert asked.data.text == "<p>Is it <b>warm</b>?</p>"
    assert asked.data.format == "html"
    assert asked.data.tags == ("heat", "bath-tub")
    assert asked.data.author == Person(id="4", name="Ann")
    assert asked.data.silent_on == ("deleted", "edited")


def test_an_author_without_a_profile_is_a_name(read):
    assert read(html(post(by=author("user23"))))[0].data.author == Person(name="user23")


def test_a_name_may_hold_a_colon(read):
    assert read(html(post(by=author("Ann: A", 4))))[0].data.author == Person(id="4", name="Ann: A")


def test_a_question_whose_author_is_not_printed_has_the_date_of_the_margin(read, report):
    asked = read(html(post(by="")))[0]
    assert asked.data.author is None
    assert asked.data.when == When(at=_time(ASKED))
    assert report.oddities["author-missing"].count == 1


def test_an_answer_was_there_when_any_post_was_last_changed(read):
    late = "2017-06-01T00:00:00.000"
    events = read(html(post(by=ANN), post(by=ANN), post(comment("Ah.", time=late), by=ANN)))
    for item in ("a1", "a2"):
        answered = _first(events, PostCreated, item)
        assert answered.data.when == When(after=_time(ASKED), by=_time(ACTIVE))
        assert answered.data.printed == ASKED


def test_an_answer_was_there_when_somebody_commented_on_it(read):
    early = "2017-05-01T00:00:00.000"
    events = read(html(post(by=ANN), post(comment("Ah.", time=early), by=ANN)))
    assert _first(events, PostCreated, "a1").data.when.by == _time(early)


def test_a_comment_has_text_author_score_and_mentions(read):
    said = comment("@Ann <em>not</em> <code>@Override</code> &lt;that&gt;", score=7)
    events = read(html(post(said, by=ANN)))
    told = _first(events, CommentCreated).data
    assert told.text == "@Ann not @Override <that>"
    assert told.mentions == ("Ann",)
    assert told.author == Person(name="Bob")
    assert _first(events, ThreadObserved).data.scores == {"q.c1": 7}


def test_a_deleted_users_comment_is_nobodys(read, report):
    told = _first(read(html(post(comment("Gone.", name="None"), by=ANN))), CommentCreated)
    assert told.data.author is None
    assert report.oddities["deleted-author"].count == 1


def test_what_the_page_saw_is_told_as_seen_after_its_last_time(read):
    events = read(html(post(by=ANN, score="1 021"), post(by=ANN, score="-3")))
    seen = _first(events, ThreadObserved)
    assert seen.data.scores == {"q": 1021, "a1": -3}
    assert seen.data.scored == ("answer", "comment", "question")
    assert seen.data.views == 2345
    assert seen.data.when == When(after=_time(ACTIVE))


def test_an_acceptance_is_known_but_not_its_time(read):
    events = read(html(post(by=ANN), post(by=ANN, more=ACCEPTED), post(by=ANN)))
    (accepted,) = [e for e in events if isinstance(e, AnswerAccepted)]
    assert accepted.data.item == "a1"
    assert accepted.data.when == When(after=_time(ASKED))
    assert accepted.time == _time(ACTIVE)


def test_a_closing_has_its_time(read):
    time = "2017-05-02T00:00:00.000"
    shut = _first(read(html(post(by=ANN + closed(time)))), ThreadClosed)
    assert shut.data.when == When(at=_time(time))
    assert shut.time == _time(time)


def test_a_page_cut_off_within_an_answer_says_where(read):
    whole = html(post(by=ANN), post(by=ANN), post(by=ANN, body="<p>Half of this"), footer=False)
    with pytest.raises(RowError, match="cut off") as raised:
        read(whole[: whole.index("Half of") + 4])
    assert raised.value.row > 1


def test_of_a_page_cut_off_the_rest_is_there_and_no_half_text(read, report):
    whole = html(post(by=ANN), post(by=ANN), post(by=ANN, body="<p>Half of this"), footer=False)
    events = read(whole[: whole.index("Half of") + 4], skip_unreadable=True)
    assert {e.data.item for e in events if isinstance(e, PostCreated)} == {"q", "a1"}
    assert [u.problem for u in report.unreadable] == [
        "the page was cut off: it has no footer that says where it is from",
        "the page ends within this answer",
    ]


def test_a_comment_cut_off_is_left_out(read, report):
    whole = html(post(comment("One."), comment("Two and a half."), by=ANN))
    events = read(whole[: whole.index("half")], skip_unreadable=True)
    assert [e.data.text for e in events if isinstance(e, CommentCreated)] == ["One."]
    assert report.skipped == 2


def test_another_page_of_the_mirror_is_no_question(read):
    tags = html(post(by=ANN)).replace('id="question"', 'id="tags"')
    with pytest.raises(ArchiveError, match="no question with its date"):
        read(tags)


def test_html_with_nothing_in_it_is_told(read):
    with pytest.raises(ArchiveError, match=r"no question|as HTML"):
        read("<!-- -->", format="kiwix-html")


def test_a_date_quoted_in_a_comment_is_not_the_comments(read):
    quoted = '<span class="date" title="2001-01-01T00:00:00.000">2001</span>'
    told = _first(read(html(post(comment(f"Since {quoted}"), by=ANN))), CommentCreated)
    assert told.time == _time(ASKED)
