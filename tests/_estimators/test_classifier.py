"""Classifiers: labels, probabilities, class weights, label smoothing, multilabel."""

import re
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax, logit, softmax
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_sample_weight

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetClassifier
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    BinomialLogLoss,
    Loss,
    MultinomialLogLoss,
    MultinomialSquaredError,
    SoftmaxLink,
)


def labels_of_kind(y, kind):
    """Return y (0, 1, 2), or whether it exceeds 0, as labels of another kind."""
    return {
        "strings": lambda: np.array(["dog", "ant", "cat"])[y],
        "objects": lambda: np.array(["dog", "ant", "cat"], dtype=object)[y],
        "negative": lambda: np.array([7, -3, 0])[y],
        "floats": lambda: y * 2.0,
        "booleans": lambda: y > 0,
        "two strings": lambda: np.where(y > 0, "yes", "no"),
        "minus and plus": lambda: np.where(y > 0, 1, -1),
    }[kind]()


KINDS = [
    "strings", "objects", "negative", "floats", "booleans", "two strings",
    "minus and plus",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_every_kind_are_predicted_as_they_were_given(
    classifier_class, X, y, few, kind
):
    labels = labels_of_kind(y, kind)
    net = classifier_class(**few | {"max_iter": 60, "learning_rate": 0.03})
    net.fit(X, labels)
    assert_array_equal(net.classes_, np.unique(labels))
    predicted = net.predict(X)
    assert predicted.shape == labels.shape
    assert set(predicted) <= set(labels)
    assert net.score(X, labels) == accuracy_score(labels, predicted) > 0.7


@pytest.mark.parametrize("loss", CLASSIFICATION_LOSSES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_predictions_probabilities_and_decisions_agree(
    classifier_class, X, y, few, loss, n_classes
):
    y = np.minimum(y, n_classes - 1)
    net = classifier_class(**few | {"max_iter": 20}, loss=loss).fit(X, y)
    raw, probability = net.decision_function(X), net.predict_proba(X)
    assert raw.shape == ((60,) if n_classes == 2 else (60, 3))
    assert probability.shape == (60, n_classes)
    assert_allclose(probability.sum(axis=1), 1)
    assert_allclose(np.log(probability), net.predict_log_proba(X), rtol=1e-9)
    assert_array_equal(net.predict(X), probability.argmax(axis=1))
    if n_classes == 2:
        assert_allclose(probability[:, 1], expit(raw))
    else:
        assert_allclose(probability, softmax(raw, axis=1))


def test_squared_error_of_probabilities_trains_a_classifier(classifier_class, X, y, few):
    net = classifier_class(**few | {"max_iter": 100}, loss="squared_error", alpha=0)
    net.set_params(hidden_units=8, learning_rate=0.03, batch_size=None).fit(X, y)
    one_hot = np.eye(3)[y]
    brier = 0.5 * ((net.predict_proba(X) - one_hot) ** 2).sum(axis=1).mean()
    assert_allclose(brier, net.loss_curve_[-1], rtol=0.05)
    assert net.score(X, y) > 0.7


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
def test_log_probabilities_of_extreme_logits_are_finite(n_outputs):
    rows = np.array([[1e6], [-1e6], [700.0]])
    weights = np.arange(1.0, n_outputs + 1)[np.newaxis]
    classes = None if n_outputs != 2 else [[0, 1]] * 2  # two labels
    net = DeepNetClassifier.from_weights([weights], [np.zeros(n_outputs)], classes=classes)
    log_probability = net.predict_log_proba(rows)
    assert np.isfinite(log_probability).all()
    assert log_probability.min() <= -1e6
    assert np.isfinite(net.predict_proba(rows)).all()


def test_one_class_is_an_error(classifier_class, X, few):
    with pytest.raises(ValueError, match="one class: 'only'"):
        classifier_class(**few).fit(X, ["only"] * 60)
    with pytest.raises(ValueError, match="one class"):
        classifier_class(**few).partial_fit(X, ["only"] * 60, classes=["only"])


def test_binary_nets_have_one_output_and_several_classes_one_each(X, y, few):
    assert DeepNetClassifier(**few).fit(X, y > 0).n_outputs_ == 1
    assert DeepNetClassifier(**few).fit(X, y).n_outputs_ == 3


def test_a_column_of_labels_is_accepted_with_a_warning(classifier_class, X, y, few):
    net = classifier_class(**few)
    with pytest.warns(DataConversionWarning, match="column-vector"):
        net.fit(X, y[:, np.newaxis])
    assert net.predict(X).shape == (60,)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.random.default_rng(0).normal(size=60), "Unknown label type"),
        (np.full(60, np.nan), "y has 60 missing values"),
        (np.tile([[0, 1], [2, 0]], (30, 1)), "MultiOutputClassifier"),
        (np.tile([["a", "b"], ["c", "a"]], (30, 1)), "MultiOutputClassifier"),
        (np.zeros((60, 2, 2)), r"[Dd]im"),
        ([None] * 60, "y has 60 missing values"),
        (np.zeros(59), "inconsistent numbers of samples"),
    ],
    ids=["real", "nan", "multioutput", "strings", "3d", "none", "short"],
)
def test_invalid_targets_of_classifiers_are_refused(
    classifier_class, X, few, target, message
):
    net = classifier_class(**few)
    with pytest.raises(ValueError, match=message):
        net.fit(X, target)
    assert not hasattr(net, "theta_")
    assert not hasattr(net, "classes_")


