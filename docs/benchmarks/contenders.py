"""Contenders of the benchmarks: nets with several settings, and models to compare with.

All have their defaults, and one thread.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.compose import make_column_selector as columns_of
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skshallow
from skshallow import DeepNetClassifier, DeepNetRegressor

Make = Callable[[str, int], Any]
Wrap = Callable[[Any], Any]


@dataclass(frozen=True)
class Model:
    """A contender: ``make(task, seed)`` returns an estimator.

    `settings` and `version` identify it in a file of results.
    """

    name: str
    make: Make
    settings: str
    package: str
    code: str = ""  # a digest, where the code changes between versions

    @property
    def version(self) -> str:
        return version(self.package) + self.code


def as_it_is(model: Any) -> Any:
    return model


def scaled(model: Any) -> Any:
    """Return `model` behind standardised columns."""
    return make_pipeline(StandardScaler(), model)


def encoded(model: Any) -> Any:
    """Return `model` behind one-hot encoded categories and imputed numbers."""
    encoder = make_column_transformer(
        (SimpleImputer(add_indicator=True), columns_of(dtype_include="number")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False, min_frequency=5),
            columns_of(dtype_include="category"),
        ),
    )
    return make_pipeline(encoder, model)


def imputed(model: Any) -> Any:
    """Return `model` behind imputed numbers, beside categories as they are."""
    imputer = make_column_transformer(
        (SimpleImputer(add_indicator=True), columns_of(dtype_include="number")),
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    return make_pipeline(imputer.set_output(transform="pandas"), model)


def one_per_target(model: Any) -> Any:
    """Return a regressor that fits one model per target if there are several."""

    class PerTarget(MultiOutputRegressor):
        def fit(self, X: Any, y: np.ndarray) -> Any:
            self.is_single = y.ndim == 1
            return super().fit(X, y.reshape(len(y), -1))

        def predict(self, X: Any) -> np.ndarray:
            predicted = super().predict(X)
            return predicted.ravel() if self.is_single else predicted

    return PerTarget(model)


def digest_of_code() -> str:
    """Return a digest of the code of this package, to stand after its version."""
    digest = hashlib.sha256()
    for path in sorted(Path(skshallow.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"+{digest.hexdigest()[:8]}"


def net(name: str, wrap: Wrap = as_it_is, **settings: Any) -> Model:
    """Return a net with these `settings`; a regressor takes those that it has."""

    def make(task: str, seed: int) -> Any:
        cls = DeepNetClassifier if task == "classification" else DeepNetRegressor
        known = {field.name for field in fields(cls)}
        own = {key: value for key, value in settings.items() if key in known}
        return wrap(cls(**own, random_state=seed))

    own = repr(sorted(settings.items()))
    return Model(name, make, own, "skshallow", digest_of_code())


def model(name: str, package: str, classifier: Callable, regressor: Callable) -> Model:
    """Return a contender of one class per task; each is called with the seed."""

    def make(task: str, seed: int) -> Any:
        return classifier(seed) if task == "classification" else regressor(seed)

    return Model(name, make, "", package)


def scaled_mlp_regressor(seed: int) -> Any:
    return TransformedTargetRegressor(
        scaled(MLPRegressor(random_state=seed)), transformer=StandardScaler()
    )


def linear(wrap: Wrap) -> Model:
    return model(
        "linear",
        "scikit-learn",
        lambda seed: wrap(scaled(LogisticRegression(max_iter=2000))),
        lambda seed: wrap(scaled(RidgeCV(np.logspace(-3, 4, 15)))),
    )


def mlp(wrap: Wrap) -> Model:
    """Return scikit-learn's net behind scaled columns, for scaled targets."""
    return model(
        "MLP, scaled",
        "scikit-learn",
        lambda seed: wrap(scaled(MLPClassifier(random_state=seed))),
        lambda seed: wrap(scaled_mlp_regressor(seed)),
    )


def boosting(wrap: Wrap) -> Model:
    return model(
        "HistGradientBoosting",
        "scikit-learn",
        lambda seed: wrap(HistGradientBoostingClassifier(random_state=seed)),
        lambda seed: wrap(one_per_target(HistGradientBoostingRegressor(random_state=seed))),
    )


def lightgbm() -> Model:
    from lightgbm import LGBMClassifier, LGBMRegressor

    params = {"n_jobs": 1, "verbose": -1}
    return model(
        "LightGBM",
        "lightgbm",
        lambda seed: LGBMClassifier(random_state=seed, **params),
        lambda seed: one_per_target(LGBMRegressor(random_state=seed, **params)),
    )


