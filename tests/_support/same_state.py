"""Whether two estimators are the same, bit by bit, in all that they hold."""

import math

import numpy as np

from skshallow.engine.network import Network


def assert_same(actual, expected, where="net"):
    """Assert that two values are of one type and, all the way down, equal bit by bit."""
    assert type(actual) is type(expected), where
    if isinstance(expected, np.ndarray):
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape), where
        if expected.dtype == object:
            assert_same(actual.tolist(), expected.tolist(), where)
        else:
            assert actual.tobytes() == expected.tobytes(), where
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_same(actual[key], value, f"{where}.{key}")
    elif isinstance(expected, list | tuple):
        assert len(actual) == len(expected), where
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            assert_same(one, other, f"{where}[{i}]")
    elif isinstance(expected, np.random.Generator):
        assert_same(actual.bit_generator.state, expected.bit_generator.state, where)
    elif isinstance(expected, Network):  # its layout is made when it is first needed
        assert_same(actual.__getstate__(), expected.__getstate__(), where)
    elif hasattr(expected, "__dict__"):
        assert_same(vars(actual), vars(expected), where)
    else:
        both_nan = (
            isinstance(expected, float) and math.isnan(actual) and math.isnan(expected)
        )
        assert both_nan or actual == expected, where
