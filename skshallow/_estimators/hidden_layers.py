"""Parameters of the hidden layers: `hidden_units`, and `depth` of the deep estimators."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.checks.hyperparameters import (
    CONSTRAINTS,
    SHALLOW_CONSTRAINTS,
    hidden_widths,
)


class HiddenLayers(ABC):
    """Number and width of the hidden layers, from the estimator's parameters."""

    _parameter_constraints: ClassVar[dict[str, list]] = CONSTRAINTS
    # of the deep estimators these are parameters
    residual: bool = False
    normalization: str | None = None

    @abstractmethod
    def _hidden_widths(self) -> list[int]:
        """Return the width of each hidden layer."""

    @classmethod
    @abstractmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        """Return the parameters that give hidden layers of these widths."""


@dataclass(kw_only=True, eq=False, repr=False)
class Shallow(HiddenLayers):
    """Exactly one hidden layer."""

    hidden_units: int = field(default=96, kw_only=False)

    _parameter_constraints: ClassVar[dict[str, list]] = SHALLOW_CONSTRAINTS

    def _hidden_widths(self) -> list[int]:
        return [int(self.hidden_units)]

    @classmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        if len(widths) != 1:
            raise ValueError(
                f"{cls.__name__} has one hidden layer, so it needs the weights of 2 "
                f"layers; got {len(widths) + 1}. Use a deep estimator for other depths."
            )
        return {"hidden_units": widths[0]}


@dataclass(kw_only=True, eq=False, repr=False)
class Deep(HiddenLayers):
    """Any number of hidden layers."""

    hidden_units: int | Sequence[int] = field(default=96, kw_only=False)
    depth: int | None = None
    residual: bool = False
    normalization: str | None = None

    # Of a fitted net; documented for users in `docstrings`.
    theta_: ClassVar[Any]
    network_: ClassVar[Any]

    def _hidden_widths(self) -> list[int]:
        return hidden_widths(self.hidden_units, self.depth)

    @classmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        return {"hidden_units": widths} if widths else {"depth": 0}

    @property
    def residual_gains_(self) -> list[np.ndarray]:
        """Gains (n_units,) of each hidden layer after the first, with ``residual=True``."""
        return self._vectors("residual_gain", "residual=True")

    @property
    def norm_scales_(self) -> list[np.ndarray]:
        """Scales (n_units,) of each hidden layer, with ``normalization="layer"``."""
        return self._vectors("norm_scale", 'normalization="layer"')

    @property
    def norm_shifts_(self) -> list[np.ndarray]:
        """Shifts (n_units,) of each hidden layer, with ``normalization="layer"``."""
        return self._vectors("norm_shift", 'normalization="layer"')

    def _vectors(self, name: str, setting: str) -> list[np.ndarray]:
        """Return copies of a parameter (n_units,) of each layer that has it."""
        vectors = []
        if hasattr(self, "theta_"):
            network = self.network_
            members = (network.n_members,) if network.n_members > 1 else ()
            params = network.views(to_numpy(self.theta_).copy())
            vectors = [own[name].reshape(*members, -1) for own in params if name in own]
        if not vectors:
            raise AttributeError(
                f"{name}s_ is known after a fit with {setting} that has the layers for it."
            )
        return vectors
