"""Threads: as many for BLAS as the size of the products is worth, decided once a fit."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import ThreadpoolController

# Below this many multiply-adds in the largest product of a step, a second BLAS thread
# costs more than it saves; under other load it can cost far more.
MULTIPLY_ADDS_WORTH_A_THREAD = 1 << 23


@functools.cache
def _controller() -> ThreadpoolController:
    """Return the loaded BLAS libraries, looked up once a process."""
    return ThreadpoolController()


def threads_for(multiply_adds: int) -> AbstractContextManager:
    """Return a context in which BLAS uses one thread if `multiply_adds` is small."""
    if multiply_adds >= MULTIPLY_ADDS_WORTH_A_THREAD:
        return nullcontext()
    return _controller().limit(limits=1, user_api="blas")
