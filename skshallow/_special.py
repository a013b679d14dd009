"""Special functions on arrays of any library: SciPy's own, where it has them.

SciPy hands arrays of other libraries to these, or to a formula of its own; for the
functions here it has neither for all of them.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from skshallow._arrays import namespace


def expit(z: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-z)), exact to rounding also where it is tiny."""
    if isinstance(z, np.ndarray):
        return special.expit(z)
    xp = namespace(z)
    small = xp.exp(-xp.abs(z))  # in (0, 1]: never overflows
    return xp.where(z > 0, 1.0, small) / (1 + small)


def log_expit(z: np.ndarray) -> np.ndarray:
    """Return log(1 / (1 + exp(-z))), finite for every finite z."""
    if isinstance(z, np.ndarray):
        return special.log_expit(z)
    xp = namespace(z)
    return xp.minimum(z, 0.0) - xp.log1p(xp.exp(-xp.abs(z)))
