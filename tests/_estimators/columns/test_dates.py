"""The formats of dates are those of every string, and an order that none tells is named."""

from datetime import datetime

import pytest

from skshallow._estimators.columns.dates import (
    CLOCKS,
    DAYS,
    FORMATS,
    OTHER_ORDER,
    TIMES,
    date_formats,
)
from skshallow._estimators.columns.strings import (
    CLOCK_AS_STRINGS,
    DATES_AS_STRINGS,
    not_categories,
)


@pytest.mark.parametrize(
    ("strings", "formats"),
    [
        (["2024-01-05", "2023-12-31"], {"%Y-%m-%d"}),
        (["05/13/2024", "01/02/2024"], {"%m/%d/%Y"}),
        (["13/05/2024", "01/02/2024"], {"%d/%m/%Y"}),
        (["2024-01-05T12:30:00"], {"%Y-%m-%dT%H:%M:%S"}),
        (["2024-01-05T12:30:00+02:00", "2024-01-05T12:30:00Z"], {"%Y-%m-%dT%H:%M:%S%z"}),
        (["1/25/2024 4:30 PM"], {"%m/%d/%Y %I:%M %p"}),
        (["12:30", "9:15"], {"%H:%M"}),
        (["2024-01-05", "13/05/2024"], {"%Y-%m-%d", "%d/%m/%Y"}),
        (["1/2/2024", "1/2/2024 10:00", "1/13/2024"], {"%m/%d/%Y", "%m/%d/%Y %H:%M"}),
        (["5 Aug. 2021", "7 Jan. 2021", "3 May 2021"], {"%d %b. %Y", "%d %b %Y"}),
        (["Feb. 5, 2021", "Jan. 1, 2020"], {"%b. %d, %Y"}),
        (["1/ 5/2024", "Jan  5, 2024"], {"%m/%d/%Y", "%b %d, %Y"}),
        (["23.05.21", "01.12.20"], {"%d.%m.%y"}),
        (["05/23/2021, 02:07:04 PM"], {"%m/%d/%Y, %I:%M:%S %p"}),
        (["Sun, 23 May 2021 14:07:04 +0000"], {"%a, %d %b %Y %H:%M:%S %z"}),
        (["Sunday, June 13, 2021"], {"%A, %B %d, %Y"}),
        (["Sun May 23 14:07:04 2021"], {"%a %b %d %H:%M:%S %Y"}),
        (["23/May/2021:14:07:04 +0000"], {"%d/%b/%Y:%H:%M:%S %z"}),
        (["23 May, 2021", "1 Jun, 2021"], {"%d %b, %Y"}),
        (["noon"], set()),
        (["2024-01-05", "noon"], set()),
    ],
)
def test_the_formats_of_dates_are_found(strings, formats):
    assert set(date_formats(strings).formats) == formats
    assert not date_formats(strings).other_order


def formats_of(day):
    """Return the formats that begin with a day; with "" those of times of day alone."""
    if not day:
        return [form for form in FORMATS if not form.startswith(tuple(DAYS))]
    return [day + time for time in TIMES]


@pytest.mark.parametrize("day", [*DAYS, ""])
def test_each_format_is_found_again(day):
    times = [datetime(2024, 12, 31, 16, 5, 6, 250), datetime(2023, 2, 25, 15, 1, 2, 125)]
    for form in formats_of(day):
        strings = [time.astimezone().strftime(form) for time in times]
        found = date_formats(strings)
        assert found.formats, form
        assert not found.unread, form
        for string, time in zip(strings, times, strict=True):
            if "%d" in form:
                read = datetime.strptime(string, found.formats[0])
                assert (read.month, read.day) == (time.month, time.day), form


@pytest.mark.parametrize("day", [*DAYS, ""])
def test_strings_of_each_format_are_taken_for_dates(day):
    days = [datetime(2024, 12, day, 16, 5, 6, 250).astimezone() for day in range(1, 29)]
    for form in formats_of(day):
        strings = [day.strftime(form) for day in days]
        expected = CLOCK_AS_STRINGS if form in CLOCKS else DATES_AS_STRINGS
        assert not_categories(strings, 2 * len(strings)) == expected, form


@pytest.mark.parametrize(
    "names", [["3.1.4", "10.0.12", "2.7.18"], ["May", "June"], ["Sun", "Mon"], ["A 1, B"]]
)
def test_names_are_not_taken_for_dates(names):
    assert not_categories(names, 100) is None


@pytest.mark.parametrize(("day_first", "month_first"), OTHER_ORDER.items())
def test_dates_that_may_have_either_order_have_both(day_first, month_first):
    strings = [datetime(2024, 5, day).strftime(day_first) for day in (1, 7, 12)]
    found = date_formats(strings)
    assert (found.formats, found.other_order) == ((day_first,), (month_first,))
    told = date_formats([*strings, datetime(2024, 5, 13).strftime(month_first)])
    assert (told.formats, told.other_order) == ((month_first,), ())


def test_dates_of_both_orders_contradict_each_other():
    found = date_formats(["13/05/2024", "05/06/2024", "05/13/2024"])
    assert not found.formats
    assert found.contradictory == ("13/05/2024", "05/13/2024")


def test_strings_that_no_format_reads_are_told():
    strings = [*(f"2024-01-{day:02}" for day in range(1, 29)), "?", "2024-02-30"]
    assert date_formats(strings).unread == (28, 29)
