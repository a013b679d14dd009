"""Constant targets, alone or beside others, are predicted to rounding."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skshallow import DeepNetRegressor, ShallowNetClassifier, ShallowNetRegressor
from skshallow.losses import REGRESSION_LOSSES, Quantile
from skshallow.solvers import SOLVERS

LOSSES = [*REGRESSION_LOSSES, Quantile(0.9), Quantile([0.1, 0.5, 0.9])]
STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


@pytest.fixture
def few():
    return {"hidden_units": 8, "max_iter": 8, "max_grad_norm": 1.0, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    """Features, and positive targets."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    return X, np.exp(X[:, 0]) + 0.1


def beside(y, *columns):
    """Return targets (n, 1 + n_columns): `y`, then these, numbers or vectors."""
    return np.column_stack([y, *(np.broadcast_to(column, y.shape) for column in columns)])


@each_loss
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constants_beside_another_target_are_predicted_exactly(
    rows, few, loss, standardize, dtype
):
    X, y = rows
    weight = np.random.default_rng(1).uniform(0.1, 2, len(y))
    constants = [0.1, 5.0, 1 / 3]
    net = ShallowNetRegressor(**few, loss=loss, standardize=standardize, dtype=dtype)
    prediction = net.fit(X, beside(y, *constants), sample_weight=weight).predict(X)
    rtol = 8 * np.finfo(dtype).eps
    assert_allclose(prediction[:, 1:], np.tile(constants, (60, 1)), rtol=rtol)
    assert np.ptp(prediction[:, 0]) > 0.1 * np.ptp(y)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("net_class", [ShallowNetRegressor, DeepNetRegressor])
def test_every_solver_leaves_constants_alone(rows, few, solver, net_class):
    X, y = rows
    if solver == "lbfgs":
        few |= {"max_iter": 200, "tol": 0.02, "max_grad_norm": None}
    net = net_class(**few, solver=solver, n_members=2).fit(X, beside(y, -1e6, 0.0))
    assert_allclose(net.predict(X)[:, 1:], np.tile([-1e6, 0], (60, 1)), rtol=1e-14)


@each_loss
def test_a_target_that_is_constant_to_rounding_is_predicted_to_rounding(rows, few, loss):
    X, y = rows
    noise = np.random.default_rng(0).integers(-2, 3, 60) * np.finfo(float).eps
    net = ShallowNetRegressor(**few, loss=loss).fit(X, beside(y, 0.3 * (1 + noise)))
    assert_allclose(net.predict(X)[:, 1], 0.3, rtol=1e-14)


@each_loss
def test_a_lone_constant_is_predicted_exactly(rows, few, loss):
    net = ShallowNetRegressor(**few, loss=loss).fit(rows[0], np.full(60, 0.7))
    assert_allclose(net.predict(rows[0]), 0.7, rtol=1e-14)
    if hasattr(net, "predict_interval"):
        assert np.isfinite(net.predict_interval(rows[0], 0.8)).all()


def test_held_out_rows_may_differ_from_the_constant(rows, few):
    X, y = rows
    net = ShallowNetRegressor(**few, early_stopping=True)
    net.fit(X, beside(y, 2.0), X_val=X, y_val=beside(y, y))
    assert_allclose(net.predict(X)[:, 1], 2.0, rtol=1e-14)


def test_a_constant_changes_nothing_for_the_other_target(rows):
    X, y = rows
    few = {"max_iter": 20, "random_state": 0, "solver": "sgd", "learning_rate": 0.01}
    linear = DeepNetRegressor(depth=0, init="zeros", **few)
    one = linear.fit(X, y).predict(X)
    two = linear.fit(X, beside(y, 3.0)).predict(X)
    assert_allclose(two[:, 0], one, rtol=1e-12)


def test_warm_starts_keep_constants_and_learn_what_has_changed(rows, few):
    X, y = rows
    net = ShallowNetRegressor(**few | {"max_iter": 60}, warm_start=True)
    for _ in range(3):
        net.fit(X, beside(y, 4.0))
    assert_allclose(net.predict(X)[:, 1], 4.0, rtol=1e-14)
    net.fit(X, beside(y, 4 + X[:, 1]))
    assert np.corrcoef(net.predict(X)[:, 1], X[:, 1])[0, 1] > 0.9


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_partial_fit_learns_a_target_that_was_constant_at_first(rows, solver):
    X, y = rows
    net = ShallowNetRegressor(8, solver=solver, random_state=0)
    for _ in range(20):
        net.partial_fit(X[:30], beside(y[:30], 4.0))
    assert_allclose(net.predict(X)[:, 1], 4.0, rtol=1e-12)
    for _ in range(60):
        net.partial_fit(X, beside(y, 4 + X[:, 1]))
    assert np.corrcoef(net.predict(X)[:, 1], X[:, 1])[0, 1] > 0.8


def test_single_rows_are_no_constants(rows):
    X, y = rows
    net = ShallowNetRegressor(8, random_state=0).partial_fit(X[:1], y[:1])
    assert net.coefs_[-1].any()


def test_labels_that_all_rows_have_are_still_learned(rows, few):
    X, y = rows
    labels = np.column_stack([y > 1, np.ones(60)]).astype(int)
    net = ShallowNetClassifier(**few).fit(X, labels)
    assert net.predict_proba(X)[:, 1].min() > 0.9
    assert_array_equal(net.predict(X)[:, 1], 1)