# partial_fit.


def test_the_first_partial_fit_needs_all_classes(classifier_class, X, y, pieces):
    net = classifier_class(**pieces)
    with pytest.raises(ValueError, match="classes must be passed in the first call"):
        net.partial_fit(X, y)
    net.partial_fit(X, y, classes=[0, 1, 2])
    net.partial_fit(X, y)
    assert net.n_iter_ == 2


def test_a_class_may_be_missing_from_the_first_batch(classifier_class, X, y, pieces):
    net = classifier_class(**pieces | {"hidden_units": 8, "learning_rate": 0.03})
    few_classes = y < 2
    net.partial_fit(X[few_classes], y[few_classes], classes=[0, 1, 2])
    assert np.isfinite(net.predict_log_proba(X)).all()
    assert np.median(net.predict_proba(X)[:, 2]) < 0.1
    for _ in range(60):
        net.partial_fit(X, y)
    assert net.score(X[y == 2], y[y == 2]) > 0.6


def test_partial_fit_sorts_the_classes(X, y, pieces):
    labels = np.array(["dog", "ant", "cat"])[y]
    sorted_, unsorted = (
        ShallowNetClassifier(**pieces).partial_fit(X, labels, classes=classes)
        for classes in (["ant", "cat", "dog"], ["dog", "ant", "cat"])
    )
    assert_array_equal(unsorted.classes_, ["ant", "cat", "dog"])
    assert_array_equal(sorted_.theta_, unsorted.theta_)


def test_partial_fit_refuses_unknown_classes(classifier_class, X, y, pieces):
    with pytest.raises(ValueError, match=r"label .*2.* not among the classes"):
        classifier_class(**pieces).partial_fit(X, y, classes=[0, 1])
    net = classifier_class(**pieces).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"label .*3.* not among the classes 0, 1, 2\."):
        net.partial_fit(X, y + 1)


def test_partial_fit_refuses_other_classes_later(classifier_class, X, y, pieces):
    net = classifier_class(**pieces).partial_fit(X, y, classes=[0, 1, 2])
    before = net.theta_
    net.partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"classes=\[0, 1, 2, 3\] differ from .*0, 1, 2\]"):
        net.partial_fit(X, y, classes=[0, 1, 2, 3])
    assert not np.array_equal(before, net.theta_)


def test_multilabel_partial_fit_needs_no_classes(X, y, pieces):
    Y = np.column_stack([y > 0, y > 1]).astype(int)
    net = DeepNetClassifier(**pieces).partial_fit(X, Y).partial_fit(X, Y)
    assert net.predict(X).shape == (60, 2)


