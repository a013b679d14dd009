"""One net of every variety: each component of the tables, each setting of training."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS
from skshallow.initializers import INITIALIZERS
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Quantile
from skshallow.schedules import SCHEDULES, Plateau, StepDecay
from skshallow.solvers import SOLVERS

N_ROWS, N_FEATURES = 48, 5
STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]
QUICK_SCHEDULES = {"step": StepDecay(every=1), "plateau": Plateau(patience=1)}
ENDLESS = [name for name, schedule in SCHEDULES.items() if not schedule.needs_end]
STEPS = {
    "schedule": "constant",
    "learning_rate": 0.01,
    "batch_size": 8,
    "n_iter_no_change": np.inf,
}


def features(n_rows=N_ROWS, n_features=N_FEATURES):
    """Return rows whose columns have very different units."""
    rng = np.random.default_rng(0)
    units = 10.0 ** (np.arange(n_features) % 5)
    return rng.normal(size=(n_rows, n_features)) * units + units


def targets(X, kind):
    """Return classes, labels or positive numbers that depend on X, with some noise."""
    rng = np.random.default_rng(1)
    score = X[:, 0] - 1 + rng.normal(scale=0.5, size=len(X))
    if kind == "two classes":
        return np.where(score > 0, "yes", "no")
    if kind == "three classes":
        return np.digitize(score, [-0.5, 0.5])
    if kind == "labels":
        return np.column_stack([score > 0, score > 0.5, score < 1]).astype(int)
    if kind == "two targets":
        return np.column_stack([np.exp(score), 5 + score])
    return np.exp(score)


@dataclass(frozen=True)
class Variety:
    """An estimator's class, its parameters, and what it learns."""

    cls: type
    params: dict[str, Any] = field(default_factory=dict)
    target: str = "positive"
    sparse: bool = False

    @property
    def stochastic(self):
        return self.params.get("solver", "adam") != "lbfgs"

    def make(self, **changes):
        """Return the net, unfitted, with `changes` of its parameters."""
        params = {"hidden_units": 4, "max_iter": 3, "alpha": 5e-4, "random_state": 0}
        if self.stochastic:
            params |= STEPS
        return self.cls(**{**params, **self.params, **changes})

    def data(self, n_rows=N_ROWS, n_features=N_FEATURES):
        X = features(n_rows, n_features)
        y = targets(X, self.target)
        return (sparse.csr_array(X) if self.sparse else X), y

    def fit(self, **changes):
        """Return the net, fitted."""
        return self.make(**changes).fit(*self.data())

    def parts(self):
        """Return what eight calls of `partial_fit` take, which pass over all rows twice."""
        X, y = self.data()
        classes = {"classes": np.unique(y)} if self.is_classifier and y.ndim == 1 else {}
        starts = 2 * list(range(0, N_ROWS, N_ROWS // 4))
        parts = [slice(start, start + N_ROWS // 4) for start in starts]
        return [{"X": X[part], "y": y[part], **classes} for part in parts]

    @property
    def is_classifier(self):
        return issubclass(self.cls, ShallowNetClassifier | DeepNetClassifier)


def predictions(net, X):
    return net.predict_proba(X) if hasattr(net, "classes_") else net.predict(X)


def varieties():
    """Yield the name and the net of each."""
    for name in SOLVERS:
        yield f"solver={name}", Variety(DeepNetClassifier, {"solver": name}, "two classes")
    for name in SCHEDULES:
        schedule = QUICK_SCHEDULES.get(name, name)
        yield f"schedule={name}", Variety(ShallowNetRegressor, {"schedule": schedule})
    for name in ACTIVATIONS:
        yield f"activation={name}", Variety(DeepNetRegressor, {"activation": name})
    for name in INITIALIZERS:
        yield (
            f"init={name}",
            Variety(DeepNetClassifier, {"init": name}, "three classes"),
        )
    for name in REGRESSION_LOSSES:
        yield f"loss={name}", Variety(ShallowNetRegressor, {"loss": name})
    for name in CLASSIFICATION_LOSSES:
        for kind in ("two classes", "three classes", "labels"):
            yield (
                f"loss={name}, {kind}",
                Variety(ShallowNetClassifier, {"loss": name}, kind),
            )
    yield "quantiles", Variety(DeepNetRegressor, {"loss": Quantile([0.1, 0.9])})
    yield "two targets", Variety(DeepNetRegressor, {"loss": "gaussian"}, "two targets")
    for name, params in SETTINGS.items():
        yield name, Variety(DeepNetRegressor, params)
    for name, params in CLASSIFIERS_SETTINGS.items():
        yield name, Variety(DeepNetClassifier, params, "three classes")
    yield "sparse", Variety(DeepNetClassifier, {"n_members": 2}, "labels", sparse=True)


HELD_OUT = {"early_stopping": True, "validation_fraction": 0.25}
SETTINGS = {
    "depth 0": {"depth": 0},
    "several widths": {"hidden_units": [5, 3, 4], "activation": ["tanh", "relu", "gelu"]},
    "residual": {"depth": 4, "residual": True},
    "layer norm": {"depth": 3, "normalization": "layer", "dropout": 0.2},
    "residual, layer norm, members": {
        "depth": 3,
        "residual": True,
        "normalization": "layer",
        "activation": ["maxout", "prelu", "tanh"],
        "n_members": 2,
    },
    "dropout": {"dropout": 0.3},
    "members": {"n_members": 3},
    "members, dropout": {"n_members": 2, "dropout": 0.3, "hidden_units": [3, 4]},
    "members, shared": {"n_members": 3, "share_weights": True, "dropout": 0.2},
    "float32": {"dtype": "float32"},
    "monotone": {"monotonic_cst": [1, 0, 0, -1, 0]},
    "monotone, lbfgs": {"monotonic_cst": [1, 0, 0, -1, 0], "solver": "lbfgs"},
    "in order": {"shuffle": False},
    "whole batch": {"batch_size": None},
    "clipped": {"max_grad_norm": 0.1},
    "as they are": {"standardize": False, "learning_rate": 1e-6},
    "unrecorded": {"record_health": False},
    "early stopping": HELD_OUT,
    "lbfgs, early stopping": {"solver": "lbfgs", "max_iter": 8, **HELD_OUT},
}
CLASSIFIERS_SETTINGS = {
    "scoring": {**HELD_OUT, "scoring": "accuracy"},
    "temperature": {**HELD_OUT, "temperature_scaling": True},
    "balanced": {"class_weight": "balanced"},
    "smoothed": {"label_smoothing": 0.1},
}
VARIETIES = dict(varieties())


@cache
def fitted(name):
    """Return the net of a variety, fitted; a test that changes it takes a copy."""
    return VARIETIES[name].fit()


LAYERS = {"hidden_units": [130, 101], "batch_size": "auto", "max_iter": 2}
# Products that BLAS shares among threads if it may, with other bits for each number of
# them, and that stay below the bound.
WIDE = {
    "adam": Variety(DeepNetRegressor, LAYERS),
    "lbfgs": Variety(
        DeepNetClassifier, {"solver": "lbfgs", "hidden_units": [130, 101]}, "labels"
    ),
    "members": Variety(DeepNetRegressor, {**LAYERS, "n_members": 2}),
    "shared": Variety(DeepNetRegressor, {**LAYERS, "n_members": 2, "share_weights": True}),
    "orthogonal": Variety(DeepNetRegressor, {**LAYERS, "init": "orthogonal"}),
    "gamma": Variety(DeepNetRegressor, {**LAYERS, "loss": "gamma"}),
    "temperature": Variety(
        DeepNetClassifier,
        {**LAYERS, "early_stopping": True, "temperature_scaling": True},
        "two classes",
    ),
}


def wide_rows(variety):
    """Return rows and targets that give the nets of `WIDE` such products."""
    return variety.data(n_rows=150, n_features=255)


def bits_of(variety):
    """Return the bytes of what a wide net holds and predicts after a fit."""
    X, y = wide_rows(variety)
    net = variety.make().fit(X, y)
    found = [net.theta_, predictions(net, X), *net.coefs_, *net.intercepts_]
    return b"".join(array.tobytes() for array in found)
