"""Warnings that name what went wrong inside a net."""


class DeadUnitsWarning(UserWarning):
    """Most units of a hidden layer output a constant, and no gradient reaches them."""


class VanishingGradientWarning(UserWarning):
    """The gradient of a layer is so much shorter than another's that it hardly learns."""
