"""Cross-fitting: each member holds out rows of its own, and predicts them honestly."""

import numpy as np
import pytest
from callbacks import Silent
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.metrics import log_loss
from sklearn.model_selection import PredefinedSplit, ShuffleSplit

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
    load,
)
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning

CLASSIFIERS = ShallowNetClassifier, DeepNetClassifier
NETS = *CLASSIFIERS, ShallowNetRegressor, DeepNetRegressor
each_net = pytest.mark.parametrize("net_class", NETS)
N_ROWS, MEMBERS = 80, 3
FOLD = np.resize([0, 1, 2, -1], N_ROWS)  # of each row; -1 trains every member
FEW = {"hidden_units": 4, "max_iter": 4, "random_state": 0, "n_members": MEMBERS}
FEW |= {"early_stopping": True, "cross_fit": True}
GIVEN = FEW | {"validation_fraction": PredefinedSplit(FOLD)}


class Interrupting(Silent):
    """Ends a fit by an error after its third epoch."""

    n_epochs = 0

    def on_fit_task_end(self, *args, **kwargs):
        self.n_epochs += 1
        if self.n_epochs == 3:
            raise InterruptedError


def data(net_class, n_rows=N_ROWS):
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    noisy = X[:, 0] + np.random.default_rng(1).normal(size=n_rows)
    y = np.digitize(noisy, [-0.5, 0.5]) if net_class in CLASSIFIERS else noisy
    return X, y


@each_net
def test_a_member_learns_nothing_from_the_rows_that_it_holds_out(net_class):
    X, y = data(net_class)
    net = net_class(**GIVEN | {"max_iter": 1}).fit(X, y)
    swapped = y.copy()
    swapped[FOLD == 1] = np.roll(y[FOLD == 1], 7)
    other = net_class(**GIVEN | {"max_iter": 1}).fit(X, swapped)
    temperatures = getattr(net, "temperature_", 1), getattr(other, "temperature_", 1)
    same = [
        np.allclose(w[member], v[member], rtol=1e-9, atol=1e-12)
        for member in range(MEMBERS)
        for w, v in [(net.coefs_[0], other.coefs_[0])]
    ]
    assert same == [False, True, False]
    last, others = (
        net.coefs_[-1][1] * temperatures[0],
        other.coefs_[-1][1] * temperatures[1],
    )
    assert_allclose(last, others, rtol=1e-9)


class LeavingTheNextFoldOut:
    """Splits like those of FOLD, of which each leaves the rows of the next one out."""

    def get_n_splits(self, X=None, y=None, groups=None):
        return MEMBERS

    def split(self, X, y=None, groups=None):
        for member in range(MEMBERS):
            left_out = np.isin(FOLD, [member, (member + 1) % MEMBERS])
            yield np.flatnonzero(~left_out), np.flatnonzero(member == FOLD)


@each_net
def test_a_member_learns_nothing_from_rows_that_its_split_leaves_out(net_class):
    X, y = data(net_class)
    params = FEW | {"max_iter": 1, "validation_fraction": LeavingTheNextFoldOut()}
    net = net_class(**params).fit(X, y)
    swapped = y.copy()
    swapped[FOLD == 1] = np.roll(y[FOLD == 1], 7)
    other = net_class(**params).fit(X, swapped)
    temperatures = getattr(net, "temperature_", 1), getattr(other, "temperature_", 1)
    first = net.coefs_[0], other.coefs_[0]
    last = net.coefs_[-1] * temperatures[0], other.coefs_[-1] * temperatures[1]
    same = [
        all(np.allclose(w[m], v[m], rtol=1e-9, atol=1e-12) for w, v in (first, last))
        for m in range(MEMBERS)
    ]
    assert same == [True, True, False]


def test_groups_that_are_few_are_a_fold_each():
    X, y = data(DeepNetClassifier, 300)
    groups = np.arange(300) % 4
    params = {"n_members": 8, "max_iter": 2, "random_state": 0}
    net = DeepNetClassifier(**params).fit(X, y, groups=groups)
    assert net.resolved_params_["early_stopping"]
    of_groups = [net.predict_members(X)[[m, m + 4]].mean(axis=0) for m in range(4)]
    for group in range(4):
        expected = net.oof_prediction_[groups == group]
        errors = [np.abs(own[groups == group] - expected).max() for own in of_groups]
        assert min(errors) < 1e-12
    with pytest.raises(ValueError, match=r"validation_fraction=1/4 can"):
        DeepNetClassifier(**params, early_stopping=True, validation_fraction=0.1).fit(
            X, y, groups=groups
        )


