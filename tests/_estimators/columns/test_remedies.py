"""Code in errors about strings keeps signs, magnitudes and days, or is not offered."""

import re
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import CONTAINERS

from skshallow import DeepNetRegressor
from skshallow._estimators.columns import learn_and_encode, learn_columns, remedies
from skshallow.exceptions import DoubtfulCategoryWarning

MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
QUOTE = "\N{RIGHT SINGLE QUOTATION MARK}"
each_container = pytest.mark.parametrize(
    "container",
    ["pandas", "pandas objects", "pandas nullable", "polars", "array", "lists", "arrow"],
)


@pytest.fixture(scope="module", autouse=True)
def formats_found_once():
    """Look for the formats of the same strings once, in whichever container they come."""
    found = cache(remedies.date_formats)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(remedies, "date_formats", lambda levels: found(tuple(levels)))
        yield


def code_of(message):
    """Return the code in an error."""
    found = re.search(
        r"((?:X(?:\['\w+'\])? = |\[|pd\.to_)\S.*?)(?=, or[ ,]|\.(?:\n|$)|; if they)",
        message,
    )
    return found and found.group(1)


def mended(table, message):
    """Return the values of the only column after the code in an error was run."""
    names = {"X": table, "pd": pd, "pl": pl, "np": np}
    code = code_of(message)
    if not code.startswith("X"):
        return list(eval(code, names))
    exec(code, names)
    return names["X"]["a"].to_list()


def as_floats(values):
    return [np.nan if x is None or x is pd.NA else float(x) for x in values]


def error_at_fit(make, values, **options):
    with pytest.raises(ValueError, match="X has 1 column") as error:
        learn_columns(make({"a": values}), **options)
    return str(error.value)


def error_after_fit(make, known, values):
    columns = learn_columns(make({"a": known}))
    with pytest.raises(ValueError, match="X has 1 column") as error:
        columns.encode(make({"a": values}))
    return str(error.value)


NUMBERS = {
    "amounts": (
        [
            *(f"${i}" for i in range(97)),
            "-$85",
            "($85)",
            f"{MINUS}$85",
            "$-85",
            "+$1,085.50",
        ],
        [*range(97), -85, -85, -85, -85, 1085.5],
    ),
    "a currency behind": (["1.200,5 €", "-3,5 €", "(7€)"], [1200.5, -3.5, -7]),
    "a currency by its code": (["USD 5", "USD -7.5", "-USD 1,000"], [5, -7.5, -1000]),
    "percentages": (["12%", "-5 %", f"{MINUS}7.5%"], [12, -5, -7.5]),
    "days": (
        [*(f"{i} days" for i in range(2, 40)), "1 day", "-1 Day"],
        [*range(2, 40), 1, -1],
    ),
    "units with a point": (
        [f"{i}.5 sq.ft" for i in range(40)],
        [i + 0.5 for i in range(40)],
    ),
    "commas and units": (
        [f"-{i},5 sq.ft" for i in range(40)],
        [-i - 0.5 for i in range(40)],
    ),
    "thousands": (
        ["1,234", "-1,234,567.5", f"{MINUS}12", "(3,000)"],
        [1234, -1234567.5, -12, -3000],
    ),
    "spaces": (["1 234", f"-1{NO_BREAK}234,5", "12"], [1234, -1234.5, 12]),
    "apostrophes": (
        ["1'234", "-12'345.50", f"1{QUOTE}234{QUOTE}567"],
        [1234, -12345.5, 1234567],
    ),
    "apostrophes and decimal commas": (["1'234,5", "12"], [1234.5, 12]),
    "apostrophes and a currency": (["CHF 1'234.50", "CHF -85.00"], [1234.5, -85]),
    "a sign behind": (
        [*(f"{i}-" for i in range(1, 40)), "7", f"1,234.5 {MINUS}"],
        [*(-i for i in range(1, 40)), 7, -1234.5],
    ),
    "a sign between number and currency": (["85.50- EUR", "1.00 EUR"], [-85.5, 1]),
    "parentheses of integers": (
        [f"({i})" for i in range(1, 40)],
        [-i for i in range(1, 40)],
    ),
    "decimal commas": (
        ["1.234,5", "-17,25", "1.234", "1.000.000"],
        [1234.5, -17.25, 1234, 1e6],
    ),
    "zeros before commas": (["0,125", "0,250"], [0.125, 0.25]),
    "typeset": ([f"{MINUS}{i}.5" for i in range(40)], [-i - 0.5 for i in range(40)]),
}


