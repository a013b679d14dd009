"""Comparison of a net with a baseline by cross-validation on the same splits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from skshallow.inspection._common.drawing import (
    BLUE,
    GREY,
    VERMILLION,
    axes_for,
    hide_frame,
)
from skshallow.inspection._common.meta_estimators import given_chain, innermost_name
from skshallow.inspection._common.report import Report, ReportColumn, decimals
from skshallow.inspection._corrected_t_test import corrected_t_test
from skshallow.inspection._cross_validation import CrossValidated, Splits, cross_validated
from skshallow.inspection._default_baseline import constant_model, default_baseline
from skshallow.inspection._effects_comparison import EffectsComparison, compared_effects
from skshallow.inspection._paired_test import CONFIDENCE, PairedTest
from skshallow.inspection._row_wise_test import row_wise_test

# A split is far from the others if it is further from their median than so many of their
# median absolute deviations; of 5 normal scores, one is in 4 % of all cases.
FAR = 10


def compare_with_baseline(
    estimator, X, y, *, baseline=None, cv=5, scoring=None, n_jobs=None
) -> BaselineComparison:
    """Compare a net with a simpler model by cross-validation on the same splits.

    Parameters
    ----------
    estimator : estimator
        A net, a pipeline that ends in one, or a search over either. It is cloned. A
        search is run on the training rows of each split, which makes this a nested
        cross-validation.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
        Features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    baseline : estimator or None, default=None
        The model to compare with. None means a linear model on standardised features:
        LogisticRegression, one per label for multilabel targets, or RidgeCV. It replaces
        the net in a pipeline, after the same steps.
    cv : int, cross-validation generator or iterable of splits, default=5
        An integer means folds in the order of the rows, stratified for a classifier, as
        in scikit-learn. Splits are drawn once and are the same for both models. With
        groups, pass ``list(GroupKFold(5).split(X, y, groups))``, and decide by the
        :func:`corrected_t_test`, since the row-wise one needs independent rows.
    scoring : str, callable or None, default=None
        A single score, higher is better. None means that of the search, if `estimator`
        is one, else accuracy or R².
    n_jobs : int or None, default=None
        How many fits to run in parallel; see scikit-learn's glossary.

    Returns
    -------
    comparison : BaselineComparison
        It prints as a table with a verdict, and has the methods `plot` and `to_frame`.

    Raises
    ------
    ValueError
        If one estimator is a classifier and the other is not, if there are fewer than
        two splits or, in the row-wise test, two test rows per split, or if a score is not
        finite.

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
    baseline = default_baseline(estimator, y) if baseline is None else baseline
    _check_kinds(estimator, baseline)
    if scoring is None:
        scoring = _scoring_of(estimator)
    if not isinstance(scoring, str) and not callable(scoring):
        raise ValueError(
            f"scoring must be a single score, a string or a callable, got {scoring!r}."
        )
    check_scoring(estimator, scoring=scoring)  # raises, and lists the names
    X, y = indexable(X, y)
    splits = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y))
    if len(splits) < 2:
        raise ValueError(
            "cv gives a single split, but a paired test needs at least 2. Use more folds, "
            "or repeat the split."
        )
    net, simpler = (
        cross_validated(innermost_name(model), model, X, y, splits, scoring, n_jobs=n_jobs)
        for model in (estimator, baseline)
    )
    for model in (net, simpler):
        _check_scores(model)
    constant = _cross_validated_constant(estimator, X, y, splits, scoring)
    return BaselineComparison(
        net, simpler, constant, _test_of(net, simpler, splits), _name_of(scoring)
    )


