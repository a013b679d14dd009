"""Checks that the fitted attributes read from a file are consistent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skshallow._estimators.columns import Columns
from skshallow.activations import Activation, Identity
from skshallow.engine.encoding import Encoding
from skshallow.engine.history import CURVE_OF_ATTRIBUTE
from skshallow.engine.moments import Moments
from skshallow.engine.monotone import Directions, are_within, parameter_bounds
from skshallow.engine.network import Network
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.exceptions import UnreadableModel
from skshallow.losses import CumulativeLink, LogitLink, Loss, SoftmaxLink
from skshallow.schedules import Schedule
from skshallow.solvers import Solver

NO_CURVE = np.array([])


def check_fitted(net: Any) -> None:
    """Raise UnreadableModel if the fitted attributes of `net` are inconsistent.

    Checked is what prediction, calibration and further training rely on: types, shapes,
    dtypes, finite weights and positive scales.
    """
    _check_network(net)
    n_features = _check_encoding(net)
    n_targets = _check_targets(net)
    _check_units(net._units, n_features, n_targets, net.n_outputs_)
    _check_history(net)
    # an estimator saved by a callback during a fit has no state to continue from
    moments, progress = net._moments, net._progress
    if moments is not None:
        _require(type(moments) is tuple, "_moments is no pair")
        features, targets = moments
        _check_moments(features, n_features)
        if isinstance(targets, RobustMoments):
            _check_robust_moments(targets, n_targets)
        else:
            _check_moments(targets, n_targets)
    if progress is not None:
        _check_progress(progress, net.theta_, net.network_.layout.n_weights)


def _require(condition: Any, message: str) -> None:
    """Raise UnreadableModel with the `message` unless the condition holds."""
    if not condition:
        raise UnreadableModel(f"{message}.")


def _is_array(value: Any, *shape: int | None, kinds: str = "f") -> bool:
    """Return whether `value` is an array of this shape; None means any length."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind in kinds
        and value.ndim == len(shape)
        and all(n in (None, found) for n, found in zip(shape, value.shape, strict=True))
    )


def _is_count(value: Any) -> bool:
    """Return whether `value` is a plain integer of at least 0."""
    return type(value) is int and value >= 0


def _is_number(value: Any, least: int) -> bool:
    """Return whether `value` is a finite plain number of at least `least`."""
    return type(value) in (int, float) and math.isfinite(value) and value >= least


def _check_network(net: Any) -> None:
    """Check the layers, and that `theta_` has as many parameters as they need."""
    theta, network = net.theta_, net.network_
    _require(_is_array(theta, None) and theta.itemsize in (4, 8), "theta_ is no vector")
    _require(np.isfinite(theta).all(), "theta_ holds numbers that are not finite")
    _require(isinstance(network, Network), "network_ is no network")
    _require(0 <= network.n_shared < network.layers[-1].n_units, "Shared outputs of none")
    for layer in network.layers:
        widths = layer.n_inputs, layer.n_units
        _require(isinstance(layer.activation, Activation), "A layer has no activation")
        _require(
            isinstance(layer.normalization, Identity | LayerNorm),
            f"normalization={layer.normalization!r} is no normalisation",
        )
        _require(
            not layer.adds_input or layer.n_inputs == layer.n_units,
            f"a residual layer has {layer.n_inputs} inputs and {layer.n_units} units",
        )
        # checked before the layout allocates arrays of these lengths
        _require(
            all(type(width) is int and 1 <= width <= theta.size for width in widths),
            f"network_ has layers of {widths[0]} inputs and {widths[1]} units",
        )
        rate = layer.dropout.rate
        _require(type(rate) is float and 0 <= rate < 1, f"dropout={rate!r} is no rate")
    _require(
        _is_count(network.n_members) and network.n_members >= 1, "network_ has no members"
    )
    n_units = network.n_members * sum(layer.n_units for layer in network.layers)
    _require(n_units <= theta.size, "network_ has more units than theta_ has parameters")
    _require(network.layout.size == theta.size, "theta_ has another length than network_")
    n_outputs = network.layers[-1].n_units
    _check_directions(network, theta)
    _require(_is_count(net.n_features_in_), "n_features_in_ is no count")
    _require(
        _is_count(net.n_outputs_) and net.n_outputs_ == n_outputs,
        "n_outputs_ is not what network_ gives",
    )
    if hasattr(net, "feature_names_in_"):
        names = net.feature_names_in_
        fits = _is_array(names, net.n_features_in_, kinds="O")
        _require(fits, "feature_names_in_ do not fit")
        _require(all(type(name) is str for name in names), "feature_names_in_ are no names")