@pytest.mark.parametrize(("strings", "numbers"), NUMBERS.values(), ids=NUMBERS)
@each_container
def test_the_code_keeps_signs_and_magnitudes(container, strings, numbers):
    make = CONTAINERS[container]
    strings, numbers = [*strings, None], [*numbers, np.nan]
    before = [1.5, 2.0, None] + [3.0] * (len(strings) - 3)
    for message in (
        error_at_fit(make, strings),
        error_after_fit(make, before, strings),  # by the same rules
    ):
        assert "missing" not in message
        found = as_floats(mended(make({"a": strings}), message))
        np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize(
    ("strings", "option"),
    [
        (["1,234", "-1,234,567.5"], 'thousands=","'),
        (["1 234", "1 234 567"], 'thousands=" "'),
        (["1 234", "-1 234,5"], 'thousands=" ", decimal=","'),
        (["1'234", "-12'345.5"], 'thousands="\'"'),
        (["1'234", "-1'234,5"], 'thousands="\'", decimal=","'),
        ([f"1{QUOTE}234", f"2{QUOTE}234"], None),
        (["1,234-", "5"], None),
        (["0,5", "-17,25"], 'decimal=","'),
        (["1.234,5", "-17,25"], 'decimal=",", thousands="."'),
        ([f"1{NO_BREAK}234", f"1{NO_BREAK}235"], None),
        (["(1,234)", "1,234"], None),
        ([f"{MINUS}1,5", "2,5"], None),
        ([f"1{NO_BREAK}234", "1 234"], None),
    ],
)
def test_what_reads_the_file_reads_each_value(strings, option, tmp_path):
    message = error_at_fit(pd.DataFrame, strings)
    if option is None:
        assert "read_csv" not in message
        return
    assert f"read_csv(..., {option})" in message
    path = tmp_path / "a.csv"
    pd.DataFrame({"a": strings}).to_csv(path, index=False, sep=";")
    read = eval(f"pd.read_csv(path, sep=';', {option})", {"pd": pd, "path": path})
    expected = as_floats(mended(pd.DataFrame({"a": strings}), message))
    assert read["a"].tolist() == expected


@pytest.mark.parametrize(
    ("strings", "n", "example", "left"),
    [
        ([*(f"{i} kg" for i in range(40)), "5 foo", "?"], 2, "5 foo", [*range(40)]),
        ([*(f"{i} m" for i in range(40)), "5 dm"], 1, "5 dm", [*range(40)]),
        ([*(f"{i}.5" for i in range(40)), "12A"], 1, "12A", [i + 0.5 for i in range(40)]),
        ([*(f"1,{i}" for i in range(100, 140)), "n/a"], 1, "n/a", range(1100, 1140)),
    ],
)
@each_container
def test_values_that_become_missing_are_told(container, strings, n, example, left):
    make = CONTAINERS[container]
    message = error_at_fit(make, strings)
    become = "becomes" if n == 1 else "become"
    assert f"{n} of {len(strings)} values, such as '{example}', {become} missing" in message
    found = as_floats(mended(make({"a": strings}), message))
    np.testing.assert_array_equal(found, [*left, *[np.nan] * n])


SEVERAL = {
    "amounts in thousands and millions": (["$85K", "$2M"], ["'$85K'", "'$2M'"]),
    "amounts with and without a magnitude": (["$85K", "$2"], ["'$85K'", "'$2'"]),
    "thousands of euros": (["85 €", "2 k€"], ["'85 €'", "'2 k€'"]),
    "currencies": (["$85", "€2"], ["'$85'", "'€2'"]),
    "bytes": ([*(f"{i} KB" for i in range(30)), "2 GB"], ["'0 KB'", "'2 GB'"]),
    "lengths": ([*(f"{i} m" for i in range(99)), "5 mm"], ["'0 m'", "'5 mm'"]),
    "followers": (
        [*(f"{i}.5k" for i in range(30)), "2M", "500"],
        ["'0.5k'", "'2M'", "'500'"],
    ),
    "with and without a unit": ([*(f"{i} kg" for i in range(30)), "5"], ["'0 kg'", "'5'"]),
}


