"""Hostile and broken archives, given to the command itself: a clear error, in bounded memory.

What is as large as 1 GB inside is written compressed, which readers expand as they read.
"""

from __future__ import annotations

import gzip
import os
import sys

import orjson
import py7zr
import pytest

from stream.codec.events import encode
from tests.archive.command import inspected, refused
from tests.archive.stack_exchange_site import comment, question, write
from tests.story import asked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

EVENT = encode(asked()).value + b"\n"
HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
ROW = (
    b'  <row Id="1" PostTypeId="1" CreationDate="2017-04-24T12:00:00.000" Score="0" Body="&lt;p&gt;'
    b'What?&lt;/p&gt;" OwnerUserId="1" Title="What?" Tags="&lt;a&gt;" />\n'
)
LAUGHS = b'<!DOCTYPE posts [<!ENTITY a "ha">%b]>\n' % b"".join(
    b'<!ENTITY %c "%b">' % (b, b"&%c;" % a * 10)
    for a, b in zip(b"abcdefghi", b"bcdefghij", strict=True)
)


def _expanding(*parts):
    """A .zst of the parts; each is its content and how often it comes."""
    return b"".join(zstd.compress(data) * times for data, times in parts)


def _dump(tmp_path, posts):
    folder = tmp_path / "site.example"
    folder.mkdir()
    (folder / "Posts.xml").write_bytes(posts)
    return folder


def test_a_row_of_a_gigabyte_is_refused_by_a_limit_that_says_so(tmp_path):
    body = (b"x" * 1_000_000, 990)
    row = b'  <row Id="2" PostTypeId="1" CreationDate="2017-04-24T12:00:00.000" Body="'
    folder = _dump(
        tmp_path,
        _expanding((HEAD + b"<posts>\n" + ROW + row, 1), body, (b'" />\n</posts>\n', 1)),
    )
    refused(folder, "Posts.xml, row 2", "longer than 8 MiB", "--skip-unreadable")


def test_a_line_of_a_gigabyte_is_refused_by_a_limit_that_says_so(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_bytes(
        _expanding((EVENT + b'{"id":"', 1), (b"x" * 1_000_000, 990), (b'"}\n', 1), (EVENT, 1))
    )
    refused(path, "long.jsonl, row 2", "longer than 16 MiB")
    assert inspected(path)["skipped"] == 1


def test_an_xml_bomb_is_refused(tmp_path):
    folder = _dump(
        tmp_path, HEAD + LAUGHS + b"<posts>\n" + ROW.replace(b"What?", b"&j;") + b"</posts>\n"
    )
    refused(folder, "Posts.xml", "document type declaration", args=("--format", "stack-exchange"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param(b"<a>" * 2_000_000, "more than 100 deep", id="elements within elements"),
        pytest.param(
            b"<row %b />\n" % b" ".join(b'a%d=""' % n for n in range(300_000)),
            "no Id",
            id="columns",
        ),
    ],
)
def test_a_row_of_whatever_xml_is_refused(tmp_path, row, said):
    folder = _dump(tmp_path, HEAD + b"<posts>\n" + ROW + row + b"\n</posts>\n")
    refused(folder, "Posts.xml, row 2", said)
    assert inspected(folder)["skipped"] >= 1


def test_a_zst_that_expands_without_end_is_refused(tmp_path):
    path = tmp_path / "bomb.zst"
    path.write_bytes(_expanding((EVENT, 1), (bytes(16 << 20), 200)))
    assert path.stat().st_size < 1_000_000
    refused(path, "bomb.zst expands to more than 1,073,741,824 bytes", "expand it yourself")


def _bomb(tmp_path, size, method):
    posts = tmp_path / "Posts.xml"
    posts.write_bytes(HEAD + b"<posts>\n" + ROW)
    os.truncate(posts, size)
    path = tmp_path / "bomb.7z"
    with py7zr.SevenZipFile(path, "w", filters=[{"id": method}]) as archive:
        archive.write(posts, "Posts.xml")
    posts.unlink()
    return path


def test_a_seven_zip_that_expands_without_end_is_refused(tmp_path):
    """Refused by what it says of itself, and by how much it expands at a time."""
    refused(_bomb(tmp_path, 999_999_999, py7zr.FILTER_ZSTD), "bomb.7z is compressed by ZStandard")


@pytest.mark.long
def test_a_seven_zip_of_zeros_takes_no_memory(tmp_path):
    path = _bomb(tmp_path, 400_000_000, py7zr.FILTER_BZIP2)
    refused(path, "Posts.xml, row 2", "no XML", args=("--format", "stack-exchange"))


@pytest.mark.parametrize(
    ("posts", "said"),
    [
        pytest.param(b"<posts>\n%b" % ROW, "ends here, amid its XML", id="unclosed"),
        pytest.param(b"<posts>\n%b\xff\n</posts>" % ROW, "no XML", id="invalid UTF-8"),
        pytest.param(b"<posts>\n%b\0\n</posts>" % ROW, "no XML", id="NUL"),
        pytest.param(
            b"<posts>\n%b</posts>" % ROW.replace(b"2017-04-24T12:00:00.000", b"0000-00-00"),
            "0000-00-00",
            id="a date that never was",
        ),
        pytest.param(
            b"<posts>\n%b</posts>" % ROW.replace(b"2017", b"9999"), "9999", id="a year far away"
        ),
    ],
)
def test_a_broken_dump_is_told_with_its_file_and_row(tmp_path, posts, said):
    folder = _dump(tmp_path, HEAD + posts)
    refused(folder, "Posts.xml, row ", said, "--skip-unreadable")
    assert inspected(folder)["skipped"] >= 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(EVENT.replace(b"Ann", b"\xff"), "row 2", id="invalid UTF-8"),
        pytest.param(EVENT.replace(b"Ann", b"\0"), "row 2", id="NUL"),
        pytest.param(EVENT.replace(b"2017-04-24", b"0000-00-00"), "row 2", id="no date"),
        pytest.param(b'{"data":' + b"[" * 100_000 + b"\n", "row 2", id="deeply nested"),
        pytest.param(EVENT[:-5], "row 2", id="cut off"),
    ],
)
def test_a_broken_line_is_told_with_its_file_and_row(tmp_path, line, said):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(EVENT + line)
    refused(path, "broken.jsonl", said)
    assert inspected(path)["skipped"] == 1


