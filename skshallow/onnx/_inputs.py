"""Export to ONNX: the inputs of a model, and the features that they become in a net.

A net that was fitted on a table with categories has one input per column. The graph makes
of them what the net makes of a table: first one matrix of numbers and codes, as by
`Columns.encode`, then features as by `Encoding.forward`.
"""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    Float16TensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skshallow._estimators.columns import Columns
from skshallow._estimators.prediction import FittedNet
from skshallow.activations import Params
from skshallow.engine.encoding import Encoding
from skshallow.engine.periodic import RATE, PeriodicEmbedding
from skshallow.engine.units import MOST_ROW_GAIN, Units
from skshallow.onnx._graph import Graph, Tensor

# What a missing string is in a model: empty, or as onnxruntime for Python writes the NaN,
# None and pandas.NA of an array of objects.
MISSING_STRINGS = ("", "nan", "None", "<NA>")
# What skl2onnx calls the outputs of a model: an input of one of these names is renamed.
NAMES_OF_OUTPUTS = {
    "label",
    "probabilities",
    "variable",
    "output_label",
    "output_probability",
    "class_labels",
}
# Rounding of a number that is told of: 1e-5 standard deviations of most columns, which
# enter the first layer multiplied by up to this gain.
LARGEST_ROUNDING = 1e-5 * MOST_ROW_GAIN


# The types of the inputs.


def initial_types(estimator: Any, dtype: Any = np.float32) -> list[tuple[str, Any]]:
    """Return the names and types of the inputs, for ``skl2onnx.to_onnx``.

    A net that was fitted on a table with categories gets one input per column, in their
    order: strings for a category of strings, integers or booleans for a category of
    these, floats for a number, and for a category of numbers that may be missing. Every
    other net gets one input of floats, "X".

    An input has the name of its column if this is made of letters, digits and "_", does not
    start with a digit, and is not the name of an output of the model, such as "label".
    Otherwise each other character becomes "_", and a number is added if the name is taken:
    "unit price" becomes "unit_price", and "a-b" beside "a b" becomes "a_b1". Columns
    without a name are called "x0", "x1" and so on. The converted model has these names.

    Parameters
    ----------
    estimator : estimator
        A fitted net, `HiddenFeatures`, or a :class:`~sklearn.pipeline.Pipeline` that starts
        with one of them.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        The type of numbers, in which the model then computes. Without an input of numbers
        it computes in float32. Conversion warns of columns whose values float32 rounds by
        more than about 1e-5 standard deviations, such as times in seconds since 1970: these
        need float64.

    Returns
    -------
    types : list of (str, type)
        In the order of the columns in `fit`.

    Raises
    ------
    TypeError
        If `estimator` is none of these.
    ValueError
        If `dtype` is not one of the two.

    Examples
    --------
    >>> import pandas as pd
    >>> from skshallow import ShallowNetRegressor
    >>> from skshallow.onnx import initial_types
    >>> X = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "c", "a"]})
    >>> net = ShallowNetRegressor(4, max_iter=5, random_state=0).fit(X, [1, 2, 3, 4])
    >>> for name, column_type in initial_types(net):
    ...     print(name, column_type)
    size FloatTensorType(shape=[None, 1])
    kind StringTensorType(shape=[None, 1])
    """
    float_types = {np.dtype(np.float32): FloatTensorType, np.dtype(float): DoubleTensorType}
    if np.dtype(dtype) not in float_types:
        raise ValueError(f"dtype must be numpy.float32 or numpy.float64; got {dtype!r}.")
    number_type = float_types[np.dtype(dtype)]
    last = estimator
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[0][1]
    check_is_fitted(estimator)
    net = net_of(estimator)
    if not isinstance(net, FittedNet):
        raise TypeError(
            "initial_types knows the inputs of a net, of HiddenFeatures and of a pipeline "
            f"that starts with one of them, not those of {type(estimator).__name__}. For "
            "another pipeline, give to_onnx the table: to_onnx(pipeline, X)."
        )
    columns = net._columns
    if columns is None or not columns.is_categorical.any():
        return [("X", number_type([None, net.n_features_in_]))]
    taken = NAMES_OF_OUTPUTS | _names_of_classes(last)
    names = _names_of_inputs(columns.names or [""] * net.n_features_in_, taken)
    types = [
        _type_of_column(levels, missing, number_type)([None, 1])
        for levels, missing in zip(columns.levels, columns.missing_level, strict=True)
    ]
    return list(zip(names, types, strict=True))


