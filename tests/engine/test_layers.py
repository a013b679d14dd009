"""Layers: the affine map, the activation and dropout, forward and backward."""

import numpy as np
import pytest
from finite_differences import assert_gradients_agree, central_differences
from scipy import sparse, stats

from skshallow.activations import ACTIVATIONS, Identity, Maxout, PReLU, ReLU, Tanh
from skshallow.engine.layers import LEVELS, Dense, Dropout, ResidualDense
from skshallow.engine.normalization import LayerNorm
from skshallow.initializers import INITIALIZERS

LAYERS = [
    Dense(4, 3),
    Dense(4, 3, Tanh()),
    Dense(4, 3, PReLU()),
    Dense(4, 3, Maxout(3)),
    Dense(1, 1, ReLU()),
    Dense(4, 3, Tanh(), normalization=LayerNorm()),
]
RESIDUAL = [
    ResidualDense(3, 3, Tanh()),
    ResidualDense(3, 3, Maxout(2), normalization=LayerNorm()),
    ResidualDense(1, 1, PReLU()),
]
every_residual_layer = pytest.mark.parametrize("layer", RESIDUAL, ids=str)
every_layer_and_residual_ones = pytest.mark.parametrize("layer", LAYERS + RESIDUAL, ids=str)
every_layer = pytest.mark.parametrize("layer", LAYERS, ids=str)


def params_of(layer, seed=0):
    """Return random parameters, and places for their gradients filled with NaN."""
    rng = np.random.default_rng(seed)
    params = {name: rng.normal(size=shape) for name, shape in layer.shapes().items()}
    return params, {name: np.full_like(value, np.nan) for name, value in params.items()}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shapes_are_those_of_the_affine_map_and_the_activation(name):
    layer = Dense(5, 4, ACTIVATIONS[name]())
    width = 4 * layer.activation.n_pieces
    assert layer.n_preactivations == width
    own = {"slope": (4,)} if name == "prelu" else {}
    assert layer.shapes() == {"weight": (5, width), "bias": (width,)} | own


def test_layers_tell_their_columns_their_widest_values_and_whether_they_add_their_input():
    for layer in LAYERS + RESIDUAL:
        shapes = layer.shapes()
        assert (layer.n_columns, layer.widest) == shapes["weight"]
        assert layer.adds_input == ("residual_gain" in shapes)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_initialisation_fills_every_parameter(name):
    layer = Dense(5, 4, ACTIVATIONS[name]())
    params = {key: np.full(shape, np.nan) for key, shape in layer.shapes().items()}
    layer.initialize(params, INITIALIZERS["auto"](), 1.0, np.random.default_rng(0))
    assert params["weight"].all()
    assert not params["bias"].any()
    if name == "prelu":
        np.testing.assert_array_equal(params["slope"], 0.25)


def test_the_scale_multiplies_initial_weights():
    layer = Dense(5, 4, Tanh())
    params = {key: np.empty(shape) for key, shape in layer.shapes().items()}
    init = INITIALIZERS["auto"]()
    layer.initialize(params, init, 3.0, np.random.default_rng(0))
    of_one = init(np.random.default_rng(0), 5, 4, layer.activation)
    np.testing.assert_allclose(params["weight"], 3 * of_one)


def test_weights_of_inputs_that_a_member_does_not_see_have_no_gradient():
    layer = Dense(3, 2, Tanh(), unseen=(slice(0, 2), None))
    params, grads = params_of_members(layer, 2), params_of_members(layer, 2)
    layer.initialize(params, INITIALIZERS["auto"](), 1.0, np.random.default_rng(0))
    x = np.random.default_rng(0).normal(size=(7, 3))
    a, cache = layer.forward(x, params)
    layer.backward(np.ones_like(a), cache, params, grads)
    is_zero = (grads["weight"] == 0).all(axis=-1)
    np.testing.assert_array_equal(is_zero, [[True, True, False], [False] * 3])


