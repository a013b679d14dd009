"""What others see of a fit: scikit-learn's callbacks, an own one, printed lines."""

import pickle
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from raw_predictions import raw_prediction
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import ShallowNetClassifier, ShallowNetRegressor


class Recorder:
    """A callback that writes down each hook, and may stop or raise in epoch `at`."""

    def __init__(self, at=None, action=None):
        self.at, self.action, self.hooks, self.fitted = at, action, [], []

    def setup(self, estimator, context):
        self.hooks.append("setup")

    def teardown(self, estimator, context):
        self.hooks.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.hooks.append(f"begin {context.task_name}")
        self.data = X, y, metadata

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.hooks.append(f"end {context.task_name}")
        if context.parent is not None:
            self.fitted.append(fitted_estimator)
            if len(self.fitted) == self.at:
                if isinstance(self.action, Exception):
                    raise self.action
                return self.action
        return None


def epochs_of(hooks):
    return [hook for hook in hooks if "epoch" in hook]


def solver_params(solver):
    params = {"hidden_units": 4, "solver": solver, "max_iter": 6, "random_state": 0}
    if solver == "adam":
        params |= {"schedule": "constant", "n_iter_no_change": np.inf, "batch_size": 16}
    return params


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_epoch_begins_once_and_ends_once(net_class, X, y, weight, solver):
    recorder = Recorder()
    net = net_class(**solver_params(solver)).set_callbacks(recorder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X, y, sample_weight=weight)
    assert net.n_iter_ == 6
    epochs = [f"{what} epoch {k}" for k in range(6) for what in ("begin", "end")]
    assert recorder.hooks == ["setup", "begin fit", *epochs, "end fit", "teardown"]
    assert recorder.data[0] is X
    assert recorder.data[1] is y
    assert recorder.data[2]["sample_weight"] is weight


def test_an_epoch_without_a_lower_point_ends_too(X, y):
    for seed in range(5):
        recorder = Recorder()
        net = ShallowNetRegressor(
            8, activation="step", solver="lbfgs", max_iter=500, random_state=seed
        )
        net.set_callbacks(recorder).fit(X, y)
        epochs = epochs_of(recorder.hooks)
        assert epochs[0::2] == [f"begin epoch {k}" for k in range(net.n_iter_)]
        assert epochs[1::2] == [f"end epoch {k}" for k in range(net.n_iter_)]


def test_partial_fit_is_one_epoch(net_class, X, y, pieces):
    recorder = Recorder()
    net = net_class(**pieces).set_callbacks(recorder)
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    net.partial_fit(X, y, **classes)
    assert epochs_of(recorder.hooks) == ["begin epoch 0", "end epoch 0"]
    net.partial_fit(X, y)
    assert len(epochs_of(recorder.hooks)) == 4


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_estimator_of_an_epoch_predicts_as_if_training_had_ended(
    net_class, X, y, solver
):
    recorder = Recorder()
    params = solver_params(solver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net = net_class(**params).set_callbacks(recorder).fit(X, y)
        for n_epochs in 2, 6:
            short = net_class(**params | {"max_iter": n_epochs}).fit(X, y)
            fitted = recorder.fitted[n_epochs - 1]
            assert_allclose(raw_prediction(fitted, X), raw_prediction(short, X), rtol=1e-9)
            assert fitted.score(X, y) == pytest.approx(short.score(X, y))
    assert_array_equal(recorder.fitted[-1].predict(X), net.predict(X))
    assert recorder.fitted[0] is not net


def test_the_estimator_of_an_epoch_knows_the_curves_up_to_there(net_class, X, y, few):
    recorder = Recorder()
    net = net_class(**few, warm_start=True).set_callbacks(recorder)
    net.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:]).fit(X, y)
    assert [fitted.n_iter_ for fitted in recorder.fitted] == [1, 2, 3, 4, 5, 6]
    for fitted in recorder.fitted:
        for curve in ("loss_curve_", "validation_loss_curve_", "learning_rate_curve_"):
            assert_array_equal(
                getattr(fitted, curve), getattr(net, curve)[: fitted.n_iter_]
            )


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_true_from_a_hook_stops(net_class, X, y, solver):
    recorder = Recorder(at=3, action=True)
    net = net_class(**solver_params(solver)).set_callbacks(recorder)
    net.fit(X, y)  # and without a warning that the loss was still improving
    assert net.n_iter_ == len(recorder.fitted) == 3
    assert_array_equal(net.theta_, recorder.fitted[-1].theta_)
    assert recorder.hooks[-2:] == ["end fit", "teardown"]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("fitted", [False, True], ids=["new", "fitted"])
