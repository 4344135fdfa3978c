from __future__ import annotations

import gzip
import io
import os
import sys

import py7zr
import pytest

from stream.archive.base import Options
from stream.archive.detect import read, reader_for, sample_people
from stream.archive.opening import bare_name, head, lines, names, opened
from stream.archive.stack_exchange import StackExchangeDump
from stream.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"one\ntwo\n" * 1000


def _seven_zip(path, files):
    with py7zr.SevenZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writef(io.BytesIO(data), name)
    return path


def _contents(path, report, **options):
    with opened(path, Options(**options), report) as files:
        found = {}
        for file in files:
            with file.open() as content:
                found[file.name] = content.read()
        return found


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(gzip.compress(TEXT), id="gz"),
        pytest.param(gzip.compress(TEXT[:80]) + gzip.compress(TEXT[80:]), id="gz in two parts"),
        pytest.param(zstd.compress(TEXT), id="zst"),
        pytest.param(zstd.compress(TEXT[:80]) + zstd.compress(TEXT[80:]), id="zst in two frames"),
        pytest.param(b"\x50\x2a\x4d\x18\x02\0\0\0hi" + zstd.compress(TEXT), id="skippable frame"),
    ],
)
def test_a_file_is_expanded_by_what_it_holds_not_by_its_name(tmp_path, report, data):
    path = tmp_path / "any.name"
    path.write_bytes(data)
    assert _contents(path, report) == {"any.name": TEXT}
    assert head(path, Options()) == TEXT


def test_a_long_window_as_pushshift_uses_it_is_read(tmp_path, report):
    options = {
        int(zstd.CompressionParameter.window_log): 30,
        int(zstd.CompressionParameter.enable_long_distance_matching): 1,
    }
    path = tmp_path / "RC_2017-04.zst"
    with zstd.ZstdFile(path, "wb", options=options) as file:
        file.write(TEXT)
    assert _contents(path, report) == {path.name: TEXT}


def test_a_folder_and_a_seven_zip_of_it_hold_the_same_files(tmp_path, report):
    files = {"Posts.xml": TEXT, "more/Comments.xml": b"<c/>"}
    folder = tmp_path / "c.example"
    (folder / "more").mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / ".DS_Store").write_bytes(b"\0")
    packed = _seven_zip(tmp_path / "c.example.7z", files)
    assert _contents(folder, report) == _contents(packed, report) == files
    assert names(folder) == names(packed) == sorted(files)
    assert head(folder, Options()) == TEXT == head(packed, Options())
    assert bare_name(folder) == bare_name(packed) == "c.example"


def test_a_folder_of_seven_zips_holds_what_is_in_them(tmp_path, report):
    folder = tmp_path / "big.example"
    folder.mkdir()
    _seven_zip(folder / "big.example-Posts.7z", {"Posts.xml": TEXT})
    _seven_zip(folder / "big.example-Users.7z", {"Users.xml": b"<users/>"})
    (folder / "Votes.xml").write_bytes(b"<votes/>")
    found = {
        "Votes.xml": b"<votes/>",
        "big.example-Posts.7z/Posts.xml": TEXT,
        "big.example-Users.7z/Users.xml": b"<users/>",
    }
    assert _contents(folder, report) == found
    assert names(folder) == list(found)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "7z"])
def test_an_empty_file_says_nothing_of_what_it_is(tmp_path, packed):
    files = {"2017-April.txt": b"", "2017-May.txt": TEXT}
    if packed:
        assert head(_seven_zip(tmp_path / "list.7z", files), Options()) == TEXT
        return
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert head(tmp_path, Options()) == TEXT


def test_nothing_of_a_seven_zip_is_left_behind(tmp_path, report):
    packed = _seven_zip(tmp_path / "a.7z", {"Posts.xml": TEXT})
    with opened(packed, Options(), report) as files:
        folder = files[0].path.parent
        assert files[0].path in folder.iterdir()
    assert not folder.exists()


def test_compressed_events_are_an_archive(tmp_path, report):
    path = tmp_path / "who-is-who.jsonl.gz"
    path.write_bytes(gzip.compress(sample_people().read_bytes()))
    assert reader_for(path).name == "event-lines"
    plain = list(read([sample_people()], Options(), report))
    assert list(read([path], Options(), report)) == plain


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(gzip.compress(os.urandom(50_000))[:-9], "is cut off after", id="gz"),
        pytest.param(zstd.compress(os.urandom(50_000))[:-9], "is cut off after", id="zst"),
        pytest.param(
            gzip.compress(TEXT)[:-8] + b"\0" * 8, "is damaged after .*CRC", id="gz's checksum"
        ),
        pytest.param(gzip.compress(TEXT)[:9] + b"\xff" * 99, "is damaged", id="no gz after all"),
        pytest.param(zstd.compress(TEXT)[:6] + b"\xff" * 99, "is damaged", id="no zst after all"),
    ],
)
def test_what_is_cut_off_or_damaged_is_told_by_name(tmp_path, report, data, problem):
    path = tmp_path / "RC_2017-04"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match=f"RC_2017-04 {problem}"):
        _contents(path, report)


def test_a_seven_zip_that_is_cut_off_or_damaged_is_told_by_name(tmp_path, report):
    whole = _seven_zip(tmp_path / "a.7z", {"Posts.xml": os.urandom(9000)}).read_bytes()
    path = tmp_path / "site.7z"
    for data in (whole[:-20], whole[:40], whole[:5000] + b"\0" * 9 + whole[5009:], whole[:6]):
        path.write_bytes(data)
        with pytest.raises(ArchiveError, match=r"site\.7z is damaged or cut off"):
            _contents(path, report)


