"""Displays: plots of fitted nets, in the style of scikit-learn's displays."""

from skshallow.inspection._displays.activation_display import ActivationDisplay
from skshallow.inspection._displays.effects_display import EffectsDisplay
from skshallow.inspection._displays.health_display import HealthDisplay
from skshallow.inspection._displays.network_display import NetworkDisplay
from skshallow.inspection._displays.training_curve_display import TrainingCurveDisplay
from skshallow.inspection._displays.weights_display import WeightsDisplay

__all__ = [
    "ActivationDisplay",
    "EffectsDisplay",
    "HealthDisplay",
    "NetworkDisplay",
    "TrainingCurveDisplay",
    "WeightsDisplay",
]
