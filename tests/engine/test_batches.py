"""Batches: each row once per epoch, in the network's units, the data left unchanged."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from skshallow._arrays.linalg import ShiftedSparse
from skshallow.engine.batches import VALUES_PER_GATHER, Rows
from skshallow.engine.encoding import Encoding
from skshallow.engine.moments import VALUES_PER_CHUNK, Moments

FORMS = {
    "dense": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": lambda X: X.repeat(2, axis=1)[:, ::2],
    "csr": sparse.csr_array,
    "csr matrix": sparse.csr_matrix,
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_order = pytest.mark.parametrize("shuffled", [False, True])
each_size = pytest.mark.parametrize("batch_size", [1, 7, 10, 49, 50, 51, 1000])
N_ROWS = 50


def table(n_rows=N_ROWS, dtype=np.float64):
    """Return X, whose first column numbers the rows, y and weights that do too."""
    X = np.random.default_rng(0).normal(size=(n_rows, 3)).astype(dtype)
    X[:, 0] = np.arange(n_rows)
    X[:, 2] *= X[:, 2] > 0
    number = np.arange(n_rows, dtype=dtype)
    return X, np.column_stack([number, -number]), number + 0.5


def dense(X):
    if isinstance(X, ShiftedSparse):
        return X.stored.toarray() + X.shift
    return X.toarray() if sparse.issparse(X) else X


def collect(rows, batch_size, rng=None):
    """Return the batches, dense and copied."""
    return [
        (dense(X).copy(), y.copy(), None if weight is None else weight.copy())
        for X, y, weight in rows.batches(batch_size, rng)
    ]


def generator(shuffled, seed=0):
    return np.random.default_rng(seed) if shuffled else None


@each_size
@each_order
@every_form
def test_batches_hold_every_row_once_with_its_target_and_weight(form, shuffled, batch_size):
    X, y, weight = table()
    batches = collect(Rows(form(X), y, weight), batch_size, generator(shuffled))
    sizes = [len(batch[1]) for batch in batches]
    assert len(batches) == -(-N_ROWS // batch_size)
    assert set(sizes[:-1]) <= {batch_size}
    X_all, y_all, weight_all = (np.concatenate(part) for part in zip(*batches, strict=True))
    order = y_all[:, 0].astype(int)
    np.testing.assert_array_equal(np.sort(order), np.arange(N_ROWS))
    np.testing.assert_array_equal(X_all, X[order])
    np.testing.assert_array_equal(y_all, y[order])
    np.testing.assert_array_equal(weight_all, weight[order])
    if not shuffled:
        np.testing.assert_array_equal(order, np.arange(N_ROWS))


@each_order
@each_size
@every_form
def test_only_the_given_row_indices_are_used(form, batch_size, shuffled):
    X, y, weight = table()
    chosen = np.array([40, 3, 3, 17, 0, 49, 8, 21, 22, 23, 24, 25])
    rows = Rows(form(X), y, weight, rows=chosen)
    assert len(rows) == len(chosen)
    batches = collect(rows, batch_size, generator(shuffled))
    X_all, y_all, weight_all = (np.concatenate(part) for part in zip(*batches, strict=True))
    order = y_all[:, 0].astype(int)
    np.testing.assert_array_equal(np.sort(order), np.sort(chosen))
    np.testing.assert_array_equal(X_all, X[order])
    np.testing.assert_array_equal(weight_all, weight[order])
    if not shuffled:
        np.testing.assert_array_equal(order, chosen)


@pytest.mark.parametrize("chosen", [None, np.arange(10, 40)], ids=["all", "some"])
def test_each_epoch_is_shuffled_anew_and_a_seed_reproduces_the_orders(chosen):
    X, y, _ = table()
    rows = Rows(X, y, rows=chosen)

    def two_epochs(seed):
        rng = np.random.default_rng(seed)
        return [
            np.concatenate([batch[1][:, 0] for batch in collect(rows, 7, rng)])
            for _ in range(2)
        ]

    first, second = two_epochs(0)
    assert (first != second).any()
    np.testing.assert_array_equal(two_epochs(0), [first, second])
    assert (two_epochs(1)[0] != first).any()


def test_shuffling_is_uniform_over_positions():
    X, y, _ = table(6)
    rng = np.random.default_rng(0)
    seen = np.zeros((6, 6))
    for _ in range(600):
        order = np.concatenate([batch[1][:, 0] for batch in collect(Rows(X, y), 2, rng)])
        seen[np.arange(6), order.astype(int)] += 1
    # 100 each expected, with a deviation of sqrt(600 * 1/6 * 5/6) = 9.1
    assert np.abs(seen - 100).max() < 5 * 9.2


@every_form
@pytest.mark.parametrize("batch_size", [7, 1000])
def test_batches_are_centered_and_scaled(form, batch_size):
    X, y, _ = table()
    center, scale = np.array([1.0, 2, 3]), np.array([2.0, 1e-3, 1e3])
    batches = collect(Rows(form(X), y, None, center, scale), batch_size)
    np.testing.assert_allclose(
        np.concatenate([batch[0] for batch in batches]),
        (X - center) / scale,
        rtol=1e-14,
        atol=1e-15,
    )
    assert all(batch[2] is None for batch in batches)


@pytest.mark.parametrize("magnitude", [1e-300, 1e300])
def test_units_of_extreme_size_scale_without_overflow(magnitude):
    X = np.array([[1.0], [-2.0], [1.5]])
    rows = Rows(X * magnitude, X, None, np.array([magnitude / 2]), np.array([magnitude]))
    np.testing.assert_allclose(rows.whole()[0], X - 0.5, rtol=1e-15)


@every_form
@each_order
@pytest.mark.parametrize("batch_size", [7, 1000])
def test_the_users_data_are_left_unchanged(form, shuffled, batch_size):
    X, y, weight = table()
    given = form(X)
    rows = Rows(given, y, weight, np.array([1.0, 1.0, 1e3]), np.full(3, 2.0))
    collect(rows, batch_size, generator(shuffled))
    np.testing.assert_array_equal(dense(given), X)
    np.testing.assert_array_equal(y, table()[1])
    np.testing.assert_array_equal(weight, table()[2])


@pytest.mark.parametrize("batch_size", [7, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("x_dtype", [np.float32, np.float64])
@every_form
def test_batches_have_the_dtype_of_the_targets(form, x_dtype, dtype, batch_size):
    X, y, _ = table()
    scale = np.array([1.0, 3, 7])
    rows = Rows(form(X.astype(x_dtype)), y.astype(dtype), None, None, scale)
    for X_batch, y_batch, _ in rows.batches(batch_size, np.random.default_rng(0)):
        assert X_batch.dtype == y_batch.dtype == dtype


@pytest.mark.parametrize("batch_size", [7, 1000])
@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("center", [None, np.ones(3)])
def test_sparse_batches_stay_sparse(center, form, batch_size):
    X, y, _ = table()
    given = form(X)
    for X_batch, _, _ in Rows(given, y, None, center, np.ones(3)).batches(batch_size):
        stored = X_batch if center is None else X_batch.stored
        assert type(stored) is sparse.csr_array
        assert stored.nnz <= given.nnz


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_order
def test_sparse_columns_far_from_0_lose_no_digits(shuffled, dtype):
    """Also where a row has no value, or several that stand for their sum."""
    X, y, _ = table(dtype=dtype)
    X[:, 1] += 2**14
    X[7, 1] = 0
    center, scale = X.mean(axis=0), np.array([10, 2.0**-6, 1])
    given = sparse.csr_array(X)
    halves = given.data.repeat(2) / 2, given.indices.repeat(2), 2 * given.indptr
    exact = (X.astype(np.float64) - center.astype(dtype)) / scale
    for there in given, sparse.csr_array(halves, shape=X.shape):
        rows = Rows(there, y.astype(dtype), None, center, scale)
        for X_batch, y_batch, _ in rows.batches(7, generator(shuffled)):
            expected = exact[y_batch[:, 0].astype(int)]
            assert X_batch.stored.dtype == X_batch.shift.dtype == dtype
            assert X_batch.stored.nnz <= 3 * len(expected)
            np.testing.assert_allclose(
                dense(X_batch), expected, rtol=4 * np.finfo(dtype).eps, atol=1e-6
            )


@pytest.mark.parametrize("form", [np.asfortranarray, FORMS["strided"]])
@pytest.mark.parametrize("units", [None, np.ones(3)])
@each_order
@pytest.mark.parametrize("batch_size", [7, 1000])
def test_dense_batches_are_c_contiguous(batch_size, shuffled, units, form):
    X, y, _ = table()
    rows = Rows(form(X), y, None, units, units)
    for X_batch, _, _ in rows.batches(batch_size, generator(shuffled)):
        assert X_batch.flags.c_contiguous


def test_the_full_batch_is_computed_once():
    X, y, weight = table()
    rows = Rows(X, y, weight, np.ones(3), np.ones(3))
    assert rows.whole() is rows.whole()
    (batch,) = rows.batches(N_ROWS)
    assert batch is rows.whole()


def test_a_full_batch_is_not_shuffled_and_draws_no_random_numbers():
    X, y, _ = table()
    rng = np.random.default_rng(0)
    ((X_batch, _, _),) = collect(Rows(X, y), N_ROWS, rng)
    np.testing.assert_array_equal(X_batch, X)
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


@pytest.mark.parametrize(
    "form", [np.ascontiguousarray, np.asfortranarray, sparse.csr_array]
)
@each_order
def test_an_epoch_never_copies_the_whole_table(form, shuffled):
    X = np.ones((60_000, 100))  # 48 MB
    given = form(X)
    del X
    center = np.linspace(0, 4, 100)
    rows = Rows(given, np.zeros((60_000, 1)), None, center, np.ones(100))
    tracemalloc.start()
    n_rows = sum(len(y) for _, y, _ in rows.batches(200, generator(shuffled)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_rows == 60_000
    # values and, of sparse rows, their places, gathered, scaled and those before
    assert peak < 8 * 8 * VALUES_PER_GATHER
    assert peak < 20e6


@each_order
def test_an_epoch_never_encodes_the_whole_table(shuffled):
    n_rows, n_levels = 60_000, 300  # 72 MB, were all rows encoded
    X = (np.arange(n_rows, dtype=np.float32) % n_levels)[:, np.newaxis]
    encoding = Encoding(one_hot=[0], n_levels=[n_levels])
    center, scale = np.zeros(n_levels), np.ones(n_levels)
    rows = Rows(X, np.zeros_like(X), None, center, scale, encoding=encoding)
    tracemalloc.start()
    Moments(n_levels).update(X, encoding=encoding)
    _, peak_of_moments = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    total = sum(batch.sum() for batch, _, _ in rows.batches(200, generator(shuffled)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == n_rows
    assert peak < 6 * 4 * VALUES_PER_GATHER
    assert peak_of_moments < 4 * 8 * VALUES_PER_CHUNK


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_have_the_dtype_to_compute_in_beside_class_codes(form, dtype):
    X, codes = np.ones((5, 3)), np.arange(5)[:, np.newaxis]
    rows = Rows(form(X), codes, None, None, np.full(3, 2.0), dtype=dtype)
    for X_batch, y_batch, _ in [rows.whole(), rows.sample(2), *rows.batches(2)]:
        assert X_batch.dtype == dtype
        assert y_batch.dtype == codes.dtype


@pytest.mark.parametrize("batch_size", [VALUES_PER_GATHER // 2, VALUES_PER_GATHER + 1])
def test_batches_larger_than_one_gather_have_their_full_size(batch_size):
    n_rows = 2 * batch_size + 1
    y = np.arange(n_rows, dtype=np.float32)[:, np.newaxis]
    sizes = [len(X) for X, _, _ in Rows(y, y).batches(batch_size)]
    assert sizes == [batch_size, batch_size, 1]


@pytest.mark.parametrize("center", [None, np.array([5.0, 0.1, 0.2])], ids=["no", "center"])
@every_form
def test_features_are_clipped_before_they_are_standardised(form, center):
    X, y, _ = table()
    low, high, scale = np.array([9.5, -0.3, 0]), np.array([40, 0.4, np.inf]), np.ones(3)
    ((clipped, _, _),) = collect(
        Rows(form(X), y, None, center, scale, bounds=(low, high)), N_ROWS
    )
    expected = np.clip(X, low, high) - (0 if center is None else center)
    np.testing.assert_allclose(clipped, expected, rtol=1e-12, atol=1e-12)


def test_the_sum_of_duplicate_entries_is_clipped_not_each():
    X = sparse.csr_array((np.array([1.0, 1.0]), np.array([0, 0]), np.array([0, 2])))
    rows = Rows(X, np.ones((1, 1)), bounds=(np.zeros(1), np.array([1.5])))
    ((clipped, _, _),) = collect(rows, 1)
    assert clipped == 1.5
    assert X.nnz == 2


def test_missing_numbers_are_not_clipped():
    X, encoding = np.array([[np.nan], [9.0]]), Encoding(numbers=[0])
    bounds = np.ones(1), np.full(1, 2.0)
    rows = Rows(
        X, np.ones((2, 1)), None, np.ones(1), None, encoding=encoding, bounds=bounds
    )
    ((clipped, _, _),) = collect(rows, 2)
    assert clipped.ravel().tolist() == [0, 1]
