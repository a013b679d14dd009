"""Limit BLAS to one thread for matrix products that are too small for more.

NumPy and SciPy, as pip installs them, each bring an OpenBLAS with threads of its own, which
keep the cores busy for a while when they have nothing left to do. NumPy's compute the
matrix products; SciPy's only add vectors, for which they take the cores from NumPy's. So
SciPy's own BLAS has one thread in training, whatever the size of the products.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import scipy
from threadpoolctl import LibController, ThreadpoolController

# With fewer multiply-adds than this in the largest product of a step, a second BLAS thread
# costs more time than it saves, and far more if other processes use the cores.
MULTIPLY_ADDS_WORTH_A_THREAD = 1 << 23
# OpenBLAS computes a product with fewer multiply-adds in one thread, whatever its limit is;
# setting the limit takes longer than the product.
MULTIPLY_ADDS_OF_ONE_THREAD = 1 << 13

Meant = Callable[[LibController], bool]  # takes a library: is it one of those to limit?


@functools.cache
def _blas_libraries() -> list[LibController]:
    """Return the loaded BLAS libraries, looked up once per process."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _is_any(library: LibController) -> bool:
    """Return True: all libraries are meant."""
    return True


def _is_scipys_own(library: LibController) -> bool:
    """Return whether a library came with SciPy, so that NumPy has another."""
    return _is_in_scipy(library.filepath)


def _computes_products(library: LibController) -> bool:
    """Return whether NumPy uses a library, for its matrix products."""
    return not _is_scipys_own(library)


@functools.cache
def _is_in_scipy(path: str) -> bool:
    """Return whether a file is in SciPy's folder, or in that of its libraries beside it."""
    package = Path(scipy.__file__).resolve().parent
    folders = package, package.with_name("scipy.libs")
    return any(Path(path).resolve().is_relative_to(folder) for folder in folders)


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


class _Limit:
    """The thread limit of one BLAS library, and who has lowered it to 1.

    Parameters
    ----------
    library : LibController
        The library.
    """

    def __init__(self, library: LibController) -> None:
        self.library = library
        self._is_per_thread = _is_per_thread(library)
        # For each thread, or for all together, a stack of levels: the limit that was found
        # before it was lowered, and the identifiers of the threads that need it lowered.
        self._levels: dict[int | None, list[tuple[int, list[int]]]] = {}

    def _levels_of(self, own: int) -> list[tuple[int, list[int]]]:
        key = own if self._is_per_thread else None
        return self._levels.setdefault(key, [])

    def depth(self, own: int) -> int:
        """Return how often the thread `own` has entered and not left."""
        return sum(inside.count(own) for _, inside in self._levels_of(own))

    def enter(self, own: int) -> None:
        """Lower the limit to 1 for the thread `own`.

        A limit other than 1 was set by the user, even if threads are inside: it begins a
        new level.
        """
        levels, found = self._levels_of(own), self.library.get_num_threads()
        if not levels or found != 1:
            levels.append((found, [own]))
        else:
            levels[-1][1].append(own)
        if found != 1:  # else to set it takes longer than a small net's prediction
            _set_for_all_threads(self.library, 1)

    def leave(self, own: int) -> None:
        """Take the last entry of the thread `own` back; the last of a level restores it.

        A limit that is no longer 1 was set by the user in the meantime, and is kept. The
        entry is removed last, so that a process that is forked, or a Ctrl-C, between the
        two finds a level that can be left again.
        """
        levels = self._levels_of(own)
        i = max(i for i, (_, inside) in enumerate(levels) if own in inside)
        before, inside = levels[i]
        if inside != [own]:
            inside.remove(own)
            return
        is_outermost = i == len(levels) - 1
        if is_outermost and before != 1 and self.library.get_num_threads() == 1:
            _set_for_all_threads(self.library, before)
        del levels[i]

    def leave_down_to(self, depth: int, own: int) -> None:
        """Leave until the thread `own` has only `depth` entries."""
        while self.depth(own) > depth:
            self.leave(own)

    def keep_only(self, own: int) -> None:
        """Remove all entries of threads other than `own`."""
        for key in self._levels.keys() - {own, None}:
            del self._levels[key]
        for other in {ident for _, inside in self._levels_of(own) for ident in inside}:
            if other != own:
                self.leave_down_to(0, other)


