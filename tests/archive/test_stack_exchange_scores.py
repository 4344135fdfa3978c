"""Where ids grow no comment is there twice, whoever read which stretch; all scores are found."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stream.archive.base import Options, Report
from stream.archive.beside import Found
from stream.archive.sorting import RUNS_MAX, Runs, merged
from stream.archive.stack_exchange_scores import Scores, growing, scored, scores_in
from stream.archive.stack_exchange_site import Site
from stream.archive.stack_exchange_store import opened_store
from stream.archive.stack_exchange_tables import PostRow

_ids = st.lists(st.integers(-5, 30), unique=True, max_size=3).map(sorted)


@given(st.lists(_ids, max_size=5))
def test_ids_grow_where_all_of_them_do(stretches):
    found = [
        Found(number, 0, {}, {}, (ids[0], ids[-1]) if ids else None)
        for number, ids in enumerate(stretches)
    ]
    ids = [id_ for some in stretches for id_ in some]
    assert growing(found) == all(one < other for one, other in pairwise(ids))


_numbers = st.integers(-3, 9)
_comments = st.dictionaries(st.integers(-(1 << 62), 1 << 62), st.tuples(_numbers, _numbers))


@given(
    st.integers(1, 400),
    _comments,
    st.lists(st.booleans()),
    st.dictionaries(_numbers, st.tuples(st.booleans(), _numbers, _numbers, st.none() | _numbers)),
)
def test_a_threads_scores_are_those_of_its_posts_and_comments(
    tmp_path_factory, held, said, turns, posts
):
    folder = tmp_path_factory.mktemp("site")
    wanted: dict[int, tuple[dict[str, int], int | None]] = {}
    with opened_store() as store:
        site = Site({}, store, Options(), Report(), "tea")
        for id_, (asks, of, score, views) in posts.items():
            thread = id_ if asks else of
            store.put_post(PostRow(id_, 1 if asks else 2, thread, 0, score=score, views=views))
            if asks or score:
                scores, seen = wanted.get(thread, ({}, None))
                scores |= {str(id_): score} if score else {}
                known = [n for n in (views, seen) if n is not None]
                wanted[thread] = scores, max(known, default=None)
        both = [Scores(folder, "one", held), Scores(folder, "other", held)]
        for number, id_ in enumerate(sorted(said)):
            thread, score = said[id_]
            assert both[turns[number % len(turns)] if turns else 0].put_comment(id_, thread, score)
            if score:
                wanted.setdefault(thread, ({}, None))[0][f"c{id_}"] = score
        for one in both:
            one.leave()
        site.scores_in = scores_in(folder)
        store.index()
        assert list(scored(site)) == [(thread, *wanted[thread]) for thread in sorted(wanted)]
    assert list(folder.iterdir()) == []


def test_more_runs_of_scores_than_are_merged_at_a_time_are_in_nobodys_way(tmp_path):
    count = 2 * RUNS_MAX
    scores = Scores(tmp_path, "one", memory_bytes=1)
    for id_ in range(count):
        assert scores.put_comment(id_, -id_, 1)
    scores.leave()
    with opened_store() as store:
        site = Site({}, store, Options(), Report(), "tea")
        site.scores_in = scores_in(tmp_path)
        found = list(scored(site))
    assert found == [(-id_, {f"c{id_}": 1}, None) for id_ in reversed(range(count))]
    runs = [tmp_path / f"run-{n}" for n in range(count)]
    for n, run in enumerate(runs):
        events = Runs(tmp_path, run.name, 1)
        events.add_packed([b"%03d" % n])
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert list(merged(files, tmp_path)) == [b"%03d" % n for n in range(count)]