def _check_directions(network: Network, theta: np.ndarray) -> None:
    """Check the directions of a monotone network, and that `theta` guarantees them."""
    directions = network.directions
    if directions is None:
        return
    _require(isinstance(directions, Directions), "network_ has no directions")
    for values, kind, length in (
        (directions.inputs, int, network.n_features),
        (directions.outputs, bool, network.layers[-1].n_units),
    ):
        fits = type(values) is tuple and len(values) == length
        fits = fits and all(type(value) is kind and -1 <= value <= 1 for value in values)
        _require(fits, "directions of network_ do not fit")
    increase = all(layer.activation.is_increasing for layer in network.layers)
    _require(increase, "network_ has directions, but an activation does not increase")
    n_codes = 0 if network.embedding is None else network.embedding.n_columns
    codes = directions.inputs[network.n_features - n_codes :]
    _require(not any(codes), "codes of network_ have directions")
    bounds = parameter_bounds(directions, network.layers, network.layout)
    _require(are_within(theta, bounds).all(), "theta_ is not monotone")


def _check_encoding(net: Any) -> int:
    """Check what the columns are, and how they enter the network; return its width."""
    columns, encoding = net._columns, net._encoding
    n_levels = np.zeros(net.n_features_in_, np.int64)
    if columns is not None:
        n_levels = _check_columns(columns, net.n_features_in_)
    _require(columns is None or encoding is not None, "_columns have no _encoding")
    if encoding is None:
        embedding, periodic, width = None, None, net.n_features_in_
    else:
        _check_encoded_columns(encoding, n_levels)
        own = net.network_.embedding
        embedding = encoding.embedding(1 if own is None else own.width)
        curves = net.network_.periodic
        periodic = encoding.periodic_embedding(1.0 if curves is None else curves.gain)
        width = encoding.n_encoded
    fits = (
        net.network_.embedding == embedding
        and net.network_.periodic == periodic
        and net.network_.n_features == width
    )
    _require(fits, "n_features_in_ is not what network_ takes")
    if periodic is not None:
        fits = type(periodic.gain) is float and 0 < periodic.gain < np.inf
        _require(fits, f"gain={periodic.gain!r} of curves is no factor")
    _check_unseen(net.network_, encoding)
    return width


def _check_unseen(network: Network, encoding: Encoding | None) -> None:
    """Check which inputs each member does not see: pieces, curves or both."""
    unseen = network.layers[0].unseen
    known: list[slice | None] = [None]
    if encoding is not None:
        parts = (False, False), (True, False), (False, True)
        known = [encoding.unseen_inputs(pieces=a, curves=b) for a, b in parts]
    fits = len(unseen) in (0, network.n_members)
    fits = fits and all(inputs in known for inputs in unseen or [None])
    _require(fits, "Members of network_ see other inputs than _encoding has")


