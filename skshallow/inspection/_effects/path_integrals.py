"""Integrals of gradients along straight lines, as exact as is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skshallow._arrays.namespace import asarray_like, dtype_of, namespace, to_numpy
from skshallow.activations import Params
from skshallow.inspection._effects.explained import Explained, by_columns

SEGMENTS = 16  # of a line at first, if there is one background row, else of all lines
FEWEST_SEGMENTS = 2
MOST_SEGMENTS = 1024
ROUNDING = 64 * np.finfo(np.float64).eps  # of the base value
SAME_SLOPE = 1e-5  # slopes that differ relatively less are taken for the same
SMALL_DIFFERENCE = 0.01  # of the sum of the effects' magnitudes
UNITS_PER_PASS = 1 << 18  # of the widest layer, so that they stay in the cache


class PathIntegrals:
    """Effects of columns: integrals along lines from background rows to rows.

    Called with rows x and parameters, it returns the effects (n, n_outputs * n_columns) and
    the base values (n, n_outputs).

    Parameters
    ----------
    explained : Explained
    background : callable
        Returns the background rows as inputs (m, n_inputs), given the parameters.
    tol : float
        By which share of the difference of outputs the sum of effects may be off.

    Attributes
    ----------
    n_inexact : int
        For how many rows `tol` was not reached.
    """

    def __init__(
        self, explained: Explained, background: Callable[[list[Params]], Any], tol: float
    ) -> None:
        self.explained = explained
        self.background = background
        self.tol = tol
        self.n_inexact = 0

    def __call__(self, x: Any, params: list[Params]) -> list[np.ndarray]:
        inputs = self.explained.net.network_.inputs(x, params)
        background = asarray_like(self.background(params), inputs)
        base = self.explained(background, params).mean(axis=0)
        difference = self.explained(inputs, params) - base
        allowed = self.tol * np.abs(difference) + ROUNDING * np.abs(base)
        # what lines miss has either sign, so that less of it is left in the mean
        slack = background.shape[-2] ** 0.5
        effects = self._mean_of_lines(inputs, background, params, allowed, slack)
        inexact = self._inexact(effects, difference, allowed)
        if len(inexact) and slack > 1:
            some = _rows(inputs, inexact)
            effects[inexact] = self._mean_of_lines(
                some, background, params, allowed[inexact], 1
            )
            still = self._inexact(effects[inexact], difference[inexact], allowed[inexact])
            inexact = inexact[still]
        self.n_inexact += len(inexact)
        return [effects.reshape(len(effects), -1), np.broadcast_to(base, difference.shape)]

    def _mean_of_lines(
        self, inputs: Any, background: Any, params: list[Params], allowed: Any, slack: float
    ) -> np.ndarray:
        """Return the effects (n, n_outputs, n_columns), the mean over the background.

        Each line may miss `slack` times what the mean may miss.
        """
        n_background = background.shape[-2]
        n_segments = max(SEGMENTS // n_background, FEWEST_SEGMENTS)
        effects = np.zeros((*allowed.shape, self.explained.net.n_features_in_))
        for i in range(n_background):
            start = background[..., i : i + 1, :]
            effects += self._of_lines(start, inputs, params, slack * allowed, n_segments)
        return effects / n_background

    def _inexact(
        self, effects: np.ndarray, difference: np.ndarray, allowed: np.ndarray
    ) -> np.ndarray:
        """Return the rows whose effects (n, n_outputs, n_columns) do not add up."""
        off = np.abs(effects.sum(axis=-1) - difference)
        return np.flatnonzero((off > self._bound(effects, allowed)).any(axis=-1))

    def _bound(self, effects: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """Return by how much effects (n, n_outputs, n_columns) may miss the difference.

        It is what is `allowed`, but no less than that of a small difference.
        """
        least = self.tol * SMALL_DIFFERENCE * np.abs(effects).sum(axis=-1)
        return np.maximum(allowed, least)

    def _of_lines(
        self, start: Any, end: Any, params: list[Params], allowed: Any, n_segments: int
    ) -> np.ndarray:
        """Return the effects (n, n_outputs, n_columns) along lines from start to end.

        Lines whose effects do not add up, as is `allowed` (n, n_outputs), are divided into
        more segments.
        """
        net, network = self.explained.net, self.explained.network
        effects = np.empty((*allowed.shape, net.n_features_in_))
        off = np.empty(allowed.shape)
        values_per_row = (n_segments + 1) * network.widest(end.shape[-1])
        n_at_once = max(1, UNITS_PER_PASS // values_per_row)
        for first in range(0, len(effects), n_at_once):
            block = slice(first, min(first + n_at_once, len(effects)))
            found = self._along_lines(start, end[..., block, :], params, n_segments)
            for j, (of_inputs, missed) in enumerate(found):
                effects[block, j] = by_columns(net, of_inputs)
                off[block, j] = np.abs(missed)
        inexact = np.flatnonzero((off > self._bound(effects, allowed)).any(axis=-1))
        if len(inexact) and n_segments < MOST_SEGMENTS:
            some = _rows(end, inexact)
            effects[inexact] = self._of_lines(
                start, some, params, allowed[inexact], 2 * n_segments
            )
        return effects

    def _along_lines(
        self, start: Any, end: Any, params: list[Params], n_segments: int
    ) -> Iterator[tuple[Any, np.ndarray]]:
        """Yield the effects of the inputs on each output, and what they do not add up to.

        With `start` (1, n_inputs) and `end` (n, n_inputs), they are (n, n_inputs), of
        members (k, n, n_inputs), and (n,).
        """
        xp = namespace(end)
        n_points = n_segments + 1
        line = end - start
        along = np.linspace(0, 1, n_points, dtype=dtype_of(end))[:, np.newaxis, np.newaxis]
        along = asarray_like(along, end)
        points = start[..., np.newaxis, :, :] + along * line[..., np.newaxis, :, :]
        points = xp.reshape(points, (*end.shape[:-2], -1, end.shape[-1]))
        for values, gradient in self.explained.gradients(points, params):
            shape = *gradient.shape[:-2], n_points, *line.shape[-2:]
            of_inputs = xp.reshape(gradient, shape) * line[..., np.newaxis, :, :]
            slopes = to_numpy(xp.sum(of_inputs, axis=-1))
            slopes = slopes.reshape(-1, n_points, line.shape[-2]).sum(axis=0)
            values = values.reshape(slopes.shape)
            weights = _weights(values, slopes)
            missed = values[-1] - values[0] - (weights * slopes).sum(axis=0)
            weights = asarray_like(weights.astype(dtype_of(end))[..., np.newaxis], end)
            yield xp.sum(of_inputs * weights, axis=-3), missed


def _weights(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return weights of points (n_points, n) with which their slopes give the integral.

    On a segment, the slope is a mean of the slopes at both ends, with weights from 0 to 1
    that give the difference of the values there; equal ones if both slopes are the same.
    """
    n_segments = len(values) - 1
    left, right = slopes[:-1], slopes[1:]
    wanted = n_segments * np.diff(values, axis=0)
    apart = left - right
    differ = np.abs(apart) > SAME_SLOPE * (np.abs(left) + np.abs(right))
    of_left = np.full(wanted.shape, 0.5)
    np.divide(wanted - right, apart, out=of_left, where=differ)
    of_left = np.clip(of_left, 0, 1) / n_segments
    weights = np.zeros(values.shape)
    weights[:-1] += of_left
    weights[1:] += 1 / n_segments - of_left
    return weights


def _rows(inputs: Any, rows: np.ndarray) -> Any:
    """Return these rows of inputs (..., n, n_inputs)."""
    return namespace(inputs).take(inputs, asarray_like(rows, inputs), axis=-2)
