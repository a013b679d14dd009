"""The configuration of a fit: every parameter as a plain value, "auto" decided once."""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._estimators.checks.hyperparameters import resolve
from skshallow.activations import ACTIVATIONS, Activation, Identity
from skshallow.engine.state import Plan
from skshallow.initializers import INITIALIZERS, Auto, Initializer
from skshallow.losses import Loss
from skshallow.schedules import SCHEDULES, Schedule
from skshallow.solvers import SOLVERS, Solver

# What "auto" means, found on tables of 300 to 45 000 rows: small ones need steps, large
# ones need passes over the rows.
AUTO_BATCH_SIZE = 128
AUTO_STEPS = (1500, 500), (4000, 120)  # so many steps, in at most so many epochs
AUTO_FEWEST_EPOCHS = 40
AUTO_DROPOUT = 0.15
AUTO_DROPOUT_ROWS = 256
AUTO_DROPOUT_UNITS = 64  # a narrow layer has no units to spare
# A tenth of fewer rows says too little about which epoch is the best.
AUTO_EARLY_STOPPING_ROWS = 256
AUTO_PATIENCE = 10
AUTO_SMOOTHING = 0.05


@dataclass(frozen=True)
class Components:
    """The parameters of a net that name components, as instances.

    Parameters
    ----------
    hidden_units : list of int
        Width of each hidden layer.
    activations : list of Activation
        One per hidden layer.
    initializer, solver, schedule : Initializer, Solver, Schedule
    given : dict of str to object
        What the user gave for solver and schedule, for messages.
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
            If a parameter names no component, or two parameters contradict each other.
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
                f"schedule={net.schedule!r} ends at max_iter, which max_iter='auto' leaves "
                "open in partial_fit. Set max_iter to a number, or use a schedule without "
                "an end, such as 'constant'."
            )
        return components

    @property
    def initializers(self) -> list[Initializer]:
        """One per layer, the output layer's last; what "auto" means for each of them."""
        if not isinstance(self.initializer, Auto):
            return [self.initializer] * (len(self.activations) + 1)
        return [self.initializer.law(it) for it in (*self.activations, Identity())]


def _activations(choice: Any, depth: int) -> list[Activation]:
    """Return one activation per hidden layer, from one for all or one for each."""
    if isinstance(choice, str | Activation):
        choice = [choice] * depth
    if len(choice) != depth:
        raise ValueError(
            f"activation has {len(choice)} entries, but the net has {depth} hidden "
            "layers; give one activation for all of them, or one for each."
        )
    return [resolve("activation", one, ACTIVATIONS, Activation) for one in choice]


