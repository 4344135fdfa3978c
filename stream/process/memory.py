"""How the C library keeps the memory of a worker: what a batch took goes back when it is done."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

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
    change = _of_glibc("mallopt")
    if change is None:
        return False
    change(_M_TRIM_THRESHOLD, KEPT_BYTES)
    change(_M_TOP_PAD, GROWN_BYTES)
    return bool(change(_M_MMAP_THRESHOLD, LARGE_BYTES))


def return_free_pages() -> bool:
    """Have whole pages returned to the system that are free between what is kept; some ms.

    By itself glibc returns only what is free at the heap's end. False where the C library is
    another.
    """
    trim = _of_glibc("malloc_trim")
    if trim is None:
        return False
    trim(0)
    return True


def _of_glibc(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
