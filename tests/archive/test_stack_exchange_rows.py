"""Rows are the same whichever of the two parsers reads them, and however a file is written."""

from __future__ import annotations

import pytest

from stream.archive.base import Options, Report
from stream.archive.opening import File
from stream.archive.stack_exchange_rows import _with_faults, rows
from stream.archive.stack_exchange_xml import CHUNK, PENDING_MAX

ROWS = (
    '<row Id="1" Text="a &lt;b&gt; &amp;amp; &#38; &#x41;&#xA;&#xD;&#xA;b" />\n'
    "<row Id='2' Text='one\n two\tthree \U0001f600 \xe4' Empty=''></row>\r\n"
    '<!-- <row Id="9" /> --><row\n  Id="3"/><![CDATA[<row Id="9" />]]><other Id="9"/>\n'
)
LONG = f'<row Id="4" Text="{"x" * (PENDING_MAX + 2 * CHUNK)}" />\n<row Id="5" />\n'


def _xml(text, head='<?xml version="1.0" encoding="utf-8"?>\n', encoding="utf-8"):
    return f"{head}<posts>\n{text}</posts>".encode(encoding)


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        pytest.param(_xml(ROWS), "123", id="plain"),
        pytest.param(b"\xef\xbb\xbf" + _xml(ROWS), "123", id="with a byte order mark"),
        pytest.param(_xml(ROWS, head=""), "123", id="without a head"),
        pytest.param(_xml(ROWS).replace(b"\r\n", b"\n"), "123", id="line feeds"),
        pytest.param(_xml(ROWS * 9), "123" * 9, id="several"),
        pytest.param(_xml("").replace(b"></posts>", b"/>"), "", id="none"),
        pytest.param(_xml(ROWS + LONG), "12345", id="a long one"),
        pytest.param(
            _xml(LONG + "<row Id='6' &/>\n" + ROWS), "45123", id="a fault behind a long one"
        ),
        pytest.param(
            _xml("<row Id='1'/>\xe4", "<?xml version='1.0' encoding='latin-1'?>", "latin-1"),
            "1",
            id="another encoding",
        ),
        pytest.param(_xml(ROWS, "", "utf-16"), "123", id="two bytes a letter"),
        pytest.param(
            _xml(ROWS).replace(b"<posts>", b'<posts xmlns="urn:x">'), "123", id="a namespace"
        ),
        pytest.param(_xml(ROWS + "<row Id='4' &/>\n" + ROWS), "123123", id="a fault"),
    ],
)
def test_rows_are_those_that_expat_reads(tmp_path, data, ids):
    path = tmp_path / "Posts.xml"
    path.write_bytes(data)
    file = File(path.name, path, str(path), Options(skip_unreadable=True), Report())
    first, second = Report(), Report()
    found = list(rows(file, file.options, first))
    assert found == list(_with_faults(file, file.options, second))
    assert first == second
    assert "".join(row["Id"] for _, row in found) == ids
