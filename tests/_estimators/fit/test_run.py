"""The phases of a fit: validation data, units, going on, history, all or nothing."""

import copy
import pickle
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from covering import covering, few_of
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.metrics import get_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
    load,
)
from skshallow._estimators.fit.split import rows_to_hold_out
from skshallow.losses import REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]
SLOW = pytest.mark.slow
CURVES = [
    "loss_curve_",
    "learning_rate_curve_",
    "validation_loss_curve_",
    "validation_scores_",
]


def all_classes(net):
    """Return what the first `partial_fit` of `net` on the shared y also wants."""
    return {"classes": [0, 1, 2]} if hasattr(net, "decision_function") else {}


# Warm start and partial fit.


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_warm_start_in_pieces_equals_one_fit(net_class, X, y, weight, few, solver):
    few |= {"solver": solver, "dropout": 0.2}
    whole = net_class(**few | {"max_iter": 9}).fit(X, y, sample_weight=weight)
    pieces = net_class(**few, warm_start=True)
    for n_epochs in 2, 3, 4:
        pieces.set_params(max_iter=n_epochs).fit(X, y, sample_weight=weight)
    assert_array_equal(pieces.theta_, whole.theta_)
    assert_array_equal(pieces.loss_curve_, whole.loss_curve_)
    assert_array_equal(pieces.predict(X), whole.predict(X))
    assert pieces.n_iter_ == whole.n_iter_ == 9
    assert pieces.best_iter_ == whole.best_iter_


