"""
Which activation functions saturate?
====================================

In the forward pass, a unit applies its activation function to a weighted sum of its inputs,
the pre-activation. In the backward pass, the gradient is multiplied by the derivative of
the activation function, its slope. Where the function is flat, hardly any gradient gets
through. This example plots all activation functions of the package with their slopes.
"""

import matplotlib.pyplot as plt
import numpy as np

from skshallow.activations import ACTIVATIONS
from skshallow.inspection import ActivationDisplay

# %%
# All activation functions, with the slopes that backpropagation uses. Sigmoid and tanh are
# flat for large positive and large negative inputs: there the unit is saturated. ReLU and
# its relatives are flat at most for negative inputs. The step function is flat everywhere,
# so training uses the slope of a ramp instead (a straight-through gradient). A maxout unit
# is the maximum of several affine maps, here of two. PReLU learns its slope for negative
# inputs; the figure shows the initial one.

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
# How much of the gradient can get through? This is the steepest slope of each activation
# function, and the share of the plotted range in which the slope is less than 0.01:

steepest, flat = {}, {}
for name, slope in display.derivatives.items():
    steepest[name] = np.abs(slope).max()
    flat[name] = (np.abs(slope) < 0.01).mean()
    print(f"{name:12} steepest {steepest[name]:.2f}  flat {flat[name]:4.0%}")

# %%
# For sigmoid and tanh, the slope can be computed from the output ``a`` of the forward pass:
# it is ``a (1 - a)`` and ``1 - a^2``. The largest difference from these formulas is:

formulas = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2}
for name, formula in formulas.items():
    difference = display.derivatives[name] - formula(display.functions[name])
    print(f"{name:12} {np.abs(difference).max():.0e}")

# %%
# ReLU and its relatives have a kink at 0, where the derivative does not exist. By
# convention, backpropagation uses the slope on the left:

(at_zero,) = np.flatnonzero(display.z == 0)
for name in "relu", "leaky_relu", "prelu", "selu":
    print(f"{name:12} {display.derivatives[name][at_zero]:.2f}")
