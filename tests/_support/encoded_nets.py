"""What the tests of encoded numbers share: every net, short fits, and a small table."""

import numpy as np
import pytest

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

NETS = ShallowNetClassifier, DeepNetClassifier, ShallowNetRegressor, DeepNetRegressor
each_net = pytest.mark.parametrize("net_class", NETS)
FEW = {"hidden_units": 4, "max_iter": 3, "random_state": 0, "early_stopping": False}


def data(n_rows=80):
    """Return two columns of numbers and one of two values, and classes."""
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    X[:, 2] = X[:, 2] > 0
    return X, (X[:, 0] > 0).astype(int)
