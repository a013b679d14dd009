"""Errors name every column that cannot be read, and the code in them makes it readable."""

import datetime
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import CONTAINERS
from scipy import sparse

from skshallow import DeepNetRegressor
from skshallow._estimators.columns import has_columns, learn_and_encode, learn_columns
from skshallow._estimators.columns.problems import listed_columns
from skshallow.exceptions import DoubtfulCategoryWarning

DAYS = [datetime.date(2020, 1, 1), datetime.date(2020, 2, 29), None]
TIMES = [datetime.datetime(2020, 1, 1, 12), datetime.datetime(2020, 2, 29), None]
CLOCK = [datetime.time(1, 30), datetime.time(23), None]
SPANS = [datetime.timedelta(1), datetime.timedelta(seconds=3), None]
TEMPORAL = {
    "dates": DAYS,
    "dates and times": TIMES,
    "times of day": CLOCK,
    "durations": SPANS,
}
SPACED = ["1 234", "1 234 567,5", "12"]
THOUSANDS, DECIMAL_COMMAS = ["1,234", "1,234,567", "12"], ["1.234,5", "17,25", "-3,5"]
NUMBERS = [f"{i / 8}" for i in range(1, 30)]
SENTENCES = [f"the room number {i} has a view of the old harbour town" for i in range(30)]
each_container = pytest.mark.parametrize("container", CONTAINERS)


def code_in(error, variable="X"):
    """Return the assignment in the text of an error."""
    pattern = rf"({variable}(?:\['\w+'\])? = .+?)(?:, or[ ,]|\.(?:\n|$))"
    return re.search(pattern, str(error.value)).group(1)


def mended(table, error):
    """Return the table after the code in the error was run."""
    names = {"X": table, "pd": pd, "pl": pl, "np": np}
    exec(code_in(error), names)
    return names["X"]


@pytest.mark.parametrize("kind", TEMPORAL)
@pytest.mark.parametrize("beside", [{}, {"x": [1.0, 2.0, 3.0]}, {"s": ["a", "b", None]}])
@each_container
def test_times_are_refused_everywhere(container, kind, beside):
    table = CONTAINERS[container]({"when": TEMPORAL[kind], **beside})
    n = sum(value is not None for value in TEMPORAL[kind])
    name = "column 0" if container in ("array", "lists", "tuples") else "'when'"
    message = (
        rf"1 column that.* as it is:\n- {kind.split(' and')[0]} in {name} \({n} values\)"
    )
    assert has_columns(table)
    for chosen in ("auto", range(len(beside) + 1)):
        with pytest.raises(ValueError, match=message) as error:
            learn_columns(table, chosen)
        assert "skrub" in str(error.value)


@pytest.mark.parametrize("kind", TEMPORAL)
@pytest.mark.parametrize("container", ["pandas", "pandas objects", "polars"])
def test_the_code_for_times_makes_numbers(container, kind):
    table = CONTAINERS[container]({"when": TEMPORAL[kind], "x": [1, 2, 3]})
    with pytest.raises(ValueError, match="X has 1 column") as error:
        learn_columns(table)
    columns, matrix = learn_and_encode(mended(table, error))
    assert columns.levels == (None, None)
    missing = [value is None for value in TEMPORAL[kind]]
    assert np.isnan(matrix[:, 0]).tolist() == missing


@pytest.mark.parametrize("kind", TEMPORAL)
@pytest.mark.parametrize("container", ["array", "lists", "arrow"])
def test_the_code_for_times_gives_numbers(container, kind):
    X = CONTAINERS[container]({"when": TEMPORAL[kind], "x": [1, 2, 3]})
    with pytest.raises(ValueError, match="X has 1 column") as error:
        learn_columns(X)
    code = re.search(r"such as (.+), or let", str(error.value)).group(1)
    numbers = np.array(eval(code, {"X": X, "np": np}))
    assert numbers.dtype == float
    assert np.isnan(numbers).tolist() == [value is None for value in TEMPORAL[kind]]


@pytest.mark.parametrize(
    ("dtype", "kind"), [("datetime64[D]", "dates"), ("timedelta64[s]", "durations")]
)
def test_arrays_of_times_are_refused(dtype, kind):
    X = np.array([[1, 2], ["NaT", 2]], dtype=dtype)
    with pytest.raises(ValueError, match="2 columns") as error:
        learn_columns(X)
    assert f"{kind} in column 0 (1 value), column 1 (2 values)" in str(error.value)


