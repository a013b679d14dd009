"""Warnings and errors of this package."""


class IneffectiveParameterWarning(UserWarning):
    """A parameter was set, and another one keeps it from having any effect."""


__all__ = [
    "DeadUnitsWarning",
    "IneffectiveParameterWarning",
    "UnreadableModel",
    "VanishingGradientWarning",
]


class DeadUnitsWarning(UserWarning):
    """Most units of a hidden layer output a constant, and no gradient reaches them."""


class VanishingGradientWarning(UserWarning):
    """The gradient of a layer is so much shorter than another's that it hardly learns."""


class UnreadableModel(ValueError):
    """A file holds no net, is damaged, or was written by a newer version."""
