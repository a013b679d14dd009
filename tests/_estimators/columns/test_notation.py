"""The strings of a column are read as numbers by one notation."""

import re

import pytest

from skshallow._estimators.columns.notation import Notation


@pytest.mark.parametrize(
    ("strings", "marks"),
    [
        (["1.5", "2"], {"."}),
        (["1,5", "2"], {","}),
        (["1,234", "1.5"], {"."}),
        (["1.234", "1,5"], {","}),
        (["1.234", "2.345", "1,5"], {",", "."}),  # rather decimals
        (["1,234", "2"], set()),
        (["1.234", "2"], set()),
        (["1.234", "1,234"], {",", "."}),
        (["1.234.567"], {","}),
        (["1,234,567"], {"."}),
        (["1.234,5"], {","}),
        (["1,234.5"], {"."}),
        (["0,125"], {","}),
        (["1 234,5"], {","}),
        (["1'234.5"], {"."}),
        (["1'234,5"], {","}),
        (["1'234"], set()),
        (["1.234e+03"], {"."}),
        (["1,5", "2.5"], {",", "."}),
    ],
)
def test_decimal_marks_are_those_that_numbers_show(strings, marks):
    assert set(Notation.of(strings).decimal_marks) == marks


@pytest.mark.parametrize(
    "string",
    [
        *("--5", "-$-5", "(-5)", "(5", "5)", "$5 €", "1,2,3", "1.2.3", "12:30", "2-3", ""),
        *(
            "3-door",
            "10-year",
            "-5-",
            "(5-)",
            "5--",
            "1'2",
            "1'2345",
            "1''234",
            "5'11",
            "12345'678",
        ),
    ],
)
def test_what_is_no_number_is_none(string):
    assert Notation.of([string]).found == [None]
    assert Notation.of([string]).unread == [0]


@pytest.mark.parametrize(
    ("strings", "unit"),
    [
        (["5 kg", "7 KG", "7kg"], "kg"),
        (["1 day", "2 days"], "day"),
        (["5 ms", "6ms"], "ms"),
    ],
)
def test_spellings_of_a_unit_are_one(strings, unit):
    notation = Notation.of(strings)
    assert set(notation.units) == {unit}
    assert not notation.has_several_units


@pytest.mark.parametrize(
    ("strings", "are_several"),
    [
        (["$5", "7"], False),  # of the currency beside it
        (["$5", "€7"], True),
        (["$5K", "$7"], True),
        (["$5K", "$7K"], False),
        (["5 KB", "7 MB"], True),
        (["5 kg", "7"], True),
        (["5%", "7"], True),
        (["12A", "7C", "3"], False),
    ],
)
def test_several_units_are_those_of_one_quantity(strings, are_several):
    assert Notation.of(strings).has_several_units == are_several


def test_steps_remove_the_common_unit_alone():
    strings = [*(f"{i} m" for i in range(40)), "5 mm", "5 dm", "5"]
    notation = Notation.of(strings)
    text = "5 mm"
    for pattern, new in notation.steps():
        text = re.sub(pattern, new, text)
    assert text == "5m"
    assert [strings[i] for i in notation.unread] == ["5 mm", "5 dm"]
