"""Rows by their lines: what an XML parser finds in a file, or that it has to be asked."""

from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.stack_exchange_lines import plain, row, rows
from stream.archive.stack_exchange_xml import Unusual, in_order

COLUMNS = ("Id", "PostId", "Text", "UserDisplayName", "ContentLicense")
_ESCAPED = {'"': "&quot;", "\n": "&#xA;", "\r": "&#xD;", "\t": "&#x9;"}


def _file(found, eol="\n"):
    """A file of a dump with these rows."""
    lines = ['\ufeff<?xml version="1.0" encoding="utf-8"?>', "<comments>"]
    for one in found:
        columns = [f'{name}="{escape(text, _ESCAPED)}"' for name, text in one.items()]
        lines.append(f"  <row {' '.join(columns)} />")
    return eol.join([*lines, "</comments>", ""]).encode()


def _chunks(data, sizes):
    """``data`` in pieces, the head of the file in the first."""
    start = data.find(b"<comments>") + 10
    cuts = sorted({0, len(data), *(start + size for size in sizes if start + size < len(data))})
    return [data[one:other] for one, other in pairwise(cuts)]


def _by_lines(data, sizes=()):
    """The rows up to where a parser has to be asked, and whether it has."""
    found = []
    try:
        for line, *_ in rows(_chunks(data, sizes), "comments", COLUMNS):
            found.append(row(line))
    except Unusual:
        return found, True
    return found, False


def _by_parser(data):
    try:
        return [dict(one) for one in in_order([data])], False
    except Unusual:
        return [], True


_characters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from(
    "\n\r\t&<>\"'\\@\x7f\x85\ufffd"
)
_texts = st.text(_characters.filter(lambda one: one not in "\ufffe\uffff"), max_size=30)
_rows = st.lists(
    st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True).flatmap(
        lambda names: st.fixed_dictionaries(dict.fromkeys(names, _texts))
    ),
    max_size=8,
)
_sizes = st.lists(st.integers(0, 600), max_size=4)


@given(found=_rows, eol=st.sampled_from(["\n", "\r\n"]), sizes=_sizes)
def test_what_is_as_in_dumps_needs_no_parser(found, eol, sizes):
    assert _by_lines(_file(found, eol), sizes) == (found, False)


_ODD = [b"\n", b"\r", b"\t", b"\0", b"&", b"<", b">", b'"', b"'", b" ", b"=", b"/", b"\xff", b";"]
_ODD += [b"\xef\xbf\xbe", b"\xed\xa0\x80", b"&#0;", b"&#xB;", b"&nbsp;", b"&lt;", b"&#38;", b"&amp"]
_ODD += [b"<!-- -->", b"<![CDATA[", b"]]>", b"<?a b?>", b"<row/>", b"<other>", b"</comments>"]
_ODD += [b' Id="2"', b' xmlns="urn:x"', b' a:b="c"', b"<row Id='1' />\n", b"\xc2\x85", b"\x7f"]


@given(
    found=_rows.filter(bool),
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 3), st.sampled_from([*_ODD, b""])),
        min_size=1,
        max_size=3,
    ),
    sizes=_sizes,
)
def test_what_is_otherwise_is_found_as_by_a_parser_or_left_to_it(found, changes, sizes):
    data = _file(found)
    for where, without, instead in changes:
        at = int(where * len(data))
        data = data[:at] + instead + data[at + without :]
    by_lines, asks = _by_lines(data, sizes)
    by_parser, refuses = _by_parser(data)
    if not asks:
        assert (by_lines, False) == (by_parser, refuses)
    elif not refuses:
        assert by_parser[: len(by_lines)] == by_lines


@pytest.mark.parametrize("odd", [*_ODD, b"&#x9;\t"])
def test_within_a_text_anything_but_text_is_left_to_a_parser(odd):
    usual = odd in {b">", b"'", b" ", b"=", b"/", b";", b"&lt;", b"]]>", b"\xc2\x85", b"\x7f"}
    usual |= odd in {b"\t", b"&#x9;\t"}
    data = _file([{"Id": "1", "Text": "HERE"}]).replace(b"HERE", b"a" + odd + b"b")
    assert _by_lines(data)[1] == (not usual)
    if usual:
        assert _by_lines(data) == _by_parser(data)


def test_what_a_row_does_not_have_is_empty():
    data = _file([{"Id": "1", "Text": "<b>"}, {"Text": "b", "Id": "2", "Other": "x"}])
    found = [values[1:] for values in rows([data], "comments", ("Text", "Score", "Id"))]
    assert found == [(b"&lt;b&gt;", b"", b"1"), (b"b", b"", b"2")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"&amp;lt;", "&lt;"),
        (b"&lt;&gt;&quot;&apos;&amp;", "<>\"'&"),
        (b"a&#xD;&#xA;b&#x9;", "a\r\nb\t"),
        ("ä".encode(), "ä"),
    ],
)
def test_references_mean_what_they_stand_for(written, meant):
    assert plain(written) == meant
