"""Calibration error of predicted probabilities."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length


def expected_calibration_error(
    y_true, probability, *, labels=None, n_bins=10, strategy="quantile"
) -> float:
    r"""Return the expected calibration error of the most probable class.

    Rows are binned by the confidence of the model, its largest probability. The error is
    the mean distance, weighted by rows, of a bin's accuracy from its mean confidence:

    .. math:: \sum_b \frac{n_b}{n} |accuracy_b - confidence_b|

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
        Classes, or a multilabel indicator, each entry of which counts as a case of two
        classes.
    probability : array-like of shape (n_samples, n_classes) or (n_samples, n_labels)
        Probability of each class in the order of `labels`, or that each label is 1.
    labels : array-like of shape (n_classes,) or None, default=None
        The classes; None means those in `y_true`, sorted.
    n_bins : int >= 1, default=10
        The most bins: with ties some may be empty.
    strategy : {"quantile", "uniform"}, default="quantile"
        Bins of equally many rows, or of equal width.

    Returns
    -------
    error : float
        Between 0, perfectly calibrated, and 1.

    Raises
    ------
    ValueError
        If the shapes do not match, an argument is None that must not be, or `strategy` is
        unknown.

    Notes
    -----
    With bins of equal width, as in Guo et al., nearly all rows of an accurate model lie in
    the last one, where overconfident and underconfident rows cancel; bins of equally many
    rows separate them (Nixon et al.). Rows of equal confidence always share a bin, so
    their order has no influence. On a few hundred rows even a perfectly calibrated model
    has an error of a few hundredths by chance: compare models on the same rows.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger (2017), arXiv:1706.04599. Nixon, Dusenberry, Zhang,
    Jerfel, Tran (2019), arXiv:1904.01685.

    Examples
    --------
    >>> from skshallow.inspection import expected_calibration_error
    >>> probability = [[0.1, 0.9], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]
    >>> round(expected_calibration_error([1, 1, 1, 0], probability), 3)
    0.15
    """
    confidence, is_right = _confidence(y_true, probability, labels)
    shares = np.linspace(0, 1, n_bins + 1)[1:-1]
    if strategy == "quantile":
        edges = np.quantile(confidence, shares)
    elif strategy == "uniform":
        edges = shares
    else:
        raise ValueError(f"strategy must be 'quantile' or 'uniform', got {strategy!r}.")
    bins = np.searchsorted(edges, confidence, side="right")
    gaps = np.bincount(bins, is_right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(confidence))


def _confidence(y_true, probability, labels) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest probability (n,) of each row or label, and whether it is right."""
    if y_true is None or probability is None:
        name = "y_true" if y_true is None else "probability"
        raise ValueError(
            f"{name} is None. Pass the classes of the rows and their probabilities: "
            "expected_calibration_error(y, net.predict_proba(X))."
        )
    probability = check_array(probability, dtype=np.float64, input_name="probability")
    y_true = np.asarray(y_true)
    check_consistent_length(y_true, probability)
    if y_true.ndim == 2:
        if y_true.shape != probability.shape:
            raise ValueError(
                f"y_true of shape {y_true.shape} needs a probability for each label, got "
                f"probability of shape {probability.shape}."
            )
        is_likely = probability > 0.5
        confidence = np.where(is_likely, probability, 1 - probability)
        return confidence.ravel(), (is_likely == y_true).ravel()
    labels = np.unique(y_true) if labels is None else np.asarray(labels)
    if probability.shape[1] != len(labels):
        raise ValueError(
            f"probability has {probability.shape[1]} columns for {len(labels)} labels, "
            f"{labels.tolist()}; pass labels to name them all."
        )
    return probability.max(axis=1), labels[probability.argmax(axis=1)] == y_true
