"""Reports as text, as HTML and as a DataFrame."""

import sys
from xml.etree import ElementTree

import pandas as pd
import pytest

from skshallow.inspection._common.report import WIDTH, Report, ReportColumn, decimals


class Animals(Report):
    title = "Animals & their legs"

    def columns(self):
        return [
            ReportColumn("animal", ["ant", "millipede"]),
            ReportColumn("legs", [6.0, 1000.123], ".1f"),
            ReportColumn("wings", [2, None]),
            ReportColumn(
                "verdict", ["small < large: " + "long " * 30, "fine"], is_wide=True
            ),
        ]

    def notes(self):
        return ["Counted once.", "word " * 40]


def test_text_is_aligned_with_names_left_and_numbers_right():
    lines = str(Animals()).splitlines()
    assert lines[:5] == [
        "Animals & their legs",
        "",
        "animal       legs  wings",
        "ant           6.0      2",
        "millipede  1000.1      -",
    ]


def test_sentences_stand_below_the_table_and_notes_last_all_wrapped():
    text = str(Animals())
    told, counted, words = text.split("\n\n")[2:]
    assert told.startswith("ant: small < large: long long")
    assert told.splitlines()[-1] == "millipede: fine"
    assert counted == "Counted once."
    assert words.split() == ["word"] * 40
    assert max(map(len, text.splitlines())) <= WIDTH
    assert repr(Animals()) == text


def test_html_is_well_formed_and_holds_every_value():
    root = ElementTree.fromstring(f"<div>{Animals()._repr_html_()}</div>")
    assert root.find("table/caption").text == "Animals & their legs"
    heads = [cell.text for cell in root.findall("table/thead/tr/th")]
    assert heads == ["animal", "legs", "wings", "verdict"]
    first, second = root.findall("table/tbody/tr")
    assert first[3].text.startswith("small < large")
    assert [cell.text for cell in second] == ["millipede", "1000.1", "-", "fine"]
    assert [note.text for note in root.findall("p")] == Animals().notes()


def test_the_frame_has_the_numbers_unrounded():
    frame = Animals().to_frame()
    assert frame.index.tolist() == ["ant", "millipede"]
    assert frame.index.name == "animal"
    assert frame["legs"].tolist() == [6.0, 1000.123]
    assert frame["wings"].isna().tolist() == [False, True]
    assert frame.loc["millipede", "verdict"] == "fine"
    assert isinstance(frame, pd.DataFrame)


def test_a_frame_without_pandas_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "skshallow\[frames\]"'):
        Animals().to_frame()


@pytest.mark.parametrize(
    ("values", "significant", "expected"),
    [
        ([0.97, -0.3], 4, 4),
        ([1.0], 4, 3),
        ([-12345.6], 4, 0),
        ([0.00123], 2, 4),
        ([0.0], 4, 4),
        ([float("inf")], 4, 4),
        ([1e-30], 4, 12),
    ],
)
def test_decimals_show_the_largest_value_with_its_significant_digits(
    values, significant, expected
):
    assert decimals(values, significant) == expected