def _check_columns(columns: Any, n_columns: int) -> np.ndarray:
    """Check the columns of a table; return the number of levels of each, 0 of numbers."""
    _require(isinstance(columns, Columns), "_columns are no columns")
    for field in fields(columns):
        value = getattr(columns, field.name)
        fits = type(value) is tuple and len(value) == n_columns
        _require(fits or (field.name == "names" and value is None), f"{field.name} no fit")
    types = {"names": str, "missing_level": bool, "n_missing": int, "resembles": str}
    for name, kind in types.items():
        entries = getattr(columns, name) or ()
        is_optional = name == "resembles"
        fits = all(type(it) is kind or (it is None and is_optional) for it in entries)
        _require(fits, f"{name} of _columns has other entries")
    for levels in columns.levels:
        if levels is not None:
            _require(_is_array(levels, None, kinds="Obiuf"), "Levels are no array")
            found = levels.tolist()
            is_text = levels.dtype != object or all(type(it) is str for it in found)
            _require(is_text, "Levels are no strings")
            _require(len(set(found)) == len(found), "Levels are repeated")
    return np.array(columns.n_levels, np.int64)


def _check_encoded_columns(encoding: Any, n_levels: np.ndarray) -> None:
    """Check that an encoding takes each column once, with as many levels as it has."""
    _require(isinstance(encoding, Encoding), "_encoding is no encoding")
    taken = encoding.numbers, encoding.binary, encoding.one_hot, encoding.embedded
    parts = *taken, encoding.left_out
    indices = np.concatenate(parts)
    _require(
        all(part.ndim == 1 for part in (*parts, encoding.indicators, encoding.n_levels))
        and np.array_equal(np.sort(indices), np.arange(len(n_levels))),
        "_encoding does not take each column once",
    )
    _require(np.isin(encoding.indicators, encoding.numbers).all(), "Indicators of nothing")
    fits = (
        (n_levels[encoding.numbers] == 0).all()
        and (n_levels[encoding.left_out] == 0).all()
        and (n_levels[encoding.binary] == 2).all()
        and np.array_equal(n_levels[encoding.one_hot], encoding.n_levels)
        and len(encoding.rows_of_level) == len(encoding.embedded)
    )
    _require(fits, "_encoding has other levels than _columns")
    _require(np.isin(encoding.pieced, encoding.numbers).all(), "Pieces of nothing")
    _require(len(encoding.pieced) == len(encoding.borders), "Pieces without borders")
    for borders in encoding.borders:
        fits = _is_array(borders, None) and len(borders) > 1
        _require(fits and (np.diff(borders) > 0).all(), "Borders do not ascend")
    _require(np.isin(encoding.periodic, encoding.numbers).all(), "Curves of nothing")
    for column, rows in zip(encoding.embedded, encoding.rows_of_level, strict=True):
        fits = rows.shape == (n_levels[column] + 1,)
        _require(fits and (rows >= 0).all() and (rows <= rows[-1]).all(), "No such levels")


def _check_targets(net: Any) -> int:
    """Check the targets; return the number of targets that the loss compares."""
    loss = net._loss
    _require(isinstance(loss, Loss), "_loss is no loss")
    n_targets = _check_classes(net) if is_classifier(net) else _check_regression(net)
    _require(
        loss.n_raw_outputs(n_targets) == net.n_outputs_,
        f"{loss} does not compare {n_targets} targets with {net.n_outputs_} outputs",
    )
    _require(
        loss.n_shared_outputs(n_targets) == net.network_.n_shared,
        f"network_ does not share the outputs that {loss} shares",
    )
    return n_targets


