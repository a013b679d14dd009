"""Layer normalisation: its formula, its derivative, and what it does not depend on."""

import numpy as np
import pytest
from finite_differences import assert_gradients_agree, central_differences
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from skshallow.engine.normalization import EPSILON, NORMALIZATIONS, LayerNorm

N_ROWS, N_UNITS = 6, 5
every_normalization = pytest.mark.parametrize("name", NORMALIZATIONS)
alone_and_together = pytest.mark.parametrize("members", [(), (3,)], ids=["one", "three"])


def pre_activations(members=(), seed=0):
    """Return rows of very different means and deviations."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(*members, N_ROWS, N_UNITS))
    return (
        z * np.geomspace(0.1, 100, N_ROWS)[:, np.newaxis] + np.arange(N_ROWS)[:, np.newaxis]
    )


def params_of(normalization, members=(), seed=1):
    """Return random parameters, and places for their gradients filled with NaN."""
    rng = np.random.default_rng(seed)
    lead = (*members, 1) if members else ()
    params = {
        name: rng.normal(size=(*lead, *value.shape))
        for name, value in normalization.initial_params(N_UNITS).items()
    }
    return params, {name: np.full_like(value, np.nan) for name, value in params.items()}


@alone_and_together
def test_forward_is_the_z_score_of_each_row_scaled_and_shifted(members):
    z = pre_activations(members)
    params, _ = params_of(LayerNorm(), members)
    variance = z.var(axis=-1, keepdims=True)
    normed = stats.zscore(z, axis=-1) * np.sqrt(variance / (variance + EPSILON))
    out, _ = LayerNorm().forward(z.copy(), params)
    assert_allclose(out, params["norm_scale"] * normed + params["norm_shift"], rtol=1e-9)


def test_at_the_start_rows_have_mean_0_and_variance_1():
    out, _ = LayerNorm().forward(pre_activations(), LayerNorm().initial_params(N_UNITS))
    assert_allclose(out.mean(axis=1), 0, atol=1e-12)
    assert_allclose(out.var(axis=1), 1, rtol=1e-2)  # but for the added epsilon
    assert_allclose(out[1:].var(axis=1), 1, rtol=1e-4)


@alone_and_together
@every_normalization
def test_backward_equals_central_differences(name, members):
    normalization, z = NORMALIZATIONS[name](), pre_activations(members)
    params, grads = params_of(normalization, members)
    grad_out = np.random.default_rng(2).normal(size=z.shape)

    def value(_):
        return float(np.sum(normalization.forward(z.copy(), params)[0] * grad_out))

    _, cache = normalization.forward(z.copy(), params)
    grad_z = normalization.backward(grad_out.copy(), cache, params, grads)
    assert_gradients_agree(grad_z, central_differences(value, z), rtol=1e-5)
    for key, parameter in params.items():
        assert_gradients_agree(grads[key], central_differences(value, parameter))


def test_a_row_moved_or_stretched_is_normalised_alike():
    z, (params, _) = pre_activations()[1:], params_of(LayerNorm())
    expected, _ = LayerNorm().forward(z.copy(), params)
    moved, _ = LayerNorm().forward(z + 7.0, params)
    stretched, _ = LayerNorm().forward(1000 * z, params)
    assert_allclose(moved, expected, atol=1e-10)
    assert_allclose(stretched, expected, atol=1e-3)


def test_a_row_of_equal_values_becomes_the_shift():
    params, grads = params_of(LayerNorm())
    out, cache = LayerNorm().forward(np.full((2, N_UNITS), 3.0), params)
    assert_allclose(out, np.tile(params["norm_shift"], (2, 1)))
    grad_z = LayerNorm().backward(np.ones((2, N_UNITS)), cache, params, grads)
    assert np.isfinite(grad_z).all()


@every_normalization
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(name, dtype):
    normalization = NORMALIZATIONS[name]()
    params, grads = (
        {k: v.astype(dtype) for k, v in own.items()} for own in params_of(normalization)
    )
    out, cache = normalization.forward(pre_activations().astype(dtype), params)
    grad_z = normalization.backward(np.ones_like(out), cache, params, grads)
    assert out.dtype == grad_z.dtype == dtype


def test_large_pre_activations_in_single_precision_stay_exact():
    z = 1e4 + pre_activations()
    params = LayerNorm().initial_params(N_UNITS)
    single = {name: value.astype(np.float32) for name, value in params.items()}
    out, _ = LayerNorm().forward(z.astype(np.float32), single)
    expected, _ = LayerNorm().forward(z.astype(np.float32).astype(np.float64), params)
    assert_allclose(out, expected, atol=0.02)


def test_instances_are_equal():
    assert_array_equal(LayerNorm() == NORMALIZATIONS["layer"](), True)
