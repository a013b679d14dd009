"""Every activation against its formula, written with NumPy and SciPy."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from finite_differences import assert_gradients_agree, central_differences
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from skshallow.activations import (
    ACTIVATIONS,
    ELU,
    SELU,
    LeakyReLU,
    Maxout,
    PReLU,
    ReLU,
    Step,
)

SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848

# From z to a, and the points where the derivative jumps.
FORMULAS = {
    "identity": (lambda z: z, []),
    "step": (lambda z: np.heaviside(z, 0.0), [-1, 0, 1]),
    "sigmoid": (expit, []),
    "tanh": (np.tanh, []),
    "relu": (lambda z: np.maximum(0, z), [0]),
    "leaky_relu": (lambda z: np.maximum(0.01 * z, z), [0]),
    "prelu": (lambda z: np.maximum(0, z) + 0.25 * np.minimum(0, z), [0]),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), []),
    "selu": (
        lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0))),
        [0],
    ),
    "gelu": (lambda z: z * norm.cdf(z), []),
    "silu": (lambda z: z * expit(z), []),
    "softplus": (lambda z: np.logaddexp(0, z), []),
    "mish": (lambda z: z * np.tanh(np.logaddexp(0, z)), []),
    # pieces lie side by side: here the first half of the columns against the second
    "maxout": (lambda z: np.maximum(*np.split(z, 2, axis=-1)), []),
}
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def params_of(activation, n_units, dtype=np.float64):
    """Return the activation's own parameters and an empty place for their gradients."""
    params = {
        name: value.astype(dtype)
        for name, value in activation.initial_params(n_units).items()
    }
    return params, {name: np.full_like(value, np.nan) for name, value in params.items()}


def forward(activation, z, params=None):
    """Return `a` for a copy of z, which `forward` may use up."""
    if params is None:
        params, _ = params_of(activation, z.shape[-1] // activation.n_pieces, z.dtype)
    return activation.forward(z.copy(), params)[0]


def backward(activation, z, grad_a):
    """Return grad_z for copies of z and grad_a, which the passes may use up."""
    params, grads = params_of(activation, grad_a.shape[-1], z.dtype)
    _, cache = activation.forward(z.copy(), params)
    return activation.backward(grad_a.copy(), cache, params, grads)


def points(kinks=(), n_units=8):
    """Return z (n, n_units), from far left to far right, away from the kinks."""
    z = np.linspace(-12.03, 12.01, 64 * n_units)
    for kink in kinks:
        z[np.abs(z - kink) < 1e-2] += 2e-2
    return np.random.default_rng(0).permutation(z).reshape(64, n_units)


def test_every_activation_has_a_formula_here():
    assert FORMULAS.keys() == ACTIVATIONS.keys()


@both_dtypes
@every_activation
def test_forward_equals_formula(name, dtype):
    formula, kinks = FORMULAS[name]
    z = points(kinks).astype(dtype)
    actual = forward(ACTIVATIONS[name](), z)
    expected = formula(z.astype(np.float64))
    assert actual.dtype == dtype
    assert actual.shape == expected.shape
    # rounding is relative to the largest number met on the way: z, or 1
    allowed = 4 * np.finfo(dtype).eps * np.maximum(1, np.abs(z).max())
    np.testing.assert_allclose(actual, expected, rtol=0, atol=allowed)


@both_dtypes
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "step"])
def test_backward_equals_derivative_of_formula(name, dtype):
    formula, kinks = FORMULAS[name]
    z = points(kinks).astype(dtype)
    rng = np.random.default_rng(1)
    a = formula(z.astype(np.float64))
    grad_a = rng.normal(size=a.shape).astype(dtype)
    actual = backward(ACTIVATIONS[name](), z, grad_a)
    assert actual.dtype == dtype
    assert actual.shape == z.shape
    expected = central_differences(
        lambda z: float(np.sum(formula(z) * grad_a)), z.astype(np.float64)
    )
    rtol = 1e-6 if dtype == np.float64 else 1e-4
    assert_gradients_agree(actual, expected, rtol)


@both_dtypes
@pytest.mark.parametrize(
    "activation",
    [*(cls() for cls in ACTIVATIONS.values()), LeakyReLU(-0.1), ELU(0), ELU(10), SELU(0.1)],
    ids=str,
)
def test_those_that_say_so_increase_and_the_others_do_not(activation, dtype):
    z = np.linspace(-20, 20, 40_001, dtype=dtype)[:, np.newaxis]
    z = np.concatenate([z, np.array([[-1e30], [1e30]], dtype)])
    z.sort(axis=0)
    steps = np.diff(forward(activation, np.tile(z, activation.n_pieces)), axis=0)
    rounding = 4 * np.finfo(dtype).eps * 20
    assert (steps.min() >= -rounding) == activation.is_increasing


