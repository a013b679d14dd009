r"""Initialisation: where the weights start. One variance-scaling law has many names.

An initializer maps ``(rng, n_inputs, n_units, activation)`` to weights
(n_inputs, n_units) in float64. `n_units` counts pre-activations, so a maxout layer of
10 units with 2 pieces asks for 20. Biases start at 0 and are no business of this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from skshallow.activations import Activation

__all__ = [
    "INITIALIZERS",
    "Auto",
    "Initializer",
    "Normal",
    "Orthogonal",
    "Uniform",
    "VarianceScaling",
    "Zeros",
]


@dataclass(frozen=True)
class Initializer:
    """What every initializer shares; see the module's text."""

    def __call__(
        self,
        rng: np.random.Generator,
        n_inputs: int,
        n_units: int,
        activation: Activation,
    ) -> np.ndarray:
        """Return weights (n_inputs, n_units) for a layer followed by `activation`."""
        raise NotImplementedError


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """Weights of mean 0 and variance ``scale / fan``.

    Parameters
    ----------
    scale : float, default=1.0
        2 keeps the size of what passes through a ReLU, 1 through a linear unit.
    fan : {"fan_in", "fan_avg"}, default="fan_in"
        Divide by the inputs, or by the mean of inputs and units.
    distribution : {"normal", "uniform"}, default="normal"
        The shape; a uniform one reaches to ``sqrt(3 * variance)``.

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), "Efficient BackProp", for scale 1, fan_in;
    Glorot, Bengio (2010), AISTATS, for scale 1, fan_avg; He, Zhang, Ren, Sun (2015),
    arXiv:1502.01852, for scale 2, fan_in.

    Examples
    --------
    >>> from skshallow.initializers import VarianceScaling
    >>> he = VarianceScaling(scale=2.0, fan="fan_in", distribution="normal")
    >>> weight = he(np.random.default_rng(0), n_inputs=50, n_units=1000, activation=None)
    >>> round(float(weight.var() * 50), 1)
    2.0
    """

    scale: float = 1.0
    fan: Literal["fan_in", "fan_avg"] = "fan_in"
    distribution: Literal["normal", "uniform"] = "normal"

    def __post_init__(self):
        if self.fan not in ("fan_in", "fan_avg"):
            raise ValueError(f"fan must be 'fan_in' or 'fan_avg', got {self.fan!r}.")
        if self.distribution not in ("normal", "uniform"):
            raise ValueError(
                f"distribution must be 'normal' or 'uniform', got {self.distribution!r}."
            )

    def __call__(self, rng, n_inputs, n_units, activation):
        fan = n_inputs if self.fan == "fan_in" else (n_inputs + n_units) / 2
        deviation = np.sqrt(self.scale / fan)
        if self.distribution == "normal":
            return deviation * rng.standard_normal((n_inputs, n_units))
        limit = np.sqrt(3) * deviation
        return rng.uniform(-limit, limit, (n_inputs, n_units))


@dataclass(frozen=True)
class Auto(Initializer):
    """The variance-scaling law that the layer's activation names as its own.

    He before the rectifiers, LeCun before selu and maxout, Glorot before the rest.

    Examples
    --------
    >>> from skshallow.activations import ReLU, Tanh
    >>> from skshallow.initializers import Auto
    >>> rng = np.random.default_rng(0)
    >>> [round(float(Auto()(rng, 50, 1000, g()).var()), 3) for g in (ReLU, Tanh)]
    [0.04, 0.002]
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return self.law(activation)(rng, n_inputs, n_units, activation)

    def law(self, activation: Activation) -> VarianceScaling:
        """Return the law for a layer followed by `activation`."""
        return VarianceScaling(activation.variance_scale, activation.fan)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Normal(Initializer):
    """Standard normal weights, whatever the layer's size; shrink with `init_scale`.

    Examples
    --------
    >>> from skshallow.initializers import Normal
    >>> rng = np.random.default_rng(0)
    >>> weight = Normal()(rng, n_inputs=50, n_units=100, activation=None)
    >>> weight.shape, round(float(weight.std()), 1)
    ((50, 100), 1.0)
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return rng.standard_normal((n_inputs, n_units))


@dataclass(frozen=True)
class Uniform(Initializer):
    """Weights uniform in (-1, 1), whatever the layer's size; shrink with `init_scale`.

    Examples
    --------
    >>> from skshallow.initializers import Uniform
    >>> rng = np.random.default_rng(0)
    >>> weight = Uniform()(rng, n_inputs=50, n_units=100, activation=None)
    >>> bool(np.abs(weight).max() < 1)
    True
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return rng.uniform(-1, 1, (n_inputs, n_units))


@dataclass(frozen=True)
class Zeros(Initializer):
    """All weights 0. The units of a layer then stay equal for ever: for study only.

    Examples
    --------
    >>> from skshallow.initializers import Zeros
    >>> Zeros()(np.random.default_rng(0), n_inputs=2, n_units=3, activation=None)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return np.zeros((n_inputs, n_units))


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer.

    References
    ----------
    Saxe, McClelland, Ganguli (2014), arXiv:1312.6120.

    Examples
    --------
    >>> from skshallow.initializers import Orthogonal
    >>> rng = np.random.default_rng(0)
    >>> weight = Orthogonal()(rng, n_inputs=5, n_units=3, activation=None)
    >>> np.allclose(weight.T @ weight, np.eye(3))
    True
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        n_long, n_short = max(n_inputs, n_units), min(n_inputs, n_units)
        q, r = np.linalg.qr(rng.standard_normal((n_long, n_short)))
        q *= np.sign(np.diag(r))  # makes q uniform over the orthogonal matrices
        return q if n_inputs >= n_units else q.T


INITIALIZERS = {
    "auto": Auto,
    "he_normal": lambda: VarianceScaling(2.0, "fan_in", "normal"),
    "he_uniform": lambda: VarianceScaling(2.0, "fan_in", "uniform"),
    "glorot_normal": lambda: VarianceScaling(1.0, "fan_avg", "normal"),
    "glorot_uniform": lambda: VarianceScaling(1.0, "fan_avg", "uniform"),
    "lecun_normal": lambda: VarianceScaling(1.0, "fan_in", "normal"),
    "lecun_uniform": lambda: VarianceScaling(1.0, "fan_in", "uniform"),
    "orthogonal": Orthogonal,
    "normal": Normal,
    "uniform": Uniform,
    "zeros": Zeros,
}
