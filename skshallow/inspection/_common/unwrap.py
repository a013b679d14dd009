"""From what a user has at hand to the net inside: pipelines, searches, transformed targets.

Each of these predicts with another estimator that it holds. The way in is the list of
estimators from the outermost to the net; what lies on it decides what the net sees.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skshallow._estimators.base import BaseNet

# Where a search and TransformedTargetRegressor keep what they have fitted.
FITTED_INSIDE = "best_estimator_", "regressor_"


def find_net(estimator: Any) -> BaseNet:
    """Return the fitted net inside an estimator.

    Parameters
    ----------
    estimator : estimator
        A fitted net of this package; or a :class:`~sklearn.pipeline.Pipeline` whose last
        step is one; or any search, by its `best_estimator_`; or a
        :class:`~sklearn.compose.TransformedTargetRegressor`; or a
        :class:`~sklearn.frozen.FrozenEstimator`; nested as you like.

    Returns
    -------
    net : DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier or ShallowNetRegressor
        The net itself, not a copy.

    Raises
    ------
    TypeError
        If there is no net inside, or more than one.
    NotFittedError
        If what is there has not been fitted, or its search not refitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skshallow import ShallowNetClassifier
    >>> model = make_pipeline(StandardScaler(), ShallowNetClassifier(4, max_iter=5))
    >>> find_net(model.fit(*load_iris(return_X_y=True))).n_iter_
    5
    """
    return _way_in(estimator)[-1]


def net_and_input(estimator: Any, X: Any) -> tuple[BaseNet, Any]:
    """Return the fitted net inside an estimator, and rows as that net gets them.

    Parameters
    ----------
    estimator : estimator
        As for :func:`find_net`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows as the estimator takes them.

    Returns
    -------
    net : estimator
        See :func:`find_net`.
    X_net : {array-like, sparse matrix} of shape (n_samples, net.n_features_in_)
        The rows after all pipelines' steps before the net; `X` itself if there are none.

    Raises
    ------
    TypeError, NotFittedError
        As for :func:`find_net`.
    """
    way_in = _way_in(estimator)
    for outer in way_in:
        if isinstance(outer, Pipeline) and len(outer) > 1:
            X = outer[:-1].transform(X)
    return way_in[-1], X


def input_names(estimator: Any) -> np.ndarray | None:
    """Return the names (n_features,) of the net's inputs, None where nobody knows them.

    They are those that the net was fitted with or, if it got arrays, what the pipelines'
    steps before it call what they give out.
    """
    *outside, net = _way_in(estimator)
    if hasattr(net, "feature_names_in_"):
        return net.feature_names_in_
    names = None
    for outer in outside:
        if isinstance(outer, Pipeline) and len(outer) > 1:
            names = _names_out(outer[:-1], names)
    known = names is not None and len(names) == net.n_features_in_
    return names if known else None


def _names_out(steps: Pipeline, names: np.ndarray | None) -> np.ndarray | None:
    """Return what `steps` call their outputs, given their inputs' names if known."""
    try:
        return np.asarray(steps.get_feature_names_out(names), dtype=object)
    except (AttributeError, ValueError):  # a step that names nothing, or other inputs
        return None


def _way_in(estimator: Any) -> list[Any]:
    """Return the estimators from the outermost to the fitted net."""
    way_in = [estimator]
    while (inside := _inside(way_in[-1])) is not None:
        way_in.append(inside)
    if not isinstance(way_in[-1], BaseNet):
        _refuse(way_in)
    check_is_fitted(way_in[-1])
    return way_in


def _inside(estimator: Any) -> Any:
    """Return the estimator that `estimator` predicts with, None if it holds none."""
    if isinstance(estimator, BaseNet | type):
        return None
    if isinstance(estimator, Pipeline):
        return estimator.steps[-1][1]
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    held = (getattr(estimator, attribute, None) for attribute in FITTED_INSIDE)
    return next((inside for inside in held if inside is not None), None)


def _refuse(way_in: list[Any]) -> NoReturn:
    """Raise the error that says why the way in ends at no net."""
    found = way_in[-1]
    path = ", in it ".join(_describe(estimator) for estimator in way_in)
    if not _would_hold_net(found):
        raise TypeError(
            f"Found no net of skshallow: {path}. Give a fitted net itself, a Pipeline that "
            "ends in one, a search over one, or a TransformedTargetRegressor of one."
        )
    try:
        check_is_fitted(found)
    except NotFittedError:
        raise NotFittedError(f"Not fitted yet: {path}. Call fit first.") from None
    if getattr(found, "refit", True) is False:
        raise NotFittedError(
            f"Found no fitted net: {path}, which was run with refit=False. Set refit=True, "
            "or fit a net with its best_params_."
        )
    raise TypeError(
        f"Found no single net that predicts: {path}. If it holds fitted nets, in an "
        "attribute such as estimators_, give one of these."
    )


def _would_hold_net(estimator: Any) -> bool:
    """Return whether a net is among the parameters of `estimator`, at any depth."""
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return False
    return any(isinstance(value, BaseNet) for value in estimator.get_params().values())


def _describe(estimator: Any) -> str:
    """Return what to call `estimator` in an error."""
    if isinstance(estimator, type):
        return f"the class {estimator.__name__}, not an instance"
    if isinstance(estimator, str):
        return repr(estimator)
    return type(estimator).__name__
