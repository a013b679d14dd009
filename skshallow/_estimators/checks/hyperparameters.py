"""From an estimator's parameters to the components that they name.

Each parameter is checked by itself through scikit-learn's constraints; here they are
checked together. A parameter set away from its default that the others would ignore is
an error that names both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skshallow._estimators.checks.resolve import resolve
from skshallow._estimators.checks.sklearn_private import Interval, Options, StrOptions
from skshallow.activations import ACTIVATIONS, Activation
from skshallow.engine.state import Plan
from skshallow.initializers import INITIALIZERS, Initializer
from skshallow.losses import Loss
from skshallow.schedules import SCHEDULES, Schedule
from skshallow.solvers import SOLVERS, Solver

# What "auto" means, found on tables of 300 to 45 000 rows: small ones need their steps,
# large ones their passes.
AUTO_BATCH_SIZE = 128
AUTO_STEPS = (1500, 500), (4000, 120)  # of each: steps, in at most so many epochs
AUTO_FEWEST_EPOCHS = 40
AUTO_DROPOUT = 0.15
# A tenth of fewer rows says too little of which epoch is the best.
AUTO_EARLY_STOPPING_ROWS = 256
AUTO_DROPOUT_ROWS = 256
AUTO_DROPOUT_UNITS = 64  # a narrow layer has none to spare

_at_least_one = Interval(Integral, 1, None, closed="left")
_not_negative = Interval(Real, 0, None, closed="left")
_not_negative_integer = Interval(Integral, 0, None, closed="left")
_positive = Interval(Real, 0, None, closed="neither")

CONSTRAINTS: dict[str, list] = {
    "hidden_units": [_at_least_one, "array-like"],
    "depth": [None, _not_negative_integer],
    "activation": [str, Activation, "array-like"],
    "init": [str, Initializer],
    "init_scale": [_not_negative],
    "loss": [str, Loss],
    "solver": [str, Solver],
    "learning_rate": [StrOptions({"auto"}), _positive],
    "schedule": [str, Schedule],
    "n_members": [_at_least_one],
    "alpha": [_not_negative],
    "dropout": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
    "max_grad_norm": [None, _positive],
    "average": [StrOptions({"auto"}), "boolean"],
    "batch_size": [StrOptions({"auto"}), None, _at_least_one],
    "max_iter": [StrOptions({"auto"}), _at_least_one],
    "shuffle": ["boolean"],
    "tol": [_not_negative],
    "n_iter_no_change": [StrOptions({"auto"}), _at_least_one, Options(Real, {np.inf})],
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "scoring": [None, str, callable],
    "standardize": ["boolean"],
    "dtype": [None, StrOptions({"float32", "float64"})],
    "record_health": ["boolean"],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "class_weight": [None, dict, list, StrOptions({"balanced"})],
    "label_smoothing": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
    "temperature_scaling": [StrOptions({"auto"}), "boolean"],
}
SHALLOW_CONSTRAINTS = {**CONSTRAINTS, "hidden_units": [_at_least_one]}

# What the full-batch solver has no use for.
_STOCHASTIC_ONLY = (
    "batch_size",
    "learning_rate",
    "schedule",
    "shuffle",
    "dropout",
    "max_grad_norm",
    "average",
)


@dataclass(frozen=True)
class Components:
    """An estimator's parameters, resolved."""

    hidden_units: list[int]
    activations: list[Activation]
    initializer: Initializer
    solver: Solver
    schedule: Schedule

    def stops_early(
        self,
        estimator: Any,
        n_rows: int,
        *,
        has_validation_data: bool,
        incremental: bool,
    ) -> bool:
        """Return whether validation decides on the best epoch of a fit on `n_rows` rows.

        "auto" says so where there is enough to validate on, but not for L-BFGS, which is
        asked for the minimum.
        """
        if estimator.early_stopping != "auto":
            return bool(estimator.early_stopping)
        enough = has_validation_data or n_rows >= AUTO_EARLY_STOPPING_ROWS
        return enough and self.solver.stochastic and not incremental

    def patience(self, estimator: Any, *, early_stopping: bool) -> float:
        """Return how many epochs without improvement end training.

        "auto" has none where the schedule has an end: on the way there it tries rates too
        high to improve at. Early stopping then only picks the best epoch. L-BFGS has a
        test of its own, and needs patience for early stopping alone.
        """
        if estimator.n_iter_no_change != "auto":
            return estimator.n_iter_no_change
        if self.solver.stochastic:
            return np.inf if self.schedule.needs_end else 10
        return 10 if early_stopping else np.inf

    def averages(self, estimator: Any, *, incremental: bool) -> bool:
        """Return whether to end at an average of the weights over the steps.

        "auto" does so where the schedule has an end, which is what is averaged towards.
        """
        if incremental or not self.solver.stochastic:
            return False
        if estimator.average == "auto":
            return self.schedule.needs_end
        return bool(estimator.average)

    def _drops(self, n_rows: int, batch_size: int) -> bool:
        """Return whether "auto" drops units: wide layers, many rows, minibatches."""
        wide = min(self.hidden_units, default=0) >= AUTO_DROPOUT_UNITS
        return wide and n_rows >= AUTO_DROPOUT_ROWS and n_rows > batch_size

    def plan(self, estimator: Any, n_rows: int, *, incremental: bool) -> Plan:
        """Return how `estimator` wants to train on `n_rows` rows."""
        batch_size = estimator.batch_size
        if batch_size == "auto":
            batch_size = AUTO_BATCH_SIZE
        if batch_size is None or not self.solver.stochastic:
            batch_size = n_rows
        batch_size = min(int(batch_size), n_rows)
        learning_rate = estimator.learning_rate
        if learning_rate == "auto":
            learning_rate = self.solver.default_learning_rate
        max_iter = estimator.max_iter
        if max_iter == "auto":
            steps_an_epoch = math.ceil(n_rows / batch_size)
            lengths = (min(steps // steps_an_epoch, most) for steps, most in AUTO_STEPS)
            max_iter = max(AUTO_FEWEST_EPOCHS, *lengths)
        dropout = estimator.dropout
        if dropout == "auto":
            drops = self._drops(n_rows, batch_size) and not incremental
            dropout = AUTO_DROPOUT if drops else 0.0
        max_grad_norm = estimator.max_grad_norm
        return Plan(
            solver=self.solver,
            learning_rate=float(learning_rate),
            schedule=self.schedule,
            batch_size=batch_size,
            shuffle=bool(estimator.shuffle),
            n_epochs=1 if incremental else int(max_iter),
            max_iter=int(max_iter),
            max_grad_norm=None if max_grad_norm is None else float(max_grad_norm),
            tol=float(estimator.tol),
            average=self.averages(estimator, incremental=incremental),
            dropout=float(dropout),
        )


def hidden_widths(hidden_units: Any, depth: int | None) -> list[int]:
    """Return the width of each hidden layer.

    Parameters
    ----------
    hidden_units : int or sequence of int
        The width of every hidden layer, or one width for each.
    depth : int or None
        How many hidden layers; None means 2, or as many as the sequence is long.
    """
    if isinstance(hidden_units, Integral):
        return [int(hidden_units)] * (2 if depth is None else int(depth))
    widths = list(hidden_units)
    if not all(isinstance(width, Integral) and int(width) >= 1 for width in widths):
        raise ValueError(
            f"hidden_units must hold integers of at least 1, got {hidden_units!r}."
        )
    if depth is not None and depth != len(widths):
        raise ValueError(
            f"depth={depth} and hidden_units={hidden_units!r} disagree about the number "
            "of hidden layers. Give hidden_units as one int, or leave depth at None."
        )
    return [int(width) for width in widths]


def components_of(
    estimator: Any, hidden_units: Sequence[int], *, incremental: bool = False
) -> Components:
    """Resolve the parameters of `estimator`, a net with layers of `hidden_units`.

    `incremental` says whether this is for `partial_fit`, where no end is in sight.
    """
    schedule = estimator.schedule
    if schedule == "auto":
        schedule = "constant" if incremental else "cosine"
    return Components(
        hidden_units=list(hidden_units),
        activations=_activations(estimator.activation, len(hidden_units)),
        initializer=resolve("init", estimator.init, INITIALIZERS, Initializer),
        solver=resolve("solver", estimator.solver, SOLVERS, Solver),
        schedule=resolve("schedule", schedule, SCHEDULES, Schedule),
    )


def _activations(choice: Any, depth: int) -> list[Activation]:
    """Return one activation a hidden layer, from one for all or one for each."""
    if isinstance(choice, str | Activation):
        choice = [choice] * depth
    if len(choice) != depth:
        raise ValueError(
            f"activation has {len(choice)} entries, but the net has {depth} hidden "
            "layers; give one activation for all of them, or one for each."
        )
    return [resolve("activation", one, ACTIVATIONS, Activation) for one in choice]


def check_combination(
    estimator: Any,
    components: Components,
    *,
    has_validation_data: bool,
    incremental: bool,
) -> None:
    """Raise ValueError if a parameter would be ignored because of another.

    Parameters
    ----------
    estimator : estimator
        Whose parameters to check.
    components : Components
        Its resolved parameters.
    has_validation_data : bool
        Whether the user passed `X_val`.
    incremental : bool
        Whether this is a call to `partial_fit`.
    """
    early_stopping = estimator.early_stopping != "auto" and estimator.early_stopping
    if not components.solver.stochastic:
        _refuse(estimator, _STOCHASTIC_ONLY, f"solver={estimator.solver!r}")
        if not early_stopping:
            _refuse(
                estimator,
                ["n_iter_no_change"],
                f"solver={estimator.solver!r} and "
                f"early_stopping={estimator.early_stopping!r}",
            )
    elif components.patience(estimator, early_stopping=early_stopping) == np.inf:
        _refuse(estimator, ["tol"], "a training that no lack of improvement ends")
    if incremental and early_stopping:
        raise ValueError(
            "early_stopping=True has no effect in partial_fit, which runs one epoch a "
            "call. Set early_stopping=False, or use fit."
        )
    if incremental and estimator.average != "auto" and estimator.average:
        raise ValueError(
            "average=True has no effect in partial_fit, whose every call ends at the "
            "weights of its last step. Set average=False, or use fit."
        )
    if incremental and components.schedule.needs_end and estimator.max_iter == "auto":
        raise ValueError(
            f"schedule={estimator.schedule!r} ends at max_iter, which max_iter='auto' "
            "leaves open in partial_fit. Give max_iter as a number, or use a schedule "
            "without an end, such as 'constant'."
        )
    if has_validation_data:
        _refuse(estimator, ["validation_fraction"], "X_val and y_val")


def check_use_of_validation(estimator: Any, n_rows: int) -> None:
    """Raise ValueError if a parameter would be ignored for lack of validation rows.

    `n_rows` is the number of rows that were given, none of them held out.
    """
    off = f"early_stopping={estimator.early_stopping!r}"
    if estimator.early_stopping == "auto":
        off += (
            f" (which for L-BFGS, in partial_fit and on fewer than "
            f"{AUTO_EARLY_STOPPING_ROWS} rows, here {n_rows}, is False)"
        )
    _refuse(estimator, ["validation_fraction"], off)
    _refuse(estimator, ["scoring"], f"{off} and no X_val")
    if is_classifier(estimator) and estimator.temperature_scaling:
        _refuse(estimator, ["temperature_scaling"], f"{off} and no X_val")


def _refuse(estimator: Any, names: Sequence[str], reason: str) -> None:
    """Raise ValueError if one of these parameters is not at its default."""
    defaults = {field.name: field.default for field in fields(estimator)}
    for name in names:
        value = getattr(estimator, name)
        if value is not defaults[name] and value != defaults[name]:
            raise ValueError(
                f"{name}={value!r} has no effect with {reason}. Change one of the "
                f"two, or leave {name} at its default, {defaults[name]!r}."
            )
