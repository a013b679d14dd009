"""Threads: as many as the work is worth, and the setting put back."""

from threadpoolctl import threadpool_info

from skshallow._threads import MULTIPLY_ADDS_WORTH_A_THREAD, threads_for


def blas_threads():
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    return [pool["num_threads"] for pool in pools]


def test_small_products_run_on_one_thread_and_the_setting_is_put_back():
    before = blas_threads()
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD - 1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_large_products_run_on_the_threads_that_the_user_set():
    before = blas_threads()
    with threads_for(MULTIPLY_ADDS_WORTH_A_THREAD):
        assert blas_threads() == before
