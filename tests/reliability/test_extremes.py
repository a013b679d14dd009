"""Numbers of any magnitude: finite predictions, or a warning or error that says why."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from covering import covering, with_slow
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS
from skshallow.exceptions import (
    DeadUnitsWarning,
    FeatureOutlierWarning,
    VanishingGradientWarning,
)
from skshallow.inspection import input_gradients
from skshallow.losses import REGRESSION_LOSSES, Quantile
from skshallow.solvers import SOLVERS

NAMED_WARNINGS = (
    ConvergenceWarning,
    DeadUnitsWarning,
    FeatureOutlierWarning,
    VanishingGradientWarning,
)
CAUSES = re.compile(
    "diverged with (learning_rate|solver)=|The loss is .* before the first step"
    "|The largest magnitude in y is|net's output overflows|needs at least one target y > 0"
    "|Early stopping found no best epoch"
)
REMEDIES = re.compile("Try|Check|Pass|Rescale|optimum")
NETS = [ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor]
STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]
FEW = {"hidden_units": 4, "max_iter": 3, "random_state": 0}


each_net = pytest.mark.parametrize("net_class", NETS, ids=lambda cls: cls.__name__)
each_net_if_slow = pytest.mark.parametrize(
    "net_class", with_slow(NETS[1], NETS[2], slow=[NETS[0], NETS[3]])
)


def rows(n_rows=40):
    return np.random.default_rng(0).normal(size=(n_rows, 3))


def targets(net_class, X):
    """Return three classes, or positive numbers."""
    if hasattr(net_class, "decision_function"):
        return np.digitize(X[:, 0], [-0.5, 0.5])
    return np.exp(0.5 * X[:, 0]) + 0.1


def outputs(net, X):
    """Return all that the net predicts for X, as one list of arrays."""
    if hasattr(net, "classes_"):
        return [net.predict_proba(X), net.predict_log_proba(X), net.decision_function(X)]
    found = [net.predict(X)]
    if hasattr(net, "predict_quantiles"):
        found.append(net.predict_quantiles(X, [0.5]))
    return found


def assert_sound(net, X, y, X_new=None, **fit_parameters):
    """Assert that the net predicts finite numbers, or says why it does not.

    Returns whether it does.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            net.fit(X, y, **fit_parameters)
            found = outputs(net, X if X_new is None else X_new)
        except ValueError as error:
            found, message = None, str(error)
    categories = [warning.category for warning in caught]
    assert set(categories) <= set(NAMED_WARNINGS), [str(w.message) for w in caught]
    assert len(set(categories)) == len(categories)
    if found is None:
        assert CAUSES.search(message), message
        assert REMEDIES.search(message), message
        assert hasattr(net, "theta_") == ("net's output" in message)
        return False
    for output in found:
        assert np.isfinite(output).all()
    if hasattr(net, "classes_"):
        assert_allclose(found[0].sum(axis=1), 1, rtol=1e-5)
    return True


# Features.


@pytest.mark.parametrize(
    "power", with_slow(-307, -40, 40, 307, slow=[-300, -200, -100, -30, 30, 100, 200, 300])
)
@pytest.mark.parametrize(
    ("net_class", "solver", "standardize", "dtype"),
    covering(NETS, ["sgd", "adam", "lbfgs"], [True, False], [None, "float32"]),
)
def test_features_of_any_magnitude_give_finite_predictions_or_a_reason(
    net_class, solver, standardize, dtype, power
):
    X = rows()
    y = targets(net_class, X)
    net = net_class(**FEW, solver=solver, standardize=standardize, dtype=dtype)
    sound = assert_sound(net, X * 10.0**power, y)
    assert sound or not standardize


