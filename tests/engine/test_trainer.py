"""Training: sample weights, penalty, divergence, interruption, solvers, averages."""

import contextlib
import math
import pickle
import warnings
from typing import ClassVar

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from sklearn.datasets import load_diabetes, load_iris, load_wine, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.engine.objective import Objective
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS, Adam

STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]
ON = {"n_iter_no_change": np.inf}  # runs to max_iter, and does not ask to converge


def same_attributes(net, before):
    """Return whether the attributes of `net` pickle to the bytes of `before`."""
    return pickle.dumps(vars(net)) == before


# Sample weights.


@pytest.fixture
def contradicting():
    """Rows that differ in nothing but their label, where 9 of 10 weights say yes."""
    X, y = np.ones((64, 1)), np.tile([1, 0], 32)
    return X, y, np.where(y == 1, 9.0, 1.0)


@pytest.mark.filterwarnings("ignore:No column of X tells training rows apart")
@pytest.mark.parametrize(
    ("solver", "batch_size", "learning_rate"),
    [
        ("sgd", 1, 0.02), ("sgd", 4, 0.1), ("sgd", 32, 1.0), ("sgd", None, 4.0),
        ("adam", 1, 0.02), ("adam", 4, 0.02), ("adam", 32, 0.05), ("adam", None, 0.1),
    ],
)  # fmt: skip
def test_contradicting_labels_weighted_nine_to_one_give_probability_nine_tenths(
    contradicting, solver, batch_size, learning_rate
):
    X, y, weight = contradicting
    net = DeepNetClassifier.from_weights(
        [[[0.0]]], [[0.0]], solver=solver, batch_size=batch_size, alpha=0,
        learning_rate=learning_rate, schedule="cosine", max_iter=150,
        warm_start=True, random_state=0, **ON,
    )  # fmt: skip
    assert_allclose(net.predict_proba(X)[:, 1], 0.5)
    net.fit(X, y, sample_weight=weight)
    assert_allclose(net.predict_proba(X)[:, 1], 0.9, atol=5e-3)


@pytest.mark.parametrize("batch_size", [1, 4, 32, None])
def test_contradicting_labels_give_probability_nine_tenths_with_a_hidden_layer(
    contradicting, batch_size
):
    X, y, weight = contradicting
    net = ShallowNetClassifier(
        4, batch_size=batch_size, learning_rate=0.01, schedule="cosine", max_iter=60,
        random_state=0, record_health=False, label_smoothing=0.0, **ON,
    ).fit(X, y, sample_weight=weight)  # fmt: skip
    assert_allclose(net.predict_proba(X)[:, 1], 0.9, atol=5e-3)


@pytest.mark.parametrize("batch_size", [1, 7, None])
def test_weight_zero_equals_absence(net_class, X, y, weight, few, batch_size):
    few["batch_size"] = batch_size
    absent = np.random.default_rng(0).random(len(y)) < 0.5
    weight = np.where(absent, 0, weight)
    poisoned = X.copy()
    poisoned[absent] = 1e200  # not even the scaling may look at these rows
    net = net_class(**few).fit(poisoned, y, sample_weight=weight)
    without = net_class(**few).fit(X[~absent], y[~absent], sample_weight=weight[~absent])
    assert_array_equal(net.theta_, without.theta_)
    assert_array_equal(net.predict(X), without.predict(X))


def test_rows_of_weight_zero_add_no_class(X, y):
    with pytest.raises(ValueError, match="one class"):
        ShallowNetClassifier(4).fit(X, y, sample_weight=(y == 0).astype(float))


