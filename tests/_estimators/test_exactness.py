"""Across modules: nets against linear models of scikit-learn, and equations by hand."""

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier
from skshallow.activations import ACTIVATIONS

EXACT = {"depth": 0, "solver": "lbfgs", "tol": 1e-9, "max_iter": 10_000}
ALPHA = 0.01


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X)[::2, :12], y[::2]


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), np.array(["c", "a", "b"])[y]


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def weights_like(y):
    return np.random.default_rng(0).uniform(0.1, 5, size=len(y))


def logistic(total_weight, **params):
    """Return LogisticRegression with the objective of a net of penalty ALPHA."""
    C = 1 / (ALPHA * total_weight)
    return LogisticRegression(C=C, tol=1e-10, max_iter=10_000, **params)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("data", ["cancer", "iris"])
def test_depth_zero_equals_logistic_regression(data, weighted, request):
    X, y = request.getfixturevalue(data)
    weight = weights_like(y) if weighted else np.ones(len(y))
    net = DeepNetClassifier(alpha=ALPHA, standardize=False, **EXACT)
    net.fit(X, y, sample_weight=weight if weighted else None)
    theirs = logistic(weight.sum()).fit(X, y, sample_weight=weight)
    assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    assert_allclose(net.predict_log_proba(X), theirs.predict_log_proba(X), atol=1e-4)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("class_weight", ["balanced", {"a": 5.0, "b": 0.5, "c": 1.5}])
def test_class_weights_equal_those_of_logistic_regression(iris, class_weight, weighted):
    X, y = iris[0][:130], iris[1][:130]
    weight = weights_like(y) if weighted else np.ones(len(y))
    if class_weight == "balanced":
        total = weight.sum()  # it keeps the sum of the weights
    else:
        total = weight @ [class_weight[label] for label in y]
    net = DeepNetClassifier(
        alpha=ALPHA, standardize=False, class_weight=class_weight, **EXACT
    )
    net.fit(X, y, sample_weight=weight)
    theirs = logistic(total, class_weight=class_weight).fit(X, y, sample_weight=weight)
    assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


def test_depth_zero_multilabel_equals_one_logistic_regression_per_label(iris):
    X, y = iris
    Y = np.column_stack([y == "a", y != "b", X[:, 0] > 0]).astype(int)
    net = DeepNetClassifier(alpha=ALPHA, standardize=False, **EXACT).fit(X, Y)
    for k, label in enumerate(Y.T):
        theirs = logistic(len(y)).fit(X, label)
        assert_allclose(
            net.predict_proba(X)[:, k], theirs.predict_proba(X)[:, 1], atol=1e-5
        )


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_depth_zero_equals_ridge(diabetes, n_outputs, weighted):
    X, y = diabetes[0], diabetes[1] / 100
    if n_outputs > 1:
        y = np.column_stack([y, X[:, 0] - 0.5 * y, X[:, 1] * X[:, 2]])
    weight = weights_like(y) if weighted else np.ones(len(y))
    net = DeepNetRegressor(alpha=ALPHA, standardize=False, **EXACT)
    net.fit(X, y, sample_weight=weight if weighted else None)
    theirs = Ridge(alpha=weight.sum() * ALPHA).fit(X, y, sample_weight=weight)
    assert_allclose(net.predict(X), theirs.predict(X), rtol=1e-5, atol=1e-5)
    assert_allclose(net.coefs_[0].T.squeeze(), theirs.coef_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    ("loss", "theirs"), [("poisson", PoissonRegressor), ("gamma", GammaRegressor)]
)
def test_depth_zero_equals_generalised_linear_models(diabetes, loss, theirs, weighted):
    X, y = diabetes
    weight = weights_like(y) if weighted else None
    net = DeepNetRegressor(loss=loss, alpha=ALPHA, standardize=False, **EXACT)
    net.fit(X, y / 100, sample_weight=weight)
    theirs = theirs(alpha=ALPHA, tol=1e-9, max_iter=10_000)
    theirs.fit(X, y / 100, sample_weight=weight)
    assert_allclose(net.predict(X), theirs.predict(X), rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_standardize_equals_a_standard_scaler_before_the_linear_model(weighted):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    weight = weights_like(y) if weighted else np.ones(len(y))
    net = DeepNetRegressor(alpha=ALPHA, **EXACT).fit(X, y, sample_weight=weight)
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=weight.sum() * ALPHA))
    theirs.fit(X, y, standardscaler__sample_weight=weight, ridge__sample_weight=weight)
    assert_allclose(net.predict(X), theirs.predict(X), rtol=1e-5)


