"""Sample and class weights: zero is absence, whole numbers are repetition."""

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_allclose
from same_state import assert_same
from sklearn.utils.class_weight import compute_sample_weight
from varieties import STOCHASTIC, Variety, predictions

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Quantile
from skshallow.solvers import SOLVERS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LABELLED = {
    f"{loss}, {kind}": (DeepNetClassifier, {"loss": loss}, kind)
    for loss in CLASSIFICATION_LOSSES
    for kind in ("two classes", "three classes", "labels")
}
REAL = {loss: (DeepNetRegressor, {"loss": loss}, "positive") for loss in REGRESSION_LOSSES}
REAL["quantiles"] = DeepNetRegressor, {"loss": Quantile([0.1, 0.9])}, "two targets"
LOSSES = LABELLED | REAL

every_loss = pytest.mark.parametrize("loss", LOSSES)
# A loss is weighted before a solver sees the gradient: not every two have to meet.
EACH_OF_BOTH = [(0, 1)]


def variety_of(loss, **params):
    cls, of_loss, kind = LOSSES[loss]
    smooth = {"activation": "tanh", "hidden_units": 3, "max_iter": 2}
    return Variety(cls, {**of_loss, **smooth, **params}, kind)


def with_rows_to_ignore(X, y):
    """Return rows that would do great harm did they count, and weights that are 0 there."""
    rng = np.random.default_rng(3)
    ignored = rng.random(len(y)) < 0.4
    weight = np.where(ignored, 0, rng.uniform(0.2, 3, len(y)))
    X, y = X.copy(), y.copy()
    X[ignored] = 1e200
    if y.dtype.kind == "f":
        y[ignored] = 1e150
    elif y.ndim == 1:
        y[ignored] = "new" if y.dtype.kind == "U" else 7  # a class of its own
    else:
        y[ignored] = 1
    return X, y, weight


# Weight 0 is absence.


@pytest.mark.parametrize(
    ("loss", "solver", "batch_size"),
    [
        *((loss, "lbfgs", "auto") for loss in LOSSES),
        *covering(LOSSES, STOCHASTIC, [1, 7, None], apart=EACH_OF_BOTH),
    ],
)
def test_weight_zero_equals_absence_for_every_loss_and_solver(loss, solver, batch_size):
    variety = variety_of(loss, solver=solver, batch_size=batch_size)
    X, y, weight = with_rows_to_ignore(*variety.data())
    kept = weight > 0
    net = variety.make().fit(X, y, sample_weight=weight)
    assert_same(net, variety.make().fit(X[kept], y[kept], sample_weight=weight[kept]))


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@every_loss
def test_weight_zero_equals_absence_in_partial_fit(loss):
    variety = variety_of(loss)
    net, without = variety.make(), variety.make()
    for i, part in enumerate(variety.parts()):
        X, y = part.pop("X"), part.pop("y")
        weight = np.arange(len(y)) % (i + 2) * 1.0
        kept = weight > 0
        net.partial_fit(X, y, **part, sample_weight=weight)
        without.partial_fit(X[kept], y[kept], **part, sample_weight=weight[kept])
    assert_same(net, without)


@every_loss
def test_rows_of_weight_zero_are_not_held_out(loss):
    variety = variety_of(loss, early_stopping=True, validation_fraction=0.3)
    X, y, weight = with_rows_to_ignore(*variety.data())
    kept = weight > 0
    net = variety.make().fit(X, y, sample_weight=weight)
    assert_same(net, variety.make().fit(X[kept], y[kept], sample_weight=weight[kept]))


@every_loss
def test_validation_rows_of_weight_zero_equal_absent_rows(loss):
    variety = variety_of(loss, early_stopping=True)
    scoring = "accuracy" if loss in LABELLED else "r2"
    X, y = variety.data()
    X_val, y_val, weight = with_rows_to_ignore(X, y)
    kept = weight > 0
    net, without = (variety.make(scoring=scoring) for _ in "ab")
    net.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
    without.fit(X, y, X_val=X_val[kept], y_val=y_val[kept], sample_weight_val=weight[kept])
    assert_same(net, without)


# A whole weight is repetition.


@pytest.mark.parametrize(
    ("weighted", "solver", "dtype"),
    covering(
        [*LOSSES, *(f"{loss}, balanced" for loss in LABELLED)],
        SOLVERS,
        ["float64", "float32"],
        apart=EACH_OF_BOTH,
    ),
)
def test_integer_weights_equal_repeated_rows_for_every_loss_and_solver(
    weighted, solver, dtype
):
    """In full batches: minibatches of other rows take other steps."""
    loss = weighted.removesuffix(", balanced")
    share = {"float64": 1e-12, "float32": 1e-5}[dtype]
    variety = variety_of(loss, solver=solver, max_iter=5, dtype=dtype)
    if solver == "lbfgs":
        share *= 100  # what it remembers are differences of gradients
    else:
        variety.params["batch_size"] = None
    if weighted != loss:
        variety.params["class_weight"] = "balanced"
    X, y = variety.data()
    times = np.random.default_rng(5).integers(0, 4, len(y))
    net = variety.make().fit(X, y, sample_weight=times)
    X_repeated, y_repeated = (np.repeat(array, times, axis=0) for array in (X, y))
    repeated = variety.make().fit(X_repeated, y_repeated)
    for found, expected in [
        (predictions(net, X), predictions(repeated, X)),
        (net.loss_curve_, repeated.loss_curve_),
    ]:
        assert_allclose(found, expected, rtol=0, atol=share * np.abs(expected).max())


