"""`categorical_features`: names, indices and masks mean what they mean in scikit-learn."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from skshallow._estimators.columns import has_columns, learn_columns

NUMBERS = {"a": [1, 2, 1, 2], "b": [1.0, 2.0, 3.0, 4.0], "c": [5, 6, 5, 6]}
FRAME = pd.DataFrame(NUMBERS)


@pytest.mark.parametrize(
    "chosen",
    [
        None,
        [],
        ["c"],
        ["a", "c"],
        ("c", "a"),
        np.array(["b"]),
        pd.Index(["a"]),
        [0, 2],
        np.array([1]),
        [False, True, True],
        np.array([True, False, False]),
        [False, False, False],
    ],
    ids=repr,
)
@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_the_same_columns_are_categories_as_in_hist_gradient_boosting(chosen, make):
    peer = HistGradientBoostingClassifier(categorical_features=chosen, max_iter=1)
    expected = peer.fit(make(NUMBERS), [0, 1, 0, 1]).is_categorical_
    columns = learn_columns(make(NUMBERS), chosen)
    none = np.zeros(3, dtype=bool)
    assert (
        columns.is_categorical.tolist() == (none if expected is None else expected).tolist()
    )


def test_columns_of_an_array_are_chosen_by_index_or_mask():
    rows = FRAME.to_numpy(dtype=int)
    assert learn_columns(rows, [2]).is_categorical.tolist() == [False, False, True]
    assert learn_columns(rows, [True, False, False]).levels[0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (["a", "d"], "has 'd', and X has no such columns. Its columns are 'a', 'b', 'c'"),
        ([0, 3, -1], "has the indices 3, -1, and X has 3 columns, counted from 0 to 2"),
        ([True, False], "has 2 booleans, and X has 3 columns"),
        ([1.0], "got items of the types float"),
        (["a", 1], "got items of the types int, str"),
        ([True, 1], "got items of the types bool, int"),
        (2, "or of one boolean for each column; got 2"),
        ("from_dtype", "must be 'auto', None, or an array"),
        ("a", r"categorical_features=\['a'\]"),
    ],
)
def test_a_choice_that_cannot_be_met_is_an_error(chosen, message):
    with pytest.raises(ValueError, match=message):
        learn_columns(FRAME, chosen)


def test_names_need_a_table_with_names():
    for table in (FRAME.to_numpy(), FRAME.set_axis([0, 1, 2], axis=1)):
        with pytest.raises(
            ValueError, match="has the names 'a', and the columns of X have none"
        ):
            learn_columns(table, ["a"])


def test_another_text_is_an_error_before_the_table_is_read():
    with pytest.raises(ValueError, match="got 'all'"):
        has_columns(FRAME, "all")


def test_strings_that_are_not_chosen_are_an_error_by_name():
    frame = FRAME.assign(d=["x", None, "y", "z"], e="v", f=[True, False, True, True])
    for chosen in (None, ["a"]):
        with pytest.raises(
            ValueError, match=r"'d' \(3 values\), 'e' \(4 values\): name the"
        ):
            learn_columns(frame, chosen)
    columns = learn_columns(frame, ["d", "e"])
    assert columns.is_categorical.tolist() == [False, False, False, True, True, False]
