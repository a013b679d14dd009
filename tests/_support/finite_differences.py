"""Derivatives by central differences: the oracle of every gradient test."""

from collections.abc import Callable

import numpy as np

from skshallow.inspection._finite_differences import DerivativeComparison, compare

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

    Each parameter of each layer moves along one random direction, in which all of its
    entries that are learned take part: a single wrong entry makes the derivative wrong.
    Every evaluation draws the same dropout masks from the `seed`.
    """

    def value() -> float:
        rng = np.random.default_rng(seed)
        return objective.value_and_gradient(X, y, sample_weight, rng=rng)

    objective.grad.fill(np.nan)  # entries that no backward pass writes are wrong
    here = value()
    gradient = objective.network.views(objective.grad.copy())
    rng = np.random.default_rng(seed)
    wrong = []
    for layer, (params, grads) in enumerate(zip(objective.params, gradient, strict=True)):
        learned = {name: np.ones(own.shape, bool) for name, own in params.items()}
        objective.network.layers[layer].forget_unseen(learned)
        for name, own in params.items():
            direction = learned[name] * _direction(rng, own.shape)
            found = _along(value, here, own, direction, grads[name], rtol)
            if found.at_kink or not found.relative_error <= rtol:
                wrong.append((layer, name, found))
    assert not wrong, wrong


def _direction(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return a direction of about unit length, in which no entry is near zero."""
    sizes = rng.uniform(0.5, 1.5, size=shape) * rng.choice([-1, 1], size=shape)
    return sizes / np.sqrt(sizes.size)


def _along(value, here, own, direction, gradient, rtol) -> DerivativeComparison:
    """Compare derivatives along a direction of a parameter, which is put back."""
    start, move = own.copy(), np.zeros(1)

    def moved() -> float:
        own[...] = start + move[0] * direction
        return value()

    slope = np.sum(gradient[direction != 0] * direction[direction != 0])
    found = compare(moved, here, move, 0, slope, rtol)
    own[...] = start
    return found
