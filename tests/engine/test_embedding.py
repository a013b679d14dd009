"""Embeddings against products with one-hot tables, and against central differences."""

import copy
import pickle
import tracemalloc

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
from scipy import optimize

from skshallow.activations import ACTIVATIONS, Maxout, PReLU, Tanh
from skshallow.engine.embedding import DEVIATION, EmbeddedDense, Embedding, with_embedding
from skshallow.engine.layers import Dense, Dropout
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.initializers import Auto
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, SquaredError

EMBEDDING = Embedding((4, 3), 2)
N_NUMBERS, N_ROWS = 3, 12
SHALLOW = [5], [Tanh()]
ARCHITECTURES = {
    "linear": ([], []),
    "shallow": SHALLOW,
    "deep": ([4, 3], [PReLU(), Maxout(2)]),
}
every_architecture = pytest.mark.parametrize(
    "architecture", ARCHITECTURES.values(), ids=ARCHITECTURES
)
alone_and_together = pytest.mark.parametrize("n_members", [1, 3])
BY_DIFFERENCES = [name for name, cls in ACTIVATIONS.items() if not cls().straight_through]


def table(n_rows=N_ROWS, embedding=EMBEDDING, seed=0):
    """Return numbers and codes side by side; the last code of each column is left out."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(np.array(embedding.n_rows) - 1, size=(n_rows, embedding.n_columns))
    return np.column_stack([rng.normal(size=(n_rows, N_NUMBERS)), codes])


def build(architecture=SHALLOW, n_members=1, n_outputs=2, dropout=0.0, seed=0):
    """Return a network on numbers and codes, and random parameters."""
    n_features = N_NUMBERS + EMBEDDING.n_columns
    network = Network(n_features, n_outputs, *architecture, dropout, n_members, EMBEDDING)
    return network, 0.6 * np.random.default_rng(seed).normal(size=network.layout.size)


def one_hot(codes, embedding=EMBEDDING):
    """Return one column per row of the embedding's table: 1 where a code is that row."""
    levels = [np.arange(n) for n in embedding.n_rows]
    columns = zip(codes.T, levels, strict=True)
    return np.column_stack([column[:, np.newaxis] == own for column, own in columns]) + 0.0


def joined_by_hand(x, table):
    """Return the numbers, and the vectors of each column by a product with its one-hot."""
    hot = one_hot(x[:, N_NUMBERS:])
    ends = np.cumsum(EMBEDDING.n_rows)
    parts = zip(np.split(hot, ends[:-1], axis=1), np.split(table, ends[:-1]), strict=True)
    return np.column_stack([x[:, :N_NUMBERS], *(ones @ vectors for ones, vectors in parts)])


# The lookup is a product with a one-hot table


