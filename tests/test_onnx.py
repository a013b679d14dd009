"""Nets converted to ONNX: onnxruntime predicts the same, in float32 and float64."""

import importlib
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from covering import covering
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    HiddenFeatures,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import ACTIVATIONS, Activation, LeakyReLU, Maxout, PReLU
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    IdentityLink,
    Link,
    MultinomialLogLoss,
    Quantile,
    SoftmaxLink,
    SquaredError,
)

onnx = pytest.importorskip("onnx")
reference = pytest.importorskip("onnx.reference")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")

from skl2onnx.common.data_types import (  # noqa: E402
    DoubleTensorType,
    FloatTensorType,
    Int32TensorType,
    StringTensorType,
)

import skshallow.onnx  # noqa: E402
from skshallow.onnx import _activations, _links  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning"),
    pytest.mark.filterwarnings("ignore::skshallow.exceptions.VanishingGradientWarning"),
]
# How far predictions may be off: absolutely where they are below 1, else relatively.
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: dtype.__name__)
with_members = pytest.mark.parametrize("n_members", [1, 3], ids=["alone", "members"])


@pytest.fixture
def rows(X):
    """Rows that the nets have not seen, some of them far out."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(500, 5)) * 3 * X.std(axis=0) + X.mean(axis=0)


def run(model, **inputs):
    """Return what onnxruntime computes for a model, which must be a valid one."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)


def convert(estimator, rows, **options):
    """Return the model of an estimator, for inputs like `rows`."""
    if options:
        options = {id(estimator): options}
    return skl2onnx.to_onnx(estimator, rows[:1], options=options or None)


def assert_near(actual, desired, dtype):
    tolerance = TOLERANCE[dtype]
    assert actual.dtype == dtype
    assert_allclose(actual, desired, rtol=tolerance, atol=tolerance)


def assert_classifies_alike(net, rows, dtype):
    """Labels are equal, probabilities near."""
    rows = rows.astype(dtype)
    labels, probabilities = run(convert(net, rows, zipmap=False), X=rows)
    assert_array_equal(labels, net.predict(rows))
    assert_near(probabilities, net.predict_proba(rows), dtype)


def assert_predicts_alike(net, rows, dtype, unit=1):
    """Predictions are near, in units of the target's: rounding knows no other."""
    rows = rows.astype(dtype)
    (prediction,) = run(convert(net, rows), X=rows)
    expected = net.predict(rows).reshape(len(rows), -1)
    unit = np.asarray(unit, dtype)
    assert_near(prediction / unit, expected / unit, dtype)


@both_dtypes
def test_members_that_share_weights_predict_alike(few, X, y, rows, dtype):
    net = DeepNetRegressor(**few, n_members=3, share_weights=True).fit(X.astype(dtype), y)
    assert_predicts_alike(net, rows, dtype)
    few["numeric_encoding"] = [None, "piecewise_linear", "periodic"]
    net = DeepNetClassifier(**few, n_members=3, share_weights=True)
    assert_classifies_alike(net.fit(X.astype(dtype), y), rows, dtype)


@both_dtypes
@with_members
@pytest.mark.parametrize("activation", ["relu", "prelu", "maxout", "tanh"])
def test_monotone_nets_predict_alike_and_are_monotone(
    few, X, y, rows, activation, n_members, dtype
):
    net = DeepNetRegressor(
        **few, activation=activation, n_members=n_members, monotonic_cst=[1, 0, -1, 0, 0]
    ).fit(X.astype(dtype), y)
    assert_predicts_alike(net, rows, dtype)
    higher = rows + np.array([1, 0, -1, 0, 0]) * X.std(axis=0)
    graph = convert(net, rows.astype(dtype))
    low, high = (run(graph, X=each.astype(dtype))[0] for each in (rows, higher))
    assert (low - high).max() <= TOLERANCE[dtype] * np.abs(low).max()


# Activations.


def test_every_activation_has_a_converter():
    assert set(_activations.FORMS) >= set(ACTIVATIONS.values())


@both_dtypes
@pytest.mark.parametrize("activation", [*ACTIVATIONS, LeakyReLU(0.3), Maxout(3)], ids=str)
def test_every_activation_classifies_as_the_net(few, X, y, rows, activation, dtype):
    net = DeepNetClassifier(**few, activation=activation)
    assert_classifies_alike(net.fit(X.astype(dtype), y), rows, dtype)


@both_dtypes
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_computed_as_by_the_net_for_all_magnitudes(name, dtype):
    far = np.geomspace(1e-12, 1e4, 400)
    z = np.concatenate([-far, [0], far])[:, np.newaxis].astype(dtype)
    n_pieces = ACTIVATIONS[name]().n_pieces
    net = ShallowNetRegressor.from_weights(
        [np.tile([[1.0, -0.5]], n_pieces), np.array([[1.0], [0.25]])],
        [np.arange(2.0 * n_pieces) / 7, np.zeros(1)],
        activation=name,
    )
    assert_predicts_alike(net, z, dtype)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_valid_onnx_for_another_runtime(few, X, y, rows, name):
    net = DeepNetRegressor(**few, activation=name, n_members=2).fit(X, y)
    evaluator = reference.ReferenceEvaluator(convert(net, rows))
    (prediction,) = evaluator.run(None, {"X": rows})
    assert_near(prediction[:, 0], net.predict(rows), np.float64)


@pytest.mark.parametrize(
    ("residual", "normalization", "n_members", "dtype"),
    covering([True, False], ["layer", None], [1, 3], TOLERANCE),
)
def test_residual_and_normalised_layers_are_converted(
    few, X, y, rows, residual, normalization, n_members, dtype
):
    few |= {"depth": 4, "residual": residual, "normalization": normalization}
    net = DeepNetClassifier(**few, activation="maxout", n_members=n_members)
    net.fit(X.astype(dtype), y)
    assert_classifies_alike(net, rows, dtype)
    features = HiddenFeatures(FrozenEstimator(net)).fit(X.astype(dtype), y)
    (hidden,) = run(convert(features, rows.astype(dtype)), X=rows.astype(dtype))
    assert_near(hidden, features.transform(rows.astype(dtype)), dtype)


@pytest.mark.parametrize(
    "activation",
    [
        name if name in ("gelu", "maxout") else pytest.param(name, marks=pytest.mark.slow)
        for name in ACTIVATIONS
    ],
)
def test_fifty_residual_layers_predict_as_the_net(few, X, y, rows, activation):
    few |= {"depth": 50, "residual": True, "normalization": "layer"}
    net = DeepNetClassifier(**few, activation=activation).fit(X.astype(np.float32), y)
    assert_classifies_alike(net, rows, np.float32)


