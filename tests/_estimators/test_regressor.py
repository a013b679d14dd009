"""Regressors: what each loss predicts, the domains of targets, several targets."""

import numpy as np
import pytest
from covering import covering
from names import called
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import forward_by_hand
from scipy.optimize import root
from scipy.stats import median_abs_deviation
from sklearn.linear_model import HuberRegressor, LinearRegression, QuantileRegressor
from sklearn.metrics import (
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    r2_score,
)

from skshallow import DeepNetRegressor, ShallowNetRegressor
from skshallow.losses import REGRESSION_LOSSES, Huber, Quantile

EXACT = {"depth": 0, "solver": "lbfgs", "alpha": 0, "max_iter": 5000}


@pytest.fixture(scope="module")
def skewed():
    """Positive targets that depend on nothing, with weights."""
    rng = np.random.default_rng(0)
    return rng.gamma(2.0, 30.0, size=201), rng.integers(1, 4, size=201)


def quantile_of(q):
    def quantile(y, weights):
        return np.quantile(np.repeat(y, weights), q, method="inverted_cdf")

    return quantile


@pytest.mark.parametrize(
    ("loss", "statistic"),
    [
        ("squared_error", np.average),
        ("poisson", np.average),
        ("gamma", np.average),
        ("gaussian", np.average),
        ("absolute_error", quantile_of(0.5)),
        ("quantile", quantile_of(0.5)),
        (Quantile(0.9), quantile_of(0.9)),
        (Quantile(0.1), quantile_of(0.1)),
        (Quantile([0.1, 0.6, 0.9]), quantile_of(0.6)),
    ],
    ids=called,
)
def test_a_net_without_information_predicts_the_statistic_of_its_loss(
    regressor_class, skewed, few, loss, statistic
):
    y, weights = skewed
    few |= {"learning_rate": 1e-4, "batch_size": None, "max_iter": 10}
    few |= {"record_health": False}
    net = regressor_class(**few, loss=loss).fit(
        np.ones((len(y), 1)), y, sample_weight=weights
    )
    assert_allclose(net.predict([[1.0]]), statistic(y, weights=weights), rtol=0.02)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        ("absolute_error", mean_absolute_error),
        ("poisson", mean_poisson_deviance),
        ("gamma", mean_gamma_deviance),
        (Quantile(0.8), lambda y, p: mean_pinball_loss(y, p, alpha=0.8)),
    ],
    ids=called,
)
def test_each_loss_is_best_by_its_own_metric(regressor_class, loss, metric):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 2))
    y = np.exp(X[:, 0]) * rng.gamma(1.5, 1, size=150) + 1e-3
    params = {"hidden_units": 8, "max_iter": 80, "learning_rate": 0.02, "random_state": 0}
    params |= {"schedule": "constant", "n_iter_no_change": np.inf, "batch_size": 32}
    own = regressor_class(**params, loss=loss).fit(X, y)
    squared = regressor_class(**params).fit(X, y)
    assert metric(y, own.predict(X)) < metric(y, np.maximum(squared.predict(X), 1e-3))


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_a_quantile_net_leaves_that_share_of_the_targets_below(quantile):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(400, 1))
    y = X[:, 0] + (1 + X[:, 0]) * rng.normal(size=400)
    net = ShallowNetRegressor(
        8, loss=Quantile(quantile), learning_rate=0.02, schedule="inverse_scaling",
        max_iter=60, n_iter_no_change=np.inf, batch_size=50, early_stopping=False,
        random_state=0,
    ).fit(X, y)  # fmt: skip
    assert_allclose((y <= net.predict(X)).mean(), quantile, atol=0.03)


@pytest.mark.parametrize("loss", ["absolute_error", Huber(0.05)], ids=str)
def test_robust_losses_are_hardly_affected_by_outliers(loss):
    X = np.linspace(-1, 1, 100)[:, np.newaxis]
    y = 2 * X.ravel() + 1
    y[::20] = 1000
    net = DeepNetRegressor(
        depth=0, loss=loss, alpha=0, learning_rate=0.05, schedule="inverse_scaling",
        batch_size=20, max_iter=300, n_iter_no_change=np.inf, random_state=0,
    ).fit(X, y)  # fmt: skip
    regular = y < 1000
    off = np.abs(net.predict(X) - y)[regular].mean()
    least_squares = LinearRegression().fit(X, y).predict(X)
    assert off < 0.25 * np.abs(least_squares - y)[regular].mean()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_a_small_delta_stands_a_fifth_of_outliers_and_the_default_only_a_few(share):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = X @ [1, 2, -1, 0.5] + 0.1 * rng.normal(size=300)
    shifted = y + 1000 * (np.arange(300) < share * 300)
    few = {"max_iter": 100, "random_state": 0}
    small, default = (
        ShallowNetRegressor(16, loss=loss, **few).fit(X, shifted).score(X, y)
        for loss in (Huber(0.1), "huber")
    )
    assert small > 0.98
    assert (default > 0.98) == (share == 0)


