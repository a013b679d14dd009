"""Data frames of sparse columns only are sparse tables, whatever value they leave out."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.base import clone

from skshallow import DeepNetRegressor

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::skshallow.exceptions.DeadUnitsWarning",
)


def of_sparse(values, fill_value):
    return pd.DataFrame({"a": pd.arrays.SparseArray(values, fill_value=fill_value)})


SPARSE_COLUMNS = {
    "booleans": pd.get_dummies(pd.Series(list("abc") * 40), sparse=True),
    "left out is 0": of_sparse([0.0, 0, 3] * 40, fill_value=0.0),
    "left out is NaN": of_sparse([0.0, 0, 3] * 40, fill_value=np.nan),
    "left out is 7": of_sparse([7, 0, 3] * 40, fill_value=7),
    "left out is True": of_sparse([True, False] * 60, fill_value=True),
    "various": pd.DataFrame(
        {
            "a": pd.arrays.SparseArray([7, 0, 3] * 40, fill_value=7),
            "b": pd.arrays.SparseArray([0.0, 0, 1] * 40, fill_value=0.0),
        }
    ),
}


@pytest.mark.parametrize("kind", SPARSE_COLUMNS)
def test_data_frames_of_sparse_columns_are_sparse_tables(kind):
    X = SPARSE_COLUMNS[kind]
    numbers = X.sparse.to_dense().to_numpy(float)
    y = np.arange(120.0) % 3
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(X, y)
    assert net.resolved_params_["categorical_features"] == []
    assert net.feature_names_in_.tolist() == list(X.columns)
    expected = clone(net).fit(sparse.csr_array(numbers), y)
    assert_allclose(net.theta_, expected.theta_, rtol=0)
    assert_allclose(net.predict(X), expected.predict(sparse.csr_array(numbers)), rtol=0)
    dense = clone(net).fit(X.sparse.to_dense().astype(float), y)
    assert_allclose(dense.predict(X), net.predict(X), rtol=1e-6)


def test_float32_of_sparse_columns_is_kept():
    X = pd.DataFrame({"a": [0, 1, 0, 3] * 10}).astype(pd.SparseDtype(np.float32, 0))
    net = DeepNetRegressor(4, max_iter=3, random_state=0).fit(X, np.arange(40.0))
    assert net.theta_.dtype == np.float32


def test_missing_values_of_sparse_columns_are_named_with_code_that_runs():
    X = pd.DataFrame({"a": [np.nan, 0, 3] * 40, "b": [0.0, 1, 0] * 40})
    X, y = X.astype(pd.SparseDtype(float, np.nan)), np.arange(120.0)
    net = DeepNetRegressor(4, max_iter=3, random_state=0)
    with pytest.raises(ValueError, match=r"X is .* sparse .*: 'a' \(40 values\)") as error:
        net.fit(X, y)
    changed = {"X": X}
    exec(str(error.value).splitlines()[-1].strip(), changed)
    net.fit(changed["X"], y)
    assert net.n_missing_.tolist() == [40, 0]


def test_infinity_is_named_in_a_data_frame_of_sparse_columns():
    net = DeepNetRegressor(2, max_iter=1, record_health=False)
    numbers = pd.DataFrame({"a": [0.0, 1.0, 0.0], "b": [np.inf, 0.0, -np.inf]})
    X = numbers.astype(pd.SparseDtype(float, 0.0))
    with pytest.raises(ValueError, match=r"X is sparse .*: 'b' \(2 values\)\.") as error:
        net.fit(X, [1.0, 2.0, 3.0])
    changed = {"X": X, "np": np}
    exec(str(error.value).splitlines()[-1].strip(), changed)
    net.fit(changed["X"], [1.0, 2.0, 3.0])
