r"""Weight initialisation: He, Glorot (Xavier), LeCun, orthogonal and others.

An initializer maps ``(rng, n_inputs, n_units, activation)`` to weights
(n_inputs, n_units) in float64. He, Glorot and LeCun are `VarianceScaling` with different
settings. `n_units` counts pre-activations, so a maxout layer of 10 units with 2 pieces
asks for 20. Biases are initialised elsewhere: hidden ones to 0, see
:class:`skshallow.engine.layers.Dense`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from skshallow._component import Choice, Component, setting
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


def __dir__() -> list[str]:
    return __all__


class Initializer(Component):
    """Base class of initializers; see the module's docstring.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from skshallow.initializers import Initializer
    >>> @dataclass(frozen=True)
    ... class Signs(Initializer):
    ...     def __call__(self, rng, n_inputs, n_units, activation):
    ...         return rng.choice([-1.0, 1.0], (n_inputs, n_units)) / np.sqrt(n_inputs)
    >>> Signs()(np.random.default_rng(0), n_inputs=4, n_units=3, activation=None).shape
    (4, 3)
    """

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
        In (0, 1e6]. 2 preserves the second moment of activations through ReLU layers, 1
        through linear ones.
    fan : {"fan_in", "fan_avg"}, default="fan_in"
        The number of inputs, or the mean of the numbers of inputs and units.
    distribution : {"normal", "uniform"}, default="normal"
        The distribution, which if uniform ends at ``+-sqrt(3 * variance)``.

    References
    ----------
    LeCun, Bottou, Orr, Müller (1998), "Efficient BackProp", for scale 1, fan_in;
    Glorot, Bengio (2010), AISTATS, for scale 1, fan_avg; He, Zhang, Ren, Sun (2015),
    arXiv:1502.01852, for scale 2, fan_in.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.initializers import VarianceScaling
    >>> he = VarianceScaling(scale=2.0, fan="fan_in", distribution="normal")
    >>> weight = he(np.random.default_rng(0), n_inputs=50, n_units=1000, activation=None)
    >>> round(float(weight.var() * 50), 1)
    2.0
    """

    scale: float = setting(1.0, "(0, 1e6]")
    fan: Literal["fan_in", "fan_avg"] = setting("fan_in", Choice("fan_in", "fan_avg"))
    distribution: Literal["normal", "uniform"] = setting(
        "normal", Choice("normal", "uniform")
    )

    def __call__(self, rng, n_inputs, n_units, activation):
        fan = n_inputs if self.fan == "fan_in" else (n_inputs + n_units) / 2
        deviation = np.sqrt(self.scale / fan)
        if self.distribution == "normal":
            return deviation * rng.standard_normal((n_inputs, n_units))
        limit = np.sqrt(3) * deviation
        return rng.uniform(-limit, limit, (n_inputs, n_units))


class Auto(Initializer):
    """The initialisation that suits the layer's activation.

    He for ReLU and its relatives, LeCun for SELU and maxout, Glorot for the rest:
    `VarianceScaling` with the activation's own `variance_scale` and `fan`.

    Examples
    --------
    >>> import numpy as np
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


class Normal(Initializer):
    """Standard normal weights, whatever the layer's size; scale them with `init_scale`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.initializers import Normal
    >>> rng = np.random.default_rng(0)
    >>> weight = Normal()(rng, n_inputs=50, n_units=100, activation=None)
    >>> weight.shape, round(float(weight.std()), 1)
    ((50, 100), 1.0)
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return rng.standard_normal((n_inputs, n_units))


class Uniform(Initializer):
    """Weights uniform in (-1, 1), whatever the layer's size; scale with `init_scale`.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.initializers import Uniform
    >>> rng = np.random.default_rng(0)
    >>> weight = Uniform()(rng, n_inputs=50, n_units=100, activation=None)
    >>> bool(np.abs(weight).max() < 1)
    True
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return rng.uniform(-1, 1, (n_inputs, n_units))


class Zeros(Initializer):
    """All weights 0: the units of a layer stay equal throughout training. For study only.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.initializers import Zeros
    >>> Zeros()(np.random.default_rng(0), n_inputs=2, n_units=3, activation=None)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """

    def __call__(self, rng, n_inputs, n_units, activation):
        return np.zeros((n_inputs, n_units))


class Orthogonal(Initializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer.

    References
    ----------
    Saxe, McClelland, Ganguli (2014), arXiv:1312.6120.

    Examples
    --------
    >>> import numpy as np
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


INITIALIZERS: dict[str, Callable[[], Initializer]] = {
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
