"""Out-of-fold predictions: for each row, by the members that did not train on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skshallow._estimators.fit.training_data import TrainingData
from skshallow.losses import Link


@dataclass(frozen=True)
class OutOfFold:
    """Raw predictions for the rows that some member held out.

    Parameters
    ----------
    n_rows : int
        Number of rows of the user's X.
    rows : ndarray of int of shape (n,)
        Which of them have a prediction, in ascending order.
    raw_prediction : ndarray of shape (n, n_raw_outputs)
        In the user's units.
    """

    n_rows: int
    rows: np.ndarray
    raw_prediction: np.ndarray

    @classmethod
    def of(
        cls, data: TrainingData, by_members: Sequence[np.ndarray], link: Link
    ) -> OutOfFold:
        """Combine what each member predicts for its fold (n_fold, n_raw_outputs).

        Members of the same fold are combined as an ensemble. A row that a splitter holds
        out in several folds has the prediction of the last one.
        """
        assert data.folds is not None
        folds = {id(fold.rows): fold.rows for fold in data.folds}
        raw = np.full((len(data.y), by_members[0].shape[-1]), np.nan, by_members[0].dtype)
        for key, rows in folds.items():
            members = [
                own
                for fold, own in zip(data.folds, by_members, strict=True)
                if id(fold.rows) == key
            ]
            raw[rows] = link.combine(np.stack(members)) if members[1:] else members[0]
        rows = np.unique(np.concatenate(list(folds.values())))
        in_users_X = rows if data.users_rows is None else data.users_rows[rows]
        return cls(data.n_users_rows, in_users_X, raw[rows])

    def spread(self, prediction: np.ndarray) -> np.ndarray:
        """Return predictions (n, ...) for these rows as (n_rows, ...), NaN for others."""
        whole = np.full((self.n_rows, *prediction.shape[1:]), np.nan, prediction.dtype)
        whole[self.rows] = prediction
        return whole
