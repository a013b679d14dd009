"""Searches that stop candidates early: halving, and Optuna where it is installed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pages import run_page
from sklearn import config_context
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

# Halving.


@pytest.mark.parametrize("search_class", [HalvingGridSearchCV, HalvingRandomSearchCV])
def test_each_rung_of_halving_is_a_complete_shorter_fit(net_class, X, y, few, search_class):
    net = net_class(**few | {"schedule": "cosine", "n_iter_no_change": "auto"})
    folds = KFold(2, shuffle=True, random_state=0)
    search = search_class(
        net,
        {"alpha": [1e-4, 1e-2, 1.0, 10.0]},
        resource="max_iter",
        min_resources=2,
        max_resources=8,
        factor=2,
        cv=folds,
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [2, 4, 8]
    results = search.cv_results_
    for params, epochs, score in zip(
        results["params"], results["n_resources"], results["mean_test_score"], strict=True
    ):
        assert params["max_iter"] == epochs
        alone = clone(net).set_params(**params)
        assert score == cross_val_score(alone, X, y, cv=folds).mean()
    assert search.best_estimator_.n_iter_ == 8
    assert search.best_estimator_.learning_rate_curve_[-1] < 0.1 * few["learning_rate"]


# Optuna.

of_optuna_itself = pytest.mark.filterwarnings(
    "ignore:OptunaSearchCV is experimental", "ignore:`optuna.terminator` module"
)


class StopAt:
    """A trial that is pruned once it has so many reports."""

    def __init__(self, epoch):
        self.epoch, self.reports = epoch, []

    def report(self, value, step):
        self.reports.append((step, value))

    def should_prune(self):
        return len(self.reports) == self.epoch


@pytest.fixture(scope="module")
def page():
    """What the code for Optuna on the page of the guide leaves."""
    optuna = pytest.importorskip("optuna", reason='pip install "skshallow[searching]"')
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return run_page("searching", last=1)


def test_trials_are_pruned_after_the_first_epochs(page):
    states = [trial.state.name for trial in page.study.trials]
    assert set(states) == {"COMPLETE", "PRUNED"}
    for trial in page.study.trials:
        n_epochs = len(trial.intermediate_values)
        assert 3 <= n_epochs < 15 if trial.state.name == "PRUNED" else n_epochs == 15


def test_the_best_report_of_a_complete_trial_is_its_value(page):
    for trial in page.study.trials:
        if trial.state.name == "COMPLETE":
            assert min(trial.intermediate_values.values()) == trial.value


def test_the_best_trial_can_be_fitted_again(page):
    net = page.DeepNetClassifier(16, max_iter=15, early_stopping=True, random_state=0)
    net.set_params(**page.study.best_params)
    net.fit(page.X, page.y, X_val=page.X_val, y_val=page.y_val)
    assert net.validation_loss_curve_.min() == page.study.best_value
    assert net.validation_loss_curve_[net.best_iter_ - 1] == page.study.best_value


def test_a_pruned_fit_leaves_a_new_net_unfitted(page, net_class, X, y, few):
    net = net_class(**few).set_callbacks(page.PruneTrial(StopAt(2)))
    before = set(vars(net))
    with pytest.raises(page.optuna.TrialPruned):
        net.fit(X, y, X_val=X, y_val=y)
    assert set(vars(net)) == before
    assert not hasattr(net, "theta_")


def test_a_pruned_fit_leaves_a_fitted_net_as_it_was(page, net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    theta = net.theta_.copy()
    net.set_params(random_state=1).set_callbacks(page.PruneTrial(StopAt(2)))
    with pytest.raises(page.optuna.TrialPruned):
        net.fit(X, y, X_val=X, y_val=y)
    assert_array_equal(net.theta_, theta)
    assert net.n_iter_ == few["max_iter"]
    net.set_callbacks().fit(X, y)
    assert not np.array_equal(net.theta_, theta)


def test_reports_reach_the_trial_out_of_a_pipeline(page, net_class, X, y, few):
    trial = StopAt(np.inf)
    net = net_class(**few).set_callbacks(page.PruneTrial(trial))
    with config_context(enable_metadata_routing=True):
        net.set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(MaxAbsScaler(), net, transform_input=["X_val"])
        pipeline.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    steps, losses = zip(*trial.reports, strict=True)
    assert steps == (1, 2, 3)
    assert_array_equal(losses, pipeline[-1].validation_loss_curve_)


@of_optuna_itself
def test_optuna_search_scores_pipelines_as_cross_validation_does(page):
    pytest.importorskip("optuna_integration", reason='pip install "skshallow[searching]"')
    names = {"DeepNetClassifier": page.DeepNetClassifier, "X": page.X, "y": page.y}
    shown = run_page("searching", first=1, **names)
    best = clone(shown.model).set_params(**shown.search.best_params_)
    scores = cross_val_score(best, page.X, page.y, cv=2)
    assert_allclose(shown.search.best_score_, scores.mean())
    assert len(shown.search.trials_) == 4


@of_optuna_itself
def test_optuna_search_prunes_nets_that_it_trains_by_partial_fit(
    page, net_class, X, y, few
):
    integration = pytest.importorskip(
        "optuna_integration", reason='pip install "skshallow[searching]"'
    )
    study = page.optuna.create_study(
        direction="maximize",
        sampler=page.optuna.samplers.RandomSampler(seed=0),
        pruner=page.optuna.pruners.MedianPruner(n_startup_trials=2),
    )
    rates = page.optuna.distributions.FloatDistribution(1e-3, 0.3, log=True)
    folds = KFold(2, shuffle=True, random_state=0)
    search = integration.OptunaSearchCV(
        net_class(**few),
        {"learning_rate": rates},
        enable_pruning=True,
        max_iter=4,
        n_trials=8,
        cv=folds,
        study=study,
    ).fit(X, y)
    states = {trial.state.name for trial in search.trials_}
    assert states == {"COMPLETE", "PRUNED"}
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    scores = []
    for train, test in folds.split(X):
        net = net_class(**few).set_params(**search.best_params_)
        for _ in range(4):
            net.partial_fit(X[train], y[train], **classes)
        scores.append(net.score(X[test], y[test]))
    assert_allclose(search.best_score_, np.mean(scores))
