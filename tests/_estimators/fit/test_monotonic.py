"""`monotonic_cst`: no counterexample in 10,000 pairs, and HistGradientBoosting's errors."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from covering import covering
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS, Activation, LeakyReLU, PReLU
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.initializers import INITIALIZERS
from skshallow.inspection import gradient_check, health_report, input_gradients
from skshallow.losses import IdentityLink, Link, Quantile, SquaredError
from skshallow.solvers import LBFGS, SOLVERS

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.VanishingGradientWarning"),
]
N_PAIRS = 10_000
CST = [1, 0, -1, 0]
NAMES = ["up", "free", "down", "other"]
INCREASING = [name for name, cls in ACTIVATIONS.items() if cls().is_increasing]
OTHERS = [name for name in ACTIVATIONS if name not in INCREASING]
# Rounding of sums that BLAS may form in another order in another row of a batch.
ROUNDING = {np.float32: 2e-6, np.float64: 4e-15}
FEW = {"hidden_units": 16, "max_iter": 12, "random_state": 0}
alone_and_together = pytest.mark.parametrize("n_members", [1, 3])
every_net = pytest.mark.parametrize(
    "cls",
    [ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor],
)


@cache
def table(n_rows=400):
    """Return X and y, which moves against the constraints in a part of each range."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 4)) * [1, 10, 0.1, 1] + [0, 5, 0, 100]
    y = np.sin(2 * X[:, 0]) + X[:, 0] * (X[:, 1] > 5) + 40 * X[:, 2] ** 2 + X[:, 3]
    return X, y + 0.3 * rng.normal(size=n_rows)


def targets(cls, y):
    return (y > np.median(y)).astype(int) if hasattr(cls, "predict_proba") else y


def pairs(X, cst, dtype=np.float64, n_pairs=N_PAIRS, seed=0):
    """Return rows, and rows moved from them in the directions `cst`, also far out.

    Steps are of all sizes, from a thousandth of a deviation to ten of them.
    """
    rng = np.random.default_rng(seed)
    low = X[rng.integers(len(X), size=n_pairs)] + rng.normal(size=(n_pairs, X.shape[1]))
    size = X.std(axis=0) * 10 ** rng.uniform(-3, 1, size=(n_pairs, 1))
    moves = rng.random(low.shape) < 0.7
    return low.astype(dtype), (low + cst * moves * size).astype(dtype)


def outputs(net, X):
    """Return all that is guaranteed to be monotone, columns side by side."""
    if hasattr(net, "decision_function"):
        probability = net.predict_proba(X)
        if probability.shape[1] == 2:
            probability = probability[:, 1:]
        raw = net.decision_function(X).reshape(len(X), -1)
        return np.column_stack([probability, raw])
    return net.predict(X).reshape(len(X), -1)


def largest_violation(net, X, cst, dtype=np.float64, **options):
    """Return how much an output falls in a pair, relative to its largest magnitude."""
    low, high = (outputs(net, rows) for rows in pairs(X, cst, dtype, **options))
    return ((low - high) / np.maximum(np.abs(low).max(axis=0), 1)).max()


def assert_monotone(net, X, cst=CST, dtype=np.float64, **options):
    assert largest_violation(net, X, cst, dtype, **options) <= ROUNDING[dtype]


def test_normalised_layers_are_refused():
    X, y = table()
    net = DeepNetRegressor(**FEW, normalization="layer", monotonic_cst=CST)
    with pytest.raises(ValueError, match="each normalised unit decreases in the other"):
        net.fit(X, y)
    linear = DeepNetRegressor(**FEW, depth=0, monotonic_cst=CST).fit(X, y)
    ignored = "normalization='layer' has no effect"
    with pytest.warns(IneffectiveParameterWarning, match=ignored):
        net.set_params(depth=0).fit(X, y)
    assert_array_equal(net.theta_, linear.theta_)


# No counterexamples.


@every_net
def test_the_free_net_has_counterexamples_and_the_constrained_one_has_none(cls):
    X, y = table()
    y = targets(cls, y)
    free = cls(**FEW).fit(X, y)
    assert largest_violation(free, X, CST) > 0.01
    assert_monotone(cls(**FEW, monotonic_cst=CST).fit(X, y), X)


