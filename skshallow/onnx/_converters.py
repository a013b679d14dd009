"""Export to ONNX: converters of the nets and of `HiddenFeatures` for skl2onnx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common._registration import get_shape_calculator, register_shape_calculator
from skl2onnx.common.data_types import (
    Int64TensorType,
    StringTensorType,
)
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import TunedThresholdClassifierCV

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.classifier import DeepNetClassifier, ShallowNetClassifier
from skshallow._estimators.features import HiddenFeatures
from skshallow._estimators.regressor import DeepNetRegressor, ShallowNetRegressor
from skshallow.onnx._activations import apply
from skshallow.onnx._graph import Graph, Tensor
from skshallow.onnx._inputs import check_inputs, first_inputs, float_type, graph_and_table
from skshallow.onnx._links import combine, inverse, scores
from skshallow.onnx._special import MEMBERS

# The types and shapes of outputs, which skl2onnx asks for first.


def _shape_of_classifier(operator: Any) -> None:
    """Declare labels (N,) or (N, n_labels), and probabilities (N, n_classes)."""
    net = operator.raw_operator
    check_inputs(operator)
    n_rows, n_classes = operator.inputs[0].get_first_dimension(), len(net.classes_)
    labels = [n_rows, n_classes] if net._is_multilabel else [n_rows]
    options = operator.scope_inst.get_options(net, {"nocl": False})
    is_text = _classes(net, options["nocl"]).dtype.kind == "U"
    operator.outputs[0].set_type((StringTensorType if is_text else Int64TensorType)(labels))
    operator.outputs[1].set_type(float_type(operator)([n_rows, n_classes]))


def _shape_of_regressor(operator: Any) -> None:
    """Declare predictions (N, n_targets)."""
    net = operator.raw_operator
    check_inputs(operator)
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(float_type(operator)([n_rows, net._n_targets]))


def _shape_of_features(operator: Any) -> None:
    """Declare features (N, n_units)."""
    features = operator.raw_operator
    check_inputs(operator)
    n_rows = operator.inputs[0].get_first_dimension()
    shape = [n_rows, features._n_features_out]
    operator.outputs[0].set_type(float_type(operator)(shape))


def _classes(net: Any, nocl: bool) -> np.ndarray:
    """Return the classes (n_classes,) as text or int64, or with `nocl` their indices."""
    if nocl:
        return np.arange(len(net.classes_))
    classes = np.asarray(net.classes_.tolist())  # in the dtype of the objects
    if classes.dtype.kind == "U":
        return classes
    if classes.dtype.kind not in "biuf" or (classes != classes.astype(np.int64)).any():
        raise ValueError(
            "Labels in ONNX are integers or text; classes_ holds "
            f"{net.classes_.tolist()[:3]}. Encode them by LabelEncoder before the fit."
        )
    return classes.astype(np.int64)


# The network, layer by layer.


def _layers(graph: Graph, net: Any, table: Tensor, n_layers: int) -> Tensor:
    """Return the output of the first layers for a table (N, n_columns), by members."""
    params = net.network_.member_params(to_numpy(net.theta_))
    x = first_inputs(graph, net, table, params[0])
    for layer, of_layer in zip(net.network_.layers[:n_layers], params, strict=False):
        weight, bias = of_layer["weight"], of_layer["bias"]
        # no MatMul for a single column: onnxruntime would fuse its scale into it, and keep
        # the scale in float32
        z = x * weight + bias if layer.n_inputs == 1 else x @ weight + bias
        z = apply(layer.normalization, z, of_layer)
        a = apply(layer.activation, z, of_layer)
        x = x + a * of_layer["residual_gain"] if layer.adds_input else a
    return x


def _raw_prediction(graph: Graph, net: Any, table: Tensor) -> Tensor:
    """Return raw predictions (..., N, n_raw_outputs) in the user's units, by members."""
    raw = _layers(graph, net, table, len(net.network_.layers))
    units = net._units
    return raw if units.factor is None else raw * units.factor + units.offset


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    """Convert a classifier: its labels, and its probabilities or raw scores."""
    net = operator.raw_operator
    options = container.get_options(net, {"raw_scores": False, "nocl": False})
    graph, table = graph_and_table(scope, operator, container)
    raw = _raw_prediction(graph, net, table)
    raw = combine(net._loss.link, raw, net.network_.n_members)
    one_output_for_two = not net._is_multilabel and len(net.classes_) == 2
    if one_output_for_two or net._is_multilabel:
        code = (raw > 0).cast(np.int64)
    else:
        code = scores(net._loss.link, raw).op("ArgMax", axis=-1, keepdims=0)
    if one_output_for_two:
        raw = (-raw).op("Concat", raw, axis=-1)
        code = code.op("Reshape", np.array([-1]))
    if not net._is_multilabel:
        code = graph.constant(_classes(net, options["nocl"])).op("Gather", code)
    graph.output(code, operator.outputs[0])
    of_classes = scores if options["raw_scores"] else inverse
    graph.output(of_classes(net._loss.link, raw), operator.outputs[1])


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    """Convert a regressor: what `predict` returns, the mean over members."""
    net = operator.raw_operator
    graph, table = graph_and_table(scope, operator, container)
    prediction = inverse(net._loss.link, _raw_prediction(graph, net, table))
    if net.network_.n_members > 1:
        prediction = prediction.op("ReduceMean", MEMBERS, keepdims=0)
    graph.output(prediction, operator.outputs[0])


