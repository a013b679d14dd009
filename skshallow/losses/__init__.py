r"""Loss functions and their links: cross-entropy, squared error, Huber, quantile, others.

Conventions
-----------
``y`` and ``raw_prediction`` are arrays (n, n_outputs) of one float dtype. For two classes,
and for each label of a multilabel target, ``y`` is 0 or 1, or a probability after label
smoothing. For more than two classes, ``y`` holds the code of each row's class, integers
(n, 1) from 0, since a column per class would be the largest array of a fit with many
classes; the losses of `MultinomialLoss` smooth these themselves. A loss says with
`Loss.takes_codes` which of the two it compares.

The raw prediction is the output of the last affine map, before the inverse link. A loss
that predicts several numbers per target needs as many raw outputs, see
`Loss.n_raw_outputs`. Each loss is written as a function of the raw prediction, composed
with its link, for numerical stability: no ``log(0)``, no overflow, no gradient that is
rounded to 0.

``loss(y, raw_prediction)`` returns the loss of each row (n,), summed over outputs, and
``gradient(y, raw_prediction)`` its gradient with respect to the raw prediction
(n, n_outputs), all that a training step needs. Both leave their arguments unchanged. The
objective, not the loss, weights and averages the rows. Because losses are summed over
outputs, a net of depth 0 with several outputs equals separate nets, one per output.

A new loss is a class and a line in `REGRESSION_LOSSES` or `CLASSIFICATION_LOSSES`.
"""

from __future__ import annotations

from skshallow.losses._base import Loss
from skshallow.losses._classification import (
    BinomialLogLoss,
    BinomialSquaredError,
    MultinomialLogLoss,
    MultinomialLoss,
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
from skshallow.losses._ordinal import CumulativeLink, OrdinalLogLoss
from skshallow.losses._regression import AbsoluteError, Huber, Quantile, SquaredError

__all__ = [
    "CLASSIFICATION_LOSSES",
    "REGRESSION_LOSSES",
    "AbsoluteError",
    "BinomialLogLoss",
    "BinomialSquaredError",
    "CumulativeLink",
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
    "MultinomialLoss",
    "MultinomialSquaredError",
    "OrdinalLogLoss",
    "Poisson",
    "Quantile",
    "QuantilesLink",
    "SoftmaxLink",
    "SquaredError",
]


def __dir__() -> list[str]:
    return __all__


REGRESSION_LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "gaussian": Gaussian,
}

# The form of a classifier's loss depends on the targets: binomial for two classes and for
# multilabel targets, multinomial for more than two classes.
CLASSIFICATION_LOSSES: dict[str, dict[str, type[Loss]]] = {
    "log_loss": {"binomial": BinomialLogLoss, "multinomial": MultinomialLogLoss},
    "squared_error": {
        "binomial": BinomialSquaredError,
        "multinomial": MultinomialSquaredError,
    },
    # of two classes, the odds of the second are all that there is to order
    "ordinal": {"binomial": BinomialLogLoss, "multinomial": OrdinalLogLoss},
}
