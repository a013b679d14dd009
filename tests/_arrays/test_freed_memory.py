"""Memory: a freed array's pages serve the next one."""

import platform
import resource

import numpy as np
import pytest

from skshallow._arrays.freed_memory import keep_freed_memory

PAGE, N_ARRAYS, N_BYTES = resource.getpagesize(), 50, 1 << 21


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries differ")
def test_freed_pages_are_used_again():
    keep_freed_memory(N_BYTES)
    np.ones(N_BYTES, np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(N_ARRAYS):
        np.ones(N_BYTES, np.uint8)
    new_pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert new_pages < N_ARRAYS * N_BYTES / PAGE / 4
