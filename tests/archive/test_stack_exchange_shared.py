"""Two processes that share a dump's comments tell what one tells that reads all by itself."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from stream.archive.base import Options, Report
from stream.archive.sorting import sorted_on_disk
from stream.archive.sorting_beside import Second, sorted_beside
from stream.archive.stack_exchange import StackExchangeDump
from stream.archive.stack_exchange_shared import Rows
from stream.codec.events import encode
from stream.codec.packing import packed
from stream.errors import ArchiveError, RowError
from tests.archive.stack_exchange_site import (
    HOUR,
    answer,
    comment,
    first,
    history,
    question,
    vote,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stream.archive.beside import Found, Part, Share

STEP = 300  # About two comments
OPTIONS = Options()
SKIPPING = Options(skip_unreadable=True)
MANY = [
    comment(n, on=n % 4 + 1, at=n, text=f"@Ann: {n}\r\nä&<\t", Score=n % 3, UserId=n % 3 + 1)
    for n in range(1, 60)
]


def _alone(site, options=OPTIONS):
    report = Report()
    events = StackExchangeDump(STEP).read(site, options, report)
    return list(sorted_on_disk(report.read(map(encode, events), options))), report


class _Watched(Second):
    """``kept``: of each table that was shared, whether what came of it was kept."""

    def __init__(self, report: Report, options: Options) -> None:
        super().__init__(report, options)
        self.kept: dict[str, bool] = {}

    @override
    def begin(self, part: Part) -> None:
        assert isinstance(part, Rows)
        self._begun = part.table
        super().begin(part)

    @override
    def finish(self, share: Share, take: Callable[[list[Found]], bool]) -> bool:
        self.kept[self._begun] = super().finish(share, take)
        return self.kept[self._begun]


def _shared(site, options=OPTIONS):
    """The same of both processes, and what was kept of which tables."""
    report = Report()
    second = _Watched(report, options)
    events = StackExchangeDump(STEP).read(site, replace(options, beside=second), report)
    return list(sorted_beside(events, report, options, second)), report, second.kept


def _site(folder, comments, **tables):
    """Questions 1 and 2, answer 3, and 4, which is no part of a thread."""
    posts = [question(1), question(2), answer(3, on=2), question(4, PostTypeId=4)]
    usual = {"Posts": posts, "PostHistory": first(), "Votes": [vote(3)]}
    return write(folder, Comments=comments, **usual | tables)


def _with_comments(site, change):
    path = site / "Comments.xml"
    path.write_bytes(change(path.read_bytes()))
    return site


@pytest.fixture
def site(tmp_path):
    return _site(tmp_path / "site", MANY)


@pytest.mark.parametrize(
    "comments",
    [
        pytest.param(MANY, id="many"),
        pytest.param(
            [row | {"UserId": None, "UserDisplayName": "Eve" if n % 2 else None}
             for n, row in enumerate(MANY)],
            id="authors whose accounts are gone",
        ),
        pytest.param([row | {"PostId": n} for n, row in enumerate(MANY)], id="posts not there"),
        pytest.param([row | {"UserId": -1} for row in MANY], id="by the site's robot"),
        pytest.param([row | {"PostId": 99} for row in MANY], id="nothing to be told"),
        pytest.param([row | {"Text": "x" * 40 * n} for n, row in enumerate(MANY)], id="long ones"),
        pytest.param(
            [*MANY[:9], MANY[9] | {"Text": "y" * 600_000}, *MANY[10:]],
            id="a very long one",
            marks=pytest.mark.long,
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("eol", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_what_is_shared_is_told_as_by_one(tmp_path, comments, eol):
    site = _site(tmp_path / "site", comments, eol=eol)
    *found, kept = _shared(site)
    assert kept == {"comments": True}
    assert tuple(found) == _alone(site)


@pytest.mark.parametrize(
    "comments",
    [
        pytest.param(MANY[::-1], id="falling"),
        pytest.param([*MANY[40:], *MANY[:40:2], *MANY[1:40:2]], id="in no order"),
        pytest.param([*MANY[30:], *MANY[:30]], id="growing twice"),
    ],
)
def test_comments_whose_ids_do_not_grow_are_told_by_one(tmp_path, comments):
    site = _site(tmp_path / "site", comments)
    *found, kept = _shared(site)
    assert kept == {"comments": False}
    assert tuple(found) == _alone(site)


@pytest.mark.parametrize("few", [[], [comment(1)]], ids=["none", "one"])
def test_few_comments_are_not_shared(tmp_path, few):
    site = _site(tmp_path / "site", few)
    *found, kept = _shared(site)
    assert not kept
    assert tuple(found) == _alone(site)


POSTS = [question(n, at=n, PostTypeId=1 + n % 4, ParentId=n - 1) for n in range(1, 40)]
VOTES = [vote(n, n % 3) for n in range(1, 60)]  # The first 39 on posts that are there


@pytest.mark.parametrize(
    ("posts", "votes", "kept_posts"),
    [
        pytest.param(POSTS, VOTES, True, id="as they should be"),
        pytest.param(POSTS[::-1], VOTES[::-1], True, id="ids falling"),
        pytest.param([*POSTS, POSTS[0]], VOTES, False, id="a post twice, far apart"),
        pytest.param([POSTS[0], *POSTS], VOTES, False, id="a post twice, side by side"),
    ],
)
def test_posts_and_votes_are_shared_too(tmp_path, posts, votes, kept_posts):
    site = _site(tmp_path / "site", MANY, Posts=posts, Votes=votes, PostHistory=[])
    *found, kept = _shared(site)
    assert kept == {"posts": kept_posts, "comments": True, "votes": True}
    assert tuple(found) == _alone(site)


@pytest.mark.parametrize("table", ["Posts", "Votes"])
def test_a_fault_in_another_table_is_named_and_skipped(tmp_path, table):
    site = _site(tmp_path / "site", MANY, Posts=POSTS, Votes=VOTES)
    path = site / f"{table}.xml"
    rows = path.read_bytes().split(b"<row ")
    rows[20] = rows[20].replace(b'"2017-', b'"3017-')
    path.write_bytes(b"<row ".join(rows))
    if table == "Votes":  # Times of others but acceptances are not looked at.
        path.write_bytes(path.read_bytes().replace(b'PostId="20"', b'PostId="x"'))
    with pytest.raises(RowError) as alone:
        _alone(site)
    with pytest.raises(RowError, match=rf"{table}\.xml, row 20: ") as shared:
        _shared(site)
    assert str(shared.value) == str(alone.value)
    *found, kept = _shared(site, SKIPPING)
    assert kept == {"posts": table != "Posts", "comments": True, "votes": table != "Votes"}
    assert tuple(found) == _alone(site, SKIPPING)


def test_a_table_that_is_read_again_leaves_the_others_alone(tmp_path):
    site = _site(tmp_path / "site", [MANY[0], *MANY], Votes=[*VOTES, vote(3) | {"PostId": "x"}])
    *found, kept = _shared(site, SKIPPING)
    assert kept == {"comments": False, "votes": False}
    assert tuple(found) == _alone(site, SKIPPING)


def _before(what, row=30):
    """Put something before a row, on the line that ends there."""
    return lambda data: data.replace(b'<row Id="%d"' % row, what + b'<row Id="%d"' % row)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.removeprefix(b"\xef\xbb\xbf"), id="no byte order mark"),
        pytest.param(lambda data: data[data.index(b"<comments") :], id="no head"),
        pytest.param(_before(b"<!-- one -->\n"), id="an XML comment between rows"),
        pytest.param(_before(b"<other/>words\n"), id="other elements and words"),
        pytest.param(lambda data: data.replace(b"\r\n", b" "), id="all on one line"),
        pytest.param(lambda data: data + b"\n\n<!-- made by hand -->\n", id="something behind"),
    ],
)
def test_what_is_at_home_in_xml_keeps_nobody_from_sharing(site, change):
    *found, kept = _shared(_with_comments(site, change))
    assert kept == {"comments": True}
    assert tuple(found) == _alone(site)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: data.replace(b'Id="30"', b'Id="29"'), id="twice, side by side"),
        pytest.param(lambda data: data.replace(b'Id="58"', b'Id="1"'), id="twice, far apart"),
        pytest.param(lambda data: data.replace(b"comments>", b"Comments>"), id="another root"),
        pytest.param(
            lambda data: data.replace(b"<comments>", b'<comments xmlns="urn:x">'), id="a namespace"
        ),
        pytest.param(
            lambda data: data.replace(b"utf-8", b"latin-1").removeprefix(b"\xef\xbb\xbf"),
            id="another encoding",
        ),
        pytest.param(
            lambda data: _before(b"-->\n", 40)(_before(b"<!--\n", 20)(data)), id="rows in comments"
        ),
        pytest.param(
            lambda data: _before(b"]]>\n", 40)(_before(b"<![CDATA[\n", 20)(data)),
            id="rows in CDATA",
        ),
        pytest.param(
            lambda data: _before(b"</other>\n", 40)(_before(b"<other>\n", 20)(data)),
            id="rows within another element",
        ),
    ],
)
def test_what_is_unusual_is_told_by_one(site, change):
    *found, kept = _shared(_with_comments(site, change))
    assert kept == {"comments": False}
    assert tuple(found) == _alone(site)


FAULTS = [
    pytest.param(lambda data: data.replace(b'Id="30"', b'Id="30'), id="a quote is missing"),
    pytest.param(lambda data: data.replace(b'Id="30"', b'Id="x"'), id="an id that is none"),
    pytest.param(lambda data: data.replace(b'Id="30"', b'Id="\xff"'), id="no UTF-8"),
    pytest.param(lambda data: data.replace(b'Id="30" PostId="3"', b'Id="30"'), id="no post"),
    pytest.param(lambda data: data[:-90], id="cut off"),
    pytest.param(_before(b"</comments>\n"), id="ended too soon"),
    pytest.param(_before(b"</comments>\n<comments>\n"), id="two roots"),
    pytest.param(lambda data: data.replace(b"T12:00:00.030", b"T25:00:00.030"), id="no time"),
]


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_is_named_by_its_row(site, change):
    _with_comments(site, change)
    with pytest.raises(RowError) as alone:
        _alone(site)
    with pytest.raises(RowError) as shared:
        _shared(site)
    assert str(shared.value) == str(alone.value)


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_is_skipped_and_counted(site, change):
    *found, kept = _shared(_with_comments(site, change), SKIPPING)
    assert kept == {"comments": False}
    assert tuple(found) == _alone(site, SKIPPING)
    assert found[1].skipped


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, to look into afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _killing(events, second):
    for number, event in enumerate(events):
        if number == 2:
            second._process.kill()  # noqa: SLF001  (as the system might)
        yield event


def test_a_second_process_that_dies_is_told(site, temporary):
    second = Second(Report(), OPTIONS)
    events = StackExchangeDump(STEP).read(site, Options(beside=second), Report())
    with pytest.raises(ArchiveError, match="the process that sorts ended with status -9"):
        list(sorted_beside(_killing(events, second), Report(), OPTIONS, second))
    assert [path.name for path in temporary.iterdir()] == ["site"]


def test_a_fault_elsewhere_ends_both(tmp_path, temporary):
    site = _site(tmp_path / "site", MANY, PostHistory=[history(5, CreationDate="never")])
    with pytest.raises(RowError, match=r"PostHistory\.xml, row 1"):
        _shared(site)
    assert [path.name for path in temporary.iterdir()] == ["site"]


class _Both:
    """Both shares within one process, a turn each as ``turns`` says."""

    started = True

    def __init__(self, folder: Path, turns: list[bool]) -> None:
        self._folder, self._turns = folder, turns
        self.kept: list[bytes] = []

    def keep(self, records: list[bytes], community: str) -> None:
        del community
        self.kept += records

    def start(self) -> Path:
        return self._folder

    def begin(self, part: Part) -> None:
        self._second = part.share(self._folder)
        self._records = [iter(()), self._second.records()]
        self._told = [record for turn in self._turns[::2] for record in self._next(turn)]

    def finish(self, share: Share, take: Callable[[list[Found]], bool]) -> bool:
        self._records[0] = share.records()
        self._told += [record for turn in self._turns[1::2] for record in self._next(turn)]
        self._told += [record for left in self._records for some in left for record in some]
        if share.refused or not take(share.found + self._second.found):
            return False
        self.kept += self._told
        return True

    def _next(self, turn: bool) -> list[bytes]:  # noqa: FBT001  (an index)
        return next(self._records[turn], [])


_comments = st.lists(
    st.builds(
        comment,
        st.integers(1, 40),
        on=st.integers(1, 5),
        at=st.integers(0, HOUR),
        text=st.sampled_from(["", "@Ann why?", "x" * 90, 'é "&<row Id=\n>']),
        Score=st.integers(-1, 3),
        UserId=st.sampled_from([-1, 1, 9, None]),
        UserDisplayName=st.sampled_from(["Eve", None]),
    ),
    max_size=30,
)


_posts = st.lists(
    st.builds(
        question,
        st.integers(1, 12),
        at=st.integers(0, HOUR),
        PostTypeId=st.integers(1, 4),
        ParentId=st.integers(1, 12),
    ),
    max_size=12,
)
_history = st.lists(
    st.builds(
        history,
        st.sampled_from([1, 2, 2, 3, 4, 5, 6, 8, 10, 11, 12, 99]),
        on=st.integers(1, 12),
        at=st.integers(0, HOUR),
        guid=st.sampled_from("abc"),
        Text=st.sampled_from(["", "So?", 'é "&<row\r\n>', "<one><two>", None]),
        Comment=st.sampled_from(["", "why", None]),
        UserId=st.sampled_from([-1, 1, 9, None]),
    ),
    max_size=20,
)
_votes = st.lists(st.builds(vote, st.integers(1, 12), st.integers(1, 2)), max_size=12)


@pytest.mark.long
@settings(deadline=None)
@given(
    tables=st.fixed_dictionaries(
        {"Posts": _posts, "Comments": _comments, "PostHistory": _history, "Votes": _votes}
    ),
    unique=st.booleans(),
    step=st.integers(1, 300),
    turns=st.lists(st.booleans(), max_size=60),
)
def test_whoever_reads_what_the_same_is_told(tmp_path_factory, tables, unique, step, turns):
    if unique:
        for table in ("Posts", "Comments"):
            tables[table] = list({row["Id"]: row for row in tables[table]}.values())
        tables["Comments"].sort(key=itemgetter("Id"))
    site = write(tmp_path_factory.mktemp("site"), **tables)
    both = _Both(tmp_path_factory.mktemp("both"), turns)
    report = Report()
    events = list(StackExchangeDump(step).read(site, Options(beside=both), report))
    wanted, alone = _alone(site)
    report.events, report.ends = alone.events, alone.ends  # Which who sorts has to count
    assert sorted([*map(packed, map(encode, events)), *both.kept]) == wanted
    assert report == alone
