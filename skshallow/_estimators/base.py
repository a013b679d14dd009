"""What the four estimators share: their parameters, `fit` and `partial_fit`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from sklearn.callback import CallbackSupportMixin, with_callbacks

from skshallow._estimators.checks.hyperparameters import (
    CONSTRAINTS,
    SHALLOW_CONSTRAINTS,
    check_combination,
    check_use_of_validation,
    components_of,
    hidden_widths,
)
from skshallow._estimators.checks.overflow import quiet
from skshallow._estimators.checks.resolve import resolve
from skshallow._estimators.fit.epoch_callbacks import EpochWatcher
from skshallow._estimators.fit.results import CURVES
from skshallow._estimators.fit.run import Fit
from skshallow._estimators.fit.training_data import TrainingData
from skshallow._estimators.fit.transaction import Draft
from skshallow._estimators.nested_params import NestedParams
from skshallow._estimators.prediction import FittedNet
from skshallow.activations import Activation
from skshallow.engine.health import no_records
from skshallow.engine.network import Network
from skshallow.engine.units import USERS_UNITS
from skshallow.initializers import Initializer
from skshallow.losses import Loss
from skshallow.schedules import Schedule
from skshallow.solvers import SOLVERS, Solver


def takes_minibatches(net: BaseNet) -> bool:
    """Return whether the solver of `net` can learn from one batch at a time."""
    if not resolve("solver", net.solver, SOLVERS, Solver).stochastic:
        raise AttributeError(
            f"partial_fit needs a solver that takes minibatches; solver={net.solver!r} "
            "minimises over the whole training set."
        )
    return True


@dataclass(kw_only=True, eq=False, repr=False)
class BaseNet(FittedNet, CallbackSupportMixin, NestedParams):
    """Parameters and training of every net; subclasses say how deep and what for.

    The fields are scikit-learn's parameters: the dataclass writes the ``__init__`` that
    lists and stores them, once for all estimators.
    """

    activation: str | Activation | Sequence[str | Activation] = "relu"
    init: str | Initializer = "auto"
    init_scale: float = 1.0
    loss: str | Loss = "squared_error"
    solver: str | Solver = "adam"
    learning_rate: float | str = "auto"
    schedule: str | Schedule = "auto"
    n_members: int = 1
    alpha: float = 5e-4
    dropout: float | str = "auto"
    max_grad_norm: float | None = None
    average: bool | str = "auto"
    batch_size: int | str | None = "auto"
    max_iter: int | str = "auto"
    shuffle: bool = True
    tol: float = 1e-4
    n_iter_no_change: float | str = "auto"
    early_stopping: bool | str = "auto"
    validation_fraction: float = 0.1
    scoring: Any = None
    standardize: bool = True
    dtype: str | None = None
    record_health: bool = True
    warm_start: bool = False
    random_state: Any = None
    verbose: int | bool = False

    _parameter_constraints: ClassVar[dict[str, list]] = CONSTRAINTS
    _doc_link_module: ClassVar[str] = "skshallow"
    _doc_link_template: ClassVar[str] = (  # type: ignore[misc]
        "https://skshallow.readthedocs.io/stable/api/skshallow.{estimator_name}.html"
    )

    # What subclasses say.

    @abstractmethod
    def _hidden_widths(self) -> list[int]:
        """Return the width of each hidden layer."""

    @classmethod
    @abstractmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        """Return the parameters that give hidden layers of these widths."""

    @abstractmethod
    def _start_targets(self, y: np.ndarray, classes: Any) -> None:
        """Learn from the first targets what is to be predicted."""

    @abstractmethod
    def _start_outputs(self, n_outputs: int, classes: Any) -> None:
        """Conclude the same from a number of outputs, without targets."""

    @abstractmethod
    def _resolve_loss(self) -> Loss:
        """Return the loss that `loss` names, in the form that the targets want."""

    @abstractmethod
    def _check_targets(self, y: np.ndarray) -> None:
        """Raise ValueError if later targets differ in kind from the first."""

    @abstractmethod
    def _encode_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets as the loss wants them: floats (n, n_outputs)."""

    def _targets_to_learn(self, targets: np.ndarray, *, incremental: bool) -> np.ndarray:
        """Return what to train on in place of encoded targets (n, n_outputs)."""
        return targets

    def _weigh_targets(
        self, y: np.ndarray, sample_weight: np.ndarray | None, incremental: bool
    ) -> np.ndarray | None:
        """Return the sample weights with what the targets add to them."""
        return sample_weight

    def _validation_loss(self, fit: Fit) -> Callable[[], float]:
        """Return what tells the loss on the validation data, at the weights of then."""
        return lambda: fit.objective.mean_loss(fit.validation_batches())

    def _conclude(self, fit: Fit) -> None:
        """Do what is left once the weights are in place; `fit` has all that led there."""

    # Fitting.

    @with_callbacks
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Train the net, from its initialisation or, with `warm_start`, from where it is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which only the ratios count. Rows of weight 0 are as if absent.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows of your own, in place of a fraction of `X`. In a
            :class:`~sklearn.pipeline.Pipeline`, ``transform_input=["X_val"]`` sends
            them through the same steps.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Their targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable, or if training diverged before
            the end of its first epoch. The estimator is then as it was before.
        KeyboardInterrupt
            If you interrupt; the estimator then holds the best epoch so far, or is as it
            was before if none has ended.
        Exception
            What a callback raises; the estimator is then as it was before.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    def _fit(
        self,
        X,
        y,
        sample_weight,
        validation=(None, None, None),
        *,
        classes=None,
        incremental=False,
    ):
        """Run the phases of a fit on a draft, with callbacks around them."""
        self._validate_params()
        components = components_of(self, self._hidden_widths(), incremental=incremental)
        check_combination(
            self,
            components,
            has_validation_data=validation[0] is not None,
            incremental=incremental,
        )
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        for_callbacks = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        goes_on = hasattr(self, "theta_") and (incremental or self.warm_start)
        draft = Draft(self)
        data = TrainingData(draft.estimator, goes_on=goes_on, incremental=incremental)
        with quiet():
            data.read(X, y, sample_weight, classes)
            early_stopping = components.stops_early(
                self,
                len(data.y),
                has_validation_data=validation[0] is not None,
                incremental=incremental,
            )
            data.hold_out(X, *validation, early_stopping=early_stopping)
            if data.validation is None:
                check_use_of_validation(self, len(data.y))
            fit = Fit(draft.estimator, components, data)
            fit.start()
            context = self._init_callback_context(max_subtasks=fit.n_epochs_left)
            context.call_on_fit_task_begin(**for_callbacks)
            outcome = fit.train(EpochWatcher(fit, context, for_callbacks))
        with draft.taking_over():
            if outcome.interruption is not None:
                raise outcome.interruption
            context.call_on_fit_task_end(**for_callbacks, reconstruction_attributes={})
        return self

    def _become_fitted(self, weights, biases, classes) -> None:
        """Take over weights in the user's units; see `from_weights`."""
        self._validate_params()
        hidden_units = self._hidden_widths()
        components = components_of(self, hidden_units)
        n_features, n_outputs = weights[0].shape[-2], weights[-1].shape[-1]
        network = Network(
            n_features,
            n_outputs,
            hidden_units,
            components.activations,
            0.0 if self.dropout == "auto" else float(self.dropout),
            self.n_members,
        )
        members = (self.n_members,) if self.n_members > 1 else ()
        theta = np.empty(network.layout.size, weights[0].dtype)
        params = network.views(theta)
        for i, layer in enumerate(network.layers):
            shapes = layer.shapes()
            given = {"weight": weights[i], "bias": biases[i]}
            for name, array in given.items():
                if array.shape != (*members, *shapes[name]):
                    raise ValueError(
                        f"The {name} of layer {i} has shape {array.shape}; in this net, "
                        f"{network}, it must be {(*members, *shapes[name])}."
                    )
                params[i][name][...] = array.reshape(params[i][name].shape)
            for name, array in layer.activation.initial_params(layer.n_units).items():
                params[i][name][...] = array
        self._start_outputs(n_outputs, classes)
        self._loss = self._resolve_loss()
        self.theta_, self.network_ = theta, network
        self.n_features_in_, self.n_outputs_ = n_features, n_outputs
        self._units, self._moments, self._progress = USERS_UNITS, None, None
        self.n_iter_ = self.best_iter_ = 0
        for curve in CURVES:
            setattr(self, curve, np.array([]))
        self.health_ = no_records(len(network.layers))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        tags.target_tags.multi_output = True
        return tags


@dataclass(kw_only=True, eq=False, repr=False)
class Shallow:
    """One hidden layer."""

    hidden_units: int = field(default=96, kw_only=False)

    _parameter_constraints: ClassVar[dict[str, list]] = SHALLOW_CONSTRAINTS

    def _hidden_widths(self) -> list[int]:
        return [int(self.hidden_units)]

    @classmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        if len(widths) != 1:
            raise ValueError(
                f"{cls.__name__} has one hidden layer, so it wants the weights of 2 "
                f"layers; got {len(widths) + 1}."
            )
        return {"hidden_units": widths[0]}


@dataclass(kw_only=True, eq=False, repr=False)
class Deep:
    """As many hidden layers as `depth` says."""

    hidden_units: int | Sequence[int] = field(default=96, kw_only=False)
    depth: int | None = None

    def _hidden_widths(self) -> list[int]:
        return hidden_widths(self.hidden_units, self.depth)

    @classmethod
    def _shape_parameters(cls, widths: list[int]) -> dict[str, Any]:
        return {"hidden_units": widths} if widths else {"depth": 0}
