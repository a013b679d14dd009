"""Across modules: ensembles of members against the same nets trained one by one."""

import numpy as np
import pytest
from finite_differences import assert_objective_gradient_is_exact
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from varieties import predictions

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
    load,
)
from skshallow.activations import ACTIVATIONS
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Quantile,
    SquaredError,
)
from skshallow.solvers import SOLVERS

MEMBERS = 3
LOSSES = [loss() for loss in REGRESSION_LOSSES.values()]
LOSSES += [form() for forms in CLASSIFICATION_LOSSES.values() for form in forms.values()]
LOSSES += [Quantile([0.2, 0.7])]


def layers_of(net, member):
    """Return the weights and biases of one member, as `from_weights` wants them."""
    return [w[member] for w in net.coefs_], [b[member] for b in net.intercepts_]


def fit_one_by_one(net, X, y, **fit_params):
    """Return nets that start where the members of `net` do, each trained by itself."""
    start = type(net)(**net.get_params() | {"learning_rate": 1e-300, "max_iter": 1})
    start.set_params(solver="sgd").fit(X, y)
    alone = net.get_params() | {"n_members": 1, "warm_start": True}
    alone = {n: v for n, v in alone.items() if n not in ("hidden_units", "depth")}
    classes = {"classes": start.classes_} if hasattr(start, "classes_") else {}
    return [
        type(net).from_weights(*layers_of(start, i), **classes, **alone).fit(X, y)
        for i in range(net.n_members)
    ]


@pytest.mark.parametrize("solver", [n for n, s in SOLVERS.items() if s.stochastic])
def test_members_train_as_each_would_alone(net_class, X, y, few, solver):
    few |= {"standardize": False, "shuffle": False, "solver": solver}
    few |= {"activation": "tanh"}  # no kink that a bias of 1e-300 could cross
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    net = net_class(**few, n_members=MEMBERS).fit(X, y)
    for i, alone in enumerate(fit_one_by_one(net, X, y)):
        for together, by_itself in zip(net.coefs_, alone.coefs_, strict=True):
            assert_allclose(together[i], by_itself, rtol=1e-8, atol=1e-12)
        for together, by_itself in zip(net.intercepts_, alone.intercepts_, strict=True):
            assert_allclose(together[i], by_itself, rtol=1e-8, atol=1e-12)


def test_one_member_equals_the_plain_net(net_class, X, y, few):
    one = net_class(**few, n_members=1).fit(X, y)
    assert_array_equal(one.theta_, net_class(**few).fit(X, y).theta_)
    assert one.coefs_[0].ndim == 2
    assert_array_equal(one.predict_members(X)[0], predictions(one, X))


def test_the_prediction_is_the_mean_of_those_of_members(net_class, X, y, few):
    net = net_class(**few, n_members=MEMBERS).fit(X, y)
    by_member = net.predict_members(X)
    assert by_member.shape[:2] == (MEMBERS, len(X))
    assert by_member.std(axis=0).min() > 0
    assert_allclose(by_member.mean(axis=0), predictions(net, X), rtol=1e-12)
    for i in range(MEMBERS):
        classes = {"classes": net.classes_} if hasattr(net, "classes_") else {}
        alone = net_class.from_weights(*layers_of(net, i), **classes)
        assert_allclose(predictions(alone, X), by_member[i], rtol=1e-9)


