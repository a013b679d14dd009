r"""Temperature scaling: calibration of overconfident probabilities by one number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from skshallow._arrays.linalg import row_sums
from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.fit.training_data import ValidationData
from skshallow.losses import Loss

# Without bounds, a validation set without errors would have a best temperature of 0, which
# means probabilities of 0 and 1.
COLDEST, HOTTEST = 0.05, 20.0
# A search ends where a step lowers the mean loss by less: to compare epochs, and to scale.
USEFUL, PRECISE = 1e-7, 1e-16
TRIAL_STEP = 0.5  # of the logarithm of the temperature, where no curvature is known
MOST_SLOPES = 50  # most searches need two to ten
# Raw predictions whose loss is evaluated at once: of many classes, few rows.
VALUES_PER_EVALUATION = 1 << 18


class Optimum(NamedTuple):
    """Where a search has ended, from which the next one starts.

    Parameters
    ----------
    log_temperature : float
        The logarithm of the temperature.
    curvature : float
        About the second derivative of the mean loss there; 0 if it is not known.
    """

    log_temperature: float = 0.0
    curvature: float = 0.0


class TemperatureScaling:
    """Temperature scaling on a validation set.

    A network that overfits is overconfident. Dividing its raw predictions by one
    temperature calibrates its probabilities and does not change the predicted classes; of
    ordered classes it does not change the median.

    Parameters
    ----------
    loss : Loss
        A log loss, binomial, multinomial or of ordered classes; the first two are convex
        in ``1 / T`` for one member.
    y : ndarray of shape (n_val, n_outputs), or (n_val, 1) of class codes
        The classes, as the loss takes them, of rows that did not train the net.
    weight : ndarray of shape (n_val,) or None, default=None
        Sample weights.

    Attributes
    ----------
    last : Optimum
        Of the last call of `refined_loss`. From one epoch to the next it moves little, so
        that the next search needs two or three slopes instead of five to ten.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), arXiv:1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import BinomialLogLoss
    >>> y = np.array([[1.0], [1.0], [1.0], [0.0]])  # accuracy 3/4,
    >>> sure = np.full((4, 1), 10.0)  # but probabilities near 1
    >>> scaling = TemperatureScaling(BinomialLogLoss(), y)
    >>> round(float(1 / (1 + np.exp(-10 / scaling.best(sure)))), 3)
    0.75
    >>> round(float(BinomialLogLoss().loss(y, sure).mean()), 3)
    2.5
    >>> round(scaling.refined_loss(sure), 3)  # of 3/4 for all
    0.562
    """

    def __init__(self, loss: Loss, y: np.ndarray, weight: np.ndarray | None = None) -> None:
        self.loss = loss
        self.y = y
        self.last = Optimum()
        weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
        self._share = weight / weight.sum()

    @classmethod
    def on(
        cls, targets: Targets, loss: Loss, validation: ValidationData
    ) -> TemperatureScaling:
        """Return the calibration on these rows, and one more row of all classes equally.

        What is calibrated was trained with `loss`.

        Without this row, a validation set without errors would have the lowest
        temperature allowed, and the probabilities would be overconfident.
        """
        loss = loss.calibration_loss(targets.log_loss)
        labels = validation.part(validation.labels)
        y = targets.encode(labels, loss)
        y, loss = targets.smooth(y, loss, share=1 / (len(labels) + 1))
        return cls(loss, y, validation.part(validation.weight))

    def best(self, raw_prediction: np.ndarray) -> float:
        """Return the ``T`` for which ``raw_prediction / T`` has the least mean loss.

        It is in [0.05, 20], and above 1 if the network was overconfident. The raw
        predictions are of shape (n_val, n_outputs), or those of each member
        (n_members, n_val, n_outputs).
        """
        slope = partial(self._slope, raw_prediction)
        return math.exp(search(slope, Optimum(), PRECISE).log_temperature)

    def refined_loss(self, raw_prediction: np.ndarray) -> float:
        """Return the mean loss at the best temperature, never above the mean loss itself.

        It measures how well a network separates the classes. If the network is calibrated
        after training anyway, the best epoch is the one in which this loss is lowest, often
        long after the uncalibrated loss began to rise.

        References
        ----------
        Berta, Holzmueller, Jordan, Bach (2025), arXiv:2501.19195.
        """
        self.last = search(partial(self._slope, raw_prediction), self.last, USEFUL)
        return self._mean_loss(raw_prediction, self.last.log_temperature)

    def _mean_loss(self, raw_prediction: np.ndarray, log_temperature: float) -> float:
        """Return the mean loss at a temperature."""
        total = 0.0
        for share, y, scaled in self._parts(raw_prediction, log_temperature):
            total += share @ self.loss.loss(y, self.loss.link.combine(scaled))
        return float(total)

    def _slope(self, raw_prediction: np.ndarray, log_temperature: float) -> float:
        """Return the derivative of the mean loss by the logarithm of the temperature."""
        link, total = self.loss.link, 0.0
        for share, y, scaled in self._parts(raw_prediction, log_temperature):
            grad = self.loss.gradient(y, link.combine(scaled))
            grad = link.combine_backward(grad, scaled)
            slopes = row_sums(grad * link.temperature_slope(scaled))
            total += (slopes @ share).sum()  # of all members
        return float(total)

    def _parts(
        self, raw_prediction: np.ndarray, log_temperature: float
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield weights, classes and raw predictions at a temperature, of some rows."""
        n_rows, temperature = len(self.y), math.exp(log_temperature)
        at_once = max(1, VALUES_PER_EVALUATION * n_rows // raw_prediction.size)
        for start in range(0, n_rows, at_once):
            some = slice(start, start + at_once)
            part = raw_prediction[..., some, :].astype(np.float64, copy=False)
            scaled = self.loss.link.at_temperature(part, temperature)
            yield self._share[some], self.y[some], scaled


def search(
    slope: Callable[[float], float], start: Optimum, smallest_gain: float
) -> Optimum:
    """Return the logarithm of the temperature where a function of it is least.

    It is the secant method for the root of its derivative `slope`, within an interval that
    shrinks with every slope. It ends with a step that lowers the function by less than
    `smallest_gain`, going by its curvature, or at a bound. Where no slope is finite, the
    result is `start`.
    """
    low, high, tried = math.log(COLDEST), math.log(HOTTEST), set()
    at, curvature = min(max(start.log_temperature, low), high), start.curvature
    here = slope(at)
    for _ in range(MOST_SLOPES):
        if not math.isfinite(here):
            return start
        low, high = (low, at) if here > 0 else (at, high)
        tried.add(at)
        is_convex = curvature > 0
        step = -here / curvature if is_convex else math.copysign(TRIAL_STEP, -here)
        to = min(max(at + step, low), high)
        if to == at or (is_convex and here * (at - to) < 2 * smallest_gain):
            return Optimum(to, curvature)
        if to in tried:
            to = (low + high) / 2
        there = slope(to)
        curvature = (there - here) / (to - at)
        at, here = to, there
    return Optimum(at, curvature)
