"""Prediction intervals of regressors: coverage, width, CRPS and likelihood.

Run ``python docs/benchmarks/uncertainty.py FOLDER``; the folder holds tables as ``.npz``
files with arrays ``X``, ``y`` and ``task``. It writes ``uncertainty.md`` and
``uncertainty.png`` to its own folder. Of each table, at most 4000 training rows and 2000
test rows are used, in several splits. Every model predicts the same nine quantiles for
each test row: the ends of its central 95, 90, 80 and 50 % intervals, and the median. Nets
and boosting have their default parameters, with two exceptions: nets stop early on all
tables, also on those with fewer than 256 rows, since they would otherwise underestimate
their errors, and they clip gradients, since a single outlier can disturb the training with
the Gaussian loss. Conformalised nets are trained on three quarters of the training rows and
conformalised on the rest. Five nets are the members of an ensemble, of which each holds a
fifth of its rows out for early stopping; CV+ trains them on all training rows, and
calibrates by their out-of-fold predictions. Seconds are processor time on one thread, for
training and all predictions.

The continuous ranked probability score is twice the integral of the pinball loss over
the quantile levels (Gneiting, Raftery 2007, doi:10.1198/016214506000001437), here by the
trapezoidal rule over the nine. Widths and scores are in standard deviations of the
table's target.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from environment import imported, versions_and_kernels
from options import folder_parser
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import train_test_split
from tables import N_SPLITS, read_tables, split
from threadpoolctl import threadpool_limits

from skshallow import DeepNetRegressor
from skshallow.losses import Quantile

HERE = Path(__file__).parent
COVERAGES = [0.95, 0.9, 0.8, 0.5]
LOWER = [(1 - coverage) / 2 for coverage in COVERAGES]
LEVELS = [*LOWER, 0.5, *(1 - level for level in reversed(LOWER))]
CALIBRATION_SHARE = 0.25
FIVE = {"n_members": 5, "validation_fraction": 0.2}

# (quantiles of the test rows (n, 9), their log densities (n,) or None)
Answer = tuple[np.ndarray, np.ndarray | None]


def make_net(loss, seed: int, **settings) -> DeepNetRegressor:
    """Return a net with early stopping, so that it is less overconfident."""
    return DeepNetRegressor(
        loss=loss, max_grad_norm=1.0, early_stopping=True, random_state=seed, **settings
    )


def gaussian(X, y, X_test, y_test, seed: int) -> Answer:
    net = make_net("gaussian", seed).fit(X, y)
    return net.predict_quantiles(X_test, LEVELS), net.predict_proba(X_test).logpdf(y_test)


def quantile(X, y, X_test, y_test, seed: int) -> Answer:
    net = make_net(Quantile(LEVELS), seed).fit(X, y)
    return net.predict_quantiles(X_test, LEVELS), None


def conformalised(loss, **settings) -> Callable[..., Answer]:
    def answer(X, y, X_test, y_test, seed: int) -> Answer:
        X, X_cal, y, y_cal = train_test_split(
            X, y, test_size=CALIBRATION_SHARE, random_state=seed
        )
        net = make_net(loss, seed, **settings).fit(X, y)
        return calibrated_quantiles(net.conformalize(X_cal, y_cal), X_test), None

    return answer


def cross_conformalised(loss, **settings) -> Callable[..., Answer]:
    def answer(X, y, X_test, y_test, seed: int) -> Answer:
        net = make_net(loss, seed, **settings).fit(X, y)
        return calibrated_quantiles(net.conformalize(y_cal=y), X_test), None

    return answer


def calibrated_quantiles(net: DeepNetRegressor, X_test) -> np.ndarray:
    """Return the ends of the calibrated intervals, and the prediction between them."""
    ends = np.stack([net.predict_interval(X_test, c) for c in COVERAGES], axis=1)
    median = net.predict(X_test)[:, np.newaxis]
    return np.hstack([ends[:, :, 0], median, ends[:, ::-1, 1]])


def boosting(X, y, X_test, y_test, seed: int) -> Answer:
    columns = [
        HistGradientBoostingRegressor(loss="quantile", quantile=level, random_state=seed)
        .fit(X, y)
        .predict(X_test)
        for level in LEVELS
    ]
    return np.sort(np.column_stack(columns), axis=1), None


def constant_width(X, y, X_test, y_test, seed: int) -> Answer:
    """Boosting's mean, and quantiles of its errors on a quarter of the training rows."""
    X, X_cal, y, y_cal = train_test_split(
        X, y, test_size=CALIBRATION_SHARE, random_state=seed
    )
    model = HistGradientBoostingRegressor(random_state=seed).fit(X, y)
    errors = y_cal - model.predict(X_cal)
    mean = model.predict(X_test)
    log_density = norm(mean + errors.mean(), errors.std()).logpdf(y_test)
    return mean[:, np.newaxis] + np.quantile(errors, LEVELS), log_density


MODELS = {
    "boosting, quantiles": boosting,
    "boosting, constant width": constant_width,
    "net, gaussian": gaussian,
    "net, quantiles": quantile,
    "net, gaussian, conformalised": conformalised("gaussian"),
    "net, quantiles, conformalised": conformalised(Quantile(LEVELS)),
    "5 nets, gaussian, conformalised": conformalised("gaussian", **FIVE),
    "5 nets, gaussian, CV+": cross_conformalised("gaussian", **FIVE),
    "5 nets, quantiles, conformalised": conformalised(Quantile(LEVELS), **FIVE),
    "5 nets, quantiles, CV+": cross_conformalised(Quantile(LEVELS), **FIVE),
}
METRICS = [
    *(f"coverage {c:.0%}" for c in COVERAGES),
    "width 90%",
    "CRPS",
    "negative log-likelihood",
    "seconds",
]