def test_columns_without_names_are_told_by_number():
    frame = pd.DataFrame([["a", pd.Timestamp(0)], ["b", None]])
    for table in (frame, frame.to_numpy()):
        with pytest.raises(ValueError, match=r"dates in column 1 \(1 value\)"):
            learn_columns(table)


def test_periods_are_refused():
    frame = pd.DataFrame({"m": pd.period_range("2020-01", periods=3, freq="M")})
    with pytest.raises(ValueError, match=r"periods in 'm' \(3 values\)") as error:
        learn_columns(frame)
    assert learn_and_encode(mended(frame, error))[1].ravel().tolist() == [31, 60, 91]


def test_a_category_of_times_is_refused():
    frame = pd.DataFrame({"m": pd.Categorical(pd.to_datetime(["2020-01-01", None]))})
    with pytest.raises(ValueError, match=r"dates in 'm' \(1 value\)"):
        learn_columns(frame)


@pytest.mark.parametrize(
    ("strings", "kind", "option", "numbers"),
    [
        (THOUSANDS, "numbers with commas", 'thousands=","', [1234, 1234567, 12]),
        (SPACED, "numbers with spaces", 'thousands=" "', [1234, 1234567.5, 12]),
        (
            DECIMAL_COMMAS,
            "numbers with decimal commas",
            'decimal=","',
            [1234.5, 17.25, -3.5],
        ),
        (NUMBERS, "numbers as strings", "convert", [float(string) for string in NUMBERS]),
        ([*NUMBERS, "?"], "numbers as strings", "missing", [*map(float, NUMBERS), np.nan]),
    ],
)
@each_container
def test_numbers_as_strings_are_refused_with_what_reads_them(
    container, strings, kind, option, numbers
):
    table = CONTAINERS[container]({"price": strings})
    message = rf"{kind} in .* \({len(strings)} values\)"
    with pytest.raises(ValueError, match=message) as error:
        learn_columns(table)
    assert option in str(error.value)
    assert learn_columns(table, [0]).n_levels == (len(strings),)
    if container in ("pandas", "pandas objects", "pandas nullable", "polars"):
        matrix = learn_and_encode(mended(table, error))[1]
        np.testing.assert_array_equal(matrix.ravel(), numbers)


DATES_AS_STRINGS = ["05/13/2024", "01/31/2024", None]
PERCENTAGES = ["12%", "7.5%", None]


@pytest.mark.parametrize(
    ("strings", "kind", "numbers"),
    [
        (DATES_AS_STRINGS, "dates as strings", [134, 31, np.nan]),
        (["2024-01-05", "2024-02-01"], "dates as strings", [5, 32]),
        ([*(f"{i}:30" for i in range(24)), None], "times of day", [*range(24), np.nan]),
        (PERCENTAGES, "with a unit", [12, 7.5, np.nan]),
        (["$1,200.50", "$85"], "with a unit", [1200.5, 85]),
        (["1.200,5 €", "3,5 €", "7,5€"], "decimal commas and a unit", [1200.5, 3.5, 7.5]),
        ([*(f"{i} kg" for i in range(30)), "?"], "with a unit", [*range(30), np.nan]),
    ],
)
@pytest.mark.parametrize(
    "container", ["pandas", "pandas objects", "pandas nullable", "polars", "array", "lists"]
)
def test_dates_and_quantities_as_strings_are_refused_with_what_reads_them(
    container, strings, kind, numbers
):
    table = CONTAINERS[container]({"what": strings})
    n = sum(string is not None for string in strings)
    with pytest.raises(ValueError, match=rf"{kind}.* \({n} values\)") as error:
        learn_columns(table)
    assert "categorical dtype" in str(error.value)
    if container in ("array", "lists"):
        code = re.search(r"pd\..+?(?=, or[ ,])", str(error.value)).group()
        found = np.array(eval(code, {"X": table, "pd": pd}), dtype=float)
    else:
        found = learn_and_encode(mended(table, error))[1].ravel()
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("strings", [DATES_AS_STRINGS, PERCENTAGES, THOUSANDS])
def test_strings_of_a_category_are_not_questioned(strings):
    for dtype in ("category", pd.CategoricalDtype(list(filter(None, strings)))):
        frame = pd.DataFrame({"a": pd.Series(strings, dtype=dtype)})
        assert learn_columns(frame).n_levels[0] >= 2
    enum = pl.Enum(list(filter(None, strings)))
    for dtype in (pl.Categorical, enum):
        assert learn_columns(pl.DataFrame({"a": pl.Series(strings, dtype=dtype)}))
    assert learn_columns(pd.DataFrame({"a": strings}), ["a"]).n_levels[0] >= 2