@pytest.mark.parametrize(("strings", "named"), SEVERAL.values(), ids=SEVERAL)
@each_container
def test_no_code_drops_one_of_several_units(container, strings, named):
    make = CONTAINERS[container]
    before = [1.5, 2.0] + [3.0] * (len(strings) - 2)
    for message in (error_at_fit(make, strings), error_after_fit(make, before, strings)):
        assert code_of(message) is None
        assert all(example in message for example in named)
        assert "numbers of one unit" in message


@pytest.mark.parametrize(
    ("strings", "named"),
    [
        ([*(f"{i}.5" for i in range(40)), "1,5"], ["'1,5'", "'0.5'"]),
        ([*(f"{i}.234" for i in range(1, 40)), "1,5"], ["'1,5'", "'1.234'"]),
        (["$1,50", "$2.75"], ["'$1,50'", "'$2.75'"]),
        (["1,234.5", "1.234,5"], ["'1,234.5'", "'1.234,5'"]),
    ],
)
@each_container
def test_no_code_guesses_between_two_decimal_marks(container, strings, named):
    message = error_at_fit(CONTAINERS[container], strings)
    assert code_of(message) is None
    assert all(example in message for example in named)


def test_each_column_has_the_code_of_its_own_unit():
    table = pd.DataFrame({"a": ["$5", "$7"], "b": ["5 €", "7,5 €"], "c": ["$1", "($2)"]})
    with pytest.raises(ValueError, match="3 columns") as error:
        learn_columns(table)
    message = str(error.value)
    for line in message.splitlines()[1:]:
        exec(code_of(line + "\n"), {"X": table, "pd": pd})
    assert table.to_numpy().tolist() == [[5, 5, 1], [7, 7.5, -2]]


# After fit.

PAIRS = [
    ("yes", "No"),
    ("Y", "n"),
    ("t", "f"),
    ("TRUE", "false"),
    ("on", "off"),
    ("ja", "nein"),
]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("known", [[True, False, True], [1.0, 0.0, 2.0]])
@each_container
def test_words_for_booleans_get_code_that_maps_them(container, pair, known):
    make = CONTAINERS[container]
    message = error_after_fit(make, known, [*pair, None])
    assert "booleans as strings where fit had" in message
    found = as_floats(mended(make({"a": [*pair, None]}), message))
    np.testing.assert_array_equal(found, [1, 0, np.nan])


@each_container
def test_code_that_deletes_every_value_is_not_offered(container):
    make = CONTAINERS[container]
    message = error_after_fit(make, [1.5, 2.5, 3.0], ["low", "high", None])
    assert code_of(message) is None
    assert "none of them is a number, such as 'low'" in message


