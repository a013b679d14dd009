"""Export to ONNX: log1p, softplus, logsumexp and the normal CDF from basic operators.

onnxruntime's CPU kernels of ``Erf`` and ``Softplus`` take float32 only, and ONNX has no
log1p; these functions are made of operators that it has in float32 and float64.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev
from scipy.special import erfcx

from skshallow.onnx._graph import Tensor

MEMBERS = np.array([0])  # the axis of members, as an input of an operator

# Of the polynomial in `normal_cdf`, whose error is then below 3e-15.
CENTER, DEGREE = 3.0, 20


def log1p(t: Tensor) -> Tensor:
    """Return log(1 + t) for t >= 0, accurate also where 1 + t rounds to 1.

    The rounding of ``u = 1 + t`` is corrected by ``t / (u - 1)``: Goldberg (1991),
    doi:10.1145/103162.103163, theorem 4.
    """
    u = 1 + t
    rounded = (u - 1).op("Max", np.finfo(t.graph.dtype).tiny)
    return (u > 1).op("Where", u.op("Log") * (t / rounded), t)


def softplus(z: Tensor) -> Tensor:
    """Return log(1 + exp(z)) without overflow: max(z, 0) + log(1 + exp(-|z|))."""
    return z.op("Relu") + log1p((-abs(z)).op("Exp"))


def log_sum_exp(a: Tensor, n_members: int) -> Tensor:
    """Return log(sum(exp(a))) over the leading axis of members (n_members, ...).

    The terms below the largest are summed inside a log1p: where members are confident in
    opposite classes, the small difference that decides would else be lost to rounding.
    """
    largest = a.op("ReduceMax", MEMBERS, keepdims=1)
    is_smaller = largest > a
    rest = is_smaller.op("Where", (a - largest).op("Exp"), 0)
    rest = rest.op("ReduceSum", MEMBERS, keepdims=0)
    n_smaller = is_smaller.cast(a.graph.dtype).op("ReduceSum", MEMBERS, keepdims=0)
    n_largest = n_members - n_smaller
    return largest.op("Squeeze", MEMBERS) + n_largest.op("Log") + log1p(rest / n_largest)


def normal_cdf(z: Tensor) -> Tensor:
    """Return the normal distribution function, by ``Erf`` in float32.

    With ``x = |z| / sqrt(2)``, the tail is ``exp(-x^2) erfcx(x) / 2``, and erfcx is smooth
    in ``t = (x - c) / (x + c)``, which takes [0, inf) to [-1, 1): Schonfelder (1978),
    "Chebyshev expansions for the error and related functions", Math. Comp. 32, 1232-1240.
    """
    if z.graph.dtype == np.float32:
        return 0.5 * (1 + (z * math.sqrt(0.5)).op("Erf"))
    x = abs(z) * math.sqrt(0.5)
    t = (x - CENTER) / (x + CENTER)
    *lower, highest = _erfcx_coefficients()
    polynomial = highest * t + lower.pop()
    while lower:
        polynomial = polynomial * t + lower.pop()
    tail = 0.5 * (-x * x).op("Exp") * polynomial
    return (z > 0).op("Where", 1 - tail, tail)


def _erfcx_coefficients() -> list[float]:
    """Return the coefficients (DEGREE + 1,) of erfcx in powers of t, the lowest first."""

    def erfcx_of(t):
        return erfcx(CENTER * (1 + t) / (1 - t))

    return chebyshev.cheb2poly(chebyshev.chebinterpolate(erfcx_of, DEGREE)).tolist()
