"""Temperature scaling against its definition, and in classifiers."""

import math

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, softmax
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.metrics import log_loss

from skshallow import DeepNetClassifier, ShallowNetClassifier
from skshallow._estimators.fit import temperature as module
from skshallow._estimators.fit.temperature import (
    COLDEST,
    HOTTEST,
    Optimum,
    TemperatureScaling,
    search,
)
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.losses import BinomialLogLoss, MultinomialLogLoss, OrdinalLogLoss


@pytest.mark.parametrize("true_temperature", [0.3, 1.0, 4.0])
def test_the_true_temperature_of_simulated_labels_is_recovered(true_temperature):
    rng = np.random.default_rng(0)
    odds = rng.normal(scale=2, size=(50_000, 1))
    y = (rng.random(odds.shape) < expit(odds)).astype(float)
    found = TemperatureScaling(BinomialLogLoss(), y).best(odds * true_temperature)
    assert found == pytest.approx(true_temperature, rel=0.03)


def test_the_best_temperature_has_the_smallest_log_loss():
    rng = np.random.default_rng(1)
    raw = 3 * rng.normal(size=(400, 4))
    labels = np.array([rng.choice(4, p=p) for p in softmax(raw / 2, axis=1)])
    weight = rng.random(400)
    best = TemperatureScaling(MultinomialLogLoss(), labels[:, np.newaxis], weight).best(raw)

    def weighted(temperature):
        probability = softmax(raw / temperature, axis=1)
        return log_loss(labels, probability, sample_weight=weight)

    assert all(weighted(best) <= weighted(best * f) for f in (0.5, 0.99, 1.01, 2))


@pytest.mark.parametrize("shape", [(50, 6), (3, 50, 6)], ids=["one net", "members"])
@pytest.mark.parametrize("values_at_once", [1, 40, 301])
def test_parts_of_any_size_give_the_same_temperature(values_at_once, shape, monkeypatch):
    rng = np.random.default_rng(0)
    raw, weight = 4 * rng.normal(size=shape), rng.random(50)
    loss, y = MultinomialLogLoss().smoothed(0.1), rng.integers(6, size=(50, 1))
    at_once = TemperatureScaling(loss, y, weight).refined_loss(raw)
    temperature = TemperatureScaling(loss, y, weight).best(raw)
    monkeypatch.setattr(module, "VALUES_PER_EVALUATION", values_at_once)
    assert TemperatureScaling(loss, y, weight).refined_loss(raw) == pytest.approx(
        at_once, rel=1e-12
    )
    assert TemperatureScaling(loss, y, weight).best(raw) == pytest.approx(
        temperature, rel=1e-6
    )


def raw_of(shape, scale, rng):
    """Return raw predictions of a `scale`, in columns of which none follows another."""
    return scale * rng.normal(size=shape)


PROBLEMS = {
    "binary": (BinomialLogLoss(), (80, 1)),
    "multilabel": (BinomialLogLoss(), (80, 3)),
    "multiclass": (MultinomialLogLoss(), (80, 4)),
    "smoothed": (MultinomialLogLoss().smoothed(0.1), (80, 4)),
    "ordinal": (OrdinalLogLoss(), (80, 3)),
    "binary members": (BinomialLogLoss(), (3, 80, 1)),
    "multiclass members": (MultinomialLogLoss(), (3, 80, 4)),
    "ordinal members": (OrdinalLogLoss(), (3, 80, 3)),
}


def problem(name, scale, rng):
    """Return a loss, targets that follow raw predictions in part, these, and weights."""
    loss, shape = PROBLEMS[name]
    raw, weight = raw_of(shape, 1.0, rng), rng.random(80)
    if loss.takes_codes:
        n_classes = loss.link.inverse(raw).shape[-1]
        right = loss.link.inverse(loss.link.combine(raw)).argmax(axis=-1)
        codes = np.where(rng.random(80) < 0.6, right, rng.integers(n_classes, size=80))
        return loss, codes[:, np.newaxis], scale * raw, weight
    odds = loss.link.combine(raw)
    return loss, (rng.random(odds.shape) < expit(odds)).astype(float), scale * raw, weight


