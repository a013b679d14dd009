"""Input validation of a fit, and the split into training and validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import indexable

from skshallow._arrays.namespace import dtype_of, rows_of
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.inputs import (
    check_weights,
    naming,
    refuse_containers,
    relative,
)
from skshallow._estimators.checks.sklearn_private import take_rows
from skshallow._estimators.columns import (
    Columns,
    WithoutValues,
    check_targets,
    read_matrix,
)
from skshallow._estimators.columns.reading import unbatched
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.constant_targets import constant_columns
from skshallow._estimators.fit.targets import Targets
from skshallow.engine.encoding import Encoding
from skshallow.losses import Loss


class Table(NamedTuple):
    """Validated rows, as the user gave them and as arrays.

    Parameters
    ----------
    users_X : {array-like, sparse matrix}
        The X that the user passed, for a scorer; see `users_rows`.
    X : ndarray or CSR matrix of shape (n_rows, n_columns)
        All rows of positive weight.
    labels : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets of these rows, not encoded.
    weight : ndarray of shape (n_rows,) or None
        Their weights, of which only the ratios count.
    kept : ndarray of int or None
        Indices of these rows in the user's X; None means all rows.
    strata : ndarray of shape (n_rows,) or None
        The class of each row, for a stratified split.
    feature_names : ndarray of shape (n_columns,) or None
        The names of the features, if they have any.
    columns : Columns or None
        What the columns are, unless all are plain numbers.
    n_users_rows : int
        Number of rows of the user's X.
    """

    users_X: Any
    X: Any
    labels: np.ndarray
    weight: np.ndarray | None
    kept: np.ndarray | None = None
    strata: np.ndarray | None = None
    feature_names: np.ndarray | None = None
    columns: Columns | None = None
    n_users_rows: int = 0

    @property
    def n_rows(self) -> int:
        """Number of rows of positive weight."""
        return len(self.labels)

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the features."""
        return dtype_of(self.X)

    def weighted(self, weight: np.ndarray | None) -> Table:
        """Return the table with other weights, without the rows whose weight is 0."""
        if weight is None or weight.all():
            return self._replace(weight=weight)
        rows = np.flatnonzero(weight)
        return self._replace(
            X=rows_of(self.X, rows),
            labels=self.labels[rows],
            weight=weight[rows],
            kept=rows if self.kept is None else self.kept[rows],
        )

    def with_own_levels(self) -> Table:
        """Return the table without what only rows of weight 0 had: levels, missing ones."""
        if self.columns is None or self.kept is None:
            return self
        columns, X = self.columns.of_rows(self.X)
        return self._replace(X=X, columns=columns)

    def stratified(self, targets: Targets) -> Table:
        """Return the table with strata by class, if each row has one class."""
        return self._replace(strata=targets.strata(self.labels))

    def users_rows(self, rows: np.ndarray | None = None) -> Any:
        """Return these rows of the user's own X.

        As for scikit-learn's cross-validation, what has no rows to take is made CSR or an
        array first.
        """
        if self.kept is not None:
            rows = self.kept if rows is None else self.kept[rows]
        if rows is None:
            return self.users_X
        return take_rows(*indexable(self.users_X), rows)


def read_table(
    reader: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    targets: type[Targets],
    *,
    columns: Columns | None = None,
    names: tuple[str, str, str] = ("X", "y", "sample_weight"),
    others: tuple[str, ...] = ("groups",),
    **options: Any,
) -> Table:
    """Return validated rows, without those of weight 0.

    Parameters
    ----------
    reader : estimator
        Estimator on which scikit-learn sets the number and names of the features, or
        checks them.
    X, y, sample_weight
        The arguments of `fit`.
    targets : type
        The kind of target.
    columns : Columns or None
        What the columns of X are, if that is known.
    names : tuple of str
        Names of the three arguments, for error messages.
    others : tuple of str
        Names of further arguments with an entry per row.
    **options
        For `read_matrix`.
    """
    refuse_containers(**dict(zip(names, (X, y, sample_weight), strict=True)))
    X, y = unbatched(X), in_numpy(y)
    beside = (names[2], *others)
    check_targets(X, y, names=names[:2], beside=beside, numeric=targets.numeric)
    (features, labels), columns = read_matrix(
        reader,
        X,
        columns,
        input_name=names[0],
        y_name=names[1],
        y=targets.before_validation(y),
        y_numeric=targets.numeric,
        **options,
    )
    labels = labels.toarray() if sparse.issparse(labels) else labels
    labels = np.ascontiguousarray(labels)  # else the bits of sums depend on the layout
    names_of_features = getattr(reader, "feature_names_in_", None)
    labels = targets.after_validation(labels)
    table = Table(
        X,
        features,
        labels,
        None,
        feature_names=names_of_features,
        columns=columns,
        n_users_rows=len(labels),
    )
    return table.weighted(check_weights(sample_weight, features, names[2], names[0]))


