"""A fit is whole or leaves nothing, whatever is raised, wherever."""

import linecache
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from callbacks import Silent
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

import skshallow
from skshallow import DeepNetClassifier, ShallowNetClassifier, ShallowNetRegressor

PACKAGE = str(Path(skshallow.__file__).parent)


def interrupt(act, at):
    """Call `act`, with Ctrl-C before its line number `at` in the package.

    Python traces the line of a `with` once more before it leaves the block, where no signal
    can come, so that these lines are left out.

    Returns how many lines there were until then, and whether `act` was interrupted.
    """
    n_lines = 0

    def count(frame, event, arg):
        nonlocal n_lines
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not line.lstrip().startswith("with "):
            n_lines += 1
            if n_lines == at:
                raise KeyboardInterrupt
        return count

    def enter(frame, event, arg):
        return count if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        act()
    except KeyboardInterrupt:
        return n_lines, True
    finally:
        sys.settrace(before)
    return n_lines, False


class Watching(Silent):
    """A callback that predicts in every epoch, as a user's would."""

    def __init__(self, X):
        self.X = X

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        fitted_estimator.predict(self.X)


def unchanged(net, before):
    """Return whether all attributes are as they were in a pickle of them."""
    return pickle.dumps(vars(net)) == before


def assert_usable(net, X):
    """Assert that a net predicts, and that its attributes fit together."""
    n = net.n_iter_
    assert n >= 1
    assert len(net.loss_curve_) == len(net.learning_rate_curve_) == n
    assert len(net.validation_loss_curve_) in (0, n)
    assert len(net.validation_scores_) in (0, n)
    assert 0 <= net.best_iter_ <= n
    assert net.loss_ in net.loss_curve_ or net.best_iter_ == 0
    assert len({len(record) for record in net.health_.values()}) == 1
    assert np.isfinite(net.theta_).all()
    assert len(net.predict(X)) == len(X)
    assert np.isfinite(net.score(X, net.predict(X)))
    assert "_callback_fit_ctx" not in vars(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.set_callbacks().fit(X, net.predict(X))  # and nothing stands in the way of a fit


FEW = {
    "hidden_units": 3,
    "max_iter": 3,
    "batch_size": 30,
    "schedule": "constant",
    "learning_rate": 0.01,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}


def with_everything(X, y):
    net = ShallowNetClassifier(
        **FEW,
        early_stopping=True,
        scoring="accuracy",
        temperature_scaling=True,
        dropout=0.1,
    )
    net.set_callbacks(Watching(X))
    return net, lambda: net.fit(X, y)


def with_dispersion_and_lbfgs(X, y):
    net = ShallowNetRegressor(3, loss="gamma", solver="lbfgs", max_iter=3, random_state=0)
    return net, lambda: net.fit(X, y + 1.0)


def started_warm(X, y):
    net = ShallowNetRegressor(**FEW, loss="gaussian", warm_start=True).fit(X, y)
    return net, lambda: net.fit(X, y)


def part_by_part(X, y):
    net = ShallowNetRegressor(**FEW, loss="gamma").partial_fit(X, y + 1.0)
    return net, lambda: net.partial_fit(X, y + 1.0)


def diverging(X, y):
    net = ShallowNetRegressor(
        **FEW | {"learning_rate": 300.0, "max_iter": 30}, solver="sgd", standardize=False
    )
    return net, lambda: net.fit(X, y)


FITS = [with_everything, with_dispersion_and_lbfgs, started_warm, part_by_part, diverging]


def check_interruptions(make, X, y, lines):
    """Interrupt a fit before each of these lines; return the outcomes."""
    outcomes = []
    for at in lines:
        net, fit = make(X, y)
        before = pickle.dumps(vars(net))
        n_lines, interrupted = interrupt(fit, at)
        assert interrupted or n_lines < at, "Ctrl-C was swallowed"
        if unchanged(net, before):
            outcomes.append("as before")
        else:
            assert_usable(net, X)
            outcomes.append("usable")
    return outcomes


def lines_of(make, X, y):
    """Return how many lines of the package a fit runs through, the first one apart."""
    make(X, y)[1]()
    n_lines, interrupted = interrupt(make(X, y)[1], None)
    assert not interrupted
    return n_lines


@pytest.mark.filterwarnings("ignore")  # divergence, and fits too short to converge
@pytest.mark.parametrize("make", FITS)
def test_ctrl_c_at_some_lines_leaves_a_usable_net_or_the_one_before(
    make, X, y, record_property
):
    n_lines = lines_of(make, X, y)
    lines = np.linspace(1, n_lines, 8).astype(int)
    record_property("interruptions", len(lines))
    outcomes = check_interruptions(make, X, y, lines)
    assert outcomes[0] == "as before"
    if make is not part_by_part:  # whose one epoch ends close to the end
        assert "usable" in outcomes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", FITS)
def test_ctrl_c_at_any_line_leaves_a_usable_net_or_the_one_before(
    make, X, y, record_property
):
    n_lines = lines_of(make, X, y)
    record_property("interruptions", n_lines)
    outcomes = check_interruptions(make, X, y, range(1, n_lines + 1))
    assert set(outcomes) == {"as before", "usable"}


class Raising(Silent):
    """A callback that raises in one hook of one task; `at` is "begin fit" or alike."""

    def __init__(self, at, exception):
        self.at, self.exception = at, exception

    def on_fit_task_begin(self, estimator, context):
        if self.at == f"begin {context.task_name}":
            raise self.exception

    def on_fit_task_end(self, estimator, context):
        if self.at == f"end {context.task_name}":
            raise self.exception


HOOKS = [
    "begin fit",
    "begin epoch 0",
    "begin epoch 2",
    "end epoch 0",
    "end epoch 2",
    "end fit",
]


@pytest.mark.parametrize("fitted", [False, True], ids=["new", "fitted"])
@pytest.mark.parametrize("at", HOOKS)
def test_an_error_in_any_hook_leaves_the_net_as_it_was(net_class, X, y, few, at, fitted):
    net = net_class(**few, warm_start=True)
    if fitted:
        net.fit(X[:50], y[:50])
    before = pickle.dumps(vars(net))
    net.set_callbacks(Raising(at, RuntimeError("mine")))
    with pytest.raises(RuntimeError, match="mine"):
        net.fit(X, y)
    assert unchanged(net.set_callbacks(), before)


@pytest.mark.parametrize("at", HOOKS)
def test_ctrl_c_in_any_hook_keeps_the_epochs_that_ended(net_class, X, y, few, at):
    net = net_class(**few).set_callbacks(Raising(at, KeyboardInterrupt))
    before = pickle.dumps(vars(net_class(**few)))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    n_ended = {"begin epoch 2": 2, "end epoch 0": 1, "end epoch 2": 3, "end fit": 3}.get(at)
    net.set_callbacks()
    if n_ended is None:
        assert unchanged(net, before)
    else:
        assert net.n_iter_ == n_ended
        assert_usable(net, X)


def test_an_error_in_partial_fit_leaves_the_net_as_it_was(X, y, pieces):
    net = ShallowNetRegressor(**pieces).partial_fit(X, y)
    before = pickle.dumps(vars(net))
    net.set_callbacks(Raising("end fit", RuntimeError("mine")))
    with pytest.raises(RuntimeError, match="mine"):
        net.partial_fit(X, y)
    assert unchanged(net.set_callbacks(), before)


def test_what_a_callback_sets_on_the_net_stays(X, y, few):
    class Marking(Watching):
        def on_fit_task_begin(self, estimator, context):
            estimator.marks_ = [*getattr(estimator, "marks_", []), context.task_name]

    net = ShallowNetRegressor(**few).set_callbacks(Marking(X)).fit(X, y)
    assert net.marks_ == ["fit", "epoch 0", "epoch 1", "epoch 2"]
    assert len(net.predict(X)) == len(X)


def test_the_net_stays_what_it_was_while_it_is_fitted_anew(X, y, few):
    class Looking(Watching):
        def on_fit_task_end(self, estimator, context):
            if context.parent is not None:
                seen.append((estimator is net, estimator.theta_))

    seen = []
    net = DeepNetClassifier(**few).fit(X, y)
    first = net.theta_
    net.set_params(random_state=1).set_callbacks(Looking(X)).fit(X, y)
    assert len(seen) == 3
    for is_net, theta in seen:
        assert is_net
        assert theta is first
    assert not np.array_equal(net.theta_, first)


def test_training_goes_on_from_the_best_epoch_after_ctrl_c(X, y, few):
    """With a solver that remembers nothing of steps that are not part of it."""
    net = ShallowNetRegressor(**few, warm_start=True)
    net.set_callbacks(Raising("begin epoch 2", KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    whole = ShallowNetRegressor(**few | {"max_iter": 2}, warm_start=True).fit(X, y)
    assert_array_equal(net.theta_, whole.theta_)
    loss = net.loss_
    assert net.set_callbacks().fit(X, y).loss_ < loss
    whole.set_params(**few).fit(X, y)  # with the solver's state of its steps
    assert not np.array_equal(net.theta_, whole.theta_)


def test_training_goes_on_after_a_divergence(X, y):
    net = ShallowNetRegressor(
        **FEW | {"learning_rate": 1e300, "max_iter": 5}, solver="momentum", warm_start=True
    )
    net.set_params(learning_rate=0.01).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="diverged"), np.errstate(all="ignore"):
        net.set_params(learning_rate=1e30).fit(X, y)
    net.set_params(learning_rate=0.01).fit(X, y)
    assert np.isfinite(net.loss_curve_[-5:]).all()
