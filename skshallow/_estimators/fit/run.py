"""One call of `fit` or `partial_fit`: from validated data to a trained estimator."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from skshallow._arrays.namespace import beside, copy_of, dtype_of, to_numpy
from skshallow._arrays.threads import ONE_THREAD
from skshallow._estimators.checks.array_api import check_same_place, moved
from skshallow._estimators.checks.hyperparameters import Components
from skshallow._estimators.checks.overflow import check_targets_fit
from skshallow._estimators.fit.checkpoint import checkpoint_of
from skshallow._estimators.fit.diagnostics import judge
from skshallow._estimators.fit.results import curves_so_far, records
from skshallow._estimators.fit.training_data import TrainingData
from skshallow.engine.batches import Rows
from skshallow.engine.health import SAMPLE, HealthRecorder
from skshallow.engine.history import History
from skshallow.engine.moments import Moments
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.engine.state import Outcome, Progress
from skshallow.engine.trainer import Watcher, train
from skshallow.engine.units import USERS_UNITS, Units, re_express, row_gain

ROWS_A_VALIDATION_BATCH = 4096


class Fit:
    """Data in, a trained estimator out: first `start`, then `train`.

    Parameters
    ----------
    estimator : BaseNet
        The one to fit; see `Draft`.
    components : Components
        Its resolved parameters.
    data : TrainingData
        Read, and with validation data held out.
    """

    def __init__(self, estimator: Any, components: Components, data: TrainingData) -> None:
        self.estimator = estimator
        self.components = components
        self.data = data
        self.goes_on = data.goes_on
        self.incremental = data.incremental
        self.dtype = np.dtype(estimator.dtype or dtype_of(data.X))
        self.plan = components.plan(
            estimator, data.n_training, incremental=data.incremental
        )

    def start(self) -> None:
        """Decide the units, build the network and its parameters, open the books."""
        estimator = self.estimator
        check_targets_fit(self.data.y, self.dtype)
        self.units = self._choose_units()
        y = self.units.scale_targets(self.data.y).astype(self.dtype, copy=False)
        weight = self.data.weight
        weight = None if weight is None else weight.astype(self.dtype, copy=False)
        self.rows = self._rows(self.data.X, y, weight, self.data.train_rows)
        self.network = Network(
            self.data.X.shape[1],
            estimator._loss.n_raw_outputs(y.shape[1]),
            self.components.hidden_units,
            self.components.activations,
            self.plan.dropout,
            int(estimator.n_members),
        )
        rng = self._new_rng()
        theta = self._last_theta() if self.goes_on else self._first_theta(y, weight, rng)
        theta = beside(theta, self.data.X)
        self.objective = Objective(
            self.network, estimator._loss, float(estimator.alpha), theta
        )
        self.progress = self._new_progress(rng)
        if self.goes_on:
            self.progress = self._last_progress(self.progress)
        self._open_books()

    def _rows(self, X, y, weight, rows=None) -> Rows:
        """Return a data set that is handed out in the network's units."""
        y, weight = beside(y, X), beside(weight, X)
        return Rows(X, y, weight, self.units.center, self.units.scale, rows)

    def _choose_units(self) -> Units:
        """Return the units to work in: as measured, as before, or the user's."""
        estimator = self.estimator
        last_units = estimator._units if self.goes_on else USERS_UNITS
        self.last_units = last_units
        self.moments = None
        if self.goes_on and self.incremental:
            self.moments = copy.deepcopy(estimator._moments)
        settled = not last_units.are_users and self.moments is None
        if settled or not estimator.standardize:
            return last_units
        if self.moments is None:
            self.moments = Moments(self.data.X.shape[1]), Moments(self.data.y.shape[1])
        features, targets = self.moments
        silent = features.unit == 0 if last_units.center is None else features.constant
        for moments, columns in zip(self.moments, (self.data.X, self.data.y), strict=True):
            moments.update(columns, self.data.weight, self.data.train_rows)
        centered = not sparse.issparse(self.data.X)
        units = Units.measured(
            features, targets, estimator._loss.link, centered, self.row_gain
        )
        if last_units.scale is not None:
            # 0 in every row so far, so that weights of any unit were the same function
            scale = np.where(silent, units.scale, last_units.scale)
            self.last_units = replace(last_units, scale=scale)
        return units

    def _first_theta(self, y, weight, rng: np.random.Generator) -> np.ndarray:
        """Return the parameters (P,) to start from, for targets in the net's units."""
        estimator, training = self.estimator, self.data.training
        intercept = estimator._loss.fit_intercept_only(
            y[training], None if weight is None else weight[training]
        )
        theta = np.empty(self.network.layout.size, self.dtype)
        with ONE_THREAD:
            self.network.initialize(
                theta,
                self.components.initializer,
                float(estimator.init_scale),
                intercept,
                rng,
            )
        if self.row_gain is not None:
            self.network.views(theta)[0]["weight"] /= self.row_gain
        estimator._loss.start_output_weights(self.network.views(theta)[-1]["weight"])
        return theta

    @cached_property
    def row_gain(self) -> float | None:
        """How much larger than standard features are, None where they are standard."""
        hidden_units, solver = self.components.hidden_units, self.components.solver
        if not (self.estimator.standardize and hidden_units and solver.scale_free):
            return None
        return row_gain(self.data.X.shape[1], hidden_units[0])

    def _last_theta(self) -> np.ndarray:
        """Return a copy of the last parameters (P,), in the units of now."""
        estimator = self.estimator
        method = "partial_fit" if self.incremental else "fit"
        check_same_place(
            self.data.X, estimator.theta_, f"{type(estimator).__name__}.{method}"
        )
        if self.network != estimator.network_:
            raise ValueError(
                "Training goes on from the last fit's weights, which belong to another "
                f"net: then {estimator.network_}, now {self.network}. Set the "
                "parameters back, or start anew with warm_start=False and fit."
            )
        theta = to_numpy(estimator.theta_).astype(self.dtype)
        re_express(self.network.views(theta), self.last_units, self.units)
        return theta

    def _new_rng(self) -> np.random.Generator:
        """Return the generator of all that this fit draws."""
        random_state = check_random_state(self.estimator.random_state)
        return np.random.default_rng(random_state.randint(2**31, size=4))

    def _new_progress(self, rng: np.random.Generator) -> Progress:
        """Return the state before the first step."""
        solver, schedule = self.components.solver, self.components.schedule
        return Progress(
            rng,
            solver,
            schedule,
            solver.init(self.objective.theta, self.network.layout.n_weights),
            schedule.init(),
        )

    def _last_progress(self, new: Progress) -> Progress:
        """Return a copy of the state that the last call left, where it still applies.

        Elsewhere, or if there is none, it is as in the `new` one.
        """
        progress = copy.deepcopy(self.estimator._progress)
        if progress is None:
            return new
        if progress.solver != new.solver:
            progress.solver, progress.solver_state = new.solver, new.solver_state
        if progress.schedule != new.schedule:
            progress.schedule, progress.schedule_state = (
                new.schedule,
                new.schedule_state,
            )
        if new.schedule.needs_end and not self.incremental:
            progress.epoch = 0
        if new.schedule.needs_end and progress.epoch >= self.plan.max_iter:
            raise ValueError(
                f"schedule={self.estimator.schedule!r} ends after max_iter="
                f"{self.plan.max_iter} epochs, and partial_fit has run them all. "
                "Raise max_iter, or use a schedule without an end, such as 'constant'."
            )
        return progress

    def _open_books(self) -> None:
        """Begin what training writes down, or go on where a killed fit left it."""
        estimator = self.estimator
        self.history = History(
            tol=float(estimator.tol),
            n_iter_no_change=self.components.patience(
                estimator, early_stopping=self.data.early_stopping
            ),
            validate=self._validator() if self.data.validation is not None else None,
            early_stopping=self.data.early_stopping,
            start_theta=copy_of(self.objective.theta),
        )
        self.health = HealthRecorder(
            self.rows.sample(SAMPLE) if estimator.record_health else None,
            len(self.rows),
            estimator.n_iter_ if self.goes_on else 0,
            None if self.incremental else self.plan.n_epochs,
        )
        self.checkpoint = checkpoint_of(self)
        if self.checkpoint is not None:
            self.checkpoint.resume()

    @property
    def n_epochs_left(self) -> int:
        """How many epochs there are to run at most."""
        return self.plan.n_epochs - self.history.n_epochs

    def train(self, watcher: Watcher) -> Outcome:
        """Train, then leave the result in the estimator: once interrupted, the best."""
        before = vars(self.estimator).copy()
        try:
            outcome = train(
                self.objective,
                self.rows,
                self.plan,
                self.progress,
                self.history,
                self.health,
                watcher,
            )
            judge(self, outcome)
            self._conclude(outcome)
        except KeyboardInterrupt as interruption:
            if self.history.best_theta is None:
                raise
            self.estimator.__dict__ = before  # without what was half concluded
            self.objective.theta[...] = self.history.best_theta
            outcome = Outcome(restored=True, interruption=interruption)
            self._conclude(outcome)
        return outcome

    def _conclude(self, outcome: Outcome) -> None:
        """Leave the result in the estimator."""
        estimator, progress = self.estimator, self.progress
        vars(estimator).update(self._fitted_attributes(self.objective.theta))
        with ONE_THREAD:
            estimator._conclude(self)
        vars(estimator).update(records(self, outcome))
        for name, value in vars(estimator).items():
            if name.endswith("_") and name != "classes_":
                vars(estimator)[name] = moved(value, self.data.X)
        if outcome.diverged or outcome.interruption is not None:
            # what the solver remembers is of another theta, infinite or half a step's
            progress.solver_state = progress.solver.init(
                self.objective.theta, self.network.layout.n_weights
            )
        progress.average, progress.n_averaged = None, 0  # the next fit has its own
        keeps_going = self.incremental or estimator.warm_start
        estimator._progress = progress if keeps_going else None
        estimator._moments = self.moments if self.incremental else None

    @cached_property
    def _validation_rows(self) -> Rows:
        """The validation data, in the network's units."""
        X, y, weight = self.data.validation  # type: ignore[misc]
        y = self.units.scale_targets(y).astype(self.dtype, copy=False)
        return self._rows(X, y, weight)

    def validation_batches(self) -> Iterator[tuple]:
        """Yield X, targets and weight to validate on, in the network's units."""
        return self._validation_rows.batches(ROWS_A_VALIDATION_BATCH)

    def validation_predictions(self) -> np.ndarray:
        """Return raw predictions, by members, for the validation data, as NumPy's."""
        return to_numpy(self.objective.raw_predictions(self.validation_batches()))

    def sum_over_rows(self, terms: Callable[..., np.ndarray]) -> np.ndarray:
        """Return the weighted sum of ``terms(y, raw_prediction)`` (n, m) over rows (m,)."""
        total: Any = 0.0
        for X, y, weight in self.rows.batches(ROWS_A_VALIDATION_BATCH):
            raw_prediction, _ = self.network.forward(X, self.objective.params)
            raw_prediction = self.objective.loss.link.combine(raw_prediction)
            values = to_numpy(terms(y, raw_prediction)).astype(np.float64)
            weight = to_numpy(weight)
            total = total + (values.sum(axis=0) if weight is None else weight @ values)
        return total

    def _validator(self):
        """Return the function that validates parameters once an epoch."""
        from sklearn.metrics import check_scoring  # slow to import, rarely used

        estimator = self.estimator
        scorer = None
        if estimator.scoring is not None:
            scorer = check_scoring(estimator, scoring=estimator.scoring)
        X_users, labels, weight = self.data.scoring_data  # type: ignore[misc]
        weighted = {} if weight is None else {"sample_weight": weight}
        validation_loss = estimator._validation_loss(self)

        def validate(theta):
            loss = validation_loss()
            if scorer is None:
                return loss, None
            fitted = copy.copy(estimator)
            vars(fitted).update(self._fitted_attributes(copy_of(theta)))
            return loss, float(scorer(fitted, X_users, labels, **weighted))

        return validate

    def _fitted_attributes(self, theta: np.ndarray) -> dict[str, Any]:
        """Return what turns the estimator into one that predicts with `theta`."""
        return {
            "theta_": theta,
            "network_": self.network,
            "_units": self.units,
            "n_outputs_": self.network.layers[-1].n_units,
        }

    def as_if_ended(self, theta: np.ndarray) -> dict[str, Any]:
        """Return the attributes of an estimator as if training had ended at `theta`."""
        attributes = self._fitted_attributes(copy_of(theta))
        return vars(self.estimator) | attributes | curves_so_far(self)
