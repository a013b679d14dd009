"""What a fit needs beside the training table, and that nothing keeps it afterwards."""

import gc
import tracemalloc
import warnings
import weakref

import numpy as np
import pytest
from callbacks import Silent
from scipy import sparse
from sklearn.callback import ProgressBar

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.callbacks import Checkpoint
from skshallow.exceptions import IneffectiveParameterWarning


@pytest.fixture
def without_collector():
    gc.disable()
    yield
    gc.enable()


def table(n_rows=300):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n_rows, 4))


def labels(X):
    return (X[:, 0] > 0).astype(int)


class Stopping(Silent):
    """A callback that raises at the end of the second epoch."""

    def __init__(self, exception):
        self.exception, self.n = exception, 0

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.n += 1
        if self.n == 2:
            raise self.exception("stop")


def plain(X, net):
    net.fit(X, labels(X))


def with_validation_data(X, net):
    net.fit(X, labels(X), X_val=X, y_val=labels(X))


def by_a_scorer(X, net):
    net.set_params(scoring="accuracy" if hasattr(net, "classes_") else None)
    net.fit(X, labels(X))


def on_weighted_rows(X, net):
    net.fit(X, labels(X), sample_weight=np.arange(len(X)) % 3)


def part_by_part(X, net):
    for _ in range(2):
        classes = {"classes": [0, 1]} if isinstance(net, DeepNetClassifier) else {}
        net.partial_fit(X, labels(X), **classes)


def warm(X, net):
    net.set_params(warm_start=True).fit(X, labels(X)).fit(X, labels(X))


def by_lbfgs(X, net):
    net.set_params(solver="lbfgs", early_stopping=True).fit(X, labels(X))


def with_callbacks(X, net):
    net.set_callbacks(ProgressBar()).fit(X, labels(X))


def failing(X, net):
    net.set_callbacks(Stopping(RuntimeError))
    with pytest.raises(RuntimeError, match="stop"):
        net.fit(X, labels(X))


def interrupted(X, net):
    net.set_callbacks(Stopping(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, labels(X))


def diverging(X, net):
    net.set_params(solver="sgd", learning_rate=1e300, standardize=False)
    with pytest.raises(ValueError, match="diverged"):
        net.fit(X, labels(X))


def refused(X, net):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        net.fit(X, labels(X)[1:])


FITS = [
    plain, with_validation_data, by_a_scorer, on_weighted_rows, part_by_part, warm,
    by_lbfgs, with_callbacks, failing, interrupted, diverging, refused,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("net_class", [DeepNetClassifier, DeepNetRegressor])
@pytest.mark.parametrize("fit", FITS)
def test_the_table_is_freed_when_the_user_lets_go_of_it(fit, net_class, without_collector):
    net = net_class(4, max_iter=3, random_state=0)
    X = table()
    freed = weakref.ref(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IneffectiveParameterWarning)
        fit(X, net)
    del X
    assert freed() is None


def test_a_sparse_table_is_freed_too(without_collector):
    X = sparse.csr_array(table())
    freed = weakref.ref(X.data)
    net = DeepNetClassifier(4, max_iter=3, random_state=0).fit(X, labels(X.toarray()))
    del X
    assert freed() is None
    assert net.n_iter_ == 3


def test_a_checkpoint_keeps_no_table(tmp_path, without_collector):
    X = table()
    freed = weakref.ref(X)
    net = DeepNetClassifier(4, max_iter=3, random_state=0)
    net.set_callbacks(Checkpoint(tmp_path / "training.npz")).fit(X, labels(X))
    del X
    assert freed() is None


N_CLASSES = 1000


def many_classes(n_rows=4000):
    rng = np.random.default_rng(0)
    more = rng.integers(N_CLASSES, size=n_rows - N_CLASSES)
    return rng.normal(size=(n_rows, 4)), np.concatenate([np.arange(N_CLASSES), more])


def all_at_once(net, X, y):
    net.fit(X, y)


def balanced(net, X, y):
    net.set_params(class_weight="balanced", loss="squared_error").fit(X, y)


def by_its_log_loss(net, X, y):
    net.set_params(temperature_scaling=False, label_smoothing=0.0).fit(X, y)


def a_part(net, X, y):
    net.partial_fit(X, y, classes=np.arange(N_CLASSES))


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("fit", [all_at_once, balanced, by_its_log_loss, a_part])
def test_many_classes_take_less_memory_than_a_table_of_indicators(fit):
    X, y = many_classes()
    net = DeepNetClassifier(4, depth=1, max_iter=1, random_state=0)
    tracemalloc.start()
    fit(net, X, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    of_indicators = 8 * len(y) * N_CLASSES
    assert peak < of_indicators / 2
