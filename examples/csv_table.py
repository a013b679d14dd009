"""Reads a CSV file as people have it, and says what each column became.

`read_frame` finds separator and encoding, unless they are given, and returns texts.
`decimal_mark` finds the decimal mark. `as_numbers` and `as_features` turn texts into
numbers, dates and categories.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

SEPARATORS = [",", ";", "\t", "|"]
N_RECORDS = 200  # of the file's beginning, by which the separator is chosen
NUMBERS_SHARE = 0.99  # of the values of a column of numbers; the others are typing errors
FREQUENT = 5  # rows with a value, from which on it is a category of its own
MOST_CATEGORIES = 30  # per column; rarer ones share a binary column
DATE_LIKE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
DATES = ["%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y"]
TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p"]
CLOCK = r"([+-]?)(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)\s*(?:([AaPp])\.?[Mm]\.?)?"
MOST_TITLE_LINES = 10
SIGNED = r"[+\-\u2212]?"  # the last one is the minus sign of typesetting
CURRENCY = r"[A-Z]{0,2}[$€£¥₹₽₩₺]|CHF|EUR|USD|GBP|JPY|Rs\.?"
# with a group of thousands before it, whatever the mark is in other columns
CLEAR_MARKS = {",": r"\d\.\d{3},\d+(?![\d.,])", ".": r"\d,\d{3}\.\d+(?![\d.,])"}
MAGNITUDES = {"K": 1e3, "k": 1e3, "M": 1e6, "B": 1e9}
EXPONENT = r"(?:[eE][+-]?\d+)?"


# The file.


def read_frame(
    path: Path,
    separator: str | None = None,
    encoding: str | None = None,
    skip_rows: int = 0,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table as texts, NaN where one is missing, and what is to be said of it.

    Raises
    ------
    ValueError
        If the file cannot be opened, or is not a table.
    """
    text, notes = decoded(path, encoding)
    text = without_lines(text, skip_rows)
    if not text.strip():
        raise ValueError(f"cannot read {path} as CSV: --skip-rows leaves nothing of it.")
    n_titles = n_title_lines(text, separator)
    if n_titles > 0:
        notes.append(
            f"The header seems to be in line {skip_rows + n_titles + 1}, below a title: "
            f"pass --skip-rows {skip_rows + n_titles}."
        )
    separator = find_separator(text) if separator is None else separator
    names = column_names(text, separator)
    if len(names) < 2:
        if n_titles > 0:
            raise ValueError(f"{path} has a first line of one cell. {notes[-1]}")
        raise ValueError(
            f"{path} has a single column, {names[0]!r}, if its values are separated by "
            f"{separator!r}. Pass the separator: --sep ';'"
        )
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            names=unique(names),
            header=0,
            dtype=str,
            skipinitialspace=True,
            index_col=False,
            on_bad_lines="error",
        )
    except (ValueError, pd.errors.ParserWarning) as error:
        raise ValueError(f"cannot read {path} as CSV: {error}") from error
    frame = frame.astype(object).where(frame.notna(), np.nan)
    notes += [
        f"{n} columns are named {name!r}; the later ones are {name + ' (2)'!r} and so on."
        for name, n in Counter(names).items()
        if n > 1 and name
    ]
    return without_row_numbers(frame, names, notes), notes


def decoded(path: Path, encoding: str | None) -> tuple[str, list[str]]:
    """Return the text of a file, and a note if its encoding was guessed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot open {path}: {error.strerror}") from error
    guesses = [encoding] if encoding else encodings(content)
    if not content.strip():
        raise ValueError(f"cannot read {path} as CSV: it is empty.")
    for guess in guesses:
        try:
            text = content.decode(guess)
        except LookupError as error:
            raise ValueError(f"--encoding: there is no encoding {guess!r}.") from error
        except UnicodeDecodeError:
            continue
        if re.search(r"[\x00-\x08\x0e-\x1f]", text):
            raise ValueError(f"cannot read {path} as CSV: it is not a text file.")
        guessed = encoding is None and not guess.startswith("utf")
        note = f"The file is not UTF-8; it was read as {guess} (change with --encoding)."
        return text, [note] if guessed else []
    raise ValueError(f"cannot read {path} as {guesses[-1]}: try another --encoding.")


def encodings(content: bytes) -> list[str]:
    """Return the encodings that a file may have, the likely ones first."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    return ["utf-8-sig", "cp1252", "latin-1"]


def without_lines(text: str, n_lines: int) -> str:
    """Return a text without its first lines."""
    return "".join(text.splitlines(keepends=True)[n_lines:])


def n_title_lines(text: str, separator: str | None) -> int:
    """Return how many lines stand above the header, 0 if the first line may be it.

    A title has fewer cells with a text in them than the header below it has, and the
    records below the header have as many cells as it.
    """
    for n_lines in range(1, MOST_TITLE_LINES + 1):
        rest = without_lines(text, n_lines)
        if not rest.strip():
            return 0
        if not rest.splitlines()[0].strip():
            continue
        mark = find_separator(rest) if separator is None else separator
        first, *_ = first_records(text, mark)
        header, *others = first_records(rest, mark)
        is_full = len(header) > 1 and all(cell.strip() for cell in header)
        n_alike = sum(len(record) == len(header) for record in others)
        is_header = is_full and len(others) > 1 and n_alike >= 0.9 * len(others)
        if is_header:
            # row names may have no cell in the header
            n_named = sum(bool(cell.strip()) for cell in first)
            is_title = n_named < len(header) - 1 and n_named <= len(header) / 2
            is_title = is_title and first[0].strip() != ""
            return n_lines if is_title else 0
    return 0


