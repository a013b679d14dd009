r"""Activation functions: ReLU, sigmoid, tanh and others, each forward beside its backward.

Conventions
-----------
``forward(z, params)`` maps the pre-activation ``z`` (n, n_units * n_pieces) to
``(a, cache)`` with ``a`` (n, n_units). ``backward(grad_a, cache, params, grads)``
is the vector-Jacobian product: it maps the gradient of the objective with respect to ``a``
to that with respect to ``z``, and writes the gradients of the activation's own learned
parameters, if it has any, into ``grads``.

Both passes may overwrite ``z`` and ``grad_a``, but not ``a``, which the next layer keeps.
`forward` caches whatever makes `backward` cheapest.

An activation is a frozen dataclass without state. A new one is a class with these two
methods and a line in `ACTIVATIONS`; the tests find it there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from skshallow._arrays.linalg import column_sums
from skshallow._arrays.namespace import as_dtype, namespace
from skshallow._component import Component, setting

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "SELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "Maxout",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Step",
    "Tanh",
]


def __dir__() -> list[str]:
    return __all__


Params = dict[str, np.ndarray]


def _is_positive(z: np.ndarray) -> np.ndarray:
    """Return 1.0 where z > 0, else 0.0, in the dtype of z.

    A product with floats is several times faster than one with booleans.
    """
    return as_dtype(z > 0, z.dtype)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)), through tanh: no overflow, and vectorised in NumPy."""
    a = namespace(z).tanh(0.5 * z)
    a += 1
    a *= 0.5
    return a


def _softplus(z: np.ndarray) -> np.ndarray:
    """Return log(1 + exp(z)) without overflow: max(z, 0) + log(1 + exp(-|z|))."""
    xp = namespace(z)
    return xp.maximum(z, 0) + xp.log1p(xp.exp(-xp.abs(z)))


class Activation(Component):
    """Base class of activation functions; the module's docstring has the conventions.

    Attributes
    ----------
    n_pieces : int
        Pre-activations per output unit; more than one only for maxout.
    variance_scale, fan : float, {"fan_in", "fan_avg"}
        The initialisation that ``init="auto"`` uses before this activation: weights of
        variance ``variance_scale / fan``.
    straight_through : bool
        Whether `backward` is deliberately the derivative of another function than
        `forward`, a straight-through estimator, which finite differences cannot check.
    is_increasing : bool
        Whether `forward` decreases in no pre-activation, if its learned parameters are at
        least 0; `monotonic_cst` needs this, and keeps them so.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.activations import Activation
    >>> @dataclass(frozen=True)
    ... class Arctan(Activation):
    ...     def forward(self, z, params):
    ...         return np.arctan(z), z
    ...
    ...     def backward(self, grad_a, z, params, grads):
    ...         return grad_a / (1 + z * z)
    >>> X = np.random.default_rng(0).normal(size=(200, 4))
    >>> net = DeepNetRegressor(16, activation=Arctan(), random_state=0)
    >>> net.fit(X, X[:, 0] * X[:, 1]).network_
    Network(4-16-16-1, [Arctan(), Arctan()])
    """

    n_pieces: ClassVar[int] = 1
    variance_scale: ClassVar[float] = 1.0
    fan: ClassVar[str] = "fan_avg"
    straight_through: ClassVar[bool] = False
    is_increasing: ClassVar[bool] = False

    def n_preactivations(self, n_units: int) -> int:
        """Return the number of pre-activations of a layer with `n_units` outputs."""
        return n_units * self.n_pieces

    def initial_params(self, n_units: int) -> Params:
        """Return the initial values of the activation's own learned parameters."""
        return {}

    def forward(self, z: np.ndarray, params: Params) -> tuple[np.ndarray, Any]:
        """Return the activation ``a`` and the cache that `backward` needs."""
        raise NotImplementedError

    def backward(
        self, grad_a: np.ndarray, cache: Any, params: Params, grads: Params
    ) -> np.ndarray:
        """Return the gradient with respect to ``z``.

        If it is computed for several outputs at once, `grad_a` has a leading axis of these,
        which `cache` does not have.
        """
        raise NotImplementedError


class Identity(Activation):
    """Identity, ``a = z``: with it a network of any depth is a linear model.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Identity
    >>> a, _ = Identity().forward(np.array([[-2.0, 0.5]]), params={})
    >>> a
    array([[-2. ,  0.5]])
    """

    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        return z, None

    def backward(self, grad_a, cache, params, grads):
        return grad_a


