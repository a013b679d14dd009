"""Memory that the C library keeps for the next step instead of returning it."""

from __future__ import annotations

import numpy as np

BYTES_TO_FREE = 1 << 24


def keep_freed_memory() -> None:
    """Let the arrays of a training step take the memory of those of the step before.

    The C library of Linux returns each freed block above a threshold to the system, and
    gets it back page by page, which took as long as all products of an ensemble of four
    members with 96 units. The threshold grows to the largest block that was freed so far,
    and the memory that is kept to twice that: here 16 and 32 MB. The array below is not
    written to, so that it takes no memory itself. Other C libraries do not change.

    References
    ----------
    ``man 3 mallopt``, M_MMAP_THRESHOLD, on its dynamic adjustment.
    """
    np.empty(BYTES_TO_FREE, np.uint8)
