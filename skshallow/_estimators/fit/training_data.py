"""The user's data, validated: what to train on, what to validate on, what to predict."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    column_or_1d,
)

from skshallow._arrays.namespace import rows_of
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.inputs import plain_labels, refuse_containers, validated
from skshallow._estimators.checks.sklearn_private import take_rows


class TrainingData:
    """What a call of `fit` or `partial_fit` brings, as the network's training wants it.

    Parameters
    ----------
    estimator : BaseNet
        Says how targets are encoded; learns features, classes and loss on the way.
    goes_on : bool
        Whether training goes on from earlier weights, which the data must suit.
    incremental : bool
        Whether this is `partial_fit`, where one row is enough.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        All rows of positive weight, held-out ones included.
    y : ndarray of shape (n_samples, n_outputs)
        Their encoded targets, in the user's units.
    weight : ndarray of shape (n_samples,) or None
        Their weights, of mean 1 over the training rows.
    train_rows : ndarray of int or None
        Which of them train; None means all.
    early_stopping : bool
        Whether the validation decides on the best epoch.
    validation : tuple or None
        X, encoded targets and weight to validate on.
    scoring_data : tuple or None
        The same for a scorer: the user's own X, labels and weight.
    """

    def __init__(self, estimator: Any, *, goes_on: bool, incremental: bool) -> None:
        self.estimator = estimator
        self.goes_on = goes_on
        self.incremental = incremental

    def read(self, X, y, sample_weight, classes) -> None:
        """Validate the training data and drop the rows of weight 0."""
        estimator = self.estimator
        refuse_containers(sample_weight=sample_weight)
        X, y = self._validate(
            X,
            y,
            reset=not self.goes_on,
            ensure_min_samples=1 if self.incremental else 2,
        )
        self.kept: np.ndarray | None = None  # None: all of the user's rows
        weight = check_weights(sample_weight, X, "sample_weight")
        X, y, weight = self._drop_weightless(X, y, weight)
        if self.goes_on:
            estimator._check_targets(y)
        else:
            estimator._start_targets(y, classes)
        self._choose_loss()
        weight = estimator._weigh_targets(y, weight, self.incremental)
        self.X, self.labels, self.weight = self._drop_weightless(X, y, weight)
        self.y = estimator._encode_targets(self.labels)

    def _validate(self, X, y, **options):
        """Return X and y as arrays, with scikit-learn's checks."""
        refuse_containers(X=X, y=y)
        y = in_numpy(y)
        X, y = validated(
            self.estimator,
            X,
            y=plain_labels(y) if is_classifier(self.estimator) else y,
            multi_output=True,
            y_numeric=not is_classifier(self.estimator),
            **options,
        )
        y = y.toarray() if sparse.issparse(y) else np.asarray(y)
        if is_classifier(self.estimator) and y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _choose_loss(self) -> None:
        """Resolve the loss; the weights to go on from must predict through its link."""
        estimator = self.estimator
        loss = estimator._resolve_loss()
        if self.goes_on and type(loss.link) is not type(estimator._loss.link):
            raise ValueError(
                f"Training goes on from weights that predict through a "
                f"{type(estimator._loss.link).__name__}, but loss={estimator.loss!r} needs "
                f"a {type(loss.link).__name__}. Set loss back, or start anew with "
                "warm_start=False and fit."
            )
        estimator._loss = loss

    def _drop_weightless(self, X, y, weight):
        """Return X, y, weight without the rows of weight 0; note which were kept."""
        if weight is None or weight.all():
            return X, y, weight
        rows = np.flatnonzero(weight)
        self.kept = rows if self.kept is None else self.kept[rows]
        return rows_of(X, rows), y[rows], weight[rows]

    def hold_out(
        self, X_users, X_val, y_val, sample_weight_val, *, early_stopping: bool
    ) -> None:
        """Decide which rows train and which validate."""
        self.early_stopping = early_stopping
        self.train_rows: np.ndarray | None = None  # None: all
        self.validation: tuple | None = None  # X, encoded y, weight
        self.scoring_data: tuple | None = None  # the user's X, labels, weight
        if (X_val is None) != (y_val is None):
            given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
            raise ValueError(f"{given} was given without {missing}; give both.")
        if X_val is not None:
            self._take_validation_data(X_val, y_val, sample_weight_val)
        elif sample_weight_val is not None:
            raise ValueError("sample_weight_val was given without X_val and y_val.")
        elif early_stopping:
            self._split_validation_data(X_users)
        if self.weight is not None:
            self.weight = self.weight / self.weight[self.training].mean()
        # only now: what validates is judged by the labels that it has
        self.y = self.estimator._targets_to_learn(self.y, incremental=self.incremental)

    @property
    def training(self) -> Any:
        """The index of the training rows."""
        return slice(None) if self.train_rows is None else self.train_rows

    @property
    def n_training(self) -> int:
        """How many rows there are to train on."""
        return len(self.y if self.train_rows is None else self.train_rows)

    def _take_validation_data(self, X_val, y_val, sample_weight_val) -> None:
        """Validate on the user's own data."""
        estimator = self.estimator
        X, labels = self._validate(X_val, y_val, reset=False)
        weight = check_weights(sample_weight_val, X, "sample_weight_val")
        if weight is not None and not weight.all():
            rows = np.flatnonzero(weight)
            X, labels, weight = rows_of(X, rows), labels[rows], weight[rows]
            X_val = take_rows(X_val, rows)
        estimator._check_targets(labels)
        self.validation = X, estimator._encode_targets(labels), weight
        self.scoring_data = X_val, labels, weight

    def _split_validation_data(self, X_users) -> None:
        """Hold a fraction of the training data out, stratified by class."""
        estimator = self.estimator
        n_rows, fraction = len(self.labels), float(estimator.validation_fraction)
        one_class_a_row = is_classifier(estimator) and self.labels.ndim == 1
        classes = self.labels if one_class_a_row else np.zeros(n_rows)
        rows = rows_to_hold_out(
            classes, fraction, check_random_state(estimator.random_state)
        )
        if not len(rows):
            kept = "a row of each class" if one_class_a_row else "a row"
            raise ValueError(
                f"early_stopping cannot hold validation_fraction={fraction:g} of {n_rows} "
                f"rows out and leave {kept} to train on. Give more rows, another "
                "fraction, or X_val and y_val."
            )
        self.train_rows = np.setdiff1d(np.arange(n_rows), rows, assume_unique=True)
        weight = None if self.weight is None else self.weight[rows]
        self.validation = rows_of(self.X, rows), self.y[rows], weight
        users_rows = rows if self.kept is None else self.kept[rows]
        self.scoring_data = take_rows(X_users, users_rows), self.labels[rows], weight