@pytest.mark.filterwarnings(
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize(
    "schedule", [name for name, cls in SCHEDULES.items() if not cls.needs_end]
)
def test_warm_start_goes_on_with_schedules_that_know_no_end(X, y, few, schedule):
    few["schedule"] = schedule
    whole = ShallowNetRegressor(**few | {"max_iter": 8}).fit(X, y)
    pieces = ShallowNetRegressor(**few | {"max_iter": 4}, warm_start=True)
    assert_array_equal(pieces.fit(X, y).fit(X, y).theta_, whole.theta_)
    assert_array_equal(pieces.learning_rate_curve_, whole.learning_rate_curve_)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_warm_start_begins_schedules_with_an_end_anew(X, y, few, schedule):
    few["schedule"] = schedule
    net = ShallowNetRegressor(**few, warm_start=True).fit(X, y).fit(X, y)
    first, second = np.split(net.learning_rate_curve_, 2)
    assert_array_equal(first, second)


def test_warm_start_starts_from_the_last_weights(net_class, X, y, few):
    net = net_class(**few, warm_start=True).fit(X, y)
    before = raw_prediction(net, X)
    net.set_params(learning_rate=1e-30, solver="sgd").fit(X, y)
    assert_allclose(raw_prediction(net, X), before, rtol=1e-12)
    net.set_params(warm_start=False, random_state=1).fit(X, y)
    assert not np.allclose(raw_prediction(net, X), before)


def test_without_warm_start_fit_forgets_the_last_one(net_class, X, y, few):
    net = net_class(**few).fit(X[:30] * 7, y[:30])
    again = net.fit(X, y)
    assert again is net
    assert_array_equal(net.theta_, net_class(**few).fit(X, y).theta_)
    assert net.n_iter_ == few["max_iter"]


@pytest.mark.parametrize(
    "change",
    [{"hidden_units": 5}, {"depth": 3}, {"activation": "tanh"}],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_going_on_with_another_shape_is_a_clear_error(
    deep_class, X, y, few, change, method
):
    net = deep_class(**few, warm_start=True).fit(X, y).set_params(**change)
    before = pickle.dumps(vars(net))
    with pytest.raises(ValueError, match=r"was Network\(5-4-4-.*now it is Network"):
        getattr(net, method)(X, y)
    assert pickle.dumps(vars(net)) == before


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_going_on_with_other_settings_of_training_is_fine(net_class, X, y, few, method):
    net = net_class(**few, warm_start=True).fit(X, y)
    net.set_params(
        dropout=0.5, alpha=0.1, solver="momentum", schedule="plateau", batch_size=None
    )
    getattr(net, method)(X, y)
    assert net.n_iter_ == few["max_iter"] * 2 - (2 if method == "partial_fit" else 0)


def test_going_on_with_another_loss_trains_by_it(regressor_class, X, y, few):
    net = regressor_class(**few, warm_start=True).fit(X, y)
    other = regressor_class(**few, warm_start=True).fit(X, y)
    assert_array_equal(net.theta_, other.theta_)
    net.fit(X, y)
    other.set_params(loss="absolute_error").fit(X, y)
    assert not np.allclose(net.theta_, other.theta_)
    with pytest.raises(
        ValueError, match=r"loss='poisson' has a LogLink, but .* IdentityLink"
    ):
        other.set_params(loss="poisson").fit(X, y)


def test_going_on_with_other_data_is_a_clear_error(net_class, X, y, few):
    net = net_class(**few, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but"):
        net.fit(X[:, :3], y)
    with pytest.raises(ValueError, match=r"y (contains|has|and the y)"):
        net.fit(X, np.column_stack([y > 0, y > 1, y > 2]).astype(int))


def test_classes_unknown_to_the_last_fit_are_a_clear_error(classifier_class, X, y, few):
    net = classifier_class(**few, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"label .*5.* not among the classes 0, 1, 2\."):
        net.fit(X, np.where(y == 2, 5, y))
    net.fit(X[y > 0], y[y > 0])  # fewer are fine
    assert_array_equal(net.classes_, [0, 1, 2])


def chunks(X, y):
    for start in range(0, len(y), 20):
        yield X[start : start + 20], y[start : start + 20]


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize(
    ("solver", "schedule"), covering(STOCHASTIC, SCHEDULES, apart=[(0, 1)])
)
def test_partial_fit_survives_pickling_in_the_middle(X, y, pieces, solver, schedule):
    pieces |= {"solver": solver, "schedule": schedule, "dropout": 0.3}
    pieces |= {"batch_size": 6, "max_iter": 10}
    net = ShallowNetClassifier(**pieces)
    pickled = ShallowNetClassifier(**pieces)
    for _ in range(2):
        for X_part, y_part in chunks(X, y):
            net.partial_fit(X_part, y_part, classes=[0, 1, 2])
            pickled.partial_fit(X_part, y_part, classes=[0, 1, 2])
            pickled = pickle.loads(pickle.dumps(pickled))
    assert_array_equal(pickled.theta_, net.theta_)
    assert_array_equal(pickled.predict_proba(X), net.predict_proba(X))
    assert pickled.n_iter_ == 6


def test_partial_fit_learns_from_pieces(net_class, X, y, pieces):
    net = net_class(**pieces | {"hidden_units": 8, "learning_rate": 0.03})
    for _ in range(20):
        for X_part, y_part in chunks(X, y):
            net.partial_fit(X_part, y_part, **all_classes(net))
    assert net.n_iter_ == 60
    assert net.score(X, y) > 0.6


def test_partial_fit_past_the_end_of_its_schedule_is_a_clear_error(X, y, few):
    few["schedule"] = "cosine"
    net = ShallowNetRegressor(**few)
    for _ in range(few["max_iter"]):
        net.partial_fit(X, y)
    before = pickle.dumps(vars(net))
    with pytest.raises(ValueError, match="schedule='cosine' ends after max_iter=3"):
        net.partial_fit(X, y)
    assert pickle.dumps(vars(net)) == before


@pytest.mark.parametrize("sparse", [False, True])
def test_units_that_grow_over_partial_fit_calls_keep_the_weights(
    net_class, X, y, pieces, sparse
):
    convert = csr_array if sparse else np.asarray
    net = net_class(**pieces)
    net.partial_fit(convert(X[:30]), y[:30], **all_classes(net))
    before, units = net.theta_, net._units
    net.set_params(learning_rate=1e-30)
    net.partial_fit(convert(X[30:] * [1e3, 1, 1e-3, 50, 7]), y[30:] + (y[30:] == 9))
    assert not np.allclose(net._units.scale, units.scale)
    assert_allclose(net.theta_, before, rtol=1e-12, atol=1e-20)


def test_another_solver_on_the_same_rows_keeps_the_function(net_class, X, y, pieces):
    """The rows of Adam are longer than those of SGD, by `row_gain`."""
    net = net_class(**pieces).partial_fit(X, y, **all_classes(net_class()))
    before, units = raw_prediction(net, X), net._units
    net.set_params(solver="sgd", learning_rate=1e-30).partial_fit(X, y)
    assert not np.allclose(net._units.scale, units.scale)
    assert_allclose(raw_prediction(net, X), before, rtol=1e-9, atol=1e-12)


def test_given_weights_keep_their_function_and_the_units_of_their_first_part(
    net_class, X, y, few
):
    fitted = net_class(**few).fit(X, y)
    classes = {"classes": [0, 1, 2]} if is_classifier(fitted) else {}
    net = net_class.from_weights(
        fitted.coefs_, fitted.intercepts_, **classes, learning_rate=1e-30
    )
    before = raw_prediction(net, X)
    units = net.partial_fit(X[:30], y[:30])._units
    net.partial_fit(X * 100, y)
    assert_array_equal(net._units.scale, units.scale)
    assert_allclose(raw_prediction(net, X), before, rtol=1e-9, atol=1e-12)


# The first rows say little of the units: a net learns as if it had known them.


def with_known_units(net, X, y):
    """Return `net` after a first call on all rows, with no step, but for its units."""
    settings = {"solver": net.solver, "learning_rate": net.learning_rate}
    net.set_params(solver="sgd", learning_rate=1e-300)
    return net.partial_fit(X, y, **all_classes(net)).set_params(**settings)


def taught_in_parts(net, X, y, n_first, n_passes=20, n_rows=100):
    """Return `net` after some passes, each with a first part of so many rows."""
    ends = [n_first, *range(n_first + n_rows, len(X), n_rows)]
    for _ in range(n_passes):
        for rows in np.split(np.arange(len(X)), ends):
            net.partial_fit(X[rows], y[rows], **all_classes(net))
    return net


def linear_rows(narrow, n_first, seed=0):
    """Return 300 rows, the first ones 1000 times narrower in what is `narrow`."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 4))
    y = X @ [1.0, -0.5, 0.7, 0.2] + 0.1 * rng.normal(size=300)
    X *= [1e-2, 1, 1, 1e3]
    if narrow == "column":
        X[:n_first, 2] = 5 + X[:n_first, 2] / 1000
        X[n_first:, 2] += 5
    elif narrow == "target":
        y[:n_first] /= 1000
    return X, y


def few_units(solver, **params):
    """Return the parameters of a small net that is taught in parts."""
    rate = 0.01 if solver == "rmsprop" else "auto"
    few = {"hidden_units": 12, "solver": solver, "learning_rate": rate}
    return few | {"batch_size": 32, "record_health": False} | params


FIRST_PARTS = [
    (solver, cls, narrow)
    for solver in STOCHASTIC
    for cls, narrow in [
        *((DeepNetRegressor, narrow) for narrow in ("nothing", "column", "target")),
        *((ShallowNetClassifier, narrow) for narrow in ("nothing", "column")),
    ]
]
OF_TWO_SOLVERS = [case for case in FIRST_PARTS if case[0] in ("sgd", "adam")]
FEW_FIRST_PARTS = [OF_TWO_SOLVERS[i] for i in few_of(OF_TWO_SOLVERS)]


@pytest.mark.parametrize(
    "n_first", [1, *(pytest.param(n, marks=SLOW) for n in (2, 16, 64))]
)
@pytest.mark.parametrize(
    ("solver", "cls", "narrow"),
    [
        pytest.param(*case, marks=() if case in FEW_FIRST_PARTS else SLOW)
        for case in FIRST_PARTS
    ],
)
@pytest.mark.parametrize("dtype", [pytest.param("float32", marks=SLOW), "float64"])
def test_partial_fit_learns_as_with_units_known_before(solver, cls, narrow, dtype, n_first):
    X, y = linear_rows(narrow, n_first)
    if is_classifier(cls()):
        y = np.digitize(y, [-0.5, 0.5])
    rest = slice(n_first, None)
    few = few_units(solver, dtype=dtype, random_state=0)
    net = taught_in_parts(cls(**few), X, y, n_first)
    known = with_known_units(cls(**few), X[rest], y[rest])
    known = taught_in_parts(known, X, y, n_first)
    found, expected = (it.score(X[rest], y[rest]) for it in (net, known))
    assert found > expected - 0.02


@pytest.mark.parametrize(
    "solver",
    [name if name == "adam" else pytest.param(name, marks=SLOW) for name in STOCHASTIC],
)
def test_five_passes_teach_on_average_what_they_teach_with_known_units(solver):
    """After few passes one score says little: half of the rows as units move it as much."""
    below = []
    for seed, (narrow, n_first) in enumerate(
        product(["nothing", "column", "target"], [1, 2, 16, 64])
    ):
        X, y = linear_rows(narrow, n_first, seed)
        rest = slice(n_first, None)
        net = DeepNetRegressor(**few_units(solver, random_state=seed))
        known = with_known_units(clone(net), X[rest], y[rest])
        for it in net, known:
            taught_in_parts(it, X, y, n_first, n_passes=5)
        below.append(known.score(X[rest], y[rest]) - net.score(X[rest], y[rest]))
    assert np.mean(below) < 0.02


def test_partial_fit_learns_row_by_row(regressor_class):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    y = X @ rng.normal(size=4) + 0.1 * rng.normal(size=300)
    net = regressor_class(32, random_state=0, record_health=False)
    for i in range(300):
        net.partial_fit(X[[i]], y[[i]])
    assert net.score(X, y) > 0.9


def test_partial_fit_measures_the_units_of_all_rows_so_far(regressor_class, X, y, pieces):
    net = regressor_class(**pieces)
    for X_part, y_part in chunks(X, y):
        net.partial_fit(X_part, y_part)
    assert_allclose(net._units.center, X.mean(axis=0), rtol=1e-10)
    assert_allclose(net._units.scale, X.std(axis=0) / np.sqrt(4 / 5), rtol=1e-10)
    assert_allclose(net._units.target_center, y.mean(), rtol=1e-10)
    assert_allclose(net._units.target_scale, y.std(), rtol=1e-10)


def test_partial_fit_after_fit_keeps_the_units(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    units = net._units
    net.partial_fit(X * 100, y)
    assert_array_equal(net._units.scale, units.scale)
    assert net.n_iter_ == few["max_iter"] + 1


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_units_without_a_center_are_saved_and_trained_further(
    net_class, X, y, few, method, tmp_path
):
    """Nets that were fitted on sparse rows once had such ones."""
    net = net_class(**few, warm_start=True, record_health=False)
    start = {} if method == "fit" else all_classes(net)
    getattr(net, method)(X, y, **start)
    net._units = replace(net._units, center=None)
    before = raw_prediction(net, X)
    net.save(tmp_path / "net.npz")
    loaded = load(tmp_path / "net.npz")
    assert_array_equal(raw_prediction(loaded, X), before)
    assert_allclose(raw_prediction(loaded, csr_array(X)), before, rtol=1e-9, atol=1e-12)
    loaded.set_params(learning_rate=1e-30)
    getattr(loaded, method)(csr_array(X), y)
    assert (loaded._units.center is None) == (method == "fit")
    assert_allclose(raw_prediction(loaded, X), before, rtol=1e-8, atol=1e-10)


def test_partial_fit_takes_a_single_row(net_class, X, y, pieces):
    net = net_class(**pieces)
    for i in range(3):
        net.partial_fit(X[[i]], y[[i]], **all_classes(net))
    assert np.isfinite(raw_prediction(net, X)).all()


def test_a_failing_fit_leaves_a_fitted_net_as_it_was(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    before = pickle.dumps(vars(net))
    for bad_X, bad_y in [
        (np.where(X > 8, np.inf, X), y),
        (X[:, :2], y[:-1]),
        (X[:1], y[:1]),
        (X, np.full(len(y), np.nan)),
    ]:
        with pytest.raises(ValueError, match=r"infinity|missing|inconsistent|minimum of 2"):
            net.fit(bad_X, bad_y)
        assert pickle.dumps(vars(net)) == before
    net.fit(X, y)
    assert pickle.dumps(vars(net)) == before


def test_a_failing_fit_leaves_a_new_net_unfitted(net_class, X, y, few):
    net = net_class(**few)
    with pytest.raises(ValueError, match="infinity"):
        net.fit(np.where(X > 8, np.inf, X), y)
    assert vars(net) == vars(net_class(**few))
    net.fit(X, y)
    assert_array_equal(net.theta_, net_class(**few).fit(X, y).theta_)


# Early stopping and validation data.


@pytest.fixture(scope="module")
def noisy():
    """Few rows, many features, mostly noise: a net soon fits them too well."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 10))
    return X, (X[:, 0] + 2 * rng.normal(size=80) > 0).astype(int)


OVERFIT = {
    "hidden_units": 32,
    "learning_rate": 0.02,
    "schedule": "constant",
    "batch_size": 8,
    "max_iter": 200,
    "n_iter_no_change": 5,
    "early_stopping": True,
    "random_state": 0,
}


def validation_objective(net, X, y, sample_weight=None):
    """Return the mean loss of `net`, in the target's units, without its penalty."""
    if hasattr(net, "decision_function"):
        loss = -net.predict_log_proba(X)[np.arange(len(y)), y]
    else:
        loss = 0.5 * ((y - net.predict(X)) / net._units.target_scale) ** 2
    return np.average(loss, weights=sample_weight)


def uncalibrated(net_class):
    """Return `OVERFIT`, with validation by the net's own loss."""
    classifies = hasattr(net_class, "decision_function")
    return OVERFIT | ({"temperature_scaling": False} if classifies else {})


def test_early_stopping_restores_the_best_epoch_on_the_users_data(net_class, noisy):
    X, y = noisy
    weight = np.random.default_rng(1).uniform(0.1, 4, size=30)
    net = net_class(**uncalibrated(net_class))
    net.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight)
    curve = net.validation_loss_curve_
    assert len(curve) == len(net.loss_curve_) == net.n_iter_ < 200
    assert net.n_iter_ == net.best_iter_ + 5
    assert net.best_iter_ == np.argmin(curve) + 1
    assert_allclose(
        validation_objective(net, X[50:], y[50:], weight), curve.min(), rtol=1e-6
    )
    assert len(net.validation_scores_) == 0
    # the same as a fit that ends at that epoch
    params = OVERFIT | {"early_stopping": False, "n_iter_no_change": np.inf}
    short = net_class(**params | {"max_iter": net.best_iter_}).fit(X[:50], y[:50])
    assert_array_equal(net.theta_, short.theta_)


def test_early_stopping_holds_a_stratified_fraction_out(net_class, noisy):
    X, y = noisy
    params = uncalibrated(net_class)
    net = net_class(**params, validation_fraction=0.25).fit(X, y)
    classes = y if hasattr(net, "classes_") else np.zeros(80)
    held_out = rows_to_hold_out(classes, 20, np.random.RandomState(0))
    train = np.delete(np.arange(80), held_out)
    on_own = net_class(**params)
    on_own.fit(X[train], y[train], X_val=X[held_out], y_val=y[held_out])
    assert_allclose(net.validation_loss_curve_[0], on_own.validation_loss_curve_[0])
    assert_allclose(
        validation_objective(net, X[held_out], y[held_out]),
        net.validation_loss_curve_.min(),
        rtol=1e-6,
    )


def test_the_held_out_rows_are_not_even_measured(regressor_class, noisy):
    X, y = noisy
    net = regressor_class(**OVERFIT, validation_fraction=0.25).fit(X, y)
    held_out = rows_to_hold_out(np.zeros(80), 20, np.random.RandomState(0))
    train = np.delete(np.arange(80), held_out)
    assert_allclose(net._units.center, X[train].mean(axis=0))
    gain = net._units.scale / X[train].std(axis=0)
    assert_allclose(gain, gain[0])
    assert_allclose(net._units.target_center, y[train].mean())


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_early_stopping_on_a_score_restores_the_best_score(net_class, noisy, solver):
    X, y = noisy
    classifies = hasattr(net_class, "decision_function")
    scoring = "balanced_accuracy" if classifies else "neg_mean_absolute_error"
    params = OVERFIT | {"scoring": scoring, "solver": solver}
    if solver == "lbfgs":
        for name in "learning_rate", "schedule", "batch_size":
            del params[name]
    net = net_class(**params)
    weight = np.random.default_rng(1).uniform(0.1, 4, size=30)
    net.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:], sample_weight_val=weight)
    scores = net.validation_scores_
    assert len(scores) == len(net.validation_loss_curve_) == net.n_iter_
    assert net.best_iter_ == np.argmax(scores) + 1
    score = get_scorer(scoring)(net, X[50:], y[50:], sample_weight=weight)
    assert_allclose(score, scores.max())


