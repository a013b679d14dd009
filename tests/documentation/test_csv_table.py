"""CSV files as people have them are read as the table that was written."""

import csv_table
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

N_ROWS = 60


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=N_ROWS).round(3),
            "count": rng.integers(1, 2000, N_ROWS).astype(float),
            "city": rng.choice(["Zürich", "Paris, Texas", 'the "Hague"'], N_ROWS),
        }
    )


def features(path, **options):
    table, notes = csv_table.read_frame(path, **options)
    decimal = csv_table.decimal_mark(table, separator_is_comma=True)
    return csv_table.as_features(table, decimal)[0], notes


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"sep": ";"},
        {"sep": ";", "decimal": ","},
        {"sep": "\t"},
        {"sep": "\t", "decimal": ","},
        {"sep": "|"},
        {"decimal": ","},
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"encoding": "latin-1"},
        {"encoding": "cp1252", "sep": ";", "decimal": ","},
        {"quoting": 1},
        {"index": True},
        {"lineterminator": "\r\n"},
    ],
    ids=lambda written: ",".join(f"{k}={v!r}" for k, v in written.items()) or "plain",
)
def test_a_table_is_read_however_it_was_written(frame, tmp_path, written):
    path = tmp_path / "goods.csv"
    frame.to_csv(path, **{"index": False, **written})
    table, notes = features(path)
    assert_frame_equal(table, frame, check_dtype=False)
    is_foreign = written.get("encoding") in ("latin-1", "cp1252")
    assert any("not UTF-8" in note for note in notes) == is_foreign
    assert any("rows: left out" in note for note in notes) == written.get("index", False)


def test_what_is_given_is_not_guessed(frame, tmp_path):
    path = tmp_path / "goods.csv"
    frame.to_csv(path, index=False, sep=";", encoding="cp850")
    table, notes = features(path, separator=";", encoding="cp850")
    assert_frame_equal(table, frame, check_dtype=False)
    assert notes == []


def read(tmp_path, text):
    path = tmp_path / "goods.csv"
    path.write_text(text)
    return csv_table.read_frame(path)


def test_row_names_without_a_heading_are_left_out_aloud(tmp_path):
    frame, notes = read(tmp_path, "a,b\nx,1,2\ny,3,4\n")
    assert frame.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}
    assert "left out" in notes[0]


def test_blank_and_equal_names_are_made_different(tmp_path):
    frame, notes = read(tmp_path, "a, ,a,b \n1,2,3,4\n")
    assert list(frame) == ["a", "column 2", "a (2)", "b"]
    assert notes == ["2 columns are named 'a'; the later ones are 'a (2)' and so on."]


def test_a_single_column_is_an_error_that_asks_for_the_separator(tmp_path):
    with pytest.raises(ValueError, match=r"a single column, 'a:b'.*--sep"):
        read(tmp_path, "a:b\n1:2\n")


