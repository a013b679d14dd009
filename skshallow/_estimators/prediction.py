"""What a fitted net offers: predictions in batches, its weights, its hidden layers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from skshallow import __version__
from skshallow._arrays.namespace import asarray_like, dtype_of, to_numpy
from skshallow._arrays.threads import threads_for
from skshallow._estimators.checks.array_api import follows_X
from skshallow._estimators.checks.inputs import refuse_containers, validated
from skshallow._estimators.checks.overflow import check_outputs, check_weights_fit, quiet
from skshallow._estimators.files.model import save_estimator
from skshallow.activations import Params
from skshallow.engine.batches import Rows
from skshallow.engine.network import Network
from skshallow.engine.units import USERS_UNITS, Units, re_express
from skshallow.losses import Loss

# Values that a prediction may hold in its widest layer at a time: 16 MB in float64.
VALUES_AT_ONCE = 1 << 21


class FittedNet:
    """The fitted side of a net: what `fit` leaves, and what can be done with it."""

    _takes_checkpoints = True  # see `skshallow.callbacks.Checkpoint`

    # Declared here, so that editors and type checkers know them; documented for users in
    # `docstrings`.
    theta_: np.ndarray
    network_: Network
    n_features_in_: int
    feature_names_in_: np.ndarray
    n_outputs_: int
    n_iter_: int
    best_iter_: int
    loss_: float
    loss_curve_: np.ndarray
    learning_rate_curve_: np.ndarray
    validation_loss_curve_: np.ndarray
    validation_scores_: np.ndarray
    health_: dict[str, np.ndarray]
    resolved_params_: dict[str, Any]
    _units: Units
    _loss: Loss

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "theta_")

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weights of each layer (n_inputs, n_units), in the units of your data.

        Raises ValueError if a column is so small that these overflow.
        """
        return [params["weight"] for params in self._params_in_users_units()]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases of each layer (n_units,), in the units of your data."""
        return [
            params["bias"].reshape(*params["weight"].shape[:-2], -1)
            for params in self._params_in_users_units()
        ]

    def _params_in_users_units(self) -> list[Params]:
        """Return copies of the parameters, with the standardisation folded in."""
        if not hasattr(self, "theta_"):
            raise AttributeError(
                f"This {type(self).__name__} is not fitted yet, so it has no weights."
            )
        params = self.network_.views(to_numpy(self.theta_).copy())
        with quiet():
            re_express(params, self._units, USERS_UNITS)
        check_weights_fit(params, self)
        return params

    @follows_X
    def hidden_activations(self, X: Any) -> list[np.ndarray]:
        """Return what each hidden layer puts out.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass through the net.

        Returns
        -------
        activations : list of ndarray of shape (n_samples, n_units)
            One array a hidden layer, the first layer's first; empty for ``depth=0``.
            Of several members (n_members, n_samples, n_units).

        Raises
        ------
        ValueError
            If the output for a row is not finite; the message names the row.
        """
        check_is_fitted(self)
        widths = [layer.n_units for layer in self.network_.layers[:-1]]
        return self._pass_through(X, widths, self.network_.hidden_activations)

    def _raw_predict(self, X) -> np.ndarray:
        """Return raw predictions (n_samples, n_outputs) in the user's units."""
        raw = self._raw_by_members(X)
        return self._loss.link.combine(raw)

    def _raw_by_members(self, X) -> np.ndarray:
        """Return the same before members are combined (n_members, n, n_outputs)."""
        check_is_fitted(self)

        def raw_prediction(x, params):
            raw, _ = self.network_.forward(x, params)
            return [self._units.to_users(to_numpy(raw))]

        usable = self._loss.link.is_usable
        (raw,) = self._pass_through(X, [self.n_outputs_], raw_prediction, usable)
        return raw

    @quiet()
    def _pass_through(
        self,
        X,
        widths: Sequence[int],
        compute: Callable[[Any, list[Params]], list],
        usable: Callable[[np.ndarray], np.ndarray] = np.isfinite,
    ) -> list[np.ndarray]:
        """Apply `compute` to the rows of X by batches; return its outputs, stacked.

        They are NumPy's, in whatever library they were computed, and must be `usable`.
        """
        refuse_containers(X=X)
        rows = validated(self, X, reset=False)
        theta = asarray_like(self.theta_, rows)
        params = self.network_.views(theta)
        n_members = self.network_.n_members
        leading = (n_members, rows.shape[0]) if n_members > 1 else (rows.shape[0],)
        outputs = [np.empty((*leading, width), dtype_of(theta)) for width in widths]
        start = 0
        for x in self._scaled_batches(rows):
            with threads_for(x.shape[0] * self.network_.multiply_adds_per_row):
                parts = compute(x, params)
            for output, part in zip(outputs, parts, strict=True):
                output[..., start : start + x.shape[0], :] = to_numpy(part)
            start += x.shape[0]
        for output in outputs:
            check_outputs(output, usable(output), rows, self)
        return outputs

    def _scaled_batches(self, X) -> Iterator[Any]:
        """Yield the rows of X, in the net's units, in batches of bounded memory."""
        no_targets = asarray_like(np.empty((X.shape[0], 0)), X)
        units, dtype = self._units, dtype_of(self.theta_)
        rows = Rows(X, no_targets, None, units.center, units.scale, dtype=dtype)
        widest = self.network_.widest(rows.values_per_row)
        for x, _, _ in rows.batches(max(1, VALUES_AT_ONCE // widest)):
            yield x

    # On disk.

    def save(self, path: str | os.PathLike) -> None:
        """Write the net to a file of plain data, for :func:`skshallow.load`.

        Parameters
        ----------
        path : str or path-like
            The file to write, ``"model.npz"`` say; one that is there is replaced once the
            new one is complete.

        Raises
        ------
        TypeError
            If a parameter is code and no data: a component of your own, a function as
            `scoring`, a ``RandomState``. The message says what to do.

        Notes
        -----
        Everything is saved that predictions, and training further, need. Callbacks are
        not part of the net, and are left out.
        """
        save_estimator(self, path)

    def __getstate__(self):
        return {**super().__getstate__(), "_skshallow_version": __version__}

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop("_skshallow_version", "unknown")
        if version != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=f"skshallow {__version__}",
                    original_sklearn_version=f"skshallow {version}",
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
