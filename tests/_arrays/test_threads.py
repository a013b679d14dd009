"""BLAS threads: one for small products, and the user's setting restored afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info

from skshallow._arrays.threads import MULTIPLY_ADDS_WORTH_A_THREAD, OneThread, threads_for


def blas_threads():
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    return [pool["num_threads"] for pool in pools]


def test_small_products_run_on_one_thread_and_restore_the_setting():
    before = blas_threads()
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD - 1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_large_products_run_on_as_many_threads_as_the_user_set():
    before = blas_threads()
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD):
        assert blas_threads() == before


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
