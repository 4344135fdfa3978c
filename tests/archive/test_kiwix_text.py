# ruff: noqa: RUF001  (the dash of this format is U+2013)
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream.core.events import CommentCreated, Person, PostCreated, ThreadObserved
from stream.core.when import When
from stream.errors import ArchiveError, RowError
from tests.archive.pages import ASKED, answer, at, comment, question


def _time(printed):
    return datetime.fromisoformat(printed).replace(tzinfo=UTC)


def _comment(events, item="q.c1"):
    return next(e for e in events if isinstance(e, CommentCreated) and e.data.item == item)


def _post(events, item):
    return next(e for e in events if isinstance(e, PostCreated) and e.data.item == item)


def _scores(events):
    return next(e.data.scores for e in events if isinstance(e, ThreadObserved))


def test_a_question_has_its_name_its_time_and_what_the_page_cannot_tell(page, report):
    asked = page(question())[0]
    assert asked.source == "place.example"
    assert asked.subject == "how-warm-is-water"
    assert asked.data.author == Person(name="Ann")
    assert asked.data.text == "I held my hand in it."
    assert asked.data.title == "How warm is water?"
    assert asked.data.when == When(at=_time(ASKED))
    assert asked.data.silent_on == ("accepted", "closed", "deleted", "edited")
    assert report.format == "kiwix-text"


def test_the_community_is_the_one_given(page):
    assert page(question(), community="water.example")[0].source == "water.example"


def test_two_blank_lines_above_posted_mean_that_the_name_is_missing(page, report):
    asked = page(question(name=None))[0]
    assert asked.data.author is None
    assert asked.data.text == "I held my hand in it."
    assert report.oddities["author-missing"].count == 1


def test_a_line_too_long_for_a_name_above_posted_is_text(page):
    long = "This is a sentence that goes on for far longer than any name would do."
    asked = page(question(name=long))[0]
    assert asked.data.author is None
    assert asked.data.text.endswith(long)


def test_an_answer_lies_between_its_question_and_its_first_comment(page, report):
    events = page(question() + answer(comment("Is it?", time=at(9))))
    answered = _post(events, "a1")
    assert answered.data.when == When(after=_time(ASKED), by=_time(at(9)))
    assert answered.time == _time(at(9))
    assert answered.data.printed == ASKED
    assert answered.data.on == "q"
    assert report.oddities["printed-date-refused"].count == 1


def test_an_answer_without_comments_stands_at_the_last_printed_time(page):
    answered = _post(page(question(comment("Hm.", time=at(20))) + answer()), "a1")
    assert answered.data.when == When(after=_time(ASKED))
    assert answered.time == _time(at(20))


def test_a_comment_older_than_the_question_takes_the_lower_bound_away(page):
    early = "2017-01-01T00:00:00.000"
    answered = _post(page(question() + answer(comment("Merged.", time=early))), "a1")
    assert answered.data.when == When(by=_time(early))


def test_a_date_that_is_not_the_questions_is_the_answers_own(page):
    answered = _post(page(question() + answer(comment("Ah.", time=at(9)), printed=at(8))), "a1")
    assert answered.data.when == When(at=_time(at(8)))
    assert answered.data.printed is None


def test_a_date_after_the_first_comment_is_refused(page):
    answered = _post(page(question() + answer(comment("Ah.", time=at(7)), printed=at(8))), "a1")
    assert answered.data.when == When(after=_time(ASKED), by=_time(at(7)))
    assert answered.data.printed == at(8)


@pytest.mark.parametrize(
    ("printed", "score", "text"),
    [
        pytest.param("9Why so?", 9, "Why so?", id="glued to a letter"),
        pytest.param("1@Ann: no", 1, "@Ann: no", id="glued to a mention"),
        pytest.param('12"Warm", really', 12, '"Warm", really', id="glued to a quotation mark"),
        pytest.param("3he said no", 3, "he said no", id="glued to a small letter"),
        pytest.param("2... and warm", 2, "... and warm", id="glued to dots"),
        pytest.param("Why so?", 0, "Why so?", id="none printed means 0"),
    ],
)
def test_a_number_glued_to_the_front_is_the_score(page, report, printed, score, text):
    events = page(question(comment(printed)))
    assert _comment(events).data.text == text
    assert _scores(events) == ({"q.c1": score} if score else {})
    assert "ambiguous-score" not in report.oddities


@pytest.mark.parametrize(
    "printed",
    ["2017 was warm.", "3rd try works.", "10% of it", "1.5 litres", "24h later", "5: see above"],
)
def test_digits_that_read_as_text_stay_text(page, report, printed):
    events = page(question(comment(printed)))
    assert _comment(events).data.text == printed
    assert _scores(events) == {}
    assert report.oddities["ambiguous-score"].count == 1
    assert report.oddities["ambiguous-score"].example == f"q.c1: {printed}"


