"""A parameter without effect warns, names the other one, and the fit goes on."""

import pickle
import re
import warnings
from dataclasses import field, make_dataclass

import numpy as np
import pytest
from covering import covering
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, KFold

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.exceptions import IneffectiveParameterWarning
from skshallow.schedules import Plateau, StepDecay
from skshallow.solvers import LBFGS

NETS = ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor
IGNORED_BY_LBFGS = {
    "batch_size": 32,
    "learning_rate": 0.1,
    "schedule": "constant",
    "dropout": 0.5,
    "max_grad_norm": 1.0,
    "average_weights": True,
}
# other parameters, the one without effect, what the reason must name
CASES = [
    *(
        ({"solver": "lbfgs"}, {name: value}, "solver='lbfgs'")
        for name, value in IGNORED_BY_LBFGS.items()
    ),
    ({"solver": LBFGS(memory=5)}, {"batch_size": 32}, "solver=LBFGS(memory=5"),
    ({}, {"tol": 0.5}, "schedule='auto'"),
    ({"schedule": "cosine"}, {"tol": 0.5}, "schedule='cosine'"),
    (
        {"schedule": "constant", "n_iter_no_change": np.inf},
        {"tol": 0.5},
        "n_iter_no_change=inf",
    ),
    ({"init": "zeros"}, {"init_scale": 2.0}, "init='zeros'"),
    ({}, {"validation_fraction": 0.3}, "early_stopping='auto'"),
    ({"early_stopping": False}, {"validation_fraction": 0.3}, "early_stopping=False"),
    ({"early_stopping": False}, {"validation_fraction": KFold(3)}, "early_stopping=False"),
    ({}, {"n_iter_no_change": 2}, "max_iter=2, which ends training first"),
    ({"solver": "lbfgs"}, {"n_iter_no_change": 9}, "max_iter=2, which ends training first"),
    (
        {"max_iter": "auto", "batch_size": None},
        {"n_iter_no_change": 1000},
        "max_iter='auto', here {n_iter} epochs, which ends training first",
    ),
    (
        {"schedule": "constant"},
        {"tol": 0.5},
        "max_iter=2, which ends training before n_iter_no_change='auto' can",
    ),
]


@pytest.mark.parametrize(
    ("net_class", "case"), covering(NETS, CASES, apart=[(0, 1)]), ids=str
)
def test_a_parameter_without_effect_warns_and_changes_nothing(net_class, X, y, case):
    others, ineffective, reason = case
    params = {"hidden_units": 4, "max_iter": 2, "random_state": 0} | others
    ((name, value),) = ineffective.items()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net = net_class(**params, **ineffective).fit(X, y)
        without = net_class(**params).fit(X, y)
    messages = [
        str(warning.message)
        for warning in caught
        if warning.category is IneffectiveParameterWarning
    ]
    assert len(messages) == 1
    reason = re.escape(reason.format(n_iter=net.n_iter_))
    expected = rf"{name}={re.escape(repr(value))} has no effect with .*{reason}"
    assert re.match(expected, messages[0])
    assert f"leave {name} at its default" in messages[0]
    if name != "init_scale":  # which still multiplies the zeros
        assert_array_equal(net.theta_, without.theta_)


OF_HIDDEN_LAYERS = [
    {"activation": "tanh"},
    {"activation": ["tanh", "relu"]},
    {"hidden_units": [4, 3]},
    {"dropout": 0.5},
]


@pytest.mark.parametrize("params", OF_HIDDEN_LAYERS, ids=str)
def test_settings_of_hidden_layers_warn_where_there_are_none(deep_class, X, y, params):
    net = deep_class(depth=0, max_iter=2, random_state=0, **params)
    with pytest.warns(IneffectiveParameterWarning, match=r"without hidden .*depth=0"):
        net.fit(X, y)


