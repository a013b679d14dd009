"""
What does an activation do to a gradient?
=========================================

On the way forward a unit puts its activation between what it gets and what it gives; on
the way back, the gradient is multiplied by the activation's slope. Where the curve is flat,
nothing comes through.
"""

import matplotlib.pyplot as plt
import numpy as np

from skshallow.activations import ACTIVATIONS
from skshallow.inspection import ActivationDisplay

# %%
# These are all activations that a net can name, with the slopes that training uses.
# Sigmoid and tanh go flat on both sides: there a unit is called saturated. Rectifiers, from
# relu on, go flat on the left at most. The step is flat everywhere, so training takes the
# slope of a ramp in its place. A maxout unit is the largest of several affine maps, here of
# two; a prelu learns its slope on the left, which is drawn where it starts.

figure, panels = plt.subplots(
    3, 5, figsize=(9.6, 6.2), layout="constrained", sharex=True, sharey=True
)
panels[-1, -1].set_axis_off()
display = ActivationDisplay.from_activation(
    list(ACTIVATIONS), limits=(-6, 6), ax=panels.flat[: len(ACTIVATIONS)]
)
panels[0, 0].set_ylim(-1.9, 3.1)
panels[0, 0].get_legend().remove()
curves, labels = panels[-1, -2].get_legend_handles_labels()
panels[-1, -1].legend(curves, labels, frameon=False, loc="center left")
for ax in panels[:-1].flat:
    ax.label_outer()
panels[1, -1].tick_params(labelbottom=True)
plt.show()

# %%
# How much of a gradient can come through? The steepest slope, and the share of these
# pre-activations at which the slope is less than a hundredth:

steepest, flat = {}, {}
for name, slope in display.derivatives.items():
    steepest[name] = np.abs(slope).max()
    flat[name] = (np.abs(slope) < 0.01).mean()
    print(f"{name:12} steepest {steepest[name]:.2f}  flat {flat[name]:4.0%}")

# %%
# For a sigmoid and a tanh, what they gave on the way forward is enough to know the slope on
# the way back: it is ``a (1 - a)`` and ``1 - a^2``. The largest difference to these:

formulas = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2}
for name, formula in formulas.items():
    difference = display.derivatives[name] - formula(display.functions[name])
    print(f"{name:12} {np.abs(difference).max():.0e}")

# %%
# A rectifier's curve has a kink at 0, and so no slope there. Training takes the slope on
# the left, by convention:

(at_zero,) = np.flatnonzero(display.z == 0)
for name in "relu", "leaky_relu", "prelu", "selu":
    print(f"{name:12} {display.derivatives[name][at_zero]:.2f}")
