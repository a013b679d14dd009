"""Intervals calibrated on the rows that members held out: CV+ and its nested form."""

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import PredefinedSplit

from skshallow import DeepNetRegressor, ShallowNetRegressor, load
from skshallow.losses import Quantile

N_ROWS, MEMBERS = 90, 3
FOLD = np.resize([0, 1, 2, 1, -1], N_ROWS)  # of each row; -1 trains every member
HELD_OUT = FOLD >= 0
SETTINGS = {
    "hidden_units": 4,
    "max_iter": 4,
    "random_state": 0,
    "n_members": MEMBERS,
    "early_stopping": True,
    "cross_fit": True,
    "clip_features": False,  # so that weights alone predict the same
    "validation_fraction": PredefinedSplit(FOLD),
}
BANDS = ["gaussian", "gamma", "poisson", Quantile([0.1, 0.5, 0.9])]


@pytest.fixture(scope="module")
def rows():
    """Rows, targets that every loss takes, and new rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 3))
    y = np.round(np.exp(1 + 0.3 * X[:, 0]) * rng.gamma(2, 1, size=N_ROWS)) + 1
    return X, y, rng.normal(size=(40, 3))


def ranked(lower, upper, coverage):
    """Return the ends by ranks among values (n, n_new) of all rows that were held out."""
    n = len(lower)
    first = math.floor((1 - coverage) * (n + 1) + 1e-9)
    last = math.ceil(coverage * (n + 1) - 1e-9)
    return np.sort(lower, axis=0)[first - 1], np.sort(upper, axis=0)[last - 1]


def cv_plus(net, X, y, X_new, fold, coverage):
    """Return the interval of Barber et al. (2021), equation 11, for a point prediction."""
    residual = np.abs(y - net.oof_prediction_)
    by_members = net.predict_members(X_new)
    pairs = [
        (by_members[fold[i]] - residual[i], by_members[fold[i]] + residual[i])
        for i in np.flatnonzero(fold >= 0)
    ]
    return ranked(*np.stack(pairs, axis=1), coverage)


def member_of(net, member):
    """Return a net of one member's weights."""
    net_class = type(net)
    return net_class.from_weights(
        [weight[member] for weight in net.coefs_],
        [bias[member] for bias in net.intercepts_],
        loss=net.loss,
    )


