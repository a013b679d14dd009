"""Remedies for dead units, saturation, vanishing gradients and too large updates.

Used by the warnings of `fit` and by the health report. A remedy that the estimator
already uses is not suggested.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from skshallow.engine.network import Network

INIT, STANDARDIZE = "init='auto' with init_scale=1", "standardize=True"
LEARNING_RATE, CLIP = "a smaller learning_rate", "max_grad_norm"
ALPHA, DEPTH = "a smaller alpha", "a smaller depth"
RESIDUAL = "residual=True"
ACTIVATION = "an activation that never goes flat, such as 'leaky_relu'"

# Which remedies may help against which problem.
AGAINST_DEAD_UNITS = {INIT, STANDARDIZE, LEARNING_RATE, ALPHA, ACTIVATION}
AGAINST_SATURATION = {INIT, STANDARDIZE, LEARNING_RATE, ACTIVATION}
AGAINST_VANISHING_GRADIENT = {INIT, STANDARDIZE, ALPHA, RESIDUAL, DEPTH, ACTIVATION}
AGAINST_INFINITE_GRADIENT = {INIT, LEARNING_RATE, CLIP, ACTIVATION}
AGAINST_LARGE_UPDATES = {LEARNING_RATE, CLIP}

# A penalty this strong makes units dead. On three data sets, with four solvers and two
# layers of 32 ReLUs, at most 0.06 of a layer were dead after 20 epochs with an alpha of
# 1e-4, 0.22 with 0.01, 0.44 with 0.1 and 0.88 with 1.
LARGE_ALPHA = 0.1


def applicable_remedies(
    params: Mapping[str, Any], network: Network, has_learning_rate: bool
) -> list[str]:
    """Return the remedies that are not in use yet, in the order to try them.

    Parameters
    ----------
    params : dict of str to object
        The estimator's parameters.
    network : Network
        The trained network.
    has_learning_rate : bool
        Whether the solver has a learning rate.
    """
    applies = {
        INIT: params["init"] != "auto" or params["init_scale"] != 1,
        STANDARDIZE: not params["standardize"],
        LEARNING_RATE: has_learning_rate,
        ALPHA: params["alpha"] != "auto" and params["alpha"] >= LARGE_ALPHA,
        CLIP: has_learning_rate and params["max_grad_norm"] in (None, "auto"),
        RESIDUAL: "residual" in params and _could_be_residual(network),
        DEPTH: len(network.layers) > 2,
        ACTIVATION: True,
    }
    return [remedy for remedy, does in applies.items() if does]


def _could_be_residual(network: Network) -> bool:
    """Return whether there are hidden layers of one width, and no residual connections."""
    widths = [layer.n_units for layer in network.layers[:-1]]
    return len(widths) > 1 == len(set(widths)) and not network.residual


def in_words(remedies: Collection[str], helpful: Collection[str]) -> str:
    """Return those `remedies` that are `helpful`, as "one, another or a third".

    Examples
    --------
    >>> in_words([INIT, STANDARDIZE, ACTIVATION], AGAINST_SATURATION)[:47]
    "init='auto' with init_scale=1, standardize=True"
    >>> in_words([LEARNING_RATE, CLIP, ACTIVATION], AGAINST_LARGE_UPDATES)
    'a smaller learning_rate or max_grad_norm'
    """
    *first, last = [remedy for remedy in remedies if remedy in helpful]
    return f"{', '.join(first)} or {last}" if first else last