def scipys(loss, y, raw, weight):
    """Return SciPy's least mean loss, and the logarithm of its temperature."""

    def mean_loss(log_temperature):
        scaled = loss.link.at_temperature(raw.astype(float), np.exp(log_temperature))
        return np.average(loss.loss(y, loss.link.combine(scaled)), weights=weight)

    bounds = np.log([COLDEST, HOTTEST])
    grid = np.linspace(*bounds, 60)
    at = grid[np.argmin([mean_loss(each) for each in grid])]
    near = np.clip([at - 0.2, at + 0.2], *bounds)
    found = minimize_scalar(
        mean_loss, bounds=near, method="bounded", options={"xatol": 1e-9}
    )
    return min((float(mean_loss(each)), each) for each in (found.x, *bounds))


@pytest.mark.parametrize(
    ("name", "scale", "dtype"),
    covering(PROBLEMS, [1e-3, 0.3, 1.0, 4.0, 1e3], [np.float32, np.float64]),
)
def test_the_least_loss_is_that_of_scipy(name, scale, dtype):
    rng = np.random.default_rng(0)
    loss, y, raw, weight = problem(name, scale, rng)
    scaling = TemperatureScaling(loss, y, weight)
    for epoch in range(4):  # each search starts where the last one ended
        now = ((1 + epoch / 10) * raw + raw_of(raw.shape, scale / 10, rng)).astype(dtype)
        least, log_temperature = scipys(loss, y, now, weight)
        assert scaling.refined_loss(now) == pytest.approx(least, abs=1e-6)
        found = math.log(TemperatureScaling(loss, y, weight).best(now))
        assert found == pytest.approx(log_temperature, abs=1e-4)


def test_the_search_counts_few_slopes_after_the_first_epoch():
    slopes = []

    def slope(log_temperature, at):
        slopes.append(log_temperature)
        return math.tanh(log_temperature - at)

    last = search(lambda t: slope(t, 0.7), Optimum(), 1e-7)
    assert last.log_temperature == pytest.approx(0.7, abs=1e-4)
    slopes.clear()
    for at in (0.72, 0.71, 0.75):
        last = search(lambda t, at=at: slope(t, at), last, 1e-7)
        assert last.log_temperature == pytest.approx(at, abs=1e-3)
    assert len(slopes) <= 7


def test_a_function_with_a_flat_part_and_a_bend_has_its_least_value_found():
    def slope(log_temperature):  # concave on the left, then convex
        return np.sin(log_temperature - 1.5)

    for start in np.linspace(-1.5, 2.9, 12):
        found = search(slope, Optimum(start), 1e-10).log_temperature
        assert found == pytest.approx(1.5, abs=1e-4)


def test_raw_predictions_that_are_not_finite_keep_the_last_temperature():
    y, raw = np.array([[1.0], [0.0]]), np.array([[np.inf], [np.nan]])
    scaling = TemperatureScaling(BinomialLogLoss(), y, None)
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(scaling.refined_loss(raw))
    assert scaling.last == Optimum()


def test_rows_all_classified_right_or_wrong_give_the_bounds():
    y = np.ones((5, 1))
    assert TemperatureScaling(BinomialLogLoss(), y).best(y) == pytest.approx(
        COLDEST, rel=1e-3
    )
    assert TemperatureScaling(BinomialLogLoss(), y).best(-y) == pytest.approx(
        HOTTEST, rel=1e-3
    )


def noisy(n_classes):
    return make_classification(
        n_samples=400,
        n_features=8,
        n_informative=5,
        n_classes=n_classes,
        flip_y=0.3,
        random_state=0,
    )


