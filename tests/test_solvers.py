"""Solvers against their published recurrences, and on functions of known minimum."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from skshallow import solvers
from skshallow.solvers import (
    LBFGS,
    SGD,
    SOLVERS,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSprop,
)

N_STEPS = 30
STOCHASTIC = {name: kind for name, kind in SOLVERS.items() if kind.stochastic}
every_stochastic = pytest.mark.parametrize("name", STOCHASTIC)


@pytest.fixture
def block(monkeypatch):
    """Make small what is walked at once, so that a vector of some entries has several."""
    monkeypatch.setattr(solvers, "BLOCK", 8)
    return solvers.BLOCK


def learning_rates():
    """Return rates that change at every step, as schedules make them."""
    return 0.05 * np.cos(np.linspace(0, 1.5, N_STEPS))


def gradients(size, n_steps=N_STEPS, seed=0):
    """Yield gradients whose scale differs between entries and between steps."""
    rng = np.random.default_rng(seed)
    scale = 10 ** rng.uniform(-3, 3, size)
    for _ in range(n_steps):
        yield scale * rng.exponential() * rng.normal(size=size)


# The recurrences, as published, one generator each: it yields theta after every step.


def sgd(solver, theta, rates, grads):
    for rate, g in zip(rates, grads, strict=True):
        theta = theta - rate * g
        yield theta


def momentum(solver, theta, rates, grads):
    """Sutskever et al. (2013), equations 1 and 2."""
    v = np.zeros_like(theta)
    for rate, g in zip(rates, grads, strict=True):
        v = solver.momentum * v - rate * g
        theta = theta + v
        yield theta


def nesterov(solver, theta, rates, grads):
    """Bengio et al. (2013), equation 7, with a constant momentum."""
    mu = solver.momentum
    v = np.zeros_like(theta)
    for rate, g in zip(rates, grads, strict=True):
        theta = theta + mu * mu * v - (1 + mu) * rate * g
        v = mu * v - rate * g
        yield theta


def rmsprop(solver, theta, rates, grads):
    """Tieleman and Hinton (2012), slide 29."""
    mean_square = np.zeros_like(theta)
    for rate, g in zip(rates, grads, strict=True):
        mean_square = solver.rho * mean_square + (1 - solver.rho) * g**2
        theta = theta - rate * g / (np.sqrt(mean_square) + solver.epsilon)
        yield theta


def adam(solver, theta, rates, grads, weight_decay=0.0):
    """Kingma and Ba (2015), algorithm 1; with decay Loshchilov and Hutter, algorithm 2."""
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t, (rate, g) in enumerate(zip(rates, grads, strict=True), start=1):
        m = solver.beta_1 * m + (1 - solver.beta_1) * g
        v = solver.beta_2 * v + (1 - solver.beta_2) * g**2
        m_hat = m / (1 - solver.beta_1**t)
        v_hat = v / (1 - solver.beta_2**t)
        step = m_hat / (np.sqrt(v_hat) + solver.epsilon) + weight_decay * theta
        theta = theta - rate * step
        yield theta


def adamw(solver, theta, rates, grads):
    return adam(solver, theta, rates, grads, solver.weight_decay)


RECURRENCES = {
    SGD: sgd,
    Momentum: momentum,
    Nesterov: nesterov,
    RMSprop: rmsprop,
    Adam: adam,
    AdamW: adamw,
}
SETTINGS = [
    *(kind() for kind in STOCHASTIC.values()),
    Momentum(0.5),
    Nesterov(0.5),
    RMSprop(rho=0.99, epsilon=1e-2),
    Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-2),
    Adam(beta_1=0.0),
    AdamW(weight_decay=0.5),
    AdamW(beta_1=0.8, beta_2=0.95, epsilon=1e-4, weight_decay=0.1),
]


def test_every_stochastic_solver_has_a_recurrence_here():
    assert set(RECURRENCES) == set(STOCHASTIC.values())
    assert {name for name in SOLVERS if name not in STOCHASTIC} == {"lbfgs"}


@pytest.mark.parametrize("size", [1, 7, 8, 19])
@pytest.mark.parametrize("solver", SETTINGS, ids=str)
def test_every_step_matches_the_published_recurrence(solver, size, block):
    theta = np.random.default_rng(1).normal(size=size)
    rates = learning_rates()
    recurrence = RECURRENCES[type(solver)](solver, theta.copy(), rates, gradients(size))
    state = solver.init(theta)
    for rate, grad, expected in zip(rates, gradients(size), recurrence, strict=True):
        solver.step(theta, grad, state, rate)
        np.testing.assert_allclose(theta, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("size", "parts"), [(1, [1]), (7, [7]), (8, [8]), (9, [8, 1]), (19, [8, 8, 3])]
)
def test_a_walk_takes_vectors_side_by_side_in_blocks_that_are_never_larger(
    size, parts, block
):
    seen = []

    def note(own, other):
        seen.append(len(own))
        np.testing.assert_array_equal(other, -own)

    vector = np.arange(size)
    solvers._walk(note, vector, -vector)
    assert seen == parts


def test_adam_matches_its_recurrence_over_ten_thousand_steps():
    theta = np.ones(3)
    rates = np.full(10_000, 1e-3)
    recurrence = adam(Adam(), theta.copy(), rates, gradients(3, 10_000))
    state = Adam().init(theta)
    for rate, grad in zip(rates, gradients(3, 10_000), strict=True):
        Adam().step(theta, grad, state, rate)
    *_, expected = recurrence
    np.testing.assert_allclose(theta, expected, rtol=1e-9)


def test_nesterov_takes_its_gradients_at_the_point_ahead():
    """Sutskever et al. (2013), equations 3 and 4, on a function."""
    curvature = np.array([1.0, 10.0, 100.0])
    solver, mu = Nesterov(0.8), 0.8
    phi, v = np.array([1.0, -2.0, 3.0]), np.zeros(3)
    theta = phi.copy()
    state = solver.init(theta)
    for rate in learning_rates() * 0.1:
        solver.step(theta, curvature * theta, state, rate)
        v = mu * v - rate * curvature * (phi + mu * v)
        phi = phi + v
        np.testing.assert_allclose(theta, phi + mu * v, rtol=1e-11, atol=1e-13)


def test_adamw_decays_weights_and_no_biases():
    theta = np.random.default_rng(0).normal(size=10)
    plain, decayed = theta.copy(), theta.copy()
    state, plain_state = AdamW(weight_decay=0.1).init(decayed, n_weights=6), None
    plain_state = Adam().init(plain)
    for rate, grad in zip(learning_rates(), gradients(10), strict=True):
        before = decayed.copy(), plain.copy()
        AdamW(weight_decay=0.1).step(decayed, grad.copy(), state, rate)
        Adam().step(plain, grad.copy(), plain_state, rate)
        move, plain_move = decayed - before[0], plain - before[1]
        decay = np.where(np.arange(10) < 6, rate * 0.1 * before[0], 0)
        np.testing.assert_allclose(move, plain_move - decay, atol=1e-15)
    np.testing.assert_array_equal(decayed[6:], plain[6:])


def test_adamw_without_decay_is_adam():
    theta = np.ones(5)
    other = theta.copy()
    solver = AdamW(weight_decay=0.0)
    state, other_state = solver.init(theta, 3), Adam().init(other)
    for rate, grad in zip(learning_rates(), gradients(5), strict=True):
        solver.step(theta, grad.copy(), state, rate)
        Adam().step(other, grad.copy(), other_state, rate)
    np.testing.assert_array_equal(theta, other)


@pytest.mark.parametrize(
    ("solver", "length"),
    [(Adam(), 1.0), (AdamW(weight_decay=0), 1.0), (RMSprop(), 1 / np.sqrt(0.1))],
    ids=str,
)
def test_the_first_adaptive_step_has_the_same_length_whatever_the_gradient(solver, length):
    theta = np.zeros(4)
    grad = np.array([1e-2, -1.0, 1e3, -1e6])
    solver.step(theta, grad.copy(), solver.init(theta), 0.01)
    np.testing.assert_allclose(theta, -0.01 * length * np.sign(grad), rtol=2e-5)


@every_stochastic
def test_steps_do_not_depend_on_how_the_vector_is_cut(name, block):
    solver = SOLVERS[name]()
    theta = np.random.default_rng(0).normal(size=2 * block + 3)
    parts = [theta[:5].copy(), theta[5:].copy()]
    state, part_states = solver.init(theta), [solver.init(part) for part in parts]
    for grad in gradients(theta.size, 3):
        solver.step(theta, grad.copy(), state, 0.01)
        for part, piece, part_state in zip(
            parts, (grad[:5], grad[5:]), part_states, strict=True
        ):
            solver.step(part, piece.copy(), part_state, 0.01)
    np.testing.assert_allclose(theta, np.concatenate(parts), rtol=1e-14)


@every_stochastic
def test_float32_stays_float32_and_follows_float64(name):
    solver = SOLVERS[name]()
    theta = np.random.default_rng(0).normal(size=50)
    small = theta.astype(np.float32)
    state, small_state = solver.init(theta), solver.init(small)
    for rate, grad in zip(learning_rates() * 1e-2, gradients(50), strict=True):
        solver.step(theta, grad.copy(), state, rate)
        solver.step(small, grad.astype(np.float32), small_state, rate)
    assert small.dtype == np.float32
    arrays = [value for value in small_state.values() if isinstance(value, np.ndarray)]
    assert all(array.dtype == np.float32 for array in arrays)
    np.testing.assert_allclose(small, theta, rtol=1e-4, atol=1e-4 * np.abs(theta).max())


@every_stochastic
def test_flushing_sets_subnormal_parameters_and_averages_to_zero_and_nothing_else(name):
    solver = SOLVERS[name]()
    values = np.array([1.0, -1e-12, 1e-40, -1e-39], np.float32)
    theta = values.copy()
    state = solver.init(theta)
    before = copy.deepcopy(state)
    for average in solver.averages:
        state[average][...] = values
    solver.flush(theta, state)
    flushed = np.array([1.0, -1e-12, 0.0, 0.0], np.float32)
    for average in solver.averages:
        np.testing.assert_array_equal(state.pop(average), flushed)
        del before[average]
    np.testing.assert_array_equal(theta, flushed)
    np.testing.assert_equal(state, before)


@every_stochastic
def test_moves_in_place_from_a_state_of_its_own(name):
    solver = SOLVERS[name]()
    theta = np.ones(5)
    view = theta[1:3]
    state = solver.init(theta)
    untouched = copy.deepcopy(solver.init(theta))
    for grad in gradients(5):
        solver.step(theta, grad, state, 0.01)
    assert (view != 1).all()
    assert np.shares_memory(view, theta)
    fresh = solver.init(theta)
    assert fresh.keys() == untouched.keys()
    for key, value in untouched.items():
        np.testing.assert_array_equal(fresh[key], value)


@every_stochastic
def test_a_copied_state_goes_on_as_the_original(name):
    solver = SOLVERS[name]()
    theta = np.ones(5)
    state = solver.init(theta)
    steps = list(gradients(5))
    for grad in steps[:10]:
        solver.step(theta, grad.copy(), state, 0.01)
    other, other_state = theta.copy(), pickle.loads(pickle.dumps(state))
    for grad in steps[10:]:
        solver.step(theta, grad.copy(), state, 0.01)
        solver.step(other, grad.copy(), other_state, 0.01)
    np.testing.assert_array_equal(theta, other)


@every_stochastic
def test_a_learning_rate_of_zero_stays_where_it_is(name):
    solver = SOLVERS[name]()
    theta = np.ones(5)
    state = solver.init(theta)
    for grad in gradients(5):
        solver.step(theta, grad, state, 0.0)
    np.testing.assert_array_equal(theta, 1)


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_with_equal_settings_are_equal(name):
    assert SOLVERS[name]() == SOLVERS[name]() == pickle.loads(pickle.dumps(SOLVERS[name]()))
    assert hash(SOLVERS[name]()) == hash(SOLVERS[name]())
    assert SOLVERS[name]().default_learning_rate > 0


@pytest.mark.parametrize("name", SOLVERS)
def test_settings_of_a_solver_are_fixed_and_no_others_can_be_added(name):
    solver = SOLVERS[name]()
    for setting in ["new", *vars(solver)]:
        with pytest.raises(FrozenInstanceError):
            setattr(solver, setting, 1)


# On functions whose minimum is known


def parabola(theta):
    minimum, curvature = np.array([1.0, -2, 0.5, 3]), np.array([1.0, 2, 5, 10])
    return 0.5 * curvature @ (theta - minimum) ** 2, curvature * (theta - minimum)


def rosenbrock(theta):
    return rosen(theta), rosen_der(theta)


FUNCTIONS = {
    "parabola": (parabola, np.zeros(4), np.array([1.0, -2, 0.5, 3])),
    "rosenbrock": (rosenbrock, np.array([-1.2, 1.0]), np.ones(2)),
}
# (learning rate, steps) for each function; the rate falls to 0 along half a cosine.
EFFORTS = {
    "sgd": {"parabola": (0.1, 400), "rosenbrock": (2e-3, 20_000)},
    "momentum": {"parabola": (0.03, 400), "rosenbrock": (1e-3, 6000)},
    "nesterov": {"parabola": (0.03, 400), "rosenbrock": (1e-3, 6000)},
    "rmsprop": {"parabola": (0.1, 800), "rosenbrock": (0.02, 12_000)},
    "adam": {"parabola": (0.1, 800), "rosenbrock": (0.02, 6000)},
    "adamw": {"parabola": (0.1, 800), "rosenbrock": (0.02, 6000)},
}


@pytest.mark.parametrize("function", FUNCTIONS)
@every_stochastic
def test_gradient_steps_reach_the_minimum(name, function):
    value_and_gradient, start, minimum = FUNCTIONS[function]
    solver = AdamW(weight_decay=0.0) if name == "adamw" else SOLVERS[name]()
    learning_rate, n_steps = EFFORTS[name][function]
    theta = start.copy()
    state = solver.init(theta)
    for i in range(n_steps):
        rate = learning_rate * (1 + np.cos(np.pi * i / n_steps)) / 2
        solver.step(theta, value_and_gradient(theta)[1], state, rate)
    np.testing.assert_allclose(theta, minimum, atol=1e-3)


def minimize(function, solver=None, max_iter=1000, tol=1e-10, callback=lambda result: None):
    value_and_gradient, start, _ = FUNCTIONS[function]
    return (solver or LBFGS()).minimize(
        value_and_gradient, start.copy(), max_iter=max_iter, tol=tol, callback=callback
    )


@pytest.mark.parametrize("memory", [1, 10])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_lbfgs_reaches_the_minimum(function, memory):
    result = minimize(function, LBFGS(memory=memory))
    assert result.success
    np.testing.assert_allclose(result.x, FUNCTIONS[function][2], atol=1e-6)


def test_lbfgs_stays_within_bounds_and_reaches_the_minimum_there():
    value_and_gradient, start, _ = FUNCTIONS["rosenbrock"]
    seen = []
    least, greatest = np.full(start.shape, -np.inf), np.full(start.shape, np.inf)
    greatest[0] = 0.5
    result = LBFGS().minimize(
        value_and_gradient,
        np.minimum(start, greatest),
        max_iter=1000,
        tol=1e-10,
        callback=lambda result: seen.append(result.x),
        bounds=(least, greatest),
    )
    assert (np.array(seen) <= greatest).all()
    assert result.x[0] == 0.5
    np.testing.assert_allclose(value_and_gradient(result.x)[1][1:], 0, atol=1e-6)


def test_lbfgs_reports_every_iteration():
    seen = []
    result = minimize("rosenbrock", callback=lambda result: seen.append(float(result.fun)))
    assert len(seen) == result.nit
    assert (np.diff(seen) <= 0).all()
    assert seen[-1] == result.fun


def test_lbfgs_stops_where_its_callback_says_so():
    n_iterations = 0

    def stop_at_the_third(result):
        nonlocal n_iterations
        n_iterations += 1
        if n_iterations == 3:
            raise StopIteration

    assert minimize("rosenbrock", callback=stop_at_the_third).nit == 3


def test_lbfgs_runs_no_more_iterations_than_allowed():
    result = minimize("rosenbrock", max_iter=5)
    assert result.nit == 5
    assert not result.success


def test_lbfgs_may_take_more_evaluations_than_iterations():
    """Fifty coordinates and a memory of one: many line searches look twice."""
    n_evaluations = 0

    def count(theta):
        nonlocal n_evaluations
        n_evaluations += 1
        return rosenbrock(theta)

    result = LBFGS(memory=1, max_line_search=20).minimize(
        count, np.full(50, -1.2), max_iter=500, tol=1e-8, callback=lambda result: None
    )
    assert result.success
    assert n_evaluations > result.nit + 20


@pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6])
def test_lbfgs_stops_when_no_gradient_entry_exceeds_tol(tol):
    gradients_seen = []
    value_and_gradient, _, _ = FUNCTIONS["rosenbrock"]

    def note(result):
        gradients_seen.append(np.abs(value_and_gradient(result.x)[1]).max())

    result = minimize("rosenbrock", tol=tol, callback=note)
    assert result.success
    assert gradients_seen[-1] <= tol
    assert min(gradients_seen[:-1]) > tol
