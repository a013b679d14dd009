"""Health reports against activations, records and nets made ill on purpose."""

import dataclasses
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import DeepNetClassifier, DeepNetRegressor, ShallowNetRegressor
from skshallow.activations import ACTIVATIONS, Maxout
from skshallow.engine.health import MANY_DEAD
from skshallow.exceptions import DeadUnitsWarning
from skshallow.inspection import health_report
from skshallow.inspection._health_report import (
    LARGE_UPDATE,
    MANY_SATURATED,
    SOME_DEAD,
)

INIT, STANDARDIZE = "init='auto' with init_scale=1", "standardize=True"
LEARNING_RATE, CLIP = "a smaller learning_rate", "max_grad_norm"
ALPHA, DEPTH, RESIDUAL = "a smaller alpha", "a smaller depth", "residual=True"
ACTIVATION = "an activation that never goes flat, such as 'leaky_relu'"

HEALTHY = {"dead": [0.0, 0.0], "zero": [0.4, 0.4], "saturated": [0.0, 0.0]}
STEADY = {"gradient_norm": [0.1, 0.2, 0.3], "update_ratio": [1e-3, 1e-3, 1e-3]}


@pytest.fixture
def net(few, X, y):
    return DeepNetClassifier(**few, depth=2).fit(X, y)


@pytest.fixture
def report(net, X):
    """A report of which all that matters to a verdict is fine."""
    return dataclasses.replace(health_report(net, X), shares=HEALTHY, weights=STEADY)


def with_dead_units(n_dead, n_units=100, **params):
    """Return a net of which `n_dead` units are silent on all rows from [0, 1)."""
    weight = np.random.default_rng(0).uniform(0.1, 1, size=(3, n_units))
    bias = np.where(np.arange(n_units) < n_dead, -10.0, 0.0)
    return ShallowNetRegressor.from_weights(
        [weight, np.ones((n_units, 1))], [bias, [0.0]], **params
    )


@pytest.fixture
def rows():
    return np.random.default_rng(1).random((50, 3))


# What is measured.


def test_shares_of_rectifiers_are_those_of_their_activations(net, X):
    report = health_report(net, X)
    hidden = net.hidden_activations(X)
    assert_allclose(report.shares["zero"], [(a == 0).mean() for a in hidden])
    assert report.n_dead == [(a == 0).all(axis=0).sum() for a in hidden]
    assert report.shares["saturated"] == [0, 0]
    assert report.n_rows == len(X)


def test_saturation_is_a_slope_below_a_hundredth(few, X, y):
    few |= {"init_scale": 4, "activation": "tanh"}
    net = DeepNetRegressor(**few, depth=2).fit(X, y)
    (*expected,) = [(1 - a**2 < 0.01).mean() for a in net.hidden_activations(X)]
    assert_allclose(health_report(net, X).shares["saturated"], expected)
    assert min(expected) > 0.05


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_rows_in_several_batches_have_the_shares_of_all_at_once(activation):
    """Units repeated until the layer is too wide for all rows have the same shares."""
    n_units, n_repeats = 4, 1 << 14
    n_pieces = Maxout().n_pieces if activation == "maxout" else 1
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(60, 3)), rng.normal(size=(3, n_pieces, n_units))
    bias = rng.normal(size=(n_pieces, n_units)) - 2

    def report(n_repeats):
        repeated = [np.tile(own, n_repeats) for own in (weight, bias)]
        coefs = [repeated[0].reshape(3, -1), np.ones((n_repeats * n_units, 1))]
        intercepts = [repeated[1].ravel(), np.zeros(1)]
        net = ShallowNetRegressor.from_weights(coefs, intercepts, activation=activation)
        return health_report(net, X)

    at_once, in_batches = report(1), report(n_repeats)
    assert in_batches.n_rows == len(X)
    for name, shares in at_once.shares.items():
        assert_allclose(in_batches.shares[name], shares, err_msg=name)


def test_without_rows_it_is_the_last_record(net):
    report = health_report(net)
    for name, values in {**report.shares, **report.weights}.items():
        assert_array_equal(np.float32(values), net.health_[name][-1], err_msg=name)
    assert report.epoch == net.health_["epoch"][-1]
    assert "recorded after epoch 3 of its fit" in report.title


def test_with_rows_gradients_are_still_those_of_the_record(net, X):
    report = health_report(net, X[:40])
    assert report.weights == health_report(net).weights
    assert "units on 40 rows; gradients recorded after epoch 3" in report.title


