"""Comparison of a net with a baseline by cross-validation on the same splits."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
from sklearn.utils.multiclass import type_of_target

from skshallow._estimators.base import BaseNet
from skshallow._estimators.checks.array_api import in_numpy
from skshallow._estimators.checks.hyperparameters import is_auto
from skshallow._estimators.checks.inputs import check_groups
from skshallow._estimators.columns import check_targets
from skshallow.inspection._baseline_comparison import BaselineComparison
from skshallow.inspection._common.meta_estimators import given_chain, innermost_name
from skshallow.inspection._corrected_t_test import corrected_t_test
from skshallow.inspection._cross_validation import CrossValidated, Splits, cross_validated
from skshallow.inspection._default_baseline import constant_model, default_baseline
from skshallow.inspection._paired_test import CONFIDENCE, PairedTest
from skshallow.inspection._row_wise_test import row_wise_test

MOST_ROWS_REPEATED = 10_000


def compare_with_baseline(
    estimator,
    X,
    y,
    *,
    baseline=None,
    cv=5,
    n_repeats="auto",
    scoring=None,
    n_jobs=None,
    groups=None,
) -> BaselineComparison:
    """Compare a net with a simpler model by cross-validation on the same splits.

    Parameters
    ----------
    estimator : estimator
        A net, a pipeline that ends in one, or a search over either. It is cloned, for
        split ``i`` with an integer `random_state` raised by ``i``, so that the verdict is
        not on the start of one seed. A search is run on the training rows of each split,
        which makes this a nested cross-validation.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    baseline : estimator or None, default=None
        The model to compare with. None means a linear model on standardised features:
        LogisticRegression, one per label for multilabel targets, or RidgeCV. It replaces
        the net in a pipeline, after the same steps.
    cv : int, cross-validation generator or iterable of splits, default=5
        An integer means folds, stratified for a classifier; with `groups`, folds of whole
        groups. Splits are drawn once and are the same for both models. Rows in the order
        of time need splits such as those of TimeSeriesSplit.
    n_repeats : int or "auto", default="auto"
        How often an integer `cv` is repeated, each time with other folds. The time is
        multiplied by it. "auto" means 2 up to 10,000 rows, else 1: the second repetition
        makes the test much more sensitive, further ones hardly. Repeated folds are
        shuffled, with fixed seeds; with 1 they are in the order of the rows, as in
        scikit-learn.
    scoring : str, callable or None, default=None
        A single score, higher is better. None means that of the search, if `estimator`
        is one, else accuracy or R². If it is accuracy for this reason, log loss decides
        beside it, as long as both models have probabilities.
    n_jobs : int or None, default=None
        How many fits to run in parallel; see scikit-learn's glossary.
    groups : array-like of shape (n_samples,) or None, default=None
        The group of each row, such as a patient or a day, for `cv`. A net, also as the
        last step of a pipeline, is given those of its training rows, so that its early
        stopping holds whole groups out; within a search it is not. The test is then the
        :func:`corrected_t_test`, since the row-wise one needs independent rows.

    Returns
    -------
    comparison : BaselineComparison
        It prints as a table with a verdict, and has the methods `plot` and `to_frame`.

    Raises
    ------
    ValueError
        If one estimator is a classifier and the other is not, if targets are missing or
        infinite, if there are fewer than two splits or, in the row-wise test, two test
        rows per split, if a score is not finite, or if splits that are not an integer
        are to be repeated.

    See Also
    --------
    row_wise_test : The test behind the verdict, for scores that are means over rows:
        accuracy, R², mean squared and absolute error, log loss and Brier score.
    corrected_t_test : The test behind the verdict for all other scores.

    Examples
    --------
    >>> from sklearn.datasets import make_circles
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> X, y = make_circles(300, noise=0.1, factor=0.4, random_state=0)
    >>> net = ShallowNetClassifier(16, random_state=0)
    >>> comparison = compare_with_baseline(net, X, y)
    >>> print(comparison.verdict[:18])
    The net is better:
    """
    y = in_numpy(y)
    check_targets(X, y, beside=("groups",), numeric=is_regressor(estimator))
    baseline = default_baseline(estimator, y) if baseline is None else baseline
    _check_kinds(estimator, baseline)
    chosen = _scoring_of(estimator) if scoring is None else scoring
    # a score that nobody chose decides together with log loss
    is_default = chosen is None
    scoring = _default_scoring(estimator) if is_default else chosen
    if not isinstance(scoring, str) and not callable(scoring):
        raise ValueError(
            f"scoring must be a single score, a string or a callable, got {scoring!r}."
        )
    check_scoring(estimator, scoring=scoring)  # raises, and lists the names
    groups = check_groups(groups, X)
    X, y = indexable(X, y)
    splits = _splits(estimator, X, y, cv, n_repeats, groups)
    if len(splits) < 2:
        raise ValueError(
            "cv gives a single split, but a paired test needs at least 2. Use more folds, "
            "or repeat the split."
        )
    net, simpler = (
        cross_validated(
            innermost_name(model),
            model,
            X,
            y,
            splits,
            scoring,
            n_jobs=n_jobs,
            fit_params=_groups_for(model, groups),
        )
        for model in (estimator, baseline)
    )
    for model in (net, simpler):
        _check_scores(model)
    constant = _cross_validated_constant(estimator, X, y, splits, scoring)
    test, log_loss_test = _tests_of(
        net, simpler, splits, by_row=groups is None, with_loss=is_default
    )
    return BaselineComparison(
        net,
        simpler,
        constant,
        test,
        _name_of(scoring),
        has_groups=groups is not None,
        log_loss_test=log_loss_test,
    )


def _splits(estimator: Any, X: Any, y: Any, cv: Any, n_repeats: Any, groups: Any) -> Splits:
    """Return the training and the test rows of each split, of whole groups if given."""
    is_class = is_classifier(estimator)
    n_repeats = _checked_repeats(n_repeats, cv, len(y))
    if not isinstance(cv, Integral):
        return list(check_cv(cv, y, classifier=is_class).split(X, y, groups))
    with_classes = is_class and type_of_target(y) in ("binary", "multiclass")
    if groups is None:
        Folds = StratifiedKFold if with_classes else KFold
    else:
        Folds = StratifiedGroupKFold if with_classes else GroupKFold
    all_folds = [Folds(cv)]
    if n_repeats > 1:
        all_folds = [
            Folds(cv, shuffle=True, random_state=seed) for seed in range(n_repeats)
        ]
    return [split for folds in all_folds for split in folds.split(X, y, groups)]


def _checked_repeats(n_repeats: Any, cv: Any, n_rows: int) -> int:
    """Return how often folds are repeated, or raise ValueError."""
    if is_auto(n_repeats):
        return 2 if n_rows <= MOST_ROWS_REPEATED else 1
    is_count = isinstance(n_repeats, Integral) and not isinstance(n_repeats, bool)
    if not is_count or n_repeats < 1:
        raise ValueError(
            f'n_repeats must be "auto" or an integer of at least 1, got {n_repeats!r}.'
        )
    if int(n_repeats) > 1 and not isinstance(cv, Integral):
        raise ValueError(
            f"n_repeats={n_repeats} is for an integer cv, got cv={cv!r}. Repeat the splits "
            "themselves, for instance cv=RepeatedKFold(n_splits=5, n_repeats=2)."
        )
    return int(n_repeats)


def _groups_for(model: Any, groups: Any) -> dict[str, Any] | None:
    """Return what `fit` of a net, or of pipelines that end in one, is given beside X, y."""
    chain = given_chain(model)
    pipelines, last = chain[:-1], chain[-1]
    if groups is None or not isinstance(last, BaseNet):
        return None
    if not all(isinstance(outer, Pipeline) for outer in pipelines):
        return None
    names = [outer.steps[-1][0] for outer in pipelines]
    return {"__".join([*names, "groups"]): groups}


def _check_kinds(estimator: Any, baseline: Any) -> None:
    """Raise ValueError unless both are classifiers or both are regressors."""
    for kind in (is_classifier, is_regressor):
        if kind(estimator):
            if not kind(baseline):
                noun = "classifier" if kind is is_classifier else "regressor"
                raise ValueError(
                    f"{innermost_name(estimator)} is a {noun}, but baseline="
                    f"{innermost_name(baseline)} is not."
                )
            return
    raise ValueError(
        f"estimator must be a classifier or a regressor; {innermost_name(estimator)} is "
        "neither."
    )


def _scoring_of(estimator: Any) -> Any:
    """Return the score by which a search chooses, None if it is that of `score`."""
    for outer in given_chain(estimator):
        # a net has a `scoring` of its own, for early stopping
        if hasattr(outer, "estimator") and getattr(outer, "scoring", None) is not None:
            return outer.scoring
    return None


def _default_scoring(estimator: Any) -> str:
    return "accuracy" if is_classifier(estimator) else "r2"


def _name_of(scoring: Any) -> str:
    if isinstance(scoring, str):
        return {"r2": "R²"}.get(scoring, scoring.replace("_", " "))
    return getattr(scoring, "__name__", str(scoring))


def _test_to_train(splits: Splits) -> float:
    """Return the number of test rows divided by that of training rows."""
    return float(np.sum([len(test) for _, test in splits])) / float(
        np.sum([len(train) for train, _ in splits])
    )


def _check_scores(model: CrossValidated) -> None:
    """Raise ValueError if a score is not finite."""
    for split in np.flatnonzero(~np.isfinite(model.scores)):
        raise ValueError(
            f"The score of {model.name} on split {split} is {model.scores[split]}. Choose "
            "a scoring and a cv that give a finite score on every split."
        )


def _cross_validated_constant(
    estimator: Any, X: Any, y: Any, splits: Splits, scoring: Any
) -> CrossValidated:
    """Measure a constant prediction; NaN where it has no score, as with correlations."""
    model = constant_model(estimator)
    name = type(model).__name__
    with warnings.catch_warnings():
        # precision is undefined for classes that are never predicted, and the like
        warnings.simplefilter("ignore")
        return cross_validated(name, model, X, y, splits, scoring, error_score=np.nan)


def _tests_of(
    net: CrossValidated,
    baseline: CrossValidated,
    splits: Splits,
    *,
    by_row: bool,
    with_loss: bool,
) -> tuple[PairedTest, PairedTest | None]:
    """Test the difference of the scores and, `with_loss`, that of the log losses.

    Both share the significance level. None for the latter if rows have no log loss. Tests
    are `by_row` where rows have scores, and by split where those of a group depend on each
    other.
    """
    of_rows = _differences(net.row_scores, baseline.row_scores)
    losses = _differences(net.row_log_loss, baseline.row_log_loss)
    if not with_loss or losses is None:
        return _test_of(net.scores - baseline.scores, by_row, of_rows, splits), None
    assert net.log_loss is not None
    assert baseline.log_loss is not None
    half = (1 + CONFIDENCE) / 2
    return (
        _test_of(net.scores - baseline.scores, by_row, of_rows, splits, half),
        _test_of(net.log_loss - baseline.log_loss, by_row, losses, splits, half),
    )


def _test_of(
    differences: np.ndarray,
    by_row: bool,
    of_rows: list[np.ndarray] | None,
    splits: Splits,
    confidence: float = CONFIDENCE,
) -> PairedTest:
    """Test differences `of_rows`, or of splits (n_splits,) if rows have none."""
    ratio = _test_to_train(splits)
    if not by_row or of_rows is None:
        return corrected_t_test(differences, ratio, confidence=confidence)
    tests = [test for _, test in splits]
    return row_wise_test(of_rows, tests, ratio, confidence=confidence)


def _differences(
    of_net: list[np.ndarray] | None, of_baseline: list[np.ndarray] | None
) -> list[np.ndarray] | None:
    """Return differences (n_test,) per split, None if one of the models has no values."""
    if of_net is None or of_baseline is None:
        return None
    pairs = zip(of_net, of_baseline, strict=True)
    return [values - others for values, others in pairs]