ROBUST = ["absolute_error", "huber", "quantile", Quantile([0.1, 0.5, 0.9])]
each_robust_loss = pytest.mark.parametrize("loss", ROBUST, ids=str)


@pytest.fixture(scope="module")
def linear():
    """Features, and a linear target with noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = X @ [1.0, 2, 3, -1] + 0.2 * rng.normal(size=300)
    return X, y


@pytest.fixture(scope="module")
def of_scikit_learn(linear):
    """Return the predictions of scikit-learn's robust regression beside an outlier."""
    X, y = linear
    return HuberRegressor(max_iter=1000).fit(X, with_outlier(y, 1e3)).predict(X)


def with_outlier(y, outlier):
    """Return targets (n,) or (n, m), the seventh of which has been moved."""
    spoilt = y.copy()
    spoilt[7] += outlier
    return spoilt


@pytest.mark.parametrize(
    ("loss", "outlier", "settings"),
    covering(
        ROBUST,
        [1e3, -1e6, 1e12, -1e36],
        [{}, {"dtype": "float32"}, {"n_members": 2}, {"depth": 0}],
    ),
    ids=str,
)
def test_an_outlier_changes_a_robust_fit_as_little_as_scikit_learns(
    linear, of_scikit_learn, loss, outlier, settings
):
    X, y = linear
    clean = np.arange(300) != 7
    net = DeepNetRegressor(16, loss=loss, max_iter=100, random_state=0, **settings)
    prediction = net.fit(X, with_outlier(y, outlier)).predict(X)
    r2 = r2_score(y[clean], prediction[clean])
    assert r2 > r2_score(y[clean], of_scikit_learn[clean]) - 0.01
    assert r2 > net.fit(X[clean], y[clean]).score(X[clean], y[clean]) - 0.01


@pytest.mark.parametrize("loss", ["absolute_error", "quantile", Quantile(0.75)], ids=str)
def test_a_linear_median_is_that_of_scikit_learn_in_spite_of_outliers(linear, loss):
    X, y = linear
    y = np.where(np.arange(300) % 60 == 7, 1e6, y)
    level = getattr(loss, "quantile", 0.5)
    expected = QuantileRegressor(quantile=level, alpha=0).fit(X, y).predict(X)
    net = DeepNetRegressor(**EXACT, loss=loss, random_state=0).fit(X, y)
    assert_allclose(net.predict(X), expected, atol=0.02 * np.std(expected))


def test_a_linear_huber_fit_is_that_of_scipy_in_spite_of_outliers(linear):
    X, y = linear
    y = np.where(np.arange(300) % 60 == 7, 1e6, y)
    columns = np.column_stack([X, np.ones(300)])
    scale = 1.4826 * median_abs_deviation(y)

    def slope(coef):  # of the loss, which is convex
        return columns.T @ np.clip((columns @ coef - y) / scale, -1.35, 1.35)

    expected = columns @ root(slope, np.linalg.lstsq(columns, np.clip(y, -9, 9))[0]).x
    net = DeepNetRegressor(**EXACT, loss="huber", tol=1e-8, random_state=0).fit(X, y)
    assert_allclose(net.predict(X), expected, atol=1e-3)


@each_robust_loss
def test_outliers_of_one_target_leave_the_others_alone(linear, loss):
    X, y = linear
    both = np.column_stack([with_outlier(y, 1e6), 1e-3 * y])
    net = DeepNetRegressor(16, loss=loss, max_iter=100, random_state=0).fit(X, both)
    clean = np.arange(300) != 7
    for column, target in enumerate([y, 1e-3 * y]):
        assert r2_score(target[clean], net.predict(X)[clean, column]) > 0.98


@each_robust_loss
def test_outliers_hardly_matter_in_parts_and_to_a_warm_start(linear, loss):
    X, y = linear
    y_spoilt, clean = with_outlier(y, 1e6), np.arange(300) != 7
    net = DeepNetRegressor(16, loss=loss, random_state=0)
    for _ in range(30):
        for rows in np.array_split(np.arange(300), 3):  # the first has the outlier
            net.partial_fit(X[rows], y_spoilt[rows])
    assert r2_score(y[clean], net.predict(X)[clean]) > 0.97
    net = DeepNetRegressor(16, loss=loss, random_state=0, warm_start=True, max_iter=60)
    net.fit(X, y_spoilt).fit(X, y_spoilt)
    assert r2_score(y[clean], net.predict(X)[clean]) > 0.98


@each_robust_loss
def test_targets_most_of_which_are_equal_are_learned(linear, loss):
    X, y = linear
    y = np.maximum(y - 2, 0)  # two in three are 0
    assert np.median(y) == 0
    net = DeepNetRegressor(32, loss=loss, max_iter=150, random_state=0)
    prediction = net.fit(X, with_outlier(y, 1e6)).predict(X)
    clean = np.arange(300) != 7
    assert r2_score(y[clean], prediction[clean]) > 0.9


