from __future__ import annotations

import gzip

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, reader_for
from stream.archive.mail_split import MAIL_MAX
from stream.codec.times import read_time, stamp, stamp_of
from stream.core.events import Person, PostCreated
from stream.core.when import to_datetime
from stream.errors import ArchiveError, RowError

NOON = read_time("2017-03-01T12:00:00Z")
DAY = 86_400_000


def mail(n, *, body="Hello.", frm="Ann <ann@example.org>", hours=0, **headers):
    """Mail ``n``, so many hours after noon of 1 March 2017; a header of None is left out."""
    moment = to_datetime(NOON + hours * 3_600_000)
    fields = {
        "From": frm,
        "Date": moment.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Subject": f"Topic {n}",
        "Message-ID": f"<{n}@x>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)
    return f"From ann at example.org  {moment.strftime('%a %b %d %H:%M:%S %Y')}\n{head}\n{body}\n\n"


@pytest.fixture
def told(page):
    """The posts in a mailbox, by item."""

    def reading(*mails, name="list.mbox", **options):
        text = b"".join(one if isinstance(one, bytes) else one.encode() for one in mails)
        return {event.data.item: event for event in page(text, name=name, **options)}

    return reading


def _counts(report):
    return {code: oddity.count for code, oddity in report.oddities.items()}


def _bounds(event):
    when = event.data.when
    return tuple(None if one is None else stamp_of(one) for one in (when.after, when.by))


def test_a_mail_is_a_post_of_its_own_thread(told, report):
    event = told(mail(1, body="Hello,\n\n> quoted\n\nAnn"))["1@x"]
    assert (event.source, event.subject, event.data.kind) == ("list", "1@x", "post")
    assert event.data.author == Person(id="ann@example.org", name="Ann")
    assert event.data.title == "Topic 1"
    assert event.data.text == "Hello,\n\n> quoted\n\nAnn"
    assert stamp_of(event.data.when.at) == "2017-03-01T12:00:00.000Z"
    assert event.data.silent_on == ("accepted", "closed", "deleted", "edited", "score")
    assert event.data.mentions == ()
    assert report.format == "mbox"
    assert not report.oddities


@pytest.mark.parametrize(
    ("headers", "on", "thread"),
    [
        pytest.param({"In_Reply_To": "<1@x>"}, "1@x", "1@x", id="in-reply-to"),
        pytest.param({"References": "<1@x> <2@x>"}, "2@x", "1@x", id="the last reference"),
        pytest.param(
            {"In_Reply_To": "<1@x>", "References": "<1@x>\n <2@x>"}, "1@x", "1@x", id="both"
        ),
        pytest.param({"In_Reply_To": "<1 at x>"}, "1@x", "1@x", id="hidden from harvesters"),
        pytest.param({"In_Reply_To": "1@x"}, "1@x", "1@x", id="without brackets"),
        pytest.param(
            {"In_Reply_To": 'Your message of "Wed, 1 Mar" <1@x>'}, "1@x", "1@x", id="old style"
        ),
        pytest.param({"In_Reply_To": "<3@x>"}, None, "3@x", id="itself"),
        pytest.param({"In_Reply_To": "the mail of Ann"}, None, "3@x", id="no mail at all"),
    ],
)
def test_threads_follow_what_mails_refer_to(told, headers, on, thread):
    events = told(mail(1), mail(2, hours=1, In_Reply_To="<1@x>"), mail(3, hours=2, **headers))
    assert (events["3@x"].data.on, events["3@x"].subject) == (on, thread)


def test_an_answer_to_a_mail_that_is_not_there_is_kept_and_counted(told, report):
    events = told(
        mail(3, References="<0@x> <2@x>"),
        mail(4, hours=1, In_Reply_To="<5@x>", References="<0@x>"),
    )
    assert events["3@x"].data.on == "2@x"
    assert events["4@x"].data.on == "5@x"
    assert {event.subject for event in events.values()} == {"0@x"}
    assert _counts(report) == {"orphan": 2}


def test_a_missing_mail_between_does_not_part_a_thread(told):
    events = told(mail(1), mail(3, hours=1, In_Reply_To="<2@x>", References="<1@x> <2@x>"))
    assert (events["3@x"].data.on, events["3@x"].subject) == ("2@x", "1@x")


def test_an_answer_may_lie_before_what_it_answers(told):
    events = told(mail(2, hours=1, In_Reply_To="<1@x>"), mail(1))
    assert events["2@x"].subject == "1@x"


def test_a_circle_of_answers_is_cut_at_its_first(told, report):
    events = told(
        mail(1, In_Reply_To="<3@x>"),
        mail(2, In_Reply_To="<1@x>"),
        mail(3, In_Reply_To="<2@x>"),
    )
    assert {event.subject for event in events.values()} == {"1@x"}
    assert [events[f"{n}@x"].data.on for n in (1, 2, 3)] == [None, "1@x", "2@x"]
    assert _counts(report) == {"circle-of-answers": 1}


def test_a_subject_is_the_last_resort_states_no_answer_and_is_counted(told, report):
    events = told(
        mail(1, Subject="[list] Cheese"),
        mail(2, hours=1, Subject="Re: [list] Cheese"),
        mail(3, hours=2, Subject="[list] AW: RE: Cheese"),
        mail(4, hours=3, Subject="[list] Cheese"),
        mail(5, hours=3, Subject="Re: Ham"),
        mail(6, hours=24 * 200, Subject="Re: Cheese"),
    )
    assert [events[f"{n}@x"].subject for n in (1, 2, 3)] == ["1@x"] * 3
    assert events["2@x"].data.on is None
    assert events["4@x"].subject == "4@x"  # No answer: a topic of its own.
    assert events["5@x"].subject == "5@x"  # Nothing to answer.
    assert events["6@x"].subject == "6@x"  # So much later it is another matter.
    assert _counts(report) == {"threaded-by-subject": 2}


def test_the_same_mail_twice_is_one_and_counted(told, report):
    assert len(told(mail(1), mail(1))) == 1
    assert _counts(report) == {"doubled-item": 1}


def test_a_mail_without_an_id_has_one_made_of_its_words(told, report):
    events = told(mail(1, Message_ID=None), mail(2, Message_ID=""))
    assert all(item.startswith("hash-") for item in events)
    assert len(events) == 2
    assert events.keys() == told(mail(2, Message_ID=""), mail(1, Message_ID=None)).keys()
    assert _counts(report)["no-message-id"] == 4


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
def test_people_are_found_however_they_are_written(told, written, person):
    author = told(mail(1, frm=written))["1@x"].data.author
    assert (author.id, author.name) == person


def test_a_sender_that_the_list_rewrote_is_known_by_the_address_it_kept(told, report):
    event = told(
        mail(
            1,
            frm="'Ann' via Cheese <cheese@x.org>",
            Reply_To="Ann <ann@y.org>",
            List_Post="<mailto:cheese@x.org>",
        )
    )["1@x"]
    assert event.data.author == Person(id="ann@y.org", name="Ann")
    assert _counts(report) == {"rewritten-sender": 1}


def test_who_is_named_on_the_envelope_alone_is_the_author(told, report):
    assert told(mail(1, frm=None))["1@x"].data.author == Person(id="ann@example.org")
    assert _counts(report) == {"author-from-envelope": 1}


def test_nobody_is_made_up(told, report):
    text = mail(1, frm=None).split("\n", 1)[1] + "\nSender: none"
    assert told("X-Spam: no\n" + text, format="mbox")["1@x"].data.author is None
    assert _counts(report) == {"author-missing": 1, "no-separator": 1}


def test_the_list_is_called_what_most_mails_call_it(told):
    events = told(
        mail(1, List_Id="The cheese <cheese.x.org>"),
        mail(2, List_Id="<cheese.x.org>"),
        mail(3, List_Id="<ham.x.org>"),
    )
    assert {event.source for event in events.values()} == {"cheese.x.org"}
    named = told(mail(1, List_Id="<cheese.x.org>"), community="mine")
    assert named["1@x"].source == "mine"


@pytest.mark.parametrize(
    ("date", "bounds", "code"),
    [
        pytest.param("", ("02-28T11", "03-02T01"), "date-missing", id="none"),
        pytest.param("tomorrow", ("02-28T11", "03-02T01"), "printed-date-refused", id="words"),
        pytest.param(
            "RANDOM_Wed, 1 Mar 2017 12:00:00 +0000",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="no weekday",
        ),
        pytest.param(
            "Wed, 1 Mar 2017 12:00:00 +9900",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="a zone that nobody lives in",
        ),
        pytest.param(
            "Wed, 1 Mar 2017 12:00:00 +0017",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="a zone of odd minutes",
        ),
        pytest.param(
            "Wed, 1 Mar 9999 12:00:00 +0000",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="a year to come",
        ),
        pytest.param(
            "Wed, 1 Mar 2023 12:00:00 +0000",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="years after it came in",
        ),
        pytest.param(
            "Thu, 1 Jan 1970 00:00:00 +0000",
            ("02-28T11", "03-02T01"),
            "printed-date-refused",
            id="the clock's beginning",
        ),
        pytest.param("0000-00-00", ("02-28T11", "03-02T01"), "printed-date-refused", id="zeros"),
        pytest.param(
            "Wed, 1 Mar 2017 12:00:00",
            ("02-28T22", "03-02T00"),
            "date-without-zone",
            id="no zone",
        ),
        pytest.param(
            "Wed, 1 Mar 2017 12:00:00 IST",
            ("02-28T22", "03-02T00"),
            "date-without-zone",
            id="a zone with several meanings",
        ),
    ],
)
def test_a_date_that_cannot_be_believed_is_bounded(told, report, date, bounds, code):
    events = told(mail(1, hours=-1), mail(2, hours=1, Date=date), mail(3, hours=2))
    event = events["2@x"]
    assert event.data.when.at is None
    assert tuple(one[5:13] for one in _bounds(event)) == bounds
    assert event.time == event.data.when.by
    assert event.data.printed == (date or None)
    assert _counts(report) == {code: 1}


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 1 Mar 2017 04:00:00 -0800 (PST)",
        "1 Mar 17 12:00 GMT",
        "Wed, 01 Mar 2017 07:00:00 EST",
        "Wed Mar  1 12:00:00 UTC 2017",
        "Wed, 1 Mar 2017 17:45:00 +0545",
        "Wed, 1 Mar 117 12:00:00 -0000",
    ],
)
def test_dates_are_read_in_their_zones(told, date):
    when = told(mail(1, Date=date))["1@x"].data.when
    assert stamp_of(when.at) == "2017-03-01T12:00:00.000Z"