@pytest.mark.parametrize(
    ("activation", "n_members", "dtype"),
    covering(INCREASING, [1, 3], [np.float32, np.float64]),
)
def test_no_counterexample_with_any_increasing_activation(activation, n_members, dtype):
    X, y = table()
    net = DeepNetRegressor(
        **FEW, activation=activation, n_members=n_members, monotonic_cst=CST
    )
    net.fit(X.astype(dtype), y)
    assert net.theta_.dtype == dtype
    assert_monotone(net, X, dtype=dtype)


@pytest.mark.parametrize("solver", SOLVERS)
def test_no_counterexample_with_any_solver(solver):
    X, y = table()
    net = DeepNetClassifier(**FEW, solver=solver, monotonic_cst=CST)
    assert_monotone(net.fit(X, y > y.mean()), X)


@pytest.mark.parametrize("init", INITIALIZERS)
def test_no_counterexample_from_any_initial_weights(init):
    X, y = table()
    net = DeepNetRegressor(**FEW, init=init, monotonic_cst=CST)
    assert_monotone(net.fit(X, y), X)


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 0},
        {"depth": 0, "solver": "lbfgs"},
        {"depth": 4},
        {"hidden_units": [1, 2, 3]},
        {"standardize": False, "learning_rate": 1e-4},
        {"clip_features": False},
        {"dropout": 0.4},
        {"average_weights": False},
        {"numeric_encoding": "piecewise_linear"},
        {"n_members": 2, "numeric_encoding": [None, "piecewise_linear"]},
        {"numeric_encoding": "periodic"},
        {"n_members": 2, "numeric_encoding": ["periodic", "piecewise_linear"]},
        {"n_members": 2, "cross_fit": True, "dtype": "float32"},
        {"activation": [LeakyReLU(0.3), PReLU(0)]},
        {"depth": 6, "residual": True},
        {"depth": 6, "residual": True, "n_members": 2, "activation": "prelu"},
    ],
    ids=str,
)
def test_no_counterexample_in_any_setting(params):
    X, y = table()
    net = DeepNetRegressor(**FEW | params, monotonic_cst=CST).fit(X, y)
    dtype = net.theta_.dtype.type
    assert_monotone(net, X, dtype=dtype)


@pytest.mark.parametrize(
    "loss",
    ["absolute_error", "huber", "quantile", "poisson", "gamma", "gaussian"],
)
@alone_and_together
def test_no_counterexample_with_any_regression_loss(loss, n_members):
    X, y = table()
    net = DeepNetRegressor(**FEW, loss=loss, n_members=n_members, monotonic_cst=CST)
    assert_monotone(net.fit(X, y - y.min() + 1), X)


@alone_and_together
def test_all_quantiles_are_monotone(n_members):
    X, y = table()
    net = DeepNetRegressor(
        **FEW, loss=Quantile([0.1, 0.5, 0.9]), n_members=n_members, monotonic_cst=CST
    ).fit(X, y)
    low, high = (net.predict_quantiles(rows, [0.1, 0.5, 0.9]) for rows in pairs(X, CST))
    assert (low - high).max() <= ROUNDING[np.float64] * np.abs(low).max()


def test_all_targets_and_all_labels_are_monotone():
    X, y = table()
    several = np.column_stack([y, -y, X[:, 2]])
    assert_monotone(DeepNetRegressor(**FEW, monotonic_cst=CST).fit(X, several), X)
    net = DeepNetClassifier(**FEW, monotonic_cst=CST).fit(X, several > several.mean(axis=0))
    assert_monotone(net, X)


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
@alone_and_together
def test_calibrated_probabilities_of_two_classes_are_monotone(loss, n_members):
    X, y = table()
    net = DeepNetClassifier(
        **FEW,
        loss=loss,
        n_members=n_members,
        temperature_scaling=True,
        class_weight="balanced",
        monotonic_cst=CST,
    ).fit(X, y > y.mean() + 1)
    assert net.temperature_ != 1
    assert_monotone(net, X)


def test_the_standard_deviation_of_a_gaussian_is_free():
    X, _ = table()
    rng = np.random.default_rng(0)
    y = X[:, 0] + rng.normal(size=len(X)) * np.exp(-X[:, 0])
    net = DeepNetRegressor(**FEW | {"max_iter": 60}, loss="gaussian", monotonic_cst=CST)
    net.fit(X, y)
    assert_monotone(net, X)
    low, high = (net.predict(rows, return_std=True)[1] for rows in pairs(X, [1, 0, 0, 0]))
    assert (high < low).mean() > 0.5


# Numbers, names and tables.


