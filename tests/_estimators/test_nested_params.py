"""Settings of components as parameters of an estimator, in searches and pipelines too."""

import pickle
import re
from dataclasses import dataclass, fields

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    ParameterGrid,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_estimator_repr,
    check_get_params_invariance,
    check_set_params,
)

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    HiddenFeatures,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow.activations import LeakyReLU, PReLU, Tanh
from skshallow.initializers import VarianceScaling
from skshallow.losses import Huber, Quantile
from skshallow.schedules import Cosine, InverseScaling, StepDecay
from skshallow.solvers import Adam, Momentum, Solver

INSTANCES = {
    "activation": LeakyReLU(),
    "init": VarianceScaling(),
    "schedule": StepDecay(),
    "solver": Adam(),
}
CHANGES = {
    "activation__slope": 0.3,
    "init__fan": "fan_avg",
    "schedule__every": 2,
    "solver__beta_2": 0.8,
}


@dataclass(frozen=True)
class Lookahead(Solver):
    """A user's solver around another one; its settings say nothing of their range."""

    inner: Solver
    share: float = 0.5

    def init(self, theta, n_weights=None):
        return self.inner.init(theta, n_weights)

    def step(self, theta, grad, state, learning_rate):
        self.inner.step(theta, self.share * grad, state, learning_rate)


# Getting and setting.


def test_settings_of_instances_are_among_the_deep_parameters(net_class):
    net = net_class(**INSTANCES)
    deep, shallow = net.get_params(), net.get_params(deep=False)
    assert deep.keys() - shallow.keys() == {
        f"{name}__{setting.name}"
        for name, instance in INSTANCES.items()
        for setting in fields(instance)
    }
    assert deep["solver__beta_2"] == 0.99
    assert shallow.items() <= deep.items()
    assert net_class().get_params() == net_class().get_params(deep=False)


def test_a_setting_replaces_the_instance_and_leaves_the_old_one(net_class):
    net = net_class(**INSTANCES)
    assert net.set_params(**CHANGES) is net
    assert net.activation == LeakyReLU(0.3)
    assert net.init == VarianceScaling(fan="fan_avg")
    assert net.schedule == StepDecay(every=2)
    assert net.solver == Adam(beta_2=0.8)
    assert INSTANCES["solver"] == Adam()
    assert {name: net.get_params()[name] for name in CHANGES} == CHANGES


def test_a_loss_has_nested_parameters_too(regressor_class):
    net = regressor_class(loss=Huber()).set_params(loss__delta=0.5)
    assert net.loss == Huber(0.5)
    net.set_params(loss=Quantile(), loss__quantile=np.array([0.1, 0.9]))
    assert net.loss == Quantile([0.1, 0.9])


@pytest.mark.parametrize("order", [1, -1], ids=["instance first", "setting first"])
def test_an_instance_is_set_before_its_settings_whatever_their_order(net_class, order):
    params = [("solver", Momentum(0.5)), ("solver__momentum", 0.7), ("schedule", "auto")]
    net = net_class(solver=Adam()).set_params(**dict(params[::order]))
    assert net.solver == Momentum(0.7)


@pytest.mark.parametrize("sequence", [list, tuple])
def test_the_entries_of_a_sequence_are_numbered(deep_class, sequence):
    given = sequence(["tanh", LeakyReLU(), PReLU()])
    net = deep_class(activation=given)
    entries = {"activation__0": "tanh", "activation__1": LeakyReLU()}
    entries |= {"activation__2": PReLU(), "activation__1__slope": 0.01}
    assert net.get_params().items() >= {**entries, "activation__2__slope": 0.25}.items()
    net.set_params(activation__1__slope=0.3, activation__2="relu")
    assert net.activation == sequence(["tanh", LeakyReLU(0.3), "relu"])
    assert given == sequence(["tanh", LeakyReLU(), PReLU()])
    net.set_params(activation__0=PReLU(), activation__0__slope=0.5)
    assert net.activation[0] == PReLU(0.5)
    net.set_params(activation=["tanh", LeakyReLU()], activation__1__slope=0.1)
    assert net.activation == ["tanh", LeakyReLU(0.1)]
    assert clone(net).get_params() == net.get_params()


