from __future__ import annotations

import os

import pytest

from stream.archive.base import Options, Reader, Report
from stream.archive.detect import read, reader_for, readers, sample, sample_people
from stream.errors import ArchiveError, UsageError
from tests.archive.html_pages import author, post
from tests.archive.html_pages import page as html
from tests.archive.pages import question


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param(question(), "kiwix-text", id="a page's text"),
        pytest.param(html(post(by=author("Ann"))), "kiwix-html", id="a page"),
        pytest.param(sample_people().read_text(), "event-lines", id="events"),
    ],
)
def test_a_reader_is_found_by_looking_at_the_file(tmp_path, text, name):
    path = tmp_path / "no-ending"
    path.write_text(text)
    assert reader_for(path).name == name


def test_the_format_given_goes_before_what_the_file_looks_like():
    assert reader_for(sample(), "event-lines").name == "event-lines"


def test_a_format_that_is_unknown_is_told_with_those_that_are_known():
    with pytest.raises(UsageError, match=r"no format 'nothing'; known are convokit, .*event-lines"):
        reader_for(sample(), "nothing")


def test_a_folder_of_what_is_read_file_by_file_says_so(tmp_path):
    (tmp_path / "page.txt").write_text(question())
    with pytest.raises(ArchiveError, match=r"holds kiwix-text, .* name its files one by one"):
        reader_for(tmp_path)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\n", "is empty", id="blank"),
        pytest.param(b"\x7fELF\0\0", "is binary", id="binary"),
        pytest.param(b"a,b\n1,2\n", "is no archive .* event-lines, .*kiwix-html", id="a table"),
        pytest.param(b'{"id": 1}', "is no archive", id="somebody else's JSON"),
        pytest.param(b"<html><p>Hi</p></html>", "is no archive", id="some other page"),
    ],
)
def test_a_file_that_is_no_archive_is_told(tmp_path, data, problem):
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match=problem):
        reader_for(path)


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(ArchiveError, match="is not there"):
        reader_for(tmp_path / "missing")
    with pytest.raises(ArchiveError, match="is not there"):
        reader_for(tmp_path / "missing", "event-lines")
    with pytest.raises(ArchiveError, match="has no files"):
        reader_for(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ArchiveError, match="no regular file"):
        reader_for(tmp_path / "pipe")
    with pytest.raises(ArchiveError, match="cannot be read"):
        reader_for(tmp_path / ("x" * 300))


def test_a_wrong_path_is_told_before_the_first_event(tmp_path):
    with pytest.raises(ArchiveError):
        read([sample(), tmp_path / "missing"], Options(), Report())


def test_every_reader_keeps_to_the_protocol():
    assert all(isinstance(reader, Reader) for reader in readers().values())


def _installed(folder, target):
    info = folder / "more-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[threadline.archives]\nmore = {target}\n")


def test_another_package_may_bring_a_reader(tmp_path, monkeypatch):
    _installed(tmp_path, "stream.archive.kiwix_text:KiwixText")
    monkeypatch.syspath_prepend(tmp_path)
    assert {"event-lines", "kiwix-html", "kiwix-text"} <= readers().keys()


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("nowhere:Reader", "does not load"),
        ("builtins:object", "lacks name, ordered, recognises or read"),
    ],
)
def test_a_reader_that_is_none_is_named(tmp_path, monkeypatch, target, problem):
    _installed(tmp_path, target)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ArchiveError, match=f"reader more .*{problem}"):
        readers()