def test_an_exception_in_a_callback_leaves_the_estimator_as_before(
    net_class, X, y, solver, fitted
):
    net = net_class(**solver_params(solver))
    if fitted:
        net.set_callbacks(Recorder(at=2, action=True)).fit(X, y).set_callbacks()
    before = pickle.dumps(vars(net))
    recorder = Recorder(at=2, action=RuntimeError("mine"))
    net.set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="mine"):
        net.fit(X, y)
    assert recorder.hooks[-1] == "teardown"
    assert pickle.dumps(vars(net.set_callbacks())) == before


def test_wrong_data_do_not_keep_a_callback_from_its_teardown(net_class, X, y):
    recorder = Recorder()
    net = net_class(alpha=-1).set_callbacks(recorder)
    with pytest.raises(ValueError, match="alpha"):
        net.fit(X, y)
    with pytest.raises(ValueError, match="infinity"):
        net.set_params(alpha=0).fit(np.full_like(X, np.inf), y)
    assert recorder.hooks.count("setup") == recorder.hooks.count("teardown")
    assert set(vars(net)) == {*net.get_params(), "_skl_callbacks"}


def test_callbacks_change_nothing_but_what_is_seen(net_class, X, y, few):
    plain = net_class(**few).fit(X, y)
    watched = net_class(**few).set_callbacks(Recorder()).fit(X, y)
    assert_array_equal(watched.theta_, plain.theta_)
    assert_array_equal(watched.loss_curve_, plain.loss_curve_)


# scikit-learn's own callbacks.


def test_scoring_monitor_logs_the_score_of_every_epoch(net_class, X, y, few):
    monitor = ScoringMonitor(scoring="r2")
    net = net_class(**few).set_callbacks(monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if "epoch" in row["task_name"]]
    assert [row["task_name"] for row in rows] == ["epoch 0", "epoch 1", "epoch 2"]
    for k, row in enumerate(rows, start=1):
        short = net_class(**few | {"max_iter": k}).fit(X, y)
        assert_allclose(row["r2"], r2_score(y, short.predict(X)))
    assert net.n_iter_ == 3


@pytest.mark.parametrize("early_stopping", [False, True])
def test_callbacks_of_a_gamma_fit_see_the_distribution_of_their_epoch(
    regressor_class, X, y, few, early_stopping
):
    def likelihood(net, X, y):
        return net.predict_proba(X).logpdf(y).mean()

    few |= {"loss": "gamma", "early_stopping": early_stopping}
    y = y + 1.0
    recorder, monitor = Recorder(), ScoringMonitor(scoring={"likelihood": likelihood})
    net = regressor_class(**few).set_callbacks(recorder, monitor)
    for target in y, 50 * y:  # the second time nothing of the first is left
        recorder.fitted.clear()
        net.fit(X, target).conformalize(X, target)
        rows = [row for row in monitor.get_logs().data if "epoch" in row["task_name"]]
        for n_iter, fitted in enumerate(recorder.fitted, start=1):
            short = regressor_class(**few | {"max_iter": n_iter, "early_stopping": False})
            if not early_stopping:
                short.fit(X, target)
                assert_allclose(fitted.dispersion_, short.dispersion_)
                assert_allclose(fitted.predict_interval(X), short.predict_interval(X))
            expected = likelihood(fitted, X, target)
            assert_allclose(rows[n_iter - 1]["likelihood"], expected)
        assert len(rows) == len(recorder.fitted) == 3


def test_scoring_monitor_works_in_a_pipeline(net_class, X, y, few):
    monitor = ScoringMonitor(scoring="r2")
    pipeline = make_pipeline(StandardScaler(), net_class(**few).set_callbacks(monitor))
    pipeline.fit(X, y)
    rows = [row for row in monitor.get_logs().data if "epoch" in row["task_name"]]
    assert len(rows) == 3
    assert rows[-1]["r2"] == pytest.approx(r2_score(y, pipeline.predict(X)))