@pytest.mark.parametrize("power", [-1000, -300, 300, 1000])
@pytest.mark.parametrize("columns", [slice(None), slice(1, 2)], ids=["all", "one column"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each_net_if_slow
def test_features_in_any_unit_give_the_same_predictions(net_class, dtype, columns, power):
    """Bit by bit for a power of two."""
    X = rows()
    y = targets(net_class, X)
    scaled = X.copy()
    scaled[:, columns] = np.ldexp(X[:, columns], power)
    net = net_class(**FEW, dtype=dtype).fit(X, y)
    same = net_class(**FEW, dtype=dtype).fit(scaled, y)
    for output, other in zip(outputs(same, scaled), outputs(net, X), strict=True):
        assert_array_equal(output, other)


@pytest.mark.parametrize("power", [-120, 120])
@each_net
def test_float32_rows_in_any_unit_give_the_same_predictions(net_class, power):
    X = rows().astype(np.float32)
    y = targets(net_class, X)
    scaled = np.ldexp(X, power)
    net, same = net_class(**FEW).fit(X, y), net_class(**FEW).fit(scaled, y)
    assert_array_equal(raw_prediction(same, scaled), raw_prediction(net, X))


@pytest.mark.parametrize("encoding", [None, "piecewise_linear", "periodic"])
@pytest.mark.parametrize("make", [np.asarray, csr_array])
@pytest.mark.parametrize(
    ("center", "deviation"), [(0, 1), (2000, 10), (-122.4, 0.05), (1.7e9, 1e6), (4e6, 10)]
)
def test_float32_rows_far_from_zero_predict_what_the_same_rows_of_float64_do(
    center, deviation, make, encoding
):
    z = np.random.default_rng(0).normal(size=(400, 50))
    X = (center + deviation * z).astype(np.float32)
    single, double = make(X), make(X.astype(np.float64))
    y = np.sin(2 * z[:, 0]) + z[:, 1]
    net = DeepNetRegressor(8, max_iter=3, numeric_encoding=encoding, random_state=0)
    net.fit(double, y)
    assert_array_equal(net.predict(single), net.predict(double))
    actual, expected = input_gradients(net, single), input_gradients(net, double)
    assert_array_equal(actual, expected)


@pytest.mark.parametrize("power", [-300, -30, 30, 300])
@pytest.mark.parametrize("dtype", [None, "float32"])
@pytest.mark.parametrize("standardize", [True, False])
@each_net_if_slow
def test_one_feature_of_another_magnitude_gives_finite_predictions_or_a_reason(
    net_class, standardize, dtype, power
):
    X = rows()
    y = targets(net_class, X)
    X[:, 1] *= 10.0**power
    net = net_class(**FEW, standardize=standardize, dtype=dtype)
    assert assert_sound(net, X, y) or not standardize


@pytest.mark.parametrize("constant", [1e-300, -1.0, 0.1, 1e5, 1e300, 1.7e308])
@each_net_if_slow
def test_a_constant_column_equals_a_column_of_zeros(net_class, constant):
    X = rows()
    y = targets(net_class, X)
    X[:, 1] = 0
    zeros = net_class(**FEW).fit(X, y)
    expected = raw_prediction(zeros, X)
    X[:, 1] = constant
    net = net_class(**FEW).fit(X, y)
    assert_allclose(raw_prediction(net, X), expected, rtol=1e-10, atol=1e-12)


SPREADS = {
    "nearly constant": lambda rng: 1e300 * (1 + 1e-12 * rng.normal(size=40)),
    "constant but for one row": lambda rng: np.where(np.arange(40) == 7, 1e-300, 0),
    "every magnitude": lambda rng: 10.0 ** rng.integers(-300, 300, 40),
    "both ends": lambda rng: np.where(np.arange(40) % 2, 1.7e308, -1.7e308),
    "denormals": lambda rng: np.where(np.arange(40) % 2, 5e-324, 0),
    "denormals of float32": lambda rng: 1e-42 * rng.normal(size=40),
    "the largest of float32": lambda rng: np.where(np.arange(40) % 2, 3.4e38, -3.4e38),
}


@pytest.mark.parametrize("form", [np.array, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("spread", SPREADS)
@each_net_if_slow
def test_a_column_of_any_spread_gives_finite_predictions(net_class, spread, dtype, form):
    X = rows()
    y = targets(net_class, X)
    column = SPREADS[spread](np.random.default_rng(1))
    if dtype == np.float32:
        limits = np.finfo(np.float32)
        column = np.clip(column, limits.min, limits.max)
    X[:, 1] = column
    assert assert_sound(net_class(**FEW), form(X.astype(dtype)), y)


# Targets.


@pytest.mark.parametrize(
    "power", with_slow(-307, -30, 30, 300, slow=[-300, -100, -40, 40, 100])
)
@pytest.mark.parametrize(
    ("loss", "standardize", "dtype"),
    covering(REGRESSION_LOSSES, [True, False], ["float64", "float32"]),
)
def test_targets_of_any_magnitude_give_finite_predictions_or_a_reason(
    loss, standardize, dtype, power
):
    X = rows()
    y = targets(ShallowNetRegressor, X) * 10.0**power
    net = ShallowNetRegressor(**FEW, loss=loss, standardize=standardize, dtype=dtype)
    sound = assert_sound(net, X, y)
    held = dtype == "float64" or abs(power) < 38
    assert sound or not (standardize and held)


@pytest.mark.parametrize("power", [-1000, -100, 100, 1000])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_predictions_follow_the_unit_of_the_target(loss, power):
    """Bit by bit for a power of two."""
    X = rows()
    y = targets(ShallowNetRegressor, X)
    net = ShallowNetRegressor(**FEW, loss=loss).fit(X, y)
    same = ShallowNetRegressor(**FEW, loss=loss).fit(X, np.ldexp(y, power))
    assert_array_equal(same.predict(X), np.ldexp(net.predict(X), power))


@pytest.mark.parametrize("power", [-60, 60])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_targets_that_float32_does_not_hold_are_refused(loss, power):
    X = rows()
    y = targets(ShallowNetRegressor, X) * 10.0**power
    net = ShallowNetRegressor(**FEW, loss=loss)
    with pytest.raises(ValueError, match=r"in y is .*float32.*dtype='float64'"):
        net.fit(X.astype(np.float32), y)
    assert not hasattr(net, "theta_")


# Settings.


@pytest.mark.parametrize("power", with_slow(-12, 2, 12, slow=[-9, -6, -3, 0, 1, 3, 6, 9]))
@pytest.mark.parametrize("batch_size", with_slow(16, slow=[None]))
@pytest.mark.parametrize(
    ("net_class", "solver", "schedule"),
    covering([NETS[0], NETS[2]], STOCHASTIC, ["constant", "cosine"]),
)
def test_any_learning_rate_gives_finite_predictions_or_a_reason(
    net_class, solver, schedule, batch_size, power
):
    X = rows()
    net = net_class(
        4, max_iter=15, random_state=0, solver=solver, learning_rate=10.0**power,
        schedule=schedule, batch_size=batch_size,
    )  # fmt: skip
    assert_sound(net, X, targets(net_class, X))


@pytest.mark.parametrize("alpha", with_slow(1e4, 1e300, slow=[1e2, 1e8, 1e12, 1e100]))
@pytest.mark.parametrize(
    ("net_class", "solver", "dtype"),
    covering([NETS[0], NETS[2]], SOLVERS, ["float64", "float32"]),
)
def test_any_alpha_gives_finite_predictions_or_a_reason(net_class, solver, dtype, alpha):
    X = rows()
    net = net_class(4, max_iter=15, random_state=0, solver=solver, alpha=alpha, dtype=dtype)
    if not assert_sound(net, X, targets(net_class, X)):
        with pytest.raises(ValueError, match=r"alpha=1e.*a smaller alpha"):
            net.fit(X, targets(net_class, X))


def test_a_huge_alpha_leaves_the_best_constant():
    X = rows()
    y = targets(ShallowNetRegressor, X)
    net = ShallowNetRegressor(4, solver="lbfgs", alpha=1e12, random_state=0)
    assert_allclose(net.fit(X, y).predict(X), y.mean(), rtol=1e-6)


@pytest.mark.parametrize("init_scale", [1e-300, 1e-12, 1e6, 1e12, 1e100, 1e300])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@each_net
def test_any_init_scale_gives_finite_predictions_or_a_reason(net_class, dtype, init_scale):
    X = rows()
    net = net_class(**FEW, init_scale=init_scale, dtype=dtype)
    assert_sound(net, X, targets(net_class, X))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("power", with_slow(5, 300, slow=[-300, 30, 100]))
def test_saturated_activations_give_finite_predictions_or_a_reason(
    activation, standardize, power
):
    X = rows()
    net = DeepNetClassifier(**FEW, activation=activation, standardize=standardize)
    assert_sound(net, X * 10.0**power, targets(DeepNetClassifier, X))


# Weights.


@pytest.mark.parametrize("power", [-1000, 1000])
@each_net
def test_only_ratios_of_weights_count(net_class, weight, power):
    X = rows()
    y, weight = targets(net_class, X), weight[:40]
    net = net_class(**FEW).fit(X, y, sample_weight=weight)
    same = net_class(**FEW).fit(X, y, sample_weight=np.ldexp(weight, power))
    assert_array_equal(same.theta_, net.theta_)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("early_stopping", [False, True])
@each_net
def test_sample_weights_of_every_magnitude_give_finite_predictions(
    net_class, dtype, early_stopping
):
    X = rows()
    weight = 10.0 ** np.random.default_rng(3).integers(-300, 300, 40)
    net = net_class(**FEW, dtype=dtype, early_stopping=early_stopping)
    assert assert_sound(net, X, targets(net_class, X), sample_weight=weight)


def test_a_tiny_sample_weight_is_almost_absence():
    X = rows()
    y = targets(ShallowNetRegressor, X)
    net = ShallowNetRegressor(**FEW, batch_size=None)
    weight = np.ones(40)
    weight[:5] = 0
    absent = net.fit(X, y, sample_weight=weight).predict(X)
    weight[:5] = 1e-200
    with_tiny = net.fit(X, y, sample_weight=weight).predict(X)
    assert_allclose(with_tiny, absent, rtol=0.2)


@pytest.mark.parametrize("class_weight", [{0: 1e-300, 1: 1, 2: 1e300}, "balanced"])
def test_class_weights_of_every_magnitude_give_finite_predictions(class_weight):
    X = rows()
    net = ShallowNetClassifier(**FEW, class_weight=class_weight)
    assert assert_sound(net, X, targets(ShallowNetClassifier, X))


# Rows far from those of the training.


@pytest.mark.parametrize("power", with_slow(3, 300, slow=[10, 30, 100, 150, 200]))
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("net_class", [NETS[1], NETS[2]])
def test_rows_far_from_the_training_rows_are_predicted_or_named(
    net_class, activation, power
):
    X = rows()
    net = net_class(**FEW, activation=activation)
    assert_sound(net, X, targets(net_class, X), X_new=X * 10.0**power)


@pytest.mark.parametrize("power", [2, 4, 300])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, Quantile([0.1, 0.5, 0.9])])
def test_rows_far_from_the_training_rows_are_predicted_or_named_for_every_loss(
    loss, dtype, power
):
    X = rows()
    net = DeepNetRegressor(**FEW, loss=loss, dtype=dtype)
    assert_sound(net, X, targets(DeepNetRegressor, X), X_new=X * 10.0**power)


@pytest.mark.parametrize("form", [np.array, csr_array], ids=["dense", "sparse"])
@each_net
def test_a_row_that_overflows_is_named(net_class, form):
    X = rows()
    frame = pd.DataFrame(X.copy(), columns=["age", "height", "income"])
    few = FEW | {"dtype": "float32", "clip_features": False}
    net = net_class(**few).fit(frame, targets(net_class, X))
    frame.loc[[7, 9], "height"] = 1e200
    words = r"for 2 of 40 rows; in the first, row 7 .*'height' is 1e\+200.*'float64'"
    for method in (net.predict, net.hidden_activations):
        with pytest.raises(ValueError, match=words):
            method(frame)
    if form is csr_array:
        net = net_class(**few).fit(form(X), targets(net_class, X))
        with pytest.raises(ValueError, match=r"row 7 .*feature 1 is 1e\+200"):
            net.predict(form(frame.to_numpy()))


VIEWS = ["piecewise_linear", "periodic"]
ENCODED = {  # settings, and the column of the last input
    "pieces": ({"numeric_encoding": "piecewise_linear"}, "income"),
    "curves": ({"numeric_encoding": "periodic"}, "income"),
    "both, in members": ({"numeric_encoding": VIEWS, "n_members": 2}, "income"),
    "indicators and categories": ({}, "size"),
}


@pytest.mark.parametrize(("params", "last"), ENCODED.values(), ids=ENCODED)
@each_net
def test_columns_that_overflow_are_named_also_where_they_are_encoded(
    net_class, params, last
):
    X = rows()
    frame = pd.DataFrame(X.copy(), columns=["age", "height", "income"])
    frame.insert(0, "size", np.resize(["S", "M", "L"], len(X)))
    frame.loc[3, "age"] = np.nan
    few = FEW | {"dtype": "float32", "clip_features": False}
    net = net_class(**few, **params).fit(frame, targets(net_class, X))
    frame.loc[7, ["age", "height"]] = [np.nan, 1e200]
    with pytest.raises(ValueError, match=r"1 of 40 rows.*row 7 .*'height' is 1e\+200"):
        net.predict(frame)
    net.network_.views(net.theta_)[0]["weight"][..., -1, :] = np.inf
    with pytest.raises(ValueError, match=f"overflow float32, for feature {last!r}"):
        _ = net.coefs_


@pytest.mark.parametrize("loss", ["poisson", "gamma", "gaussian"])
def test_distributions_of_saturated_outputs_are_proper(loss):
    """A mean or a scale that rounds to 0 stays just above it."""
    X = rows()
    net = ShallowNetRegressor(**FEW, loss=loss).fit(X, targets(ShallowNetRegressor, X))
    layer = net.network_.views(net.theta_)[-1]
    layer["weight"][:, -1] = 0
    layer["bias"][..., -1] = -800
    assert np.isfinite(net.predict(X)).all()
    distribution = net.predict_proba(X)
    for moment in (distribution.mean(), distribution.std(), distribution.ppf(0.9)):
        assert np.isfinite(moment).all()
    assert np.isfinite(net.predict_interval(X, 0.9)).all()
    assert_array_equal(net.predict(X) > 0, loss != "gaussian" or net.predict(X) > 0)


@pytest.mark.parametrize(
    ("power", "dtype", "remedy"),
    [(-307.9, None, "rescale"), (-100, "float32", "dtype='float64', or rescale")],
)
@each_net
def test_coefs_that_overflow_in_the_users_units_are_refused(
    net_class, power, dtype, remedy
):
    X = rows()
    X[:, 2] *= 10.0**power
    net = net_class(**FEW, dtype=dtype).fit(X, targets(net_class, X))
    net.theta_ *= 10
    with pytest.raises(ValueError, match=f"overflow float.*feature 2.*{remedy}"):
        _ = net.coefs_
    assert np.isfinite(raw_prediction(net, X)).all()


# Going on.


@pytest.mark.parametrize("unit", with_slow(1e-6, 1e3, 1e300, slow=[1, 1e6]))
@pytest.mark.parametrize("form", [np.array, csr_array], ids=["dense", "sparse"])
def test_partial_fit_learns_a_column_that_was_zero_in_the_first_batch(unit, form):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 3))
    y = X[:, 0] + X[:, 1]
    X[:, 0] *= unit
    first = X[:100].copy()
    first[:, 0] = 0
    net = ShallowNetRegressor(8, learning_rate=0.02, batch_size=32, random_state=0)
    net.partial_fit(form(first), y[:100])
    before = net.predict(form(first))
    for _ in range(15):
        net.partial_fit(form(X[100:]), y[100:])
    assert net.score(form(X), y) > 0.9
    assert np.isfinite(before).all()


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@each_net
def test_partial_fit_goes_on_after_a_constant_first_batch(net_class):
    X = rows()
    y = targets(net_class, X)
    net = net_class(**FEW)
    classes = {"classes": [0, 1, 2]} if hasattr(net, "decision_function") else {}
    net.partial_fit(X[:1] * 1e-300, y[:1], **classes)
    for _ in range(3):
        net.partial_fit(X * 1e3, y)
    assert np.isfinite(raw_prediction(net, X * 1e3)).all()


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@each_net
def test_features_that_change_units_between_calls_are_fitted(net_class):
    X = rows()
    y = targets(net_class, X)
    net = net_class(**FEW)
    classes = {"classes": [0, 1, 2]} if hasattr(net, "decision_function") else {}
    net.partial_fit(X, y, **classes)
    net.partial_fit(X * 1e300, y)
    assert np.isfinite(raw_prediction(net, X)).all()
    assert np.isfinite(raw_prediction(net, X * 1e300)).all()


