"""Memory and pickles: a fit leaves nothing behind but the net, and a net is small."""

import copy
import gc
import io
import os
import pickle
import sys
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from varieties import STOCHASTIC, VARIETIES, Variety, fitted, predictions

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier, load
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
]
# Some 100 kB of parameters: where one copy of them stays behind a round, all do.
HEAVY = Variety(DeepNetClassifier, {"hidden_units": 110, "max_iter": 1}, "three classes")
ROUNDS = 10
MARGIN = 100_000  # bytes: what caches and counters may come to, less than one copy


# Memory.


@pytest.fixture(scope="module", autouse=True)
def frozen_heap():
    """Keep what was there before these tests out of their garbage collections."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def growth(work):
    """Return how many bytes more are in use after further rounds of `work`."""
    tracemalloc.start()
    for _ in range(3):
        work()
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(ROUNDS):
        work()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before


def fit():
    net = HEAVY.fit()
    assert net.theta_.nbytes > MARGIN
    return net


def fit_that_fails():
    with pytest.raises(ValueError, match="infinity"):
        HEAVY.make().fit(np.full((9, 5), np.inf), np.arange(9) % 3)


def fit_that_diverges():
    X, y = VARIETIES["depth 0"].data()
    net = DeepNetRegressor(110, solver="sgd", learning_rate=1e200, max_iter=2)
    with pytest.raises(ValueError, match="diverged"):
        net.fit(X, y)


FITTED = HEAVY.fit(warm_start=True)


def fit_further():
    FITTED.fit(*HEAVY.data())


def learn_a_part():
    FITTED.partial_fit(**HEAVY.parts()[0])


def predict():
    X, _ = HEAVY.data(n_rows=200)
    predictions(FITTED, X)
    FITTED.hidden_activations(X)


def copy_and_pickle():
    clone(FITTED)
    pickle.loads(pickle.dumps(FITTED))


@pytest.mark.parametrize(
    "work",
    [
        fit,
        fit_that_fails,
        fit_that_diverges,
        fit_further,
        learn_a_part,
        predict,
        copy_and_pickle,
    ],
)
def test_repeated_work_leaks_no_memory(work):
    assert growth(work) < MARGIN


def test_saving_and_loading_leak_no_memory(tmp_path):
    def work():
        FITTED.save(tmp_path / "net.npz")
        load(tmp_path / "net.npz")

    assert growth(work) < MARGIN


def test_a_leak_is_noticed():
    kept = []
    assert growth(lambda: kept.append(fit().theta_)) > ROUNDS * MARGIN


@pytest.mark.parametrize("name", VARIETIES)
def test_a_fit_keeps_no_data_and_a_net_is_freed_at_once(name):
    X, y = VARIETIES[name].data()
    net = VARIETIES[name].make().fit(X, y)
    predictions(net, X)
    X = getattr(X, "data", X) if VARIETIES[name].sparse else X
    rows, targets, nets = weakref.ref(X), weakref.ref(y), weakref.ref(net)
    gc.collect()  # of this test; what follows does without
    gc.disable()
    try:
        del X, y
        assert rows() is None
        assert targets() is None
        del net
        assert nets() is None
    finally:
        gc.enable()


def resident():
    """Return the bytes of memory that this process occupies."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_a_thousand_fits_leak_no_memory(record_property):
    names = list(VARIETIES)

    def fit_and_predict(n_fits):
        for i in range(n_fits):
            variety = VARIETIES[names[i % len(names)]]
            predictions(variety.fit(), variety.data()[0])
        gc.collect()

    fit_and_predict(3 * len(names))
    before = resident()
    fit_and_predict(1000)
    grown = resident() - before
    record_property("kilobytes_grown", grown / 1000)
    assert grown < 2_000_000  # 2 kB a fit


# Pickles.

