"""Networks against their equations: forward, backward, initialisation, equality."""

import pickle

import numpy as np
import pytest
from finite_differences import (
    assert_gradients_agree,
    assert_objective_gradient_is_exact,
    central_differences,
)
from scipy import sparse

from skshallow.activations import ACTIVATIONS, Identity, Maxout, PReLU, ReLU, Tanh
from skshallow.engine.embedding import Embedding
from skshallow.engine.network import Network
from skshallow.engine.normalization import NORMALIZATIONS, LayerNorm
from skshallow.engine.objective import Objective
from skshallow.initializers import INITIALIZERS, Auto, Zeros
from skshallow.losses import SquaredError

ARCHITECTURES = {
    "linear": ([], []),
    "shallow": ([5], [Tanh()]),
    "deep": ([5, 4, 3], [Tanh(), ReLU(), PReLU()]),
    "maxout": ([5, 4], [Maxout(3), Maxout(2)]),
}
every_architecture = pytest.mark.parametrize(
    "architecture", ARCHITECTURES.values(), ids=ARCHITECTURES
)


def build(architecture, n_features=4, n_outputs=2, dropout=0.0, seed=0):
    """Return a network, random parameters in a flat vector, and some rows."""
    network = Network(n_features, n_outputs, *architecture, dropout)
    rng = np.random.default_rng(seed)
    theta = 0.7 * rng.normal(size=network.layout.size)
    return network, theta, rng.normal(size=(7, n_features))


@every_architecture
def test_forward_follows_the_equations(architecture):
    network, theta, X = build(architecture)
    params = network.views(theta)
    a = X
    hidden = []
    for activation, layer in zip(architecture[1], params[:-1], strict=True):
        z = a @ layer["weight"] + layer["bias"]
        a, _ = activation.forward(z, layer)
        hidden.append(a)
    expected = a @ params[-1]["weight"] + params[-1]["bias"]
    raw_prediction, _ = network.forward(X, params)
    np.testing.assert_allclose(raw_prediction, expected, rtol=1e-12, atol=1e-14)
    activations = network.hidden_activations(X, params)
    assert len(activations) == len(hidden)
    for actual, expected in zip(activations, hidden, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@every_architecture
def test_backward_equals_central_differences_and_overwrites_gradients(architecture):
    network, theta, X = build(architecture)
    params = network.views(theta)
    grad = np.full_like(theta, np.nan)
    raw_prediction, caches = network.forward(X, params)
    grad_raw = np.random.default_rng(2).normal(size=raw_prediction.shape)

    def value(_):
        return float(np.sum(network.forward(X, params)[0] * grad_raw))

    network.backward(grad_raw.copy(), caches, params, network.views(grad))
    assert_gradients_agree(grad, central_differences(value, theta))


@every_architecture
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(architecture, dtype):
    network, theta, X = build(architecture)
    theta, X = theta.astype(dtype), X.astype(dtype)
    params = network.views(theta)
    raw_prediction, caches = network.forward(X, params)
    assert raw_prediction.dtype == dtype
    assert all(a.dtype == dtype for a in network.hidden_activations(X, params))
    grad = np.empty_like(theta)
    network.backward(np.ones_like(raw_prediction), caches, params, network.views(grad))
    assert np.isfinite(grad).all()


@every_architecture
def test_rows_are_independent_of_their_batch(architecture):
    network, theta, X = build(architecture)
    params = network.views(theta)
    whole, _ = network.forward(X, params)
    alone = np.vstack([network.forward(row[np.newaxis], params)[0] for row in X])
    np.testing.assert_allclose(alone, whole, rtol=1e-12, atol=1e-14)


@every_architecture
def test_sparse_rows_predict_as_dense_ones(architecture):
    network, theta, X = build(architecture)
    params = network.views(theta)
    X[X < 0] = 0
    dense, _ = network.forward(X, params)
    from_sparse, _ = network.forward(sparse.csr_array(X), params)
    np.testing.assert_allclose(from_sparse, dense, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_network_of_identities_is_one_linear_map(depth):
    network, theta, X = build(([3] * depth, [Identity()] * depth))
    params = network.views(theta)
    weight, bias = np.eye(4), np.zeros(4)
    for layer in params:
        weight, bias = weight @ layer["weight"], bias @ layer["weight"] + layer["bias"]
    raw_prediction, _ = network.forward(X, params)
    np.testing.assert_allclose(raw_prediction, X @ weight + bias, rtol=1e-11, atol=1e-13)
    assert np.linalg.matrix_rank(weight) <= 3


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_units_that_start_equal_stay_equal(name):
    network = Network(4, 1, [5, 3], [ACTIVATIONS[name]()] * 2)
    theta = np.empty(network.layout.size)
    network.initialize(theta, Zeros(), 1.0, np.array([0.3]), np.random.default_rng(0))
    objective = Objective(network, SquaredError(), 1e-3, theta)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))
    for _ in range(20):
        objective.value_and_gradient(X, y)
        theta -= 0.3 * objective.grad
    for layer, params in zip(network.layers[:-1], objective.params[:-1], strict=True):
        by_piece = params["weight"].reshape(-1, layer.activation.n_pieces, layer.n_units)
        np.testing.assert_allclose(
            by_piece, np.broadcast_to(by_piece[..., :1], by_piece.shape), atol=1e-15
        )