@pytest.mark.parametrize("slope", [0, 0.3, 1, 5])
def test_prelu_increases_with_any_learned_slope_of_at_least_zero(slope):
    z = np.linspace(-5, 5, 1001)[:, np.newaxis]
    a, _ = PReLU().forward(z.copy(), {"slope": np.array([slope])})
    assert np.diff(a, axis=0).min() >= 0
    assert PReLU(slope).is_increasing
    assert not PReLU(-0.1).is_increasing


def test_step_passes_the_gradient_of_its_surrogate():
    z = points([-1, 0, 1])
    grad_a = np.random.default_rng(1).normal(size=z.shape)
    expected = central_differences(
        lambda z: float(np.sum(np.clip(z, -1, 1) * grad_a)), z.copy()
    )
    assert_gradients_agree(backward(Step(), z, grad_a), expected)


@both_dtypes
@every_activation
def test_extreme_values_neither_overflow_nor_warn(name, dtype):
    activation = ACTIVATIONS[name]()
    z = np.array([[-1e15, -1e3, -100, 0, 100, 1e3, 1e15, 1e-30]], dtype)
    a = forward(activation, z)
    assert np.isfinite(a).all()
    assert np.isfinite(backward(activation, z, np.ones_like(a))).all()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        (ReLU(), 0.0),
        (LeakyReLU(0.1), 0.1),
        (PReLU(0.3), 0.3),
        (ELU(0.5), 0.5),
        (ELU(), 1.0),
        (SELU(), SELU_SCALE * SELU_ALPHA),
    ],
    ids=str,
)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_derivative_at_the_kink_is_the_left_one(activation, expected, zero):
    z = np.full((3, 2), zero)
    np.testing.assert_array_equal(forward(activation, z), 0)
    np.testing.assert_allclose(
        backward(activation, z, np.ones((3, 2))), expected, rtol=1e-15
    )


def test_step_is_zero_at_zero_and_its_gradient_passes_up_to_one():
    z = np.array([[-1 - 1e-9, -1, 0, 1e-300, 1, 1 + 1e-9]])
    np.testing.assert_array_equal(forward(Step(), z), [[0, 0, 0, 1, 1, 1]])
    grad_a = np.arange(1.0, 7)[np.newaxis]
    np.testing.assert_array_equal(backward(Step(), z, grad_a), [[0, 2, 3, 4, 5, 0]])


@pytest.mark.parametrize("pieces", [2, 3, 5])
def test_of_equal_maxout_pieces_the_first_wins(pieces):
    z = np.ones((4, pieces * 3))
    grad_z = backward(Maxout(pieces), z, np.ones((4, 3)))
    np.testing.assert_array_equal(grad_z[:, :3], 1)
    np.testing.assert_array_equal(grad_z[:, 3:], 0)


@pytest.mark.parametrize("pieces", [2, 3, 5])
def test_maxout_is_the_largest_piece_and_its_gradient_goes_there(pieces):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20, pieces * 3))
    by_piece = z.reshape(20, pieces, 3)
    np.testing.assert_array_equal(forward(Maxout(pieces), z), by_piece.max(axis=1))
    grad_a = rng.normal(size=(20, 3))
    grad_z = backward(Maxout(pieces), z, grad_a).reshape(20, pieces, 3)
    np.testing.assert_array_equal(grad_z.sum(axis=1), grad_a)
    np.testing.assert_array_equal(
        grad_z.argmax(axis=1)[grad_a > 0], by_piece.argmax(axis=1)[grad_a > 0]
    )
    assert np.count_nonzero(grad_z) == grad_a.size


@pytest.mark.parametrize("pieces", [-1, 0, 1])
def test_maxout_refuses_fewer_than_two_pieces(pieces):
    with pytest.raises(ValueError, match=rf"in the range \[2, 100\]\. Got {pieces} "):
        Maxout(pieces)


def test_prelu_gradient_of_each_unit_is_that_of_its_own_slope():
    rng = np.random.default_rng(0)
    z, grad_a = points([0]), rng.normal(size=(64, 8))
    slope = rng.normal(size=8)
    params, grads = {"slope": slope.copy()}, {"slope": np.full(8, np.nan)}
    _, cache = PReLU().forward(z.copy(), params)
    grad_z = PReLU().backward(grad_a.copy(), cache, params, grads)

    def value(slope):
        return float(np.sum(np.where(z > 0, z, slope * z) * grad_a))

    assert_gradients_agree(grads["slope"], central_differences(value, slope.copy()))
    np.testing.assert_allclose(grad_z, np.where(z > 0, 1, slope) * grad_a, rtol=1e-14)