def test_the_kind_of_units_stays_as_the_first_part_chose_it(linear):
    X, y = linear
    net = DeepNetRegressor(8, loss="squared_error", random_state=0)
    net.partial_fit(X, y).set_params(loss="huber").partial_fit(X, y)
    net.set_params(loss="squared_error").partial_fit(X, y)
    assert np.isfinite(net.predict(X)).all()


@pytest.mark.parametrize(
    ("loss", "target", "message"),
    [
        ("poisson", [-1.0, 1, 2], "loss='poisson' needs targets y >= 0"),
        ("poisson", [0.0, 0, 0], "at least one target y > 0"),
        ("gamma", [0.0, 1, 2], "loss='gamma' needs targets y > 0"),
        ("gamma", [-1.0, 1, 2], "loss='gamma' needs targets y > 0"),
    ],
)
def test_targets_outside_of_the_domain_are_refused(
    regressor_class, few, loss, target, message
):
    X, good = np.arange(6.0).reshape(3, 2), [1.0, 2, 3]
    net = regressor_class(**few, loss=loss)
    with pytest.raises(ValueError, match=message):
        net.fit(X, target)
    with pytest.raises(ValueError, match=message):
        net.fit(X, np.column_stack([good, target]))
    assert not hasattr(net, "theta_")
    if min(target) < 0:
        with pytest.raises(ValueError, match=message):
            net.fit(X, good, X_val=X, y_val=target)
    with pytest.raises(ValueError, match=message):
        net.partial_fit(X, target)
    assert not hasattr(net, "theta_")


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_predictions_through_an_exponential_are_positive(regressor_class, X, y, few, loss):
    net = regressor_class(**few, loss=loss).fit(X, y + 0.1)
    assert (net.predict(X * 100) >= 0).all()
    assert (net.predict(X) > 0).all()
    *_, raw = forward_by_hand(net, X)
    assert_allclose(np.exp(raw[:, 0]), net.predict(X))


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_predictions_have_the_shape_of_the_targets(regressor_class, X, y, few, loss):
    y = y + 1.0
    for target in y, y[:, np.newaxis], np.column_stack([y, y**2, 7 * y]):
        net = regressor_class(**few, loss=loss).fit(X, target)
        assert net.predict(X).shape == target.shape
        assert net.predict(X[:1]).shape == target[:1].shape
        n_targets = 1 if target.ndim == 1 else target.shape[1]
        assert net.n_outputs_ == REGRESSION_LOSSES[loss]().n_raw_outputs(n_targets)


def test_score_is_r2_of_all_targets(regressor_class, X, y, weight, few):
    target = np.column_stack([y, X[:, 0]])
    net = regressor_class(**few).fit(X, target)
    expected = r2_score(target, net.predict(X), sample_weight=weight)
    assert_allclose(net.score(X, target, sample_weight=weight), expected)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_a_constant_target_is_predicted(regressor_class, X, few, loss):
    few |= {"max_iter": 100, "learning_rate": 0.03, "activation": "tanh"}
    net = regressor_class(**few, loss=loss).fit(X, np.full(60, 42.0))
    assert_allclose(net.predict(X), 42, rtol=0.15)
    assert np.isfinite(net.loss_curve_).all()


def test_targets_of_different_units_are_learned_equally_well(X, y):
    target = np.column_stack([X[:, 0], 1e6 * X[:, 1], 1e-6 * X[:, 2] + 5])
    net = DeepNetRegressor(**EXACT, tol=1e-9).fit(X, target)
    scores = r2_score(target, net.predict(X), multioutput="raw_values")
    assert_allclose(scores, 1, atol=1e-6)


def test_integer_and_boolean_targets_are_numbers(regressor_class, X, y, few):
    net = regressor_class(**few).fit(X, y.astype(float))
    for dtype in np.int8, np.uint16, np.int64, np.float32:
        same = regressor_class(**few).fit(X, y.astype(dtype))
        assert_array_equal(same.theta_, net.theta_)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (["a"] * 60, "convert|string|numeric"),
        (np.full(60, np.nan), "60 missing values"),
        (np.full(60, np.inf), "infinity"),
        (np.zeros((60, 2, 2)), "dim 3|3 dim|dimension"),
        (np.zeros(59), "inconsistent numbers of samples"),
        (None, "requires y to be passed"),
    ],
    ids=["strings", "nan", "inf", "3d", "short", "none"],
)
def test_invalid_targets_of_regressors_are_refused(
    regressor_class, X, few, target, message
):
    net = regressor_class(**few)
    with pytest.raises(ValueError, match=rf"(?:{message})"):
        net.fit(X, target)
    assert not hasattr(net, "theta_")


def test_a_later_target_must_have_as_many_columns(regressor_class, X, y, pieces):
    net = regressor_class(**pieces).partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y has 2 targets per row.* trained on 1"):
        net.partial_fit(X, np.column_stack([y, y]))
