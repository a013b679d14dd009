"""Configuration of a fit: all hyperparameters, with "auto" replaced by values."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from skshallow._estimators.checks.hyperparameters import PIECEWISE_LINEAR, resolve
from skshallow.activations import ACTIVATIONS, Activation, Identity
from skshallow.engine.state import Plan
from skshallow.initializers import INITIALIZERS, Auto, Initializer
from skshallow.losses import CLASSIFICATION_LOSSES, Loss
from skshallow.schedules import SCHEDULES, Schedule
from skshallow.solvers import SOLVERS, Solver

# What "auto" means, tuned on data sets of 300 to 45 000 rows: small ones need a number of
# steps, large ones a number of epochs.
AUTO_BATCH_SIZE = 128
AUTO_STEPS = (1500, 500), (4000, 120)  # number of steps, and in at most how many epochs
AUTO_FEWEST_EPOCHS = 40
AUTO_DROPOUT = 0.15
AUTO_DROPOUT_ROWS = 256
AUTO_DROPOUT_UNITS = 64  # in a narrow layer, dropout costs accuracy
# With fewer rows, a tenth of them is too noisy to select the best epoch.
AUTO_EARLY_STOPPING_ROWS = 256
AUTO_PATIENCE = 10
AUTO_VALIDATION_FRACTION = 0.1
AUTO_ENCODINGS = None, PIECEWISE_LINEAR  # of members in turn
AUTO_PIECED_ROWS = 256  # of fewer, a piece has hardly enough rows to learn from
AUTO_PIECED_COLUMNS = 512  # of more, the pieces would be thousands of features
# Members that each hold out rows of their own: one fold of at least, and at most, so many.
AUTO_FOLDS = 8, 10
AUTO_SMOOTHING = 0.05


@dataclass(frozen=True)
class Components:
    """The parameters of an estimator that are components, as instances.

    Parameters
    ----------
    hidden_units : list of int
        Width of each hidden layer.
    activations : list of Activation
        One per hidden layer.
    initializer, solver, schedule : Initializer, Solver, Schedule
    given : dict of str to object
        The parameters `solver` and `schedule` as the user gave them, for messages.
    """

    hidden_units: list[int]
    activations: list[Activation]
    initializer: Initializer
    solver: Solver
    schedule: Schedule
    given: dict[str, Any]

    @classmethod
    def of(cls, net: Any, *, incremental: bool = False) -> Components:
        """Resolve the parameters of `net`, for `fit` or, if `incremental`, `partial_fit`.

        Raises
        ------
        ValueError
            If a name is unknown, or two parameters contradict each other.
        """
        hidden_units = net._hidden_widths()
        schedule = net.schedule
        if schedule == "auto":
            schedule = "constant" if incremental else "cosine"
        components = cls(
            hidden_units=hidden_units,
            activations=_activations(net.activation, len(hidden_units)),
            initializer=resolve("init", net.init, INITIALIZERS, Initializer),
            solver=resolve("solver", net.solver, SOLVERS, Solver),
            schedule=resolve("schedule", schedule, SCHEDULES, Schedule),
            given={"solver": net.solver, "schedule": net.schedule},
        )
        if incremental and components.schedule.needs_end and net.max_iter == "auto":
            raise ValueError(
                f"schedule={net.schedule!r} ends at max_iter, and in partial_fit "
                "max_iter='auto' is not known in advance. Set max_iter to a number, or use "
                "a schedule without an end, such as 'constant'."
            )
        return components

    @property
    def initializers(self) -> list[Initializer]:
        """One initializer per layer, the output layer last; "auto" is resolved."""
        if not isinstance(self.initializer, Auto):
            return [self.initializer] * (len(self.activations) + 1)
        return [self.initializer.law(it) for it in (*self.activations, Identity())]


def _activations(choice: Any, depth: int) -> list[Activation]:
    """Return one activation per hidden layer, from a single one or a sequence."""
    if isinstance(choice, str | Activation):
        choice = [choice] * max(depth, 1)
    activations = [resolve("activation", one, ACTIVATIONS, Activation) for one in choice]
    if depth == 0:
        return []
    if len(activations) != depth:
        raise ValueError(
            f"activation is a sequence of length {len(activations)}, but the number of "
            f"hidden layers is {depth}. Give one activation for all of them, or one for "
            "each."
        )
    return activations


@dataclass(frozen=True)
class FitConfig:
    """The settings of one call of `fit` or `partial_fit`, with every "auto" resolved.

    Parameters
    ----------
    components : Components
    loss : Loss
    plan : Plan
        The settings of the engine's training loop.
    incremental : bool
        Whether this is `partial_fit`.
    early_stopping : bool
        Whether validation rows decide which epoch is the best.
    cross_fit : bool
        Whether each member has validation rows of its own.
    validation_fraction : float or splitter
        What to hold out, if rows are held out.
    why_no_early_stopping : str or None
        Why "auto" came to False, in words that follow these.
    n_iter_no_change : float
        Number of epochs without improvement after which training stops, or infinity.
    label_smoothing : float
    temperature_scaling : bool
    dtype : dtype
        Precision to compute in.
    numeric_encoding : list of str or None
        How numbers enter each member.
    clips_features : bool
        Whether the net clips features to their range in training.
    init_scale, alpha, n_members, standardize, record_health, scoring, random_state, verbose
        As the parameters of the same name.
    keeps_state : bool
        Whether a later call may continue from this one.
    """

    components: Components
    loss: Loss
    plan: Plan
    incremental: bool
    early_stopping: bool
    cross_fit: bool
    validation_fraction: Any
    why_no_early_stopping: str | None
    n_iter_no_change: float
    label_smoothing: float
    temperature_scaling: bool
    dtype: np.dtype
    init_scale: float
    alpha: float
    n_members: int
    standardize: bool
    numeric_encoding: list[str | None]
    clips_features: bool
    record_health: bool
    scoring: Any
    random_state: Any
    verbose: int
    keeps_state: bool

    @classmethod
    def of(
        cls,
        net: Any,
        components: Components,
        loss: Loss,
        *,
        n_training: int,
        numeric_encoding: list[str | None],
        dtype: np.dtype,
        incremental: bool,
        early_stopping: bool,
        cross_fit: bool,
        why_no_early_stopping: str | None,
        has_validation_data: bool,
    ) -> FitConfig:
        """Decide how `net` is trained on so many rows of features of this `dtype`."""
        validates = early_stopping or has_validation_data
        return cls(
            components=components,
            loss=loss,
            plan=_plan(net, components, n_training, incremental),
            incremental=incremental,
            early_stopping=early_stopping,
            cross_fit=cross_fit,
            validation_fraction=validation_fraction(net),
            why_no_early_stopping=why_no_early_stopping,
            n_iter_no_change=_patience(net.n_iter_no_change, components, early_stopping),
            label_smoothing=_smoothing(net, components, loss, incremental),
            temperature_scaling=_is_calibrated(net, loss, early_stopping, validates),
            dtype=np.dtype(net.dtype or dtype),
            init_scale=float(net.init_scale),
            alpha=float(net.alpha),
            n_members=int(net.n_members),
            standardize=bool(net.standardize),
            numeric_encoding=numeric_encoding,
            clips_features=bool(net.clip_features and components.hidden_units),
            record_health=bool(net.record_health),
            scoring=net.scoring,
            random_state=net.random_state,
            verbose=int(net.verbose),
            keeps_state=incremental or bool(net.warm_start),
        )

    def resolved_params(
        self, names: Container[str], unused: Container[str]
    ) -> dict[str, Any]:
        """Return the values used for parameters that can be "auto", of those in `names`.

        The value of what is `unused` is None.
        """
        plan = self.plan
        resolved = {
            "init": self.components.initializers,
            "learning_rate": plan.learning_rate,
            "schedule": plan.schedule,
            "dropout": plan.dropout,
            "max_grad_norm": plan.max_grad_norm,
            "average_weights": plan.average_weights,
            "batch_size": plan.batch_size,
            "max_iter": plan.max_iter,
            "n_iter_no_change": self.n_iter_no_change,
            "early_stopping": self.early_stopping,
            "cross_fit": self.cross_fit,
            "numeric_encoding": self.numeric_encoding,
            "validation_fraction": self.validation_fraction,
            "dtype": self.dtype.name,
            "label_smoothing": self.label_smoothing,
            "temperature_scaling": self.temperature_scaling,
        }
        return {
            name: None if name in unused else value
            for name, value in resolved.items()
            if name in names
        }


def numeric_encodings(net: Any, n_rows: int, n_columns: int) -> list[str | None]:
    """Return how the numbers of a table enter each member: as they are, or in pieces too.

    Raises
    ------
    ValueError
        If a sequence has other entries, or does not have one for each member.
    """
    choice, n_members = net.numeric_encoding, net.n_members
    if isinstance(choice, str) and choice == "auto":
        suits = n_rows >= AUTO_PIECED_ROWS and n_columns <= AUTO_PIECED_COLUMNS
        if not (suits and n_members > 1 and net._hidden_widths()):
            return [None] * n_members
        return [AUTO_ENCODINGS[i % len(AUTO_ENCODINGS)] for i in range(n_members)]
    if choice is None or isinstance(choice, str):
        return [choice] * n_members
    unknown = [each for each in choice if each not in AUTO_ENCODINGS]
    if unknown:
        raise ValueError(
            f"numeric_encoding has the entry {unknown[0]!r}. An entry is None or "
            f"{PIECEWISE_LINEAR!r}."
        )
    if len(choice) != n_members:
        raise ValueError(
            f"numeric_encoding has {len(choice)} entries, and n_members={n_members}. Give "
            "one entry for all members, or one for each."
        )
    return list(choice)


def cross_fits(net: Any) -> bool:
    """Return whether each member is to hold out rows of its own, if rows are held out.

    "auto" does so unless a scorer judges the whole ensemble, or a splitter chooses rows.
    """
    if net.n_members == 1 or net.cross_fit != "auto":
        return net.n_members > 1 and bool(net.cross_fit)
    return net.scoring is None and isinstance(net.validation_fraction, str | Real)


def validation_fraction(net: Any) -> Any:
    """Return the fraction of the rows to hold out for each network, or a splitter."""
    if net.validation_fraction != "auto":
        return net.validation_fraction
    if not cross_fits(net):
        return AUTO_VALIDATION_FRACTION
    fewest, most = AUTO_FOLDS
    return 1 / min(max(net.n_members, fewest), most)


def _plan(net: Any, components: Components, n_training: int, incremental: bool) -> Plan:
    """Return the settings of the training loop for `n_training` rows."""
    solver = components.solver
    batch_size = AUTO_BATCH_SIZE if net.batch_size == "auto" else net.batch_size
    if batch_size is None or not solver.stochastic:
        batch_size = n_training
    batch_size = min(int(batch_size), n_training)
    max_iter = net.max_iter
    if max_iter == "auto":
        steps_per_epoch = math.ceil(n_training / batch_size)
        lengths = (min(steps // steps_per_epoch, most) for steps, most in AUTO_STEPS)
        max_iter = max(AUTO_FEWEST_EPOCHS, *lengths)
    learning_rate, max_grad_norm = net.learning_rate, net.max_grad_norm
    if max_grad_norm == "auto":
        # who chooses a rate gets the solver's own steps
        own = learning_rate == "auto"
        max_grad_norm = solver.default_max_grad_norm if own else None
    if learning_rate == "auto":
        learning_rate = solver.default_learning_rate
    return Plan(
        solver=solver,
        learning_rate=float(learning_rate),
        schedule=components.schedule,
        batch_size=batch_size,
        shuffle=bool(net.shuffle),
        n_epochs=1 if incremental else int(max_iter),
        max_iter=int(max_iter),
        max_grad_norm=None if max_grad_norm is None else float(max_grad_norm),
        tol=float(net.tol),
        average_weights=_averages(net.average_weights, components, incremental),
        dropout=_dropout(net.dropout, components, n_training, batch_size, incremental),
    )


def _averages(choice: Any, components: Components, incremental: bool) -> bool:
    """Return whether to average the weights over the steps.

    "auto" averages if the schedule ends at `max_iter`.
    """
    if incremental or not components.solver.stochastic:
        return False
    return components.schedule.needs_end if choice == "auto" else bool(choice)


def _dropout(
    choice: Any, components: Components, n_rows: int, batch_size: int, incremental: bool
) -> float:
    """Return the dropout rate; for "auto", see the parameter `dropout` in `docstrings`."""
    if choice != "auto":
        return float(choice)
    wide = min(components.hidden_units, default=0) >= AUTO_DROPOUT_UNITS
    many = n_rows >= AUTO_DROPOUT_ROWS and n_rows > batch_size
    return AUTO_DROPOUT if wide and many and not incremental else 0.0


def _patience(choice: Any, components: Components, early_stopping: bool) -> float:
    """Return after how many epochs without improvement training stops.

    "auto" lets a schedule that ends at `max_iter` run to its end: at the high learning
    rates before, the loss often does not improve for many epochs. L-BFGS has its own
    convergence test, so that it needs a patience only for early stopping.
    """
    if choice != "auto":
        return choice
    if components.solver.stochastic:
        return np.inf if components.schedule.needs_end else AUTO_PATIENCE
    return AUTO_PATIENCE if early_stopping else np.inf


def _smoothing(net: Any, components: Components, loss: Loss, incremental: bool) -> float:
    """Return the label smoothing; 0 for regressors.

    "auto" smooths where the network would become overconfident: hidden layers trained by
    minibatches with the log loss.
    """
    choice = getattr(net, "label_smoothing", 0.0)
    if choice != "auto":
        return float(choice)
    certain = components.hidden_units and components.solver.stochastic
    return AUTO_SMOOTHING if certain and _is_log_loss(loss) and not incremental else 0.0


def _is_calibrated(net: Any, loss: Loss, early_stopping: bool, validates: bool) -> bool:
    """Return whether temperature scaling is used; False for regressors."""
    choice = getattr(net, "temperature_scaling", False)
    if choice == "auto":
        return early_stopping and _is_log_loss(loss)
    return bool(choice) and validates


def _is_log_loss(loss: Loss) -> bool:
    """Return whether it is the log loss, by name or as an instance, in any of its forms."""
    return type(loss) in CLASSIFICATION_LOSSES["log_loss"].values()
