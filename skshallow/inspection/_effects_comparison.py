"""Effects of a net beside those of a linear model: where do the two disagree?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import resample

from skshallow._arrays.linalg import as_dense
from skshallow.inspection._common.meta_estimators import find_net
from skshallow.inspection._common.report import Report, ReportColumn, decimals
from skshallow.inspection._default_baseline import Standardizer
from skshallow.inspection._effects import integrated_gradients

BACKGROUND_ROWS = 20
HARDLY = 0.05  # of the largest mean effect
ALIKE, OPPOSITE = 0.8, -0.5  # correlations of the effects
MANY_TIMES = 3.0


@dataclass(eq=False, repr=False)
class EffectsComparison(Report):
    """Effects of a net and of a linear model on the same rows.

    It is made by :meth:`BaselineComparison.effects`.

    Attributes
    ----------
    net_effects, linear_effects : ndarray of shape (n_samples, n_columns, n_outputs)
        Effects of the columns, of mean 0, the mean over the models of all splits.
    slopes, coefficients : ndarray of shape (n_columns, n_outputs)
        Of numbers: the least-squares slope of the net's effects, and the coefficient of the
        linear model, per standard deviation. NaN for categories.
    feature_names, output_names : list of str
        Names of the columns and the outputs.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import ShallowNetClassifier
    >>> from skshallow.inspection import compare_with_baseline
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> net = ShallowNetClassifier(8, max_iter=20, random_state=0)
    >>> comparison = compare_with_baseline(net, X, y > 1, cv=3).effects(X)
    >>> comparison.coefficients.shape
    (4, 1)
    """

    net_effects: np.ndarray
    linear_effects: np.ndarray
    slopes: np.ndarray
    coefficients: np.ndarray
    feature_names: list[str]
    output_names: list[str]

    @property
    def correlations(self) -> np.ndarray:
        """Correlation of both effects over the rows (n_columns, n_outputs), NaN if none."""
        product = (self.net_effects * self.linear_effects).mean(axis=0)
        norms = self.net_effects.std(axis=0) * self.linear_effects.std(axis=0)
        found = np.full(product.shape, np.nan)
        return np.divide(product, norms, out=found, where=norms > 0)

    @property
    def title(self) -> str:
        """What the table is about."""
        return "Effects of the net and of the linear model, the largest differences first"

    @property
    def order(self) -> np.ndarray:
        """Flat indices of (column, output), by the mean difference of the effects."""
        apart = np.abs(self.net_effects - self.linear_effects).mean(axis=0)
        return np.argsort(-apart.ravel(), kind="stable")

    @property
    def verdicts(self) -> list[str]:
        """How the two models use each column, in the `order` of the table."""
        net, linear = (np.abs(e).mean(axis=0).ravel() for e in self._effects())
        bound = HARDLY * max(net.max(), linear.max())
        correlations = self.correlations.ravel()
        return [
            _verdict(net[i], linear[i], correlations[i], bound) for i in self.order.tolist()
        ]

    def _effects(self) -> tuple[np.ndarray, np.ndarray]:
        return self.net_effects, self.linear_effects

    def columns(self) -> list[ReportColumn]:
        """Return both models' figures, one row per column and output."""
        order = self.order
        several = len(self.output_names) > 1
        names = [
            f"{column}, {output}" if several else column
            for column in self.feature_names
            for output in self.output_names
        ]
        sizes = [np.abs(effects).mean(axis=0).ravel()[order] for effects in self._effects()]
        slopes = [a.ravel()[order] for a in (self.slopes, self.coefficients)]
        size = f".{decimals(sizes, 3)}f"
        slope = f"z.{decimals(np.nan_to_num(slopes), 3)}f"
        return [
            ReportColumn("column", [names[i] for i in order]),
            ReportColumn("net: effect", sizes[0].tolist(), size),
            ReportColumn("linear: effect", sizes[1].tolist(), size),
            ReportColumn("net: slope", _without_nan(slopes[0]), slope),
            ReportColumn("linear: coefficient", _without_nan(slopes[1]), slope),
            ReportColumn(
                "correlation", _without_nan(self.correlations.ravel()[order]), "z.2f"
            ),
            ReportColumn("verdict", self.verdicts),
        ]

    def notes(self) -> list[str]:
        """Return what the columns mean."""
        return [
            f"Over {len(self.net_effects)} rows, means over the models of all splits. "
            "Effect: mean absolute effect. Slope and coefficient: per standard deviation "
            "of a number, the slope by least squares. Correlation: of both effects over "
            "the rows."
        ]


