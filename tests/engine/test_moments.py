"""Moments of features and targets against NumPy's, for dense and sparse tables."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from skshallow.engine.moments import ROWS_PER_CHUNK, Moments

N_ROWS = 2 * ROWS_PER_CHUNK + 17  # more than one chunk, the last one small
FORMS = {
    "dense": lambda X: X,
    "fortran": np.asfortranarray,
    "csr": sparse.csr_array,
    "csr matrix": sparse.csr_matrix,
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_way = pytest.mark.parametrize("weighted", [False, True])


def table(n_rows=N_ROWS, seed=0):
    """Return columns of several kinds, a third of the entries 0."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.normal(3, 2, n_rows),
            rng.exponential(size=n_rows),
            rng.normal(-7, 1, n_rows) * 1e6,
            rng.integers(0, 2, n_rows),
            rng.normal(size=n_rows) * 1e-6,
        ]
    )
    X[:, 1:] *= rng.random((n_rows, 4)) > 1 / 3
    return X


def weights(n_rows=N_ROWS):
    return np.random.default_rng(9).exponential(size=n_rows)


def assert_moments_are(moments, X, sample_weight=None, rtol=1e-12):
    center = np.average(X, axis=0, weights=sample_weight)
    variance = np.average((X - center) ** 2, axis=0, weights=sample_weight)
    least = np.sqrt(variance.min())
    np.testing.assert_allclose(moments.center, center, rtol=rtol, atol=rtol * least)
    np.testing.assert_allclose(moments.deviation, np.sqrt(variance), rtol=rtol)


@every_form
@each_way
def test_moments_equal_numpys(form, weighted):
    X, sample_weight = table(), weights() if weighted else None
    moments = Moments(5).update(form(X), sample_weight)
    assert_moments_are(moments, X, sample_weight)
    expected_total = N_ROWS if sample_weight is None else sample_weight.sum()
    assert moments.total == pytest.approx(expected_total, rel=1e-12)


@each_way
def test_moments_of_dense_rows_are_equal_bits_in_every_layout(weighted):
    X, sample_weight = table(), weights() if weighted else None
    in_row_order = vars(Moments(5).update(X, sample_weight))
    for layout in np.asfortranarray(X), X.repeat(2, axis=1)[:, ::2], X[::-1].copy()[::-1]:
        moments = vars(Moments(5).update(layout, sample_weight))
        for name, expected in in_row_order.items():
            np.testing.assert_array_equal(moments[name], expected)


@every_form
@each_way
def test_moments_of_some_rows_are_those_of_a_table_of_them(form, weighted):
    X, sample_weight = table(), weights() if weighted else None
    rows = np.random.default_rng(1).permutation(N_ROWS)[: ROWS_PER_CHUNK + 5]
    moments = Moments(5).update(form(X), sample_weight, rows)
    assert_moments_are(moments, X[rows], None if not weighted else sample_weight[rows])


@every_form
@each_way
def test_merging_parts_equals_all_at_once(form, weighted):
    X, sample_weight = table(), weights() if weighted else None
    moments = Moments(5)
    for part in np.split(np.arange(N_ROWS), [1, 2, 50, 5000]):
        moments.update(form(X[part]), sample_weight[part] if weighted else None)
    assert_moments_are(moments, X, sample_weight)


def test_dense_and_sparse_parts_merge():
    X = table()
    moments = Moments(5).update(X[:100]).update(sparse.csr_array(X[100:]))
    assert_moments_are(moments, X)


def test_parts_of_very_different_magnitudes_merge():
    X = np.array([1e-300, 1e300, 1e-300, 1.0]).reshape(4, 1)
    moments = Moments(1)
    for row in X:
        moments.update(row[np.newaxis])
    np.testing.assert_allclose(moments.center, 1e300 / 4, rtol=1e-15)
    np.testing.assert_allclose(moments.deviation, 1e300 * np.sqrt(3) / 4, rtol=1e-15)


@every_form
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_are_measured_in_float64_and_leave_the_table_unchanged(form, dtype):
    X = table().astype(dtype)
    given = form(X)
    before = given.copy()
    moments = Moments(5).update(given)
    assert moments.center.dtype == moments.deviation.dtype == np.float64
    assert_moments_are(moments, X.astype(np.float64))
    assert abs(given - before).max() == 0
    assert given.dtype == dtype


@every_form
@pytest.mark.parametrize("magnitude", [1e-300, 1e-160, 1e160, 1e300])
def test_squares_of_extreme_columns_neither_vanish_nor_overflow(form, magnitude):
    X = table()[:, :2]
    moments = Moments(2).update(form(X * magnitude))
    unscaled = Moments(2).update(X)
    for name in ["center", "deviation"]:
        expected = getattr(unscaled, name) * magnitude
        np.testing.assert_allclose(getattr(moments, name), expected, rtol=1e-12)


@every_form
@pytest.mark.parametrize("power", [-40, -1, 1, 40])
def test_moments_scale_exactly_with_a_power_of_two(form, power):
    moments = Moments(5).update(form(table() * 2.0**power), weights())
    unscaled = Moments(5).update(form(table()), weights())
    for name in ["center", "deviation"]:
        np.testing.assert_array_equal(
            getattr(moments, name), getattr(unscaled, name) * 2.0**power
        )


