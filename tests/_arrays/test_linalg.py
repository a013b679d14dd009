"""Matrix products and sums against NumPy's, for dense and sparse operands."""

import numpy as np
import pytest
from scipy import sparse

from skshallow._arrays import linalg
from skshallow._arrays.linalg import (
    ShiftedSparse,
    add_scaled,
    column_sums,
    largest_magnitude,
    product,
    product_with_transpose,
    row_sums,
    sums_by_row,
    transposed_product,
)
from skshallow._arrays.namespace import to_numpy

FORMS = {
    "dense": np.asarray,
    "fortran": np.asfortranarray,
    "csr": sparse.csr_array,
    "csr matrix": sparse.csr_matrix,
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
# (n, d, m)
each_shape = pytest.mark.parametrize("shape", [(7, 4, 3), (7, 1, 3), (7, 4, 1), (1, 1, 1)])


def operands(n, d, m, dtype):
    """Return x (n, d), a third of it 0, weight (d, m) and grad_z (n, m)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, d)) * (rng.random((n, d)) > 1 / 3)
    weight, grad_z = rng.normal(size=(d, m)), rng.normal(size=(n, m))
    return x.astype(dtype), weight.astype(dtype), grad_z.astype(dtype)


def tolerance(dtype):
    return {"rtol": 0, "atol": 50 * np.finfo(dtype).eps}


@both_dtypes
@each_shape
@every_form
def test_product_equals_numpys_and_shares_no_memory(form, shape, dtype):
    x, weight, _ = operands(*shape, dtype)
    actual = product(form(x), weight)
    assert type(actual) is np.ndarray
    assert actual.dtype == dtype
    assert not np.shares_memory(actual, weight)
    expected = np.einsum("nd,dm->nm", x.astype(np.float64), weight)
    np.testing.assert_allclose(actual, expected, **tolerance(dtype))


@both_dtypes
@each_shape
@every_form
def test_transposed_product_is_written_to_out(form, shape, dtype):
    x, weight, grad_z = operands(*shape, dtype)
    theta = np.full(2 * weight.size, np.nan, dtype)
    out = theta[weight.size :].reshape(weight.shape)
    transposed_product(form(x), grad_z, out=out)
    expected = np.einsum("nd,nm->dm", x.astype(np.float64), grad_z)
    np.testing.assert_allclose(out, expected, **tolerance(dtype))
    assert np.isnan(theta[: weight.size]).all()


N_MEMBERS = 2


@both_dtypes
@each_shape
@pytest.mark.parametrize("members", [(), (N_MEMBERS,)])
def test_a_shifted_sparse_matrix_is_the_matrix_with_a_row_added(members, shape, dtype):
    x, weight, grad_z = operands(*shape, dtype)
    weight, grad_z = (
        np.stack([(i + 1) * a for i in range(*members)]) if members else a
        for a in (weight, grad_z)
    )
    shift = np.linspace(-2, 1, shape[1], dtype=dtype)[np.newaxis]
    shifted = ShiftedSparse(sparse.csr_array(x), shift)
    assert shifted.shape == x.shape
    dense = x.astype(np.float64) + shift
    actual = product(shifted, weight)
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, dense @ weight, **tolerance(dtype))
    np.testing.assert_allclose(
        product(shifted[1:], weight), dense[1:] @ weight, **tolerance(dtype)
    )
    theta = np.full(2 * weight.size, np.nan, dtype)
    out = theta[weight.size :].reshape(weight.shape)
    transposed_product(shifted, grad_z, out=out)
    np.testing.assert_allclose(out, dense.T @ grad_z, **tolerance(dtype))
    assert np.isnan(theta[: weight.size]).all()
    assert largest_magnitude(shifted) == pytest.approx(np.abs(dense).max(), rel=1e-6)


@pytest.mark.parametrize("members", [(), (3,)])
@each_shape
@both_dtypes
def test_a_product_with_the_transpose_is_that_of_each_member(members, shape, dtype):
    _, weight, grad_z = operands(*shape, dtype)
    factors = np.arange(1, 4, dtype=dtype)[:, np.newaxis, np.newaxis]
    if members:
        weight, grad_z = factors * weight, grad_z - factors
    found = product_with_transpose(grad_z, weight)
    expected = np.einsum("...nm,...dm->...nd", grad_z, weight)
    np.testing.assert_allclose(found, expected, **tolerance(dtype))
    assert found.dtype == dtype


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_largest_magnitude_is_numpys(form):
    x, *_ = operands(7, 4, 3, np.float64)
    assert largest_magnitude(form(x)) == np.abs(x).max()


@both_dtypes
@each_shape
def test_sums_over_rows_and_columns_equal_numpys(shape, dtype):
    _, _, a = operands(*shape, dtype)
    before = a.copy()
    out = np.full(a.shape[1], np.nan, dtype)
    column_sums(a, out=out)
    sums = row_sums(a)
    assert sums.dtype == dtype
    assert sums.shape == (len(a),)
    np.testing.assert_allclose(out, a.sum(axis=0), **tolerance(dtype))
    np.testing.assert_allclose(sums, a.sum(axis=1), **tolerance(dtype))
    np.testing.assert_array_equal(a, before)


PLACES = {"array": np.s_[:], "slice": np.s_[3:17], "strided": np.s_[::3], "one": np.s_[4:5]}


@both_dtypes
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_scaled_vector_is_added_in_place_and_nowhere_else(place, dtype):
    rng = np.random.default_rng(0)
    whole, vector = rng.normal(size=(2, 20)).astype(dtype)
    expected = whole.astype(np.float64)
    expected[place] += -0.7 * vector[place]
    add_scaled(vector[place], -0.7, out=whole[place])
    np.testing.assert_allclose(whole, expected, **tolerance(dtype))


@pytest.mark.parametrize("dtype", ["e", "f", "d", "g", ">f4", ">f8"])
@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_scaled_vector_is_added_whatever_the_dtype_of_floats(size, dtype):
    out = np.ones(size, dtype)
    add_scaled(np.full(size, 2, dtype), 0.5, out=out)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, np.full(size, 2.0))


@both_dtypes
def test_a_scaled_matrix_is_added_in_place(dtype):
    out = np.ones((4, 3), dtype)
    add_scaled(np.full((4, 3), 2, dtype), 0.5, out=out)
    np.testing.assert_array_equal(out, np.full((4, 3), 2.0))


@both_dtypes
def test_a_read_only_array_is_refused_and_stays_as_it_is(dtype):
    out = np.ones(3, dtype)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        add_scaled(np.ones(3, dtype), 0.5, out=out)
    np.testing.assert_array_equal(out, np.ones(3))


def test_sums_of_different_sizes_and_dtypes_are_independent():
    for n in [3, 5, 3]:
        for dtype in [np.float32, np.float64, np.float32]:
            out = np.empty(2, dtype)
            column_sums(np.ones((n, 2), dtype), out=out)
            np.testing.assert_array_equal(out, n)


# (d, n, m): few rows of out and many of values, the reverse, and one
each_sum = pytest.mark.parametrize("shape", [(3, 500, 4), (900, 20, 2), (1, 1, 1)])


def sum_by_row(rows, values, n_rows):
    out = np.zeros((*values.shape[:-2], n_rows, values.shape[-1]))
    for i, row in enumerate(rows):
        out[..., row, :] += values[..., i, :]
    return out


@both_dtypes
@each_sum
@pytest.mark.parametrize("members", [(), (N_MEMBERS,)])
def test_sums_by_row_add_what_goes_to_each_row(members, shape, dtype):
    n_rows, n, m = shape
    rng = np.random.default_rng(0)
    rows, values = rng.integers(n_rows, size=n), rng.normal(size=(*members, n, m))
    out = np.full((*members, n_rows, m), np.nan, dtype)
    sums_by_row(rows, values.astype(dtype), out=out)
    atol = 20 * np.sqrt(n) * np.finfo(dtype).eps
    np.testing.assert_allclose(out, sum_by_row(rows, values, n_rows), rtol=0, atol=atol)


@each_sum
@pytest.mark.parametrize("members", [(), (N_MEMBERS,)])
@pytest.mark.parametrize("ones_at_once", [1, 2000, 1 << 22])
def test_sums_by_row_are_the_same_in_other_libraries(
    library, monkeypatch, members, shape, ones_at_once
):
    monkeypatch.setattr(linalg, "ONES_AT_ONCE", ones_at_once)
    n_rows, n, m = shape
    rng = np.random.default_rng(0)
    rows, values = rng.integers(n_rows, size=n), rng.normal(size=(*members, n, m))
    out = library(np.full((*members, n_rows, m), np.nan))
    sums_by_row(library(rows), library(values), out=out)
    expected = sum_by_row(rows, values, n_rows)
    np.testing.assert_allclose(to_numpy(out), expected, rtol=0, atol=1e-12)
