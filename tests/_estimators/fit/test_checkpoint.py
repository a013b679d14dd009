"""Checkpoints: a fit that was killed, run again, ends with the bits of one that was not."""

import copy
import errno
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import killed_fit
import numpy as np
import pytest
from covering import covering
from same_state import assert_same
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit

import skshallow._estimators.fit.checkpoint
import skshallow._estimators.fit.fingerprint
from skshallow import DeepNetClassifier, ShallowNetRegressor, load
from skshallow._estimators.files.archive import OLD_DRAFT, read, write
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning, UnreadableModel
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

STOCHASTIC = [name for name, solver in SOLVERS.items() if solver.stochastic]


class Death(Exception):
    """Stands for what ends a process."""


class Dying:
    """A callback that raises when epoch `at` ends, counted from 1 in each fit."""

    def __init__(self, at, exception=Death):
        self.at, self.exception, self.n_epochs = at, exception, 0

    def setup(self, estimator, context):
        self.n_epochs = 0

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.parent is not None:
            self.n_epochs += 1
            if self.n_epochs == self.at:
                raise self.exception


class Doing(Dying):
    """A callback that calls `action` at the end of epoch `at`."""

    def __init__(self, at, action):
        super().__init__(at)
        self.action = action

    def on_fit_task_end(self, estimator, context):
        self.n_epochs += context.parent is not None
        if context.parent is not None and self.n_epochs == self.at:
            self.action()


class Stopping(Dying):
    """A callback that ends the training with epoch `at`."""

    def on_fit_task_end(self, estimator, context):
        self.n_epochs += context.parent is not None
        return self.n_epochs == self.at


