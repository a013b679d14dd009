r"""Optimisers (solvers): SGD, momentum, Nesterov, RMSprop, Adam, AdamW and L-BFGS.

A solver is a frozen dataclass; its moving averages are in a separate state of plain arrays
and numbers. ``init(theta)`` returns that state, and
``step(theta, grad, state, learning_rate)`` updates `theta` (P,) in place. Solvers know
nothing of networks, only of vectors. Only AdamW needs to know more: how many of the first
entries are weights, which it decays.

A new solver is a class and a line in `SOLVERS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import Bounds, OptimizeResult, minimize

from skshallow._arrays.linalg import add_scaled
from skshallow._arrays.namespace import namespace
from skshallow._arrays.subnormal import flush_to_zero
from skshallow._component import Component, setting

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


def __dir__() -> list[str]:
    return __all__


State = dict[str, Any]
BLOCK = 1 << 15
# With a smaller epsilon a gradient whose square float32 rounds to 0 would make large steps.
EPSILONS = "[1e-20, 1]"


def _walk(update: Callable[..., None], *vectors: np.ndarray) -> None:
    """Call `update` with the vectors (P,) block by block, side by side.

    So one update works on some 100 KB of each at a time, which fit the cache, however large
    the network is.
    """
    n = vectors[0].shape[0]
    if n <= BLOCK:
        return update(*vectors)
    for start in range(0, n, BLOCK):
        block = slice(start, min(start + BLOCK, n))
        update(*(vector[block] for vector in vectors))


class Solver(Component):
    """Base class of solvers; see the module's docstring.

    Attributes
    ----------
    stochastic : bool
        Whether it takes one step per minibatch; else it minimises the full-batch objective.
    scale_free : bool
        Whether the size of the steps does not depend on the scale of the gradient.
    default_learning_rate : float
        The learning rate that ``learning_rate="auto"`` means.
    default_max_grad_norm : float or None
        The value of ``max_grad_norm="auto"`` at that rate; None means no clipping. Solvers
        whose steps grow with the gradient need it: without clipping, no single learning
        rate suits every width, loss and batch size.
    averages : tuple of str
        Names of the moving averages of the gradient in the state.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from skshallow.solvers import Solver
    >>> @dataclass(frozen=True)
    ... class SignDescent(Solver):
    ...     def step(self, theta, grad, state, learning_rate):
    ...         theta -= learning_rate * np.sign(grad)
    >>> theta = np.array([1.0, -2.0])
    >>> SignDescent().step(theta, grad=np.array([0.3, -5.0]), state={}, learning_rate=0.1)
    >>> theta
    array([ 0.9, -1.9])
    """

    stochastic: ClassVar[bool] = True
    scale_free: ClassVar[bool] = False
    default_learning_rate: ClassVar[float] = 1e-3
    default_max_grad_norm: ClassVar[float | None] = None
    averages: ClassVar[tuple[str, ...]] = ()

    def init(self, theta: np.ndarray, n_weights: int | None = None) -> State:
        """Return the state before the first step.

        Parameters
        ----------
        theta : ndarray of shape (P,)
            The initial parameters; only their shape and dtype matter.
        n_weights : int or None, default=None
            Number of leading entries that decoupled weight decay applies to; None means
            all.
        """
        return {}

    def step(
        self, theta: np.ndarray, grad: np.ndarray, state: State, learning_rate: float
    ) -> None:
        """Update `theta` (P,) and the state in place, given the gradient `grad` (P,)."""
        raise NotImplementedError

    def flush(self, theta: np.ndarray, state: State) -> None:
        """Set entries of `theta` (P,) and of its averages to 0 that are almost 0.

        Those of units without a gradient, which the L2 penalty and decay alone move, become
        subnormal numbers, and these make products and steps several times slower.
        """
        for vector in (theta, *(state[name] for name in self.averages)):
            flush_to_zero(vector)

    def minimize(
        self,
        value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
        theta: np.ndarray,
        *,
        max_iter: int,
        tol: float,
        callback: Callable[[OptimizeResult], None],
        bounds: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> OptimizeResult:
        """Minimise the whole objective from `theta`, if the solver is not stochastic.

        `bounds` are the least and the greatest value of each parameter (P,). They are only
        passed for nets with `monotonic_cst`, and `theta` lies within them.
        """
        raise NotImplementedError


class SGD(Solver):
    """Stochastic gradient descent: ``theta -= learning_rate * grad``.

    With ``batch_size=None`` it is gradient descent on the whole training set. At its
    default learning rate an estimator limits the gradients' length, see `max_grad_norm`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.solvers import SGD
    >>> theta, grad = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    >>> SGD().step(theta, grad, SGD().init(theta), learning_rate=0.1)
    >>> theta
    array([0., 3.])
    """

    default_learning_rate: ClassVar[float] = 0.1
    default_max_grad_norm: ClassVar[float | None] = 1.0

    def step(self, theta, grad, state, learning_rate):
        def update(theta, grad):
            theta -= learning_rate * grad

        _walk(update, theta, grad)


@dataclass(frozen=True)
class Momentum(Solver):
    """SGD with momentum: ``v = momentum * v - learning_rate * grad;  theta += v``.

    Parameters
    ----------
    momentum : float, default=0.9
        Share of the previous update that is added to the next one, in [0, 1).

    References
    ----------
    Polyak (1964), doi:10.1016/0041-5553(64)90137-5; in this form Sutskever, Martens,
    Dahl, Hinton (2013), ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.solvers import Momentum
    >>> solver, theta = Momentum(momentum=0.5), np.array([1.0])
    >>> state = solver.init(theta)
    >>> for _ in range(2):  # the second step has half of the first one added
    ...     solver.step(theta, np.array([1.0]), state, learning_rate=0.1)
    >>> theta
    array([0.75])
    """

    momentum: float = setting(0.9, "[0, 1)")
    default_learning_rate: ClassVar[float] = 0.01
    default_max_grad_norm: ClassVar[float | None] = 1.0
    averages: ClassVar[tuple[str, ...]] = ("velocity",)

    def init(self, theta, n_weights=None):
        return {"velocity": namespace(theta).zeros_like(theta)}

    def step(self, theta, grad, state, learning_rate):
        def update(theta, grad, velocity):
            velocity *= self.momentum
            velocity -= learning_rate * grad
            theta += velocity

        _walk(update, theta, grad, state["velocity"])


class Nesterov(Momentum):
    """Nesterov momentum: ``theta += momentum * v - learning_rate * grad``.

    Here ``v`` is the velocity after its update, and `theta` is the look-ahead point, at
    which the gradient is computed.

    Parameters
    ----------
    momentum : float, default=0.9
        Share of the previous update that is added to the next one, in [0, 1).

    References
    ----------
    Nesterov (1983); in this form Bengio, Boulanger-Lewandowski, Pascanu (2013),
    arXiv:1212.0901, eq. 7.

    Examples
    --------
    >>> import numpy as np
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
    """RMSprop: the gradient divided by the root of its moving mean square.

    ``s = rho s + (1 - rho) grad^2;  theta -= learning_rate grad / (sqrt(s) + epsilon)``.

    Parameters
    ----------
    rho : float, default=0.9
        Exponential decay rate of the mean square, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator for numerical stability, in [1e-20, 1].

    References
    ----------
    Tieleman, Hinton (2012), "Lecture 6.5: rmsprop", Coursera.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.solvers import RMSprop
    >>> theta, grad = np.array([1.0, 1.0]), np.array([0.01, -100.0])
    >>> RMSprop(rho=0.75).step(theta, grad, RMSprop().init(theta), learning_rate=0.1)
    >>> theta.round(3)
    array([0.8, 1.2])
    """

    rho: float = setting(0.9, "[0, 1)")
    epsilon: float = setting(1e-8, EPSILONS)
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
            add_scaled(grad / root, -learning_rate, out=theta)

        _walk(update, theta, grad, state["square"])


