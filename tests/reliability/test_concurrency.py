"""Concurrent threads and processes: bit by bit the results of serial runs."""

import gc
import multiprocessing
import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from callbacks import Silent
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from same_state import assert_same
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from threadpoolctl import threadpool_info, threadpool_limits
from varieties import VARIETIES, WIDE, Variety, fitted, predictions, wide_rows

from skshallow import DeepNetRegressor, load
from skshallow._arrays.threads import MULTIPLY_ADDS_WORTH_A_THREAD, ONE_THREAD
from skshallow.activations import PReLU
from skshallow.solvers import AdamW

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
    pytest.mark.filterwarnings(
        "ignore:This process .* is multi-threaded:DeprecationWarning"
    ),
]
N_THREADS = 16


@pytest.fixture(autouse=True)
def restless():
    """Switch threads a hundred times as often, and let BLAS take two of its own.

    New threads are not traced for coverage: when they switch this often, two may install
    their trace functions at once, which Python refuses, and the thread is lost.
    """
    interval, trace = sys.getswitchinterval(), threading.gettrace()
    sys.setswitchinterval(interval / 100)
    threading.settrace(None)  # type: ignore[arg-type]
    with threadpool_limits(2, user_api="blas"):
        yield
        assert blas_threads() == {2}
    threading.settrace(trace)  # type: ignore[arg-type]
    sys.setswitchinterval(interval)


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def at_once(*tasks):
    """Return what the tasks return, each called in a thread of its own, all together."""
    barrier = threading.Barrier(len(tasks))

    def run(task):
        barrier.wait(timeout=60)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def answers(net, X):
    """Return all that a net tells of rows."""
    found = [net.predict(X), predictions(net, X), net.predict_members(X)]
    return [*found, *net.hidden_activations(X)]


# Predicting.


@pytest.mark.parametrize("name", ["loss=poisson", "sparse", "members, dropout", "float32"])
def test_sixteen_threads_share_one_small_net(name):
    net = VARIETIES[name].fit()
    X, _ = VARIETIES[name].data(n_rows=640)
    parts = [X[i::N_THREADS] for i in range(N_THREADS)]
    expected = [answers(net, part) for part in parts]
    for _ in range(5):
        tasks = [lambda part=part: answers(net, part) for part in parts]
        assert_same(at_once(*tasks), expected)


@pytest.mark.parametrize("name", WIDE)
def test_sixteen_threads_share_one_wide_net(name):
    X, y = wide_rows(WIDE[name])
    net = WIDE[name].make().fit(X, y)
    expected = answers(net, X)
    for found in at_once(*[lambda: answers(net, X)] * N_THREADS):
        assert_same(found, expected)


