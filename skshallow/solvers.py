r"""Solvers: how a gradient moves the flat parameter vector.

A solver is a frozen set of settings; what it remembers between steps is a separate
state of plain arrays and numbers. ``init(theta) -> state``;
``step(theta, grad, state, learning_rate)`` moves `theta` (P,) in place. Solvers know
nothing of networks, only vectors; AdamW alone is told which leading part of the vector
holds weights.

A new solver is a class and a line in `SOLVERS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from skshallow._arrays.namespace import namespace

__all__ = [
    "LBFGS",
    "SGD",
    "SOLVERS",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "RMSprop",
    "Solver",
]

State = dict[str, Any]
BLOCK = 1 << 18


def _walk(update: Callable[..., None], *vectors: np.ndarray) -> None:
    """Call `update` with the vectors (P,) block by block, side by side.

    However large the net, the passes of one update stay within a few MB of cache.
    """
    n = vectors[0].shape[0]
    if n <= BLOCK:
        return update(*vectors)
    for start in range(0, n, BLOCK):
        block = slice(start, min(start + BLOCK, n))
        update(*(vector[block] for vector in vectors))


@dataclass(frozen=True)
class Solver:
    """What every solver shares; see the module's text.

    Attributes
    ----------
    stochastic : bool
        Whether it takes a step a minibatch; else it minimises the whole objective.
    scale_free : bool
        Whether steps are of one size, whatever that of the gradient.
    default_learning_rate : float
        The rate that ``learning_rate="auto"`` means.
    """

    stochastic: ClassVar[bool] = True
    scale_free: ClassVar[bool] = False
    default_learning_rate: ClassVar[float] = 1e-3

    def init(self, theta: np.ndarray, n_weights: int | None = None) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        theta : ndarray of shape (P,)
            Where the solver will start; only its shape and dtype matter.
        n_weights : int, default=None
            The leading entries that decoupled weight decay applies to; None means all.
        """
        return {}

    def step(
        self, theta: np.ndarray, grad: np.ndarray, state: State, learning_rate: float
    ) -> None:
        """Move `theta` (P,) against `grad` (P,), both and the state in place."""
        raise NotImplementedError

    def minimize(
        self,
        value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
        theta: np.ndarray,
        *,
        max_iter: int,
        tol: float,
        callback: Callable[[OptimizeResult], None],
    ) -> OptimizeResult:
        """Minimise the whole objective from `theta`, if the solver is not stochastic."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Solver):
    """``theta -= learning_rate * grad``; with the whole set a batch, gradient descent.

    Examples
    --------
    >>> from skshallow.solvers import SGD
    >>> theta, grad = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    >>> SGD().step(theta, grad, SGD().init(theta), learning_rate=0.1)
    >>> theta
    array([0., 3.])
    """

    default_learning_rate: ClassVar[float] = 0.1

    def step(self, theta, grad, state, learning_rate):
        def update(theta, grad):
            theta -= learning_rate * grad

        _walk(update, theta, grad)


@dataclass(frozen=True)
class Momentum(Solver):
    """``v = momentum * v - learning_rate * grad;  theta += v``.

    Parameters
    ----------
    momentum : float, default=0.9
        How much of the last step goes on.

    References
    ----------
    Polyak (1964), doi:10.1016/0041-5553(64)90137-5; in this form Sutskever, Martens,
    Dahl, Hinton (2013), ICML.

    Examples
    --------
    >>> from skshallow.solvers import Momentum
    >>> solver, theta = Momentum(momentum=0.5), np.array([1.0])
    >>> state = solver.init(theta)
    >>> for _ in range(2):  # a step of -0.1, then half of it goes on
    ...     solver.step(theta, np.array([1.0]), state, learning_rate=0.1)
    >>> theta
    array([0.75])
    """

    momentum: float = 0.9
    default_learning_rate: ClassVar[float] = 0.01

    def init(self, theta, n_weights=None):
        return {"velocity": namespace(theta).zeros_like(theta)}

    def step(self, theta, grad, state, learning_rate):
        def update(theta, grad, velocity):
            velocity *= self.momentum
            velocity -= learning_rate * grad
            theta += velocity

        _walk(update, theta, grad, state["velocity"])


@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum that looks ahead: ``theta += momentum * v - learning_rate * grad``.

    Here ``v`` is already the new velocity, and `theta` stands for the point ahead, where
    the gradient is taken.

    References
    ----------
    Nesterov (1983); in this form Bengio, Boulanger-Lewandowski, Pascanu (2013),
    arXiv:1212.0901, eq. 7.

    Examples
    --------
    >>> from skshallow.solvers import Nesterov
    >>> solver, theta = Nesterov(momentum=0.5), np.array([1.0])
    >>> solver.step(theta, np.array([1.0]), solver.init(theta), learning_rate=0.1)
    >>> theta
    array([0.85])
    """

    def step(self, theta, grad, state, learning_rate):
        def update(theta, grad, velocity):
            descent = learning_rate * grad
            velocity *= self.momentum
            velocity -= descent
            theta += self.momentum * velocity
            theta -= descent

        _walk(update, theta, grad, state["velocity"])