def test_scoring_may_be_a_callable(noisy):
    X, y = noisy
    seen = []

    def scorer(estimator, X_val, y_val):
        seen.append(estimator.predict_proba(X_val).shape)
        return -float(len(seen))

    net = ShallowNetClassifier(**OVERFIT, scoring=scorer).fit(X, y)
    assert seen == [(8, 2)] * 6
    assert_array_equal(net.validation_scores_, [-1, -2, -3, -4, -5, -6])
    assert net.best_iter_ == 1


def positive(y):
    return y + 1.0


def seen_by_a_scorer(net, look, *data, **validation):
    """Return what `look` finds out about the estimator of each epoch that is scored."""
    seen = []

    def scorer(estimator, X, y):
        seen.append(look(estimator, X))
        return float(len(seen))

    net.set_params(scoring=scorer, early_stopping=True).fit(*data, **validation)
    return seen


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_scorer_sees_what_a_fit_that_ended_there_would_be(net_class, X, y, solver):
    params = {"hidden_units": 4, "solver": solver, "max_iter": 4, "random_state": 0}
    if solver == "adam":
        params |= {"schedule": "constant", "batch_size": 16}

    def look(estimator, X):
        return estimator.n_iter_, estimator.loss_, estimator.predict(X), vars(estimator)

    own = {"X_val": X[:20], "y_val": y[:20]}  # the last epoch is the best of each fit
    seen = seen_by_a_scorer(net_class(**params), look, X[:40], y[:40], **own)
    assert [n_iter for n_iter, *_ in seen] == [1, 2, 3, 4]
    for n_iter, loss, prediction, attributes in seen:
        short = net_class(**params | {"max_iter": n_iter, "early_stopping": True})
        short.fit(X[:40], y[:40], **own)
        assert_array_equal(prediction, short.predict(X[:20]))
        for curve in ("loss_curve_", "validation_loss_curve_"):
            assert_array_equal(attributes[curve], getattr(short, curve))
        assert loss == attributes["loss_curve_"][-1]
        assert len(attributes["validation_scores_"]) == n_iter


