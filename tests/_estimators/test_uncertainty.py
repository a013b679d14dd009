"""Uncertainty of regressors: distributions, quantiles, intervals, calibration."""

import pickle
import re
from importlib.util import find_spec

import numpy as np
import pytest
from names import called
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import forward_by_hand
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from skshallow import DeepNetRegressor, ShallowNetClassifier, ShallowNetRegressor
from skshallow.losses import REGRESSION_LOSSES, Gaussian, Huber, Quantile

THREE = Quantile([0.05, 0.5, 0.95])
LIKELIHOODS = ["gaussian", "poisson", "gamma"]
POINT_LOSSES = ["squared_error", "absolute_error", "huber", "quantile", Huber(0.3)]
EVERY_LOSS = [*REGRESSION_LOSSES, THREE]
WITH_INTERVALS = [*LIKELIHOODS, THREE]
every_likelihood = pytest.mark.parametrize("loss", LIKELIHOODS)
METHODS = ["predict_proba", "predict_quantiles", "predict_interval"]


@pytest.fixture(scope="module")
def noisy():
    """Rows whose noise grows with the feature; targets that every loss can take."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(200, 2))
    y = np.round(np.exp(1 + X[:, 0]) * rng.gamma(2, 1, size=200) + 1)
    return X, y


@pytest.fixture(scope="module")
def fitted(noisy):
    """Return a function that gives a net fitted with a loss, one fit a loss."""
    nets = {}

    def fit(loss):
        if loss not in nets:
            net = ShallowNetRegressor(8, loss=loss, max_iter=20, random_state=0)
            nets[loss] = net.fit(*noisy)
        return nets[loss]

    return fit


# Which methods there are


@pytest.mark.parametrize(
    ("loss", "there"),
    [
        *[(loss, set()) for loss in ["squared_error", "absolute_error", "huber"]],
        *[(loss, set(METHODS)) for loss in LIKELIHOODS],
        *[(loss, {"predict_quantiles"}) for loss in ["quantile", Quantile(0.9)]],
        (Quantile([0.9]), {"predict_quantiles"}),
        (THREE, {"predict_quantiles", "predict_interval"}),
        ("no such loss", set()),
    ],
    ids=called,
)
def test_methods_exist_where_the_loss_has_what_they_need(regressor_class, loss, there):
    net = regressor_class(loss=loss)
    assert {name for name in METHODS if hasattr(net, name)} == there
    assert hasattr(net, "conformalize")


def test_methods_follow_the_loss_of_the_fit(fitted):
    net = clone(fitted("gaussian")).fit([[0.0], [1.0]], [0.0, 1.0])
    net.set_params(loss="squared_error")
    assert hasattr(net, "predict_proba")
    assert not hasattr(clone(net), "predict_proba")


def test_classifiers_have_no_intervals():
    net = ShallowNetClassifier()
    assert not hasattr(net, "predict_interval")
    assert not hasattr(net, "conformalize")


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        ("predict_interval", r"call net\.conformalize\(X_cal, y_cal\) after each fit"),
        ("predict_quantiles", r"loss='gaussian', 'poisson', 'gamma' or Quantile"),
    ],
)
def test_a_method_that_is_not_there_yet_says_what_gives_it(method, advice):
    with pytest.raises(AttributeError) as told:
        getattr(ShallowNetRegressor(), method)
    assert re.search(advice, str(told.value.__cause__))


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_an_unfitted_net_raise_not_fitted_error(name):
    net = ShallowNetRegressor(loss="gaussian")
    arguments = {"predict_quantiles": [[0.5]]}.get(name, [])
    with pytest.raises(NotFittedError):
        getattr(net, name)([[0.0]], *arguments)
    with pytest.raises(NotFittedError):
        net.conformalize([[0.0]], [0.0])


# Comparing frozen distributions as arrays is what these checks do, and nothing else
# makes them fail.
COMPARE_PREDICT_PROBA_AS_AN_ARRAY = {
    name: "takes the result of predict_proba for an array"
    for name in [
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
        "check_estimator_sparse_array",
        "check_estimator_sparse_matrix",
        "check_estimators_pickle",
        "check_array_api_input",
        "check_array_api_mixed_inputs",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_fit_idempotent",
    ]
} | {"check_regressors_no_decision_function": "wants regressors without predict_proba"}


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("loss", "expected"),
    [("gaussian", COMPARE_PREDICT_PROBA_AS_AN_ARRAY), (Quantile([0.1, 0.5, 0.9]), {})],
    ids=["gaussian", "quantiles"],
)
def test_check_estimator_passes_but_for_checks_that_compare_arrays(loss, expected):
    expected = dict(expected)
    if find_spec("torch") is None:  # what is mixed with it
        expected.pop("check_array_api_mixed_inputs", None)
    results = check_estimator(
        ShallowNetRegressor(16, loss=loss, max_iter=20),
        expected_failed_checks=expected,
        on_skip=None,
    )
    failed = {r["check_name"] for r in results if r["status"] == "xfail"}
    assert failed == expected.keys()
    others = [r for r in results if r["status"] not in ("passed", "xfail")]
    # array libraries, or devices, that are not here
    assert all(r["check_name"].startswith("check_array_api") for r in others)
    assert all(r["status"] == "skipped" for r in others)


# Distributions


def test_gaussian_distribution_is_the_normal_one_of_the_raw_outputs(fitted, noisy):
    X, y = noisy
    net = fitted("gaussian")
    *_, raw = forward_by_hand(net, X)
    distribution = net.predict_proba(X)
    mean, scale = distribution.mean(), distribution.std()
    assert_array_equal(mean, net.predict(X))
    assert_allclose(np.column_stack([mean, np.log(scale)]), raw, rtol=1e-12, atol=1e-12)
    expected = -0.5 * ((y - mean) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    assert_allclose(distribution.logpdf(y), expected, rtol=1e-12)
    drawn = distribution.rvs(size=(4000, 200), random_state=0)
    error = np.abs(drawn.mean(axis=0) - distribution.mean()) / distribution.std()
    assert error.max() < 5 / np.sqrt(4000)


def test_poisson_distribution_has_the_prediction_as_mean_and_variance(fitted, noisy):
    X, y = noisy
    net = fitted("poisson")
    distribution = net.predict_proba(X)
    assert_allclose(distribution.mean(), net.predict(X), rtol=1e-14)
    assert_allclose(distribution.var(), net.predict(X), rtol=1e-14)
    assert_allclose(distribution.logpmf(y), stats.poisson.logpmf(y, net.predict(X)))


@pytest.mark.parametrize("weighted", [False, True])
def test_gamma_dispersion_is_the_mean_squared_relative_residual(noisy, weighted):
    X, y = noisy
    weight = np.random.default_rng(1).integers(0, 3, 200).astype(float)
    weight = weight if weighted else None
    net = ShallowNetRegressor(8, loss="gamma", max_iter=20, random_state=0)
    net.fit(X, y, sample_weight=weight)
    distribution = net.predict_proba(X)
    expected = np.average((y / net.predict(X) - 1) ** 2, weights=weight)
    assert_allclose(net.dispersion_, [expected], rtol=1e-10)
    assert_allclose(distribution.mean(), net.predict(X), rtol=1e-12)
    assert_allclose(distribution.var(), expected * net.predict(X) ** 2, rtol=1e-10)


def test_gamma_dispersion_of_simulated_targets_is_the_true_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 1))
    y = np.exp(X[:, 0]) * rng.gamma(5, 1 / 5, size=4000)
    net = DeepNetRegressor(depth=0, loss="gamma", solver="lbfgs", alpha=0).fit(X, y)
    # the mean of squares of 4000 rows, whose deviation is sqrt(2 + 6/5) / 5
    assert abs(net.dispersion_[0] - 1 / 5) < 4 * np.sqrt(3.2 / 4000) / 5


def test_dispersion_is_removed_by_a_fit_with_another_loss(noisy):
    net = ShallowNetRegressor(4, loss="gamma", max_iter=2).fit(*noisy)
    assert hasattr(net, "dispersion_")
    net.set_params(loss="gaussian").fit(*noisy)
    assert not hasattr(net, "dispersion_")


def test_dispersion_of_partial_fit_averages_over_all_calls(noisy):
    X, y = noisy
    net = ShallowNetRegressor(4, loss="gamma", random_state=0)
    total = 0.0
    for rows in np.array_split(np.arange(200), [30, 100]):
        net.partial_fit(X[rows], y[rows])
        total += np.sum((y[rows] / net.predict(X[rows]) - 1) ** 2)
    assert_allclose(net.dispersion_, [total / 200], rtol=1e-10)


def test_a_gamma_net_from_weights_needs_its_dispersion(noisy, fitted):
    X, _ = noisy
    net = fitted("gamma")
    same = ShallowNetRegressor.from_weights(net.coefs_, net.intercepts_, loss="gamma")
    with pytest.raises(ValueError, match="has no dispersion_"):
        same.predict_proba(X)
    same.dispersion_ = net.dispersion_
    assert_allclose(same.predict_proba(X).std(), net.predict_proba(X).std(), rtol=1e-10)


@pytest.mark.parametrize("loss", EVERY_LOSS, ids=str)
def test_shapes_are_those_of_the_targets(noisy, few, loss):
    X, y = noisy
    for target in y, y[:, np.newaxis], np.column_stack([y, 2 * y, 1 / y]):
        net = ShallowNetRegressor(**few, loss=loss).fit(X, target)
        shape = (5, *target.shape[1:])
        if hasattr(net, "predict_proba"):
            distribution = net.predict_proba(X[:5])
            assert distribution.mean().shape == distribution.ppf(0.3).shape == shape
            assert distribution.rvs().shape == shape
            assert distribution.cdf(target[:5]).shape == shape
        if hasattr(net, "predict_quantiles"):
            levels = [0.5] if loss == "quantile" else [0.1, 0.5]
            quantiles = net.predict_quantiles(X[:5], levels)
            assert quantiles.shape == (*shape, len(levels))
            one = net.predict_quantiles(X[:5], 0.5)
            assert one.shape == shape
            assert_array_equal(one, quantiles[..., -1])
        net.conformalize(X, target)
        assert net.predict_interval(X[:5]).shape == (*shape, 2)


@pytest.mark.parametrize("loss", WITH_INTERVALS, ids=str)
def test_an_uncalibrated_interval_lies_between_two_quantiles(fitted, noisy, loss):
    net, X = fitted(loss), noisy[0]
    for coverage in 0.9, 0.5:
        tails = [(1 - coverage) / 2, (1 + coverage) / 2]
        assert_array_equal(
            net.predict_interval(X, coverage), net.predict_quantiles(X, tails)
        )


# Standard deviations beside the predictions


@every_likelihood
@pytest.mark.parametrize("n_members", [1, 3])
def test_return_std_gives_the_deviation_of_the_distribution(noisy, few, loss, n_members):
    X, y = noisy
    for target in y, y[:, np.newaxis], np.column_stack([y, 2 * y]):
        net = ShallowNetRegressor(**few, loss=loss, n_members=n_members).fit(X, target)
        prediction, deviation = net.predict(X[:5], return_std=True)
        assert_array_equal(prediction, net.predict(X[:5]))
        assert deviation.shape == prediction.shape
        assert_allclose(deviation, net.predict_proba(X[:5]).std(), rtol=1e-12)


@pytest.mark.parametrize("loss", [*POINT_LOSSES, THREE], ids=str)
def test_return_std_names_the_losses_that_have_one(fitted, noisy, loss):
    with pytest.raises(ValueError, match=r"needs .* 'gaussian', 'poisson' or 'gamma'"):
        fitted(loss).predict(noisy[0], return_std=True)


def test_return_std_of_an_unfitted_net_raises_not_fitted_error():
    with pytest.raises(NotFittedError):
        ShallowNetRegressor().predict([[0.0]], return_std=True)


# Units


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("exponent", [-30, -23, 22, 30])
def test_gaussian_intervals_scale_with_targets_of_any_magnitude(
    noisy, few, dtype, n_members, exponent
):
    X, y = noisy[0].astype(dtype), noisy[1]
    net = ShallowNetRegressor(**few, loss="gaussian", n_members=n_members)
    expected = net.fit(X, y).predict_interval(X)
    interval = net.fit(X, y * 10.0**exponent).predict_interval(X)
    assert_allclose(interval / 10.0**exponent, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("loss", ["gaussian", "gamma", THREE, "squared_error"], ids=str)
@pytest.mark.parametrize("unit", [2.0**20, 2.0**-20, 1e6])
def test_all_predictions_scale_with_the_units_of_the_target(noisy, few, loss, unit):
    X, y = noisy
    net = ShallowNetRegressor(**few, loss=loss).fit(X, y)
    other = ShallowNetRegressor(**few, loss=loss).fit(X, unit * y)
    rtol = 1e-12 if unit != 1e6 else 1e-8
    assert_allclose(other.predict(X), unit * net.predict(X), rtol=rtol)
    if hasattr(net, "predict_proba"):
        scale = other.predict_proba(X).std() / net.predict_proba(X).std()
        assert_allclose(scale, unit, rtol=rtol)
    if hasattr(net, "predict_interval"):
        assert_allclose(
            other.predict_interval(X), unit * net.predict_interval(X), rtol=1e-7
        )
    net.conformalize(X, y)
    other.conformalize(X, unit * y)
    assert_allclose(other.predict_interval(X), unit * net.predict_interval(X), rtol=1e-7)


@pytest.mark.parametrize("loss", ["gaussian", Quantile([0.1, 0.5, 0.9])], ids=str)
def test_a_constant_added_to_the_target_shifts_predictions_only(noisy, few, loss):
    X, y = noisy
    net = ShallowNetRegressor(**few, loss=loss).fit(X, y)
    other = ShallowNetRegressor(**few, loss=loss).fit(X, y + 1024)
    interval = net.predict_interval(X, 0.8)
    assert_allclose(other.predict_interval(X, 0.8), interval + 1024, rtol=1e-9)


@pytest.mark.parametrize("loss", ["gaussian", THREE], ids=str)
def test_weights_in_the_users_units_are_the_same_net(fitted, noisy, loss):
    X, y = noisy
    net = fitted(loss)
    same = ShallowNetRegressor.from_weights(net.coefs_, net.intercepts_, loss=loss)
    assert same.n_outputs_ == net.n_outputs_ == len(net.intercepts_[-1])
    assert_allclose(same.predict(X), net.predict(X), rtol=1e-10)
    assert_allclose(same.predict_interval(X), net.predict_interval(X), rtol=1e-9)
    assert same.predict(X).shape == y.shape
    if loss == "gaussian":
        assert_allclose(same.predict_proba(X).std(), net.predict_proba(X).std(), rtol=1e-9)


@pytest.mark.parametrize(("loss", "n_outputs"), [("gaussian", 3), (THREE, 4)], ids=str)
def test_weights_must_have_all_outputs_of_every_target(loss, n_outputs):
    with pytest.raises(ValueError, match=f"{n_outputs} units, which is not a multiple"):
        DeepNetRegressor.from_weights(
            [np.ones((2, n_outputs))], [np.zeros(n_outputs)], loss=loss
        )
    several = DeepNetRegressor.from_weights([np.ones((2, 6))], [np.zeros(6)], loss=loss)
    assert several.predict([[0.0, 1.0]]).shape == ((1, 3) if loss == "gaussian" else (1, 2))


@pytest.mark.parametrize("loss", ["gaussian", THREE], ids=str)
def test_partial_fit_refines_the_units_of_every_raw_output(noisy, pieces, loss):
    X, y = noisy
    nets = []
    for unit in 1.0, 2.0**15:
        net = ShallowNetRegressor(**pieces, loss=loss)
        for rows in np.array_split(np.arange(200), 4):
            net.partial_fit(X[rows], unit * y[rows])
        nets.append(net)
    assert_allclose(
        nets[1].predict_interval(X), 2.0**15 * nets[0].predict_interval(X), rtol=1e-9
    )


@pytest.mark.parametrize("loss", WITH_INTERVALS, ids=str)
def test_float32_predicts_what_float64_does(noisy, few, loss):
    X, y = noisy
    few |= {"activation": "tanh"}
    net = ShallowNetRegressor(**few, loss=loss).fit(X, y)
    single = ShallowNetRegressor(**few, loss=loss).fit(X.astype(np.float32), y)
    assert single.theta_.dtype == np.float32
    assert single.predict(X.astype(np.float32)).dtype == np.float32
    interval = single.predict_interval(X.astype(np.float32))
    assert_allclose(interval, net.predict_interval(X), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("loss", WITH_INTERVALS, ids=str)
def test_early_stopping_judges_by_the_loss(noisy, loss):
    net = ShallowNetRegressor(
        8, loss=loss, early_stopping=True, max_iter=15, random_state=0
    ).fit(*noisy)
    best = np.argmin(net.validation_loss_curve_) + 1
    assert net.best_iter_ == best
    assert np.isfinite(net.predict_interval(noisy[0])).all()


def test_lbfgs_finds_the_least_gaussian_loss(noisy):
    params = {"depth": 0, "loss": "gaussian", "alpha": 0}
    net = DeepNetRegressor(**params, solver="lbfgs", tol=1e-8).fit(*noisy)
    adam = DeepNetRegressor(**params, random_state=0).fit(*noisy)
    assert net.loss_ <= adam.loss_


def test_several_raw_outputs_start_without_differences_between_rows(noisy):
    X, y = noisy
    start = {"max_iter": 1, "learning_rate": 1e-300, "n_iter_no_change": np.inf}
    targets = np.column_stack([y, -2 * y])
    net = ShallowNetRegressor(8, loss="gaussian", **start).fit(X, targets)
    assert_allclose(net.predict_proba(X).std()[:, 0], y.std(), rtol=1e-5)
    assert_allclose(net.predict_proba(X).std()[:, 1], 2 * y.std(), rtol=1e-5)
    net = ShallowNetRegressor(8, loss=THREE, **start).fit(X, targets)
    quantiles = net.predict_quantiles(X, THREE.levels)
    widths = np.diff(quantiles, axis=-1)
    expected = np.quantile(targets, THREE.levels, axis=0, method="inverted_cdf")
    assert_allclose(widths, np.broadcast_to(np.diff(expected, axis=0).T, widths.shape))
    assert np.ptp(quantiles[:, 0, 1]) > 0.1 * y.std()


# Quantiles


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_never_cross_whatever_the_weights(seed):
    rng = np.random.default_rng(seed)
    levels = [0.01, 0.2, 0.5, 0.50001, 0.9]
    net = DeepNetRegressor.from_weights(
        [rng.normal(size=(2, 10)) * 1e6, rng.standard_cauchy((10, 10))],
        [rng.normal(size=10), rng.standard_cauchy(10)],
        loss=Quantile(levels),
    )
    X = rng.standard_cauchy((300, 2))
    fine = np.sort(np.concatenate([levels, np.linspace(0.01, 0.9, 57)]))
    quantiles = net.predict_quantiles(X, fine)
    assert quantiles.shape == (300, 2, 62)
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (np.ptp(quantiles, axis=-1) > 0).all()


def test_quantiles_trained_on_outliers_and_few_rows_never_cross():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    y = np.where(rng.random(30) < 0.5, 1e6 * rng.standard_cauchy(30), 0.0)
    loss = Quantile([0.45, 0.5, 0.55])
    net = ShallowNetRegressor(32, loss=loss, learning_rate=0.1, random_state=0).fit(X, y)
    far = net.predict_quantiles(50 * rng.normal(size=(500, 3)), loss.levels)
    assert (np.diff(far, axis=1) >= 0).all()
    *_, raw = forward_by_hand(net, 50 * X)
    assert (np.diff(raw, axis=1) < 0).any()  # they would cross if left as they are


def test_trained_quantiles_are_exact_and_those_between_interpolate(fitted, noisy):
    X = noisy[0]
    net = fitted(THREE)
    *_, raw = forward_by_hand(net, X)
    trained = net.predict_quantiles(X, [0.05, 0.5, 0.95])
    assert_allclose(trained, np.sort(raw, axis=1), rtol=1e-12, atol=1e-12)
    assert_array_equal(net.predict(X), trained[:, 1])
    assert_array_equal(net.predict_interval(X, 0.9), trained[:, [0, 2]])
    share = stats.norm.ppf(0.8) / stats.norm.ppf(0.95)
    between = (1 - share) * trained[:, 1] + share * trained[:, 2]
    assert_allclose(net.predict_quantiles(X, 0.8), between, rtol=1e-12)


@pytest.mark.parametrize("q", [0.04, 0.951, [0.5, 0.99]])
def test_quantiles_beyond_the_trained_ones_are_refused(fitted, noisy, q):
    with pytest.raises(ValueError, match=r"lies outside of those .* 0.05, 0.5, 0.95"):
        fitted(THREE).predict_quantiles(noisy[0], q)
    with pytest.raises(ValueError, match=r"predict_interval .* conformalize"):
        fitted(THREE).predict_interval(noisy[0], 0.95)


def test_a_single_quantile_is_known_at_its_own_level_only(noisy, few):
    X, y = noisy
    for loss in Quantile(0.9), Quantile([0.9]):
        net = ShallowNetRegressor(**few, loss=loss).fit(X, y)
        assert_array_equal(net.predict_quantiles(X, [0.9])[:, 0], net.predict(X))
        with pytest.raises(ValueError, match="lies outside of those"):
            net.predict_quantiles(X, 0.8)


@pytest.mark.parametrize("q", [0.0, 1.0, [0.5, np.nan], [[0.5]], "half", [0.5, [0.6]]])
def test_levels_outside_of_0_to_1_are_refused(fitted, noisy, q):
    with pytest.raises(ValueError, match="q must be one level"):
        fitted("gaussian").predict_quantiles(noisy[0], q)


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 90, np.nan, "0.9", None, [0.5, 0.9]])
def test_coverages_outside_of_0_to_1_are_refused(fitted, noisy, coverage):
    with pytest.raises(ValueError, match=r"coverage must be a number in \(0, 1\)"):
        fitted("gaussian").predict_interval(noisy[0], coverage)


def test_linear_nets_of_several_quantiles_equal_one_net_per_quantile():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, size=(300, 1))
    y = X[:, 0] + (0.5 + X[:, 0]) * rng.normal(size=len(X))
    params = {"depth": 0, "alpha": 0, "learning_rate": 0.02, "max_iter": 400}
    params |= {"batch_size": None, "early_stopping": False, "random_state": 0}
    loss = Quantile([0.1, 0.5, 0.9])
    both = DeepNetRegressor(**params, loss=loss).fit(X, y).predict_quantiles(X, loss.levels)
    for column, level in zip(both.T, loss.levels, strict=True):
        alone = DeepNetRegressor(**params, loss=Quantile(level)).fit(X, y).predict(X)
        assert_allclose(column, alone, atol=0.02 * y.std())


# The mean


def test_the_gaussian_mean_is_no_worse_than_that_of_squared_error():
    """Over five simulated tables, whose noise differs sixteenfold between rows."""
    gaussian, squared = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X = rng.uniform(-1, 1, size=(1500, 3))
        mean = X @ [1.0, -1.0, 0.5]
        y = mean + 0.5 * np.exp(1.4 * X[:, 0]) * rng.normal(size=len(X))
        for loss, errors in ("gaussian", gaussian), ("squared_error", squared):
            net = ShallowNetRegressor(16, loss=loss, max_iter=60, random_state=seed)
            errors.append(np.mean((net.fit(X, y).predict(X) - mean) ** 2))
    assert np.mean(gaussian) <= np.mean(squared)


def test_a_linear_gaussian_net_recovers_the_deviation_of_every_row():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, size=(3000, 1))
    y = 2 * X[:, 0] + np.exp(X[:, 0]) * rng.normal(size=3000)
    net = DeepNetRegressor(depth=0, loss=Gaussian(), alpha=0, solver="lbfgs").fit(X, y)
    assert_allclose(net.coefs_[0][0], [2, 1], atol=0.15)
    assert_allclose(net.predict_proba(X).std(), np.exp(X[:, 0]), rtol=0.15)


# Calibration


@pytest.fixture(scope="module")
def pool():
    """Many rows of another law than `noisy`: the net is wrong about all of them."""
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, size=(100 * 249, 2))
    return X, 1 + np.exp(0.5 + X[:, 1]) * rng.gamma(0.7, 4, size=len(X))


@pytest.mark.parametrize("loss", EVERY_LOSS, ids=str)
def test_calibrated_intervals_have_the_nominal_coverage(fitted, pool, loss):
    """Mean over 100 calibrations of 49 rows and 200 new rows each, to 4 deviations."""
    net = pickle.loads(pickle.dumps(fitted(loss)))
    coverages = (0.5, 0.9)
    covered = {coverage: [] for coverage in coverages}
    for rows in np.array_split(np.arange(len(pool[0])), 100):
        X, y = pool[0][rows], pool[1][rows]
        net.conformalize(X[:49], y[:49])
        for coverage in coverages:
            lower, upper = net.predict_interval(X[49:], coverage).T
            inside = (lower <= y[49:]) & (y[49:] <= upper)
            covered[coverage].append(np.mean(inside))
    # 50 * coverage is whole, so without ties the promise is met exactly; its variance
    # is that of a rank among 49, and of a share of 200
    for coverage in coverages:
        variance = coverage * (1 - coverage) * (1 / 51 + 1 / 200) / 100
        assert abs(np.mean(covered[coverage]) - coverage) < 4 * np.sqrt(variance)


@pytest.mark.parametrize("loss", POINT_LOSSES, ids=str)
def test_intervals_of_point_predictions_are_ranked_absolute_residuals(fitted, pool, loss):
    net = pickle.loads(pickle.dumps(fitted(loss)))
    assert not hasattr(net, "predict_interval")
    X, y = pool[0][:99], pool[1][:99]
    assert net.conformalize(X, y) is net
    residual = np.sort(np.abs(y - net.predict(X)))
    for coverage, rank in [(0.9, 90), (0.5, 50), (0.899, 90), (0.901, 91), (0.99, 99)]:
        lower, upper = net.predict_interval(X, coverage).T
        assert_allclose(upper - net.predict(X), residual[rank - 1], rtol=1e-9)
        assert_allclose(net.predict(X) - lower, residual[rank - 1], rtol=1e-9)


def test_gaussian_intervals_rank_the_standardised_residuals(fitted, pool):
    net = pickle.loads(pickle.dumps(fitted("gaussian")))
    X, y = pool[0][:99], pool[1][:99]
    distribution = net.predict_proba(X)
    z = np.sort(np.abs(y - distribution.mean()) / distribution.std())
    net.conformalize(X, y)
    for coverage, rank in [(0.9, 90), (0.5, 50)]:
        lower, upper = net.predict_interval(X, coverage).T
        half = z[rank - 1] * distribution.std()
        assert_allclose(upper, distribution.mean() + half, rtol=1e-9)
        assert_allclose(lower, distribution.mean() - half, rtol=1e-9, atol=1e-9)


def test_quantile_intervals_are_those_of_conformalised_quantile_regression(fitted, pool):
    net = pickle.loads(pickle.dumps(fitted(THREE)))
    X, y = pool[0][:99], pool[1][:99]
    quantiles = net.predict_quantiles(X, [0.05, 0.95])
    score = np.sort(np.maximum(quantiles[:, 0] - y, y - quantiles[:, 1]))
    net.conformalize(X, y)
    for coverage, rank in [(0.9, 90), (0.95, 95), (0.98, 98)]:  # the outermost do for more
        lower, upper = net.predict_interval(X, coverage).T
        assert_allclose(lower, quantiles[:, 0] - score[rank - 1], rtol=1e-9)
        assert_allclose(upper, quantiles[:, 1] + score[rank - 1], rtol=1e-9)


@pytest.mark.parametrize("loss", EVERY_LOSS, ids=str)
def test_too_few_rows_for_a_coverage_give_infinite_intervals(fitted, pool, loss):
    net = pickle.loads(pickle.dumps(fitted(loss)))
    net.conformalize(pool[0][:8], pool[1][:8])
    assert np.isfinite(net.predict_interval(pool[0][:5], 0.88)).all()
    lower, upper = net.predict_interval(pool[0][:5], 0.9).T
    assert (upper == np.inf).all()
    assert (lower == (0 if loss in ["poisson", "gamma"] else -np.inf)).all()


@pytest.mark.parametrize("loss", WITH_INTERVALS, ids=str)
def test_too_wide_intervals_shrink_and_keep_their_order(fitted, noisy, loss):
    X, _ = noisy
    net = pickle.loads(pickle.dumps(fitted(loss)))
    before = net.predict_interval(X, 0.9)
    net.conformalize(X, np.maximum(net.predict(X), 1e-3))
    lower, upper = net.predict_interval(X, 0.9).T
    assert (lower <= upper).all()
    assert (upper - lower < before[:, 1] - before[:, 0]).all()


def test_every_target_is_calibrated_separately(noisy, few, pool):
    X, y = noisy
    X_cal, y_cal = pool[0][:99], pool[1][:99]
    net = ShallowNetRegressor(**few).fit(X, np.column_stack([y, -3 * y]))
    targets = np.column_stack([y_cal, 1e3 * y_cal])
    net.conformalize(X_cal, targets)
    half = np.ptp(net.predict_interval(X), axis=-1) / 2
    expected = np.sort(np.abs(targets - net.predict(X_cal)), axis=0)[89]
    assert_allclose(half, np.broadcast_to(expected, half.shape), rtol=1e-9)


@pytest.mark.parametrize("again", ["fit", "partial_fit", "warm"])
def test_training_removes_the_calibration(noisy, few, again):
    X, y = noisy
    net = ShallowNetRegressor(**few, warm_start=again == "warm").fit(X, y)
    net.conformalize(X, y)
    assert hasattr(net, "predict_interval")
    assert hasattr(pickle.loads(pickle.dumps(net)), "predict_interval")
    assert not hasattr(clone(net), "predict_interval")
    getattr(net, "fit" if again == "warm" else again)(X, y)
    assert not hasattr(net, "predict_interval")


def test_a_fit_that_fails_keeps_the_calibration(noisy, few):
    net = ShallowNetRegressor(**few).fit(*noisy).conformalize(*noisy)
    interval = net.predict_interval(noisy[0])
    with pytest.raises(ValueError, match="missing values"):
        net.fit(noisy[0], np.full(200, np.nan))
    assert_array_equal(net.predict_interval(noisy[0]), interval)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.full(200, np.nan), "y_cal has 200 missing values"),
        (np.ones(199), "inconsistent numbers of samples"),
        (np.ones((200, 2)), "2 targets per row"),
        (-np.ones(200), "loss='poisson' needs targets y >= 0"),
    ],
    ids=["nan", "short", "2d", "negative"],
)
def test_calibration_refuses_invalid_targets(fitted, noisy, y, message):
    net = pickle.loads(pickle.dumps(fitted("poisson")))
    interval = net.predict_interval(noisy[0])
    with pytest.raises(ValueError, match=message):
        net.conformalize(noisy[0], y)
    assert_array_equal(net.predict_interval(noisy[0]), interval)


def test_a_warm_start_with_the_loss_of_another_link_is_refused(noisy, few):
    net = ShallowNetRegressor(**few, loss="gaussian", warm_start=True).fit(*noisy)
    with pytest.raises(ValueError, match="weights of a loss with a GaussianLink"):
        net.set_params(loss=Quantile([0.1, 0.9])).fit(*noisy)
    net.set_params(loss=Gaussian(0.5)).fit(*noisy)
    assert net.n_iter_ == 6