def test_the_entries_of_an_array_are_numbered_as_those_of_a_list(deep_class, X, y, few):
    given = np.array([LeakyReLU(), LeakyReLU()], dtype=object)
    net = deep_class(**few | {"activation": given})
    assert net.get_params()["activation__1__slope"] == 0.01
    net.set_params(activation__0__slope=0.3, activation__1="tanh")
    assert isinstance(net.activation, np.ndarray)
    assert net.activation.tolist() == [LeakyReLU(0.3), "tanh"]
    assert given.tolist() == [LeakyReLU(), LeakyReLU()]
    assert clone(net).activation.tolist() == net.activation.tolist()
    assert net.fit(X, y).network_.layers[0].activation == LeakyReLU(0.3)
    with pytest.raises(ValueError, match="Invalid parameter '2' for activation="):
        net.set_params(activation__2="relu")


def test_an_entry_of_an_array_of_names_can_be_a_longer_name_or_an_instance(deep_class):
    net = deep_class(activation=np.array(["relu", "tanh"]))
    net.set_params(activation__0="leaky_relu", activation__1=PReLU())
    net.set_params(activation__1__slope=0.5)
    assert net.activation.tolist() == ["leaky_relu", PReLU(0.5)]


def test_a_grid_over_the_setting_of_one_layer_trains_it(X, y, few):
    net = DeepNetRegressor(**few, activation=["tanh", LeakyReLU()])
    search = GridSearchCV(net, {"activation__1__slope": [0.0, 0.9]}, cv=2).fit(X, y)
    best = search.best_params_["activation__1__slope"]
    assert search.best_estimator_.network_.layers[1].activation == LeakyReLU(best)


def test_clones_are_independent(net_class):
    net = net_class(**INSTANCES)
    other = clone(net)
    assert other.get_params() == net.get_params()
    other.set_params(**CHANGES)
    assert net.get_params() == net_class(**INSTANCES).get_params()
    net.set_params(solver__beta_1=0.5)
    assert other.solver == Adam(beta_2=0.8)


def test_settings_reach_the_components_within_a_component(X, y, few):
    net = DeepNetRegressor(**few, solver=Lookahead(Momentum()))
    assert net.get_params()["solver__inner__momentum"] == 0.9
    net.set_params(solver__inner__momentum=0.5, solver__share=1.0)
    assert net.solver == Lookahead(Momentum(0.5), 1.0)
    expected = DeepNetRegressor(**few, solver=Momentum(0.5)).fit(X, y)
    assert_array_equal(net.fit(X, y).theta_, expected.theta_)
    with pytest.raises(ValueError, match="'momentum' parameter of Momentum must be"):
        net.set_params(solver__inner__momentum=2)


@pytest.mark.parametrize(
    "check", [check_get_params_invariance, check_set_params, check_estimator_repr]
)
def test_scikit_learns_checks_of_parameters_pass_with_instances(net_class, check):
    check(net_class.__name__, net_class(**INSTANCES))


def test_instances_are_shown_and_pickled(net_class):
    net = net_class(**INSTANCES)
    assert "solver=Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-08)" in repr(net)
    html = net._repr_html_()
    for shown in ("Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-08)", *CHANGES):
        assert shown in html
    loaded = pickle.loads(pickle.dumps(net)).set_params(**CHANGES)
    assert loaded.get_params() == net.set_params(**CHANGES).get_params()


# Errors.