def _check_classes(net: Any) -> int:
    """Check the classes; return the number of targets that the loss compares."""
    _require(type(net._is_multilabel) is bool, "_is_multilabel is no truth value")
    classes = net.classes_
    _require(_is_array(classes, None, kinds="biufUmMO"), "classes_ is no vector")
    _require(len(np.unique(classes)) == len(classes), "classes_ has a class twice")
    one_for_two = len(classes) == 2 and not net._is_multilabel
    n_targets = 1 if one_for_two else len(classes)
    _require(
        net._loss.n_raw_outputs(n_targets) == net.n_outputs_,
        "classes_ has another length than the output layer",
    )
    temperature = getattr(net, "temperature_", 1.0)
    _require(type(temperature) is float and temperature > 0, "temperature_ is not positive")
    # a single output is the log odds of a class, and so is each output of a multilabel net
    binomial = net._is_multilabel or one_for_two
    links = LogitLink if binomial else (LogitLink, SoftmaxLink, CumulativeLink)
    _require(isinstance(net._loss.link, links), f"{net._loss} gives no such probabilities")
    ranks = getattr(net._loss, "ranks", None)
    _require(ranks is None or len(ranks) == n_targets, "The loss ranks other classes")
    return n_targets


def _check_regression(net: Any) -> int:
    """Check attributes of regressors; return the number of targets."""
    n_targets = net._n_targets
    _require(_is_count(n_targets) and n_targets >= 1, "_n_targets is no number of targets")
    _require(_is_count(net._target_ndim), "_target_ndim is no number of dimensions")
    _require(net._target_ndim in (1, 2), "_target_ndim is neither 1 nor 2")
    _require(net._target_ndim == 2 or n_targets == 1, "_target_ndim is not that of targets")
    if hasattr(net, "dispersion_"):
        fits = _is_array(net.dispersion_, n_targets) and (net.dispersion_ > 0).all()
        _require(fits, "dispersion_ does not have one positive number per target")
        weight = getattr(net, "_dispersion_weight", 0.0)
        _require(type(weight) is float and weight >= 0, "_dispersion_weight is no weight")
    if net._calibration is not None:
        _check_calibration(net, n_targets)
    if hasattr(net, "_held_out"):
        _require(type(net._held_out) is tuple, "_held_out is no tuple")
        raw, fold_of_row, fold_of_member, checksum = net._held_out
        _require(_is_array(fold_of_row, None, kinds="i"), "_held_out has no folds")
        n_rows = int((fold_of_row >= 0).sum())
        fits = n_rows > 0 and _is_array(raw, n_rows, net.n_outputs_)
        _require(fits and not np.isnan(raw).any(), "_held_out does not fit the net")
        _check_folds(net, fold_of_row, fold_of_member)
        _require(_is_count(checksum), "_held_out has no checksum")
    return n_targets


def _check_calibration(net: Any, n_targets: int) -> None:
    """Check the calibration rows of a regressor, and their folds if they have any."""
    _require(type(net._calibration) is tuple, "_calibration is no tuple")
    raw, y, *folds = net._calibration
    fits = _is_array(raw, None, net.n_outputs_) and _is_array(y, len(raw), n_targets)
    _require(fits and len(raw) > 0, "_calibration does not fit the targets")
    _require(not (np.isnan(raw).any() or np.isnan(y).any()), "_calibration has holes")
    if folds:
        fold_of_row, fold_of_member = folds
        _require(_is_array(fold_of_row, len(raw), kinds="i"), "_calibration has no folds")
        _require((fold_of_row >= 0).all(), "_calibration has rows of no fold")
        _check_folds(net, fold_of_row, fold_of_member)


def _check_folds(net: Any, fold_of_row: np.ndarray, fold_of_member: Any) -> None:
    """Check that each fold of a row is one that a member held out."""
    n_members = net.network_.n_members
    fits = n_members > 1 and _is_array(fold_of_member, n_members, kinds="i")
    _require(fits, "The folds are not those of the members")
    known = np.append(fold_of_member, -1)
    _require(np.isin(fold_of_row, known).all(), "Nobody held out the fold of some row")


