r"""Standardisation of features and targets, and its inverse for weights and predictions.

Networks train well on features of mean 0 and standard deviation 1. Mean and deviation come
from `Moments`. Training uses standardised data; `coefs_` and `intercepts_` are converted
back to the units of the user's data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skshallow.activations import Params
from skshallow.engine import shared_weights
from skshallow.engine.batches import Bounds
from skshallow.engine.encoding import Encoding
from skshallow.engine.moments import Moments
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.shared_weights import stored_weight
from skshallow.losses import Link

# Limit of the factor for features: larger features need smaller weights, and the penalty
# on them decreases with the square of the factor.
MOST_ROW_GAIN = 4.0
LEARNED = {"embedding", "periodic_bias"}  # parameters of further inputs of the first layer


@dataclass(frozen=True)
class Units:
    """Standardisation of features and targets, and its inverse for raw predictions.

    Features are ``(X - center) / scale``, targets are
    ``(y - target_center) / target_scale``, and ``factor * raw + offset`` is the raw
    prediction in the user's units. None means that a step is left out.

    Parameters
    ----------
    center, scale : ndarray of shape (n_features,) or None
    target_center, target_scale : ndarray of shape (n_outputs,) or None
    factor, offset : ndarray of shape (n_outputs,) or None
    bounds : tuple of two ndarray of shape (n_features,), or None
        Least and greatest value of each feature in training, to which others are clipped
        before they are standardised. Beyond these no row has bounded the network.
    """

    center: np.ndarray | None = None
    scale: np.ndarray | None = None
    target_center: np.ndarray | None = None
    target_scale: np.ndarray | None = None
    factor: np.ndarray | None = None
    offset: np.ndarray | None = None
    bounds: Bounds | None = None

    @classmethod
    def measured(
        cls,
        features: Moments,
        targets: Moments | RobustMoments,
        link: Link,
        row_gain: Any = None,
        encoding: Encoding | None = None,
    ) -> Units:
        """Return units that standardise features and, if `link` allows it, targets.

        A `row_gain`, for networks with hidden layers, multiplies the standardised
        features. Before that, the two values of a binary column are at most
        `MOST_DEVIATIONS` standard deviations apart, even if one of them is rare. The codes
        of embedded columns, the last features of an `encoding`, are not standardised.

        Centers of pieces are such that the number there, ``start + length * center``, has
        no rounding error: far narrower than their column, pieces show its last digits.
        """
        center, scale = features.center, features.deviation
        if row_gain is not None:
            scale = np.maximum(scale, features.least_scale) / row_gain
        if encoding is not None:
            center[encoding.n_dense :], scale[encoding.n_dense :] = 0, 1
        if encoding is not None and encoding.n_pieces:
            own, (start, length) = encoding.piece_features, encoding.pieces
            center[own] = (start + length * center[own] - start) / length
        target_units = link.target_units(targets)
        if target_units is None:
            return cls(center, scale)
        return cls(center, scale, *target_units, *link.raw_units(*target_units))

    @property
    def are_users(self) -> bool:
        """Whether these are the units of the user's data, without standardisation."""
        names = (field.name for field in fields(self) if field.name != "bounds")
        return all(getattr(self, name) is None for name in names)

    def scale_targets(self, y: np.ndarray) -> np.ndarray:
        """Return standardised targets (n, n_outputs)."""
        if self.target_scale is None:
            return y
        return (y - self.target_center) / self.target_scale

    def to_users(self, raw_prediction: np.ndarray) -> np.ndarray:
        """Return raw predictions (n, n_outputs) in the user's units."""
        if self.factor is None:
            return raw_prediction
        users = raw_prediction * self.factor + self.offset
        return users.astype(raw_prediction.dtype, copy=False)


USERS_UNITS = Units()


def row_gain(n_features: int, n_units: int) -> float:
    """Return the factor by which features are multiplied, so that the first layer keeps up.

    A standardised row has a mean squared norm of `n_features`, the activations of a hidden
    layer one of about `n_units`. If the solver takes steps of similar size for all weights,
    then with few features the output of the first layer changes less per step than that of
    the others. With features of standard deviation ``sqrt(n_units / n_features)``, at most
    4, it learns as fast as they do, as in the neural tangent parametrisation.

    References
    ----------
    Jacot, Gabriel, Hongler (2018), arXiv:1806.07572; for tables Holzmueller, Grinsztajn,
    Steinwart (2024), arXiv:2407.04491.

    Examples
    --------
    >>> row_gain(n_features=32, n_units=128)
    2.0
    """
    return min(math.sqrt(n_units / n_features), MOST_ROW_GAIN)


def re_express(params: list[Params], old: Units, new: Units) -> None:
    """Convert the parameters of a network to other units in place; predictions stay equal.

    From ``(X - c0) / s0 @ W + b = (X - c1) / s1 @ (s1 / s0 * W) + b + (c1 - c0) / s0 @ W``
    for the first layer, and ``f0 raw0 + o0 = f1 raw1 + o1`` for the last. Embeddings are
    not changed.

    Parameters
    ----------
    params : list of dict
        Views of the network's parameters, one dict per layer, stored or of members.
    old, new : Units
        The units of the parameters before and after.
    """
    first, last = params[0], params[-1]
    old_center, old_scale = _or(old.center, 0.0), _or(old.scale, 1.0)
    new_center, new_scale = _or(new.center, 0.0), _or(new.scale, 1.0)
    shift = _of_inputs((new_center - old_center) / old_scale, first, 0.0)
    ratio = _of_inputs(new_scale / old_scale, first, 1.0)
    # without BLAS, because the last bits would depend on its number of threads
    weight = shared_weights.forward(first)["weight"]
    moved = np.einsum("i,...ij->...j", shift, weight)  # (n_units,), by members
    first["bias"] += moved.reshape(first["bias"].shape)
    stored_weight(first)[...] *= ratio[:, np.newaxis]
    old_factor, new_factor = _or(old.factor, 1.0), _or(new.factor, 1.0)
    last["weight"] *= old_factor / new_factor
    last["bias"] *= old_factor / new_factor
    last["bias"] += (_or(old.offset, 0.0) - _or(new.offset, 0.0)) / new_factor


def _of_inputs(values: np.ndarray, first: Params, neutral: float) -> np.ndarray:
    """Return values of features, or one value for all, as values of the layer's inputs.

    Each feature is one input, except the codes of an embedding, the last features, which
    have neutral values. The further inputs, of curves and vectors, get the `neutral` value.
    """
    n_inputs = stored_weight(first).shape[-2]
    if values.ndim == 0:
        return np.broadcast_to(values, n_inputs)
    n_more = n_inputs - len(values) if LEARNED & first.keys() else 0
    return np.append(values, np.full(n_more, neutral))


def _or(array: np.ndarray | None, default: float) -> np.ndarray:
    """Return `array`, or `default` as an array."""
    return np.asarray(default) if array is None else array