def test_without_records_rows_give_the_units_alone(few, X, y):
    net = DeepNetRegressor(**few, record_health=False).fit(X, y)
    frame = health_report(net, X).to_frame()
    assert "gradient norm" not in frame
    assert frame["dead"].notna().tolist() == [True, True, False]
    with pytest.raises(ValueError, match=r"recorded nothing: pass X .* record_health=True"):
        health_report(net)


def test_a_net_without_hidden_layers_has_a_row_for_its_outputs(few, X, y):
    few.pop("hidden_units")
    net = DeepNetClassifier(**few, depth=0).fit(X, y)
    for report in (health_report(net), health_report(net, X)):
        assert report.to_frame().index.tolist() == ["output"]
        assert report.verdicts == ["healthy"]


WRAPPED = {
    "pipeline": lambda net: make_pipeline(StandardScaler(), net),
    "search": lambda net: GridSearchCV(net, {"alpha": [0.1]}, cv=2),
    "transformed_target": TransformedTargetRegressor,
    "search_over_pipeline": lambda net: GridSearchCV(
        make_pipeline(StandardScaler(), net), {"shallownetregressor__alpha": [0.1]}, cv=2
    ),
}


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_nets_are_found_inside_and_rows_go_through_the_steps_before(few, X, y, wrapper):
    model = WRAPPED[wrapper](ShallowNetRegressor(**few)).fit(X, y)
    scales = "pipeline" in wrapper
    inner = health_report(model, X)
    direct = StandardScaler().fit_transform(X) if scales else X
    estimator = getattr(model, "best_estimator_", getattr(model, "regressor_", model))
    net = estimator[-1] if scales else estimator
    assert inner.shares == health_report(net, direct).shares


def test_what_holds_no_fitted_net_is_an_error(few, X, y):
    with pytest.raises(TypeError, match="no net"):
        health_report(Ridge().fit(X, y), X)
    with pytest.raises(NotFittedError):
        health_report(ShallowNetRegressor(**few))


def test_rows_of_another_width_are_an_error(net, X):
    with pytest.raises(ValueError, match="expecting 5 features"):
        health_report(net, X[:, :3])


# Verdicts.


def test_a_sound_net_is_healthy(report):
    assert report.verdicts == ["healthy"] * 3


def test_dead_units_are_counted_in_words(rows):
    report = health_report(with_dead_units(38), rows)
    assert report.verdicts == [
        f"38 of 100 units are dead on X: try {ACTIVATION}",
        "healthy",
    ]
    assert report.n_dead == [38]


@pytest.mark.parametrize(
    ("n_dead", "words"),
    [(24, None), (25, "25 of 100"), (75, "75 of 100"), (76, "so that hardly anything")],
)
def test_dead_units_are_spoken_of_from_a_quarter_on(rows, n_dead, words):
    assert SOME_DEAD == 0.25
    verdict = health_report(with_dead_units(n_dead), rows).verdicts[0]
    assert verdict == "healthy" if words is None else words in verdict
    assert ("hardly anything passes" in verdict) == (n_dead > 75)


def test_few_rows_do_not_call_a_unit_dead_but_a_layer(rows):
    assert health_report(with_dead_units(90), rows[:31]).verdicts[0] == "healthy"
    assert "90 of 100" in health_report(with_dead_units(90), rows[:32]).verdicts[0]
    assert "100 of 100" in health_report(with_dead_units(100), rows[:5]).verdicts[0]


def test_a_layer_of_saturated_units_is_told(few, X, y):
    few |= {"init_scale": 30, "activation": "sigmoid", "standardize": False}
    net = DeepNetClassifier(**few, depth=1).fit(X, y)
    verdict = health_report(net, X).verdicts[0]
    assert "% of the outputs are saturated" in verdict
    assert "init='auto' with init_scale=1, standardize=True, a smaller" in verdict


def test_half_of_the_outputs_may_be_saturated(report):
    for above, share in enumerate([MANY_SATURATED, MANY_SATURATED + 0.01]):
        shares = HEALTHY | {"saturated": [share, 0.0]}
        verdict = dataclasses.replace(report, shares=shares).verdicts[0]
        assert ("51% of the outputs are saturated" in verdict) == above


