"""Base class of the estimators: parameters, `fit`, and the attributes that it sets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skshallow._arrays.namespace import without_overflow_warnings
from skshallow._arrays.threads import ONE_THREAD
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.hyperparameters import (
    parameters_of,
    refuse_classes,
    refuse_unknown_scorer,
    resolve,
)
from skshallow._estimators.checks.sklearn_private import callbacks_of, shown_whole
from skshallow._estimators.checks.typed_sklearn import (
    CallbackSupportMixin,
    with_callbacks,
)
from skshallow._estimators.checks.unknown_parameters import (
    about_value,
    explains_arguments,
)
from skshallow._estimators.columns import check_targets
from skshallow._estimators.fit.diagnostics import diagnose
from skshallow._estimators.fit.epoch_callbacks import EpochCallbacks
from skshallow._estimators.fit.ineffective import warn_of_ineffective_params
from skshallow._estimators.fit.preparation import prepare
from skshallow._estimators.fit.results import FitResult
from skshallow._estimators.fit.run import FitRun
from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.fit.transaction import (
    replace_attributes,
    twin_of,
    undone_on_error,
)
from skshallow._estimators.given_weights import GivenWeights
from skshallow._estimators.nested_params import NestedParams
from skshallow._estimators.prediction import FittedNet
from skshallow.activations import Activation
from skshallow.engine.history import CURVE_OF_ATTRIBUTE
from skshallow.initializers import Initializer
from skshallow.losses import Loss
from skshallow.schedules import Schedule
from skshallow.solvers import SOLVERS, Solver

if TYPE_CHECKING:
    from skshallow._estimators.fit.checkpoint import TrainingFile

# Every attribute that `fit` may set; the next `fit` replaces or removes it.
FITTED_ATTRIBUTES = (
    "theta_",
    "network_",
    "n_features_in_",
    "feature_names_in_",
    "n_outputs_",
    "n_iter_",
    "t_",
    "best_iter_",
    "loss_",
    *CURVE_OF_ATTRIBUTE,
    "health_",
    "resolved_params_",
    "classes_",
    "oof_prediction_",
    "temperature_",
    "dispersion_",
    "_dispersion_weight",
    "_calibration",
    "_held_out",
    "_columns",
    "_encoding",
    "_n_missing",
    "_units",
    "_loss",
    "_is_multilabel",
    "_target_ndim",
    "_n_targets",
    "_used_params",
    "_progress",
    "_moments",
)


def takes_minibatches(net: BaseNet) -> bool:
    """Return whether the solver of `net` trains on minibatches, as `partial_fit` needs."""
    if not resolve("solver", net.solver, SOLVERS, Solver).stochastic:
        raise AttributeError(
            f"partial_fit needs a solver that trains on minibatches, but "
            f"solver={net.solver!r} needs the whole training set at once. Use fit, or "
            "another solver, such as 'adam'."
        )
    return True


@dataclass(kw_only=True, eq=False, repr=False)
class BaseNet(GivenWeights, FittedNet, CallbackSupportMixin, NestedParams):
    """Parameters and training of all estimators.

    Subclasses add the hidden layers (one, or any number) and the kind of target (classes
    or real values). The fields are the estimator's parameters: the dataclass generates
    the ``__init__`` that stores them, as scikit-learn requires.
    """

    activation: str | Activation | Sequence[str | Activation] = "relu"
    init: str | Initializer = "auto"
    init_scale: float = 1.0
    loss: str | Loss = "squared_error"
    solver: str | Solver = "adam"
    learning_rate: float | str = "auto"
    schedule: str | Schedule = "auto"
    n_members: int = 1
    share_weights: bool = False
    alpha: float | str = "auto"
    dropout: float | str = "auto"
    max_grad_norm: float | str | None = "auto"
    average_weights: bool | str = "auto"
    batch_size: int | str | None = "auto"
    max_iter: int | str = "auto"
    shuffle: bool = True
    tol: float = 1e-4
    n_iter_no_change: float | str = "auto"
    early_stopping: bool | str = "auto"
    cross_fit: bool | str = "auto"
    validation_fraction: Any = "auto"
    scoring: Any = None
    standardize: bool = True
    clip_features: bool = True
    numeric_encoding: Any = "auto"
    categorical_features: Any = "auto"
    monotonic_cst: Any = None
    dtype: str | None = None
    record_health: bool = True
    warm_start: bool = False
    random_state: Any = None
    verbose: int | bool = False

    _doc_link_module: ClassVar[str] = "skshallow"
    # No documentation is published yet: docs/releasing.md says what to put here.
    _doc_link_template: ClassVar[str] = ""

    # To be implemented by subclasses.

    @property
    @abstractmethod
    def _targets(self) -> Targets:
        """The kind of target that the fitted network predicts."""

    @abstractmethod
    def _attributes_of_targets(self, targets: Any, result: FitResult | None) -> dict:
        """Return the fitted attributes that only classifiers, or only regressors, have."""

    # Fitting.

    @explains_arguments
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
    ) -> Self:
        """Train the network, from new initial weights or, with `warm_start`, the last ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights; only their ratios matter. Rows of weight 0 are left out.
        X_val : {array-like, sparse} of shape (n_val, n_features) or None, default=None
            Your own validation set, used instead of a fraction of `X`. In a
            :class:`~sklearn.pipeline.Pipeline`, ``transform_input=["X_val"]`` transforms
            it by the same steps as `X`.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs) or None, default=None
            Targets of the validation set.
        sample_weight_val : array-like of shape (n_val,) or None, default=None
            Sample weights of the validation set.
        groups : array-like of shape (n_samples,) or None, default=None
            The group of each training row, such as a patient or a day. If early stopping
            holds rows out, it holds whole groups out: a fraction `validation_fraction` of
            them, or those that the splitter selects.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are invalid, or if training diverged in its first
            epoch. The estimator is then unchanged.
        KeyboardInterrupt
            If you interrupt training. The estimator then has the weights of the best
            epoch so far, or is unchanged if no epoch has ended.
        Exception
            If a callback raises one. The estimator is then unchanged.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.model_selection import train_test_split
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> X, X_val, y, y_val = train_test_split(X, y, stratify=y, random_state=0)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0)
        >>> net = net.fit(X, y, X_val=X_val, y_val=y_val)
        >>> len(net.validation_loss_curve_) == net.n_iter_
        True
        """
        validation = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, validation, groups=groups)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        validation: tuple[Any, Any, Any] = (None, None, None),
        *,
        groups: Any = None,
        classes: Any = None,
        order: list | None = None,
        incremental: bool = False,
    ) -> Self:
        """Validate, train, then set all fitted attributes at once."""
        goes_on = hasattr(self, "theta_") and (incremental or self.warm_start)
        with without_overflow_warnings(), ONE_THREAD.left_on_error(), ExitStack() as files:
            run = prepare(
                self,
                X,
                y,
                sample_weight,
                validation,
                groups=groups,
                classes=classes,
                order=order,
                incremental=incremental,
                last=self._last_result() if goes_on else None,
            )
            warn_of_ineffective_params(self, run, groups)
            training_file = self._training_file(run)
            if training_file is not None:
                files.enter_context(training_file.resumed(run))
            context = self._init_callback_context(max_subtasks=run.n_epochs_left)
            metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
            arguments = {"estimator": self, "X": X, "y": y, "metadata": metadata}
            context.call_on_fit_task_begin(**arguments)
            epochs = EpochCallbacks(run, context, arguments, self._as_fitted, training_file)
            try:
                outcome = run.train(epochs)
                diagnose(run, outcome)
                result = run.result(outcome)
            except KeyboardInterrupt:
                best = run.best_so_far()
                if best is not None:
                    self._set_fitted(best)
                raise
        with undone_on_error(self, FITTED_ATTRIBUTES):
            self._set_fitted(result)
            context.call_on_fit_task_end(**arguments, reconstruction_attributes={})
        return self

    def _validate_params(self) -> None:
        """Raise scikit-learn's error for an invalid parameter, and what to write."""
        refuse_classes(self)
        refuse_unknown_scorer(self.scoring)
        try:
            super()._validate_params()
        except ValueError as error:
            for name, value in parameters_of(self).items():
                advice = about_value(name, value)
                if advice and f"{name!r} parameter" in str(error):
                    raise type(error)(f"{error} {advice}") from error
            raise

    def _training_file(self, run: FitRun) -> TrainingFile | None:
        """Return the file that a `Checkpoint` writes and resumes from, None without one."""
        if not callbacks_of(self):
            return None
        from skshallow._estimators.fit.checkpoint import TrainingFile  # slow to import

        return TrainingFile.of(self, run)

    def _check_scored(self, X: Any, y: Any) -> None:
        """Raise ValueError if `score` is given targets that are missing or infinite."""
        numeric = self._targets_type.numeric
        weights = ("sample_weight",)
        check_targets(X, in_numpy(y), beside=weights, numeric=numeric, use="be scored on")

    # The only place where a result becomes fitted attributes, and the other way round.

    def _set_fitted(self, result: FitResult) -> None:
        """Set all fitted attributes from a result, in one step."""
        replace_attributes(self, FITTED_ATTRIBUTES, self._attributes_of(result))

    def _as_fitted(self, result: FitResult) -> BaseNet:
        """Return a copy of this estimator with the fitted attributes of a result."""
        fitted = twin_of(self)
        fitted._set_fitted(result)
        return fitted

    def _attributes_of(self, result: FitResult) -> dict[str, Any]:
        """Return the fitted attributes that a result becomes."""
        attributes: dict[str, Any] = {
            "theta_": result.theta,
            "network_": result.network,
            "n_features_in_": result.n_columns,
            "n_outputs_": result.network.layers[-1].n_units,
            "n_iter_": result.n_iter,
            "best_iter_": result.best_iter,
            **result.curves,
            "health_": result.health,
            "resolved_params_": result.resolved_params,
            "_units": result.units,
            "_loss": result.loss,
            "_used_params": result.used_params,
            "_progress": result.progress,
            "_moments": result.moments,
            **self._attributes_of_targets(result.targets, result),
        }
        if result.n_rows_seen is not None:
            attributes["t_"] = result.n_rows_seen
        if result.loss_value is not None:
            attributes["loss_"] = result.loss_value
        if result.feature_names is not None:
            attributes["feature_names_in_"] = result.feature_names
        if result.n_missing is not None and result.n_missing.any():
            attributes["_n_missing"] = result.n_missing
        if result.columns is not None:
            attributes["_columns"] = result.columns
        if result.encoding is not None:
            attributes["_encoding"] = result.encoding
        return attributes

    def _last_result(self) -> FitResult:
        """Return the fitted attributes as a result, to continue training from."""
        return FitResult(
            theta=self.theta_,
            network=self.network_,
            units=self._units,
            loss=self._loss,
            targets=self._targets,
            feature_names=getattr(self, "feature_names_in_", None),
            columns=self._columns,
            encoding=self._encoding,
            n_missing=self._n_missing,
            n_iter=self.n_iter_,
            best_iter=self.best_iter_,
            n_rows_seen=getattr(self, "t_", None),  # files of format 1 may lack it
            loss_value=getattr(self, "loss_", None),
            curves={name: getattr(self, name) for name in CURVE_OF_ATTRIBUTE},
            health=self.health_,
            resolved_params=getattr(self, "resolved_params_", {}),
            used_params=self._used_params,
            temperature=getattr(self, "temperature_", None),
            dispersion=getattr(self, "dispersion_", None),
            dispersion_weight=getattr(self, "_dispersion_weight", 0.0),
            progress=self._progress,
            moments=self._moments,
        )

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """Return the table of fitted attributes for scikit-learn's HTML representation."""
        return shown_whole(super()._get_fitted_attr_html(doc_link), "resolved_params_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.standardize is not False
        tags.input_tags.categorical = True
        tags.array_api_support = True
        tags.target_tags.multi_output = True
        return tags
