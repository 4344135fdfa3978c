"""Dumps that are broken or hostile: a clear error, or counted and skipped."""

from __future__ import annotations

import pytest

from stream.archive.base import Report
from stream.archive.stack_exchange_rows import ROW_MAX
from stream.archive.stack_exchange_xml import CHUNK
from stream.core.events import PostCreated
from stream.errors import ArchiveError, RowError
from tests.archive.stack_exchange_site import answer, history, question, told, write, xml

BOMB = """<?xml version="1.0"?>
<!DOCTYPE posts [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<posts>
  <row Id="1" PostTypeId="1" Title="&b;" />
</posts>"""
FETCHED = '<?xml version="1.0"?><!DOCTYPE posts SYSTEM "http://a.example/x.dtd"><posts></posts>'


def _posts(events):
    return [event.data.item for event in events if isinstance(event, PostCreated)]


@pytest.fixture
def broken(tmp_path):
    """A folder whose Posts.xml is that text."""

    def breaking(data):
        folder = write(tmp_path / "site")
        (folder / "Posts.xml").write_bytes(data if isinstance(data, bytes) else data.encode())
        return folder

    return breaking


THREE = xml("posts", [question(1), question(2), question(3)])


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"CreationDate": "0000-00-00T00:00:00.000"}, id="a date of noughts"),
        pytest.param({"CreationDate": "9999-12-31T23:59:59.999"}, id="the year 9999"),
        pytest.param({"CreationDate": "1492-10-12T00:00:00.000"}, id="before there were sites"),
        pytest.param({"CreationDate": "2017-02-30T00:00:00.000"}, id="no day of that month"),
        pytest.param({"CreationDate": "2017-04-24"}, id="a day alone"),
        pytest.param({"CreationDate": "yesterday"}, id="a word"),
        pytest.param({"CreationDate": ""}, id="no letters"),
        pytest.param({"CreationDate": None}, id="no date"),
        pytest.param({"Id": None}, id="no id"),
        pytest.param({"Id": "two"}, id="an id in letters"),
        pytest.param({"Id": "9" * 30}, id="an id too large for any database"),
        pytest.param({"Id": "٣"}, id="an id in other digits"),
        pytest.param({"PostTypeId": None}, id="no type"),
        pytest.param({"PostTypeId": "2"}, id="an answer to nothing"),
        pytest.param({"Score": "1.5"}, id="half a score"),
        pytest.param({"ClosedDate": "0000-00-00T00:00:00.000"}, id="a closing that cannot be"),
    ],
)
def test_a_row_that_cannot_be_is_named_or_skipped(tmp_path, columns):
    folder = write(tmp_path / "s", Posts=[question(1), question(2, **columns), question(3)])
    with pytest.raises(RowError, match=r"Posts\.xml, row 2: .*skip it with --skip-unreadable"):
        told(folder)
    report = Report()
    assert sorted(_posts(told(folder, report, skip_unreadable=True))) == ["1", "3"]
    assert report.skipped == len(report.unreadable) == 1


def test_a_row_of_history_that_cannot_be_is_named_with_its_id(tmp_path):
    rows = [history(5, Id=7, CreationDate="9999-01-01T00:00:00.000")]
    with pytest.raises(RowError, match=r"PostHistory\.xml, row 1: CreationDate .* \(Id 7\)"):
        told(write(tmp_path / "s", Posts=[question(1)], PostHistory=rows))


def test_a_revision_of_nobody_who_can_be_is_named(tmp_path):
    rows = [history(5, Id=7, UserId=1), history(5, Id=8, UserId="", guid="r2")]
    with pytest.raises(RowError, match=r"row 2: UserId '' is no whole number \(Id 8\)"):
        told(write(tmp_path / "s", Posts=[question(1)], PostHistory=rows))