def _convert_features(scope: Any, operator: Any, container: Any) -> None:
    """Convert `HiddenFeatures`: the outputs of a hidden layer, members side by side."""
    features = operator.raw_operator
    net = features.net_
    graph, table = graph_and_table(scope, operator, container)
    n_layers = range(1, len(net.network_.layers))[features.layer]
    a = _layers(graph, net, table, n_layers)
    if net.network_.n_members > 1:
        a = a.op("Transpose", perm=[1, 0, 2])  # (N, n_members, n_units)
        a = a.op("Reshape", np.array([0, -1]))
    graph.output(a, operator.outputs[0])


# Estimators of scikit-learn that skl2onnx converts wrongly around a net.


def _has_net(estimator: Any) -> bool:
    """Return whether an estimator is a classifier of this package, or contains one."""
    if isinstance(estimator, ShallowNetClassifier | DeepNetClassifier):
        return True
    if isinstance(estimator, list | tuple):
        return any(_has_net(each) for each in estimator)
    is_instance = hasattr(estimator, "get_params") and not isinstance(estimator, type)
    return is_instance and _has_net([*estimator.get_params(deep=False).values()])


def _refuse_calibrated(calibrated: Any) -> None:
    """Raise ValueError unless it is a net that is calibrated, by sigmoids."""
    if calibrated.method != "sigmoid":
        raise ValueError(
            f"skl2onnx cannot convert CalibratedClassifierCV with method="
            f"{calibrated.method!r} around a net without error. Set method='sigmoid', or "
            "fit the net alone with temperature_scaling=True."
        )
    if not isinstance(calibrated.estimator, ShallowNetClassifier | DeepNetClassifier):
        raise ValueError(
            "skl2onnx converts CalibratedClassifierCV to wrong probabilities if its "
            f"estimator is not the net itself, but a {type(calibrated.estimator).__name__} "
            "around it. Calibrate the net inside of it, as in "
            "make_pipeline(StandardScaler(), CalibratedClassifierCV(net))."
        )


def _refuse_threshold(tuned: Any) -> None:
    """Raise ValueError: the labels in ONNX would be those of the default threshold."""
    raise ValueError(
        "skl2onnx leaves the threshold of TunedThresholdClassifierCV out. Convert its "
        "estimator_, and compare the probabilities with "
        f"{tuned.best_threshold_:g} yourself."
    )


def _refuse_stacked(stacking: Any) -> None:
    """Raise ValueError if a final estimator sees other than probabilities of a net.

    Log odds of more than two classes of a net itself are converted rightly.
    """
    pairs = zip(stacking.estimators_, stacking.stack_method_, strict=True)
    for estimator, method in pairs:
        is_net = isinstance(estimator, ShallowNetClassifier | DeepNetClassifier)
        is_right = is_net and method == "decision_function" and len(stacking.classes_) > 2
        if _has_net(estimator) and method != "predict_proba" and not is_right:
            raise ValueError(
                f"skl2onnx converts what a StackingClassifier learns from {method} of "
                f"{type(estimator).__name__} to something else. Set "
                "stack_method='predict_proba'."
            )


def _register_refusal(wrapper: type, refuse: Callable[[Any], None]) -> None:
    """Let `refuse` look at every `wrapper` around a net before skl2onnx converts it."""
    alias = f"Sklearn{wrapper.__name__}"
    shape = get_shape_calculator(alias)

    def checked_shape(operator: Any) -> None:
        if _has_net(operator.raw_operator):
            refuse(operator.raw_operator)
        shape(operator)

    register_shape_calculator(alias, checked_shape, overwrite=True)


def register() -> None:
    """Register the converters of this package's estimators with skl2onnx."""
    _register_refusal(CalibratedClassifierCV, _refuse_calibrated)
    _register_refusal(TunedThresholdClassifierCV, _refuse_threshold)
    _register_refusal(StackingClassifier, _refuse_stacked)
    for net in (ShallowNetClassifier, DeepNetClassifier):
        update_registered_converter(
            net,
            f"Skshallow{net.__name__}",
            _shape_of_classifier,
            _convert_classifier,
            options={
                "zipmap": [True, False, "columns"],
                "output_class_labels": [False, True],
                "raw_scores": [True, False],
                "nocl": [True, False],
            },
        )
    for regressor in (ShallowNetRegressor, DeepNetRegressor):
        update_registered_converter(
            regressor,
            f"Skshallow{regressor.__name__}",
            _shape_of_regressor,
            _convert_regressor,
        )
    update_registered_converter(
        HiddenFeatures, "SkshallowHiddenFeatures", _shape_of_features, _convert_features
    )
