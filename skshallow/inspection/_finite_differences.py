"""One derivative, by backpropagation and by differences: do they agree, is there any?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# How far to move an entry, relative to its size if that is above 1. Tried in this order
# until one agrees: the first balances truncation, of the order step^2, against rounding,
# eps / step; smaller ones get by kinks and strong curvature, the larger one is for values
# whose rounding is larger than it seems.
STEPS = 1e-5, 1e-6, 1e-4, 1e-7, 1e-8
# Rounding of a value, in units of eps times its magnitude, or 1 if that is less.
ROUNDING = 64 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class DerivativeComparison:
    """What the gradient and differences say of one entry.

    Attributes
    ----------
    gradient, difference : float
        The derivative by backpropagation, and by differences.
    relative_error : float
        How far they are apart over the larger one; or, where rounding leaves fewer digits
        than are asked for, over what it leaves as many digits of. 0 at a kink.
    at_kink : bool
        Whether the objective has no derivative there, but another slope to each side.
        Nothing is compared then: where several kinks meet, what backpropagation gives
        need not even lie between the two.
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

    `value` sees the entry move, in place; it is put back. `here` is the value before.
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
    """Return the slopes of `value` to the left and to the right of an entry."""
    entry = float(theta[i])
    step *= max(1.0, abs(entry))
    theta[i] = entry + step
    right, to_right = value(), float(theta[i]) - entry
    theta[i] = entry - step
    left, to_left = value(), entry - float(theta[i])
    theta[i] = entry
    return (here - left) / to_left, (right - here) / to_right


def _comparison(gradient: float, difference: float, least: float) -> DerivativeComparison:
    """Return the comparison of two derivatives; what is not finite is wrong.

    `least` is the smallest derivative that differences hold to the digits asked for.
    """
    apart = abs(gradient - difference)
    error = apart / max(abs(gradient), abs(difference), least)
    return DerivativeComparison(
        gradient, difference, error if math.isfinite(error) else math.inf
    )


def _is_kink(slopes: dict[float, tuple[float, float]], rounding: float) -> bool:
    """Return whether the slopes to both sides of an entry, by step, are those of a kink.

    Without a kink there, they approach each other from one step to the next smaller: in
    proportion, to a tenth, or at once where that one no longer reaches a kink nearby. At
    a jump, or in noise, they part. What decides is the smallest step that would show the
    gap of the next larger above rounding.
    """
    for narrow, wide in itertools.pairwise(sorted(slopes)):
        gap, gap_before = (
            abs(slopes[step][1] - slopes[step][0]) for step in (narrow, wide)
        )
        if gap_before > 4 * rounding / narrow:
            return 0.5 < gap / gap_before < 2
    return False