@pytest.mark.parametrize("net_class", [NETS[2], NETS[3]])
def test_features_in_other_units_than_those_of_the_fit_are_refused(net_class):
    X = rows()
    y = targets(net_class, X)
    net = net_class(**FEW).fit(X, y)
    theta = net.theta_.copy()
    with pytest.raises(ValueError, match=r"before the first step: .* in the net's units"):
        net.partial_fit(X * 1e300, y)
    assert_array_equal(net.theta_, theta)
    assert np.isfinite(raw_prediction(net, X)).all()


def test_codes_of_categories_are_no_magnitude_of_features():
    frame = pd.DataFrame({"c": [f"level {i % 300}" for i in range(900)], "x": 1.5})
    net = NETS[3](50, standardize=False, dtype="float32", init_scale=1e20, random_state=0)
    with pytest.raises(ValueError, match=r"before the first step: features reach 1\.5 "):
        net.fit(frame, np.arange(900.0))


@pytest.mark.parametrize("net_class", [NETS[2], NETS[3]])
def test_a_fit_that_overflows_leaves_a_fitted_net_as_it_was(net_class):
    X = rows()
    y = targets(net_class, X)
    net = net_class(**FEW, standardize=False, warm_start=True).fit(X, y)
    expected, state = raw_prediction(net, X), set(vars(net))
    with pytest.raises(ValueError, match=r"standardize=True"):
        net.fit(X * 1e300, y)
    assert_array_equal(raw_prediction(net, X), expected)
    assert set(vars(net)) == state