def test_a_damaged_seven_zip_is_read_up_to_there_by_who_skips(tmp_path, report):
    first, second = os.urandom(5_000), os.urandom(300_000)
    path = _seven_zip(tmp_path / "site.7z", {"A.xml": first, "B.xml": second, "C.xml": first})
    data = bytearray(path.read_bytes())
    data[200_000:200_100] = bytes(100)
    path.write_bytes(data)
    found = _contents(path, report, skip_unreadable=True)
    assert list(found) == ["A.xml", "B.xml"]
    assert found["A.xml"] == first
    assert second.startswith(found["B.xml"][:100_000])
    [(where, problem)] = report.unreadable
    assert (where, report.skipped) == (str(path), 1)
    assert problem.startswith("is damaged or cut off: ")


def test_where_damage_leaves_too_little_the_damage_is_told(tmp_path, report):
    posts = b'<?xml version="1.0"?>\n<posts>\n  <row Id="1" PostTypeId="1" />\n</posts>'
    path = _seven_zip(tmp_path / "site.7z", {"A.txt": os.urandom(5_000), "Posts.xml": posts})
    data = bytearray(path.read_bytes())
    data[3_000:3_100] = bytes(100)
    path.write_bytes(data)
    dump = StackExchangeDump()
    with pytest.raises(
        ArchiveError, match=r"site\.7z is damaged or cut off: .*; of what is left, "
    ):
        list(dump.read(path, Options(skip_unreadable=True), report))


def test_a_seven_zip_with_a_password_is_told(tmp_path, report):
    path = tmp_path / "secret.7z"
    with py7zr.SevenZipFile(path, "w", password="x") as archive:  # noqa: S106 - that is the point
        archive.writestr(b"hello", "Posts.xml")
    with pytest.raises(ArchiveError, match=r"secret\.7z needs a password"):
        _contents(path, report)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gz", "zst"])
def test_what_expands_without_end_is_refused(tmp_path, report, pack):
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(10_000_000)))
    with pytest.raises(ArchiveError, match="bomb expands to more than 1,"):
        _contents(path, report, expanded_free=1_000_000)
    assert (
        len(_contents(path, report, expanded_ratio_max=99_999, expanded_free=1)["bomb"])
        == 10_000_000
    )


def test_a_seven_zip_that_expands_without_end_is_refused(tmp_path, report):
    path = _seven_zip(tmp_path / "bomb.7z", {"a": bytes(9_000_000), "b": bytes(9_000_000)})
    with pytest.raises(ArchiveError, match=r"bomb\.7z expands to more than 10,000,000 bytes"):
        _contents(path, report, expanded_free=10_000_000)


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "C:/outside"])
def test_a_name_that_leads_out_of_a_seven_zip_is_refused(tmp_path, report, name):
    inside = tmp_path / "in"
    inside.mkdir()
    path = inside / "a.7z"
    with py7zr.SevenZipFile(path, "w") as archive:
        archive.writestr(b"fine", "Posts.xml")
        archive.writestr(b"out", "x")
        archive.header.files_info.files[-1]["filename"] = name  # As no honest writer would.
    with pytest.raises(ArchiveError, match=r"outside is not read: .* leads out of the archive"):
        _contents(path, report)
    assert _contents(path, report, skip_unreadable=True) == {"Posts.xml": b"fine"}
    assert report.skipped == 1
    assert not (tmp_path / "outside").exists()


def test_a_link_in_a_seven_zip_is_refused(tmp_path, report):
    target = tmp_path / "target"
    target.write_bytes(b"secret")
    link = tmp_path / "link"
    link.symlink_to(target)
    path = tmp_path / "a.7z"
    with py7zr.SevenZipFile(path, "w") as archive:
        archive.write(link, "link")
    with pytest.raises(ArchiveError, match="link is not read: it is a link"):
        _contents(path, report)


def test_a_link_out_of_a_folder_is_refused_one_within_is_followed(tmp_path, report):
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    (folder / "b").symlink_to("a")
    assert _contents(folder, report) == {"a": b"a", "b": b"a"}
    (folder / "c").symlink_to(tmp_path / "secret")
    (folder / "d").symlink_to(tmp_path)
    with pytest.raises(ArchiveError, match="is not read: it is a link that leads out"):
        _contents(folder, report)
    assert _contents(folder, report, skip_unreadable=True) == {"a": b"a", "b": b"a"}
    assert report.skipped == 2


def test_a_folder_of_nothing_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArchiveError, match="has no files"):
        reader_for(tmp_path)


def test_lines_are_numbered_and_one_that_is_too_long_is_only_begun():
    data = b"\xef\xbb\xbfone\r\n\n" + b"x" * 5000 + b"\nfour"
    found = list(lines(io.BytesIO(data), 100))
    assert found == [
        (1, b"one", False),
        (2, b"", False),
        (3, b"x" * 101, True),
        (4, b"four", False),
    ]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("politics.stackexchange.com.7z", "politics.stackexchange.com"),
        ("list.mbox.gz", "list"),
        ("page.example.TXT", "page.example"),
        ("RC_2017-04.zst", "RC_2017-04"),
    ],
)
def test_an_archive_is_called_what_its_name_says_without_endings(tmp_path, name, bare):
    assert bare_name(tmp_path / name) == bare