@pytest.mark.parametrize("encoding", ["x", "utf-7", "shift_jis"])
def test_an_encoding_that_cannot_be_read_is_named(broken, encoding):
    with pytest.raises(ArchiveError, match=r"Posts\.xml is in an encoding that cannot be read"):
        told(broken(THREE.lstrip("\ufeff").replace("utf-8", encoding)))


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        pytest.param((b'Id="2"', b'Id="2'), ["1", "3"], id="a quote is missing"),
        pytest.param((b'Id="2"', b'Id="2" Id="2"'), ["1", "3"], id="a column twice"),
        pytest.param((b'Id="2"', b'Id="\x002"'), ["1", "3"], id="a NUL byte"),
        pytest.param((b'Id="2"', b'Id="\xff2"'), ["1", "3"], id="a byte that is not UTF-8"),
        pytest.param((b'Id="2"', b'Id="&nbsp;2"'), ["1", "3"], id="an entity nobody declared"),
        pytest.param((b'Id="2"', b'Id="&#1;2"'), ["1", "3"], id="a letter that XML has not"),
        pytest.param((b'<row Id="2"', b'</posts><row Id="2"'), ["1", "3"], id="ended too soon"),
    ],
)
def test_xml_that_breaks_costs_its_line(broken, damage, left):
    folder = broken(THREE.encode().replace(*damage))
    with pytest.raises(RowError, match=r"Posts\.xml, row 2: no XML"):
        told(folder)
    report = Report()
    assert sorted(_posts(told(folder, report, skip_unreadable=True))) == left
    assert report.skipped == 1


@pytest.mark.parametrize("left", [30, 200, 300])
def test_a_file_that_was_cut_off_is_told(broken, left):
    folder = broken(THREE.encode()[:-left])
    with pytest.raises(RowError, match="cut off"):
        told(folder)
    report = Report()
    assert "1" in _posts(told(folder, report, skip_unreadable=True))
    assert report.skipped == 1


def test_rows_are_found_wherever_the_file_is_read_in_parts(tmp_path):
    posts = [question(n, Body="x" * (CHUNK // 3 + n * 97)) for n in range(1, 12)]
    folder = write(tmp_path / "s", Posts=posts)
    assert len(_posts(told(folder))) == 11
    data = (folder / "Posts.xml").read_bytes()
    (folder / "Posts.xml").write_bytes(data.replace(b'Id="7"', b'Id="7'))
    found = _posts(told(folder, skip_unreadable=True))
    assert sorted(map(int, found)) == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]


def test_a_row_without_end_is_refused(broken):
    long = xml("posts", [question(1), question(2, Body="x" * (ROW_MAX + CHUNK)), question(3)])
    folder = broken(long)
    with pytest.raises(RowError, match=r"row 2: longer than 8 MiB"):
        told(folder)
    assert sorted(_posts(told(folder, skip_unreadable=True))) == ["1", "3"]


@pytest.mark.parametrize("text", [BOMB, FETCHED], ids=["a bomb", "one to fetch"])
def test_a_document_type_declaration_is_refused(broken, text):
    folder = broken(text)
    with pytest.raises(ArchiveError, match="document type declaration"):
        told(folder)
    assert told(folder, skip_unreadable=True) == []


def test_what_is_no_xml_is_refused(broken):
    with pytest.raises(ArchiveError, match=r"Posts\.xml is no XML file of a dump"):
        told(broken("Id,PostTypeId\n1,1\n"))


def test_a_question_with_a_long_title_and_a_thread_of_many_answers(tmp_path):
    posts = [question(1, Title="x" * 100_000), *(answer(n, at=n) for n in range(2, 3_000))]
    assert len(_posts(told(write(tmp_path / "s", Posts=posts, PostHistory=None)))) == 2_999


def test_a_dump_in_another_encoding_is_read(tmp_path):
    text = xml("posts", [question(1, Title="Größe")]).replace("utf-8", "utf-16")
    (tmp_path / "Posts.xml").write_bytes(text.lstrip("\ufeff").encode("utf-16"))
    asked, *_ = told(tmp_path, format="stack-exchange")
    assert asked.data.title == "Größe"