# Validation and calibration.


def score_of(value):
    return lambda net, X, y: value


@pytest.mark.parametrize("score", [np.nan, -np.inf])
@each_net
def test_the_error_names_validation_scores_that_are_not_finite(net_class, score):
    X = rows()
    net = net_class(**FEW, early_stopping=True, scoring=score_of(score))
    with pytest.raises(ValueError, match=f"score by scoring=.* is {score} on"):
        net.fit(X, targets(net_class, X))
    assert not hasattr(net, "theta_")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_the_error_names_r2_on_one_validation_row():
    X = rows(8)
    net = ShallowNetRegressor(**FEW, early_stopping=True, scoring="r2")
    with pytest.raises(ValueError, match="scoring='r2' is nan on 1 validation rows"):
        net.fit(X, targets(ShallowNetRegressor, X))
    with pytest.warns(UndefinedMetricWarning), pytest.raises(ValueError, match="nan"):
        net.fit(X, targets(ShallowNetRegressor, X))


@each_net
def test_the_error_names_validation_rows_that_overflow(net_class):
    X = rows()
    y = targets(net_class, X)
    few = FEW | {"dtype": "float32", "clip_features": False}
    net = net_class(**few, early_stopping=True, activation="identity")
    with pytest.raises(ValueError, match=r"the validation loss is .* Check their"):
        net.fit(X, y, X_val=X * 1e300, y_val=y)


