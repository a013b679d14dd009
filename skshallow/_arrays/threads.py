"""Limit BLAS to one thread for matrix products that are too small for more."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from threadpoolctl import LibController, ThreadpoolController

# With fewer multiply-adds than this in the largest product of a step, a second BLAS thread
# costs more time than it saves, and far more if other processes use the cores.
MULTIPLY_ADDS_WORTH_A_THREAD = 1 << 23


@functools.cache
def _blas_libraries() -> list[LibController]:
    """Return the loaded BLAS libraries, looked up once per process."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _set_for_all_threads(library: LibController, n_threads: int) -> None:
    """Set the number of threads of a library for this process, from any thread.

    Since version 3.8, threadpoolctl lets only one thread control an OpenBLAS, the first
    that sets its limit. Calls from other threads are ignored without a warning for as long
    as the first one lives. So control is released before and after each call.
    """
    release = getattr(library, "clear_controlling_thread", None)
    if release is not None:
        release(force=True)
    library.set_num_threads(n_threads)
    if release is not None:
        release(force=True)


def _is_per_thread(library: LibController) -> bool:
    """Return whether a library has a separate limit for each calling thread."""
    layer = getattr(library, "threading_layer", None)
    return library.internal_api == "openblas" and layer == "openmp"


class OneThread(AbstractContextManager):
    """A context in which BLAS uses one thread; reentrant, and shared by all threads.

    Most BLAS libraries have one thread limit for the whole process. So the first thread
    that enters saves the limit, and only the last one that leaves restores it. If each
    restored what it found, the first one to leave would lift the limit for the others, and
    the last one could set it to 1 for good. For libraries with a limit per thread, each
    thread restores its own.

    Parameters
    ----------
    libraries : callable
        Returns the BLAS libraries.
    """

    def __init__(self, libraries: Callable[[], list[LibController]]) -> None:
        self._libraries = libraries
        self._lock = threading.Lock()
        # per entry, the identifier of the thread and the limits that it found
        self._inside: list[tuple[int, list[int]]] = []
        self._before: list[int] = []  # the limits that the first thread found
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
        """In a forked process, remove the entries of threads that do not exist there."""
        self._lock = threading.Lock()  # another thread may hold the old one
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
