"""Fits that predict no better than a constant warn, and sensible ones do not."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from covering import covering
from scipy.optimize import OptimizeResult
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.solvers import LBFGS, AdamW

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
SGD = {"solver": "sgd", "schedule": "constant"}
NO_USE = "of no use. Try a {}"


@pytest.mark.parametrize(
    ("solver", "patience", "seed"),
    covering(["sgd", "momentum", "nesterov"], ["auto", np.inf], range(3)),
)
def test_a_rate_of_ten_on_iris_warns(solver, patience, seed):
    net = ShallowNetClassifier(
        solver=solver,
        learning_rate=10,
        schedule="constant",
        n_iter_no_change=patience,
        random_state=seed,
    )
    with pytest.warns(ConvergenceWarning, match=r"learning_rate=10|diverged"):
        net.fit(*IRIS)
    assert net.score(*IRIS) < 0.8


@pytest.mark.parametrize(
    ("learning_rate", "schedule", "loss"),
    covering([3.0, 10.0], ["auto", "cosine", "constant"], ["log_loss", "ordinal"]),
)
def test_weights_that_grew_without_end_warn_although_the_loss_is_that_of_a_constant(
    learning_rate, schedule, loss
):
    """All units of the last hidden layer are dead; the penalty says what happened."""
    net = DeepNetClassifier(
        loss=loss,
        solver="sgd",
        learning_rate=learning_rate,
        schedule=schedule,
        max_iter=100,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match="of no use|diverged"):
        net.fit(*IRIS)


@pytest.mark.parametrize("solver", ["sgd", "momentum", "nesterov"])
@pytest.mark.parametrize("rate", [3.0, 10.0])
def test_calls_of_partial_fit_that_let_the_weights_grow_without_end_say_so(solver, rate):
    def nine_calls(**params):
        net = DeepNetRegressor(solver=solver, random_state=0, **params)
        for _ in range(9):
            net.partial_fit(*DIABETES)
        return net

    words = f"weights have grown to .*={rate:g}: the net is of no use|diverged|smaller one"
    with pytest.raises((ConvergenceWarning, ValueError), match=words):
        nine_calls(learning_rate=rate)
    assert nine_calls().score(*DIABETES) > 0.3


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_fit_that_learned_nothing_asks_for_a_larger_rate(solver, schedule):
    net = ShallowNetClassifier(
        solver=solver, learning_rate=1e-7, schedule=schedule, random_state=0
    )
    constant = log_loss(IRIS[1], DummyClassifier().fit(*IRIS).predict_proba(IRIS[0]))
    said = rf"best constant prediction has {constant:.3g}: .*larger learning_rate"
    with pytest.warns(ConvergenceWarning, match=said):
        net.fit(*IRIS)
    assert log_loss(IRIS[1], net.predict_proba(IRIS[0])) > constant


@pytest.mark.parametrize("rate", [1e-6, 1e-5])
@pytest.mark.parametrize("solver", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize(
    ("cls", "rows", "dummy"),
    [
        (ShallowNetClassifier, IRIS, DummyClassifier()),
        (ShallowNetRegressor, DIABETES, DummyRegressor()),
    ],
)
def test_twenty_epochs_far_too_slow_to_learn_ask_for_a_larger_rate(
    cls, rows, dummy, solver, rate
):
    net = cls(solver=solver, learning_rate=rate, max_iter=20, random_state=0)
    net.set_params(numeric_encoding=None)  # with it, first weights predict about a constant
    with pytest.warns(ConvergenceWarning, match=NO_USE.format("larger learning_rate")):
        net.fit(*rows)
    assert net.score(*rows) < dummy.fit(*rows).score(*rows) + 0.1


DATA_SETS = {"iris": IRIS, "diabetes": DIABETES, "digits": load_digits(return_X_y=True)}


@pytest.mark.parametrize(
    ("name", "solver", "max_iter"),
    covering(DATA_SETS, ["sgd", "momentum", "rmsprop", "adam"], [2, 5, 20]),
)
def test_a_few_epochs_at_the_default_rate_raise_no_alarm(name, solver, max_iter):
    cls = DeepNetRegressor if name == "diabetes" else DeepNetClassifier
    net = cls(20, solver=solver, max_iter=max_iter, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".* of no use")
        net.fit(*DATA_SETS[name])


@pytest.mark.parametrize("early_stopping", [True, False])
def test_early_stopping_does_not_hide_that_nothing_was_learned(early_stopping):
    net = ShallowNetRegressor(
        learning_rate=1e-7,
        schedule="constant",
        early_stopping=early_stopping,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match=NO_USE.format("larger")):
        net.fit(*DIABETES)
    assert net.score(*DIABETES) < DummyRegressor().fit(*DIABETES).score(*DIABETES)


def test_a_solver_that_gives_up_at_the_start_warns():
    @dataclass(frozen=True)
    class GivesUp(LBFGS):
        def minimize(self, value_and_gradient, theta, *, max_iter, tol, callback):
            value, gradient = value_and_gradient(theta)
            return OptimizeResult(x=theta, fun=value, jac=gradient, status=2)

    net = ShallowNetRegressor(solver=GivesUp(), random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"in epoch 1 with solver=.* of no use"):
        net.fit(*DIABETES)
    assert net.score(*DIABETES) < 0


@pytest.mark.parametrize("penalty", ["alpha", "weight_decay"])
def test_a_penalty_that_overshoots_is_named(penalty):
    strong = {
        "alpha": {"alpha": 1e3, "solver": "sgd", "max_grad_norm": None},
        "weight_decay": {"solver": AdamW(weight_decay=1e3)},
    }
    rate = {"learning_rate": 0.01, "schedule": "constant", "max_iter": 20}
    net = ShallowNetRegressor(**strong[penalty], **rate, random_state=0)
    said = f"learning_rate=0.01 and {penalty}=1000.*Try a smaller {penalty}, or a smaller"
    with pytest.warns(ConvergenceWarning, match=said):
        net.fit(*DIABETES)


def test_weights_that_grow_beside_a_constant_prediction_ask_for_a_smaller_rate():
    net = ShallowNetRegressor(
        **SGD, learning_rate=1.0, standardize=False, record_health=False, random_state=1
    )
    with pytest.warns(ConvergenceWarning, match=NO_USE.format("smaller")):
        net.fit(*DIABETES)
    assert net.score(*DIABETES) < 1e-3


def noise(n_rows, kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 5))
    if kind == "real":
        return X, rng.normal(size=n_rows)
    return X, np.arange(n_rows) % (50 if kind == "rare" else 3) == 0


SENSIBLE = {
    "default": {},
    "one epoch": {"max_iter": 1},
    "five epochs": {"max_iter": 5},
    "twenty epochs": {"max_iter": 20},
    "constant rate": {"schedule": "constant"},
    "strong penalty": {"alpha": 10.0},
    "stronger penalty": {"alpha": 100.0},
    "little patience": {"early_stopping": True, "n_iter_no_change": 2},
    "strong dropout": {"dropout": 0.8},
    "ensemble": {"n_members": 3},
    "lbfgs": {"solver": "lbfgs", "alpha": 1.0},
    "sgd": {"solver": "sgd"},
    "users' units": {"standardize": False},
}


@pytest.mark.parametrize(
    ("name", "kind", "n_rows"),
    covering(SENSIBLE, ["real", "two classes", "rare"], [12, 300]),
)
def test_noise_raises_no_alarm(name, kind, n_rows):
    cls = DeepNetRegressor if kind == "real" else DeepNetClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".* of no use")
        cls(hidden_units=20, random_state=0, **SENSIBLE[name]).fit(*noise(n_rows, kind))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constant_targets_that_are_fitted_exactly_raise_no_alarm(dtype):
    X, _ = noise(40, "real")
    y = np.tile([0.1, 3e3], (40, 1))
    net = ShallowNetRegressor(
        dtype=dtype, tol=0, alpha=0, schedule="constant", random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(net.predict(X), y, rtol=1e-6)


@pytest.mark.parametrize("loss", ["absolute_error", "poisson", "gamma", "gaussian"])
def test_every_loss_is_compared_with_its_own_constant(loss):
    X, y = DIABETES
    net = ShallowNetRegressor(
        loss=loss, learning_rate=1e-9, early_stopping=False, max_iter=130, random_state=0
    )
    net.set_params(numeric_encoding=None)  # with it, first weights predict about a constant
    with pytest.warns(ConvergenceWarning, match=NO_USE.format("larger")):
        net.fit(X, y, sample_weight=np.arange(len(y)) % 3)


def test_a_rate_too_small_to_move_lucky_first_weights_warns():
    X, y = load_iris(return_X_y=True)
    params = {"solver": "sgd", "max_iter": 60, "random_state": 0}
    net = DeepNetClassifier(learning_rate=1e-5, **params)
    with pytest.warns(ConvergenceWarning, match="loss of the first weights, .* larger"):
        net.fit(X, y)
    net.set_params(learning_rate="auto").fit(X, y)
    assert net.score(X, y) > 0.9
