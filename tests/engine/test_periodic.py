"""Periodic embeddings against sums of cosines by hand, and against central differences."""

import copy
import pickle

import numpy as np
import pytest
from finite_differences import (
    assert_gradients_agree,
    assert_objective_gradient_is_exact,
    central_differences,
)
from objectives import (
    assert_gives_numpys_gradients,
    assert_members_compute_what_each_would_alone,
)

from skshallow._arrays.namespace import to_numpy
from skshallow.activations import ACTIVATIONS, Maxout, PReLU, Tanh
from skshallow.engine.embedding import EmbeddedDense, Embedding, with_embedding
from skshallow.engine.layers import Dense, Dropout
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.engine.periodic import (
    FREQUENCY_DEVIATION,
    LARGEST_WEIGHT,
    N_CURVES,
    RATE,
    PeriodicEmbedding,
)
from skshallow.initializers import Auto
from skshallow.losses import SquaredError

PERIODIC = PeriodicEmbedding((2, 0), gain=1.7)
N_NUMBERS, N_ROWS = 3, 9
EMBEDDING = Embedding((4, 3), 2)
ARCHITECTURES = {
    "linear": ([], []),
    "shallow": ([5], [Tanh()]),
    "deep": ([4, 3], [PReLU(), Maxout(2)]),
}
every_architecture = pytest.mark.parametrize(
    "architecture", ARCHITECTURES.values(), ids=ARCHITECTURES
)
alone_and_together = pytest.mark.parametrize("n_members", [1, 3])
with_and_without_codes = pytest.mark.parametrize("embedding", [None, EMBEDDING])
BY_DIFFERENCES = [name for name, cls in ACTIVATIONS.items() if not cls().straight_through]


