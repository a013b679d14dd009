"""Unwrap meta-estimators: the net inside a pipeline, a search or transformed targets.

Each of these predicts with another estimator that it holds: the one it was given and, once
fitted, a fitted copy of that. A chain lists the estimators from the outermost to the net.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skshallow._estimators.base import BaseNet

# Where a search and TransformedTargetRegressor keep the estimator that they were given,
# and the one that they have fitted.
GIVEN = "estimator", "regressor"
FITTED = "best_estimator_", "regressor_"


def find_net(estimator: Any) -> BaseNet:
    """Return the fitted net inside an estimator.

    Parameters
    ----------
    estimator : estimator
        A fitted net of this package; or a :class:`~sklearn.pipeline.Pipeline` whose last
        step is one; or any search, by its `best_estimator_`; or a
        :class:`~sklearn.compose.TransformedTargetRegressor`; or a
        :class:`~sklearn.frozen.FrozenEstimator`; nested to any depth.

    Returns
    -------
    net : DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier or ShallowNetRegressor
        The net itself, not a copy.

    Raises
    ------
    TypeError
        If there is no net inside, or more than one.
    NotFittedError
        If the estimator has not been fitted, or is a search that was run without `refit`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skshallow import ShallowNetClassifier
    >>> net = ShallowNetClassifier(4, max_iter=5, random_state=0)
    >>> model = make_pipeline(StandardScaler(), net)
    >>> find_net(model.fit(*load_iris(return_X_y=True))).n_iter_
    5
    """
    return _fitted_chain(estimator)[-1]


def net_and_input(estimator: Any, X: Any) -> tuple[BaseNet, Any]:
    """Return the fitted net inside an estimator, and the rows as its input.

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
    chain = _fitted_chain(estimator)
    for steps in steps_before(chain):
        X = steps.transform(X)
    return chain[-1], X


def input_names(estimator: Any) -> np.ndarray | None:
    """Return the names (n_features,) of the net's inputs, None if they are unknown.

    They are those that the net was fitted with or, if it was fitted on arrays, those of
    the outputs of the pipelines' steps before it.
    """
    chain = _fitted_chain(estimator)
    net = chain[-1]
    if hasattr(net, "feature_names_in_"):
        return net.feature_names_in_
    names = None
    for steps in steps_before(chain):
        names = _names_out(steps, names)
    known = names is not None and len(names) == net.n_features_in_
    return names if known else None


def _names_out(steps: Pipeline, names: np.ndarray | None) -> np.ndarray | None:
    """Return the names of the outputs of `steps`, given their inputs' names if known."""
    try:
        return np.asarray(steps.get_feature_names_out(names), dtype=object)
    except (AttributeError, ValueError):  # a step without names, or for other inputs
        return None


def given_chain(estimator: Any) -> list[Any]:
    """Return `estimator` and the ones inside as they were given to it, fitted or not."""
    return _chain(estimator, GIVEN)


def innermost_name(estimator: Any) -> str:
    """Return the class name of the model inside pipelines and searches."""
    return type(given_chain(estimator)[-1]).__name__


def steps_before(chain: Iterable[Any]) -> Iterator[Pipeline]:
    """Yield the steps before the last of each pipeline in a chain that has several."""
    for estimator in chain:
        if isinstance(estimator, Pipeline) and len(estimator) > 1:
            yield estimator[:-1]


def _fitted_chain(estimator: Any) -> list[Any]:
    """Return `estimator` and the fitted ones inside, the last of which is a net."""
    chain = _chain(estimator, FITTED)
    if not isinstance(chain[-1], BaseNet):
        _raise_no_net(chain)
    check_is_fitted(chain[-1])
    return chain


def _chain(estimator: Any, attributes: tuple[str, ...]) -> list[Any]:
    """Return `estimator` and the ones inside, which are kept under these `attributes`."""
    chain = [estimator]
    while (inside := _inside(chain[-1], attributes)) is not None:
        chain.append(inside)
    return chain


def _inside(estimator: Any, attributes: tuple[str, ...]) -> Any:
    """Return the estimator that `estimator` predicts with, None if it holds none."""
    if isinstance(estimator, BaseNet | type):
        return None
    if isinstance(estimator, Pipeline):
        return estimator.steps[-1][1]
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    held = (_held(estimator, attribute) for attribute in attributes)
    return next((inside for inside in held if inside is not None), None)


def _held(estimator: Any, attribute: str) -> Any:
    """Return what `estimator` has fitted, or was given as a parameter; else None.

    A forest has an attribute `estimator` as well, a tree, that nobody gave to it.
    """
    if attribute in GIVEN and hasattr(estimator, "get_params"):
        return estimator.get_params(deep=False).get(attribute)
    return getattr(estimator, attribute, None)


def _raise_no_net(chain: list[Any]) -> NoReturn:
    """Raise the error that says why a chain ends in no fitted net."""
    found = chain[-1]
    path = ", containing ".join(describe(estimator) for estimator in chain)
    if not _would_hold_net(found):
        raise TypeError(
            f"Found no net of skshallow: {path}. Pass a fitted net, a Pipeline that ends "
            "in one, a search over one, or a TransformedTargetRegressor of one."
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
        f"Found no single net: {path}. If it holds several fitted nets, in an attribute "
        "such as estimators_, pass one of these."
    )


def _would_hold_net(estimator: Any) -> bool:
    """Return whether a net is among the parameters of `estimator`, at any depth."""
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return False
    return any(isinstance(value, BaseNet) for value in estimator.get_params().values())


def describe(estimator: Any) -> str:
    """Return the name of `estimator` in an error message."""
    if isinstance(estimator, type):
        return f"the class {estimator.__name__}, not an instance"
    if isinstance(estimator, str):
        return repr(estimator)
    return type(estimator).__name__