@pytest.mark.parametrize(
    "cst",
    [{"up": 1, "down": -1}, {"down": -1, "up": 1, "free": 0}, tuple(CST), np.array(CST)],
    ids=str,
)
def test_names_and_arrays_give_the_same_net(cst):
    X, y = table()
    X = pd.DataFrame(X, columns=NAMES)
    expected = DeepNetRegressor(**FEW, monotonic_cst=CST).fit(X, y)
    net = clone(DeepNetRegressor(**FEW)).set_params(monotonic_cst=cst).fit(X, y)
    assert_array_equal(net.theta_, expected.theta_)
    assert_array_equal(clone(net).get_params()["monotonic_cst"], cst)


@pytest.mark.parametrize("cst", [None, {}, [0, 0, 0, 0]], ids=str)
def test_without_directions_it_is_the_free_net(cst):
    X, y = table()
    X = pd.DataFrame(X, columns=NAMES)
    free = DeepNetRegressor(**FEW).fit(X, y)
    net = DeepNetRegressor(**FEW, monotonic_cst=cst).fit(X, y)
    assert_array_equal(net.theta_, free.theta_)
    assert net.network_ == free.network_


def test_missing_values_categories_and_embeddings_are_free():
    X, y = table()
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(X, columns=NAMES)
    frame["city"] = rng.integers(40, size=len(X)).astype(str)
    frame["kind"] = rng.choice(["a", "b", "c"], size=len(X))
    frame["up"] = frame["up"].mask(rng.random(len(X)) < 0.2)
    y = y + (frame["kind"] == "a")
    net = DeepNetRegressor(
        **FEW,
        n_members=2,
        numeric_encoding="piecewise_linear",
        monotonic_cst={"up": 1, "down": -1},
        categorical_features=["city", "kind"],
    ).fit(frame, y)
    assert "missingindicator_up" in net.encoded_feature_names_
    low, high = pairs(X, CST, n_pairs=len(X) * 25)
    others = pd.concat([frame[["city", "kind"]]] * 25, ignore_index=True)
    low, high = (
        outputs(net, pd.concat([pd.DataFrame(rows, columns=NAMES), others], axis=1))
        for rows in (low, high)
    )
    assert (low - high).max() <= ROUNDING[np.float64] * np.abs(low).max()


@pytest.mark.parametrize("is_missing", [0.0, 0.2])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_boolean_column_has_a_direction_from_false_to_true(direction, is_missing):
    X, y = table()
    rng = np.random.default_rng(1)
    flag = rng.random(len(X)) < 0.5
    frame = pd.DataFrame(X, columns=NAMES).assign(flag=flag).astype({"flag": "boolean"})
    frame["flag"] = frame["flag"].mask(rng.random(len(X)) < is_missing)
    y = y - 2 * direction * flag  # against the direction

    def effects(cst):
        net = DeepNetRegressor(**FEW, monotonic_cst=cst).fit(frame, y)
        low, high = (net.predict(frame.assign(flag=value)) for value in (False, True))
        return direction * (high - low)

    assert effects({"flag": direction}).min() >= -ROUNDING[np.float64] * abs(y).max()
    assert effects(None).mean() < 0


@pytest.mark.parametrize("only", [False, True])
def test_a_boolean_column_of_one_value_is_fitted_like_a_free_one(only):
    X, y = table()
    frame = pd.DataFrame(X, columns=NAMES).assign(flag=only)
    net = DeepNetRegressor(**FEW, monotonic_cst={"flag": 1, "up": 1}).fit(frame, y)
    free = DeepNetRegressor(**FEW, monotonic_cst={"up": 1}).fit(frame, y)
    assert_array_equal(net.theta_, free.theta_)
    assert np.isfinite(net.predict(frame.assign(flag=not only))).all()


def test_sparse_rows_are_constrained_too():
    X, y = table()
    X = X * (np.random.default_rng(0).random(X.shape) < 0.5)
    net = DeepNetRegressor(**FEW, monotonic_cst=CST).fit(sparse.csr_array(X), y)
    assert_monotone(net, X)


# The linear model.


@pytest.mark.parametrize("cls", [DeepNetRegressor])
def test_without_hidden_layers_it_is_linear_regression_with_signs(cls):
    X, y = make_friedman1(200, n_features=6, noise=1.0, random_state=0)
    signs = np.array([1, -1, 1, 1, -1, 1])
    net = cls(depth=0, alpha=0, solver="lbfgs", tol=1e-9, monotonic_cst=signs).fit(X, y)
    expected = LinearRegression(positive=True).fit(X * signs, y)
    assert_allclose(net.coefs_[0].ravel() * signs, expected.coef_, atol=1e-6)
    assert_allclose(net.intercepts_[0], expected.intercept_, atol=1e-6)
    assert (net.coefs_[0] == 0).any()


