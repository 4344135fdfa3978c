"""Damaged JSON is read or told with its place; only an error of ours would be a traceback."""

from __future__ import annotations

import json
from random import Random

import pytest

from stream.archive.base import Options, Report
from stream.archive.detect import read, reader_for
from stream.errors import ArchiveError
from tests.archive import (
    test_discourse,
    test_hacker_news,
    test_reddit,
    test_stack_exchange_api,
)

WHOLE = {
    "reddit": [test_reddit.submission(edited=1_500_000_030), test_reddit.comment()],
    "hacker-news": [test_hacker_news.story(), test_hacker_news.comment(101, 100)],
    "discourse": [test_discourse.page(test_discourse.post(), test_discourse.post(2))],
    "stack-exchange-api": [
        test_stack_exchange_api.page(
            test_stack_exchange_api.question(answers=[test_stack_exchange_api.answer()])
        )
    ],
}
PIECES = (b"null", b"-1", b'"', b"[", b"{", b"\0", b"1e999", b"9" * 20, b"\xff", b"\\ud800")


def damaged(data, rng):
    for _ in range(rng.randint(1, 3)):
        place, length = rng.randrange(len(data)), rng.randint(0, 9)
        piece = rng.choice((*PIECES, b"", b""))
        data = data[:place] + piece + data[place + length :]
    return data if rng.random() < 0.8 else data[: rng.randrange(1, len(data))]


def said_of(path, options):
    """What is said to be wrong, if anything is."""
    try:
        list(read([path], options, Report()))
    except ArchiveError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("seed", range(40))
def test_damage_is_read_or_told(tmp_path, name, seed):
    lines = "\n".join(map(json.dumps, WHOLE[name])).encode()
    path = tmp_path / "damaged.json"
    path.write_bytes(damaged(lines, Random(seed)))  # noqa: S311  (damage, no secret)
    for skip in (True, False):
        said = said_of(path, Options(format=name, skip_unreadable=skip))
        assert said is None or str(path) in said


@pytest.mark.parametrize("name", WHOLE)
def test_the_reader_is_found_by_looking_at_the_file(tmp_path, name):
    path = tmp_path / "no-ending"
    path.write_text("\n".join(map(json.dumps, WHOLE[name])))
    assert reader_for(path).name == name
