r"""Temperature scaling: calibration of overconfident probabilities by one number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, minimize_scalar

from skshallow._estimators.fit.targets import Targets
from skshallow._estimators.fit.training_data import ValidationData
from skshallow.losses import Loss

# Without bounds, a validation set without errors would have a best temperature of 0, which
# means probabilities of 0 and 1.
COLDEST, HOTTEST = 0.05, 20.0
# Raw predictions whose loss is evaluated at once: of many classes, few rows.
VALUES_PER_EVALUATION = 1 << 18


def best_temperature(
    loss: Loss,
    y: np.ndarray,
    raw_prediction: np.ndarray,
    sample_weight: np.ndarray | None = None,
) -> float:
    """Return the ``T`` for which ``raw_prediction / T`` has the least mean `loss`.

    A network that overfits is overconfident. Dividing its raw predictions by one
    temperature calibrates its probabilities and does not change the predicted classes.

    Parameters
    ----------
    loss : Loss
        A log loss, binomial or multinomial; for one member convex in ``1 / T``.
    y : ndarray of shape (n, n_outputs), or (n, 1) of class codes
        The classes, as the loss takes them, of rows that did not train the net.
    raw_prediction : ndarray of shape (n, n_outputs) or (n_members, n, n_outputs)
        The raw predictions for these rows, or those of each ensemble member.
    sample_weight : ndarray of shape (n,) or None, default=None
        Sample weights.

    Returns
    -------
    temperature : float
        In [0.05, 20]; above 1 if the network was overconfident.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), arXiv:1706.04599.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import BinomialLogLoss
    >>> y = np.array([[1.0], [1.0], [1.0], [0.0]])  # accuracy 3/4,
    >>> raw_prediction = np.full((4, 1), 10.0)  # but probabilities near 1
    >>> temperature = best_temperature(BinomialLogLoss(), y, raw_prediction)
    >>> round(float(1 / (1 + np.exp(-10 / temperature))), 3)
    0.75
    """
    return math.exp(_at_best(loss, y, raw_prediction, sample_weight, xatol=1e-8).x)


def refined_loss(
    loss: Loss,
    y: np.ndarray,
    raw_prediction: np.ndarray,
    sample_weight: np.ndarray | None = None,
) -> float:
    """Return the least mean `loss` of ``raw_prediction / T``, over temperatures ``T``.

    The loss after the best temperature scaling measures how well a network separates the
    classes. If the network is calibrated after training anyway, the best epoch is the one
    in which this loss is lowest, often long after the uncalibrated loss began to rise.

    Parameters
    ----------
    loss, y, raw_prediction, sample_weight
        As in `best_temperature`.

    Returns
    -------
    refined : float
        Never above the mean loss itself.

    References
    ----------
    Berta, Holzmueller, Jordan, Bach (2025), arXiv:2501.19195.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import BinomialLogLoss
    >>> y = np.array([[1.0], [1.0], [1.0], [0.0]])
    >>> sure = np.full((4, 1), 10.0)
    >>> round(float(BinomialLogLoss().loss(y, sure).mean()), 3)
    2.5
    >>> round(refined_loss(BinomialLogLoss(), y, sure), 3)  # of 3/4 for all
    0.562
    """
    return float(_at_best(loss, y, raw_prediction, sample_weight, xatol=1e-3).fun)


def _at_best(loss, y, raw_prediction, sample_weight, xatol: float) -> OptimizeResult:
    """Return SciPy's minimum of the mean loss over the logarithm of the temperature."""
    losses = np.empty(len(y))
    values_per_row = raw_prediction.size // len(y)
    rows_at_once = max(1, VALUES_PER_EVALUATION // values_per_row)

    def mean_loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        for start in range(0, len(y), rows_at_once):
            some = slice(start, start + rows_at_once)
            part = np.divide(raw_prediction[..., some, :], temperature, dtype=np.float64)
            losses[some] = loss.loss(y[some], loss.link.combine(part))
        return float(np.average(losses, weights=sample_weight))

    return minimize_scalar(
        mean_loss,
        bounds=(math.log(COLDEST), math.log(HOTTEST)),
        method="bounded",
        options={"xatol": xatol},
    )


@dataclass(frozen=True)
class TemperatureScaling:
    """Temperature scaling on a validation set.

    Parameters
    ----------
    loss : Loss
        The log loss, binomial or multinomial.
    y : ndarray of shape (n_val, n_outputs), or (n_val, 1) of class codes
        The classes.
    weight : ndarray of shape (n_val,) or None
        Sample weights.
    """

    loss: Loss
    y: np.ndarray
    weight: np.ndarray | None

    @classmethod
    def on(cls, targets: Targets, validation: ValidationData) -> TemperatureScaling:
        """Return the calibration on these rows, and one more row of all classes equally.

        Without this row, a validation set without errors would have the lowest
        temperature allowed, and the probabilities would be overconfident.
        """
        loss, labels = targets.log_loss, validation.part(validation.labels)
        y = targets.encode(labels, loss)
        y, loss = targets.smooth(y, loss, share=1 / (len(labels) + 1))
        return cls(loss, y, validation.part(validation.weight))

    def best(self, raw_prediction: np.ndarray) -> float:
        """Return the best temperature, for raw predictions of each member."""
        return best_temperature(self.loss, self.y, raw_prediction, self.weight)

    def refined_loss(self, raw_prediction: np.ndarray) -> float:
        """Return the log loss at the best temperature."""
        return refined_loss(self.loss, self.y, raw_prediction, self.weight)