def test_prelu_starts_one_slope_a_unit_at_its_setting():
    np.testing.assert_array_equal(PReLU(0.1).initial_params(3)["slope"], [0.1] * 3)


@every_activation
def test_members_side_by_side_are_each_as_alone(name):
    activation, n_units = ACTIVATIONS[name](), 4
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 5, n_units * activation.n_pieces))
    grad_a = rng.normal(size=(3, 5, n_units))
    own = activation.initial_params(n_units)
    params = {key: rng.normal(size=(3, 1, n_units)) for key in own}
    grads = {key: np.full((3, 1, n_units), np.nan) for key in own}
    a, cache = activation.forward(z.copy(), params)
    grad_z = activation.backward(grad_a.copy(), cache, params, grads)
    for i in range(3):
        params_alone = {key: value[i, 0] for key, value in params.items()}
        grads_alone = {key: np.full(n_units, np.nan) for key in own}
        a_alone, cache = activation.forward(z[i].copy(), params_alone)
        alone = activation.backward(grad_a[i].copy(), cache, params_alone, grads_alone)
        np.testing.assert_allclose(a[i], a_alone, rtol=1e-14)
        np.testing.assert_allclose(grad_z[i], alone, rtol=1e-14)
        for key, value in grads_alone.items():
            np.testing.assert_allclose(grads[key][i, 0], value, rtol=1e-13)


@every_activation
def test_only_a_straight_through_gradient_is_not_that_of_its_function(name):
    activation = ACTIVATIONS[name]()
    z, grad_a = points([-1, 0, 1])[:4], np.ones((4, 8 // activation.n_pieces))
    differences = central_differences(lambda z: float(forward(activation, z).sum()), z)
    agrees = np.allclose(backward(activation, z, grad_a), differences, atol=1e-6)
    assert activation.straight_through == (not agrees)


def test_settings_change_the_function():
    z = np.array([[-2.0, 3.0]])
    np.testing.assert_allclose(forward(LeakyReLU(0.5), z), [[-1, 3]])
    np.testing.assert_allclose(forward(PReLU(-0.5), z), [[1, 3]])
    np.testing.assert_allclose(forward(ELU(2.0), z), [[2 * np.expm1(-2), 3]])


@every_activation
def test_backward_leaves_the_activation_to_the_next_layer(name):
    activation = ACTIVATIONS[name]()
    z = points()
    params, grads = params_of(activation, z.shape[-1] // activation.n_pieces)
    a, cache = activation.forward(z.copy(), params)
    before = a.copy()
    activation.backward(np.ones_like(a), cache, params, grads)
    np.testing.assert_array_equal(a, before)


@every_activation
def test_an_activation_remembers_nothing_between_calls(name):
    activation = ACTIVATIONS[name]()
    z = points()
    first = forward(activation, z)
    forward(activation, z[:5] + 1)
    np.testing.assert_array_equal(forward(activation, z), first)
    assert activation == ACTIVATIONS[name]()
    assert hash(activation) == hash(ACTIVATIONS[name]())
    assert pickle.loads(pickle.dumps(activation)) == activation


@every_activation
def test_settings_of_an_activation_are_fixed_and_no_others_can_be_added(name):
    activation = ACTIVATIONS[name]()
    for setting in ["new", *vars(activation)]:
        with pytest.raises(FrozenInstanceError):
            setattr(activation, setting, 1)


@every_activation
def test_rows_are_independent(name):
    activation, z = ACTIVATIONS[name](), points()
    whole = forward(activation, z)
    alone = np.concatenate([forward(activation, row[np.newaxis]) for row in z])
    np.testing.assert_allclose(whole, alone, rtol=1e-15, atol=1e-15)


def test_selu_keeps_mean_zero_and_variance_one():
    def moment(power):
        def integrand(z):
            return forward(SELU(), np.array([[z]])).item() ** power * norm.pdf(z)

        return quad(integrand, -12, 0)[0] + quad(integrand, 0, 12)[0]

    assert abs(moment(1)) < 1e-7
    assert abs(moment(2) - 1) < 1e-7


@pytest.mark.parametrize(
    "activation",
    [ReLU(), LeakyReLU(0.3), PReLU(0.3), SELU(), Maxout(2), Maxout(3), Maxout(5)],
    ids=str,
)
def test_variance_scale_keeps_the_second_moment_of_what_passes(activation):
    z = np.random.default_rng(0).standard_normal((200_000, activation.n_pieces))
    a = forward(activation, z)
    # five standard errors of a mean of squares
    allowed = 5 * np.std(a**2) / np.sqrt(a.size)
    assert activation.fan == "fan_in"
    assert abs(activation.variance_scale * np.mean(a**2) - 1) < (
        activation.variance_scale * allowed
    )