FREE = 5_000  # bytes for whatever has no array: settings, names, classes, counts
SOLVER_VECTORS = {
    "sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2, "lbfgs": 0
}  # fmt: skip
CURVES = "loss_curve_", "learning_rate_curve_"
CURVES += "validation_loss_curve_", "validation_scores_"
# What may be found in a pickle: no objective, no data, no view, no buffer.
STATE = {"Network", "Directions", "Dense", "Dropout", "Units"}
STATE_TO_GO_ON = {"Progress", "Moments"}


def promised(net, *, goes_on):
    """Return how many bytes the pickle of `net` may have.

    Its parameters, as often again as its solver remembers something of each if training
    is to go on, the curves and records that it shows, units a column and, if it clips, the
    range of each feature; the rest is free.
    """
    copies = 1 + (SOLVER_VECTORS[net.solver] if goes_on else 0)
    shown = sum(getattr(net, curve).nbytes for curve in CURVES)
    shown += sum(records.nbytes for records in net.health_.values())
    units = 16 * (net.n_features_in_ + 2 * net.n_outputs_)
    clips = net.clip_features and net.n_layers_ > 2
    ranges = 2 * 8 * net.n_features_in_ if clips else 0
    return copies * net.theta_.nbytes + shown + units + ranges + FREE


def moments_of(net):
    """Return how many bytes the moments after `partial_fit` alone may have."""
    return 41 * (net.n_features_in_ + net.n_outputs_)


@pytest.mark.parametrize("name", VARIETIES)
def test_a_pickle_is_at_most_five_kilobytes_larger_than_the_parameters(
    name, record_property
):
    net = fitted(name)
    beside = len(pickle.dumps(net)) - net.theta_.nbytes
    record_property("bytes_beside", beside)
    assert 0 < beside < FREE


SIZES = {
    "wide": {"hidden_units": 200},
    "deep": {"hidden_units": 20, "depth": 12},
    "members": {"hidden_units": 50, "n_members": 8},
    "float32": {"hidden_units": 100, "dtype": "float32"},
    "400 epochs": {"max_iter": 400, "batch_size": None},
    "early stopping": {"early_stopping": True, "max_iter": 100, "batch_size": None},
    "maxout": {"activation": "maxout", "hidden_units": 60},
}


@pytest.mark.parametrize("cls", [DeepNetClassifier, DeepNetRegressor])
@pytest.mark.parametrize("params", SIZES.values(), ids=SIZES)
def test_a_pickle_is_no_larger_than_what_it_holds(params, cls):
    net = Variety(cls, params, "three classes").fit()
    assert len(pickle.dumps(net)) < promised(net, goes_on=False)


@pytest.mark.parametrize("solver", SOLVERS)
def test_pickles_of_warm_starting_nets_hold_the_state_of_the_solver(solver):
    params = {"solver": solver, "hidden_units": 100, "warm_start": True}
    variety = Variety(DeepNetClassifier, params, "three classes")
    net = variety.fit()
    size = len(pickle.dumps(net))
    vectors = (1 + SOLVER_VECTORS[solver]) * net.theta_.nbytes
    assert vectors < size < promised(net, goes_on=True)
    net.set_params(warm_start=False).fit(*variety.data())
    assert len(pickle.dumps(net)) < promised(net, goes_on=False)


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("solver", STOCHASTIC)
def test_pickles_after_partial_fit_hold_the_state_of_the_solver(solver):
    variety = Variety(DeepNetRegressor, {"solver": solver, "hidden_units": 100})
    net = variety.make()
    for part in variety.parts():
        net.partial_fit(**part)
    vectors = (1 + SOLVER_VECTORS[solver]) * net.theta_.nbytes
    assert vectors < len(pickle.dumps(net)) < promised(net, goes_on=True)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_after_partial_fit_of_many_columns_a_pickle_holds_their_moments(loss):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2500, 3000)), rng.normal(size=(2500, 2))
    net = DeepNetRegressor(2, depth=1, loss=loss, solver="sgd", random_state=0)
    most = 2048 * 8 * (y.shape[1] + 1) if loss == "absolute_error" else 0
    for rows in slice(0, 1500), slice(1500, 2000), slice(2000, 2500):
        size = len(pickle.dumps(net.partial_fit(X[rows], y[rows])))
        least = promised(net, goes_on=True) - FREE + moments_of(net) - 100
        assert least < size < least + most + FREE
    net.set_params(max_iter=2).fit(X[:200], y[:200])
    assert len(pickle.dumps(net)) < promised(net, goes_on=False)


