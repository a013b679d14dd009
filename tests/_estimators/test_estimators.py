"""Across modules: all estimators by scikit-learn's checks and conventions."""

import html
import inspect
import pickle
from unittest import SkipTest

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from scipy.sparse import coo_array, csc_array, csc_matrix, csr_array, csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state, estimator_checks, get_tags

import skshallow
from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow._estimators.base import FITTED_ATTRIBUTES
from skshallow._estimators.classifier import FittedClasses
from skshallow._estimators.prediction import FittedNet
from skshallow.solvers import Adam

# They compare up to 1e-7 what differs by rounding at first, which 500 epochs of the default
# amplify, on some processors beyond that; see `test_weights` for what is guaranteed.
AMPLIFYING = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)
# They fit a net for each of many containers, and look at shapes, dtypes and equality.
OF_CONTAINERS = ("check_array_api_", "check_estimator_sparse_")
NETS = [ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor]


def checks_of(net):
    """Return what `check_estimator` runs for a net: (name, net, check) each."""
    checks = estimator_checks.estimator_checks_generator(net)
    return [(check.func.__name__, net, check) for net, check in checks]


def fast_checks():
    """Return the names of the checks that the fast tests run with defaults, for each net.

    A shallow net runs each of them but for those of containers: the regressor, or the
    classifier where the regressor has none of this name.
    """
    names = {
        cls: {name for name, _, _ in checks_of(cls()) if not name.startswith(OF_CONTAINERS)}
        for cls in (ShallowNetRegressor, ShallowNetClassifier)
    }
    names[ShallowNetClassifier] -= names[ShallowNetRegressor]
    return names


def parameters_of_checks():
    """Return a parameter for each check of each net, but for those that amplify.

    Every net runs all of them, with few epochs and, mostly in slow tests, with defaults.
    """
    fast = fast_checks()
    return [
        pytest.param(
            name,
            net,
            check,
            id=f"{net}-{name}",
            marks=()
            if net.max_iter == 20 or name in fast.get(type(net), ())
            else pytest.mark.slow,
        )
        for cls in NETS
        for net in (cls(max_iter=20), cls())
        for name, net, check in checks_of(net)
        if name not in AMPLIFYING
    ]


# One check gives a class a ten-millionth of the weight of the other: nothing is to be
# learned, and the penalty lets units die. `partial_fit` has no use for few epochs.
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore::skshallow.exceptions.DeadUnitsWarning",
    "ignore:max_iter=20 has no effect with partial_fit",
)
@pytest.mark.parametrize(("name", "net", "check"), parameters_of_checks())
def test_every_check_of_scikit_learn_passes(name, net, check):
    try:
        check(net)
    except SkipTest as reason:
        wants_a_library = name.startswith("check_array_api")  # or a device
        if not wants_a_library or "array_api_strict" in str(reason):
            pytest.fail(f"{name} was skipped: {reason}")


@pytest.mark.parametrize("check", AMPLIFYING)
def test_checks_that_compare_two_trainings_pass_with_fewer_epochs(net_class, check):
    getattr(estimator_checks, check)(net_class.__name__, net_class(max_iter=50))


def test_there_are_the_checks_of_all_declared_tags(net_class):
    names = {name for name, _, _ in checks_of(net_class())}
    assert len(names) > 50
    wanted = {
        "check_estimator_sparse_array",
        "check_estimator_sparse_matrix",
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
        "check_readonly_memmap_input",
    }
    if hasattr(net_class, "decision_function"):
        wanted |= {
            "check_classifiers_multilabel_representation_invariance",
            "check_classifiers_multilabel_output_format_predict",
            "check_classifiers_multilabel_output_format_predict_proba",
            "check_classifiers_multilabel_output_format_decision_function",
            "check_class_weight_classifiers",
        }
    else:
        wanted |= {"check_regressor_multioutput"}
    assert wanted <= names