def xgboost() -> Model:
    from xgboost import XGBClassifier, XGBRegressor

    params = {"n_jobs": 1, "enable_categorical": True}
    return model(
        "XGBoost",
        "xgboost",
        lambda seed: XGBClassifier(random_state=seed, **params),
        lambda seed: one_per_target(XGBRegressor(random_state=seed, **params)),
    )


class CatBoost:
    """CatBoost, which wants categories as strings."""

    def __init__(self, task: str, seed: int) -> None:
        self.task, self.seed = task, seed

    def _rows(self, X: Any) -> pd.DataFrame:
        frame = pd.DataFrame(X)
        strings = {c: [str(v) for v in frame[c].astype(object)] for c in self.categories}
        return frame.assign(**strings)

    def fit(self, X: Any, y: np.ndarray) -> CatBoost:
        from catboost import CatBoostClassifier, CatBoostRegressor

        self.categories = list(pd.DataFrame(X).select_dtypes("category"))
        cls = CatBoostClassifier if self.task == "classification" else CatBoostRegressor
        several = {"loss_function": "MultiRMSE"} if y.ndim == 2 else {}
        self.model = cls(
            random_seed=self.seed,
            verbose=0,
            thread_count=1,
            cat_features=self.categories,
            allow_writing_files=False,
            **several,
        )
        self.model.fit(self._rows(X), y)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self.model.predict(self._rows(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.model.predict_proba(self._rows(X))


def catboost() -> Model:
    return Model("CatBoost", CatBoost, "", "catboost")


def of_pytabkit(name: str, stem: str, wrap: Wrap) -> Model:
    """Return a PyTorch net of pytabkit: the class `stem` followed by the task."""
    import pytabkit

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    params = {"device": "cpu", "n_threads": 1, "verbosity": 0}

    def one_of(kind: str, seed: int) -> Any:
        return getattr(pytabkit, f"{stem}_{kind}")(random_state=seed, **params)

    return model(
        name,
        "pytabkit",
        lambda seed: wrap(one_of("Classifier", seed)),
        lambda seed: wrap(one_of("Regressor", seed)),
    )


BOOSTING: dict[str, tuple[str, Callable[[], Model]]] = {
    "LightGBM": ("lightgbm", lightgbm),
    "XGBoost": ("xgboost", xgboost),
    "CatBoost": ("catboost", catboost),
}
# PyTorch nets with defaults that were tuned on many tables (arXiv:2407.04491, 2410.24210).
SLOW = {"RealMLP-TD-S": "RealMLP_TD_S", "RealMLP-TD": "RealMLP_TD", "TabM": "TabM_D"}
NETS = [
    net("net"),
    net("net, 10 epochs", max_iter=10),
    net("net, 4 members", n_members=4),
    net("net, 8 sharing weights", n_members=8, share_weights=True),
]


def installed(makers: dict[str, tuple[str, Callable[[], Model]]]) -> list[Model]:
    """Return the models whose package is installed."""
    found = (make for package, make in makers.values() if importlib.util.find_spec(package))
    return [make() for make in found]


def left_out(models: list[Model], tables: Sequence[str] = ()) -> list[str]:
    """Return a line for the page: contenders that are not in `models`, omitted tables."""
    measured = {model.name for model in models}
    missing = [name for name in [*BOOSTING, *SLOW] if name not in measured]
    missing += [f"the table {name}" for name in tables]
    return ["", f"Not measured here: {', '.join(missing)}."] if missing else []


def numeric_contenders() -> list[Model]:
    """Return the contenders for tables of numbers."""
    unscaled = model(
        "MLP",
        "scikit-learn",
        lambda seed: MLPClassifier(random_state=seed),
        lambda seed: MLPRegressor(random_state=seed),
    )
    own = [linear(as_it_is), mlp(as_it_is), unscaled, boosting(as_it_is)]
    return [*NETS, *own, *installed(BOOSTING)]


def slow_contenders(wrap: Wrap = as_it_is) -> list[Model]:
    """Return the contenders that take the most time; none if pytabkit is not installed."""
    makers = {
        name: ("pytabkit", partial(of_pytabkit, name, stem, wrap))
        for name, stem in SLOW.items()
    }
    return installed(makers)


def slow_mixed_contenders() -> list[Model]:
    """Return those for frames with categories and missing values."""
    return slow_contenders(imputed)


def mixed_contenders() -> list[Model]:
    """Return the contenders for frames with categories and missing values.

    Nets, LightGBM, XGBoost and CatBoost take the frame as it is, the others `encoded`:
    gradient boosting of scikit-learn refuses categories of more than 255 levels.
    """
    one_hot = net("net behind one-hot", encoded)
    own = [linear(encoded), mlp(encoded), boosting(encoded)]
    return [*NETS, one_hot, *own, *installed(BOOSTING)]