@pytest.mark.parametrize("batch_size", [8, None])
def test_only_the_ratios_of_weights_count(net_class, X, y, weight, few, batch_size):
    few["batch_size"] = batch_size
    net = net_class(**few).fit(X, y, sample_weight=weight)
    for factor in 2.0**-900, 2.0**900:
        scaled = net_class(**few).fit(X, y, sample_weight=weight * factor)
        assert_allclose(scaled.theta_, net.theta_, rtol=1e-9)
    even = net_class(**few).fit(X, y, sample_weight=np.full(len(y), 3.0))
    assert_allclose(even.theta_, net_class(**few).fit(X, y).theta_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_integer_weights_equal_repetition_in_full_batches(net_class, X, y, solver):
    repeats = np.random.default_rng(0).integers(0, 4, size=len(y))
    whole = {} if solver == "lbfgs" else {"batch_size": None, "learning_rate": 0.01, **ON}
    params = {"hidden_units": 4, "activation": "tanh", "max_iter": 30, "solver": solver}
    net = net_class(**params, **whole, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y, sample_weight=repeats)
        weighted = raw_prediction(net, X)
        net.fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    assert_allclose(weighted, raw_prediction(net, X), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_negative_weights_are_refused(net_class, X, y, few, method):
    weight = np.ones(len(y))
    weight[3] = -0.5
    net = net_class(**few)
    classes = {"classes": [0, 1, 2]} if method == "partial_fit" else {}
    if isinstance(net, ShallowNetRegressor | DeepNetRegressor):
        classes = {}
    with pytest.raises(ValueError, match=r"sample_weight must not be negative.*-0\.5"):
        getattr(net, method)(X, y, sample_weight=weight, **classes)
    with pytest.raises(ValueError, match="sample_weight is zero for every row"):
        getattr(net, method)(X, y, sample_weight=np.zeros(len(y)), **classes)
    assert not hasattr(net, "theta_")


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones((60, 2)), "sample_weight must be 1-dimensional"),
        (np.ones(59), "inconsistent numbers of samples"),
        (np.full(60, np.nan), "sample_weight contains NaN"),
        (np.full(60, np.inf), "sample_weight contains infinity"),
    ],
    ids=["2d", "short", "nan", "inf"],
)
def test_unusable_weights_are_refused(net_class, X, y, few, weight, message):
    with pytest.raises(ValueError, match=message):
        net_class(**few).fit(X, y, sample_weight=weight)


# The penalty.


@pytest.mark.filterwarnings("ignore:No column of X tells training rows apart")
@pytest.mark.parametrize("batch_size", [1, 5, 20, None])
def test_the_penalty_shrinks_weights_equally_at_every_batch_size(batch_size):
    """Where the data have no say, each step multiplies by 1 - learning_rate * alpha."""
    start, rate, alpha, n_epochs = np.array([[2.0], [-3.0]]), 0.05, 0.7, 4
    net = DeepNetRegressor.from_weights(
        [start], [[0.0]], solver="sgd", learning_rate=rate, schedule="constant",
        alpha=alpha, batch_size=batch_size, max_iter=n_epochs, standardize=False,
        warm_start=True, **ON,
    )  # fmt: skip
    net.fit(np.zeros((20, 2)), np.zeros(20))
    n_steps = n_epochs * math.ceil(20 / (batch_size or 20))
    assert_allclose(net.coefs_[0], start * (1 - rate * alpha) ** n_steps, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 16, None])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_penalised_optimum_is_that_of_ridge_at_every_batch_size(
    X, y, weight, solver, batch_size
):
    net = DeepNetRegressor(
        depth=0, solver=solver, alpha=0.5, batch_size=batch_size, schedule="cosine",
        learning_rate=0.02 if batch_size else 0.2, max_iter=200, random_state=0, **ON,
    ).fit(X, y, sample_weight=weight)  # fmt: skip
    exact = DeepNetRegressor(depth=0, solver="lbfgs", alpha=0.5, tol=1e-8)
    exact.fit(X, y, sample_weight=weight)
    Z = StandardScaler().fit_transform(X, sample_weight=weight)
    ridge = Ridge(alpha=0.5 * weight.sum()).fit(Z, y, sample_weight=weight)
    assert_allclose(exact.predict(X), ridge.predict(Z), atol=1e-6)
    assert_allclose(net.predict(X), ridge.predict(Z), atol=0.01)