def read_validation_table(
    reader: Any,
    validation: tuple[Any, Any, Any],
    targets: Targets,
    columns: Columns | None,
    without_values: WithoutValues,
) -> Table | None:
    """Return the user's own validation set, validated; None if there is none.

    `validation` holds X_val, y_val and sample_weight_val. They are to be like those of the
    training rows: `targets` and `columns`, some of them `without_values`.
    """
    X_val, y_val, sample_weight_val = validation
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val was given without X_val and y_val; give all three."
            )
        return None
    if X_val is None or y_val is None:
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was given without {missing}; give both.")
    names = "X_val", "y_val", "sample_weight_val"
    table = read_table(
        reader,
        X_val,
        y_val,
        sample_weight_val,
        type(targets),
        columns=columns,
        without_values=without_values,
        names=names,
        others=(),
    )
    targets.check(table.labels, names[1])
    return table._replace(weight=relative(table.weight))


class Fold(NamedTuple):
    """The rows of one ensemble member.

    Parameters
    ----------
    held_out : ndarray of int
        Those that validate it, sorted.
    train_rows : ndarray of int or None
        Those that train it, if a splitter leaves some out; None means all others.
    """

    held_out: np.ndarray
    train_rows: np.ndarray | None = None


class ValidationData(NamedTuple):
    """The validation set.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_val, n_columns)
    y : ndarray of shape (n_val, n_outputs) or (n_val, 1)
        Encoded targets, not smoothed, in the user's units.
    weight : ndarray of shape (n_val,) or None
    users_X : {array-like, sparse matrix} or None
        The user's own rows, None where no scorer needs them.
    labels : array-like of shape (n_val,) or (n_val, n_outputs)
        The user's own labels.
    rows : ndarray of int or None
        Which of these rows to use; None means all.
    train_rows : ndarray of int or None
        As in `Fold`, if they are the fold of a member.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    users_X: Any
    labels: np.ndarray
    rows: np.ndarray | None = None
    train_rows: np.ndarray | None = None

    def part(self, values: Any) -> Any:
        """Return the rows to use of `values` (n_val, ...); None stays None."""
        return None if values is None else rows_or_all(values, self.rows)


class TrainingData(NamedTuple):
    """The training set and the validation set.

    Parameters
    ----------
    targets : Targets
        The kind of target, which encodes them.
    X : ndarray or CSR matrix of shape (n_rows, n_columns)
        All rows of positive weight, held-out ones included.
    y : ndarray of shape (n_rows, n_outputs) or (n_rows, 1)
        Their encoded targets, in the user's units, smoothed unless they are class codes.
    loss : Loss
        To train with: the configured one, which smooths class codes.
    weight : ndarray of shape (n_rows,) or None
        Sample weights, with mean 1 over the training rows.
    train_rows : ndarray of int or None
        Indices of the training rows; None means all rows.
    validation : ValidationData or None
    feature_names : ndarray of shape (n_columns,) or None
    columns : Columns or None
        What the columns of X are, unless all are plain numbers.
    encoding : Encoding or None
        How they enter the network, unless as they are.
    n_missing : ndarray of shape (n_columns,) or None
        Number of missing values of each column when these were learned.
    folds : tuple of ValidationData, or None
        For each ensemble member the rows that validate it alone.
    users_rows : ndarray of int or None
        Where the rows are in the user's X, without those of weight 0; None means all.
    n_users_rows : int
        Number of rows of the user's X.
    """

    targets: Targets
    X: Any
    y: np.ndarray
    loss: Loss
    weight: np.ndarray | None
    train_rows: np.ndarray | None
    validation: ValidationData | None
    feature_names: np.ndarray | None
    columns: Columns | None = None
    encoding: Encoding | None = None
    n_missing: np.ndarray | None = None
    folds: tuple[ValidationData, ...] | None = None
    users_rows: np.ndarray | None = None
    n_users_rows: int = 0

    @classmethod
    def split(
        cls,
        table: Table,
        validation: Table | None,
        targets: Targets,
        config: FitConfig,
        train_rows: np.ndarray | None,
        validation_rows: np.ndarray | None,
        encoding: Encoding | None = None,
        n_missing: np.ndarray | None = None,
        folds: tuple[Fold, ...] | None = None,
    ) -> TrainingData:
        """Encode the targets; train on some rows and validate on others, if given."""
        y = targets.encode(table.labels, config.loss)
        held_out = None
        scored = config.scoring is not None
        if validation is not None:
            with naming("y_val"):
                encoded = targets.encode(validation.labels, config.loss)
            held_out = ValidationData(
                validation.X,
                encoded,
                validation.weight,
                validation.users_rows() if scored else None,
                validation.labels,
            )
        elif validation_rows is not None:
            held_out = ValidationData(
                rows_of(table.X, validation_rows),
                y[validation_rows],
                None if table.weight is None else table.weight[validation_rows],
                table.users_rows(validation_rows) if scored else None,
                table.labels[validation_rows],
            )
        weight, of_members = table.weight, None
        if folds is not None:
            whole = ValidationData(table.X, y, weight, None, table.labels)
            of_members = tuple(
                whole._replace(rows=fold.held_out, train_rows=fold.train_rows)
                for fold in folds
            )
        if weight is not None:
            weight = weight / rows_or_all(weight, train_rows).mean()
        y, loss = targets.smooth(y, config.loss, config.label_smoothing)
        return cls(
            targets=targets,
            X=table.X,
            y=y,
            loss=loss,
            weight=weight,
            train_rows=train_rows,
            validation=held_out,
            feature_names=table.feature_names,
            columns=table.columns,
            encoding=encoding,
            n_missing=n_missing,
            folds=of_members,
            users_rows=table.kept,
            n_users_rows=table.n_users_rows,
        )

    @property
    def categorical_features(self) -> list:
        """The columns that are categories: their names, or their indices without names."""
        if self.columns is None:
            return []
        found = np.flatnonzero(self.columns.is_categorical).tolist()
        names = self.columns.names
        return found if names is None else [names[i] for i in found]

    @property
    def held_out(self) -> tuple[ValidationData, ...]:
        """The validation set of all members, or that of each; empty if there is none."""
        if self.folds is not None:
            return self.folds
        return () if self.validation is None else (self.validation,)

    @property
    def draws_held_out(self) -> bool:
        """Whether rows of X are held out, from all members or from each its own."""
        return self.train_rows is not None or self.folds is not None

    def users_row(self, row: int) -> int:
        """Return where a row of `X` is in the user's X."""
        return row if self.users_rows is None else int(self.users_rows[row])

    @property
    def n_encoded(self) -> int:
        """Number of features that enter the network."""
        return self.X.shape[1] if self.encoding is None else self.encoding.n_encoded

    @property
    def n_pieces(self) -> int:
        """Number of these that are pieces of numbers."""
        return 0 if self.encoding is None else self.encoding.n_pieces

    @property
    def n_training(self) -> int:
        """Number of rows to train on."""
        return len(self.y if self.train_rows is None else self.train_rows)

    @property
    def constant_targets(self) -> np.ndarray:
        """Which columns of `y` are constant real values in the training rows."""
        if not self.targets.numeric:
            return np.zeros(self.y.shape[1], dtype=bool)
        return constant_columns(self.training_part(self.y))

    def weights_of_members(self, weight: np.ndarray | None) -> np.ndarray:
        """Return weights (n_rows, n_members), 0 where a row does not train a member.

        Their mean is 1 for each member; `weight` (n_rows,) are those of the rows.
        """
        assert self.folds is not None
        n_rows = len(self.y)
        if weight is None:
            weight = np.ones(n_rows)
        weights = np.repeat(weight[:, np.newaxis], len(self.folds), axis=1)
        for member, fold in enumerate(self.folds):
            if fold.train_rows is None:
                weights[fold.rows, member] = 0
            else:
                weights[:, member] *= np.bincount(fold.train_rows, minlength=n_rows)
        return weights / weights.mean(axis=0)

    def training_part(self, values: Any) -> Any:
        """Return the training rows of `values` (n_rows, ...); None stays None."""
        return None if values is None else rows_or_all(values, self.train_rows)


def joined_folds(folds: Sequence[ValidationData]) -> ValidationData:
    """Return the rows of all folds, one fold after the other; a single one as it is."""
    if len(folds) == 1:
        return folds[0]
    rows = [np.asarray(fold.rows) for fold in folds]
    return folds[0]._replace(rows=np.concatenate(rows))


def rows_or_all(values: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """Return these rows of `values` (n, ...); None means all rows."""
    return values if rows is None else values[rows]