@every_layer
def test_forward_is_the_activation_of_the_affine_map(layer):
    params, _ = params_of(layer)
    x = np.random.default_rng(1).normal(size=(6, layer.n_inputs))
    before = x.copy()
    a, _ = layer.forward(x, params)
    weight, bias = params["weight"], params["bias"]
    z = np.array([[row @ w + b for w, b in zip(weight.T, bias, strict=True)] for row in x])
    z, _ = layer.normalization.forward(z, params)
    expected = layer.activation.forward(z, params)[0]
    np.testing.assert_allclose(a, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(x, before)


@every_residual_layer
def test_a_residual_layer_adds_its_input_to_what_a_dense_one_makes_of_it(layer):
    params, _ = params_of(layer)
    dense = Dense(
        layer.n_inputs, layer.n_units, layer.activation, normalization=layer.normalization
    )
    x = np.random.default_rng(1).normal(size=(6, layer.n_inputs))
    expected = x + params["residual_gain"] * dense.forward(x, params)[0]
    np.testing.assert_allclose(layer.forward(x, params)[0], expected, rtol=1e-13)


@every_residual_layer
def test_a_residual_layer_starts_as_the_identity(layer):
    params = {key: np.full(shape, np.nan) for key, shape in layer.shapes().items()}
    layer.initialize(params, INITIALIZERS["auto"](), 1.0, np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(50, layer.n_inputs))
    np.testing.assert_array_equal(layer.forward(x, params)[0], x)


@every_layer_and_residual_ones
def test_what_the_activation_gives_and_its_slopes_are_without_the_input(layer):
    params, _ = params_of(layer)
    x = np.random.default_rng(1).normal(size=(6, layer.n_inputs))
    dense = Dense(
        layer.n_inputs, layer.n_units, layer.activation, normalization=layer.normalization
    )
    found, slopes = layer.outputs_and_slopes(*layer.forward(x, params), params)
    expected, _ = dense.forward(x, params)
    np.testing.assert_array_equal(found, expected)
    assert slopes.shape == found.shape
    if layer.activation == Tanh():
        np.testing.assert_allclose(slopes, 1 - expected**2, rtol=1e-12)


@every_layer_and_residual_ones
def test_gradients_equal_central_differences(layer):
    params, grads = params_of(layer)
    rng = np.random.default_rng(1)
    x, grad_a = rng.normal(size=(6, layer.n_inputs)), rng.normal(size=(6, layer.n_units))

    def value(_):
        return float(np.sum(layer.forward(x, params)[0] * grad_a))

    _, cache = layer.forward(x, params)
    grad_z = layer.backward(grad_a.copy(), cache, params, grads)
    assert grad_z.shape == (6, layer.n_preactivations)
    for name, param in params.items():
        assert_gradients_agree(grads[name], central_differences(value, param))
    grad_x = layer.backward_to_input(grad_z, params, grad_a)
    assert_gradients_agree(grad_x, central_differences(value, x))


@every_layer
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_rows_give_the_results_of_dense_rows(layer, form):
    params, grads = params_of(layer)
    _, sparse_grads = params_of(layer)
    x = np.random.default_rng(1).normal(size=(6, layer.n_inputs))
    x[x < 0] = 0
    a, cache = layer.forward(x, params)
    sparse_a, sparse_cache = layer.forward(form(x), params)
    assert type(sparse_a) is np.ndarray
    np.testing.assert_allclose(sparse_a, a, rtol=1e-13, atol=1e-15)
    layer.backward(np.ones_like(a), cache, params, grads)
    layer.backward(np.ones_like(a), sparse_cache, params, sparse_grads)
    for name in grads:
        np.testing.assert_allclose(sparse_grads[name], grads[name], atol=1e-13)


# Members side by side: weights (k, n_inputs, n_preactivations), vectors (k, 1, n)


def params_of_members(layer, n_members=3):
    """Return places for the parameters of several members."""
    return {
        name: np.full((n_members, *(shape if len(shape) > 1 else (1, *shape))), np.nan)
        for name, shape in layer.shapes().items()
    }


@every_layer_and_residual_ones
def test_members_are_initialised_as_one_after_another(layer):
    together, rng = params_of_members(layer), np.random.default_rng(0)
    layer.initialize(together, INITIALIZERS["auto"](), 2.0, rng)
    rng = np.random.default_rng(0)
    for i in range(3):
        alone, _ = params_of(layer)
        layer.initialize(alone, INITIALIZERS["auto"](), 2.0, rng)
        for name, value in alone.items():
            np.testing.assert_array_equal(together[name][i].reshape(value.shape), value)


@every_residual_layer
def test_each_member_of_a_residual_layer_computes_what_it_would_alone(layer):
    assert_members_compute_alone(layer, np.asarray)


@every_layer
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_each_member_computes_what_it_would_alone(layer, form):
    assert_members_compute_alone(layer, form)


def assert_members_compute_alone(layer, form):
    """Assert that outputs and gradients of members are those of layers of their own."""
    rng = np.random.default_rng(1)
    params, grads = params_of_members(layer), params_of_members(layer)
    for value in params.values():
        value[...] = rng.normal(size=value.shape)
    x, grad_a = rng.normal(size=(6, layer.n_inputs)), rng.normal(size=(3, 6, layer.n_units))
    a, cache = layer.forward(form(x), params)
    grad_z = layer.backward(grad_a.copy(), cache, params, grads)
    grad_x = layer.backward_to_input(grad_z, params, grad_a)
    for i in range(3):
        alone, own_grads = params_of(layer)
        for name, value in alone.items():
            value[...] = params[name][i].reshape(value.shape)
        own_a, cache = layer.forward(x, alone)
        own_grad_z = layer.backward(grad_a[i].copy(), cache, alone, own_grads)
        np.testing.assert_allclose(a[i], own_a, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            grad_x[i],
            layer.backward_to_input(own_grad_z, alone, grad_a[i]),
            rtol=1e-12,
            atol=1e-14,
        )
        for name, value in own_grads.items():
            np.testing.assert_allclose(
                grads[name][i].reshape(value.shape), value, rtol=1e-12, atol=1e-14
            )


# Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_at_its_rate_and_keeps_the_expectation(rate):
    ones = np.ones((500, 200))
    kept, _ = Dropout(rate).forward(ones, np.random.default_rng(0))
    zero, scaled = np.unique(kept)
    assert zero == 0
    share = 1 - 1 / scaled
    assert abs(share - rate) < 1 / LEVELS
    n_dropped = int((kept == 0).sum())
    assert stats.binomtest(n_dropped, kept.size, share).pvalue > 0.001
    # each row and each unit is drawn by itself
    assert np.ptp((kept == 0).sum(axis=0)) > 0
    assert np.ptp((kept == 0).sum(axis=1)) > 0
    np.testing.assert_array_equal(ones, 1)


def test_a_dropout_share_multiplies_the_rate():
    a = np.ones((100, 100))
    half, _ = Dropout(0.4).forward(a, np.random.default_rng(0), share=0.5)
    expected, _ = Dropout(0.2).forward(a, np.random.default_rng(0))
    assert (half == expected).all()
    assert Dropout(0.4).forward(a, np.random.default_rng(0), share=0.0) == (a, None)


@pytest.mark.parametrize("rate", [1e-4, 0.1, 0.15])
def test_the_dropout_rate_is_exact_on_average_over_many_passes(rate):
    rng, ones = np.random.default_rng(0), np.ones((8, 100))
    passes = [Dropout(rate).forward(ones, rng)[0] for _ in range(2000)]
    rates = np.array([1 - 1 / kept.max() for kept in passes])
    below = np.floor(rate * LEVELS)
    assert set((rates * LEVELS).round(9)) == {below, below + 1}
    n_above = int((rates * LEVELS > below + 0.5).sum())
    assert stats.binomtest(n_above, 2000, rate * LEVELS - below).pvalue > 0.001
    n_dropped = int(sum((kept == 0).sum() for kept in passes))
    assert stats.binomtest(n_dropped, 2000 * ones.size, rate).pvalue > 0.001


def test_dropout_at_the_highest_rate_keeps_one_in_256():
    kept, _ = Dropout(1 - 1e-9).forward(np.ones((200, 1000)), np.random.default_rng(0))
    assert set(np.unique(kept)) == {0, LEVELS}
    assert stats.binomtest(int(kept.sum()) // LEVELS, kept.size, 1 / LEVELS).pvalue > 0.001


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_masks_gradients_as_it_masked_activations(dtype):
    a = np.random.default_rng(1).normal(size=(30, 20)).astype(dtype)
    kept, cache = Dropout(0.4).forward(a.copy(), np.random.default_rng(0))
    grad = Dropout(0.4).backward(np.ones_like(a), cache)
    np.testing.assert_allclose(grad * a, kept, rtol=1e-6)
    assert kept.dtype == grad.dtype == dtype


def test_dropout_without_a_generator_or_rate_is_the_identity():
    a = np.random.default_rng(1).normal(size=(3, 2))
    for rate, rng in [(0.5, None), (0.0, np.random.default_rng(0))]:
        kept, cache = Dropout(rate).forward(a.copy(), rng)
        np.testing.assert_array_equal(kept, a)
        np.testing.assert_array_equal(Dropout(rate).backward(a.copy(), cache), a)


@pytest.mark.parametrize("size", [1, 8, 9, 23])
def test_dropout_draws_one_number_of_64_bits_for_eight_entries_and_one_for_the_rate(size):
    rng, expected = np.random.default_rng(0), np.random.default_rng(0)
    Dropout(0.5).forward(np.ones((1, size)), rng)
    expected.bit_generator.random_raw(1 + (size + 7) // 8)
    assert rng.bit_generator.state == expected.bit_generator.state


@pytest.mark.parametrize("kind", [Dense, ResidualDense])
def test_layers_drop_at_the_whole_rate_by_default(kind):
    layer = kind(20, 20, Identity(), Dropout(0.25))
    params, _ = params_of(layer)
    x = np.random.default_rng(1).normal(size=(50, 20))
    own, _ = layer.forward(x, params, np.random.default_rng(0))
    whole, _ = layer.forward(x, params, np.random.default_rng(0), 1.0)
    np.testing.assert_array_equal(own, whole)


def test_a_rate_of_zero_draws_no_random_numbers():
    rng = np.random.default_rng(0)
    Dropout(0.0).forward(np.ones((3, 2)), rng)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_gradient_through_dropout_equals_central_differences():
    layer = Dense(4, 20, Tanh(), Dropout(0.5))
    params, grads = params_of(layer)
    rng = np.random.default_rng(1)
    x, grad_a = rng.normal(size=(6, 4)), rng.normal(size=(6, 20))

    def forward():
        return layer.forward(x, params, np.random.default_rng(3))

    _, cache = forward()
    layer.backward(grad_a.copy(), cache, params, grads)
    for name, param in params.items():
        expected = central_differences(
            lambda _: float(np.sum(forward()[0] * grad_a)), param
        )
        assert_gradients_agree(grads[name], expected)


def test_layers_with_equal_settings_are_equal():
    assert Dense(2, 3, Tanh()) == Dense(2, 3, Tanh())
    assert Dense(2, 3, Tanh()) != Dense(2, 3, ReLU())
    assert Dense(2, 3).activation == Identity()
