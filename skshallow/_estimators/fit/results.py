"""Result of a fit: the trained network, its history, and the state for the next call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.columns import Columns
from skshallow._estimators.fit.auto import ENCODINGS
from skshallow._estimators.fit.feature_encoding import unseen_inputs
from skshallow._estimators.fit.out_of_fold import OutOfFold
from skshallow._estimators.fit.targets import Targets
from skshallow.engine.encoding import Encoding
from skshallow.engine.history import CURVE_OF_ATTRIBUTE, History
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.losses import Loss


class FitResult(NamedTuple):
    """Everything that `fit` sets on the estimator.

    Parameters
    ----------
    theta : ndarray of shape (P,)
        The parameters, in these `units`.
    network, units, loss, targets : Network, Units, Loss, Targets
        What is needed to compute predictions from the parameters.
    feature_names : ndarray of shape (n_columns,) or None
        The names of the features, if they have any.
    columns : Columns or None
        What the columns of X are, unless all are plain numbers.
    encoding : Encoding or None
        How they enter the network, unless as they are.
    n_missing : ndarray of shape (n_columns,) or None
        Number of missing values of each column of X; None means that there were none.
    n_iter, best_iter : int
        Number of epochs so far, and the best epoch.
    n_rows_seen : int or None
        Number of training rows, summed over these epochs; None if it is not known.
    loss_value : float or None
        The objective at the epoch whose weights these are.
    curves : dict of str to ndarray
        One array per fitted attribute in `CURVE_OF_ATTRIBUTE`, over all epochs so far.
    health : dict of str to ndarray
        Diagnostics of the layers; see `engine.health`.
    resolved_params : dict of str to object
        The values used for parameters that can be "auto".
    used_params : dict of str to str, or None
        The values, as text, that the calls so far used of the parameters that a call may
        not use, of each the last one; None if they are not known.
    temperature : float or None
        The temperature that the output layer was divided by.
    dispersion : ndarray of shape (n_targets,) or None
        The dispersion, for a loss that has one.
    dispersion_weight : float
        The number of rows that `dispersion` is the mean over.
    progress : Progress or None
        State of solver, schedule and random numbers, for a next call.
    moments : tuple of Moments and RobustMoments, or None
        Of features and targets, for the next call of `partial_fit`.
    out_of_fold : OutOfFold or None
        What members predict for the rows of their own folds.
    """

    theta: Any
    network: Network
    units: Units
    loss: Loss
    targets: Targets
    feature_names: np.ndarray | None
    n_iter: int
    best_iter: int
    n_rows_seen: int | None
    loss_value: float | None
    curves: Mapping[str, np.ndarray]
    health: Mapping[str, np.ndarray]
    resolved_params: Mapping[str, Any]
    used_params: Mapping[str, str] | None
    temperature: float | None = None
    dispersion: np.ndarray | None = None
    dispersion_weight: float = 0.0
    progress: Progress | None = None
    moments: tuple[Moments, Moments | RobustMoments] | None = None
    columns: Columns | None = None
    encoding: Encoding | None = None
    n_missing: np.ndarray | None = None
    out_of_fold: OutOfFold | None = None

    @property
    def numeric_encodings(self) -> list[str | None]:
        """How numbers enter each member: as they are, None, or in pieces or curves too."""
        n_members, unseen = self.network.n_members, self.network.layers[0].unseen
        if self.encoding is None:
            return [None] * n_members
        known = [(choice, unseen_inputs(choice, self.encoding)) for choice in ENCODINGS]
        return [
            next(choice for choice, inputs in known if inputs == each)
            for each in unseen or [None] * n_members
        ]

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""
        if self.columns is not None:
            return len(self.columns.levels)
        return self.network.n_features if self.encoding is None else self.encoding.n_columns


def joined_curves(last: FitResult | None, history: History) -> dict[str, np.ndarray]:
    """Return the curves of earlier calls, continued by those of this one."""
    if last is None:
        return {
            attribute: history.curve(name) for attribute, name in CURVE_OF_ATTRIBUTE.items()
        }
    return {
        attribute: _one_after_the_other(
            to_numpy(last.curves[attribute]),
            last.n_iter,
            history.curve(name),
            history.n_epochs,
        )
        for attribute, name in CURVE_OF_ATTRIBUTE.items()
    }


def _one_after_the_other(earlier, n_before: int, later, n_epochs: int) -> np.ndarray:
    """Return the joined curve (n_before + n_epochs,), NaN where not recorded."""
    if len(earlier) == len(later) == 0:
        return later
    parts = ((earlier, n_before), (later, n_epochs))
    return np.concatenate(
        [curve if len(curve) else np.full(n, np.nan) for curve, n in parts]
    )