class OneThread(AbstractContextManager):
    """A context in which BLAS uses one thread; reentrant, and shared by all threads.

    Most BLAS libraries have one thread limit for the whole process. So the first thread
    that enters saves the limit, and only the last one that leaves restores it. If each
    restored what it found, the first one to leave would lift the limit for the others, and
    the last one could set it to 1 for good. For libraries with a limit per thread, each
    thread restores its own.

    Limits that others set while threads are inside are kept, except a limit of 1, which
    cannot be told from this one.

    Parameters
    ----------
    libraries : callable
        Returns the BLAS libraries.
    """

    def __init__(self, libraries: Callable[[], list[LibController]]) -> None:
        self._libraries = libraries
        self._limits: list[_Limit] = []
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave_with_other_threads)

    def _look_up(self) -> list[_Limit]:
        """Return the limits of all libraries; to be called with the lock held."""
        if not self._limits:
            self._limits = [_Limit(library) for library in self._libraries()]
        return self._limits

    def _depths(self, own: int) -> list[int]:
        """Return how deep the thread `own` is inside of each limit, with the lock held."""
        return [limit.depth(own) for limit in self._look_up()]

    def __enter__(self) -> None:
        self.enter()

    def __exit__(self, *exception: object) -> None:
        self.leave()

    def enter(self, is_meant: Meant = _is_any) -> None:
        """Enter the limits of all libraries, or of those that are meant."""
        own = threading.get_ident()
        with self._lock:
            for limit in self._look_up():
                if is_meant(limit.library):
                    limit.enter(own)

    def leave(self, is_meant: Meant = _is_any) -> None:
        """Leave what `enter` entered."""
        own = threading.get_ident()
        with self._lock:
            for limit in self._limits:
                if is_meant(limit.library):
                    limit.leave(own)

    @contextmanager
    def left_on_error(self) -> Iterator[None]:
        """Return a context that leaves what was entered inside of it and not left.

        Ctrl-C may raise its KeyboardInterrupt as soon as `__exit__` is called, before its
        first line, or in the middle of `__enter__`. So `fit` and predictions run in this
        context as a whole.
        """
        own = threading.get_ident()
        with self._lock:
            depths = self._depths(own)
        try:
            yield
        finally:
            with self._lock:
                for limit, depth in zip(self._limits, depths, strict=True):
                    limit.leave_down_to(depth, own)

    def _leave_with_other_threads(self) -> None:
        """In a forked process, remove the entries of threads that do not exist there."""
        self._lock = threading.Lock()  # another thread may hold the old one
        for limit in self._limits:
            limit.keep_only(threading.get_ident())


class OneThreadOfSome(AbstractContextManager):
    """A context in which only some of the libraries of `OneThread` use one thread.

    Parameters
    ----------
    of_all : OneThread
        Keeps the limits.
    is_meant : callable
        Takes a library, and returns whether it is one of these.
    """

    def __init__(self, of_all: OneThread, is_meant: Meant) -> None:
        self._of_all = of_all
        self._is_meant = is_meant

    def __enter__(self) -> None:
        self._of_all.enter(self._is_meant)

    def __exit__(self, *exception: object) -> None:
        self._of_all.leave(self._is_meant)


ONE_THREAD = OneThread(_blas_libraries)
ONE_THREAD_OF_SCIPY = OneThreadOfSome(ONE_THREAD, _is_scipys_own)
ONE_THREAD_OF_PRODUCTS = OneThreadOfSome(ONE_THREAD, _computes_products)


def threads_for(multiply_adds: int) -> AbstractContextManager:
    """Return a context in which BLAS uses one thread if `multiply_adds` is small.

    Otherwise only that of SciPy does, if NumPy has another.
    """
    if multiply_adds >= MULTIPLY_ADDS_WORTH_A_THREAD:
        return ONE_THREAD_OF_SCIPY
    return ONE_THREAD


def threads_for_product(multiply_adds: int) -> AbstractContextManager:
    """Return a context for a pass of products, none larger than this one, and no more.

    BLAS uses one thread in it if the product is small.
    """
    if MULTIPLY_ADDS_OF_ONE_THREAD <= multiply_adds < MULTIPLY_ADDS_WORTH_A_THREAD:
        return ONE_THREAD_OF_PRODUCTS
    return nullcontext()
