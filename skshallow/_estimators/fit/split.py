"""Which rows train and which validate: by class, by group, or as a splitter says."""

from __future__ import annotations

from collections import deque
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.metadata_routing import get_routing_for_object

from skshallow._estimators.checks.random_state import random_state_of
from skshallow._estimators.checks.user_warnings import warn_user
from skshallow._estimators.columns.problems import count_of
from skshallow._estimators.fit.auto import (
    AUTO_EARLY_STOPPING_ROWS,
    cross_fits,
    shares_weights,
    validation_fraction,
)
from skshallow._estimators.fit.components import Components
from skshallow._estimators.fit.targets import listed
from skshallow._estimators.fit.training_data import Fold, Table


class CannotHoldOut(ValueError):
    """The rows are too few to train on some and to validate on others.

    Parameters
    ----------
    what : str
        What early stopping cannot do.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"early_stopping {what}. Give more rows, another validation_fraction, or X_val "
            "and y_val."
        )
        self.what = what


class Split(NamedTuple):
    """Whether early stopping is on, and which rows are held out for it.

    Parameters
    ----------
    early_stopping : bool
        Whether validation rows decide which epoch is the best.
    train_rows, validation_rows : ndarray of int or None
        Their indices among the rows of positive weight, sorted; None if no rows are held
        out of the whole fit.
    folds : tuple of Fold, or None
        For each ensemble member the rows that validate it, and those that train it.
    why_off : str or None
        Why ``early_stopping="auto"`` came to False, in words that follow these.
    scores : bool
        Whether the scorer, if there is one, has a value on the validation rows.
    """

    early_stopping: bool
    train_rows: np.ndarray | None = None
    validation_rows: np.ndarray | None = None
    folds: tuple[Fold, ...] | None = None
    why_off: str | None = None
    scores: bool = True

    @classmethod
    def of(
        cls,
        net: Any,
        components: Components,
        table: Table,
        groups: np.ndarray | None,
        *,
        incremental: bool,
        has_validation_data: bool,
    ) -> Split:
        """Decide by the parameters of `net`, and hold rows out where that is to be done.

        Raises
        ------
        ValueError
            If ``early_stopping=True`` is to hold rows out and cannot, or if a splitter
            does not fit the rows.
        """
        if incremental or not net.early_stopping:
            return cls(False)
        is_auto = net.early_stopping == "auto"
        if is_auto and not components.solver.stochastic:
            return cls(False, why_off=f"for solver={components.given['solver']!r}")
        if has_validation_data:
            return cls(True)
        if is_auto and table.n_rows < AUTO_EARLY_STOPPING_ROWS:
            fewest = AUTO_EARLY_STOPPING_ROWS
            return cls(False, why_off=f"below {fewest} rows ({table.n_rows} here)")
        try:
            if cross_fits(net):
                _require_own_weights(net)
                return cls(True, folds=_folds(net, table, groups))
            return cls(True, *_split_rows(net, table, groups))
        except CannotHoldOut as error:
            if not is_auto:
                raise
            return cls(False, why_off=f"where it {error.what}")

    def n_training(self, table: Table) -> int:
        """Return how many rows of `table` train."""
        return table.n_rows if self.train_rows is None else len(self.train_rows)


def _require_own_weights(net: Any) -> None:
    """Raise ValueError if members that share weights would hold out different rows."""
    if shares_weights(net):
        raise ValueError(
            "cross_fit=True needs members with weights of their own: with "
            "share_weights=True, the rows that one member holds out would train its "
            "weights through the others. Set cross_fit='auto', with which all members hold "
            "out the same rows, or share_weights=False."
        )


def _folds(net: Any, table: Table, groups: np.ndarray | None) -> tuple[Fold, ...]:
    """Return the fold of each member; more members share folds."""
    choice, rng = validation_fraction(net), random_state_of(net.random_state)
    groups = _kept(groups, table)
    if not isinstance(choice, Real):
        folds = _folds_by(choice, f"validation_fraction={choice!r}", table, groups)
    else:
        n_folds = max(2, round(1 / float(choice)))
        if groups is None:
            folds = _folds_at_random(table, n_folds, rng)
        else:
            folds = _folds_of_groups(net, table, groups, n_folds, rng)
    return tuple(folds[member % len(folds)] for member in range(net.n_members))


def _folds_by(
    splitter: Any, name: str, table: Table, groups: np.ndarray | None
) -> list[Fold]:
    """Return the folds of a splitter, whose members train on what it gives them."""
    folds = []
    for train_rows, held_out in _splits(splitter, name, table, groups):
        others = np.setdiff1d(np.arange(table.n_rows), held_out)
        trains_others = np.array_equal(train_rows, others)
        folds.append(Fold(held_out, None if trains_others else train_rows))
    return folds


def _folds_of_groups(
    net: Any,
    table: Table,
    groups: np.ndarray,
    n_folds: int,
    rng: np.random.RandomState,
) -> list[Fold]:
    """Return folds of whole groups: "auto" means as many as there are, if they are few."""
    from sklearn.model_selection import GroupKFold  # slow to import, rarely used

    n_groups, fraction = len(np.unique(groups)), validation_fraction(net)
    if n_groups < n_folds:
        if n_groups < 2 or net.validation_fraction != "auto":
            most = f", but validation_fraction=1/{n_groups} can" if n_groups > 1 else ""
            raise CannotHoldOut(
                f"cannot divide {count_of(n_groups, 'group')} into {n_folds} folds, one "
                f"for each validation_fraction={fraction:g} of the rows{most}"
            )
        n_folds = n_groups
    splitter = GroupKFold(n_folds, shuffle=True, random_state=rng)
    return _folds_by(splitter, "cross_fit", table, groups)


def _folds_at_random(table: Table, n_folds: int, rng: np.random.RandomState) -> list[Fold]:
    """Return folds of nearly equal size, stratified by class.

    The only row of a class is in none of them, so that it trains every member.
    """
    strata = np.zeros(table.n_rows) if table.strata is None else table.strata
    order = by_stratum(strata, rng)
    _, first, count = np.unique(strata[order], return_index=True, return_counts=True)
    order = np.delete(order, first[count == 1])
    if len(order) < n_folds:
        alone = table.n_rows - len(order)
        why = f", as {count_of(alone, 'row')} without another of the class must train"
        raise CannotHoldOut(
            f"cannot divide {table.n_rows} rows into {n_folds} folds{why if alone else ''}"
        )
    return [Fold(np.sort(order[start::n_folds])) for start in range(n_folds)]


def by_stratum(strata: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Return all rows, stratum by stratum, within each in random order."""
    order = rng.permutation(len(strata))
    return order[np.argsort(strata[order], kind="stable")]