@each_net
def test_a_continued_fit_has_no_out_of_fold_predictions(net_class):
    X, y = data(net_class)
    net = net_class(**FEW, warm_start=True).fit(X, y)
    assert len(net.oof_prediction_) == len(X)
    net.fit(X, y)
    with pytest.raises(AttributeError, match="warm_start=False"):
        net.oof_prediction_  # noqa: B018
    if net_class not in CLASSIFIERS:
        with pytest.raises(ValueError, match="anew"):
            net.conformalize(y_cal=y)


@pytest.mark.parametrize(("n_rows", "alone"), [(2, "2 rows"), (3, "1 row")])
def test_a_table_too_small_for_the_folds_is_told_with_its_rows(n_rows, alone):
    net = DeepNetClassifier(n_members=4, early_stopping=True)
    message = f"divide {n_rows} rows into 8 folds, as {alone} without another of the class"
    with pytest.raises(ValueError, match=message):
        net.fit(np.arange(n_rows)[:, np.newaxis], np.arange(n_rows) % 2)


@pytest.mark.parametrize("form", [np.array, sparse.csr_array], ids=["dense", "sparse"])
@each_net
def test_out_of_fold_predictions_are_those_of_the_member_that_held_the_row_out(
    net_class, form
):
    X, y = data(net_class)
    net = net_class(**GIVEN).fit(form(X), y)
    for member, prediction in enumerate(net.predict_members(form(X))):
        own = member == FOLD
        assert_allclose(net.oof_prediction_[own], prediction[own], rtol=1e-10)
    assert np.isnan(net.oof_prediction_[FOLD == -1]).all()
    assert net.oof_prediction_.shape[1:] == net.predict_members(X).shape[2:]


def test_probabilities_of_two_classes_and_of_labels_have_their_columns():
    X, y = data(DeepNetClassifier)
    two = DeepNetClassifier(**FEW).fit(X, y > 0)
    assert_allclose(
        two.oof_prediction_.sum(axis=1)[~np.isnan(two.oof_prediction_[:, 0])], 1
    )
    labels = DeepNetClassifier(**FEW).fit(X, np.column_stack([y > 0, y > 1]).astype(int))
    assert labels.oof_prediction_.shape == (N_ROWS, 2)
    several = DeepNetRegressor(**FEW).fit(X, X[:, :2])
    assert several.oof_prediction_.shape == (N_ROWS, 2)


@each_net
def test_members_of_one_fold_predict_its_rows_together(net_class):
    X, y = data(net_class)
    net = net_class(**GIVEN | {"n_members": 2 * MEMBERS}).fit(X, y)
    together = net.predict_members(X).reshape(2, MEMBERS, N_ROWS, -1).mean(axis=0)
    for fold in range(MEMBERS):
        found = net.oof_prediction_[fold == FOLD].reshape((fold == FOLD).sum(), -1)
        assert_allclose(found, together[fold][fold == FOLD], rtol=1e-9)


@each_net
def test_rows_of_weight_0_have_no_out_of_fold_prediction(net_class):
    X, y = data(net_class)
    weight = np.ones(N_ROWS)
    weight[5:9] = 0
    net = net_class(**FEW | {"validation_fraction": 1 / MEMBERS})
    held_out = ~np.isnan(net.fit(X, y, weight).oof_prediction_).reshape(N_ROWS, -1)[:, 0]
    assert not held_out[5:9].any()
    assert held_out[weight > 0].all()
    for member, own in enumerate(net.predict_members(X)):
        rows = np.isclose(net.oof_prediction_, own).reshape(N_ROWS, -1).all(axis=1)
        assert rows.sum() >= (N_ROWS - 4) // MEMBERS, member


@each_net
def test_integer_weights_are_repetition(net_class):
    X, y = data(net_class)
    fold, times = np.resize([0, 1, 2, -1], N_ROWS), np.resize([1, 2, 3], N_ROWS)
    params = GIVEN | {"solver": "lbfgs", "max_iter": 40}
    if net_class in CLASSIFIERS:
        params["temperature_scaling"] = False  # it counts one more row
    weighted = net_class(**params).fit(X, y, times)
    params["validation_fraction"] = PredefinedSplit(np.repeat(fold, times))
    repeated = net_class(**params).fit(X.repeat(times, axis=0), y.repeat(times))
    expected = repeated.oof_prediction_[np.cumsum(times) - 1]
    assert_allclose(weighted.oof_prediction_, expected, rtol=1e-4, atol=1e-5)


