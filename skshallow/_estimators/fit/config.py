"""Configuration of a fit: all hyperparameters, with "auto" replaced by values."""

from __future__ import annotations

from collections.abc import Container
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from skshallow._estimators.fit.auto import (
    auto_batch_size,
    auto_max_iter,
    averages_weights,
    dropout_rate,
    is_calibrated,
    label_smoothing,
    patience_of,
    penalty,
    shares_weights,
    validation_fraction,
)
from skshallow._estimators.fit.components import Components
from skshallow.engine.state import Plan
from skshallow.losses import Loss


class FitConfig(NamedTuple):
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
    directions : ndarray of {-1, 0, 1} of shape (n_columns,) or None
        How predictions must move with each column of X, None if no column is constrained.
    clips_features : bool
        Whether the net clips features to their range in training.
    shares_weights : bool
        Whether members share the weights of hidden layers.
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
    shares_weights: bool
    standardize: bool
    numeric_encoding: list[str | None]
    directions: np.ndarray | None
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
        n_columns: int,
        numeric_encoding: list[str | None],
        directions: np.ndarray | None,
        dtype: np.dtype,
        incremental: bool,
        early_stopping: bool,
        cross_fit: bool,
        why_no_early_stopping: str | None,
        scores: bool,
        has_validation_data: bool,
    ) -> FitConfig:
        """Decide how `net` is trained on so many rows and columns of this `dtype`."""
        validates = early_stopping or has_validation_data
        plan = _plan(net, components, loss, n_training, incremental)
        return cls(
            components=components,
            loss=loss,
            plan=plan,
            incremental=incremental,
            early_stopping=early_stopping,
            cross_fit=cross_fit,
            validation_fraction=validation_fraction(net),
            why_no_early_stopping=why_no_early_stopping,
            n_iter_no_change=patience_of(
                net.n_iter_no_change, plan, n_training, early_stopping
            ),
            label_smoothing=label_smoothing(net, components, loss, incremental),
            temperature_scaling=is_calibrated(net, loss, early_stopping, validates),
            dtype=np.dtype(net.dtype or dtype),
            init_scale=float(net.init_scale),
            alpha=penalty(net.alpha, components, n_training, n_columns, incremental),
            n_members=int(net.n_members),
            shares_weights=shares_weights(net),
            standardize=bool(net.standardize),
            numeric_encoding=numeric_encoding,
            directions=directions,
            clips_features=bool(net.clip_features and components.hidden_units),
            record_health=bool(net.record_health),
            scoring=net.scoring if scores else None,
            random_state=net.random_state,
            verbose=int(net.verbose),
            keeps_state=incremental or bool(net.warm_start),
        )

    def resolved_params(
        self, names: Container[str], unused: Container[str]
    ) -> dict[str, Any]:
        """Return the values used for parameters that can be "auto", of those in `names`.

        The value of what is `unused` is None. A splitter is told as text, which can be
        saved.
        """
        plan, fraction = self.plan, self.validation_fraction
        fraction = fraction if isinstance(fraction, Real) else repr(fraction)
        resolved = {
            "init": self.components.initializers,
            "learning_rate": plan.learning_rate,
            "schedule": plan.schedule,
            "alpha": self.alpha,
            "dropout": plan.dropout,
            "max_grad_norm": plan.max_grad_norm,
            "average_weights": plan.average_weights,
            "batch_size": plan.batch_size,
            "max_iter": plan.max_iter,
            "n_iter_no_change": self.n_iter_no_change,
            "early_stopping": self.early_stopping,
            "cross_fit": self.cross_fit,
            "numeric_encoding": self.numeric_encoding,
            "validation_fraction": fraction,
            "dtype": self.dtype.name,
            "label_smoothing": self.label_smoothing,
            "temperature_scaling": self.temperature_scaling,
        }
        return {
            name: None if name in unused else value
            for name, value in resolved.items()
            if name in names
        }


def _plan(
    net: Any, components: Components, loss: Loss, n_training: int, incremental: bool
) -> Plan:
    """Return the settings of the training loop for `n_training` rows."""
    solver = components.solver
    batch_size = net.batch_size
    if batch_size == "auto":
        batch_size = auto_batch_size(n_training, components, incremental)
    if batch_size is None or not solver.stochastic:
        batch_size = n_training
    batch_size = min(int(batch_size), n_training)
    max_iter = net.max_iter
    if max_iter == "auto":
        max_iter = auto_max_iter(n_training, batch_size, components, loss)
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
        average_weights=averages_weights(net.average_weights, components, incremental),
        dropout=dropout_rate(net.dropout, components, n_training, batch_size, incremental),
    )