def _kept(groups: np.ndarray | None, table: Table) -> np.ndarray | None:
    """Return the groups of the rows of `table`, without those of weight 0."""
    return groups if groups is None or table.kept is None else groups[table.kept]


def _split_rows(
    net: Any, table: Table, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows train and which validate."""
    groups = _kept(groups, table)
    choice = validation_fraction(net)
    name = f"validation_fraction={choice!r}"
    if not isinstance(choice, Real):
        return _split_by(choice, name, table, groups)
    rng = random_state_of(net.random_state)
    if groups is None:
        return _split_at_random(table, float(choice), rng, each=net.scoring is not None)
    from sklearn.model_selection import GroupShuffleSplit  # slow to import, rarely used

    splitter = GroupShuffleSplit(1, test_size=float(choice), random_state=rng)
    return _split_by(splitter, name, table, groups)


def _split_at_random(
    table: Table, fraction: float, rng: np.random.RandomState, *, each: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows train and which validate, stratified by class."""
    n_rows = table.n_rows
    strata = np.zeros(n_rows) if table.strata is None else table.strata
    rows = rows_to_hold_out(strata, max(1, round(fraction * n_rows)), rng, each=each)
    if not len(rows):
        kept = "a row" if table.strata is None else "a row of each class"
        raise CannotHoldOut(
            f"cannot hold validation_fraction={fraction:g} of {n_rows} rows out and leave "
            f"{kept} to train on"
        )
    return np.setdiff1d(np.arange(n_rows), rows, assume_unique=True), rows


def rows_to_hold_out(
    strata: np.ndarray, n_rows: int, rng: np.random.RandomState, *, each: bool = False
) -> np.ndarray:
    """Return rows drawn at random, from each stratum its share.

    One row of each stratum is never among them. scikit-learn's `train_test_split` refuses
    classes of a single row, and more classes than rows to hold out.

    Parameters
    ----------
    strata : ndarray of shape (n,)
        The class of each row.
    n_rows : int
        How many rows to hold out.
    rng : RandomState
        Draws them.
    each : bool, default=False
        Whether to hold out one row more of each stratum that has two rows and whose share
        is none.

    Returns
    -------
    rows : ndarray of int
        Their indices, sorted; none if there are not as many to choose from.
    """
    order = by_stratum(strata, rng)
    _, first = np.unique(strata[order], return_index=True)
    candidates = np.delete(order, first)
    if len(candidates) < n_rows:
        return candidates[:0]
    steps = (np.arange(n_rows) + rng.uniform()) / n_rows
    rows = candidates[(steps * len(candidates)).astype(int)]
    if each:
        classes, second = np.unique(strata[candidates], return_index=True)
        rows = np.append(rows, candidates[second[~np.isin(classes, strata[rows])]])
    return np.sort(rows)


def _split_by(
    splitter: Any, name: str, table: Table, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows train and which validate in the last split of a splitter."""
    return _splits(splitter, name, table, groups, most=1)[-1]


def _splits(
    splitter: Any,
    name: str,
    table: Table,
    groups: np.ndarray | None,
    most: int | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return which rows train and which validate in each split, or in the `most` last ones.

    `name` is what the user calls the splitter.
    """
    needs_groups = get_routing_for_object(splitter).consumes("split", ["groups"])
    if needs_groups and groups is None:
        raise ValueError(
            f"{name} needs groups: pass fit(X, y, groups=groups). Within a pipeline or a "
            "search, switch scikit-learn's metadata routing on, and request them by "
            "set_fit_request(groups=True)."
        )
    X, labels = table.users_rows(), table.labels
    try:
        splits = deque(splitter.split(X, labels, groups=groups), maxlen=most)
    except ValueError as error:
        n_groups = ""
        if groups is not None:
            n_groups = f" of {count_of(len(np.unique(groups)), 'group')}"
        raise CannotHoldOut(
            f"cannot split {table.n_rows} rows{n_groups} by {name} ({error})"
        ) from error
    if not splits:
        raise ValueError(f"{name} gives no split.")
    return [_checked(split, name, table) for split in splits]


def _checked(split: Any, name: str, table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows train and which validate, as sorted indices."""
    labels = table.labels
    train_rows, validation_rows = (_as_indices(rows) for rows in split)
    _check_indices(name, train_rows, validation_rows, table)
    lost = [] if table.strata is None else np.setdiff1d(labels, labels[train_rows]).tolist()
    if lost:
        warn_user(
            f"{name} holds all rows of {listed(lost)} out, so that none of them "
            "trains the net. Give more rows, or another split."
        )
    return train_rows, validation_rows


def _as_indices(rows: Any) -> np.ndarray:
    """Return rows of a splitter, indices or a mask (n,), as sorted indices."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else np.sort(rows)


def _check_indices(
    name: str, train_rows: np.ndarray, validation_rows: np.ndarray, table: Table
) -> None:
    """Raise ValueError if these are no two separate parts of the rows."""
    for what, rows in (("train on", train_rows), ("validate on", validation_rows)):
        if not len(rows):
            raise CannotHoldOut(f"has no rows to {what}, as {name} splits them")
        if rows.dtype.kind not in "iu" or rows[0] < 0 or rows[-1] >= table.n_rows:
            left_out = ", those of weight 0 left out" if table.kept is not None else ""
            raise ValueError(
                f"{name} gives rows {rows[0]} to {rows[-1]} to {what}, but X has "
                f"{table.n_rows} rows{left_out}. Give it as many rows as that."
            )
    both = np.intersect1d(train_rows, validation_rows)
    if len(both):
        raise ValueError(
            f"{name} gives row {both[0]} both to train and to validate on. Rows that "
            "train the net do not tell when to stop."
        )
