"""The network and its training: layers, backpropagation, objective, minibatches, epochs.

It only needs arrays and does not depend on scikit-learn.
"""

from skshallow.engine.layout import Layout
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective

__all__ = ["Layout", "Network", "Objective"]


def __dir__() -> list[str]:
    return __all__