def test_integers_and_identifiers_are_warned_of_at_once():
    frame = pd.DataFrame(
        {
            "who": [f"person {i}" for i in range(90)],
            "store": [str(i % 30) for i in range(90)],
            "zip": [f"{i % 30:05}" for i in range(90)],
        }
    )
    with pytest.warns(DoubtfulCategoryWarning, match="2 columns of strings") as caught:
        columns = learn_columns(frame)
    assert columns.n_levels == (90, 30, 30)
    message = str(caught[0].message)
    assert "as many levels as values in 'who' (90 values)" in message
    assert "integers as strings in 'store' (90 values)" in message
    assert "X = X.drop(columns='who')" in message
    assert "X['store'] = pd.to_numeric(X['store']" in message


def test_categories_that_are_chosen_or_parts_of_a_table_are_not_doubted():
    frame = pd.DataFrame({"who": [f"person {i}" for i in range(90)]})
    assert learn_columns(frame, ["who"]).n_levels == (90,)
    assert learn_columns(frame.astype("category")).n_levels == (90,)
    assert learn_columns(frame, unused_levels=True).n_levels == (90,)


@pytest.mark.parametrize("container", ["array", "lists", "arrow"])
def test_the_code_for_bytes_in_other_containers_keeps_missing_values(container):
    X = CONTAINERS[container]({"a": [b"a", None, b"b"]})
    with pytest.raises(ValueError, match="X has 1 column") as error:
        learn_columns(X)
    code = re.search(r"\[b if b is None .+?(?=\.$)", str(error.value)).group()
    assert eval(code, {"X": X}) == ["a", None, "b"]


@each_container
def test_free_text_is_refused_unless_it_is_named(container):
    table = CONTAINERS[container]({"x": range(30), "review": SENTENCES})
    with pytest.raises(ValueError, match=r"free text in .* \(30 values\)") as error:
        learn_columns(table)
    for way in (
        "TfidfVectorizer",
        "StringEncoder",
        "tabular_pipeline",
        "categorical_features",
    ):
        assert way in str(error.value)
    assert learn_columns(table, [1]).n_levels == (0, 30)
    if container in ("pandas", "pandas nullable", "polars"):
        assert learn_columns(mended(table, error)).names == ("x",)


def test_a_categorical_dtype_is_believed():
    frame = pd.DataFrame({"a": THOUSANDS}, dtype="category")
    assert learn_columns(frame).n_levels == (3,)


def test_every_column_is_named_at_once():
    table = {
        "ok": ["a", "b", None],
        "x": [1, 2, 3],
        "day": DAYS,
        "hired": TIMES,
        "tags": [["a"], {"b": 1}, None],
        "mix": ["a", 1, 2.5],
        "raw": [b"a", b"b", b"c"],
        "what": [object(), 1, "a"],
        "price": THOUSANDS,
    }
    frame = pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in table.items()})
    with pytest.raises(TypeError, match="X has 7 columns that a net cannot read") as error:
        learn_columns(frame)
    assert [line.partition(": ")[0] for line in str(error.value).splitlines()[1:]] == [
        "- dates in 'day' (2 values), 'hired' (2 values)",
        "- nested values in 'tags' (2 values)",
        "- numbers and strings in 'mix' (3 values)",
        "- bytes in 'raw' (3 values)",
        "- objects in 'what' (1 value)",
        "- numbers with commas in 'price' (3 values)",
    ]