def test_a_scorer_of_a_first_gamma_fit_gets_a_distribution(regressor_class, X, y, few):
    net = regressor_class(**few, loss="gamma")
    own = {"X_val": X[40:], "y_val": positive(y[40:])}

    def look(estimator, X):
        return estimator.dispersion_, estimator.predict_proba(X).std()

    seen = seen_by_a_scorer(net, look, X[:40], positive(y[:40]), **own)
    assert len(seen) == 3
    for n_iter, (dispersion, std) in enumerate(seen, start=1):
        short = regressor_class(**few | {"max_iter": n_iter}, loss="gamma")
        short.fit(X[:40], positive(y[:40]))
        assert_allclose(dispersion, short.dispersion_)
        assert_allclose(std, short.predict_proba(X[40:]).std())


@pytest.mark.parametrize("loss", ["gamma", "gaussian", "squared_error"])
def test_a_scorer_of_a_second_fit_sees_none_of_the_first(regressor_class, X, y, few, loss):
    net = regressor_class(**few, loss=loss).fit(X[:40], 50 * positive(y[:40]))
    net.conformalize(X[40:], 50 * positive(y[40:]))
    own = {"X_val": X[40:], "y_val": positive(y[40:])}

    def look(estimator, X):
        has_interval = hasattr(estimator, "predict_interval")
        interval = estimator.predict_interval(X) if has_interval else None
        return getattr(estimator, "dispersion_", None), interval

    again = seen_by_a_scorer(net, look, X[:40], positive(y[:40]), **own)
    new = regressor_class(**few, loss=loss)
    first = seen_by_a_scorer(new, look, X[:40], positive(y[:40]), **own)
    for before, now in zip(first, again, strict=True):
        assert (now[1] is None) == (loss == "squared_error")
        for mine, other in zip(now, before, strict=True):
            assert_array_equal(mine, other)


