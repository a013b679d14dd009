"""Which tables are read column by column, and which are plain numbers as they are."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import CONTAINERS
from scipy import sparse

from skshallow._estimators.columns import has_columns, learn_and_encode, learn_columns

NUMBERS = np.arange(6.0).reshape(3, 2)
PLAIN = {
    "floats": NUMBERS,
    "float32": NUMBERS.astype(np.float32),
    "integers": NUMBERS.astype(int),
    "booleans": NUMBERS > 2,
    "missing": np.array([[1, np.nan]]),
    "complex": NUMBERS * 1j,
    "objects": NUMBERS.astype(object),
    "lists": NUMBERS.tolist(),
    "ragged": [[1, 2], [3]],
    "a column": ["a", "b"],
    "one dimension": np.array(["a", "b"]),
    "nothing": [],
    "no columns": [[], []],
    "sparse": sparse.csr_array(NUMBERS),
    "masked, no entry": np.ma.MaskedArray(NUMBERS),
    "pandas": pd.DataFrame(NUMBERS),
    "pandas objects": pd.DataFrame(NUMBERS, dtype=object),
    "pandas Int64": pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
    "pandas sparse": pd.DataFrame.sparse.from_spmatrix(sparse.csr_array(NUMBERS)),
    "pandas sparse booleans": pd.get_dummies(pd.Series(["a", "b"]), sparse=True),
    "polars": pl.DataFrame({"a": [1, None], "b": [0.5, 2.0]}),
    "a series": pd.Series(["a", "b"]),
    "none": None,
}
NOT_PLAIN = {
    "strings": np.array([["a", "1"]]),
    "strings of variable width": np.array([["a"]], dtype=np.dtypes.StringDType()),
    "bytes": np.array([[b"a"]]),
    "objects": np.array([["a", 1]], dtype=object),
    "objects, None": np.array([[None, 1]], dtype=object),
    "objects, NA": np.array([[pd.NA, 1]], dtype=object),
    "lists": [["a", 1], ["b", 2]],
    "masked": np.ma.MaskedArray(NUMBERS, mask=NUMBERS == 2),
    "times": np.array([["2020-01-01"]], dtype="datetime64[D]"),
    "durations": np.array([[3]], dtype="timedelta64[s]"),
    "pandas strings": pd.DataFrame({"a": ["x"]}),
    "pandas category": pd.DataFrame({"a": pd.Categorical([3, 1])}),
    "pandas times": pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}),
    "pandas periods": pd.DataFrame({"a": pd.period_range("2020", periods=2, freq="M")}),
    "objects, booleans": np.array([[True, 1]], dtype=object),
    "objects, booleans and NaN": np.array([[True, 1], [np.nan, 2]], dtype=object),
    "lists, booleans": [[True, 1], [False, 2]],
    "pandas booleans": pd.DataFrame({"a": [True, False], "b": [1, 2]}),
    "pandas booleans and NaN": pd.DataFrame({"a": [True, np.nan], "b": [1, 2]}),
    "polars booleans": pl.DataFrame({"a": [1, None], "b": [True, False]}),
    "pandas booleans, missing": pd.DataFrame({"a": [True, None]}),
    "polars strings": pl.DataFrame({"a": ["x"]}),
    "polars lists": pl.DataFrame({"a": [[1], [2]]}),
    "polars booleans, missing": pl.DataFrame({"a": [True, None]}),
    "polars times": pl.DataFrame({"a": np.array(["2020-01-01"], "datetime64[us]")}),
}


@pytest.mark.parametrize("table", PLAIN.values(), ids=PLAIN)
def test_plain_numbers_need_no_columns(table):
    assert not has_columns(table)
    assert not has_columns(table, None)


@pytest.mark.parametrize("table", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_other_values_need_columns(table):
    assert has_columns(table)
    assert has_columns(table, None)


BESIDE = {
    "nothing": {},
    "numbers": {"b": [0.5, 2.0, None]},
    "strings": {"b": ["x", "y", "y"]},
    "booleans": {"b": [True, False, None]},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("gap", [True, None, np.nan, pd.NA], ids=repr)
@pytest.mark.parametrize("container", CONTAINERS)
def test_booleans_are_categories_whatever_is_beside_them(container, gap, beside):
    if gap is not True and gap is not None and "pandas o" not in container:
        gap = None  # of these only objects hold others
    table = CONTAINERS[container]({"a": [True, False, gap], **BESIDE[beside]})
    assert has_columns(table)
    columns = learn_columns(table)
    assert columns.levels[0].tolist() == [False, True]
    assert columns.n_missing[0] == (gap is not True)


@pytest.mark.parametrize("beside", BESIDE)
def test_sparse_booleans_are_numbers_whatever_is_beside_them(beside):
    flags = pd.arrays.SparseArray([True, False, False])
    frame = pd.DataFrame({"a": flags, **BESIDE[beside]})
    columns, matrix = learn_and_encode(frame)
    assert columns.levels[0] is None
    assert matrix[:, 0].tolist() == [1, 0, 0]


def test_booleans_among_numbers_are_numbers():
    rows = [[True, "a"], [0.5, "b"]]
    assert learn_columns(rows).levels[0] is None
    assert learn_columns([row[:1] for row in rows]).levels[0] is None


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_first_part_of_a_table_knows_both_booleans(container):
    table = CONTAINERS[container]({"a": [True, True], "b": [1.0, 2.0]})
    columns = learn_columns(table, unused_levels=True)
    assert columns.levels[0].tolist() == [False, True]


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_column_of_numbers_that_is_named_needs_columns(container):
    table = CONTAINERS[container]({"a": [1, 2], "b": [3.0, 4.0]})
    assert not has_columns(table)
    assert not has_columns(table, [])
    assert has_columns(table, [0])


def test_repeated_names_are_an_error():
    frame = pd.DataFrame([["a", 1]], columns=["x", "x"])
    for read in (has_columns, learn_columns):
        with pytest.raises(ValueError, match="has 2 columns named 'x'"):
            read(frame)


def test_all_names_that_are_repeated_are_named_at_once():
    frame = pd.DataFrame([range(6)], columns=["x", 1, "y", "x", 1, "x"])
    with pytest.raises(ValueError, match=r"has 3 columns named 'x', 2 columns named 1\. R"):
        learn_columns(frame)


def test_names_that_are_not_strings_are_no_names():
    columns = learn_columns(pd.DataFrame({0: ["a"], 1: [2]}))
    assert columns.names is None
    assert columns.is_categorical.tolist() == [True, False]


@pytest.mark.parametrize(
    "table", ["no table", [1, "a"], [["a"], ["b", "c"]], None], ids=repr
)
def test_what_is_no_table_is_an_error(table):
    with pytest.raises(ValueError, match="X_val must be a table"):
        learn_columns(table, input_name="X_val")


def test_sparse_matrices_have_no_categories():
    with pytest.raises(TypeError, match=r"X is sparse.*X\.toarray\(\)"):
        learn_columns(sparse.csr_array(NUMBERS), [0])


WITHOUT_VALUES = {
    "objects": pd.DataFrame({"a": [None, None]}),
    "floats": pd.DataFrame({"a": [np.nan, np.nan]}),
    "integers": pd.DataFrame({"a": [pd.NA, pd.NA]}, dtype="Int64"),
    "strings": pd.DataFrame({"a": [pd.NA, pd.NA]}, dtype="string"),
    "booleans": pd.DataFrame({"a": [pd.NA, pd.NA]}, dtype="boolean"),
    "dates": pd.DataFrame({"a": [pd.NaT, pd.NaT]}),
    "no categories": pd.DataFrame({"a": pd.Categorical([None, None])}),
    "categories": pd.DataFrame({"a": pd.Categorical([None, None], ["x", "y"])}),
    "polars": pl.DataFrame({"a": [None, None]}),
    "polars strings": pl.DataFrame({"a": [None, None]}, schema={"a": pl.String}),
    "polars booleans": pl.DataFrame({"a": [None, None]}, schema={"a": pl.Boolean}),
    "polars dates": pl.DataFrame({"a": [None, None]}, schema={"a": pl.Date}),
    "polars categories": pl.DataFrame({"a": [None] * 2}, schema={"a": pl.Categorical}),
    "polars levels": pl.DataFrame({"a": [None] * 2}, schema={"a": pl.Enum(["x", "y"])}),
    "array of dates": np.array([["NaT"], ["NaT"]], dtype="datetime64[D]"),
    "array of objects": np.array([[None], [None]]),
}


@pytest.mark.parametrize("chosen", ["auto", [0]])
@pytest.mark.parametrize("kind", WITHOUT_VALUES)
def test_a_column_without_values_is_a_number_of_every_dtype(kind, chosen):
    columns, matrix = learn_and_encode(WITHOUT_VALUES[kind], chosen)
    assert columns.levels == (None,)
    assert columns.n_missing == (2,)
    assert np.isnan(matrix).all()


@pytest.mark.parametrize("kind", WITHOUT_VALUES)
def test_a_first_part_without_values_has_the_levels_of_its_dtype(kind):
    (levels,) = learn_columns(WITHOUT_VALUES[kind], unused_levels=True).levels
    expected = {
        "booleans": [False, True],
        "polars booleans": [False, True],
        "categories": ["x", "y"],
        "polars levels": ["x", "y"],
    }.get(kind)
    assert (levels if levels is None else levels.tolist()) == expected
    named = learn_columns(WITHOUT_VALUES[kind], [0], unused_levels=True)
    assert named.is_categorical.all()
