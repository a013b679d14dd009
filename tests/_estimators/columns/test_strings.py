"""Which strings are names of categories, and which are numbers or text."""

import numpy as np
import pytest

from skshallow._estimators.columns.strings import (
    doubtful_categories,
    not_categories,
    resemblance,
)

RNG = np.random.default_rng(0)
NUMBERS = RNG.uniform(0, 5000, size=300)
WORDS = ["the", "a", "room", "with", "view", "of", "old", "harbour", "near", "station"]
SENTENCES = [" ".join(RNG.choice(WORDS, size=12)) for _ in range(200)]
NOT_NAMES = {
    "thousands": ([f"{x:,.0f}" for x in NUMBERS], "numbers with commas"),
    "thousands and decimals": ([f"{x:,.2f}" for x in NUMBERS], "numbers with commas"),
    "two thousands": (["1,234", "5,678"], "numbers with commas"),
    "Swiss thousands": (["1'234", "56'780.50"], "numbers with apostrophes"),
    "Swiss francs": (["CHF 1'234.50", "CHF 85.00"], "with a unit"),
    "signs behind": ([*(f"{i}-" for i in range(30)), "5"], "numbers as strings"),
    "integers in parentheses": ([f"({i})" for i in range(30)], "numbers as strings"),
    "decimal commas": ([f"{x:.1f}".replace(".", ",") for x in NUMBERS], "decimal commas"),
    "two decimal commas": (["3,5", "-0,25"], "decimal commas"),
    "points and commas": (["1.234,5", "17,25"], "decimal commas"),
    "numbers and blanks": ([*(f"{x:.2f}" for x in NUMBERS), " "], "numbers as strings"),
    "exponents": ([f"{x:.3e}" for x in NUMBERS], "numbers as strings"),
    "dates": (["2024-01-05", "2024-02-29"], "dates as strings"),
    "dates and times": (["05.01.2024 12:30", "29.02.2024 08:00"], "dates as strings"),
    "short years": (["05/13/24", "12/31/23"], "dates as strings"),
    "months in words": (["Jan 5, 2024", "29 February 2024"], "dates as strings"),
    "dates and a stray": (
        [*(f"2024-01-{d:02}" for d in range(1, 29)), "?"],
        "dates as strings",
    ),
    "times of day": ([f"{i // 4}:{15 * (i % 4):02}" for i in range(96)], "times of day"),
    "percentages": (["12%", "7.5 %"], "with a unit"),
    "amounts of money": (["$1,200.00", "$85"], "with a unit"),
    "units": ([f"{x:.1f} kmpl" for x in NUMBERS], "with a unit"),
    "units and strays": ([*(f"{x:.0f} CC" for x in NUMBERS), "?"], "with a unit"),
    "units and commas": (
        [f"{x:.1f} €".replace(".", ",") for x in NUMBERS],
        "commas and a unit",
    ),
    "decimal percentages": (["3,5%", "12,25%"], "decimal commas and a unit"),
    "amounts below zero": (
        [f"{'-' if x < 1000 else ''}${x:,.2f}" for x in NUMBERS],
        "with a unit",
    ),
    "amounts in parentheses": (["($85)", "$1,200", "\N{MINUS SIGN}$3"], "with a unit"),
    "thousands and millions": (["$85K", "$2M"], "several units"),
    "bytes": ([*(f"{i} KB" for i in range(30)), "2 GB"], "several units"),
    "currencies": (["$85", "€90", "$5"], "several units"),
    "both decimal marks": (["1,5", "2.5", "3.75"], "decimal commas and decimal points"),
    "days": ([*(f"{i} days" for i in range(2, 30)), "1 day"], "with a unit"),
    "half past": ([f"{i % 12 + 1}:{i} PM" for i in range(10, 50)], "times of day"),
    "sentences": (SENTENCES, "free text"),
    "long texts in one word": ([f"{i}" + 150 * "x" for i in range(50)], "free text"),
}
NAMES = {
    "cities": ["Oslo", "Bergen", "Møre, og Romsdal"],
    "lists": ["1", "2", "1,2", "1,2,3"],
    "codes": [f"{i:05d}" for i in range(300)],
    "versions": ["1.0", "1.1", "2.0"],
    "releases": ["1.2.10", "10.0.19"],
    "sizes": ["500 ml", "750 ml", "1000 ml"],
    "times that recur": ["9:00", "17:30"],
    "houses": [f"{i} {RNG.choice(WORDS)} street" for i in range(300)],
    "house numbers": [*map(str, range(1, 99)), "12A", "12B", "7B"],
    "floors": [*map(str, range(1, 40)), "5B"],
    "seats": [f"{i}{row}" for i in range(50) for row in "ABCDEF"],
    "spans": [f"{i}-{i + 5}" for i in range(300)],
    "telephones": [f"555-{i:04d}" for i in range(300)],
    "tickets": [f"A/5 {i}" for i in range(300)],
    "people": [f"Cumings, Mrs. John Bradley ({i})" for i in range(300)],
    "identifiers": [f"{i:064x}" for i in range(300)],
    "addresses": [f"{i} Rue de la Paix, 75002 Paris, France" for i in range(300)],
    "few long questions": SENTENCES[:10],
    "nothing": [],
    "blanks": [""],
}


@pytest.mark.parametrize(("strings", "kind"), NOT_NAMES.values(), ids=NOT_NAMES)
def test_numbers_and_text_are_no_categories(strings, kind):
    levels = sorted(set(strings))
    assert kind in not_categories(levels, len(strings))


@pytest.mark.parametrize("strings", NAMES.values(), ids=NAMES)
def test_names_and_identifiers_are_categories(strings):
    assert not_categories(sorted(strings), len(strings)) is None


def test_sentences_that_recur_are_categories():
    assert not_categories(sorted(set(SENTENCES)), 10 * len(SENTENCES)) is None


@pytest.mark.parametrize(
    ("levels", "n_values", "kind"),
    [
        ([str(7 * i) for i in range(50)], 1000, "integers as strings"),
        ([str(7 * i) for i in range(10)], 1000, None),
        ([f"{i:05}" for i in range(50)], 1000, None),
        ([f"{i}" for i in range(10001, 10051)], 1000, "integers as strings"),
        ([f"person {i}" for i in range(50)], 60, "nearly as many levels"),
        ([f"person {i}" for i in range(50)], 1000, None),
        ([f"person {i}" for i in range(10)], 10, None),
        ([], 0, None),
    ],
)
def test_integers_and_identifiers_are_doubtful(levels, n_values, kind):
    found = doubtful_categories(levels, n_values)
    assert found is None if kind is None else kind in found


@pytest.mark.parametrize(
    ("strings", "look"),
    [
        (["23.4 kmpl", "17 kmpl"], "numbers with a unit"),
        (["$1,200.00", "$85"], "numbers with a unit"),
        (["5%", "10%"], "numbers with a unit"),
        (["1248 CC", "998 CC"], "numbers with a unit"),
        (["01/12/2017", "31/12/2017"], "dates"),
        (["2010-08-01", "2010-08-01T12:00:00"], "dates"),
        (["00501", "90210"], "numbers"),
        (["Oslo", "Bergen"], None),
        (["A1", "B2"], None),
        ([], None),
    ],
)
def test_what_categories_look_like_is_told(strings, look):
    assert resemblance(strings) == look