def test_bounds_come_from_the_month_of_the_file(told):
    text = mail(1) + mail(2, hours=24, Date="?").split("\n", 1)[1]
    assert len(told(text, name="2017-March.txt")) == 1  # Nothing parts them.
    event = told(mail(1), mail(2, hours=24 * 90, Date="?"), name="2017-March.txt")["2@x"]
    assert _bounds(event) == ("2017-02-28T00:00:00.000Z", "2017-04-02T00:00:00.000Z")


def test_who_answers_a_mail_proves_that_it_was_there(told):
    events = told(
        mail(1),
        mail(2, hours=1, Date="?"),
        mail(3, hours=2, In_Reply_To="<2@x>"),
        mail(4, hours=200),
    )
    assert _bounds(events["2@x"])[1] == "2017-03-01T14:00:00.000Z"


def test_a_date_far_from_those_around_it_is_not_believed_though_its_envelope_repeats_it(
    told, report
):
    strange = mail(2, Date="Fri, 1 Mar 2024 12:00:00 +0000")
    strange = "From ann at x  Fri Mar  1 12:00:00 2024\n" + strange.split("\n", 1)[1]
    events = told(mail(1), strange, mail(3, hours=2))
    assert _bounds(events["2@x"]) == ("2017-02-28T12:00:00.000Z", "2017-03-02T14:00:00.000Z")
    assert _counts(report) == {"printed-date-refused": 1}