@both_dtypes
@with_members
def test_learned_slopes_are_converted(few, X, y, rows, n_members, dtype):
    net = DeepNetRegressor(**few, activation=PReLU(0.1), n_members=n_members)
    net.fit(X.astype(dtype), y)
    slopes = [layer["slope"] for layer in net.network_.views(net.theta_)[:-1]]
    for slope in slopes:
        slope[...] = np.random.default_rng(0).uniform(0.1, 2, slope.shape)
    assert_predicts_alike(net, rows, dtype)


# Losses, and what the nets predict with them.


def test_every_link_has_a_converter():
    losses = [cls() for cls in REGRESSION_LOSSES.values()] + [
        form() for forms in CLASSIFICATION_LOSSES.values() for form in forms.values()
    ]
    links = {type(loss.link) for loss in [*losses, Quantile([0.1, 0.9])]}
    assert set(_links.INVERSES) >= links


@pytest.mark.parametrize(
    ("loss", "n_targets", "n_members", "dtype"),
    covering(
        [*REGRESSION_LOSSES, Quantile([0.3]), Quantile([0.05, 0.4, 0.6, 0.95])],
        [1, 2],
        [1, 3],
        TOLERANCE,
    ),
    ids=str,
)
def test_every_regression_loss_predicts_as_the_net(
    few, X, y, rows, loss, n_targets, n_members, dtype
):
    targets = np.stack([y + 1.0, 100 * y + 3.0], axis=1)[:, :n_targets]
    net = DeepNetRegressor(**few, loss=loss, n_members=n_members)
    net.fit(X.astype(dtype), targets if n_targets > 1 else targets[:, 0])
    assert_predicts_alike(net, rows, dtype, unit=[1, 100][:n_targets])


KINDS_OF_TARGETS = {
    "two classes": lambda y: y > 0,
    "three classes": lambda y: y,
    "labels": lambda y: np.stack([y > 0, y > 1, y != 1], axis=1).astype(int),
}


@pytest.mark.parametrize(
    ("loss", "kind", "n_members", "dtype"),
    covering(CLASSIFICATION_LOSSES, KINDS_OF_TARGETS, [1, 3], TOLERANCE),
)
def test_every_classification_loss_classifies_as_the_net(
    few, X, y, rows, loss, kind, n_members, dtype
):
    net = DeepNetClassifier(**few, loss=loss, n_members=n_members)
    net.fit(X.astype(dtype), KINDS_OF_TARGETS[kind](y))
    assert_classifies_alike(net, rows, dtype)


@both_dtypes
@pytest.mark.parametrize("kind", KINDS_OF_TARGETS)
def test_members_confident_of_different_classes_are_combined(few, X, y, rows, kind, dtype):
    net = DeepNetClassifier(**few, n_members=2, alpha=5e-4)
    net.fit(X.astype(dtype), KINDS_OF_TARGETS[kind](y))
    net.theta_ *= 20
    rows = rows.astype(dtype)
    _, raw = run(convert(net, rows, zipmap=False, raw_scores=True), X=rows)
    assert np.abs(raw).max() > 1000
    assert_classifies_alike(net, rows, dtype)


def test_a_temperature_is_converted(few, X, y, rows):
    net = DeepNetClassifier(**few, temperature_scaling=True, early_stopping=True)
    assert net.fit(X, y).temperature_ != 1
    assert_classifies_alike(net, rows, np.float64)


# Units and shapes.


@both_dtypes
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_standardisation_and_any_depth_are_converted(
    few, X, y, rows, depth, standardize, dtype
):
    net = DeepNetRegressor(**few, depth=depth, standardize=standardize)
    assert_predicts_alike(net.fit(X.astype(dtype), 1e3 * y), rows, dtype, unit=1e3)


@both_dtypes
@with_members
@pytest.mark.parametrize("activation", ["selu", "leaky_relu", "elu"])
@pytest.mark.parametrize("depth", [1, 2])
def test_one_feature_and_one_unit_keep_their_precision(
    few, X, y, rows, activation, depth, n_members, dtype
):
    few["hidden_units"] = 1
    net = DeepNetRegressor(**few, depth=depth, activation=activation, n_members=n_members)
    net.fit(X[:, 3:4].astype(dtype), y)
    assert_predicts_alike(net, rows[:, 3:4], dtype)


@both_dtypes
def test_a_net_fitted_on_sparse_rows_is_converted(few, X, y, rows, dtype):
    net = DeepNetClassifier(**few).fit(csr_array(X.astype(dtype)), y)
    assert_classifies_alike(net, rows, dtype)


@pytest.mark.parametrize(
    ("fitted", "given", "tolerance"),
    [("float32", np.float64, 1e-5), ("float64", np.float32, 1e-5)],
)
def test_the_type_of_the_input_is_that_of_the_graph(
    few, X, y, rows, fitted, given, tolerance
):
    net = DeepNetClassifier(**few, dtype=fitted).fit(X, y)
    rows = rows.astype(given)
    labels, probabilities = run(convert(net, rows, zipmap=False), X=rows)
    assert probabilities.dtype == given
    assert_array_equal(labels, net.predict(rows))
    assert_allclose(probabilities, net.predict_proba(rows), atol=tolerance)


@pytest.mark.parametrize("deviation", [1.0, 60.0, 86400.0])
def test_pieces_of_seconds_since_1970_are_computed_as_by_the_net(deviation):
    z = np.random.default_rng(0).normal(size=(300, 2))
    X = z * [deviation, 1.0] + [1.7e9, 0.0]
    net = DeepNetClassifier(8, max_iter=5, numeric_encoding="piecewise_linear")
    net.fit(X, z[:, 0] > 0)
    assert_classifies_alike(net, X, np.float64)


def test_integers_are_computed_in_float32(few, X, y):
    whole = np.rint(X).astype(np.int64)
    net = DeepNetClassifier(**few).fit(whole, y)
    labels, probabilities = run(convert(net, whole, zipmap=False), X=whole)
    assert_array_equal(labels, net.predict(whole))
    assert_near(probabilities, net.predict_proba(whole), np.float32)


def test_columns_of_a_table_may_be_separate_inputs(few, X, y, rows):
    table = pd.DataFrame(X, columns=list("abcde"))
    net = DeepNetRegressor(**few).fit(table, y)
    new = pd.DataFrame(rows, columns=list("abcde"))
    inputs = {name: new[[name]].to_numpy() for name in new}
    (prediction,) = run(convert(net, table), **inputs)
    assert_near(prediction[:, 0], net.predict(new), np.float64)


# Labels, and the options of skl2onnx.


LABELS = {
    "negative numbers": np.array([-7, 0, 12]),
    "large numbers": np.array([2**60, 2**60 + 1, 2**60 + 2]),
    "strings": np.array(["cat", "dog", "Übergröße"]),
    "objects": np.array(["cat", "dog", "eel"], dtype=object),
    "whole floats": np.array([1.0, 2.0, 5.0]),
}