def test_an_attribution_on_a_line_of_its_own_ends_the_paragraphs_above(page, report):
    detached = f"See the chart.\n\nAnd the legend.\n\n– Bob – {at(2)}\n\n"
    events = page(question(detached, comment("Next.", time=at(3))))
    assert _comment(events).data.text == "See the chart.\n\nAnd the legend."
    assert _comment(events).data.author == Person(name="Bob")
    assert _comment(events, "q.c2").data.text == "Next."
    assert report.oddities["detached-attribution"].count == 1


def test_dashes_are_read_from_the_right(page):
    told = _comment(page(question(comment("Warm – as I said – or hot", name="Bob – B"))))
    assert told.data.text == "Warm – as I said – or hot – Bob"
    assert told.data.author == Person(name="B")


def test_a_deleted_user_is_nobody(page, report):
    assert _comment(page(question(comment("Gone.", name="None")))).data.author is None
    assert report.oddities["deleted-author"].count == 1


def test_a_comment_without_a_name_keeps_its_text(page, report):
    assert _comment(page(question(f"Who am I – {at(2)}\n\n"))).data.text == "Who am I"
    page(question(f"Who – honestly, after all of these years of asking – am I, and why – {at(2)}"))
    assert report.oddities["author-missing"].count == 1


def test_paragraphs_before_posted_are_an_answer_even_when_they_are_many(page):
    body = "First.\n\n  1. Second, indented.\n\n\nThird."
    answered = _post(page(question(comment("Hm.")) + answer(text=body)), "a1")
    assert answered.data.text == body


def test_items_are_numbered_as_printed(page):
    events = page(
        question(comment("One."), comment("Two."))
        + answer(comment("Three."))
        + answer(comment("Four."))
    )
    items = {e.data.item for e in events if not isinstance(e, ThreadObserved)}
    assert items == {"q", "q.c1", "q.c2", "a1", "a1.c1", "a2", "a2.c1"}


def test_only_comments_scores_are_told_and_not_before_the_last_printed_time(page):
    observed = page(question(comment("9Why?", time=at(9))))[-1]
    assert observed.data.scored == ("comment",)
    assert observed.data.when == When(after=_time(at(9)))
    assert observed.time == _time(at(9))


def test_line_ends_and_a_byte_order_mark_do_not_matter(page):
    text = question(comment("One."))
    assert page(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == page(text)


def test_a_page_cut_off_says_where(page):
    whole = question(comment("One."), comment("Two."))
    with pytest.raises(RowError, match=r"place\.example\.txt, row 14: the page ends .* skip") as e:
        page(whole[:-20])
    assert e.value.row == 14


def test_of_a_page_cut_off_the_rest_is_there(page, report):
    whole = question(comment("One."), comment("Two."))
    events = page(whole[:-20], skip_unreadable=True)
    assert [e.data.text for e in events if isinstance(e, CommentCreated)] == ["One."]
    assert report.skipped == 1
    assert report.unreadable[0].where.endswith("row 14")


def test_a_page_cut_off_above_its_reputation_is_told(page, report):
    page(question() + answer().split("Reputation")[0], skip_unreadable=True)
    assert report.unreadable[0].problem.startswith("no 'Reputation' follows")


def test_a_time_that_cannot_be_is_unreadable(page, report):
    events = page(question(comment("One.", time="2017-13-01T12:00:00.000")), skip_unreadable=True)
    assert not [e for e in events if isinstance(e, CommentCreated)]
    assert report.unreadable[0].problem == "2017-13-01T12:00:00.000 is no time"


def test_a_page_cut_off_before_its_question_ends_is_no_page(page):
    with pytest.raises(ArchiveError, match="no question with its 'Posted' date"):
        page(question().split("Posted")[0], format="kiwix-text")


@pytest.mark.parametrize(
    ("byte", "problem"), [(b"\xff", "not UTF-8"), (b"\0", "NUL byte")], ids=["bad UTF-8", "NUL"]
)
def test_bytes_that_are_no_text_are_told_with_their_row(page, report, byte, problem):
    whole = question(comment("One.")).encode().replace(b"One", b"O" + byte)
    with pytest.raises(RowError, match=problem) as raised:
        page(whole)
    assert raised.value.row == 12
    assert _comment(page(whole, skip_unreadable=True)).data.text == "O\N{REPLACEMENT CHARACTER}."
    assert report.skipped == 1
