"""What strings are: numbers in another notation or with a unit, dates, text, or names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skshallow._estimators.columns.notation import APOSTROPHES, NEARLY_ALL, Notation

DECIMAL_COMMAS, THOUSANDS = "numbers with decimal commas", "numbers with commas"
SPACED_THOUSANDS, QUOTED_THOUSANDS = "numbers with spaces", "numbers with apostrophes"
NUMBERS_AS_STRINGS, FREE_TEXT = "numbers as strings", "free text"
DATES_AS_STRINGS, CLOCK_AS_STRINGS = "dates as strings", "times of day as strings"
QUANTITIES = "numbers with a unit as strings"
QUANTITIES_WITH_COMMAS = "numbers with decimal commas and a unit"
BOTH_MARKS = "numbers with decimal commas and decimal points"
SEVERAL_UNITS = "numbers with several units as strings"
INTEGERS, IDENTIFIERS = "integers as strings", "nearly as many levels as values"

LOOKED_AT = 1000  # levels, evenly spaced
# Free text: more than half of the values occur once only, and they have as many words, or
# letters, as a sentence. A name, an address or an identifier has fewer.
DISTINCT, WORDS, LETTERS = 0.5, 10, 100
FEW_LEVELS = 20
WITH_UNITS = (QUANTITIES, QUANTITIES_WITH_COMMAS, SEVERAL_UNITS)

# Patterns, compiled where they are used: few tables have strings, and it takes a while.
PLAIN = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
DAY, TO_12 = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"  # also months before days
DAY_TO_YEAR = rf"{DAY}(?P<a>[-/.]){DAY}(?P=a)\d{{4}}"
SHORT_YEAR = rf"{DAY}(?P<b>[-/]){DAY}(?P=b)\d{{2}}|\d\d\.(0[1-9]|1[0-2])\.\d\d"
YEAR_TO_DAY = rf"\d{{4}}(?P<c>[-/.]){TO_12}(?P=c){DAY}"
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
WEEKDAY = r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? "
IN_WORDS = (
    rf"\d{{1,2}}[ /-]{MONTH},?[ /-]\d{{2,4}}|\d{{4}}-{MONTH}-\d{{1,2}}"
    rf"|{MONTH} \d{{1,2}}(,? \d{{4}}| \d\d:\d\d:\d\d \d{{4}})"
)
ALL_DATES = rf"{DAY_TO_YEAR}|{SHORT_YEAR}|{YEAR_TO_DAY}|{IN_WORDS}"
DATE = rf"(?i)\s*({WEEKDAY})?({ALL_DATES})([T,:\s].*)?"
CLOCK = r"(?i)\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(\s?[ap]m)?\s*"
NUMBER = r"[+-]?\d[\d.,]*"
MONEY = r"[$€£¥]"
WITH_UNIT = rf"\s*({NUMBER}\s*[^\d\s.,:/-]\S*|{MONEY}\s*{NUMBER})(\s+\D*)?"


def not_categories(levels: Sequence[str], n_values: int) -> str | None:
    """Return what strings are that should not be read as categories, else None.

    Parameters
    ----------
    levels : sequence of str
        The distinct strings.
    n_values : int
        How many values the column has that are not missing.
    """
    some = _some_of(levels)
    kind = _kind(some, len(levels), n_values) if some else None
    if kind is None or len(some) == len(levels):
        return kind
    return _kind(levels, len(levels), n_values) or kind


def _kind(some: Sequence[str], n_levels: int, n_values: int) -> str | None:
    """Return what some of the levels are, or all, if they are no categories."""
    is_many = n_levels > FEW_LEVELS
    notation = Notation.of(some)
    kind = kind_of_numbers(notation)
    if kind in (THOUSANDS, SPACED_THOUSANDS, QUOTED_THOUSANDS, BOTH_MARKS):
        return kind
    if kind == DECIMAL_COMMAS and notation.share_with(",") >= 0.5:
        return kind
    if _share(DATE, some) >= NEARLY_ALL:
        return DATES_AS_STRINGS
    if kind == NUMBERS_AS_STRINGS and is_many and notation.has_no_codes:
        return NUMBERS_AS_STRINGS
    if is_many and _share(CLOCK, some) >= NEARLY_ALL:
        return CLOCK_AS_STRINGS
    if kind in WITH_UNITS and (is_many or notation.is_money_or_percent):
        return kind
    if is_many and n_levels > DISTINCT * n_values and _are_sentences(some):
        return FREE_TEXT
    return None


def kind_of_numbers(notation: Notation) -> str | None:
    """Return how nearly all of a column's strings write numbers, None if they do not."""
    if notation.has_unit:
        if notation.has_several_units:
            return SEVERAL_UNITS
        if notation.is_contradictory:
            return BOTH_MARKS
        return QUANTITIES_WITH_COMMAS if notation.has_decimal_commas else QUANTITIES
    if notation.units[""] < NEARLY_ALL * len(notation.strings):
        return None
    if notation.is_contradictory:
        return BOTH_MARKS
    if notation.share_with(r"\s"):
        return SPACED_THOUSANDS
    if notation.share_with(f"[{APOSTROPHES}]"):
        return QUOTED_THOUSANDS
    if notation.has_decimal_commas:
        return DECIMAL_COMMAS
    return THOUSANDS if notation.share_with(",") else NUMBERS_AS_STRINGS


