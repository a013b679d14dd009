"""Subnormal (denormal) numbers, with which processors compute many times slower."""

from __future__ import annotations

from typing import Any

import numpy as np

from skshallow._arrays.namespace import dtype_of


def flush_to_zero(array: Any) -> None:
    """Set entries of `array` to 0 in place that are subnormal, or nearly so.

    These are all below the smallest normal number over the machine epsilon: 1e-31 in
    float32, 1e-292 in float64. NaN stays NaN.
    """
    limits = np.finfo(dtype_of(array))
    array[abs(array) < float(limits.tiny) / float(limits.eps)] = 0