def test_the_temperature_is_the_best_for_all_out_of_fold_rows():
    X, y = data(DeepNetClassifier, 400)
    net = DeepNetClassifier(**FEW | {"max_iter": 30, "validation_fraction": 1 / MEMBERS})
    p = net.fit(X, y).oof_prediction_
    loss = log_loss(y, p)
    for power in (0.9, 1.1):
        other = p**power
        assert loss < log_loss(y, other / other.sum(axis=1, keepdims=True))


def test_several_members_cross_fit_unless_told_otherwise():
    X, y = data(DeepNetRegressor, 300)
    quick = {"hidden_units": 4, "max_iter": 2, "random_state": 0}
    net = DeepNetRegressor(**quick, n_members=2).fit(X, y)
    assert net.resolved_params_["cross_fit"] is True
    assert np.isnan(net.oof_prediction_).mean() == pytest.approx(
        1 - 2 * net.resolved_params_["validation_fraction"], abs=0.01
    )
    for other in (
        {"n_members": 1},
        {"n_members": 2, "cross_fit": False},
        {"n_members": 2, "scoring": "r2"},
        {"n_members": 2, "validation_fraction": ShuffleSplit(2, random_state=0)},
    ):
        shared = DeepNetRegressor(**quick, **other).fit(X, y)
        assert not shared.resolved_params_["cross_fit"]
        assert not hasattr(shared, "oof_prediction_")
    given = net.fit(X, y, X_val=X[:9], y_val=y[:9])
    assert given.resolved_params_["cross_fit"] is None
    assert not hasattr(given, "oof_prediction_")


@pytest.mark.parametrize(
    "other", [{"n_members": 1}, {"early_stopping": False, "validation_fraction": "auto"}]
)
def test_cross_fitting_without_members_or_held_out_rows_warns(other):
    X, y = data(DeepNetRegressor)
    with pytest.warns(IneffectiveParameterWarning, match="cross_fit=True has no effect"):
        DeepNetRegressor(**FEW | other).fit(X, y)


def test_each_member_keeps_its_own_best_epoch():
    X, y = data(DeepNetRegressor)
    params = GIVEN | {"max_iter": 8, "average_weights": False, "learning_rate": 0.3}
    net = DeepNetRegressor(**params, schedule="constant").fit(X, y)
    squares = (net.oof_prediction_ - y) ** 2 / np.var(y) / 2  # as the loss has them
    kept = [squares[member == FOLD].mean() for member in range(MEMBERS)]
    assert np.mean(kept) < net.validation_loss_curve_.min()


@each_net
def test_cross_fitted_nets_are_saved_with_their_predictions(net_class, tmp_path):
    X, y = data(net_class)
    net = net_class(**FEW).fit(X, y)
    net.save(tmp_path / "net.npz")
    again = load(tmp_path / "net.npz")
    assert_array_equal(again.oof_prediction_, net.oof_prediction_)
    assert_array_equal(again.predict(X), net.predict(X))


def test_the_only_row_of_a_class_trains_every_member():
    X, y = data(DeepNetClassifier)
    y[3] = 9
    net = DeepNetClassifier(**FEW).fit(X, y)
    assert np.isnan(net.oof_prediction_[3]).all()
    assert is_classifier(net)
    assert net.oof_prediction_.shape == (N_ROWS, 4)


def test_a_scorer_beside_cross_fitting_warns():
    X, y = data(DeepNetRegressor)
    with pytest.warns(IneffectiveParameterWarning, match="scoring='r2' has no effect"):
        DeepNetRegressor(**FEW, scoring="r2").fit(X, y)


def test_a_fit_that_is_resumed_has_the_predictions_of_one_that_was_not(tmp_path):
    X, y = data(DeepNetRegressor, 300)
    net = DeepNetRegressor(**FEW | {"max_iter": 6})
    whole, file = clone(net).fit(X, y), Checkpoint(tmp_path / "fit.npz")
    with pytest.raises(InterruptedError):
        net.set_callbacks(file, Interrupting()).fit(X, y)
    net.set_callbacks(file).fit(X, y)
    assert_array_equal(net.theta_, whole.theta_)
    assert_array_equal(net.oof_prediction_, whole.oof_prediction_)