@every_form
@each_way
@pytest.mark.parametrize("constant", [0.1, -1 / 3, 123.456, 1e300, 1e-300])
def test_a_constant_column_is_scaled_by_its_magnitude(form, weighted, constant):
    X = np.full((N_ROWS, 3), constant)
    X[:, 1] = np.arange(N_ROWS)
    moments = Moments(3).update(form(X), weights() if weighted else None)
    np.testing.assert_allclose(moments.center[[0, 2]], constant, rtol=1e-14)
    np.testing.assert_allclose(moments.deviation[[0, 2]], abs(constant), rtol=1e-14)


@every_form
def test_a_column_of_zeros_is_scaled_by_one(form):
    X = np.zeros((10, 2))
    X[3, 1] = 4
    given = form(X)
    if sparse.issparse(given):
        given.data[...] = 0  # a stored zero is a zero
        X[3, 1] = 0
    moments = Moments(2).update(given)
    np.testing.assert_array_equal(moments.center, X.mean(axis=0))
    np.testing.assert_array_equal(moments.deviation[0], 1)


def test_a_nearly_constant_column_is_not_taken_for_a_constant_one():
    X = 1 + 1e-10 * np.random.default_rng(0).normal(size=(1000, 1))
    moments = Moments(1).update(X)
    np.testing.assert_allclose(moments.deviation, X.std(axis=0), rtol=1e-5)