@both_dtypes
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_are_those_of_the_targets(few, X, y, rows, labels, dtype):
    net = DeepNetClassifier(**few).fit(X.astype(dtype), labels[y])
    assert_classifies_alike(net, rows, dtype)


@pytest.mark.parametrize("labels", [[False, True], ["no", "yes"], [3, 1]], ids=str)
def test_labels_of_two_classes_are_those_of_the_targets(few, X, y, rows, labels):
    net = DeepNetClassifier(**few).fit(X, np.array(labels)[(y > 0).astype(int)])
    assert_classifies_alike(net, rows, np.float64)


def test_labels_that_onnx_cannot_hold_are_refused(few, X, y, rows):
    net = DeepNetClassifier(**few).fit(X, np.array(["0.5", "1.5", "2"])[y])
    net.classes_ = np.array([0.5, 1.5, 2.0])
    with pytest.raises(ValueError, match=r"integers or text; classes_ holds \[0.5, 1.5"):
        convert(net, rows, zipmap=False)


@pytest.mark.parametrize("labels", [[0, 1, 5], ["a", "b", "c"]], ids=str)
def test_probabilities_come_by_label_unless_told_otherwise(few, X, y, rows, labels):
    net = DeepNetClassifier(**few).fit(X.astype(np.float32), np.array(labels)[y])
    rows = rows.astype(np.float32)
    found, by_label = run(convert(net, rows), X=rows)
    assert_array_equal(found, net.predict(rows))
    table = pd.DataFrame(by_label)[labels].to_numpy(np.float32)
    assert_near(table, net.predict_proba(rows), np.float32)


def test_probabilities_may_be_one_output_per_class(few, X, y, rows):
    net = DeepNetClassifier(**few).fit(X, y)
    _, *columns = run(convert(net, rows, zipmap="columns"), X=rows)
    assert_near(np.stack(columns, axis=1), net.predict_proba(rows), np.float64)


@with_members
@pytest.mark.parametrize("kind", KINDS_OF_TARGETS)
def test_raw_scores_are_the_decision_function(few, X, y, rows, kind, n_members):
    net = DeepNetClassifier(**few, n_members=n_members).fit(X, KINDS_OF_TARGETS[kind](y))
    _, raw = run(convert(net, rows, zipmap=False, raw_scores=True), X=rows)
    decision = net.decision_function(rows)
    if decision.ndim == 1:
        decision = np.stack([-decision, decision], axis=1)
    assert_near(raw, decision, np.float64)


def test_labels_may_be_replaced_by_their_indices(few, X, y, rows):
    net = DeepNetClassifier(**few).fit(X, np.array(["a", "b", "c"])[y])
    codes, _ = run(convert(net, rows, zipmap=False, nocl=True), X=rows)
    assert_array_equal(net.classes_[codes], net.predict(rows))


def test_probabilities_of_multilabel_nets_come_by_number(few, X, y, rows):
    net = DeepNetClassifier(**few)
    net.fit(X.astype(np.float32), KINDS_OF_TARGETS["labels"](y))
    rows = rows.astype(np.float32)
    labels, by_number = run(convert(net, rows), X=rows)
    assert_array_equal(labels, net.predict(rows))
    table = pd.DataFrame(by_number)[[0, 1, 2]].to_numpy(np.float32)
    assert_near(table, net.predict_proba(rows), np.float32)


def test_class_labels_can_be_an_output(few, X, y, rows):
    net = DeepNetClassifier(**few).fit(X, np.array(["a", "b", "c"])[y])
    model = convert(net, rows, zipmap=False, output_class_labels=True)
    *_, classes = run(model, X=rows)
    assert list(classes) == ["a", "b", "c"]


# Pipelines and other estimators around a net.


@pytest.fixture
def table(X):
    """A table with numbers, a category and a missing value."""
    table = pd.DataFrame(X[:, :3].copy(), columns=["size", "age", "dose"])
    table["kind"] = np.array(["a", "b", "c"])[np.arange(len(X)) % 3]
    table.loc[3, "age"] = np.nan
    return table


@both_dtypes
@pytest.mark.parametrize("cls", [ShallowNetClassifier, DeepNetClassifier, DeepNetRegressor])
def test_a_pipeline_from_a_mixed_table_is_converted(few, table, y, cls, dtype):
    numbers = ["size", "age", "dose"]
    table = table.astype(dict.fromkeys(numbers, dtype))
    scaler = make_pipeline(SimpleImputer(), StandardScaler())
    if dtype is np.float64:  # where onnxruntime has no Imputer
        table, scaler = table.fillna(0), StandardScaler()
    pipeline = make_pipeline(
        make_column_transformer(
            (scaler, numbers),
            (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["kind"]),
        ),
        cls(**few),
    ).fit(table, y)
    options = (
        {id(pipeline): {"zipmap": False}} if hasattr(cls, "predict_log_proba") else None
    )
    model = skl2onnx.to_onnx(pipeline, table, options=options)
    inputs = {name: table[[name]].to_numpy() for name in table}
    found, *probabilities = run(model, **inputs)
    if probabilities:
        assert_array_equal(found, pipeline.predict(table))
        assert_near(probabilities[0], pipeline.predict_proba(table), dtype)
    else:
        assert_near(found[:, 0], pipeline.predict(table), dtype)


@both_dtypes
@with_members
@pytest.mark.parametrize("layer", [0, -1])
def test_hidden_features_are_converted(few, X, y, rows, layer, n_members, dtype):
    few["hidden_units"] = [4, 3]
    features = HiddenFeatures(DeepNetRegressor(**few, n_members=n_members), layer)
    features.fit(X.astype(dtype), y)
    rows = rows.astype(dtype)
    (found,) = run(convert(features, rows), X=rows)
    assert_near(found, features.transform(rows), dtype)


def test_hidden_features_of_a_frozen_net_in_a_pipeline_are_converted(few, X, y, rows):
    net = DeepNetClassifier(**few).fit(X, y)
    pipeline = make_pipeline(HiddenFeatures(FrozenEstimator(net)), LogisticRegression())
    assert_classifies_alike(pipeline.fit(X, y), rows, np.float64)


def test_nets_in_searches_voting_calibration_and_one_vs_rest_are_converted(few, X, y, rows):
    net = DeepNetClassifier(**few)
    rows = rows.astype(np.float32)
    X = X.astype(np.float32)
    for model in [
        GridSearchCV(net, {"alpha": [0.1, 1]}, cv=2),
        VotingClassifier(
            [("a", net), ("b", LogisticRegression())],
            voting="soft",
            flatten_transform=False,
        ),
        CalibratedClassifierCV(net, cv=2),
        OneVsRestClassifier(net),
    ]:
        assert_classifies_alike(model.fit(X, y), rows, np.float32)


