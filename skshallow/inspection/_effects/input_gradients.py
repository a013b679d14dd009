"""Derivatives of the outputs of a net by its columns, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import asarray_like, dtype_of, to_numpy
from skshallow._estimators.columns import read_matrix
from skshallow.engine.periodic import N_CURVES
from skshallow.inspection._common.meta_estimators import net_and_input
from skshallow.inspection._effects.explained import RAW, Explained, by_columns, mean_inputs


def input_gradients(estimator, X, *, output=RAW):
    """Return the derivative of each output by each column, row by row.

    It tells how the output would change with a small change of one column alone: the slope
    at this row. For a linear net (``depth=0``) these are the coefficients, for all rows.
    Other nets clip a number to its range in training, unless ``clip_features=False``:
    outside of it, the derivative is 0.

    Parameters
    ----------
    estimator : estimator
        A fitted net, or a pipeline, a search or transformed targets around one. Behind
        other steps of a pipeline, columns are those that the steps return. Inside
        :class:`~sklearn.compose.TransformedTargetRegressor`, outputs are those of the net:
        transformed targets, and not what the whole regressor predicts.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
        Rows, as `estimator` takes them.
    output : {"raw", "prediction"}, default="raw"
        "raw" means raw predictions: log odds of the second of two classes or of each label,
        or one score per class, with ``loss="ordinal"`` and more than two classes the
        logarithm of its probability. For regression it is what is predicted, its logarithm
        if the loss is "poisson" or "gamma". "gaussian" has two outputs per target, the mean
        and the logarithm of the standard deviation, and several quantiles have one each
        (of a single network before they are sorted). "prediction" means what
        `predict_proba` of a classifier or `predict` of a regressor returns; of two classes,
        the probability of the second one.

    Returns
    -------
    gradients : ndarray of shape (n_samples, n_columns) or (n_samples, n_columns, n_outputs)
        Per unit of the column. A missing number has no derivative, but NaN. A category
        has none either: its value is the effect, to first order, of the row's level
        against the mean level of the training rows; 0 for a level that was not seen.

    Raises
    ------
    TypeError, NotFittedError
        If there is no net inside, or it is not fitted.
    ValueError
        If the activation is "step", whose gradient in training is not its derivative; or if
        there are categories and the net does not know their mean, with
        ``standardize=False``.

    See Also
    --------
    integrated_gradients : Effects that add up to the output.

    Notes
    -----
    The derivatives come from backpropagation, taken one step further than in training: to
    the input. At a kink of a unit, such as that of a ReLU, it is one of the two one-sided
    derivatives: the left one by the unit's pre-activation, which can be either by a column.
    At a border of two pieces (`numeric_encoding`) it is the left one; at both ends of the
    range in training it is that inside the range.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.inspection import input_gradients
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> y = 3 * X[:, 0] - X[:, 1]
    >>> net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=0, random_state=0).fit(X, y)
    >>> input_gradients(net, X[:2]).round(2)
    array([[ 3., -1.],
           [ 3., -1.]])
    """
    net, X = net_and_input(estimator, X)
    explained = Explained(net, output)
    n_columns, n_outputs = net.n_features_in_, explained.n_outputs

    def gradients(x, params):
        inputs = net.network_.inputs(x, params)
        per_unit = _per_unit(net, inputs, params)
        found = [
            by_columns(net, gradients * per_unit[..., rows, :])
            for rows, _, gradients in explained.gradients(inputs, params)
        ]
        return [np.concatenate(np.concatenate(found, axis=1), axis=-1)]

    widths = [n_columns * n_outputs]
    (values,) = net._pass_through(X, widths, gradients, by_members=False)
    values = np.swapaxes(values.reshape(-1, n_outputs, n_columns), 1, 2)
    known, nothing = net._columns, net._without_values
    matrix, _ = read_matrix(net, X, known, without_values=nothing)
    matrix = to_numpy(matrix)
    values[_clipped(net, matrix)] = 0
    values[_missing(matrix)] = np.nan
    return values[..., 0] if n_outputs == 1 else values


def _per_unit(net: Any, inputs: Any, params: Any) -> Any:
    """Return what gradients are multiplied with, in the shape of the inputs.

    For numbers it is one over the scale, for indicators of missing ones 0, for the piece
    that a number is in and for its curves how fast they rise, and for the inputs of
    categories their distance to the mean.
    """
    scale = net._units.scale
    encoding = net._encoding
    if encoding is None:
        per_unit = np.ones(inputs.shape[-1]) if scale is None else 1 / scale
        per_unit = np.broadcast_to(per_unit.astype(dtype_of(inputs)), inputs.shape)
        return asarray_like(per_unit, inputs)
    n_numbers = len(encoding.numbers)
    n_plain = n_numbers + len(encoding.indicators)
    per_unit = np.zeros(inputs.shape, dtype_of(inputs))
    per_unit[..., :n_numbers] = 1 if scale is None else 1 / scale[:n_numbers]
    if n_plain + encoding.n_pieces + encoding.n_curves < inputs.shape[-1]:
        distance = to_numpy(inputs - mean_inputs(net, params))
        per_unit[..., n_plain:] = distance[..., n_plain:]
    if encoding.n_pieces:
        slopes = _slopes_of_pieces(net, to_numpy(inputs))
        per_unit[..., encoding.piece_features] = slopes
    if encoding.n_curves:
        columns = np.repeat(net.network_.periodic.columns, N_CURVES)
        slopes = net.network_.periodic.slopes(inputs, params[0])
        per_unit[..., encoding.curve_inputs] = to_numpy(slopes) * per_unit[..., columns]
    return asarray_like(per_unit, inputs)


def _slopes_of_pieces(net: Any, inputs: np.ndarray) -> np.ndarray:
    """Return the derivatives of standardised pieces (n, n_pieces) by their numbers.

    Only the piece that a number is in has one: at a border of two that below, and at the
    ends of the range the outermost.
    """
    encoding, units = net._encoding, net._units
    (starts, lengths), columns = encoding.pieces, encoding.columns_of_pieces
    scale = np.ones(encoding.n_dense) if units.scale is None else units.scale
    center = np.zeros(encoding.n_dense) if units.center is None else units.center
    pieces, of_numbers = encoding.piece_features, np.searchsorted(encoding.numbers, columns)
    share = inputs[..., pieces] * scale[pieces] + center[pieces]
    number = inputs[..., of_numbers] * scale[of_numbers] + center[of_numbers]
    rounding = 8 * np.finfo(inputs.dtype).eps
    near = rounding * (np.abs(number) + np.abs(center[of_numbers]) + lengths)
    is_first, is_last = np.diff(columns, prepend=-1) != 0, np.diff(columns, append=-1) != 0
    is_at_start = is_first & (np.abs(number - starts) <= near)
    is_beyond_end = (share > 1 - rounding) & (number - starts - lengths > near)
    has_begun = (share > rounding) | is_at_start
    has_ended = np.where(is_last, is_beyond_end, np.roll(has_begun, -1, axis=-1))
    return np.where(has_begun & ~has_ended, 1 / (lengths * scale[pieces]), 0)


def _clipped(net: Any, matrix: Any) -> np.ndarray:
    """Return which numbers are outside of their range in training (n_samples, n_columns).

    A column that was constant in training has no inside.
    """
    clipped = np.zeros(matrix.shape, bool)
    if net._units.bounds is None:
        return clipped
    encoding = net._encoding
    numbers = np.arange(matrix.shape[1]) if encoding is None else encoding.numbers
    # the range in the dtype in which the net clips to it
    dtype = np.result_type(matrix.dtype, dtype_of(net.theta_))
    low, high = (ends[: len(numbers)].astype(dtype) for ends in net._units.bounds)
    x = matrix[:, numbers]
    x = x.toarray() if sparse.issparse(x) else x
    clipped[:, numbers] = (x < low) | (x > high) | (low == high)
    return clipped


def _missing(matrix: Any) -> Any:
    """Return which numbers are missing (n_samples, n_columns), or an empty choice."""
    return np.isnan(matrix) if isinstance(matrix, np.ndarray) else np.s_[:0]