def test_the_year_9999_is_an_event_like_another(tmp_path):
    path = tmp_path / "late.jsonl"
    path.write_bytes(EVENT.replace(b"2017-04-24", b"9999-12-31"))
    assert inspected(path)["last_at"].startswith("9999-12-31")


def test_a_folder_of_nothing_and_a_link_out_of_one_are_refused(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(empty, "empty has no files")
    (empty / "Posts.xml").symlink_to("/etc/passwd")
    refused(empty, "empty has no files but links that lead out of it")
    folder = _dump(tmp_path, HEAD + b"<posts>\n" + ROW + b"</posts>\n")
    (folder / "Users.xml").symlink_to("/etc/passwd")
    refused(folder, "Users.xml is not read", "leads out of the folder")
    assert inspected(folder)["items"]["questions"] == 1


def test_a_zst_that_was_cut_off_is_told(tmp_path):
    path = tmp_path / "cut.zst"
    path.write_bytes(zstd.compress(EVENT * 1000)[:-5])
    refused(path, "cut.zst is cut off")


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gz", "zst"])
def test_what_comes_before_the_cut_is_read_where_the_rest_is_to_be_skipped(tmp_path, pack):
    ids = range(20_000)
    rows = [EVENT.replace(b'"q"', b'"q%d"' % id_).replace(b"Ann", b"A%d" % id_) for id_ in ids]
    data = pack(b"".join(rows))
    path = tmp_path / "cut"
    path.write_bytes(data[: len(data) // 2])
    found = inspected(path)
    assert 1_000 < found["items"]["questions"] < 20_000
    assert found["unreadable"][0]["where"] == str(path)
    assert "cut off after" in found["unreadable"][0]["problem"]
    assert found["skipped"] <= 2  # With the row that was cut


@pytest.mark.long
def test_a_thread_of_fifty_thousand_comments_twenty_thousand_deep(tmp_path):
    """As Reddit's rows: a chain of 20,000, and 30,000 side by side."""
    rows = [_row(0, None, "t3_s")]
    rows += [_row(n, f"t1_c{n - 1}" if n > 1 else "t3_s", "t3_s") for n in range(1, 20_001)]
    rows += [_row(n, "t3_s", "t3_s") for n in range(20_001, 50_001)]
    path = tmp_path / "deep.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    found = inspected(path)
    assert (found["threads"], found["items"]["comments"]) == (1, 50_000)


def _row(number, parent, link):
    row = {"author": f"u{number % 99}", "subreddit": "deep", "created_utc": 1_493_000_000 + number}
    if parent is None:
        return row | {"id": "s", "title": "Deep", "selftext": "", "num_comments": 50_000}
    return row | {"id": f"c{number}", "parent_id": parent, "link_id": link, "body": "Why?"}


@pytest.mark.long
def test_a_post_of_a_stack_exchange_site_with_fifty_thousand_comments(tmp_path):
    folder = tmp_path / "crowded.example"
    write(folder, Posts=[question(1)], Comments=[comment(n, on=1, at=n) for n in range(1, 50_001)])
    found = inspected(folder)
    assert found["items"]["comments"] == 50_000
