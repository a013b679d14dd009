"""Effects of columns on the outputs of a net, row by row, with a table of their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow.inspection._common.report import Report, ReportColumn, decimals


@dataclass(eq=False, repr=False)
class Effects(Report):
    """Effects of columns on the outputs of a net; see `integrated_gradients`.

    The attributes are named and shaped as those of ``shap.Explanation``.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_columns) or (n_samples, n_columns, n_outputs)
        Effects, in the units of the output. Those of a row add up to its output minus the
        base value.
    base_values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The mean output of the background, the same for all rows.
    data : ndarray of shape (n_samples, n_columns)
        The values of the columns, of objects if there are categories; NaN where missing.
    feature_names : list of str
        Names of the columns.
    output_names : list of str
        Names of the outputs.
    net_name : str
        Class of the net.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import integrated_gradients
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
    >>> effects = integrated_gradients(net, X)
    >>> effects.values.shape, effects.output_names
    ((150, 4, 3), ['0', '1', '2'])
    >>> effects.importances.shape
    (4, 3)
    """

    values: np.ndarray
    base_values: np.ndarray
    data: np.ndarray
    feature_names: list[str]
    output_names: list[str]
    net_name: str

    @property
    def importances(self) -> np.ndarray:
        """Mean absolute effect of each column (n_columns,) or (n_columns, n_outputs)."""
        return np.abs(self.values).mean(axis=0)

    @property
    def by_importance(self) -> np.ndarray:
        """Indices of the columns, the largest mean absolute effect first."""
        sizes = self.importances.reshape(len(self.feature_names), -1).mean(axis=1)
        return np.argsort(-sizes, kind="stable")

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"Mean absolute effects of the columns of a {self.net_name}"

    def columns(self) -> list[ReportColumn]:
        """Return the mean absolute effects, one row per column of the table explained."""
        order = self.by_importance
        sizes = self.importances.reshape(len(order), -1)[order]
        spec = f".{decimals(sizes, 3)}f"
        names = [self.feature_names[j] for j in order]
        by_output = zip(self.output_names, sizes.T.tolist(), strict=True)
        return [
            ReportColumn("column", names),
            *(ReportColumn(name, list(own), spec) for name, own in by_output),
        ]

    def notes(self) -> list[str]:
        """Return what the figures mean."""
        base = np.atleast_2d(self.base_values.reshape(len(self.values), -1))[:1].ravel()
        figures = ", ".join(f"{value:.4g}" for value in base)
        return [
            f"Means over {len(self.values)} rows, in the units of the output. Effects of a "
            f"row add up to its output minus the base value ({figures}). They describe "
            "the net, not what would follow if a column were changed in the world."
        ]

    def to_shap(self) -> Any:
        """Return them as an Explanation of the package shap, for its plots.

        Returns
        -------
        explanation : shap.Explanation

        Raises
        ------
        ImportError
            If shap is not installed.
        """
        try:
            from shap import Explanation
        except ImportError as error:
            raise ImportError("to_shap needs shap: pip install shap") from error
        several = self.values.ndim > 2
        return Explanation(
            values=self.values,
            base_values=self.base_values,
            data=self.data,
            feature_names=self.feature_names,
            output_names=self.output_names if several else None,
        )