@pytest.mark.parametrize(
    "loss", ["poisson", "gamma", Quantile([0.1, 0.6]), "huber"], ids=str
)
def test_the_prediction_is_the_mean_of_those_of_members_for_every_link(X, y, few, loss):
    net = ShallowNetRegressor(**few, n_members=MEMBERS, loss=loss).fit(X, y + 1.0)
    assert_allclose(net.predict_members(X).mean(axis=0), net.predict(X), rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("activation", ["tanh", "prelu", "maxout"])
def test_gradients_of_members_equal_finite_differences(loss, activation):
    rng = np.random.default_rng(0)
    X, n_targets = rng.standard_normal((7, 3)), 2
    n_outputs = loss.n_raw_outputs(n_targets)
    network = Network(3, n_outputs, [4, 3], [ACTIVATIONS[activation]()] * 2, 0.0, MEMBERS)
    y = rng.random((7, n_targets)) + 0.5
    y /= y.sum(axis=1, keepdims=True)
    if loss.takes_codes:
        y, loss = rng.integers(n_targets, size=(7, 1)), loss.smoothed(0.2)
    theta = 0.5 * rng.standard_normal(network.layout.size)
    objective = Objective(network, loss, 0.1, theta)
    assert_objective_gradient_is_exact(objective, X, y)
    assert_objective_gradient_is_exact(objective, X, y, rng.random(7))
    assert_objective_gradient_is_exact(objective, sparse.csr_array(X), y)


def test_members_have_independent_weights_and_dropout_masks(X, y, few):
    net = ShallowNetRegressor(**few, n_members=2, dropout=0.5).fit(X, y)
    assert not np.array_equal(*net.coefs_[0])


def test_warm_starts_of_members_equal_one_fit(net_class, X, y, few):
    few |= {"n_members": MEMBERS, "warm_start": True}
    twice = net_class(**few).fit(X, y).fit(X, y)
    once = net_class(**few | {"max_iter": 6}).fit(X, y)
    assert_array_equal(twice.theta_, once.theta_)
    with pytest.raises(ValueError, match="n_members=2"):
        once.set_params(n_members=2).fit(X, y)


def test_members_train_by_partial_fit(classifier_class, X, y, few):
    del few["max_iter"]
    net = classifier_class(**few, n_members=MEMBERS).partial_fit(X[:30], y[:30], [0, 1, 2])
    net.partial_fit(X[30:], y[30:])
    assert_allclose(net.predict_members(X).mean(axis=0), net.predict_proba(X))


def test_lbfgs_trains_members_together(X, y):
    net = DeepNetRegressor(3, depth=1, solver="lbfgs", n_members=2, random_state=0, tol=0.1)
    net.fit(X, y)
    assert net.loss_ < net.loss_curve_[0]
    flat = DeepNetRegressor(depth=0, solver="lbfgs", n_members=2, random_state=0, tol=1e-9)
    plain = flat.set_params(n_members=1).fit(X, y).predict(X)
    assert_allclose(flat.set_params(n_members=2).fit(X, y).predict(X), plain, rtol=1e-5)


def test_gradients_are_clipped_for_each_member(X, y):
    settings = {"solver": "sgd", "learning_rate": 1.0, "max_grad_norm": 1e-3, "alpha": 0}
    settings |= {"batch_size": None, "max_iter": 1, "warm_start": True, "n_members": 4}
    net = ShallowNetRegressor(8, **settings, schedule="constant", random_state=0).fit(X, y)
    before = net.theta_.copy()
    net.fit(X, y)
    assert_allclose(np.linalg.norm(net.theta_ - before), 1e-3 * 2, rtol=1e-9)


def test_early_stopping_judges_the_combined_prediction(X, y, few):
    net = DeepNetClassifier(**few, n_members=MEMBERS, early_stopping=False)
    net.fit(X, y, X_val=X, y_val=y)
    probability = net.predict_proba(X)[np.arange(len(y)), y]
    assert_allclose(net.validation_loss_curve_[-1], -np.log(probability).mean(), rtol=1e-9)


def test_all_members_share_one_temperature(X, y, few):
    few |= {"early_stopping": False, "n_members": MEMBERS}
    held_out = {"X_val": X[40:], "y_val": y[40:]}
    plain = DeepNetClassifier(**few).fit(X[:40], y[:40], **held_out)
    cooled = DeepNetClassifier(**few, temperature_scaling=True)
    cooled.fit(X[:40], y[:40], **held_out)
    assert_allclose(cooled.coefs_[-1], plain.coefs_[-1] / cooled.temperature_, rtol=1e-9)


def test_members_are_saved_and_loaded(net_class, X, y, few, tmp_path):
    net = net_class(**few, n_members=MEMBERS).fit(X, y)
    net.save(tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    assert_array_equal(again.predict_members(X), net.predict_members(X))


def test_from_weights_takes_weights_of_members(X, y, few):
    net = ShallowNetClassifier(**few, n_members=2).fit(X, y)
    again = ShallowNetClassifier.from_weights(net.coefs_, net.intercepts_, n_members=2)
    assert_allclose(again.predict_proba(X), net.predict_proba(X), rtol=1e-9)
    with pytest.raises(ValueError, match="shape"):
        ShallowNetClassifier.from_weights(net.coefs_, net.intercepts_, n_members=3)


def test_hidden_activations_are_those_of_each_member(X, y, few):
    net = ShallowNetClassifier(**few, n_members=2).fit(X, y)
    (hidden,) = net.hidden_activations(X)
    for i in range(2):
        alone = ShallowNetClassifier.from_weights(*layers_of(net, i))
        assert_allclose(alone.hidden_activations(X)[0], hidden[i], rtol=1e-8, atol=1e-12)


# Members that share weights.

SHARED = {"n_members": MEMBERS, "share_weights": True}


def test_members_that_share_weights_differ_by_factors_of_inputs_and_units(X, y, few):
    net = DeepNetRegressor(**few, **SHARED).fit(X, y)
    for weight in net.coefs_[:-1]:
        assert weight.shape[0] == MEMBERS
        for other in weight[1:]:
            size = np.linalg.svd(other / weight[0], compute_uv=False)
            assert_allclose(size[1:], 0, atol=1e-9 * size[0])  # of rank 1
    assert net.coefs_[-1].std(axis=0).min() > 0


def test_coefs_of_members_that_share_weights_predict_as_the_net_does(net_class, X, y, few):
    net = net_class(**few, **SHARED).fit(X, y)
    classes = {"classes": net.classes_} if hasattr(net, "classes_") else {}
    own = net_class.from_weights(net.coefs_, net.intercepts_, n_members=MEMBERS, **classes)
    assert_allclose(own.predict_members(X), net.predict_members(X), rtol=1e-8, atol=1e-10)


def test_warm_starts_of_members_that_share_weights_equal_one_fit(net_class, X, y, few):
    few |= {**SHARED, "warm_start": True}
    twice = net_class(**few).fit(X, y).fit(X, y)
    once = net_class(**few | {"max_iter": 6}).fit(X, y)
    assert_array_equal(twice.theta_, once.theta_)
    with pytest.raises(ValueError, match="shares_weights=True"):
        once.set_params(share_weights=False).fit(X, y)


def test_shared_weights_are_kept_by_partial_fit_as_units_are_refined(X, y, few):
    del few["max_iter"]
    net = DeepNetClassifier(**few, **SHARED)
    for part in (slice(30), slice(30, None)):
        net.partial_fit(X[part], y[part], [0, 1, 2])
    ratio = net.coefs_[0] / net.coefs_[0][0]
    sizes = np.linalg.svd(ratio, compute_uv=False)
    assert_allclose(sizes[:, 1:], 0, atol=1e-8 * sizes.max())


def test_a_step_moves_shared_weights_by_the_mean_of_the_members_gradients(X, y):
    settings = {"solver": "sgd", "schedule": "constant", "batch_size": None, "alpha": 0.1}
    settings |= {"max_grad_norm": None, "standardize": False, "random_state": 0}
    net = ShallowNetRegressor(4, **SHARED, **settings, max_iter=1, warm_start=True)
    net.set_params(learning_rate=1e-300, early_stopping=False).fit(X, y)
    before, network = net.theta_.copy(), net.network_
    net.set_params(learning_rate=1e-3).fit(X, y)
    objective = Objective(network, SquaredError(), 0.1, before)
    objective.gradient(X, np.reshape(y, (-1, 1)))
    grad, n_shared = objective.grad.copy(), network.layout.n_shared_weights
    grad[:n_shared] /= MEMBERS
    assert_allclose(net.theta_, before - 1e-3 * grad, rtol=1e-9, atol=1e-12)


def test_members_that_share_weights_hold_out_the_same_rows(X, y, few):
    few |= {"early_stopping": True, "validation_fraction": 0.25}
    net = DeepNetClassifier(**few, **SHARED).fit(X, y)
    assert net.resolved_params_["cross_fit"] is False
    with pytest.raises(AttributeError, match=r"oof_prediction_ .*share_weights=False"):
        _ = net.oof_prediction_
    with pytest.raises(ValueError, match="cross_fit=True needs members with weights of"):
        net.set_params(cross_fit=True).fit(X, y)


@pytest.mark.parametrize(
    ("setting", "alone"),
    [("n_members=1", {"n_members": 1}), ("depth=0", {"depth": 0})],
    ids=["one member", "depth 0"],
)
def test_nothing_is_shared_by_one_member_or_without_hidden_layers(
    X, y, few, setting, alone
):
    few = {"max_iter": 3, "random_state": 0, "n_members": MEMBERS, "early_stopping": True}
    few |= alone
    plain = DeepNetRegressor(**few).fit(X, y)
    net = DeepNetRegressor(**few, share_weights=True)
    with pytest.warns(
        IneffectiveParameterWarning, match=rf"share_weights=True .*{setting}"
    ):
        net.fit(X, y)
    assert_array_equal(net.theta_, plain.theta_)
    assert net.resolved_params_["cross_fit"] == plain.resolved_params_["cross_fit"]


def test_members_that_share_weights_have_no_intervals_without_other_rows(X, y, few):
    net = DeepNetRegressor(**few, **SHARED, early_stopping=True).fit(X, y)
    with pytest.raises(ValueError, match=r"without share_weights and warm_start, or"):
        net.conformalize(y_cal=y)


def test_from_weights_does_not_know_what_members_share(X, y, few):
    net = ShallowNetClassifier(**few, **SHARED).fit(X, y)
    with pytest.raises(ValueError, match="Leave share_weights at False"):
        ShallowNetClassifier.from_weights(net.coefs_, net.intercepts_, **SHARED)


def test_members_that_share_weights_are_saved_and_trained_on(
    net_class, X, y, few, tmp_path
):
    few |= {**SHARED, "warm_start": True}
    net = net_class(**few).fit(X, y)
    net.save(tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    assert_array_equal(again.predict_members(X), net.predict_members(X))
    assert_array_equal(again.fit(X, y).theta_, net.fit(X, y).theta_)


def test_shared_weights_pass_the_gradient_check_with_members_that_see_other_inputs(X, y):
    from skshallow.inspection import gradient_check

    views = [None, "piecewise_linear", "periodic"]
    net = DeepNetRegressor(4, **SHARED, numeric_encoding=views, random_state=0)
    check = gradient_check(net, X, y)
    assert check.passed, check
    names = {parameter.name for parameter in check.parameters}
    assert {"shared_weight", "input_factor", "unit_factor"} <= names


def test_members_see_their_inputs_only_also_if_they_share_weights(X, y, few):
    views = [None, "piecewise_linear", "periodic"]
    net = DeepNetRegressor(**few, **SHARED, numeric_encoding=views).fit(X, y)
    unseen = net.network_.layers[0].unseen
    assert any(inputs is not None for inputs in unseen)
    for weight, inputs in zip(net.coefs_[0], unseen, strict=True):
        if inputs is not None:
            assert not weight[inputs].any()
            assert weight.any()


# Looking inside.


def test_displays_of_weights_show_the_given_member(X, y, few):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    from skshallow.inspection import NetworkDisplay, WeightsDisplay

    net = ShallowNetClassifier(**few, n_members=2).fit(X, y)
    for member in range(2):
        drawn = NetworkDisplay.from_estimator(net, member=member)
        assert_array_equal(drawn.coefs[0], net.coefs_[0][member])
        assert_array_equal(drawn.intercepts[0], net.intercepts_[0][member])
        images = WeightsDisplay.from_estimator(
            net, member=member, image_shape=(1, 5), standardized=False
        )
        assert_array_equal(images.weights, net.coefs_[0][member].T)
    with pytest.raises(ValueError, match="member=2"):
        NetworkDisplay.from_estimator(net, member=2)
    plt.close("all")


def test_the_health_report_counts_units_of_all_members(X, y, few):
    from skshallow.inspection import health_report

    net = DeepNetClassifier(**few, n_members=MEMBERS).fit(X, y)
    report = health_report(net, X)
    assert report.n_units == [12, 12, 9]
    zeros = [(a == 0).mean() for a in net.hidden_activations(X)]
    assert_allclose(report.shares["zero"], zeros)
    assert_allclose(health_report(net).shares["zero"], zeros, rtol=1e-6)
