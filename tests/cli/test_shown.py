"""Threads as a terminal shows them."""

from stream.cli import output
from stream.cli.threads import rows

WAITING = {"status": "waiting", "since": "2017-04-24T12:00:00.000Z", "for_ms": 3_600_000}
WAITS = {"first_response": WAITING, "first_comment": WAITING, "first_answer": WAITING}
COUNTS = {"questions": 0, "answers": 0, "posts": 0, "comments": 0}


def _shown(capsys, waits=WAITS, **counts):
    thread: dict[str, object] = {"community": "c", "thread": "t", "title": "Why?"}
    thread |= {
        "state": "waiting",
        "first_at": "2017-04-24T12:00:00.000Z",
        "counts": COUNTS | counts,
        "waits": waits,
    }
    output.show(rows([thread]))
    return [" ".join(line.split()) for line in capsys.readouterr().out.strip().split("\n")]


def test_a_question_says_what_it_waits_for(capsys):
    assert _shown(capsys, questions=1, comments=2)[1:] == [
        "waiting · 0 answers · 2 comments",
        "first comment waiting 1 h · first answer waiting 1 h",
        "c/t",
    ]


def test_a_forums_thread_waits_for_a_response(capsys):
    assert _shown(capsys, posts=1)[1:3] == [
        "waiting · 1 post · 0 comments",
        "first response waiting 1 h",
    ]


def test_a_thread_whose_first_post_is_missing_waits_for_nothing(capsys):
    assert _shown(capsys, dict.fromkeys(WAITS), posts=1)[1:] == [
        "waiting · 1 post · 0 comments",
        "c/t",
    ]