def test_what_only_validation_uses_warns_without_it(classifier_class, X, y, few):
    for params in ({"scoring": "accuracy"}, {"temperature_scaling": True}):
        net = classifier_class(**few, **params)
        with pytest.warns(IneffectiveParameterWarning, match="unless fit is given X_val"):
            net.fit(X, y)
        net.fit(X, y, X_val=X, y_val=y)
    net = classifier_class(**few, early_stopping=True, validation_fraction=0.3)
    with pytest.warns(IneffectiveParameterWarning, match="X_val and y_val"):
        net.fit(X, y, X_val=X, y_val=y)


def test_what_partial_fit_does_not_do_warns_there(net_class, X, y, pieces):
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    plain = net_class(**pieces).partial_fit(X, y, **classes)
    on = {"early_stopping": True, "average_weights": True}
    for name, value in {**on, "max_iter": 9, "tol": 0.1, "n_iter_no_change": 3}.items():
        net = net_class(**pieces, **{name: value})
        words = f"{name}={value} has no effect with partial_fit"
        with pytest.warns(IneffectiveParameterWarning, match=words):
            net.partial_fit(X, y, **classes)
        assert_array_equal(net.theta_, plain.theta_)
        assert net.resolved_params_.get(name) is None
    off = {"early_stopping": False, "average_weights": False, "n_iter_no_change": np.inf}
    net_class(**pieces, **off).partial_fit(X, y, **classes)


def test_parameters_at_their_default_or_off_never_warn(net_class, X, y, few):
    net_class(**few, early_stopping=False, average_weights=False, scoring=None).fit(X, y)


