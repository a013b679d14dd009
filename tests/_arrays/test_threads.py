"""BLAS threads: one for small products, and the user's setting restored afterwards."""

import linecache
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from skshallow._arrays import threads
from skshallow._arrays.threads import (
    MULTIPLY_ADDS_OF_ONE_THREAD,
    MULTIPLY_ADDS_WORTH_A_THREAD,
    OneThread,
    OneThreadOfSome,
    threads_for,
    threads_for_product,
)


def blas_threads():
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    return [pool["num_threads"] for pool in pools]


def test_small_products_run_on_one_thread_and_restore_the_setting():
    before = blas_threads()
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD - 1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def is_scipys_own(pool):
    folders = Path(pool["filepath"]).parent.parts[-2:]  # scipy.libs, or scipy/.dylibs
    return bool({"scipy", "scipy.libs"}.intersection(folders))


def test_large_products_run_on_as_many_threads_as_the_user_set():
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    expected = [1 if is_scipys_own(pool) else pool["num_threads"] for pool in pools]
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD):
        assert blas_threads() == expected
    assert blas_threads() == [pool["num_threads"] for pool in pools]


@pytest.mark.parametrize("layer", ["pthreads", "openmp"])
@pytest.mark.parametrize("some_first", [True, False])
def test_one_library_may_have_one_thread_inside_and_outside_of_the_limit_of_all(
    some_first, layer
):
    mine, other = Library(layer), Library(layer)
    of_all = OneThread(lambda: [mine, other])
    of_mine = OneThreadOfSome(of_all, lambda library: library is mine)
    outer, inner = (of_mine, of_all) if some_first else (of_all, of_mine)
    with outer:
        assert (mine.get_num_threads(), other.get_num_threads()) == (
            (1, 4) if some_first else (1, 1)
        )
        with inner:
            assert (mine.get_num_threads(), other.get_num_threads()) == (1, 1)
        assert mine.get_num_threads() == 1
        assert other.get_num_threads() == (4 if some_first else 1)
    assert (mine.get_num_threads(), other.get_num_threads()) == (4, 4)


def test_what_an_error_leaves_entered_of_some_libraries_is_left():
    mine, other = Library("pthreads"), Library("pthreads")
    of_all = OneThread(lambda: [mine, other])
    with of_all.left_on_error():
        OneThreadOfSome(of_all, lambda library: library is mine).__enter__()
        assert (mine.get_num_threads(), other.get_num_threads()) == (1, 4)
    assert (mine.get_num_threads(), other.get_num_threads()) == (4, 4)


@pytest.mark.parametrize(
    "multiply_adds", [MULTIPLY_ADDS_OF_ONE_THREAD - 1, MULTIPLY_ADDS_WORTH_A_THREAD]
)
def test_a_pass_of_tiny_or_large_products_leaves_the_setting_alone(multiply_adds):
    before = blas_threads()
    with threads_for_product(multiply_adds):
        assert blas_threads() == before


def test_a_pass_of_small_products_limits_the_library_that_computes_them():
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    expected = [pool["num_threads"] if is_scipys_own(pool) else 1 for pool in pools]
    with threads_for_product(MULTIPLY_ADDS_OF_ONE_THREAD):
        assert blas_threads() == expected
    assert blas_threads() == [pool["num_threads"] for pool in pools]


class Library:
    """A BLAS as threadpoolctl controls it: one number for all threads, or one for each."""

    internal_api = "openblas"

    def __init__(self, threading_layer):
        self.threading_layer = threading_layer
        self._numbers = {}

    def _key(self):
        return threading.get_ident() if self.threading_layer == "openmp" else "all"

    def get_num_threads(self):
        return self._numbers.get(self._key(), 4)

    def set_num_threads(self, n_threads):
        self._numbers[self._key()] = n_threads


def test_a_limit_of_one_thread_is_not_set_again():
    library = Library("pthreads")
    library.set_num_threads(1)
    one_thread, calls = OneThread(lambda: [library]), []
    library.set_num_threads = calls.append
    with one_thread, one_thread:
        assert library.get_num_threads() == 1
    assert calls == []


@pytest.mark.parametrize("layer", ["pthreads", "openmp"])
@pytest.mark.parametrize("first_to_leave", [0, 1])
def test_settings_are_restored_in_whatever_order_threads_leave(layer, first_to_leave):
    library = Library(layer)
    one_thread = OneThread(lambda: [library])
    entered = threading.Barrier(3)
    leave = [threading.Event() for _ in range(2)]

    def stay(leave):
        with one_thread:
            with one_thread:
                entered.wait(timeout=60)
            leave.wait(timeout=60)
            inside = library.get_num_threads()
        return inside, library.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        staying = [pool.submit(stay, event) for event in leave]
        entered.wait(timeout=60)
        leave[first_to_leave].set()
        first = staying[first_to_leave].result()
        leave[1 - first_to_leave].set()
        last = staying[1 - first_to_leave].result()
    assert first == (1, 4 if layer == "openmp" else 1)
    assert last == (1, 4)
    assert library.get_num_threads() == 4