class Step(Activation):
    """Step function, ``a = 1 if z > 0 else 0``, with a straight-through gradient.

    The true derivative is 0 almost everywhere, so `backward` uses the derivative of
    ``clip(z, -1, 1)`` instead, the straight-through estimator: the gradient passes
    unchanged where ``|z| <= 1`` and is 0 elsewhere.

    References
    ----------
    Bengio, Léonard, Courville (2013), arXiv:1308.3432; the clip: Hubara et al. (2016),
    arXiv:1602.02830.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Step
    >>> a, near = Step().forward(np.array([[-2.0, 0.5, 3.0]]), params={})
    >>> a, Step().backward(np.ones((1, 3)), near, params={}, grads={})
    (array([[0., 1., 1.]]), array([[0., 1., 0.]]))
    """

    straight_through: ClassVar[bool] = True
    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        near = as_dtype(abs(z) <= 1, z.dtype)
        return _is_positive(z), near

    def backward(self, grad_a, near, params, grads):
        grad_a *= near
        return grad_a


class Sigmoid(Activation):
    """Logistic sigmoid, ``a = 1 / (1 + exp(-z))``; derivative ``a (1 - a)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Sigmoid
    >>> a, _ = Sigmoid().forward(np.array([[-2.0, 0.0, 2.0]]), params={})
    >>> a.round(3)
    array([[0.119, 0.5  , 0.881]])
    """

    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        a = _sigmoid(z)
        return a, a

    def backward(self, grad_a, a, params, grads):
        grad_a *= a - a * a
        return grad_a


class Tanh(Activation):
    """Hyperbolic tangent, ``a = tanh(z)``; derivative ``1 - a^2``.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Tanh
    >>> a, _ = Tanh().forward(np.array([[-1.0, 0.0, 1.0]]), params={})
    >>> a.round(3)
    array([[-0.762,  0.   ,  0.762]])
    """

    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        a = namespace(z).tanh(z)
        return a, a

    def backward(self, grad_a, a, params, grads):
        grad_a *= 1 - a * a
        return grad_a


class ReLU(Activation):
    """Rectified linear unit, ``a = max(0, z)``; derivative 1 where ``z > 0``, else 0.

    At 0 the derivative is taken to be the left one, 0: a unit whose pre-activation is
    exactly 0, as all are with weights initialised to 0, gets no gradient. Any value in
    [0, 1] is a subgradient there, and pre-activations are almost never exactly 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import ReLU
    >>> a, cache = ReLU().forward(np.array([[-2.0, 0.0, 3.0]]), params={})
    >>> a, ReLU().backward(np.ones((1, 3)), cache, params={}, grads={})
    (array([[-0.,  0.,  3.]]), array([[0., 0., 1.]]))
    """

    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"
    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        positive = _is_positive(z)
        z *= positive
        return z, positive

    def backward(self, grad_a, positive, params, grads):
        grad_a *= positive
        return grad_a


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """Leaky ReLU, ``a = z if z > 0 else slope * z``; derivative 1 or `slope`.

    At 0 the derivative is the left one, `slope`, as for ReLU.

    Parameters
    ----------
    slope : float, default=0.01
        The slope for negative ``z``, in [-10, 10].

    References
    ----------
    Maas, Hannun, Ng (2013), "Rectifier nonlinearities improve neural network acoustic
    models". Initialisation: He et al. (2015), arXiv:1502.01852, eq. 15.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import LeakyReLU
    >>> a, _ = LeakyReLU(slope=0.1).forward(np.array([[-2.0, 3.0]]), params={})
    >>> a
    array([[-0.2,  3. ]])
    """

    slope: float = setting(0.01, "[-10, 10]")
    fan: ClassVar[str] = "fan_in"

    @property
    def variance_scale(self) -> float:  # type: ignore[override]
        return 2 / (1 + self.slope**2)

    @property
    def is_increasing(self) -> bool:  # type: ignore[override]
        return self.slope >= 0

    def forward(self, z, params):
        derivative = _is_positive(z)
        derivative *= 1 - self.slope
        derivative += self.slope
        z *= derivative
        return z, derivative

    def backward(self, grad_a, derivative, params, grads):
        grad_a *= derivative
        return grad_a


