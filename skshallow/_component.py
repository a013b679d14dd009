r"""Components: frozen dataclasses whose settings are checked when an instance is made.

A component is an activation, an initializer, a loss, a solver or a schedule. Its settings
are dataclass fields. `setting` declares one with its default and its valid values::

    @dataclass(frozen=True)
    class Momentum(Solver):
        momentum: float = setting(0.9, "[0, 1)")

``Momentum(1.5)`` is then a ValueError that names class, setting and range, and
``Momentum(np.float32(0.5))`` holds the Python float 0.5. What depends on several settings
is checked in a ``__post_init__`` that calls this one first. A field that is not declared
with `setting` holds whatever it is given. A class without fields of its own inherits all
that the decorator would generate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, field, fields
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, Protocol

BOUNDS = re.compile(r"([\[(])(\S+), (\S+)([\])])")
NUMBERS: dict[type, type] = {int: Integral, float: Real}


class Valid(Protocol):
    """The valid values of a setting; as a string what they are, after "must be"."""

    notation: str  # the same in short, as docstrings have it

    def take(self, value: Any) -> Any:
        """Return a value as a plain Python object; raise ValueError if it is not valid."""


class Interval:
    """The numbers between two bounds.

    Parameters
    ----------
    notation : str
        In brackets, as in "[0, 1)": a square one includes its bound, a round one does not.
    number : {int, float}
        The type of the numbers. NumPy's are valid too, and for float all real ones, int
        among them; bool, NaN and infinity are not.
    or_zero : bool, default=False
        Whether 0 is valid besides.
    """

    def __init__(self, notation: str, number: type, *, or_zero: bool = False) -> None:
        bounds = BOUNDS.fullmatch(notation)
        if bounds is None:
            raise ValueError(f"{notation!r} is no interval, such as '[0, 1)'.")
        left, low, high, right = bounds.groups()
        self.notation = f"0 or in {notation}" if or_zero else notation
        self.interval, self.number, self.or_zero = notation, number, or_zero
        self.low, self.high = float(low), float(high)
        self.has_low, self.has_high = left == "[", right == "]"

    def take(self, value: Any) -> Any:
        """Return a number of the interval as int or float."""
        if isinstance(value, bool) or not isinstance(value, NUMBERS[self.number]):
            raise ValueError
        number = self.number(value)
        if not (
            self.low < number < self.high
            or (self.has_low and number == self.low)
            or (self.has_high and number == self.high)
            or (self.or_zero and number == 0)
        ):
            raise ValueError
        return number

    def __str__(self) -> str:
        article = "an" if self.number is int else "a"
        within = f"{article} {self.number.__name__} in the range {self.interval}"
        return f"0 or {within}" if self.or_zero else within


class Choice:
    """One of several names."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.notation = "{" + ", ".join(f'"{name}"' for name in names) + "}"

    def take(self, value: Any) -> str:
        """Return one of the names as a str."""
        if not isinstance(value, str) or value not in self.names:
            raise ValueError
        return self.names[self.names.index(value)]

    def __str__(self) -> str:
        return " or ".join(map(repr, self.names))


class OneOrIncreasing:
    """A float of an interval, or several of them in increasing order."""

    def __init__(self, notation: str) -> None:
        self.notation = notation
        self.each = Interval(notation, float)

    def take(self, value: Any) -> float | tuple[float, ...]:
        """Return one number as a float, a sequence or an array of them as a tuple."""
        if hasattr(value, "tolist") and not isinstance(value, type):
            value = value.tolist()  # arrays and scalars of NumPy, columns of pandas
        if not isinstance(value, Sequence):
            return self.each.take(value)
        several = tuple(map(self.each.take, value))
        if not several or not all(low < high for low, high in pairwise(several)):
            raise ValueError
        return several

    def __str__(self) -> str:
        return f"{self.each}, or a sequence of such floats in increasing order"


def setting(default: Any, valid: str | Valid) -> Any:
    """Return the dataclass field of a setting.

    Parameters
    ----------
    default : object
        Its default.
    valid : str or Valid
        Its valid values. A string is the notation of an `Interval` of numbers of the
        default's type.
    """
    if isinstance(valid, str):
        valid = Interval(valid, type(default))
    return field(default=default, metadata={"valid": valid})


def valid_values(component: Component | type[Component]) -> dict[str, Valid]:
    """Return the valid values of each setting that was declared with them."""
    declared = fields(component)
    return {it.name: it.metadata["valid"] for it in declared if "valid" in it.metadata}


def settings_of(component: Any) -> dict[str, Any]:
    """Return the settings of a component, or what a dataclass is made from, by name."""
    return {it.name: getattr(component, it.name) for it in fields(component) if it.init}


class Fixed:
    """What refuses attributes; a frozen dataclass alone lets its subclasses add some."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(
            f"{name!r} of {type(self).__name__} cannot be assigned. Make a setting a field "
            f"of a frozen dataclass, such as {name}: float = 1.0, and pass its value when "
            "you make an instance."
        )

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{name!r} of {type(self).__name__} cannot be deleted.")


@dataclass(frozen=True)
class Component(Fixed):
    """What activations, initializers, losses, solvers and schedules have in common."""

    def __post_init__(self) -> None:
        """Check each setting, and hold it as a plain Python object."""
        for name, valid in valid_values(self).items():
            value = getattr(self, name)
            try:
                plain = valid.take(value)
            except (ValueError, OverflowError):  # of an int beyond all floats
                raise ValueError(
                    f"The {name!r} parameter of {type(self).__name__} must be {valid}. "
                    f"Got {value!r} instead."
                ) from None
            object.__setattr__(self, name, plain)