def look_of_values(levels: Sequence[str]) -> str | None:
    """Return what strings are that stand where numbers are expected, however few they are.

    None if they are neither numbers nor dates nor times of day.
    """
    kind = kind_of_numbers(Notation.of(levels)) if levels else None
    if kind is None and levels:
        looks = {DATES_AS_STRINGS: DATE, CLOCK_AS_STRINGS: CLOCK}
        found = (look for look, form in looks.items() if _share(form, levels) >= NEARLY_ALL)
        kind = next(found, None)
    return kind


def doubtful_categories(levels: Sequence[str], n_values: int) -> str | None:
    """Return what strings may be that are read as categories all the same, else None.

    Integers may be names, such as postcodes, unless they are quantities. A level of one row
    can be an identifier, from which nothing is to be learned. See `not_categories`.
    """
    some, n_levels = _some_of(levels), len(levels)
    if n_levels <= FEW_LEVELS:
        return None
    has_codes = any(re.match(r"\s*0\d", level) for level in some)  # such as 00501
    if _share(PLAIN, some) >= NEARLY_ALL and not has_codes:
        return INTEGERS
    return IDENTIFIERS if n_levels > DISTINCT * n_values else None


def resemblance(levels: Sequence[str]) -> str | None:
    """Return what strings that are read as categories look like, None if like names."""
    some = _some_of(levels)
    if not some:
        return None
    looks = {"numbers": PLAIN, "dates": DATE, "numbers with a unit": WITH_UNIT}
    shares = ((look, _share(pattern, some)) for look, pattern in looks.items())
    return next((look for look, share in shares if share >= NEARLY_ALL), None)


def _some_of(levels: Sequence[str]) -> Sequence[str]:
    """Return at most twice LOOKED_AT of the strings, evenly spaced."""
    return levels[:: max(1, len(levels) // LOOKED_AT)]


def _share(pattern: str, strings: Sequence[str]) -> float:
    """Return the proportion of strings that match the pattern as a whole."""
    matches = re.compile(pattern).fullmatch
    return sum(matches(string) is not None for string in strings) / len(strings)


def _are_sentences(strings: Sequence[str]) -> bool:
    """Return whether the strings have, on average, as many words as a sentence."""
    words = sum(len(string.split()) for string in strings)
    letters = sum(map(len, strings))
    return words >= WORDS * len(strings) or letters >= LETTERS * len(strings)
