"""Effects of columns on the outputs of a net, by the backward pass to its input."""

from skshallow.inspection._effects.effects import Effects
from skshallow.inspection._effects.input_gradients import input_gradients
from skshallow.inspection._effects.integrated_gradients import integrated_gradients

__all__ = ["Effects", "input_gradients", "integrated_gradients"]