def scores(y: np.ndarray, quantiles: np.ndarray, log_density, seconds) -> list[float]:
    """Return the values of `METRICS`."""
    lower, upper = quantiles[:, : len(LOWER)], quantiles[:, : len(LOWER) : -1]
    inside = (lower <= y[:, np.newaxis]) & (y[:, np.newaxis] <= upper)
    pinball = [
        mean_pinball_loss(y, column, alpha=level)
        for level, column in zip(LEVELS, quantiles.T, strict=True)
    ]
    crps = 2 * np.trapezoid([0, *pinball, 0], [0, *LEVELS, 1])
    likelihood = np.nan if log_density is None else -np.mean(log_density)
    width = (upper - lower)[:, COVERAGES.index(0.9)].mean()
    return [*inside.mean(axis=0), width, crps, likelihood, seconds]


def measure(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean over splits of each metric for each model."""
    results = np.empty((N_SPLITS, len(MODELS), len(METRICS)))
    for seed in range(N_SPLITS):
        X_train, X_test, y_train, y_test = split(X, y, seed, stratify=False)
        for i, model in enumerate(MODELS.values()):
            start = time.process_time()
            answer = model(X_train, y_train, X_test, y_test, seed)
            results[seed, i] = scores(y_test, *answer, time.process_time() - start)
    return results.mean(axis=0)


def report(results: dict[str, np.ndarray]) -> str:
    stacked = np.stack(list(results.values()))
    lines = [
        "# Prediction intervals",
        "",
        "Do prediction intervals have their nominal coverage, how wide are they, and",
        "how do they compare with those of gradient boosting? `uncertainty.py` writes",
        "this page; its docstring describes the method.",
        f"Means over {len(results)} tables and {N_SPLITS} splits.",
        "",
        "![Coverage and score](uncertainty.png)",
        "",
        "| model | " + " | ".join(METRICS) + " |",
        "|---" * (len(METRICS) + 1) + "|",
    ]
    for i, name in enumerate(MODELS):
        cells = [f"{value:.3f}" for value in stacked[:, i].mean(axis=0)]
        lines.append(f"| {name} | {' | '.join(cells)} |".replace("nan", ""))
    crps, width = METRICS.index("CRPS"), METRICS.index("width 90%")
    lines += ["", "Number of tables on which the net has a lower (better) CRPS, or"]
    lines += ["narrower intervals, than the baseline:", ""]
    lines += ["| net | baseline | CRPS | width 90% |", "|---|---|---|---|"]
    names = list(MODELS)
    for i, name in enumerate(names[2:], 2):
        for j, baseline in enumerate(names[:2]):
            wins = (stacked[:, i] < stacked[:, j]).sum(axis=0)
            lines.append(
                f"| {name} | {baseline} | {wins[crps]} of {len(stacked)} "
                f"| {wins[width]} of {len(stacked)} |"
            )
    lines += ["", "Coverage of the 90 % interval on each table:"]
    half = len(names) // 2  # more columns do not fit on a screen
    for part in (slice(half), slice(half, None)):
        lines += ["", "| table | " + " | ".join(names[part]) + " |"]
        lines.append("|---" * (len(names[part]) + 1) + "|")
        for table, values in results.items():
            cells = " | ".join(f"{v:.3f}" for v in values[part, COVERAGES.index(0.9)])
            lines.append(f"| {table} | {cells} |")
    return "\n".join([*lines, "", versions_and_kernels()]) + "\n"


def draw(results: dict[str, np.ndarray], path: Path) -> None:
    """Draw the deviation from nominal coverage, and the score, for each table."""
    import matplotlib.pyplot as plt

    stacked = np.stack(list(results.values()))
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5.5), layout="constrained")
    for i, name in enumerate(MODELS):
        offset = 0.004 * (i - len(MODELS) / 2)
        for j, coverage in enumerate(COVERAGES):
            left.plot(
                np.full(len(stacked), coverage + offset),
                stacked[:, i, j] - coverage,
                ".",
                color=f"C{i}",
                label=name if j == 0 else None,
            )
    left.axhline(0, color="black", linewidth=1)
    left.set(xlabel="nominal coverage", ylabel="coverage minus nominal, one dot per table")
    crps = stacked[:, :, METRICS.index("CRPS")]
    for i, name in enumerate(MODELS):
        right.plot(crps[:, i] / crps[:, 0], "o-", color=f"C{i}", label=name)
    right.set_xticks(range(len(results)), list(results), rotation=60, ha="right")
    right.set_ylabel("CRPS, relative to boosting with quantiles")
    handles = left.get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="outside upper center", ncols=5, fontsize=8)
    figure.savefig(path, dpi=120)


def main() -> None:
    folder = folder_parser(__doc__).parse_args().folder
    imported("matplotlib", '"skshallow[plots]"')
    warnings.simplefilter("ignore")
    results = {}
    for name, X, y in read_tables(folder, "regression"):
        with threadpool_limits(1):
            results[name] = measure(X, (y - y.mean()) / y.std())
        print(name, np.round(results[name][:, [1, 4, 5]], 3).tolist(), flush=True)
    text = report(results)
    print(text)
    (HERE / "uncertainty.md").write_text(text)
    draw(results, HERE / "uncertainty.png")


if __name__ == "__main__":
    main()
