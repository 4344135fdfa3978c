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
SMALL = """
from stream.process.memory import return_free_pages

def resident():
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * 4096

state, batch = [], []
for _ in range(4000):
    batch.append(bytearray(b"x" * 20_000))
    state.append(bytearray(b"x" * 1_000))
full = resident()
batch.clear()
if {asked}:
    assert return_free_pages()
print((full - resident()) / 80_000_000)
"""


def returned(script, asked):
    """The share of what was freed between what is kept that goes back to the system."""
    ended = subprocess.run(
        [sys.executable, "-c", script.format(asked=asked)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return float(ended.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is about Linux' C library")
@pytest.mark.parametrize(("script", "most"), [(BETWEEN, 0.9), (SMALL, 0.7)], ids=["large", "pages"])
def test_what_is_freed_between_what_is_kept_goes_back(script, most):
    assert returned(script, asked=False) < most < returned(script, asked=True)
