"""From the arguments of `fit` to a run: what is read and decided before training."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skshallow._estimators.checks.array_api import check_same_place
from skshallow._estimators.checks.hyperparameters import (
    PERIODIC,
    PIECEWISE_LINEAR,
    parameters_of,
)
from skshallow._estimators.checks.inputs import check_groups, relative
from skshallow._estimators.checks.labels import ordered_categories
from skshallow._estimators.columns import WithoutValues, learn_and_encode
from skshallow._estimators.fit.auto import most_pieces, numeric_encodings
from skshallow._estimators.fit.components import Components
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.feature_encoding import (
    encoding_of,
    found_in,
    n_missing,
    without_values,
)
from skshallow._estimators.fit.monotonic import columns_directions
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.run import FitRun
from skshallow._estimators.fit.scoring import ValidationScore
from skshallow._estimators.fit.split import Split
from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.fit.training_data import (
    Table,
    TrainingData,
    read_table,
    read_validation_table,
)
from skshallow._estimators.fit.transaction import twin_of
from skshallow.engine.encoding import Encoding
from skshallow.losses import Loss


def prepare(
    net: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    validation: tuple[Any, Any, Any] = (None, None, None),
    *,
    groups: Any = None,
    classes: Any = None,
    order: list | None = None,
    incremental: bool = False,
    last: FitResult | None = None,
) -> FitRun:
    """Validate parameters and data, and return the run; nothing is set on `net`.

    Parameters
    ----------
    net : estimator
        That is fitted.
    X, y, sample_weight, groups
        The arguments of `fit`.
    validation : tuple
        Its arguments X_val, y_val and sample_weight_val.
    classes : array-like or None
        All classes, if the first call of `partial_fit` names them.
    order : list or None
        The order of the classes; None means that of the dtype of y, if it has one.
    incremental : bool
        Whether `partial_fit` is called.
    last : FitResult or None
        The result to go on from; None means to start anew.
    """
    net._validate_params()
    order = ordered_categories(y) if order is None else order
    components = Components.of(net, incremental=incremental)
    reader = twin_of(net)
    table = _training_table(net, reader, (X, y, sample_weight), classes, last, incremental)
    targets = _targets_of(net, table, classes, last, incremental)
    loss = _loss_of(net, targets, last, order)
    table = table.stratified(targets)
    directions = columns_directions(
        net,
        components,
        loss,
        loss.n_raw_outputs(targets.n_outputs),
        table.X.shape[1],
        table.feature_names,
        table.columns,
    )
    missing = n_missing(table.X)
    without = _without_values(last)
    if last is None and not incremental:
        without = WithoutValues(np.flatnonzero(missing == table.n_rows).tolist())
    users_validation = read_validation_table(
        reader, validation, targets, table.columns, without
    )
    read = _FitInputs(
        net=net,
        components=components,
        table=table,
        users_validation=users_validation,
        targets=targets,
        loss=loss,
        directions=directions,
        n_missing=missing,
        last=last,
        incremental=incremental,
    )
    split = Split.of(
        net,
        components,
        table,
        check_groups(groups, X),
        incremental=incremental,
        has_validation_data=users_validation is not None,
    )
    run = read.run(split)
    if net.early_stopping != "auto" or not split.early_stopping:
        return run
    why = run.why_unscored()
    if why is None:
        return run
    return read.run(Split(False, why_off=f"where {why}", scores=False))


class _FitInputs(NamedTuple):
    """What was read from the arguments, before rows are held out.

    Parameters
    ----------
    net, components, last, incremental
        As in `prepare`; `components` are those of `net`.
    table, users_validation : Table
        Training rows, and the user's validation set or None.
    targets : Targets
        The kind of target.
    loss : Loss
        The loss for these targets.
    directions : ndarray of shape (n_columns,) or None
        The directions that columns must have.
    n_missing : ndarray of shape (n_columns,)
        Number of missing numbers in each column.
    """

    net: Any
    components: Components
    table: Table
    users_validation: Table | None
    targets: Targets
    loss: Loss
    directions: np.ndarray | None
    n_missing: np.ndarray
    last: FitResult | None
    incremental: bool

    def run(self, split: Split) -> FitRun:
        """Return the run that trains and validates on the rows that `split` says."""
        net, table = self.net, self.table
        n_training = split.n_training(table)
        encodings = self._numeric_encodings(n_training)
        encoding, n_missing = self._encoding(split.train_rows, n_training, encodings)
        encodings = [found_in(encoding, choice) for choice in encodings]
        config = FitConfig.of(
            net,
            self.components,
            self.loss,
            n_training=n_training,
            n_columns=int(np.count_nonzero(self.n_missing < table.n_rows)),
            numeric_encoding=encodings,
            directions=self.directions,
            dtype=table.dtype,
            early_stopping=split.early_stopping,
            cross_fit=split.folds is not None,
            why_no_early_stopping=split.why_off,
            scores=split.scores,
            incremental=self.incremental,
            has_validation_data=self.users_validation is not None,
        )
        data = TrainingData.split(
            table,
            self.users_validation,
            self.targets,
            config,
            split.train_rows,
            split.validation_rows,
            encoding,
            n_missing,
            folds=split.folds,
        )
        scored = config.scoring is not None and data.validation is not None
        score = ValidationScore.of(net, config, data) if scored else None
        return FitRun(config, data, self.last, score=score, params=parameters_of(net))

    def _numeric_encodings(self, n_training: int) -> list[str | None]:
        """Return how numbers enter each member, as in the last result if there is one."""
        if self.last is not None:
            return self.last.numeric_encodings
        encodings = numeric_encodings(self.net, self.components, n_training)
        if self.incremental:
            return [None] * self.net.n_members
        if PERIODIC in encodings and not self.net.standardize:
            raise ValueError(
                f"numeric_encoding={self.net.numeric_encoding!r} needs standardize=True: "
                "the waves start with lengths in standard deviations of a column. Set it, "
                f"or use numeric_encoding={PIECEWISE_LINEAR!r}."
            )
        return encodings

    def _encoding(
        self,
        train_rows: np.ndarray | None,
        n_training: int,
        encodings: list[str | None],
    ) -> tuple[Encoding | None, np.ndarray | None]:
        """Return how columns enter the network, and how many values each lacks.

        Both are those of the last result if there is one.
        """
        if self.last is not None:
            return self.last.encoding, self.last.n_missing
        columns = self.table.columns
        encoding = encoding_of(
            self.table.X,
            columns,
            train_rows,
            self.n_missing,
            weight=self.table.weight,
            most_pieces=most_pieces(self.net, encodings, n_training, self.table.X),
            has_curves=PERIODIC in encodings,
            directions=self.directions,
            is_part=self.incremental,
        )
        return encoding, self.n_missing if columns is None else np.array(columns.n_missing)


def _without_values(last: FitResult | None) -> WithoutValues:
    """Return the columns of which earlier calls had no value."""
    return WithoutValues() if last is None else without_values(last.encoding, last.moments)


def _training_table(
    net: Any,
    reader: Any,
    given: tuple[Any, Any, Any],
    classes: Any,
    last: FitResult | None,
    incremental: bool,
) -> Table:
    """Return the rows of `given`, X, y and sample_weight, weighted by class as well.

    Columns that are learned have the levels of rows of positive weight. `class_weight`
    may name any known class, also one that is not in y.
    """
    kind = net._targets_type
    table = read_table(
        reader,
        *given,
        kind,
        columns=None if last is None else last.columns,
        reset=last is None,
        without_values=_without_values(last),
        categorical_features=net.categorical_features,
        unused_levels=incremental,
        ensure_min_samples=1 if incremental else 2,
    )
    known = classes if last is None else getattr(last.targets, "classes", None)
    class_weight = getattr(net, "class_weight", None)
    weight = kind.weigh(table.labels, table.weight, class_weight, known)
    table = table.weighted(relative(weight))
    if last is not None:
        return table
    if incremental:
        return _with_levels_of_part(table, net.categorical_features)
    return table.with_own_levels()


def _with_levels_of_part(table: Table, categorical_features: Any) -> Table:
    """Return the table with levels of rows of positive weight and those of dtypes."""
    if table.columns is None or table.kept is None:
        return table
    columns, X = learn_and_encode(
        table.users_rows(), categorical_features, unused_levels=True, dtype=table.dtype
    )
    return table._replace(X=X, columns=columns)


def _targets_of(
    net: Any, table: Table, classes: Any, last: FitResult | None, incremental: bool
) -> Targets:
    """Return the kind of target, learned from the table or that of the last result."""
    if last is None:
        return net._targets_type.learn(table.labels, classes)
    method = "partial_fit" if incremental else "fit"
    check_same_place(table.X, last.theta, f"{type(net).__name__}.{method}")
    last.targets.check(table.labels)
    return last.targets


def _loss_of(
    net: Any, targets: Targets, last: FitResult | None, order: list | None
) -> Loss:
    """Return the loss, which may depend on the `order` of the classes.

    Raises ValueError if the last weights are of another link, or of another order.
    """
    loss = targets.loss(net.loss)
    if last is None:
        loss = loss.ranked(targets.ranks(order))
        targets.check_order(loss)
        return loss
    link, last_link = type(loss.link), type(last.loss.link)
    if link is not last_link:
        raise ValueError(
            f"loss={net.loss!r} has a {link.__name__}, but training continues from "
            f"weights of a loss with a {last_link.__name__}. Set loss back, or start "
            "anew: set warm_start=False and call fit."
        )
    known = getattr(last.loss, "ranks", None)
    loss = loss.ranked(known if order is None else targets.ranks(order))
    if getattr(loss.link, "ranks", None) != getattr(last.loss.link, "ranks", None):
        raise ValueError(
            "Training continues from weights for another order of the classes than "
            "that of y, or of loss, now. Set the order back, or start anew: set "
            "warm_start=False and call fit."
        )
    return loss