def fit(net, X, y, *callbacks, **more):
    """Fit with these callbacks and return the net, without them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return net.set_callbacks(*callbacks).fit(X, y, **more).set_callbacks()


def die(net, X, y, *callbacks, at, **more):
    """Fit a net until it dies when epoch `at` of this run ends."""
    with pytest.raises(Death):
        net.set_callbacks(*callbacks, Dying(at)).fit(X, y, **more)
    return net.set_callbacks()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "training.npz"


@pytest.fixture
def net(few):
    return DeepNetClassifier(**few | {"max_iter": 6}, dropout=0.1)


# Resuming.


@pytest.mark.parametrize(
    ("name", "every"), covering(killed_fit.FITS, [1, 4], apart=[(0, 1)])
)
def test_a_fit_that_dies_again_and_again_ends_with_the_same_bits(name, every, path):
    X, y = killed_fit.data()
    make = killed_fit.FITS[name]
    for at in (1, 6, 13):
        die(make(), X, y, Checkpoint(path, every), at=at)
    assert_same(fit(make(), X, y, Checkpoint(path, every)), fit(make(), X, y))


def test_every_net_is_resumed(net_class, X, y, weight, few, path):
    die(net_class(**few), X, y, Checkpoint(path), at=2, sample_weight=weight)
    resumed = fit(net_class(**few), X, y, Checkpoint(path), sample_weight=weight)
    assert_same(resumed, fit(net_class(**few), X, y, sample_weight=weight))


@pytest.mark.parametrize("solver", STOCHASTIC)
def test_every_solver_with_a_state_of_its_own_is_resumed(solver, net, X, y, path):
    net.set_params(solver=solver)
    die(net, X, y, Checkpoint(path), at=3)
    assert_same(fit(net, X, y, Checkpoint(path)), fit(net, X, y))


@pytest.mark.filterwarnings(
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_is_resumed(schedule, net, X, y, path):
    net.set_params(schedule=schedule)
    die(net, X, y, Checkpoint(path), at=4)
    assert_same(fit(net, X, y, Checkpoint(path)), fit(net, X, y))


def test_sparse_rows_and_validation_data_are_resumed(net, X, y, path):
    rows = sparse.csr_array(X * (X > 0))
    own = {"X_val": rows[:20], "y_val": y[:20], "sample_weight_val": np.arange(1.0, 21.0)}
    die(net, rows, y, Checkpoint(path), at=2, **own)
    assert_same(fit(net, rows, y, Checkpoint(path), **own), fit(net, rows, y, **own))


def test_training_that_went_on_from_a_fit_is_resumed(net, X, y, path):
    net.set_params(warm_start=True, schedule="constant")
    nets = [fit(net.__class__(**net.get_params()), X[:40], y[:40]) for _ in range(2)]
    die(nets[0], X, y, Checkpoint(path), at=3)
    assert_same(fit(nets[0], X, y, Checkpoint(path)), fit(nets[1], X, y))
    with pytest.raises(ValueError, match="what training starts from has other values"):
        fit(nets[0], X, y, Checkpoint(path))


def test_ctrl_c_leaves_the_best_net_and_a_training_to_resume(net, X, y, path):
    with pytest.raises(KeyboardInterrupt):
        net.set_callbacks(Checkpoint(path), Dying(4, KeyboardInterrupt)).fit(X, y)
    assert net.n_iter_ == 4
    assert len(net.predict(X)) == len(X)
    assert_same(fit(net, X, y, Checkpoint(path)), fit(net, X, y))


def test_a_training_that_diverges_does_so_again(X, y, few, path):
    few |= {"max_iter": 30, "learning_rate": 1.0, "solver": "sgd"}
    nets = [ShallowNetRegressor(**few) for _ in range(3)]
    for net in nets:
        checkpoint = [] if net is nets[0] else [Checkpoint(path)]
        with pytest.warns(ConvergenceWarning, match="diverged"):
            net.set_callbacks(*checkpoint).fit(X, y).set_callbacks()
    assert 1 < nets[0].n_iter_ < 30
    assert_same(nets[1], nets[0])
    assert_same(nets[2], nets[0])


def test_other_callbacks_are_told_of_the_epochs_that_are_left(net, X, y, path):
    die(net, X, y, Checkpoint(path), at=3)
    counting = Dying(at=None)
    fit(net, X, y, Checkpoint(path), counting)
    assert counting.n_epochs == 6 - 2  # the third had not been kept


def test_what_is_printed_is_the_only_difference_of_verbose(net, X, y, path, capsys):
    die(net, X, y, Checkpoint(path), at=3)
    fit(net.set_params(verbose=6), X, y, Checkpoint(path))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"resumes after epoch 2, from {path}"
    assert lines[1].startswith("epoch    6/6")


# The end of a training.


@pytest.mark.parametrize("end", ["planned", "stalled", "stopped"])
def test_a_finished_fit_is_taken_out_of_its_file(end, net, X, y, path):
    if end == "stalled":
        net.set_params(n_iter_no_change=2, tol=10.0)
    callbacks = [Stopping(3)] if end == "stopped" else []
    first = fit(net, X, y, Checkpoint(path, every=100), *callbacks)
    assert first.n_iter_ == (6 if end == "planned" else 3)
    counting, before = Dying(at=None), path.read_bytes()
    again = fit(DeepNetClassifier(**net.get_params()), X, y, Checkpoint(path), counting)
    assert counting.n_epochs == 0
    assert path.read_bytes() == before
    assert_same(again, first)


@pytest.mark.parametrize(("every", "n_writes"), [(1, 7), (2, 4), (4, 3), (6, 2), (50, 2)])
def test_every_so_many_epochs_and_the_last_are_written(
    every, n_writes, net, X, y, path, monkeypatch
):
    written = []

    def writing(path, content, arrays):
        written.append(path)
        write(path, content, arrays)

    monkeypatch.setattr(skshallow._estimators.fit.checkpoint, "write", writing)
    fit(net, X, y, Checkpoint(path, every))
    assert len(written) == n_writes  # one of them before the first epoch
    assert set(written) == {path}


# What is refused.


@pytest.fixture
def kept(net, X, y, path):
    """A file that keeps the training of `net` after two epochs, as bytes."""
    die(net, X, y, Checkpoint(path), at=3)
    return path.read_bytes()


def assert_refused(net, X, y, path, match, error=ValueError, **more):
    before, attributes = path.read_bytes(), dict(vars(net))
    with pytest.raises(error, match=match):
        net.set_callbacks(Checkpoint(path)).fit(X, y, **more)
    assert path.read_bytes() == before
    assert_same(vars(net.set_callbacks()), attributes)


@pytest.mark.parametrize(
    ("other", "match"),
    [
        ({"alpha": 0.5}, "alpha was 'auto', now it is 0.5"),
        ({"hidden_units": 5}, "hidden_units was 4, now it is 5"),
        ({"max_iter": 7}, "max_iter was 6, now it is 7"),
        ({"random_state": 1}, "random_state was 0, now it is 1"),
        ({"class_weight": {0: 2.0}}, r"class_weight was None, now it is \{0: 2.0\}"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_other_parameters_are_refused_by_name(other, match, net, X, y, path):
    assert_refused(net.set_params(**other), X, y, path, f"another fit: {match}[.;]")


def test_a_parameter_by_which_other_rows_are_held_out_is_told_of_alone(few, X, y, path):
    held_out = {"early_stopping": True, "validation_fraction": 0.25, "n_members": 2}
    net = DeepNetClassifier(**few, **held_out)
    clone(net).set_callbacks(Checkpoint(path)).fit(X, y)
    alone = "another fit: cross_fit was 'auto', now it is False[.] Use"
    assert_refused(net.set_params(cross_fit=False), X, y, path, alone)


@pytest.mark.usefixtures("kept")
def test_other_data_are_refused_by_name(net, X, y, weight, path):
    slightly = X.copy()
    slightly[3, 2] = np.nextafter(slightly[3, 2], np.inf)
    assert_refused(net, slightly, y, path, "X has other values")
    assert_refused(net, X[1:], y[1:], path, r"X was .*\(60, 5\), now it is .*\(59, 5\)")
    assert_refused(
        net, X.astype(np.float32), y, path, "X was float64 .*, now it is float32"
    )
    assert_refused(net, X, y[::-1], path, "y has other values")
    assert_refused(net, X, y + 1, path, "classes_ has other values")
    assert_refused(net, X, y, path, "sample_weight was None", sample_weight=weight)
    assert_refused(net, X, y, path, "X_val was None", X_val=X[:9], y_val=y[:9])


@pytest.mark.usefixtures("kept")
def test_another_version_is_refused(net, X, y, path, monkeypatch):
    monkeypatch.setattr(skshallow._estimators.fit.fingerprint, "__version__", "99.0")
    assert_refused(net, X, y, path, r"skshallow was '[^']+', now it is '99\.0'")


@pytest.mark.usefixtures("kept")
def test_another_class_of_net_is_refused(net, X, y, few, path):
    other = ShallowNetRegressor(**few)
    assert_refused(other, X, y, path, "estimator was 'DeepNetClassifier', now it is 'Shal")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_torn_file_is_refused(share, net, X, y, path, kept):
    path.write_bytes(kept[: int(share * len(kept))])
    assert_refused(net, X, y, path, "Cannot load a training from .*", UnreadableModel)


def test_a_file_with_one_other_byte_is_refused(net, X, y, path, kept):
    _, arrays = read(path)
    at = kept.index(arrays["state.theta"].tobytes())  # not in what pads, but in a value
    path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
    assert_refused(net, X, y, path, "it is damaged", UnreadableModel)


def test_a_foreign_file_is_refused(net, X, y, path):
    path.write_text("my thesis")
    assert_refused(net, X, y, path, "it is damaged", UnreadableModel)
    np.savez(path, X=X)
    assert_refused(net, X, y, path, "archive without header", UnreadableModel)
    fit(net, X, y).save(path)
    assert_refused(net, X, y, path, "it holds no training", UnreadableModel)


@pytest.mark.usefixtures("kept")
def test_a_training_is_no_net_to_load(path):
    with pytest.raises(UnreadableModel, match=r"the training state of a .*Checkpoint"):
        load(path)


def lose_a_part(state, arrays):
    state["dict"].pop()


def lose_the_end_of_a_curve(state, arrays):
    arrays["state.history.loss"] = arrays["state.history.loss"][:1]


def shorten_the_weights(state, arrays):
    arrays["state.theta"] = arrays["state.theta"][1:]


def spoil_the_best_weights(state, arrays):
    arrays["state.history.best_theta"] = arrays["state.history.best_theta"] * np.nan


def take_the_solvers_memory(state, arrays):
    arrays["state.progress.solver_state.mean"] = np.zeros(3)


def add_an_array(state, arrays):
    arrays["more"] = np.zeros(3)


def cut_a_record(state, arrays):
    arrays["state.health.dead"] = arrays["state.health.dead"][:, 1:]


def lose_the_temperature(state, arrays):
    arrays["state.optima"] = np.zeros((2, 2))


def count_beyond_the_epochs(state, arrays):
    history = dict(map(tuple, state["dict"]))["history"]
    for pair in history["dict"]:
        if pair[0] == "best_epoch":
            pair[1] = 99


FORGERIES = [
    lose_a_part,
    lose_the_end_of_a_curve,
    shorten_the_weights,
    spoil_the_best_weights,
    take_the_solvers_memory,
    add_an_array,
    cut_a_record,
    lose_the_temperature,
    count_beyond_the_epochs,
]


@pytest.mark.parametrize("forge", FORGERIES)
@pytest.mark.usefixtures("kept")
def test_a_training_that_does_not_fit_together_is_refused(forge, net, X, y, path):
    header, arrays = read(path)
    forge(header["training"], arrays)
    write(path, {name: it for name, it in header.items() if name != "format"}, arrays)
    assert_refused(net, X, y, path, "Cannot load a training", UnreadableModel)


# Files and folders.


def test_each_fit_has_a_file_of_its_own_in_a_folder(net, X, y, tmp_path):
    die(net, X, y, Checkpoint(tmp_path), at=3)
    die(net.set_params(alpha=0.5), X, y, Checkpoint(tmp_path), at=4)
    assert len(list(tmp_path.iterdir())) == 2
    resumed = fit(net, X, y, Checkpoint(tmp_path))
    assert_same(resumed, fit(net, X, y))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_path_that_cannot_be_written_fails_before_training(net, X, y, tmp_path):
    counting = Dying(at=None)
    with pytest.raises(FileNotFoundError, match=r"no folder .*for the Checkpoint"):
        fit(net, X, y, Checkpoint(tmp_path / "none" / "it.npz"), counting)
    with pytest.raises(ValueError, match="path is an empty string"):
        Checkpoint("")
    assert counting.n_epochs == 0


def test_a_write_that_fails_leaves_the_last_file_whole(net, X, y, path, monkeypatch):
    replace, n_calls = os.replace, 0

    def full(source, target):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 4:
            raise OSError("no space left")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="no space left"):
            fit(net, X, y, Checkpoint(path))
    assert os.listdir(path.parent) == [path.name]
    assert not hasattr(net, "theta_")
    assert_same(fit(net.set_callbacks(), X, y, Checkpoint(path)), fit(net, X, y))


def test_what_killed_processes_left_is_removed_once_it_is_old(net, X, y, path):
    names = [f".{path.name}.{16 * 'a'}.tmp", f".{path.name}.{16 * 'b'}.tmp", ".other.c.tmp"]
    drafts = [path.with_name(name) for name in names]
    for draft in drafts:
        draft.write_bytes(b"half")
    long_ago = time.time() - 2 * OLD_DRAFT
    for draft in (drafts[0], drafts[2]):
        os.utime(draft, (long_ago, long_ago))
    fit(net, X, y, Checkpoint(path))
    assert [draft.exists() for draft in drafts] == [False, True, True]


def test_a_fit_without_a_checkpoint_takes_no_fingerprint(net, X, y, monkeypatch):
    monkeypatch.delattr(skshallow._estimators.fit.checkpoint, "fingerprint")
    assert fit(net, X, y).n_iter_ == 6


@pytest.mark.parametrize("splitter", [KFold(3, shuffle=True), ShuffleSplit(3)], ids=repr)
@pytest.mark.parametrize("members", [{}, {"n_members": 3, "cross_fit": True}], ids=str)
def test_a_splitter_that_draws_other_rows_each_time_is_refused(
    X, y, path, splitter, members
):
    params = {"early_stopping": True, "max_iter": 2, "random_state": 0} | members
    net = DeepNetClassifier(4, **params, validation_fraction=splitter)
    with pytest.raises(ValueError, match=r"rows in a repeated fit.*random_state to an int"):
        fit(net, X, y, Checkpoint(path))
    assert not path.exists()
    seeded = copy.copy(splitter)
    seeded.random_state = 0
    assert fit(net.set_params(validation_fraction=seeded), X, y, Checkpoint(path)).n_iter_


def test_a_splitter_that_is_not_used_is_no_obstacle(X, y, path):
    params = {"early_stopping": True, "max_iter": 2, "random_state": 0}
    net = DeepNetClassifier(4, **params, validation_fraction=KFold(3, shuffle=True))
    net.set_callbacks(Checkpoint(path))
    with pytest.warns(IneffectiveParameterWarning, match="validation_fraction"):
        net.fit(X, y, X_val=X, y_val=y)
    assert net.n_iter_ == 2


# Two fits with one file.


def assert_running(X, y, path, **params):
    """Check that a fit with this path is refused, because another fit has it."""
    message = f"Another fit is running with .*{path.name}'.*Use another path .* or a folder"
    with pytest.raises(RuntimeError, match=message):
        fit(DeepNetClassifier(max_iter=6, random_state=0, **params), X, y, Checkpoint(path))


@pytest.fixture
def without_locks(monkeypatch):
    """Lock files as a file system does that has no locks."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_a_second_fit_with_the_same_file_is_refused(net, X, y, path):
    def try_others():
        before = path.read_bytes()
        assert_running(X, y, path)
        assert_running(X, y, path, alpha=0.5)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(assert_running, X, y, path).result()
        assert path.read_bytes() == before

    found = fit(net, X, y, Checkpoint(path), Doing(3, try_others))
    assert_same(found, fit(net, X, y))
    assert os.listdir(path.parent) == [path.name]
    assert_same(fit(net, X, y, Checkpoint(path)), found)