@dataclass(frozen=True)
class RMSprop(Solver):
    """``s = rho s + (1 - rho) grad^2;  theta -= learning_rate grad / (sqrt(s) + epsilon)``.

    Parameters
    ----------
    rho : float, default=0.9
        Memory of the mean square.
    epsilon : float, default=1e-8
        Keeps the division finite.

    References
    ----------
    Tieleman, Hinton (2012), "Lecture 6.5: rmsprop", Coursera.

    Examples
    --------
    >>> from skshallow.solvers import RMSprop
    >>> theta, grad = np.array([1.0, 1.0]), np.array([0.01, -100.0])
    >>> RMSprop(rho=0.75).step(theta, grad, RMSprop().init(theta), learning_rate=0.1)
    >>> theta.round(3)
    array([0.8, 1.2])
    """

    rho: float = 0.9
    epsilon: float = 1e-8
    scale_free: ClassVar[bool] = True

    def init(self, theta, n_weights=None):
        return {"square": namespace(theta).zeros_like(theta)}

    def step(self, theta, grad, state, learning_rate):
        xp = namespace(theta)

        def update(theta, grad, square):
            square *= self.rho
            square += (1 - self.rho) * (grad * grad)
            root = xp.sqrt(square)
            root += self.epsilon
            move = grad / root
            move *= learning_rate
            theta -= move

        _walk(update, theta, grad, state["square"])


