"""PostHistory told from its lines is what is told from its rows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from stream.archive.base import Options, Report
from stream.archive.opening import File
from stream.archive.robots import marked
from stream.archive.sorting_beside import Second
from stream.archive.stack_exchange_history import History
from stream.archive.stack_exchange_history_lines import AUTHORS_MAX
from stream.archive.stack_exchange_posts import keep
from stream.archive.stack_exchange_site import NAME_MAX, Site
from stream.archive.stack_exchange_store import opened_store
from stream.archive.stack_exchange_waiting import HELD_MAX, OPEN_MAX
from stream.codec.events import encode
from stream.codec.packing import packed
from stream.errors import RowError
from tests.archive.stack_exchange_site import answer, history, question, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = 300_000  # Letters that no title, name or note may have
POSTS = [
    question(1),
    answer(2, on=1),
    question(3, OwnerUserId=None, OwnerDisplayName="Eve"),
    question(4, PostTypeId=4),
    question(5, OwnerUserId=-1, Title="", Tags=None),
    answer(6, on=3, OwnerUserId=4),
    question(7, Title='"<&>\\' * 9, Tags="|a|b\\|"),
    question(8, Title="t" * LARGE),
]


class _Kept(Second):
    """Keeps what is packed, here."""

    def __init__(self) -> None:
        super().__init__(Report(), Options())
        self.records: list[bytes] = []

    @property
    @override
    def started(self) -> bool:
        return True

    @override
    def keep(self, records: list[bytes], community: str) -> None:
        assert community == "tea"
        self.records += records


@contextmanager
def _site(path: Path, options: Options) -> Iterator[Site]:
    with opened_store() as store:
        for id_, name in ((1, "Ann"), (2, 'B"ö\\b'), (-1, "Community"), (4, "x" * LARGE)):
            store.put_user(id_, name)
        report = Report()
        file = File("PostHistory.xml", path, str(path), options, report)
        site = Site({"posthistory": file}, store, options, report, "tea")
        for row in POSTS:
            keep(site, {name: str(value) for name, value in row.items() if value is not None})
        site.report.oddities.clear()
        site.last = 0
        yield site


def _told(path: Path, *, by_lines: bool, skips: bool = True):
    """What is told, how much of it from lines, and all that is found out by the way."""
    kept = _Kept()
    options = Options(skip_unreadable=skips, beside=kept if by_lines else None)
    with _site(path, options) as site:
        events = map(encode, marked(History(site).read()))
        told = list(map(packed, site.report.read(events, options)))
        site.report.events, site.report.ends = 0, {}  # Who sorts counts those that are kept, too.
        store = site.store
        store.index()
        found = [
            list(store.asked("SELECT * FROM posts ORDER BY id")),
            list(store.asked("SELECT * FROM marks ORDER BY post, what, at")),
        ]
        return sorted(told + kept.records), found, site.report, site.last, site.silent_on


def _many(folder: Path, rows, eol="\n") -> Path:
    return write(folder, Posts=POSTS, PostHistory=rows, eol=eol) / "PostHistory.xml"


_texts = st.one_of(
    st.text(st.sampled_from("abc &<>'\"\\@.`é\u2028😀\x7f\n\r\t"), max_size=40),
    st.sampled_from(["<tea><leaf>", "|tea|", "a\r\nb & c", "a\\b", None]),
)
_EDITS = [[4, 5, 6], [5, 4], [5], [6], [9, 5], [7, 8, 9], [8, 7], [5, 5], [6, 4, 6]]
_BEGUN = [[2], [2], [2, 1, 3], [3, 2, 1], [1, 2], [2, 2], [2, 3, 3]]
_OTHERS = [[1], [1, 3], [10], [11], [12], [13], [17], [5, 12], [2, 5], [99], [100]]
_SELDOM = [
    {"Text": ""},
    {"Text": "😀" * 17_000},
    {"Text": "y" * 300_000},
    {"Comment": ""},
    {"Comment": "2"},
    {"Comment": "z" * LARGE},
    {"UserId": 4},
    {"UserId": None},
    {"UserDisplayName": "Eve"},
    {"UserId": None, "UserDisplayName": "A <&> \\"},
    {"UserId": None, "UserDisplayName": ""},
    {"UserId": 1, "UserDisplayName": None},
    {"UserId": 1, "UserDisplayName": "n" * (NAME_MAX + 1)},
    {"RevisionGUID": ""},
    {"RevisionGUID": None},
    {"RevisionGUID": "ä&"},
]


@st.composite
def _revision(draw):
    """Its rows, each with a text of its own, and now and then something unusual about one."""
    types = draw(st.sampled_from([*_EDITS, *_EDITS, *_BEGUN, *_BEGUN, *_OTHERS]))
    what = {
        "at": draw(st.integers(0, 2) | st.integers(0, 10**9)),
        "on": draw(st.sampled_from([1, 1, 1, 2, 2, *range(3, 10)])),
        "guid": draw(st.sampled_from("cba") | st.integers(0, 10**9).map(str)),
        "UserId": draw(st.sampled_from([1, 1, 1, 2, 2, None, -1])),
        "Comment": draw(st.sampled_from([None, "1", 'a "note"\r\n'])),
    }
    rows = [history(type_, Id=7, Text=draw(_texts), **what) for type_ in types]
    if draw(st.integers(0, 3)) == 0:
        rows[draw(st.integers(0, len(rows) - 1))].update(draw(st.sampled_from(_SELDOM)))
    return rows


@st.composite
def _rows(draw):
    """Those of some revisions, a few of them out of place."""
    rows = [row for some in draw(st.lists(_revision(), max_size=8)) for row in some]
    for _ in range(draw(st.integers(0, 2)) if rows else 0):
        rows.insert(draw(st.integers(0, len(rows))), rows.pop(draw(st.integers(0, len(rows) - 1))))
    return rows


_ODD = [
    {"Id": None},
    {"PostHistoryTypeId": None},
    {"PostHistoryTypeId": "02"},
    {"PostId": "01"},
    {"PostId": None},
    {"PostId": 10**18},
    {"PostId": 10**19},
    {"UserId": "01"},
    {"UserId": ""},
    {"CreationDate": "never"},
    {"CreationDate": "2017-04-24T06:47:17"},
    {"CreationDate": None},
]


@given(
    rows=_rows(),
    other=st.integers(0, 60),
    instead=st.sampled_from([{}, *_ODD]),
    eol=st.sampled_from(["\n", "\r\n"]),
)
def test_lines_tell_what_rows_tell(tmp_path_factory, rows, other, instead, eol):
    rows = [row | instead if n == other % len(rows) else row for n, row in enumerate(rows)]
    path = _many(tmp_path_factory.mktemp("site"), rows, eol)
    assert _told(path, by_lines=True) == _told(path, by_lines=False)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{"UserId": ""}, {}], id="there and empty"),
        pytest.param(
            [{"PostHistoryTypeId": 4, "UserId": None}, {"UserId": 2}], id="named by another row"
        ),
        pytest.param(
            [{"PostHistoryTypeId": 6, "Comment": "2", "UserId": 2}, {"Comment": "1"}],
            id="in the order of their types",
        ),
    ],
)
def test_rows_of_an_edit(tmp_path, rows):
    path = _many(tmp_path, [history(5, 1, guid="a", Text=f"x{n}") | r for n, r in enumerate(rows)])
    assert _told(path, by_lines=True) == _told(path, by_lines=False)


def test_what_is_usual_is_told_from_lines(tmp_path):
    kept = _Kept()
    rows = [history(2, 1, guid="a", Text="x"), history(1, 1, guid="a", Text="t")]
    rows += [history(2, 2, guid="b", Text="y & z"), history(5, 1, guid="c", Text="z", Comment="n")]
    with _site(_many(tmp_path, rows), Options(beside=kept)) as site:
        assert list(History(site).read()) == []
    assert len(kept.records) == 3


@pytest.mark.parametrize("by_lines", [True, False], ids=["lines", "rows"])
def test_a_fault_is_that_of_its_row(tmp_path, by_lines):
    rows = [history(5, 1, guid=f"g{n}", Text="x") for n in range(120)]
    path = _many(tmp_path, [*rows[:80], rows[80] | {"UserId": "one"}, *rows[81:]])
    with pytest.raises(RowError, match="row 81"):
        _told(path, by_lines=by_lines, skips=False)


@pytest.mark.parametrize("at", [3, 77, 119])
def test_rows_behind_a_line_that_is_no_xml_are_told_once(tmp_path, at):
    path = _many(tmp_path, [history(5, 1, n, f"g{n // 3}", Text="x") for n in range(120)])
    lines = path.read_bytes().split(b"\n")
    lines[2 + at] = b'  <row Id="1" <'
    path.write_bytes(b"\n".join(lines))
    told = _told(path, by_lines=True)
    assert told == _told(path, by_lines=False)
    assert told[2].skipped == 1


@pytest.mark.parametrize(
    ("many", "letters"), [(OPEN_MAX + 20, 1), (250, HELD_MAX // 200)], ids=["many", "long ones"]
)
def test_revisions_of_which_too_much_is_open_are_told_before_their_end(tmp_path, many, letters):
    rows = [history(4 + n % 2, 1, n, f"g{n}", Text="é" * letters) for n in range(many)]
    later = {"PostHistoryTypeId": 6, "Text": None}
    path = _many(tmp_path, [*rows, *(row | later for row in rows)])
    assert _told(path, by_lines=True) == _told(path, by_lines=False)


def test_who_wrote_a_revision_is_known_however_many_came_since(tmp_path):
    crowd = [
        history(5, 1, guid="b", UserId=None, UserDisplayName=f"n{n}") for n in range(AUTHORS_MAX)
    ]
    path = _many(tmp_path, [history(5, 1, guid="a", Text="x"), *crowd])
    assert _told(path, by_lines=True) == _told(path, by_lines=False)