def test_a_list_may_sleep_for_years(told, report):
    events = told(mail(1), mail(2, hours=24 * 365 * 3), mail(3, hours=24 * 365 * 6))
    assert all(event.data.when.at for event in events.values())
    assert not report.oddities


def test_an_archive_without_any_date_is_refused(told):
    text = mail(1, Date=None).split("\n", 1)[1]
    with pytest.raises(ArchiveError, match="no mail says when it was written"):
        told(text, format="mbox")


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
def test_texts_are_read_whatever_their_encoding(told, report, said, text, code):
    body, content = said
    headers = {} if content is None else {"Content_Type": f"text/plain; charset={content}"}
    raw = mail(1, body="BODY", **headers).encode().replace(b"BODY\n\n", body)
    event = told(raw)["1@x"]
    assert event.data.text == text
    assert _counts(report) == ({code: 1} if code else {})


def test_of_a_mail_in_parts_the_plain_ones_are_read(told):
    parts = (
        "--b\nContent-Type: text/plain\n\nPlain.\n"
        "--b\nContent-Type: text/html\n\n<p>Page.\n"
        "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nAside.\n--b--"
    )
    event = told(mail(1, body=parts, Content_Type='multipart/mixed; boundary="b"'))["1@x"]
    assert (event.data.text, event.data.format) == ("Plain.", "text")


