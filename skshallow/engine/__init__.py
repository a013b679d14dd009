"""The network and its training: layers, objective, minibatches, and one loop over epochs.

It is written on arrays alone and knows nothing of scikit-learn.
"""

from skshallow.engine.layout import Layout
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective

__all__ = ["Layout", "Network", "Objective"]
