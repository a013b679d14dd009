"""Flushing of subnormal numbers to zero, for NumPy and other array libraries."""

import numpy as np
import pytest
from array_libraries import strict_elsewhere
from numpy.testing import assert_array_equal

from skshallow._arrays.namespace import to_numpy
from skshallow._arrays.subnormal import flush_to_zero


@pytest.mark.parametrize("elsewhere", [np.copy, strict_elsewhere], ids=["numpy", "strict"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_what_is_subnormal_or_nearly_so_becomes_zero(dtype, elsewhere):
    limits = np.finfo(dtype)
    tiny = [limits.smallest_subnormal, limits.tiny, 2 * limits.tiny]
    others = [0.0, limits.tiny / limits.eps, 1.0, limits.max, np.inf, np.nan]
    array = elsewhere(np.array([*tiny, *others], dtype))
    negative = elsewhere(-np.array([*tiny, *others], dtype))
    flush_to_zero(array)
    flush_to_zero(negative)
    assert_array_equal(to_numpy(array), np.array([0, 0, 0, *others], dtype))
    assert_array_equal(to_numpy(negative), -np.array([0, 0, 0, *others], dtype))