def test_a_mail_that_is_a_page_only_is_one(told):
    event = told(mail(1, body="<p>Page.", Content_Type="text/html"))["1@x"]
    assert (event.data.text, event.data.format) == ("<p>Page.", "html")


def test_a_text_that_says_from_is_no_separator(told):
    body = "Dear list,\n\nFrom here on\n>From there\n\nFrom ann  Wed Mar  1 12:00:00 2017\nsaid so"
    event = told(mail(1, body=body), mail(2))["1@x"]
    assert event.data.text == body.replace(">From", "From")


def test_line_ends_and_packing_change_nothing(tmp_path):
    text = (mail(1) + mail(2, hours=1, References="<1@x>\n <0@x>")).encode()
    (tmp_path / "a.mbox").write_bytes(text)
    (tmp_path / "b.mbox").write_bytes(text.replace(b"\n", b"\r\n"))
    (tmp_path / "c.mbox.gz").write_bytes(gzip.compress(text))
    options = Options(community="c")
    a, b, c = [list(read([path], options, Report())) for path in sorted(tmp_path.iterdir())]
    assert a == b == c
    assert len(a) == 2


def test_threads_go_across_the_months_of_a_folder(tmp_path):
    folder = tmp_path / "cheese"
    folder.mkdir()
    (folder / "2017-April.txt.gz").write_bytes(
        gzip.compress(mail(2, hours=24 * 35, In_Reply_To="<1@x>").encode())
    )
    (folder / "2017-March.txt").write_text(mail(1))
    assert reader_for(folder).name == "mbox"
    events = list(read([folder], Options(), Report()))
    assert [(event.source, event.subject) for event in events] == [("cheese", "1@x")] * 2
    months = [folder / "2017-March.txt", folder / "2017-April.txt.gz"]
    assert list(read(months, Options(), Report())) == events


def test_a_mail_that_is_too_long_is_told_and_skipped_when_asked_to(tmp_path, report):
    path = tmp_path / "list.mbox"
    with path.open("wb") as file:
        file.write(mail(1).encode())
        file.write(mail(2, body="").encode().strip() + b"\n\n")
        for _ in range(MAIL_MAX // (1 << 20) + 1):
            file.write(b"x" * (1 << 20))
        file.write(b"\n\n" + mail(3).encode())
    with pytest.raises(RowError, match="row 9: a mail longer than 64 MiB"):
        list(read([path], Options(), Report()))
    events = list(read([path], Options(skip_unreadable=True), report))
    assert {e.data.item for e in events if isinstance(e, PostCreated)} == {"1@x", "3@x"}
    assert report.skipped == 1


def test_parts_within_parts_without_end_are_told(told, report):
    parts = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(3000)
    )
    deep = mail(1, body=parts, Content_Type="multipart/mixed; boundary=b0")
    events = told(deep, mail(2), skip_unreadable=True)
    assert "2@x" in events
    assert report.skipped <= 1


def test_a_long_chain_of_answers_is_one_thread(told):
    chain = [mail(1)]
    chain += [mail(n, hours=n, In_Reply_To=f"<{n - 1}@x>") for n in range(2, 1500)]
    events = told(*reversed(chain))
    assert {event.subject for event in events.values()} == {"1@x"}


def test_nothing_of_the_archive_stays_in_the_folder_for_temporary_files(told, tmp_path):
    told(mail(1))
    assert [path.name for path in tmp_path.iterdir()] == ["list.mbox"]


def test_moments_are_those_of_the_mails_and_no_others(told):
    assert stamp(NOON + DAY) == stamp_of(told(mail(1, hours=24))["1@x"].time)