@pytest.mark.parametrize(
    ("norms", "layer", "words"),
    [
        ([0.00031, 0.2, 0.3], 0, None),
        ([0.00029, 0.2, 0.3], 0, "more than 1000 times smaller than in layer 'output'"),
        ([0.3, 1e-5, 0.2], 1, "more than 10,000 times smaller than in layer 'hidden 1'"),
        ([0.3, 1e-8, 0.2], 1, "more than a million times"),
        ([0.0, 0.2, 0.3], 0, "more than a million times"),
        ([0.0, 0.0, 0.0], 0, None),
        ([np.inf, 0.2, 0.3], 0, "the gradient norm is inf"),
        ([np.inf, 0.2, 0.3], 1, "a million times smaller than in layer 'hidden 1'"),
    ],
)
def test_a_gradient_norm_a_thousand_times_smaller_than_another_is_told(
    report, norms, layer, words
):
    weights = STEADY | {"gradient_norm": norms}
    verdict = dataclasses.replace(report, weights=weights).verdicts[layer]
    assert verdict == "healthy" if words is None else words in verdict


def test_gradients_that_vanish_in_a_deep_net_are_told_layer_by_layer(few, X, y):
    few |= {"activation": "sigmoid", "init_scale": 0.1, "record_health": True}
    with pytest.warns(UserWarning, match="gradient"):
        net = DeepNetClassifier(**few, depth=6).fit(X, y)
    verdicts = health_report(net).verdicts
    assert "a million times smaller" in verdicts[0]
    assert INIT in verdicts[0]
    assert DEPTH in verdicts[0]
    assert verdicts[-1] == "healthy"


def test_steps_of_a_tenth_of_the_weights_are_too_long(report):
    for above, ratio in enumerate([LARGE_UPDATE, 0.3]):
        weights = STEADY | {"update_ratio": [0.001, 0.001, ratio]}
        verdict = dataclasses.replace(report, weights=weights).verdicts[2]
        expected = f"its last step was 30% of its weights: try {LEARNING_RATE} or {CLIP}"
        assert verdict == (expected if above else "healthy")


def test_several_troubles_share_their_advice(report):
    weights = STEADY | {"update_ratio": [0.3, 0.001, 0.001]}
    shares = HEALTHY | {"dead": [0.5, 0.0], "saturated": [0.6, 0.0]}
    verdict = dataclasses.replace(report, shares=shares, weights=weights).verdicts[0]
    assert verdict.split(": try ")[0] == (
        "2 of 4 units are dead on X; 60% of the outputs are saturated; "
        "its last step was 30% of its weights"
    )
    assert verdict.count("try") == 1
    assert verdict.count(LEARNING_RATE) == 1


@pytest.mark.parametrize(
    ("params", "remedies"),
    [
        ({}, {LEARNING_RATE, CLIP, ACTIVATION}),
        ({"depth": 2}, {LEARNING_RATE, CLIP, RESIDUAL, DEPTH, ACTIVATION}),
        ({"depth": 2, "residual": True}, {LEARNING_RATE, CLIP, DEPTH, ACTIVATION}),
        ({"hidden_units": [4, 3], "depth": 2}, {LEARNING_RATE, CLIP, DEPTH, ACTIVATION}),
        ({"init": "normal"}, {INIT, LEARNING_RATE, CLIP, ACTIVATION}),
        ({"init_scale": 0.1}, {INIT, LEARNING_RATE, CLIP, ACTIVATION}),
        ({"standardize": False}, {STANDARDIZE, LEARNING_RATE, CLIP, ACTIVATION}),
        ({"max_grad_norm": 1.0}, {LEARNING_RATE, ACTIVATION}),
        ({"alpha": 0.1}, {LEARNING_RATE, CLIP, ALPHA, ACTIVATION}),
    ],
)
def test_what_is_already_so_is_not_advised(few, X, y, params, remedies):
    net = DeepNetRegressor(**few | {"depth": 1} | params).fit(X, y)
    assert set(health_report(net).remedies) == remedies


def test_a_solver_without_learning_rate_is_not_told_to_lower_it(X, y):
    net = DeepNetRegressor(4, solver="lbfgs", depth=1, tol=1.0, random_state=0).fit(X, y)
    report = health_report(net)
    assert report.remedies == [ACTIVATION]
    long_step = STEADY | {"update_ratio": [0.5, 0.5]}
    assert dataclasses.replace(report, weights=long_step).verdicts[1] == "healthy"


# What it looks like.