ANYWAY = [
    {"solver": "lbfgs", "dropout": 0.0},
    {"solver": "lbfgs", "batch_size": None},
    {"solver": "lbfgs", "batch_size": 60},
    {"solver": "lbfgs", "n_iter_no_change": np.inf},
    {"solver": "lbfgs", "shuffle": False, "average_weights": False, "max_grad_norm": None},
    {"batch_size": None, "shuffle": False},
    {"depth": 0, "dropout": 0.0},
    {"depth": 0, "hidden_units": 8},
    {"hidden_units": [], "activation": []},
    {"depth": 0, "solver": "lbfgs", "dropout": 0.0},
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("params", ANYWAY, ids=str)
def test_what_asks_for_what_is_done_anyway_does_not_warn(deep_class, X, y, params):
    deep_class(**{"max_iter": 2, "random_state": 0} | params).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_patience_stops_lbfgs_although_it_has_a_rule_of_its_own(regressor_class, X, y):
    params = {"solver": "lbfgs", "tol": 1e-3, "random_state": 0}
    own = regressor_class(4, **params).fit(X, y)
    patient = regressor_class(4, n_iter_no_change=2, **params).fit(X, y)
    assert own.resolved_params_["n_iter_no_change"] == np.inf
    assert patient.resolved_params_["n_iter_no_change"] == 2
    assert patient.n_iter_ <= own.n_iter_


IDLE = [
    (StepDecay(every=6), r"max_iter=6, .* after 6 epochs"),
    (StepDecay(every=9), r"max_iter=6, .* after 9 epochs"),
    (Plateau(patience=5), r"max_iter=6, .* after 6 epochs"),
]


@pytest.mark.parametrize(("schedule", "words"), IDLE, ids=str)
def test_a_schedule_that_could_only_act_after_the_last_epoch_warns(
    net_class, X, y, few, schedule, words
):
    params = few | {"max_iter": 6}
    constant = net_class(**params).fit(X, y)
    net = net_class(**params | {"schedule": schedule})
    with pytest.warns(IneffectiveParameterWarning, match=rf"schedule=.* {words}"):
        net.fit(X, y)
    assert_array_equal(net.theta_, constant.theta_)
    assert net.resolved_params_["schedule"] is None


def test_a_schedule_that_acts_in_the_last_epoch_or_in_a_later_call_does_not_warn(
    regressor_class, X, y, few
):
    params = few | {"max_iter": 6}
    constant = regressor_class(**params).fit(X, y)
    net = regressor_class(**params | {"schedule": StepDecay(every=5)}).fit(X, y)
    assert (net.theta_ != constant.theta_).any()
    regressor_class(**params | {"schedule": Plateau(patience=4)}).fit(X, y)
    later = regressor_class(**params | {"schedule": "step"}, warm_start=True).fit(X, y)
    later.partial_fit(X, y)


def test_what_an_earlier_call_used_does_not_warn_in_later_ones(regressor_class, X, y, few):
    start = {"init": "orthogonal", "init_scale": 0.5}
    net = regressor_class(**few, **start, early_stopping=True).fit(X, y)
    net.partial_fit(X, y).set_params(warm_start=True).fit(X, y)
    assert net.resolved_params_["init"] is None
    with pytest.warns(IneffectiveParameterWarning, match=r"init='zeros' .* partial_fit"):
        net.set_params(init="zeros").partial_fit(X, y)
    with pytest.warns(IneffectiveParameterWarning, match=r"init='zeros' .* warm_start"):
        net.fit(X, y)
    net.set_params(init="orthogonal", standardize=False)
    with pytest.warns(IneffectiveParameterWarning, match=r"standardize=False .* keeps"):
        net.fit(X, y)


def test_another_random_state_warns_where_random_numbers_continue(net_class, X, y, few):
    net = net_class(**few, warm_start=True).fit(X, y).fit(X, y)
    net.set_params(random_state=1)
    with pytest.warns(IneffectiveParameterWarning, match=r"random_state=1 .* warm_start"):
        net.fit(X, y)
    with pytest.warns(IneffectiveParameterWarning, match=r"random_state=1 .* partial_fit"):
        net.partial_fit(X, y)
    net.set_params(early_stopping=True).fit(X, y)  # which draws rows
    net.set_params(warm_start=False, early_stopping=False).fit(X, y)


def test_random_state_has_no_effect_on_what_a_splitter_holds_out(net_class, X, y, few):
    splitter = {"early_stopping": True, "validation_fraction": KFold(3)}
    net = net_class(**few, **splitter, warm_start=True).fit(X, y)
    with pytest.warns(IneffectiveParameterWarning, match=r"random_state=1 .* warm_start"):
        net.set_params(random_state=1).fit(X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_another_encoding_of_numbers_warns_where_training_goes_on(
    net_class, X, y, few, method
):
    """Also "as they are", which is the value that switches the parameter off."""
    X, y = np.tile(X, (2, 1)), np.tile(y, 2)
    words = "numeric_encoding={} has no effect with .*continues from the weights"
    for first, then in [("piecewise_linear", None), (None, "piecewise_linear")]:
        net = net_class(**few, warm_start=True, numeric_encoding=first).fit(X, y)
        getattr(net, method)(X, y)  # the same one does not warn
        shape = net.coefs_[0].shape
        net.set_params(numeric_encoding=then)
        with pytest.warns(IneffectiveParameterWarning, match=words.format(repr(then))):
            getattr(net, method)(X, y)
        assert net.coefs_[0].shape == shape


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_clipping_that_is_switched_on_later_warns(net_class, X, y, few, method):
    net = net_class(**few, warm_start=True, clip_features=False).fit(X, y)
    getattr(net, method)(X, y)
    net.set_params(clip_features=True)
    words = r"clip_features=True has no effect .* did not note the ranges\. Change one of"
    with pytest.warns(IneffectiveParameterWarning, match=words):
        getattr(net, method)(X, y)
    net.set_params(warm_start=False).fit(X, y)
    net.set_params(clip_features=False).partial_fit(X, y)


@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_the_generator_of_the_last_call_does_not_warn(
    regressor_class, X, y, pieces, generator
):
    net = regressor_class(**pieces | {"random_state": generator(0)}).partial_fit(X, y)
    pickle.loads(pickle.dumps(net)).partial_fit(X, y)


def test_initial_weights_that_were_given_leave_none_to_init(X, y):
    rng = np.random.default_rng(0)
    coefs, intercepts = [rng.normal(size=(5, 1))], [np.zeros(1)]
    params = {"init": "orthogonal", "warm_start": True, "max_iter": 2}
    net = DeepNetRegressor.from_weights(coefs, intercepts, **params)
    with pytest.warns(IneffectiveParameterWarning, match="init='orthogonal'"):
        net.fit(X, y)


@pytest.mark.parametrize(
    ("params", "words"),
    [({}, "early_stopping='auto'"), ({"early_stopping": False}, "early_stopping=False")],
)
def test_groups_warn_where_no_rows_are_held_out(net_class, X, y, few, params, words):
    groups = np.arange(60) % 5
    with pytest.warns(IneffectiveParameterWarning, match=f"groups has no .*{words}"):
        net_class(**few, **params).fit(X, y, groups=groups)
    net = net_class(**few, early_stopping=True).fit(X, y, groups=groups)
    assert len(net.validation_loss_curve_) == 3
    with pytest.warns(IneffectiveParameterWarning, match="groups has no .* X_val"):
        net.fit(X, y, X_val=X, y_val=y, groups=groups)


def test_the_warning_points_at_the_line_of_the_user(X, y):
    with pytest.warns(IneffectiveParameterWarning) as record:
        DeepNetRegressor(4, tol=0.5, max_iter=2, random_state=0).fit(X, y)
    assert record[0].filename == __file__


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_grid_over_solvers_with_a_learning_rate_scores_every_candidate(X, y):
    net = DeepNetClassifier(4, learning_rate=0.01, max_iter=5, random_state=0)
    search = GridSearchCV(net, {"solver": ["adam", "lbfgs"]}, error_score="raise", cv=2)
    with pytest.warns(IneffectiveParameterWarning, match="learning_rate=0.01"):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_grid_over_depth_beside_sequences_scores_every_candidate(X, y):
    net = DeepNetClassifier([4], activation=["tanh"], max_iter=5, random_state=0)
    search = GridSearchCV(net, {"depth": [0, 1]}, error_score="raise", cv=2)
    with pytest.warns(IneffectiveParameterWarning) as record:
        search.fit(X, y)
    assert {str(it.message).partition(" ")[0] for it in record} == {
        "hidden_units=[4]", "activation=['tanh']",
    }  # fmt: skip
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_search_with_scoring_on_few_rows_scores_every_candidate(X, y):
    net = DeepNetClassifier(4, scoring="accuracy", max_iter=2, random_state=0)
    search = GridSearchCV(net, {"alpha": [0.0, 0.1]}, error_score="raise", cv=2)
    with pytest.warns(IneffectiveParameterWarning, match="scoring='accuracy'"):
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_subclass_with_its_own_defaults_is_not_warned_of_them(X, y):
    class FullBatch(DeepNetRegressor):
        def __init__(self, hidden_units=4, *, learning_rate=0.5, random_state=None):
            super().__init__(
                hidden_units,
                solver="lbfgs",
                learning_rate=learning_rate,
                random_state=random_state,
            )

    FullBatch(random_state=0).fit(X, y)
    with pytest.warns(IneffectiveParameterWarning, match="learning_rate=0.1"):
        FullBatch(learning_rate=0.1, random_state=0).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_auto_asks_for_nothing_whatever_the_default_of_a_subclass(X, y):
    defaults = IGNORED_BY_LBFGS | {"n_iter_no_change": 1, "early_stopping": True}
    names = defaults.keys()
    fields = [(name, object, field(default=defaults[name])) for name in names]
    dataclass = {"kw_only": True, "eq": False, "repr": False}
    cls = make_dataclass("Own", fields, bases=(DeepNetRegressor,), **dataclass)
    params = {"hidden_units": 4, "random_state": 0} | dict.fromkeys(names, "auto")
    cls(**params, solver="lbfgs", max_iter=2).fit(X, y)
    cls(**params).partial_fit(X, y)