@every_architecture
def test_a_network_sees_the_product_of_the_one_hot_table_and_the_vectors(architecture):
    network, theta = build(architecture)
    params, x = network.views(theta), table()
    plain = Network(N_NUMBERS + EMBEDDING.n_inputs, 2, *architecture)
    own = [{k: v for k, v in layer.items() if k != "embedding"} for layer in params]
    expected, caches = plain.forward(joined_by_hand(x, params[0]["embedding"]), own)
    raw, embedded_caches = network.forward(x, params)
    np.testing.assert_allclose(raw, expected, rtol=1e-13, atol=1e-14)
    grad_raw = np.random.default_rng(1).normal(size=raw.shape)
    grads = network.views(np.full_like(theta, np.nan))
    network.backward(grad_raw.copy(), embedded_caches, params, grads)
    plain_grads = plain.views(np.empty(plain.layout.size))
    plain.backward(grad_raw.copy(), caches, own, plain_grads)
    for layer, plain_layer in zip(grads, plain_grads, strict=True):
        for name, value in plain_layer.items():
            np.testing.assert_allclose(layer[name], value, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_members", [None, 1, 3])
def test_the_gradient_of_the_table_is_the_transposed_one_hot_product(n_members, dtype):
    embedding = Embedding((5, 1, 30), 3)
    lead = () if n_members is None else (n_members,)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(*lead, *embedding.shape)).astype(dtype)
    codes = rng.integers(embedding.n_rows, size=(40, 3))
    found, rows = embedding.forward(codes.astype(dtype), vectors)
    grad = rng.normal(size=(*lead, 40, 9)).astype(dtype)
    out = np.full_like(vectors, np.nan)
    embedding.backward(grad, rows, out=out)
    assert found.dtype == out.dtype == dtype
    starts = np.cumsum([0, *embedding.n_rows])
    for i, n in enumerate(embedding.n_rows):
        ones = (codes[:, [i]] == np.arange(n)) + 0.0
        own, part = slice(starts[i], starts[i + 1]), slice(3 * i, 3 * i + 3)
        np.testing.assert_array_equal(found[..., part], ones @ vectors[..., own, :])
        expected = ones.T @ grad[..., part].astype(np.float64)
        np.testing.assert_allclose(
            out[..., own, :], expected, atol=50 * np.finfo(dtype).eps
        )


def test_the_gradient_of_a_level_without_rows_is_zero():
    network, theta = build()
    objective = Objective(network, SquaredError(), 0.1, theta)
    objective.grad.fill(np.nan)
    objective.gradient(table(), np.zeros((N_ROWS, 2)))
    last = np.cumsum(EMBEDDING.n_rows) - 1
    grad = objective.grads[0]["embedding"]
    np.testing.assert_array_equal(grad[last], 0)
    assert np.delete(grad, last, axis=0).all()


# Central differences


@alone_and_together
@pytest.mark.parametrize("name", BY_DIFFERENCES)
def test_gradient_is_exact_with_every_activation(name, n_members):
    network, theta = build(([4, 3], [ACTIVATIONS[name]()] * 2), n_members)
    objective = Objective(network, SquaredError(), 0.1, theta)
    y = np.random.default_rng(1).normal(size=(N_ROWS, 2))
    weight = np.random.default_rng(2).exponential(size=N_ROWS)
    assert_objective_gradient_is_exact(objective, table(), y, weight)


LOSSES = {
    **{name: (cls(), "counts") for name, cls in REGRESSION_LOSSES.items()},
    **{
        f"{name}-{form}": (cls(), form)
        for name, forms in CLASSIFICATION_LOSSES.items()
        for form, cls in forms.items()
    },
}


@alone_and_together
@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_exact_with_every_loss(name, n_members):
    loss, form = LOSSES[name]
    rng = np.random.default_rng(1)
    y = {
        "counts": rng.poisson(1.5, (N_ROWS, 2)) + 1.0,
        "binomial": rng.integers(0, 2, (N_ROWS, 2)) + 0.0,
        "multinomial": rng.integers(2, size=(N_ROWS, 1)),
    }[form]
    network, theta = build(
        ([4], [Tanh()]), n_members, n_outputs=loss.n_raw_outputs(2), dropout=0.3
    )
    if form == "multinomial" and not loss.takes_codes:
        y = np.eye(2)[y[:, 0]]
    objective = Objective(network, loss, 0.1, theta)
    assert_objective_gradient_is_exact(objective, table(), y)


@alone_and_together
@every_architecture
def test_float32_follows_float64(architecture, n_members):
    network, theta = build(architecture, n_members)
    y = np.random.default_rng(1).normal(size=(N_ROWS, 2))
    exact = Objective(network, SquaredError(), 0.1, theta)
    single = Objective(network, SquaredError(), 0.1, theta.astype(np.float32))
    value = exact.value_and_gradient(table(), y)
    single_value = single.value_and_gradient(
        table().astype(np.float32), y.astype(np.float32)
    )
    assert single.grad.dtype == np.float32
    assert single_value == pytest.approx(value, rel=1e-5)
    atol = 2e-5 * np.abs(exact.grad).max()
    np.testing.assert_allclose(single.grad, exact.grad, rtol=0, atol=atol)