@pytest.mark.filterwarnings("ignore:The loss was still improving")
@pytest.mark.parametrize("share_weights", [False, True])
@pytest.mark.parametrize("name", SOLVERS)
def test_loss_of_members_is_the_mean_of_theirs_with_every_solver(name, share_weights):
    X, y = load_iris(return_X_y=True)
    still = {"learning_rate": 1e-12, "batch_size": None, "average_weights": False}
    net = ShallowNetClassifier(
        4, solver=name, n_members=3, share_weights=share_weights, alpha=0.5, max_iter=1,
        standardize=False, label_smoothing=0, dropout=0, random_state=0,
        **(still if name in STOCHASTIC else {}), **ON,
    ).fit(X, y)  # fmt: skip
    losses = [log_loss(y, probability) for probability in net.predict_members(X)]
    layout, squares = net.network_.layout, net.theta_**2
    shared = squares[: layout.n_shared_weights].sum()
    own = squares[layout.n_shared_weights : layout.n_weights].sum() / 3
    assert net.loss_ == pytest.approx(np.mean(losses) + 0.25 * (shared + own), rel=1e-6)


# Divergence.


@pytest.fixture
def line():
    X = np.linspace(-1, 1, 20).reshape(-1, 1)
    return X, 3 * X.ravel() + 1


def diverging(**params):
    """Return a net whose loss triples its digits each epoch: finite, then infinite."""
    defaults = {
        "depth": 0, "solver": "sgd", "learning_rate": 2e6, "batch_size": None,
        "schedule": "constant", "max_iter": 1000, **ON,
    }  # fmt: skip
    return DeepNetRegressor(**defaults | params)


def test_a_diverging_fit_stops_early_with_finite_weights_and_a_warning(line):
    net = diverging()
    with pytest.warns(ConvergenceWarning, match=r"learning_rate=2e\+06"):
        net.fit(*line)
    assert net.n_iter_ < 40
    assert np.isfinite(net.theta_).all()
    assert np.isfinite(net.predict(line[0])).all()
    assert net.best_iter_ == 0  # the first epoch's step made things worse
    assert net.loss_ <= net.loss_curve_.min()


def test_early_stopping_does_not_hide_divergence(line):
    net = diverging(early_stopping=True, validation_fraction=0.3, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"learning_rate=2e\+06"):
        net.fit(*line)
    assert np.isfinite(net.predict(line[0])).all()
    assert net.n_iter_ < 40


@pytest.mark.parametrize("batch_size", [5, None])
def test_divergence_in_the_first_epoch_is_an_error(line, batch_size):
    net = diverging(learning_rate=1e300, batch_size=batch_size)
    before = pickle.dumps(vars(net))
    with pytest.raises(ValueError, match=r"learning_rate=1e\+300"):
        net.fit(*line)
    assert same_attributes(net, before)


