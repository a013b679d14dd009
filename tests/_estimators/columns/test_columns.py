"""Tables as numbers and codes: the same from every container, and from OrdinalEncoder."""

import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import CONTAINERS, FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.preprocessing import OrdinalEncoder

from skshallow._estimators.columns import Columns, learn_and_encode, learn_columns

TABLE = {
    "age": [31.5, None, 7.0, 31.5],
    "rooms": [3, 1, None, 2],
    "city": ["Oslo", None, "Bergen", "Oslo"],
    "owner": [True, False, None, True],
    "fuel": ["gas", "oil", "gas", "wood"],
}
MATRIX = [
    [31.5, 3, 1, 1, 0],
    [np.nan, 1, 2, 0, 1],
    [7, np.nan, 0, 2, 0],
    [31.5, 2, 1, 1, 2],
]
each_container = pytest.mark.parametrize("container", CONTAINERS)
each_frame = pytest.mark.parametrize("container", FRAMES)


@each_container
def test_the_same_rows_give_the_same_codes_from_every_container(container):
    columns, matrix = learn_and_encode(CONTAINERS[container](TABLE))
    assert_array_equal(matrix, MATRIX)
    assert matrix.dtype == np.float64
    assert matrix.flags.c_contiguous
    assert_array_equal(columns.is_categorical, [False, False, True, True, True])
    assert columns.levels[:2] == (None, None)
    assert [levels.tolist() for levels in columns.levels[2:]] == [
        ["Bergen", "Oslo"],
        [False, True],
        ["gas", "oil", "wood"],
    ]
    assert columns.missing_level == (False, False, True, True, False)
    assert columns.n_missing == (1, 1, 1, 1, 0)
    assert columns.n_levels == (0, 0, 3, 3, 3)
    assert columns.names == (tuple(TABLE) if container in FRAMES else None)


@each_frame
def test_columns_learned_from_one_data_frame_encode_any_other(container):
    columns = learn_columns(CONTAINERS[container](TABLE))
    assert columns == learn_columns(pd.DataFrame(TABLE))
    for make in CONTAINERS.values():
        try:
            table = make(TABLE)
        except pytest.skip.Exception:
            continue
        assert_array_equal(columns.encode(table), MATRIX)


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=3), st.none() | st.floats(allow_infinity=False)
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_codes_are_those_of_ordinal_encoder(rows):
    texts, numbers = (list(column) for column in zip(*rows, strict=True))
    frame = pd.DataFrame({"s": pd.Series(texts, dtype=object), "x": numbers})
    columns, matrix = learn_and_encode(frame.astype({"s": "category"}))
    known = [sorted({text for text in texts if text is not None})]
    encoder = OrdinalEncoder(categories=known, encoded_missing_value=len(known[0]))
    expected = np.full(len(texts), len(known[0]))
    present = [i for i, text in enumerate(texts) if text is not None]
    if present:
        strings = np.array(texts, dtype=object)[present].reshape(-1, 1)
        expected[present] = encoder.fit_transform(strings).ravel()
    assert_array_equal(matrix[:, 0], expected if present else np.nan)
    assert_array_equal(matrix[:, 1], np.array(numbers, dtype=float))
    polars = pl.DataFrame(
        {"s": texts, "x": numbers}, schema={"s": pl.Categorical, "x": pl.Float64}
    )
    assert learn_columns(polars) == columns
    assert_array_equal(columns.encode(polars), matrix)


@each_container
def test_a_level_that_is_not_known_is_minus_one(container):
    make = CONTAINERS[container]
    columns = learn_columns(make({"a": ["x", "y", "x"], "b": ["u", None, "u"]}))
    codes = columns.encode(make({"a": ["z", None, "x"], "b": ["v", None, "u"]}))
    assert_array_equal(codes, [[-1, -1], [-1, 1], [0, 0]])


