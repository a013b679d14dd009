"""One training run: set up network and objective, train, and return the result."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from skshallow._arrays.namespace import asarray_like, copy_of, to_numpy
from skshallow._arrays.threads import ONE_THREAD
from skshallow._estimators.checks.array_api import moved
from skshallow._estimators.checks.overflow import check_targets_fit
from skshallow._estimators.fit.config import FitConfig
from skshallow._estimators.fit.constant_targets import known_outputs, start_at_constants
from skshallow._estimators.fit.feature_encoding import filling
from skshallow._estimators.fit.out_of_fold import OutOfFold
from skshallow._estimators.fit.results import FitResult, joined_curves
from skshallow._estimators.fit.scoring import ValidationScore
from skshallow._estimators.fit.start import (
    first_theta,
    last_progress,
    last_theta,
    measure_units,
    network_of,
    new_progress,
    new_rng,
)
from skshallow._estimators.fit.temperature import TemperatureScaling
from skshallow._estimators.fit.training_data import (
    TrainingData,
    ValidationData,
    joined_folds,
)
from skshallow._estimators.fit.unused import unused_params, used_params
from skshallow._estimators.fit.validation import Part, Validation
from skshallow.engine.batches import Rows
from skshallow.engine.encoding import Encoding
from skshallow.engine.health import SAMPLE, HealthRecorder, joined
from skshallow.engine.history import History
from skshallow.engine.objective import Objective, row_weight
from skshallow.engine.shared_outputs import output_bias, set_output_bias
from skshallow.engine.state import Outcome
from skshallow.engine.trainer import Trainer, Watcher, has_ended

# Largest batch of predictions outside of training steps: rows and, for wide layers, values
# of the widest layer.
ROWS_PER_BATCH = 4096
VALUES_PER_BATCH = 1 << 20
FARTHEST = 1e10  # limit of standardised targets, for robust losses; see `FitRun._scaled`


class FitRun:
    """Trains a network for a configuration and data; call `train`, then `result`.

    Parameters
    ----------
    config : FitConfig
        The hyperparameters, with every "auto" resolved.
    data : TrainingData
        Training set and validation set.
    last : FitResult or None
        The result to continue training from; None means new initial weights.
    params : mapping of str to object
        The estimator's parameters, as the user gave them.
    score : ValidationScore or None
        Returns the score of a result on the validation set.

    Attributes
    ----------
    unused : dict of str to str
        The parameters without effect, each with the reason.
    measured : Measured
        The standardisation.
    rows : Rows
        The training rows, which it standardises batch by batch.
    network : Network
    objective : Objective
    progress : Progress
    history : History
    health : HealthRecorder
    """

    def __init__(
        self,
        config: FitConfig,
        data: TrainingData,
        last: FitResult | None = None,
        *,
        params: Mapping[str, Any],
        score: ValidationScore | None = None,
    ) -> None:
        self.config = config
        self.data = data
        self.last = last
        self._score = score
        self.params = params
        self.unused = unused_params(params, config, data, last)
        check_targets_fit(data.y, config.dtype)
        self.measured = measure_units(config, data, last)
        y, weight = self._in_dtype(data.y, data.weight)
        self.rows = self._rows(data.X, y, self._weights_of_steps(weight), data.train_rows)
        self.network = network_of(config, data, last)
        rng = new_rng(config)
        theta, known = self._start(data.training_part(y), data.training_part(weight), rng)
        start_theta, theta = theta, asarray_like(theta, data.X)
        self.objective = Objective(self.network, data.loss, config.alpha, theta, known)
        self.progress = new_progress(config, self.network, theta, rng)
        if last is not None:
            self.progress = last_progress(config, last, self.progress, start_theta)
        self.history = self._new_history()
        self.health = self._new_health()
        self._validation = self._new_validation()

    def _start(
        self, y: np.ndarray, weight: np.ndarray | None, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the first parameters (P,), and which raw outputs need no training.

        `y` and `weight` are those of the training rows, in the network's units.
        """
        config, data, last = self.config, self.data, self.last
        to_constants = self.network, config.loss, y, data.constant_targets
        if last is None:
            constant = data.targets.best_constant(data.loss, y, weight)
            theta = first_theta(config, data, self.network, constant, rng)
            start_at_constants(theta, *to_constants)
        else:
            theta = last_theta(config, self.network, last, self.measured)
        return theta, known_outputs(theta, *to_constants)

    def _new_history(self) -> History:
        """Return the history before the first epoch."""
        return History(
            tol=self.config.plan.tol,
            n_iter_no_change=self.config.n_iter_no_change,
            early_stopping=self.config.early_stopping,
            start_theta=copy_of(self.objective.theta),
            layout=None if self.data.folds is None else self.network.layout,
        )

    def _new_health(self) -> HealthRecorder:
        """Return the recorder of diagnostics before the first epoch."""
        config = self.config
        return HealthRecorder(
            self.rows.sample(SAMPLE) if config.record_health else None,
            len(self.rows),
            self.n_epochs_before,
            None if config.incremental else config.plan.n_epochs,
        )

    def _in_dtype(self, y: np.ndarray, weight: np.ndarray | None) -> tuple:
        """Return targets in the network's units, and weights, in the dtype of the fit."""
        if weight is not None:
            weight = weight.astype(self.config.dtype, copy=False)
        return self._scaled(y), weight

    def _weights_of_steps(self, weight: np.ndarray | None) -> np.ndarray | None:
        """Return the weights to train with: `weight` (n,), or (n, n_members)."""
        if self.data.folds is None:
            return weight
        return self.data.weights_of_members(weight).astype(self.config.dtype, copy=False)

    def _scaled(self, y: np.ndarray) -> np.ndarray:
        """Return targets in the network's units and the fit's dtype; codes as they are.

        Targets of a robust loss are clipped at `FARTHEST`. This changes no gradient, as
        such a loss is linear that far out, but without it the loss of one extreme outlier
        would be so large that rounding hides the losses of all other rows in their sum.
        """
        loss, units = self.config.loss, self.measured.units
        if loss.takes_codes:
            return y
        y = units.scale_targets(y)
        if loss.is_robust and units.target_scale is not None:
            y = np.clip(y, -FARTHEST, FARTHEST)
        return y.astype(self.config.dtype, copy=False)

    def _rows(
        self, X: Any, y: np.ndarray, weight, rows=None, *, are_new: bool = False
    ) -> Rows:
        """Return rows that are standardised batch by batch.

        Those that `are_new` had no part in the range of features, and are clipped to it.
        """
        units = self.measured.units
        return Rows(
            X,
            asarray_like(y, X),
            asarray_like(weight, X),
            units.center,
            units.scale,
            rows,
            bounds=units.bounds if are_new else None,
            dtype=self.config.dtype,
            encoding=self._encoding if X is self.data.X else self._encoding_of(X),
        )

    @cached_property
    def _encoding(self) -> Encoding | None:
        """How the training table is encoded, of which folds are parts."""
        return self._encoding_of(self.data.X)

    def _encoding_of(self, X: Any) -> Encoding | None:
        """Return how X is encoded; if numbers are missing, they are filled."""
        data = self.data
        return filling(X, data.encoding, self.measured.units, data.feature_names)

    def _new_validation(self) -> Validation | None:
        """Return the validation of the network, or of each member on its own fold."""
        data, config = self.data, self.config
        if not data.held_out:
            return None
        y = self._scaled(data.held_out[0].y)  # of all folds
        parts = []
        for member, one in enumerate(data.held_out):
            rows = self._rows(one.X, y, one.weight, one.rows, are_new=data.folds is None)
            member_or_all = None if data.folds is None else member
            parts.append(Part(rows, member_or_all, self._scaling_on(one)))
        of_all = parts[0].temperature
        if data.folds is not None:
            of_all = self._scaling_on(joined_folds(data.folds))
        return Validation(self.objective, config.loss, parts, self._rows_per_batch, of_all)

    def _scaling_on(self, validation: ValidationData) -> TemperatureScaling | None:
        """Return the temperature scaling on these rows, if probabilities are calibrated."""
        if not self.config.temperature_scaling:
            return None
        return TemperatureScaling.on(self.data.targets, self.config.loss, validation)

    @property
    def n_epochs_before(self) -> int:
        """Number of epochs of earlier calls that this one continues."""
        return 0 if self.last is None else self.last.n_iter

    @property
    def n_epochs_left(self) -> int:
        """Largest number of epochs left to run."""
        return self.config.plan.n_epochs - self.history.n_epochs

    @property
    def has_ended(self) -> bool:
        """Whether training has ended before the last planned epoch."""
        return has_ended(self.config.plan, self.progress, self.history)

    @property
    def resolved_params(self) -> dict[str, Any]:
        """The values used for parameters that can be "auto"."""
        resolved = self.config.resolved_params(self.params, self.unused)
        return resolved | {"categorical_features": self.data.categorical_features}

    @property
    def used_params(self) -> Mapping[str, str] | None:
        """The values used by this call and those that it continues; see `FitResult`."""
        return used_params(self.params, self.unused, self.last)

    def state(self) -> dict[str, Any]:
        """Return everything that training changes, for `restore`."""
        return {
            "theta": to_numpy(self.objective.theta),
            "progress": self.progress,
            "history": self.history.state(),
            "health": self.health.arrays(len(self.network.layers)),
            "optima": self._optima,
        }

    @property
    def _optima(self) -> np.ndarray:
        """Where the last searches for temperatures ended (n_searches, 2)."""
        return np.empty((0, 2)) if self._validation is None else self._validation.optima

    def restore(self, state: dict[str, Any]) -> None:
        """Set everything that training changes to a `state`."""
        theta, progress, history = self.objective.theta, state["progress"], state["history"]
        theta[...] = asarray_like(state["theta"], theta)
        for name, value in progress.solver_state.items():
            if isinstance(value, np.ndarray):
                progress.solver_state[name] = asarray_like(value, theta)
        progress.average = asarray_like(progress.average, theta)
        history["best_theta"] = asarray_like(history["best_theta"], theta)
        self.progress = progress
        self.history.restore(history)
        self.health.restore(state["health"])
        if self._validation is not None:
            self._validation.optima = state["optima"]

    def train(self, watcher: Watcher) -> Outcome:
        """Run the remaining epochs.

        If no epoch has a score, ``early_stopping="auto"`` keeps the last one's weights.
        """
        outcome = Trainer(
            self.objective,
            self.rows,
            self.config.plan,
            self.progress,
            self.history,
            self.health,
            watcher,
            None if self._validation is None else self._validate,
        ).train()
        if self.params["early_stopping"] == "auto" and not outcome.diverged:
            outcome.usable |= self.history.has_no_score
        return outcome

    # Validation, after each epoch.

    def _validate(
        self, theta: np.ndarray, training_loss: float, learning_rate: float
    ) -> tuple[Any, float | None]:
        """Return the validation loss at `theta`, where the objective is, and the score.

        The scorer gets an estimator whose curves already include this epoch, although it is
        recorded only after its score is known.
        """
        assert self._validation is not None
        loss = self._validation.loss()
        if self._score is None:
            return loss, None
        history = self.history.ahead(training_loss, learning_rate, loss)
        return loss, self._score(self.result_at(theta, history))

    @property
    def refusals(self) -> list[str]:
        """What the scorer said, epoch by epoch, of predictions that it has no value for."""
        return [] if self._score is None else self._score.refusals

    def check_scorer(self) -> None:
        """Raise the scorer's own error for the last epoch, if it has one."""
        if self._score is not None:
            self._score.check(self.result_at(self.objective.theta))

    def why_unscored(self) -> str | None:
        """Return why the scorer has no value on the validation rows, or None."""
        if self._score is None:
            return None
        return self._score.why_undefined(self.result_at(self.objective.theta))

    @property
    def _rows_per_batch(self) -> int:
        """Rows per batch outside of training steps."""
        return max(1, min(ROWS_PER_BATCH, VALUES_PER_BATCH // self.network.widest_layer))

    # The result.

    def result(self, outcome: Outcome) -> FitResult:
        """Return the result after training."""
        if outcome.diverged:
            self._forget_steps()
        epoch = self.history.last_best_epoch if outcome.restored else self.history.n_epochs
        return self._result(self.objective.theta, epoch, restored=outcome.restored)

    def best_so_far(self) -> FitResult | None:
        """Return the result at the best epoch so far, None if no epoch has ended."""
        best = self.history.best_theta
        if best is None or not self.history.has_best:
            return None
        self.objective.theta[...] = best
        self._forget_steps()
        return self._result(best, self.history.last_best_epoch, restored=True)

    def result_at(self, theta: np.ndarray, history: History | None = None) -> FitResult:
        """Return the result as if training had ended now, at `theta` (P,).

        `history` replaces that of the run, if given.
        """
        history = self.history if history is None else history
        with self.objective.at(theta):
            return self._result(theta, history.n_epochs, history=history, goes_on=False)

    def _forget_steps(self) -> None:
        """Reset the solver's state, which belongs to parameters that were not kept."""
        theta, n_weights = self.objective.theta, self.network.layout.n_weights
        self.progress.solver_state = self.progress.solver.init(theta, n_weights)

    def _result(
        self,
        theta: np.ndarray,
        epoch: int,
        *,
        history: History | None = None,
        restored: bool = False,
        goes_on: bool = True,
    ) -> FitResult:
        """Return the result with the parameters `theta`, of this call's `epoch`."""
        history = self.history if history is None else history
        config = self.config
        theta = copy_of(theta)
        curves = joined_curves(self.last, history)
        curve = curves["loss_curve_"]
        best_iter = int(curve.argmin()) + 1 if len(curve) else 0
        health = self.health.arrays(len(self.network.layers))
        with ONE_THREAD:
            temperature = self._scale_outputs(theta)
            out_of_fold = self._out_of_fold(temperature) if restored else None
            dispersion, dispersion_weight = self._dispersion()
        goes_on = goes_on and config.keeps_state
        if goes_on:
            self.progress.forget_average()  # the next call has its own
        X = self.data.X
        return FitResult(
            theta=theta,
            network=self.network,
            units=self.measured.units,
            loss=config.loss,
            targets=self.data.targets,
            feature_names=self.data.feature_names,
            columns=self.data.columns,
            encoding=self.data.encoding,
            n_missing=self.data.n_missing,
            n_iter=self.n_epochs_before + history.n_epochs,
            best_iter=self.n_epochs_before + epoch if restored else best_iter,
            n_rows_seen=self._n_rows_seen(history),
            loss_value=history.loss[epoch - 1] if epoch else history.start_loss,
            curves={name: moved(values, X) for name, values in curves.items()},
            health=health if self.last is None else joined(self.last.health, health),
            resolved_params=self.resolved_params,
            used_params=self.used_params,
            temperature=temperature,
            dispersion=moved(dispersion, X),
            dispersion_weight=dispersion_weight,
            progress=self.progress if goes_on else None,
            moments=self.measured.moments if goes_on and config.incremental else None,
            out_of_fold=out_of_fold,
        )

    def _n_rows_seen(self, history: History) -> int | None:
        """Return the number of training rows, summed over all epochs so far."""
        before = 0 if self.last is None else self.last.n_rows_seen
        return None if before is None else before + history.n_epochs * self.data.n_training

    def _out_of_fold(self, temperature: float | None) -> OutOfFold | None:
        """Return what the members predict for the rows that they did not train on.

        None if they continue from an earlier call, in which they may have.
        """
        if self.data.folds is None or self._validation is None or self.last is not None:
            return None
        units, scaled = self.measured.units, self.config.loss.link.at_temperature
        found = [
            units.to_users(raw if temperature is None else scaled(raw, temperature))
            for raw in self._validation.raw_predictions()
        ]
        return OutOfFold.of(self.data, found, self.config.loss.link)

    def _scale_outputs(self, theta: np.ndarray) -> float | None:
        """Divide the output layer of `theta` by the best temperature; return it."""
        if self._validation is None:
            return None
        temperature = self._validation.best_temperature()
        if temperature is None:
            return None
        output_params = self.network.views(theta)[-1]
        output_params["weight"] /= temperature
        bias = self.config.loss.link.at_temperature(output_bias(output_params), temperature)
        set_output_bias(output_params, bias)
        return temperature

    def _dispersion(self) -> tuple[np.ndarray | None, float]:
        """Return the dispersion of the loss, and the number of rows it is computed from."""
        loss, last = self.config.loss, self.last
        if not loss.has_dispersion:
            return None, 0.0
        total: Any = 0.0
        for X, y, weight in self.rows.batches(self._rows_per_batch):
            raw_prediction, _ = self.network.forward(X, self.objective.params_of())
            raw_prediction = loss.link.combine(raw_prediction)
            terms = to_numpy(loss.dispersion_terms(y, raw_prediction)).astype(np.float64)
            weight = to_numpy(row_weight(weight))
            total = total + (terms.sum(axis=0) if weight is None else weight @ terms)
        n_rows = float(self.data.n_training)  # weights have mean 1
        if self.config.incremental and last is not None and last.dispersion is not None:
            total = total + last.dispersion_weight * to_numpy(last.dispersion)
            n_rows += last.dispersion_weight
        least = np.finfo(np.float64).eps  # an exact fit needs a valid distribution, too
        return np.maximum(total / n_rows, least), n_rows