# Class weights, label smoothing.


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 2: 0.1}])
@pytest.mark.parametrize("weighted", [False, True])
def test_class_weights_equal_sample_weights(
    classifier_class, X, y, weight, few, class_weight, weighted
):
    y = y[:50]
    X, weight = X[:50], weight[:50] if weighted else np.ones(50)
    net = classifier_class(**few, class_weight=class_weight)
    net.fit(X, y, sample_weight=weight if weighted else None)
    if class_weight == "balanced":
        of_class = weight.sum() / (3 * np.bincount(y, weights=weight))
        in_row = of_class[y]
    else:
        in_row = compute_sample_weight(class_weight, y)
    same = classifier_class(**few).fit(X, y, sample_weight=weight * in_row)
    assert_allclose(net.theta_, same.theta_, rtol=1e-7, atol=1e-10)


def test_class_weights_of_string_labels_equal_sample_weights(X, y, few):
    labels = np.array(["dog", "ant", "cat"])[y]
    net = ShallowNetClassifier(**few, class_weight={"dog": 5, "cat": 2}).fit(X, labels)
    weight = np.array([5, 1, 2])[y]
    same = ShallowNetClassifier(**few).fit(X, labels, sample_weight=weight)
    assert_allclose(net.theta_, same.theta_, rtol=1e-9)


@pytest.mark.parametrize("weight", ["x", None, np.nan, [1]], ids=repr)
def test_class_weights_that_are_no_numbers_are_named_by_their_class(X, y, few, weight):
    net = ShallowNetClassifier(**few, class_weight={0: 1, 2: weight})
    words = rf"class_weight has the weight {re.escape(repr(weight))} for class 2\."
    with pytest.raises(ValueError, match=words):
        net.fit(X, y)
    assert not hasattr(net, "theta_")


def test_class_weight_zero_is_absence(X, y, few):
    net = ShallowNetClassifier(**few, class_weight={0: 0}).fit(X, y)
    rows = y > 0
    weight = rows.astype(float)
    same = ShallowNetClassifier(**few).fit(X[rows], y[rows])
    assert_array_equal(net.classes_, [1, 2])
    assert_array_equal(net.predict_proba(X), same.predict_proba(X))
    with pytest.raises(ValueError, match=r"one class|zero for every row"):
        ShallowNetClassifier(**few, class_weight={0: 0}).fit(X, y, sample_weight=1 - weight)


def test_class_weights_of_multilabel_targets_equal_sample_weights(X, y, few):
    Y = np.column_stack([y > 0, y > 1]).astype(int)
    class_weight = [{0: 1, 1: 3}, {0: 2, 1: 1}]
    net = DeepNetClassifier(**few, class_weight=class_weight).fit(X, Y)
    weight = compute_sample_weight(class_weight, Y)
    same = DeepNetClassifier(**few).fit(X, Y, sample_weight=weight)
    assert_allclose(net.theta_, same.theta_, rtol=1e-9)


