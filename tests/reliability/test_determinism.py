"""Determinism: one `random_state` gives one model, bit by bit, wherever it is fitted."""

import copy
import multiprocessing
import pickle
import random
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from hashlib import sha256

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_array_equal
from same_state import assert_same
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits
from varieties import ENDLESS, STOCHASTIC, VARIETIES, WIDE, Variety, bits_of, fitted

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
]
every_variety = pytest.mark.parametrize("name", VARIETIES)
BY_MINIBATCHES = [
    name
    for name, variety in VARIETIES.items()
    if variety.stochastic
    and not variety.params.get("early_stopping")
    and variety.params.get("class_weight") != "balanced"
]


@every_variety
def test_fits_of_a_net_and_of_its_clone_are_equal(name):
    net = fitted(name)
    X, y = VARIETIES[name].data()
    assert_same(clone(net).fit(X, y), net)
    assert_same(copy.deepcopy(net).fit(X, y), net)


@pytest.mark.parametrize(
    "name", [name for name in VARIETIES if name not in ("init=zeros", "depth 0")]
)
def test_another_random_state_gives_another_model(name):
    net, other = fitted(name), VARIETIES[name].fit(random_state=1)
    assert not np.array_equal(net.theta_, other.theta_)


@pytest.fixture
def global_states():
    """Return a function that tells the states of the global random numbers."""
    before = np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002
    yield lambda: (np.random.get_state(legacy=False), random.getstate())  # noqa: NPY002
    np.random.set_state(before[0])  # noqa: NPY002
    random.setstate(before[1])


@every_variety
def test_global_random_states_are_neither_used_nor_changed(name, global_states):
    thetas = []
    for seed in 1, 2:
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        before = global_states()
        thetas.append(VARIETIES[name].fit(random_state=np.random.RandomState(7)).theta_)
        assert_same(global_states(), before)
    assert_same(*thetas)


@every_variety
def test_without_a_random_state_the_global_one_of_numpy_draws(name, global_states):
    nets = []
    for seed in 1, 1, 2:
        np.random.seed(seed)  # noqa: NPY002
        before = global_states()
        nets.append(VARIETIES[name].fit(random_state=None))
        numpys, pythons = global_states()
        with pytest.raises(AssertionError):
            assert_same(numpys, before[0])
        assert_same(pythons, before[1])
    assert_same(nets[0], nets[1])
    if name not in ("init=zeros", "depth 0"):
        assert not np.array_equal(nets[0].theta_, nets[2].theta_)


# Training in pieces.


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("name", BY_MINIBATCHES)
def test_partial_fits_of_an_unpickled_net_equal_those_of_the_net(name):
    net, pickled = (VARIETIES[name].make(max_iter=20) for _ in "ab")
    first, second, *_ = VARIETIES[name].parts()
    for part in (first, second, first):  # the last one has been seen
        net.partial_fit(**part)
        pickled = pickle.loads(pickle.dumps(pickled.partial_fit(**part)))
    assert_same(pickled, net)


PIECES = {
    **{
        f"{solver}, {schedule}": {"solver": solver, "schedule": schedule}
        for solver in STOCHASTIC
        for schedule in ENDLESS
    },
    "dropout": {"dropout": 0.3},
    "members": {"n_members": 3, "dropout": 0.1},
    "shared": {"n_members": 3, "share_weights": True, "dropout": 0.1},
    "float32": {"dtype": "float32"},
    "in order": {"shuffle": False},
    "whole batch": {"batch_size": None},
    "clipped": {"max_grad_norm": 0.1},
    "as they are": {"standardize": False, "learning_rate": 1e-6},
}


@pytest.mark.parametrize(
    ("cls", "name"),
    covering([DeepNetClassifier, ShallowNetRegressor], PIECES, apart=[(0, 1)]),
)
def test_warm_starts_in_pieces_equal_one_fit(cls, name):
    variety = Variety(cls, PIECES[name], "three classes")
    whole = variety.fit(max_iter=9, warm_start=True)
    pieces = variety.make(warm_start=True)
    for n_epochs in 2, 3, 4:
        pieces.set_params(max_iter=n_epochs).fit(*variety.data())
    assert_same(all_but_records(pieces), all_but_records(whole))


@pytest.mark.parametrize(
    "random_state", [lambda: None, lambda: np.random.RandomState(3), np.random.default_rng]
)
def test_warm_starts_in_pieces_equal_one_fit_with_every_random_state(
    random_state, global_states
):
    variety = Variety(DeepNetRegressor, {"warm_start": True, "dropout": 0.2})
    made = random_state()
    same = [made, copy.deepcopy(made)]  # each is advanced by its fits
    nets = []
    for max_iters in (5,), (2, 3):
        np.random.seed(0)  # noqa: NPY002
        net = variety.make(random_state=same.pop(), schedule="constant")
        for max_iter in max_iters:
            net.set_params(max_iter=max_iter).fit(*variety.data())
        nets.append({**all_but_records(net), "random_state": None})
    assert_same(*nets)


@pytest.mark.parametrize("params", PIECES.values(), ids=PIECES)
def test_partial_fits_on_all_rows_after_a_fit_equal_one_fit(params):
    variety = Variety(DeepNetRegressor, params)
    whole = variety.fit(max_iter=5, warm_start=True)
    pieces = variety.fit(max_iter=1, warm_start=True)
    for _ in range(4):
        pieces.partial_fit(*variety.data())
    assert_same(all_but_records(pieces), all_but_records(whole))


