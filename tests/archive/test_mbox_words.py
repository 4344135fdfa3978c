from __future__ import annotations

import pytest

from stream.core.events import Person
from tests.archive.mails import counts, mail


@pytest.mark.parametrize(
    ("written", "person"),
    [
        pytest.param("ann at example.org (Ann)", ("ann@example.org", "Ann"), id="pipermail"),
        pytest.param("Ann.B at Example.ORG", ("ann.b@example.org", None), id="no name"),
        pytest.param('"B, Ann" <ann@x.org>', ("ann@x.org", "B, Ann"), id="quoted"),
        pytest.param("ann@x.org (Ann (the one) B)", ("ann@x.org", "Ann (the one) B"), id="nested"),
        pytest.param("=?iso-8859-1?Q?G=F6ran?= <g@x.org>", ("g@x.org", "Göran"), id="encoded"),
        pytest.param(
            "=?utf-8?B?R8O2?= =?utf-8?B?cmFu?= <g@x.org>", ("g@x.org", "Göran"), id="in two words"
        ),
        pytest.param(
            "=?utf-8?B?R8M=?= =?utf-8?B?tnJhbg==?= <g@x.org>", ("g@x.org", "Göran"), id="torn"
        ),
        pytest.param("=?x-odd?Q?Ann?= <a@x.org>", ("a@x.org", "Ann"), id="unknown charset"),
        pytest.param("Ann", (None, "Ann"), id="no address"),
        pytest.param("Ann via List <list@x.org>", (None, "Ann"), id="rewritten by a list"),
    ],
)
def test_people_are_found_however_they_are_written(mailbox, written, person):
    author = mailbox(mail(1, frm=written))["1@x"].data.author
    assert (author.id, author.name) == person


def test_a_sender_that_the_list_rewrote_is_known_by_the_address_it_kept(mailbox, report):
    event = mailbox(
        mail(
            1,
            frm="'Ann' via Cheese <cheese@x.org>",
            Reply_To="Ann <ann@y.org>",
            List_Post="<mailto:cheese@x.org>",
        )
    )["1@x"]
    assert event.data.author == Person(id="ann@y.org", name="Ann")
    assert counts(report) == {"rewritten-sender": 1}


def test_who_is_named_on_the_envelope_alone_is_the_author(mailbox, report):
    assert mailbox(mail(1, frm=None))["1@x"].data.author == Person(id="ann@example.org")
    assert counts(report) == {"author-from-envelope": 1}


def test_nobody_is_made_up(mailbox, report):
    text = mail(1, frm=None).split("\n", 1)[1] + "\nSender: none"
    assert mailbox("X-Spam: no\n" + text, format="mbox")["1@x"].data.author is None
    assert counts(report) == {"author-missing": 1, "no-separator": 1}


@pytest.mark.parametrize(
    ("said", "text", "code"),
    [
        pytest.param(("Käse".encode(), None), "Käse", None, id="UTF-8 unsaid"),
        pytest.param(("Käse".encode("latin-1"), None), "Käse", None, id="Latin-1 unsaid"),
        pytest.param(("Käse".encode("utf-16-le"), "utf-16-le"), "Käse", None, id="UTF-16"),
        pytest.param(("Käse".encode("latin-1"), "utf-8"), "Käse", "wrong-charset", id="wrong"),
        pytest.param(("Käse".encode(), "us-ascii"), "Käse", "wrong-charset", id="not ASCII"),
        pytest.param(("Käse".encode(), "x-cheese"), "Käse", "unknown-charset", id="unknown"),
        pytest.param((b"Cheese", "rot13"), "Cheese", "unknown-charset", id="no charset"),
        pytest.param((b"\\ud800", "unicode_escape"), "\\ud800", "unknown-charset", id="escapes"),
        pytest.param((b"K\x81se", "utf-8"), "K\x81se", "wrong-charset", id="nothing fits"),
        pytest.param((b"a\0b", "utf-8"), "a\ufffdb", None, id="NUL"),
    ],
)
def test_texts_are_read_whatever_their_encoding(mailbox, report, said, text, code):
    body, content = said
    kind = None if content is None else f"text/plain; charset={content}"
    raw = mail(1, body="BODY", Content_Type=kind).encode().replace(b"BODY\n\n", body)
    event = mailbox(raw)["1@x"]
    assert event.data.text == text
    assert counts(report) == ({code: 1} if code else {})


def test_of_a_mail_in_parts_the_plain_ones_are_read(mailbox):
    parts = (
        "--b\nContent-Type: text/plain\n\nPlain.\n"
        "--b\nContent-Type: text/html\n\n<p>Page.\n"
        "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nAside.\n--b--"
    )
    event = mailbox(mail(1, body=parts, Content_Type='multipart/mixed; boundary="b"'))["1@x"]
    assert (event.data.text, event.data.format) == ("Plain.", "text")


def test_a_mail_that_is_a_page_only_is_one(mailbox):
    event = mailbox(mail(1, body="<p>Page.", Content_Type="text/html"))["1@x"]
    assert (event.data.text, event.data.format) == ("<p>Page.", "html")


def test_a_text_that_says_from_is_no_separator(mailbox):
    body = "Dear list,\n\nFrom here on\n>From there\n\nFrom ann  Wed Mar  1 12:00:00 2017\nsaid so"
    event = mailbox(mail(1, body=body), mail(2))["1@x"]
    assert event.data.text == body.replace(">From", "From")