ON_SIGMOIDS = [
    (lambda net: make_pipeline(StandardScaler(), net), "a Pipeline around it"),
    (lambda net: GridSearchCV(net, {}, cv=2), "a GridSearchCV around it"),
    (FrozenEstimator, "a FrozenEstimator around it"),
]


@pytest.mark.parametrize(("wrap", "match"), ON_SIGMOIDS)
def test_calibrated_estimators_around_a_net_in_another_are_refused(few, X, y, wrap, match):
    inner = wrap(ShallowNetClassifier(**few).fit(X, y))
    with pytest.raises(ValueError, match=match):
        convert(CalibratedClassifierCV(inner, cv=2).fit(X, y), X)


@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("method", ["isotonic", "temperature"])
def test_calibrations_that_skl2onnx_gets_wrong_are_refused(few, X, y, method, ensemble):
    net = ShallowNetClassifier(**few)
    model = CalibratedClassifierCV(net, cv=2, method=method, ensemble=ensemble).fit(X, y)
    with pytest.raises(ValueError, match=rf"method='{method}' .* Set method='sigmoid'"):
        convert(model, X)


def test_tuned_thresholds_are_refused_instead_of_left_out(few, X, y):
    model = TunedThresholdClassifierCV(make_pipeline(ShallowNetClassifier(**few)), cv=2)
    with pytest.raises(ValueError, match=r"Convert its estimator_, and compare"):
        convert(model.fit(X, y > 0), X)


STACKED = [  # method, whether the net is in a pipeline, whether it has two classes only
    ("predict_proba", False, False),
    ("predict_proba", True, False),
    ("predict_proba", True, True),
    ("decision_function", False, False),
]


@pytest.mark.parametrize(("method", "in_pipeline", "is_binary"), STACKED)
def test_nets_in_a_stack_are_converted(few, X, y, rows, method, in_pipeline, is_binary):
    net = DeepNetClassifier(**few)
    inner = make_pipeline(MinMaxScaler(), net) if in_pipeline else net
    model = StackingClassifier([("net", inner)], stack_method=method, cv=2)
    assert_classifies_alike(model.fit(X, y > 0 if is_binary else y), rows, np.float64)


@pytest.mark.parametrize(
    ("method", "in_pipeline", "is_binary"),
    [
        ("decision_function", True, False),
        ("decision_function", False, True),
        ("predict", False, False),
    ],
)
def test_stacks_that_skl2onnx_gets_wrong_are_refused(
    few, X, y, method, in_pipeline, is_binary
):
    net = DeepNetClassifier(**few)
    inner = make_pipeline(MinMaxScaler(), net) if in_pipeline else net
    model = StackingClassifier([("net", inner)], stack_method=method, cv=2)
    model.fit(X, y > 0 if is_binary else y)
    with pytest.raises(ValueError, match="Set stack_method='predict_proba'"):
        convert(model, X)


def test_calibrated_estimators_without_a_net_are_converted_as_before(X, y, rows):
    model = CalibratedClassifierCV(LogisticRegression(), cv=2, method="isotonic")
    convert(model.fit(X, y), rows)


@pytest.mark.parametrize("ensemble", [True, False])
def test_calibrated_nets_in_a_pipeline_are_converted(few, X, y, rows, ensemble):
    calibrated = CalibratedClassifierCV(
        ShallowNetClassifier(**few), cv=2, ensemble=ensemble
    )
    model = make_pipeline(StandardScaler(), calibrated)
    assert_classifies_alike(model.fit(X, y), rows, np.float32)


@pytest.mark.parametrize("inner", [lambda net: net, lambda net: make_pipeline(net)])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda net: BaggingClassifier(net, n_estimators=2, max_features=0.5),
        lambda net: StackingClassifier([("net", net)], cv=2),
        lambda net: StackingClassifier([("net", net)], cv=2, passthrough=True),
        lambda net: OneVsRestClassifier(net),
        lambda net: GridSearchCV(net, {}, cv=2),
    ],
    ids=["bagging", "stacking", "passthrough", "one versus rest", "search"],
)
def test_classifiers_around_nets_and_pipelines_are_converted(few, X, y, rows, wrap, inner):
    model = wrap(inner(ShallowNetClassifier(**few)))
    assert_classifies_alike(model.fit(X, y), rows, np.float32)


def test_nets_in_stacked_regressors_are_converted(few, X, y, rows):
    stack = StackingRegressor(
        [("net", ShallowNetRegressor(**few))], LinearRegression(), cv=2
    )
    assert_predicts_alike(stack.fit(X.astype(np.float32), y), rows, np.float32)


# Components of one's own.


@dataclass(frozen=True)
class Softsign(Activation):
    gain: float = 1.0

    def forward(self, z, params):
        return self.gain * z / (1 + np.abs(z)), z

    def backward(self, grad_a, z, params, grads):
        return self.gain * grad_a / (1 + np.abs(z)) ** 2


class LeakyOfMyOwn(LeakyReLU):
    def forward(self, z, params):
        return super().forward(z - 1, params)


def test_the_error_for_an_unknown_activation_says_what_to_register(few, X, y, rows):
    for activation in [Softsign(), LeakyOfMyOwn()]:
        net = DeepNetRegressor(**few, activation=activation).fit(X, y)
        name = type(activation).__name__
        with pytest.raises(ValueError, match=rf"register_activation\({name}, form\)"):
            convert(net, rows)


@both_dtypes
def test_an_activation_of_a_user_can_be_registered(few, X, y, rows, monkeypatch, dtype):
    monkeypatch.setattr(_activations, "FORMS", dict(_activations.FORMS))
    skshallow.onnx.register_activation(
        Softsign, lambda z, params, activation: activation.gain * z / (1 + abs(z))
    )
    net = DeepNetRegressor(**few, activation=Softsign(1.7)).fit(X.astype(dtype), y)
    assert_predicts_alike(net, rows, dtype)


class SquareLink(Link):
    def inverse(self, raw_prediction):
        return 1 - 2 / (3 - raw_prediction) + raw_prediction**2


@dataclass(frozen=True)
class SquaredErrorOfMyOwn(SquaredError):
    link = SquareLink()


def test_a_link_of_a_user_can_be_registered(few, X, y, rows, monkeypatch):
    net = DeepNetRegressor(**few, loss=SquaredErrorOfMyOwn()).fit(X, y)
    with pytest.raises(ValueError, match=r"register_link\(SquareLink, form\)"):
        convert(net, rows)
    monkeypatch.setattr(_links, "INVERSES", dict(_links.INVERSES))
    skshallow.onnx.register_link(
        SquareLink, lambda raw, link: 1 - 2 / (3 - raw) - (-(raw * raw))
    )
    assert_predicts_alike(net, rows, np.float64)