PARAMS = {"hidden_units": 32, "max_iter": 60, "random_state": 0}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_scaling_changes_probabilities_and_no_predicted_class(n_classes, label_smoothing):
    X, y = noisy(n_classes)
    held_out = {"X_val": X[300:], "y_val": y[300:]}
    params = PARAMS | {"label_smoothing": label_smoothing, "early_stopping": False}
    plain = DeepNetClassifier(**params).fit(X[:300], y[:300], **held_out)
    scaled = DeepNetClassifier(**params, temperature_scaling=True)
    scaled.fit(X[:300], y[:300], **held_out)
    assert_allclose(
        scaled.decision_function(X) * scaled.temperature_, plain.decision_function(X)
    )
    assert_array_equal(scaled.predict(X), plain.predict(X))
    # as if there was one row more, of every class in equal shares
    target = (100 * np.eye(n_classes)[y[300:]] + 1 / n_classes) / 101
    before, after = (
        -np.mean(np.sum(target * net.predict_log_proba(X[300:]), axis=1))
        for net in (plain, scaled)
    )
    assert after < before
    assert not hasattr(plain, "temperature_")


def test_the_temperature_is_folded_into_the_weights():
    X, y = noisy(2)
    net = ShallowNetClassifier(**PARAMS, early_stopping=True, temperature_scaling=True)
    net.set_params(clip_features=False, numeric_encoding=None).fit(X, y)
    copy = ShallowNetClassifier.from_weights(net.coefs_, net.intercepts_)
    assert_allclose(copy.predict_proba(X), net.predict_proba(X))


def test_labels_share_one_temperature():
    X, Y = make_multilabel_classification(n_samples=200, n_classes=3, random_state=0)
    net = ShallowNetClassifier(**PARAMS, temperature_scaling=True)
    net.fit(X[:150], Y[:150], X_val=X[150:], y_val=Y[150:])
    assert net.predict_proba(X).shape == Y.shape
    assert_allclose(logit(net.predict_proba(X[:5])), net.decision_function(X[:5]))


def test_a_fit_without_scaling_removes_the_temperature():
    X, y = noisy(2)
    net = ShallowNetClassifier(**PARAMS, early_stopping=True, temperature_scaling=True)
    assert net.fit(X, y).temperature_ > 0
    assert not hasattr(net.set_params(temperature_scaling=False).fit(X, y), "temperature_")


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
def test_scaling_without_validation_data_warns():
    X, y = noisy(2)
    net = ShallowNetClassifier(**PARAMS, temperature_scaling=True, early_stopping=False)
    with pytest.warns(IneffectiveParameterWarning, match=r"temperature_.* early_stopping"):
        assert not hasattr(net.fit(X, y), "temperature_")
    with pytest.warns(IneffectiveParameterWarning, match="temperature_scaling"):
        clone(net).partial_fit(X, y, classes=[0, 1])


def test_overfitted_noise_gets_a_high_temperature():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 10)), rng.integers(2, size=400)
    net = DeepNetClassifier(**PARAMS, temperature_scaling=True, early_stopping=False)
    net.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert net.temperature_ > 2


def test_the_refined_loss_is_the_loss_at_the_best_temperature():
    rng = np.random.default_rng(0)
    raw = 5 * rng.normal(size=(200, 3))
    labels = np.where(rng.random(200) < 0.7, raw.argmax(axis=1), rng.integers(3, size=200))
    y = labels[:, np.newaxis]
    loss = MultinomialLogLoss()
    temperature = TemperatureScaling(loss, y).best(raw)
    expected = log_loss(labels, softmax(raw / temperature, axis=1))
    assert TemperatureScaling(loss, y).refined_loss(raw) == pytest.approx(
        expected, abs=1e-5
    )
    assert TemperatureScaling(loss, y).refined_loss(3 * raw) == pytest.approx(
        expected, abs=1e-5
    )


def test_the_best_epoch_has_the_smallest_refined_loss():
    X, y = noisy(3)
    net = DeepNetClassifier(**PARAMS).fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert net.best_iter_ == 1 + net.validation_loss_curve_.argmin()
    # the one row more, of every class in equal shares, is in it as in the temperature
    target = (100 * np.eye(3)[y[300:]] + 1 / 3) / 101
    after = -np.mean(np.sum(target * net.predict_log_proba(X[300:]), axis=1))
    assert net.validation_loss_curve_.min() == pytest.approx(after, abs=1e-4)
