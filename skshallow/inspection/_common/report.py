"""Reports: a title, a table and notes, shown as text, HTML or a DataFrame."""

from __future__ import annotations

import html
import math
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

WIDTH = 88  # of the lines of text around a table
NO_VALUE = "-"


@dataclass(frozen=True)
class ReportColumn:
    """A named column of a report.

    Parameters
    ----------
    name : str
        Its heading.
    values : sequence
        One value per row; None if missing.
    spec : str or sequence of str, default=""
        The format specification of its values, or one for each.
    is_wide : bool, default=False
        Whether its values are sentences, which plain text shows below the table.
    """

    name: str
    values: Sequence[Any]
    spec: str | Sequence[str] = ""
    is_wide: bool = False

    def texts(self) -> list[str]:
        """Return the formatted values."""
        spec = self.spec
        specs = [spec] * len(self.values) if isinstance(spec, str) else spec
        return [
            NO_VALUE if value is None else format(value, spec)
            for value, spec in zip(self.values, specs, strict=True)
        ]


class Report(ABC):
    """A table with a title and notes that prints in a terminal and in a notebook."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the table is about, in one line."""

    @abstractmethod
    def columns(self) -> list[ReportColumn]:
        """Return the columns; the first one names the rows."""

    def notes(self) -> list[str]:
        """Return the paragraphs below the table."""
        return []

    def to_frame(self):
        """Return the table as a DataFrame, indexed by its first column.

        Returns
        -------
        frame : pandas.DataFrame
            Numbers unrounded; missing values are NaN, or None among texts.

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> from skshallow.inspection import health_report
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> health_report(net, X).to_frame().index.tolist()
        ['hidden 1', 'hidden 2', 'output']
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                'to_frame needs pandas: pip install "skshallow[frames]"'
            ) from error
        rows, *others = self.columns()
        index = pd.Index(rows.values, name=rows.name or None)
        return pd.DataFrame({column.name: column.values for column in others}, index=index)

    def __str__(self) -> str:
        columns = self.columns()
        rows, *numbers = [column for column in columns if not column.is_wide]
        cells = [_aligned(rows, str.ljust), *(_aligned(c, str.rjust) for c in numbers)]
        lines = ["  ".join(line).rstrip() for line in zip(*cells, strict=True)]
        sentences = [
            f"{row}: {sentence}"
            for column in columns
            if column.is_wide
            for row, sentence in zip(rows.texts(), column.texts(), strict=True)
        ]
        parts = [self.title, "\n".join(lines)]
        if sentences:
            parts.append(
                "\n".join(
                    textwrap.fill(t, WIDTH, subsequent_indent="  ") for t in sentences
                )
            )
        parts += [textwrap.fill(note, WIDTH) for note in self.notes()]
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        columns = self.columns()
        head = "".join(f"<th>{html.escape(column.name)}</th>" for column in columns)
        lines = [
            "".join(map(_html_cell, columns, texts))
            for texts in zip(*(column.texts() for column in columns), strict=True)
        ]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes())
        return (
            f"<table><caption>{html.escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
        )


def _aligned(column: ReportColumn, align: Any) -> list[str]:
    """Return heading and formatted values of a column, padded to the same width."""
    texts = [column.name, *column.texts()]
    width = max(map(len, texts))
    return [align(text, width) for text in texts]


def _html_cell(column: ReportColumn, text: str) -> str:
    align = "left" if column.is_wide else "right"
    return f'<td style="text-align: {align}">{html.escape(text)}</td>'


def decimals(values: Any, significant: int) -> int:
    """Return how many decimals show the largest value to so many significant digits.

    Examples
    --------
    >>> decimals([0.9712, 0.0012], 4), decimals([1234.5, 1.0], 4)
    (4, 0)
    """
    largest = float(np.max(np.abs(values)))
    if largest == 0 or not math.isfinite(largest):
        return significant
    return min(max(significant - 1 - math.floor(math.log10(largest)), 0), 12)