def test_a_dropout_mask_is_drawn_for_each_hidden_layer_and_not_for_the_output():
    network, theta, X = build(([50, 40], [Tanh(), Tanh()]), dropout=0.5)
    params = network.views(theta)
    predicted, _ = network.forward(X, params)
    dropped, _ = network.forward(X, params, np.random.default_rng(0))
    again, _ = network.forward(X, params, np.random.default_rng(0))
    other, _ = network.forward(X, params, np.random.default_rng(1))
    np.testing.assert_array_equal(dropped, again)
    assert (dropped != other).all()
    assert (dropped != predicted).all()  # none is exactly 0 but by dropout
    assert dropped.all()
    assert [layer.dropout.rate for layer in network.layers] == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("name", INITIALIZERS)
@every_architecture
def test_initialisation_sets_the_given_output_bias(architecture, name):
    network = Network(4, 2, *architecture)
    theta = np.full(network.layout.size, np.nan)
    output_bias = np.array([0.5, -2.0])
    network.initialize(
        theta, INITIALIZERS[name](), 1.0, output_bias, np.random.default_rng(0)
    )
    assert np.isfinite(theta).all()
    params = network.views(theta)
    np.testing.assert_array_equal(params[-1]["bias"], output_bias)
    assert not any(layer["bias"].any() for layer in params[:-1])


@every_architecture
def test_init_scale_multiplies_all_weights_and_nothing_else(architecture):
    network = Network(4, 2, *architecture)
    thetas = [np.empty(network.layout.size) for _ in range(2)]
    for theta, scale in zip(thetas, [1.0, 0.01], strict=True):
        network.initialize(theta, Auto(), scale, np.ones(2), np.random.default_rng(0))
    n = network.layout.n_weights
    np.testing.assert_allclose(thetas[1][:n], 0.01 * thetas[0][:n], rtol=1e-14)
    np.testing.assert_array_equal(thetas[1][n:], thetas[0][n:])


def test_each_hidden_layer_needs_an_activation():
    with pytest.raises(ValueError, match="argument"):
        Network(4, 2, [3, 3], [Tanh()])


def test_size_counts_every_parameter():
    network = Network(4, 2, [5, 3], [Maxout(3), PReLU()])
    assert network.layout.n_weights == 4 * 15 + 5 * 3 + 3 * 2
    assert network.layout.size == network.layout.n_weights + 15 + (3 + 3) + 2


def test_costs_are_the_largest_product_and_the_widest_layer():
    network = Network(4, 2, [5, 3], [Maxout(3), Tanh()])
    assert network.multiply_adds_per_row == 4 * 15
    assert network.widest(4) == 15
    assert network.widest(100) == 100
    assert Network(4, 2, [5], [Tanh()], n_members=3).widest(4) == 15


def test_networks_are_equal_if_they_predict_alike_from_one_vector():
    network = Network(4, 2, [5], [Tanh()])
    assert network == Network(4, 2, [5], [Tanh()])
    assert network == Network(4, 2, [5], [Tanh()], dropout=0.5)
    for other in [
        Network(3, 2, [5], [Tanh()]),
        Network(4, 1, [5], [Tanh()]),
        Network(4, 2, [6], [Tanh()]),
        Network(4, 2, [5], [ReLU()]),
        Network(4, 2, [5, 5], [Tanh(), Tanh()]),
        "network",
    ]:
        assert network != other


def test_a_pickled_network_is_small_and_equal():
    network, theta, X = build(([500, 500], [Tanh(), PReLU()]))
    expected, _ = network.forward(X, network.views(theta))
    pickled = pickle.dumps(network)
    assert len(pickled) < 2000
    copy = pickle.loads(pickled)
    assert copy == network
    np.testing.assert_array_equal(copy.forward(X, copy.views(theta))[0], expected)


def test_the_repr_shows_widths_and_activations():
    network = Network(4, 2, [5, 3], [Tanh(), PReLU(0.1)])
    assert repr(network) == "Network(4-5-3-2, [Tanh(), PReLU(slope=0.1)])"


@every_architecture
def test_the_derivative_by_the_input_is_that_of_differences(architecture):
    network, theta, X = build(architecture)
    params = network.views(theta)
    grad_raw = np.random.default_rng(1).normal(size=(len(X), 2))
    _, caches = network.forward(X, params)
    actual = network.backward_to_input(grad_raw.copy(), caches, params)
    expected = central_differences(
        lambda x: float((network.forward(x, params)[0] * grad_raw).sum()), X
    )
    assert_gradients_agree(actual, expected)