def test_free_columns_of_the_linear_model_have_any_sign():
    X, y = make_friedman1(200, n_features=6, noise=1.0, random_state=0)
    cst = np.array([-1, 0, 0, 1, 0, 0])
    net = DeepNetRegressor(
        depth=0, alpha=0, solver="lbfgs", tol=1e-9, monotonic_cst=cst
    ).fit(X, y)
    # a free coefficient is the difference of two that are at least 0
    columns = np.where(cst == -1, -X, X)
    both = np.column_stack([columns, -X[:, cst == 0], np.ones(200), -np.ones(200)])
    expected = both @ nnls(both, y)[0]
    assert_allclose(net.predict(X), expected, atol=1e-6)
    assert net.coefs_[0][0] == 0


def test_adam_comes_to_the_same_linear_model_as_lbfgs():
    X, y = make_friedman1(200, n_features=6, noise=1.0, random_state=0)
    options = {"depth": 0, "alpha": 0, "monotonic_cst": [1, -1, 1, 1, -1, 1]}
    exact = DeepNetRegressor(solver="lbfgs", tol=1e-9, **options).fit(X, y)
    steps = DeepNetRegressor(
        early_stopping=False, batch_size=None, max_iter=1500, random_state=0, **options
    ).fit(X, y)
    assert_allclose(steps.predict(X), exact.predict(X), atol=1e-3)


# The weights.


@alone_and_together
def test_coefs_compute_the_predictions_and_have_the_signs(n_members):
    X, y = table()
    net = DeepNetRegressor(
        **FEW,
        n_members=n_members,
        monotonic_cst=CST,
        clip_features=False,
        numeric_encoding=None,
    ).fit(X, y)
    a = X
    for weight, bias in zip(net.coefs_[:-1], net.intercepts_[:-1], strict=True):
        a = np.maximum(a @ weight + bias[..., np.newaxis, :], 0)
    raw = a @ net.coefs_[-1] + net.intercepts_[-1][..., np.newaxis, :]
    raw = raw.reshape(n_members, len(X)).mean(axis=0)
    assert_allclose(raw, net.predict(X), rtol=1e-9)
    least, greatest = (net.network_.views(bound) for bound in net.network_.bounds)
    for weight, low, high in zip(net.coefs_, least, greatest, strict=True):
        assert (low["weight"] <= weight).all()
        assert (weight <= high["weight"]).all()


def test_effects_have_the_signs_of_the_constraints():
    X, y = table()
    net = DeepNetRegressor(**FEW, n_members=2, monotonic_cst=CST).fit(X, y)
    effects = input_gradients(net, X)
    assert effects[:, 0].min() >= 0 >= effects[:, 2].max()
    assert effects[:, 0].max() > 0 > effects[:, 2].min()


@alone_and_together
@pytest.mark.parametrize("activation", ["tanh", "prelu", "maxout", "elu"])
def test_the_gradient_check_passes_fitted_or_not(activation, n_members):
    X, y = table(40)
    net = DeepNetRegressor(
        4,
        activation=activation,
        n_members=n_members,
        monotonic_cst=CST,
        max_iter=3,
        random_state=0,
    )
    gradient_check(net, X, y).raise_unless_passed()
    gradient_check(net.fit(X, y), X, y).raise_unless_passed()


def test_given_weights_are_taken_if_they_have_the_signs_and_refused_else():
    X, y = table()
    as_they_are = {"clip_features": False, "numeric_encoding": None}
    net = DeepNetRegressor(**FEW, monotonic_cst=CST, **as_they_are).fit(X, y)
    given = DeepNetRegressor.from_weights(net.coefs_, net.intercepts_, monotonic_cst=CST)
    assert_allclose(given.predict(X), net.predict(X), rtol=1e-9)
    given.partial_fit(X, y)
    assert_monotone(given, X)
    wrong = [-net.coefs_[0], *net.coefs_[1:]]
    with pytest.raises(ValueError, match="of layer 0 do not have the signs"):
        DeepNetRegressor.from_weights(wrong, net.intercepts_, monotonic_cst=CST)
    free = DeepNetRegressor(**FEW, **as_they_are).fit(X, y)
    with pytest.raises(ValueError, match="Pass the coefs_ of a net that was fitted with"):
        DeepNetRegressor.from_weights(free.coefs_, free.intercepts_, monotonic_cst=CST)