class SoftmaxLinkOfMyOwn(SoftmaxLink):
    """Computes what its parent does; forms are not inherited all the same."""


@dataclass(frozen=True)
class LogLossOfMyOwn(MultinomialLogLoss):
    link = SoftmaxLinkOfMyOwn()


def test_a_link_of_ones_own_for_classes_can_be_registered_for_one_member(
    few, X, y, rows, monkeypatch
):
    net = DeepNetClassifier(**few, loss=LogLossOfMyOwn()).fit(X, y)
    with pytest.raises(ValueError, match=r"register_link\(SoftmaxLinkOfMyOwn, form\)"):
        convert(net, rows)
    monkeypatch.setattr(_links, "INVERSES", dict(_links.INVERSES))
    skshallow.onnx.register_link(
        SoftmaxLinkOfMyOwn, lambda raw, link: raw.op("Softmax", axis=-1)
    )
    assert_classifies_alike(net, rows, np.float64)
    net = DeepNetClassifier(**few, loss=LogLossOfMyOwn(), n_members=2).fit(X, y)
    with pytest.raises(ValueError, match=r"n_members=2 .* Fit it with n_members=1, or"):
        convert(net, rows)


FORMS = {
    "sums": lambda z: (1 + z) + (z + 2.5) + z,
    "differences": lambda z: (1 - z) - (z - 2) - -z,
    "products": lambda z: (3 * z) * (z * 0.1) * z,
    "quotients": lambda z: 1 / (1 + abs(z)) + z / (1 + z**2) + z / 4,
    "comparisons": lambda z: where(z > 0.5, z, 2) + where(z < -0.5, z, np.float64(3)),
    "arrays": lambda z: np.array([[2.0]]) * z + np.array([0.5]),
}


def where(condition, a, b):
    """Choose, in NumPy or in a graph."""
    is_array = isinstance(condition, np.ndarray)
    return np.where(condition, a, b) if is_array else condition.op("Where", a, b)


@both_dtypes
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_arithmetic_of_converters_equals_numpys(few, X, y, rows, monkeypatch, form, dtype):
    class OwnLink(IdentityLink):
        def inverse(self, raw_prediction):
            return form(raw_prediction)

    monkeypatch.setattr(_links, "INVERSES", dict(_links.INVERSES))
    skshallow.onnx.register_link(OwnLink, lambda raw, link: form(raw))
    monkeypatch.setattr(SquaredErrorOfMyOwn, "link", OwnLink())
    plain = DeepNetRegressor(**few).fit(X.astype(dtype), y)
    net = DeepNetRegressor(**few, loss=SquaredErrorOfMyOwn()).fit(X.astype(dtype), y)
    np.testing.assert_array_equal(net.theta_, plain.theta_)
    rows = rows.astype(dtype)
    expected = form(plain.predict(rows)[:, np.newaxis])
    (found,) = run(convert(net, rows), X=rows)
    assert_near(found, expected.astype(dtype), dtype)


def test_only_classes_of_components_can_be_registered():
    with pytest.raises(TypeError, match=r"subclass of skshallow\.activations\.Activation"):
        skshallow.onnx.register_activation(Softsign(), lambda z, params, activation: z)
    with pytest.raises(
        TypeError, match=r"link_class must be a subclass of skshallow\.losses\.Link; got"
    ):
        skshallow.onnx.register_link(SquaredError, lambda raw, link: raw)


# What does not fit.


def test_the_error_without_the_extra_names_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("skshallow.onnx")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r'pip install "skshallow\[onnx\]"'):
        importlib.import_module("skshallow.onnx")


@pytest.mark.parametrize(
    "estimator",
    [ShallowNetRegressor(), HiddenFeatures(ShallowNetRegressor())],
    ids=lambda estimator: type(estimator).__name__,
)
def test_unfitted_nets_are_refused(X, estimator):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        convert(estimator, X)


def test_opsets_that_are_too_old_are_refused(few, X, y):
    net = DeepNetRegressor(**few).fit(X, y)
    with pytest.raises(ValueError, match=r"opset 18 or later, and target_opset is 15"):
        skl2onnx.to_onnx(net, X[:1], target_opset=15)
    assert skl2onnx.to_onnx(net, X[:1], target_opset=18).opset_import[0].version <= 18


def test_inputs_of_a_wrong_shape_or_type_are_refused(few, X, y):
    net = DeepNetRegressor(**few).fit(X, y)
    with pytest.raises(ValueError, match="declared with 4 columns, and it was fitted on 5"):
        convert(net, X[:, :4])
    text = [("X", StringTensorType([None, 5]))]
    with pytest.raises(ValueError, match="'X' of DeepNetRegressor is declared as strings"):
        skl2onnx.convert_sklearn(net, initial_types=text)


def test_weights_beyond_float32_are_refused(few, X, y):
    large = DeepNetRegressor(**few).fit(X, 1e300 * y)
    small = DeepNetRegressor(**few).fit(1e-300 * X, y)
    in_float32 = [("X", FloatTensorType([None, 5]))]
    with pytest.raises(ValueError, match=r"too large for float32\. Declare the input as D"):
        skl2onnx.convert_sklearn(large, initial_types=in_float32)
    with pytest.raises(ValueError, match="which is 0 in float32"):
        skl2onnx.convert_sklearn(small, initial_types=in_float32)
    assert_predicts_alike(small, 1e-300 * X, np.float64)


# Tables with categories and missing values.

CITIES = [f"city {i:02}" for i in range(70)]


