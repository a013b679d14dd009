"""The values beside effects, from every container."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skshallow import DeepNetRegressor
from skshallow.inspection._effects.values_of_columns import values_of_columns

NUMBERS = np.array([[1.0, 0.0], [0.0, 2.5], [3.0, -1.0]])


def nullable(numbers):
    return pd.DataFrame(numbers).convert_dtypes()


@pytest.mark.parametrize(
    "container",
    [np.asarray, np.ndarray.tolist, sparse.csr_array, pd.DataFrame, pl.DataFrame, nullable],
)
def test_numbers_of_every_container_are_an_array_of_numbers(container, few):
    net = DeepNetRegressor(**few).fit(container(NUMBERS), [1.0, 2.0, 0.0])
    values = values_of_columns(net, container(NUMBERS))
    assert values.dtype == np.float64
    assert_array_equal(values, NUMBERS)


def test_what_is_masked_is_missing(few):
    net = DeepNetRegressor(**few).fit(NUMBERS, [1.0, 2.0, 0.0])
    masked = np.ma.array(NUMBERS[:2], mask=[[True, False], [False, False]])
    assert_array_equal(values_of_columns(net, masked), [[np.nan, 0], [0, 2.5]])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_categories_are_as_the_user_gave_them(frame, few):
    table = frame({"age": [1.5, None, 3.0], "town": ["Bern", None, "Oslo"]})
    net = DeepNetRegressor(**few).fit(table, [1.0, 2.0, 0.0])
    values = values_of_columns(net, table)
    assert values[[0, 2]].tolist() == [[1.5, "Bern"], [3.0, "Oslo"]]
    assert [np.isnan(value) for value in values[1]] == [True, True]
