r"""Row-wise test: paired, for the scores of single rows in a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import pinvh
from scipy.sparse import coo_array

from skshallow.inspection._paired_test import CONFIDENCE, PairedTest, t_test

# Correlation of the expected scores of two fits whose training sets share most rows. In
# simulations of 3 to 20 folds, repeated twice, the true one was 0.63 at most.
CORRELATION = 0.5


def row_wise_test(
    differences: Sequence[ArrayLike],
    tests: Sequence[ArrayLike],
    test_to_train: float,
    *,
    confidence: float = CONFIDENCE,
) -> PairedTest:
    r"""Test whether differences of the scores of single rows have mean 0.

    A cross-validation gives one score per split, but many per row: the
    :func:`corrected_t_test` has to estimate a variance from five numbers where this test
    has one number per row. It therefore finds smaller differences in the same rows.

    The mean difference varies for two reasons. The first is that the rows are a sample.
    With ``d_i`` the sum over all splits of the differences of row ``i``, less their mean,
    ``n`` rows and ``N`` differences in all, its variance is

    .. math:: v_{rows} = \frac{n}{n - 1} \frac{1}{N^2} \sum_i d_i^2

    The second is that models differ from one training set to the next, with a variance
    that depends on how well it can be measured. If each row is tested at least twice, as
    in a repeated cross-validation, it is measured on the same rows: in a linear model of
    the differences with an effect of each row and one of each of the ``J`` splits, the
    variance :math:`s^2_{fits}` of the latter is estimated by Henderson's third method.
    Effects of splits are correlated, since splits share training rows; with a correlation
    of 1/2,

    .. math:: v_{fits} = \Big(\frac{1}{J} + 1\Big) s^2_{fits}

    Otherwise it is what is left of the variance of the means of splits once their test
    rows are accounted for, with the factor of the corrected t-test,

    .. math:: v_{fits} = \Big(\frac{1}{J} + \frac{n_{test}}{n_{train}}\Big)
              \max(0,\; s^2_{splits} - \overline{s^2_{rows} / n_{test}})

    which is much less precise: with two repetitions the test finds more. The mean divided
    by the root of the sum of both variances is referred to Student's t. Its degrees of
    freedom, Satterthwaite's, lie between the ``n - 1`` of the first and the ``J - 1`` of
    the second.

    Parameters
    ----------
    differences : sequence of array-like of shape (n_test,)
        Per split, the score of one model minus that of the other on each test row.
    tests : sequence of array-like of shape (n_test,)
        Per split, the positions of the test rows in the data. A row may be in several
        splits, as in a repeated cross-validation.
    test_to_train : float
        Test rows divided by training rows of a split: ``1 / (k - 1)`` for k folds,
        repeated or not. It has no effect if each row is tested at least twice.
    confidence : float, default=0.95
        Confidence level of the interval.

    Returns
    -------
    test : PairedTest
        Its `difference`, the mean over all test rows, `interval`, `p_value` and
        `detectable` difference.

    Raises
    ------
    ValueError
        If there are fewer than two splits or two different rows, if a split has fewer
        than two rows, if differences and tests do not match, or if a difference is not
        finite.

    See Also
    --------
    corrected_t_test : For scores that are not means over rows, and for dependent rows.

    Notes
    -----
    Rows must be independent of one another. For groups of rows or time series, use
    :func:`corrected_t_test`.

    References
    ----------
    Bayle, Bayle, Janson, Mackey (2020), "Cross-validation confidence intervals for test
    error", arXiv:2007.12671: `v_rows` alone suffices as far as fits are stable. Nadeau,
    Bengio (2003), "Inference for the generalization error",
    doi:10.1023/A:1024068626366: the factor of `v_fits`. Henderson (1953), "Estimation of
    variance and covariance components", doi:10.2307/3001853.

    Examples
    --------
    >>> from skshallow.inspection import row_wise_test
    >>> differences = [[1, 0, 0, 1], [0, 0, 1, -1], [1, 1, 0, 0]]
    >>> tests = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    >>> test = row_wise_test(differences, tests, test_to_train=1 / 2)
    >>> round(test.difference, 3), round(test.p_value, 3)
    (0.333, 0.104)
    """
    values, rows = _checked(differences, tests)
    by_row = _variance_of_rows(values, rows)
    by_fit = _variance_of_fits(values, rows, test_to_train)
    mean = float(np.concatenate(values).mean())
    return t_test(mean, *_sum_of([by_row, by_fit]), confidence)


@dataclass(frozen=True)
class _Variance:
    """An estimate of a variance, and its degrees of freedom."""

    value: float
    degrees: float

    def times(self, factor: float) -> _Variance:
        return _Variance(self.value * factor, self.degrees)


def _checked(
    differences: Sequence[ArrayLike], tests: Sequence[ArrayLike]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return differences and rows as arrays per split, or raise ValueError."""
    values = [np.asarray(split, dtype=np.float64) for split in differences]
    rows = [np.asarray(split) for split in tests]
    if [v.shape for v in values] != [r.shape for r in rows]:
        raise ValueError(
            "differences and tests must have as many splits, with as many rows each."
        )
    if len(values) < 2:
        raise ValueError(
            f"A row-wise test needs at least 2 splits, got {len(values)}: use more folds."
        )
    if min(map(len, rows)) < 2:
        raise ValueError("A row-wise test needs at least 2 test rows in each split.")
    for i, split in enumerate(values):
        if not np.isfinite(split).all():
            raise ValueError(f"differences must be finite; those of split {i} are not.")
    return values, rows


