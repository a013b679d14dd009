"""What a type checker knows of the estimators; `mypy` reads this file, nothing runs it."""

from typing import assert_type

import numpy as np

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor


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
