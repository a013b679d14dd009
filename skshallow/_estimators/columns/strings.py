"""What strings look like: numbers in another notation, text, dates, numbers with a unit."""

from __future__ import annotations

import re
from collections.abc import Sequence

DECIMAL_COMMAS, THOUSANDS = "numbers with decimal commas", "numbers with commas"
NUMBERS_AS_STRINGS, FREE_TEXT = "numbers as strings", "free text"

# Levels looked at, evenly spaced; and the proportion of them that decides.
LOOKED_AT, NEARLY_ALL = 1000, 0.9
# Free text: more than half of the values occur once only, and they have as many words, or
# letters, as a sentence. A name, an address or an identifier has fewer.
DISTINCT, WORDS, LETTERS = 0.5, 10, 100
FEW_LEVELS = 20

PLAIN = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
GROUPED = re.compile(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*")
WITH_DECIMAL_COMMA = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*")
DATE = re.compile(
    r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([T\s].*)?"
)
NUMBER = r"[+-]?\d[\d.,]*"
WITH_UNIT = re.compile(rf"\s*({NUMBER}\s*[^\d\s.,:/-]\S*|[$€£¥]\s*{NUMBER})(\s+\D*)?")


def not_categories(levels: Sequence[str], n_values: int) -> str | None:
    """Return what strings are that should not be read as categories, else None.

    Parameters
    ----------
    levels : sequence of str
        The distinct strings.
    n_values : int
        How many values the column has that are not missing.
    """
    some, n_levels = _some_of(levels), len(levels)
    if not some:
        return None
    plain, grouped = _share(PLAIN, some), _share(GROUPED, some)
    if grouped and plain + grouped >= NEARLY_ALL:
        return THOUSANDS
    decimal = _share(WITH_DECIMAL_COMMA, some)
    if decimal >= 0.5 and plain + decimal >= NEARLY_ALL:
        return DECIMAL_COMMAS
    has_points = any("." in level for level in some)
    if n_levels > FEW_LEVELS and plain >= NEARLY_ALL and has_points:
        return NUMBERS_AS_STRINGS
    if n_levels > FEW_LEVELS and n_levels > DISTINCT * n_values and _are_sentences(some):
        return FREE_TEXT
    return None


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


def _share(pattern: re.Pattern, strings: Sequence[str]) -> float:
    """Return the proportion of strings that match the pattern as a whole."""
    return sum(pattern.fullmatch(string) is not None for string in strings) / len(strings)


def _are_sentences(strings: Sequence[str]) -> bool:
    """Return whether the strings have, on average, as many words as a sentence."""
    words = sum(len(string.split()) for string in strings)
    letters = sum(map(len, strings))
    return words >= WORDS * len(strings) or letters >= LETTERS * len(strings)