@pytest.mark.parametrize("n_members", [1, 3])
def test_without_its_embedding_a_network_takes_the_vectors(n_members):
    embedding = Embedding((3, 2), width=2)
    network = Network(4, 2, [5], [Tanh()], n_members=n_members, embedding=embedding)
    rng = np.random.default_rng(0)
    params = network.views(rng.normal(size=network.layout.size))
    x = np.column_stack([rng.normal(size=(7, 2)), rng.integers([3, 2], size=(7, 2))])
    inputs = network.inputs(x, params)
    assert inputs.shape[-2:] == (7, 6)
    expected, _ = network.forward(x, params)
    actual, _ = network.without_embedding.forward(inputs, params)
    np.testing.assert_array_equal(actual, expected)


# Residual connections and normalisation.

BY_DIFFERENCES = [name for name, cls in ACTIVATIONS.items() if not cls().straight_through]
HOW = {
    "residual": {"residual": True},
    "normalised": {"normalization": LayerNorm()},
    "both": {"residual": True, "normalization": LayerNorm()},
}
every_how = pytest.mark.parametrize("how", HOW.values(), ids=HOW)


@every_how
@pytest.mark.parametrize("name", BY_DIFFERENCES)
@pytest.mark.parametrize("n_members", [1, 2])
def test_gradients_through_deep_layers_of_one_width_are_exact(name, n_members, how):
    activations = [ACTIVATIONS[name]()] * 4
    network = Network(3, 2, [4] * 4, activations, 0.2, n_members, **how)
    rng = np.random.default_rng(0)
    theta = 0.7 * rng.normal(size=network.layout.size)
    objective = Objective(network, SquaredError(), 0.01, theta)
    X, y = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
    assert_objective_gradient_is_exact(objective, X, y, rtol=1e-5)


@every_how
@pytest.mark.parametrize("n_members", [1, 2])
def test_the_gradient_of_the_input_takes_both_ways_back(n_members, how):
    network = Network(3, 1, [4] * 3, [Tanh()] * 3, n_members=n_members, **how)
    rng = np.random.default_rng(0)
    params = network.views(0.7 * rng.normal(size=network.layout.size))
    x = rng.normal(size=(5, 3))
    raw, caches = network.forward(x, params)
    grad = network.backward_to_input(np.ones_like(raw), caches, params)
    expected = central_differences(lambda _: float(network.forward(x, params)[0].sum()), x)
    assert_gradients_agree(grad.sum(axis=0) if n_members > 1 else grad, expected)


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_penalty_and_weight_decay_do_not_touch_gains_scales_and_shifts(name):
    network = Network(
        3, 1, [4] * 3, [Tanh()] * 3, residual=True, normalization=NORMALIZATIONS[name]()
    )
    theta = np.zeros(network.layout.size)
    weights = theta[: network.layout.n_weights]
    for own in network.views(theta):
        for key, value in own.items():
            value[...] = 1 if key == "weight" else 2
    assert (weights == 1).all()
    assert (theta[network.layout.n_weights :] == 2).all()


def test_only_hidden_layers_after_the_first_are_residual_and_all_are_normalised():
    network = Network(3, 1, [4] * 3, [ReLU()] * 3, residual=True, normalization=LayerNorm())
    assert [layer.adds_input for layer in network.layers] == [False, True, True, False]
    normed = [layer.normalization == LayerNorm() for layer in network.layers]
    assert normed == [True, True, True, False]
    assert network.residual
    assert network.normalization == LayerNorm()


@pytest.mark.parametrize("depth", [0, 1])
def test_without_a_second_hidden_layer_nothing_is_residual(depth):
    network = Network(3, 1, [4] * depth, [ReLU()] * depth, residual=True)
    assert not network.residual
    assert network == Network(3, 1, [4] * depth, [ReLU()] * depth)


@every_how
def test_networks_that_add_or_normalise_are_not_equal_to_plain_ones(how):
    shape = 3, 1, [4] * 2, [ReLU()] * 2
    network = Network(*shape, **how)
    assert network == Network(*shape, **how) == pickle.loads(pickle.dumps(network))
    assert network != Network(*shape)
    for name, value in how.items():
        assert f"{name}={value}" in repr(network)
    assert network.without_embedding == network


@every_how
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deep_layers_of_one_width_keep_the_dtype(dtype, how):
    network = Network(3, 2, [4] * 5, [ReLU()] * 5, dropout=0.3, **how)
    theta = np.random.default_rng(0).normal(size=network.layout.size).astype(dtype)
    params, grad = network.views(theta), np.full_like(theta, np.nan)
    x = np.ones((6, 3), dtype)
    raw, caches = network.forward(x, params, np.random.default_rng(0))
    network.backward(np.ones_like(raw), caches, params, network.views(grad))
    assert raw.dtype == dtype
    assert np.isfinite(grad).all()
