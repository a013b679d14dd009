r"""Likelihoods: Gaussian, Poisson and gamma losses, which predict a distribution.

Each names a distribution of `scipy.stats` and maps a raw prediction to its parameters, so
that a net trained with it predicts probabilities, quantiles and intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import stats
from scipy.special import ndtri

from skshallow._arrays.linalg import row_sums
from skshallow._arrays.namespace import namespace
from skshallow._arrays.special import xlogy
from skshallow._component import Interval, setting
from skshallow.losses._base import Loss, weighted_mean
from skshallow.losses._links import GaussianLink, Link, LogLink, positive_exp

LARGE_MEAN = 1e9  # of a Poisson distribution; SciPy's quantiles are NaN above 1e12


class Likelihood(Loss):
    """Base class of losses that predict a distribution.

    Attributes
    ----------
    family : str
        Name of the distribution in :mod:`scipy.stats`.
    has_dispersion : bool
        Whether the distribution has a dispersion parameter, which is estimated after
        training.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Likelihood, Poisson
    >>> isinstance(Poisson(), Likelihood)
    True
    >>> parameters = Poisson().parameters(np.array([[0.0], [1.0]]))  # raw: logarithms
    >>> parameters["mu"].round(3)
    array([[1.   ],
           [2.718]])
    >>> Poisson().quantiles(parameters, 0.9)
    array([[2.],
           [5.]])
    """

    family: ClassVar[str]

    def parameters(
        self, raw_prediction: np.ndarray, dispersion: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Return the distribution's parameters, each (n, n_targets).

        Parameters
        ----------
        raw_prediction : ndarray of shape (n, n_raw_outputs)
            In the user's units.
        dispersion : ndarray of shape (n_targets,) or None, default=None
            Only where `has_dispersion`.
        """
        raise NotImplementedError

    def deviation(self, parameters: dict[str, np.ndarray]) -> np.ndarray:
        """Return the standard deviations; variances could overflow."""
        raise NotImplementedError

    def quantiles(self, parameters: dict[str, np.ndarray], levels) -> np.ndarray:
        """Return the quantiles of these `levels`, which broadcast with `parameters`."""
        return getattr(stats, self.family)(**parameters).ppf(levels)


