"""The parameter `random_state`: what draws the random numbers of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state


def random_state_of(random_state: Any) -> np.random.RandomState:
    """Return what draws: scikit-learn's, and of a `Generator` one that advances it.

    scikit-learn's `check_random_state` takes no :class:`numpy.random.Generator`.
    """
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    return check_random_state(random_state)