@dataclass(eq=False, repr=False)
class BaselineComparison(Report):
    """A net and a simpler model on the same splits; see `compare_with_baseline`.

    Attributes
    ----------
    net, baseline : CrossValidated
        Each with `name`, `scores`, `fit_time`, `predict_time`, `log_loss`,
        `calibration_error` and the fitted `estimators`.
    constant : CrossValidated
        The same of a constant prediction: the mean of the training targets, or the
        frequencies of the classes. Its accuracy is the share of the largest class.
    test : PairedTest
        Of the net's scores minus the baseline's: `difference`, `interval`, `p_value` and
        `detectable`, the smallest difference that could be expected to be found.
    score_name : str
        Name of the score.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> net = ShallowNetClassifier(8, max_iter=20, random_state=0)
    >>> comparison = compare_with_baseline(net, *load_iris(return_X_y=True), cv=3)
    >>> comparison.score_name, len(comparison.net.scores)
    ('accuracy', 3)
    """

    net: CrossValidated
    baseline: CrossValidated
    constant: CrossValidated
    test: PairedTest
    score_name: str

    @property
    def winner(self) -> str | None:
        """Return "net", "baseline", or None if the difference is not significant."""
        if not self.test.p_value < 1 - CONFIDENCE:
            return None
        return "net" if self.test.difference > 0 else "baseline"

    @property
    def verdict(self) -> str:
        """Which of the two models to use, with the figures of the test."""
        figures = self._figures()
        if self.winner is not None:
            return f"The {self.winner} is better: {figures}."
        return f"Undecided: {figures}. {self._advice()}"

    def _figures(self) -> str:
        """Return difference, interval and p-value as text."""
        difference, (low, high) = self.test.difference, self.test.interval
        places = self._places()
        p_value = self.test.p_value
        p_text = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
        return (
            f"difference {difference:z.{places}f}, {100 * CONFIDENCE:g} % interval "
            f"{low:z.{places}f} to {high:z.{places}f}, {p_text}"
        )

    def _advice(self) -> str:
        """Return what follows if no difference was found."""
        places = self._places()
        shown = (
            "These rows can be expected to show differences of "
            f"{self.test.detectable:z.{places}f} or more."
        )
        if self.collapsed:
            return shown
        gain = max(self.test.interval[1], 0.0)
        return (
            f"{shown} Use {self.baseline.name}, the simpler one, unless a gain of up to "
            f"{gain:z.{places}f} matters."
        )

    def _places(self) -> int:
        """Return how many decimals the figures of the test are shown with."""
        margin = self.test.interval[1] - self.test.difference
        return decimals(margin if margin > 0 else self.test.difference, 2)

    @property
    def collapsed(self) -> list[tuple[str, int]]:
        """Return ("net" or "baseline", split) where a model fails on a single split.

        Its score is then below that of a constant prediction, although it is above on
        the median split, and far from its other scores.
        """
        models = [("net", self.net), ("baseline", self.baseline)]
        return [
            (role, int(split))
            for role, model in models
            for split in _collapsed_splits(model.scores, self.constant.scores)
        ]

    @property
    def title(self) -> str:
        """Names of both models, and the number of splits."""
        n_splits = len(self.net.scores)
        return f"{self.net.name} against {self.baseline.name} on the same {n_splits} splits"

    def columns(self) -> list[ReportColumn]:
        """Return the means over the splits, one row per model."""
        models = list(self._roles().values())
        places = f".{decimals([m.scores.mean() for m in models[:2]], 4)}f"
        columns = [
            ReportColumn(
                "", [f"{role}: {model.name}" for role, model in self._roles().items()]
            ),
            ReportColumn(self.score_name, [float(m.scores.mean()) for m in models], places),
            ReportColumn("std", [float(m.scores.std(ddof=1)) for m in models], places),
            ReportColumn("fit (s)", [float(m.fit_time.mean()) for m in models], ".2g"),
            ReportColumn(
                "predict (s)", [float(m.predict_time.mean()) for m in models], ".2g"
            ),
        ]
        if any(m.log_loss is not None for m in models):
            losses = [
                None if m.log_loss is None else float(m.log_loss.mean()) for m in models
            ]
            errors = [m.calibration_error for m in models]
            columns += [
                ReportColumn("log loss", losses, ".4f"),
                ReportColumn("calibration error", errors, ".4f"),
            ]
        return columns

    def notes(self) -> list[str]:
        """Return the verdict, and how the figures were computed."""
        return [
            self.verdict,
            *self._warnings(),
            f"Means over the splits. {self._note_on_test()}{self._note_on_calibration()}",
        ]

    def _roles(self) -> dict[str, CrossValidated]:
        return {"net": self.net, "baseline": self.baseline, "constant": self.constant}

    def _warnings(self) -> list[str]:
        """Return what makes the comparison less than it seems."""
        warnings = [self._collapse(role, split) for role, split in self.collapsed]
        means = [model.scores.mean() for model in self._roles().values()]
        if max(means[:2]) <= means[2]:
            warnings.append("Neither model is better than a constant prediction.")
        return warnings

    def _collapse(self, role: str, split: int) -> str:
        """Return that a model collapsed on a split, and what its other scores are."""
        model = self._roles()[role]
        others = np.delete(model.scores, split)
        score, constant = model.scores[split], self.constant.scores[split]
        return (
            f"The {role} collapsed on split {split}, counted from 0: {self.score_name} "
            f"{score:.3g}, a constant prediction {constant:.3g}; on the other splits "
            f"{others.min():.3g} to {others.max():.3g}. Look for outliers among the test "
            "rows of this split."
        )

    def _note_on_test(self) -> str:
        if self.net.row_scores is None:
            return (
                "Interval and p-value: corrected resampled t-test (Nadeau, Bengio 2003), "
                "since training rows of the splits overlap."
            )
        note = (
            "Difference, interval and p-value: row-wise test, for the scores of all test "
            "rows; rows must be independent."
        )
        if self.score_name == "R²":
            note += " The difference is that of R² over all test rows at once."
        return note

    def _note_on_calibration(self) -> str:
        if all(m.calibration_error is None for m in self._roles().values()):
            return ""
        return (
            " Calibration error: expected calibration error of the most probable class, in "
            "10 bins of equally many rows, over the test rows of all splits."
        )

    def effects(self, X) -> EffectsComparison:
        """Compare the effects of each column in the two models.

        Parameters
        ----------
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Rows to compute them on, such as a sample of those that were compared on.

        Returns
        -------
        comparison : EffectsComparison
            It prints as a table, and has `to_frame`.

        Raises
        ------
        ValueError
            If the baseline is not the default one.
        """
        return compared_effects(self.net.estimators, self.baseline.estimators, X)

    def plot(self, ax=None):
        """Plot the scores of both models, one line per split, and their means.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.

        Returns
        -------
        comparison : BaselineComparison
            The comparison itself, with the axes as `ax_` and their figure as `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        with axes_for(self, ax, (5, 4)) as ax:
            for scores in zip(self.baseline.scores, self.net.scores, strict=True):
                gain = scores[1] - scores[0]
                color = BLUE if gain > 0 else VERMILLION if gain < 0 else GREY
                ax.plot([0, 1], scores, "o-", color=color, alpha=0.5, linewidth=1)
            means = [self.baseline.scores.mean(), self.net.scores.mean()]
            ax.plot([0, 1], means, "D--", color="black", label="mean")
            ax.set_xticks([0, 1], [self.baseline.name, self.net.name])
            ax.set_xlim(-0.3, 1.3)
            ax.set_ylabel(f"{self.score_name}, one line per split")
            ax.set_title(self.verdict.split(":")[0], fontsize="medium")
            ax.legend(frameon=False)
            hide_frame(ax)
        return self


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
    """Return the score by which a search chooses, else accuracy or R²."""
    for outer in given_chain(estimator):
        # a net has a `scoring` of its own, for early stopping
        if hasattr(outer, "estimator") and getattr(outer, "scoring", None) is not None:
            return outer.scoring
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


def _test_of(net: CrossValidated, baseline: CrossValidated, splits: Splits) -> PairedTest:
    """Test the difference row by row, or split by split if rows have no scores."""
    ratio = _test_to_train(splits)
    if net.row_scores is None or baseline.row_scores is None:
        return corrected_t_test(net.scores - baseline.scores, ratio)
    pairs = zip(net.row_scores, baseline.row_scores, strict=True)
    differences = [net_scores - scores for net_scores, scores in pairs]
    return row_wise_test(differences, [test for _, test in splits], ratio)


def _collapsed_splits(scores: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Return the splits with scores (n_splits,) far below the others and a constant's."""
    median = np.median(scores)
    if median <= np.median(constant):
        return np.array([], dtype=np.intp)
    deviation = np.median(np.abs(scores - median))
    is_far = scores < median - FAR * deviation
    return np.flatnonzero(is_far & (scores < constant))
