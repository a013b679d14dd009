"""The function whose effects are computed: from the first layer's inputs to outputs.

The first layer's inputs are standardised numbers, 0/1 features and, in place of the codes
of embedded categories, their vectors: a net is differentiable by all of them.
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


class Explained:
    """The outputs of a fitted net as a function of the first layer's inputs.

    Inputs are (n, n_inputs); of members with embeddings (k, n, n_inputs), since the vectors
    of each are its own.

    Parameters
    ----------
    net : BaseNet
        A fitted net.
    output : {"raw", "prediction"}
        Raw predictions, or what the inverse link makes of them; in the user's units.
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
        if self.is_raw:
            return names_of_outputs(self.net)
        return _names_of_predictions(self.net, self.n_outputs)

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self._combined(np.zeros((1, self.net.n_outputs_))).shape[-1]

    def __call__(self, inputs: Any, params: list[Params]) -> np.ndarray:
        """Return the outputs (n, n_outputs) in float64."""
        return self._combined(self._raw(inputs, params)[0])

    def gradients(
        self, inputs: Any, params: list[Params]
    ) -> Iterator[tuple[np.ndarray, Any]]:
        """Yield each output (n,), and its gradient by the inputs (n, n_inputs).

        Of members the gradient is (k, n, n_inputs), also if they share the inputs.
        """
        for i in range(self.n_outputs):
            # caches serve for one backward pass
            raw, caches = self._raw(inputs, params)
            grad = np.zeros((raw.shape[-2], self.n_outputs))
            grad[:, i] = 1
            grad_raw = self._backward(grad, raw).astype(dtype_of(inputs))
            grad_raw = asarray_like(grad_raw, inputs)
            gradient = self.network.backward_to_input(grad_raw, caches, params)
            yield self._combined(raw)[:, i], gradient

    def _raw(self, inputs: Any, params: list[Params]) -> tuple[np.ndarray, list[Any]]:
        """Return raw predictions by members in the user's units, and the caches."""
        raw, caches = self.network.forward(inputs, params)
        return self.net._units.to_users(to_numpy(raw).astype(np.float64)), caches

    def _combined(self, raw: np.ndarray) -> np.ndarray:
        """Return the outputs (n, n_outputs) of raw predictions by members."""
        raw = self.link.combine(raw)
        return raw if self.is_raw else self.link.inverse(raw)

    def _backward(self, grad: np.ndarray, raw: np.ndarray) -> np.ndarray:
        """Return the gradient by the network's raw output, from that of the outputs."""
        if not self.is_raw:
            grad = self.link.inverse_backward(grad, self.link.combine(raw))
        grad = self.link.combine_backward(grad, raw)
        factor = self.net._units.factor
        return grad if factor is None else grad * factor


def columns_of_inputs(net: Any) -> np.ndarray | None:
    """Return the column of each of the first layer's inputs, None if they are the same."""
    encoding = getattr(net, "_encoding", None)
    if encoding is None:
        return None
    embedding = net.network_.embedding
    return encoding.columns_of_inputs(1 if embedding is None else embedding.width)


def by_columns(net: Any, of_inputs: Any) -> np.ndarray:
    """Return the sums (n, n_columns) over all inputs of a column, and over members."""
    values = to_numpy(of_inputs)
    if values.ndim > 2:
        values = values.sum(axis=0)
    columns = columns_of_inputs(net)
    if columns is None:
        return values
    is_of_column = columns[:, np.newaxis] == np.arange(net.n_features_in_)
    return values @ is_of_column.astype(values.dtype)


def mean_inputs(net: Any, params: list[Params]) -> Any:
    """Return the mean of the training rows as inputs (1, n_inputs), of members if embedded.

    Of an embedded category, whose frequencies a net does not keep, it is the mean of the
    vectors of its levels.
    """
    if net._units.center is None:
        raise ValueError(
            f"This {type(net).__name__} does not know the mean of the training rows, since "
            "it does not standardise them. Pass background=X_train[:100] to "
            "integrated_gradients, or fit it with standardize=True."
        )
    weight = params[0]["weight"]
    xp = namespace(weight)
    embedding = net.network_.embedding
    if embedding is None:
        n_inputs = weight.shape[-2]
        return asarray_like(np.zeros((1, n_inputs), dtype_of(weight)), weight)
    table = params[0]["embedding"]
    starts = np.cumsum([0, *embedding.n_rows[:-1]])
    means = []
    for start, rows in zip(starts, net._encoding.rows_of_level, strict=True):
        vectors = xp.take(table, asarray_like(start + rows[:-1], table), axis=-2)
        means.append(xp.mean(vectors, axis=-2, keepdims=True))
    leading = means[0].shape[:-1]
    zeros = np.zeros((*leading, net._encoding.n_dense), dtype_of(weight))
    return xp.concat([asarray_like(zeros, weight), *means], axis=-1)


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
