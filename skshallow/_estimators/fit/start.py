"""Initial state of training: standardisation, weights, random numbers, solver state."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._arrays.threads import ONE_THREAD
from skshallow._estimators.checks.random_state import random_state_of
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.feature_encoding import EMBEDDING_WIDTH, unseen_inputs
from skshallow._estimators.fit.monotonic import directions_of
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.training_data import TrainingData
from skshallow.engine.batches import Bounds
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.shared_weights import stored_weight
from skshallow.engine.state import Progress
from skshallow.engine.units import USERS_UNITS, Units, re_express, row_gain

SHARE_OF_PIECES = 0.25

AllMoments = tuple[Moments, Moments | RobustMoments]  # of features and targets


class Measured(NamedTuple):
    """The units that a fit works in, and how the last call's weights come into them.

    Parameters
    ----------
    units : Units
        To work in: as measured now, as in the last call, or the user's.
    carried_units : Units
        Those that the last call's weights are re-expressed in, as the same function; the
        numbers then stay as they are, in `units`. See `measure_units`.
    moments : tuple of Moments or None
        Of features and targets, where later calls refine them.
    """

    units: Units
    carried_units: Units
    moments: AllMoments | None


def measure_units(
    config: FitConfig, data: TrainingData, last: FitResult | None
) -> Measured:
    """Choose the units to work in: measured once by `fit`, refined by `partial_fit`.

    The units are mean and standard deviation of each feature and target. Each call of
    `partial_fit` refines them by its rows. The weights, which are for standardised data,
    and the solver's state keep their values. So the function of the network changes a
    little, as with the running statistics of batch normalisation, or with scikit-learn's
    `StandardScaler.partial_fit` before a net. The change falls as one over the number of
    rows so far, repeated ones included.

    Weights that kept the function instead would be multiplied by the new scale over the old
    one. If the first rows gave a scale that is 1000 times too small, the weights would
    become 1000 times too large, and steps of the usual size could hardly correct them.

    Refining the units less often, such as each time the number of rows has doubled, would
    train on rows far outside of the range of the first ones for too long.

    Weights that were set, or trained in the user's own units, keep their function. Their
    units are measured once, on the rows of this call, and stay, as after a `fit`.

    References
    ----------
    Ioffe, Szegedy (2015), arXiv:1502.03167, for running statistics.
    """
    moments = last.moments if last is not None and config.incremental else None
    last_units = USERS_UNITS if last is None else last.units
    settled = last is not None and has_settled_units(config, last)
    if settled or not config.standardize:
        units = replace(last_units, bounds=_bounds(None, config, data, last))
        return Measured(units, last_units, moments)
    if last is None or moments is None:
        found = _updated(None, config, data)
        units = _units_from(found, config, data, last)
        return Measured(units, units, found if last is None else None)
    refined = _updated(moments, config, data)
    units = _units_from(refined, config, data, last)
    return Measured(units, _units_from(moments, config, data, last), refined)


def has_settled_units(config: FitConfig, last: FitResult) -> bool:
    """Return whether the units of the last call stay, whatever `standardize` is now."""
    refines = config.incremental and last.moments is not None
    return not (last.units.are_users or refines)


def _updated(
    moments: AllMoments | None, config: FitConfig, data: TrainingData
) -> AllMoments:
    """Return moments of features and targets, of earlier calls and of these rows."""
    if moments is None:
        of_targets = RobustMoments if config.loss.is_robust else Moments
        moments = Moments(data.n_encoded), of_targets(data.targets.n_outputs)
    features, targets = moments = copy.deepcopy(moments)
    features.update(data.X, data.weight, data.train_rows, data.encoding)
    if not config.loss.takes_codes:  # codes have no units
        targets.update(data.y, data.weight, data.train_rows)
    return moments


def _units_from(
    moments: AllMoments, config: FitConfig, data: TrainingData, last: FitResult | None
) -> Units:
    """Return the units that the moments of features and targets give this fit."""
    link, encoding = config.loss.link, data.encoding
    gain = _gains(config, data)
    units = Units.measured(*moments, link, row_gain=gain, encoding=encoding)
    return replace(units, bounds=_bounds(moments[0], config, data, last))


def _bounds(
    moments: Moments | None, config: FitConfig, data: TrainingData, last: FitResult | None
) -> Bounds | None:
    """Return least and greatest value of each feature in this call and those before it.

    None if the net does not clip, or if a call before did not note them. Codes of embedded
    columns have no range. Without `moments` of the features it reads the rows.
    """
    before = None if last is None else last.units.bounds
    if not config.clips_features or (last is not None and before is None):
        return None
    if moments is None:
        moments = Moments(data.n_encoded)
        moments.update(data.X, data.weight, data.train_rows, data.encoding)
    low, high = moments.minimum.copy(), moments.maximum.copy()
    if data.encoding is not None:
        n_dense = data.encoding.n_dense
        low[n_dense:], high[n_dense:] = -np.inf, np.inf
    if before is not None:
        low, high = np.minimum(low, before[0]), np.maximum(high, before[1])
    return low, high


def feature_gain(config: FitConfig, n_features: int) -> float | None:
    """Return the factor for standardised features, None for no factor; see `row_gain`."""
    hidden_units, solver = config.components.hidden_units, config.components.solver
    if not (config.standardize and hidden_units and solver.scale_free):
        return None
    return row_gain(n_features, hidden_units[0])


def _gains(config: FitConfig, data: TrainingData) -> Any:
    """Return the factor for standardised features, one for all or one for each.

    All pieces of numbers together make a row a quarter as long as the other features do.
    They bend what starts as a function of these, and their weights start at 0.
    """
    gain = _gain(config, data)
    if gain is None or data.encoding is None or not data.n_pieces:
        return gain
    gains = np.full(data.n_encoded, gain)
    of_pieces = feature_gain(config, data.n_pieces) or 1.0
    gains[data.encoding.piece_features] = SHARE_OF_PIECES * of_pieces
    return gains


def _gain(config: FitConfig, data: TrainingData) -> float | None:
    """Return the factor for standardised features and for curves, but not for pieces.

    Of the first layer's inputs, pieces do not count for it; curves of numbers do, unless
    some members do not see them.
    """
    encoding = data.encoding
    if encoding is None:
        return feature_gain(config, data.n_encoded)
    n_inputs = len(encoding.columns_of_inputs(EMBEDDING_WIDTH)) - data.n_pieces
    if _unseen(config, data):
        n_inputs -= encoding.n_curves
    return feature_gain(config, n_inputs)


def network_of(
    config: FitConfig, data: TrainingData, last: FitResult | None = None
) -> Network:
    """Return the layers between the features of X and the raw outputs of the loss.

    Curves of a `last` result keep its factor, which its numbers have in its units.
    """
    embedding = periodic = None
    if data.encoding is not None:
        embedding = data.encoding.embedding(EMBEDDING_WIDTH)
        periodic = data.encoding.periodic_embedding(_gain(config, data) or 1.0)
    if last is not None:
        periodic = last.network.periodic
    n_targets = data.targets.n_outputs
    n_raw_outputs = config.loss.n_raw_outputs(n_targets)
    return Network(
        data.n_encoded,
        n_raw_outputs,
        config.components.hidden_units,
        config.components.activations,
        dropout=config.plan.dropout,
        n_members=config.n_members,
        embedding=embedding,
        unseen=_unseen(config, data),
        directions=directions_of(
            config.directions, config.loss, n_raw_outputs, data.encoding
        ),
        residual=config.components.residual,
        normalization=config.components.normalization,
        n_shared=config.loss.n_shared_outputs(n_targets),
        periodic=periodic,
        shares_weights=config.shares_weights,
    )


def _unseen(config: FitConfig, data: TrainingData) -> list[slice | None]:
    """Return the inputs that each member does not see, none if all see all."""
    encoding = data.encoding
    if encoding is None:
        return []
    unseen = [unseen_inputs(choice, encoding) for choice in config.numeric_encoding]
    return [] if all(inputs is None for inputs in unseen) else unseen


def first_theta(
    config: FitConfig,
    data: TrainingData,
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
    gain = _gain(config, data)
    weight = stored_weight(params[0])
    if gain is not None:
        weight /= gain
    if data.encoding is not None:
        weight[..., data.encoding.piece_features, :] = 0
    network.layers[0].forget_unseen(params[0])
    config.loss.start_output_weights(params[-1]["weight"])
    return theta


def last_theta(
    config: FitConfig, network: Network, last: FitResult, measured: Measured
) -> np.ndarray:
    """Return a copy of the last parameters (P,), carried into the current units."""
    if network != last.network:
        raise ValueError(
            "Training continues from the weights of the last fit, but the parameters now "
            f"describe another net: it was {last.network}, now it is {network}. Set the "
            "parameters back, or start anew: set warm_start=False and call fit."
        )
    theta = to_numpy(last.theta).astype(config.dtype)
    re_express(network.views(theta), last.units, measured.carried_units)
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


def last_progress(
    config: FitConfig, last: FitResult, new: Progress, theta: np.ndarray
) -> Progress:
    """Return a copy of the state of the last call, to continue from.

    What belongs to another solver or schedule is taken from the `new` state,
    and so is the solver's if `theta` (P,) re-expresses the last parameters in other units.
    """
    progress = copy.deepcopy(last.progress)
    if progress is None:
        return new
    re_expressed = not np.array_equal(theta, to_numpy(last.theta).astype(theta.dtype))
    if progress.solver != new.solver or re_expressed:
        progress.solver, progress.solver_state = new.solver, new.solver_state
    if progress.schedule != new.schedule:
        progress.schedule, progress.schedule_state = new.schedule, new.schedule_state
    if new.schedule.needs_end and not config.incremental:
        progress.epoch, progress.pace = 0, 1
    if new.schedule.needs_end and progress.epoch >= config.plan.max_iter:
        schedule, max_iter = config.components.given["schedule"], config.plan.max_iter
        raise ValueError(
            f"schedule={schedule!r} ends after max_iter={max_iter} epochs, and partial_fit "
            "has run them all. Raise max_iter, or use a schedule without an end, such as "
            "'constant'."
        )
    return progress
