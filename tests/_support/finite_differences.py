"""Derivatives by central differences: the oracle of every gradient test."""

from collections.abc import Callable

import numpy as np

from skshallow.inspection._gradient_check import check_objective

# Balances the truncation, of the order step^2, against the rounding, eps / step.
STEP = 1e-5


def central_differences(
    value: Callable[[np.ndarray], float], x: np.ndarray, step: float = STEP
) -> np.ndarray:
    """Return the gradient of `value` at `x`, an array of any shape, one entry at a time.

    `value` is called with `x` itself, moved in place and put back, so that functions
    of views of `x` see the move.
    """
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        here = x[index]
        x[index] = here + step
        above, x_above = value(x), x[index]
        x[index] = here - step
        below, x_below = value(x), x[index]
        x[index] = here
        gradient[index] = (above - below) / (x_above - x_below)
    return gradient


def assert_gradients_agree(
    actual: np.ndarray, expected: np.ndarray, rtol: float = 1e-6
) -> None:
    """Assert that gradients agree to `rtol`, entry by entry.

    Entries below a hundredth of the largest one are held to the precision of that
    hundredth: below it, differences of nearly equal values hold fewer digits.
    """
    atol = rtol * 1e-2 * np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def assert_objective_gradient_is_exact(
    objective, X, y, sample_weight=None, seed: int = 0, rtol: float = 1e-6
) -> None:
    """Assert that the gradient of an `Objective` in float64 is that of its value.

    Every evaluation draws the same dropout masks from the `seed`.
    """
    check = check_objective(objective, X, y, sample_weight, rtol=rtol, seed=seed)
    check.raise_unless_passed()
