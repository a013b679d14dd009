"""The state of a training: the running average of its steps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skshallow.engine.state import AVERAGE_MEMORY, Progress
from skshallow.schedules import Constant
from skshallow.solvers import SGD


@pytest.fixture
def progress():
    return Progress(np.random.default_rng(0), SGD(), Constant(), {}, {})


def test_the_average_of_one_step_is_that_step(progress):
    theta = np.array([1.0, -2.0])
    progress.add_to_average(theta)
    theta += 1
    assert_array_equal(progress.average, [1, -2])


def test_weights_of_steps_in_the_average_grow_polynomially(progress):
    """Unrolled, step ``t`` weighs as (t + 1) ... (t + m): a power m, for large t."""
    steps = np.random.default_rng(1).normal(size=(200, 3))
    for theta in steps:
        progress.add_to_average(theta)
    t = np.arange(len(steps))[:, np.newaxis]
    weight = np.prod(t + np.arange(1.0, AVERAGE_MEMORY + 1), axis=1)
    assert_allclose(progress.average, weight @ steps / weight.sum(), rtol=1e-12)


def test_the_average_of_constant_steps_is_exact(progress):
    for _ in range(1000):
        progress.add_to_average(np.full(2, 0.1, np.float32))
    assert progress.average.dtype == np.float32
    assert_array_equal(progress.average, np.float32(0.1))