def _names_of_inputs(columns: Sequence[str], taken: set[str]) -> list[str]:
    """Return a name per column, such that skl2onnx changes none of them."""
    kept = {name for name in columns if name and name == _identifier(name)} - taken
    given = taken | kept
    names = []
    for j, column in enumerate(columns):
        name = column
        if column not in kept:
            stem = _identifier(column or f"x{j}")
            numbered = (f"{stem}{i}" for i in itertools.count(1))
            tried = itertools.chain([stem], numbered)
            name = next(each for each in tried if each not in given)
            given.add(name)
        names.append(name)
    return names


def _identifier(name: str) -> str:
    """Return a name of letters, digits and "_" that does not start with a digit."""
    return re.sub(r"^(?=\d)", "_", re.sub(r"\W", "_", name))


def _names_of_classes(estimator: Any) -> set[str]:
    """Return what the outputs are called with one output per class (zipmap="columns")."""
    classes = np.asarray(getattr(estimator, "classes_", []), dtype=object).tolist()
    named = [f"i{int(c)}" if isinstance(c, float | int) else str(c) for c in classes]
    return set(map(_identifier, named))


def _type_of_column(levels: np.ndarray | None, missing_level: bool, number_type: type):
    """Return the type of the input of a column with these levels, None for a number."""
    if levels is None:
        return number_type
    if levels.dtype == object:
        return StringTensorType
    types = {"b": BooleanTensorType, "i": Int64TensorType}
    return number_type if missing_level else types.get(levels.dtype.kind, number_type)


def net_of(estimator: Any) -> Any:
    """Return the fitted net of an estimator: itself, or that of `HiddenFeatures`."""
    net = getattr(estimator, "net_", estimator)
    return net.estimator if isinstance(net, FrozenEstimator) else net


def float_type(operator: Any) -> type:
    """Return the type that the graph computes in: float64 if an input is float64."""
    is_double = any(isinstance(each.type, DoubleTensorType) for each in operator.inputs)
    return DoubleTensorType if is_double else FloatTensorType


def check_inputs(operator: Any) -> None:
    """Raise ValueError if the declared inputs do not suit the fitted estimator."""
    estimator = operator.raw_operator
    check_is_fitted(estimator)
    name, n_features = type(estimator).__name__, estimator.n_features_in_
    columns = net_of(estimator)._columns
    widths = [each.get_second_dimension() for each in operator.inputs]
    are_known = all(isinstance(width, int) for width in widths)
    if are_known and sum(widths) != n_features:
        raise ValueError(
            f"The inputs of {name} are declared with {sum(widths)} columns, and it was "
            f"fitted on {n_features}: declare as many in initial_types."
        )
    if columns is not None and not are_known:
        raise ValueError(
            f"The inputs of {name} are declared without their number of columns. Declare "
            "it, as skshallow.onnx.initial_types(net) does."
        )
    _check_order(operator)
    if columns is None:
        _check_numbers(operator)
    else:
        _check_types(operator, columns)


def _check_order(operator: Any) -> None:
    """Raise ValueError if the inputs are the columns of fit, in another order."""
    declared = [each.raw_name for each in operator.inputs]
    fitted = list(getattr(operator.raw_operator, "feature_names_in_", declared))
    named = [fitted, _names_of_inputs(fitted, NAMES_OF_OUTPUTS)]
    is_permuted = any(sorted(declared) == sorted(names) for names in named)
    if declared not in named and is_permuted:
        raise ValueError(
            f"The inputs of {type(operator.raw_operator).__name__} are declared in the "
            f"order {', '.join(declared)}, and it was fitted on {', '.join(fitted)}. "
            "Declare them in this order."
        )


def _check_numbers(operator: Any) -> None:
    """Raise ValueError if an input of a net of numbers is declared as strings."""
    for each in operator.inputs:
        if isinstance(each.type, StringTensorType):
            raise ValueError(
                f"The input {each.raw_name!r} of {type(operator.raw_operator).__name__} is "
                "declared as strings, but the net was fitted on numbers. Fit it on the "
                "strings, or encode the column in the pipeline, by OneHotEncoder for "
                "example."
            )


def _check_types(operator: Any, columns: Columns) -> None:
    """Raise ValueError if a column is declared as strings and is not, or vice versa."""
    for j, each, _ in _declared_columns(operator):
        levels = columns.levels[j]
        is_text = levels is not None and levels.dtype == object
        if is_text == isinstance(each.type, StringTensorType):
            continue
        holds = "strings" if is_text else "numbers"
        name = repr(columns.names[j]) if columns.names else str(j)
        raise ValueError(
            f"Column {name} of {type(operator.raw_operator).__name__} held {holds} when it "
            f"was fitted, and is in the input {each.raw_name!r}, which is declared as "
            f"{type(each.type).__name__}. Declare one input per column, as "
            "skshallow.onnx.initial_types(net) does."
        )