# Further calls, and other places.


def test_no_counterexample_after_further_calls():
    X, y = table()
    net = DeepNetClassifier(**FEW, warm_start=True, monotonic_cst=CST)
    for start in (0, 100, 200):
        rows = slice(start, start + 200)
        net.fit(X[rows], y[rows] > y.mean())
        assert_monotone(net, X, n_pairs=2000)
    net = DeepNetRegressor(16, random_state=0, monotonic_cst=CST)
    for start in range(0, 400, 50):
        net.partial_fit(1e3 * X[start : start + 50], y[start : start + 50])
        assert_monotone(net, 1e3 * X, n_pairs=2000)


def test_further_calls_refuse_other_constraints():
    X, y = table()
    net = DeepNetRegressor(**FEW, monotonic_cst=CST).fit(X, y)
    net.set_params(monotonic_cst=[1, 0, 1, 0])
    with pytest.raises(ValueError, match=r"directions=\+0-0.*directions=\+0\+0"):
        net.partial_fit(X, y)


def test_a_resumed_fit_is_the_same_bit_for_bit(tmp_path):
    X, y = table(120)
    params = {"monotonic_cst": CST, "n_members": 2, "random_state": 0, "batch_size": 16}
    whole = DeepNetRegressor(8, max_iter=12, **params).fit(X, y)

    class Interrupted(Exception):
        pass

    class StopAfter:
        def setup(self, estimator, context):
            self.n_epochs = 0

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, **told):
            self.n_epochs += 1
            if self.n_epochs == 5:
                raise Interrupted

    path = tmp_path / "training.npz"
    net = DeepNetRegressor(8, max_iter=12, **params)
    with pytest.raises(Interrupted):
        clone(net).set_callbacks(Checkpoint(path), StopAfter()).fit(X, y)
    resumed = net.set_callbacks(Checkpoint(path)).fit(X, y)
    assert_array_equal(resumed.theta_, whole.theta_)


