"""Across modules: nets on arrays of other libraries, against the same nets on NumPy's."""

import pickle
import sys

import array_api_compat
import matplotlib.pyplot as plt
import numpy as np
import pytest
from array_libraries import (
    strict,
    strict_elsewhere,
    strict_without_float64,
    torch,
)
from covering import covering
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skshallow
from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    HiddenFeatures,
    ShallowNetClassifier,
    ShallowNetRegressor,
)
from skshallow._arrays.namespace import dtype_of, same_place, to_numpy
from skshallow.activations import ACTIVATIONS
from skshallow.callbacks import Checkpoint
from skshallow.engine.batches import Rows
from skshallow.inspection import TrainingCurveDisplay, gradient_check
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Gaussian, Quantile
from skshallow.solvers import SOLVERS


@pytest.fixture(autouse=True)
def dispatch():
    with config_context(array_api_dispatch=True):
        yield


@pytest.fixture
def settings(few):
    return few | {"hidden_units": 5}


def assert_fits_alike(net, library, X, y, *, rtol=1e-7, **more):
    """Assert that a fit on arrays of a library gives the net of NumPy's; return both."""
    of_numpy = clone(net).fit(X, y, **more)
    elsewhere = {name: library(value) for name, value in more.items()}
    other = clone(net).fit(library(X), library(y), **elsewhere)
    assert same_place(other.theta_, library(X))
    assert_allclose(to_numpy(other.theta_), of_numpy.theta_, rtol=rtol, atol=1e-9)
    assert_allclose(to_numpy(other.loss_curve_), of_numpy.loss_curve_, rtol=1e-9)
    return of_numpy, other


# Every component


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_trains_as_on_numpy(activation, library, settings, X, y):
    if activation == "gelu" and library is strict_elsewhere:
        library = strict  # SciPy's ndtr knows only devices that exist
    net = DeepNetRegressor(activation=activation, **settings)
    assert_fits_alike(net, library, X, y)


