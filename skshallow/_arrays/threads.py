"""Threads: as many for BLAS as the size of the products is worth."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
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


def _is_per_thread(library: LibController) -> bool:
    """Return whether a library has a number of threads for each thread that calls it."""
    layer = getattr(library, "threading_layer", None)
    return library.internal_api == "openblas" and layer == "openmp"


class OneThread(AbstractContextManager):
    """A context in which BLAS uses one thread; threads share it, and may nest in it.

    Most BLAS libraries have one number of threads for the whole process. So the first to
    come remembers what it was, and only the last to leave puts it back: were each to put
    back what it found, one that leaves first would free the others' products, and one that
    leaves last would limit BLAS for good. Where each thread has its own number, each puts
    back its own.

    Parameters
    ----------
    libraries : callable
        Returns the BLAS libraries.
    """

    def __init__(self, libraries: Callable[[], list[LibController]]) -> None:
        self._libraries = libraries
        self._lock = threading.Lock()
        # a thread's identifier and what it found in each library, once an entry
        self._inside: list[tuple[int, list[int]]] = []
        self._before: list[int] = []  # what the first to come found
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave_with_other_threads)

    def __enter__(self) -> None:
        with self._lock:
            found = [library.get_num_threads() for library in self._libraries()]
            if not self._inside:
                self._before = found
            self._inside.append((threading.get_ident(), found))
            for library in self._libraries():
                _set_for_all_threads(library, 1)

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            own = threading.get_ident()
            i = max(i for i, (ident, _) in enumerate(self._inside) if ident == own)
            _, found = self._inside.pop(i)
            for library, n_threads in zip(self._libraries(), found, strict=True):
                if _is_per_thread(library):
                    library.set_num_threads(n_threads)
            self._put_back_if_empty()

    def _put_back_if_empty(self) -> None:
        if not self._inside:
            for library, n_threads in zip(self._libraries(), self._before, strict=True):
                if not _is_per_thread(library):
                    _set_for_all_threads(library, n_threads)

    def _leave_with_other_threads(self) -> None:
        """In a forked process, forget the threads that the fork did not bring along."""
        self._lock = threading.Lock()  # another thread may have held the old one
        if self._inside:
            own = threading.get_ident()
            self._inside = [entry for entry in self._inside if entry[0] == own]
            self._put_back_if_empty()


ONE_THREAD = OneThread(_blas_libraries)


def threads_for(multiply_adds: int) -> AbstractContextManager:
    """Return a context in which BLAS uses one thread if `multiply_adds` is small."""
    if multiply_adds >= MULTIPLY_ADDS_WORTH_A_THREAD:
        return nullcontext()
    return ONE_THREAD