@pytest.mark.parametrize("activation", [Tanh(), PReLU(), Maxout(3)], ids=str)
def test_the_gradient_of_the_input_is_that_of_numbers_and_vectors(activation):
    layer = with_embedding(Dense(N_NUMBERS + 2, 4, activation), EMBEDDING)
    rng = np.random.default_rng(0)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes().items()}
    grads = {name: np.empty_like(value) for name, value in params.items()}
    x, grad_a = table(), rng.normal(size=(N_ROWS, 4))
    _, cache = layer.forward(x, params)
    grad_z = layer.backward(grad_a.copy(), cache, params, grads)
    inner = {name: value for name, value in params.items() if name != "embedding"}
    plain = Dense(layer.n_inputs, 4, activation)

    def value(joined):
        return float(np.sum(plain.forward(joined, inner)[0] * grad_a))

    expected = central_differences(value, joined_by_hand(x, params["embedding"]))
    assert_gradients_agree(layer.backward_to_input(grad_z, params, grad_a), expected)


# Members, and other libraries


@every_architecture
def test_each_member_computes_what_it_would_alone(architecture):
    together, theta = build(architecture, n_members=3)
    alone, _ = build(architecture)
    x, y = table(), np.random.default_rng(1).normal(size=(N_ROWS, 2))
    assert_members_compute_what_each_would_alone(together, theta, alone, x, y)


@alone_and_together
def test_arrays_of_other_libraries_give_numpys_results(library, n_members):
    network, theta = build(([4], [Tanh()]), n_members)
    x, y = table(), np.random.default_rng(1).normal(size=(N_ROWS, 2))
    assert_gives_numpys_gradients(library, network, theta, x, y)


# What is learned


def test_a_linear_network_learns_the_mean_of_each_level():
    embedding = Embedding((7,), 1)
    network = Network(1, 1, [], [], embedding=embedding)
    theta = np.empty(network.layout.size)
    network.initialize(theta, Auto(), 1.0, np.zeros(1), np.random.default_rng(0))
    objective = Objective(network, SquaredError(), 0.0, theta)
    rng = np.random.default_rng(1)
    codes = np.arange(60) % 6
    y = rng.normal(size=(60, 1)) + np.array([3, -1, 4, 1, -5, 9])[codes, np.newaxis]
    x = codes[:, np.newaxis] + 0.0

    def value_and_gradient(vector):
        theta[...] = vector
        return objective.value_and_gradient(x, y), objective.grad.copy()

    result = optimize.minimize(value_and_gradient, theta.copy(), jac=True, tol=1e-10)
    raw, _ = network.forward(np.arange(7.0)[:, np.newaxis], network.views(result.x))
    means = [y[codes == level].mean() for level in range(6)]
    np.testing.assert_allclose(raw[:6, 0], means, atol=1e-6)
    assert raw[6] == network.views(result.x)[0]["bias"]  # unseen: the vector is 0


# Initialisation and layout


@alone_and_together
def test_vectors_start_small_and_normal_and_those_of_unseen_levels_at_their_mean(n_members):
    embedding = Embedding((300, 200), 8)
    network = Network(2, 1, [], [], n_members=n_members, embedding=embedding)
    theta = np.full(network.layout.size, np.nan)
    network.initialize(theta, Auto(), 0.1, np.zeros(1), np.random.default_rng(0))
    vectors = network.views(theta)[0]["embedding"]
    np.testing.assert_array_equal(vectors[..., [299, 499], :], 0)
    seen = np.delete(vectors, [299, 499], axis=-2)
    assert abs(seen.mean()) < 5 * DEVIATION / np.sqrt(seen.size)
    assert abs(seen.std() / DEVIATION - 1) < 5 / np.sqrt(2 * seen.size)


