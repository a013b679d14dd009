"""The function whose effects are computed: from the first layer's inputs to outputs.

The first layer's inputs are standardised numbers, 0/1 features, curves of numbers and, in
place of the codes of embedded categories, their vectors: a net is differentiable by all of
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from skshallow._arrays.namespace import asarray_like, dtype_of, namespace, to_numpy
from skshallow.activations import Params
from skshallow.inspection._common.fitted_net import names_of_outputs

RAW, PREDICTION = "raw", "prediction"
UNITS_PER_PASS = 1 << 18  # of the widest layer, so that they stay in the cache


class Explained:
    """The outputs of a fitted net as a function of the first layer's inputs.

    Inputs are (n, n_inputs); of members with embeddings (k, n, n_inputs), since the curves
    and vectors of each are its own.

    Parameters
    ----------
    net : BaseNet
        A fitted net.
    output : {"raw", "prediction"}
        Raw predictions, of ordered classes their scores, or what the inverse link makes of
        them; in the user's units.
    """

    def __init__(self, net: Any, output: str) -> None:
        if output not in (RAW, PREDICTION):
            raise ValueError(f"output must be {RAW!r} or {PREDICTION!r}, got {output!r}.")
        _refuse_straight_through(net)
        self.net = net
        self.network = net.network_.without_embedding
        self.link = net._loss.link
        self.is_raw = output == RAW

    @property
    def names(self) -> list[str]:
        """Names of the outputs."""
        n_outputs = self.n_outputs
        if not self.is_raw:
            return _names_of_predictions(self.net, n_outputs)
        names = names_of_outputs(self.net)
        return names if len(names) == n_outputs else [*map(str, self.net.classes_)]

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self._combined(np.zeros((1, self.net.n_outputs_))).shape[-1]

    def __call__(self, inputs: Any, params: list[Params]) -> np.ndarray:
        """Return the outputs (n, n_outputs) in float64."""
        return self._combined(self._raw(inputs, params)[0])

    def gradients(
        self, inputs: Any, params: list[Params]
    ) -> Iterator[tuple[slice, np.ndarray, Any]]:
        """Yield blocks of rows, their outputs, and the gradients by the inputs.

        In a block they are (n, n_outputs) and (n_outputs, n, n_inputs); of members
        (n_outputs, k, n, n_inputs), also if these share the inputs.
        """
        n_outputs, n = self.n_outputs, inputs.shape[-2]
        # one backward pass for all outputs, as of members that share their parameters
        shared = [_with_leading_axis(own, n_outputs) for own in params]
        widest = self.network.widest(inputs.shape[-1])
        n_at_once = max(1, UNITS_PER_PASS // (n_outputs * widest))
        for first in range(0, n, n_at_once):
            rows = slice(first, min(first + n_at_once, n))
            raw, caches = self._raw(inputs[..., rows, :], params)
            seeds = np.eye(n_outputs)[:, np.newaxis, :]  # (n_outputs, 1, n_outputs)
            seeds = np.broadcast_to(seeds, (n_outputs, raw.shape[-2], n_outputs))
            grad_raw = np.stack([self._backward(seed, raw) for seed in seeds])
            grad_raw = asarray_like(grad_raw.astype(dtype_of(inputs)), inputs)
            gradients = self.network.backward_to_input(grad_raw, caches, shared)
            yield rows, self._combined(raw), gradients

    def _raw(self, inputs: Any, params: list[Params]) -> tuple[np.ndarray, list[Any]]:
        """Return raw predictions by members in the user's units, and the caches."""
        raw, caches = self.network.forward(inputs, params)
        return self.net._units.to_users(to_numpy(raw).astype(np.float64)), caches

    def _combined(self, raw: np.ndarray) -> np.ndarray:
        """Return the outputs (n, n_outputs) of raw predictions by members."""
        raw = self.link.combine(raw)
        return self.link.scores(raw) if self.is_raw else self.link.inverse(raw)

    def _backward(self, grad: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Return the gradient by the network's raw output, from that of the outputs."""
        backward = self.link.scores_backward if self.is_raw else self.link.inverse_backward
        grad = backward(grad, self.link.combine(raw))
        grad = self.link.combine_backward(grad, raw)
        factor = self.net._units.factor
        return grad if factor is None else grad * factor


def by_columns(net: Any, of_inputs: Any) -> np.ndarray:
    """Return the sums (n_outputs, n, n_columns) over all inputs of a column.

    Of members, `of_inputs` is (n_outputs, k, n, n_inputs), and the sums are over them, too.
    """
    values = to_numpy(of_inputs)
    if values.ndim > 3:
        values = values.sum(axis=1)
    if net._encoding is None:
        return values
    columns = net._columns_of_inputs()[:, np.newaxis]
    is_of_column = columns == np.arange(net.n_features_in_)
    return values @ is_of_column.astype(values.dtype)


def mean_inputs(net: Any, params: list[Params]) -> Any:
    """Return the mean of the training rows as inputs (1, n_inputs), of members if embedded.

    Of an embedded category, whose frequencies a net does not keep, it is the mean of the
    vectors of its levels; curves are those of the mean number.
    """
    if net._units.center is None:
        raise ValueError(
            f"This {type(net).__name__} does not know the mean of the training rows, since "
            "it does not standardise them. Pass background=X_train[:100] to "
            "integrated_gradients, or fit it with standardize=True."
        )
    first, weight = net.network_.layers[0], params[0]["weight"]
    xp, zeros = namespace(weight), np.zeros((1, first.n_columns), dtype_of(weight))
    zeros = asarray_like(zeros, weight)
    if not net.network_.learns_inputs:
        return zeros
    shape = (*weight.shape[:-2], 1, first.n_dense)
    parts = [xp.broadcast_to(zeros[:, : first.n_dense], shape)]
    if first.periodic is not None:
        parts.append(first.periodic.forward(zeros, params[0])[0])
    if first.embedding is not None:
        parts += _mean_vectors(net, params[0]["embedding"])
    return xp.concat(parts, axis=-1)


def _mean_vectors(net: Any, table: Any) -> list[Any]:
    """Return the mean vector (1, width) of the levels of each embedded column."""
    xp, n_rows = namespace(table), net.network_.embedding.n_rows
    starts = np.cumsum([0, *n_rows[:-1]])
    means = []
    for start, rows in zip(starts, net._encoding.rows_of_level, strict=True):
        vectors = xp.take(table, asarray_like(start + rows[:-1], table), axis=-2)
        means.append(xp.mean(vectors, axis=-2, keepdims=True))
    return means


def _with_leading_axis(params: Params, n: int) -> Params:
    """Return the parameters of a layer as those of n members that share them."""
    xp, shared = namespace(params["weight"]), {}
    for name, value in params.items():
        shape = value.shape if value.ndim > 1 else (1, *value.shape)
        shared[name] = xp.broadcast_to(xp.reshape(value, shape), (n, *shape))
    return shared


def _refuse_straight_through(net: Any) -> None:
    """Raise ValueError if the gradient of an activation is not its derivative."""
    for layer in net.network_.layers:
        if layer.activation.straight_through:
            raise ValueError(
                f"The gradient of the activation {layer.activation} is not its derivative, "
                "which is 0 nearly everywhere: such a net has no effects by gradients. Use "
                "sklearn.inspection.permutation_importance, or another activation."
            )


def _names_of_predictions(net: Any, n_outputs: int) -> list[str]:
    """Return names of what a net predicts: probabilities of classes, or targets."""
    if is_classifier(net):
        return [f"probability of {label}" for label in net.classes_[-n_outputs:]]
    one = n_outputs == 1
    return ["prediction"] if one else [f"prediction {i}" for i in range(n_outputs)]
