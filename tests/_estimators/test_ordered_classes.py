"""Classifiers of ordered classes, against the likelihood of proportional odds."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score, train_test_split

from skshallow import DeepNetClassifier, ShallowNetClassifier, load
from skshallow.inspection import compare_with_baseline, gradient_check, input_gradients
from skshallow.losses import OrdinalLogLoss

NAMES = np.array(["low", "mid", "high", "top"])  # not in alphabetical order
LINEAR = {
    "depth": 0, "loss": "ordinal", "alpha": 0.0, "solver": "lbfgs",
    "max_iter": 2000, "tol": 0.0, "n_iter_no_change": 50,
}  # fmt: skip


def ordered_rows(n=400, seed=0):
    """Return rows, and classes 0 to 3 of a latent number with logistic noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)) * [1, 10, 0.1, 1]
    latent = X @ [1.5, -0.1, 5.0, 0.0] + rng.logistic(size=n)
    return X, np.digitize(latent, [-2.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def rows():
    return ordered_rows()


@pytest.fixture(scope="module")
def net(rows):
    return ShallowNetClassifier(16, loss="ordinal", max_iter=30, random_state=0).fit(*rows)


def categorical(y, names=NAMES):
    return pd.Series(pd.Categorical(names[y], categories=names, ordered=True))


def most_likely(X, y, weight=None):
    """Return coefficients and thresholds of proportional odds, by Nelder's likelihood."""
    n_features, n_classes = X.shape[1], y.max() + 1
    scale = X.std(axis=0)

    def parts(theta):
        steps = np.exp(theta[n_features + 1 :])
        return theta[:n_features] / scale, np.cumsum([theta[n_features], *steps])

    def minus_log_likelihood(theta):
        slopes, thresholds = parts(theta)
        bounds = np.array([-np.inf, *thresholds, np.inf])
        law = stats.logistic(loc=X @ slopes)
        p = law.cdf(bounds[y + 1]) - law.cdf(bounds[y])
        return np.average(-np.log(p), weights=weight)

    start = np.zeros(n_features + n_classes - 1)
    found = minimize(minus_log_likelihood, start, method="BFGS", options={"gtol": 1e-7})
    return *parts(found.x), found.fun


@pytest.mark.parametrize("weighted", [False, True])
def test_without_hidden_layers_it_is_the_proportional_odds_model(rows, weighted):
    X, y = rows
    weight = np.random.default_rng(1).exponential(size=len(y)) if weighted else None
    slopes, thresholds, least = most_likely(X, y, weight)
    net = DeepNetClassifier(**LINEAR).fit(X, y, sample_weight=weight)
    assert net.loss_ == pytest.approx(least, rel=1e-7)
    assert_allclose(net.coefs_[0][:, 0], slopes, rtol=2e-4, atol=2e-4)
    assert_allclose(-net.intercepts_[0], thresholds, rtol=2e-4, atol=2e-4)


def test_without_hidden_layers_it_is_statsmodels_ordered_model(rows):
    miscmodels = pytest.importorskip("statsmodels.miscmodels.ordinal_model")
    X, y = rows
    model = miscmodels.OrderedModel(y, X, distr="logit")
    theirs = model.fit(method="bfgs", gtol=1e-8, maxiter=1000, disp=False)
    net = DeepNetClassifier(**LINEAR).fit(X, y)
    assert_allclose(net.predict_proba(X), model.predict(theirs.params, X), atol=2e-5)
    assert_allclose(net.coefs_[0][:, 0], theirs.params[:4], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("members", [1, 3])
def test_two_classes_are_those_of_the_log_loss(rows, members):
    X, y = rows
    params = {"hidden_units": 8, "max_iter": 5, "n_members": members, "random_state": 0}
    ordinal = ShallowNetClassifier(**params, loss="ordinal").fit(X, y > 1)
    expected = ShallowNetClassifier(**params).fit(X, y > 1)
    assert_array_equal(ordinal.theta_, expected.theta_)
    assert ordinal.resolved_params_ == expected.resolved_params_


def test_probabilities_sum_to_one_and_are_those_of_ordered_thresholds(net, rows):
    X, _ = rows
    probability = net.predict_proba(X)
    assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
    hidden = net.hidden_activations(X)[-1]
    above = stats.logistic.cdf(hidden @ net.coefs_[-1] + net.intercepts_[-1])
    assert_allclose(probability[:, ::-1].cumsum(axis=1)[:, -2::-1], above, rtol=1e-10)
    assert (np.diff(net.intercepts_[-1]) < 0).all()
    assert net.coefs_[-1].shape == (16, 1)
    assert net.n_outputs_ == 3


def test_the_decision_function_has_the_log_probability_of_each_class(net, rows):
    X, _ = rows
    assert_array_equal(net.decision_function(X), net.predict_log_proba(X))
    assert_allclose(np.exp(net.decision_function(X)), net.predict_proba(X), rtol=1e-12)
    assert_array_equal(net.predict(X), net.predict_proba(X).argmax(axis=1))


# The order of the classes


def of_ordered_dtype(labels, names, library):
    """Return labels whose dtype says that the `names` are in order."""
    if library == "polars":
        return pl.Series(labels, dtype=pl.Enum(names))
    if library in ("pandas", "Categorical"):
        labels = pd.Categorical(labels, categories=names, ordered=True)
        return pd.Series(labels) if library == "pandas" else labels
    pa = pytest.importorskip("pyarrow")
    codes = pa.array([names.index(label) for label in labels])
    array = pa.DictionaryArray.from_arrays(codes, pa.array(names), ordered=True)
    return pa.chunked_array([array[:5], array[5:]]) if library == "Arrow" else array


@pytest.mark.parametrize("unused", [[], ["never"]], ids=["all", "unused category"])
@pytest.mark.parametrize(
    "library", ["pandas", "Categorical", "polars", "Arrow", "Arrow array"]
)
def test_an_ordered_dtype_gives_the_order_and_classes_stay_sorted(rows, library, unused):
    X, y = rows
    params = {"hidden_units": 8, "max_iter": 5, "random_state": 0}
    params |= {"loss": "ordinal", "early_stopping": False}
    names = [*unused, *NAMES]
    labels = of_ordered_dtype(NAMES[y], names, library)
    of_names = ShallowNetClassifier(**params).fit(X, labels)
    of_codes = ShallowNetClassifier(**params).fit(X, y)
    assert_array_equal(of_names.classes_, np.sort(NAMES))
    in_order = [list(of_names.classes_).index(name) for name in NAMES]
    assert_allclose(of_names.theta_, of_codes.theta_, rtol=1e-9, atol=1e-12)
    ours = of_names.predict_proba(X)[:, in_order]
    assert_allclose(ours, of_codes.predict_proba(X), rtol=1e-9)
    assert_array_equal(of_names.predict(X), NAMES[of_codes.predict(X)])


def test_ranks_say_the_same_as_an_ordered_dtype(rows):
    X, y = rows
    params = {"hidden_units": 8, "max_iter": 5, "random_state": 0}
    ranks = OrdinalLogLoss([2, 0, 1, 3])  # of high, low, mid, top
    ranked = ShallowNetClassifier(**params, loss=ranks).fit(X, NAMES[y])
    of_dtype = ShallowNetClassifier(**params, loss="ordinal").fit(X, categorical(y))
    assert_array_equal(ranked.theta_, of_dtype.theta_)
    with pytest.raises(ValueError, match="ranks 3 classes, and there are 4"):
        ShallowNetClassifier(**params, loss=OrdinalLogLoss([2, 0, 1])).fit(X, y)


def test_strings_in_alphabetical_order_are_warned_of(rows):
    X, y = rows
    net = ShallowNetClassifier(4, loss="ordinal", max_iter=2, early_stopping=False)
    with pytest.warns(UserWarning, match="alphabetical order: 'high' < 'low' < 'mid'"):
        net.fit(X, NAMES[y])
    letters = np.array(["A", "B", "C", "D"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(X, categorical(y, letters))  # the same order, but meant
        net.fit(X, y)
        net.fit(X, np.array(["no", "yes"])[(y > 1).astype(int)])


def test_the_order_of_a_dtype_is_nothing_to_other_losses(rows):
    X, y = rows
    params = {"hidden_units": 4, "max_iter": 2, "random_state": 0}
    ordered = ShallowNetClassifier(**params).fit(X, categorical(y))
    strings = ShallowNetClassifier(**params).fit(X, NAMES[y])
    assert_array_equal(ordered.theta_, strings.theta_)


def test_training_goes_on_with_the_order_and_refuses_another(rows):
    X, y = rows
    labels = categorical(y)
    net = ShallowNetClassifier(4, loss="ordinal", random_state=0)
    categories = pd.Categorical(NAMES, categories=NAMES, ordered=True)
    net.partial_fit(X, NAMES[y], classes=categories)
    net.partial_fit(X, NAMES[y]).partial_fit(X, labels)
    turned = categorical(3 - y, NAMES[::-1])
    assert_array_equal(turned, labels)
    with pytest.raises(ValueError, match="another order of the classes"):
        net.partial_fit(X, turned)
    fewer = pd.Series(pd.Categorical(["low"] * 8, ["low", "mid"], ordered=True))
    with pytest.raises(ValueError, match=r"without classes 'high', 'top'"):
        net.partial_fit(X[:8], fewer)
    with pytest.raises(ValueError, match="another order of the classes"):
        net.set_params(loss=OrdinalLogLoss([0, 1, 2, 3])).partial_fit(X, NAMES[y])


def test_weights_of_another_loss_are_not_continued_with(rows):
    net = ShallowNetClassifier(4, max_iter=2, warm_start=True, random_state=0).fit(*rows)
    with pytest.raises(ValueError, match="has a CumulativeLink"):
        net.set_params(loss="ordinal").fit(*rows)


# What every other classifier can do


def test_a_class_without_rows_has_a_probability_and_is_learned_later(rows):
    X, y = rows
    net = ShallowNetClassifier(8, loss="ordinal", learning_rate=0.02, random_state=0)
    present = y != 1
    net.partial_fit(X[present], y[present], classes=range(4))
    before = net.predict_proba(X)[y == 1, 1].mean()
    assert 0 < before < 0.01
    for _ in range(120):
        net.partial_fit(X, y)
    assert net.predict_proba(X)[y == 1, 1].mean() > 0.2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes_far_apart_are_learned_without_a_warning(dtype):
    x = np.repeat([-10.0, -1.0, 1.0, 10.0], 50)[:, np.newaxis]
    y = np.repeat(np.arange(4), 50)
    params = {"loss": "ordinal", "max_iter": 350, "random_state": 0}
    net = DeepNetClassifier(16, dtype=dtype, **params).fit(x, y)
    assert net.score(x, y) == 1
    assert net.predict_proba(x)[np.arange(200), y].min() > 0.7
    assert np.isfinite(net.predict_log_proba(1e6 * x)).all()


def test_members_predict_the_mean_of_their_probabilities(rows):
    X, y = rows
    params = {"loss": "ordinal", "n_members": 3, "max_iter": 5, "random_state": 0}
    net = ShallowNetClassifier(8, **params).fit(X, y)
    assert_allclose(net.predict_members(X).mean(axis=0), net.predict_proba(X), rtol=1e-10)
    held_out = ShallowNetClassifier(8, **params, early_stopping=True).fit(X, y)
    found = held_out.oof_prediction_.sum(axis=1)
    assert_allclose(found[~np.isnan(found)], 1, rtol=1e-10)
    assert np.isfinite(found).sum() > 100


@pytest.mark.parametrize("n_members", [1, 3])
def test_the_temperature_divides_all_log_odds(rows, n_members):
    X, y = rows
    params = {"hidden_units": 8, "loss": "ordinal", "n_members": n_members}
    params |= {"early_stopping": True, "random_state": 0, "max_iter": 1}
    if n_members > 1:
        params["cross_fit"] = False
    plain = ShallowNetClassifier(**params, temperature_scaling=False).fit(X, y)
    scaled = ShallowNetClassifier(**params, temperature_scaling=True).fit(X, y)
    temperature = scaled.temperature_
    assert temperature != 1
    bias, coef = scaled.intercepts_[-1], scaled.coefs_[-1]
    assert_allclose(bias * temperature, plain.intercepts_[-1], rtol=1e-9)
    assert_allclose(coef * temperature, plain.coefs_[-1], rtol=1e-12)


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("depth", [0, 1])
def test_given_weights_predict_the_same(rows, n_members, depth):
    X, y = rows
    shape = {"hidden_units": [8] * depth} if depth else {"depth": 0}
    params = {"loss": "ordinal", "n_members": n_members}
    net = DeepNetClassifier(
        **shape, **params, max_iter=3, numeric_encoding=None, random_state=0
    ).fit(X, y)
    given = DeepNetClassifier.from_weights(net.coefs_, net.intercepts_, **params)
    assert_array_equal(given.classes_, range(4))
    assert_allclose(given.predict_proba(X), net.predict_proba(X), rtol=1e-9)
    if n_members == depth == 1:
        backwards = [net.intercepts_[0], net.intercepts_[1][::-1]]
        with pytest.raises(ValueError, match="must decrease"):
            DeepNetClassifier.from_weights(net.coefs_, backwards, **params)


def test_a_file_has_the_thresholds_and_the_order(tmp_path, rows):
    X, y = rows
    net = ShallowNetClassifier(4, loss="ordinal", max_iter=3, random_state=0)
    net.fit(X, categorical(y)).save(tmp_path / "net.npz")
    loaded = load(tmp_path / "net.npz")
    assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))
    assert loaded.network_ == net.network_


@pytest.mark.parametrize("n_members", [1, 2])
def test_the_gradient_of_thresholds_is_checked(rows, n_members):
    X, y = rows
    net = DeepNetClassifier(
        [5, 4], activation="tanh", loss="ordinal", n_members=n_members, random_state=0
    )
    assert gradient_check(net, X, categorical(y)).passed


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("output", ["raw", "prediction"])
def test_effects_are_those_on_scores_or_probabilities(rows, n_members, output):
    X, y = rows
    net = ShallowNetClassifier(
        6, activation="tanh", loss="ordinal", n_members=n_members, max_iter=5,
        clip_features=False, numeric_encoding=None, random_state=0,
    ).fit(X, categorical(y))  # fmt: skip
    effects = input_gradients(net, X[:7], output=output)
    predict = net.decision_function if output == "raw" else net.predict_proba
    for column, step in enumerate([1e-4, 1e-3, 1e-5, 1e-4]):
        moved = step * np.eye(4)[column]
        slope = (predict(X[:7] + moved) - predict(X[:7] - moved)) / (2 * step)
        assert_allclose(effects[:, column], slope, rtol=1e-4, atol=1e-6)


def test_the_comparison_with_a_linear_model_works(rows):
    X, y = rows
    net = ShallowNetClassifier(8, loss="ordinal", max_iter=5, random_state=0)
    comparison = compare_with_baseline(net, X, y, cv=3)
    assert np.isfinite(comparison.net.log_loss).all()
    assert comparison.effects(X[:50]).net_effects.shape == (50, 4, 4)


def test_scikit_learns_calibration_and_scorers_take_it(rows):
    X, y = rows
    net = ShallowNetClassifier(8, loss="ordinal", max_iter=20, random_state=0)
    labels = categorical(y)
    scores = cross_val_score(net, X, labels, scoring="neg_log_loss", cv=3)
    assert scores.min() > -1.3
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    calibrated = CalibratedClassifierCV(net, cv=2).fit(X_train, y_train)
    assert log_loss(y_test, calibrated.predict_proba(X_test)) < 1.3


def test_the_error_for_another_librarys_name_names_the_loss(rows):
    for name in ("coral", "cumulative_logit", "proportional_odds", "Ordinal"):
        with pytest.raises(
            ValueError, match=r"Write loss='ordinal'|Did you mean 'ordinal'"
        ):
            ShallowNetClassifier(loss=name).fit(*rows)


def test_weights_that_are_given_with_names_in_alphabetical_order_warn():
    net = DeepNetClassifier(4, loss=OrdinalLogLoss((2, 0, 1)), max_iter=2, random_state=0)
    X = np.random.default_rng(0).normal(size=(60, 2))
    net.fit(X, np.array(["high", "low", "mid"])[np.arange(60) % 3])
    weights, classes = (net.coefs_, net.intercepts_), {"classes": net.classes_}
    with pytest.warns(UserWarning, match="'high' < 'low' < 'mid'"):
        DeepNetClassifier.from_weights(*weights, loss="ordinal", **classes)
    given = DeepNetClassifier.from_weights(*weights, loss=net.loss, **classes)
    assert_allclose(given.predict_proba(X), net.predict_proba(X))


def test_ranks_in_the_loss_keep_the_order_where_labels_are_encoded():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    grade = np.digitize(X[:, 0] + 0.3 * rng.normal(size=300), [-0.5, 0.5])
    y = np.array(["low", "mid", "high"])[grade]
    params = {"max_iter": 100, "batch_size": 32, "random_state": 0}
    net = DeepNetClassifier(8, loss=OrdinalLogLoss((2, 0, 1)), **params)
    alone = net.fit(X, y).score(X, y)
    bag = BaggingClassifier(net, 2, random_state=0).fit(X, y)
    assert bag.score(X, y) > alone - 0.05 > 0.6