@pytest.mark.parametrize("power", [-300, 3, 150])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_temperatures_of_saturated_nets_are_positive(n_classes, power):
    X = rows()
    y = targets(ShallowNetClassifier, X) % n_classes
    net = ShallowNetClassifier(**FEW, temperature_scaling=True)
    net.fit(X, y, X_val=X * 10.0**power, y_val=y)
    assert 0 < net.temperature_ < np.inf
    assert np.isfinite(net.predict_log_proba(X)).all()


@pytest.mark.parametrize("power", [-300, 0, 30, 300])
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, Quantile([0.1, 0.5, 0.9])])
def test_conformal_intervals_of_any_unit_cover(loss, power):
    X = rows(200)
    y = targets(ShallowNetRegressor, X) * 10.0**power
    net = ShallowNetRegressor(**FEW, loss=loss).fit(X[:100], y[:100])
    interval = net.conformalize(X[100:], y[100:]).predict_interval(X[100:], 0.9)
    assert np.isfinite(interval).all()
    covered = (interval[:, 0] <= y[100:]) & (y[100:] <= interval[:, 1])
    assert covered.mean() >= 0.9


@pytest.mark.parametrize("power", [-300, 0, 30, 300])
@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES, Quantile([0.1, 0.5, 0.9])])
def test_intervals_by_rows_that_members_held_out_cover_in_any_unit(loss, power):
    X = rows(200)
    y = targets(ShallowNetRegressor, X) * 10.0**power
    own_folds = {"n_members": 4, "early_stopping": True, "validation_fraction": 0.25}
    net = ShallowNetRegressor(**FEW, **own_folds, loss=loss).fit(X, y)
    interval = net.conformalize(y_cal=y).predict_interval(X, 0.9)
    assert np.isfinite(interval).all()
    covered = (interval[:, 0] <= y) & (y <= interval[:, 1])
    assert covered.mean() >= 0.8  # which is certain for rows that were held out


@pytest.mark.parametrize("power", [-300, -30, 30, 300])
@each_net
def test_early_stopping_gives_finite_predictions_in_any_unit(net_class, power):
    X = rows()
    net = net_class(**FEW, early_stopping=True)
    assert assert_sound(net, X * 10.0**power, targets(net_class, X))


@each_net
def test_infinity_is_refused_without_a_warning(net_class):
    """The sum by which scikit-learn looks for it warns of nothing."""
    X = rows()
    y = targets(net_class, X)
    X[0, 0], X[1, 0] = np.inf, -np.inf
    with pytest.raises(ValueError, match="infinity or numbers too large in column 0"):
        net_class(**FEW).fit(X, y)
    net = net_class(**FEW).fit(X[2:], y[2:])
    with pytest.raises(ValueError, match="infinity or numbers too large in column 0"):
        net.predict(X)
