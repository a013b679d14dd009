"""Encoding of a table with categories and missing numbers as features of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import chain, count
from typing import Any

import numpy as np

from skshallow._arrays.namespace import as_dtype, asarray_like, dtype_of, namespace
from skshallow.engine.embedding import Embedding
from skshallow.engine.periodic import N_CURVES, PeriodicEmbedding


def _no_columns() -> np.ndarray:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Encoding:
    """The fixed map from rows of a table to rows of encoded features, without parameters.

    A table (n, n_columns) is one matrix of floats. A number is itself, and NaN if it is
    missing. A category is the code of its level, an integer from 0, and -1 if its level was
    not seen in training. A row of encoded features has, in this order,

    - the numbers, of which the missing ones are still NaN,
    - for each column in `indicators`, 1 if its number is missing, else 0,
    - for each column in `binary`, 1 if its level is the second one, else 0,
    - for each level of each column in `one_hot`, 1 if it is the row's level, else 0,
    - for each column in `pieced`, the share of each piece of its range that lies below the
      number: 1 up to the piece with the number, in that a share, and 0 in those above,
    - for each column in `embedded`, the row of the embedding that its level has.

    A level that was not seen has NaN instead of 0 or 1. After standardisation `Rows`
    replaces each NaN by 0, which is the feature's mean.

    Parameters
    ----------
    numbers, binary, one_hot, embedded : array of int
        Columns of the table.
    indicators : array of int
        Those of `numbers` that have an indicator.
    n_levels : array of int
        Number of levels of each of `one_hot`.
    left_out : array of int
        Columns of the table of which nothing enters the network.
    pieced : array of int
        Those of `numbers` that are also encoded piecewise linearly.
    periodic : array of int
        Those of `numbers` of which the network learns curves.
    borders : tuple of array of float
        For each of `pieced` the borders of its pieces, ascending, one more than pieces.
    rows_of_level : tuple of array of int
        For each column in `embedded`, the row of the embedding of each level, counted from
        0 in each column, and at the end that of levels that were not seen, which must be
        the last row. Rare levels can share this row, or another one.

    Examples
    --------
    >>> encoding = Encoding(numbers=[0], indicators=[0], one_hot=[1], n_levels=[3])
    >>> encoding.forward(np.array([[0.5, 2.0], [np.nan, 0.0], [4.0, -1.0]]))
    array([[0.5, 0. , 0. , 0. , 1. ],
           [nan, 1. , 1. , 0. , 0. ],
           [4. , 0. , nan, nan, nan]])
    """

    numbers: np.ndarray = field(default_factory=_no_columns)
    indicators: np.ndarray = field(default_factory=_no_columns)
    binary: np.ndarray = field(default_factory=_no_columns)
    one_hot: np.ndarray = field(default_factory=_no_columns)
    n_levels: np.ndarray = field(default_factory=_no_columns)
    embedded: np.ndarray = field(default_factory=_no_columns)
    left_out: np.ndarray = field(default_factory=_no_columns)
    pieced: np.ndarray = field(default_factory=_no_columns)
    periodic: np.ndarray = field(default_factory=_no_columns)
    borders: tuple[np.ndarray, ...] = ()
    rows_of_level: tuple[np.ndarray, ...] = ()

    def __post_init__(self) -> None:
        arrays = {own.name: getattr(self, own.name) for own in fields(self)}
        rows_of_level, borders = arrays.pop("rows_of_level"), arrays.pop("borders")
        for name, value in arrays.items():
            object.__setattr__(self, name, np.asarray(value, np.int64))
        rows_of_level = tuple(np.asarray(rows, np.int64) for rows in rows_of_level)
        object.__setattr__(self, "rows_of_level", rows_of_level)
        borders = tuple(np.asarray(own, np.float64) for own in borders)
        object.__setattr__(self, "borders", borders)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Encoding) and self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    def _values(self) -> list[list]:
        """Return all attributes as lists."""
        arrays = [getattr(self, own.name) for own in fields(self)[:-2]]
        arrays += [*self.borders, *self.rows_of_level]
        return [array.tolist() for array in arrays]

    @property
    def n_columns(self) -> int:
        """Number of columns of the table."""
        kinds = self.numbers, self.binary, self.one_hot, self.embedded, self.left_out
        return sum(map(len, kinds))

    @cached_property
    def n_dense(self) -> int:
        """Number of encoded features that are not codes."""
        n_hot = len(self.binary) + int(self.n_levels.sum())
        return len(self.numbers) + len(self.indicators) + n_hot + self.n_pieces

    @cached_property
    def n_pieces(self) -> int:
        """Number of features of pieces, the last ones that are not codes."""
        return sum(len(own) - 1 for own in self.borders)

    @cached_property
    def piece_features(self) -> slice:
        """Where the features of pieces are among the encoded ones."""
        return slice(self.n_dense - self.n_pieces, self.n_dense)

    @cached_property
    def pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """Start and length of each piece (n_pieces,)."""
        starts = np.concatenate([own[:-1] for own in self.borders])
        return starts, np.concatenate([np.diff(own) for own in self.borders])

    @cached_property
    def columns_of_pieces(self) -> np.ndarray:
        """The column of the table of each piece (n_pieces,)."""
        return np.repeat(self.pieced, [len(own) - 1 for own in self.borders])

    @property
    def n_encoded(self) -> int:
        """Number of encoded features, of which the last ones are codes."""
        return self.n_dense + len(self.embedded)

    def unseen_inputs(self, *, pieces: bool, curves: bool) -> slice | None:
        """Return the first layer's inputs that a member without these parts does not see.

        Pieces and curves are side by side, in this order; no member sees both.
        """
        start = self.piece_features.stop if pieces else self.piece_features.start
        stop = self.curve_inputs.start if curves else self.curve_inputs.stop
        return slice(start, stop) if start < stop else None

    @cached_property
    def _columns_of_features(self) -> np.ndarray:
        """The column of the table of each encoded feature (n_encoded,)."""
        columns_of_hot, _ = self.levels_of_features
        parts = self.numbers, self.indicators, columns_of_hot, self.columns_of_pieces
        return np.concatenate([*parts, self.embedded])

    @cached_property
    def _indicator_features(self) -> slice:
        """Where the indicators are among the encoded features."""
        return slice(len(self.numbers), len(self.numbers) + len(self.indicators))

    @cached_property
    def _hot_features(self) -> slice:
        """Where the 0/1 features of categories are among the encoded ones."""
        return slice(self._indicator_features.stop, self.piece_features.start)

    @cached_property
    def levels_of_features(self) -> tuple[np.ndarray, np.ndarray]:
        """The column of the table, and the level, of each 0/1 feature of a category."""
        columns = np.concatenate([self.binary, np.repeat(self.one_hot, self.n_levels)])
        levels = [np.ones_like(self.binary), *map(np.arange, self.n_levels)]
        return columns, np.concatenate(levels)

    def columns_of_inputs(self, width: int = 1) -> np.ndarray:
        """Return the column of the table of each of the first layer's inputs (n_inputs,).

        An embedded column has `width` inputs, as in `feature_names`; a number of which
        curves are learned has one for each of them, too.
        """
        hot, _ = self.levels_of_features
        pieces, curves = self.columns_of_pieces, np.repeat(self.periodic, N_CURVES)
        embedded = np.repeat(self.embedded, width)
        parts = self.numbers, self.indicators, hot, pieces, curves, embedded
        return np.concatenate(parts)

    def directions(self, of_columns: np.ndarray) -> np.ndarray:
        """Return the directions of features (n_encoded,) from those of columns.

        Numbers and their pieces have that of their column, and so has the second level of
        a category; the first one has the opposite. All others are free: 0.
        """
        found = np.zeros(self.n_encoded, of_columns.dtype)
        found[: len(self.numbers)] = of_columns[self.numbers]
        found[self.piece_features] = of_columns[self.columns_of_pieces]
        columns, levels = self.levels_of_features
        signs = np.where(levels == 0, -1, np.where(levels == 1, 1, 0))
        stop = self.piece_features.start
        found[stop - len(columns) : stop] = signs * of_columns[columns]
        return found

    def embedding(self, width: int) -> Embedding | None:
        """Return the embedding that takes these codes; None if there are none."""
        if not len(self.embedded):
            return None
        return Embedding(tuple(int(rows[-1]) + 1 for rows in self.rows_of_level), width)

    def periodic_embedding(self, gain: float) -> PeriodicEmbedding | None:
        """Return the curves of numbers that have this factor; None if there are none."""
        if not len(self.periodic):
            return None
        places = np.searchsorted(self.numbers, self.periodic)
        return PeriodicEmbedding(tuple(places.tolist()), gain)

    @property
    def n_curves(self) -> int:
        """Number of values that the curves have."""
        return len(self.periodic) * N_CURVES

    @property
    def curve_inputs(self) -> slice:
        """Where the curves are among the first layer's inputs: behind all but vectors."""
        return slice(self.n_dense, self.n_dense + self.n_curves)

    def forward(self, x: Any) -> Any:
        """Map rows of the table x (n, n_columns) to encoded features (n, n_encoded)."""
        encoded = self.forward_whole(x)
        if self.n_pieces:
            xp, dtype, own = namespace(x), dtype_of(x), self.piece_features
            starts, lengths = (
                asarray_like(each.astype(dtype, copy=False), x) for each in self.pieces
            )
            shares = (encoded[:, own] - starts) / lengths
            encoded[:, own] = xp.clip(shares, 0.0, 1.0)  # NaN stays NaN
        return encoded

    def forward_whole(self, x: Any) -> Any:
        """Map x to encoded features that have, for the share of a piece, the whole number.

        `scaling_of_whole` says how these are scaled.
        """
        xp = namespace(x)
        encoded = _columns(x, self._columns_of_features)
        if len(self.indicators):
            missing = xp.isnan(encoded[:, self._indicator_features])
            encoded[:, self._indicator_features] = as_dtype(missing, x.dtype)
        if len(self.binary) + len(self.one_hot):
            encoded[:, self._hot_features] = self._hot_of(encoded[:, self._hot_features])
        for i, rows in enumerate(self.rows_of_level, self.n_dense):
            encoded[:, i] = _rows_of_codes(encoded[:, i], rows)
        return encoded

    def scaling_of_whole(
        self,
        center: np.ndarray | None,
        scale: np.ndarray | None,
        bounds: tuple[np.ndarray, np.ndarray] | None,
    ) -> tuple[Any, Any, Any]:
        """Return `center`, `scale` and `bounds` as `forward_whole` needs them.

        A share is ``(clip(x) - start) / length``, where x is clipped to the piece. So a
        scaled one takes no more steps than a scaled number:

            (share - center) / scale
                = (clip(x) - (start + length * center)) / (length * scale)
        """
        if not self.n_pieces:
            return center, scale, bounds
        start, length, ends = self._lines
        if bounds is not None:  # those of shares are within 0 and 1
            ends = start + length * bounds[0], start + length * bounds[1]
        center = start if center is None else start + length * center
        return center, length if scale is None else length * scale, ends

    @cached_property
    def _lines(self) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Start, length and ends of all features (n_encoded,); only pieces have ends."""
        n, own = self.n_encoded, self.piece_features
        start, length = np.zeros(n), np.ones(n)
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        start[own], length[own] = self.pieces
        low[own], high[own] = start[own], start[own] + length[own]
        return start, length, (low, high)

    def _hot_of(self, codes: Any) -> Any:
        """Return the 0/1 features of codes (n, n_hot), NaN for unseen levels."""
        _, levels = self.levels_of_features
        levels = asarray_like(levels.astype(dtype_of(codes)), codes)
        hot = as_dtype(codes == levels, codes.dtype)
        hot[codes < 0] = np.nan  # no where(), which takes several times as long
        return hot

    def feature_names(
        self, names: Sequence[str], levels: Mapping[int, Sequence], width: int = 1
    ) -> np.ndarray:
        """Return names of the first layer's inputs, as scikit-learn's encoders name them.

        An embedded column has as many inputs as its vectors have values, and a number of
        which curves are learned has them besides its own. Of names that are alike, such as
        of level "c" of "a_b" and level "b_c" of "a", the later ones get a number,
        "a_b_c (2)".

        Parameters
        ----------
        names : sequence of str
            Names of the table's columns.
        levels : mapping from int to sequence
            From columns in `binary` and `one_hot` to their levels, in the order of codes.
        width : int, default=1
            Width of the embedding.

        Examples
        --------
        >>> encoding = Encoding([0], [0], binary=[1], embedded=[2], rows_of_level=[[0, 1]])
        >>> names = encoding.feature_names(["age", "sex", "city"], {1: ["f", "m"]}, width=2)
        >>> names.tolist()
        ['age', 'missingindicator_age', 'sex_m', 'city_embedding0', 'city_embedding1']
        """
        found = [names[i] for i in self.numbers]
        found += [f"missingindicator_{names[i]}" for i in self.indicators]
        hot = zip(*self.levels_of_features, strict=True)
        found += [f"{names[column]}_{levels[column][level]}" for column, level in hot]
        for i, own in zip(self.pieced, self.borders, strict=True):
            found += [f"{names[i]}_piece{j}" for j in range(len(own) - 1)]
        found += [f"{names[i]}_periodic{j}" for i in self.periodic for j in range(N_CURVES)]
        found += [f"{names[i]}_embedding{j}" for i in self.embedded for j in range(width)]
        return np.array(_distinct(found), object)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names of which those that occurred before have a number."""
    found: dict[str, None] = {}  # a set with an order
    for name in names:
        numbered = (f"{name} ({i})" for i in count(2))
        found[next(each for each in chain([name], numbered) if each not in found)] = None
    return list(found)


def _rows_of_codes(codes: Any, rows: np.ndarray) -> Any:
    """Return the rows of the embedding that codes (n,) have, the last for unseen levels."""
    xp = namespace(codes)
    level = as_dtype(codes, xp.int64)
    level = xp.where(level < 0, len(rows) - 1, level)
    return as_dtype(xp.take(asarray_like(rows, codes), level, axis=0), codes.dtype)


def _columns(x: Any, columns: np.ndarray) -> Any:
    """Return these columns of x (n, n_columns), row by row in memory as NumPy's take()."""
    return namespace(x).take(x, asarray_like(columns, x), axis=1)
