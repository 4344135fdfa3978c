"""Comments told from their lines are those that are told from their rows."""

from __future__ import annotations

from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.stack_exchange_comments import TOGETHER, Comments
from stream.archive.stack_exchange_posts import DOUBLED, commented_encoded, keep
from stream.archive.stack_exchange_scores import Scores, scored, scores_in
from stream.archive.stack_exchange_site import NAME_MAX, Site
from stream.archive.stack_exchange_store import opened_store
from stream.archive.stack_exchange_xml import Stretches
from stream.codec.packing import packed
from tests.archive.stack_exchange_site import answer, comment, question, write

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTS = [question(1), question(2), answer(3, on=2), question(4, PostTypeId=4)]


@contextmanager
def _site() -> Iterator[Site]:
    with opened_store() as store:
        for id_, name in ((1, "Ann"), (2, 'B"ö\\b'), (-1, "Community"), (3, "x" * 70_000)):
            store.put_user(id_, name)
        site = Site({}, store, Options(), Report(), "tea")
        for row in POSTS:
            keep(site, {name: str(value) for name, value in row.items()})
        site.report, site.last = Report(), 0
        yield site


def _told(made, stretches):
    """What is told, and all that is found out by the way; None where one has to read it all."""
    with _site() as site, TemporaryDirectory() as folder:
        site.scores = Scores(Path(folder), "one")
        try:
            records = made(site, stretches)
        except ValueError:
            return None
        if DOUBLED in site.report.oddities:
            return None
        if site.scores is not None:
            site.scores.leave()
            site.scores_in = scores_in(Path(folder))
        site.store.index()
        return records, list(scored(site)), site.report, site.last, site.robots


def _by_lines(site, stretches):
    comments = Comments(site, site.scores)
    return [record for some in comments.told(stretches, 0) for record in some]


def _by_rows(site, stretches):
    rows = stretches.rows(0)
    return [packed(event) for row in rows for event in commented_encoded(site, row)]


def _by_the_store(site, stretches):
    site.scores = None
    return _by_rows(site, stretches)


def _stretches(folder, rows, eol="\n"):
    path = write(folder, Posts=POSTS, Comments=rows, eol=eol) / "Comments.xml"
    size = path.stat().st_size
    return Stretches(path, "comments", size, size)


_texts = st.one_of(
    st.text(st.sampled_from("abc &<>'\\@.`é\u2019\u2028😀\x7f"), max_size=40),
    st.sampled_from(["@Ann: no", "`@Ann` @Bob's", "a@b.c", "y" * 70_000, "@" + "z" * 300]),
)
_rows = st.builds(
    comment,
    st.integers(1, 10**6) | st.sampled_from([10**17, 10**18]),
    on=st.sampled_from([1, 2, 3, 4, 5]),
    at=st.integers(0, 10**9),
    text=_texts,
    Score=st.sampled_from([0, 0, 1, 999, 1000, -1, None]),
    UserId=st.sampled_from([1, 2, 3, 9, -1, None]),
    UserDisplayName=st.sampled_from([None, "Eve", "A <&> \\", "", "n" * (NAME_MAX + 1)]),
)
_FAULTS = [
    {"Id": "007"},
    {"Id": "+1"},
    {"Id": "\u0663"},
    {"Id": 10**19},
    {"Id": None},
    {"PostId": "01"},
]
_FAULTS += [
    {"Score": "01"},
    {"UserId": "01"},
    {"UserId": ""},
    {"PostId": None},
    {"CreationDate": "never"},
]
_ODD = [
    {},
    {"Text": None},
    {"Text": 'a "b"'},
    {"Text": "a\n"},
    {"CreationDate": "2017-04-24T06:47:17"},
    {"PostId": 4, "UserId": "01"},
]


@given(
    rows=st.lists(_rows, max_size=12, unique_by=lambda row: row["Id"]).map(
        lambda rows: sorted(rows, key=itemgetter("Id"))
    ),
    other=st.integers(0, 11),
    instead=st.sampled_from([*_ODD, *_FAULTS]),
    eol=st.sampled_from(["\n", "\r\n"]),
)
def test_lines_tell_what_rows_tell(tmp_path_factory, rows, other, instead, eol):
    rows = [row | instead if n == other else row for n, row in enumerate(rows)]
    stretches = _stretches(tmp_path_factory.mktemp("site"), rows, eol)
    told = _told(_by_lines, stretches)
    assert told == _told(_by_rows, stretches)
    assert told is None or told == _told(_by_the_store, stretches)


def _of_ann(id_):
    """One that is told from its line."""
    return comment(id_, UserId=1)


def _of_robot(id_):
    """One that is told as a row."""
    return comment(id_, UserId=-1)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([_of_ann(1), _of_ann(2), _of_ann(1)], id="apart"),
        pytest.param([_of_ann(1), _of_ann(2), _of_ann(2)], id="side by side"),
        pytest.param([_of_ann(1), _of_robot(2), _of_ann(2)], id="first as a row"),
        pytest.param([_of_ann(1), _of_ann(2), _of_robot(2)], id="then as a row"),
        pytest.param([_of_ann(n) for n in (*range(1, TOGETHER + 1), TOGETHER)], id="batches"),
    ],
)
def test_an_id_that_is_there_twice_is_found(tmp_path, rows):
    stretches = _stretches(tmp_path, rows)
    assert _told(_by_lines, stretches) is None
    assert _told(_by_rows, stretches) is None
