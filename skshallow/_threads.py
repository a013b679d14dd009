"""Threads: as many for BLAS as the size of the products is worth."""

from __future__ import annotations

import functools
import os
import threading
from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import LibController, ThreadpoolController

# Below this many multiply-adds in the largest product of a step, a second BLAS thread
# costs more than it saves; under other load it can cost far more.
MULTIPLY_ADDS_WORTH_A_THREAD = 1 << 23


@functools.cache
def _blas_libraries() -> list[LibController]:
    """Return the loaded BLAS libraries, looked up once a process."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _set_for_all_threads(library: LibController, n_threads: int) -> None:
    """Set how many threads a library has in this process, from whichever thread.

    From version 3.8 on, threadpoolctl lets one thread control an OpenBLAS, the first
    to set its limit, and ignores the others: without a word, and for as long as that one
    lives. The threads here take turns, so that each may have control.
    """
    release = getattr(library, "clear_controlling_thread", None)
    if release is not None:
        release(force=True)
    library.set_num_threads(n_threads)
    if release is not None:
        release(force=True)


class OneThread(AbstractContextManager):
    """A context in which BLAS uses one thread; threads share it, and may nest in it.

    A BLAS library has one number of threads for the whole process. So the first to come
    remembers what it was, and only the last to leave puts it back: were each to put back
    what it found, one that leaves first would free the others' products, and one that
    leaves last would limit BLAS for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: list[int] = []  # the identifier of a thread, once an entry
        self._before: list[int] = []  # the number of threads of each library
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave_with_other_threads)

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = [library.get_num_threads() for library in _blas_libraries()]
            self._inside.append(threading.get_ident())
            for library in _blas_libraries():
                _set_for_all_threads(library, 1)

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside.remove(threading.get_ident())
            self._put_back_if_empty()

    def _put_back_if_empty(self) -> None:
        if not self._inside:
            for library, n_threads in zip(_blas_libraries(), self._before, strict=True):
                _set_for_all_threads(library, n_threads)

    def _leave_with_other_threads(self) -> None:
        """In a forked process, forget the threads that the fork did not bring along."""
        self._lock = threading.Lock()  # another thread may have held the old one
        if self._inside:
            own = threading.get_ident()
            self._inside = [ident for ident in self._inside if ident == own]
            self._put_back_if_empty()


ONE_THREAD = OneThread()


def threads_for(multiply_adds: int) -> AbstractContextManager:
    """Return a context in which BLAS uses one thread if `multiply_adds` is small."""
    if multiply_adds >= MULTIPLY_ADDS_WORTH_A_THREAD:
        return nullcontext()
    return ONE_THREAD
