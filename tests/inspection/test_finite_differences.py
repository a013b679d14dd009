"""One entry at a time: functions whose derivatives are known, smooth and with kinks."""

import math

import numpy as np
import pytest

from skshallow.inspection._finite_differences import STEPS, compare

RTOL = 1e-5


def compared(function, x, gradient, rtol=RTOL):
    """Return the comparison of `gradient` with differences of `function` at `x`."""
    theta = np.array([7.0, x])
    found = compare(
        lambda: function(float(theta[1])), function(x), theta, 1, gradient, rtol
    )
    assert theta.tolist() == [7.0, x]
    return found


SMOOTH = {
    "square": (lambda x: x**2, lambda x: 2 * x),
    "exp": (math.exp, math.exp),
    "fast sine": (lambda x: math.sin(1e3 * x), lambda x: 1e3 * math.cos(1e3 * x)),
    "large value": (lambda x: 1e4 + x**3, lambda x: 3 * x**2),
}


@pytest.mark.parametrize("x", [-1.3, 0.4, 8.0])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_derivative_agrees(name, x):
    function, derivative = SMOOTH[name]
    found = compared(function, x, derivative(x))
    assert found.relative_error <= RTOL
    assert not found.at_kink
    assert found.gradient == derivative(x)


@pytest.mark.parametrize("x", [-1.3, 0.4, 8.0])
@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("factor", [1.001, 0.5, 0.0, -1.0, math.nan, math.inf])
def test_a_wrong_derivative_differs(name, x, factor):
    function, derivative = SMOOTH[name]
    found = compared(function, x, factor * derivative(x))
    assert found.relative_error > RTOL
    assert not found.at_kink


def test_the_relative_error_is_over_the_larger_of_both():
    for gradient, expected in [(4.0, 0.25), (2.0, 1 / 3), (-3.0, 2.0), (0.0, 1.0)]:
        found = compared(lambda x: 3 * x, 1.0, gradient)
        assert found.relative_error == pytest.approx(expected, rel=1e-8)
        assert found.difference == pytest.approx(3.0, rel=1e-8)


def test_a_derivative_that_rounding_hides_passes():
    assert compared(lambda x: 1e5 + 1e-6 * x, 1.0, 0.0).relative_error <= RTOL
    assert compared(lambda x: 1.0 + 1e-6 * x, 1.0, 0.0).relative_error > RTOL


def test_a_large_entry_moves_in_proportion():
    assert compared(lambda x: x**2, 1e12, 2e12).relative_error <= RTOL


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_nearby_is_wrong(value):
    found = compared(lambda x: 1.0 if x == 2.0 else value, 2.0, 0.0)
    assert found.relative_error == math.inf
    assert not found.at_kink


def bent(kink, left, right):
    """Return a smooth function plus one of two slopes that meet at `kink`."""

    def function(x):
        return math.sin(x) + (right if x > kink else left) * (x - kink)

    return function


@pytest.mark.parametrize(("left", "right"), [(0.0, 1.0), (1.0, -2.0), (-1e-2, 1e-2)])
@pytest.mark.parametrize("share", [-0.1, 0.0, 0.3, 1.0, 1.1])
def test_at_a_kink_nothing_is_compared(left, right, share):
    x = 0.7
    mean = math.cos(x) + 0.5 * (left + right)
    found = compared(bent(x, left, right), x, mean + (share - 0.5) * (right - left))
    assert found.at_kink
    assert found.relative_error == 0
    assert found.difference == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("jump", [1e-3, 1.0])
def test_a_jump_is_no_kink(jump):
    found = compared(lambda x: 2 * x + jump * (x > 0.7), 0.7, 1.0)
    assert not found.at_kink
    assert found.relative_error > RTOL


def test_noise_is_no_kink():
    found = compared(lambda x: float(np.float32(math.sin(x))), 0.7, 0.5)
    assert not found.at_kink
    assert found.relative_error > RTOL


@pytest.mark.parametrize("away", [3e-7, 3e-6, 3e-5])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_kink_nearby_excuses_nothing(away, side):
    x, left, right = 0.7, 0.0, 1.0
    assert min(STEPS) < away < max(STEPS)
    function = bent(x + side * away, left, right)
    slope = math.cos(x) + (left if side > 0 else right)
    found = compared(function, x, slope)
    assert not found.at_kink
    assert found.relative_error <= RTOL
    for wrong in [math.cos(x) + 0.3, math.cos(x) + (right if side > 0 else left)]:
        found = compared(function, x, wrong)
        assert not found.at_kink
        assert found.relative_error > RTOL