def compared_effects(
    nets: Sequence[Any], linears: Sequence[Any], X: Any
) -> EffectsComparison:
    """Return the effects of nets and linear models, fitted on the same splits, on X."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    n_background = min(BACKGROUND_ROWS, n_rows)
    background = resample(X, replace=False, n_samples=n_background, random_state=0)
    output = "raw" if is_classifier(find_net(nets[0])) else "prediction"
    of_nets = [
        integrated_gradients(net, X, background=background, output=output) for net in nets
    ]
    shape = n_rows, len(of_nets[0].feature_names), len(of_nets[0].output_names)
    of_linears, coefficients, slopes = [], [], []
    contrasts = _are_scores_of_classes(find_net(nets[0]))
    net_effects = [
        _centered(effects.values.reshape(shape), contrasts) for effects in of_nets
    ]
    for effects, linear in zip(net_effects, linears, strict=True):
        z, coef, columns = _linear_terms(linear, X)
        by_feature = (z - z.mean(axis=0))[..., np.newaxis] * coef
        own = np.zeros(shape)
        for feature, column in enumerate(columns.tolist()):
            own[:, column] += by_feature[:, feature]
        of_linears.append(_centered(own, contrasts))
        is_alone = np.bincount(columns, minlength=shape[1]) == 1
        coefficients.append(_per_deviation(of_linears[-1], z, columns, is_alone))
        slopes.append(_per_deviation(effects, z, columns, is_alone))
    return EffectsComparison(
        net_effects=np.mean(net_effects, axis=0),
        linear_effects=np.mean(of_linears, axis=0),
        slopes=np.mean(slopes, axis=0),
        coefficients=np.mean(coefficients, axis=0),
        feature_names=of_nets[0].feature_names,
        output_names=of_nets[0].output_names,
    )


def _are_scores_of_classes(net: Any) -> bool:
    """Return whether only differences of the outputs have a meaning."""
    return is_classifier(net) and not net._is_multilabel and net.n_outputs_ > 1


def _centered(effects: np.ndarray, contrasts: bool) -> np.ndarray:
    """Return effects of mean 0 over the rows and, of scores of classes, over outputs."""
    if contrasts:
        effects = effects - effects.mean(axis=-1, keepdims=True)
    return effects - effects.mean(axis=0)


def _linear_terms(linear: Any, X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (n, m), coefficients (m, n_outputs) and the column of each (m,)."""
    if not (isinstance(linear, Pipeline) and isinstance(linear[-2], Standardizer)):
        raise ValueError(
            "effects compares with the default baseline only. Call compare_with_baseline "
            "without baseline."
        )
    z = as_dense(linear[:-1].transform(X))
    model = linear[-1]
    parts = getattr(model, "estimators_", [model])  # one for each label
    coef = np.concatenate([np.atleast_2d(part.coef_) for part in parts]).T
    encoding = linear[-2].encoding_
    columns = np.arange(z.shape[1]) if encoding is None else encoding.columns_of_inputs()
    return z, coef, columns


def _per_deviation(
    effects: np.ndarray, z: np.ndarray, columns: np.ndarray, is_alone: np.ndarray
) -> np.ndarray:
    """Return slopes (n_columns, n_outputs) of effects by standardised features.

    NaN for columns that are several features, not `is_alone` (n_columns,).
    """
    slopes = np.full(effects.shape[1:], np.nan)
    for feature, column in enumerate(columns.tolist()):
        if is_alone[column]:
            own = z[:, feature] - z[:, feature].mean()
            square = own @ own
            slopes[column] = own @ effects[:, column] / square if square > 0 else 0
    return slopes


def _without_nan(values: np.ndarray) -> list[float | None]:
    """Return values (n,) as a list, None for NaN."""
    return [None if np.isnan(value) else value for value in values.tolist()]


def _verdict(net: float, linear: float, correlation: float, bound: float) -> str:
    """Return how two models use a column, from their mean effects and the correlation."""
    if max(net, linear) < bound:
        return "hardly used"
    if net > MANY_TIMES * linear:
        return "the net uses it, the linear model hardly"
    if linear > MANY_TIMES * net:
        return "the linear model uses it, the net hardly"
    if correlation < OPPOSITE:
        return "opposite directions"
    return "alike" if correlation > ALIKE else "the net's effect is not linear"