# Limits that others set.

both_layers = pytest.mark.parametrize("layer", ["pthreads", "openmp"])


@contextmanager
def limited(library, n_threads):
    """Set a limit as `threadpool_limits` does, and what was found there afterwards."""
    found = library.get_num_threads()
    library.set_num_threads(n_threads)
    yield
    library.set_num_threads(found)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_limit_that_ends_while_a_thread_is_inside_leaves_nothing_behind(n_threads):
    library = Library("pthreads")
    one_thread = OneThread(lambda: [library])
    with limited(library, n_threads):
        one_thread.__enter__()
    with one_thread:
        assert library.get_num_threads() == 1
    one_thread.__exit__()
    assert library.get_num_threads() == 4


@both_layers
def test_a_limit_that_is_set_while_a_thread_is_inside_stays(layer):
    library = Library(layer)
    one_thread = OneThread(lambda: [library])
    with one_thread:
        library.set_num_threads(3)
        with one_thread:
            assert library.get_num_threads() == 1
        assert library.get_num_threads() == 3
    assert library.get_num_threads() == 3


@both_layers
def test_a_limit_set_and_ended_inside_is_in_force_between(layer):
    """As in a scorer that sets a limit of its own and predicts with the net."""
    library = Library(layer)
    one_thread = OneThread(lambda: [library])
    with one_thread:
        with limited(library, 3):
            with one_thread:
                assert library.get_num_threads() == 1
            assert library.get_num_threads() == 3
        assert library.get_num_threads() == 1
    assert library.get_num_threads() == 4


def overlapping(library, first, second):
    """Enter `first`, then `second` in another thread; leave them in this order.

    Return the limit of the other thread afterwards.
    """
    entered, leave = threading.Event(), threading.Event()

    def inside():
        with second:
            entered.set()
            leave.wait(timeout=60)
        return library.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        with first:
            other = pool.submit(inside)
            entered.wait(timeout=60)
        leave.set()
        return other.result()


@both_layers
def test_a_limit_that_begins_before_and_ends_during_or_after_a_fit_is_restored(layer):
    library = Library(layer)
    one_thread = OneThread(lambda: [library])
    assert overlapping(library, limited(library, 1), one_thread) == 4
    assert library.get_num_threads() == 4
    with limited(library, 1):
        with one_thread:
            assert library.get_num_threads() == 1
        assert library.get_num_threads() == 1
    assert library.get_num_threads() == 4


def test_the_promise_ends_at_a_limit_that_begins_last_in_another_thread_and_ends_last():
    library = Library("pthreads")
    one_thread = OneThread(lambda: [library])
    overlapping(library, one_thread, limited(library, 1))
    assert library.get_num_threads() == 1
    # which two limits do to each other without a net
    alone = Library("pthreads")
    overlapping(alone, limited(alone, 1), limited(alone, 1))
    assert alone.get_num_threads() == 1
    # a number that is set again stays
    library.set_num_threads(4)
    with one_thread:
        assert library.get_num_threads() == 1
    assert library.get_num_threads() == 4


def test_limits_of_single_threads_never_meet():
    library = Library("openmp")
    one_thread = OneThread(lambda: [library])
    assert overlapping(library, one_thread, limited(library, 1)) == 4
    assert library.get_num_threads() == 4


# Ctrl-C.


def interrupt(act, at):
    """Call `act`, with Ctrl-C at the call or line number `at` of the module `threads`.

    Python traces the line of a `with` once more before it leaves the block, where no signal
    can come, so that these lines are left out.
    """
    n = 0

    def count(frame, event, arg):
        nonlocal n
        path = frame.f_code.co_filename
        line = linecache.getline(path, frame.f_lineno).lstrip()
        if path == threads.__file__ and (
            event == "call" or (event == "line" and not line.startswith("with "))
        ):
            n += 1
            if n == at:
                raise KeyboardInterrupt
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.no_cover
@both_layers
def test_ctrl_c_at_any_line_of_the_switch_leaves_the_limits_as_they_were(layer):
    libraries = [Library(layer), Library(layer)]
    one_thread = OneThread(lambda: libraries)

    def act():
        with one_thread.left_on_error(), one_thread, one_thread:
            assert {library.get_num_threads() for library in libraries} == {1}

    at = 1
    while interrupt(act, at):
        assert {library.get_num_threads() for library in libraries} == {4}
        with one_thread:
            assert {library.get_num_threads() for library in libraries} == {1}
        assert {library.get_num_threads() for library in libraries} == {4}
        at += 1
        assert at < 1000, "something of the interrupted calls is left, and grows"
    assert at > 50