def test_a_fit_that_fails_keeps_no_file_from_the_next(net, X, y, path):
    def other():
        die(DeepNetClassifier(**net.get_params()), X, y, Checkpoint(path), at=2)

    for _ in range(2):
        other()
        assert os.listdir(path.parent) == [path.name]
    with pytest.raises(KeyboardInterrupt):
        net.set_callbacks(Checkpoint(path), Dying(1, KeyboardInterrupt)).fit(X, y)
    with pytest.raises(ValueError, match="training state of another fit"):
        fit(net.set_params(alpha=0.5), X, y, Checkpoint(path))
    net.set_params(alpha="auto").set_callbacks()
    assert_same(fit(net, X, y, Checkpoint(path)), fit(net, X, y))


@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_a_search_with_one_file_names_it_and_goes_on_with_one_fit(net, X, y, path):
    grid, cv = {"alpha": [0.0, 0.1, 0.2]}, [(np.arange(40), np.arange(40, 60))]
    net.set_callbacks(Checkpoint(path))
    search = GridSearchCV(net, grid, cv=cv, n_jobs=2, refit=False)
    with pytest.warns(FitFailedWarning) as caught:
        search.fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).sum() == 1
    (told,) = (str(it.message) for it in caught if it.category is FitFailedWarning)
    _, *errors = told.split("fits failed with the following error:")
    assert 1 <= len(errors) <= 2  # those with the same words are counted, not repeated
    refusals = "Another fit is running", "state of another fit"
    assert all(any(words in error for words in refusals) for error in errors)
    assert f"{path.name}'" in told
    assert "Use another path for this fit, or a folder" in told


