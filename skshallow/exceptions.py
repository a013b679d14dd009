"""Warnings that name what went wrong inside a net, and an error about its file."""

__all__ = [
    "DeadUnitsWarning",
    "UnreadableModel",
    "VanishingGradientWarning",
]


class DeadUnitsWarning(UserWarning):
    """Most units of a hidden layer output a constant, and no gradient reaches them."""


class VanishingGradientWarning(UserWarning):
    """The gradient of a layer is so much shorter than another's that it hardly learns."""


class UnreadableModel(ValueError):
    """A file holds no net, is damaged, or was written by a newer version."""