def test_partial_fit_after_a_fit_smooths_and_drops_as_it_is_told():
    params = {"dropout": 0.2, "label_smoothing": 0.1}
    variety = Variety(DeepNetClassifier, params, "three classes")
    whole = variety.fit(max_iter=2, warm_start=True)
    pieces = variety.fit(max_iter=1, warm_start=True).partial_fit(*variety.data())
    assert_same(all_but_records(pieces), all_but_records(whole))


def test_auto_is_off_in_partial_fit_after_a_fit_that_smoothed():
    net = DeepNetClassifier(64, max_iter=1, warm_start=True, random_state=0)
    X, y = Variety(DeepNetClassifier, target="three classes").data(n_rows=400)
    resolved = net.fit(X, y).resolved_params_
    assert resolved["dropout"] > 0
    assert resolved["label_smoothing"] > 0
    assert resolved["average_weights"]
    resolved = net.partial_fit(X, y).resolved_params_
    assert resolved["dropout"] == resolved["label_smoothing"] == 0
    assert not resolved["average_weights"]


@pytest.mark.parametrize("warm_start", [False, True])
def test_the_state_of_the_solver_goes_on_after_a_warm_start_alone(warm_start):
    variety = Variety(DeepNetRegressor, {"shuffle": False})
    whole = variety.fit(max_iter=2)
    pieces = variety.fit(max_iter=1, warm_start=warm_start)
    pieces.partial_fit(*variety.data())
    assert np.array_equal(pieces.theta_, whole.theta_) == warm_start


def all_but_records(net):
    """Return what `net` holds, but for what a piece records of its own epochs."""
    return {
        name: value
        for name, value in vars(net).items()
        if name not in ("max_iter", "health_", "resolved_params_", "_used_params")
    }


def test_a_warm_start_after_early_stopping_continues_from_the_best_epoch():
    variety = VARIETIES["early stopping"]
    net = variety.fit(warm_start=True)
    best = net.theta_.copy()
    net.set_params(learning_rate=1e-300).fit(*variety.data())
    assert_array_equal(net.theta_, best)


class HeldOut:
    """A scorer that takes down the rows that it sees."""

    def __init__(self):
        self.seen = []

    def __call__(self, net, X, y):
        self.seen.append(X.tobytes())
        return 0.0


@pytest.mark.parametrize(("random_state", "same"), [(0, True), (None, False)])
def test_early_stopping_holds_the_same_rows_out_in_each_warm_start_of_an_int(
    random_state, same, global_states
):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    scoring = HeldOut()
    net = DeepNetRegressor(
        4,
        max_iter=1,
        warm_start=True,
        early_stopping=True,
        scoring=scoring,
        random_state=random_state,
    )
    np.random.seed(0)  # noqa: NPY002
    net.fit(X, y).fit(X, y)
    first, second = scoring.seen
    assert (first == second) == same


def test_a_warm_start_after_averaging_continues_from_the_average():
    variety = Variety(DeepNetRegressor, {"average_weights": True, "schedule": "constant"})
    net = variety.fit(warm_start=True)
    average = net.theta_.copy()
    net.set_params(learning_rate=1e-300).fit(*variety.data())
    assert_array_equal(net.theta_, average)


def test_a_warm_start_of_lbfgs_continues_from_the_weights_with_new_memory():
    variety = Variety(DeepNetRegressor, {"solver": "lbfgs", "activation": "tanh"})
    whole = variety.fit(max_iter=6)
    pieces = variety.make(warm_start=True)
    losses = [pieces.fit(*variety.data()).loss_ for _ in "ab"]
    assert losses[1] < losses[0]
    assert_array_equal(pieces.loss_curve_[:3], whole.loss_curve_[:3])
    assert not np.array_equal(pieces.theta_, whole.theta_)


# Threads of BLAS, processes, hash seeds.


@pytest.mark.parametrize("name", WIDE)
def test_the_number_of_blas_threads_changes_no_bit(name):
    found = []
    for n_threads in 1, 2, 4:
        with threadpool_limits(n_threads, user_api="blas"):
            assert n_threads in [pool["num_threads"] for pool in threadpool_info()]
            found.append(bits_of(WIDE[name]))
    assert found[0] == found[1] == found[2]


SOME = list(VARIETIES)[::6]
METHODS = {"fork", "spawn"} & set(multiprocessing.get_all_start_methods())


def fingerprints():
    """Return a digest of each of some fits, of small and of wide nets."""
    warnings.simplefilter("ignore")  # for a process of its own
    small = {name: VARIETIES[name].fit().theta_.tobytes() for name in SOME}
    wide = {name: bits_of(WIDE[name]) for name in WIDE}
    return {name: sha256(found).hexdigest() for name, found in (small | wide).items()}


@cache
def fingerprints_of_this_process():  # which a fork must not find
    with warnings.catch_warnings():
        return fingerprints()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", sorted(METHODS))
def test_another_process_fits_equal_models(method, monkeypatch):
    here = fingerprints_of_this_process()
    monkeypatch.setenv("PYTHONHASHSEED", "7")  # for one that starts anew
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(fingerprints).result() == here


@pytest.mark.parametrize("name", ["loss=gaussian", "members, dropout", "temperature"])
def test_a_parallel_grid_search_equals_a_serial_one(name):
    X, y = VARIETIES[name].data()
    searches = [
        GridSearchCV(
            VARIETIES[name].make(), {"alpha": [0.0, 0.1], "learning_rate": [0.01, 0.1]},
            cv=2, n_jobs=n_jobs,
        ).fit(X, y)
        for n_jobs in (1, 2)
    ]  # fmt: skip
    scores = [
        {name: values for name, values in search.cv_results_.items() if "_time" not in name}
        for search in searches
    ]
    for name, values in scores[0].items():
        assert_array_equal(scores[1][name], values)
    assert_same(searches[1].best_estimator_, searches[0].best_estimator_)
