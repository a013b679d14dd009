"""Integrals of gradients along straight lines, as exact as is asked for.

Each line is divided into segments. On a segment, the mean slope is taken to be one between
those at its ends that gives the difference of outputs there. Where there is none, as with
two kinks in between, the segment misses a part of the difference: of rows whose segments
miss more than is allowed, those that miss most are halved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.linalg import sums_by_row
from skshallow._arrays.namespace import asarray_like, dtype_of, namespace
from skshallow.activations import Params
from skshallow.inspection._effects.explained import Explained, by_columns

SEGMENTS = 32  # of a line at first, if there is one background row, else of all lines
FEWEST_SEGMENTS = 8  # of a line; with 4, effects are off by twice as much
MOST_HALVED = 256  # segments of a line, on average over the lines to a row
SHORTEST = 1e-9  # segment that is halved, as a share of the line: beyond rounding
ROUNDING = 64 * np.finfo(np.float64).eps  # of the base value
NEGLIGIBLE = 1e-6  # of what may be missed in all: what one segment misses
SAME_SLOPE = 1e-5  # slopes that differ relatively less are taken for the same
SMALL_DIFFERENCE = 0.01  # of the sum of the effects' magnitudes
VALUES_AT_ONCE = 1 << 19  # of slopes at first: rows are taken in blocks


@dataclass
class Points:
    """Points on lines.

    Parameters
    ----------
    line : ndarray of shape (n,)
        The line of each point.
    at : ndarray of shape (n,)
        Where on it, from 0 at its start to 1 at its end.
    values : ndarray of shape (n, n_outputs)
        The outputs.
    slopes : ndarray of shape (n, n_outputs, n_columns)
        Their derivatives by `at`, divided among the columns.
    """

    line: np.ndarray
    at: np.ndarray
    values: np.ndarray
    slopes: np.ndarray

    def __getitem__(self, which: Any) -> Points:
        return Points(*(array[which] for array in vars(self).values()))


@dataclass
class Segments:
    """Segments of lines, with the integrals of their slopes.

    Parameters
    ----------
    left, right : Points
        The ends of each.
    effects : ndarray of shape (n, n_outputs, n_columns)
        The integrals, from the slopes at the ends.
    missed : ndarray of shape (n, n_outputs)
        How much of the difference of values they leave.
    """

    left: Points
    right: Points
    effects: np.ndarray
    missed: np.ndarray

    @classmethod
    def between(cls, left: Points, right: Points) -> Segments:
        """Return the segments between points.

        The mean slope has the weights of both ends that give the difference of values, or
        come as close to it as a mean of both can; equal ones if both slopes are the same.
        """
        length = (right.at - left.at)[:, np.newaxis]
        change = right.values - left.values
        of_left = length * left.slopes.sum(axis=-1)
        of_right = length * right.slopes.sum(axis=-1)
        apart = of_left - of_right
        differ = np.abs(apart) > SAME_SLOPE * (np.abs(of_left) + np.abs(of_right))
        share = np.full(change.shape, 0.5)
        np.divide(change - of_right, apart, out=share, where=differ)
        share = np.clip(share, 0, 1)
        effects = (length * share)[..., np.newaxis] * left.slopes
        effects += (length * (1 - share))[..., np.newaxis] * right.slopes
        return cls(left, right, effects, change - share * of_left - (1 - share) * of_right)

    def __getitem__(self, which: Any) -> Segments:
        return Segments(*(part[which] for part in vars(self).values()))

    @property
    def line(self) -> np.ndarray:
        """The line of each segment (n,)."""
        return self.left.line


def _joined(*parts: Any) -> Any:
    """Return points or segments as one."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    fields = zip(*(vars(part).values() for part in parts), strict=True)
    return type(parts[0])(*(_joined(*field) for field in fields))