def test_the_table_has_a_row_a_layer_and_a_verdict_a_layer_below(rows):
    lines = str(health_report(with_dead_units(38), rows)).splitlines()
    assert lines[0] == "Health of a ShallowNetRegressor: units on 50 rows"
    assert lines[2] == "layer     units  dead units  dead  zeros  saturated"
    assert lines[3].split() == ["hidden", "1", "100", "38", "38%", "38%", "0%"]
    assert lines[4].split() == ["output", "1", "-", "-", "-", "-"]
    assert lines[6].startswith("hidden 1: 38 of 100 units are dead on X: try")


def test_the_frame_and_the_html_hold_the_verdicts(rows):
    report = health_report(with_dead_units(38), rows)
    frame = report.to_frame()
    assert frame.loc["hidden 1", "dead units"] == 38
    assert_allclose(frame.loc["hidden 1", "dead"], 0.38)
    assert frame["verdict"].tolist() == report.verdicts
    assert "38 of 100 units" in report._repr_html_()


def test_columns_of_gradients_come_with_their_meaning(net):
    report = health_report(net)
    assert {"gradient norm", "update ratio"} <= set(report.to_frame().columns)
    assert "Update ratio: norm of" in str(report)


def test_a_net_that_overfits_is_told_from_which_epoch_on():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 8)), rng.normal(size=120)  # nothing but noise
    net = DeepNetRegressor(64, max_iter=60, n_iter_no_change=np.inf, early_stopping=True)
    report = health_report(net.set_params(random_state=0).fit(X, y))
    kept = f"The weights are those of epoch {net.best_iter_} of 60, the best in validation."
    assert report.kept.startswith(kept)
    assert f"overfits from epoch {net.best_iter_} on: the validation loss" in report.kept
    assert report.kept in report.notes()
    assert net.validation_loss_curve_[-1] > net.validation_loss_curve_.min()


def test_a_net_whose_last_epoch_is_the_best_is_told_that_more_may_help(X, y):
    net = DeepNetRegressor(4, max_iter=3, early_stopping=True, random_state=0).fit(X, y)
    assert net.best_iter_ == 3
    assert "a larger max_iter may help" in health_report(net).kept


NOISY = {"hidden_units": 64, "max_iter": 60, "random_state": 0}


def noise(n_rows=300):
    """Return rows, and classes that hardly depend on them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 20))
    return X, (X[:, 0] + 3 * rng.normal(size=n_rows) > 0).astype(int)


def test_weights_that_validation_did_not_choose_are_said_to_be_the_last():
    X, y = noise()
    net = DeepNetClassifier(**NOISY, early_stopping=False)
    net.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    best = 1 + int(net.validation_loss_curve_.argmin())
    kept = health_report(net).kept
    assert kept.startswith("The weights are those of the last of 60 epochs. The validation")
    assert f"best in epoch {best}: early_stopping=True" in kept
    assert f"overfits from epoch {best} on" in kept
    assert health_report(net.partial_fit(X, y)).kept == ""


def test_of_cross_fitted_members_each_has_a_best_epoch():
    X, y = noise()
    net = DeepNetClassifier(**NOISY, n_members=8, early_stopping=True).fit(X, y)
    best = 1 + int(net.validation_loss_curve_.argmin())
    kept = health_report(net).kept
    assert f"own best epoch, the latest of epoch {net.best_iter_} of" in kept
    assert f"overfits from epoch {best} on" in kept


def test_units_are_those_of_the_record_nearest_to_the_weights_that_are_kept():
    X, y = noise(600)
    net = DeepNetClassifier(**NOISY | {"max_iter": 120}).fit(X, y)
    epochs, report = net.health_["epoch"], health_report(net)
    nearest = np.abs(epochs - net.best_iter_).argmin()
    assert epochs[nearest] < epochs[-1]
    assert (report.epoch_of_units, report.epoch) == (epochs[nearest], epochs[-1])
    assert_array_equal(report.shares["zero"], net.health_["zero"][nearest])
    assert f"units after epoch {epochs[nearest]}, gradients recorded" in report.title


def test_units_that_die_after_the_epoch_that_is_kept_raise_no_warning():
    X, y = noise(600)
    params = NOISY | {"max_iter": 120, "learning_rate": 0.1, "random_state": 2}
    net = DeepNetClassifier(**params)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeadUnitsWarning)
        net.fit(X, y)
    assert net.health_["dead"][-1].max() > MANY_DEAD
    assert max(health_report(net, X).shares["dead"]) < MANY_DEAD


def test_without_a_validation_set_nothing_is_said_of_the_kept_weights(net):
    assert not len(net.validation_loss_curve_)
    assert health_report(net).kept == ""
    assert len(health_report(net).notes()) == 1
