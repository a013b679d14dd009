r"""Losses: what is minimised, each composed with the link its predictions go through.

Conventions
-----------
``y`` and ``raw_prediction`` are arrays (n, n_outputs) of one float dtype; classes come
as 0/1 indicators, or as probabilities after label smoothing. A loss that predicts more
than one number a target wants more raw outputs than targets, see
`Loss.n_raw_outputs`. The raw prediction is what
the last affine map gives, before any link. Writing loss and link as one function of it
is what keeps them exact: no ``log(0)``, no overflow, a gradient that never vanishes by
rounding.

``loss(y, raw_prediction)`` returns the loss of each row (n,), summed over outputs, and
``gradient(y, raw_prediction)`` its derivative with respect to the raw prediction
(n, n_outputs). A step of training needs the gradient alone. Both leave their arguments
as they are. Rows are weighted and averaged by the objective, not here. Summing over
outputs makes a net of depth 0 with several outputs the same as one net an output.

A new loss is a class and a line in `REGRESSION_LOSSES` or `CLASSIFICATION_LOSSES`.
"""

from __future__ import annotations

from skshallow.losses._base import Loss
from skshallow.losses._classification import (
    BinomialLogLoss,
    BinomialSquaredError,
    MultinomialLogLoss,
    MultinomialSquaredError,
)
from skshallow.losses._likelihoods import Gamma, Gaussian, Likelihood, Poisson
from skshallow.losses._links import (
    GaussianLink,
    IdentityLink,
    Link,
    LogitLink,
    LogLink,
    QuantilesLink,
    SoftmaxLink,
)
from skshallow.losses._regression import AbsoluteError, Huber, Quantile, SquaredError

__all__ = [
    "CLASSIFICATION_LOSSES",
    "REGRESSION_LOSSES",
    "AbsoluteError",
    "BinomialLogLoss",
    "BinomialSquaredError",
    "Gamma",
    "Gaussian",
    "GaussianLink",
    "Huber",
    "IdentityLink",
    "Likelihood",
    "Link",
    "LogLink",
    "LogitLink",
    "Loss",
    "MultinomialLogLoss",
    "MultinomialSquaredError",
    "Poisson",
    "Quantile",
    "QuantilesLink",
    "SoftmaxLink",
    "SquaredError",
]

REGRESSION_LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "gaussian": Gaussian,
}

# The loss of a classifier depends on what it classifies: two classes or several labels
# at once are binomial, one of several classes is multinomial.
CLASSIFICATION_LOSSES: dict[str, dict[str, type[Loss]]] = {
    "log_loss": {"binomial": BinomialLogLoss, "multinomial": MultinomialLogLoss},
    "squared_error": {
        "binomial": BinomialSquaredError,
        "multinomial": MultinomialSquaredError,
    },
}