CONVEX = [loss for loss in LABELLED if loss.startswith("log_loss")]
CONVEX += ["squared_error", "huber", "poisson", "gamma"]


@pytest.mark.parametrize("loss", CONVEX)
def test_integer_weights_equal_repeated_rows_at_a_minimum_that_is_unique(loss):
    """L-BFGS amplifies rounding, which then has no effect on where it ends."""
    variety = variety_of(loss, solver="lbfgs", depth=0, alpha=0.1, max_iter=1000, tol=1e-12)
    del variety.params["activation"], variety.params["hidden_units"]
    X, y = variety.data()
    times = np.random.default_rng(5).integers(0, 4, len(y))
    net = variety.make().fit(X, y, sample_weight=times)
    repeated = variety.make().fit(*(np.repeat(array, times, axis=0) for array in (X, y)))
    assert_allclose(predictions(net, X), predictions(repeated, X), rtol=1e-4)


# Class weights are sample weights.

CLASS_WEIGHTS = {
    "two classes": {"no": 0.3, "yes": 5},
    "three classes": {0: 2.5, 1: 1, 2: 0.1},
    "labels": [{0: 1, 1: 3}, {0: 0.5, 1: 1}, {0: 2, 1: 1}],
}


@pytest.mark.parametrize(
    ("loss", "solver", "balanced"),
    covering(LABELLED, SOLVERS, [False, True], apart=EACH_OF_BOTH),
)
def test_class_weights_equal_the_corresponding_sample_weights(loss, solver, balanced):
    variety = variety_of(loss, solver=solver)
    X, y = variety.data()
    class_weight = "balanced" if balanced else CLASS_WEIGHTS[variety.target]
    net = variety.make(class_weight=class_weight).fit(X, y)
    weight = compute_sample_weight(class_weight, y)
    weighted = variety.make().fit(X, y, sample_weight=weight)
    assert_same(weighted.set_params(class_weight=class_weight), net)


@pytest.mark.parametrize(
    ("loss", "solver"), covering(LABELLED, SOLVERS, apart=EACH_OF_BOTH)
)
def test_class_weights_multiply_sample_weights(loss, solver):
    variety = variety_of(loss, solver=solver)
    X, y = variety.data()
    weight = np.random.default_rng(6).uniform(0.2, 3, len(y))
    class_weight = CLASS_WEIGHTS[variety.target]
    net = variety.make(class_weight=class_weight).fit(X, y, sample_weight=weight)
    product = weight * compute_sample_weight(class_weight, y)
    weighted = variety.make().fit(X, y, sample_weight=product)
    assert_allclose(predictions(net, X), predictions(weighted, X), rtol=1e-7)


# A class weight of 0 is absence, too.


def as_labels(codes, kind):
    """Return codes (n,) from 0 to 3 as labels of some kind."""
    return codes if kind == "integers" else np.array(["ant", "bee", "cow", "dog"])[codes]


def four_classes(kind):
    rng = np.random.default_rng(8)
    codes = np.arange(80) % 4
    X = rng.normal(size=(80, 3)) + np.eye(4)[codes][:, :3]
    label = dict(enumerate(as_labels(np.arange(4), kind).tolist()))
    return X, as_labels(codes, kind), codes, label


def assert_same_but_for_class_weights(net, other):
    assert_same(other.set_params(class_weight=net.class_weight), net)


each_kind = pytest.mark.parametrize("kind", ["integers", "strings"])
each_way_to_hold_out = pytest.mark.parametrize(
    "params", [{}, {"early_stopping": True, "scoring": "neg_log_loss"}], ids=str
)


@each_kind
@each_way_to_hold_out
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("without", [(3,), (0, 2)])
def test_a_class_weight_of_zero_equals_sample_weights_of_zero(
    classifier_class, kind, params, weighted, without
):
    X, y, codes, label = four_classes(kind)
    params = {"hidden_units": 3, "max_iter": 3, "random_state": 0} | params
    weight = np.ones(80)
    if weighted:  # the largest of all weights is one that does not count
        weight = np.random.default_rng(9).uniform(0.1, 7, 80)
        weight[codes == without[-1]] *= 100
    class_weight = {label[code]: 0 for code in without}
    given = {"sample_weight": weight} if weighted else {}
    net = classifier_class(**params, class_weight={**class_weight, label[1]: 1})
    if len(without) == 1:  # those that are not named weigh 1 where all keys are labels
        net.set_params(class_weight=class_weight)
    net.fit(X, y, **given)
    kept = ~np.isin(codes, without)
    assert net.classes_.tolist() == sorted({label[code] for code in codes[kept]})
    zero = classifier_class(**params).fit(X, y, sample_weight=weight * kept)
    assert_same_but_for_class_weights(net, zero)


