"""What a comparison of a net with a baseline found: scores, verdict, table, plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skshallow.inspection._common.drawing import (
    BLUE,
    GREY,
    VERMILLION,
    axes_for,
    hide_frame,
)
from skshallow.inspection._common.report import Report, ReportColumn, decimals
from skshallow.inspection._cross_validation import CrossValidated
from skshallow.inspection._effects_comparison import EffectsComparison, compared_effects
from skshallow.inspection._paired_test import PairedTest

# A split is far from the others if it is further from their median than so many of their
# median absolute deviations; of 5 normal scores, one is in 4 % of all cases.
FAR = 10


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
    has_groups : bool
        Whether the rows are in groups.
    log_loss_test : PairedTest or None
        The same of the net's log loss minus the baseline's, if it decides beside
        accuracy. Either of the two tests then has half of the significance level, so
        that models of equal skill are called different in 5 % of cases at most.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> net = ShallowNetClassifier(8, max_iter=20, random_state=0)
    >>> comparison = compare_with_baseline(net, *load_iris(return_X_y=True), cv=3)
    >>> comparison.score_name, len(comparison.net.scores)
    ('accuracy', 6)
    """

    net: CrossValidated
    baseline: CrossValidated
    constant: CrossValidated
    test: PairedTest
    score_name: str
    has_groups: bool = False
    log_loss_test: PairedTest | None = None

    @property
    def winner(self) -> str | None:
        """Return "net", "baseline", or None if no difference is significant.

        None also if accuracy and log loss contradict each other.
        """
        winners = self._winners()
        return winners.pop() if len(winners) == 1 else None

    def _winners(self) -> set[str]:
        """Return the models that are better by one of the tests."""
        gains = [self.test.difference] if self.test.is_significant else []
        loss = self.log_loss_test
        if loss is not None and loss.is_significant:
            gains.append(-loss.difference)
        return {"net" if gain > 0 else "baseline" for gain in gains}

    @property
    def verdict(self) -> str:
        """Which of the two models to use, with the figures of the test."""
        figures = self._figures()
        if self.winner is not None:
            return f"The {self.winner} is better: {figures}."
        if self._winners():
            return f"Undecided, since {self.score_name} and log loss disagree: {figures}."
        return f"Undecided: {figures}. {self._advice()}"

    def _figures(self) -> str:
        """Return difference, interval and p-value of each test as text."""
        figures = f"difference {_described(self.test)}"
        if self.log_loss_test is None:
            return figures
        return f"{figures}; difference of log loss {_described(self.log_loss_test)}"

    def _advice(self) -> str:
        """Return what follows if no difference was found."""
        shown = (
            "These rows can be expected to show differences of "
            f"{_in_decimals(self.test.detectable, self.test)} or more"
        )
        if self.log_loss_test is not None:
            detectable = _in_decimals(self.log_loss_test.detectable, self.log_loss_test)
            shown += f", of log loss {detectable} or more"
        if self.collapsed:
            return f"{shown}."
        gain = _in_decimals(max(self.test.interval[1], 0.0), self.test)
        return (
            f"{shown}. Use {self.baseline.name}, the simpler one, unless a gain of up to "
            f"{gain} matters."
        )

    @property
    def collapsed(self) -> list[tuple[str, int]]:
        """Return ("net" or "baseline", split) where a model fails on single splits.

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
        places = _places([float(m.scores.mean()) for m in models[:2]])
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
        warnings = [
            self._collapse(role, [split for of, split in self.collapsed if of == role])
            for role in dict(self.collapsed)
        ]
        means = [model.scores.mean() for model in self._roles().values()]
        if max(means[:2]) <= means[2]:
            warnings.append("Neither model is better than a constant prediction.")
        return warnings

    def _collapse(self, role: str, splits: list[int]) -> str:
        """Return that a model collapsed on splits, and what its other scores are."""
        model = self._roles()[role]
        others = np.delete(model.scores, splits)
        scores, constants = model.scores[splits], self.constant.scores[splits]
        noun, these = "split", "this split"
        if len(splits) > 1:
            noun, these = "splits", "these splits"
        return (
            f"The {role} collapsed on {noun} {_joined(splits)}, counted from 0: "
            f"{self.score_name} {_joined([f'{score:.3g}' for score in scores])}, a "
            f"constant prediction {_joined([f'{score:.3g}' for score in constants])}; on "
            f"the other splits {others.min():.3g} to {others.max():.3g}. Look for outliers "
            f"among the test rows of {these}."
        )

    def _note_on_test(self) -> str:
        if self.has_groups:
            return (
                "Interval and p-value: corrected resampled t-test (Nadeau, Bengio 2003), "
                "over splits of whole groups."
            )
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
        if self.log_loss_test is not None:
            note += (
                " Two tests share the significance level of 5 %: a difference is "
                "significant if its p-value is below 2.5 %."
            )
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

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skshallow import DeepNetRegressor
        >>> from skshallow.inspection import compare_with_baseline
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> net = DeepNetRegressor(16, max_iter=20, random_state=0)
        >>> comparison = compare_with_baseline(net, X, y, cv=3)
        >>> comparison.effects(X[:50]).to_frame().shape[0] == X.shape[1]
        True
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


def _described(test: PairedTest) -> str:
    """Return difference, interval and p-value as text."""
    low, high = (_in_decimals(end, test) for end in test.interval)
    p_text = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.2g}"
    return (
        f"{_in_decimals(test.difference, test)}, {100 * test.confidence:g} % interval "
        f"{low} to {high}, {p_text}"
    )


def _in_decimals(value: float, test: PairedTest) -> str:
    """Return a figure of a test as text, with the decimals that its interval deserves."""
    margin = test.interval[1] - test.difference
    places = decimals(margin if margin > 0 else test.difference, 2)
    return f"{value:z.{places}f}"


def _places(means: Sequence[float]) -> list[str]:
    """Return the formats of the scores of net, baseline and constant, from two means.

    The larger mean has four digits, and the other as many decimals; where it would have
    fewer than three digits, because the larger one collapsed, it has more decimals.
    """
    common = decimals(means, 4)
    places = [max(common, decimals(mean, 3)) for mean in means]
    return [f".{own}f" for own in (*places, max(places))]


def _joined(items: Sequence[Any]) -> str:
    """Return items as text: a, b and c."""
    *first, last = map(str, items)
    return f"{', '.join(first)} and {last}" if first else last


def _collapsed_splits(scores: np.ndarray, constant: np.ndarray) -> np.ndarray:
    """Return the splits with scores (n_splits,) far below the others and a constant's."""
    median = np.median(scores)
    if median <= np.median(constant):
        return np.array([], dtype=np.intp)
    deviation = np.median(np.abs(scores - median))
    is_far = scores < median - FAR * deviation
    return np.flatnonzero(is_far & (scores < constant))
