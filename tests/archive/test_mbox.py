from __future__ import annotations

import gzip

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, reader_for
from stream.archive.mail_split import MAIL_MAX
from stream.codec.times import stamp_of
from stream.core.events import Person, PostCreated
from stream.errors import RowError
from tests.archive.mails import counts, mail


def test_a_mail_is_a_post_of_its_own_thread(mailbox, report):
    event = mailbox(mail(1, body="Hello,\n\n> quoted\n\nAnn"))["1@x"]
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
def test_threads_follow_what_mails_refer_to(mailbox, headers, on, thread):
    events = mailbox(mail(1), mail(2, hours=1, In_Reply_To="<1@x>"), mail(3, hours=2, **headers))
    assert (events["3@x"].data.on, events["3@x"].subject) == (on, thread)


def test_an_answer_to_a_mail_that_is_not_there_is_kept_and_counted(mailbox, report):
    events = mailbox(
        mail(3, References="<0@x> <2@x>"),
        mail(4, hours=1, In_Reply_To="<5@x>", References="<0@x>"),
    )
    assert events["3@x"].data.on == "2@x"
    assert events["4@x"].data.on == "5@x"
    assert {event.subject for event in events.values()} == {"0@x"}
    assert counts(report) == {"orphan": 2}


def test_a_missing_mail_between_does_not_part_a_thread(mailbox):
    events = mailbox(mail(1), mail(3, hours=1, In_Reply_To="<2@x>", References="<1@x> <2@x>"))
    assert (events["3@x"].data.on, events["3@x"].subject) == ("2@x", "1@x")


def test_an_answer_may_lie_before_what_it_answers(mailbox):
    events = mailbox(mail(2, hours=1, In_Reply_To="<1@x>"), mail(1))
    assert events["2@x"].subject == "1@x"


def test_a_circle_of_answers_is_cut_at_its_first(mailbox, report):
    events = mailbox(
        mail(1, In_Reply_To="<3@x>"),
        mail(2, In_Reply_To="<1@x>"),
        mail(3, In_Reply_To="<2@x>"),
    )
    assert {event.subject for event in events.values()} == {"1@x"}
    assert [events[f"{n}@x"].data.on for n in (1, 2, 3)] == [None, "1@x", "2@x"]
    assert counts(report) == {"circle-of-answers": 1}


def test_a_subject_is_the_last_resort_states_no_answer_and_is_counted(mailbox, report):
    events = mailbox(
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
    assert counts(report) == {"threaded-by-subject": 2}


def test_the_same_mail_twice_is_one_and_counted(mailbox, report):
    assert len(mailbox(mail(1), mail(1))) == 1
    assert counts(report) == {"doubled-item": 1}


def test_a_mail_without_an_id_has_one_made_of_its_words(mailbox, report):
    events = mailbox(mail(1, Message_ID=None), mail(2, Message_ID=""))
    assert all(item.startswith("hash-") for item in events)
    assert len(events) == 2
    assert events.keys() == mailbox(mail(2, Message_ID=""), mail(1, Message_ID=None)).keys()
    assert counts(report)["no-message-id"] == 4


def test_the_list_is_called_what_most_mails_call_it(mailbox):
    events = mailbox(
        mail(1, List_Id="The cheese <cheese.x.org>"),
        mail(2, List_Id="<cheese.x.org>"),
        mail(3, List_Id="<ham.x.org>"),
    )
    assert {event.source for event in events.values()} == {"cheese.x.org"}
    named = mailbox(mail(1, List_Id="<cheese.x.org>"), community="mine")
    assert named["1@x"].source == "mine"


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


def test_parts_within_parts_without_end_are_told(mailbox, report):
    parts = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(3000)
    )
    deep = mail(1, body=parts, Content_Type="multipart/mixed; boundary=b0")
    events = mailbox(deep, mail(2), skip_unreadable=True)
    assert "2@x" in events
    assert report.skipped <= 1


def test_a_long_chain_of_answers_is_one_thread(mailbox):
    chain = [mail(1)]
    chain += [mail(n, hours=n, In_Reply_To=f"<{n - 1}@x>") for n in range(2, 1500)]
    events = mailbox(*reversed(chain))
    assert {event.subject for event in events.values()} == {"1@x"}


def test_nothing_of_the_archive_stays_in_the_folder_for_temporary_files(mailbox, tmp_path):
    mailbox(mail(1))
    assert [path.name for path in tmp_path.iterdir()] == ["list.mbox"]
