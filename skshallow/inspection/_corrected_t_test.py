r"""Corrected resampled t-test: paired, for cross-validated scores of two models."""

from __future__ import annotations

import numpy as np

from skshallow.inspection._paired_test import CONFIDENCE, PairedTest, t_test


def corrected_t_test(
    differences, test_to_train: float, *, confidence: float = CONFIDENCE
) -> PairedTest:
    r"""Test whether differences of scores over resampled folds have mean 0.

    Folds share training rows, so their scores are correlated, and the ordinary paired
    t-test finds differences where there are none. The corrected one estimates the
    variance of the mean of ``J`` differences ``d_j`` by

    .. math:: \Big(\frac{1}{J} + \frac{n_{test}}{n_{train}}\Big)
              \frac{1}{J - 1} \sum_j (d_j - \bar d)^2

    and refers the mean divided by its root to Student's t with ``J - 1`` degrees of
    freedom.

    Parameters
    ----------
    differences : array-like of shape (n_splits,)
        Score of one model minus that of the other, on the same folds.
    test_to_train : float
        Test rows divided by training rows of a split: ``1 / (k - 1)`` for k folds,
        repeated or not.
    confidence : float, default=0.95
        Confidence level of the interval.

    Returns
    -------
    test : PairedTest
        Its `difference`, `interval`, `p_value` and `detectable` difference. If all
        differences are equal, their variance is 0: the interval is a point, and the
        p-value 0, or 1 if they are 0.

    Raises
    ------
    ValueError
        If there are fewer than two differences, or one of them is not finite.

    See Also
    --------
    row_wise_test : A test of more power, from the scores of single rows.

    Notes
    -----
    The correction is exact if the correlation between two splits is
    ``n_test / (n_test + n_train)``, and keeps its level well in practice.

    References
    ----------
    Nadeau, Bengio (2003), "Inference for the generalization error",
    doi:10.1023/A:1024068626366. Repeated folds: Bouckaert, Frank (2004),
    doi:10.1007/978-3-540-24775-3_3.

    Examples
    --------
    >>> from skshallow.inspection import corrected_t_test
    >>> test = corrected_t_test([0.02, 0.01, 0.03, 0.01, 0.00], test_to_train=1 / 4)
    >>> round(test.difference, 3), round(test.p_value, 3)
    (0.014, 0.141)
    """
    differences = np.asarray(differences, dtype=np.float64)
    n = len(differences)
    if n < 2:
        raise ValueError(
            f"A paired test needs at least 2 differences, got {n}: use more folds, or "
            "repeat them."
        )
    if not np.isfinite(differences).all():
        raise ValueError(f"differences must be finite, got {differences.tolist()}.")
    variance = float(differences.var(ddof=1)) * (1 / n + test_to_train)
    return t_test(float(differences.mean()), variance, n - 1, confidence)