def test_array_api_dispatch_changes_nothing(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    with config_context(array_api_dispatch=True):
        dispatched = net_class(**few).fit(X, y)
        prediction = dispatched.predict(X)
        score = dispatched.score(X, y)
    assert_array_equal(prediction, net.predict(X))
    assert score == net.score(X, y)


def test_tags_declare_what_the_nets_support(net_class):
    tags = get_tags(net_class())
    assert tags.input_tags.sparse
    assert tags.target_tags.multi_output
    assert not tags.non_deterministic
    assert not tags.no_validation
    if hasattr(net_class, "decision_function"):
        assert tags.estimator_type == "classifier"
        assert tags.classifier_tags.multi_label
        assert tags.classifier_tags.multi_class
    else:
        assert tags.estimator_type == "regressor"


def test_what_auto_became_is_whole_in_html_and_in_verbose_output(net_class, X, y, capsys):
    net = net_class(max_iter=2, verbose=True, random_state=0).fit(X, y)
    resolved = net.resolved_params_
    assert type(resolved) is dict
    for shown in (net, make_pipeline(StandardScaler(), net)):
        assert f"<td>{resolved}</td>" in html.unescape(shown._repr_html_())
    line, *_ = capsys.readouterr().out.splitlines()
    for name, value in resolved.items():
        assert name == "init" or value is None or f"{name}={value}" in line
    names = ["he_normal"] * (len(resolved["init"]) - 1) + ["glorot_normal"]
    assert f"init={names}" in line


def test_the_package_exports_estimators_a_transformer_and_three_helpers():
    assert set(skshallow.__all__) == {
        "DeepNetClassifier", "DeepNetRegressor", "HiddenFeatures", "ShallowNetClassifier",
        "ShallowNetRegressor", "__version__", "load", "show_versions",
    }  # fmt: skip
    assert all(hasattr(skshallow, name) for name in skshallow.__all__)


# Kinds of input.


def frames(X):
    """Return X in the containers that name their columns."""
    columns = list("abcde")
    return pd.DataFrame(X, columns=columns), pl.DataFrame(np.array(X), schema=columns)


def test_dense_containers_give_the_same_model(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    pandas, polars = frames(X)
    for rows, targets in [
        (X.tolist(), y.tolist()),
        (np.asfortranarray(X), y.astype(np.int8)),
        (np.repeat(X, 2, axis=0)[::2], np.repeat(y, 3)[::3]),
        (pandas, pd.Series(y)),
        (polars, pl.Series(y)),
        (pandas.astype(object), y),
    ]:
        same = net_class(**few).fit(rows, targets)
        # sums over rows and columns round differently by the order in memory
        assert_allclose(same.theta_, net.theta_, rtol=1e-11)
        assert_allclose(raw_prediction(same, rows), raw_prediction(net, X), rtol=1e-11)


SPARSE = [csr_array, csc_array, csr_matrix, csc_matrix, coo_array]


@pytest.mark.parametrize("container", SPARSE, ids=lambda container: container.__name__)
def test_sparse_containers_give_the_same_model(net_class, X, y, few, container):
    thin = np.where(np.abs(X) > 1, X, 0)
    net = net_class(**few).fit(csr_array(thin), y)
    same = net_class(**few).fit(container(thin), y)
    assert_array_equal(same.theta_, net.theta_)
    assert_array_equal(same.predict(container(thin)), net.predict(csr_array(thin)))


def test_a_net_fitted_on_dense_rows_takes_sparse_ones(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    assert_allclose(
        raw_prediction(net, csr_array(X)), raw_prediction(net, X), rtol=1e-9, atol=1e-12
    )
    for sparse, dense in zip(
        net.hidden_activations(csr_array(X)), net.hidden_activations(X), strict=True
    ):
        assert_allclose(sparse, dense, rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
def test_continuing_with_sparse_instead_of_dense_rows_keeps_the_function(
    net_class, X, y, few
):
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    for first, second in [(np.asarray, csr_array), (csr_array, np.asarray)]:
        for method, arguments in [("fit", {}), ("partial_fit", classes)]:
            net = net_class(**few, warm_start=True)
            getattr(net, method)(first(X), y, **arguments)
            before = raw_prediction(net, X)
            net.set_params(learning_rate=1e-30)
            getattr(net, method)(second(X), y)
            assert_allclose(raw_prediction(net, X), before, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("batch_size", [7, None])
def test_training_continues_with_sparse_rows_as_with_dense_ones(
    net_class, X, y, few, batch_size
):
    few["batch_size"] = batch_size
    dense, sparse = (net_class(**few, warm_start=True).fit(X, y) for _ in "ab")
    assert_allclose(
        sparse.fit(csr_array(X), y).theta_, dense.fit(X, y).theta_, rtol=1e-8, atol=1e-10
    )


def test_validation_rows_may_be_sparse_where_training_rows_are_dense(net_class, X, y, few):
    dense = net_class(**few).fit(X, y, X_val=X, y_val=y)
    mixed = net_class(**few).fit(X, y, X_val=csr_array(X), y_val=y)
    assert_allclose(mixed.validation_loss_curve_, dense.validation_loss_curve_)


def test_inputs_are_left_unchanged_whatever_their_form(net_class, X, y, weight, few):
    few |= {"batch_size": None, "early_stopping": True}
    for rows in X, csr_array(X), np.asfortranarray(X), X.astype(np.float32):
        arrays = [rows.data if hasattr(rows, "indptr") else rows, y.copy(), weight.copy()]
        before = [array.copy() for array in arrays]
        for array in arrays:
            array.flags.writeable = False
        net = net_class(**few)
        net.fit(rows, arrays[1], sample_weight=arrays[2])
        net.fit(rows, arrays[1], X_val=rows, y_val=arrays[1], sample_weight_val=arrays[2])
        net.predict(rows)
        net.hidden_activations(rows)
        for array, copy in zip(arrays, before, strict=True):
            assert_array_equal(array, copy)


# Precision.


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_float32_stays_float32(net_class, X, y, weight, few, solver, sparse):
    if solver == "lbfgs":
        few = {"hidden_units": 4, "max_iter": 5, "random_state": 0, "early_stopping": True}
        few["solver"] = solver
    single = X.astype(np.float32)
    rows = csr_array(single) if sparse else single
    net = net_class(**few).fit(rows, y, sample_weight=weight)
    arrays = [*net.coefs_, *net.intercepts_, *net.hidden_activations(rows), net.theta_]
    if hasattr(net, "classes_"):
        arrays += [net.decision_function(rows), net.predict_proba(rows)]
        arrays += [net.predict_log_proba(rows)]
    else:
        arrays += [net.predict(rows)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    double = net_class(**few).fit(rows.astype(np.float64), y, sample_weight=weight)
    assert double.theta_.dtype == np.float64
    assert_allclose(raw_prediction(net, rows), raw_prediction(double, rows), atol=0.02)


def test_integers_are_computed_in_float64(net_class, X, y, few):
    whole = np.round(X * 10).astype(int)
    net = net_class(**few).fit(whole, y)
    assert net.theta_.dtype == np.float64
    assert_array_equal(net.theta_, net_class(**few).fit(whole.astype(float), y).theta_)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_sets_the_precision(net_class, X, y, few, dtype):
    for rows in X, X.astype(np.float32):
        net = net_class(**few, dtype=dtype).fit(rows, y)
        assert net.theta_.dtype == raw_prediction(net, X).dtype == np.dtype(dtype)
        assert raw_prediction(net, X.astype(np.float32)).dtype == np.dtype(dtype)


def test_large_offsets_do_not_spoil_float32(X, y, few):
    rows = X + np.array([0, 1e5, 0, 0, 0])
    single = ShallowNetRegressor(**few, dtype="float32").fit(rows, y)
    double = ShallowNetRegressor(**few).fit(rows, y)
    assert_allclose(single.predict(rows), double.predict(rows), atol=1e-4)


# Feature names.


def test_feature_names_are_kept_and_checked(net_class, X, y, few):
    for frame in frames(X):
        net = net_class(**few).fit(frame, y)
        assert_array_equal(net.feature_names_in_, list("abcde"))
        assert net.n_features_in_ == 5
        with pytest.raises(ValueError, match="feature names should match"):
            net.predict(frame[["b", "a", "c", "d", "e"]])
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            net.predict(X)
    assert not hasattr(net_class(**few).fit(X, y), "feature_names_in_")


def test_frames_are_validated_and_scored_under_their_names(net_class, X, y, few):
    scoring = "accuracy" if hasattr(net_class, "decision_function") else "r2"
    few |= {"early_stopping": True, "scoring": scoring}
    pandas, polars = frames(X)
    net = net_class(**few).fit(pandas, y)  # a warning would be an error
    same = net_class(**few).fit(polars, y)
    assert_array_equal(net.validation_scores_, same.validation_scores_)
    own = net_class(**few).fit(pandas, y, X_val=pandas, y_val=pd.Series(y))
    assert_allclose(own.validation_scores_.max(), own.score(pandas, y))


# Bad input.


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.full((60, 5), np.inf), "infinity or numbers too large in column 0 .60 values"),
        (np.zeros(60), "Expected 2D array, got 1D array"),
        (np.zeros((60, 5, 2)), r"[Dd]im 3|dimension"),
        (np.zeros((60, 0)), r"0 feature\(s\)"),
        (np.zeros((0, 5)), r"0 sample\(s\)|inconsistent"),
        (np.zeros((59, 5)), "inconsistent numbers of samples"),
        (np.zeros((60, 5), complex), "Complex data not supported"),
        (csr_array(np.full((60, 5), np.nan)), "X is sparse and has 300 missing values"),
        ("rows", "X is 'rows', and must be a table"),
    ],
    ids=["inf", "1d", "3d", "no columns", "no rows", "short",
         "complex", "sparse nan", "scalar"],
)  # fmt: skip
def test_unusable_rows_are_refused(net_class, X, y, few, rows, message):
    net = net_class(**few)
    with pytest.raises(ValueError, match=rf"(?:{message})"):
        net.fit(rows, y)
    assert vars(net) == vars(net_class(**few))
    if "inconsistent" not in message:
        with pytest.raises(ValueError, match=rf"(?:{message})"):
            net.fit(X, y).predict(rows)


def test_one_row_is_too_few_to_fit(net_class, X, y, few):
    with pytest.raises(ValueError, match=r"1 sample\(s\).* minimum of 2 is required"):
        net_class(**few).fit(X[:1], y[:1])


def test_a_missing_target_is_refused(net_class, X, few):
    with pytest.raises(ValueError, match="requires y to be passed"):
        net_class(**few).fit(X, None)


def test_too_few_rows_to_hold_out_are_refused(classifier_class, X, y, few):
    net = classifier_class(**few, early_stopping=True)
    with pytest.raises(ValueError, match=r"cannot hold .* of 2 rows out.* each class"):
        net.fit(X[:2], [0, 1])
    assert not hasattr(net, "theta_")


# Habits.


def test_clones_and_pickles_are_equal_estimators(net_class, X, y, few):
    net = net_class(**few, solver=Adam(beta_1=0.8)).fit(X, y)
    copy = clone(net)
    assert not hasattr(copy, "theta_")
    assert_array_equal(copy.fit(X, y).theta_, net.theta_)
    loaded = pickle.loads(pickle.dumps(net))
    assert_array_equal(loaded.predict(X), net.predict(X))
    assert loaded.get_params() == net.get_params()
    for name in vars(net):
        assert hasattr(loaded, name)


def test_the_repr_shows_what_differs_from_the_defaults(net_class):
    assert repr(net_class()) == f"{net_class.__name__}()"
    shown = repr(net_class(7, activation="tanh"))
    assert shown == f"{net_class.__name__}(activation='tanh', hidden_units=7)"


def test_the_html_shows_parameters(net_class, X, y, few):
    assert "hidden_units" in net_class(**few)._repr_html_()
    assert net_class.__name__ in net_class(**few).fit(X, y)._repr_html_()


SITE = "https://docs.example/api/skshallow.{estimator_name}.html"


def test_the_html_links_to_a_site_only_if_one_is_configured(net_class, monkeypatch):
    assert f"Documentation for {net_class.__name__}" not in net_class()._repr_html_()
    monkeypatch.setattr(net_class, "_doc_link_template", SITE)
    html = net_class()._repr_html_()
    assert f"Documentation for {net_class.__name__}" in html
    assert SITE.format(estimator_name=net_class.__name__) in html


@pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning")
def test_a_grid_search_sweeps_activations_init_scales_and_components(net_class, X, y, few):
    grid = {
        "net__activation": ["relu", "tanh"],
        "net__init_scale": [1e-3, 1.0],
        "net__solver": ["sgd", Adam(beta_2=0.9)],
    }
    pipeline = make_pipeline(StandardScaler(), net_class(**few))
    pipeline.steps[-1] = ("net", pipeline[-1])
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 8
    assert np.isfinite(scores).all()


def test_a_grid_search_over_init_scale_changes_the_fit(net_class, X, y, few):
    classifies = hasattr(net_class, "decision_function")
    scoring = "neg_log_loss" if classifies else "neg_mean_squared_error"
    grid = {"init_scale": [0, 0.01, 0.1, 1, 10], "init": ["auto", "orthogonal", "uniform"]}
    net = net_class(**few, record_health=False)
    search = GridSearchCV(net, grid, cv=2, scoring=scoring).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 4 * 3 + 1  # at scale 0 all are the same


def test_cross_validation_gives_finite_scores(classifier_class, X, y, few):
    net = classifier_class(**few | {"max_iter": 40, "learning_rate": 0.03})
    scores = cross_val_score(net, X, y, cv=3, scoring="neg_log_loss")
    assert np.isfinite(scores).all()


def test_multi_output_classifier_wraps_several_targets_of_classes(X, y, few):
    Y = np.column_stack([y, 2 - y])
    net = MultiOutputClassifier(ShallowNetClassifier(**few)).fit(X, Y)
    assert net.predict(X).shape == Y.shape


def test_random_states_of_every_kind_make_fits_reproducible(net_class, X, y, few):
    del few["random_state"]
    before = check_random_state(None).get_state()[1].copy()
    for make in [
        lambda: 7,
        lambda: np.random.RandomState(7),
        lambda: np.random.default_rng(7),
        lambda: np.random.Generator(np.random.MT19937(7)),
    ]:
        first, second = (net_class(**few, random_state=make()).fit(X, y) for _ in "ab")
        assert_array_equal(first.theta_, second.theta_)
    for shared in [np.random.RandomState(7), np.random.default_rng(7)]:
        one, two = (net_class(**few, random_state=shared).fit(X, y) for _ in "ab")
        assert (one.theta_ != two.theta_).any()
    assert_array_equal(check_random_state(None).get_state()[1], before)
    free = [net_class(**few).fit(X, y).theta_ for _ in "ab"]
    assert (free[0] != free[1]).any()


def test_a_generator_draws_the_held_out_rows_and_is_copied_by_clones(net_class, few):
    X = np.random.default_rng(0).normal(size=(300, 5))
    y = X[:, 0] > 0
    few["random_state"] = np.random.default_rng(7)
    net = net_class(**few, early_stopping=True)
    copies = [clone(net).fit(X, y), pickle.loads(pickle.dumps(net)).fit(X, y)]
    curve = net.fit(X, y).validation_loss_curve_
    for copied in copies:
        assert_array_equal(copied.validation_loss_curve_, curve)
        assert_array_equal(copied.theta_, net.theta_)
    assert (net.fit(X, y).validation_loss_curve_ != curve).any()
    grid = {"init_scale": [0.5, 1.0]}
    searches = [
        GridSearchCV(net.set_params(random_state=np.random.default_rng(3)), grid, cv=2)
        for _ in "ab"
    ]
    first, second = (it.fit(X, y).cv_results_["mean_test_score"] for it in searches)
    assert_array_equal(first, second)


def test_fit_returns_the_estimator_and_sets_only_what_is_documented(net_class, X, y, few):
    net = net_class(**few)
    assert net.fit(X, y) is net
    public = {name for name in vars(net) if not name.startswith("_")}
    learned = public - set(net.get_params())
    assert all(name.endswith("_") for name in learned)
    assert all(f"{name} : " in type(net).__doc__ for name in learned)


def test_a_deep_net_of_depth_one_equals_a_shallow_net(X, y, few):
    shallow = ShallowNetClassifier(**few).fit(X, y)
    deep = DeepNetClassifier(**few, depth=1).fit(X, y)
    assert_array_equal(shallow.theta_, deep.theta_)


def test_the_list_of_fitted_attributes_has_those_that_fits_set_and_no_others(X, y, few):
    columns = [f"x{i}" for i in range(X.shape[1])]
    frame = pd.DataFrame(X, columns=columns)
    scaled = {"early_stopping": True, "temperature_scaling": True}
    nets = [
        ShallowNetClassifier(**few, **scaled).fit(frame, y),
        DeepNetRegressor(**few, loss="gamma").fit(X, y + 1),
        DeepNetRegressor.from_weights([np.ones((5, 1))], [np.zeros(1)]),
        DeepNetRegressor(**few).fit(frame.assign(kind=["a", None, "b"] * 20), y),
        DeepNetRegressor(**few, n_members=2, early_stopping=True).fit(X, y),
    ]
    found = set().union(*(vars(net).keys() - net.get_params().keys() for net in nets))
    assert found == set(FITTED_ATTRIBUTES)
    for cls in (FittedNet, FittedClasses):
        assert inspect.get_annotations(cls).keys() <= found