def _variance_of_rows(values: list[np.ndarray], rows: list[np.ndarray]) -> _Variance:
    """Return the variance of the mean that is due to the sample of rows."""
    pooled = np.concatenate(values)
    _, codes = np.unique(np.concatenate(rows), return_inverse=True)
    sums = np.bincount(codes, weights=pooled - pooled.mean())  # (n_rows,)
    n_rows = len(sums)
    scale = n_rows / (n_rows - 1) / len(pooled) ** 2
    return _Variance(scale * float(np.sum(sums**2)), n_rows - 1)


def _variance_of_fits(
    values: list[np.ndarray], rows: list[np.ndarray], test_to_train: float
) -> _Variance:
    """Return the variance of the mean that is due to the training sets."""
    n_splits = len(values)
    on_same_rows = _variance_on_same_rows(values, rows)
    if on_same_rows is not None:
        return on_same_rows.times(1 / n_splits + CORRELATION / (1 - CORRELATION))
    return _variance_between_splits(values).times(1 / n_splits + test_to_train)


def _variance_on_same_rows(
    values: list[np.ndarray], rows: list[np.ndarray]
) -> _Variance | None:
    """Return the variance of the effects of splits, beside those of rows.

    None if rows are not tested at least twice, on average.
    """
    pooled, sizes = np.concatenate(values), [len(split) for split in values]
    _, codes, counts = np.unique(
        np.concatenate(rows), return_inverse=True, return_counts=True
    )
    n_rows, n_splits = len(counts), len(values)
    split_of = np.repeat(np.arange(n_splits), sizes)
    shares = coo_array((1 / counts[codes], (codes, split_of)), shape=(n_rows, n_splits))
    is_tested = coo_array((np.ones(len(codes)), (codes, split_of)), shape=shares.shape)
    # normal equations of the effects of splits, after those of rows are eliminated
    normal = np.diag(sizes) - (is_tested.T @ shares).toarray()  # (n_splits, n_splits)
    inverse, rank = pinvh(normal, return_rank=True)
    degrees = len(pooled) - n_rows - rank
    if len(pooled) < 2 * n_rows or degrees < 1:
        return None
    within = pooled - (np.bincount(codes, weights=pooled) / counts)[codes]
    sums = np.bincount(split_of, weights=within)  # (n_splits,)
    explained = float(sums @ inverse @ sums)
    noise = (float(within @ within) - explained) / degrees
    excess = (explained - rank * noise) / float(np.trace(normal))
    return _Variance(max(0.0, excess), rank)


def _variance_between_splits(values: list[np.ndarray]) -> _Variance:
    """Return the variance of the means of splits that their test rows do not explain."""
    means = np.array([split.mean() for split in values])
    explained = np.mean([split.var(ddof=1) / len(split) for split in values])
    excess = float(means.var(ddof=1) - explained)
    return _Variance(max(0.0, excess), len(values) - 1)


def _sum_of(variances: list[_Variance]) -> tuple[float, float]:
    """Return the sum of variances and its degrees of freedom (Satterthwaite)."""
    total = sum(v.value for v in variances)
    if total == 0:
        return 0.0, variances[0].degrees
    shares = [(v.value / total) ** 2 / v.degrees for v in variances]
    return total, 1 / sum(shares)
