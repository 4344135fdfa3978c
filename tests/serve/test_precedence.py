"""Who gives way does so for others' processes too, and never makes anybody else nice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from stream.serve.precedence import AUTOGROUP, NICE

HOW_NICE = (
    "import os; from stream.serve.precedence import *; give_way();"
    " print(os.nice(0), AUTOGROUP.read_text() if AUTOGROUP.exists() else '')"
)


@pytest.mark.parametrize("own_session", [True, False])
def test_a_session_of_its_own_gives_way_as_a_whole(own_session):
    # Who has none of its own is in one that is begun for it, so that ours stays as it is.
    script = HOW_NICE if own_session else f"import subprocess, sys; {in_a_child()}"
    said = subprocess.run(
        [sys.executable, "-c", script],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert said[0] == str(NICE)
    if os.access(AUTOGROUP, os.W_OK):  # Else there is nothing of the kind to be done.
        assert said[-2:] == ["nice", str(NICE) if own_session else "0"]


def in_a_child() -> str:
    return f'subprocess.run([sys.executable, "-c", {HOW_NICE!r}], check=True)'