def _declared_columns(operator: Any) -> Iterator[tuple[int, Any, int]]:
    """Yield the index of each column, the input that it is in, and its place there."""
    places = (
        (each, place)
        for each in operator.inputs
        for place in range(each.get_second_dimension())
    )
    for j, (each, place) in enumerate(places):
        yield j, each, place


# The table as one matrix of numbers and codes.


def graph_and_table(scope: Any, operator: Any, container: Any) -> tuple[Graph, Tensor]:
    """Return a graph, and its table (N, n_columns) of numbers and codes."""
    is_double = float_type(operator) is DoubleTensorType
    graph = Graph(scope, container, np.float64 if is_double else np.float32)
    net = net_of(operator.raw_operator)
    if not is_double:
        _warn_of_rounding(net)
    columns = net._columns
    if columns is None:
        found = [_numbers(graph, Tensor(graph, x.full_name), x) for x in operator.inputs]
    else:
        found = [
            _column(graph, each, place, columns.levels[j], columns.missing_level[j])
            for j, each, place in _declared_columns(operator)
        ]
    first, *others = found
    return graph, first.op("Concat", *others, axis=1) if others else first


def _warn_of_rounding(net: Any) -> None:
    """Warn of numbers that float32 rounds by much compared with how far they are spread."""
    encoding, units = net._encoding, net._units
    if units.scale is None or units.center is None:
        return
    columns = np.arange(net.n_features_in_) if encoding is None else encoding.numbers
    values = units.center[np.newaxis, : len(columns)]
    is_exact = np.zeros(len(columns), dtype=bool)
    if units.bounds is not None:
        values = np.stack([ends[: len(columns)] for ends in units.bounds])
        # as are whole numbers up to 2^24, and the values of a table in float32
        is_exact = (values == values.astype(np.float32)).all(axis=0)
    largest = np.abs(values).max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        rounding = np.spacing(largest.astype(np.float32)).astype(float) / 2
    scale = units.scale[: len(columns)]
    is_rounded = ~is_exact & (rounding > LARGEST_ROUNDING * scale)
    is_rounded &= scale.astype(np.float32) > 0  # another scale is an error
    if not is_rounded.any():
        return
    known = net._columns
    names = getattr(known, "names", None) or getattr(net, "feature_names_in_", None)
    first = np.flatnonzero(is_rounded)[0]
    of_net = columns[is_rounded].tolist()
    called = ", ".join(repr(str(names[j])) if names is not None else str(j) for j in of_net)
    warnings.warn(
        f"float32 rounds numbers of column {called} too coarsely: those near "
        f"{largest[first]:g} by up to {rounding[first]:g}, so that predictions in ONNX "
        "differ from those of the network. Declare the inputs of numbers as "
        "DoubleTensorType, for example with skshallow.onnx.initial_types(net, "
        "numpy.float64), or subtract a constant from the column before the fit.",
        UserWarning,
        stacklevel=2,
    )


def _column(
    graph: Graph, declared: Any, place: int, levels: np.ndarray | None, missing_level: bool
) -> Tensor:
    """Return one column (N, 1) of an input: its numbers, or the codes of its levels."""
    x = Tensor(graph, declared.full_name)
    if declared.get_second_dimension() > 1:
        x = x.op("Gather", np.array([place]), axis=1)
    if levels is None:
        return _numbers(graph, x, declared)
    code_of_missing = float(len(levels)) if missing_level else -1.0
    if levels.dtype == object:
        return _codes_of_strings(x, levels, code_of_missing)
    return _codes_of_numbers(x, declared, levels, code_of_missing)


def _numbers(graph: Graph, x: Tensor, declared: Any) -> Tensor:
    """Return an input as numbers in the dtype of the graph."""
    own = DoubleTensorType if graph.dtype == np.float64 else FloatTensorType
    return x if isinstance(declared.type, own) else x.cast(graph.dtype)


def _codes_of_strings(x: Tensor, levels: np.ndarray, code_of_missing: float) -> Tensor:
    """Return the codes (N, 1) of strings; a level may be spelled as a missing value is."""
    code = dict.fromkeys(MISSING_STRINGS, code_of_missing)
    code |= {level: float(i) for i, level in enumerate(levels)}
    found = x.op(
        "LabelEncoder",
        op_domain="ai.onnx.ml",
        op_version=2,
        keys_strings=list(code),
        values_floats=list(code.values()),
        default_float=-1.0,
    )
    return found if x.graph.dtype == np.float32 else found.cast(x.graph.dtype)


