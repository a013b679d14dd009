"""Result of a paired test of a mean difference, from its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats

CONFIDENCE = 0.95  # of the interval by default; 1 minus it is the significance level
POWER = 0.8


@dataclass(frozen=True)
class PairedTest:
    """Result of a paired test of a mean difference.

    Attributes
    ----------
    difference : float
        The mean difference.
    interval : tuple of float
        Lower and upper end of its confidence interval.
    p_value : float
        Of the two-sided test that the true difference is 0.
    detectable : float
        How large the true difference must be for such a test to find it in 80 % of all
        samples: the test cannot be expected to show smaller ones.
    confidence : float
        Confidence level of the interval. A difference is significant if its p-value is
        below 1 minus this level.

    Examples
    --------
    >>> from skshallow.inspection import corrected_t_test
    >>> test = corrected_t_test([0.02, 0.01, 0.03, 0.02, 0.02], test_to_train=1 / 4)
    >>> round(test.difference, 3), test.p_value < 0.05
    (0.02, True)
    """

    difference: float
    interval: tuple[float, float]
    p_value: float
    detectable: float
    confidence: float = CONFIDENCE

    @property
    def is_significant(self) -> bool:
        """Whether the p-value is below 1 minus the confidence level."""
        return self.p_value < 1 - self.confidence


def t_test(
    difference: float, variance: float, degrees: float, confidence: float
) -> PairedTest:
    """Refer a mean difference with this variance to Student's t distribution."""
    error = math.sqrt(variance)
    quantile = float(stats.t.ppf((1 + confidence) / 2, degrees))
    if error == 0:
        p_value = float(difference == 0)
    else:
        p_value = float(2 * stats.t.sf(abs(difference) / error, degrees))
    return PairedTest(
        difference=difference,
        interval=(difference - quantile * error, difference + quantile * error),
        p_value=p_value,
        detectable=(quantile + float(stats.t.ppf(POWER, degrees))) * error,
        confidence=confidence,
    )