@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_conformalize_keeps_predictions_and_targets_but_no_features(loss, n_targets):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 30)), rng.normal(size=(2000, n_targets))
    net = DeepNetRegressor(2, loss=loss, max_iter=2, random_state=0).fit(X[:100], y[:100])
    before = len(pickle.dumps(net))
    added = len(pickle.dumps(net.conformalize(X[100:], y[100:]))) - before
    kept = 8 * 1900 * (net.n_outputs_ + n_targets)
    assert kept <= added < kept + 500
    assert len(pickle.dumps(net.fit(X[:100], y[:100]))) <= before


@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_members_that_hold_rows_out_keep_what_they_predict_but_no_targets(loss, n_targets):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(2000, 30)), rng.normal(size=(2000, n_targets))
    shared = DeepNetRegressor(2, loss=loss, n_members=8, max_iter=2, cross_fit=False)
    before = len(pickle.dumps(shared.fit(X, y)))
    net = shared.set_params(cross_fit=True).fit(X, y)
    size = len(pickle.dumps(net))
    kept = 8 * 2000 * (net.n_outputs_ + n_targets + 1)
    assert kept <= size - before < kept + 1500
    assert y[:5, 0].tobytes() not in pickle.dumps(net)
    added = len(pickle.dumps(net.conformalize(y_cal=y))) - size
    assert added < 8 * 2000 * (n_targets + 1) + 500


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_pickle_does_not_grow_with_the_rows(method):
    variety = Variety(ShallowNetClassifier, {"hidden_units": 8}, "three classes")
    sizes = []
    for n_rows in 500, 5000:
        X, y = variety.data(n_rows)
        classes = {} if method == "fit" else {"classes": [0, 1, 2]}
        net = getattr(variety.make(record_health=False), method)(X, y, **classes)
        net.hidden_activations(X)
        sizes.append(len(pickle.dumps(net)))
    assert abs(sizes[1] - sizes[0]) < 16  # numbers of one more digit


class Named(pickle.Unpickler):
    """Takes note of the package's types that a pickle names."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.types = set()

    def find_class(self, module, name):
        if module.startswith("skshallow"):
            self.types.add(name)
        return super().find_class(module, name)


def types_in(net):
    named = Named(pickle.dumps(net))
    named.load()
    return named.types


def types_of_components(net, *, goes_on):
    """Return the names of a net's type and of the components that it holds.

    One that goes on has those that it trains with as well.
    """
    layers = net.network_.layers
    types = [type(net), *map(type, layers)]
    types += [type(it) for own in layers for it in (own.activation, own.normalization)]
    resolved = net.resolved_params_
    types += [type(it) for it in (*(resolved["init"] or []), resolved["schedule"])]
    if is_classifier(net):
        types += CLASSIFICATION_LOSSES[net.loss].values()
    else:
        types.append(REGRESSION_LOSSES.get(net.loss, type(net.loss)))
    if goes_on:
        schedule = "cosine" if net.schedule == "auto" else net.schedule
        types += [SOLVERS[net.solver], SCHEDULES.get(schedule, type(schedule))]
    return {cls.__name__ for cls in types}


@pytest.mark.parametrize("name", VARIETIES)
def test_pickles_hold_no_views_or_buffers(name):
    net = copy.deepcopy(fitted(name))
    allowed = STATE | types_of_components(net, goes_on=False)
    assert {"Network", "Dense"} < types_in(net) <= allowed
    net.set_params(warm_start=True).fit(*VARIETIES[name].data())
    assert "Progress" in types_in(net)
    allowed = STATE | STATE_TO_GO_ON | types_of_components(net, goes_on=True)
    assert types_in(net) <= allowed