def test_a_search_with_a_folder_gives_each_fit_a_file(net, X, y, tmp_path):
    grid = {"alpha": [0.0, 0.1, 0.2]}
    search = GridSearchCV(net.set_callbacks(Checkpoint(tmp_path)), grid, cv=2, n_jobs=2)
    search.fit(X, y)
    assert len(os.listdir(tmp_path)) == 3 * 2 + 1


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("alpha", [5e-4, 0.5])
def test_without_locks_a_fit_sees_that_another_one_has_written(alpha, net, X, y, path):
    other = DeepNetClassifier(**net.get_params()).set_params(alpha=alpha)

    def overwrite():
        path.unlink()
        die(other, X, y, Checkpoint(path), at=5)

    message = "Another fit has written to .*training.npz'.* Use another path"
    with pytest.raises(RuntimeError, match=message):
        fit(net, X, y, Checkpoint(path), Doing(3, overwrite))
    assert not hasattr(net, "theta_")
    assert_same(fit(other, X, y, Checkpoint(path)), fit(other, X, y))


@pytest.mark.usefixtures("without_locks")
def test_without_locks_a_fit_with_its_file_alone_is_resumed(net, X, y, path):
    die(net, X, y, Checkpoint(path), at=3)
    assert_same(fit(net, X, y, Checkpoint(path)), fit(net, X, y))
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_is_deleted_during_a_fit_is_written_anew(net, X, y, path):
    expected = fit(net, X, y)
    assert_same(fit(net, X, y, Checkpoint(path), Doing(3, path.unlink)), expected)
    assert path.exists()