@each_container
def test_code_that_deletes_many_values_says_how_many(container):
    make = CONTAINERS[container]
    values = ["1.5", "low", "low", "high", None]
    message = error_after_fit(make, [1.5, 2.5, 3.0, 4.0, 5.0], values)
    assert "3 of 4 values, such as 'low', become missing" in message
    found = as_floats(mended(make({"a": values}), message))
    np.testing.assert_array_equal(found, [1.5, np.nan, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("act", ["predict", "X_val", "partial_fit"])
def test_decimal_commas_are_recognised_wherever_a_table_enters(act):
    X = pd.DataFrame({"a": np.arange(20) / 4})
    new = X.astype(str)["a"].str.replace(".", ",").to_frame()
    y = X["a"].to_numpy()
    net = DeepNetRegressor(2, record_health=False).partial_fit(X, y)
    calls = {
        "predict": lambda X, y, new: net.predict(new),
        "X_val": lambda X, y, new: net.fit(X, y, X_val=new, y_val=y),
        "partial_fit": lambda X, y, new: net.partial_fit(new, y),
    }
    with pytest.raises(ValueError, match='decimal=","') as error:
        calls[act](X, y, new)
    name = "X_val" if act == "X_val" else "X"
    names = {name: new, "pd": pd}
    exec(re.search(r"write (.+)\.$", str(error.value)).group(1), names)
    np.testing.assert_array_equal(names[name]["a"], y)


@pytest.mark.parametrize(
    ("known", "values", "strings"),
    [
        (["50000", "50001", "7"], [50001.0, None, 7.0], ["50001", None, "7"]),
        (["00501", "01200", "90210"], [501.0, None, 90210.0], ["00501", None, "90210"]),
        (["00501", "01200", "90210"], [501, 1200, 90210], ["00501", "01200", "90210"]),
        (["1.5", "2.0", "x"], [1.5, None, 2.0], ["1.5", None, "2.0"]),
        (["True", "False", "?"], [True, None, False], ["True", None, "False"]),
        (["true", "false", "?"], [True, None, False], ["true", None, "false"]),
        (["Yes", "No", "?"], [True, None, False], ["Yes", None, "No"]),
    ],
)
@each_container
def test_numbers_become_the_levels_of_fit(container, known, values, strings):
    make = CONTAINERS[container]
    message = error_after_fit(make, known, values)
    table = make({"a": values})
    found = [None if pd.isna(x) else x for x in mended(table, message)]
    assert found == strings
    columns = learn_columns(make({"a": known}))
    expected = columns.encode(make({"a": strings}))
    np.testing.assert_array_equal(columns.encode(make({"a": found})), expected)


@each_container
def test_numbers_that_are_no_level_get_no_code(container):
    message = error_after_fit(CONTAINERS[container], ["Oslo", "Bergen"], [1.5, 2.0])
    assert code_of(message) is None
    assert "strings such as 'Bergen'" in message


# Dates.

DATES = {
    "offsets": ([f"2024-{m:02}-03T10:00:00+02:00" for m in range(1, 13)], None),
    "two offsets": (["2024-01-05T10:00:00+02:00", "2024-07-05T10:00:00+01:00"], [5, 187]),
    "universal time": (["2024-01-05T10:00:00Z", "2024-02-05T10:00:00.25Z"], [5, 36]),
    "offsets and none": (["2024-01-05T10:00:00Z", "2024-02-05T10:00:00"], [5, 36]),
    "without seconds": (["2024-01-05T10:00", "2024-02-05T10:00"], [5, 36]),
    "fractions": (["2024-01-05 10:00:00.125", "2024-02-05 10:00:00.5"], [5, 36]),
    "twelve hours": (["1/25/2024 4:30 PM", "2/5/2024 12:05 am"], [25, 36]),
    "days first": (["13/01/2024", "05/02/2024"], [13, 36]),
    "months first": (["01/13/2024", "02/05/2024"], [13, 36]),
    "points": (["05.01.2024", "05.02.2024"], [5, 36]),
    "two formats": (["2024-01-05", "05.02.2024", "06.02.2024"], [5, 36, 37]),
    "short years beside long ones": (["13/01/24", "05/02/2024"], [13, 36]),
    "months in words": (["Jan 5, 2024", "February 5, 2024", "5 Feb 2024"], [5, 36, 36]),
    "spaces around": ([" 2024-01-05", "2024-02-05 "], [5, 36]),
}


@pytest.mark.parametrize(("strings", "days"), DATES.values(), ids=DATES)
@each_container
def test_the_code_for_dates_reads_every_date(container, strings, days):
    make = CONTAINERS[container]
    if days is None:
        days = [pd.Timestamp(string).day_of_year for string in strings]
    message = error_at_fit(make, [*strings, None])
    assert "month" not in message
    found = as_floats(mended(make({"a": [*strings, None]}), message))
    np.testing.assert_array_equal(found, [*days, np.nan])


@pytest.mark.parametrize(
    ("strings", "hours"),
    [
        ([f"{h}:{m} PM" for h in range(1, 12) for m in (10, 40)], None),
        ([f"{h}:{m}" for h in range(24) for m in (10, 40)], None),
        ([*(f"{h}:10" for h in range(24)), "3:27:05"], [*range(24), 3]),
    ],
)
@each_container
def test_the_code_for_times_of_day_reads_every_time(container, strings, hours):
    make = CONTAINERS[container]
    if hours is None:
        hours = [int(s.split(":")[0]) + 12 * ("PM" in s) for s in strings]
    message = error_at_fit(make, [*strings, None])
    found = as_floats(mended(make({"a": [*strings, None]}), message))
    np.testing.assert_array_equal(found, [*hours, np.nan])


@pytest.mark.parametrize("mark", "/-")
@pytest.mark.parametrize("year", ["2024", "24"])
@each_container
def test_dates_of_either_order_are_said_to_be_so(container, mark, year):
    make = CONTAINERS[container]
    strings = [f"05{mark}01{mark}{year}", f"07{mark}02{mark}{year}"]
    message = error_at_fit(make, strings)
    assert "which no value tells" in message
    assert as_floats(mended(make({"a": strings}), message)) == [5, 38]
    new, old = re.search(r'with "(.+?)" for "(.+?)"', message).groups()
    other = message.replace(f'with "{new}" for "{old}"', "").replace(old, new)
    assert as_floats(mended(make({"a": strings}), other)) == [122, 184]


@each_container
def test_no_code_reads_dates_of_both_orders(container):
    message = error_at_fit(
        CONTAINERS[container], ["13/01/2024", "01/31/2024", "05/01/2024"]
    )
    assert code_of(message) is None
    assert "'13/01/2024'" in message
    assert "'01/31/2024'" in message


def test_dates_of_no_known_format_get_no_code():
    message = error_at_fit(pd.DataFrame, ["2024-01-05 noon", "2024-01-06 midnight"])
    assert code_of(message) is None
    assert "write them in one" in message


# Columns beside those that are named, and columns of numbers and strings.


@each_container
def test_other_columns_than_those_named_get_their_code(container):
    make = CONTAINERS[container]
    table = make({"a": ["3,5", "-4,25"], "s": ["u", "v"]})
    with pytest.raises(ValueError, match="not named in categorical_features") as error:
        learn_columns(table, [1])
    message = str(error.value)
    assert 'decimal=","' in message
    assert "'auto'" not in message
    assert as_floats(mended(table, message)) == [3.5, -4.25]


MIXED = {
    "numbers and a mark": ([*(i / 4 for i in range(40)), "?"], True),
    "few numbers and a mark": ([1.5, 2.5, *range(20), "?"], True),
    "numbers and thousands": ([*range(40), "1,234"], True),
    "numbers and amounts": ([5, "$7", "$8", *(f"${i}" for i in range(30))], True),
    "names and numbers": (["a", 1, 2.5], False),
}


@pytest.mark.parametrize(("values", "are_numbers"), MIXED.values(), ids=MIXED)
@pytest.mark.parametrize("container", ["pandas", "array", "lists", "polars"])
def test_the_code_for_numbers_and_strings_gives_a_column_that_is_read(
    container, values, are_numbers
):
    values = [*values, None]
    if container == "polars":
        table = pl.DataFrame({"a": pl.Series(values, dtype=pl.Object)})
    else:
        table = CONTAINERS[container]({"a": values})
    with pytest.raises(ValueError, match="numbers and strings") as error:
        learn_columns(table)
    found = mended(table, str(error.value))
    missing = [x is None or x == "?" for x in values]
    assert [pd.isna(x) for x in found] == (missing if are_numbers else [False] * 3 + [True])
    columns, _ = learn_and_encode(pd.DataFrame({"a": found}))
    assert columns.is_categorical.tolist() == [not are_numbers]
    if "1,234" in values:
        assert found[-2] == 1234


def test_the_code_for_integers_says_what_becomes_missing():
    table = pd.DataFrame({"a": [*map(str, range(30)), "?"] * 3})
    with pytest.warns(
        DoubtfulCategoryWarning, match="3 of 93 values, such as '\\?'"
    ) as caught:
        learn_columns(table)
    found = mended(table, str(caught[0].message))
    assert found[:30] == list(range(30))
