"""Fitted networks: prediction in batches, weights, hidden activations, saving."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from skshallow import __version__
from skshallow._arrays.linalg import as_dense
from skshallow._arrays.namespace import (
    asarray_like,
    dtype_of,
    to_numpy,
    without_overflow_warnings,
)
from skshallow._arrays.threads import ONE_THREAD, threads_for_product
from skshallow._estimators.checks.array_api import follows_X
from skshallow._estimators.checks.inputs import refuse_containers
from skshallow._estimators.checks.missing_attributes import KnownAfter
from skshallow._estimators.checks.overflow import check_outputs, check_weights_fit
from skshallow._estimators.columns import Columns, WithoutValues, read_matrix
from skshallow._estimators.fit.feature_encoding import filling, without_values
from skshallow.activations import Params
from skshallow.engine.batches import Rows
from skshallow.engine.encoding import Encoding
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.shared_outputs import output_bias
from skshallow.engine.state import Progress
from skshallow.engine.units import USERS_UNITS, Units, re_express
from skshallow.losses import IdentityLink, LogitLink, LogLink, Loss, SoftmaxLink

# scikit-learn's names of the functions that map the outputs to predictions.
OUT_ACTIVATIONS = {
    IdentityLink: "identity",
    LogLink: "exp",
    LogitLink: "logistic",
    SoftmaxLink: "softmax",
}
# Most values of the widest layer per batch: 2 MB in float64, which caches hold.
VALUES_OF_WIDEST_LAYER = 1 << 18
FEW_VALUES = 1 << 14  # a sparse table of so few takes longer than the same one dense


class FittedNet:
    """Fitted attributes, and the methods of all estimators that only need these."""

    _takes_checkpoints = True  # see `skshallow.callbacks.Checkpoint`

    # Declared here for editors and type checkers; documented for users in `docstrings`.
    theta_: np.ndarray
    network_: Network
    n_features_in_: int
    feature_names_in_: np.ndarray
    n_outputs_: int
    n_iter_: int
    t_: int
    best_iter_: int
    loss_: float
    loss_curve_: np.ndarray
    learning_rate_curve_: np.ndarray
    validation_loss_curve_: np.ndarray
    validation_scores_: np.ndarray
    health_: dict[str, np.ndarray]
    resolved_params_: dict[str, Any]
    oof_prediction_ = KnownAfter(
        "a fit whose members hold out rows of their own. Set n_members=8 and "
        "early_stopping=True, leave cross_fit='auto', share_weights=False and "
        "warm_start=False, and fit without X_val."
    )
    _columns: Columns | None = None
    _encoding: Encoding | None = None
    _n_missing: np.ndarray | None = None
    _moments: tuple[Moments, Moments | RobustMoments] | None = None
    _progress: Progress | None = None
    _used_params: Mapping[str, str] | None = None
    _units: Units
    _loss: Loss

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "theta_")

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Weights of each layer (n_inputs, n_units), in the units of your data.

        Raises ValueError if the values of a column are so small that its weights
        overflow.
        """
        return [params["weight"] for params in self._params_in_users_units()]

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases of each layer (n_units,), in the units of your data.

        With ``loss="ordinal"`` the last are the thresholds with a minus,
        (n_classes - 1,): the log odds of a class above the first, the second and so on are
        the last layer's input times ``coefs_[-1]`` (n_inputs, 1) plus these.
        """
        *hidden, last = self._params_in_users_units()
        biases = [params["bias"] for params in hidden]
        biases.append(self._loss.link.intercepts(output_bias(last)))
        return [
            bias.reshape(*params["weight"].shape[:-2], -1)
            for bias, params in zip(biases, [*hidden, last], strict=True)
        ]

    @property
    def n_layers_(self) -> int:
        """Number of layers, with the input layer."""
        if not hasattr(self, "theta_"):
            raise AttributeError("n_layers_ is known after fit.")
        return len(self.network_.layers) + 1

    @property
    def out_activation_(self) -> str:
        """Name of the function that maps the output layer to predictions."""
        if not hasattr(self, "theta_"):
            raise AttributeError("out_activation_ is known after fit.")
        link = type(self._loss.link)
        if link not in OUT_ACTIVATIONS:
            raise AttributeError(
                f"out_activation_ is one of {', '.join(OUT_ACTIVATIONS.values())}, but the "
                f"outputs of loss={self._loss!r} have a {link.__name__}. Read the method "
                "inverse of the loss's link instead."
            )
        return OUT_ACTIVATIONS[link]

    @property
    def best_loss_(self) -> float:
        """The smallest value in `loss_curve_`."""
        if getattr(self, "n_iter_", 0) == 0:
            raise AttributeError("best_loss_ is known after training. Call fit first.")
        return float(self.loss_curve_.min())

    @property
    def best_validation_score_(self) -> float:
        """The best score in `validation_scores_`; raises AttributeError without any."""
        scores = to_numpy(getattr(self, "validation_scores_", np.array([])))
        if len(scores) > 0:
            return float(np.fmax.reduce(scores))  # NaN only if all are
        if len(getattr(self, "validation_loss_curve_", ())) > 0:
            raise AttributeError(
                "best_validation_score_ needs a score, but this fit validated by the loss. "
                "Read validation_loss_curve_[best_iter_ - 1] instead, or fit with "
                "scoring='accuracy' or scoring='r2', as in MLPClassifier and MLPRegressor."
            )
        raise AttributeError(
            "best_validation_score_ is known after a fit with a validation set and a "
            "scorer. Set early_stopping=True and scoring, or read score(X, y) instead."
        )

    @property
    def n_missing_(self) -> np.ndarray:
        """Number of missing values of each column of `X` when the columns were learned.

        With `warm_start` or `partial_fit`, these are the columns of the first call. Rows of
        weight 0 do not count.
        """
        if not hasattr(self, "theta_"):
            raise AttributeError("n_missing_ is known after fit.")
        if self._n_missing is None:
            return np.zeros(self.n_features_in_, int)
        return self._n_missing.copy()

    @property
    def encoded_feature_names_(self) -> np.ndarray:
        """Names of the features that enter the first layer, the rows of `coefs_[0]`.

        Columns of `X` without a name are called "x0", "x1" and so on. Missing-value
        indicators and the levels of one-hot encoded categories are named as by
        scikit-learn's MissingIndicator and OneHotEncoder, the pieces of numbers "x0_piece0"
        and so on, their curves "x0_periodic0" and so on, the values of embeddings
        "city_embedding0" and so on. Names that would be alike get a number, "a_b (2)".
        """
        check_is_fitted(self)
        return self._encoded_names(getattr(self, "feature_names_in_", None))

    def _encoded_names(self, names: Any) -> np.ndarray:
        """Return names (n_inputs,) of the first layer's inputs, given those of columns."""
        if names is None:
            names = [f"x{i}" for i in range(self.n_features_in_)]
        columns, encoding = self._columns, self._encoding
        if encoding is None:
            return np.array(names, dtype=object)
        levels = {} if columns is None else columns.names_of_levels()
        return encoding.feature_names(names, levels, self.network_.vector_width)

    def _columns_of_inputs(self) -> np.ndarray:
        """Return the column of X of each of the first layer's inputs (n_inputs,)."""
        if self._encoding is None:
            return np.arange(self.n_features_in_)
        return self._encoding.columns_of_inputs(self.network_.vector_width)

    def _params_in_users_units(self) -> list[Params]:
        """Return copies of the parameters for features that are not standardised."""
        if not hasattr(self, "theta_"):
            raise AttributeError(
                f"This {type(self).__name__} is not fitted yet, so it has no weights. "
                "Call fit first."
            )
        params = self.network_.member_params(to_numpy(self.theta_).copy())
        with without_overflow_warnings():
            re_express(params, self._units, USERS_UNITS)
        check_weights_fit(params, self)
        return params

    @follows_X
    def hidden_activations(self, X: Any) -> list[np.ndarray]:
        """Return the activations of each hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to pass through the network.

        Returns
        -------
        activations : list of ndarray of shape (n_samples, n_units)
            One array per hidden layer, in order; empty for ``depth=0``. If `n_members` is
            above 1, of shape (n_members, n_samples, n_units).

        Raises
        ------
        ValueError
            If the output for a row is not finite; the message names the row.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> [activations.shape for activations in net.hidden_activations(X)]
        [(150, 8), (150, 8)]
        """
        check_is_fitted(self)
        widths = [layer.n_units for layer in self.network_.layers[:-1]]
        return self._pass_through(X, widths, self.network_.hidden_activations)

    def _raw_predict(self, X, input_name: str = "X") -> np.ndarray:
        """Return raw predictions (n_samples, n_outputs) in the user's units.

        Members are combined batch by batch, which takes the memory of one.
        """
        return self._raw(X, input_name, combined=True)

    def _raw_by_members(self, X, input_name: str = "X") -> np.ndarray:
        """Return raw predictions of each ensemble member (n_members, n, n_outputs)."""
        return self._raw(X, input_name, combined=False)

    def _raw(self, X, input_name: str, *, combined: bool) -> np.ndarray:
        """Return raw predictions in the user's units, of all members or `combined`."""
        if not self.__sklearn_is_fitted__():  # which is faster than to be told that it is
            check_is_fitted(self)
        link = self._loss.link

        def raw_prediction(x, params):
            raw, _ = self.network_.forward(x, params)
            raw = self._units.to_users(to_numpy(raw))
            return [link.combine(raw) if combined else raw]

        (raw,) = self._pass_through(
            X,
            [self.n_outputs_],
            raw_prediction,
            link.is_usable,
            input_name,
            by_members=not combined,
        )
        return raw

    @property
    def _without_values(self) -> WithoutValues:
        """The columns of which training had no value so far."""
        return without_values(self._encoding, self._moments)

    @without_overflow_warnings()
    @ONE_THREAD.left_on_error()
    def _pass_through(
        self,
        X,
        widths: Sequence[int],
        compute: Callable[[Any, list[Params]], list],
        usable: Callable[[np.ndarray], np.ndarray] = np.isfinite,
        input_name: str = "X",
        *,
        by_members: bool = True,
    ) -> list[np.ndarray]:
        """Apply `compute` to the rows of X in batches; return its outputs for all rows.

        The outputs are NumPy arrays, in whichever library they were computed, and are
        checked to be `usable`. If there are several members, they have an axis of these at
        first, unless `compute` gives one array for all, not `by_members`. In errors X is
        called `input_name`.
        """
        refuse_containers(**{input_name: X})
        known = self._columns
        rows, _ = read_matrix(
            self, X, known, without_values=self._without_values, input_name=input_name
        )
        if sparse.issparse(rows) and math.prod(rows.shape) <= FEW_VALUES:
            rows = as_dense(rows)
        theta = asarray_like(self.theta_, rows)
        params = self.network_.member_params(theta)
        n_members = self.network_.n_members
        members = (n_members,) if by_members and n_members > 1 else ()
        shapes = ((*members, rows.shape[0], width) for width in widths)
        outputs = [np.empty(shape, dtype_of(theta)) for shape in shapes]
        start = 0
        for x in self._scaled_batches(rows):
            with threads_for_product(x.shape[0] * self.network_.multiply_adds_per_row):
                parts = compute(x, params)
            for output, part in zip(outputs, parts, strict=True):
                output[..., start : start + x.shape[0], :] = to_numpy(part)
            start += x.shape[0]
        for output in outputs:
            check_outputs(output, usable(output), rows, self)
        return outputs

    def _scaled_batches(self, X) -> Iterator[Any]:
        """Yield the rows of X, standardised, in batches of limited memory."""
        no_targets = asarray_like(np.empty((X.shape[0], 0)), X)
        units, dtype = self._units, dtype_of(self.theta_)
        names = getattr(self, "feature_names_in_", None)
        encoding = filling(X, self._encoding, units, names)
        rows = Rows(
            X,
            no_targets,
            None,
            units.center,
            units.scale,
            bounds=units.bounds,
            dtype=dtype,
            encoding=encoding,
        )
        widest = self.network_.widest(rows.values_per_row)
        for x, _, _ in rows.batches(max(1, VALUES_OF_WIDEST_LAYER // widest)):
            yield x

    # On disk.

    def save(self, path: str | os.PathLike) -> None:
        """Save the estimator to a file that :func:`skshallow.load` reads.

        Parameters
        ----------
        path : str or path-like
            The file to write, for example ``"model.npz"``. An existing file is replaced
            once the new one is complete. A symbolic link is kept, and the file that it
            leads to is replaced.

        Raises
        ------
        TypeError
            If a parameter cannot be stored as data: a component of your own, a function
            as `scoring`, a ``RandomState``; or if the class of the estimator is your own.
            The message says what to do. Also if `path` is not a path.
        OSError
            If the file cannot be written, or if the path is that of a folder, a named
            pipe, a socket or a device, none of which is replaced.

        Notes
        -----
        The file has everything that prediction and further training need. Callbacks are
        not saved.

        Examples
        --------
        >>> import os, tempfile
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier, load
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "iris.npz")
        ...     net.save(path)
        ...     same = load(path)
        >>> bool((same.predict(X) == net.predict(X)).all())
        True
        """
        from skshallow._estimators.files.model import save_estimator  # slow to import

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