class Lines:
    """The lines from all starts to the first end, then to the second end, and so on.

    Parameters
    ----------
    explained : Explained
    params : list of dict
        Parameters of the network.
    starts, ends : array of shape (n_starts, n_inputs) and (n_ends, n_inputs)
        Inputs; of members with embeddings they have an axis of these at first.
    """

    def __init__(
        self, explained: Explained, params: list[Params], starts: Any, ends: Any
    ) -> None:
        self.explained = explained
        self.params = params
        self.starts = starts
        self.ends = ends
        self.n_starts = starts.shape[-2]
        self.n_lines = self.n_starts * ends.shape[-2]

    def segments(self, n: int) -> Segments:
        """Return n segments of equal length of each line."""
        line = np.repeat(np.arange(self.n_lines), n + 1)
        points = self._points(line, np.tile(np.linspace(0, 1, n + 1), self.n_lines))
        is_left = np.flatnonzero(points.at < 1)
        return Segments.between(points[is_left], points[is_left + 1])

    def halves(self, segments: Segments) -> tuple[Segments, Segments]:
        """Return the left and the right half of each segment."""
        left, right = segments.left, segments.right
        middle = self._points(segments.line, (left.at + right.at) / 2)
        return Segments.between(left, middle), Segments.between(middle, right)

    def _points(self, line: np.ndarray, at: np.ndarray) -> Points:
        """Return the points at these places (n,) of lines (n,)."""
        start = _rows(self.starts, line % self.n_starts)
        along = _rows(self.ends, line // self.n_starts) - start
        share = asarray_like(at.astype(dtype_of(along))[:, np.newaxis], along)
        net, n_outputs = self.explained.net, self.explained.n_outputs
        values = np.empty((len(line), n_outputs))
        slopes = np.empty((len(line), n_outputs, net.n_features_in_), dtype_of(along))
        blocks = self.explained.gradients(start + share * along, self.params)
        for rows, outputs, gradients in blocks:
            values[rows] = outputs
            of_columns = by_columns(net, gradients * along[..., rows, :])
            slopes[rows] = np.swapaxes(of_columns, 0, 1)
        return Points(line, at, values, slopes)


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
        effects = np.empty((*difference.shape, self.explained.net.n_features_in_))
        values_per_line = (_n_segments(background.shape[-2]) + 1) * effects[0].size
        n_at_once = max(1, VALUES_AT_ONCE // (values_per_line * background.shape[-2]))
        for first in range(0, len(effects), n_at_once):
            rows = slice(first, min(first + n_at_once, len(effects)))
            lines = Lines(self.explained, params, background, inputs[..., rows, :])
            effects[rows] = self._effects(lines, allowed[rows])
        off = np.abs(effects.sum(axis=-1) - difference)
        self.n_inexact += int((off > self._bound(effects, allowed)).any(axis=-1).sum())
        return [effects.reshape(len(effects), -1), np.broadcast_to(base, difference.shape)]

    def _bound(self, effects: np.ndarray, allowed: np.ndarray) -> np.ndarray:
        """Return by how much effects (n, n_outputs, n_columns) may miss the difference.

        It is what is `allowed`, but no less than that of a small difference.
        """
        least = self.tol * SMALL_DIFFERENCE * np.abs(effects).sum(axis=-1)
        return np.maximum(allowed, least)

    def _effects(self, lines: Lines, allowed: np.ndarray) -> np.ndarray:
        """Return the effects (n, n_outputs, n_columns), means over the lines to each end.

        Segments are halved until what they miss is `allowed` (n, n_outputs).
        """
        n_rows, n_starts = len(allowed), lines.n_starts
        segments = lines.segments(_n_segments(n_starts))
        effects = _sums(segments.line // n_starts, segments.effects, n_rows)
        n_halved = np.zeros(n_rows)
        while True:
            bound = n_starts * self._bound(effects / n_starts, allowed)
            segments = segments[_matter(segments.missed, bound[segments.line // n_starts])]
            row = segments.line // n_starts
            halved = _worst(segments.missed, row, bound)
            halved &= segments.right.at - segments.left.at > SHORTEST
            halved &= (n_halved < n_starts * MOST_HALVED)[row]
            if not halved.any():
                return effects / n_starts
            whole, row_of_whole = segments[halved], row[halved]
            left, right = lines.halves(whole)
            change = left.effects + right.effects - whole.effects
            effects += _sums(row_of_whole, change, n_rows)
            n_halved += np.bincount(row_of_whole, minlength=n_rows)
            # rows without a segment to halve are finished
            others = segments[~halved & np.isin(row, row_of_whole)]
            segments = _joined(others, left, right)


def _n_segments(n_background: int) -> int:
    """Return into how many segments a line is divided at first."""
    return max(SEGMENTS // n_background, FEWEST_SEGMENTS)


def _matter(missed: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Return which segments (n,) miss more than rounding explains, of (n, n_outputs)."""
    return (np.abs(missed) > NEGLIGIBLE * bound).any(axis=-1)


def _worst(missed: np.ndarray, row: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Return which segments (n,) are to be halved, given what they miss (n, n_outputs).

    Where the sum over the segments of a row is beyond its bound (n_rows, n_outputs), they
    are those that miss more than an equal share of it. `row` (n,) is that of each segment.
    """
    is_beyond = np.abs(_sums(row, missed, len(bound))) > bound
    n_segments = np.bincount(row, minlength=len(bound))[:, np.newaxis]
    share = bound / np.maximum(n_segments, 1)
    return (is_beyond[row] & (np.abs(missed) > share[row])).any(axis=-1)


def _sums(row: np.ndarray, values: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the sums (n_rows, ...) of values (n, ...) by their row (n,)."""
    n_values = math.prod(values.shape[1:])
    sums = np.empty((n_rows, n_values))
    sums_by_row(row, values.reshape(len(row), n_values), sums)
    return sums.reshape(n_rows, *values.shape[1:])


def _rows(inputs: Any, rows: np.ndarray) -> Any:
    """Return these rows of inputs (..., n, n_inputs)."""
    return namespace(inputs).take(inputs, asarray_like(rows, inputs), axis=-2)