def test_label_smoothing_equals_logistic_regression_on_rows_of_both_labels(cancer):
    X, y = cancer
    net = DeepNetClassifier(alpha=ALPHA, standardize=False, label_smoothing=0.2, **EXACT)
    net.fit(X, y)
    share = np.repeat([0.9, 0.1], len(y))  # 0.2 spread over two classes
    theirs = logistic(len(y))
    theirs.fit(np.vstack([X, X]), np.concatenate([y, 1 - y]), sample_weight=share)
    assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_depth_zero_equals_logistic_regression_on_rows_of_all_classes(
    label_smoothing, weighted
):
    X, y = load_digits(n_class=6, return_X_y=True)
    X, y = X[:300] / 16, y[:300]
    weight = weights_like(y) if weighted else np.ones(len(y))
    net = DeepNetClassifier(
        alpha=ALPHA, standardize=False, label_smoothing=label_smoothing, **EXACT
    )
    net.fit(X, y, sample_weight=weight)
    shares = [(1 - label_smoothing) * (y == c) + label_smoothing / 6 for c in range(6)]
    theirs = logistic(weight.sum())
    theirs.fit(
        np.tile(X, (6, 1)),
        np.repeat(np.arange(6), len(y)),
        sample_weight=np.concatenate([weight * share for share in shares]),
    )
    assert_allclose(net.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("depth", [1, 3])
def test_identity_regression_of_any_depth_fits_no_better_than_the_linear_model(
    diabetes, depth
):
    X, y = diabetes
    net = DeepNetRegressor(
        8, depth=depth, activation="identity", alpha=0, solver="lbfgs", tol=1e-6,
        max_iter=3000, random_state=0,
    ).fit(X, y)  # fmt: skip
    best = LinearRegression().fit(X, y).score(X, y)
    assert net.score(X, y) <= best + 1e-12
    assert net.score(X, y) > best - 1e-4  # and it does find the linear model


@pytest.mark.parametrize("depth", [1, 3])
def test_identity_classification_of_any_depth_fits_no_better_than_the_linear_model(depth):
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, :2], y[50:]  # two classes that no line separates
    net = DeepNetClassifier(
        8, depth=depth, activation="identity", alpha=0, solver="lbfgs", tol=1e-7,
        max_iter=3000, random_state=0,
    ).fit(X, y)  # fmt: skip
    linear = LogisticRegression(C=np.inf, tol=1e-9, max_iter=10_000).fit(X, y)
    best = log_loss(y, linear.predict_proba(X))
    assert log_loss(y, net.predict_proba(X)) >= best - 1e-12
    assert log_loss(y, net.predict_proba(X)) < best + 1e-4


def test_identity_layers_multiply_out_to_one_affine_map(diabetes):
    X, y = diabetes
    net = DeepNetRegressor([6, 5], activation="identity", max_iter=5, random_state=0,
                           n_iter_no_change=np.inf).fit(X, y)  # fmt: skip
    weight, bias = np.eye(X.shape[1]), np.zeros(X.shape[1])
    for coef, intercept in zip(net.coefs_, net.intercepts_, strict=True):
        weight, bias = weight @ coef, bias @ coef + intercept
    assert_allclose(X @ weight + bias, net.predict(X).reshape(-1, 1), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The loss was still improving")
@pytest.mark.parametrize(
    ("activation", "solver"),
    covering(ACTIVATIONS, ["sgd", "adam", "lbfgs"], apart=[(0, 1)]),
)
def test_zero_initialisation_leaves_the_units_of_a_layer_equal_for_ever(
    iris, activation, solver
):
    X, y = iris
    stochastic = {"batch_size": 10, "learning_rate": 0.05, "n_iter_no_change": np.inf}
    net = DeepNetClassifier(
        [5, 4], activation=activation, init="zeros", solver=solver, max_iter=10,
        record_health=False,
        **({} if solver == "lbfgs" else stochastic),
    )  # fmt: skip
    net.fit(X, y)
    for layer in net.hidden_activations(X):
        assert_allclose(layer, layer[:, :1] @ np.ones((1, layer.shape[1])), rtol=1e-8)


def test_random_initialisation_breaks_the_symmetry(iris):
    X, y = iris
    net = ShallowNetClassifier(
        4, activation="sigmoid", init="normal", init_scale=0.01, max_iter=10,
        n_iter_no_change=np.inf, random_state=0,
    ).fit(X, y)  # fmt: skip
    (hidden,) = net.hidden_activations(X)
    assert (np.ptp(hidden, axis=1) > 0.01).any()


def test_gradient_descent_is_the_six_equations_of_a_two_layer_net(cancer):
    """One step of plain gradient descent on sigmoid(tanh(X W1 + b1) W2 + b2)."""
    X, y = cancer
    rng = np.random.default_rng(0)
    m = len(X)
    W1, b1 = rng.normal(size=(X.shape[1], 3)), rng.normal(size=3)
    W2, b2 = rng.normal(size=(3, 1)), rng.normal(size=1)
    net = ShallowNetClassifier.from_weights(
        [W1, W2], [b1, b2], activation="tanh", solver="sgd", batch_size=None,
        learning_rate=0.3, schedule="constant", alpha=0, standardize=False, max_iter=1,
        warm_start=True, n_iter_no_change=np.inf, early_stopping=False,
        label_smoothing=0.0,
    )  # fmt: skip
    net.fit(X, y)

    A1 = np.tanh(X @ W1 + b1)
    A2 = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    dZ2 = A2 - y[:, np.newaxis]
    dW2 = A1.T @ dZ2 / m
    db2 = dZ2.sum(axis=0) / m
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    dW1 = X.T @ dZ1 / m
    db1 = dZ1.sum(axis=0) / m
    for after, before, gradient in zip(
        [*net.coefs_, *net.intercepts_], [W1, W2, b1, b2], [dW1, dW2, db1, db2], strict=True
    ):
        assert_allclose(after, before - 0.3 * gradient, rtol=1e-10)
    assert_allclose(net.loss_, log_loss(y, A2[:, 0]), rtol=1e-10)


def test_gradient_of_several_targets_is_that_of_each_target_alone(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, X[:, 0] * 50, -y])
    start = np.random.default_rng(0).normal(size=(X.shape[1], 3))
    step = {
        "solver": "sgd", "batch_size": None, "learning_rate": 0.1, "max_iter": 1,
        "standardize": False, "warm_start": True, "n_iter_no_change": np.inf,
        "early_stopping": False,
    }  # fmt: skip
    together = DeepNetRegressor.from_weights([start], [np.zeros(3)], **step).fit(X, Y)
    for k in range(3):
        alone = DeepNetRegressor.from_weights([start[:, [k]]], [[0.0]], **step)
        alone.fit(X, Y[:, k])
        assert_allclose(together.coefs_[0][:, [k]], alone.coefs_[0], rtol=1e-10)