def first_records(text: str, separator: str) -> list[list[str]]:
    """Return the fields of the first records, without empty lines."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    records = []
    try:
        for record in reader:
            if record:
                records.append(record)
            if len(records) == N_RECORDS:
                break
    except csv.Error as error:
        raise ValueError(f"cannot read the file as CSV: {error}") from error
    return records


def find_separator(text: str) -> str:
    """Return the separator that gives most records as many fields as the header has."""

    def quality(separator: str) -> tuple[float, int]:
        header, *others = map(len, first_records(text, separator))
        # row names may have no field in the header
        agreeing = [n for n in others if n in (header, header + 1)]
        is_table = header > 1 and len(agreeing) >= 0.5 * len(others)
        return (len(agreeing) / max(len(others), 1) if is_table else 0.0), header

    return max(SEPARATORS, key=quality)


def column_names(text: str, separator: str) -> list[str]:
    """Return the names in the header; row names without a field there have the name ''."""
    header, *others = first_records(text, separator)
    if others and all(len(record) == len(header) + 1 for record in others):
        header = ["", *header]
    return [name.strip() for name in header]


def unique(names: list[str]) -> list[str]:
    """Return names that differ: blank ones by their position, equal ones by a number."""
    seen: Counter[str] = Counter()
    result = []
    for position, name in enumerate(names, start=1):
        name = name or f"column {position}"
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def without_row_numbers(
    frame: pd.DataFrame, names: list[str], notes: list[str]
) -> pd.DataFrame:
    """Leave out a first column without a name that counts the rows or names them."""
    first = frame.iloc[:, 0]
    if names[0] or not (first.is_unique and first.notna().all()):
        return frame
    notes.append("The first column has no name and numbers or names the rows: left out.")
    return frame.iloc[:, 1:]


# Numbers.


def decimal_mark(frame: pd.DataFrame, separator_is_comma: bool) -> str:
    """Return "," if fractions are written with commas, else "."."""
    texts = pd.concat([frame[name].dropna() for name in frame], ignore_index=True)
    parts = texts.astype(str).str.strip().str.extract(form_of_numbers(r"[\d.,]*\d"))
    texts = parts["number"].dropna()
    with_comma = texts[texts.str.fullmatch(r"\d*,\d+")]
    # 1.234 and 1,234 may be a thousand and more; 12,5 and 0,125 are fractions
    with_point = texts[texts.str.fullmatch(r"\d*\.\d+" + EXPONENT)]
    is_of_points = ~with_point.str.fullmatch(r"[1-9]\d{0,2}\.\d{3}")
    if texts.str.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+").any() and not is_of_points.any():
        return ","
    if len(with_point) > 0 or with_comma.empty:
        return "."
    is_fraction = ~with_comma.str.fullmatch(r"[1-9]\d{0,2},\d{3}")
    return "," if is_fraction.any() or not separator_is_comma else "."


def form_of_numbers(number: str) -> str:
    """Return the pattern of a number with its sign, currency, magnitude and unit."""
    return (
        rf"^(?P<bracket>\()?(?P<sign>{SIGNED})\s*(?P<currency>{CURRENCY})?\s*"
        rf"(?P<late_sign>{SIGNED})(?P<number>{number})"
        rf"(?P<magnitude>[{''.join(MAGNITUDES)}](?![^\W\d_]))?"
        r"\s*(?P<unit>[^\d\s.,:/+()-][^\d()]{0,14})?\)?$"
    )


@dataclass
class Numbers:
    """A column of numbers: values, their unit, and the texts that are no number."""

    values: pd.Series
    unit: str
    strays: list[str] = field(default_factory=list)


def as_numbers(
    column: pd.Series, decimal: str, share: float = NUMBERS_SHARE
) -> Numbers | None:
    """Return the numbers in a column of texts, None if a lesser share of it are numbers.

    Thousands may be grouped, and a currency or a unit may stand beside the numbers, the
    same for all: 1,234.50 kg, -$85, ($85), 39K.
    """
    texts = column.dropna().astype(str).str.strip()
    for each, form in CLEAR_MARKS.items():
        if texts.str.contains(form).any():
            decimal = each
    mark, group = re.escape(decimal), "." if decimal == "," else ","
    grouped = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{mark}\d+)?"
    number = rf"(?:{grouped}|\d+{mark}?\d*{EXPONENT}|{mark}\d+{EXPONENT})"
    parts = texts.str.extract(form_of_numbers(number))
    has_both = texts.str.startswith("(") == texts.str.endswith(")")
    parts = parts[has_both & parts["number"].notna()]
    units = [parts[name].dropna().str.strip().unique() for name in ("currency", "unit")]
    is_mixed = any(len(each) > 1 for each in units)
    if len(texts) == 0 or len(parts) < share * len(texts) or is_mixed:
        return None
    plain = parts["number"].str.replace(group, "", regex=False)
    values = plain.str.replace(decimal, ".", regex=False).astype(float)
    values *= parts["magnitude"].map(MAGNITUDES).astype(float).fillna(1.0)
    signs = parts["sign"].fillna("") + parts["late_sign"].fillna("")
    is_negative = signs.isin(["-", "\u2212"]) | parts["bracket"].notna()
    values = values.where(~is_negative, -values).replace([np.inf, -np.inf], np.nan)
    strays = texts.drop(parts.index).tolist()
    unit = " ".join(each[0] for each in units if len(each) > 0)
    return Numbers(values.rename(column.name).reindex(column.index), unit, strays)


def as_clock(column: pd.Series) -> pd.Series | None:
    """Return durations and times of day as numbers, None if the texts are others.

    They are in the last unit that is written: 3:27 is 207, 1:03:27 is 3807.
    """
    texts = column.dropna().astype(str).str.strip()
    parts = texts.str.extract(rf"^{CLOCK}$")
    is_clock = parts[3].notna()
    if not is_clock.all():
        return None
    first, middle, last = (parts[j].astype(float) for j in (1, 2, 3))
    half = parts[4].str.lower()
    has_hours_first = half.notna()
    # of 5:30 PM the hour is the middle part, of 5:30:10 PM the first
    hours = first.where(first.notna(), middle)
    shift = (hours % 12 + 12.0 * (half == "p") - hours).where(has_hours_first, 0.0)
    values = first.fillna(0) * 3600 + middle * 60 + last
    values += shift * np.where(first.notna(), 3600.0, 60.0)
    values = values.where(parts[0] != "-", -values)
    return values.rename(column.name).reindex(column.index)


# Columns.


def as_features(frame: pd.DataFrame, decimal: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the columns as floats and categories, and a line on each of them."""
    parts: list[pd.DataFrame] = []
    lines = []
    for name in frame:
        values, line = as_feature(frame[name], decimal)
        parts.append(values)
        n_missing = int(frame[name].isna().sum())
        is_kept = values.shape[1] > 0
        missing = f", {n_missing} missing" if n_missing and is_kept else ""
        lines.append(f"{name}: {line}{missing}")
    return pd.concat(parts, axis="columns"), lines