@dataclass(frozen=True)
class PReLU(Activation):
    """Parametric ReLU, ``max(z, 0) + slope * min(z, 0)``, with a learned slope per unit.

    At 0 the derivative with respect to ``z`` is the left one, the slope.

    Parameters
    ----------
    slope : float, default=0.25
        Initial value of the learned slopes, in [-10, 10].

    References
    ----------
    He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import PReLU
    >>> a, _ = PReLU().forward(np.array([[-2.0, 3.0]]), PReLU().initial_params(n_units=2))
    >>> a
    array([[-0.5,  3. ]])
    """

    slope: float = setting(0.25, "[-10, 10]")
    fan: ClassVar[str] = "fan_in"

    @property
    def variance_scale(self) -> float:  # type: ignore[override]
        return 2 / (1 + self.slope**2)

    @property
    def is_increasing(self) -> bool:  # type: ignore[override]
        return self.slope >= 0

    def initial_params(self, n_units):
        return {"slope": np.full(n_units, self.slope)}

    def forward(self, z, params):
        positive = _is_positive(z)
        negative_part = namespace(z).minimum(z, 0)
        z += negative_part * (params["slope"] - 1)
        return z, (positive, negative_part)

    def backward(self, grad_a, cache, params, grads):
        positive, negative_part = cache
        column_sums(grad_a * negative_part, out=grads["slope"])
        slope = params["slope"]
        grad_a *= positive * (1 - slope) + slope
        return grad_a


@dataclass(frozen=True)
class ELU(Activation):
    """Exponential linear unit, ``a = z if z > 0 else alpha * (exp(z) - 1)``.

    The derivative is 1 or ``a + alpha``. At 0 it is the left one, `alpha`; with
    ``alpha=1`` the two are the same.

    Parameters
    ----------
    alpha : float, default=1.0
        The activation saturates at ``-alpha`` for negative ``z``; in [0, 10].

    References
    ----------
    Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import ELU
    >>> a, _ = ELU(alpha=1.0).forward(np.array([[-2.0, 3.0]]), params={})
    >>> a.round(3)
    array([[-0.865,  3.   ]])
    """

    alpha: float = setting(1.0, "[0, 10]")
    scale: ClassVar[float] = 1.0
    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"
    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        positive = _is_positive(z)
        xp = namespace(z)
        negative_part = xp.expm1(xp.minimum(z, 0))
        negative_part *= self.alpha
        z *= positive
        z += negative_part
        z *= self.scale
        return z, (positive, negative_part)

    def backward(self, grad_a, cache, params, grads):
        positive, negative_part = cache
        derivative = negative_part
        derivative += self.alpha
        derivative *= 1 - positive
        derivative += positive
        derivative *= self.scale
        grad_a *= derivative
        return grad_a


@dataclass(frozen=True)
class SELU(ELU):
    """Scaled ELU, for which zero mean and unit variance are a fixed point.

    ``a = scale * (z if z > 0 else alpha * (exp(z) - 1))``, with a fixed `scale`.

    Parameters
    ----------
    alpha : float, default=1.6732632423543772
        As in :class:`ELU`, in [0, 10]. Only the default has that fixed point.

    References
    ----------
    Klambauer, Unterthiner, Mayr, Hochreiter (2017), arXiv:1706.02515.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import SELU
    >>> a, _ = SELU().forward(np.random.default_rng(0).normal(size=(1, 10_000)), params={})
    >>> bool(abs(a.mean()) < 0.02 and abs(a.std() - 1) < 0.02)
    True
    """

    alpha: float = setting(1.6732632423543772, "[0, 10]")
    scale: ClassVar[float] = 1.0507009873554805
    variance_scale: ClassVar[float] = 1.0


class GELU(Activation):
    """Gaussian error linear unit, ``a = z * Phi(z)``.

    `Phi` is the standard normal cumulative distribution function, computed exactly and not
    by the tanh approximation. The derivative is ``Phi(z) + z * phi(z)``.

    References
    ----------
    Hendrycks, Gimpel (2016), arXiv:1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import GELU
    >>> a, _ = GELU().forward(np.array([[-1.0, 0.0, 1.0]]), params={})
    >>> a.round(3)
    array([[-0.159,  0.   ,  0.841]])
    """

    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"

    def forward(self, z, params):
        cdf = ndtr(z)
        return z * cdf, (z, cdf)

    def backward(self, grad_a, cache, params, grads):
        z, cdf = cache
        density = namespace(z).exp(-0.5 * z * z)
        density *= 1 / math.sqrt(2 * math.pi)
        grad_a *= cdf + z * density
        return grad_a


