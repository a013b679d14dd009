"""Hyperparameters: invalid values, contradictory combinations, the meaning of `auto`."""

import numpy as np
import pytest
from callbacks import StopsAfterAnEpoch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import KFold

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow._estimators.checks.hyperparameters import hidden_widths
from skshallow.activations import ACTIVATIONS, LeakyReLU, Maxout, ReLU
from skshallow.initializers import INITIALIZERS, Normal, VarianceScaling
from skshallow.losses import Huber, Quantile, SquaredError
from skshallow.schedules import SCHEDULES, Cosine
from skshallow.solvers import SOLVERS, Adam

WRONG = {
    "hidden_units": [0, -1, 2.5, "many", None],
    "residual": ["yes", 2, None],
    "normalization": ["batch", 1, True],
    "activation": ["rleu", 3, None],
    "init": ["he", 0.1, None],
    "init_scale": [-1, "big", None, np.nan],
    "loss": ["hinge", 1, None],
    "solver": ["Adam", 1, None, Adam],
    "learning_rate": [0, -0.1, "fast", None, np.nan],
    "schedule": ["linear", 1, None],
    "alpha": [-1e-9, "none", None, np.nan],
    "dropout": [-0.1, 1, 1.5, None],
    "average_weights": ["always", None, 3],
    "max_grad_norm": [0, -1, "none"],
    "batch_size": [0, -5, 0.5, "all"],
    "max_iter": [0, -1, 1.5, None],
    "shuffle": ["yes", None, 3],
    "tol": [-1, None, "auto", np.nan],
    "n_iter_no_change": [0, -1, 1.5, None, np.nan],
    "early_stopping": ["yes", None, 3],
    "validation_fraction": [0, 1, -0.1, None, 1.5, "tenth", [0, 1], {}],
    "cross_fit": ["yes", None, 3],
    "numeric_encoding": ["splines", 3, True],
    "share_weights": ["auto", 3, None],
    "scoring": ["best", 3],
    "standardize": ["yes", None, 3],
    "clip_features": ["yes", None, 3],
    "categorical_features": ["all", 3, True],
    "monotonic_cst": ["increasing", 1, True],
    "dtype": ["float16", "int", np.float32],
    "record_health": ["yes", None, 3],
    "n_members": [0, -1, 1.5, None],
    "warm_start": ["yes", None, 3],
    "random_state": [-1, "seed", 0.5],
    "verbose": [-1, "yes", 0.5],
    "class_weight": ["even", 3],
    "label_smoothing": [-0.1, 1, None],
    "temperature_scaling": ["yes", None, 3],
    "depth": [-1, 1.5, "deep"],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


def test_every_parameter_has_invalid_values_to_test(net_class):
    assert set(net_class().get_params()) <= set(WRONG)


@pytest.mark.parametrize(("name", "value"), CASES, ids=str)
def test_an_invalid_value_is_an_error_that_names_the_parameter(
    net_class, X, y, name, value
):
    net = net_class()
    if name not in net.get_params():
        with pytest.raises(ValueError, match=f"Invalid parameter '{name}'"):
            net.set_params(**{name: value})
        return
    net.set_params(**{name: value})
    if name in ("scoring", "validation_fraction"):
        net.set_params(early_stopping=True)
    before = dict(vars(net))
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        net.fit(X, y)
    assert vars(net) == before


INSTANCES = {
    "activation": ReLU,
    "init": Normal,
    "loss": SquaredError,
    "solver": Adam,
    "schedule": Cosine,
    "scoring": KFold,
    "validation_fraction": KFold,
    "random_state": np.random.RandomState,
}


@pytest.mark.parametrize(("name", "value"), INSTANCES.items(), ids=str)
def test_a_class_in_place_of_an_instance_is_told_its_brackets(net_class, X, y, name, value):
    words = rf"{name!r} parameter of \w+ is the class .*Write {name}={value.__name__}\(\),"
    with pytest.raises(ValueError, match=words):
        net_class(**{name: value}).fit(X, y)


def test_a_class_among_activations_is_told_its_brackets(deep_class, X, y):
    net = deep_class(activation=["tanh", ReLU])
    with pytest.raises(ValueError, match=r"It is a class\. Pass .* such as ReLU\(\)\.$"):
        net.fit(X, y)


def test_an_unknown_component_is_an_error_that_lists_the_names(X, y):
    for parameter, table in [
        ("activation", ACTIVATIONS),
        ("init", INITIALIZERS),
        ("solver", SOLVERS),
        ("schedule", SCHEDULES),
    ]:
        with pytest.raises(ValueError, match=parameter) as caught:
            DeepNetClassifier(**{parameter: "nonsense"}).fit(X, y)
        for name in table:
            assert repr(name) in str(caught.value)


def test_all_parameters_but_hidden_units_are_keyword_only(net_class):
    assert net_class(7).hidden_units == 7
    with pytest.raises(TypeError):
        net_class(7, "relu")
    with pytest.raises(TypeError):
        net_class(hidden_unit=7)


def test_shallow_nets_have_one_hidden_layer(X, y):
    with pytest.raises(ValueError, match="hidden_units"):
        ShallowNetClassifier([4, 4]).fit(X, y)
    assert "depth" not in ShallowNetClassifier().get_params()


# Widths and activations.


@pytest.mark.parametrize(
    ("hidden_units", "depth", "widths"),
    [
        (8, None, [8, 8]), (8, 0, []), (8, 1, [8]), (8, 4, [8] * 4),
        ([3, 2, 1], None, [3, 2, 1]), ((3, 2), 2, [3, 2]), ([], None, []), ([], 0, []),
        (np.array([3, 2]), None, [3, 2]), (np.int64(8), np.int64(1), [8]),
    ],
)  # fmt: skip
def test_depth_and_hidden_units_determine_the_layer_widths(
    hidden_units, depth, widths, X, y
):
    assert hidden_widths(hidden_units, depth) == widths
    few = {"max_iter": 1, "n_iter_no_change": np.inf, "random_state": 0}
    net = DeepNetRegressor(hidden_units, depth=depth, **few).fit(X, y)
    assert [coef.shape[1] for coef in net.coefs_] == [*widths, 1]


@pytest.mark.parametrize(
    ("hidden_units", "depth", "message"),
    [
        ([3, 2], 3, r"depth=3 and hidden_units=\[3, 2\] disagree"),
        ([3, 0], None, r"hidden_units must hold integers.*\[3, 0\]"),
        ([3, 2.5], None, "hidden_units must hold integers"),
        (["3"], None, "hidden_units must hold integers"),
        ([0], 0, "hidden_units must hold integers"),
        ([3, 2], 1, r"depth=1 and hidden_units=\[3, 2\] disagree"),
    ],
)
def test_contradicting_depth_and_hidden_units_are_refused(
    hidden_units, depth, message, X, y
):
    with pytest.raises(ValueError, match=message):
        DeepNetRegressor(hidden_units, depth=depth).fit(X, y)


def test_each_layer_may_have_its_own_activation(X, y, few):
    activations = ["tanh", LeakyReLU(0.2), "sigmoid"]
    net = DeepNetRegressor(**few | {"depth": 3}, activation=activations).fit(X, y)
    assert [str(layer.activation) for layer in net.network_.layers[:-1]] == [
        "Tanh()", "LeakyReLU(slope=0.2)", "Sigmoid()",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"of length 3, but .* hidden layers is 2"):
        DeepNetRegressor(**few | {"depth": 2}, activation=activations).fit(X, y)
    with pytest.raises(ValueError, match="activation"):
        DeepNetRegressor(**few, activation=["tanh", "nonsense"]).fit(X, y)


# Components.


@pytest.mark.parametrize(
    ("parameter", "name", "instance", "other"),
    [
        ("activation", "leaky_relu", LeakyReLU(), LeakyReLU(0.3)),
        ("activation", "maxout", Maxout(), Maxout(3)),
        ("init", "he_normal", VarianceScaling(2.0), VarianceScaling(4.0)),
        ("solver", "adam", Adam(), Adam(beta_2=0.9)),
        ("schedule", "cosine", Cosine(), Cosine(final=0.5)),
    ],
    ids=["activation", "maxout", "init", "solver", "schedule"],
)
def test_an_instance_equals_its_name_but_for_its_settings(
    net_class, X, y, few, parameter, name, instance, other
):
    named, plain, own = (
        net_class(**few | {parameter: value}).fit(X, y) for value in (name, instance, other)
    )
    assert_array_equal(named.theta_, plain.theta_)
    assert own.theta_.shape != named.theta_.shape or (own.theta_ != named.theta_).any()


def test_a_loss_may_be_an_instance(regressor_class, X, y, few):
    for name, instance, other in [
        ("huber", Huber(), Huber(0.1)),
        ("quantile", Quantile(), Quantile(0.9)),
    ]:
        named, plain, own = (
            regressor_class(**few, loss=loss).fit(X, y) for loss in (name, instance, other)
        )
        assert_array_equal(named.theta_, plain.theta_)
        assert (own.theta_ != named.theta_).any()


def test_components_are_cloned_set_and_printed_as_parameters(net_class):
    net = net_class(5, solver=Adam(beta_2=0.95), activation=LeakyReLU(0.1))
    copy = clone(net)
    assert copy.get_params() == net.get_params()
    assert copy.solver == Adam(beta_2=0.95)
    assert "LeakyReLU(slope=0.1)" in repr(copy)
    assert "Adam(beta_1=0.9, beta_2=0.95" in repr(copy)
    copy.set_params(activation="tanh", solver="sgd")
    assert (copy.activation, copy.solver) == ("tanh", "sgd")
    assert net.solver == Adam(beta_2=0.95)


# Combinations.


def test_partial_fit_without_max_iter_is_refused_for_schedules_that_end(net_class, X, y):
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    net = net_class(4, schedule="one_cycle")
    with pytest.raises(ValueError, match=r"schedule='one_cycle' ends at max_iter.*'auto'"):
        net.partial_fit(X, y, **classes)
    net.set_params(max_iter=7).partial_fit(X, y, **classes)
    assert net_class(4).partial_fit(X, y, **classes).n_iter_ == 1


def test_scoring_without_early_stopping_records_scores_of_given_validation_data(
    regressor_class, X, y, few
):
    net = regressor_class(**few, scoring="r2", early_stopping=False)
    net.fit(X, y, X_val=X, y_val=y)
    assert len(net.validation_scores_) == net.n_iter_
    np.testing.assert_allclose(net.validation_scores_[-1], net.score(X, y))


@pytest.mark.parametrize(
    ("n_rows", "n_epochs"),
    [(100, 500), (600, 300), (1280, 150), (3840, 120), (5120, 100), (15_000, 40)],
)
def test_auto_max_iter_falls_with_the_number_of_rows(n_rows, n_epochs):
    X = np.linspace(0, 1, n_rows)[:, np.newaxis]
    net = DeepNetRegressor(depth=0, early_stopping=False, n_iter_no_change=1)
    assert net.fit(X, X[:, 0]).resolved_params_["max_iter"] == n_epochs


@pytest.mark.parametrize(
    ("n_rows", "of_wide", "of_narrow"),
    [
        (100, 400, 500),
        (150, 200, 500),
        (300, 133, 500),
        (500, 120, 375),
        (3840, 120, 120),
        (15_000, 40, 40),
    ],
)
def test_auto_max_iter_of_a_wide_network_is_shorter_with_a_log_loss(
    n_rows, of_wide, of_narrow
):
    X = np.linspace(0, 1, n_rows)[:, np.newaxis]
    for widths, expected in [((32, 40), of_wide), ((40, 31), of_narrow)]:
        net = DeepNetClassifier(widths, early_stopping=False, random_state=0)
        with pytest.raises(KeyboardInterrupt):
            net.set_callbacks(StopsAfterAnEpoch()).fit(X, X[:, 0] > 0.5)
        assert net.resolved_params_["max_iter"] == expected


def test_auto_max_iter_of_a_linear_classifier_is_as_long_as_that_of_a_regressor():
    X = np.linspace(0, 1, 600)[:, np.newaxis]
    for solver in ("adam", "lbfgs"):
        net = DeepNetClassifier(depth=0, solver=solver, early_stopping=False)
        epochs = net.fit(X, X[:, 0] > 0.5).resolved_params_["max_iter"]
        assert epochs == {"adam": 300, "lbfgs": 500}[solver]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_auto_max_iter_is_reproducible_and_bounded(X, y, solver):
    net = DeepNetRegressor(depth=0, solver=solver, early_stopping=True, random_state=0)
    again = clone(net).fit(X, y)
    assert_array_equal(net.fit(X, y).theta_, again.theta_)
    assert 1 <= net.n_iter_ <= 500


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
def test_auto_schedule_is_cosine_in_fit_and_constant_in_partial_fit(X, y, few):
    few["schedule"] = "auto"
    net = DeepNetRegressor(**few).fit(X, y)
    cosine = DeepNetRegressor(**few | {"schedule": "cosine"}).fit(X, y)
    assert_array_equal(net.learning_rate_curve_, cosine.learning_rate_curve_)
    net = DeepNetRegressor(**few)
    for _ in range(5):  # more than max_iter
        net.partial_fit(X, y)
    assert_array_equal(net.learning_rate_curve_, 0.01)


@pytest.mark.parametrize("batch_size", [60, 61, 10_000, "auto", None])
def test_batch_sizes_above_the_number_of_rows_are_the_full_batch(
    net_class, X, y, few, batch_size
):
    net = net_class(**few | {"batch_size": batch_size}).fit(X, y)
    whole = net_class(**few | {"batch_size": None}).fit(X, y)
    if batch_size == "auto":  # may choose as it likes, but reproducibly
        whole = net_class(**few | {"batch_size": "auto"}).fit(X, y)
    assert_array_equal(net.theta_, whole.theta_)


@pytest.mark.parametrize(
    "solver", [name for name, solver in SOLVERS.items() if solver.stochastic]
)
def test_auto_learning_rate_is_the_default_of_the_solver(X, y, few, solver):
    few |= {"learning_rate": "auto", "solver": solver}
    net = DeepNetRegressor(**few).fit(X, y)
    assert_array_equal(net.learning_rate_curve_, SOLVERS[solver].default_learning_rate)
    assert net.resolved_params_["learning_rate"] == SOLVERS[solver].default_learning_rate


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    "solver", [name for name, solver in SOLVERS.items() if solver.stochastic]
)
def test_auto_clips_gradients_where_the_solver_does_at_its_own_rate(
    X, y, few, solver, method
):
    own, clipped = few | {"solver": solver}, few | {"solver": solver, "max_grad_norm": 1.0}
    for rate in "auto", 0.01:
        net, other = (
            getattr(ShallowNetRegressor(**settings | {"learning_rate": rate}), method)(X, y)
            for settings in (own, clipped)
        )
        clips = solver in ("sgd", "momentum", "nesterov") and rate == "auto"
        assert net.resolved_params_["max_grad_norm"] == (1.0 if clips else None)
        if clips:
            assert_array_equal(net.theta_, other.theta_)


def test_no_clipping_is_a_choice_that_needs_no_effect(X, y, few):
    net = ShallowNetRegressor(**few | {"learning_rate": "auto"}, max_grad_norm=None)
    for solver in "sgd", "adam":
        net.set_params(solver=solver).fit(X, y)
        assert net.resolved_params_["max_grad_norm"] is None
    linear = DeepNetRegressor(depth=0, solver="lbfgs", max_grad_norm=None)
    assert linear.fit(X, y).resolved_params_["max_grad_norm"] is None  # and no warning


@pytest.mark.parametrize("params", [{}, {"early_stopping": False}, {"max_iter": 1}])
@pytest.mark.parametrize(
    ("scoring", "nearest"), [("acc", "accuracy"), ("log_loss", "neg_log_loss")]
)
def test_a_scorer_of_an_unknown_name_is_refused_by_every_fit(
    net_class, X, y, params, scoring, nearest
):
    net = net_class(4, scoring=scoring, **params)
    with pytest.raises(ValueError, match=f"scoring='{scoring}' is none.*{nearest}"):
        net.fit(X, y)
    assert not hasattr(net, "theta_")
