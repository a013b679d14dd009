"""Export to ONNX: a graph under construction, and tensors whose arithmetic adds nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LEAST_OPSET = 18


class Graph:
    """An ONNX graph under construction, to which a converter adds nodes and constants.

    Parameters
    ----------
    scope, container : Scope, ModelComponentContainer
        Given to a converter by skl2onnx: the first makes unique names, the second
        collects nodes.
    dtype : dtype
        float32 or float64, in which the whole graph computes.
    """

    def __init__(self, scope: Any, container: Any, dtype: Any) -> None:
        if container.target_opset_onnx < LEAST_OPSET:
            raise ValueError(
                f"skshallow's nets need opset {LEAST_OPSET} or later, and target_opset is "
                f"{container.target_opset_onnx}. onnxruntime supports {LEAST_OPSET} since "
                "1.14."
            )
        self.scope = scope
        self.container = container
        self.dtype = np.dtype(dtype)

    def node(
        self, op_type: str, *inputs: Tensor, n_outputs: int = 1, **attributes: Any
    ) -> list[Tensor]:
        """Add a node; return its outputs."""
        outputs = [
            self.scope.get_unique_variable_name(op_type.lower()) for _ in range(n_outputs)
        ]
        self.container.add_node(
            op_type,
            [tensor.name for tensor in inputs],
            outputs,
            name=self.scope.get_unique_operator_name(op_type),
            **attributes,
        )
        return [Tensor(self, name) for name in outputs]

    def output(self, tensor: Tensor, variable: Any) -> None:
        """Make a tensor the output `variable` that skl2onnx expects of a converter."""
        name = self.scope.get_unique_operator_name("Identity")
        self.container.add_node("Identity", [tensor.name], [variable.full_name], name=name)

    def constant(self, value: Any) -> Tensor:
        """Add a constant; floats in the dtype of the graph, everything else as it is."""
        array = np.asarray(value)
        if array.dtype.kind == "f":
            array = self._in_own_dtype(array)
        name = self.scope.get_unique_variable_name("constant")
        if array.dtype.kind == "U":
            content: Any = [str(text).encode() for text in array.ravel()]
            self.container.add_initializer(name, TensorProto.STRING, array.shape, content)
        else:
            content = numpy_helper.from_array(array.copy(order="C"), name)
            self.container.add_initializer(name, content.data_type, array.shape, content)
        return Tensor(self, name)

    def _in_own_dtype(self, array: np.ndarray) -> np.ndarray:
        """Return floats in the dtype of the graph, if they are in its range."""
        with np.errstate(over="ignore"):
            own = array.astype(self.dtype)
        if not np.array_equal(np.isfinite(own), np.isfinite(array)):
            raise ValueError(
                f"The net holds {np.abs(array).max():g}, which is too large for "
                f"{self.dtype}. Declare the input as DoubleTensorType, or rescale the "
                "columns or the target."
            )
        return own


class Tensor:
    """A tensor in an ONNX graph; arithmetic on it adds nodes to the graph.

    Parameters
    ----------
    graph : Graph
        The graph that it is part of; ``graph.dtype`` is the dtype it computes in.
    name : str
        Its name there.

    Examples
    --------
    A form for :func:`register_activation`:

    >>> from skshallow.onnx import Tensor
    >>> def softplus(z: Tensor, params, activation):
    ...     return z.op("Max", 0) + (1 + (-abs(z)).op("Exp")).op("Log")
    """

    __array_ufunc__ = None  # array + tensor is __radd__

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name

    def op(self, op_type: str, *others: Any, **attributes: Any) -> Tensor:
        """Return the output of the operator `op_type` for this tensor and `others`.

        Parameters
        ----------
        op_type : str
            An ONNX operator with one output.
        *others : Tensor, number or array
            Its further inputs.
        **attributes : dict
            Its attributes.
        """
        return self.ops(op_type, *others, n_outputs=1, **attributes)[0]

    def ops(
        self, op_type: str, *others: Any, n_outputs: int, **attributes: Any
    ) -> list[Tensor]:
        """Return all outputs of an operator with several."""
        inputs = [self, *(self._tensor(other) for other in others)]
        return self.graph.node(op_type, *inputs, n_outputs=n_outputs, **attributes)

    def _tensor(self, value: Any) -> Tensor:
        """Return `value` as a tensor: a number or an array becomes a constant."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, int):
            value = float(value)  # a number in a formula; arrays may hold integers
        return self.graph.constant(value)

    def __add__(self, other: Any) -> Tensor:
        return self.op("Add", other)

    def __radd__(self, other: Any) -> Tensor:
        return self.op("Add", other)

    def __sub__(self, other: Any) -> Tensor:
        return self.op("Sub", other)

    def __rsub__(self, other: Any) -> Tensor:
        return self._tensor(other) - self

    def __mul__(self, other: Any) -> Tensor:
        return self.op("Mul", other)

    def __rmul__(self, other: Any) -> Tensor:
        return self.op("Mul", other)

    def __truediv__(self, other: Any) -> Tensor:
        return self.op("Div", other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self._tensor(other) / self

    def __matmul__(self, other: Any) -> Tensor:
        return self.op("MatMul", other)

    def __neg__(self) -> Tensor:
        return self.op("Neg")

    def __abs__(self) -> Tensor:
        return self.op("Abs")

    def __pow__(self, other: Any) -> Tensor:
        return self.op("Pow", other)

    def __gt__(self, other: Any) -> Tensor:
        return self.op("Greater", other)

    def __lt__(self, other: Any) -> Tensor:
        return self.op("Less", other)

    def cast(self, dtype: Any) -> Tensor:
        """Return the tensor cast to another NumPy dtype."""
        return self.op("Cast", to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
