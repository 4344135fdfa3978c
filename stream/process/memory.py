"""How the C library keeps the memory of a worker: what a batch took goes back when it is done."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

LARGE_BYTES: Final = 1 << 20
KEPT_BYTES: Final = 4 << 20  # Free at the heap's end, for the next batch: else it shrinks and
GROWN_BYTES: Final = 1 << 20  # grows again and again, and every page of it is cleared each time.

# As in glibc's malloc.h. To set one of them ends its own choice of all.
_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_M_MMAP_THRESHOLD: Final = -3


def return_large_blocks() -> bool:
    """Have blocks of `LARGE_BYTES` and more returned to the system as soon as they are free.

    By itself glibc takes the first large block that is freed for the size of small ones, and puts
    those after it (what was fetched, batches of records) among the state, which then keeps the
    pages between them. False where the C library is another, which is left as it is.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        change = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    change(_M_TRIM_THRESHOLD, KEPT_BYTES)
    change(_M_TOP_PAD, GROWN_BYTES)
    return bool(change(_M_MMAP_THRESHOLD, LARGE_BYTES))
