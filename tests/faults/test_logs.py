"""Where runs keep their logs and databases: two campaigns at a time must not meet there."""

from __future__ import annotations

from tests.faults.play import WELL


def test_what_a_run_keeps_lies_where_no_other_session_writes(
    folder, pytestconfig, tmp_path_factory
):
    named = pytestconfig.getoption("--faults-logs")
    assert folder.is_relative_to(named or tmp_path_factory.getbasetemp())
    (folder / WELL).touch()
