"""Checkpoint callbacks: their parameters, and the fits that they are refused for."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skshallow import ShallowNetClassifier, ShallowNetRegressor
from skshallow.activations import ReLU
from skshallow.callbacks import Checkpoint


def test_a_checkpoint_has_a_path_and_a_frequency():
    checkpoint = Checkpoint("it.npz", every=3)
    assert repr(checkpoint) == "Checkpoint(path='it.npz', every=3)"
    assert pickle.loads(pickle.dumps(checkpoint)) == checkpoint
    assert Checkpoint(Path("it.npz"), np.int64(2)).every == 2


@pytest.mark.parametrize("path", [None, 3, b"it.npz"])
def test_an_invalid_path_is_refused(path):
    with pytest.raises(TypeError, match="path must be a str"):
        Checkpoint(path)


@pytest.mark.parametrize("every", [0, -1, 1.5, "1", True])
def test_an_invalid_number_of_epochs_is_refused(every):
    with pytest.raises(ValueError, match="every must be an int of at least 1"):
        Checkpoint("it.npz", every)


def refused(net, X, y, match, error=ValueError, method="fit"):
    before = dict(vars(net))
    with pytest.raises(error, match=match):
        getattr(net, method)(X, y)
    assert vars(net) == before


@pytest.fixture
def checkpoint(tmp_path):
    yield Checkpoint(tmp_path / "it.npz")
    assert list(tmp_path.iterdir()) == []  # nothing that is refused leaves a file


def test_lbfgs_is_refused(X, y, checkpoint):
    net = ShallowNetRegressor(4, solver="lbfgs", random_state=0).set_callbacks(checkpoint)
    refused(net, X, y, "solver='lbfgs' cannot resume in the middle")


def test_partial_fit_is_refused(X, y, pieces, checkpoint):
    net = ShallowNetRegressor(**pieces).set_callbacks(checkpoint)
    refused(net, X, y, r"net\.save\(path\)", method="partial_fit")


@pytest.mark.parametrize(
    "random_state", [None, np.random.RandomState(0), np.random.default_rng(0)]
)
def test_a_fit_that_cannot_be_repeated_is_refused(random_state, X, y, few, checkpoint):
    net = ShallowNetRegressor(**few | {"random_state": random_state})
    refused(net.set_callbacks(checkpoint), X, y, "Set random_state to an int")


def test_two_checkpoints_are_refused(X, y, few, checkpoint):
    net = ShallowNetRegressor(**few).set_callbacks(checkpoint, checkpoint)
    refused(net, X, y, "at most one Checkpoint")


def test_parameters_that_are_code_are_refused(X, y, few, checkpoint):
    class MyReLU(ReLU):
        pass

    net = ShallowNetRegressor(**few, activation=MyReLU()).set_callbacks(checkpoint)
    refused(net, X, y, "cannot compare 'activation'", TypeError)
    net = ShallowNetRegressor(**few, early_stopping=True, scoring=lambda net, X, y: 0.0)
    net.set_callbacks(checkpoint)
    refused(net, X, y, "cannot compare 'scoring'", TypeError)


def test_a_checkpoint_knows_a_splitter_by_the_rows_that_it_chose(X, y, few, tmp_path):
    class Late:
        """What tells nobody its settings."""

        def __init__(self, start):
            self.start = start

        def split(self, X, y=None, groups=None):
            yield np.arange(self.start), np.arange(self.start, len(X))

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    def fit(start):
        net = ShallowNetRegressor(**few, early_stopping=True)
        net.set_params(validation_fraction=Late(start))
        return net.set_callbacks(Checkpoint(tmp_path / "it.npz")).fit(X, y)

    assert (fit(50).theta_ == fit(50).theta_).all()
    with pytest.raises(ValueError, match="the choice of training rows"):
        fit(40)


def test_a_checkpoint_on_a_meta_estimator_is_refused(X, y, few, checkpoint):
    search = GridSearchCV(ShallowNetRegressor(**few), {"alpha": [0.1]}, cv=2)
    with pytest.raises(TypeError, match="Call set_callbacks on the net inside"):
        search.set_callbacks(checkpoint).fit(X, y)


def test_a_net_in_a_pipeline_writes_its_checkpoint(X, y, few, tmp_path):
    path = tmp_path / "it.npz"
    net = ShallowNetClassifier(**few).set_callbacks(Checkpoint(path))
    first = make_pipeline(StandardScaler(), net).fit(X, y)
    again = make_pipeline(StandardScaler(), clone(net)).fit(X, y)
    assert path.exists()
    assert (again[-1].theta_ == first[-1].theta_).all()


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_every_fit_of_a_search_writes_a_checkpoint_of_its_own(n_jobs, X, y, few, tmp_path):
    net = ShallowNetClassifier(**few).set_callbacks(Checkpoint(tmp_path, every=10))
    grid = {"alpha": [0.01, 0.1]}
    first = GridSearchCV(net, grid, cv=2, n_jobs=n_jobs).fit(X, y)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == 2 * 2 + 1  # candidates x folds, and the refit
    again = GridSearchCV(net, grid, cv=2, n_jobs=n_jobs).fit(X, y)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == files
    assert (again.best_estimator_.theta_ == first.best_estimator_.theta_).all()


def test_a_checkpoint_works_beside_other_callbacks(X, y, few, tmp_path):
    monitor = ScoringMonitor(scoring="r2")
    net = ShallowNetRegressor(**few)
    net.set_callbacks(Checkpoint(tmp_path / "it.npz"), monitor).fit(X, y)
    rows = [row for row in monitor.get_logs().data if "epoch" in row["task_name"]]
    assert len(rows) == net.n_iter_ == 3
