"""What holds of the gradients of every network: members, and arrays of other libraries."""

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow.engine.objective import Objective
from skshallow.losses import SquaredError


def assert_members_compute_what_each_would_alone(together, theta, alone, x, y):
    """Compare an ensemble with parameters `theta` with the network `alone` of a member."""
    objective = Objective(together, SquaredError(), 0.1, theta)
    raw = objective.gradient(x, y)
    for i in range(together.n_members):
        own = Objective(alone, SquaredError(), 0.1, np.empty(alone.layout.size))
        for params, of_members in zip(own.params, objective.params, strict=True):
            for name, value in params.items():
                value[...] = of_members[name][i].reshape(value.shape)
        np.testing.assert_allclose(raw[i], own.gradient(x, y), rtol=1e-12, atol=1e-13)
        for grads, of_members in zip(own.grads, objective.grads, strict=True):
            for name, value in grads.items():
                actual = of_members[name][i].reshape(value.shape)
                np.testing.assert_allclose(actual, value, rtol=1e-11, atol=1e-13)


def assert_gives_numpys_gradients(library, network, theta, x, y):
    """Compare results with arrays of a library; return both objectives, NumPy's first."""
    of_numpy = Objective(network, SquaredError(), 0.1, theta)
    raw = of_numpy.gradient(x, y)
    other = Objective(network, SquaredError(), 0.1, library(theta))
    found = to_numpy(other.gradient(library(x), library(y)))
    np.testing.assert_allclose(found, raw, rtol=1e-12)
    np.testing.assert_allclose(to_numpy(other.grad), of_numpy.grad, rtol=1e-10, atol=1e-14)
    return of_numpy, other