def test_entries_stored_twice_count_as_their_sum():
    X = sparse.csr_array(([1.0, 2.0, 5.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    assert_moments_are(Moments(2).update(X), np.array([[3.0, 0], [0, 5]]))


def test_a_part_without_weight_changes_nothing():
    moments = Moments(1).update(np.array([[1.0], [3.0]]))
    moments.update(np.array([[1e9]]), np.zeros(1))
    np.testing.assert_array_equal(moments.center, [2])
    np.testing.assert_array_equal(moments.deviation, [1])


def test_integer_weights_equal_repeated_rows():
    X = table(50)
    times = np.random.default_rng(1).integers(1, 5, size=50)
    weighted = Moments(5).update(X, times.astype(float))
    assert_moments_are(weighted, np.repeat(X, times, axis=0))


def test_a_sparse_table_is_never_made_dense():
    X = sparse.random_array((3000, 50_000), density=1e-4, rng=np.random.default_rng(0))
    X = X.tocsr()  # 1.2 GB, were it dense
    tracemalloc.start()
    moments = Moments(50_000).update(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    mean = X.sum(axis=0) / 3000
    deviation = np.sqrt((X**2).sum(axis=0) / 3000 - mean**2)
    np.testing.assert_allclose(moments.center, mean)
    np.testing.assert_allclose(moments.deviation, np.where(mean > 0, deviation, 1))


# Columns of two values


KINDS_OF_COLUMN = {
    "0 and 1": ([0, 1], True),
    "rarely 1": ([0, 0, 0, 0, 0, 0, 1], True),
    "3 and 5": ([3, 5], True),
    "-2 and 0": ([-2, 0], True),
    "constant": ([4], True),
    "zeros": ([0], True),
    "three": ([0, 1, 2], False),
    "-1, 0 and 1": ([-1, 0, 1], False),
    "3, 5 and 0": ([3, 5, 0], False),
}


def columns_of_kinds(n_rows):
    rows = np.arange(n_rows)
    kinds = (values for values, _ in KINDS_OF_COLUMN.values())
    return np.column_stack([np.take(values, rows % len(values)) for values in kinds]) + 0.0


@every_form
@pytest.mark.parametrize("n_chunks", [1, 2, 30])
def test_binary_columns_are_recognised(form, n_chunks):
    X = columns_of_kinds(60)
    moments = Moments(X.shape[1])
    for chunk in np.array_split(X, n_chunks):
        moments.update(form(chunk))
    assert moments.two_valued.tolist() == [two for _, two in KINDS_OF_COLUMN.values()]
    np.testing.assert_array_equal(moments.minimum, X.min(axis=0))
    np.testing.assert_array_equal(moments.maximum, X.max(axis=0))


@every_form
def test_a_third_value_of_weight_zero_leaves_a_column_binary(form):
    X = np.array([[0.0], [1.0], [0.5]])
    moments = Moments(1).update(form(X), np.array([1.0, 2.0, 0.0]))
    assert moments.two_valued.all()
    assert not moments.update(form(X)).two_valued.any()


# Missing values


def with_gaps(n_rows=N_ROWS):
    """Return the table with NaN in all columns but one, which has none."""
    X, missing = table(n_rows), np.random.default_rng(2).random((n_rows, 5)) < 0.3
    missing[:, 3] = False
    missing[: ROWS_PER_CHUNK + 3, 4] = True  # a whole chunk
    return np.where(missing, np.nan, X)


def assert_moments_are_of_present(moments, X, sample_weight=None):
    """Assert that each column has the moments of its present values alone."""
    weight = np.ones(len(X)) if sample_weight is None else sample_weight
    for i, column in enumerate(X.T):
        present = ~np.isnan(column)
        values, own = column[present], weight[present]
        center = np.average(values, weights=own)
        deviation = np.sqrt(np.average((values - center) ** 2, weights=own))
        close = {"rtol": 1e-12, "atol": 1e-12 * deviation}
        np.testing.assert_allclose(moments.center[i], center, **close)
        np.testing.assert_allclose(moments.deviation[i], deviation, **close)
        np.testing.assert_allclose(moments.total[i], own.sum(), rtol=1e-12)


def test_missing_values_are_left_out_as_by_nanmean_and_nanvar():
    X = with_gaps()
    moments = Moments(5).update(X)
    np.testing.assert_allclose(moments.center, np.nanmean(X, axis=0), rtol=1e-11)
    np.testing.assert_allclose(moments.deviation, np.nanstd(X, axis=0), rtol=1e-12)
    assert_moments_are_of_present(moments, X)


@each_way
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("ends", [[], [1, 2, 50, 5000], [4100, 8000]], ids=str)
def test_missing_values_are_left_out_of_parts_in_any_order(weighted, backwards, ends):
    X, sample_weight = with_gaps(), weights() if weighted else None
    moments = Moments(5)
    parts = np.split(np.arange(N_ROWS), ends)
    for part in parts[::-1] if backwards else parts:
        moments.update(X, sample_weight, part)
    assert_moments_are_of_present(moments, X, sample_weight)


@each_way
def test_a_column_without_gaps_has_the_bits_it_has_in_a_table_without_any(weighted):
    X, sample_weight = with_gaps(), weights() if weighted else None
    moments = vars(Moments(5).update(X, sample_weight))
    expected = vars(Moments(5).update(table(), sample_weight))
    assert type(expected["total"]) is float
    assert moments["total"][3] == expected.pop("total")
    for name, column in expected.items():
        assert moments[name][3] == column[3]


@each_way
def test_parts_with_and_without_gaps_merge(weighted):
    X = np.concatenate([table(100), with_gaps(ROWS_PER_CHUNK + 60), table(70, seed=3)])
    sample_weight = weights(len(X)) if weighted else None
    assert_moments_are_of_present(Moments(5).update(X, sample_weight), X, sample_weight)


def test_a_column_without_any_value_has_mean_0_and_deviation_1():
    X = np.array([[np.nan, 2.0, np.nan], [np.nan, 4.0, np.nan]])
    moments = Moments(3).update(X).update(X, np.ones(2))
    np.testing.assert_array_equal(moments.center, [0, 3, 0])
    np.testing.assert_array_equal(moments.deviation, [1, 1, 1])
    np.testing.assert_array_equal(moments.least_scale[[0, 2]], 0)
    moments.update(np.array([[7.0, 3.0, np.nan], [9.0, 3.0, np.nan]]))
    np.testing.assert_array_equal(moments.center, [8, 3, 0])
    np.testing.assert_array_equal(moments.total, [2, 6, 0])
    assert moments.two_valued.tolist() == [True, False, True]


def test_a_column_whose_values_have_no_weight_has_none():
    X = np.array([[5.0, 1.0], [np.nan, 3.0]])
    moments = Moments(2).update(X, np.array([0.0, 2.0]))
    np.testing.assert_array_equal(moments.center, [0, 3])
    np.testing.assert_array_equal(moments.total, [0, 2])
    moments.update(np.array([[7.0, 3.0]]), np.array([1.0]))
    np.testing.assert_array_equal(moments.center, [7, 3])


@pytest.mark.parametrize("n_chunks", [1, 2, 30, 60])
def test_binary_columns_are_recognised_despite_gaps(n_chunks):
    X = columns_of_kinds(60)
    missing = np.random.default_rng(0).random(X.shape) < 0.3
    missing[:9] = False  # of every kind, all values are seen
    X = np.where(missing, np.nan, X)[::-1]
    moments = Moments(X.shape[1])
    for chunk in np.array_split(X, n_chunks):
        moments.update(chunk)
    assert moments.two_valued.tolist() == [two for _, two in KINDS_OF_COLUMN.values()]
    np.testing.assert_array_equal(moments.minimum, np.nanmin(X, axis=0))
    np.testing.assert_array_equal(moments.maximum, np.nanmax(X, axis=0))


@pytest.mark.parametrize("magnitude", [1e-300, 1e-160, 1e160, 1e300])
def test_extreme_columns_may_have_gaps(magnitude):
    X = with_gaps()[:, :2]
    moments, unscaled = Moments(2).update(X * magnitude), Moments(2).update(X)
    for name in ["center", "deviation"]:
        expected = getattr(unscaled, name) * magnitude
        np.testing.assert_allclose(getattr(moments, name), expected, rtol=1e-12)


def test_the_table_keeps_its_gaps():
    X = with_gaps()
    before = X.copy()
    Moments(5).update(X)
    np.testing.assert_array_equal(X, before)
