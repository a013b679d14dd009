"""Array namespaces: moves between libraries and back, and functions of each library."""

import tracemalloc

import numpy as np
from array_libraries import strict_without_float64
from numpy.testing import assert_array_equal
from scipy import sparse

from skshallow._arrays.namespace import (
    all_finite,
    as_dtype,
    asarray_like,
    copy_of,
    dtype_of,
    largest,
    namespace,
    rows_of,
    same_place,
    smallest,
    to_numpy,
    widest_float,
)


def test_arrays_move_to_a_library_and_back(library, X):
    there = asarray_like(X, library(X))
    assert same_place(there, library(X))
    assert not same_place(there, X)
    assert asarray_like(there, there) is there
    assert asarray_like(X, X) is X
    assert asarray_like(None, there) is None
    assert_array_equal(to_numpy(there), X)
    assert dtype_of(there) == X.dtype


def test_rows_are_taken_by_slice_and_by_index(library, X):
    rows = np.array([5, 0, 5])
    assert_array_equal(to_numpy(rows_of(library(X), rows)), X[rows])
    assert_array_equal(to_numpy(rows_of(library(X), slice(2, 4))), X[2:4])
    assert rows_of(None, rows) is None


def test_rows_of_a_table_in_column_order_are_taken_without_a_copy_of_the_table():
    table = np.asfortranarray(np.random.default_rng(0).normal(size=(10_000, 50)))  # 4 MB
    for there in table, table[::-1], table[:, ::2]:
        tracemalloc.start()
        rows = rows_of(there, np.array([7, 0, 9999]))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert_array_equal(rows, there[[7, 0, 9999]])
        assert peak < 20_000


def test_functions_of_a_library_give_what_numpys_give(library, X):
    there = library(X)
    assert namespace(there) is not np
    assert namespace(X) is np
    assert float(largest(there)) == largest(X) == X.max()
    assert float(smallest(there)) == smallest(X) == X.min()
    assert dtype_of(as_dtype(there, namespace(there).float32)) == np.float32
    for value, finite in [(1.0, True), (np.inf, False), (np.nan, False)]:
        array = np.array([0.0, value])
        assert all_finite(array) == all_finite(library(array)) == finite


def test_a_copy_stays_where_it_is_and_shares_no_memory(library, X):
    there = library(X)
    copy = copy_of(there)
    assert same_place(copy, there)
    copy[...] = 0
    assert_array_equal(to_numpy(there), X)


def test_float32_is_the_widest_float_of_a_device_without_float64(X):
    there = strict_without_float64(X)
    assert dtype_of(asarray_like(X, there)) == np.float32
    assert widest_float(there) == namespace(there).float32
    assert widest_float(X) == np.float64


def test_a_sparse_matrix_counts_as_an_array_of_numpy(X):
    S = sparse.csr_array(X)
    assert same_place(S, X)
    assert to_numpy(S) is S
    assert_array_equal(rows_of(S, np.array([3, 1])).toarray(), X[[3, 1]])