def test_a_scorer_sees_the_temperature_of_its_own_epoch(classifier_class, X, y, few):
    net = classifier_class(**few, temperature_scaling=True)
    net.fit(X, y, X_val=X[:20], y_val=y[::-1][:20])
    of_the_last_fit = net.temperature_
    own = {"X_val": X[40:], "y_val": y[40:]}

    def look(estimator, X):
        return estimator.temperature_, estimator.predict_proba(X)

    seen = seen_by_a_scorer(net, look, X[:40], y[:40], **own)
    for n_iter, (temperature, probability) in enumerate(seen, start=1):
        params = few | {"max_iter": n_iter, "temperature_scaling": True}
        short = classifier_class(**params).fit(X[:40], y[:40], **own)
        assert temperature == short.temperature_ != of_the_last_fit
        assert_array_equal(probability, short.predict_proba(X[40:]))


def test_the_log_loss_as_a_scorer_is_of_calibrated_nets(classifier_class, X, y):
    params = {"hidden_units": 8, "max_iter": 20, "early_stopping": True, "random_state": 0}
    own = {"X_val": X[40:], "y_val": y[40:]}
    net = classifier_class(**params, scoring="neg_log_loss").fit(X[:40], y[:40], **own)
    best = net.validation_scores_.max()
    assert_allclose(best, get_scorer("neg_log_loss")(net, X[40:], y[40:]))
    raw = classifier_class(**params, scoring="neg_log_loss", temperature_scaling=False)
    raw.fit(X[:40], y[:40], **own)
    assert not np.allclose(net.validation_scores_, raw.validation_scores_)


