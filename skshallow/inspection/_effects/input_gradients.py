"""Derivatives of the outputs of a net by its columns, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from skshallow._arrays.namespace import asarray_like, dtype_of, to_numpy
from skshallow._estimators.columns import read_matrix
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
        other steps of a pipeline, columns are those that the steps return.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
        Rows, as `estimator` takes them.
    output : {"raw", "prediction"}, default="raw"
        "raw" means raw predictions: log odds, one score per class, or for regression what
        is predicted, its logarithm if the loss is "poisson" or "gamma". "prediction" means
        what `predict_proba` or `predict` returns; of two classes, the probability of the
        second one.

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
    the input. At a kink, such as that of a ReLU, it is the left one; at both ends of the
    range in training it is that inside the range.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.inspection import input_gradients
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> y = 3 * X[:, 0] - X[:, 1]
    >>> net = DeepNetRegressor(depth=0, solver="lbfgs", alpha=0).fit(X, y)
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
            by_columns(net, gradient * per_unit)
            for _, gradient in explained.gradients(inputs, params)
        ]
        return [np.concatenate(found, axis=-1)]

    widths = [n_columns * n_outputs]
    (values,) = net._pass_through(X, widths, gradients, by_members=False)
    values = np.swapaxes(values.reshape(-1, n_outputs, n_columns), 1, 2)
    matrix, _ = read_matrix(net, X, getattr(net, "_columns", None))
    matrix = to_numpy(matrix)
    values[_clipped(net, matrix)] = 0
    values[_missing(matrix)] = np.nan
    return values[..., 0] if n_outputs == 1 else values


def _per_unit(net: Any, inputs: Any, params: Any) -> Any:
    """Return what gradients by inputs (n, n_inputs) are multiplied with.

    For numbers it is one over the scale, for indicators of missing ones 0, for the piece
    that a number is in how fast it rises, and for the inputs of categories their distance
    to the mean.
    """
    scale = net._units.scale
    encoding = getattr(net, "_encoding", None)
    if encoding is None:
        per_unit = np.ones(inputs.shape[-1]) if scale is None else 1 / scale
        return asarray_like(per_unit.astype(dtype_of(inputs)), inputs)
    n_numbers = len(encoding.numbers)
    n_plain = n_numbers + len(encoding.indicators)
    per_unit = np.zeros(inputs.shape, dtype_of(inputs))
    per_unit[..., :n_numbers] = 1 if scale is None else 1 / scale[:n_numbers]
    if n_plain < inputs.shape[-1]:
        distance = to_numpy(inputs - mean_inputs(net, params))
        per_unit[..., n_plain:] = distance[..., n_plain:]
    if encoding.n_pieces:
        pieces = encoding.piece_features
        per_unit[..., pieces] = _slopes_of_pieces(net, to_numpy(inputs)[..., pieces])
    return asarray_like(per_unit, inputs)


def _slopes_of_pieces(net: Any, inputs: np.ndarray) -> np.ndarray:
    """Return the derivatives of standardised pieces (n, n_pieces) by their numbers.

    At a border it is that of the piece below, as at the kink of a ReLU.
    """
    encoding, units = net._encoding, net._units
    pieces = encoding.piece_features
    scale = 1.0 if units.scale is None else units.scale[pieces]
    center = 0.0 if units.center is None else units.center[pieces]
    share, (_, lengths) = inputs * scale + center, encoding.pieces
    rounding = 8 * np.finfo(inputs.dtype).eps
    is_inside = (share > rounding) & (share <= 1 - rounding)
    return np.where(is_inside, 1 / (lengths * scale), 0)


def _clipped(net: Any, matrix: Any) -> np.ndarray:
    """Return which numbers are outside of their range in training (n_samples, n_columns).

    A column that was constant in training has no inside.
    """
    clipped = np.zeros(matrix.shape, bool)
    if net._units.bounds is None:
        return clipped
    encoding = getattr(net, "_encoding", None)
    numbers = np.arange(matrix.shape[1]) if encoding is None else encoding.numbers
    # the range in the dtype of the matrix, as the net clips to it
    low, high = (ends[: len(numbers)].astype(matrix.dtype) for ends in net._units.bounds)
    x = matrix[:, numbers]
    x = x.toarray() if sparse.issparse(x) else x
    clipped[:, numbers] = (x < low) | (x > high) | (low == high)
    return clipped


def _missing(matrix: Any) -> Any:
    """Return which numbers are missing (n_samples, n_columns), or an empty choice."""
    return np.isnan(matrix) if isinstance(matrix, np.ndarray) else np.s_[:0]
