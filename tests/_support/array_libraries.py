"""Arrays of other libraries than NumPy: array-api-strict, and PyTorch if installed.

array-api-strict refuses what is not in the standard, and its second device whatever would
pass through NumPy unasked, as a GPU does.
"""

import array_api_strict
import numpy as np
import pytest


def strict(array):
    return array_api_strict.asarray(array)


def strict_elsewhere(array):
    return array_api_strict.asarray(array, device=array_api_strict.Device("device1"))


def strict_without_float64(array):
    device = array_api_strict.Device("no_float64")
    array = array.astype(np.float32) if array.dtype == np.float64 else array
    return array_api_strict.asarray(array, device=device)


def torch(array):
    return pytest.importorskip("torch").asarray(np.array(array))


LIBRARIES = [strict_elsewhere, torch]