def test_validation_data_without_early_stopping_only_watch(net_class, noisy, few):
    X, y = noisy
    few |= {"early_stopping": False}
    net = net_class(**few).fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    alone = net_class(**few).fit(X[:50], y[:50])
    assert_array_equal(net.theta_, alone.theta_)
    assert len(net.validation_loss_curve_) == net.n_iter_ == few["max_iter"]
    assert_allclose(
        net.validation_loss_curve_[-1], validation_objective(net, X[50:], y[50:])
    )
    assert len(alone.validation_loss_curve_) == 0


def test_half_given_validation_data_are_an_error(net_class, X, y, weight, few):
    net = net_class(**few)
    with pytest.raises(ValueError, match="X_val was given without y_val"):
        net.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="y_val was given without X_val"):
        net.fit(X, y, y_val=y)
    with pytest.raises(ValueError, match="sample_weight_val was given without X_val"):
        net.fit(X, y, sample_weight_val=weight)
    with pytest.raises(ValueError, match="X_val has 2 features"):
        net.fit(X, y, X_val=X[:, :2], y_val=y)
    with pytest.raises(ValueError, match="sample_weight_val must not be negative"):
        net.fit(X, y, X_val=X, y_val=y, sample_weight_val=-weight)
    assert not hasattr(net, "theta_")


def test_validation_labels_must_be_among_the_classes(classifier_class, X, y, few):
    net = classifier_class(**few)
    words = "y_val contains the label 3, which is not among the classes 0, 1, 2. Give fit"
    with pytest.raises(ValueError, match=words):
        net.fit(X, y, X_val=X, y_val=y + 1)
    with pytest.raises(ValueError, match=r"the label '[012]', .* Convert y_val to the"):
        net.fit(X, y, X_val=X, y_val=y.astype(str))


def test_early_stopping_with_weights_of_zero_scores_the_users_rows(net_class, X, y, few):
    import pandas as pd

    frame = pd.DataFrame(X, columns=list("abcde"))
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    classifies = hasattr(net_class, "decision_function")
    scoring = "accuracy" if classifies else "r2"
    params = few | {"early_stopping": True, "scoring": scoring, "validation_fraction": 0.3}
    net = net_class(**params).fit(frame, y, sample_weight=weight)
    kept = np.flatnonzero(weight)
    classes = y[kept] if classifies else np.zeros(len(kept))
    n_held_out = round(0.3 * len(kept))
    held_out = kept[rows_to_hold_out(classes, n_held_out, np.random.RandomState(0))]
    assert_allclose(net.score(frame.iloc[held_out], y[held_out]),
                    net.validation_scores_.max())  # fmt: skip


