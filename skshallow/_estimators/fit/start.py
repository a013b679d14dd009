"""Initial state of training: standardisation, weights, random numbers, solver state."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._arrays.threads import ONE_THREAD
from skshallow._estimators.checks.random_state import random_state_of
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.training_data import TrainingData
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import USERS_UNITS, Units, re_express, row_gain


@dataclass(frozen=True)
class Measured:
    """Standardisation of a fit, and the moments that it was computed from.

    Parameters
    ----------
    units : Units
        The units to train in: computed by this call, those of the last call, or the
        user's.
    last_units : Units
        The units of the weights that training continues from.
    moments : tuple of Moments or None
        Of features and targets, if this call computed them.
    """

    units: Units
    last_units: Units
    moments: tuple[Moments, Moments | RobustMoments] | None

    @property
    def growth(self) -> float:
        """The largest factor by which the scale of a feature grew since the last call."""
        old, new = self.last_units.scale, self.units.scale
        return 1.0 if old is None or new is None else float((new / old).max())


def measure_units(
    config: FitConfig, data: TrainingData, last: FitResult | None
) -> Measured:
    """Return the standardisation: computed once by `fit`, updated by `partial_fit`."""
    last_units = USERS_UNITS if last is None else last.units
    moments = None if last is None or not config.incremental else last.moments
    settled = not last_units.are_users and moments is None
    if settled or not config.standardize:
        return Measured(last_units, last_units, moments)
    if moments is None:
        of_targets = RobustMoments if config.loss.is_robust else Moments
        moments = Moments(data.X.shape[1]), of_targets(data.targets.n_outputs)
    features, targets = moments = copy.deepcopy(moments)
    silent = features.unit == 0 if last_units.center is None else features.constant
    features.update(data.X, data.weight, data.train_rows)
    if not config.loss.takes_codes:  # codes have no units
        targets.update(data.y, data.weight, data.train_rows)
    units = Units.measured(
        features,
        targets,
        config.loss.link,
        row_gain=feature_gain(config, data.X.shape[1]),
    )
    if last_units.scale is not None:
        # the standardised column was 0 in all rows so far, so any scale predicts the same
        scale = np.where(silent, units.scale, last_units.scale)
        last_units = replace(last_units, scale=scale)
    return Measured(units, last_units, moments)


def feature_gain(config: FitConfig, n_features: int) -> float | None:
    """Return the factor for standardised features, None for no factor; see `row_gain`."""
    hidden_units, solver = config.components.hidden_units, config.components.solver
    if not (config.standardize and hidden_units and solver.scale_free):
        return None
    return row_gain(n_features, hidden_units[0])


def first_theta(
    config: FitConfig,
    network: Network,
    output_bias: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return initial parameters (P,), with this bias of the output (n_raw_outputs,)."""
    theta = np.empty(network.layout.size, config.dtype)
    params = network.views(theta)
    with ONE_THREAD:
        network.initialize(
            theta, config.components.initializer, config.init_scale, output_bias, rng
        )
    gain = feature_gain(config, network.layers[0].n_inputs)
    if gain is not None:
        params[0]["weight"] /= gain
    config.loss.start_output_weights(params[-1]["weight"])
    return theta


def last_theta(
    config: FitConfig, network: Network, last: FitResult, measured: Measured
) -> np.ndarray:
    """Return a copy of the parameters (P,) of the last call, in the current units."""
    if network != last.network:
        raise ValueError(
            "Training continues from the weights of the last fit, but the parameters now "
            f"describe another net: it was {last.network}, now it is {network}. Set the "
            "parameters back, or start anew: set warm_start=False and call fit."
        )
    theta = to_numpy(last.theta).astype(config.dtype)
    re_express(network.views(theta), measured.last_units, measured.units)
    return theta


def new_rng(config: FitConfig) -> np.random.Generator:
    """Return the generator of initial weights, the order of rows and dropout masks."""
    random_state = random_state_of(config.random_state)
    return np.random.default_rng(random_state.randint(2**31, size=4))


def new_progress(
    config: FitConfig, network: Network, theta: np.ndarray, rng: np.random.Generator
) -> Progress:
    """Return the state before the first step."""
    solver, schedule = config.components.solver, config.components.schedule
    state = solver.init(theta, network.layout.n_weights)
    return Progress(rng, solver, schedule, state, schedule.init())


def last_progress(config: FitConfig, last: FitResult, new: Progress) -> Progress:
    """Return a copy of the state of the last call, to continue from.

    What belongs to another solver or schedule is taken from the `new` state.
    """
    progress = copy.deepcopy(last.progress)
    if progress is None:
        return new
    if progress.solver != new.solver:
        progress.solver, progress.solver_state = new.solver, new.solver_state
    if progress.schedule != new.schedule:
        progress.schedule, progress.schedule_state = new.schedule, new.schedule_state
    if new.schedule.needs_end and not config.incremental:
        progress.epoch = 0
    if new.schedule.needs_end and progress.epoch >= config.plan.max_iter:
        schedule, max_iter = config.components.given["schedule"], config.plan.max_iter
        raise ValueError(
            f"schedule={schedule!r} ends after max_iter={max_iter} epochs, and partial_fit "
            "has run them all. Raise max_iter, or use a schedule without an end, such as "
            "'constant'."
        )
    return progress