def _check_units(units: Units, n_features: int, n_targets: int, n_outputs: int) -> None:
    """Check that centers and scales have one finite entry per column; scales positive."""
    _require(isinstance(units, Units), "_units are no units")
    lengths = {
        "center": n_features,
        "scale": n_features,
        "target_center": n_targets,
        "target_scale": n_targets,
        "factor": n_outputs,
        "offset": n_outputs,
    }
    for name, length in lengths.items():
        column = getattr(units, name)
        if column is None:
            continue
        fits = _is_array(column, length) and np.isfinite(column).all()
        _require(fits, f"{name} of _units does not fit the columns")
        if name in ("scale", "target_scale", "factor"):
            _require((column > 0).all(), f"{name} of _units is not positive")
    if units.bounds is not None:
        is_pair = type(units.bounds) is tuple and len(units.bounds) == 2
        _require(is_pair, "The range in _units is no pair")
        _check_range(*units.bounds, n_features, "_units")
    of_targets = [units.target_center, units.target_scale, units.factor, units.offset]
    n_missing = sum(column is None for column in of_targets)
    _require(n_missing in (0, 4), "_units of the targets are incomplete")


def _check_range(low: Any, high: Any, n_columns: int, of: str) -> None:
    """Check that each column's range has a value; its ends may be infinite."""
    fits = _is_array(low, n_columns) and _is_array(high, n_columns)
    _require(fits and (low <= high).all(), f"The range in {of} does not fit the columns")


def _check_history(net: Any) -> None:
    """Check epoch counts, curves and records."""
    for name in ("n_iter_", "best_iter_", "t_"):
        _require(_is_count(getattr(net, name, 0)), f"{name} is no count")
    for name in CURVE_OF_ATTRIBUTE:
        _require(_is_array(getattr(net, name, NO_CURVE), None), f"{name} is no curve")
    resolved = getattr(net, "resolved_params_", {})
    named = type(resolved) is dict and resolved.keys() <= net.get_params(deep=False).keys()
    _require(named, "resolved_params_ holds no parameters")
    used = net._used_params
    _require(used is None or type(used) is dict, "_used_params holds no parameters")
    records = getattr(net, "health_", {})
    _require(type(records) is dict, "health_ holds no records")
    for name, record in records.items():
        _require(isinstance(record, np.ndarray), f"health_ holds no records of {name}")


def _check_moments(moments: Any, n_columns: int) -> None:
    """Check that moments have `n_columns` columns."""
    _require(isinstance(moments, Moments), "_moments are no moments")
    total = moments.total
    is_weight = type(total) is float or _is_array(total, n_columns)
    _require(is_weight and np.all(np.isfinite(total)), "_moments have no weight")
    _require(np.all(np.asarray(total) >= 0), "_moments have no weight")
    for name in ("mean", "square", "unit"):
        column = getattr(moments, name)
        fits = _is_array(column, n_columns) and column.dtype == np.float64
        _require(fits and np.isfinite(column).all(), f"{name} of _moments does not fit")
    _check_range(moments.minimum, moments.maximum, n_columns, "_moments")
    fits = _is_array(moments.two_valued, n_columns, kinds="b")
    _require(fits, "two_valued of _moments does not fit")


def _check_robust_moments(moments: RobustMoments, n_columns: int) -> None:
    """Check that robust moments are of `n_columns` columns."""
    shapes = {
        "values": (None, n_columns),
        "weight": (len(moments.values),),
        "center": (n_columns,),
        "deviation": (n_columns,),
    }
    for name, shape in shapes.items():
        array = getattr(moments, name)
        fits = _is_array(array, *shape) and array.dtype == np.float64
        _require(fits and np.isfinite(array).all(), f"{name} of _moments does not fit")
        if name in ("weight", "deviation"):
            _require((array > 0).all(), f"{name} of _moments is not positive")


