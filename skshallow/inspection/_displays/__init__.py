"""Pictures of fitted nets, in the form of scikit-learn's displays."""

from skshallow.inspection._displays.activation import ActivationDisplay
from skshallow.inspection._displays.health import HealthDisplay
from skshallow.inspection._displays.network import NetworkDisplay
from skshallow.inspection._displays.training_curve import TrainingCurveDisplay
from skshallow.inspection._displays.weights import WeightsDisplay

__all__ = [
    "ActivationDisplay",
    "HealthDisplay",
    "NetworkDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
