r"""Gradient check by finite differences: is backpropagation right for this net?

A wrong derivative of a custom activation or loss is easily overlooked: training goes on,
only worse. Finite differences tell the right one from values of the objective alone.
"""

from __future__ import annotations

import copy
import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_scalar

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.base import BaseNet
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.random_state import random_state_of
from skshallow._estimators.fit.preparation import prepare
from skshallow._estimators.fit.run import FitRun
from skshallow._estimators.fit.transaction import twin_of
from skshallow.engine.objective import Objective
from skshallow.inspection._common.meta_estimators import describe
from skshallow.inspection._finite_differences import compare
from skshallow.inspection._gradient_report import (
    CheckedParameter,
    GradientCheck,
    last_straight_through,
)

# Many parameters of an unfitted net are 0, and 0 times a wrong derivative is right.
MOVE_FROM_START = 0.1


def gradient_check(
    estimator, X, y, sample_weight=None, *, n_entries=30, rtol=1e-5, random_state=0
) -> GradientCheck:
    r"""Check the gradient of a net's objective against central differences, in float64.

    For each parameter of each layer, entry by entry,

    .. math:: \frac{\partial J}{\partial\theta_i} \approx
              \frac{J(\theta + h e_i) - J(\theta - h e_i)}{2 h}

    where `J` is the objective of a fit on these rows: the loss, with sample and class
    weights, label smoothing, the penalty, and one fixed draw of dropout masks.

    Parameters
    ----------
    estimator : estimator
        A net of this package, fitted or not, with any custom components. A fitted net is
        checked at its weights, an unfitted one at its initialisation with a little noise
        added to each parameter. It is not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features as the net takes them. A few dozen rows are enough, and quick.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets, as `fit` takes them.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Weights, as in `fit`.
    n_entries : int >= 1 or None, default=30
        How many entries of each parameter to check, drawn at random if it has more.
        None checks all.
    rtol : float in (0, 1), default=1e-5
        The relative error up to which an entry counts as right.
    random_state : int, RandomState, Generator or None, default=0
        Draws entries and dropout masks, and the initialisation of an unfitted net whose
        own `random_state` is None.

    Returns
    -------
    check : GradientCheck
        One row per parameter of each layer. It prints as a table, with the component to
        look at first if a derivative is wrong; `passed` is the result in short, and
        `raise_unless_passed` raises an error.

    Raises
    ------
    TypeError
        If `estimator` is not a net of this package. For a pipeline, pass its last step.
    ValueError
        If a hyperparameter or the data are invalid, or if the objective is not finite.

    Notes
    -----
    A function with kinks, such as ``"relu"``, has no derivative at a kink, and central
    differences across one are meaningless. An entry whose one-sided differences disagree
    for every step size counts as at a kink, and is not compared. The layers up to a
    straight-through activation, such as ``"step"``, cannot be checked and are left out.

    Differences in float64 are limited by rounding: a derivative passes if it is off by
    less than about 1.4e-9, or 1.4e-9 times an objective above 1.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.activations import Activation
    >>> from skshallow.inspection import gradient_check
    >>> @dataclass(frozen=True)
    ... class Sine(Activation):
    ...     def forward(self, z, params):
    ...         return np.sin(z), z
    ...     def backward(self, grad_a, z, params, grads):
    ...         return -grad_a * np.cos(z)
    >>> X, y = load_iris(return_X_y=True)
    >>> net = ShallowNetClassifier(4, activation=Sine(), random_state=0)
    >>> check = gradient_check(net, X, y)
    >>> check.passed
    False
    >>> print(check.suspect)
    hidden layer 1, the backward pass of Sine()
    """
    _check_net(estimator)
    if n_entries is not None:
        check_scalar(n_entries, "n_entries", Integral, min_val=1)
    check_scalar(rtol, "rtol", Real, min_val=0, max_val=1, include_boundaries="neither")
    run = _start(estimator, X, y, sample_weight, random_state)
    seed = _seed(random_state)
    if run.last is None:
        theta = run.objective.theta
        moves = np.random.default_rng(seed).standard_normal(len(theta))
        theta += MOVE_FROM_START * moves
        run.network.layers[0].forget_unseen(run.objective.params[0])
    return check_objective(
        run.objective, *run.rows.whole(), n_entries=n_entries, rtol=rtol, seed=seed
    )


def _check_net(estimator: Any) -> None:
    """Raise TypeError unless `estimator` is a net of this package."""
    if isinstance(estimator, BaseNet):
        return
    if isinstance(estimator, Pipeline):
        raise TypeError(
            "gradient_check takes a net of skshallow, got a Pipeline. Pass its last step, "
            "pipeline[-1], and the input of that, pipeline[:-1].transform(X)."
        )
    raise TypeError(
        f"gradient_check takes a net of skshallow, got {describe(estimator)}. Pass the net "
        "itself and its input."
    )


def _seed(random_state: Any) -> int:
    """Return a seed drawn from `random_state`; a generator is not advanced."""
    return int(random_state_of(copy.deepcopy(random_state)).randint(2**31))


def _start(estimator: Any, X, y, sample_weight, random_state: Any) -> FitRun:
    """Return the run of a copy of `estimator` on all rows, in float64, not yet trained."""
    net = twin_of(estimator)  # attributes are replaced, never changed in place
    if hasattr(net, "theta_"):
        net.theta_ = to_numpy(net.theta_)
    own = estimator.random_state
    net.set_params(
        dtype="float64",
        scoring=None,
        early_stopping=False,
        random_state=copy.deepcopy(random_state if own is None else own),
    )
    last = net._last_result() if hasattr(net, "theta_") else None
    return prepare(net, in_numpy(X), y, sample_weight, last=last)


def check_objective(
    objective: Objective,
    X: Any,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    n_entries: int | None = None,
    rtol: float = 1e-5,
    seed: int = 0,
) -> GradientCheck:
    """Check the gradient of an objective at its parameters; see `gradient_check`."""

    def value() -> float:
        with np.errstate(all="ignore"):
            return objective.value_and_gradient(
                X, y, sample_weight, rng=np.random.default_rng(seed)
            )

    objective.grad.fill(np.nan)  # entries that no backward pass writes count as wrong
    here = value()
    if not math.isfinite(here):
        raise ValueError(
            f"The objective is {here} at these parameters, so it has no derivative to "
            "check. Look at the forward pass of the activations, the loss, and the data."
        )
    gradient = objective.grad.copy()
    rng = np.random.default_rng(seed)
    parameters = []
    comparable_from = last_straight_through(objective.network) + 1
    layers = zip(objective.params, objective.network.views(gradient), strict=True)
    for layer, (params, grads) in enumerate(layers):
        learned = {name: np.ones(own.shape, bool) for name, own in params.items()}
        objective.network.layers[layer].forget_unseen(learned)
        for name, own in params.items():
            entries = np.arange(0)
            if layer >= comparable_from:
                entries = _draw(np.flatnonzero(learned[name]), n_entries, rng)
            theta, grad = own.reshape(-1), grads[name].reshape(-1)  # views
            found = tuple(
                compare(value, here, theta, i, grad[i], rtol) for i in entries.tolist()
            )
            parameters.append(CheckedParameter(layer, name, own.shape, entries, found))
    return GradientCheck(objective.network, objective.loss, parameters, rtol)


def _draw(
    entries: np.ndarray, n_entries: int | None, rng: np.random.Generator
) -> np.ndarray:
    """Return those of the entries to check, sorted: `n_entries` of them, or all."""
    if n_entries is None or len(entries) <= n_entries:
        return entries
    return np.sort(rng.choice(entries, n_entries, replace=False))
