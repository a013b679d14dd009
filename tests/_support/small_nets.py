"""Nets with every component and setting, trained a little: what files must keep."""

import functools
import warnings

import numpy as np
import pytest
from covering import few_of
from sklearn.base import is_classifier

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS, LeakyReLU, Maxout, PReLU, ReLU
from skshallow.initializers import INITIALIZERS, VarianceScaling
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Gaussian,
    Huber,
    Quantile,
)
from skshallow.schedules import SCHEDULES, Plateau
from skshallow.solvers import SOLVERS, AdamW, Momentum

ROWS = np.random.default_rng(0).normal(size=(24, 3)) * [1, 10, 0.1] + [0, 5, 1]
TARGETS = 1 + ROWS[:, 0] ** 2
LABELS = np.array(["no", "perhaps", "yes"])[np.digitize(ROWS[:, 0], [-0.5, 0.5])]
FEW = {"hidden_units": 3, "max_iter": 2, "random_state": 0}

COMPONENTS = [
    *({"activation": name} for name in ACTIVATIONS),
    *({"init": name} for name in INITIALIZERS),
    *({"schedule": name} for name in SCHEDULES),
    *({"solver": name} for name in SOLVERS),
    {"activation": LeakyReLU(0.2), "init": VarianceScaling(0.5, "fan_avg", "uniform")},
    {"activation": Maxout(3), "solver": AdamW(weight_decay=0.1), "dropout": 0.3},
    {"activation": PReLU(0.1), "schedule": Plateau(patience=1), "standardize": False},
    {"n_members": 3, "activation": "prelu"},
    {"n_members": 2, "share_weights": True},
    {"solver": Momentum(0.5), "max_grad_norm": 0.1, "dtype": "float32"},
]
OF_CLASSIFIERS = [
    *({"loss": name} for name in CLASSIFICATION_LOSSES),
    {"class_weight": {"no": 1, "perhaps": 2.5, "yes": np.float32(3)}},
    {"label_smoothing": 0.1, "class_weight": "balanced"},
]
OF_REGRESSORS = [
    *({"loss": name} for name in REGRESSION_LOSSES),
    {"loss": Quantile([0.1, 0.5, 0.9])},
    {"loss": Huber(2.0)},
    {"loss": Gaussian(beta=0.25)},
    {"monotonic_cst": [1, 0, -1], "n_members": 2, "activation": "prelu"},
]
OF_DEEP = [
    {"residual": True, "depth": 3},
    {"normalization": "layer", "activation": "maxout"},
    {"residual": True, "normalization": "layer", "n_members": 2, "activation": "prelu"},
]
CLASSIFIERS = [ShallowNetClassifier, DeepNetClassifier]
REGRESSORS = [ShallowNetRegressor, DeepNetRegressor]
CASES = [
    *((cls, params) for cls in CLASSIFIERS for params in COMPONENTS + OF_CLASSIFIERS),
    *((cls, params) for cls in REGRESSORS for params in COMPONENTS + OF_REGRESSORS),
    *((cls, params) for cls in (CLASSIFIERS[1], REGRESSORS[1]) for params in OF_DEEP),
]


def case_id(value):
    return value.__name__ if isinstance(value, type) else str(value)


def name_of(i):
    return "-".join(map(case_id, CASES[i]))


def every_component(*estimators, fitted_by_class=False):
    """Return a decorator for tests of nets of every component, fitted and going on.

    Nets of all classes are of the same parts: each part is in a net of one of these
    estimators, and the others are slow. With `fitted_by_class`, so are fitted nets but for
    one of each class: those that go on hold more.
    """
    cases = [
        (i, further)
        for i, (cls, _) in enumerate(CASES)
        if cls in estimators
        for further in (False, True)
    ]
    shown = [
        (cls, None if fitted_by_class and not further else params, further)
        for (cls, params), further in ((CASES[i], further) for i, further in cases)
    ]
    chosen = few_of(shown, apart=[(0, 1)])
    return pytest.mark.parametrize(
        ("i", "further"),
        [
            pytest.param(
                *case,
                marks=() if number in chosen else pytest.mark.slow,
                id=f"{name_of(case[0])}-{'goes on' if case[1] else 'fitted'}",
            )
            for number, case in enumerate(cases)
        ],
    )


def targets_of(net):
    return LABELS if is_classifier(net) else TARGETS


def train(net, X=ROWS, y=None, **options):
    """Fit a net, however little the few epochs come to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return net.fit(X, targets_of(net) if y is None else y, **options)


def train_on(net):
    """Train a net further, in the way that it can: a part of the rows, or all again."""
    y = targets_of(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not hasattr(net, "partial_fit") or net.warm_start:
            return net.fit(ROWS, y)
        return net.partial_fit(ROWS[:20], y[:20])


@functools.cache
def trained(i, further):
    """Return the net of a case, ready to be trained further or not; do not change it."""
    cls, params = CASES[i]
    if further:
        incremental = params.get("class_weight") != "balanced" and params.get("solver") != (
            "lbfgs"
        )
        net = cls(**FEW, **params, warm_start=not incremental)
        if incremental:
            first = {"classes": np.unique(LABELS)} if is_classifier(net) else {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return net.partial_fit(ROWS, targets_of(net), **first)
        return train(net)
    return train(cls(**FEW, **params))


def small_net(cls=DeepNetClassifier, **params):
    return cls(**{"hidden_units": 3, "max_iter": 2, "random_state": 0} | params)


class MyReLU(ReLU):
    pass
