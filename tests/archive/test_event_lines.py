from __future__ import annotations

import orjson
import pytest

from stream.archive import event_lines
from stream.archive.base import Options, Report
from stream.archive.detect import read
from stream.codec.events import encode
from stream.core.events import order
from stream.errors import RowError
from tests.story import DAY, HOUR, answered, asked, commented, edited, flagged


def _lines(*events):
    return b"".join(encode(event).value + b"\n" for event in events)


def _changed(event, **fields):
    body = orjson.loads(encode(event).value) | fields
    return orjson.dumps({key: value for key, value in body.items() if value is not None}) + b"\n"


STORY = (asked(), commented("q.c1", after=HOUR), answered("a1", after=DAY), edited("q", after=DAY))


@pytest.fixture
def lines(page):
    def reading(text, **options):
        return page(text, name="story.jsonl", **options)

    return reading


def test_what_is_written_is_read_again(lines, report):
    assert lines(_lines(*STORY)) == sorted(STORY, key=order)
    assert report.format == "event-lines"
    assert not report.oddities


def test_blank_lines_a_byte_order_mark_and_carriage_returns_do_not_matter(lines):
    text = b"\xef\xbb\xbf\r\n\n" + _lines(*STORY).replace(b"\n", b"\r\n  \r\n")
    assert lines(text) == lines(_lines(*STORY))


def test_an_id_that_is_left_out_is_computed(lines, report):
    assert lines(_changed(STORY[0], id=None)) == [STORY[0]]
    assert not report.oddities


def test_an_id_that_is_wrong_is_put_right(lines, report):
    assert lines(_changed(STORY[0], id="mine")) == [STORY[0]]
    assert report.oddities["wrong-id"].count == 1


def test_a_file_written_by_hand_need_not_be_sorted(lines, report):
    assert lines(_lines(*reversed(STORY))) == sorted(STORY, key=order)
    assert not report.oddities


def test_what_comes_far_too_late_is_told(lines, report):
    many = [commented(f"q.c{n}", after=DAY + n) for n in range(event_lines.NEARLY)]
    events = lines(_lines(*many, asked()))
    assert len(events) == len(many) + 1
    assert report.oddities["out-of-order"].count == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"{", "Input data was truncated", id="cut off"),
        pytest.param(b'["a"]', "no JSON object", id="an array"),
        pytest.param(b"Posted by Ann", "no JSON object", id="prose"),
        pytest.param(b'{"type":"org.threadline.x.v1"}', "Invalid value", id="unknown type"),
        pytest.param(_changed(STORY[0], time="yesterday"), "RFC3339|Invalid", id="no time"),
        pytest.param(_changed(STORY[0], time="2017-04-24T12:00:00"), "timezone", id="no zone"),
        pytest.param(_changed(STORY[0], source=None), "source", id="no community"),
        pytest.param(_changed(STORY[0], source=""), "no source", id="an empty community"),
        pytest.param(_changed(STORY[0], subject=None), "subject", id="no thread"),
        pytest.param(_changed(STORY[0], specversion="0.3"), "specversion", id="another version"),
        pytest.param(_changed(STORY[0], data={"item": "q"}), "kind|when", id="fields missing"),
        pytest.param(_lines(STORY[0]).replace(b"Ann", b"A\xffn"), "utf-8|UTF-8", id="no UTF-8"),
        pytest.param(_lines(STORY[0]).replace(b"Ann", b"A\0n"), "control|nvalid", id="NUL"),
        pytest.param(
            _changed(flagged("Ann"), subject="t1"),
            "robot is so in the whole community: leave its `subject` out",
            id="a robot in one thread",
        ),
    ],
)
def test_a_bad_line_is_told_with_its_row(lines, report, line, problem):
    text = _lines(STORY[0]) + b"\n" + line.strip() + b"\n" + _lines(*STORY[1:])
    with pytest.raises(RowError, match=problem) as raised:
        lines(text)
    assert raised.value.row == 3
    assert "story.jsonl, row 3: " in str(raised.value)
    assert lines(text, skip_unreadable=True) == sorted(STORY, key=order)
    assert report.skipped == 1
    assert report.unreadable[0].where.endswith("story.jsonl, row 3")


def test_a_line_that_is_too_long_is_told_and_the_next_one_is_read(lines, report):
    long = b'{"id":"' + b"x" * (2 * event_lines.LINE_MAX) + b'"}\n'
    text = _lines(STORY[0]) + long + _lines(*STORY[1:])
    assert lines(text, skip_unreadable=True) == sorted(STORY, key=order)
    assert [u.problem for u in report.unreadable] == ["longer than 16 MiB"]
    assert report.unreadable[0].where.endswith("row 2")


def test_all_archives_come_as_one_stream(tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(_lines(*STORY[::2]))
    other.write_bytes(_lines(*STORY[1::2]))
    report = Report()
    assert list(read([one, other], Options(), report)) == sorted(STORY, key=order)
    assert report.formats == ["event-lines", "event-lines"]
    assert report.format == "event-lines"