def _codes_of_numbers(
    x: Tensor, declared: Any, levels: np.ndarray, code_of_missing: float
) -> Tensor:
    """Return the codes (N, 1) of the levels of numbers or booleans."""
    dtype = _dtype_of_keys(declared.type)
    with np.errstate(invalid="ignore", over="ignore"):
        keys: np.ndarray = levels.astype(dtype)
    are_exact = keys == levels if dtype == np.int64 else np.ones(len(levels), dtype=bool)
    if not are_exact.any() or len(np.unique(keys[are_exact])) < are_exact.sum():
        raise ValueError(
            f"The input {declared.raw_name!r} is declared as "
            f"{type(declared.type).__name__}, which cannot tell apart the levels "
            f"{', '.join(map(str, levels[:3]))} and so on that the net was fitted on. "
            "Declare it as DoubleTensorType([None, 1])."
        )
    x = x.cast(np.int64 if dtype == np.int64 else x.graph.dtype)
    codes = _positions(x, keys[are_exact], np.flatnonzero(are_exact))
    if dtype == np.int64:
        return codes
    missing = x.graph.constant(np.array([code_of_missing]))
    return x.op("IsNaN").op("Where", missing, codes)


def _dtype_of_keys(declared: Any) -> type:
    """Return the dtype to which an input of this type has rounded its levels."""
    rounded = {
        DoubleTensorType: np.float64,
        FloatTensorType: np.float32,
        Float16TensorType: np.float16,
    }
    return rounded.get(type(declared), np.int64)


def _positions(x: Tensor, keys: np.ndarray, codes: np.ndarray) -> Tensor:
    """Return the code of each number of x (N, 1), -1 where it is none of the keys.

    By bisection: ``LabelEncoder`` of skl2onnx's opset has no keys in float64, and a
    comparison with all keys would take memory for each row and key.
    """
    order = np.argsort(keys)
    n_halvings = math.ceil(math.log2(len(keys)))
    n_padding = 2**n_halvings - len(keys)
    largest = np.inf if keys.dtype.kind == "f" else np.iinfo(keys.dtype).max
    padding = np.full(n_padding, largest, keys.dtype)
    ascending = x.graph.constant(np.append(keys[order], padding))
    codes = np.append(codes[order], np.full(n_padding, -1)).astype(x.graph.dtype)
    place = x.graph.constant(np.array([[0]]))  # of the last key up to x
    for step in 2 ** np.arange(n_halvings)[::-1]:
        further = place + np.array(step)
        is_further = x.op("GreaterOrEqual", ascending.op("Gather", further))
        place = is_further.op("Where", further, place)
    is_key = x.op("Equal", ascending.op("Gather", place))
    return is_key.op("Where", x.graph.constant(codes).op("Gather", place), np.array([-1.0]))


# The inputs of the first layer.


def first_inputs(graph: Graph, net: Any, table: Tensor, first: Params) -> Tensor:
    """Return the inputs (..., N, n_inputs) of the first layer for a table (N, n_columns).

    They are standardised, and by members where these have curves or embeddings.
    """
    encoding, units = net._encoding, net._units
    n_dense = net.n_features_in_ if encoding is None else encoding.n_dense
    dense = table if encoding is None else _dense(encoding, table)
    dtype = net.theta_.dtype  # in which the net itself standardises
    dense = _clipped(dense, units, n_dense)
    dense = _standardised(graph, dense, units, n_dense, dtype)
    dense = _filled(dense, _is_filled(encoding, units, n_dense))
    parts = []
    if net.network_.periodic is not None:
        parts.append(_curves(dense, net.network_.periodic, first))
    if net.network_.embedding is not None:
        parts += _vectors(net, table, first["embedding"])
    if not parts:
        return dense
    if net.network_.n_members > 1:
        dense = dense.op("Expand", np.array([net.network_.n_members, 1, 1]))
    return dense.op("Concat", *parts, axis=-1)


def _dense(encoding: Encoding, table: Tensor) -> Tensor:
    """Return the features (N, n_dense) that are not codes; see `Encoding.forward`."""
    dtype = table.graph.dtype
    missing = table.op("Gather", encoding.indicators, axis=1).op("IsNaN")
    columns, levels = encoding.levels_of_features
    codes = table.op("Gather", columns, axis=1)
    hot = codes.op("Equal", levels.astype(dtype)).cast(dtype)
    hot = (codes < 0).op("Where", np.array(np.nan), hot)
    numbers = table.op("Gather", encoding.numbers, axis=1)
    parts = [missing.cast(dtype), hot]
    if encoding.n_pieces:
        parts.append(_pieces(encoding, table))
    return numbers.op("Concat", *parts, axis=1)