@pytest.mark.parametrize("container", ["pandas", "polars", "arrow", "lists"])
def test_nested_values_are_refused(container):
    nested = CONTAINERS[container]({"a": [[1], [2, 3]], "b": [1, 2]})
    if container == "polars":
        nested = nested.with_columns(c=pl.struct("b"))
    with pytest.raises(TypeError, match="in X_val, each entry of the argument must be one"):
        learn_columns(nested, input_name="X_val")


@pytest.mark.parametrize(
    "value",
    [{"a": 1}, [1], (1,), {1}, np.ones(2), object(), 1j],
    ids=lambda value: type(value).__name__,
)
def test_one_value_of_another_type_is_found_among_strings_and_numbers(value):
    rows = np.array([["a", 1.0]] * 5, dtype=object)
    for j in range(2):
        table = rows.copy()
        table[3, j] = value
        with pytest.raises(TypeError, match=rf"column {j} \(1 value\)"):
            learn_columns(table)
        with pytest.raises(TypeError, match=rf"X_val.*\n.*column {j} \(1 value\)"):
            learn_columns(rows).encode(table, input_name="X_val")


def test_the_code_for_mixed_columns_and_bytes_makes_categories():
    frame = pd.DataFrame({"a": ["x", 1, 1.5]})
    for values in (["x", 1, 1.5], [b"x", b"1", b"y"]):
        frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
        with pytest.raises(ValueError, match=r"'a' \(3 values\)") as error:
            learn_columns(frame)
        code = re.search(r"X\['a'\] = [^,\n]+(?=, or all|\.$)", str(error.value)).group()
        exec(code, {"X": frame})
        assert learn_columns(frame).n_levels == (3,)