@pytest.mark.parametrize(
    ("cls", "params", "change", "message"),
    [
        (DeepNetClassifier, {}, {"solver__beta_2": 0.8},
         "Cannot set solver__beta_2, because solver='adam' is not an instance. "
         "Pass solver=Adam(beta_2=0.8) (from skshallow.solvers) instead."),
        (DeepNetClassifier, {}, {"schedule__final": 0.1},
         "schedule='auto' is not an instance. Pass schedule=Cosine(final=0.1) (from "
         "skshallow.schedules)"),
        (ShallowNetRegressor, {"init": "glorot_normal"}, {"init__scale": 2},
         "Pass init=VarianceScaling(scale=2.0, fan='fan_avg') (from skshallow.init"),
        (DeepNetRegressor, {"loss": None}, {"loss__delta": np.float64(1.35)},
         "loss=None is not an instance. Pass loss=Huber(delta=1.35) (from skshallow.loss"),
        (ShallowNetClassifier, {"solver": Adam}, {"solver__beta_1": 0.5},
         "is not an instance. Pass solver=Adam(beta_1=0.5)"),
        (DeepNetClassifier, {"activation": ["tanh", "leaky_relu", PReLU(0.5)]},
         {"activation__slope": 0.1},
         "is a sequence, with one entry for each hidden layer. Pass activation=['tanh', "
         "LeakyReLU(slope=0.1), PReLU(slope=0.1)] (from skshallow.activations) instead."),
        (DeepNetClassifier, {"activation": ["tanh", "relu"]}, {"activation__slope": 0.1},
         "Cannot set activation__slope, because activation=['tanh', 'relu'] is a sequence, "
         "with one entry for each hidden layer. Pass activation=[LeakyReLU(slope=0.1), "
         "...] (from skshallow.activations) instead."),
        (DeepNetClassifier, {"activation": ["tanh", PReLU()]}, {"activation__0__slope": 2},
         "Cannot set activation__0__slope, because activation__0='tanh' is not an instanc"
         "e. Pass activation__0=LeakyReLU(slope=2.0) (from skshallow.activations)"),
        (DeepNetClassifier, {"activation": ["tanh", PReLU()]}, {"activation__2__slope": 2},
         "Invalid parameter '2' for activation=['tanh', PReLU(slope=0.25)]. Valid "
         "parameters are: ['0', '1']."),
        (DeepNetClassifier, {"activation": ["tanh", PReLU()]}, {"activation__1__x": 2},
         "Invalid parameter 'x' for PReLU(slope=0.25). Valid parameters are: ['slope']."),
        (DeepNetClassifier, {"activation": ["tanh"]}, {"activation__foo": 0.1},
         "Invalid parameter 'foo' for activation=['tanh']: no component of "
         "skshallow.activations has a setting of that name."),
        (DeepNetClassifier, {"solver": Adam()}, {"solver__beta2": 0.8},
         "Invalid parameter 'beta2' for Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-08). "
         "Valid parameters are: ['beta_1', 'beta_2', 'epsilon']."),
        (DeepNetClassifier, {}, {"solver__beta2": 0.8},
         "Invalid parameter 'beta2' for solver='adam': the settings of 'adam' are "
         "['beta_1', 'beta_2', 'epsilon']. To change one, pass an instance, such as "
         "solver=Adam(beta_1=0.9, beta_2=0.99, epsilon=1e-08) (from skshallow.solvers)."),
        (DeepNetClassifier, {}, {"hidden_units__x": 1},
         "Invalid parameter 'x' for hidden_units=96: hidden_units has no nested parame"),
        (DeepNetClassifier, {"activation": Tanh()}, {"activation__slope": 1},
         "Invalid parameter 'slope' for Tanh(), which has no settings."),
        (DeepNetClassifier, {}, {"loss__delta": 1},
         "Invalid parameter 'delta' for loss='log_loss': 'log_loss' has no settings."),
        (DeepNetClassifier, {"loss": "squared_error"}, {"loss__delta": 1},
         "Invalid parameter 'delta' for loss='squared_error': 'squared_error' has no set"),
        (DeepNetClassifier, {}, {"alpha__x": 1},
         "Invalid parameter 'x' for alpha='auto': alpha has no nested parameters."),
        (DeepNetClassifier, {"solver": Adam()}, {"solver__beta_2__x": 1},
         "Invalid parameter 'x' for beta_2=0.99: beta_2 has no nested parameters."),
        (DeepNetClassifier, {"solver": Adam()}, {"solver__beta_2": 1},
         "The 'beta_2' parameter of Adam must be a float in the range [0, 1). Got 1 inst"),
        (DeepNetClassifier, {}, {"solver__beta_2": "high"},
         "The 'beta_2' parameter of Adam must be a float in the range [0, 1). Got 'high'"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_an_error_that_says_what_can(cls, params, change, message):
    net = cls(**params)
    before = net.get_params()
    with pytest.raises(ValueError, match=re.escape(message)):
        net.set_params(max_iter=7, **change)
    assert net.get_params() == before


def test_misspelt_names_of_parameters_are_refused_with_the_right_one(net_class):
    message = re.escape(
        f"Invalid parameter 'sovler' for estimator {net_class.__name__}(). Did you mean "
        "solver?"
    )
    for name in ("sovler", "sovler__beta_2"):
        with pytest.raises(ValueError, match=message):
            net_class().set_params(**{name: Adam()})


# Searches.


def scored(net, params, X, y, folds):
    """Return the mean score of the net with these components, set as a whole."""
    return cross_val_score(clone(net).set_params(**params), X, y, cv=folds).mean()


def test_a_grid_over_settings_scores_nets_with_these_settings(net_class, X, y, few):
    net, folds = net_class(**few | {"schedule": InverseScaling()}, solver=Adam()), KFold(2)
    grid = {"solver__beta_2": [0.5, 0.9], "schedule__power": [0.1, 0.9]}
    search = GridSearchCV(net, grid, cv=folds).fit(X, y)
    expected = [
        scored(
            net,
            {
                "solver": Adam(beta_2=params["solver__beta_2"]),
                "schedule": InverseScaling(params["schedule__power"]),
            },
            X, y, folds,
        )
        for params in ParameterGrid(grid)
    ]  # fmt: skip
    assert_array_equal(search.cv_results_["mean_test_score"], expected)
    best = search.best_params_
    assert search.best_estimator_.solver == Adam(beta_2=best["solver__beta_2"])
    assert net.solver == Adam()


def test_a_grid_may_choose_the_instance_beside_its_settings(X, y, few):
    grid = [
        {"solver": [Adam(), Adam(beta_1=0.5)], "solver__beta_2": [0.5, 0.9]},
        {"solver": [Momentum()], "solver__momentum": [0.1]},
        {"solver": ["sgd"]},
    ]
    search = GridSearchCV(DeepNetRegressor(**few), grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert len(search.cv_results_["params"]) == 6


def test_settings_are_searched_through_a_pipeline(net_class, X, y, few):
    pipeline = Pipeline([("scale", StandardScaler()), ("net", net_class(**few))])
    pipeline.set_params(net__activation=LeakyReLU(), net__activation__slope=0.5)
    assert pipeline["net"].activation == LeakyReLU(0.5)
    search = GridSearchCV(pipeline, {"net__activation__slope": [0.1, 0.2]}, cv=2).fit(X, y)
    assert search.best_estimator_["net"].activation.slope in (0.1, 0.2)
    features = HiddenFeatures(net_class(solver=Adam()))
    assert features.set_params(net__solver__beta_1=0.5).net.solver == Adam(beta_1=0.5)


def test_random_searches_draw_settings_from_distributions(regressor_class, X, y, few):
    distributions = {
        "solver__beta_2": stats.uniform(0.5, 0.4),
        "solver__epsilon": stats.loguniform(1e-9, 1e-3),
        "schedule__every": stats.randint(1, 3),
        "loss__delta": stats.expon(0.1),
        "init__distribution": ["normal", "uniform"],
    }
    net = regressor_class(**few | INSTANCES, loss=Huber())
    search = RandomizedSearchCV(net, distributions, n_iter=4, cv=2, random_state=0)
    best = search.fit(X, y).best_estimator_.get_params()
    assert {name: best[name] for name in distributions} == search.best_params_
    assert type(best["schedule__every"]) is int
    assert type(best["solver__beta_2"]) is float


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_halving_searches_over_settings(net_class, X, y, few):
    net = net_class(**few | {"schedule": Cosine()}, solver=Adam())
    grid = {"solver__beta_2": [0.5, 0.9], "schedule__final": [0.0, 0.5]}
    search = HalvingGridSearchCV(
        net, grid, resource="max_iter", min_resources=1, max_resources=4, factor=2, cv=2,
        random_state=0,
    )  # fmt: skip
    best = search.fit(X, y).best_estimator_
    assert search.n_candidates_ == [4, 2, 1]
    assert best.schedule == Cosine(search.best_params_["schedule__final"])


def test_a_search_ends_at_a_setting_out_of_its_range(X, y, few):
    net = DeepNetRegressor(**few, solver=Adam())
    with pytest.raises(ValueError, match=r"'beta_2' parameter of Adam .* Got 1\.5 instead"):
        GridSearchCV(net, {"solver__beta_2": [0.9, 1.5]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match=r"Pass solver=Adam\(beta_2=0\.9\)"):
        GridSearchCV(DeepNetRegressor(**few), {"solver__beta_2": [0.9]}, cv=2).fit(X, y)