class SiLU(Activation):
    """Sigmoid linear unit (swish), ``a = z * s``, ``s = sigmoid(z)``.

    The derivative is ``s + a (1 - s)``.

    References
    ----------
    Elfwing, Uchibe, Doya (2018), arXiv:1702.03118.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import SiLU
    >>> a, _ = SiLU().forward(np.array([[-1.0, 0.0, 1.0]]), params={})
    >>> a.round(3)
    array([[-0.269,  0.   ,  0.731]])
    """

    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"

    def forward(self, z, params):
        sigmoid = _sigmoid(z)
        z *= sigmoid
        return z, (z, sigmoid)

    def backward(self, grad_a, cache, params, grads):
        a, sigmoid = cache
        grad_a *= sigmoid + a * (1 - sigmoid)
        return grad_a


class Softplus(Activation):
    """Softplus, ``a = log(1 + exp(z))``, a smooth ReLU; derivative ``sigmoid(z)``.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau, Garcia (2001), NeurIPS 13.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Softplus
    >>> a, _ = Softplus().forward(np.array([[-1.0, 0.0, 1.0]]), params={})
    >>> a.round(3)
    array([[0.313, 0.693, 1.313]])
    """

    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"
    is_increasing: ClassVar[bool] = True

    def forward(self, z, params):
        return _softplus(z), z

    def backward(self, grad_a, z, params, grads):
        grad_a *= _sigmoid(z)
        return grad_a


class Mish(Activation):
    """Mish, ``a = z * t`` with ``t = tanh(softplus(z))``.

    The derivative is ``t + z (1 - t^2) sigmoid(z)``.

    References
    ----------
    Misra (2020), arXiv:1908.08681.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Mish
    >>> a, _ = Mish().forward(np.array([[-1.0, 0.0, 1.0]]), params={})
    >>> a.round(3)
    array([[-0.303,  0.   ,  0.865]])
    """

    variance_scale: ClassVar[float] = 2.0
    fan: ClassVar[str] = "fan_in"

    def forward(self, z, params):
        t = namespace(z).tanh(_softplus(z))
        return z * t, (z, t)

    def backward(self, grad_a, cache, params, grads):
        z, t = cache
        grad_a *= t + z * (1 - t * t) * _sigmoid(z)
        return grad_a


@dataclass(frozen=True)
class Maxout(Activation):
    """Maxout, the maximum of `pieces` affine maps: ``a_u = max_k z_ku``.

    The gradient goes to the maximal piece, and among equal ones to the first.
    Pre-activations are ordered by piece: ``z`` (n, pieces * n_units).

    Parameters
    ----------
    pieces : int, default=2
        Affine maps per output unit, in [2, 100].

    Notes
    -----
    Weights are initialised with the variance for which the maximum of `pieces` normal
    variables has a second moment of 1: 1 / fan_in for two pieces, less for more.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville, Bengio (2013), arXiv:1302.4389.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.activations import Maxout
    >>> a, winner = Maxout(pieces=2).forward(np.array([[1.0, 5.0, 2.0, 4.0]]), params={})
    >>> a, winner
    (array([[2., 5.]]), array([[1, 0]]))
    """

    pieces: int = setting(2, "[2, 100]")  # the quadrature below holds for these
    fan: ClassVar[str] = "fan_in"
    is_increasing: ClassVar[bool] = True

    @property
    def n_pieces(self) -> int:  # type: ignore[override]
        return self.pieces

    @property
    def variance_scale(self) -> float:  # type: ignore[override]
        z, weight = np.polynomial.hermite_e.hermegauss(100)
        density_of_largest = weight * self.pieces * ndtr(z) ** (self.pieces - 1)
        return float(weight.sum() / (density_of_largest @ (z * z)))

    def forward(self, z, params):
        xp = namespace(z)
        pieces = xp.reshape(z, (*z.shape[:-1], self.pieces, -1))  # (n, pieces, n_units)
        a = pieces[..., 0, :]
        winner = xp.zeros_like(a, dtype=xp.int64)
        for k in range(1, self.pieces):
            winner = xp.where(pieces[..., k, :] > a, k, winner)
            a = xp.maximum(a, pieces[..., k, :])
        return a, winner

    def backward(self, grad_a, winner, params, grads):
        xp = namespace(grad_a)
        won = [as_dtype(winner == k, grad_a.dtype) for k in range(self.pieces)]
        grad_z = xp.stack([grad_a * by_k for by_k in won], axis=-2)
        return xp.reshape(grad_z, (*grad_a.shape[:-1], -1))


ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "step": Step,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "elu": ELU,
    "selu": SELU,
    "gelu": GELU,
    "silu": SiLU,
    "softplus": Softplus,
    "mish": Mish,
    "maxout": Maxout,
}