# of pandas before 3, whose replacement changes the dtype
@pytest.mark.filterwarnings("ignore:Downcasting behavior:FutureWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@each_container
def test_infinity_is_refused_by_name(container):
    table = {"a": [1.0, 2.0, 3.0], "b": [np.inf, -np.inf, 0.0], "s": ["x", "y", "z"]}
    table = CONTAINERS[container](table)
    with pytest.raises(
        ValueError, match=r"infinity or numbers too large in .*[b1]'? \(2 values\)"
    ) as error:
        learn_and_encode(table)
    if container in ("pandas", "pandas objects", "polars"):
        assert np.isnan(learn_and_encode(mended(table, error))[1][:, 1]).sum() == 2


class Own:
    """A table with nothing but `__array__`."""

    def __len__(self):
        return 4

    def __array__(self, dtype=None, copy=None):
        return np.array([[1, np.inf], [2, -np.inf], [3, 0], [4, 1]], dtype)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("container", ["pandas", "polars", "list", "array", "rows", "own"])
def test_infinity_is_named_in_a_table_of_only_numbers_too(container):
    table = {"a": [1.0, 2.0, 3.0, 4.0], "b": [np.inf, -np.inf, 0.0, 1.0]}
    plain = np.column_stack(list(table.values()))
    numbers = {"list": plain.tolist(), "array": plain, "rows": list(plain), "own": Own()}
    infinite = numbers[container] if container in numbers else CONTAINERS[container](table)
    finite = np.clip(plain, -9, 9)
    finite = finite if container in numbers else pd.DataFrame(finite, columns=list("ab"))
    net, y = DeepNetRegressor(2, max_iter=1, record_health=False), np.arange(4.0)
    words = r"{} has 1 column .*\n- infinity or .* in ('b'|column 1) \(2 values\): make"
    with pytest.raises(ValueError, match=words.format("X")):
        net.fit(infinite, y)
    with pytest.raises(ValueError, match=words.format("X_val")):
        net.fit(finite, y, X_val=infinite, y_val=y)
    net.fit(finite, y)
    for act in (net.predict, lambda X: net.score(X, y)):
        with pytest.raises(ValueError, match=words.format("X")):
            act(infinite)


def test_infinity_is_named_in_a_sparse_table():
    net = DeepNetRegressor(2, max_iter=1, record_health=False)
    X = sparse.csr_array(np.array([[0.0, np.inf], [1.0, 0.0], [0.0, np.inf]]))
    for form in ("csr", "coo", "csc"):
        words = r"X is sparse and has infinity or .*: column 1 \(2 values\)\."
        with pytest.raises(ValueError, match=words) as error:
            net.fit(X.asformat(form), [1.0, 2.0, 3.0])
    exec(str(error.value).splitlines()[-1].strip(), {"X": X, "np": np})
    net.fit(X, [1.0, 2.0, 3.0])


def test_of_many_columns_the_first_five_are_listed():
    assert listed_columns(["a", 3], [0, 1]) == "column 3 (1 value)"
    assert listed_columns(None, [2, 0, 1]) == "column 0 (2 values), column 2 (1 value)"
    assert listed_columns("abcdef", [1] * 6).endswith("'e' (1 value) and 1 more column")
    assert listed_columns("abcdefgh", [1] * 8).endswith("'e' (1 value) and 3 more columns")


def test_numbers_too_large_for_floats_are_infinite():
    with pytest.raises(ValueError, match=r"too large in column 1 \(1 value\)"):
        learn_and_encode([["a", 10**400], ["b", 1]])
    columns = learn_columns([["a", 1e300]])
    with pytest.raises(ValueError, match=r"too large in column 1 \(1 value\)"):
        columns.encode([["a", 1e300]], dtype=np.float32)


@pytest.mark.parametrize(
    "container", ["pandas", "pandas nullable", "pandas arrow", "polars"]
)
def test_columns_that_changed_are_an_error_with_code_that_runs(container):
    make = CONTAINERS[container]
    columns = learn_columns(make({"zip": ["1", "2"], "x": [1.5, 2.5]}))
    for table, name in (
        (
            {"zip": [1, 2], "x": [1.5, 2.5]},
            "numbers or booleans where fit had strings in 'zip'",
        ),
        (
            {"zip": ["1", "2"], "x": ["1.5", "2.5"]},
            "strings where fit had numbers or booleans in 'x'",
        ),
    ):
        with pytest.raises(ValueError, match=name) as error:
            columns.encode(make(table))
        fixed = columns.encode(mended(make(table), error))
        assert fixed.tolist() == [[0, 1.5], [1, 2.5]]


@pytest.mark.parametrize("seen", [[1.0, 0.0, 2.0], [True, False, None]])
@pytest.mark.parametrize("words", [("True", "False"), ("true", "FALSE")])
@each_container
def test_booleans_as_strings_get_the_code_for_booleans(container, words, seen):
    make = CONTAINERS[container]
    columns = learn_columns(make({"zip": ["1", "2", "3"], "x": seen}))
    table = make({"zip": ["1", "2", "3"], "x": [*words, None]})
    with pytest.raises(ValueError, match="booleans as strings where fit had") as error:
        columns.encode(table)
    if isinstance(table, pd.DataFrame | pl.DataFrame):
        expected = columns.encode(make({"zip": ["1", "2", "3"], "x": [True, False, None]}))
        np.testing.assert_array_equal(columns.encode(mended(table, error)), expected)
    else:
        code = re.search(r"them: (.+)\.$", str(error.value)).group(1)
        assert eval(code, {"X": table}) == [True, False, None]


def test_both_kinds_of_change_are_told_at_once():
    columns = learn_columns(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}))
    with pytest.raises(ValueError, match="2 columns") as error:
        columns.encode(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), input_name="X_val")
    assert "X_val['a'] = X_val['a'].astype" not in str(error.value)  # no level is a number
    assert "none of them is a number, such as 'x'" in str(error.value)


def test_another_number_of_columns_is_an_error():
    columns = learn_columns([["a", 1.0]])
    with pytest.raises(ValueError, match="X has 1 column, and the net was fitted with 2"):
        columns.encode([["a"]])


@pytest.mark.parametrize("make", [pd.DataFrame, lambda table: [[x] for x in table["a"]]])
@pytest.mark.parametrize(
    ("other", "advice"),
    [
        ("x", r"convert them as before fit, or \(.*'x', becomes missing\) by"),
        ("5", "convert"),
    ],
)
def test_some_strings_where_fit_had_numbers_are_to_become_numbers(make, other, advice):
    net = DeepNetRegressor(4, max_iter=2, random_state=0)
    net.fit(make({"a": [1.0, 2.0] * 20}), [1.0, 2.0] * 20)
    message = rf"strings where fit had numbers.* \(1 value\): {advice}.*pd\.to_numeric"
    with pytest.raises(ValueError, match=message):
        net.predict(make({"a": [1.0, other]}))
