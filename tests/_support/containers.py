"""The same table in every container: data frames of three libraries, arrays, lists."""

import numpy as np
import pandas as pd
import polars as pl
import pytest


def pandas_arrow(columns):
    pa = pytest.importorskip("pyarrow")
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=pd.ArrowDtype(pa.array(values).type))
            for name, values in columns.items()
        }
    )


def arrow(columns):
    return pytest.importorskip("pyarrow").table(columns)


def array(columns):
    table = np.empty((len(next(iter(columns.values()))), len(columns)), dtype=object)
    for j, values in enumerate(columns.values()):
        table[:, j] = values
    return table


CONTAINERS = {
    "pandas": pd.DataFrame,
    "pandas objects": lambda columns: pd.DataFrame(columns, dtype=object),
    "pandas nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "pandas arrow": pandas_arrow,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "arrow": arrow,
    "array": array,
    "lists": lambda columns: array(columns).tolist(),
    "tuples": lambda columns: list(map(tuple, array(columns))),
}
FRAMES = [name for name in CONTAINERS if name not in ("array", "lists", "tuples")]
