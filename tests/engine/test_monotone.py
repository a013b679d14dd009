"""Directions of units, the signs of weights that follow, and networks that keep them."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from finite_differences import assert_objective_gradient_is_exact
from numpy.testing import assert_array_equal
from scipy.optimize import nnls

from skshallow.activations import ACTIVATIONS, Maxout, PReLU, ReLU, Tanh
from skshallow.engine.embedding import Embedding
from skshallow.engine.monotone import (
    Directions,
    are_within,
    directions_of_units,
    reflected,
    weight_bounds,
)
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.engine.state import Progress
from skshallow.initializers import Auto
from skshallow.losses import SquaredError
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

INPUTS = 1, 0, -1, 0
BY_DIFFERENCES = [
    name
    for name, cls in ACTIVATIONS.items()
    if cls().is_increasing and not cls().straight_through
]
STOCHASTIC = [name for name, cls in SOLVERS.items() if cls.stochastic]
alone_and_together = pytest.mark.parametrize("n_members", [1, 3])


def build(activation=None, hidden_units=(5, 4), inputs=INPUTS, n_members=1, **options):
    """Return a monotone network with two outputs, and initial parameters."""
    activation = ReLU() if activation is None else activation
    directions = options.pop("directions", Directions(inputs, (True, True)))
    network = Network(
        len(inputs),
        2,
        hidden_units,
        [activation] * len(hidden_units),
        n_members=n_members,
        directions=directions,
        **options,
    )
    theta = np.empty(network.layout.size)
    network.initialize(theta, Auto(), 1.0, np.zeros(2), np.random.default_rng(0))
    return network, theta


def rising_pairs(n_pairs=2000, inputs=INPUTS):
    """Return rows, and rows that only differ from them in the directions of inputs."""
    rng = np.random.default_rng(1)
    low = rng.normal(size=(n_pairs, len(inputs)), scale=3)
    return low, low + np.array(inputs) * rng.exponential(size=low.shape)


def test_of_the_units_that_are_not_free_every_second_one_decreases():
    assert_array_equal(directions_of_units(8, 0.5), [0, 0, 0, 0, 1, -1, 1, -1])
    assert_array_equal(directions_of_units(5, 0.0), [1, -1, 1, -1, 1])


@pytest.mark.parametrize("n_units", range(1, 20))
def test_a_layer_has_four_units_that_are_not_free_or_none_that_is(n_units):
    directions = directions_of_units(n_units, 0.75)
    assert len(directions) == n_units
    n_directed = max(n_units - n_units * 3 // 4, min(n_units, 4))
    assert np.count_nonzero(directions) == n_directed


@pytest.mark.parametrize(
    ("inputs", "n_free"),
    [((1, -1, 1, 1), 0), ((1, -1, 0, 1), 4), ((1, 0), 8), ((0, 0, 0, 0, 1), 12)],
)
def test_as_many_units_are_free_as_inputs_but_no_more_than_three_quarters(inputs, n_free):
    network, _ = build(hidden_units=(16,), inputs=inputs)
    least, greatest = (network.views(bound)[1]["weight"] for bound in network.bounds)
    is_free = np.isinf(least) & np.isinf(greatest)
    assert_array_equal(is_free[:, 0], np.arange(16) < n_free)


def test_of_a_wide_layer_a_quarter_has_a_direction_if_hardly_any_input_has():
    network, _ = build(hidden_units=(40,), inputs=(1,) + (0,) * 9)
    least, greatest = (network.views(bound)[1]["weight"] for bound in network.bounds)
    is_free = np.isinf(least[:, 0]) & np.isinf(greatest[:, 0])
    assert_array_equal(is_free, np.arange(40) < 30)


def test_directions_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Directions((1,), (True,)).inputs = (0,)


def test_parameters_are_within_bounds_on_both_sides():
    bounds = np.array([0, -1.0, -np.inf]), np.array([np.inf, 1.0, 0])
    for theta, expected in (
        ([0, 1, 0], [True, True, True]),
        ([-1, 2, 1], [False, False, False]),
        ([5, -2, -5], [True, False, True]),
    ):
        assert_array_equal(are_within(np.array(theta), bounds), expected)
        assert are_within(reflected(np.array(theta), bounds), bounds).all()


def test_parameters_on_a_bound_stay_there():
    bounds = np.array([-1.0, -2.0, 0.0]), np.array([3.0, 1.0, 0.5])
    for bound in bounds:
        assert_array_equal(reflected(bound, bounds), bound)
        assert are_within(bound, bounds).all()


def test_signs_of_weights_agree_with_the_directions_that_they_connect():
    least, greatest = weight_bounds(np.array([1, -1, 0]), np.array([1, -1, 0]))
    assert_array_equal(least, [[0, -np.inf, 0], [-np.inf, 0, 0], [-np.inf] * 3])
    assert_array_equal(greatest, [[np.inf, 0, 0], [0, np.inf, 0], [np.inf] * 3])


@alone_and_together
@pytest.mark.parametrize("name", [n for n, c in ACTIVATIONS.items() if c().is_increasing])
def test_any_parameters_within_the_bounds_make_outputs_of_these_directions(name, n_members):
    network, theta = build(ACTIVATIONS[name](), n_members=n_members)
    low, high = rising_pairs()
    for seed in range(20):
        theta[...] = np.random.default_rng(seed).normal(size=theta.shape)
        params = network.views(reflected(theta, network.bounds))
        difference = network.forward(high, params)[0] - network.forward(low, params)[0]
        assert difference.min() > -1e-10


@pytest.mark.parametrize("position", range(3))
def test_no_bound_is_without_need(position):
    # a weight beyond its bound, far enough, gives a counterexample
    network, theta = build(Tanh(), hidden_units=(4, 4), inputs=(1, 1))
    least, greatest = network.bounds
    low, high = rising_pairs(inputs=(1, 1))
    weight = network.views(np.arange(theta.size))[position]["weight"].ravel().astype(int)
    for entry in weight:
        changed = theta.copy()
        changed[entry] = -30 if np.isfinite(least[entry]) else 30
        params = network.views(changed)
        difference = network.forward(high, params)[0] - network.forward(low, params)[0]
        assert difference.min() < 0, entry
    assert np.isfinite(least[weight]).sum() + np.isfinite(greatest[weight]).sum() == len(
        weight
    )


def test_a_network_of_relus_is_neither_convex_nor_concave_in_constrained_inputs():
    network, theta = build(hidden_units=(8,), inputs=(1,))
    x = np.linspace(-3, 3, 101)[:, np.newaxis]
    params = network.views(theta)
    params[0]["bias"][...] = np.random.default_rng(0).normal(size=params[0]["bias"].shape)
    bends = np.diff(network.forward(x, params)[0], n=2, axis=0)
    assert bends.min() < -1e-3
    assert bends.max() > 1e-3


def test_free_inputs_can_act_in_both_directions_also_on_the_effect_of_constrained_ones():
    network, _ = build(hidden_units=(8,))
    found = []
    for seed in range(20):
        theta = np.random.default_rng(seed).normal(size=network.layout.size)
        params = network.views(reflected(theta, network.bounds))
        x = np.random.default_rng(seed).normal(size=(50, 4))
        _, caches = network.forward(x, params)
        grad = np.zeros((50, 2))
        grad[:, 0] = 1
        found.append(network.backward_to_input(grad, caches, params))
    gradient = np.concatenate(found)
    assert gradient[:, 0].min() >= 0 >= gradient[:, 2].max()
    assert gradient[:, 1].min() < -0.1 < 0.1 < gradient[:, 1].max()


def test_outputs_without_directions_are_not_bounded():
    network, _ = build(directions=Directions(INPUTS, (True, False)))
    least, greatest = (network.views(bound)[-1]["weight"] for bound in network.bounds)
    assert_array_equal(least[:, 1], np.full(4, -np.inf))
    assert_array_equal(greatest[:, 1], np.full(4, np.inf))
    assert not np.isinf(least[:, 0]).all()


def test_vectors_of_embeddings_are_free_inputs():
    inputs = (1, -1, 0)  # two numbers and a code
    network, _ = build(inputs=inputs, embedding=Embedding((4,), 3), hidden_units=(6,))
    least, greatest = (network.views(bound)[0] for bound in network.bounds)
    n_bounded = np.isfinite(least["weight"]) | np.isfinite(greatest["weight"])
    assert_array_equal(n_bounded.any(axis=1), [True, True, False, False, False])
    assert np.isinf(least["embedding"]).all()


def test_learned_slopes_of_activations_are_at_least_zero():
    network, _ = build(PReLU())
    least, _ = network.bounds
    assert_array_equal(network.views(least)[0]["slope"], np.zeros(5))


def test_all_pieces_of_a_maxout_unit_have_its_direction():
    network, _ = build(Maxout(3), hidden_units=(4,), inputs=(1,))
    least, greatest = (network.views(bound)[0]["weight"] for bound in network.bounds)
    assert_array_equal(least, np.tile([0, -np.inf, 0, -np.inf], 3)[np.newaxis])
    assert_array_equal(greatest, np.tile([np.inf, 0, np.inf, 0], 3)[np.newaxis])


@alone_and_together
def test_initial_weights_keep_their_magnitude_where_they_may_have_one(n_members):
    network, theta = build(n_members=n_members)
    plain = Network(4, 2, [5, 4], [ReLU(), ReLU()], n_members=n_members)
    free = np.empty(theta.shape)
    plain.initialize(free, Auto(), 1.0, np.zeros(2), np.random.default_rng(0))
    least, greatest = network.bounds
    assert are_within(theta, network.bounds).all()
    assert_array_equal(np.abs(theta), np.where(least < greatest, np.abs(free), 0))


@alone_and_together
@pytest.mark.parametrize("name", BY_DIFFERENCES)
def test_the_gradient_is_exact(name, n_members):
    network, theta = build(ACTIVATIONS[name](), n_members=n_members)
    rng = np.random.default_rng(3)
    theta += 0.1 * rng.normal(size=theta.shape)
    X, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    objective = Objective(network, SquaredError(), 0.1, theta)
    assert_objective_gradient_is_exact(objective, X, y)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_steps_stay_within_the_bounds_and_so_does_their_average(name):
    network, theta = build(PReLU())
    solver, schedule = SOLVERS[name](), SCHEDULES["constant"]()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 4)), rng.normal(size=(64, 2))
    for dtype in (np.float32, np.float64):
        objective = Objective(network, SquaredError(), 0.0, theta.astype(dtype))
        state = solver.init(objective.theta, network.layout.n_weights)
        progress = Progress(rng, solver, schedule, state, {})
        n_outside = 0
        for _ in range(60):
            objective.gradient(X.astype(dtype), y.astype(dtype))
            solver.step(objective.theta, objective.grad, state, 0.3)
            n_outside += (~are_within(objective.theta, network.bounds)).sum()
            objective.project()
            progress.add_to_average(objective.theta)
            assert are_within(objective.theta, network.bounds).all()
            assert are_within(progress.average, network.bounds).all()
        assert n_outside > 0


def test_without_directions_there_are_no_bounds_and_nothing_is_moved():
    network = Network(4, 2, [3], [ReLU()])
    assert network.bounds is None
    theta = np.random.default_rng(0).normal(size=network.layout.size)
    objective = Objective(network, SquaredError(), 0.0, theta.copy())
    objective.project()
    assert_array_equal(objective.theta, theta)


def test_networks_of_different_directions_differ_and_say_so():
    one, other = (build(inputs=inputs)[0] for inputs in ((1, 0), (-1, 0)))
    assert one != other
    assert one == build(inputs=(1, 0))[0]
    assert "directions=+0" in repr(one)
    assert "directions=-0" in repr(other)


def test_projected_gradient_descent_on_a_linear_network_is_nnls():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    y = X @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=100)
    network = Network(3, 1, [], [], directions=Directions((1, 1, 1), (True,)))
    objective = Objective(network, SquaredError(), 0.0, np.zeros(4))
    for _ in range(2000):
        objective.gradient(X, y[:, np.newaxis])
        objective.theta -= 0.1 * objective.grad
        objective.project()
    # the free intercept is the difference of two that are at least 0
    expected = nnls(np.column_stack([X, np.ones(100), -np.ones(100)]), y)[0]
    np.testing.assert_allclose(objective.theta[:3], expected[:3], atol=1e-8)
    assert objective.theta[1] == 0
