"""Warnings and exceptions that the estimators and `load` can raise."""


class IneffectiveParameterWarning(UserWarning):
    """A parameter was set, but has no effect because of the value of another one."""


__all__ = [
    "DeadUnitsWarning",
    "IneffectiveParameterWarning",
    "UnreadableModel",
    "VanishingGradientWarning",
]


class DeadUnitsWarning(UserWarning):
    """Most units of a hidden layer are dead: their gradient is 0 for all training rows."""


class VanishingGradientWarning(UserWarning):
    """The gradient of a layer is so small compared with others that it hardly learns."""


class UnreadableModel(ValueError):
    """A file is not a saved model, is damaged, or was written by a newer version."""
