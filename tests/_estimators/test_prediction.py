"""Fitted nets: weights in the user's units, `from_weights`, hidden activations."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import FORMULAS, forward_by_hand, raw_prediction
from scipy.sparse import csc_array, csr_array
from scipy.special import softmax
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow._estimators import prediction
from skshallow.activations import ACTIVATIONS
from skshallow.engine.network import Network
from skshallow.losses import Gaussian, Quantile


def forward_by_hand_from(coefs, intercepts, X):
    """Return the raw predictions of a net of one layer of rectifiers."""
    return np.maximum(X @ coefs[0] + intercepts[0], 0) @ coefs[1] + intercepts[1]


def layers(*widths, seed=0, pieces=1):
    """Return random weights and biases of a net of these widths."""
    rng = np.random.default_rng(seed)
    hidden = [(n, pieces * m) for n, m in pairwise(widths[:-1])]
    shapes = [*hidden, widths[-2:]]
    return [rng.normal(size=s) for s in shapes], [rng.normal(size=s[1]) for s in shapes]


# Weights in the user's units.


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("activation", FORMULAS)
def test_weights_reproduce_predictions_in_the_users_units(
    net_class, X, y, weight, few, activation, standardize
):
    net = net_class(**few, activation=activation, standardize=standardize)
    net.fit(X, y, sample_weight=weight)
    *hidden, raw = forward_by_hand(net, X)
    if hasattr(net, "classes_"):
        assert_allclose(raw, net.decision_function(X), rtol=1e-9, atol=1e-9)
    else:
        assert_allclose(raw[:, 0], net.predict(X), rtol=1e-9, atol=1e-9)
    for by_hand, layer in zip(hidden, net.hidden_activations(X), strict=True):
        assert_allclose(by_hand, layer, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_weights_of_losses_with_a_log_link_give_the_logarithm_of_predictions(
    regressor_class, X, y, few, loss
):
    net = regressor_class(**few, loss=loss).fit(X, (y + 1) * 1e5)
    *_, raw = forward_by_hand(net, X)
    assert_allclose(np.exp(raw[:, 0]), net.predict(X), rtol=1e-9)


def test_weights_of_a_net_fitted_on_sparse_rows_reproduce_predictions(net_class, X, y, few):
    net = net_class(**few).fit(csr_array(X), y)
    *_, raw = forward_by_hand(net, X)
    assert_allclose(raw, raw_prediction(net, X), rtol=1e-9, atol=1e-9)
    assert_allclose(net.predict(csc_array(X)), net.predict(X))


def test_coefs_and_intercepts_are_copies(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    before = net.predict(X)
    net.coefs_[0][...] = 0
    net.intercepts_[-1][...] = 1e9
    assert_array_equal(net.predict(X), before)


def test_an_unfitted_net_has_no_weights_and_predicts_nothing(net_class, X):
    net = net_class()
    assert not hasattr(net, "coefs_")
    assert not hasattr(net, "intercepts_")
    with pytest.raises(AttributeError, match="not fitted yet"):
        _ = net.coefs_
    methods = ["predict", "hidden_activations"]
    if hasattr(net_class, "decision_function"):
        methods += ["predict_proba", "predict_log_proba", "decision_function"]
    for method in methods:
        with pytest.raises(NotFittedError):
            getattr(net, method)(X)


def test_a_pickle_is_hardly_larger_than_the_weights(net_class, X, y, few):
    few |= {"hidden_units": 300, "solver": "adam"}
    net = net_class(**few).fit(X, y)
    n_bytes = sum(p.nbytes for p in [*net.coefs_, *net.intercepts_])
    assert net.theta_.nbytes == n_bytes
    pickled = pickle.dumps(net)
    assert n_bytes < len(pickled) < n_bytes + 5000
    assert_array_equal(pickle.loads(pickled).predict(X), net.predict(X))


# Hidden activations.


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_hidden_activations_feed_the_last_layer(X, y, few, activation):
    net = DeepNetRegressor(**few | {"hidden_units": [6, 3]}, activation=activation)
    net.fit(X, y)
    hidden = net.hidden_activations(X)
    assert [layer.shape for layer in hidden] == [(60, 6), (60, 3)]
    raw = hidden[-1] @ net.coefs_[-1] + net.intercepts_[-1]
    assert_allclose(raw[:, 0], net.predict(X))


def test_a_linear_net_has_no_hidden_activations(X, y):
    net = DeepNetRegressor(depth=0, solver="lbfgs").fit(X, y)
    assert net.hidden_activations(X) == []


# Bounded batches.


@pytest.mark.parametrize("convert", [np.asarray, csr_array], ids=["dense", "csr"])
def test_prediction_in_batches_equals_prediction_at_once(
    net_class, X, y, few, convert, monkeypatch
):
    net = net_class(**few).fit(convert(X), y)
    at_once = raw_prediction(net, convert(X)), net.hidden_activations(convert(X))
    for values_at_once in 1, 7 * 5, 59 * 5:
        monkeypatch.setattr(prediction, "VALUES_OF_WIDEST_LAYER", values_at_once)
        assert_allclose(raw_prediction(net, convert(X)), at_once[0], rtol=1e-10)
        for batched, whole in zip(
            net.hidden_activations(convert(X)), at_once[1], strict=True
        ):
            assert_allclose(batched, whole, rtol=1e-10, atol=1e-14)


def test_no_batch_of_a_prediction_exceeds_the_bound(X, y, few, monkeypatch):
    net = DeepNetRegressor(**few | {"hidden_units": 20}).fit(X, y)
    monkeypatch.setattr(prediction, "VALUES_OF_WIDEST_LAYER", 100)
    sizes, forward = [], Network.forward

    def spy(network, x, *args):
        sizes.append(len(x))
        return forward(network, x, *args)

    monkeypatch.setattr(Network, "forward", spy)
    net.predict(X)
    assert sizes == [5] * 12


def test_predictions_of_single_rows_equal_those_of_all_rows(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    alone = np.concatenate([raw_prediction(net, X[[i]]) for i in range(len(X))])
    assert_allclose(alone, raw_prediction(net, X), rtol=1e-10)


# Given weights.


@pytest.mark.parametrize("activation", FORMULAS)
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3), (4, 3, 2)], ids=len)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_from_weights_predicts_by_the_given_weights(X, activation, hidden, n_outputs):
    coefs, intercepts = layers(5, *hidden, n_outputs)
    regressor = DeepNetRegressor.from_weights(coefs, intercepts, activation=activation)
    raw = forward_by_hand(regressor, X)[-1]
    expected = raw[:, 0] if n_outputs == 1 else raw
    assert_allclose(regressor.predict(X), expected)
    assert regressor.hidden_units == list(hidden) if hidden else regressor.depth == 0
    classifier = DeepNetClassifier.from_weights(coefs, intercepts, activation=activation)
    assert_allclose(classifier.decision_function(X), expected)
    assert_array_equal(classifier.classes_, np.arange(max(2, n_outputs)))
    for given, own in zip(coefs, regressor.coefs_, strict=True):
        assert_array_equal(given, own)


def test_shallow_nets_take_two_layers_of_weights(X):
    coefs, intercepts = layers(5, 7, 1)
    for cls in ShallowNetClassifier, ShallowNetRegressor:
        net = cls.from_weights(coefs, intercepts)
        assert net.hidden_units == 7
        assert np.isfinite(raw_prediction(net, X)).all()
        with pytest.raises(ValueError, match="needs the weights of 2 layers; got 3"):
            cls.from_weights(*layers(5, 7, 7, 1))


def test_from_weights_takes_the_pieces_of_maxout_side_by_side(X):
    coefs, intercepts = layers(5, 4, 1, pieces=2)
    net = ShallowNetRegressor.from_weights(coefs, intercepts, activation="maxout")
    assert net.hidden_units == 4
    z = X @ coefs[0] + intercepts[0]
    (hidden,) = net.hidden_activations(X)
    assert_allclose(hidden, np.maximum(z[:, :4], z[:, 4:]))
    assert_allclose(net.predict(X), (hidden @ coefs[1] + intercepts[1])[:, 0])


def test_from_weights_gives_prelu_its_initial_slope(X, y):
    coefs, intercepts = layers(5, 4, 1)
    net = ShallowNetRegressor.from_weights(coefs, intercepts, activation="prelu")
    slope = ACTIVATIONS["prelu"]().initial_params(4)["slope"]
    z = X @ coefs[0] + intercepts[0]
    assert_allclose(net.hidden_activations(X)[0], np.where(z > 0, z, slope * z))


def test_from_weights_of_a_fitted_net_predicts_as_that_net(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    classes = {"classes": net.classes_} if hasattr(net, "classes_") else {}
    copy = net_class.from_weights(net.coefs_, net.intercepts_, **classes)
    assert_allclose(raw_prediction(copy, X), raw_prediction(net, X), rtol=1e-9, atol=1e-9)
    assert_array_equal(copy.predict(X) == y, net.predict(X) == y)


def test_from_weights_of_a_linear_model_predicts_as_that_model(X, y):
    labels = np.array(["dog", "ant", "cat"])[y]
    logistic = LogisticRegression(max_iter=5000).fit(X, labels)
    net = DeepNetClassifier.from_weights(
        [logistic.coef_.T], [logistic.intercept_], classes=logistic.classes_
    )
    assert_allclose(net.predict_proba(X), logistic.predict_proba(X))
    assert_array_equal(net.predict(X), logistic.predict(X))
    assert net.score(X, labels) == logistic.score(X, labels)
    ridge = Ridge().fit(X, y)
    regressor = DeepNetRegressor.from_weights([ridge.coef_[:, None]], [[ridge.intercept_]])
    assert_allclose(regressor.predict(X), ridge.predict(X))


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_from_weights_keeps_the_order_of_classes(X, y, solver):
    classes = np.array(["dog", "ant", "cat"])
    labels = classes[y]
    (coefs,), (intercepts,) = layers(5, 3)
    params = {"warm_start": True, "solver": solver, "early_stopping": True, "max_iter": 5}
    net = DeepNetClassifier.from_weights(
        [coefs], [intercepts], classes=classes, random_state=0, **params
    )
    expected = classes[(X @ coefs + intercepts).argmax(axis=1)]
    assert_array_equal(net.predict(X), expected)
    assert_allclose(net.score(X, labels), (expected == labels).mean())
    # and training knows which output is which class
    order = np.argsort(classes)
    sorted_ = DeepNetClassifier.from_weights(
        [coefs[:, order]], [intercepts[order]], classes=classes[order], random_state=0,
        **params,
    )  # fmt: skip
    net.fit(X, labels)
    sorted_.fit(X, labels)
    assert_array_equal(net.classes_, classes)
    assert_allclose(net.predict_proba(X)[:, order], sorted_.predict_proba(X), rtol=1e-6)


def test_from_weights_of_two_outputs_for_two_classes_is_their_softmax(X, y, few):
    coefs, intercepts = layers(5, 4, 2)
    classes = ["no", "yes"]
    params = few | {"batch_size": None}
    del params["hidden_units"]
    net = ShallowNetClassifier.from_weights(
        coefs, intercepts, classes=classes, warm_start=True, **params
    )
    raw = forward_by_hand_from(coefs, intercepts, X)
    assert_allclose(net.predict_proba(X), softmax(raw, axis=1))
    assert_allclose(net.decision_function(X), raw[:, 1] - raw[:, 0])
    assert set(net.fit(X, np.where(y > 0, "yes", "no")).predict(X)) <= set(classes)


def test_from_weights_with_pairs_of_classes_is_multilabel(X, y):
    coefs, intercepts = layers(5, 2)
    net = DeepNetClassifier.from_weights(coefs, intercepts, classes=[[0, 1], [0, 1]])
    raw = X @ coefs[0] + intercepts[0]
    assert_array_equal(net.predict(X), (raw > 0).astype(int))


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_continues_from_given_weights(net_class, X, y, few, method, standardize):
    n_outputs = 3 if hasattr(net_class, "decision_function") else 1
    few = {name: few[name] for name in few if name != "hidden_units"}
    net = net_class.from_weights(
        *layers(5, 4, n_outputs) if "Shallow" in net_class.__name__
        else layers(5, 4, 4, n_outputs),
        **few | {"max_iter": 40, "learning_rate": 0.03}, warm_start=True,
        standardize=standardize,
    )  # fmt: skip
    before, score = raw_prediction(net, X), net.score(X, y)
    net.set_params(learning_rate=1e-30, max_iter=1)
    getattr(net, method)(X, y)
    assert_allclose(raw_prediction(net, X), before, rtol=1e-9)
    net.set_params(learning_rate=0.03, max_iter=40)
    for _ in range(1 if method == "fit" else 40):
        getattr(net, method)(X, y)
    assert net.score(X, y) > score
    assert net.n_iter_ == 41


def test_fit_without_warm_start_discards_given_weights(X, y, few):
    net = ShallowNetRegressor.from_weights(*layers(5, 4, 1))
    net.set_params(**few).fit(X, y)
    assert_array_equal(net.theta_, ShallowNetRegressor(**few).fit(X, y).theta_)


def test_from_weights_keeps_the_precision(X):
    coefs, intercepts = layers(5, 4, 2)
    single = [c.astype(np.float32) for c in coefs]
    net = DeepNetRegressor.from_weights(single, intercepts)
    assert net.theta_.dtype == net.predict(X).dtype == np.float32
    assert DeepNetRegressor.from_weights(coefs, intercepts).theta_.dtype == np.float64
    lists = [c.tolist() for c in coefs], [b.tolist() for b in intercepts]
    assert_allclose(
        DeepNetRegressor.from_weights(*lists).predict(X), net.predict(X), rtol=1e-4
    )


@pytest.mark.parametrize(
    ("coefs", "intercepts", "message"),
    [
        ([np.ones((5, 4)), np.ones((3, 1))], [np.ones(4), np.ones(1)], "layer 0 .*(5, 4)"),
        ([np.ones((5, 4)), np.ones((4, 1))], [np.ones(3), np.ones(1)], "bias of layer 0"),
        ([np.ones((5, 4)), np.ones((4, 1))], [np.ones(4)], "2 layers.* intercepts has 1"),
        ([np.ones((5, 4)), np.ones((4, 1))], [np.ones((4, 1)), np.ones(1)], "bias of l"),
        ([np.full((5, 4), np.nan), np.ones((4, 1))], [np.ones(4), np.ones(1)], "NaN"),
        ([np.ones(5), np.ones((4, 1))], [np.ones(4), np.ones(1)], "2D array"),
        ([], [], "coefs is empty"),
    ],
    ids=["weight", "bias", "missing", "2d bias", "nan", "1d weight", "nothing"],
)
def test_from_weights_refuses_inconsistent_shapes(net_class, coefs, intercepts, message):
    message = message.replace("(5, 4)", r"\(5, 4\)")
    with pytest.raises(ValueError, match=rf"{message}"):
        net_class.from_weights(coefs, intercepts)


def test_from_weights_refuses_classes_that_do_not_match_the_outputs(X):
    for n_outputs, classes in [(1, ["a"]), (1, [0, 1, 2]), (3, [0, 1]), (2, [0, 1, 2])]:
        with pytest.raises(ValueError, match="do not fit an output layer"):
            DeepNetClassifier.from_weights(*layers(5, n_outputs), classes=classes)
    with pytest.raises(ValueError, match="classes"):
        DeepNetClassifier.from_weights(*layers(5, 3), classes=["a", "b", "a"])
    with pytest.raises(ValueError, match="same class occurs twice"):
        DeepNetClassifier.from_weights(*layers(5, 1), classes=["a", "a"])
    with pytest.raises(ValueError, match="has no classes"):
        DeepNetRegressor.from_weights(*layers(5, 1), classes=[0, 1])


def test_from_weights_checks_parameters():
    with pytest.raises(ValueError, match="alpha"):
        DeepNetRegressor.from_weights(*layers(5, 4, 1), alpha=-1)
    with pytest.raises(TypeError, match="hidden_units"):
        DeepNetRegressor.from_weights(*layers(5, 4, 1), hidden_units=4)


def test_rows_with_another_number_of_features_are_refused(net_class):
    widths = (5, 4, 1) if "Shallow" in net_class.__name__ else (5, 4, 4, 1)
    net = net_class.from_weights(*layers(*widths))
    assert net.n_features_in_ == 5
    with pytest.raises(ValueError, match="X has 3 features"):
        net.predict(np.ones((2, 3)))


# What MLPClassifier and MLPRegressor have.


def problem(target, X, y):
    """Return scikit-learn's estimator, the one here, and targets for both."""
    kinds = {
        "two classes": (MLPClassifier, DeepNetClassifier, y > 0),
        "three classes": (MLPClassifier, DeepNetClassifier, y),
        "labels": (MLPClassifier, DeepNetClassifier, np.stack([y > 0, y > 1], 1)),
        "numbers": (MLPRegressor, DeepNetRegressor, X[:, 0]),
        "counts": (MLPRegressor, DeepNetRegressor, y),
    }
    theirs, ours, target_values = kinds[target]
    params = {"batch_size": 16, "max_iter": 3, "random_state": 0}
    if target == "counts":
        params["loss"] = "poisson"
    return (
        theirs(hidden_layer_sizes=(4, 3), **params),
        ours(hidden_units=(4, 3), **params),
        target_values,
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "target", ["two classes", "three classes", "labels", "numbers", "counts"]
)
def test_attributes_of_scikit_learns_networks_mean_the_same_here(target, X, y):
    theirs, ours, values = problem(target, X, y)
    theirs.fit(X, values)
    ours.fit(X, values)
    for name in ("n_layers_", "out_activation_", "t_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for net in (theirs, ours):
        assert net.best_loss_ == min(net.loss_curve_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_best_validation_score_is_that_of_scikit_learns_networks(X, y):
    theirs, ours, values = problem("three classes", X, y)
    theirs.set_params(early_stopping=True)
    ours.set_params(early_stopping=True, scoring="accuracy")
    for net in (theirs.fit(X, values), ours.fit(X, values)):
        assert net.best_validation_score_ == max(net.validation_scores_)
    assert ours.best_loss_ == min(ours.loss_curve_)
    n_held_out = 6
    assert ours.t_ == theirs.t_ == 3 * (len(X) - n_held_out)


def test_without_a_score_the_error_says_what_to_read(net_class, X, y, few):
    net = net_class(**few)
    read = "Read validation_loss_curve_\\[best_iter_ - 1\\] instead"
    with pytest.raises(AttributeError, match=read):
        net.fit(X, y, X_val=X, y_val=y).best_validation_score_  # noqa: B018
    with pytest.raises(AttributeError, match=r"or read score\(X, y\) instead"):
        net.fit(X, y).best_validation_score_  # noqa: B018


@pytest.mark.parametrize("loss", [Gaussian(), Quantile([0.1, 0.9])])
def test_several_outputs_per_target_have_no_function_of_scikit_learns(loss, X, y, few):
    net = DeepNetRegressor(**few, loss=loss).fit(X, y)
    with pytest.raises(AttributeError, match=rf"loss={type(loss).__name__}\("):
        net.out_activation_  # noqa: B018


NAMES = "n_layers_", "out_activation_", "t_", "best_loss_", "best_validation_score_"


def test_attributes_of_a_fit_are_absent_before_it(net_class):
    assert not any(hasattr(net_class(), name) for name in NAMES)


def test_given_weights_have_layers_and_no_training(X, y):
    net = DeepNetRegressor.from_weights(*layers(5, 4, 1), max_iter=2, warm_start=True)
    assert (net.n_layers_, net.out_activation_, net.t_) == (3, "identity", 0)
    assert not hasattr(net, "best_loss_")
    net.fit(X, y)
    assert net.t_ == 2 * len(X)
    assert net.partial_fit(X[:7], y[:7]).t_ == 2 * len(X) + 7