def test_products_worth_a_thread_agree_within_rounding():
    variety = Variety(DeepNetRegressor, {"hidden_units": 400, "activation": "tanh"})
    small, net = VARIETIES["loss=huber"].fit(), variety.fit()
    X, _ = variety.data(n_rows=100)
    assert len(X) * 400 * 400 > MULTIPLY_ADDS_WORTH_A_THREAD
    expected = net.predict(X)
    tasks = [lambda: net.predict(X), lambda: small.predict(X)] * (N_THREADS // 2)
    for found in at_once(*tasks)[::2]:
        assert_allclose(found, expected, rtol=1e-12)


def test_four_threads_save_copy_and_load_a_net_while_others_predict(tmp_path):
    net = VARIETIES["members, dropout"].fit()
    X, _ = VARIETIES["members, dropout"].data(n_rows=200)
    net.save(tmp_path / "net.npz")
    expected = answers(net, X)

    def save(name):
        net.save(tmp_path / name)
        return answers(load(tmp_path / name), X)

    for _ in range(5):
        found = at_once(
            lambda: save("own.npz"),
            lambda: save("net.npz"),  # while the next one reads it
            lambda: answers(load(tmp_path / "net.npz"), X),
            lambda: answers(pickle.loads(pickle.dumps(net)), X),
            *[lambda: answers(net, X)] * 4,
        )
        for each in found:
            assert_same(each, expected)


@pytest.fixture
def python_in_collections():
    """Let the garbage collector run Python code very often, where threads can switch."""

    def callback(phase, info):
        sum(range(200))

    thresholds = gc.get_threshold()
    gc.callbacks.append(callback)
    gc.set_threshold(40)
    yield
    gc.set_threshold(*thresholds)
    gc.callbacks.remove(callback)


@pytest.mark.usefixtures("python_in_collections")
def test_threads_that_switch_at_any_time_load_a_net(tmp_path):
    net, X = VARIETIES["members, dropout"].fit(), VARIETIES["members, dropout"].data()[0]
    net.save(tmp_path / "net.npz")
    expected = answers(net, X)
    for _ in range(10):
        for each in at_once(*[lambda: answers(load(tmp_path / "net.npz"), X)] * 8):
            assert_same(each, expected)


# Fitting.


def test_fits_in_threads_equal_serial_fits():
    names = list(VARIETIES)
    expected = [*map(fitted, names)]
    for start in range(0, len(names), N_THREADS):
        some = slice(start, start + N_THREADS)
        found = at_once(*[VARIETIES[name].fit for name in names[some]])
        assert_same(found, expected[some])


def test_fits_in_threads_may_share_the_data_and_the_components():
    X, y = VARIETIES["loss=huber"].data()
    params = {"activation": PReLU(0.1), "solver": AdamW(), "max_iter": 3}

    def fit(seed):
        return DeepNetRegressor(8, **params, random_state=seed).fit(X, y)

    expected = [fit(seed) for seed in range(4)]
    found = at_once(*[lambda seed=seed: fit(seed) for seed in range(4)])
    assert_same(found, expected)


def test_a_net_predicts_while_a_clone_and_a_copy_of_it_are_fitted():
    variety = VARIETIES["solver=adam"]
    net, (X, y) = variety.fit(), variety.data()
    expected, again = answers(net, X), pickle.loads(pickle.dumps(net)).partial_fit(X, y)
    fits = [
        lambda: clone(net).fit(X, y),
        lambda: pickle.loads(pickle.dumps(net)).partial_fit(X, y),
    ]
    cloned, copied, *found = at_once(*fits, *[lambda: answers(net, X)] * 4)
    assert_same(cloned.theta_, net.theta_)
    assert_same(copied.theta_, again.theta_)
    for each in found:
        assert_same(each, expected)


def test_fits_of_wide_nets_in_threads_equal_serial_fits():
    def fit(variety):
        return variety.make().fit(*wide_rows(variety))

    expected = [fit(variety) for variety in WIDE.values()]
    found = at_once(*[lambda variety=variety: fit(variety) for variety in WIDE.values()])
    assert_same(found, expected)


def test_a_fit_is_unaffected_by_threads_that_fail_and_predict():
    variety, other = VARIETIES["solver=adam"], VARIETIES["loss=huber"].fit()
    X, y = variety.data()
    expected, predicted = variety.fit(), other.predict(X)

    def fail():
        with pytest.raises(ValueError, match="infinity or numbers too large"):
            variety.make().fit(np.where(X > 0, X, np.inf), y)
        return variety.make()

    def predict():
        assert_array_equal(other.predict(X), predicted)
        return other

    found = at_once(*[variety.fit, fail, predict, variety.fit] * (N_THREADS // 4))
    for net in found[0::4] + found[3::4]:
        assert_same(net, expected)
    for net in found[1::4]:
        assert_same(net, variety.make())


# What is not safe: another thread acts at one moment of a fit, so that chance has no part.


class InAnotherThread(Silent):
    """Callback that calls `act` in another thread, and waits, after the first epoch."""

    def __init__(self, act):
        self.act = act

    def on_fit_task_end(self, estimator, context):
        act, self.act = self.act, None
        if act is not None:
            at_once(act)


def fit_while(X, y, act, net=None):
    """Return a net, fitted to X and y while another thread calls `act` with it."""
    if net is None:
        net = DeepNetRegressor(8, max_iter=3, batch_size=16, random_state=0)
    net.set_callbacks(InAnotherThread(lambda: act(net)))
    return net.fit(X, y).set_callbacks()


def test_an_array_that_another_thread_changes_changes_the_fit_to_it():
    X, y = VARIETIES["loss=huber"].data()
    expected = fit_while(X, y, id).theta_
    changed = X.copy()
    net = fit_while(changed, y, lambda _: np.negative(changed, out=changed))
    assert np.isfinite(net.theta_).all()
    assert not np.array_equal(net.theta_, expected)


def test_of_two_fits_of_one_estimator_the_last_to_end_decides_for_both():
    X, y = VARIETIES["loss=huber"].data()
    expected, inner = fit_while(X, y, id), []

    def fit_to_others(net):
        inner.append(net.set_callbacks().fit(X, -y))
        inner.append(net.theta_)

    net = fit_while(X, y, fit_to_others)
    assert net is inner[0]
    assert not np.array_equal(inner[1], expected.theta_)
    assert_array_equal(net.theta_, expected.theta_)


def test_parameters_set_during_a_fit_do_not_describe_it():
    X, y = VARIETIES["loss=huber"].data()
    expected = fit_while(X, y, id)
    net = fit_while(X, y, lambda net: net.set_params(hidden_units=3, alpha=9.0))
    assert_array_equal(net.theta_, expected.theta_)
    assert net.hidden_units == 3
    assert net.coefs_[0].shape == (X.shape[1], 8)


def test_during_a_fit_another_thread_finds_the_net_of_the_last_fit():
    X, y = VARIETIES["loss=huber"].data()
    found = []
    net = DeepNetRegressor(8, max_iter=3, random_state=0).fit(X, y)
    expected = net.predict(X)
    fit_while(X, -y, lambda net: found.append(net.predict(X)), net)
    assert_array_equal(found[0], expected)


def test_fits_that_share_a_generator_depend_on_their_order():
    X, y = VARIETIES["loss=huber"].data()

    def in_order(*alphas):
        shared = np.random.default_rng(0)
        few = {"hidden_units": 8, "max_iter": 1, "random_state": shared}
        return {a: DeepNetRegressor(**few, alpha=a).fit(X, y).theta_ for a in alphas}

    first, other = in_order(0.0, 0.1), in_order(0.1, 0.0)
    assert not np.array_equal(first[0.0], other[0.0])


def test_a_search_in_threads_equals_a_serial_search():
    X, y = VARIETIES["balanced"].data()
    grid = {"alpha": [0.0, 0.1], "activation": ["relu", "tanh"]}
    in_turn = GridSearchCV(VARIETIES["balanced"].make(), grid, cv=3).fit(X, y)
    with parallel_config("threading", n_jobs=4):
        in_threads = GridSearchCV(VARIETIES["balanced"].make(), grid, cv=3).fit(X, y)
    for name, values in in_turn.cv_results_.items():
        if "_time" not in name:
            assert_array_equal(in_threads.cv_results_[name], values)
    assert_same(in_threads.best_estimator_, in_turn.best_estimator_)


def test_predictions_of_worker_processes_equal_serial_ones():
    variety = VARIETIES["temperature"]
    X, y = variety.data()
    in_turn, in_workers = (
        cross_val_predict(variety.make(), X, y, cv=3, method="predict_proba", n_jobs=n_jobs)
        for n_jobs in (1, 2)
    )
    assert_array_equal(in_workers, in_turn)


# The number of threads that BLAS has in a process.


def test_the_last_thread_to_leave_restores_the_number_of_threads():
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with ONE_THREAD:
            inside.set()
            leave.wait(timeout=60)
            return blas_threads()

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(stay)
        inside.wait(timeout=60)
        with ONE_THREAD, ONE_THREAD:
            assert blas_threads() == {1}
        with pytest.raises(RuntimeError, match="left by an error"), ONE_THREAD:
            raise RuntimeError("left by an error")
        assert blas_threads() == {1}  # the other one is still inside
        leave.set()
        assert staying.result() == {1}
    assert blas_threads() == {2}


def report(name, pipe):
    """Send a net, fitted in a process of its own, and its threads before and after."""
    threads = [blas_threads()]
    net = VARIETIES[name].fit()
    pipe.send((net, [*threads, blas_threads()]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("held", ["entered", "being entered"])
def test_a_process_forked_while_another_thread_fits_does_not_hang(held):
    """The child has the other thread's mark, and its lock, but not the thread."""
    expected = VARIETIES["solver=adam"].fit()
    inside, leave = threading.Event(), threading.Event()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def stay():
        with ONE_THREAD if held == "entered" else ONE_THREAD._lock:
            inside.set()
            leave.wait(timeout=60)

    with ThreadPoolExecutor(1) as pool:
        staying = pool.submit(stay)
        inside.wait(timeout=60)
        child = context.Process(target=report, args=("solver=adam", sender))
        child.start()
        try:
            assert receiver.poll(60), "the forked process hangs"
            net, threads = receiver.recv()
        finally:
            leave.set()
            child.join(10)
            child.kill()
        staying.result()
    assert threads == [{2}, {2}]
    assert_same(net, expected)
