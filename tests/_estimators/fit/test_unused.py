"""What a fit does not use warns and changes nothing; what it uses changes it."""

import warnings

import numpy as np
import pytest
from covering import covering
from sklearn.base import is_classifier

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.exceptions import IneffectiveParameterWarning

# Settings with which every parameter that is used shows in a few epochs.
BASE = {
    "hidden_units": 4,
    "learning_rate": 0.003,
    "schedule": "constant",
    "batch_size": 16,
    "max_iter": 6,
    "tol": 0.5,
    "n_iter_no_change": 2,
    "average_weights": False,
    "random_state": 0,
}
# Another value of each parameter that acts on the training of this call.
OTHER = {
    "hidden_units": 5,
    "depth": 1,
    "residual": True,
    "normalization": "layer",
    "activation": "tanh",
    "init": "orthogonal",
    "init_scale": 2.0,
    "loss": {"DeepNetClassifier": "squared_error", "DeepNetRegressor": "huber"},
    "solver": "rmsprop",
    "learning_rate": 0.03,
    "schedule": "inverse_scaling",
    "n_members": 2,
    "alpha": 0.5,
    "dropout": 0.3,
    "max_grad_norm": 1e-3,
    "average_weights": True,
    "batch_size": 7,
    "max_iter": 1,
    "shuffle": False,
    "tol": 0.0,
    "n_iter_no_change": 1,
    "early_stopping": True,
    "validation_fraction": 0.4,
    "scoring": {"DeepNetClassifier": "accuracy", "DeepNetRegressor": "r2"},
    "standardize": False,
    "dtype": "float32",
    "random_state": 1,
    "class_weight": {0: 5.0},
    "label_smoothing": 0.3,
    "temperature_scaling": True,
    "groups": np.arange(60) % 6,
}
LBFGS = {
    "solver": "lbfgs",
    "tol": 0.02,
    "max_iter": 60,
    "n_iter_no_change": 5,
    "alpha": 5e-4,
}
# Parameters of the estimator, what is called before, and what then.
MODES = {
    "fit": ({}, "", "fit"),
    "to the end of the schedule": (
        {"schedule": "cosine", "n_iter_no_change": "auto"},
        "",
        "fit",
    ),
    "no patience": ({"n_iter_no_change": np.inf}, "", "fit"),
    "lbfgs": (LBFGS, "", "fit"),
    "lbfgs, early stopping": (LBFGS | {"early_stopping": True}, "", "fit"),
    "no hidden layers": ({"depth": 0}, "", "fit"),
    "one hidden layer": ({"depth": 1}, "", "fit"),
    "no hidden layers, lbfgs": (LBFGS | {"depth": 0, "tol": 1e-4}, "", "fit"),
    "one batch": ({"batch_size": None}, "", "fit"),
    "zeros": ({"init": "zeros", "depth": 0}, "", "fit"),
    "early stopping": ({"early_stopping": True}, "", "fit"),
    "no early stopping": ({"early_stopping": False}, "", "fit"),
    "X_val": ({"early_stopping": False}, "", "fit with X_val"),
    "X_val, early stopping": ({"early_stopping": True}, "", "fit with X_val"),
    "members": ({"n_members": 2}, "", "fit"),
    "warm start": ({"warm_start": True}, "fit", "fit"),
    "warm start, lbfgs": (LBFGS | {"warm_start": True}, "fit", "fit"),
    "warm start, early stopping": (
        {"warm_start": True, "early_stopping": True},
        "fit",
        "fit",
    ),
    "fit after partial_fit": ({"warm_start": True}, "partial_fit", "fit"),
    "partial_fit": ({}, "", "partial_fit"),
    "partial_fit to an end": ({"schedule": "cosine"}, "", "partial_fit"),
    "later partial_fit": ({}, "partial_fit", "partial_fit"),
    "partial_fit on a plateau": ({"schedule": "plateau"}, "partial_fit", "partial_fit"),
    "partial_fit after fit": ({}, "fit", "partial_fit"),
}
# What may change nothing without a warning, and why.
SILENT = {
    "shuffle": "False asks for the order that a single batch has anyway",
    "hidden_units": "with depth=0: a grid over depth sets it for the other depths",
}


def call(net, method, X, y, groups=None):
    """Train by this method; return the warnings of parameters without effect."""
    arguments = {} if groups is None else {"groups": groups}
    if method == "fit with X_val":
        arguments |= {"X_val": X[::3], "y_val": y[::3]}
    if method == "partial_fit" and is_classifier(net):
        arguments |= {"classes": [0, 1, 2]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(net, method.split()[0])(X, y, **arguments)
    texts = [it.message for it in caught if it.category is IneffectiveParameterWarning]
    return [str(text) for text in texts]


def trained(cls, X, y, mode, other):
    """Return a net of a mode with other parameters in its last call, and the warnings."""
    params, earlier, method = MODES[mode]
    net = cls(**BASE | params)
    if is_classifier(net):
        net.set_params(temperature_scaling=False)
    if earlier:
        call(net, earlier, X[:40], y[:40])
    groups = other.pop("groups", None)
    net.set_params(**other)
    return net, call(net, method, X, y, groups)


def outcome(net):
    """Return everything that training computes, as bytes."""
    curves = net.loss_curve_, net.validation_loss_curve_, net.validation_scores_
    arrays = (net.theta_, *curves, net.learning_rate_curve_)
    return [array.tobytes() for array in arrays], net.resolved_params_["early_stopping"]


@pytest.mark.parametrize(
    ("deep_class", "mode"),
    covering([DeepNetClassifier, DeepNetRegressor], MODES, apart=[(0, 1)]),
)
def test_a_parameter_changes_the_fit_or_warns_that_it_does_not(deep_class, X, y, mode):
    plain, _ = trained(deep_class, X, y, mode, {})
    known = deep_class().get_params(deep=False).keys()
    params, _, method = MODES[mode]
    silent, false = [], []
    for name, value in OTHER.items():
        if isinstance(value, dict) and deep_class.__name__ in value:
            value = value[deep_class.__name__]
        if name == "groups" and method == "partial_fit":
            continue
        if name not in {*known, "groups"} or (BASE | params).get(name) is value:
            continue
        try:
            net, messages = trained(deep_class, X, y, mode, {name: value})
        except ValueError:  # in contradiction to another parameter, or to the last net
            continue
        warned = any(message.startswith((f"{name}=", f"{name} ")) for message in messages)
        same = outcome(net) == outcome(plain)
        if same and not warned and name not in SILENT:
            silent.append(name)
        if warned and not same:
            false.append(name)
        if warned and name in net.resolved_params_:
            assert net.resolved_params_[name] is None
    assert (silent, false) == ([], [])
