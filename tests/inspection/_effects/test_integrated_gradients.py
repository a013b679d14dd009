"""Integrated gradients: what they add up to, and those of linear nets."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from array_libraries import strict_elsewhere
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from varieties import VARIETIES

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.activations import Activation
from skshallow.engine import Network
from skshallow.inspection import input_gradients, integrated_gradients

VARIOUS = [
    name
    for name in VARIETIES
    if name.startswith(("loss=", "activation="))
    or name.startswith(("residual", "layer norm", "members"))
    or name in ("two targets", "quantiles", "float32")
]
VARIOUS.remove("activation=step")


def assert_adds_up(effects, expected, tol=1e-3):
    """Assert that effects add up to the expected outputs minus the base values."""
    expected = np.reshape(expected, effects.base_values.shape)
    sums = effects.values.sum(axis=1)
    difference = expected - effects.base_values
    least = 0.01 * np.abs(effects.values).sum(axis=1)
    bound = tol * np.maximum(np.abs(difference), least) + 1e-6 * np.abs(expected)
    assert (np.abs(sums - difference) <= bound).all()


@pytest.mark.parametrize("of_rows", [True, False], ids=["rows", "mean"])
@pytest.mark.parametrize("name", VARIOUS)
def test_effects_add_up_to_the_difference_of_predictions(name, of_rows):
    variety = VARIETIES[name]
    net = variety.fit()
    X, _ = variety.data()
    background = X[40:] if of_rows else None
    effects = integrated_gradients(net, X[:9], background=background, output="prediction")
    predicted = (net.predict_proba if variety.is_classifier else net.predict)(X)
    if effects.values.ndim == 2 and predicted.ndim == 2:
        predicted = predicted[:, -1]
    assert_adds_up(effects, predicted[:9])
    if of_rows:
        base = np.broadcast_to(predicted[40:].mean(axis=0), effects.base_values.shape)
        assert_allclose(effects.base_values, base, rtol=1e-5)


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("kind", ["two classes", "three classes", "labels"])
def test_raw_effects_add_up_to_the_decision_function(kind, n_members):
    variety = VARIETIES[f"loss=log_loss, {kind}"]
    net, (X, _) = variety.fit(n_members=n_members), variety.data()
    effects = integrated_gradients(net, X, background=X[:5])
    assert_adds_up(effects, net.decision_function(X))


@pytest.mark.parametrize("output", ["raw", "prediction"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_effects_of_rows_beyond_the_range_in_training_add_up(n_members, output):
    variety = VARIETIES["loss=log_loss, two classes"]
    net, (X, _) = variety.fit(n_members=n_members), variety.data()
    beyond = 3 * X[:9] - 2 * X.mean(axis=0)
    clipped = np.clip(beyond, X.min(axis=0), X.max(axis=0))
    assert (clipped != beyond).any()
    for rows, background in ((beyond, X[:5]), (X[:9], beyond), (beyond, None)):
        effects = integrated_gradients(net, rows, background=background, output=output)
        raw = net.decision_function(rows)
        expected = raw if output == "raw" else net.predict_proba(rows)[:, 1]
        assert_adds_up(effects, expected)
    same = integrated_gradients(net, clipped, background=clipped[:3], output=output)
    of_beyond = integrated_gradients(net, beyond, background=beyond[:3], output=output)
    assert_allclose(of_beyond.values, same.values, rtol=1e-10)


@pytest.fixture
def y(y):
    return y > 0


def test_of_a_linear_net_they_are_its_terms(X, y, few):
    net = DeepNetClassifier(**few, depth=0).fit(X, y)
    expected = (X - X[:30].mean(axis=0)) * net.coefs_[0].ravel()
    effects = integrated_gradients(net, X, background=X[:30])
    assert_allclose(effects.values, expected, atol=1e-12)
    of_mean = integrated_gradients(net, X)
    assert_allclose(
        of_mean.values, (X - X.mean(axis=0)) * net.coefs_[0].ravel(), atol=1e-12
    )


def test_they_are_those_of_logistic_regression_with_its_coefficients(X, y):
    linear = LogisticRegression().fit(X, y)
    net = DeepNetClassifier.from_weights([linear.coef_.T], [linear.intercept_])
    effects = integrated_gradients(net, X, background=X[:1])
    assert_allclose(effects.values, (X - X[:1]) * linear.coef_, atol=1e-12)


def test_they_are_the_mean_slopes_of_the_line(X, y, few):
    net = DeepNetRegressor(**few, activation="tanh").fit(X, X[:, 0] * X[:, 1])
    row, start = X[:1], X[1:2]
    along = (np.arange(4000)[:, np.newaxis] + 0.5) / 4000
    slopes = input_gradients(net, start + along * (row - start)).mean(axis=0)
    effects = integrated_gradients(net, row, background=start, tol=1e-6)
    scale = np.abs(effects.values).max()
    assert_allclose(effects.values / scale, slopes * (row - start) / scale, atol=2e-3)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": np.where(rng.random(200) < 0.1, np.nan, rng.normal(size=200)),
            "binary": rng.choice(["no", "yes"], 200),
            "colour": rng.choice(["red", "green", "blue"], 200),
            "town": [f"town {i}" for i in rng.integers(70, size=200)],
        }
    )


@pytest.mark.parametrize("n_members", [1, 2])
def test_categories_and_missing_values_have_effects_too(table, n_members, few):
    y = (table["size"].fillna(1) + (table["colour"] == "red") > 0.5).to_numpy()
    net = DeepNetClassifier(**few, n_members=n_members).fit(table, y)
    for background in (None, table[:10]):
        effects = integrated_gradients(net, table, background=background)
        assert effects.values.shape == (200, 4)
        assert_adds_up(effects, net.decision_function(table))
    assert effects.feature_names == list(table)
    assert effects.data[0, 2] == table["colour"][0]
    missing = table["size"].isna().to_numpy()
    assert_array_equal([np.isnan(value) for value in effects.data[:, 0]], missing)


def test_an_embedded_category_is_compared_with_the_mean_of_its_levels(table, few):
    table = pd.concat([table, table])
    table["town"] = [f"town {i % 70}" for i in range(400)]
    y = (table["size"].fillna(1) > 0).to_numpy()
    net = DeepNetClassifier(**few, depth=0).fit(table[["size", "town"]], y)
    assert net.network_.embedding is not None
    each_town = table[["size", "town"]].drop_duplicates("town")
    assert len(each_town) == 70
    effects = integrated_gradients(net, each_town).values[:, 1]
    assert np.ptp(effects) > 1e-3
    assert_allclose(effects.mean(), 0, atol=1e-12)


def test_outputs_have_names(X, few):
    targets = np.stack([X[:, 0], X[:, 1]], axis=1)
    for y, names in ((X[:, 0], [""]), (targets, [" 0", " 1"])):
        net = DeepNetRegressor(**few).fit(X, y)
        effects = integrated_gradients(net, X[:2], output="prediction")
        assert effects.output_names == [f"prediction{name}" for name in names]
    net = DeepNetClassifier(**few).fit(X, np.digitize(X[:, 0], [-1, 1]))
    effects = integrated_gradients(net, X[:2], output="prediction")
    assert effects.output_names == [f"probability of {i}" for i in range(3)]


def test_a_column_in_the_background_as_in_the_row_has_no_effect(table, few):
    y = (table["size"].fillna(1) > 0).to_numpy()
    net = DeepNetClassifier(**few).fit(table, y)
    same_town = table.assign(town="town 3")
    effects = integrated_gradients(net, same_town, background=same_town[:5])
    assert_allclose(effects.values[:, 3], 0, atol=1e-12)


def test_scaling_before_the_net_changes_nothing(X, y, few):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), DeepNetClassifier(**few)),
        {"deepnetclassifier__alpha": [0.1]},
        cv=2,
    ).fit(X, y)
    inside = search.best_estimator_
    expected = integrated_gradients(inside[-1], inside[0].transform(X)).values
    assert_array_equal(integrated_gradients(search, X).values, expected)


def test_without_a_mean_the_background_is_asked_for(X, y, few):
    net = DeepNetClassifier(**few, standardize=False).fit(X, y)
    with pytest.raises(ValueError, match=r"background=X_train\[:100\]"):
        integrated_gradients(net, X)
    assert_adds_up(integrated_gradients(net, X, background=X[:3]), net.decision_function(X))


def test_of_several_outputs_each_has_its_mean_slopes(X, few):
    targets = np.stack([X[:, 0], np.abs(X[:, 1]), X[:, 0] * X[:, 1]], axis=1)
    net = DeepNetRegressor(**few, activation="tanh").fit(X, targets)
    row, start = X[:1], X[1:2]
    along = (np.arange(4000)[:, np.newaxis] + 0.5) / 4000
    slopes = input_gradients(net, start + along * (row - start)).mean(axis=0)
    effects = integrated_gradients(net, row, background=start, tol=1e-6).values[0]
    scale = np.abs(effects).max(axis=0)
    expected = slopes * (row - start).T
    assert_allclose(effects / scale, expected / scale, atol=2e-3)


@pytest.fixture
def n_passed(monkeypatch):
    """The numbers of rows that pass through a network, forward."""
    passed, forward = [], Network.forward

    def counting(self, x, params, *args, **kwargs):
        passed.append(x.shape[-2])
        return forward(self, x, params, *args, **kwargs)

    monkeypatch.setattr(Network, "forward", counting)
    return passed


@pytest.mark.parametrize("n_background", [1, 30])
@pytest.mark.parametrize("loss", ["log_loss", "ordinal"])
def test_only_segments_that_need_it_are_halved(X, few, loss, n_background, n_passed):
    y = np.digitize(X[:, 0] * X[:, 1], [-1, 0, 1])
    net = DeepNetClassifier(**(few | {"hidden_units": (64, 64)}), loss=loss).fit(X, y)
    n_passed.clear()
    effects = integrated_gradients(net, X, background=X[:n_background])
    assert_adds_up(effects, net.decision_function(X))
    assert sum(n_passed) < 60 * n_background * len(X)


def test_effects_that_cancel_need_no_more_segments_than_others(n_passed):
    # f = g(x_0) - h(x_1) where g and h have many kinks each and rise by the same
    rng = np.random.default_rng(0)
    kinks, steps = rng.uniform(size=(2, 40)), rng.normal(size=(2, 40))
    steps[1] *= (steps[0] * (1 - kinks[0])).sum() / (steps[1] * (1 - kinks[1])).sum()
    first = np.zeros((2, 80))
    first[0, :40], first[1, 40:] = 1, 1
    weights = [first, np.concatenate([steps[0], -steps[1]])[:, np.newaxis]]
    net = DeepNetRegressor.from_weights(
        weights, [-kinks.ravel(), np.zeros(1)], activation="relu"
    )
    start, end = np.zeros((1, 2)), np.ones((1, 2))
    assert abs(net.predict(end) - net.predict(start)) < 1e-10
    n_passed.clear()
    effects = integrated_gradients(net, end, background=start)
    assert_adds_up(effects, net.predict(end))
    assert abs(effects.values).min() > 0.1
    assert sum(n_passed) < 60


@pytest.mark.parametrize("n_background", [1, 20])
def test_of_a_sum_of_functions_each_column_has_the_change_of_its_own(n_background):
    rng = np.random.default_rng(0)
    kinks, steps = rng.uniform(size=(2, 30)), rng.normal(size=(2, 30))
    first = np.repeat(np.eye(2), 30, axis=1)
    net = DeepNetRegressor.from_weights(
        [first, steps.reshape(-1, 1)], [-kinks.ravel(), np.zeros(1)], activation="relu"
    )
    rows = rng.uniform(size=(9, 2))
    background = rng.uniform(size=(n_background, 2))

    def parts(X):
        return (np.maximum(X[:, :, np.newaxis] - kinks, 0) * steps).sum(axis=-1)

    expected = parts(rows) - parts(background).mean(axis=0)
    effects = integrated_gradients(net, rows, background=background, tol=1e-6)
    assert np.abs(effects.values - expected).max() < 0.01 * np.abs(expected).max()


@dataclass(frozen=True)
class Doubled(Activation):
    """Its derivative is twice what it should be."""

    def forward(self, z, params):
        return np.tanh(z), z

    def backward(self, grad_a, z, params, grads):
        return grad_a * 2 / np.cosh(z) ** 2


@dataclass(frozen=True)
class Jump(Activation):
    """Its derivative does not know of its jump."""

    def forward(self, z, params):
        return np.tanh(z) + (z > 0), z

    def backward(self, grad_a, z, params, grads):
        return grad_a / np.cosh(z) ** 2


@pytest.mark.parametrize("activation", [Doubled(), Jump()], ids=["slope", "jump"])
def test_effects_that_cannot_add_up_are_warned_of(X, y, few, activation, n_passed):
    net = DeepNetClassifier(**few, activation=activation).fit(X, y)
    n_passed.clear()
    with pytest.warns(ConvergenceWarning, match="of 9 of 9 rows .* gradient_check"):
        integrated_gradients(net, X[10:19], background=X[:2])
    assert sum(n_passed) < 9 * 2 * 600


def test_a_net_that_gives_a_constant_has_no_effects_and_no_warning(X, y, few):
    net = DeepNetClassifier(**few, init="zeros", solver="sgd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = net.fit(X, y)
    effects = integrated_gradients(net, X, background=X[:9], output="prediction")
    assert_allclose(effects.values, 0, atol=1e-6)


def test_arrays_of_other_libraries_give_the_same(X, y, few):
    with config_context(array_api_dispatch=True):
        elsewhere = strict_elsewhere(X.copy())
        net = DeepNetClassifier(**few).fit(elsewhere, strict_elsewhere(y.copy()))
        found = integrated_gradients(net, elsewhere, background=elsewhere[:5, :])
        gradients = input_gradients(net, elsewhere)
    own = DeepNetClassifier(**few).fit(X, y)
    expected = integrated_gradients(own, X, background=X[:5])
    assert_allclose(found.values, expected.values, rtol=1e-6, atol=1e-8)
    assert_allclose(gradients, input_gradients(own, X), rtol=1e-6, atol=1e-8)
