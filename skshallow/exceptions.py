"""Warnings and exceptions that the estimators and `load` can raise."""

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


class IneffectiveParameterWarning(UserWarning):
    """A parameter was set, but this fit does not use it, because of another one.

    There is none for a parameter that is off, such as ``dropout=0``, for one that asks for
    what is done anyway, nor for one that an earlier call used from which this one
    continues, such as `max_iter` in `partial_fit` after `fit`. The one exception is
    `hidden_units` with ``depth=0``: it never warns, so that it can be set beside a grid
    over `depth`.
    """


class UnreadableModel(ValueError):
    """A file is not a saved model, is damaged, or was written by a newer version."""