def test_the_vectors_are_drawn_after_all_weights():
    network, theta = build(([5, 4], [Tanh(), Tanh()]))
    plain = Network(network.layers[0].n_inputs, 2, [5, 4], [Tanh(), Tanh()])
    plain_theta = np.empty(plain.layout.size)
    for own, vector in [(network, theta), (plain, plain_theta)]:
        own.initialize(vector, Auto(), 1.0, np.ones(2), np.random.default_rng(0))
    layers = zip(network.views(theta), plain.views(plain_theta), strict=True)
    for layer, plain_layer in layers:
        for name, value in plain_layer.items():
            np.testing.assert_array_equal(layer[name], value)


def test_the_penalty_leaves_the_vectors_out():
    network, theta = build()
    objective = Objective(network, SquaredError(), 0.3, theta)
    weights = [layer["weight"].ravel() for layer in objective.params]
    square = np.sum(np.concatenate(weights) ** 2)
    assert objective.penalty() == pytest.approx(0.15 * square, rel=1e-13)


# Shape, costs, equality


def test_shapes_count_the_columns_of_the_input_and_the_inputs_of_the_weight():
    network, _ = build(([5], [Maxout(2)]))
    first = network.layers[0]
    assert first.shapes() == {"weight": (7, 10), "bias": (10,), "embedding": (7, 2)}
    assert (network.n_features, first.n_columns, first.n_inputs) == (5, 5, 7)
    assert network.embedding == EMBEDDING
    assert network.layout.n_weights == 7 * 10 + 5 * 2
    assert network.layout.size == network.layout.n_weights + 10 + 14 + 2
    assert "embedding=Embedding(n_rows=(4, 3), width=2)" in repr(network)


def test_costs_count_the_vectors():
    wide = Embedding((9,), 100)
    network = Network(3, 1, [5], [Tanh()], n_members=2, embedding=wide)
    assert network.multiply_adds_per_row == 102 * 5
    assert network.widest(3) == 2 * 102


def test_a_network_without_codes_has_no_embedding():
    network = Network(4, 1, [5], [Tanh()])
    assert network.embedding is None
    assert network.n_features == 4
    assert "embedding" not in repr(network)


def test_networks_with_other_embeddings_are_not_equal():
    def with_rows(*n_rows, width=2):
        return Network(5, 1, [3], [Tanh()], embedding=Embedding(n_rows, width))

    network = with_rows(4, 3)
    assert network == with_rows(4, 3)
    for twin in copy.deepcopy(network), pickle.loads(pickle.dumps(network)):
        assert twin == network
        assert twin.layout.size == network.layout.size
    others = with_rows(3, 4), with_rows(4, 3, width=3), with_rows(7), with_rows(4, 3, 2)
    for other in (*others, Network(5, 1, [3], [Tanh()]), Network(7, 1, [3], [Tanh()])):
        assert network != other


def test_a_layer_with_an_embedding_keeps_its_settings():
    layer = Dense(5, 3, Tanh(), Dropout(0.4))
    expected = EmbeddedDense(7, 3, Tanh(), Dropout(0.4), embedding=EMBEDDING)
    assert with_embedding(layer, EMBEDDING) == expected


def test_a_step_never_makes_a_one_hot_table():
    embedding = Embedding((10_000, 10_000, 10_000), 4)
    network = Network(3, 1, [8], [Tanh()], embedding=embedding)
    theta = np.zeros(network.layout.size, np.float32)
    objective = Objective(network, SquaredError(), 0.0, theta)
    rng = np.random.default_rng(0)
    x = rng.integers(10_000, size=(2000, 3)).astype(np.float32)
    y = np.zeros((2000, 1), np.float32)
    tracemalloc.start()
    objective.gradient(x, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * theta.nbytes  # a one-hot table of bytes would have 60 MB
    assert peak < 4e6