def table(embedding=None, seed=0):
    """Return numbers and, with an embedding, codes behind them."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(N_ROWS, N_NUMBERS))
    if embedding is None:
        return numbers
    codes = rng.integers(embedding.n_rows, size=(N_ROWS, embedding.n_columns))
    return np.column_stack([numbers, codes])


def build(architecture=ARCHITECTURES["shallow"], n_members=1, embedding=None):
    """Return a network on numbers and codes, and random parameters."""
    n_codes = 0 if embedding is None else embedding.n_columns
    network = Network(
        N_NUMBERS + n_codes,
        2,
        *architecture,
        n_members=n_members,
        embedding=embedding,
        periodic=PERIODIC,
    )
    return network, 0.6 * np.random.default_rng(0).normal(size=network.layout.size)


def parameters(leading=(), dtype=np.float64, seed=0):
    """Return random parameters of curves, by name."""
    rng = np.random.default_rng(seed)
    shapes = PERIODIC.shapes().items()
    return {name: rng.normal(size=(*leading, *s)).astype(dtype) for name, s in shapes}


def curves_by_hand(x, params):
    """Return the curves of rows x, wave by wave."""
    frequency, phase, weight, bias = (RATE * own for own in params.values())
    found = np.empty((len(x), len(PERIODIC.columns), N_CURVES))
    for i, column in enumerate(PERIODIC.columns):
        found[:, i] = bias[i]
        for f, p, w in zip(frequency[i], phase[i], weight[i], strict=True):
            found[:, i] += np.cos(2 * np.pi * f * x[:, [column]] / PERIODIC.gain + p) * w
    return PERIODIC.gain * found.reshape(len(x), -1)


def test_a_curve_is_a_sum_of_cosines():
    x, params = table(), parameters()
    found, _ = PERIODIC.forward(x, params)
    np.testing.assert_allclose(found, curves_by_hand(x, params), rtol=1e-13, atol=1e-14)


def test_slopes_are_the_derivatives_of_curves():
    x, params = table(), parameters()
    slopes = PERIODIC.slopes(x, params)
    step = 1e-6
    rise = curves_by_hand(x + step, params) - curves_by_hand(x - step, params)
    np.testing.assert_allclose(slopes, rise / (2 * step), atol=1e-8)


@pytest.mark.parametrize("leading", [(), (3,)])
def test_the_backward_pass_gives_central_differences(leading):
    x, params = table(), parameters(leading)
    grad = np.random.default_rng(1).normal(size=(*leading, N_ROWS, PERIODIC.n_inputs))
    grads = {name: np.full_like(value, np.nan) for name, value in params.items()}
    _, cache = PERIODIC.forward(x, params)
    PERIODIC.backward(grad, cache, params, grads)
    for name, own in params.items():

        def value(changed, name=name):
            curves, _ = PERIODIC.forward(x, params | {name: changed})
            return float(np.sum(curves * grad))

        assert_gradients_agree(grads[name], central_differences(value, own))


@alone_and_together
@with_and_without_codes
@every_architecture
def test_a_network_sees_the_numbers_and_then_the_curves(architecture, embedding, n_members):
    network, theta = build(architecture, n_members, embedding)
    params, x = network.views(theta), table(embedding)
    raw, _ = network.forward(x, params)
    plain = network.without_embedding
    inputs = network.inputs(x, params)
    learned = {*PERIODIC.shapes(), "embedding"}
    own = [{k: v for k, v in layer.items() if k not in learned} for layer in params]
    np.testing.assert_allclose(plain.forward(inputs, own)[0], raw, rtol=1e-13)
    for i in range(n_members):
        of_member = inputs[i] if n_members > 1 else inputs
        first = {name: params[0][name] for name in PERIODIC.shapes()}
        first = {k: v[i] if n_members > 1 else v for k, v in first.items()}
        places = slice(N_NUMBERS, N_NUMBERS + PERIODIC.n_inputs)
        np.testing.assert_array_equal(of_member[:, :N_NUMBERS], x[:, :N_NUMBERS])
        np.testing.assert_allclose(of_member[:, places], curves_by_hand(x, first))


@alone_and_together
@with_and_without_codes
@pytest.mark.parametrize("name", BY_DIFFERENCES)
def test_gradient_is_exact_with_every_activation(name, embedding, n_members):
    activations = [ACTIVATIONS[name]()] * 2
    network, theta = build(([4, 3], activations), n_members, embedding)
    objective = Objective(network, SquaredError(), 0.1, theta)
    y = np.random.default_rng(1).normal(size=(N_ROWS, 2))
    assert_objective_gradient_is_exact(objective, table(embedding), y)


@alone_and_together
def test_float32_follows_float64(n_members):
    network, theta = build(n_members=n_members, embedding=EMBEDDING)
    x, y = table(EMBEDDING), np.random.default_rng(1).normal(size=(N_ROWS, 2))
    exact = Objective(network, SquaredError(), 0.1, theta)
    single = Objective(network, SquaredError(), 0.1, theta.astype(np.float32))
    value = exact.value_and_gradient(x, y)
    found = single.value_and_gradient(x.astype(np.float32), y.astype(np.float32))
    assert single.grad.dtype == np.float32
    assert found == pytest.approx(value, rel=1e-5)
    atol = 2e-5 * np.abs(exact.grad).max()
    np.testing.assert_allclose(single.grad, exact.grad, rtol=0, atol=atol)


def test_each_member_computes_what_it_would_alone():
    together, theta = build(n_members=3)
    alone, _ = build()
    x, y = table(), np.random.default_rng(1).normal(size=(N_ROWS, 2))
    assert_members_compute_what_each_would_alone(together, theta, alone, x, y)


@alone_and_together
def test_arrays_of_other_libraries_give_numpys_results(library, n_members):
    network, theta = build(n_members=n_members)
    x, y = table(), np.random.default_rng(1).normal(size=(N_ROWS, 2))
    of_numpy, other = assert_gives_numpys_gradients(library, network, theta, x, y)
    slopes = PERIODIC.slopes(library(x), other.params[0])
    expected = PERIODIC.slopes(x, of_numpy.params[0])
    np.testing.assert_allclose(to_numpy(slopes), expected, rtol=1e-10)


@alone_and_together
def test_the_waves_start_as_in_the_literature(n_members):
    periodic = PeriodicEmbedding(tuple(range(200)))
    network = Network(200, 1, [], [], n_members=n_members, periodic=periodic)
    theta = np.full(network.layout.size, np.nan)
    network.initialize(theta, Auto(), 0.1, np.zeros(1), np.random.default_rng(0))
    first = network.views(theta)[0]
    frequency, phase, weight, bias = (RATE * first[name] for name in periodic.shapes())
    assert frequency.std() == pytest.approx(FREQUENCY_DEVIATION, rel=0.05)
    for uniform, largest in ((phase, np.pi), (weight, LARGEST_WEIGHT), (bias, 0.25)):
        assert np.abs(uniform).max() <= largest
        assert uniform.std() == pytest.approx(largest / np.sqrt(3), rel=0.05)


def test_the_penalty_leaves_the_curves_out():
    network, theta = build()
    objective = Objective(network, SquaredError(), 0.3, theta)
    weights = [layer["weight"].ravel() for layer in objective.params]
    square = np.sum(np.concatenate(weights) ** 2)
    assert objective.penalty() == pytest.approx(0.15 * square, rel=1e-13)


def test_shapes_and_costs_count_the_curves_and_the_waves():
    network, _ = build(embedding=EMBEDDING)
    first = network.layers[0]
    assert first.shapes()["weight"] == (N_NUMBERS + 6 + 4, 5)
    assert (network.n_features, first.n_dense, first.n_inputs) == (5, 3, 13)
    assert network.periodic == PERIODIC
    assert network.widest_layer == 2 * 16
    assert "periodic=PeriodicEmbedding(columns=(2, 0), gain=1.7)" in repr(network)
    assert Network(3, 1, [], []).periodic is None


def test_networks_with_other_curves_are_not_equal():
    def with_columns(*columns, gain=1.0):
        return Network(3, 1, [4], [Tanh()], periodic=PeriodicEmbedding(columns, gain))

    network = with_columns(0, 1)
    for twin in copy.deepcopy(network), pickle.loads(pickle.dumps(network)):
        assert twin == network
        assert twin.layout.size == network.layout.size
    plain = Network(3, 1, [4], [Tanh()]), Network(9, 1, [4], [Tanh()])
    for other in (
        with_columns(0, 2),
        with_columns(0),
        with_columns(0, 1, gain=2.0),
        *plain,
    ):
        assert network != other


def test_a_layer_with_curves_keeps_its_settings():
    layer = Dense(3, 2, Tanh(), Dropout(0.4))
    expected = EmbeddedDense(9, 2, Tanh(), Dropout(0.4), periodic=PERIODIC)
    assert with_embedding(layer, None, PERIODIC) == expected
