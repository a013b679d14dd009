"""Contenders of the benchmarks: nets with several settings, and models to compare with."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skshallow
from skshallow import DeepNetClassifier, DeepNetRegressor


@dataclass(frozen=True)
class Model:
    """A contender: ``make(task, seed)`` returns an estimator, `settings` identifies it."""

    name: str
    make: Callable[[str, int], Any]
    settings: str
    version: str


def net(name: str, **settings: Any) -> Model:
    """Return a net with these `settings`; a regressor takes those that it has."""

    def make(task: str, seed: int):
        cls = DeepNetClassifier if task == "classification" else DeepNetRegressor
        known = {field.name for field in fields(cls)}
        own = {key: value for key, value in settings.items() if key in known}
        return cls(**own, random_state=seed)

    return Model(name, make, repr(sorted(settings.items())), skshallow.__version__)


def baseline(name: str, classifier: Callable, regressor: Callable) -> Model:
    def make(task: str, seed: int):
        return classifier(seed) if task == "classification" else regressor(seed)

    return Model(name, make, "", version("scikit-learn"))


def scaled_mlp_regressor(seed: int):
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(random_state=seed)),
        transformer=StandardScaler(),
    )


def realmlp() -> Model:
    """Return RealMLP-TD-S, a PyTorch net with meta-tuned defaults (arXiv:2407.04491)."""
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

    def make(task: str, seed: int):
        first = task == "classification"
        cls = RealMLP_TD_S_Classifier if first else RealMLP_TD_S_Regressor
        return cls(random_state=seed, device="cpu", n_threads=1, verbosity=0)

    return Model("RealMLP-TD-S", make, "", version("pytabkit"))


NETS = [
    net("net"),
    net("net, 10 epochs", max_iter=10),
    net("net, no dropout", dropout=0.0),
    net("net, no early stopping", early_stopping=False),
    net("net, 4 members", n_members=4),
]
BASELINES = [
    baseline(
        "linear",
        lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        lambda seed: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15))),
    ),
    baseline(
        "boosting",
        lambda seed: HistGradientBoostingClassifier(random_state=seed),
        lambda seed: HistGradientBoostingRegressor(random_state=seed),
    ),
    baseline(
        "MLP, scaled",
        lambda seed: make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
        scaled_mlp_regressor,
    ),
    baseline(
        "MLP",
        lambda seed: MLPClassifier(random_state=seed),
        lambda seed: MLPRegressor(random_state=seed),
    ),
]


def contenders() -> list[Model]:
    """Return all models, RealMLP only if it is installed."""
    if importlib.util.find_spec("pytabkit") is None:
        print("pytabkit is not installed; leaving RealMLP out.")
        return [*NETS, *BASELINES]
    return [*NETS, *BASELINES, realmlp()]
