"""Reads the mixed tables of the benchmarks: categories, missing values, heavy tails.

Every model gets the same frame. Dates have become numbers, numbers with units lost the
units, what tells the target was dropped; rows without a target are left out. Strings and
truth values are of dtype category, everything else is a float.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

MOST_ROWS = 5000


@dataclass(frozen=True)
class MixedTable:
    """A table as people have it: the task, the target's columns, how it is prepared."""

    task: str
    target: list[str]
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = lambda frame: frame


def _first_number(column: pd.Series) -> pd.Series:
    """Return the first number of each string, as in "23.4 kmpl"."""
    return column.astype(str).str.extract(r"(\d+\.?\d*)")[0].astype(float)


def _airbnb(frame: pd.DataFrame) -> pd.DataFrame:
    since = pd.to_datetime(frame["host_since"])
    verifications = frame["host_verifications"].str.count("'") // 2
    frame = frame.drop(columns=["name", "host_since", "host_verifications"])
    days = (since - pd.Timestamp("2000-01-01")).dt.days
    return frame.assign(host_since=days, n_verifications=verifications)


def _cars(frame: pd.DataFrame) -> pd.DataFrame:
    units = ["mileage", "engine", "max_power", "torque"]
    brand = frame["name"].str.split().str[0]
    return frame.assign(brand=brand, **{name: _first_number(frame[name]) for name in units})


def _seoulbike(frame: pd.DataFrame) -> pd.DataFrame:
    date = pd.to_datetime(frame["Date"], format="%d/%m/%Y")
    parts = {"day": date.dt.dayofyear, "weekday": date.dt.dayofweek, "year": date.dt.year}
    return frame.drop(columns="Date").assign(**parts)


TABLES = {
    "titanic": MixedTable("classification", ["Survived"]),
    "bank": MixedTable("classification", ["conversion"]),
    "hotel": MixedTable("classification", ["is_canceled"]),
    "cars": MixedTable("regression", ["selling_price"], _cars),
    "seoulbike": MixedTable("regression", ["Rented Bike Count"], _seoulbike),
    "student": MixedTable("regression", ["G1", "G2", "G3"]),
    "lifeexp": MixedTable("regression", ["Life expectancy "]),
    "airbnb": MixedTable("regression", ["price"], _airbnb),
}


def read_raw_tables(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame, np.ndarray]]:
    """Yield task, name, features as pandas reads them, and target of each of `TABLES`."""
    for name, table in TABLES.items():
        frame = pd.read_csv(folder / f"{name}.csv").dropna(subset=table.target)
        if len(frame) > MOST_ROWS:
            frame = frame.sample(MOST_ROWS, random_state=0)
        y = frame[table.target].to_numpy()
        if table.task == "classification":
            y = np.unique(y, return_inverse=True)[1]
        X = frame.drop(columns=table.target)
        yield table.task, name, X, y if y.ndim == 1 or y.shape[1] > 1 else y.ravel()


def prepared(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the features of a raw table as numbers and categories."""
    X = TABLES[name].prepare(frame)
    is_number = X.dtypes.map(lambda kind: kind.kind in "iuf")
    return X.astype({c: "float64" if is_number[c] else "category" for c in X})


def read_mixed_tables(folder: Path) -> Iterator[tuple[str, str, pd.DataFrame, np.ndarray]]:
    """Yield task, name, features and target of each of the `TABLES`."""
    for task, name, X, y in read_raw_tables(folder):
        yield task, name, prepared(name, X), y


def split_mixed(X: pd.DataFrame, y: np.ndarray, seed: int, *, stratify: bool) -> list:
    """Return X_train, X_test, y_train, y_test, with a quarter of the rows for the test."""
    stratify = y if stratify else None
    return train_test_split(X, y, test_size=0.25, random_state=seed, stratify=stratify)