@each_kind
def test_a_class_weight_of_zero_leaves_the_others_as_they_are(classifier_class, kind):
    X, y, codes, label = four_classes(kind)
    params = {"hidden_units": 3, "max_iter": 3, "random_state": 0}
    of_classes = {label[0]: 0.3, label[1]: 5.0, label[2]: 0, label[3]: 0.7}
    weight = np.random.default_rng(9).uniform(0.1, 7, 80)
    net = classifier_class(**params, class_weight=of_classes).fit(X, y, weight)
    product = weight * np.array([of_classes[label[code]] for code in range(4)])[codes]
    assert_same_but_for_class_weights(net, classifier_class(**params).fit(X, y, product))


@each_kind
def test_balanced_classes_are_those_of_rows_that_count(classifier_class, kind):
    X, y, codes, _ = four_classes(kind)
    params = {"hidden_units": 3, "max_iter": 3, "random_state": 0}
    weight = np.where(codes == 2, 0, np.random.default_rng(9).uniform(0.1, 7, 80))
    net = classifier_class(**params, class_weight="balanced").fit(X, y, weight)
    kept = weight > 0
    without = classifier_class(**params, class_weight="balanced")
    assert_same(net, without.fit(X[kept], y[kept], weight[kept]))
    assert len(net.classes_) == 3


def test_label_weights_of_zero_equal_sample_weights_of_zero(classifier_class):
    X, _, codes, _ = four_classes("integers")
    Y = np.column_stack([codes % 2, codes // 2])
    params = {"hidden_units": 3, "max_iter": 3, "random_state": 0}
    weight = np.random.default_rng(9).uniform(0.1, 7, 80)
    net = classifier_class(**params, class_weight=[{0: 1, 1: 0}, {0: 2, 1: 1}])
    net.fit(X, Y, weight)
    product = weight * np.where(codes % 2, 0, np.where(codes // 2, 1, 2))
    assert_same_but_for_class_weights(net, classifier_class(**params).fit(X, Y, product))


@each_kind
def test_a_class_weight_of_zero_equals_sample_weights_of_zero_in_partial_fit(
    classifier_class, kind
):
    X, y, codes, label = four_classes(kind)
    params = {"hidden_units": 3, "random_state": 0}
    for classes in (range(4), range(3)):  # the class of weight 0 may be named, or not
        named = {"classes": [label[code] for code in classes]}
        net = classifier_class(**params, class_weight={label[3]: 0, label[0]: 2})
        zero = classifier_class(**params)
        for part in (slice(0, 30), slice(30, 33), slice(33, 35), slice(35, 80)):
            weight = np.array([2, 1, 1, 0])[codes[part]]
            net.partial_fit(X[part], y[part], **named)
            zero.partial_fit(X[part], y[part], **named, sample_weight=weight)
            named = {}
        assert net.classes_.tolist() == [label[code] for code in classes]
        assert_same_but_for_class_weights(net, zero)


def test_a_fit_and_then_partial_fit_leave_the_same_class_out(classifier_class):
    X, y, codes, _ = four_classes("integers")
    params = {"hidden_units": 3, "max_iter": 3, "random_state": 0}
    net = classifier_class(**params, class_weight={3: 0}).fit(X, y).partial_fit(X, y)
    weight = (codes < 3) * 1.0
    zero = classifier_class(**params).fit(X, y, weight).partial_fit(X, y, None, weight)
    assert_same_but_for_class_weights(net, zero)
    # a part without a row of it, or of those that the others are
    net.partial_fit(X[codes < 2], y[codes < 2])


def test_weights_of_classes_that_do_not_exist_are_refused(classifier_class):
    X, y, _, _ = four_classes("strings")
    net = classifier_class(3, max_iter=3, class_weight={"horse": 0})
    with pytest.raises(ValueError, match="not in class_weight"):
        net.fit(X, y)
    net.set_params(class_weight={"horse": 2})
    with pytest.raises(ValueError, match="not in class_weight"):
        net.partial_fit(X, y, classes=np.unique(y))
    net.set_params(class_weight={"ant": 0, "bee": 0, "cow": 0})
    with pytest.raises(ValueError, match="weight have only one class: 'dog'"):
        net.fit(X, y)
    with pytest.raises(ValueError, match="class_weight is zero for every row"):
        net.set_params(class_weight=dict.fromkeys(np.unique(y).tolist(), 0)).fit(X, y)