def _pieces(encoding: Encoding, table: Tensor) -> Tensor:
    """Return the share of each piece (N, n_pieces) that is below the number, or NaN."""
    starts, lengths = encoding.pieces
    z = table.op("Gather", encoding.columns_of_pieces, axis=1) - starts
    z = z / _positive(table.graph, lengths)
    z = (z < 0).op("Where", 0, z)
    return (z > 1).op("Where", 1, z)


def _clipped(x: Tensor, units: Units, n_dense: int) -> Tensor:
    """Return features x (N, n_dense), clipped to their range in training; NaN stays NaN."""
    if units.bounds is None:
        return x
    low, high = (ends[:n_dense] for ends in units.bounds)
    x = (x < low).op("Where", low, x)
    return (x > high).op("Where", high, x)


def _standardised(
    graph: Graph, x: Tensor, units: Units, n_dense: int, dtype: Any
) -> Tensor:
    """Return features x (N, n_dense), standardised as by a net that computes in `dtype`."""
    if units.center is not None:
        center = units.center[:n_dense].astype(dtype)
        near = center.astype(graph.dtype)
        x = x - near
        if (near != center).any():
            x = x - (center - near)  # what is lost by rounding the center
    if units.scale is not None:
        x = x / _positive(graph, units.scale[:n_dense])
    return x


def _positive(graph: Graph, scale: np.ndarray) -> np.ndarray:
    """Return the scales of columns; raise ValueError if one is 0 in the graph's dtype."""
    if not (scale.astype(graph.dtype) > 0).all():
        raise ValueError(
            f"A column has the scale {scale.min():g}, which is 0 in {graph.dtype}. Declare "
            "the input as DoubleTensorType, or rescale the column."
        )
    return scale


def _is_filled(encoding: Encoding | None, units: Units, n_dense: int) -> np.ndarray:
    """Return which features (n_dense,) are filled by the mean where they are NaN.

    Those of categories always, whose level was not seen; numbers only if the mean is known.
    """
    is_filled = np.full(n_dense, units.center is not None)
    if encoding is not None:
        is_filled[len(encoding.numbers) :] = True
    return is_filled


def _filled(x: Tensor, is_filled: np.ndarray) -> Tensor:
    """Return standardised features x (N, n_dense) with the mean, 0, instead of NaN."""
    if not is_filled.any():
        return x
    return x.op("IsNaN").op("And", is_filled).op("Where", 0, x)


def _curves(dense: Tensor, periodic: PeriodicEmbedding, first: Params) -> Tensor:
    """Return the curves (..., N, n_inputs) of standardised numbers, by members."""
    frequency, phase, weight, bias = (RATE * first[name] for name in periodic.shapes())
    number = dense.op("Gather", np.array(periodic.columns), axis=1)
    number = number.op("Transpose", perm=[1, 0]).op("Unsqueeze", np.array([-1]))
    angle = number * (2 * np.pi / periodic.gain * frequency[..., np.newaxis, :])
    # a cosine as a sine, since onnxruntime 1.22 has no cosine of float64
    waves = (angle + (phase + np.pi / 2)[..., np.newaxis, :]).op("Sin")
    curves = waves @ (periodic.gain * weight)  # (..., n_columns, N, n_curves)
    curves = curves + periodic.gain * bias[..., np.newaxis, :]
    members = bias.shape[:-2]
    perm = [1, 0, 2] if not members else [0, 2, 1, 3]
    shape = np.array([*members, -1, periodic.n_inputs])
    return curves.op("Transpose", perm=perm).op("Reshape", shape)


def _vectors(net: Any, table: Tensor, vectors: np.ndarray) -> list[Tensor]:
    """Return the vectors (..., N, width) of each embedded column.

    `vectors` (..., n_rows, width) has those of all columns, by members.
    """
    encoding, embedding = net._encoding, net.network_.embedding
    starts = np.cumsum([0, *embedding.n_rows[:-1]])
    found = []
    for column, start, rows in zip(
        encoding.embedded, starts, encoding.rows_of_level, strict=True
    ):
        code = table.op("Gather", np.array(column), axis=1).cast(np.int64)  # (N,)
        unseen = np.array(len(rows) - 1)
        code = code.op("Less", np.array(0)).op("Where", unseen, code)
        row = table.graph.constant(start + rows).op("Gather", code)
        found.append(table.graph.constant(vectors).op("Gather", row, axis=vectors.ndim - 2))
    return found
