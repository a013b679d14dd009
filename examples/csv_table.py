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
TIMES = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S"]
SIGNED = r"[+-]?"
EXPONENT = r"(?:[eE][+-]?\d+)?"


# The file.


def read_frame(
    path: Path, separator: str | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table as texts, NaN where one is missing, and what is to be said of it.

    Raises
    ------
    ValueError
        If the file cannot be opened, or is not a table.
    """
    text, notes = decoded(path, encoding)
    separator = find_separator(text) if separator is None else separator
    names = column_names(text, separator)
    if len(names) < 2:
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
    texts = texts.astype(str).str.strip()
    with_comma = texts[texts.str.fullmatch(SIGNED + r"\d*,\d+")]
    with_point = texts.str.fullmatch(SIGNED + r"\d*\.\d+" + EXPONENT).any()
    if with_point or with_comma.empty:
        return "."
    # 1,234 may be a thousand and more; 12,5 and 0,125 are fractions
    is_fraction = ~with_comma.str.fullmatch(SIGNED + r"[1-9]\d{0,2},\d{3}")
    return "," if is_fraction.any() or not separator_is_comma else "."


@dataclass
class Numbers:
    """A column of numbers: values, their unit, and the texts that are no number."""

    values: pd.Series
    unit: str
    strays: list[str] = field(default_factory=list)


def as_numbers(column: pd.Series, decimal: str) -> Numbers | None:
    """Return the numbers in a column of texts, None if less than 99 % are numbers.

    Thousands may be grouped, and one unit may follow the numbers: 1,234.50 kg.
    """
    mark, group = re.escape(decimal), "." if decimal == "," else ","
    grouped = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{mark}\d+)?"
    number = rf"{SIGNED}(?:{grouped}|\d+{mark}?\d*{EXPONENT}|{mark}\d+{EXPONENT})"
    texts = column.dropna().astype(str).str.strip()
    parts = texts.str.extract(rf"^({number})\s*([^\d\s.,:/+-][^\d]{{0,14}})?$")
    found = parts[0].dropna()
    units = parts.loc[found.index, 1].dropna().str.strip().unique().tolist()
    if len(texts) == 0 or len(found) < NUMBERS_SHARE * len(texts) or len(units) > 1:
        return None
    plain = found.str.replace(group, "", regex=False).str.replace(decimal, ".", regex=False)
    values = plain.astype(float).replace([np.inf, -np.inf], np.nan).rename(column.name)
    strays = texts[parts[0].isna()].unique().tolist()
    return Numbers(values.reindex(column.index), "".join(units), strays)


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
