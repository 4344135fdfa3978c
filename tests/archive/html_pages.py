# ruff: noqa: RUF001  (the dash of this format is U+2013)
"""The HTML of a mirror's pages in words, as the template nests it."""

from __future__ import annotations

ASKED = "2017-04-24T06:00:00.000"
ACTIVE = "2017-05-20T08:00:00.000"


def _date(time: str) -> str:
    return f'<span class="date" title="{time}">{time}</span>'


def comment(text: str, *, name: str = "Bob", time: str = ASKED, score: int = 0) -> str:
    number = f'<span class="score good">{score}</span>' if score else ""
    who = "None " if name == "None" else f'<a href="../user/x.html">{name} </a>'
    return (
        f'<div class="comment"><p>{number}<span class="text">{text}</span> – {who} – '
        f"{_date(time)}</p></div>\n"
    )


def author(name: str, number: int | None = None) -> str:
    block = f"<p>{name}</p>"
    if number is not None:
        block = f'<a class="profile" href="../user/{number}/{name.lower()}.html">{block}</a>'
    return (
        f'<div class="author"><div>{block}<p>Posted {_date(ASKED)}</p>'
        "<p>Reputation: 1 234</p></div></div>"
    )


def post(
    *comments: str, by: str, body: str = "<p>Warm.</p>", score: str = "0", more: str = ""
) -> str:
    return (
        '<div class="post"><div class="post-container"><div class="reputation">'
        f'<div class="score"><p><i></i></p><p>{score}</p></div>{more}</div>'
        f'<div class="body">{body}</div></div>\n'
        '<div class="tags"><ul><li><a><i></i> heat</a></li><li><a> bath-tub</a></li></ul></div>'
        f'{by}<div class="comments">{"".join(comments)}</div></div>\n'
    )


def page(question: str, *answers: str, footer: bool = True) -> str:
    numbered = (f'<div id="a{n}">{answer}</div>' for n, answer in enumerate(answers, 70))
    source = (
        '<div id="footer">From <a href="https://water.example/questions/69">water</a>, under '
        '<a href="https://licence.example">a licence</a>.</div></body></html>'
    )
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8" />'
        '<meta name="generator" content="https://github.com/openzim/sotoki/"/></head>\n<body>'
        '<h2 class="title"><i></i> How warm is water?</h2>'
        f'<div id="question">{question}</div>\n<div id="answers">{"".join(numbered)}</div>\n'
        f'<div class="metadata"><p>Asked: {_date(ASKED)}</p><p>Viewed: 2 345 times</p>'
        f"<p>Active: {_date(ACTIVE)}</p></div>\n{source if footer else ''}"
    )


ACCEPTED = '<div class="accepted"><p><i class="glyphicon glyphicon-ok"></i></p></div>'


def closed(time: str) -> str:
    return f'<div class="closed-banner"><p>Question was closed {_date(time)}</p></div>'