def raw_table(n_rows=300, seed=0):
    """A table of numbers and of each kind of category, of 2 to 70 levels."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n_rows)
    age[rng.random(n_rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["f", "m"], n_rows),
            "children": rng.integers(0, 4, n_rows),
            "size": rng.choice(["S", "M", "L", None], n_rows),
            "member": rng.random(n_rows) < 0.5,
            "city": rng.choice(CITIES, n_rows),
            "income": rng.normal(size=n_rows),
            "grade": rng.choice([1.5, 2.25, 3.0, np.nan], n_rows),
            "zip": rng.integers(10000, 10070, n_rows),
        }
    )


CATEGORIES = ["sex", "size", "member", "city", "grade", "zip"]


def new_table():
    """Rows with levels that training had not, and with values missing that it had."""
    new = raw_table(seed=1)
    unseen = {"sex": "?", "size": "XXL", "city": "elsewhere", "grade": 9.0, "zip": 7}
    for i, (name, level) in enumerate(unseen.items()):
        new.loc[10 * i : 10 * i + 9, name] = level
    new.loc[60:70, ["city", "income", "size"]] = None
    return new


def numbers_of(table):
    """Return a target that depends on each column."""
    worth = {city: i % 7 - 3.0 for i, city in enumerate(CITIES)}
    y = table["income"] + (table["sex"] == "m") + 2.0 * (table["size"] == "L")
    y += table["city"].map(worth) + table["age"].isna() + (table["grade"] == 3)
    return (y + table["zip"] % 5 + table["member"]).to_numpy()


TARGETS_OF_TABLES = {
    "two classes": lambda y: y > np.median(y),
    "three classes": lambda y: np.array(["a", "b", "c"])[np.digitize(y, [1, 4])],
    "labels": lambda y: np.stack([y > 1, y > 4], axis=1).astype(int),
}


def inputs_of(table, estimator, dtype=np.float32):
    """Return the inputs of a model for a table, in the types of `initial_types`."""
    types = skshallow.onnx.initial_types(estimator, dtype)
    return {
        name: table[[name]].to_numpy(None if of == "object" else of)
        for (name, _), of in zip(types, map(dtype_of_input, types), strict=True)
    }


def dtype_of_input(named_type):
    """Return the dtype of NumPy of an input."""
    onnx_type = named_type[1].to_onnx_type().tensor_type.elem_type
    return onnx.helper.tensor_dtype_to_np_dtype(onnx_type)


def convert_table(estimator, dtype=np.float32):
    """Return the model of an estimator that was fitted on a table."""
    options = {id(estimator): {"zipmap": False}}
    is_classifier = hasattr(estimator, "predict_proba")
    return skl2onnx.to_onnx(
        estimator,
        initial_types=skshallow.onnx.initial_types(estimator, dtype),
        options=options if is_classifier else None,
    )


def assert_table_is_classified_alike(net, table, dtype=np.float32):
    inputs = inputs_of(table, net, dtype)
    labels, probabilities = run(convert_table(net, dtype), **inputs)
    assert_array_equal(labels, net.predict(table))
    assert_near(probabilities, net.predict_proba(table).astype(dtype), dtype)


def assert_table_is_predicted_alike(net, table, dtype=np.float32, method="predict"):
    (found,) = run(convert_table(net, dtype), **inputs_of(table, net, dtype))
    expected = np.asarray(getattr(net, method)(table)).reshape(len(table), -1)
    assert_near(found, expected.astype(dtype), dtype)


@pytest.mark.parametrize(
    ("kind", "n_members", "dtype"), covering(TARGETS_OF_TABLES, [1, 3], TOLERANCE)
)
def test_a_raw_table_is_classified_as_by_the_net(few, kind, n_members, dtype):
    net = DeepNetClassifier(**few, n_members=n_members, categorical_features=CATEGORIES)
    table = raw_table()
    net.fit(table, TARGETS_OF_TABLES[kind](numbers_of(table)))
    assert net.network_.embedding.n_columns == 2
    assert_table_is_classified_alike(net, new_table(), dtype)


@pytest.mark.parametrize(
    ("depth", "n_targets", "n_members", "dtype"),
    covering([0, 1, 2], [1, 2], [1, 3], TOLERANCE),
)
def test_a_raw_table_is_predicted_as_by_the_net(few, depth, n_targets, n_members, dtype):
    table = raw_table()
    y = np.stack([numbers_of(table), table["zip"] % 3], axis=1)[:, :n_targets]
    net = DeepNetRegressor(
        **few, depth=depth, n_members=n_members, categorical_features=CATEGORIES
    ).fit(table, y if n_targets > 1 else y[:, 0])
    assert_table_is_predicted_alike(net, new_table(), dtype)


@both_dtypes
@pytest.mark.parametrize(
    "names",
    [["sex"], ["size"], ["city", "zip"], ["grade"], ["age", "income"], ["age", "sex"]],
    ids="-".join,
)
def test_each_kind_of_column_alone_is_converted(few, names, dtype):
    table, y = raw_table()[names], numbers_of(raw_table())
    chosen = [name for name in names if name in CATEGORIES]
    net = ShallowNetRegressor(**few, categorical_features=chosen).fit(table, y)
    new = new_table()[names]
    if chosen:
        has_numbers = set(names) & {"age", "grade"}
        assert_table_is_predicted_alike(net, new, dtype if has_numbers else np.float32)
    else:
        (found,) = run(convert_table(net, dtype), X=new.to_numpy(dtype))
        assert_near(found[:, 0], net.predict(new).astype(dtype), dtype)


@pytest.mark.parametrize("n_levels", [1, 2, 3, 8, 9, 100])
def test_any_number_of_levels_is_looked_up(few, n_levels):
    levels = np.random.default_rng(0).permutation(np.arange(n_levels) ** 2 - 7)
    numbers = np.repeat(levels, 6)[:, np.newaxis]
    net = DeepNetRegressor(**few, categorical_features=[0]).fit(numbers, numbers[:, 0])
    ends = [np.iinfo(np.int64).min, np.iinfo(np.int64).max]
    new = np.append(np.arange(-10, n_levels**2), ends)[:, np.newaxis]
    (found,) = run(convert(net, new), X=new)
    assert_near(found[:, 0], net.predict(new).astype(np.float32), np.float32)


def test_a_raw_table_is_valid_onnx_for_another_runtime(few):
    table, new = raw_table(), new_table()
    net = DeepNetRegressor(**few, n_members=2, categorical_features=CATEGORIES)
    net.fit(table, numbers_of(table))
    evaluator = reference.ReferenceEvaluator(convert_table(net))
    inputs = inputs_of(new.fillna({"size": "", "city": ""}), net)
    (found,) = evaluator.run(None, inputs)
    assert_near(found[:, 0], net.predict(new).astype(np.float32), np.float32)


@both_dtypes
@pytest.mark.parametrize("views", [["periodic"], ["periodic", "piecewise_linear", None]])
def test_learned_curves_of_numbers_are_converted(few, views, dtype):
    params = few | {"numeric_encoding": views, "n_members": len(views)}
    table = raw_table()
    net = DeepNetRegressor(**params).fit(table, numbers_of(table))
    assert_table_is_predicted_alike(net, new_table(), dtype)
    X = table[["age", "income"]].fillna(0.0).to_numpy()
    plain = DeepNetClassifier(**params).fit(X, numbers_of(table) > 1)
    model = convert_table(plain, dtype)
    _, probabilities = run(model, X=X.astype(dtype))
    assert_near(probabilities, plain.predict_proba(X).astype(dtype), dtype)


@with_members
def test_hidden_features_of_a_raw_table_are_converted(few, n_members):
    table = raw_table()
    features = HiddenFeatures(DeepNetRegressor(**few, n_members=n_members))
    features.fit(table, numbers_of(table))
    # pieces of numbers cost digits in float32, which hidden layers show more than outputs
    dtype = np.float32 if n_members == 1 else np.float64
    assert_table_is_predicted_alike(features, new_table(), dtype, method="transform")
    frozen = HiddenFeatures(FrozenEstimator(features.net_)).fit(table)
    assert_table_is_predicted_alike(frozen, new_table(), dtype, method="transform")


def test_pipelines_that_start_with_a_raw_table_are_converted(few):
    table = raw_table()
    y = numbers_of(table) > 1
    for pipeline in [
        make_pipeline(DeepNetClassifier(**few)),
        make_pipeline(HiddenFeatures(DeepNetClassifier(**few)), LogisticRegression()),
    ]:
        assert_table_is_classified_alike(pipeline.fit(table, y), new_table())


def test_a_search_on_a_raw_table_is_converted(few):
    table = raw_table()
    search = GridSearchCV(DeepNetRegressor(**few), {"alpha": [0.1, 1]}, cv=2)
    search.fit(table, numbers_of(table))
    types = skshallow.onnx.initial_types(search.best_estimator_)
    model = skl2onnx.to_onnx(search, initial_types=types)
    (found,) = run(model, **inputs_of(new_table(), search.best_estimator_))
    assert_near(found[:, 0], search.predict(new_table()).astype(np.float32), np.float32)


def test_voting_nets_on_a_raw_table_are_converted(few):
    table = raw_table()
    nets = [("a", DeepNetClassifier(**few)), ("b", ShallowNetClassifier(**few))]
    vote = VotingClassifier(nets, voting="soft", flatten_transform=False)
    vote.fit(table, numbers_of(table) > 1)
    own = vote.estimators_[0]
    model = skl2onnx.to_onnx(
        vote,
        initial_types=skshallow.onnx.initial_types(own),
        options={id(vote): {"zipmap": False}},
    )
    _, probabilities = run(model, **inputs_of(new_table(), own))
    expected = vote.predict_proba(new_table()).astype(np.float32)
    assert_near(probabilities, expected, np.float32)


def test_the_types_may_be_those_of_the_first_rows(few):
    table = raw_table().dropna()
    net = DeepNetRegressor(**few).fit(table, numbers_of(table))
    model = skl2onnx.to_onnx(net, table)
    (found,) = run(model, **{name: table[[name]].to_numpy() for name in table})
    assert_near(found[:, 0], net.predict(table), np.float64)


def test_nets_without_standardisation_convert_categories_alike(few):
    table = raw_table().drop(columns="age")
    net = DeepNetRegressor(**few, standardize=False, categorical_features=CATEGORIES)
    net.fit(table, numbers_of(raw_table()))
    new = new_table().drop(columns="age").fillna({"income": 0.5})
    assert_table_is_predicted_alike(net, new)


@pytest.mark.parametrize("missing", ["", "nan", None, np.nan, pd.NA], ids=repr)
def test_a_missing_string_is_empty_or_as_python_writes_it(few, missing):
    table = raw_table()[["size", "income"]]
    net = DeepNetRegressor(**few).fit(table, numbers_of(raw_table()))
    given = {
        "size": np.array([[missing], ["L"], [missing]], dtype=object),
        "income": np.zeros((3, 1), np.float32),
    }
    (found,) = run(convert_table(net), **given)
    expected = net.predict(pd.DataFrame({"size": [None, "L", None], "income": 0.0}))
    assert_near(found[:, 0], expected.astype(np.float32), np.float32)
    assert found[0] != found[1]


def test_a_level_that_is_spelled_as_a_missing_value_is_a_level(few):
    table = pd.DataFrame({"kind": ["", "nan", "a", None] * 30, "x": np.arange(120.0)})
    net = DeepNetRegressor(**few).fit(table, np.tile([1.0, 2.0, 3.0, 4.0], 30))
    given = {"kind": [[""], ["nan"], ["<NA>"]], "x": np.zeros((3, 1), np.float32)}
    (found,) = run(convert_table(net), **{**given, "kind": np.array(given["kind"], object)})
    expected = net.predict(pd.DataFrame({"kind": ["", "nan", None], "x": 0.0}))
    assert_near(found[:, 0], expected.astype(np.float32), np.float32)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float32, bool])
def test_categories_of_numbers_are_taken_in_each_type(few, dtype):
    numbers = np.random.default_rng(0).integers(0, 2, size=(80, 2))
    net = DeepNetClassifier(**few, categorical_features=[0, 1])
    net.fit(numbers, numbers[:, 0] ^ numbers[:, 1])
    assert_classifies_alike_in(net, numbers.astype(dtype))


def assert_classifies_alike_in(net, rows):
    """Labels are equal, probabilities near, for one input of the type of the rows."""
    labels, probabilities = run(convert(net, rows, zipmap=False), X=rows)
    assert_array_equal(labels, net.predict(rows))
    assert_near(probabilities, net.predict_proba(rows).astype(np.float32), np.float32)


def test_inputs_of_float32_and_float64_may_be_mixed(few):
    table = raw_table()[["income", "grade", "zip"]]
    table["grade"] += 0.1  # not the same in both
    net = DeepNetRegressor(**few, categorical_features=["grade", "zip"])
    net.fit(table, numbers_of(raw_table()))
    model = skl2onnx.to_onnx(
        net,
        initial_types=[
            ("income", DoubleTensorType([None, 1])),
            ("grade", FloatTensorType([None, 1])),
            ("zip", Int32TensorType([None, 1])),
        ],
    )
    types = {"income": np.float64, "grade": np.float32, "zip": np.int32}
    given = {name: table[[name]].to_numpy(dtype) for name, dtype in types.items()}
    (found,) = run(model, **given)
    assert_near(found[:, 0], net.predict(table), np.float64)


def test_the_types_of_inputs_follow_the_columns(few, X, y):
    table = raw_table()
    net = DeepNetRegressor(**few, categorical_features=CATEGORIES)
    net.fit(table, numbers_of(table))
    kinds = {
        name: type(of).__name__.removesuffix("TensorType")
        for name, of in skshallow.onnx.initial_types(net, np.float64)
    }
    assert list(kinds) == table.columns.tolist()
    strings = dict.fromkeys(["sex", "size", "city"], "String")
    numbers = dict.fromkeys(["age", "children", "income", "grade"], "Double")
    assert kinds == strings | numbers | {"member": "Boolean", "zip": "Int64"}
    nameless = DeepNetRegressor(**few).fit(table.to_numpy(object), numbers_of(table))
    assert skshallow.onnx.initial_types(nameless)[1][0] == "x1"
    ((name, of),) = skshallow.onnx.initial_types(DeepNetRegressor(**few).fit(X, y))
    assert (name, of.shape) == ("X", [None, 5])
    with pytest.raises(ValueError, match=r"numpy\.float32 or numpy\.float64; got"):
        skshallow.onnx.initial_types(net, np.int64)
    with pytest.raises(TypeError, match=r"not those of LogisticRegression\. .* to_onnx\("):
        skshallow.onnx.initial_types(LogisticRegression().fit(X, y))


NAMES = {
    "unit price": "unit_price",
    "a b": "a_b1",
    "a-b": "a_b2",
    "a_b": "a_b",
    "": "x4",
    "1st": "_1st",
    "größe (m+)": "größe__m__",
    "label": "label1",
    "probabilities": "probabilities1",
    "output_label": "output_label1",
    "output_probability": "output_probability1",
    "class_labels": "class_labels1",
    "variable": "variable1",
    "yes": "yes1",
    "i1": "i1",
    "x": "x",
}


@pytest.mark.parametrize(
    "options",
    [
        {"zipmap": True},
        {"zipmap": False},
        {"zipmap": "columns"},
        {"zipmap": False, "output_class_labels": True},
        None,
    ],
    ids=str,
)
def test_the_inputs_of_a_model_have_the_declared_names(few, options):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, len(NAMES))), columns=list(NAMES))
    table["x"] = rng.choice(["a", "b"], 60)
    y = table["label"] > 0
    if options is None:
        net = DeepNetRegressor(**few).fit(table, y)
    else:
        net = DeepNetClassifier(**few).fit(table, np.where(y, "yes", "no"))
    types = skshallow.onnx.initial_types(net)
    model = skl2onnx.to_onnx(net, initial_types=types, options=options)
    names = NAMES if options else NAMES | {"yes": "yes"}
    assert [name for name, _ in types] == list(names.values())
    assert [each.name for each in model.graph.input] == list(names.values())
    assert not {each.name for each in model.graph.output} & set(names.values())


def test_columns_named_as_outputs_are_predicted_for_by_position(few):
    table = raw_table()[["income", "sex", "age"]]
    table.columns = ["label", "a b", ""]
    net = DeepNetClassifier(**few).fit(table, table["label"] > 0)
    types = skshallow.onnx.initial_types(net)
    kinds = [np.float32, object, np.float32]
    inputs = {
        name: table[[column]].to_numpy(kind)
        for column, (name, _), kind in zip(table, types, kinds, strict=True)
    }
    _, probabilities = run(convert_table(net), **inputs)
    assert_near(probabilities, net.predict_proba(table).astype(np.float32), np.float32)


@pytest.mark.parametrize("with_category", [False, True])
def test_numbers_that_float32_rounds_coarsely_are_warned_of(few, with_category):
    table = pd.DataFrame({"x": np.arange(300) % 7, "time": 1.7e9 + 100.0 * np.arange(300)})
    if with_category:
        table.insert(0, "kind", ["a", "b", "c"] * 100)
    net = DeepNetRegressor(**few).fit(table, np.arange(300) % 2)
    match = r"column 'time' too coarsely: those near 1\.70003e\+09 by up to 64, .*float64\)"
    with pytest.warns(UserWarning, match=match):
        convert_table(net)
    if with_category:
        assert_table_is_predicted_alike(net, table, np.float64)
    else:
        (found,) = run(convert_table(net, np.float64), X=table.to_numpy(float))
        assert_near(found[:, 0], net.predict(table), np.float64)


@pytest.mark.filterwarnings("error:float32 rounds")
@pytest.mark.parametrize(
    "make",
    [
        lambda rng: rng.integers(100_000, 100_009, 300),
        lambda rng: rng.normal(1e5, 1, 300).astype(np.float32),
    ],
    ids=["integers", "float32"],
)
def test_numbers_that_float32_holds_are_predicted_for_alike_far_from_zero(few, make):
    table = pd.DataFrame({"x": make(np.random.default_rng(0)), "kind": ["a", "b"] * 150})
    net = DeepNetRegressor(**few, numeric_encoding=None)
    net.fit(table, table["x"] > table["x"].mean())
    assert_table_is_predicted_alike(net, table)


def test_inputs_that_do_not_suit_the_columns_are_refused(few):
    table = raw_table()[["income", "sex"]]
    net = DeepNetRegressor(**few).fit(table, numbers_of(raw_table()))
    income, sex = skshallow.onnx.initial_types(net)
    for types, match in [
        ([sex, income], r"declared in the order sex, income, .* fitted on income, sex"),
        ([income, ("sex", income[1])], r"Column 'sex' .* held strings .* FloatTensorType"),
        ([("income", sex[1]), sex], r"Column 'income' .* held numbers .* StringTensorType"),
        ([income, ("sex", StringTensorType())], "without their number of columns"),
        ([income], "declared with 1 columns, and it was fitted on 2"),
    ]:
        with pytest.raises(ValueError, match=match):
            skl2onnx.to_onnx(net, initial_types=types)


def test_inputs_of_numbers_in_another_order_are_refused(few, X, y):
    table = pd.DataFrame(X, columns=list("abcde"))
    net = DeepNetRegressor(**few).fit(table, y)
    with pytest.raises(ValueError, match="declared in the order e, d, c, b, a"):
        convert(net, table[list("edcba")])


def test_levels_that_the_type_cannot_tell_apart_are_refused(few):
    numbers = np.repeat([[2.0**24], [2.0**24 + 1], [0.5]], 30, axis=0)
    net = DeepNetRegressor(**few, categorical_features=[0])
    net.fit(numbers, np.repeat([1.0, 2.0, 3.0], 30))
    with pytest.raises(ValueError, match="FloatTensorType, which cannot tell apart"):
        convert(net, numbers.astype(np.float32))
    (found,) = run(convert(net, numbers), X=numbers)
    assert_near(found[:, 0], net.predict(numbers), np.float64)


@both_dtypes
@pytest.mark.parametrize("activation", ["relu", "prelu", "mish", "step"])
def test_missing_numbers_are_predicted_for_as_by_the_net(
    few, X, y, rows, activation, dtype
):
    net = DeepNetClassifier(**few, activation=activation).fit(X.astype(dtype), y)
    rows[3:9, 2] = np.nan
    assert_classifies_alike(net, rows, dtype)


@both_dtypes
@pytest.mark.parametrize("activation", ["relu", "prelu", "mish"])
def test_missing_numbers_give_nan_without_a_mean_to_fill_them(
    few, X, y, rows, activation, dtype
):
    net = DeepNetClassifier(**few, activation=activation, standardize=False)
    net.fit(X.astype(dtype), y)
    rows[3, 2] = np.nan
    rows = rows.astype(dtype)
    labels, probabilities = run(convert(net, rows, zipmap=False), X=rows)
    assert_array_equal(np.unique(np.nonzero(np.isnan(probabilities))[0]), [3])
    assert labels[3] in net.classes_
