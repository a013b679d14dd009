"""Health report: dead and saturated units, vanishing gradients and too large updates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._estimators.checks.hyperparameters import parameters_of
from skshallow._estimators.fit.health_advice import (
    AGAINST_DEAD_UNITS,
    AGAINST_INFINITE_GRADIENT,
    AGAINST_LARGE_UPDATES,
    AGAINST_SATURATION,
    AGAINST_VANISHING_GRADIENT,
    LEARNING_RATE,
    applicable_remedies,
    in_words,
)
from skshallow.engine.health import (
    MANY_DEAD,
    OF_UNITS,
    OF_WEIGHTS,
    ROWS_TO_CALL_DEAD,
    VANISHING,
    is_saturated,
    outputs_and_slopes,
)
from skshallow.inspection._common.fitted_net import (
    has_best_epoch_per_member,
    layer_names,
    validation_decides,
)
from skshallow.inspection._common.meta_estimators import find_net, net_and_input
from skshallow.inspection._common.report import Report, ReportColumn

OVERFITTING = 0.02  # a rise of the validation loss by more, relative to the least one
# Thresholds of a verdict. With 2 layers of 64 units, 100 epochs and otherwise default
# settings, nets on five tables had at most 0.11 of a ReLU layer dead, 0.13 of the outputs
# of tanh saturated, and an update ratio of 0.03, 0.003 in the median: all healthy.
SOME_DEAD = 0.25  # of a layer: its width is wasted
MANY_SATURATED = 0.5  # of its outputs: hardly any gradient passes them
LARGE_UPDATE = 0.1  # ten such updates are as long as the weights
MAGNITUDES = {1e6: "a million", 1e5: "100,000", 1e4: "10,000", 0: f"{1 / VANISHING:g}"}


def health_report(estimator, X=None) -> HealthReport:
    """Report dead and saturated units, gradient norms and update ratios of each layer.

    Parameters
    ----------
    estimator : estimator
        A fitted net, or a pipeline, a search or transformed targets around one.
    X : {array-like, sparse matrix} of shape (n_samples, n_features) or None, default=None
        Rows, as `estimator` takes them, on which to measure the units. None reports the
        record of the fit, in `health_`, that is the nearest to the epoch whose weights are
        kept, on at most 256 of its rows.

    Returns
    -------
    report : HealthReport
        One row per layer, the output layer last. It prints as a table with a verdict on
        each layer, and has `to_frame`.

    Raises
    ------
    TypeError, NotFittedError
        If there is no net inside, or it is not fitted.
    ValueError
        If `X` is None and the fit kept no records.

    See Also
    --------
    HealthDisplay : The same figures over the epochs.

    Notes
    -----
    Gradient norms and update ratios are always those of the last record; without records
    they are left out. A verdict names dead units from a quarter of a layer on, saturation
    of more than half of its outputs, a gradient norm 1000 times smaller than the largest
    of the net, and an update ratio above a tenth.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import health_report
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DeepNetClassifier(8, depth=2, random_state=0).fit(X, y)
    >>> report = health_report(net, X)
    >>> report.verdicts
    ['healthy', 'healthy', 'healthy']
    """
    net = find_net(estimator)
    has_learning_rate = not np.isnan(net.learning_rate_curve_).all()
    shares, weights = dict[str, list[float]](), dict[str, list[float]]()
    n_rows = epoch = epoch_of_units = None
    if X is not None:
        shares, n_rows = _measure(*net_and_input(estimator, X))
    if len(net.health_["epoch"]):
        epoch, i = int(net.health_["epoch"][-1]), _record_of_weights(net)
        weights = {name: net.health_[name][-1].tolist() for name in OF_WEIGHTS}
        if not shares:
            shares = {name: net.health_[name][i].tolist() for name in OF_UNITS}
            epoch_of_units = int(net.health_["epoch"][i])
    if not shares:
        raise ValueError(
            f"The fit of this {type(net).__name__} recorded nothing: pass X to measure "
            "its units on, or fit it with record_health=True."
        )
    return HealthReport(
        net_name=type(net).__name__,
        layers=layer_names(net),
        n_units=[net.network_.n_members * layer.n_units for layer in net.network_.layers],
        shares=shares,
        weights=weights,
        epoch=epoch,
        epoch_of_units=epoch_of_units,
        n_rows=n_rows,
        remedies=applicable_remedies(parameters_of(net), net.network_, has_learning_rate),
        kept=_kept_weights(net),
    )


def _kept_weights(net: Any) -> str:
    """Return of which epoch the weights are, and what that means; "" if not validated."""
    losses, n_epochs = to_numpy(net.validation_loss_curve_), net.n_iter_
    if len(losses) != n_epochs or not n_epochs or np.isnan(losses[-1]):
        return ""  # the last epochs, such as those of `partial_fit`, were not validated
    decides, each = validation_decides(net), has_best_epoch_per_member(net)
    best = int(np.nanargmin(losses)) + 1 if each or not decides else net.best_iter_
    if not best:
        return ""
    if each:
        kept = "The weights of each member are those of its own best epoch"
        kept += f", the latest of epoch {net.best_iter_} of {n_epochs}."
    elif best == n_epochs:
        kept = f"The weights are those of the last of {n_epochs} epochs, in which the "
        kept += "validation was best: a larger max_iter may help."
    elif decides:
        kept = f"The weights are those of epoch {best} of {n_epochs}, "
        kept += "the best in validation."
    else:
        kept = f"The weights are those of the last of {n_epochs} epochs. The validation "
        kept += f"was best in epoch {best}: early_stopping=True keeps that."
    return kept + _overfitting(losses, to_numpy(net.loss_curve_), best)


def _overfitting(losses: np.ndarray, training: np.ndarray, best: int) -> str:
    """Return from which epoch on a net overfits, "" if it does not, by its two curves."""
    least, last = losses[best - 1], losses[-1]
    before, after = training[best - 1], training[-1]
    if not (last - least > OVERFITTING * abs(least) and after < before):
        return ""
    return (
        f" The net overfits from epoch {best} on: the validation loss rose from "
        f"{least:.3g} to {last:.3g}, while the training loss fell from {before:.3g} to "
        f"{after:.3g}."
    )


def _record_of_weights(net: Any) -> int:
    """Return which record of `net.health_` is the nearest to the epoch of its weights."""
    epoch = net.best_iter_ if validation_decides(net) else net.n_iter_
    return int(np.abs(net.health_["epoch"] - epoch).argmin())


@dataclass(frozen=True, eq=False, repr=False)
class HealthReport(Report):
    """Health of the layers of a fitted net; see `health_report`.

    Attributes
    ----------
    net_name : str
        Class of the net.
    layers : list of str
        Names of the layers, the output layer last.
    n_units : list of int
        Their numbers of units, those of all members together.
    shares : dict of str to list of float
        "dead", "zero" and "saturated": shares of units or outputs, per hidden layer.
    weights : dict of str to list of float
        "gradient_norm" and "update_ratio", per layer; empty without records.
    epoch : int or None
        The epoch of the last record, whose gradients are reported; None without records.
    epoch_of_units : int or None
        The epoch of the record of the units; None if they were measured on `X`.
    n_rows : int or None
        How many rows of `X` the units were measured on; None if on the training rows.
    remedies : list of str
        What may help in one case or another and does not hold yet.
    kept : str
        Of which epoch the weights are, and whether the net overfits from there on; empty
        without a validation set.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import health_report
    >>> net = DeepNetClassifier(8, depth=2, max_iter=20, random_state=0)
    >>> report = health_report(net.fit(*load_iris(return_X_y=True)))
    >>> report.layers, report.n_units
    (['hidden 1', 'hidden 2', 'output'], [8, 8, 3])
    """

    net_name: str
    layers: list[str]
    n_units: list[int]
    shares: Mapping[str, Sequence[float]]
    weights: Mapping[str, Sequence[float]]
    epoch: int | None
    epoch_of_units: int | None
    n_rows: int | None
    remedies: Sequence[str]
    kept: str = ""

    @property
    def title(self) -> str:
        """What was measured, and on which rows."""
        recorded = f"recorded after epoch {self.epoch} of its fit"
        if self.n_rows is None and self.epoch_of_units == self.epoch:
            return f"Health of a {self.net_name}, {recorded}"
        if self.n_rows is None:
            units = f"units after epoch {self.epoch_of_units}"
            return f"Health of a {self.net_name}: {units}, gradients {recorded}"
        gradients = f"; gradients {recorded}" if self.weights else ""
        return f"Health of a {self.net_name}: units on {self.n_rows} rows{gradients}"

    @property
    def n_dead(self) -> list[int]:
        """How many units of each hidden layer are dead."""
        dead = zip(self.shares["dead"], self.n_units, strict=False)
        return [round(share * n_units) for share, n_units in dead]

    @property
    def verdicts(self) -> list[str]:
        """What is wrong with each layer and what to try, or "healthy"."""
        return [self._verdict(i) for i in range(len(self.layers))]

    def columns(self) -> list[ReportColumn]:
        """Return the figures, one row per layer."""

        def shares(name: str) -> list[float | None]:
            return [*self.shares[name], None]  # not of the output layer

        columns = [
            ReportColumn("layer", self.layers),
            ReportColumn("units", self.n_units, "d"),
            ReportColumn("dead units", [*self.n_dead, None], "d"),
            ReportColumn("dead", shares("dead"), ".0%"),
            ReportColumn("zeros", shares("zero"), ".0%"),
            ReportColumn("saturated", shares("saturated"), ".0%"),
        ]
        if self.weights:
            columns += [
                ReportColumn("gradient norm", self.weights["gradient_norm"], ".2g"),
                ReportColumn("update ratio", self.weights["update_ratio"], ".2g"),
            ]
        return [*columns, ReportColumn("verdict", self.verdicts, is_wide=True)]

    def notes(self) -> list[str]:
        """Return what the columns mean."""
        note = (
            "Dead: no row's gradient reaches the unit. Zeros: outputs that are 0. "
            "Saturated: outputs that are not 0, where the activation is all but flat."
        )
        if self.weights:
            note += (
                " Gradient norm: of the loss, by the layer's weights. Update ratio: norm "
                "of the epoch's last step over that of the weights."
            )
        return [note, self.kept] if self.kept else [note]

    # Complaints, each with what helps against it.

    def _verdict(self, i: int) -> str:
        complaints: list[tuple[str, set[str]]] = []
        if i < len(self.layers) - 1:
            complaints += [*self._on_dead(i), *self._on_saturated(i)]
        if self.weights:
            complaints += [*self._on_gradient(i), *self._on_update(i)]
        if not complaints:
            return "healthy"
        facts, helpful = zip(*complaints, strict=True)
        advice = in_words(self.remedies, set().union(*helpful))
        return f"{'; '.join(facts)}: try {advice}"

    def _on_dead(self, i: int) -> Iterator[tuple[str, set[str]]]:
        """Yield a complaint if too many units of hidden layer `i` are dead."""
        share, n_dead, n_units = self.shares["dead"][i], self.n_dead[i], self.n_units[i]
        few_rows = self.n_rows is not None and self.n_rows < ROWS_TO_CALL_DEAD
        if share < SOME_DEAD or (few_rows and share < 1):
            return
        rows = "the training rows" if self.n_rows is None else "X"
        effect = ", so that hardly anything passes" if share > MANY_DEAD else ""
        fact = f"{n_dead} of {n_units} units are dead on {rows}{effect}"
        yield fact, AGAINST_DEAD_UNITS

    def _on_saturated(self, i: int) -> Iterator[tuple[str, set[str]]]:
        """Yield a complaint if too many outputs of hidden layer `i` are saturated."""
        share = self.shares["saturated"][i]
        if share > MANY_SATURATED:
            yield f"{share:.0%} of the outputs are saturated", AGAINST_SATURATION

    def _on_gradient(self, i: int) -> Iterator[tuple[str, set[str]]]:
        """Yield a complaint if the gradient norm of layer `i` is infinite or vanishes."""
        norms = self.weights["gradient_norm"]
        largest = max(range(len(norms)), key=norms.__getitem__)
        if not math.isfinite(norms[i]):
            yield f"the gradient norm is {norms[i]}", AGAINST_INFINITE_GRADIENT
        elif norms[i] < VANISHING * norms[largest]:
            ratio = norms[largest] / norms[i] if norms[i] else math.inf
            times = next(words for least, words in MAGNITUDES.items() if ratio >= least)
            fact = f"the gradient norm is more than {times} times smaller than in layer "
            yield f"{fact}'{self.layers[largest]}'", AGAINST_VANISHING_GRADIENT

    def _on_update(self, i: int) -> Iterator[tuple[str, set[str]]]:
        """Yield a complaint if the last step of layer `i` was too large."""
        ratio = self.weights["update_ratio"][i]
        if ratio > LARGE_UPDATE and LEARNING_RATE in self.remedies:
            yield f"its last step was {ratio:.0%} of its weights", AGAINST_LARGE_UPDATES


def _measure(net: Any, X: Any) -> tuple[dict[str, list[float]], int]:
    """Return the shares per hidden layer, measured on X, and how many rows it has."""
    n_members = net.network_.n_members
    widths = [n_members * layer.n_units for layer in net.network_.layers[:-1]]
    alive = [np.zeros(width, dtype=bool) for width in widths]
    n_zeros, n_saturated = np.zeros((2, len(widths)))
    n_rows = 0

    def count(x: Any, params: Any) -> list:
        nonlocal n_rows
        n_rows += x.shape[0]
        for i, (a, slopes) in enumerate(outputs_and_slopes(net.network_, params, x)):
            alive[i] |= slopes.any(axis=-2).ravel()
            n_zeros[i] += np.sum(a == 0)
            n_saturated[i] += np.sum(is_saturated(a, slopes))
        return []

    net._pass_through(X, [], count)
    n_outputs = n_rows * np.array(widths)
    shares = {
        "dead": [1 - float(units.mean()) for units in alive],
        "zero": (n_zeros / n_outputs).tolist(),
        "saturated": (n_saturated / n_outputs).tolist(),
    }
    return shares, n_rows
