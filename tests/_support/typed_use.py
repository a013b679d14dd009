"""What a type checker knows of the estimators; `mypy` reads this file, nothing runs it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self, assert_type

import numpy as np

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor


class Recent(DeepNetRegressor):
    """The methods of the guide's page on subclassing."""

    half_life: float
    lowest: float

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
    ) -> Self:
        self.n_seen_ = len(y)
        weight = 0.5 ** (np.arange(len(y))[::-1] / self.half_life)
        if sample_weight is not None:
            weight = weight * sample_weight
        own = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        return super().fit(X, y, weight, **own, groups=groups)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        if return_std:
            mean, std = super().predict(X, return_std=True)
            return np.maximum(mean, self.lowest), std
        return np.maximum(super().predict(X), self.lowest)


@dataclass(kw_only=True, eq=False, repr=False)
class RecentByField(Recent):
    hidden_units: int | Sequence[int] = field(default=8, kw_only=False)
    max_iter: int | str = 20
    half_life: float = 100.0
    lowest: float = 0.0


class RecentByInit(Recent):
    def __init__(
        self,
        hidden_units: int = 4,
        *,
        half_life: float = 100.0,
        lowest: float = 0.0,
        random_state: Any = None,
    ) -> None:
        super().__init__(hidden_units, max_iter=20, random_state=random_state)
        self.half_life = half_life
        self.lowest = lowest


def misspelt_parameters_are_refused() -> None:
    DeepNetClassifier(lerning_rate=0.1)  # type: ignore[call-arg]
    ShallowNetRegressor(depth=2)  # type: ignore[call-arg]
    DeepNetRegressor(8, class_weight="balanced")  # type: ignore[call-arg]


def a_fitted_net_keeps_its_class_and_has_typed_attributes(X: np.ndarray) -> None:
    net = DeepNetClassifier(8, depth=2).fit(X, X[:, 0] > 0)
    assert_type(net, DeepNetClassifier)
    assert_type(net.loss_curve_, np.ndarray)
    assert_type(net.classes_, np.ndarray)
    assert_type(net.coefs_, list[np.ndarray])
    assert_type(net.n_iter_, int)
    assert_type(net.predict_proba(X), np.ndarray)
    assert_type(DeepNetRegressor().partial_fit(X, X[:, 0]), DeepNetRegressor)


def a_subclass_is_as_typed_as_the_estimators(X: np.ndarray) -> None:
    RecentByField(half_live=50.0)  # type: ignore[call-arg]
    RecentByField(8, tol="small")  # type: ignore[arg-type]
    RecentByInit(tol=0.1)  # type: ignore[call-arg]
    net = RecentByField(4, half_life=50.0, random_state=0).fit(X, X[:, 0], X_val=X)
    assert_type(net, RecentByField)
    assert_type(RecentByInit(4).fit(X, X[:, 0]), RecentByInit)
    assert_type(net.loss_curve_, np.ndarray)
    assert_type(net.half_life, float)