def test_balanced_class_weights_are_refused_in_partial_fit(X, y, pieces):
    net = ShallowNetClassifier(**pieces, class_weight="balanced")
    with pytest.raises(ValueError, match=r"class_weight='balanced'.*partial_fit"):
        net.partial_fit(X, y, classes=[0, 1, 2])
    net.set_params(class_weight={0: 2}).partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({7: 2.0}, "not in class_weight"),
        ({0: -2.0}, r"class_weight must not be negative; the smallest is -2\.0"),
        ({0: np.nan}, "class_weight has the weight nan for class 0"),
        ({0: np.inf}, "class_weight contains infinity"),
        ({0: 0, 1: 0, 2: 0}, "class_weight is zero for every row"),
    ],
    ids=["unknown", "negative", "nan", "inf", "zeros"],
)
def test_unusable_class_weights_are_refused(
    classifier_class, X, y, weight, few, class_weight, message
):
    net = classifier_class(**few, class_weight=class_weight)
    for sample_weight in None, weight:
        with pytest.raises(ValueError, match=message):
            net.fit(X, y, sample_weight=sample_weight)
    assert not hasattr(net, "theta_")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_label_smoothing_bounds_the_probabilities(n_classes):
    X = np.repeat(np.eye(n_classes), 10, axis=0)
    y = np.repeat(np.arange(n_classes), 10)
    net = DeepNetClassifier(
        depth=0, solver="lbfgs", alpha=0, label_smoothing=0.3, tol=1e-8, max_iter=1000
    ).fit(X, y)
    likely, unlikely = 0.7 + 0.3 / n_classes, 0.3 / n_classes
    expected = np.where(np.eye(n_classes)[y], likely, unlikely)
    assert_allclose(net.predict_proba(X), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        ({}, 0.05),
        ({"early_stopping": True}, 0.05),
        ({"label_smoothing": 0.2}, 0.2),
        ({"loss": "squared_error"}, 0),
        ({"depth": 0}, 0),
    ],
    ids=str,
)
def test_auto_smoothing_is_for_hidden_layers_and_the_log_loss(X, y, few, settings, share):
    net = DeepNetClassifier(**few | settings).fit(X, y)
    explicit = {**few, **settings, "label_smoothing": share}
    assert_array_equal(net.theta_, DeepNetClassifier(**explicit).fit(X, y).theta_)
    smoothed = DeepNetClassifier(**explicit | {"label_smoothing": share + 0.01}).fit(X, y)
    assert (net.theta_ != smoothed.theta_).any()


@pytest.mark.filterwarnings("ignore:The loss was still improving")
def test_auto_smoothing_is_off_for_lbfgs_and_in_partial_fit(X, y):
    lbfgs = {"solver": "lbfgs", "max_iter": 3, "random_state": 0}
    nets = [DeepNetClassifier(4, **lbfgs, label_smoothing=s) for s in ("auto", 0.0)]
    assert_array_equal(*(net.fit(X, y).theta_ for net in nets))
    nets = [DeepNetClassifier(4, random_state=0, label_smoothing=s) for s in ("auto", 0.0)]
    assert_array_equal(*(net.partial_fit(X, y, classes=[0, 1, 2]).theta_ for net in nets))


# Losses that are instances.


@dataclass(frozen=True)
class LogLossOfColumns(Loss):
    """The multinomial log loss of targets with a column per class."""

    link = SoftmaxLink()

    def loss(self, y, raw_prediction):
        return -(y * log_softmax(raw_prediction, axis=-1)).sum(axis=-1)

    def gradient(self, y, raw_prediction):
        return softmax(raw_prediction, axis=-1) - y

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(np.average(y, axis=0, weights=sample_weight))


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_a_loss_of_ones_own_on_columns_equals_that_on_codes(
    X, y, weight, few, label_smoothing, n_members
):
    few |= {"label_smoothing": label_smoothing, "n_members": n_members}
    few |= {"temperature_scaling": False}  # "auto" knows only the package's log losses
    validation = {"X_val": X, "y_val": y}
    nets = [
        DeepNetClassifier(**few, loss=loss).fit(X, y, weight, **validation)
        for loss in (LogLossOfColumns(), MultinomialLogLoss())
    ]
    assert_allclose(*(net.theta_ for net in nets), rtol=1e-8, atol=1e-11)
    assert_allclose(*(net.loss_curve_ for net in nets), rtol=1e-10)
    assert_allclose(*(net.validation_loss_curve_ for net in nets), rtol=1e-10)


def test_a_binomial_loss_of_several_classes_compares_each_with_the_rest(X, y, few):
    few |= {"label_smoothing": 0.0}  # "auto" smooths where this is the usual log loss
    net = DeepNetClassifier(**few, loss=BinomialLogLoss()).fit(X, y)
    indicators = (y[:, np.newaxis] == net.classes_).astype(int)
    multilabel = DeepNetClassifier(**few, loss=BinomialLogLoss()).fit(X, indicators)
    assert_array_equal(net.theta_, multilabel.theta_)


