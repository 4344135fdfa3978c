"""A worker's name is its own while it runs, and its successor's afterwards."""

import socket

import pytest

from stream.config import Settings
from stream.errors import UsageError
from stream.process.name import held_name

SETTINGS = Settings()


def test_workers_without_a_name_have_different_ones(tmp_path):
    with held_name(SETTINGS, name=None, data=tmp_path) as one:
        with held_name(SETTINGS, name=None, data=tmp_path) as two:
            assert {one, two} == {f"{socket.gethostname()}-1", f"{socket.gethostname()}-2"}
        with held_name(SETTINGS, name=None, data=tmp_path) as three:
            assert three == two


def test_a_name_that_runs_is_refused(tmp_path):
    with (
        held_name(SETTINGS, name="a/b", data=tmp_path),
        pytest.raises(UsageError, match="'a/b' runs here already"),
        held_name(SETTINGS, name="a/b", data=tmp_path),
    ):
        pass


def test_a_name_serves_each_cluster_and_prefix(tmp_path):
    other = Settings(prefix="other")
    with (
        held_name(SETTINGS, name="a", data=tmp_path) as one,
        held_name(other, name="a", data=tmp_path) as two,
    ):
        assert one == two == "a"
