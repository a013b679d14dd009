"""Out-of-fold predictions: for each row, by the members that did not train on it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skshallow._estimators.fit.training_data import TrainingData
from skshallow.losses import Link


class OutOfFold(NamedTuple):
    """Raw predictions for the rows that some member held out.

    Parameters
    ----------
    n_rows : int
        Number of rows of the user's X.
    rows : ndarray of int of shape (n,)
        Which of them have a prediction, in ascending order.
    raw_prediction : ndarray of shape (n, n_raw_outputs)
        In the user's units.
    y : ndarray of shape (n, n_outputs) or (n, 1)
        Their encoded targets, in the user's units.
    fold : ndarray of int of shape (n,)
        The fold of each row.
    fold_of_member : ndarray of int of shape (n_members,)
        The fold that each member held out.
    """

    n_rows: int
    rows: np.ndarray
    raw_prediction: np.ndarray
    y: np.ndarray
    fold: np.ndarray
    fold_of_member: np.ndarray

    @classmethod
    def of(
        cls, data: TrainingData, by_members: Sequence[np.ndarray], link: Link
    ) -> OutOfFold:
        """Combine what each member predicts for its fold (n_fold, n_raw_outputs).

        Members of the same fold are combined as an ensemble. A row that a splitter holds
        out in several folds has the prediction of the last one.
        """
        assert data.folds is not None
        folds = {id(each.rows): each.rows for each in data.folds}
        places = list(folds)
        fold_of_member = np.array([places.index(id(each.rows)) for each in data.folds])
        raw = np.full((len(data.y), by_members[0].shape[-1]), np.nan, by_members[0].dtype)
        fold_of_row = np.full(len(data.y), -1)
        for fold, rows in enumerate(folds.values()):
            own = [by_members[m] for m, its in enumerate(fold_of_member) if its == fold]
            raw[rows], fold_of_row[rows] = together(np.stack(own), link), fold
        rows = np.flatnonzero(fold_of_row >= 0)
        return cls(
            data.n_users_rows,
            rows if data.users_rows is None else data.users_rows[rows],
            raw[rows],
            data.y[rows],
            fold_of_row[rows],
            fold_of_member,
        )

    def spread(self, values: np.ndarray, fill: float = np.nan) -> np.ndarray:
        """Return values (n, ...) for these rows as (n_rows, ...), `fill` for others."""
        whole = np.full((self.n_rows, *values.shape[1:]), fill, values.dtype)
        whole[self.rows] = values
        return whole


def together(by_members: np.ndarray, link: Link) -> np.ndarray:
    """Return the raw prediction (n, m) of an ensemble of these members (k, n, m)."""
    return link.combine(by_members) if len(by_members) > 1 else by_members[0]


def checksum(y: np.ndarray) -> int:
    """Return a checksum of encoded targets (n, n_outputs), to recognise them by."""
    return zlib.crc32(np.ascontiguousarray(y, np.float64).tobytes())