@dataclass(frozen=True)
class Adam(Solver):
    r"""Steps of about `learning_rate` whatever the gradient's scale.

    With step number ``t``::

        m = beta_1 m + (1 - beta_1) grad
        s = beta_2 s + (1 - beta_2) grad^2
        theta -= learning_rate * m / (1 - beta_1^t) / (sqrt(s / (1 - beta_2^t)) + epsilon)

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.99
        Memories of the mean and of the mean square.
    epsilon : float, default=1e-8
        Keeps the division finite.

    Notes
    -----
    The paper suggests 0.999 for `beta_2`. Fits of a few thousand steps do better with a
    shorter memory: 0.95 in Holzmueller, Grinsztajn, Steinwart (2024), arXiv:2407.04491.
    On a few rows that is so short that rounding grows until it shows.

    The state holds ``m / (1 - beta_1)`` and ``s / (1 - beta_2)``; their constants join
    the bias corrections, which saves passes over the vectors.

    References
    ----------
    Kingma, Ba (2015), arXiv:1412.6980.

    Examples
    --------
    >>> from skshallow.solvers import Adam
    >>> theta, grad = np.array([1.0, 1.0]), np.array([0.01, -100.0])
    >>> Adam().step(theta, grad, Adam().init(theta), learning_rate=0.1)
    >>> theta.round(3)
    array([0.9, 1.1])
    """

    beta_1: float = 0.9
    beta_2: float = 0.99
    epsilon: float = 1e-8
    scale_free: ClassVar[bool] = True
    default_learning_rate: ClassVar[float] = 1e-2

    def init(self, theta, n_weights=None):
        return {
            "mean": namespace(theta).zeros_like(theta),
            "square": namespace(theta).zeros_like(theta),
            "n_steps": 0,
        }

    def step(self, theta, grad, state, learning_rate):
        state["n_steps"] += 1
        t = state["n_steps"]
        mean_correction = (1 - self.beta_1) / (1 - self.beta_1**t)
        root_correction = math.sqrt((1 - self.beta_2) / (1 - self.beta_2**t))
        rate = learning_rate * mean_correction / root_correction
        epsilon = self.epsilon / root_correction
        xp = namespace(theta)

        def update(theta, grad, mean, square):
            mean *= self.beta_1
            mean += grad
            square *= self.beta_2
            square += grad * grad
            root = xp.sqrt(square)
            root += epsilon
            move = mean / root
            move *= rate
            theta -= move

        _walk(update, theta, grad, state["mean"], state["square"])


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay: ``weights *= 1 - learning_rate * weight_decay`` first.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.99
        Memories of the mean and of the mean square.
    epsilon : float, default=1e-8
        Keeps the division finite.
    weight_decay : float, default=0.01
        Strength of the decay, on weights and not on biases. It is apart from an
        estimator's `alpha`, which stays a penalty in the objective.

    References
    ----------
    Loshchilov, Hutter (2019), arXiv:1711.05101.

    Examples
    --------
    >>> from skshallow.solvers import AdamW
    >>> solver, theta = AdamW(weight_decay=0.5), np.array([1.0, 1.0])
    >>> state = solver.init(theta, n_weights=1)  # the second one is a bias
    >>> solver.step(theta, np.zeros(2), state, learning_rate=0.1)
    >>> theta
    array([0.95, 1.  ])
    """

    weight_decay: float = 0.01

    def init(self, theta, n_weights=None):
        return super().init(theta) | {"n_weights": n_weights}

    def step(self, theta, grad, state, learning_rate):
        theta[: state["n_weights"]] *= 1 - learning_rate * self.weight_decay
        super().step(theta, grad, state, learning_rate)


@dataclass(frozen=True)
class LBFGS(Solver):
    """Limited-memory BFGS with line search on the whole objective, through SciPy.

    Parameters
    ----------
    memory : int, default=10
        Past steps that shape the quadratic model.
    max_line_search : int, default=50
        Objective evaluations that one line search may take.

    References
    ----------
    Zhu, Byrd, Lu, Nocedal (1997), doi:10.1145/279232.279236.

    Examples
    --------
    >>> from skshallow import ShallowNetRegressor
    >>> from skshallow.solvers import LBFGS
    >>> X = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> net = ShallowNetRegressor(8, solver=LBFGS(memory=20), random_state=0)
    >>> net.fit(X, X.ravel() ** 2).score(X, X.ravel() ** 2) > 0.99
    True
    """

    memory: int = 10
    max_line_search: int = 50
    stochastic: ClassVar[bool] = False

    def minimize(
        self,
        value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
        theta: np.ndarray,
        *,
        max_iter: int,
        tol: float,
        callback: Callable[[OptimizeResult], None],
    ) -> OptimizeResult:
        """Minimise from `theta` until the largest gradient entry is below `tol`.

        `callback` is called after each iteration; StopIteration from it ends the run.
        """

        def report(intermediate_result: OptimizeResult) -> None:
            callback(intermediate_result)

        return minimize(
            value_and_gradient,
            theta,
            jac=True,
            method="L-BFGS-B",
            callback=report,
            options={
                "maxiter": max_iter,
                "maxfun": max_iter * self.max_line_search,
                "maxls": self.max_line_search,
                "maxcor": self.memory,
                "gtol": tol,
                "ftol": 64 * np.finfo(np.float64).eps,
            },
        )


SOLVERS: dict[str, type[Solver]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": LBFGS,
}