def _check_progress(progress: Any, theta: np.ndarray, n_weights: int) -> None:
    """Check that the states are valid for the solver and the schedule."""
    _require(isinstance(progress, Progress), "_progress is no progress")
    _require(isinstance(progress.rng, np.random.Generator), "_progress has no generator")
    _require(isinstance(progress.solver, Solver), "_progress has no solver")
    _require(isinstance(progress.schedule, Schedule), "_progress has no schedule")
    _require(_is_number(progress.epoch, 0), "_progress counts no epochs")
    _require(_is_number(progress.pace, 1), "_progress has no pace")
    _require(_is_count(progress.n_averaged), "_progress counts no steps")
    average = theta if progress.average is None else progress.average
    fits = _is_array(average, theta.size) and average.dtype == theta.dtype
    _require(fits, "The average does not fit the net")
    states = {
        "solver": (progress.solver_state, progress.solver.init(theta, n_weights)),
        "schedule": (progress.schedule_state, progress.schedule.init()),
    }
    for name, (state, fresh) in states.items():
        _require(_is_alike(state, fresh), f"The state of the {name} is none")


# What a history has of each member, if each has validation rows of its own.
OF_MEMBERS = "best_criterion", "best_epoch"


def check_training(state: Any, fresh: Mapping[str, Any], n_weights: int) -> None:
    """Raise UnreadableModel if a training state does not match the fit to resume.

    Parameters
    ----------
    state : dict
        The state in the file; see `skshallow._estimators.fit.checkpoint`.
    fresh : dict
        The state of the fit before its first epoch.
    n_weights : int
        Number of parameters that are weights.
    """
    _require(_has_names(state, fresh), "It is no training")
    theta, history, records = fresh["theta"], state["history"], state["health"]
    _require(_has_names(history, fresh["history"]), "It has no history")
    best = theta if history["best_theta"] is None else history["best_theta"]
    for vector in (state["theta"], best):
        fits = _is_array(vector, theta.size) and vector.dtype == theta.dtype
        _require(fits and np.isfinite(vector).all(), "Its parameters do not fit the net")
    _check_progress(state["progress"], theta, n_weights)
    fits = _is_array(state["optima"], *fresh["optima"].shape, kinds="f")
    _require(fits and np.isfinite(state["optima"]).all(), "It has no temperatures")
    _require(_is_array(history["learning_rate"], None), "It has no curves")
    n_epochs = len(history["learning_rate"])
    for name, empty in fresh["history"].items():
        value = history[name]
        if isinstance(empty, np.ndarray) and name in OF_MEMBERS:
            fits = _is_array(value, len(empty), kinds=empty.dtype.kind)
            _require(fits, f"{name} is not of the members")
        elif isinstance(empty, np.ndarray):
            lengths = (0, n_epochs) if name.startswith("validation") else (n_epochs,)
            _require(
                _is_array(value, None) and len(value) in lengths, f"{name} is no curve"
            )
        elif type(empty) is int:
            _require(_is_count(value) and value <= n_epochs, f"{name} is no epoch")
        elif empty is not None:
            _require(isinstance(value, type(empty)), f"{name} is of another type")
    _require(_has_names(records, fresh["health"]), "It has no records")
    for name, empty in fresh["health"].items():
        shape = len(records["epoch"]), *empty.shape[1:]
        fits = _is_array(records[name], *shape, kinds=empty.dtype.kind)
        _require(fits and records[name].dtype == empty.dtype, f"{name} is no record")


def _has_names(value: Any, fresh: Mapping[str, Any]) -> bool:
    """Return whether `value` is a dict with the same keys as `fresh`."""
    return type(value) is dict and value.keys() == fresh.keys()


def _is_alike(state: Any, fresh: Mapping[str, Any]) -> bool:
    """Return whether a state has the same keys, types and shapes as a `fresh` one."""
    if not _has_names(state, fresh):
        return False
    for name, value in fresh.items():
        found = state[name]
        if isinstance(value, np.ndarray):
            if not _is_array(found, *value.shape) or found.dtype != value.dtype:
                return False
        elif isinstance(value, float):
            if not isinstance(found, float | np.floating):
                return False
        elif type(found) is not type(value) or (value is not None and found < 0):
            return False
    return True