def test_validation_data_pass_through_a_pipeline_by_metadata_routing(net_class, X, y, few):
    with config_context(enable_metadata_routing=True):
        net = net_class(**few).set_fit_request(X_val=True, y_val=True)
        double = FunctionTransformer(lambda X: 2 * X)
        pipeline = make_pipeline(double, net, transform_input=["X_val"])
        pipeline.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    routed = pipeline[-1]
    direct = net_class(**few)
    direct.fit(2 * X[:40], y[:40], X_val=2 * X[40:], y_val=y[40:])
    assert_array_equal(routed.validation_loss_curve_, direct.validation_loss_curve_)
    assert_array_equal(routed.theta_, direct.theta_)


def test_sample_weights_are_routed(net_class, X, y, weight, few):
    with config_context(enable_metadata_routing=True):
        net = net_class(**few).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(FunctionTransformer(), net)
        pipeline.fit(X, y, sample_weight=weight)
    direct = net_class(**few).fit(X, y, sample_weight=weight)
    assert_array_equal(pipeline[-1].theta_, direct.theta_)


# History.


def test_history_is_arrays_of_one_value_an_epoch(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    for name in CURVES:
        curve = getattr(net, name)
        assert isinstance(curve, np.ndarray)
        assert curve.shape == ((0,) if name.startswith("validation") else (3,))
    assert_array_equal(net.learning_rate_curve_, 0.01)
    assert net.loss_ == net.loss_curve_[-1]
    assert net.n_iter_ == 3


def test_learning_rate_curve_is_nan_for_lbfgs(net_class, X, y):
    net = net_class(4, solver="lbfgs", early_stopping=True, max_iter=5).fit(X, y)
    assert np.isnan(net.learning_rate_curve_).all()
    assert len(net.learning_rate_curve_) == net.n_iter_


def test_objective_of_the_history_contains_the_penalty(X, y):
    params = {"depth": 0, "solver": "lbfgs", "alpha": 0.3, "tol": 1e-7}
    net = DeepNetRegressor(**params).fit(X, y)
    standard = net._units.scale[:, np.newaxis] / net._units.target_scale * net.coefs_[0]
    penalty = 0.15 * (standard**2).sum()
    assert_allclose(net.loss_, validation_objective(net, X, y) + penalty)


@pytest.mark.parametrize("batch_size", [1, 7, 60])
def test_the_loss_of_an_epoch_is_the_weighted_mean_over_its_rows(
    net_class, X, y, weight, few, batch_size
):
    few |= {"batch_size": batch_size, "learning_rate": 1e-30, "max_iter": 1, "alpha": 0}
    if hasattr(net_class, "decision_function"):
        few["label_smoothing"] = 0.0
    net = net_class(**few).fit(X, y, sample_weight=weight)
    assert_allclose(net.loss_, validation_objective(net, X, y, weight), rtol=1e-9)


# Units.


def columns_in_other_units(n_features):
    return 10.0 ** np.linspace(-6, 6, n_features)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
@pytest.mark.parametrize("target_unit", [1e-6, 1e6])
def test_regressors_do_not_see_units(X, y, loss, solver, target_unit):
    X, y = X.copy(), y + 0.5
    params = {"loss": loss, "solver": solver, "max_iter": 20, "activation": "tanh"}
    if solver == "adam":
        params |= {"n_iter_no_change": np.inf, "batch_size": 16, "learning_rate": 0.01}
    else:
        params |= {"early_stopping": True, "n_iter_no_change": np.inf}
    net = ShallowNetRegressor(8, random_state=0, **params).fit(X, y)
    units = columns_in_other_units(X.shape[1])
    other = ShallowNetRegressor(8, random_state=0, **params)
    other.fit(X * units, y * target_unit)
    prediction = other.predict(X * units) / target_unit
    assert_allclose(prediction, net.predict(X), rtol=1e-6, atol=1e-6)
    # weights are in the user's units: they take the ones of X and y with them
    assert_allclose(other.coefs_[0] * units[:, np.newaxis], net.coefs_[0], rtol=1e-4,
                    atol=1e-6)  # fmt: skip


@pytest.mark.parametrize("activation", ["relu", "prelu", "maxout"])
def test_classifiers_do_not_see_units(classifier_class, X, y, weight, few, activation):
    few["activation"] = activation
    units = columns_in_other_units(X.shape[1])[::-1]
    net = classifier_class(**few).fit(X, y, sample_weight=weight)
    other = classifier_class(**few).fit(X * units, y, sample_weight=weight)
    assert_allclose(other.predict_proba(X * units), net.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("sparse", [False, True])
def test_partial_fit_does_not_see_units(net_class, X, y, pieces, sparse):
    convert = csr_array if sparse else np.asarray
    units = columns_in_other_units(X.shape[1])
    raw = []
    for unit in 1, units:
        net = net_class(**pieces)
        for _ in range(2):
            for X_part, y_part in chunks(X * unit, y):
                net.partial_fit(convert(X_part), y_part, **all_classes(net))
        raw.append(raw_prediction(net, convert(X * unit)))
    assert_allclose(raw[0], raw[1], rtol=1e-6, atol=1e-8)


def test_units_far_from_zero_and_constant_columns_do_no_harm(net_class, X, y, few):
    moved = np.column_stack([X + 1e6, np.full(len(X), 1e9), np.zeros(len(X))])
    net = net_class(**few | {"max_iter": 60}).fit(moved, y)
    assert net.score(moved, y) > 0.6


def test_without_standardize_the_net_takes_the_data_as_they_are(net_class, X, y, few):
    net = net_class(**few, standardize=False).fit(X, y)
    params = net.network_.views(net.theta_)
    assert_array_equal(params[0]["weight"], net.coefs_[0])
    assert_array_equal(params[-1]["bias"], net.intercepts_[-1])


def test_standardize_equals_a_scaler_before_the_net(classifier_class, X, y, weight, few):
    few |= {"solver": "sgd"}  # Adam's rows are longer, by `row_gain`
    Z = StandardScaler().fit(X, sample_weight=weight).transform(X)
    net = classifier_class(**few).fit(X, y, sample_weight=weight)
    scaled = classifier_class(**few, standardize=False).fit(Z, y, sample_weight=weight)
    assert_allclose(net.predict_proba(X), scaled.predict_proba(Z), rtol=1e-8)


@pytest.mark.filterwarnings("ignore:The loss was still improving")
@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_are_longer_for_hidden_layers_and_steps_of_one_size(X, y, few, solver, depth):
    few |= {"solver": solver, "depth": depth, "hidden_units": 20, "max_iter": 2}
    if solver == "lbfgs":
        few = {name: few[name] for name in ("solver", "depth", "hidden_units", "max_iter")}
    rare = np.arange(60) % 30 == 0
    net = DeepNetRegressor(**few, record_health=False)
    net.fit(np.column_stack([X[:, :4], rare]), y)
    standard = [*X[:, :4].std(axis=0), rare.std()]
    longer = [*X[:, :4].std(axis=0) / 2, 1 / 3 / 2]
    gains = depth and solver in ("rmsprop", "adam", "adamw")
    assert_allclose(net._units.scale, longer if gains else standard)


def test_longer_rows_start_from_the_same_function(net_class, X, y, few):
    few |= {"learning_rate": 1e-30, "max_iter": 1, "alpha": 0, "hidden_units": 20}
    adam, sgd = (net_class(**few, solver=solver).fit(X, y) for solver in ("adam", "sgd"))
    assert_allclose(raw_prediction(adam, X), raw_prediction(sgd, X), rtol=1e-9, atol=1e-12)


def test_output_bias_starts_at_the_best_constant(X, y, weight):
    tiny = {"init_scale": 0, "learning_rate": 1e-30, "max_iter": 1, "alpha": 0}
    tiny |= {"n_iter_no_change": np.inf, "hidden_units": 3, "record_health": False}
    net = ShallowNetClassifier(**tiny, label_smoothing=0.0)
    net.fit(X, y, sample_weight=weight)
    shares = np.bincount(y, weights=weight) / weight.sum()
    assert_allclose(net.predict_proba(X), np.tile(shares, (len(X), 1)), rtol=1e-10)
    for loss, constant in [
        ("squared_error", np.average(y, weights=weight)),
        ("poisson", np.average(y, weights=weight)),
        ("absolute_error", np.quantile(y, 0.5, weights=weight, method="inverted_cdf")),
    ]:
        net = ShallowNetRegressor(**tiny, loss=loss).fit(X, y, sample_weight=weight)
        assert_allclose(net.predict(X), constant, rtol=1e-10)


def test_init_scale_multiplies_every_start(net_class, X, y, few):
    from skshallow.initializers import INITIALIZERS

    few |= {"learning_rate": 1e-30, "alpha": 0, "max_iter": 1, "standardize": False}
    few |= {"record_health": False}
    for init in INITIALIZERS.keys() - {"zeros"}:
        one = net_class(**few, init=init).fit(X, y).coefs_
        three = net_class(**few, init=init, init_scale=3).fit(X, y).coefs_
        for small, large in zip(one, three, strict=True):
            assert_allclose(large, 3 * small)
            assert small.any()


def test_fitting_changes_no_parameter(net_class, X, y, few):
    net = net_class(**few)
    before = copy.deepcopy(net.get_params())
    assert net.fit(X, y).get_params() == before


def test_multilabel_validation_is_a_plain_split(X, y, few):
    Y = np.column_stack([y > 0, y > 1]).astype(int)
    net = DeepNetClassifier(**few, early_stopping=True).fit(X, Y)
    assert len(net.validation_loss_curve_) == net.n_iter_


def test_curves_keep_their_length_where_only_some_calls_validate(X, y, few):
    net = ShallowNetRegressor(**few, warm_start=True).fit(X, y)
    net.fit(X, y, X_val=X, y_val=y).fit(X, y)
    curve = net.validation_loss_curve_
    assert len(curve) == net.n_iter_ == 9
    assert np.isfinite(curve).tolist() == [False] * 3 + [True] * 3 + [False] * 3
    assert len(net.validation_scores_) == 0