@dataclass(frozen=True)
class Gaussian(Likelihood):
    r"""Gaussian loss: learns the mean and the standard deviation of each row.

    With ``scale = exp(log_scale)`` and ``square = (y - mean)^2 + floor^2``

        1/2 ((1/beta - 1) scale^(2 beta) + square scale^(2 beta - 2))

    minus its minimum, so that no loss is negative. The raw outputs are the means of all
    targets, then the logarithms of all their scales.

    Parameters
    ----------
    beta : float, default=0.5
        0 or in [0.001, 1). The gradient of the mean is weighted by
        ``scale^(2 beta - 2)``: the larger `beta`, the less rows of small scale outweigh the
        others. 0 is the negative log-likelihood, ``log(scale) + 1/2 square / scale^2``;
        near 1 the gradient of the mean is that of the squared error.
    floor : float, default=0.001
        Standard deviation of noise that every target is assumed to have, in [1e-15, 1e15].
        Its unit is that of the target inside the net: a standard deviation of the target
        with ``standardize=True``. It prevents a scale of 0 in rows that are fitted exactly.

    Notes
    -----
    An outlier that is fitted with a small scale can have a gradient much larger than all
    others and make training diverge; ``max_grad_norm=1`` prevents that.

    The log-likelihood trains poor means: rows that are fitted badly get a large scale, and
    then a small weight. Seitzer et al. multiply each row's negative log-likelihood by
    ``scale^(2 beta)``, treated as a constant. The result is not the gradient of any
    function, so that neither L-BFGS nor finite differences could use it. The loss above
    has that gradient for the mean, and ``1 - beta`` times it for the log scale, and it is
    a function: a proper scoring rule for mean and variance, with the entropy
    ``variance^beta / (2 beta)``. Its expectation is minimal at the true mean and variance
    for every `beta`. For 1/2 it is ``1/2 (scale + square / scale)``, with which Huber
    estimates scale and mean together. The initial scale is the same for all rows, so that
    training begins like that of the squared error.

    References
    ----------
    Seitzer, Tavakoli, Antic, Martius (2022), "On the pitfalls of heteroscedastic
    uncertainty estimation with probabilistic neural networks", arXiv:2203.09168.

    Gneiting, Raftery (2007), "Strictly proper scoring rules, prediction, and
    estimation", doi:10.1198/016214506000001437.

    Huber (1981), "Robust statistics", section 7.7, doi:10.1002/0471725250.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Gaussian
    >>> raw = np.array([[1.0, 0.0]])  # a mean of 1, a log scale of 0
    >>> Gaussian().parameters(raw)
    {'loc': array([[1.]]), 'scale': array([[1.]])}
    >>> y = np.array([[4.0]])  # for which the mean is too low, and the scale too small
    >>> Gaussian(beta=0).gradient(y, raw).round(3)
    array([[-3., -8.]])
    """

    # for smaller ones the loss is a difference of numbers too large for float32
    beta: float = setting(0.5, Interval("[0.001, 1)", float, or_zero=True))
    floor: float = setting(1e-3, "[1e-15, 1e15]")  # whose square float32 can hold
    link: ClassVar[Link] = GaussianLink()
    family: ClassVar[str] = "norm"

    def n_raw_outputs(self, n_targets):
        return 2 * n_targets

    def loss(self, y, raw_prediction):
        beta = self.beta
        log_scale, _, _, misfit = self._parts(y, raw_prediction)
        # sums of what is not negative: far out they are infinite, and never NaN
        if beta == 0:
            loss = log_scale + 0.5 * misfit - (math.log(self.floor) + 0.5)
        else:
            scale = namespace(y).exp(2 * beta * log_scale)  # to the power of 2 beta
            loss = 0.5 * ((1 / beta - 1) * scale + misfit)
            loss -= 0.5 * self.floor ** (2 * beta) / beta
        return row_sums(loss)

    def gradient(self, y, raw_prediction):
        log_scale, residual, pull, misfit = self._parts(y, raw_prediction)
        xp = namespace(y)
        of_log_scale = (1 - self.beta) * (xp.exp(2 * self.beta * log_scale) - misfit)
        return xp.concat([pull * residual, of_log_scale], axis=-1)

    def _parts(self, y, raw_prediction):
        """Return log scale, mean - y, scale^(2 beta - 2), and that times `square`."""
        n_targets = y.shape[-1]
        log_scale = raw_prediction[..., n_targets:]
        residual = raw_prediction[..., :n_targets] - y
        pull = namespace(y).exp(2 * (self.beta - 1) * log_scale)
        return log_scale, residual, pull, pull * (residual * residual + self.floor**2)

    def start_output_weights(self, weight):
        """Start with one scale for all rows: random ones would weight rows at random."""
        weight[..., weight.shape[-1] // 2 :] = 0

    def fit_intercept_only(self, y, sample_weight=None):
        mean = weighted_mean(y, sample_weight)
        variance = weighted_mean((y - mean) ** 2, sample_weight) + self.floor**2
        return np.concatenate([mean, 0.5 * np.log(variance)])

    def parameters(self, raw_prediction, dispersion=None):
        n_targets = raw_prediction.shape[-1] // 2
        return {
            "loc": raw_prediction[..., :n_targets],
            "scale": positive_exp(raw_prediction[..., n_targets:]),
        }

    def deviation(self, parameters):
        return parameters["scale"]


class Poisson(Likelihood):
    """Half the Poisson deviance, ``y log(y / mean) - y + mean``, ``mean = exp(raw)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Poisson
    >>> y, raw = np.array([[0.0], [1.0]]), np.array([[0.0], [0.0]])
    >>> Poisson().loss_and_gradient(y, raw)
    (array([1., 0.]), array([[1.],
           [0.]]))
    """

    link: ClassVar[Link] = LogLink()
    family: ClassVar[str] = "poisson"

    def check_targets(self, y):
        if (y < 0).any():
            raise ValueError(
                f"loss='poisson' needs targets y >= 0; the smallest is {y.min():g}. "
                "Use loss='squared_error' for targets of any sign."
            )

    def loss(self, y, raw_prediction):
        surplus = namespace(y).exp(raw_prediction) - y
        return row_sums(xlogy(y, y) - y * raw_prediction + surplus)

    def gradient(self, y, raw_prediction):
        return namespace(y).exp(raw_prediction) - y

    def fit_intercept_only(self, y, sample_weight=None):
        mean = weighted_mean(y, sample_weight)
        if not (mean > 0).all():
            raise ValueError(
                "loss='poisson' needs at least one target y > 0; all are 0, and the log "
                "of their mean, which the net would have to predict, is minus infinity."
            )
        return np.log(mean)

    def parameters(self, raw_prediction, dispersion=None):
        return {"mu": positive_exp(raw_prediction)}

    def deviation(self, parameters):
        return np.sqrt(parameters["mu"])

    def quantiles(self, parameters, levels):
        """Return SciPy's quantiles, and approximate ones for means above `LARGE_MEAN`.

        These are the first terms of Cornish and Fisher's expansion (1938),
        doi:10.2307/1400905; the next term is below 1e-4 of a count.
        """
        mean, z = parameters["mu"], ndtri(levels)
        large = np.ceil(mean + z * np.sqrt(mean) + (z * z - 1) / 6 - 0.5)
        exact = super().quantiles({"mu": np.where(mean > LARGE_MEAN, 1, mean)}, levels)
        return np.where(mean > LARGE_MEAN, large, exact)


class Gamma(Likelihood):
    """Half the gamma deviance, ``log(mean / y) + y / mean - 1``, ``mean = exp(raw)``.

    The variance is ``dispersion * mean^2``. The optimal mean does not depend on the
    dispersion, which is estimated after training by the mean of ``(y / mean - 1)^2`` over
    the training rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.losses import Gamma
    >>> y, raw = np.array([[1.0], [3.0]]), np.array([[0.0], [0.0]])
    >>> loss, gradient = Gamma().loss_and_gradient(y, raw)
    >>> loss.round(3), gradient.ravel()
    (array([0.   , 0.901]), array([ 0., -2.]))
    """

    link: ClassVar[Link] = LogLink()
    family: ClassVar[str] = "gamma"
    has_dispersion: ClassVar[bool] = True

    def check_targets(self, y):
        if (y <= 0).any():
            raise ValueError(
                f"loss='gamma' needs targets y > 0; the smallest is {y.min():g}. Use "
                "loss='poisson' if there are zeros, or loss='squared_error' for "
                "targets of any sign."
            )

    def loss(self, y, raw_prediction):
        xp = namespace(y)
        ratio = y * xp.exp(-raw_prediction)
        return row_sums(raw_prediction - xp.log(y) + ratio - 1)

    def gradient(self, y, raw_prediction):
        return 1 - y * namespace(y).exp(-raw_prediction)

    def fit_intercept_only(self, y, sample_weight=None):
        return np.log(weighted_mean(y, sample_weight))

    def parameters(self, raw_prediction, dispersion=None):
        scale = positive_exp(raw_prediction + np.log(dispersion))
        return {"a": np.broadcast_to(1 / dispersion, scale.shape), "scale": scale}

    def deviation(self, parameters):
        return parameters["scale"] * np.sqrt(parameters["a"])

    def dispersion_terms(self, y, raw_prediction):
        return (y * namespace(y).exp(-raw_prediction) - 1) ** 2