@dataclass(frozen=True)
class FitConfig:
    """How one call of `fit` or `partial_fit` trains: plain values, nothing left to decide.

    Parameters
    ----------
    components : Components
    loss : Loss
    plan : Plan
        What the engine's training loop needs.
    incremental : bool
        Whether this is `partial_fit`.
    early_stopping : bool
        Whether validation rows decide which epoch is the best.
    why_no_early_stopping : str or None
        Why "auto" came to False, in words that follow these.
    n_iter_no_change : float
        Epochs without improvement that end the training, infinity for none.
    label_smoothing : float
    temperature_scaling : bool
    dtype : dtype
        Precision to compute in.
    init_scale, alpha, n_members, standardize, record_health, scoring, random_state, verbose
        As the parameters of the same name.
    keeps_state : bool
        Whether a later call may go on from this one.
    """

    components: Components
    loss: Loss
    plan: Plan
    incremental: bool
    early_stopping: bool
    why_no_early_stopping: str | None
    n_iter_no_change: float
    label_smoothing: float
    temperature_scaling: bool
    dtype: np.dtype
    init_scale: float
    alpha: float
    n_members: int
    standardize: bool
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
        dtype: np.dtype,
        incremental: bool,
        early_stopping: bool,
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
            why_no_early_stopping=why_no_early_stopping,
            n_iter_no_change=_patience(net.n_iter_no_change, components, early_stopping),
            label_smoothing=_smoothing(net, components, incremental),
            temperature_scaling=_is_calibrated(net, early_stopping, validates),
            dtype=np.dtype(net.dtype or dtype),
            init_scale=float(net.init_scale),
            alpha=float(net.alpha),
            n_members=int(net.n_members),
            standardize=bool(net.standardize),
            record_health=bool(net.record_health),
            scoring=net.scoring,
            random_state=net.random_state,
            verbose=int(net.verbose),
            keeps_state=incremental or bool(net.warm_start),
        )

    def resolved_params(self, names: Container[str]) -> dict[str, Any]:
        """Return what the parameters that can be "auto" came to, those among `names`."""
        plan = self.plan
        resolved = {
            "init": self.components.initializers,
            "learning_rate": plan.learning_rate if plan.solver.stochastic else None,
            "schedule": plan.schedule if plan.solver.stochastic else None,
            "dropout": plan.dropout,
            "max_grad_norm": plan.max_grad_norm,
            "average": plan.average,
            "batch_size": plan.batch_size,
            "max_iter": plan.max_iter,
            "n_iter_no_change": self.n_iter_no_change,
            "early_stopping": self.early_stopping,
            "dtype": self.dtype.name,
            "label_smoothing": self.label_smoothing,
            "temperature_scaling": self.temperature_scaling,
        }
        return {name: value for name, value in resolved.items() if name in names}


def _plan(net: Any, components: Components, n_training: int, incremental: bool) -> Plan:
    """Return how to train on `n_training` rows."""
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
        average=_averages(net.average, components, incremental),
        dropout=_dropout(net.dropout, components, n_training, batch_size, incremental),
    )


def _averages(choice: Any, components: Components, incremental: bool) -> bool:
    """Return whether to end at an average of the weights over the steps.

    "auto" averages where the schedule has an end, towards which it averages.
    """
    if incremental or not components.solver.stochastic:
        return False
    return components.schedule.needs_end if choice == "auto" else bool(choice)


def _dropout(
    choice: Any, components: Components, n_rows: int, batch_size: int, incremental: bool
) -> float:
    """Return the rate of dropout; "auto" drops in wide layers, on many rows in batches."""
    if choice != "auto":
        return float(choice)
    wide = min(components.hidden_units, default=0) >= AUTO_DROPOUT_UNITS
    many = n_rows >= AUTO_DROPOUT_ROWS and n_rows > batch_size
    return AUTO_DROPOUT if wide and many and not incremental else 0.0


def _patience(choice: Any, components: Components, early_stopping: bool) -> float:
    """Return after how many epochs without improvement training ends.

    "auto" lets a schedule with an end run to it: on the way there it tries rates too high
    to improve at, and early stopping only picks the best epoch. L-BFGS has a convergence
    test of its own, and needs patience for early stopping alone.
    """
    if choice != "auto":
        return choice
    if components.solver.stochastic:
        return np.inf if components.schedule.needs_end else AUTO_PATIENCE
    return AUTO_PATIENCE if early_stopping else np.inf


def _smoothing(net: Any, components: Components, incremental: bool) -> float:
    """Return the share of label smoothing; regressors have none.

    "auto" smooths where training would else end in probabilities of 0 and 1: hidden layers
    trained by minibatches for the log loss.
    """
    choice = getattr(net, "label_smoothing", 0.0)
    if choice != "auto":
        return float(choice)
    certain = components.hidden_units and components.solver.stochastic
    return AUTO_SMOOTHING if certain and net.loss == "log_loss" and not incremental else 0.0


def _is_calibrated(net: Any, early_stopping: bool, validates: bool) -> bool:
    """Return whether the temperature is set on validation rows; regressors have none."""
    choice = getattr(net, "temperature_scaling", False)
    if choice == "auto":
        return early_stopping and net.loss == "log_loss"
    return bool(choice) and validates