def test_divergence_leaves_an_earlier_fit_as_it_was(line):
    net = diverging(learning_rate=0.1, max_iter=5).fit(*line)
    net.set_params(learning_rate=1e300)
    before = pickle.dumps(vars(net))
    with pytest.raises(ValueError, match="diverged"):
        net.fit(*line)
    assert same_attributes(net, before)


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_no_solver_leaves_weights_that_are_not_finite(solver, X, y):
    net = ShallowNetRegressor(
        8, solver=solver, learning_rate=1e40, batch_size=None, max_iter=50, **ON
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with contextlib.suppress(ValueError):
            net.fit(X, y)
    # an error leaves no weights, a warning leaves finite ones
    assert not hasattr(net, "theta_") or np.isfinite(net.theta_).all()


def test_clipping_bounds_a_step_by_the_learning_rate_times_the_norm(X, y):
    net = ShallowNetRegressor(
        8, solver="sgd", learning_rate=0.5, max_grad_norm=1e-3, batch_size=None,
        max_iter=1, warm_start=True, random_state=0, **ON,
    ).fit(X, y)  # fmt: skip
    before = net.theta_
    net.fit(X, y)
    assert_allclose(np.linalg.norm(net.theta_ - before), 0.5e-3, rtol=1e-9)


def test_clipping_keeps_a_diverging_fit_finite(X, y):
    net = ShallowNetRegressor(
        16, solver="sgd", learning_rate=1.0, max_grad_norm=0.05, max_iter=100,
        batch_size=None, standardize=False, random_state=0, **ON,
    ).fit(X * 100, y)  # fmt: skip
    assert np.isfinite(net.loss_curve_).all()


STANDARD_TABLES = {
    "diabetes": load_diabetes(return_X_y=True),
    "linear": make_regression(150, 10, noise=5.0, random_state=0),
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
}


@pytest.mark.parametrize(
    ("batch_size", "table", "solver"),
    covering([1, 4, 8, 32, 128, None], STANDARD_TABLES, ["sgd", "momentum", "nesterov"]),
)
def test_default_rates_are_stable_at_every_batch_size(batch_size, table, solver):
    X, y = STANDARD_TABLES[table]
    X, y = X[::2], y[::2]
    classifies = table in ("iris", "wine")
    net_class = DeepNetClassifier if classifies else DeepNetRegressor
    n_epochs = min(8 * (batch_size or 100), 100)  # small batches take more steps
    net = net_class(solver=solver, batch_size=batch_size, max_iter=n_epochs, random_state=0)
    assert net.fit(X, y).score(X, y) > (0.9 if classifies else 0.4)
    assert net.loss_curve_.max() < 2 * net.loss_curve_[0]  # and on the way, too


@pytest.mark.parametrize("hidden_units", [1000, [200, 200, 200]])
def test_default_rates_are_stable_for_wide_and_deep_nets(hidden_units):
    X, y = STANDARD_TABLES["linear"]
    net = DeepNetRegressor(hidden_units, solver="sgd", max_iter=20, random_state=0)
    assert net.fit(X, y).score(X, y) > 0.4


# Interruption.


class InterruptingCallback:
    """Raise an exception at the end of epoch `at`, counted from 1; 0 means its begin."""

    def __init__(self, at, exception=KeyboardInterrupt):
        self.at, self.exception, self.n_ended = at, exception, 0

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is not None and self.at == 0:
            raise self.exception

    def on_fit_task_end(self, estimator, context):
        self.n_ended += 1
        if self.n_ended == self.at:
            raise self.exception


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupted_fit_holds_the_best_epoch_so_far(net_class, X, y, solver):
    params = {"hidden_units": 4, "solver": solver, "max_iter": 50, "random_state": 0}
    if solver != "lbfgs":
        params |= {"schedule": "constant", "batch_size": 16, "learning_rate": 0.01}
    net = net_class(**params).set_callbacks(InterruptingCallback(at=3))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    assert net.n_iter_ == 3
    assert net.best_iter_ == np.argmin(net.loss_curve_) + 1
    assert net.loss_ == net.loss_curve_.min()
    assert len(net.predict(X)) == len(X)
    three = net_class(**params | {"max_iter": 3})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        three.fit(X, y)
    assert_allclose(net.theta_, three.theta_, rtol=1e-12)
    net.set_callbacks()
    assert "_callback_fit_ctx" not in vars(net)


def test_ctrl_c_in_the_middle_of_an_epoch_restores_the_best_one(X, y, few, monkeypatch):
    from skshallow.solvers import Adam

    step, n_steps = Adam.step, 0

    def interrupted(self, *args):
        nonlocal n_steps
        n_steps += 1
        if n_steps == 10:  # of 4 steps an epoch: the second of the third epoch
            raise KeyboardInterrupt
        step(self, *args)

    two = ShallowNetClassifier(**few | {"max_iter": 2}).fit(X, y)
    net = ShallowNetClassifier(**few)
    monkeypatch.setattr(Adam, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    assert net.n_iter_ == 2
    assert_array_equal(net.theta_, two.theta_)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("fitted", [False, True], ids=["new", "fitted"])
def test_ctrl_c_before_the_first_epoch_ends_changes_nothing(
    net_class, X, y, solver, fitted
):
    net = net_class(4, solver=solver, max_iter=5, random_state=0)
    if fitted:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(X, y)
    before = pickle.dumps(vars(net))
    net.set_callbacks(InterruptingCallback(at=0))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    assert same_attributes(net.set_callbacks(), before)


# Solvers.


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_trains_every_net(net_class, X, y, solver):
    rate = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03}.get(solver, 0.02)
    net = net_class(8, solver=solver, max_iter=50, alpha=0, random_state=0)
    if solver != "lbfgs":
        net.set_params(learning_rate=rate, schedule="cosine", batch_size=10, **ON)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y)
    assert net.loss_curve_[-1] < 0.5 * net.loss_curve_[0]
    assert net.score(X, y) > 0.6


