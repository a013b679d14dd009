"""Formats of dates and times of day that are strings."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skshallow._estimators.columns.notation import NEARLY_ALL

DAYS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    *("%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d-%b-%Y", "%d-%b-%y"),
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%d %b. %Y", "%b. %d, %Y", "%d.%m.%y", "%d %b, %Y", "%d/%b/%Y", "%Y-%b-%d"),
]
IN_WORDS = "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y-%m-%d"
DAYS += [f"{week}{day}" for week in ("%a, ", "%A, ", "%a ", "%A ") for day in IN_WORDS]
CLOCKS = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M%p", "%I:%M:%S %p"]
ZONES = ["", "%z", " %z"]
TIMES = [
    "",
    *(f"{by}{time}{zone}" for time in CLOCKS for zone in ZONES for by in (" ", ", ")),
]
TIMES += [f"T{clock}{zone}" for clock in CLOCKS[:3] for zone in ZONES[:2]]
FORMATS = [*(day + time for day in DAYS for time in TIMES), *CLOCKS]
FORMATS += ["%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z"]  # of C, and of web servers
# `strptime` takes long for a format that it has not just read: only those are tried that
# have the shape of a string, its numbers as 0, its words as a, and no spaces.
NUMBER, WORD, DOT_OF_WORD, SPACE = r"\d+", r"[^\W\d_]+", r"(?<=a)\.", r"\s"
WORDS = dict.fromkeys(["%a", "%A", "%b", "%B", "%p"], "a")  # other directives are numbers
ZONE_SHAPES = ["a", "+0", "-0", "+0:0", "-0:0", "+0:0:0", "-0:0:0"]
TRIED = 20  # strings that tell which formats are plausible
COMPARED = 500  # strings that tell which of these reads most
MOST_FORMATS = 4  # in one column
# Formats that read some of the same strings as other days.
OTHER_ORDER = {
    "%d/%m/%Y": "%m/%d/%Y",
    "%d-%m-%Y": "%m-%d-%Y",
    "%d/%m/%y": "%m/%d/%y",
    "%d-%m-%y": "%m-%d-%y",
}


@dataclass(frozen=True)
class DateFormats:
    """The formats of a column's dates.

    Parameters
    ----------
    formats : tuple of str
        In the notation of `datetime.strptime`: together they read nearly all strings. Empty
        if no few formats do.
    unread : tuple of int
        The indices of the strings that none reads.
    other_order : tuple of str
        The formats with days and months exchanged, if they read as many.
    contradictory : tuple of str
        Two strings of which one has the day first and the other one the month, if any.
    """

    formats: tuple[str, ...]
    unread: tuple[int, ...] = ()
    other_order: tuple[str, ...] = ()
    contradictory: tuple[str, ...] = ()


def date_formats(levels: Sequence[str]) -> DateFormats:
    """Return the formats that read distinct strings, dates or times of day."""
    strings = [level.strip() for level in levels]
    left = list(range(len(strings)))
    chosen: list[str] = []
    while left and len(chosen) < MOST_FORMATS:
        tried = [strings[i] for i in left[:: max(1, len(left) // TRIED)]]
        readers = {form for string in tried for form in _readers(string)}
        plausible = [form for form in FORMATS if form in readers]
        if not plausible:
            break
        compared = [strings[i] for i in left[:: max(1, len(left) // COMPARED)]]
        n_read = [sum(_is_date(string, form) for string in compared) for form in plausible]
        best = plausible[n_read.index(max(n_read))]
        unread = [i for i in left if not _is_date(strings[i], best)]
        if len(unread) > len(left) - max(1, 0.01 * len(strings)):
            break
        chosen.append(best)
        left = unread
    if not chosen or len(left) > (1 - NEARLY_ALL) * len(strings):
        return DateFormats(())
    return _with_order(chosen, left, strings)


def _with_order(chosen: list[str], left: list[int], strings: list[str]) -> DateFormats:
    """Return formats with what is known of the order of days and months."""
    exchanged = [_exchanged(form) for form in chosen]
    if not any(exchanged):
        return DateFormats(tuple(chosen), tuple(left))
    # A string that only one order reads is evidence of it.
    both = {form for pair in zip(chosen, exchanged, strict=True) for form in pair if form}
    first: dict[str, str] = {}
    is_left, has_both = set(left), any(form in chosen for form in exchanged)
    # One string that the chosen formats read tells their order; only others contradict it.
    for i in [*left, *(i for i in range(len(strings)) if i not in is_left)]:
        readers = {form for form in both if _exchanged(form) and _is_date(strings[i], form)}
        orders = {"day" if _is_day_first(form) else "month" for form in readers}
        if len(orders) == 1:
            first.setdefault(orders.pop(), strings[i])
            if i not in is_left and not has_both:
                break
    if len(first) == 2:
        return DateFormats((), (), (), (first["day"], first["month"]))
    day_first = [
        form if other is None or _is_day_first(form) else other
        for form, other in zip(chosen, exchanged, strict=True)
    ]
    month_first = [
        form if other is None or not _is_day_first(form) else other
        for form, other in zip(chosen, exchanged, strict=True)
    ]
    if not first:
        return DateFormats(tuple(day_first), tuple(left), tuple(month_first))
    right = day_first if "day" in first else month_first
    return DateFormats(tuple(right), tuple(left))


def _is_day_first(form: str) -> bool:
    return form.startswith(tuple(OTHER_ORDER))


def _exchanged(form: str) -> str | None:
    """Return a format with the other order of days and months, None if it has only one."""
    for day_first, month_first in OTHER_ORDER.items():
        for old, new in ((day_first, month_first), (month_first, day_first)):
            if form.startswith(old):
                return new + form.removeprefix(old)
    return None


def _shape(string: str) -> str:
    """Return what a string has in common with all that a format reads."""
    shape = re.sub(WORD, "a", re.sub(NUMBER, "0", string))
    return re.sub(SPACE, "", re.sub(DOT_OF_WORD, "", shape))


def _readers(string: str) -> list[str]:
    """Return the formats of which a string is a date, or a time of day."""
    of_a_shape = _formats_by_shape().get(_shape(string), ())
    return [form for form in of_a_shape if _is_date(string, form)]


@functools.cache
def _formats_by_shape() -> dict[str, set[str]]:
    """Return the formats that may read strings of a shape."""
    found = defaultdict(set)
    for form in FORMATS:
        shape = re.sub("%[^z]", lambda directive: WORDS.get(directive[0], "0"), form)
        for zone in ZONE_SHAPES if "%z" in form else [""]:
            found[_shape(shape.replace("%z", zone))].add(form)
    return dict(found)


def _is_date(string: str, form: str) -> bool:
    """Return whether a string is a date, or a time of day, of a format."""
    try:
        datetime.strptime(string, form)
    except ValueError:
        return False
    return True
