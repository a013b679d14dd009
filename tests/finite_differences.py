"""Derivatives by central differences: the oracle of every gradient test."""

from collections.abc import Callable

import numpy as np

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
    objective, X, y, sample_weight=None, seed: int | None = None, rtol: float = 1e-6
) -> None:
    """Assert that the gradient of an `Objective` in float64 is that of its value.

    With a `seed`, every evaluation draws the same dropout masks from it.
    """

    def value(_):
        rng = None if seed is None else np.random.default_rng(seed)
        return objective.value_and_gradient(X, y, sample_weight, rng=rng)

    value(None)
    gradient = objective.grad.copy()
    expected = central_differences(value, objective.theta)
    for layer, (actual_views, expected_views) in enumerate(
        zip(
            objective.network.views(gradient),
            objective.network.views(expected),
            strict=True,
        )
    ):
        assert actual_views.keys() == expected_views.keys()
        for name, actual in actual_views.items():
            try:
                assert_gradients_agree(actual, expected_views[name], rtol)
            except AssertionError as error:
                raise AssertionError(f"{name} of layer {layer}: {error}") from None
