"""What strings look like: numbers in another notation, text, dates, numbers with a unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

DECIMAL_COMMAS, THOUSANDS = "numbers with decimal commas", "numbers with commas"
SPACED_THOUSANDS = "numbers with spaces"
NUMBERS_AS_STRINGS, FREE_TEXT = "numbers as strings", "free text"
DATES_AS_STRINGS, CLOCK_AS_STRINGS = "dates as strings", "times of day as strings"
QUANTITIES = "numbers with a unit as strings"
QUANTITIES_WITH_COMMAS = "numbers with decimal commas and a unit"
INTEGERS, IDENTIFIERS = "integers as strings", "nearly as many levels as values"

# Levels looked at, evenly spaced; and the proportion of them that decides.
LOOKED_AT, NEARLY_ALL = 1000, 0.9
PARSED = 200  # levels that are parsed, which takes longer
# Free text: more than half of the values occur once only, and they have as many words, or
# letters, as a sentence. A name, an address or an identifier has fewer.
DISTINCT, WORDS, LETTERS = 0.5, 10, 100
FEW_LEVELS = 20

# Patterns, compiled where they are used: few tables have strings, and it takes a while.
PLAIN = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
GROUPED = r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*"
SPACED = r"\s*[+-]?\d{1,3}(\s\d{3})+([.,]\d*)?\s*"
WITH_DECIMAL_COMMA = r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*"
DAY, TO_12 = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"  # also months before days
DAY_TO_YEAR = rf"{DAY}(?P<a>[-/.]){DAY}(?P=a)\d{{4}}"
SHORT_YEAR = rf"{DAY}(?P<b>[-/]){DAY}(?P=b)\d{{2}}"
YEAR_TO_DAY = rf"\d{{4}}(?P<c>[-/.]){TO_12}(?P=c){DAY}"
MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
IN_WORDS = rf"\d{{1,2}}[ -]{MONTH}[ -]\d{{2,4}}|{MONTH} \d{{1,2}},? \d{{4}}"
DATE = rf"(?i)\s*({DAY_TO_YEAR}|{SHORT_YEAR}|{YEAR_TO_DAY}|{IN_WORDS})([T\s].*)?"
CLOCK = r"\s*([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?\s*"
NUMBER = r"[+-]?\d[\d.,]*"
MONEY = r"[$€£¥]"
WITH_UNIT = rf"\s*({NUMBER}\s*[^\d\s.,:/-]\S*|{MONEY}\s*{NUMBER})(\s+\D*)?"
QUANTITY = (
    rf"\s*(?P<before>{MONEY})?\s*(?P<number>{NUMBER})\s*"
    r"(?P<after>[^\d\s.,:/-]\S{0,14})?\s*"
)
# In which `date_format` looks for the one that reads a column.
FORMATS = [
    day + time
    for day in (
        *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y"),
        *("%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d-%b-%Y"),
        *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
    )
    for time in ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S")
]
CLOCK_FORMATS = ["%H:%M", "%H:%M:%S"]


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
    spaced = _share(SPACED, some)
    if spaced and plain + spaced >= NEARLY_ALL:
        return SPACED_THOUSANDS
    decimal = _share(WITH_DECIMAL_COMMA, some)
    if decimal >= 0.5 and plain + decimal >= NEARLY_ALL:
        return DECIMAL_COMMAS
    if _share(DATE, some) >= NEARLY_ALL:
        return DATES_AS_STRINGS
    is_many = n_levels > FEW_LEVELS
    if is_many and plain >= NEARLY_ALL and any("." in level for level in some):
        return NUMBERS_AS_STRINGS
    if is_many and _share(CLOCK, some) >= NEARLY_ALL:
        return CLOCK_AS_STRINGS
    unit, numbers = _common_unit(some)
    if unit and (is_many or re.fullmatch(rf"%|{MONEY}", unit)):
        decimal = _share(WITH_DECIMAL_COMMA, numbers)
        is_grouped = _share(GROUPED, numbers) > 0
        return QUANTITIES_WITH_COMMAS if decimal and not is_grouped else QUANTITIES
    if is_many and n_levels > DISTINCT * n_values and _are_sentences(some):
        return FREE_TEXT
    return None


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


def date_format(levels: Sequence[str]) -> str:
    """Return the format that reads nearly all dates or times of day, else "mixed"."""
    some = levels[:: max(1, len(levels) // PARSED)]
    counts = {form: _n_read(some, form) for form in (*FORMATS, *CLOCK_FORMATS)}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] >= NEARLY_ALL * len(some) else "mixed"


def _n_read(strings: Sequence[str], form: str) -> int:
    """Return how many strings are dates of a format."""
    return sum(map(lambda string: _is_date(string.strip(), form), strings))


def _is_date(string: str, form: str) -> bool:
    try:
        datetime.strptime(string, form)
    except ValueError:
        return False
    return True


def _common_unit(strings: Sequence[str]) -> tuple[str, list[str]]:
    """Return the unit that nearly all strings have, and their numbers; "" if none.

    "12 Main Street" and "12A" have none, since addresses and codes differ in what follows.
    """
    found = list(filter(None, map(re.compile(QUANTITY).fullmatch, strings)))
    units = Counter(match["before"] or match["after"] or "" for match in found)
    unit, count = units.most_common(1)[0] if units else ("", 0)
    if count < NEARLY_ALL * len(strings):
        return "", []
    return unit, [match["number"] for match in found]


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
