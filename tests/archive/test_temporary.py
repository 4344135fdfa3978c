"""Temporary folders are gone with what needed them, also when that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from stream.archive.temporary import temporary_folder

HOLDING = """
import pathlib, sys
from stream.archive.temporary import temporary_folder
with temporary_folder(pathlib.Path(sys.argv[1])) as made:
    (made / "run-0").write_bytes(b"much")
    print(made, flush=True)
    sys.stdin.read()
"""


def _holder(within):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(within)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, within / os.path.basename(process.stdout.readline().decode().strip())  # noqa: PTH119


def test_a_folder_is_gone_afterwards(tmp_path):
    with temporary_folder(tmp_path) as made:
        (made / "run-0").write_bytes(b"much")
        assert list(tmp_path.iterdir()) == [made]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_in_use_is_not(tmp_path):
    killed, left = _holder(tmp_path)
    living, held = _holder(tmp_path)
    (tmp_path / "threadline-of-somebody").mkdir()
    with killed, living:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert left.exists()
        with temporary_folder(tmp_path):
            assert not left.exists()
            assert (held / "run-0").exists()
        living.communicate(b"")
    assert [path.name for path in tmp_path.iterdir()] == ["threadline-of-somebody"]