def test_pipelines_and_searches_take_it_as_a_parameter():
    X, y = table()
    frame = pd.DataFrame(X, columns=NAMES)
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, DeepNetRegressor(**FEW))
    grid = {"deepnetregressor__monotonic_cst": [None, {"up": 1, "down": -1}]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(frame, y)
    best = search.best_estimator_.set_params(**{next(iter(grid)): {"up": 1}})
    assert "monotonic_cst" in repr(best.fit(frame, y)[-1])
    assert "monotonic_cst" in best._repr_html_()


def test_the_health_report_has_a_line_for_each_layer():
    X, y = table()
    net = DeepNetRegressor(**FEW, monotonic_cst=CST).fit(X, y)
    assert len(health_report(net).layers) == 3


# What is refused, with HistGradientBoosting's errors.


BOTH = [DeepNetRegressor, HistGradientBoostingRegressor]


@pytest.mark.parametrize(
    ("cst", "message"),
    [
        ([1, 0, -1, 2], "monotonic_cst must be an array-like of -1, 0 or 1. Observed "),
        ([1, 0, -1], "monotonic_cst has shape (3,) but the input data X has 4 features."),
        ({"up": 2}, "monotonic_cst['up'] must be either -1, 0 or 1. Got 2."),
        ({"x": 1, "y": 1}, "monotonic_cst contains 2 unexpected feature names: ['x', 'y']"),
        (
            {name: 1 for name in "abcdefg"},
            "monotonic_cst contains 7 unexpected feature names: ['a', 'b', 'c', 'd', 'e', "
            "'...'].",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("cls", BOTH)
def test_invalid_constraints_have_the_errors_of_gradient_boosting(cls, cst, message):
    X, y = table()
    with pytest.raises(ValueError, match=re.escape(message)):
        cls(monotonic_cst=cst).fit(pd.DataFrame(X, columns=NAMES), y)


@every_net
def test_directions_that_are_no_numbers_are_shown(cls):
    X, y = table()
    with pytest.raises(ValueError, match=r"-1, 0 or 1. Observed values: \[None, 'up'\]"):
        cls(**FEW, monotonic_cst=[None, 0, "up", None]).fit(X, targets(cls, y))


@pytest.mark.parametrize("cls", BOTH)
def test_names_without_a_table_of_names_are_refused(cls):
    X, y = table()
    message = f"{cls.__name__} was not fitted on data with feature names. Pass "
    with pytest.raises(ValueError, match=message):
        cls(monotonic_cst={"up": 1}).fit(X, y)


@pytest.mark.parametrize("cst", [CST, [0, 0, 0, 0]], ids=str)
@pytest.mark.parametrize("cls", [DeepNetClassifier, HistGradientBoostingClassifier])
def test_more_than_two_classes_are_refused(cls, cst):
    X, y = table()
    message = "monotonic constraints are not supported for multiclass classification"
    with pytest.raises(ValueError, match=message):
        cls(monotonic_cst=cst).fit(X, np.digitize(y, [99, 101]))


@pytest.mark.parametrize("cls", BOTH)
def test_categories_are_refused_and_named(cls):
    X, y = table()
    frame = pd.DataFrame(X, columns=NAMES).assign(city=pd.Categorical(["a", "b"] * 200))
    params = {"categorical_features": ["city"]}
    message = "Categorical features cannot have monotonic constraints"
    with pytest.raises(ValueError, match=message):
        cls(monotonic_cst={"city": 1}, **params).fit(frame, y)
    if cls is DeepNetRegressor:
        with pytest.raises(ValueError, match="column 'city'"):
            cls(monotonic_cst={"city": 1}, **params).fit(frame, y)
        with pytest.raises(ValueError, match="column 3"):
            cls(monotonic_cst=[0, 0, 0, 1], categorical_features=[3]).fit(
                X.round().clip(98, 102), y
            )


@pytest.mark.parametrize("activation", [*OTHERS, LeakyReLU(-0.1), PReLU(-0.1)], ids=str)
def test_activations_that_do_not_increase_are_refused_and_the_others_listed(activation):
    X, y = table()
    net = DeepNetRegressor(activation=["relu", activation], monotonic_cst=CST)
    with pytest.raises(ValueError, match="does not increase everywhere") as told:
        net.fit(X, y)
    assert all(repr(name) in str(told.value) for name in INCREASING)
    assert not any(repr(name) in str(told.value) for name in OTHERS)
    net.set_params(depth=0, activation="relu").fit(X, y)


@dataclass(frozen=True)
class Softsign(Activation):
    def forward(self, z, params):
        return z / (1 + abs(z)), z

    def backward(self, grad_a, z, params, grads):
        return grad_a / (1 + abs(z)) ** 2


@dataclass(frozen=True)
class IncreasingSoftsign(Softsign):
    is_increasing = True


def test_an_activation_of_your_own_must_say_that_it_increases():
    X, y = table()
    with pytest.raises(ValueError, match="set is_increasing = True in its class"):
        DeepNetRegressor(**FEW, activation=Softsign(), monotonic_cst=CST).fit(X, y)
    net = DeepNetRegressor(**FEW, activation=IncreasingSoftsign(), monotonic_cst=CST)
    assert_monotone(net.fit(X, y), X)


@dataclass(frozen=True)
class WithoutBounds(LBFGS):
    def minimize(self, value_and_gradient, theta, *, max_iter, tol, callback):
        return super().minimize(
            value_and_gradient, theta, max_iter=max_iter, tol=tol, callback=callback
        )


@dataclass(frozen=True)
class PassingOn(LBFGS):
    def minimize(self, value_and_gradient, theta, **options):
        return super().minimize(value_and_gradient, theta, **options)


def test_a_solver_of_your_own_must_take_bounds_if_it_is_not_stochastic():
    X, y = table()
    params = FEW | {"solver": WithoutBounds()}
    DeepNetRegressor(**params).fit(X, y)
    with pytest.raises(ValueError, match=r"solver=WithoutBounds.* argument bounds=None"):
        DeepNetRegressor(**params, monotonic_cst=CST).fit(X, y)
    net = DeepNetRegressor(**(params | {"solver": PassingOn()}), monotonic_cst=CST)
    assert_monotone(net.fit(X, y), X)


def test_a_link_of_your_own_must_say_in_which_outputs_it_increases():
    class Same(IdentityLink):
        increases_in = Link.increases_in

    @dataclass(frozen=True)
    class MySquaredError(SquaredError):
        link = Same()

    X, y = table()
    with pytest.raises(ValueError, match="define increases_in in your link"):
        DeepNetRegressor(**FEW, loss=MySquaredError(), monotonic_cst=CST).fit(X, y)
