"""Fixtures of all tests: estimators, small data, array libraries."""

import os
import sys

# SciPy reads it once, on import; scikit-learn's array API checks need it.
os.environ["SCIPY_ARRAY_API"] = "1"
# Tests run beside each other: OpenMP threads would spin while they wait for a busy core,
# and trees would take a hundred times as long. Read once, too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from array_libraries import LIBRARIES
from few_epochs import FEW_EPOCHS
from public_objects import public_docstrings

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

CLASSIFIERS = [ShallowNetClassifier, DeepNetClassifier]
REGRESSORS = [ShallowNetRegressor, DeepNetRegressor]


class OneByOne:
    """Fixtures for tests of all folders: also for the examples of docstrings and pages."""

    @pytest.fixture(autouse=True)
    def same_start(self, request):
        """Give each test the same numbers where it leaves random_state at None.

        An example has to set it: what it prints shall hold for whoever pastes it, alone,
        so that those of public docstrings see no names of modules. Its figures are closed.
        """
        np.random.seed(0)  # noqa: NPY002
        node = request.node
        is_docstring = isinstance(node, pytest.DoctestItem) and node.path.suffix == ".py"
        if is_docstring and node.dtest.docstring in public_docstrings():
            node.dtest.globs.clear()
        yield
        if isinstance(node, pytest.DoctestItem):
            if "matplotlib.pyplot" in sys.modules:
                sys.modules["matplotlib.pyplot"].close("all")
            drawn = np.random.standard_normal()  # noqa: NPY002
            np.random.seed(0)  # noqa: NPY002
            first = np.random.standard_normal()  # noqa: NPY002
            assert drawn == first, "An example leaves a random_state at None."


def pytest_configure(config):
    config.pluginmanager.register(OneByOne(), "one_by_one")


@pytest.fixture(params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def classifier_class(request):
    return request.param


@pytest.fixture(params=REGRESSORS, ids=lambda cls: cls.__name__)
def regressor_class(request):
    return request.param


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def net_class(request):
    return request.param


@pytest.fixture(params=[DeepNetClassifier, DeepNetRegressor], ids=lambda cls: cls.__name__)
def deep_class(request):
    return request.param


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.__name__)
def library(request):
    """Return a function from an array of NumPy's to one of another library."""
    return request.param


@pytest.fixture(scope="session")
def X():
    """Sixty rows of five features, in read-only memory, of very different units."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 1, -3, 0]
    X.flags.writeable = False
    return X


@pytest.fixture(scope="session")
def y(X):
    """Three classes that are also counts, so that every estimator can learn them."""
    noise = np.random.default_rng(1).normal(scale=0.5, size=len(X))
    y = np.digitize(X[:, 0] + 3 * (X[:, 2] - 1) + noise, [-0.5, 0.5])
    y.flags.writeable = False
    return y


@pytest.fixture(scope="session")
def weight():
    """Positive weights for those rows."""
    return np.random.default_rng(2).uniform(0.2, 3, size=60)


@pytest.fixture
def few():
    """Parameters for a fit of a few epochs that does not ask to converge."""
    return {"hidden_units": 4, **FEW_EPOCHS}


@pytest.fixture
def pieces(few):
    """Those of them that `partial_fit` uses, which runs one epoch per call."""
    return {
        name: value
        for name, value in few.items()
        if name not in ("max_iter", "n_iter_no_change")
    }