@each_container
def test_a_part_with_only_missing_values_fits_any_column(container):
    columns = learn_columns(CONTAINERS[container](TABLE))
    nothing = CONTAINERS[container]({name: [None] for name in TABLE})
    assert_array_equal(columns.encode(nothing), [[np.nan, np.nan, 2, 2, -1]])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, np.ma.masked], ids=repr)
def test_every_mark_of_a_missing_value_is_one(missing):
    rows = np.empty((3, 2), dtype=object)
    rows[:, 0], rows[:, 1] = ["a", missing, "b"], [1.5, missing, 2]
    columns, matrix = learn_and_encode(rows)
    assert_array_equal(matrix, [[0, 1.5], [2, np.nan], [1, 2]])
    assert_array_equal(columns.encode(rows.tolist()), matrix)


def test_masked_entries_are_missing():
    rows = np.ma.MaskedArray([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
    assert_array_equal(learn_and_encode(rows)[1], [[1, np.nan], [3, 4]])
    texts = np.ma.MaskedArray([["a"], ["b"]], dtype=object, mask=[[True], [False]])
    assert_array_equal(learn_and_encode(texts)[1], [[1], [0]])


@pytest.mark.parametrize(
    "column",
    [
        pd.Categorical([20, 3, None]),
        pd.Series([20, 3, None], dtype="Int64").astype("category"),
        pd.Categorical([20.0, 3.0, None]),
    ],
    ids=["int", "Int64", "float"],
)
def test_a_category_of_numbers_is_a_category(column):
    columns, matrix = learn_and_encode(pd.DataFrame({"a": column}))
    assert_array_equal(columns.levels[0], [3, 20])
    assert_array_equal(matrix.ravel(), [1, 0, 2])
    assert_array_equal(columns.encode([[3], [20.0], [4]]).ravel(), [0, 1, -1])


ORDER, ORDERED_VALUES = ["low", "mid", "top", "never"], ["top", "low", "mid", None]
CATEGORY_OF = {
    "objects": lambda: pd.Series(ORDERED_VALUES, dtype=object),
    "category": lambda: pd.Series(pd.Categorical(ORDERED_VALUES, ORDER[::-1])),
    "ordered": lambda: pd.Series(pd.Categorical(ORDERED_VALUES, ORDER, ordered=True)),
    "polars strings": lambda: pl.Series(ORDERED_VALUES),
    "polars category": lambda: pl.Series(ORDERED_VALUES, dtype=pl.Categorical),
    "polars enum": lambda: pl.Series(ORDERED_VALUES, dtype=pl.Enum(ORDER)),
    "other enum": lambda: pl.Series(ORDERED_VALUES, dtype=pl.Enum(ORDER[::-1])),
    "arrow": lambda: ordered_dictionary(),
}


def ordered_dictionary():
    pa = pytest.importorskip("pyarrow")
    index, order = pa.array([2, 0, 1, None]), pa.array(ORDER)
    return pa.DictionaryArray.from_arrays(index, order, ordered=True)


def frame_of(kind):
    column = CATEGORY_OF[kind]()
    if kind == "arrow":
        return pytest.importorskip("pyarrow").table({"a": column})
    return (pd if isinstance(column, pd.Series) else pl).DataFrame({"a": column})


@pytest.mark.parametrize("kind", CATEGORY_OF)
@pytest.mark.parametrize("other", CATEGORY_OF)
def test_the_order_of_a_dtype_changes_neither_levels_nor_codes(kind, other):
    columns, matrix = learn_and_encode(frame_of(kind))
    assert columns == learn_columns(frame_of(other))
    assert_array_equal(columns.levels[0], ["low", "mid", "top"])
    assert_array_equal(matrix.ravel(), [2, 0, 1, 3])
    assert_array_equal(columns.encode(frame_of(other)), matrix)


def dictionary(values):
    """Return a column of Arrow's dictionaries inside of pandas."""
    pa = pytest.importorskip("pyarrow")
    array = pa.array(values).dictionary_encode()
    return pd.Series(array, dtype=pd.ArrowDtype(array.type))


@pytest.mark.parametrize(
    "column",
    [
        lambda values: pd.Series(values, dtype="category"),
        lambda values: pl.Series(values, dtype=pl.Categorical),
        lambda values: pl.Series(values, dtype=pl.Enum(["b", "c", "a"][::-1])),
        dictionary,
    ],
    ids=["pandas", "polars", "polars enum", "arrow in pandas"],
)
def test_all_categorical_dtypes_give_the_same_codes(column):
    values = ["b", None, "a", "c", "b"]
    series = column(values)
    frame = (pd if isinstance(series, pd.Series) else pl).DataFrame({"x": series})
    columns, matrix = learn_and_encode(frame)
    assert sorted(columns.levels[0]) == ["a", "b", "c"]
    decoded = [*columns.levels[0], None]
    assert [decoded[int(code)] for code in matrix.ravel()] == values


def test_levels_without_a_row_count_only_where_asked():
    frame = pd.DataFrame({"a": pd.Categorical(["b", "b"], categories=["c", "b", "a"])})
    assert_array_equal(learn_columns(frame).levels[0], ["b"])
    assert_array_equal(learn_columns(frame, unused_levels=True).levels[0], ["a", "b", "c"])
    rows = frame.iloc[:0]
    assert_array_equal(learn_columns(rows).levels[0], [])
    assert learn_columns(rows, unused_levels=True) == learn_columns(
        frame, unused_levels=True
    )
    enum = pl.DataFrame({"a": pl.Series(["b"], dtype=pl.Enum(["c", "b", "a"]))})
    assert_array_equal(learn_columns(enum, unused_levels=True).levels[0], ["a", "b", "c"])


def test_intervals_of_a_cut_are_levels_by_their_text():
    frame = pd.DataFrame({"a": pd.cut([1, 25, 7], [0, 5, 10, 30])})
    columns, matrix = learn_and_encode(frame)
    assert_array_equal(columns.levels[0], ["(0, 5]", "(10, 30]", "(5, 10]"])
    assert_array_equal(matrix.ravel(), [0, 1, 2])


def test_a_column_of_numbers_that_is_named_is_a_category():
    frame = pd.DataFrame({"agent": [9, 240, 9], "price": [1.0, 2.0, 3.0]})
    columns, matrix = learn_and_encode(frame, ["agent"])
    assert_array_equal(columns.levels[0], [9, 240])
    assert_array_equal(matrix, [[0, 1], [1, 2], [0, 3]])
    assert_array_equal(columns.encode(frame.astype(float)), matrix)
    missing = pl.DataFrame({"agent": [None, 9], "price": [None, 1]})
    assert_array_equal(columns.encode(missing), [[-1, np.nan], [0, 1]])


@pytest.mark.parametrize("chosen", [["zip"], [0], [True, False], np.array(["zip"])])
def test_integers_beyond_floats_are_told_apart(chosen):
    frame = pd.DataFrame({"zip": pd.array([2**60, None, 2**60 + 1], dtype="Int64"), "b": 1})
    columns, matrix = learn_and_encode(frame, chosen)
    assert columns.levels[0].tolist() == [2**60, 2**60 + 1]
    assert_array_equal(matrix[:, 0], [0, 2, 1])


def test_numbers_that_no_array_holds_are_levels_as_floats():
    rows = [[2**70], [Decimal("0.1")], [3], [-(2**64)]]
    columns, matrix = learn_and_encode(rows, [0])
    assert_array_equal(columns.levels[0], [-(2.0**64), 0.1, 3, 2.0**70])
    assert_array_equal(matrix.ravel(), [3, 1, 2, 0])
    whole = np.array([[2**64 - 1], [2**60 + 1], [3]], dtype=np.uint64)
    assert_array_equal(learn_and_encode(whole, [0])[1].ravel(), [2, 1, 0])


@pytest.mark.parametrize("dtype", ["float64", "Int64", "object"])
def test_levels_that_are_whole_numbers_have_the_same_names_in_every_dtype(dtype):
    frame = pd.DataFrame({"a": pd.array([0, 30, None], dtype=dtype)})
    assert learn_columns(frame, ["a"]).names_of_levels() == {0: ["0", "30", "nan"]}
    halves = learn_columns(pd.DataFrame({"a": [0.5, 1.0]}), ["a"])
    assert halves.names_of_levels() == {0: ["0.5", "1.0"]}


def test_booleans_are_categories_that_numbers_match():
    columns = learn_columns(pd.DataFrame({"a": [True, False], "b": ["x", "y"]}))
    numbers = pd.DataFrame({"a": [1, 0, 2], "b": ["x", "y", "y"]})
    assert_array_equal(columns.encode(numbers)[:, 0], [1, 0, -1])


def test_strings_that_numpy_would_cut_are_told_apart():
    rows = [["a\0", 1.0], ["a", 2.0], ["a" * 1000, 3.0]]
    columns = learn_columns(rows)
    assert columns.levels[0].tolist() == ["a", "a\0", "a" * 1000]
    assert_array_equal(columns.encode(pl.DataFrame(rows, orient="row"))[:, 0], [1, 0, 2])
    texts = learn_columns(np.array([[np.str_("a")], [np.str_("b")]]))
    assert {type(level) for level in texts.levels[0]} == {str}


@pytest.mark.parametrize(
    ("table", "dtype"),
    [
        (pd.DataFrame({"a": ["x"], "b": np.ones(1, np.float32)}), np.float32),
        (pd.DataFrame({"a": ["x"], "b": np.ones(1, np.float32), "c": 1}), np.float64),
        (pl.DataFrame({"a": ["x"], "b": pl.Series([1], dtype=pl.Float32)}), np.float32),
        (pd.DataFrame({"a": ["x"]}), np.float64),
    ],
)
def test_single_precision_is_kept(table, dtype):
    assert learn_and_encode(table)[1].dtype == dtype
    assert learn_columns(table).encode(table, dtype=np.float32).dtype == np.float32


def test_numbers_of_every_type_are_floats():
    rows = np.array(
        [[Decimal("1.5")], [Fraction(1, 2)], [np.int8(3)], [True]], dtype=object
    )
    assert_array_equal(learn_and_encode(rows)[1].ravel(), [1.5, 0.5, 3, 1])
    decimals = pl.DataFrame({"a": pl.Series(["1.50", None]).cast(pl.Decimal(10, 2))})
    assert_array_equal(learn_and_encode(decimals)[1].ravel(), [1.5, np.nan])
    frame = pd.DataFrame(
        {"sparse": pd.arrays.SparseArray([0, 1.5]), "long": np.ones(2, np.longdouble)}
    )
    assert_array_equal(learn_and_encode(frame)[1], [[0, 1], [1.5, 1]])


def test_the_table_of_the_user_stays_as_it_is():
    frame = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]})
    before = frame.copy()
    matrix = learn_and_encode(frame)[1]
    matrix[:] = 7
    pd.testing.assert_frame_equal(frame, before)


def test_columns_are_data():
    columns = learn_columns(pd.DataFrame(TABLE))
    again = pickle.loads(pickle.dumps(columns))
    assert again == columns
    assert again != learn_columns(pd.DataFrame(TABLE).iloc[:2])
    assert isinstance(again, Columns)
    for levels in columns.levels:
        assert levels is None or levels.dtype.kind in "Obif"


def test_a_description_says_what_each_column_became():
    frame = pd.DataFrame({"price": [1, None], "use": ["23.4 kmpl", "9 kmpl"]})
    assert learn_columns(frame).describe() == [
        "price: number, 1 value missing",
        "use: category of 2 levels, which look like numbers with a unit",
    ]
    assert learn_columns([["a"], [None]]).describe() == [
        "column 0: category of 1 level, 1 value missing"
    ]