@pytest.mark.parametrize("loss", [MultinomialLogLoss(), MultinomialSquaredError()], ids=str)
def test_a_multinomial_loss_is_refused_where_no_row_has_one_of_several_classes(
    loss, classifier_class, X, y, few
):
    net = classifier_class(**few, loss=loss)
    with pytest.raises(ValueError, match=r"y has two classes. Pass loss='log_loss' or"):
        net.fit(X, y > 0)
    with pytest.raises(ValueError, match="y has several labels per row"):
        net.fit(X, y[:, np.newaxis] == [0, 1, 2])
    with pytest.raises(ValueError, match="compares classes, and a regressor predicts"):
        DeepNetRegressor(**few, loss=loss).fit(X, y)


def test_classes_that_no_row_has_yet_have_an_output(X, y, few):
    net = DeepNetClassifier(4, random_state=0)
    net.partial_fit(X, y, classes=np.arange(6))
    assert net.n_outputs_ == 6
    assert net.predict_proba(X)[:, 3:].max() < 0.1


# Several labels.


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("n_labels", [1, 2, 4])
def test_multilabel_predicts_an_indicator(classifier_class, X, y, few, n_labels, sparse):
    if n_labels == 1:
        few["hidden_units"] = 3
    rng = np.random.default_rng(0)
    Y = np.column_stack([X[:, k] > rng.normal(X[:, k].mean(), 0.1) for k in range(4)])
    Y = Y[:, :n_labels].astype(int)
    net = classifier_class(**few | {"max_iter": 40, "learning_rate": 0.03})
    if n_labels == 1:  # a column of two classes is no indicator
        with pytest.warns(DataConversionWarning):
            net.fit(X, Y)
        assert net.predict(X).shape == (60,)
        return
    net.fit(X, csr_array(Y) if sparse else Y)
    raw, probability, predicted = (
        net.decision_function(X), net.predict_proba(X), net.predict(X),
    )  # fmt: skip
    assert raw.shape == probability.shape == predicted.shape == Y.shape
    assert_allclose(probability, expit(raw))
    assert_allclose(net.predict_log_proba(X), np.log(probability), rtol=1e-9, atol=1e-15)
    assert_array_equal(predicted, (probability > 0.5).astype(int))
    assert_array_equal(net.classes_, np.arange(n_labels))
    assert (predicted == Y).mean() > 0.8


def test_sparse_and_dense_indicators_give_one_model(X, y, few):
    Y = np.column_stack([y > 0, y > 1, y == 0]).astype(int)
    dense = ShallowNetClassifier(**few).fit(X, Y)
    sparse = ShallowNetClassifier(**few).fit(X, csr_array(Y))
    assert_array_equal(dense.theta_, sparse.theta_)


def test_changing_between_multilabel_and_multiclass_is_refused(X, y, few):
    Y = np.column_stack([y > 0, y > 1]).astype(int)
    net = ShallowNetClassifier(**few, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="multilabel indicator matrix"):
        net.fit(X, y > 0)
    with pytest.raises(ValueError, match="y has 3 labels"):
        net.fit(X, np.column_stack([Y, Y[:, 0]]))


def test_a_constant_label_has_finite_log_probabilities(X, few):
    Y = np.column_stack([np.ones(60), X[:, 0] > 0]).astype(int)
    net = ShallowNetClassifier(**few).fit(X, Y)
    assert np.isfinite(net.predict_log_proba(X)).all()
    assert (net.predict(X)[:, 0] == 1).all()


def test_initial_probabilities_are_the_class_frequencies(X, y, few):
    few |= {"init_scale": 0, "learning_rate": 1e-20, "max_iter": 1, "record_health": False}
    net = ShallowNetClassifier(**few, label_smoothing=0.0).fit(X, y > 0)
    assert_allclose(net.decision_function(X), logit((y > 0).mean()), rtol=1e-9)


def test_an_ordinary_fit_gives_no_warning(classifier_class, X, y, few):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier_class(**few).fit(X, y).predict(X)
