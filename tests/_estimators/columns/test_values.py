"""Kinds of values, missing ones and distinct ones, compared with pandas."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skshallow._estimators.columns.values import (
    as_level,
    distinct,
    kind_of,
    missing_in,
    objects,
)

DAY = datetime.date(2020, 1, 1)
KINDS = {
    "numbers": [1, 2.5, np.int8(3), np.float32(4), Decimal("5"), True],
    "booleans": [True, np.False_],
    "strings": ["a", np.str_("b")],
    "dates": ["a", DAY, pd.Timestamp(DAY), np.datetime64("2020"), pd.NaT],
    "durations": [1, datetime.timedelta(1), pd.Timedelta(1), np.timedelta64(1, "s")],
    "times of day": [datetime.time(1)],
    "periods": [pd.Period("2020-01")],
    "nested values": ["a", DAY, [1], (1,), {"a": 1}, {1}, np.ones(2), pd.Series([1])],
    "bytes": ["a", b"a"],
    "objects": [object(), 1j, np.complex64(1)],
    "numbers and strings": ["a", 1],
    "missing values": [],
}
SCALARS = st.one_of(
    st.none(),
    st.just(pd.NA),
    st.floats(),
    st.integers(),
    st.text(max_size=2),
    st.booleans(),
)


@pytest.mark.parametrize("kind", KINDS)
def test_values_have_the_kind_of_their_types(kind):
    assert kind_of(KINDS[kind])[0] == kind


@given(st.lists(SCALARS))
def test_what_pandas_takes_for_missing_is_missing(values):
    array = objects(values, len(values))
    assert_array_equal(missing_in(array), pd.isna(array))


def test_a_signalling_nan_is_missing():
    values = np.array([Decimal(1), Decimal("sNaN"), Decimal("NaN")], object)
    assert missing_in(values).tolist() == [False, True, True]


@given(st.lists(SCALARS))
def test_distinct_values_and_their_index_give_the_values(values):
    array = objects(values, len(values))
    missing = missing_in(array)
    index, found = distinct(array, missing)
    assert len(set(found)) == len(found)
    assert_array_equal(index < 0, missing)
    assert [found[i] for i in index if i >= 0] == list(map(as_level, array[~missing]))


@given(st.lists(st.floats(width=32), min_size=1))
def test_distinct_numbers_are_those_of_numpy(values):
    array = np.array(values)
    index, found = distinct(array, np.isnan(array))
    assert_array_equal(found, np.unique(array[~np.isnan(array)]))
    assert_array_equal(np.append(found, np.nan)[index], array)
