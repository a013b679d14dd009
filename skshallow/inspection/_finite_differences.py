"""Finite differences: one partial derivative, compared with that of backpropagation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Step sizes, relative to the entry if its magnitude is above 1. Tried in this order until
# one agrees: the first balances the truncation error, of order step^2, against rounding,
# eps / step; smaller ones avoid kinks and strong curvature, the larger one is for values
# whose rounding error is larger than assumed.
STEPS = 1e-5, 1e-6, 1e-4, 1e-7, 1e-8
# Rounding error of a value, relative to its magnitude, or absolute if that is below 1.
ROUNDING = 64 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class DerivativeComparison:
    """The derivative by one entry, by backpropagation and by finite differences.

    Attributes
    ----------
    gradient, difference : float
        The derivative by backpropagation, and by central differences.
    relative_error : float
        Their distance divided by the larger one, or by the smallest derivative that
        differences resolve to the relative tolerance, if that is larger. 0 at a kink.
    at_kink : bool
        Whether the one-sided derivatives differ, so that there is no derivative. Nothing
        is compared then: where several kinks meet, the result of backpropagation need not
        even lie between them.
    """

    gradient: float
    difference: float
    relative_error: float
    at_kink: bool = False


def compare(
    value: Callable[[], float],
    here: float,
    theta: np.ndarray,
    i: int,
    gradient: float,
    rtol: float,
) -> DerivativeComparison:
    """Compare the `gradient` of entry `i` of `theta` (P,) with differences of `value`.

    The entry is changed in place, and restored. `here` is the value before.
    """
    gradient = float(gradient)
    rounding = ROUNDING * max(1.0, abs(here))
    least = rounding / STEPS[0] / rtol
    slopes = {}
    best = DerivativeComparison(gradient, math.nan, math.inf)
    for step in STEPS:
        left, right = slopes[step] = _slopes(value, here, theta, i, step)
        found = _comparison(gradient, 0.5 * (left + right), least)
        best = min(best, found, key=lambda one: one.relative_error)
        if best.relative_error <= rtol:
            return best
    if _is_kink(slopes, rounding):
        return DerivativeComparison(
            gradient, sum(slopes[min(STEPS)]) / 2, 0.0, at_kink=True
        )
    return best


def _slopes(value, here, theta, i, step) -> tuple[float, float]:
    """Return the one-sided difference quotients of `value`, left and right of an entry."""
    entry = float(theta[i])
    step *= max(1.0, abs(entry))
    theta[i] = entry + step
    right, to_right = value(), float(theta[i]) - entry
    theta[i] = entry - step
    left, to_left = value(), entry - float(theta[i])
    theta[i] = entry
    return (here - left) / to_left, (right - here) / to_right


def _comparison(gradient: float, difference: float, least: float) -> DerivativeComparison:
    """Return the comparison of two derivatives; a difference not finite is infinite.

    `least` is the smallest derivative that differences resolve to the tolerance.
    """
    apart = abs(gradient - difference)
    error = apart / max(abs(gradient), abs(difference), least)
    return DerivativeComparison(
        gradient, difference, error if math.isfinite(error) else math.inf
    )


def _is_kink(slopes: dict[float, tuple[float, float]], rounding: float) -> bool:
    """Return whether the one-sided slopes, (left, right) by step size, are those of a kink.

    If the objective is smooth there, their gap shrinks with the step: to a tenth, or to
    nothing where the smaller step no longer reaches a kink nearby. At a jump, or by
    noise, it grows. At a kink it stays. The smallest step decides at which the gap of the
    next larger one would exceed rounding.
    """
    for narrow, wide in itertools.pairwise(sorted(slopes)):
        gap, gap_before = (
            abs(slopes[step][1] - slopes[step][0]) for step in (narrow, wide)
        )
        if gap_before > 4 * rounding / narrow:
            return 0.5 < gap / gap_before < 2
    return False