@dataclass(frozen=True)
class Adam(Solver):
    r"""Adam: adaptive moment estimation, with bias correction.

    Steps are of about the size `learning_rate`, whatever the scale of the gradient. At step
    ``t``::

        m = beta_1 m + (1 - beta_1) grad
        s = beta_2 s + (1 - beta_2) grad^2
        theta -= learning_rate * m / (1 - beta_1^t) / (sqrt(s / (1 - beta_2^t)) + epsilon)

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.99
        Exponential decay rates of the first and second moment estimates, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator for numerical stability, in [1e-20, 1].

    Notes
    -----
    The paper suggests 0.999 for `beta_2`. Fits of a few thousand steps do better with a
    smaller one: 0.95 in Holzmueller, Grinsztajn, Steinwart (2024), arXiv:2407.04491. On a
    few rows 0.95 is so small that rounding errors grow until they show in the result.

    The state holds ``m / (1 - beta_1)`` and ``s / (1 - beta_2)``; these constant factors
    are part of the bias corrections, which saves passes over the vectors.

    References
    ----------
    Kingma, Ba (2015), arXiv:1412.6980.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.solvers import Adam
    >>> theta, grad = np.array([1.0, 1.0]), np.array([0.01, -100.0])
    >>> Adam().step(theta, grad, Adam().init(theta), learning_rate=0.1)
    >>> theta.round(3)
    array([0.9, 1.1])
    """

    beta_1: float = setting(0.9, "[0, 1)")
    beta_2: float = setting(0.99, "[0, 1)")
    epsilon: float = setting(1e-8, EPSILONS)
    scale_free: ClassVar[bool] = True
    default_learning_rate: ClassVar[float] = 1e-2
    averages: ClassVar[tuple[str, ...]] = ("mean",)

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
            add_scaled(mean / root, -rate, out=theta)

        _walk(update, theta, grad, state["mean"], state["square"])


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay.

    Each step begins with ``weights *= 1 - learning_rate * weight_decay``.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9, 0.99
        Exponential decay rates of the first and second moment estimates, in [0, 1).
    epsilon : float, default=1e-8
        Added to the denominator for numerical stability, in [1e-20, 1].
    weight_decay : float, default=0.01
        Strength of the decay of weights, not of biases; in [0, 1000]. It adds to an
        estimator's `alpha`, the L2 penalty in the objective.

    References
    ----------
    Loshchilov, Hutter (2019), arXiv:1711.05101.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.solvers import AdamW
    >>> solver, theta = AdamW(weight_decay=0.5), np.array([1.0, 1.0])
    >>> state = solver.init(theta, n_weights=1)  # the second one is a bias
    >>> solver.step(theta, np.zeros(2), state, learning_rate=0.1)
    >>> theta
    array([0.95, 1.  ])
    """

    weight_decay: float = setting(0.01, "[0, 1000]")

    def init(self, theta, n_weights=None):
        return super().init(theta) | {"n_weights": n_weights}

    def step(self, theta, grad, state, learning_rate):
        theta[: state["n_weights"]] *= 1 - learning_rate * self.weight_decay
        super().step(theta, grad, state, learning_rate)


@dataclass(frozen=True)
class LBFGS(Solver):
    """Limited-memory BFGS with line search on the full-batch objective, through SciPy.

    Parameters
    ----------
    memory : int, default=10
        Number of past steps that approximate the Hessian, in [1, 1000].
    max_line_search : int, default=50
        Maximum number of objective evaluations per line search, in [2, 1000].

    References
    ----------
    Zhu, Byrd, Lu, Nocedal (1997), doi:10.1145/279232.279236.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow import ShallowNetRegressor
    >>> from skshallow.solvers import LBFGS
    >>> X = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> net = ShallowNetRegressor(8, solver=LBFGS(memory=20), random_state=0)
    >>> net.fit(X, X.ravel() ** 2).score(X, X.ravel() ** 2) > 0.99
    True
    """

    memory: int = setting(10, "[1, 1000]")
    max_line_search: int = setting(50, "[2, 1000]")  # with 1, many end at the start
    stochastic: ClassVar[bool] = False

    def minimize(
        self,
        value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
        theta: np.ndarray,
        *,
        max_iter: int,
        tol: float,
        callback: Callable[[OptimizeResult], None],
        bounds: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> OptimizeResult:
        """Minimise from `theta` until the largest gradient entry is below `tol`.

        `callback` is called after each iteration; StopIteration from it ends the run. Where
        a parameter is at one of the `bounds`, a gradient that leads beyond counts as 0.
        """

        def report(intermediate_result: OptimizeResult) -> None:
            callback(intermediate_result)

        return minimize(
            value_and_gradient,
            theta,
            jac=True,
            method="L-BFGS-B",
            callback=report,
            bounds=None if bounds is None else Bounds(*bounds),
            options={
                "maxiter": max_iter,
                "maxfun": math.inf,  # the other two are limits enough
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
