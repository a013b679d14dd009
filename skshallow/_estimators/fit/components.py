"""The parameters of an estimator that are components, or say how layers are built."""

from __future__ import annotations

from typing import Any, NamedTuple

from skshallow._estimators.checks.hyperparameters import resolve
from skshallow.activations import ACTIVATIONS, Activation, Identity
from skshallow.engine.layers import AS_THEY_ARE
from skshallow.engine.normalization import NORMALIZATIONS, LayerNorm
from skshallow.initializers import INITIALIZERS, Auto, Initializer
from skshallow.schedules import SCHEDULES, Schedule
from skshallow.solvers import SOLVERS, Solver


class Components(NamedTuple):
    """The parameters of an estimator that are components, as instances.

    Parameters
    ----------
    hidden_units : list of int
        Width of each hidden layer.
    activations : list of Activation
        One per hidden layer.
    residual : bool
        Whether hidden layers after the first add their input to their output.
    normalization : Identity or LayerNorm
        What is done to the pre-activations of hidden layers.
    initializer, solver, schedule : Initializer, Solver, Schedule
    given : dict of str to object
        The parameters `solver` and `schedule` as the user gave them, for messages.
    """

    hidden_units: list[int]
    activations: list[Activation]
    residual: bool
    normalization: Identity | LayerNorm
    initializer: Initializer
    solver: Solver
    schedule: Schedule
    given: dict[str, Any]

    @classmethod
    def of(cls, net: Any, *, incremental: bool = False) -> Components:
        """Resolve the parameters of `net`, for `fit` or, if `incremental`, `partial_fit`.

        Raises
        ------
        ValueError
            If a name is unknown, or two parameters contradict each other.
        """
        hidden_units = net._hidden_widths()
        schedule = net.schedule
        if schedule == "auto":
            schedule = "constant" if incremental else "cosine"
        if net.residual:
            _check_one_width(hidden_units)
        components = cls(
            hidden_units=hidden_units,
            activations=_activations(net.activation, len(hidden_units)),
            residual=bool(net.residual),
            normalization=_normalization(net.normalization),
            initializer=resolve("init", net.init, INITIALIZERS, Initializer),
            solver=resolve("solver", net.solver, SOLVERS, Solver),
            schedule=resolve("schedule", schedule, SCHEDULES, Schedule),
            given={"solver": net.solver, "schedule": net.schedule},
        )
        components.check_normalization()
        if incremental and components.schedule.needs_end and net.max_iter == "auto":
            raise ValueError(
                f"schedule={net.schedule!r} ends at max_iter, and in partial_fit "
                "max_iter='auto' is not known in advance. Set max_iter to a number, or use "
                "a schedule without an end, such as 'constant'."
            )
        return components

    @property
    def bends(self) -> bool:
        """Whether the network can be other than linear."""
        bent = any(activation != Identity() for activation in self.activations)
        return bent or (bool(self.hidden_units) and self.normalization != AS_THEY_ARE)

    def check_normalization(self) -> None:
        """Raise ValueError if the normalisation leaves nothing of a layer."""
        if self.normalization == AS_THEY_ARE:
            return
        layers = zip(self.hidden_units, self.activations, strict=True)
        for i, (n_units, activation) in enumerate(layers, start=1):
            if n_units * activation.n_pieces == 1:
                raise ValueError(
                    "normalization='layer' subtracts the mean over the units of a layer: "
                    f"of hidden layer {i}, which has one unit, nothing would be left. "
                    "Write hidden_units=2 or more, or normalization=None."
                )

    @property
    def initializers(self) -> list[Initializer]:
        """One initializer per layer, the output layer last; "auto" is resolved."""
        if not isinstance(self.initializer, Auto):
            return [self.initializer] * (len(self.activations) + 1)
        return [self.initializer.law(it) for it in (*self.activations, Identity())]


def _check_one_width(hidden_units: list[int]) -> None:
    """Raise ValueError unless all hidden layers have the same width."""
    first = hidden_units[0] if hidden_units else 0
    for i, n_units in enumerate(hidden_units, start=1):
        if n_units != first:
            raise ValueError(
                "residual=True adds the input of each hidden layer to its output, so all "
                f"hidden layers need the same number of units, but hidden layer {i} has "
                f"{n_units} and hidden layer 1 has {first}. Write hidden_units={first}, "
                f"depth={len(hidden_units)}, or residual=False."
            )


def _normalization(name: str | None) -> Identity | LayerNorm:
    """Return what is done to pre-activations."""
    return AS_THEY_ARE if name is None else NORMALIZATIONS[name]()


def _activations(choice: Any, depth: int) -> list[Activation]:
    """Return one activation per hidden layer, from a single one or a sequence."""
    if isinstance(choice, str | Activation):
        choice = [choice] * max(depth, 1)
    activations = [resolve("activation", one, ACTIVATIONS, Activation) for one in choice]
    if depth == 0:
        return []
    if len(activations) != depth:
        raise ValueError(
            f"activation is a sequence of length {len(activations)}, but the number of "
            f"hidden layers is {depth}. Give one activation for all of them, or one for "
            "each."
        )
    return activations