def test_members_that_share_weights_train_as_on_numpy(library, settings, X, y):
    net = DeepNetRegressor(n_members=3, share_weights=True, **settings)
    of_numpy, other = assert_fits_alike(net, library, X, y)
    for name, values in of_numpy.health_.items():
        assert_allclose(other.health_[name], values, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("n_members", [1, 2])
def test_residual_and_normalised_layers_train_as_on_numpy(
    n_members, library, settings, X, y
):
    settings |= {"depth": 4, "residual": True, "normalization": "layer"}
    net = DeepNetRegressor(activation="tanh", n_members=n_members, **settings)
    of_numpy, other = assert_fits_alike(net, library, X, y)
    assert_allclose(other.residual_gains_, of_numpy.residual_gains_, atol=1e-9)
    for name, values in of_numpy.health_.items():
        assert_allclose(other.health_[name], values, rtol=1e-4, atol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_monotone_nets_train_as_on_numpy(solver, n_members, library, X, y):
    net = DeepNetRegressor(
        activation="prelu",
        solver=solver,
        n_members=n_members,
        monotonic_cst=[1, -1, 0, 0, 1],
        hidden_units=5,
        max_iter=3,
        random_state=0,
    )
    assert_fits_alike(net, library, X, y, rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "n_members"),
    covering([*REGRESSION_LOSSES, Quantile([0.1, 0.5, 0.8])], [1, 2], apart=[(0, 1)]),
    ids=str,
)
def test_every_regression_loss_trains_as_on_numpy(loss, n_members, library, settings, X, y):
    net = DeepNetRegressor(loss=loss, n_members=n_members, **settings)
    of_numpy, other = assert_fits_alike(net, library, X, y + 1, X_val=X, y_val=y + 1)
    validation = other.validation_loss_curve_
    assert_allclose(to_numpy(validation), of_numpy.validation_loss_curve_, rtol=1e-9)


@pytest.mark.parametrize(
    ("loss", "n_classes", "n_members"), covering(CLASSIFICATION_LOSSES, [2, 3], [1, 2])
)
def test_every_classification_loss_trains_as_on_numpy(
    loss, n_classes, n_members, library, settings, X, y
):
    y = y % n_classes
    settings |= {"temperature_scaling": False}  # which is found to 1e-8 of its logarithm
    net = DeepNetClassifier(loss=loss, n_members=n_members, **settings)
    of_numpy, other = assert_fits_alike(net, library, X, y, X_val=X, y_val=y)
    for name in ("predict_proba", "predict_log_proba", "decision_function", "predict"):
        result = getattr(other, name)(library(X))
        assert same_place(result, library(X))
        assert_allclose(to_numpy(result), getattr(of_numpy, name)(X), rtol=1e-6)


def test_members_with_folds_of_their_own_train_as_on_numpy(library, settings, X, y):
    net = DeepNetRegressor(**settings, n_members=2, early_stopping=True)
    of_numpy, other = assert_fits_alike(net, library, X, y)
    assert same_place(other.oof_prediction_, library(X))
    found = to_numpy(other.oof_prediction_)
    assert_allclose(found, of_numpy.oof_prediction_, rtol=1e-7)
    expected = of_numpy.conformalize(y_cal=y).predict_interval(X)
    interval = other.conformalize(y_cal=library(y)).predict_interval(library(X))
    assert same_place(interval, library(X))
    assert_allclose(to_numpy(interval), expected, rtol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_takes_the_steps_it_takes_on_numpy(solver, library, settings, X, y):
    settings |= {
        "learning_rate": 0.01,
        "max_grad_norm": 0.5,
        "dropout": 0.2,
        "average_weights": True,
    }
    if solver == "lbfgs":
        settings = {"hidden_units": 5, "max_iter": 3, "random_state": 0}
        with pytest.warns(match="still improving"):
            assert_fits_alike(DeepNetRegressor(solver=solver, **settings), library, X, y)
        return
    assert_fits_alike(DeepNetRegressor(solver=solver, **settings), library, X, y)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_units_and_precision_are_those_of_numpy(
    standardize, dtype, library, settings, X, y
):
    net = DeepNetRegressor(standardize=standardize, dtype=dtype, **settings)
    of_numpy = clone(net).fit(X, y)
    other = clone(net).fit(library(X), library(y))
    assert dtype_of(other.theta_) == of_numpy.theta_.dtype
    rtol = 1e-3 if dtype == "float32" else 1e-9
    for ours, theirs in zip(other.coefs_, of_numpy.coefs_, strict=True):
        assert isinstance(ours, np.ndarray)
        assert_allclose(ours, theirs, rtol=rtol, atol=rtol)


def test_a_device_without_double_precision_computes_in_single(settings, X, y):
    other = DeepNetRegressor(**settings).fit(
        strict_without_float64(X), strict_without_float64(y)
    )
    of_numpy = DeepNetRegressor(**settings).fit(X.astype(np.float32), y)
    assert dtype_of(other.loss_curve_) == np.float32
    prediction = to_numpy(other.predict(strict_without_float64(X)))
    assert_allclose(prediction, of_numpy.predict(X.astype(np.float32)), rtol=1e-3)


# Targets and weights


def test_sample_weights_and_class_weights_count_as_on_numpy(
    library, settings, X, y, weight
):
    weight = np.where(np.arange(len(weight)) % 7 == 0, 0, weight)
    net = ShallowNetClassifier(class_weight="balanced", **settings)
    assert_fits_alike(net, library, X, y, sample_weight=weight)


def test_string_labels_stay_numpy_arrays(library, settings, X, y):
    names = np.array(["ash", "birch", "cedar"])[y]
    net = ShallowNetClassifier(**settings).fit(library(X), names)
    of_numpy = ShallowNetClassifier(**settings).fit(X, names)
    assert_array_equal(net.predict(library(X)), of_numpy.predict(X))


def test_several_labels_and_targets_are_predicted_in_the_library_of_X(
    library, settings, X, y
):
    labels = np.stack([y > 0, y > 1], axis=1).astype(int)
    several = ShallowNetClassifier(**settings).fit(library(X), library(labels))
    of_numpy = ShallowNetClassifier(**settings).fit(X, labels)
    assert_array_equal(to_numpy(several.predict(library(X))), of_numpy.predict(X))
    targets = np.stack([X[:, 0], X[:, 1]], axis=1)
    assert_fits_alike(DeepNetRegressor(**settings), library, X, targets)


def test_y_and_weights_may_be_of_another_library_than_X(settings, X, y, weight):
    net = ShallowNetClassifier(**settings)
    mixed = clone(net).fit(X, strict_elsewhere(y), sample_weight=strict(weight))
    plain = clone(net).fit(X, y, sample_weight=weight)
    assert_array_equal(mixed.theta_, plain.theta_)
    other = clone(net).fit(strict_elsewhere(X), y, sample_weight=weight)
    assert_allclose(to_numpy(other.theta_), plain.theta_, rtol=1e-9)


def test_inputs_are_left_unchanged(library, settings, X, y):
    X_there, y_there = library(X), library(y)
    net = DeepNetClassifier(**settings).fit(X_there, y_there)
    net.predict(X_there)
    assert_array_equal(to_numpy(X_there), X)
    assert_array_equal(to_numpy(y_there), y)


# What a net offers


def test_quantiles_and_intervals_are_in_the_library_of_X(library, settings, X, y):
    of_numpy = DeepNetRegressor(loss=Gaussian(), **settings).fit(X, y)
    net = DeepNetRegressor(loss=Gaussian(), **settings).fit(library(X), library(y))
    for name, arguments in (
        ("predict", []),
        ("predict_members", []),
        ("predict_quantiles", [[0.1, 0.9]]),
        ("predict_interval", []),
    ):
        result = getattr(net, name)(library(X), *arguments)
        assert same_place(result, library(X)), name
        expected = getattr(of_numpy, name)(X, *arguments)
        assert_allclose(to_numpy(result), expected, rtol=1e-6, err_msg=name)
    assert_allclose(net.predict_proba(library(X)).std(), of_numpy.predict_proba(X).std())
    interval = net.conformalize(library(X), library(y)).predict_interval(library(X))
    expected = of_numpy.conformalize(X, y).predict_interval(X)
    assert_allclose(to_numpy(interval), expected, rtol=1e-6)


@pytest.mark.parametrize("n_members", [1, 2])
def test_hidden_features_are_in_the_library_of_X(n_members, library, settings, X, y):
    net = DeepNetClassifier(n_members=n_members, **settings)
    features = HiddenFeatures(net).fit(library(X), library(y))
    result = features.transform(library(X))
    assert same_place(result, library(X))
    expected = HiddenFeatures(net).fit(X, y).transform(X)
    assert_allclose(to_numpy(result), expected, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match=r"HiddenFeatures.transform\(\) must use the same"):
        features.transform(X)


def test_hidden_features_feed_models_of_scikit_learn_in_the_library_of_X(settings, X, y):
    pipeline = make_pipeline(HiddenFeatures(DeepNetClassifier(**settings)))
    pipeline.steps.append(("model", LogisticRegression(solver="lbfgs")))
    there = clone(pipeline).fit(torch(X), torch(y)).predict_proba(torch(X))
    assert_allclose(to_numpy(there), clone(pipeline).fit(X, y).predict_proba(X), rtol=1e-3)


def test_early_stopping_validates_and_scores_in_the_library_of_X(library, settings, X, y):
    settings |= {"early_stopping": True, "scoring": "accuracy"}
    settings |= {"temperature_scaling": False}
    net = DeepNetClassifier(**settings)
    of_numpy, other = assert_fits_alike(net, library, X, y)
    assert_allclose(to_numpy(other.validation_scores_), of_numpy.validation_scores_)
    assert other.best_iter_ == of_numpy.best_iter_


def test_health_records_equal_those_on_numpy(library, settings, X, y):
    of_numpy, other = assert_fits_alike(DeepNetClassifier(**settings), library, X, y)
    assert of_numpy.health_.keys() == other.health_.keys()
    for name, values in of_numpy.health_.items():
        assert_allclose(other.health_[name], values, rtol=1e-5)


def test_callbacks_of_scikit_learn_follow_the_fit(library, settings, X, y):
    monitor = ScoringMonitor(scoring="accuracy")
    net = DeepNetClassifier(**settings).set_callbacks(monitor)
    net.fit(library(X), library(y))
    logs = monitor.get_logs(select="most_recent")
    assert len(logs.data) == settings["max_iter"] + 1  # and one of the whole fit


def test_gradients_are_right_for_arrays_of_other_libraries(library, settings, X, y):
    report = gradient_check(DeepNetClassifier(**settings), library(X), library(y))
    assert report.passed


def test_training_curves_of_any_library_are_drawn(library, settings, X, y):
    net = DeepNetClassifier(**settings).fit(library(X), library(y))
    display = TrainingCurveDisplay.from_estimator(net)
    assert_allclose(display.loss, to_numpy(net.loss_curve_))
    plt.close("all")


def test_standard_deviations_go_where_the_predictions_go(library, settings, X, y):
    settings |= {"loss": "gaussian", "max_grad_norm": 1.0}
    of_numpy = DeepNetRegressor(**settings).fit(X, y)
    other = DeepNetRegressor(**settings).fit(library(X), library(y))
    both = zip(
        other.predict(library(X), return_std=True),
        of_numpy.predict(X, return_std=True),
        strict=True,
    )
    for found, expected in both:
        assert type(found) is type(library(X))
        assert_allclose(to_numpy(found), expected, rtol=1e-6)


# More than one call


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
def test_partial_fit_and_warm_start_continue_in_the_library_of_X(library, settings, X, y):
    of_numpy, other = DeepNetClassifier(**settings), DeepNetClassifier(**settings)
    for _ in range(3):
        of_numpy.partial_fit(X, y, classes=[0, 1, 2])
        other.partial_fit(library(X), library(y), classes=library(np.arange(3)))
    assert_allclose(to_numpy(other.theta_), of_numpy.theta_, rtol=1e-7)
    settings |= {"warm_start": True}
    of_numpy = DeepNetRegressor(**settings).fit(X, y).fit(X, y)
    other = DeepNetRegressor(**settings).fit(library(X), library(y))
    other.fit(library(X), library(y))
    assert_allclose(to_numpy(other.theta_), of_numpy.theta_, rtol=1e-7)
    assert other.loss_curve_.shape == (6,)


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
def test_training_in_another_library_than_that_of_the_fit_is_refused(
    library, settings, X, y
):
    net = DeepNetClassifier(**settings).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"partial_fit\(\) must use the same namespace"):
        net.partial_fit(library(X), library(y))
    with pytest.raises(ValueError, match=r"predict\(\) must use the same namespace"):
        net.predict(library(X))


def dying_in_the_third_epoch(batches):
    """Return `Rows.batches`, but that it fails when it is called for the third time."""
    calls = []

    def until_the_third(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise RuntimeError("killed")
        return batches(*arguments)

    return until_the_third


def test_a_checkpoint_resumes_in_the_library_of_X(
    library, settings, X, y, tmp_path, monkeypatch
):
    settings |= {"average_weights": True}
    whole = DeepNetClassifier(**settings).fit(library(X), library(y))
    checkpoint = Checkpoint(tmp_path / "fit.npz")
    batches = Rows.batches
    monkeypatch.setattr(Rows, "batches", dying_in_the_third_epoch(batches))
    with pytest.raises(RuntimeError, match="killed"):
        DeepNetClassifier(**settings).set_callbacks(checkpoint).fit(library(X), library(y))
    monkeypatch.setattr(Rows, "batches", batches)
    resumed = DeepNetClassifier(**settings).set_callbacks(checkpoint)
    resumed.fit(library(X), library(y))
    assert same_place(resumed.theta_, library(X))
    assert_array_equal(to_numpy(resumed.theta_), to_numpy(whole.theta_))


def test_a_saved_net_loads_with_numpy_arrays(library, settings, X, y, tmp_path):
    net = DeepNetClassifier(**settings).fit(library(X), library(y))
    net.save(tmp_path / "net.npz")
    loaded = skshallow.load(tmp_path / "net.npz")
    assert_array_equal(loaded.theta_, to_numpy(net.theta_))
    expected = to_numpy(net.predict_proba(library(X)))
    assert_allclose(loaded.predict_proba(X), expected, rtol=1e-9)


def test_a_pickled_net_stays_in_its_library(library, settings, X, y):
    net = DeepNetClassifier(**settings).fit(library(X), library(y))
    again = pickle.loads(pickle.dumps(net))
    assert_array_equal(
        to_numpy(again.predict_proba(library(X))), to_numpy(net.predict_proba(library(X)))
    )


# At the border


def test_without_dispatch_tensors_are_converted_to_numpy(settings, X, y):
    tensor = torch(X)
    with config_context(array_api_dispatch=False):
        net = DeepNetClassifier(**settings).fit(tensor, torch(y))
        assert isinstance(net.theta_, np.ndarray)
        assert isinstance(net.predict(tensor), np.ndarray)
    there = ShallowNetRegressor(**settings).fit(tensor, torch(y))
    expected = to_numpy(there.predict(tensor))
    with config_context(array_api_dispatch=False):
        assert_allclose(there.predict(X), expected, rtol=1e-9)


def test_a_row_that_overflows_is_named(library, settings, X, y):
    net = DeepNetRegressor(**settings, clip_features=False)
    net.fit(library(X), library(y))
    far = X.copy()
    far[3, 2] = 1e308
    with pytest.raises(ValueError, match="row 3 counted from 0, feature 2 is 1e"):
        net.predict(library(far))


def test_the_error_without_array_api_compat_names_the_extra(settings, X, y, monkeypatch):
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(ImportError, match=r'pip install "skshallow\[array-api\]"'):
        DeepNetRegressor(**settings).fit(strict(X), y)


def test_immutable_arrays_are_refused(settings, X, y, monkeypatch):
    monkeypatch.setattr(array_api_compat, "is_writeable_array", lambda array: False)
    with pytest.raises(TypeError, match=r"cannot be changed in place. Pass np.asarray"):
        DeepNetRegressor(**settings).fit(strict(X), y)
