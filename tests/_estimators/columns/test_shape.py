"""Errors for what is no table say what it is, and what to pass."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skshallow import DeepNetClassifier

TABLE = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": list("xyxy")})
TARGET = [0, 1, 0, 1]
NO_TABLES = {
    "series": (pd.Series([1, 2, 3, 4]), r"a Series, a single column.*X\.to_frame\(\)"),
    "series of strings": (pd.Series(list("abcd")), r"X\.to_frame\(\)"),
    "polars series": (pl.Series([1, 2, 3, 4]), r"X\.to_frame\(\)"),
    "ragged list": ([[1, 2], [3], [4, 5], [6, 7]], "row 0 has 2, row 1 has 1"),
    "ragged list of strings": ([["a", "b"], ["c"]] * 2, "row 0 has 2, row 1 has 1"),
    "rows and values": ([[1, 2], 3, [4, 5], [6, 7]], "row 0 has 2, row 1 is no row"),
    "values": (["a", "b", "c", "d"], r"list of values.*\[\[x\] for x in X\]"),
    "empty list": ([], "an empty list"),
    "sets": ([{1, 2}, {3, 4}], "sets as rows, which have no order"),
    "dicts": ([{"a": 1}, {"a": 2}], r"pandas\.DataFrame\(X\)"),
    "one dimension": (np.arange(4.0), r"Expected 2D array, got 1D.*X\.reshape\(-1, 1\)"),
    "strings in one dimension": (np.array(list("abcd")), "Reshape your data"),
    "three dimensions": (np.zeros((4, 2, 2)), r"X\.reshape\(len\(X\), -1\)"),
    "objects in three": (np.full((4, 1, 1), "a", dtype=object), "dim 3"),
    "no columns": (TABLE[[]], "without columns"),
    "a row": (TABLE.iloc[0], r"a table with one row.*df\.iloc\[\[0\]\]"),
    "repeated names": (TABLE[["a", "b", "a"]], "has 2 columns named 'a'. Rename them"),
    "repeated numbers": (TABLE[["a", "a"]], "has 2 columns named 'a'. Rename them"),
    "text": ("table.csv", "X is 'table.csv', and must be a table"),
    "nothing": (None, "X is None, and must be a table"),
    "number": (5, "X is 5, and must be a table"),
}


@pytest.mark.parametrize(("X", "message"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_an_error_that_says_what_to_pass(X, message):
    net = DeepNetClassifier(4, max_iter=2, early_stopping=False, random_state=0)
    with pytest.raises(ValueError, match=message):
        net.fit(X, TARGET)
    for known in (TABLE, TABLE[["a"]].to_numpy()):
        with pytest.raises(ValueError, match=message):
            net.fit(known, TARGET).predict(X)


def test_the_error_names_the_argument():
    net = DeepNetClassifier(4, max_iter=2, random_state=0)
    with pytest.raises(ValueError, match=r"X_val is a Series.*X_val\.to_frame\(\)"):
        net.fit(TABLE, TARGET, X_val=TABLE["a"], y_val=TARGET)


def test_a_column_of_arrow_is_told_how_to_become_a_table():
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=r"pyarrow\.table"):
        DeepNetClassifier().fit(pa.chunked_array([[1, 2, 3, 4]]), TARGET)


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series])
def test_rows_of_any_kind_are_rows(make):
    rows = [make([1.0, 2.0]), make([2.0, 1.0])] * 2
    DeepNetClassifier(4, max_iter=2, early_stopping=False).fit(rows, TARGET).predict(rows)
