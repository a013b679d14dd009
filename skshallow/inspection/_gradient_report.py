"""Report of a gradient check: errors of each parameter, and the component to suspect."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from skshallow.engine import shared_weights
from skshallow.engine.network import Network
from skshallow.inspection._common.report import Report, ReportColumn
from skshallow.inspection._finite_differences import DerivativeComparison
from skshallow.losses import Loss

# Verdicts on derivatives that agree, but would do so for a wrong backward pass as well.
NOT_SEEN = ALL_ZERO, ONLY_KINKS = "all zero", "only kinks"


def last_straight_through(network: Network) -> int:
    """Return the index of the last straight-through layer, -1 if there is none."""
    layers = enumerate(network.layers)
    return max((i for i, own in layers if own.activation.straight_through), default=-1)


@dataclass(frozen=True)
class CheckedParameter:
    """Result of the check of one parameter of one layer.

    Attributes
    ----------
    layer : int
        Index of the layer; the output layer is the last.
    name : str
        "weight", "bias", or another learned parameter of the layer, such as
        "shared_weight".
    shape : tuple of int
        Its shape.
    entries : ndarray of shape (n_checked,)
        Flat indices of the entries that were checked; empty if it cannot be checked.
    comparisons : tuple of DerivativeComparison
        Gradient and difference of each of them.
    """

    layer: int
    name: str
    shape: tuple[int, ...]
    entries: np.ndarray
    comparisons: tuple[DerivativeComparison, ...]

    @property
    def n_kinks(self) -> int:
        """How many entries are at a kink."""
        return sum(one.at_kink for one in self.comparisons)

    @property
    def n_nonzero(self) -> int:
        """How many entries, not at a kink, have a derivative other than 0."""
        return sum(
            not one.at_kink and (one.gradient != 0 or one.difference != 0)
            for one in self.comparisons
        )

    @property
    def largest_error(self) -> float | None:
        """The largest relative error, None if no entry was checked."""
        errors = [one.relative_error for one in self.comparisons]
        return max(errors, default=None)

    def verdict(self, rtol: float) -> str:
        """Return "right", "wrong", "not checked", "all zero" or "only kinks"."""
        if self.largest_error is None:
            return "not checked"
        if self.largest_error > rtol:
            return "wrong"
        if self.n_nonzero:
            return "right"
        return ONLY_KINKS if self.n_kinks else ALL_ZERO


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck(Report):
    """Result of a gradient check by finite differences; see `gradient_check`.

    Attributes
    ----------
    network : Network
        The net's layers.
    loss : Loss
        Its loss.
    parameters : list of CheckedParameter
        Results of each parameter, from the first layer to the last.
    rtol : float
        The relative error up to which an entry counts as right.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import gradient_check
    >>> net = DeepNetClassifier(8, activation="tanh", random_state=0)
    >>> check = gradient_check(net, *load_iris(return_X_y=True))
    >>> check.passed
    True
    >>> [parameter.verdict(check.rtol) for parameter in check.parameters][:2]
    ['right', 'right']
    >>> check.raise_unless_passed()
    """

    network: Network
    loss: Loss
    parameters: list[CheckedParameter]
    rtol: float

    @property
    def passed(self) -> bool:
        """Whether some derivative other than 0 was checked, and none is wrong."""
        verdicts = {parameter.verdict(self.rtol) for parameter in self.parameters}
        return "right" in verdicts and "wrong" not in verdicts

    @property
    def largest_error(self) -> float:
        """The largest relative error of all entries; NaN if none was checked."""
        errors = [parameter.largest_error for parameter in self.parameters]
        return max((error for error in errors if error is not None), default=math.nan)

    @property
    def suspect(self) -> str | None:
        """The component to look at first if a derivative is wrong, else None.

        Backpropagation passes errors on to the layers before, so the cause is in the last
        layer with an error: the derivative of its activation, or of the loss.
        """
        wrong = [p for p in self.parameters if p.verdict(self.rtol) == "wrong"]
        if not wrong:
            return None
        layer = max(parameter.layer for parameter in wrong)
        names = [parameter.name for parameter in wrong if parameter.layer == layer]
        activation = self.network.layers[layer].activation
        normalization = self.network.layers[layer].normalization
        learned = {"periodic embedding" if "periodic_" in name else name for name in names}
        if learned <= {"embedding", "periodic embedding"}:
            parts = " and the ".join(sorted(learned))
            return f"{self._layer(layer)}, the backward pass of the {parts}"
        if {*names} <= normalization.initial_params(1).keys():
            return f"{self._layer(layer)}, the backward pass of {normalization}"
        if {*names} <= {*shared_weights.NAMES}:
            return f"{self._layer(layer)}, the backward pass of the shared weights"
        if names == ["residual_gain"]:
            return f"{self._layer(layer)}, the backward pass of the residual connection"
        if not {"weight", "bias"} & set(names):
            return (
                f"{self._layer(layer)}, what the backward pass of {activation} writes "
                f"into grads[{names[0]!r}]"
            )
        if layer == len(self.network.layers) - 1:
            return f"{self._layer(layer)}, the gradient of {self.loss}"
        return f"{self._layer(layer)}, the backward pass of {activation}"

    def raise_unless_passed(self) -> None:
        """Raise AssertionError with the whole report unless the check has `passed`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> from skshallow.inspection import gradient_check
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, activation="tanh", random_state=0)
        >>> gradient_check(net, X, y).raise_unless_passed()
        """
        if not self.passed:
            raise AssertionError(str(self))

    def _layer(self, i: int) -> str:
        """Return the name of a layer."""
        last = len(self.network.layers) - 1
        return "output layer" if i == last else f"hidden layer {i + 1}"

    def _row(self, parameter: CheckedParameter) -> str:
        """Return the name of a parameter."""
        return f"{self._layer(parameter.layer)}, {parameter.name}"

    @property
    def title(self) -> str:
        verdict = "passed" if self.passed else "failed" if self.suspect else "inconclusive"
        return f"Gradient check of {self.network} with {self.loss}: {verdict}"

    def columns(self) -> list[ReportColumn]:
        rows = self.parameters
        return [
            ReportColumn("", [self._row(parameter) for parameter in rows]),
            ReportColumn("entries", [math.prod(p.shape) for p in rows], "d"),
            ReportColumn("checked", [len(p.entries) for p in rows], "d"),
            ReportColumn("at a kink", [p.n_kinks for p in rows], "d"),
            ReportColumn("largest relative error", [p.largest_error for p in rows], ".1e"),
            ReportColumn("verdict", [p.verdict(self.rtol) for p in rows]),
        ]

    def notes(self) -> list[str]:
        return list(self._notes())

    def _notes(self) -> Iterator[str]:
        if self.suspect is not None:
            yield f"Look first here: {self.suspect}."
            yield self._worst()
        unseen = [p for p in self.parameters if p.verdict(self.rtol) in NOT_SEEN]
        if unseen:
            names = "; ".join(self._row(parameter) for parameter in unseen)
            yield (
                "Not shown to be right, since all derivatives checked are 0 or at a kink: "
                f"{names}. Check at other weights, on other rows, or more entries."
            )
        last = last_straight_through(self.network)
        if last >= 0:
            yield (
                f"The layers up to {self._layer(last)}, whose activation "
                f"{self.network.layers[last].activation} is straight-through, cannot be "
                "checked by differences."
            )

    def _worst(self) -> str:
        """Return a sentence on the entry with the largest error."""
        worst = max(self.parameters, key=lambda p: p.largest_error or 0.0)
        i = max(
            range(len(worst.entries)), key=lambda i: worst.comparisons[i].relative_error
        )
        one = worst.comparisons[i]
        index = np.unravel_index(worst.entries[i], worst.shape)
        where = ", ".join(map(str, index))
        return (
            f"The largest error is in {self._row(worst)}[{where}]: {one.gradient:.6g} by "
            f"backpropagation, {one.difference:.6g} by differences."
        )