def rows_to_hold_out(
    classes: np.ndarray, fraction: float, rng: np.random.RandomState
) -> np.ndarray:
    """Return a `fraction` of the rows, drawn at random, from each class its share.

    One row of each class is never among them. scikit-learn's `train_test_split` refuses
    classes of a single row, and more classes than rows to hold out.

    Parameters
    ----------
    classes : ndarray of shape (n,)
        The class of each row.
    fraction : float
        Of how many rows to hold out, at least one.
    rng : RandomState
        Draws them.

    Returns
    -------
    rows : ndarray of int
        Their indices, sorted; none if there are not as many to choose from.
    """
    n_rows = len(classes)
    n_held_out = max(1, round(fraction * n_rows))
    order = rng.permutation(n_rows)
    order = order[np.argsort(classes[order], kind="stable")]  # class by class
    _, first = np.unique(classes[order], return_index=True)
    candidates = np.delete(order, first)
    if len(candidates) < n_held_out:
        return candidates[:0]
    steps = (np.arange(n_held_out) + rng.uniform()) / n_held_out
    return np.sort(candidates[(steps * len(candidates)).astype(int)])


def check_weights(sample_weight, X, name: str) -> np.ndarray | None:
    """Return sample weights (n_samples,) in float64, the largest 1, or None."""
    if sample_weight is None:
        return None
    weight = in_numpy(sample_weight)
    weight = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weight.ndim != 1:
        raise ValueError(f"{name} must be 1-dimensional, got shape {weight.shape}.")
    check_consistent_length(X, weight)
    if (weight < 0).any():
        raise ValueError(f"{name} must not be negative; the smallest is {weight.min()}.")
    if not weight.any():
        raise ValueError(f"{name} is zero for every row; at least one must be positive.")
    return weight / weight.max()