@pytest.mark.parametrize("coverage", [0.9, 0.75, 0.5])
@pytest.mark.parametrize("loss", ["squared_error", "huber", Quantile(0.7)], ids=str)
def test_intervals_of_point_predictions_are_those_of_cv_plus(rows, loss, coverage):
    X, y, X_new = rows
    net = DeepNetRegressor(**SETTINGS, loss=loss).fit(X, y)
    assert not hasattr(net, "predict_interval")
    assert net.conformalize(y_cal=y) is net
    lower, upper = net.predict_interval(X_new, coverage).T
    expected = cv_plus(net, X, y, X_new, FOLD, coverage)
    assert_allclose(lower, expected[0], rtol=1e-9, atol=1e-9)
    assert_allclose(upper, expected[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("coverage", [0.9, 0.5])
@pytest.mark.parametrize("loss", BANDS, ids=str)
def test_intervals_of_other_losses_are_ranked_among_those_of_the_members(
    rows, loss, coverage
):
    X, y, X_new = rows
    net = DeepNetRegressor(**SETTINGS, loss=loss).fit(X, y)
    net.conformalize(y_cal=y)
    tails = np.clip([(1 - coverage) / 2, (1 + coverage) / 2], 0.1, 0.9)
    if isinstance(loss, str):
        tails = [(1 - coverage) / 2, (1 + coverage) / 2]
    pairs = []
    for member in range(MEMBERS):
        own = member_of(net, member)
        if loss == "gamma":
            own.dispersion_ = net.dispersion_
        held_out = member == FOLD
        low, high = own.predict_quantiles(X[held_out], tails).T
        new_low, new_high = own.predict_quantiles(X_new, tails).T
        unit = new_unit = 1
        if isinstance(loss, str):
            unit = own.predict_proba(X[held_out]).std()
            new_unit = own.predict_proba(X_new).std()
        scores = np.maximum(low - y[held_out], y[held_out] - high) / unit
        pairs += [(new_low - s * new_unit, new_high + s * new_unit) for s in scores]
    lower, upper = ranked(*np.stack(pairs, axis=1), coverage)
    lower = np.maximum(lower, 0) if loss in ("gamma", "poisson") else lower
    found = net.predict_interval(X_new, coverage).T
    assert_allclose(found, [lower, upper], rtol=1e-6, atol=1e-9)


def test_every_target_is_calibrated_separately(rows):
    X, y, X_new = rows
    targets = np.column_stack([y, 100 * X[:, 1] + y])
    net = DeepNetRegressor(**SETTINGS).fit(X, targets).conformalize(y_cal=targets)
    interval = net.predict_interval(X_new, 0.8)
    assert interval.shape == (len(X_new), 2, 2)
    by_members = net.predict_members(X_new)[FOLD[HELD_OUT]]
    residual = np.abs(targets - net.oof_prediction_)[HELD_OUT][:, np.newaxis]
    expected = ranked(by_members - residual, by_members + residual, 0.8)
    assert_allclose(interval, np.stack(expected, axis=-1), rtol=1e-9, atol=1e-9)


def test_members_of_one_fold_are_one_network(rows):
    X, y, X_new = rows
    params = SETTINGS | {"n_members": 2 * MEMBERS}
    net = DeepNetRegressor(**params).fit(X, y).conformalize(y_cal=y)
    together = net.predict_members(X_new).reshape(2, MEMBERS, -1).mean(axis=0)
    residual = np.abs(y - net.oof_prediction_)[HELD_OUT, np.newaxis]
    own = together[FOLD[HELD_OUT]]
    expected = ranked(own - residual, own + residual, 0.8)
    assert_allclose(net.predict_interval(X_new, 0.8).T, expected, rtol=1e-9, atol=1e-9)


def test_rows_of_weight_0_do_not_count_and_others_count_once(rows):
    X, y, X_new = rows
    weight = np.resize([1.0, 0, 3, 2], N_ROWS)
    kept = weight > 0
    params = SETTINGS | {"validation_fraction": PredefinedSplit(FOLD[kept])}
    net = DeepNetRegressor(**params).fit(X, y, weight)
    elsewhere = np.where(kept, y, 1e6)  # such rows are in y, and nowhere else
    interval = net.conformalize(y_cal=elsewhere).predict_interval(X_new, 0.8)
    fold = np.where(kept, FOLD, -1)
    expected = cv_plus(net, X, y, X_new, fold, 0.8)
    assert_allclose(interval.T, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_too_few_rows_for_a_coverage_give_infinite_intervals(rows, loss):
    X, y, X_new = rows
    fold = np.where(np.arange(N_ROWS) < 8, FOLD % MEMBERS, -1)
    params = SETTINGS | {"validation_fraction": PredefinedSplit(fold), "loss": loss}
    net = DeepNetRegressor(**params).fit(X, y).conformalize(y_cal=y)
    assert np.isfinite(net.predict_interval(X_new, 0.88)).all()
    lower, upper = net.predict_interval(X_new, 0.9).T
    assert (upper == np.inf).all()
    assert (lower == (0 if loss == "poisson" else -np.inf)).all()


@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
def test_intervals_have_the_units_of_the_target(rows, loss):
    X, y, X_new = rows
    found = [
        DeepNetRegressor(**SETTINGS, loss=loss)
        .fit(X, unit * y)
        .conformalize(y_cal=unit * y)
        .predict_interval(X_new)
        for unit in (1, 2.0**40)
    ]
    assert_allclose(found[1], 2.0**40 * found[0], rtol=1e-9)


@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
def test_the_coverage_of_new_rows_is_about_the_nominal_one(loss):
    """Mean over 20 tables of 60 rows, each with all of them held out once."""
    coverages = (0.9, 0.6)
    shares = {coverage: [] for coverage in coverages}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(360, 2))
        y = X[:, 0] + (0.5 + np.abs(X[:, 1])) * rng.standard_t(5, size=len(X))
        train, new = slice(60), slice(60, None)
        net = DeepNetRegressor(
            8,
            loss=loss,
            n_members=5,
            validation_fraction=0.2,
            early_stopping=True,
            max_iter=20,
            random_state=seed,
        )
        net.fit(X[train], y[train]).conformalize(y_cal=y[train])
        for coverage in coverages:
            lower, upper = net.predict_interval(X[new], coverage).T
            inside = (lower <= y[new]) & (y[new] <= upper)
            shares[coverage].append(np.mean(inside))
    for coverage, covered in shares.items():
        error = np.std(covered) / np.sqrt(len(covered))
        assert 2 * coverage - 1 < coverage - 3 * error
        assert coverage - 3 * error < np.mean(covered) < coverage + 0.08


@pytest.mark.parametrize(
    "container", [list, pd.Series, pd.DataFrame, np.float32, lambda y: y[:, np.newaxis]]
)
def test_targets_are_known_again_in_any_container(rows, container):
    X, y, X_new = rows
    net = ShallowNetRegressor(**SETTINGS).fit(X.astype(np.float32), y.astype(int))
    expected = net.conformalize(y_cal=y).predict_interval(X_new)
    again = net.conformalize(y_cal=container(y)).predict_interval(X_new)
    assert_array_equal(again, expected)


def test_other_targets_than_those_of_the_fit_are_refused(rows):
    X, y, X_new = rows
    net = DeepNetRegressor(**SETTINGS).fit(X, y).conformalize(y_cal=y)
    interval = net.predict_interval(X_new)
    for other in (y[::-1], y[1:], y + 1, np.append(y, 1)):
        with pytest.raises(ValueError, match=r"not the targets .* of 90 rows, in their"):
            net.conformalize(y_cal=other)
    with pytest.raises(ValueError, match="y_cal has 2 targets per row"):
        net.conformalize(y_cal=np.column_stack([y, y]))
    with pytest.raises(ValueError, match=r"y_cal is None, .* Pass y_cal=y, the targets of"):
        net.conformalize()
    for only in (X, y, list(y), pd.Series(y)):
        with pytest.raises(ValueError, match=r"y_cal is None, .* conformalize\(y_cal=y\)"):
            net.conformalize(only)
    assert_array_equal(net.predict_interval(X_new), interval)


def test_targets_that_were_rounded_to_another_dtype_are_refused_with_it(rows):
    X, y, _ = rows
    net = DeepNetRegressor(**SETTINGS).fit(X, y / 3)
    with pytest.raises(ValueError, match=r"without rounding .* 90 rows of dtype float32"):
        net.conformalize(y_cal=(y / 3).astype(np.float32))
    net.conformalize(y_cal=y / 3)


@pytest.mark.parametrize(
    "other", [{"n_members": 1, "cross_fit": "auto"}, {"cross_fit": False}]
)
def test_a_net_without_held_out_rows_of_members_says_how_to_get_them(rows, other):
    X, y, _ = rows
    net = DeepNetRegressor(**SETTINGS | other).fit(X, y)
    with pytest.raises(ValueError, match=r"needs out-of-fold predictions.* none") as error:
        net.conformalize(y_cal=y)
    assert "DeepNetRegressor(n_members=8, early_stopping=True)" in str(error.value)
    advised = DeepNetRegressor(8, max_iter=2, n_members=8, early_stopping=True).fit(X, y)
    assert hasattr(advised.conformalize(y_cal=y), "predict_interval")


@pytest.mark.parametrize("again", ["fit", "partial_fit", "warm"])
def test_training_removes_calibration_and_out_of_fold_predictions(rows, again):
    X, y, _ = rows
    net = DeepNetRegressor(**SETTINGS, warm_start=again == "warm").fit(X, y)
    net.conformalize(y_cal=y)
    assert not hasattr(clone(net), "predict_interval")
    getattr(net, "partial_fit" if again == "partial_fit" else "fit")(X, y)
    assert not hasattr(net, "predict_interval")
    if again == "fit":
        net.conformalize(y_cal=y)
        return
    with pytest.raises(ValueError, match="needs out-of-fold predictions"):
        net.conformalize(y_cal=y)


def saved(net, folder):
    net.save(folder / "net.npz")
    return load(folder / "net.npz")


def pickled(net, folder):
    return pickle.loads(pickle.dumps(net))


def dumped_by_skops(net, folder):
    io = pytest.importorskip("skops.io")
    io.dump(net, folder / "net.skops")
    untrusted = io.get_untrusted_types(file=folder / "net.skops")
    return io.load(folder / "net.skops", trusted=untrusted)


@pytest.mark.parametrize("copy", [saved, pickled, dumped_by_skops])
@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
def test_copies_have_the_calibration_or_can_be_calibrated(rows, tmp_path, copy, loss):
    X, y, X_new = rows
    net = DeepNetRegressor(**SETTINGS | {"validation_fraction": 1 / MEMBERS}, loss=loss)
    before = copy(net.fit(X, y), tmp_path)
    interval = net.conformalize(y_cal=y).predict_interval(X_new)
    after = copy(net, tmp_path)
    assert_array_equal(after.predict_interval(X_new), interval)
    assert_array_equal(before.conformalize(y_cal=y).predict_interval(X_new), interval)