def as_feature(column: pd.Series, decimal: str) -> tuple[pd.DataFrame, str]:
    """Return what a column of texts becomes, without columns if it is left out."""
    nothing = column.to_frame().iloc[:, :0]
    given = column.dropna()
    if given.empty:
        return nothing, "left out, it is empty"
    if given.nunique() == 1 and len(given) == len(column):
        return nothing, f"left out, all values are {given.iloc[0]!r}"
    numbers = as_numbers(column, decimal)
    if numbers is not None:
        return numbers.values.to_frame(), described(numbers)
    clock = as_clock(column)
    if clock is not None:
        return clock.to_frame(), "duration or time of day"
    dates = as_dates(column)
    if dates is not None:
        return dates
    counts = given.value_counts()
    n_frequent = min(int((counts >= FREQUENT).sum()), MOST_CATEGORIES - 1)
    if n_frequent == 0:
        line = f"text of {len(counts)} rare values such as {short(given)}"
        if len(given) == len(column):
            return nothing, f"left out, {line}"
        return column.to_frame(), f"whether it is missing, {line}"
    line = f"category of {len(counts)} values"
    if n_frequent < len(counts):
        line += f", the {n_frequent} most frequent of them and others"
    return column.to_frame(), line


def described(numbers: Numbers) -> str:
    line = "number" + (f" of {numbers.unit}" if numbers.unit else "")
    if numbers.strays:
        n, first = len(numbers.strays), numbers.strays[0]
        line += f", values that are none count as missing: {n}, such as {first!r}"
    return line


def short(texts: pd.Series) -> str:
    text = str(texts.iloc[0])
    return repr(text if len(text) <= 30 else text[:27] + "...")


def as_dates(column: pd.Series) -> tuple[pd.DataFrame, str] | None:
    """Return day, month, weekday and hour of a column of dates, None if it is another."""
    texts = column.dropna().astype(str).str.strip()
    if not texts.str.match(DATE_LIKE).all():
        return None
    for form in (date + time for date in DATES for time in TIMES):
        times = pd.to_datetime(texts, format=form, errors="coerce")
        if times.notna().all():
            parts = {
                "day": (times - pd.Timestamp("2000-01-01")).dt.days,
                "month": times.dt.month,
                "weekday": times.dt.day_of_week,
                "hour": times.dt.hour,
            }
            kept = {
                f"{column.name} ({part})": values.astype(float).reindex(column.index)
                for part, values in parts.items()
                if values.nunique() > 1
            }
            names = ", ".join(part for part, v in parts.items() if v.nunique() > 1)
            return pd.DataFrame(kept, index=column.index), f"date ({form}), as {names}"
    return None