def test_partial_fit_needs_a_solver_that_takes_batches(net_class):
    assert not hasattr(net_class(solver="lbfgs"), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        _ = net_class(solver="lbfgs").partial_fit
    for solver in STOCHASTIC:
        assert hasattr(net_class(solver=solver), "partial_fit")


def test_lbfgs_honours_early_stopping(X, y):
    rng = np.random.default_rng(0)
    y_noise = rng.normal(size=len(y))  # nothing to learn: validation soon gets worse
    params = {"solver": "lbfgs", "tol": 0, "alpha": 0, "max_iter": 500, "random_state": 0}
    net = ShallowNetRegressor(
        32, early_stopping=True, n_iter_no_change=5, validation_fraction=0.3, **params
    ).fit(X, y_noise)
    assert net.n_iter_ < 100
    assert len(net.validation_loss_curve_) == net.n_iter_
    assert net.best_iter_ == np.argmin(net.validation_loss_curve_) + 1
    assert net.n_iter_ == net.best_iter_ + 5


def test_lbfgs_at_the_optimum_is_one_iteration(line):
    X, y = line
    net = DeepNetRegressor.from_weights(
        [[[3.0]]], [[1.0]], solver="lbfgs", alpha=0, warm_start=True, standardize=False
    )
    net.fit(X, y)
    assert net.n_iter_ == len(net.loss_curve_) == 1
    assert_allclose(net.loss_, 0, atol=1e-20)
    assert_allclose(net.predict(X), y)


def test_lbfgs_whose_line_search_fails_ends_without_a_warning(X, y):
    """A step function's gradient is not its own, so that line searches must fail."""
    for seed in range(3):
        net = ShallowNetRegressor(
            8, activation="step", solver="lbfgs", max_iter=500, random_state=seed
        ).fit(X, y)
        assert net.n_iter_ < 500
        assert net.score(X, y) > 0


def test_divergence_of_lbfgs_is_not_blamed_on_the_learning_rate(X, y):
    net = ShallowNetRegressor(
        4, solver="lbfgs", loss="gaussian", standardize=False, random_state=0
    )
    with pytest.raises(ValueError, match=r"diverged with solver='lbfgs'") as caught:
        net.fit(X * 1e60, y)
    assert "learning_rate" not in str(caught.value)
    assert not hasattr(net, "theta_")


def test_training_stops_when_the_loss_no_longer_improves(line):
    tol, patience = 1e-6, 4
    net = DeepNetRegressor(
        depth=0, solver="sgd", learning_rate=0.5, batch_size=None, alpha=0, max_iter=500,
        schedule="constant", tol=tol, n_iter_no_change=patience, random_state=0,
    ).fit(*line)  # fmt: skip
    best, n_stalled = np.inf, []
    for loss in net.loss_curve_:
        n_stalled.append(0 if loss < best - tol else n_stalled[-1] + 1)
        best = min(best, loss)
    assert n_stalled[-1] == patience
    assert max(n_stalled[:-1]) < patience


class CountingSubnormals(Adam):
    """Adam that counts the subnormal numbers that each step leaves."""

    counts: ClassVar[list[int]] = []

    def step(self, theta, grad, state, learning_rate):
        super().step(theta, grad, state, learning_rate)
        vectors = np.abs([theta, *(state[name] for name in self.averages)])
        self.counts.append(np.sum((vectors > 0) & (vectors < np.finfo(theta.dtype).tiny)))


class NeverFlushing(CountingSubnormals):
    counts: ClassVar[list[int]] = []

    def flush(self, theta, state):
        pass


def test_parameters_that_decay_to_zero_do_not_stay_subnormal_numbers():
    X = np.random.default_rng(0).normal(size=(256, 3)).astype(np.float32)
    of_dead_units = np.full((3, 4), 0.5), np.full((4, 1), 0.5)
    for solver in (CountingSubnormals(), NeverFlushing()):
        net = ShallowNetRegressor.from_weights(
            of_dead_units, [[-1e3] * 4, [0]], solver=solver, alpha=1e-3, dropout=0,
            batch_size=16, max_iter=150, warm_start=True, random_state=0,
            average_weights=False, early_stopping=False, **ON,
        )  # fmt: skip
        with pytest.warns(UserWarning, match="dead"):
            net.fit(X, X[:, 0])
    assert sum(NeverFlushing.counts) > 1000
    assert sum(CountingSubnormals.counts) < sum(NeverFlushing.counts) / 20


def test_running_out_of_epochs_is_a_convergence_warning(X, y):
    stochastic = {"n_iter_no_change": 2, "schedule": "constant"}
    for params in {"solver": "adam", **stochastic}, {"solver": "lbfgs"}:
        with pytest.warns(ConvergenceWarning, match="still improving after max_iter=3"):
            ShallowNetRegressor(4, max_iter=3, random_state=0, **params).fit(X, y)
    ShallowNetRegressor(4, max_iter=3, schedule="cosine").fit(X, y)  # ends as planned


def test_shuffling_changes_the_order_and_random_state_fixes_it(net_class, X, y, few):
    first = net_class(**few).fit(X, y)
    again = net_class(**few).fit(X, y)
    ordered = net_class(**few, shuffle=False).fit(X, y)
    other = net_class(**few | {"random_state": 1}).fit(X, y)
    assert_array_equal(first.theta_, again.theta_)
    assert not np.allclose(first.theta_, ordered.theta_)
    assert not np.allclose(first.theta_, other.theta_)


def test_dropout_changes_training_and_not_prediction(net_class, X, y, few):
    plain = net_class(**few).fit(X, y)
    thinned = net_class(**few, dropout=0.5).fit(X, y)
    assert not np.allclose(plain.theta_, thinned.theta_)
    assert_array_equal(raw_prediction(thinned, X), raw_prediction(thinned, X))


def test_dropout_falls_with_the_learning_rate(X, y, few, monkeypatch):
    shares = []

    def spy(objective, *args, dropout_share=1.0, **kwargs):
        shares.append(dropout_share)
        return gradient(objective, *args, dropout_share=dropout_share, **kwargs)

    gradient = Objective.gradient
    monkeypatch.setattr(Objective, "gradient", spy)
    few |= {"schedule": "cosine", "batch_size": None, "max_iter": 7}
    few |= {"record_health": False, "dropout": 0.5, "learning_rate": 0.01}
    net = ShallowNetRegressor(**few).fit(X, y)
    assert_allclose(shares, net.learning_rate_curve_ / 0.01)


@pytest.mark.parametrize(
    ("n_rows", "params", "rate"),
    [
        (256, {}, 0.15),
        (256, {"hidden_units": 63}, 0.0),
        (255, {}, 0.0),
        (256, {"batch_size": None}, 0.0),
        (256, {"dropout": 0.5}, 0.5),
        (60, {"dropout": 0.5}, 0.5),
    ],
)
def test_auto_dropout_is_for_wide_layers_and_minibatches_of_many_rows(
    net_class, few, n_rows, params, rate
):
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    y = np.arange(n_rows) % 3
    few |= {"early_stopping": False, "batch_size": 128, "hidden_units": 64}
    net = net_class(**few | params).fit(X, y)
    assert net.network_.layers[0].dropout.rate == rate


def test_auto_dropout_is_off_in_partial_fit(net_class, pieces):
    X, y = np.random.default_rng(0).normal(size=(256, 3)), np.arange(256) % 3
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    net = net_class(**pieces).partial_fit(X, y, **classes)
    assert net.network_.layers[0].dropout.rate == 0


# Averages.


STEPS = 6


def weight_of_each_step(n_steps):
    """Return the share of each step's weights in the published average, by recursion."""
    shares = np.zeros(n_steps)
    for t in range(1, n_steps + 1):
        shares *= 1 - 9 / (t + 8)
        shares[t - 1] += 9 / (t + 8)
    return shares


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_the_average_is_the_published_one_of_all_steps(net_class, X, y, few, solver):
    few |= {"solver": solver, "batch_size": None}
    steps = [
        net_class(**few | {"max_iter": n}, average_weights=False).fit(X, y).theta_
        for n in range(1, STEPS + 1)
    ]
    net = net_class(**few | {"max_iter": STEPS}, average_weights=True).fit(X, y)
    assert_allclose(net.theta_, weight_of_each_step(STEPS) @ steps, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings(
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_auto_averages_where_the_schedule_ends(X, y, few, schedule):
    few |= {"schedule": schedule}
    auto, on, off = (
        ShallowNetRegressor(**few, average_weights=average).fit(X, y)
        for average in ("auto", True, False)
    )
    assert not np.array_equal(on.theta_, off.theta_)
    expected = on if SCHEDULES[schedule].needs_end else off
    assert_array_equal(auto.theta_, expected.theta_)


def test_validation_judges_the_averaged_weights_that_are_kept(regressor_class, X, y, few):
    few |= {"max_iter": 5, "average_weights": True, "standardize": False}
    net = regressor_class(**few).fit(
        X,
        y,
        X_val=X[:20],
        y_val=y[:20],
    )
    losses = net.validation_loss_curve_
    loss = 0.5 * np.mean((net.predict(X[:20]) - y[:20]) ** 2)
    assert_allclose(losses[net.best_iter_ - 1], loss, rtol=1e-6)


def test_training_continues_from_the_average(net_class, X, y, few):
    few |= {"average_weights": True, "warm_start": True}
    net = net_class(**few).fit(X, y)
    first = net.theta_.copy()
    net.set_params(learning_rate=1e-30, max_iter=1).fit(X, y)
    assert_allclose(net.theta_, first, rtol=1e-12)


def test_partial_fit_does_not_average(regressor_class, X, y, few):
    few |= {"schedule": "cosine", "max_iter": 5}
    plain = regressor_class(**few, average_weights=False).partial_fit(X, y)
    assert_array_equal(regressor_class(**few).partial_fit(X, y).theta_, plain.theta_)
    with pytest.warns(
        IneffectiveParameterWarning, match="average_weights=True .* partial_fit"
    ):
        averaged = regressor_class(**few, average_weights=True).partial_fit(X, y)
    assert_array_equal(averaged.theta_, plain.theta_)


# Ends.


STEEP = {
    "hidden_units": 8,
    "random_state": 0,
    "max_iter": 20,
    "schedule": "constant",
    "early_stopping": False,
}


@pytest.mark.parametrize("learning_rate", [30.0, 300.0])
def test_a_fit_that_ends_above_its_start_warns_of_the_learning_rate(learning_rate):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    y = 3 * X[:, 0] + 1
    net = ShallowNetRegressor(**STEEP, learning_rate=learning_rate)
    with pytest.warns(ConvergenceWarning, match=f"far above .*={learning_rate:g}"):
        net.fit(X, y)
    assert np.isfinite(net.predict(X)).all()


@pytest.mark.parametrize("n_members", [2, 3, 8])
@pytest.mark.parametrize("solver", ["sgd", "momentum"])
def test_members_that_diverge_are_told_as_one_net_is(solver, n_members):
    """Each has validation rows of its own, and some may leave a finite loss before."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    for learning_rate in (1.0, 3.0, 10.0, 30.0, 1e3):
        net = ShallowNetRegressor(
            **STEEP | {"early_stopping": True},
            solver=solver,
            n_members=n_members,
            learning_rate=learning_rate,
        )
        words = f"(diverged|far above|of no use).*learning_rate={learning_rate:g}"
        words += f"|learning_rate={learning_rate:g}.*of no use"
        with pytest.raises((ValueError, ConvergenceWarning), match=words):
            net.fit(X, 3 * X[:, 0] + 1)
        assert not hasattr(net, "theta_")


@pytest.mark.parametrize("batch_size", [None, 50])
def test_a_diverged_fit_is_no_worse_than_its_start(batch_size):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    y = 3 * X[:, 0] + 1
    net = ShallowNetRegressor(
        **STEEP | {"max_iter": 200},
        solver="sgd",
        learning_rate=2.0,
        batch_size=batch_size,
        n_iter_no_change=np.inf,
    )
    start = ShallowNetRegressor(
        **STEEP | {"max_iter": 1}, solver="sgd", learning_rate=1e-12
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        start.fit(X, y)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        net.fit(X, y)
    assert net.score(X, y) >= start.score(X, y) - 1e-9
    assert np.isfinite(net.loss_)


# The cooldown.


@pytest.fixture
def noise():
    """Rows whose targets have nothing to do with them: only the mean can be learned."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 3)), rng.normal(size=200)


@pytest.mark.parametrize(
    "schedule", [name for name, cls in SCHEDULES.items() if cls.needs_end]
)
def test_a_schedule_passes_to_its_end_in_an_eighth_once_the_loss_stalls(noise, schedule):
    X, y = noise
    net = DeepNetRegressor(
        8, schedule=schedule, max_iter=80, n_iter_no_change=12, early_stopping=True,
        batch_size=60, tol=0.0, random_state=0,
    ).fit(X, y)  # fmt: skip
    n_epochs = len(net.validation_loss_curve_)
    cooldown = 80 // 8
    assert n_epochs == net.best_iter_ + 12 + cooldown < 80
    full = SCHEDULES[schedule]()
    pace = (80 - (n_epochs - cooldown)) / cooldown
    last_step = 80 - pace / 3  # the last of 3 batches
    expected = net.resolved_params_["learning_rate"] * full.multiplier(last_step, 80, {})
    assert_allclose(net.learning_rate_curve_[-1], expected)


def test_a_schedule_runs_to_its_end_where_a_cooldown_would_take_as_long(noise):
    X, y = noise
    params = {"early_stopping": True, "max_iter": 16, "random_state": 0}
    nets = [
        DeepNetRegressor(8, n_iter_no_change=patience, **params).fit(X, y)
        for patience in (13, np.inf)
    ]
    assert_array_equal(nets[0].theta_, nets[1].theta_)
    assert nets[0].n_iter_ == nets[1].n_iter_ == 16


def test_a_warm_start_after_a_cooldown_has_the_whole_schedule_again(noise):
    X, y = noise
    net = DeepNetRegressor(
        8, max_iter=80, n_iter_no_change=12, early_stopping=True, warm_start=True,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    first = len(net.learning_rate_curve_)
    net.fit(X, y)
    assert_allclose(net.learning_rate_curve_[first], net.learning_rate_curve_[0])
    assert np.diff(net.learning_rate_curve_[first : first + 12]).min() > -1e-4
