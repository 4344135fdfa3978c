"""What a batch took is the system's again once it is done."""

import subprocess
import sys

import pytest

BETWEEN = """
from stream.process.memory import LARGE_BYTES, return_large_blocks

def resident():
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * 4096

if {asked}:
    assert return_large_blocks()
bytearray(16 * LARGE_BYTES)  # Freed: from now on glibc takes such sizes for small ones.
state, batch = [], []
for _ in range(40):
    batch.append(bytearray(b"x" * 2 * LARGE_BYTES))
    state.append(bytearray(b"x" * 100_000))
full = resident()
batch.clear()
print((full - resident()) / (80 * LARGE_BYTES))
"""


def returned(asked):
    """The share of 80 MiB in large blocks, between small ones, that goes back when it is freed."""
    ended = subprocess.run(
        [sys.executable, "-c", BETWEEN.format(asked=asked)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return float(ended.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is about Linux' C library")
def test_large_blocks_between_small_ones_go_back_when_they_are_freed():
    assert returned(asked=False) < 0.9 < returned(asked=True)
