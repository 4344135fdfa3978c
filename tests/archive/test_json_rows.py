from __future__ import annotations

import json
import tracemalloc
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options
from stream.archive.json_rows import Row, decoded, elements, of_json, printed, rows, seconds
from stream.archive.opening import LINE_MAX, opened
from stream.errors import RowError
from tests.archive.json_files import at


@pytest.fixture
def read(tmp_path, report):
    def reading(data, **options):
        path = tmp_path / "file.json"
        path.write_bytes(data)
        with opened(path, Options(**options), report) as files:
            return [(row.row, row.data) for row in rows(files, Options(**options), report)]

    return reading


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a": 1}', [(1, b'{"a": 1}')]),
        (b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}', [(1, b'{"a": 1}'), (3, b'{"a": 2}')]),
        (b'{\n "a": 1\n}\n', [(1, b'{\n "a": 1\n}')]),
        (b'[\n{"a": 1},\n{"a": 2}\n]', [(1, b'{"a": 1}'), (2, b'{"a": 2}')]),
        (b'[\n{"a": 1}\n]', [(1, b'{"a": 1}')]),
        (b'[{"a": 1}]\n[{"a": 2}]', [(1, b'{"a": 1}'), (2, b'{"a": 2}')]),
        (b'{broken\n{"a": 2}\n', [(1, b"{broken"), (2, b'{"a": 2}')]),
        (b"null", [(1, b"null")]),
        (b"[]", []),
    ],
    ids=[
        "one document",
        "a document a line",
        "one laid out over lines",
        "a list",
        "a list of one",
        "a list a line",
        "a broken line",
        "null",
        "nothing",
    ],
)
def test_documents_are_found_however_they_lie(read, data, expected):
    assert read(data) == expected


@pytest.mark.parametrize("start", [b'{"a": "', b'{\n"a": "'], ids=["a line", "a document"])
def test_what_is_too_long_is_refused(read, report, start):
    data = start + b"x" * LINE_MAX
    with pytest.raises(RowError, match="row 1: longer than 64 MiB"):
        read(data)
    assert read(data, skip_unreadable=True) == []
    assert report.skipped == 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"cut \ud83d", "cut �"),
        (r"cut \ud83d and whole \ud83d\ude00", "cut � and whole 😀"),
        (r"\ude00\ud83d\u0041", "��A"),
        (r"\\ud83d \udc00", "\\ud83d �"),
    ],
)
def test_half_a_character_costs_that_alone(report, text, read):
    row = Row("f", 1, f'{{"a":"{text}"}}'.encode())
    found = decoded(row, msgspec.json.Decoder(dict[str, str]), Options(), report)
    assert found == {"a": read}
    assert report.oddities["half-character"].count == 1


def test_a_list_that_is_cut_off_is_said(read):
    with pytest.raises(RowError, match="row 1: it is no JSON"):
        read(b'[\n{"a": 1},\n{"a"')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a\\",[]{}: \n'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='b\\"]}'), inner),
    max_leaves=12,
)


@given(parts=st.lists(JSON, min_size=1), indent=st.sampled_from([None, 1]))
def test_a_long_list_is_taken_apart_piece_by_piece(parts, indent):
    data = json.dumps(parts, indent=indent).encode()
    assert [json.loads(part) for part in elements(data)] == parts


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b'{"a": 1},', "JSON is malformed|truncated"), (b'"', "malformed|truncated"), (b"", "trunc")],
    ids=["within", "within a text", "after an element"],
)
def test_a_long_list_that_is_cut_off_is_said(report, data, problem):
    found = [Row("f", n, part) for n, part in enumerate(elements(b"[{}," + data))]
    decoder = msgspec.json.Decoder(dict[str, int])
    assert decoded(found[0], decoder, Options(), report) == {}
    with pytest.raises(RowError, match=problem):
        list(map(partial(decoded, decoder=decoder, options=Options(), report=report), found))


@pytest.mark.long
def test_a_list_of_millions_is_not_held_all_at_once(tmp_path, report):
    path = tmp_path / "many.json"
    path.write_bytes(b"[" + b"{}," * 210_000 + b"{}]")
    with opened(path, Options(), report) as files:
        tracemalloc.start()
        assert sum(1 for _ in rows(files, Options(), report)) == 210_001
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10 * path.stat().st_size


def test_what_lies_beside_the_data_is_not_read(tmp_path, report):
    for name in ("LICENSE", "README.md", "data.json", "more/data.json", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with opened(tmp_path, Options(), report) as files:
        assert [file.name for file in of_json(files, report)] == ["data.json", "more/data.json"]
    assert report.oddities["file-not-read"].count == 3


@pytest.mark.parametrize("value", [1_500_000_000.5, "1500000000.5"], ids=repr)
def test_seconds_are_cut_to_milliseconds(value):
    assert seconds(value) == at(1_500_000_000.5)


@pytest.mark.parametrize("value", ["", None])
def test_no_time_is_none(value):
    assert seconds(value) is None
    assert printed(value) is None


@pytest.mark.parametrize("value", ["nan", "soon", float("inf"), 7_258_118_400, -1, "-1"], ids=repr)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValueError, match="is no time"):
        seconds(value)


@pytest.mark.parametrize("value", ["0000-00-00", "9999-12-31T00:00:00Z", "1960-01-01", "soon"])
def test_what_is_no_printed_time_is_refused(value):
    with pytest.raises(ValueError, match="is no time"):
        printed(value)


def test_a_printed_time_without_a_zone_is_utc():
    assert printed("2017-07-14T02:40:00") == printed("2017-07-14T04:40:00+02:00")
    assert printed("2017-07-14T02:40:00Z") == at(1_500_000_000)