def test_scoring_monitor_works_in_a_parallel_grid_search(X, y, few):
    monitor = ScoringMonitor(scoring="r2")
    net = ShallowNetRegressor(**few).set_callbacks(monitor)
    search = GridSearchCV(net, {"init_scale": [0.5, 1.0]}, cv=2, n_jobs=2).fit(X, y)
    rows = [row for row in monitor.get_logs().data if "epoch" in row["task_name"]]
    assert len(rows) == (2 * 2 + 1) * 3  # candidates x folds, and the refit
    last = r2_score(y, search.predict(X))
    assert any(row["r2"] == pytest.approx(last) for row in rows)


@pytest.mark.parametrize("nested", ["alone", "pipeline", "search"])
def test_progress_bar_reaches_the_end(nested, X, y, few, capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    net = ShallowNetClassifier(**few)
    if nested == "pipeline":
        net = make_pipeline(StandardScaler(), net)
    elif nested == "search":
        net = GridSearchCV(net, {"init_scale": [0.5, 1.0]}, cv=2, n_jobs=2)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not support callbacks")
        net.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    printed = capsys.readouterr().out
    assert "ShallowNetClassifier - fit" in printed
    assert "100%" in printed or "10…" in printed  # cut where the terminal is narrow
    assert not re.search(r"\b[0-9]{1,2}%", printed)


def test_a_bar_of_a_stopped_fit_ends_too(X, y, few, capsys):
    pytest.importorskip("rich")
    few |= {"max_iter": 50, "n_iter_no_change": 1, "tol": 10.0}
    net = ShallowNetClassifier(**few).set_callbacks(ProgressBar())
    assert net.fit(X, y).n_iter_ < 50
    assert "ShallowNetClassifier - fit" in capsys.readouterr().out


def test_a_clone_keeps_its_callbacks(net_class):
    recorder = Recorder()
    copy = clone(net_class().set_callbacks(recorder))
    assert copy._skl_callbacks == [recorder]


# Printed lines.


def test_verbose_prints_a_readable_line_an_epoch(net_class, X, y, few, capsys):
    net = net_class(**few, verbose=True).fit(X, y)
    settings, *lines = capsys.readouterr().out.splitlines()
    assert str(net.network_) in settings
    assert "learning_rate=0.01" in settings
    assert "batch_size=16" in settings
    assert len(lines) == 3
    for k, line in enumerate(lines, start=1):
        assert re.fullmatch(
            rf"epoch +{k}/3  loss \S+  learning rate 0\.01  \d+\.\d\d s", line
        )
        loss = float(re.search(r"loss (\S+)", line)[1])
        assert loss == pytest.approx(net.loss_curve_[k - 1], rel=1e-5)


def test_verbose_prints_every_so_many_epochs(net_class, X, y, few, capsys):
    net_class(**few | {"max_iter": 10}, verbose=4).fit(X, y)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split("/")[0] for line in lines] == ["epoch    4", "epoch    8"]


def test_verbose_tells_of_the_validation(X, y, few, capsys):
    few |= {"early_stopping": True, "scoring": "accuracy", "verbose": 1}
    net = ShallowNetClassifier(**few).fit(X, y)
    line = capsys.readouterr().out.splitlines()[-1]
    last = float(re.search(r"validation loss (\S+)", line)[1])
    assert last == pytest.approx(net.validation_loss_curve_[-1], rel=1e-5)
    assert "validation score" in line


def test_verbose_leaves_out_the_learning_rate_that_lbfgs_has_not(X, y, capsys):
    ShallowNetRegressor(4, solver="lbfgs", max_iter=5, verbose=1, early_stopping=True).fit(
        X, y
    )
    printed = capsys.readouterr().out
    settings, *lines = printed.splitlines()
    assert "learning_rate" not in settings
    assert len(lines) == 5
    assert "learning rate" not in printed


def test_a_quiet_fit_prints_nothing(net_class, X, y, few, capsys):
    net_class(**few).fit(X, y)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
