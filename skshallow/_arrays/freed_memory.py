"""Memory that the C library keeps for the next step instead of returning it."""

from __future__ import annotations

import numpy as np

RETURNED = 1 << 17  # blocks of this size on are returned at first: 128 kB
ARRAYS_PER_STEP = 16  # about as many large ones
MOST_BYTES = 1 << 23


def keep_freed_memory(n_bytes: int) -> None:
    """Let arrays of `n_bytes` and less take the memory of those of the step before.

    The C library of Linux returns each freed block above a threshold to the system, and
    gets it back page by page, which took as long as all products of an ensemble of four
    members with 96 units. The threshold grows to the largest block that was freed so far,
    and the memory that is kept to twice that. The array below is not written to, so that
    it takes no memory itself. Other C libraries do not change.

    References
    ----------
    ``man 3 mallopt``, M_MMAP_THRESHOLD, on its dynamic adjustment.
    """
    if n_bytes >= RETURNED:
        np.empty(min(ARRAYS_PER_STEP * n_bytes, MOST_BYTES), np.uint8)
