from __future__ import annotations

import pytest

from stream.codec.times import stamp, stamp_of
from stream.errors import ArchiveError
from tests.archive.mails import DAY, NOON, counts, mail


def _bounds(event):
    when = event.data.when
    return tuple(None if one is None else stamp_of(one) for one in (when.after, when.by))


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
def test_a_date_that_cannot_be_believed_is_bounded(mailbox, report, date, bounds, code):
    events = mailbox(mail(1, hours=-1), mail(2, hours=1, Date=date), mail(3, hours=2))
    event = events["2@x"]
    assert event.data.when.at is None
    assert tuple(one[5:13] for one in _bounds(event)) == bounds
    assert event.time == event.data.when.by
    assert event.data.printed == (date or None)
    assert counts(report) == {code: 1}


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
def test_dates_are_read_in_their_zones(mailbox, date):
    when = mailbox(mail(1, Date=date))["1@x"].data.when
    assert stamp_of(when.at) == "2017-03-01T12:00:00.000Z"


def test_bounds_come_from_the_month_of_the_file(mailbox):
    text = mail(1) + mail(2, hours=24, Date="?").split("\n", 1)[1]
    assert len(mailbox(text, name="2017-March.txt")) == 1  # Nothing parts them.
    event = mailbox(mail(1), mail(2, hours=24 * 90, Date="?"), name="2017-March.txt")["2@x"]
    assert _bounds(event) == ("2017-02-28T00:00:00.000Z", "2017-04-02T00:00:00.000Z")


def test_who_answers_a_mail_proves_that_it_was_there(mailbox):
    events = mailbox(
        mail(1),
        mail(2, hours=1, Date="?"),
        mail(3, hours=2, In_Reply_To="<2@x>"),
        mail(4, hours=200),
    )
    assert _bounds(events["2@x"])[1] == "2017-03-01T14:00:00.000Z"


def test_a_date_far_from_those_around_it_is_not_believed_though_its_envelope_repeats_it(
    mailbox, report
):
    strange = mail(2, Date="Fri, 1 Mar 2024 12:00:00 +0000")
    strange = "From ann at x  Fri Mar  1 12:00:00 2024\n" + strange.split("\n", 1)[1]
    events = mailbox(mail(1), strange, mail(3, hours=2))
    assert _bounds(events["2@x"]) == ("2017-02-28T12:00:00.000Z", "2017-03-02T14:00:00.000Z")
    assert counts(report) == {"printed-date-refused": 1}


def test_a_list_may_sleep_for_years(mailbox, report):
    events = mailbox(mail(1), mail(2, hours=24 * 365 * 3), mail(3, hours=24 * 365 * 6))
    assert all(event.data.when.at for event in events.values())
    assert not report.oddities


def test_an_archive_without_any_date_is_refused(mailbox):
    text = mail(1, Date=None).split("\n", 1)[1]
    with pytest.raises(ArchiveError, match="no mail says when it was written"):
        mailbox(text, format="mbox")


def test_moments_are_those_of_the_mails_and_no_others(mailbox):
    assert stamp(NOON + DAY) == stamp_of(mailbox(mail(1, hours=24))["1@x"].time)
