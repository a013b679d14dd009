"""Which strings are names of categories, and which are numbers or text."""

import numpy as np
import pytest

from skshallow._estimators.columns.strings import not_categories, resemblance

RNG = np.random.default_rng(0)
NUMBERS = RNG.uniform(0, 5000, size=300)
WORDS = ["the", "a", "room", "with", "view", "of", "old", "harbour", "near", "station"]
SENTENCES = [" ".join(RNG.choice(WORDS, size=12)) for _ in range(200)]
NOT_NAMES = {
    "thousands": ([f"{x:,.0f}" for x in NUMBERS], "numbers with commas"),
    "thousands and decimals": ([f"{x:,.2f}" for x in NUMBERS], "numbers with commas"),
    "two thousands": (["1,234", "5,678"], "numbers with commas"),
    "decimal commas": ([f"{x:.1f}".replace(".", ",") for x in NUMBERS], "decimal commas"),
    "two decimal commas": (["3,5", "-0,25"], "decimal commas"),
    "points and commas": (["1.234,5", "17,25"], "decimal commas"),
    "numbers and blanks": ([*(f"{x:.2f}" for x in NUMBERS), " "], "numbers as strings"),
    "exponents": ([f"{x:.3e}" for x in NUMBERS], "numbers as strings"),
    "sentences": (SENTENCES, "free text"),
    "long texts in one word": ([f"{i}" + 150 * "x" for i in range(50)], "free text"),
}
NAMES = {
    "cities": ["Oslo", "Bergen", "Møre, og Romsdal"],
    "lists": ["1", "2", "1,2", "1,2,3"],
    "codes": [f"{i:05d}" for i in range(300)],
    "versions": ["1.0", "1.1", "2.0"],
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