def test_another_encoding_is_an_error_that_asks_for_one(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_bytes("a,b\nü,1\n".encode("latin-1"))
    with pytest.raises(ValueError, match="try another --encoding"):
        csv_table.read_frame(path, encoding="utf-8")
    with pytest.raises(ValueError, match="no encoding 'utf8000'"):
        csv_table.read_frame(path, encoding="utf8000")


@pytest.mark.parametrize(
    ("texts", "separator_is_comma", "mark"),
    [
        (["1,5", "2,25"], True, ","),
        (["1,234", "2,000"], True, "."),  # thousands
        (["1,234", "2,000"], False, ","),
        (["0,125", "0,250"], True, ","),
        (["1,5", "2.5"], False, "."),
        (["1.5", "-.5e3"], True, "."),
        (["Paris, Texas", "1"], True, "."),
        (["18.267,24", "1.000"], False, ","),
        (["-1.267,24 €", "€ 12,50"], False, ","),
        (["1.234", "2.000"], False, "."),
        (["1.234", "$12.50"], False, "."),
        (["12.50", "1.234,5"], False, "."),
    ],
)
def test_the_decimal_mark_is_found(texts, separator_is_comma, mark):
    assert csv_table.decimal_mark(pd.DataFrame({"a": texts}), separator_is_comma) == mark


@pytest.mark.parametrize(
    ("texts", "decimal", "values"),
    [
        (["1", "-2.5", "+.5", "1e3"], ".", [1, -2.5, 0.5, 1000]),
        (["1,234", "1,234,567.5"], ".", [1234, 1234567.5]),
        (["1.234,5", "0,5"], ",", [1234.5, 0.5]),
        (["74 bhp", " 8.5 bhp", "0"], ".", [74, 8.5, 0]),
        (["12%", "-7 %"], ".", [12, -7]),
        (
            ["$1,174.01", "-$958.62", "$-3", "($85)", "\u2212$5"],
            ".",
            [1174.01, -958.62, -3, -85, -5],
        ),
        (["-18.267,24 €", "€ 0,5"], ",", [-18267.24, 0.5]),
        (["US$5", "US$7"], ".", [5, 7]),
        (["39K", "1.5M", "2k", "500"], ".", [39000, 1500000, 2000, 500]),
        (["$39K", "($2B)"], ".", [39000, -2e9]),
        (["850 KB", "-2 KB"], ".", [850, -2]),
        (["39km", "2km"], ".", [39, 2]),
    ],
)
def test_numbers_are_read_with_thousands_and_units(texts, decimal, values):
    assert_array_equal(csv_table.as_numbers(pd.Series(texts), decimal).values, values)


@pytest.mark.parametrize(
    "texts",
    [
        ["5 km", "3 mi"],
        ["A1", "B2"],
        ["1", "no"],
        ["1-2", "3-4"],
        ["1,5", "2,5"],
        ["$5", "€3"],
        ["(5", "3)"],
        ["2 GB", "850 KB"],
    ],
)
def test_other_texts_are_no_numbers(texts):
    assert csv_table.as_numbers(pd.Series(texts), ".") is None


def kind(values):
    column = pd.Series(values, name="a", dtype=object)
    table, line = csv_table.as_feature(column, ".")
    return list(table), line


def test_columns_become_what_their_line_says():
    assert kind([np.nan] * 3) == ([], "left out, it is empty")
    assert kind(["b"] * 3) == ([], "left out, all values are 'b'")
    assert kind(["1", "2"]) == (["a"], "number")
    assert kind(["1 kg", "2 kg"]) == (["a"], "number of kg")
    assert kind([*map(str, range(200)), "?"]) == (
        ["a"], "number, values that are none count as missing: 1, such as '?'"
    )  # fmt: skip
    assert kind(["x", "y"] * 9) == (["a"], "category of 2 values")
    assert kind(["x", "y"] * 9 + ["z"]) == (
        ["a"], "category of 3 values, the 2 most frequent of them and others"
    )  # fmt: skip
    texts = [f"text {i} of some length" for i in range(9)]
    rare = "text of 9 rare values such as 'text 0 of some length'"
    assert kind(texts) == ([], f"left out, {rare}")
    assert kind([*texts, np.nan]) == (["a"], f"whether it is missing, {rare}")


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M"])
def test_dates_become_numbers(form):
    times = pd.date_range("2017-12-25 11:00", periods=40, freq="31h").to_series()
    texts = times.dt.strftime(form).reset_index(drop=True).astype(object)
    texts[7] = np.nan
    table, line = csv_table.as_feature(texts.rename("when"), ".")
    assert line.startswith(f"date ({form})")
    assert table["when (weekday)"].isna().sum() == 1
    expected = times.dt.month.to_numpy(float)
    expected[7] = np.nan
    assert_array_equal(table["when (month)"], expected)
    assert ("when (hour)" in table) == ("%H" in form)


def test_times_of_twelve_hours_are_dates_too():
    texts = [f"11/{day}/2023 {hour}:30 PM" for day in (9, 15) for hour in (5, 12)]
    column = pd.Series(texts, name="when", dtype=object)
    table, line = csv_table.as_feature(column, ".")
    assert line == "date (%m/%d/%Y %I:%M %p), as day, weekday, hour"
    assert_array_equal(table["when (hour)"], [17, 12, 17, 12])


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["3:27", "0:05", "-1:00"], [207, 5, -60]),
        (["3:27", "1:03:27"], [207, 3807]),
        (["0:00:01.5", "10:00:00"], [1.5, 36000]),
        (["5:30 PM", "12:05 am", "12:00 PM", "9:00 a.m."], [1050, 5, 720, 540]),
        (["5:30:10 PM", "12:00:01 AM"], [63010, 1]),
    ],
)
def test_durations_and_times_of_day_become_numbers(texts, values):
    column = pd.Series([*texts, np.nan], name="time", dtype=object)
    table, line = csv_table.as_feature(column, ".")
    assert line == "duration or time of day"
    assert_array_equal(table["time"], [*values, np.nan])


def test_a_title_above_the_header_is_skipped_as_asked(tmp_path):
    path = tmp_path / "goods.csv"
    rows = "".join(f"{i};{i}.5;k\n" for i in range(9))
    path.write_text(f"Export of today;;\nall goods\nsize;price;kind\n{rows}")
    frame, notes = csv_table.read_frame(path, skip_rows=2)
    assert list(frame) == ["size", "price", "kind"]
    assert notes == []
    _, notes = csv_table.read_frame(path)
    assert notes[0] == (
        "The header seems to be in line 3, below a title: pass --skip-rows 2."
    )
    with pytest.raises(ValueError, match="--skip-rows leaves nothing"):
        csv_table.read_frame(path, skip_rows=20)


def test_a_title_of_one_cell_is_an_error_that_says_how_to_skip_it(tmp_path):
    path = tmp_path / "goods.csv"
    path.write_text("Export of today\n\n" + "size;price;kind\n" + "1;2;3\n" * 9)
    with pytest.raises(ValueError, match="line 3, below a title: pass --skip-rows 2"):
        csv_table.read_frame(path)


@pytest.mark.parametrize("header", ["a,b,c", ",a,b", "a,b", "a,,c", ",a,"])
def test_a_header_without_some_names_is_no_title(tmp_path, header):
    _, notes = read(tmp_path, header + "\n" + "x,1,2\ny,3,4\nz,5,6\n")
    assert not any("--skip-rows" in note for note in notes)