# Real processes, really killed.


@contextmanager
def fitting(name, path, seconds_per_epoch):
    """Return a context in which another process fits; it is killed in the end."""
    words = [killed_fit.__file__, name, str(path), str(seconds_per_epoch)]
    program = [sys.executable, *words]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "begun\n"
            yield
        finally:
            child.kill()
    assert child.returncode == -signal.SIGKILL


def check_killing(name, path, delays):
    """Kill a fit after each of these delays, again and again, then finish it."""
    for delay in delays:
        with fitting(name, path, 0.002):
            time.sleep(delay)
        read(path)  # a whole file, wherever the kill came
    X, y = killed_fit.data()
    make = killed_fit.FITS[name]
    assert_same(fit(make(), X, y, Checkpoint(path)), fit(make(), X, y))


needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


@needs_kill
def test_a_fit_in_another_process_keeps_its_file_until_it_is_killed(path):
    X, y = killed_fit.data()
    with fitting("dropout", path, 60):
        before = path.read_bytes()
        assert_running(X, y, path)
        assert path.read_bytes() == before
    make = killed_fit.FITS["dropout"]
    assert_same(fit(make(), X, y, Checkpoint(path)), fit(make(), X, y))
    assert not list(path.parent.glob(".*.lock"))


@needs_kill
def test_a_fit_that_is_killed_ends_with_the_same_bits(path):
    check_killing("dropout", path, [random.uniform(0, 0.15)])


@needs_kill
@pytest.mark.slow
@pytest.mark.parametrize("name", killed_fit.FITS)
def test_a_fit_that_is_killed_many_times_ends_with_the_same_bits(name, path):
    check_killing(name, path, [random.uniform(0, 0.3) for _ in range(8)])


def test_the_fits_to_kill_are_what_their_names_say():
    X, y = killed_fit.data()
    nets = {name: fit(make(), X, y) for name, make in killed_fit.FITS.items()}
    assert nets["early_stopping"].best_iter_ < nets["early_stopping"].n_iter_
    assert len(np.unique(nets["plateau"].learning_rate_curve_)) > 1
    assert nets["members"].n_members == 3
    assert nets["gamma"].theta_.dtype == np.float32
    assert all(net.n_iter_ >= 40 for net in nets.values())
