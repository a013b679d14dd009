"""
What does overfitting look like?
================================

A network with many weights can pass through every training row, noise included. It then
predicts new rows badly: it overfits. A penalty on large weights, `alpha`, makes the network
smoother; too strong a penalty makes it too smooth, and it underfits.

In this example, the same network learns forty noisy rows of a wave, with thirteen
penalties.
"""

import matplotlib.pyplot as plt
import numpy as np

from skshallow import DeepNetRegressor

BLUE, RED, GREY = "#1c5d99", "#c1440e", "#8a939c"
ALPHAS = np.logspace(-6, 0, 13)
NOISE = 0.35


def wave(x):
    """Return the mean of the target at `x`."""
    return np.sin(2 * x)


def draw_rows(n_rows, seed):
    """Return a feature (n_rows, 1), uniform on -3 to 3, and its noisy targets."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-3, 3, n_rows)
    return x[:, np.newaxis], wave(x) + NOISE * rng.normal(size=n_rows)


# %%
# L-BFGS finds a minimum of the loss for each penalty, so that the networks differ only in
# `alpha`. The error on new rows cannot be smaller than the noise, whatever the network.

X, y = draw_rows(40, seed=3)
X_new, y_new = draw_rows(2000, seed=4)
nets, errors = {}, {}
for alpha in ALPHAS:
    net = DeepNetRegressor(
        [30, 30],
        activation="tanh",
        solver="lbfgs",
        alpha=alpha,
        max_iter=20_000,
        random_state=0,
    )
    nets[alpha] = net.fit(X, y)
    errors[alpha] = [
        np.sqrt(np.mean((net.predict(rows) - target) ** 2))
        for rows, target in ((X, y), (X_new, y_new))
    ]
on_training_rows, on_new_rows = np.array([*errors.values()]).T
best = ALPHAS[on_new_rows.argmin()]
shown = {"overfitting": ALPHAS[0], "the best penalty": best, "underfitting": ALPHAS[-2]}
for name, alpha in shown.items():
    print(
        f"{name:16} alpha={alpha:.0e}",
        "error {:.2f}, new rows {:.2f}".format(*errors[alpha]),
    )

# %%
# With hardly any penalty the error on the training rows is near 0, and the one on new
# rows is large. The best penalty is where the error on new rows is smallest, which only
# rows that were not trained on can tell: the validation rows of early stopping, or
# cross-validation.

figure, grid = plt.subplots(2, 2, figsize=(9.6, 6.6), layout="constrained")
panels = grid.ravel()
x = np.linspace(-3, 3, 500)
for ax, (name, alpha) in zip(panels, shown.items(), strict=False):
    ax.plot(x, wave(x), color=GREY, linestyle="--", label="truth")
    ax.plot(x, nets[alpha].predict(x[:, np.newaxis]), color=BLUE, lw=2, label="network")
    ax.plot(X[:, 0], y, ".", color=RED, label="training rows")
    ax.set(title=f"{name}, alpha = {alpha:.0e}", ylim=(-2.2, 2.2), xlabel="feature")
panels[0].set_ylabel("target")
panels[2].set_ylabel("target")
panels[1].legend(frameon=False, fontsize="small", loc="upper center", ncols=3)
panels[3].semilogx(ALPHAS, on_training_rows, "o-", color=RED, ms=4, label="training rows")
panels[3].semilogx(ALPHAS, on_new_rows, "o-", color=BLUE, ms=4, label="new rows")
panels[3].axhline(NOISE, color=GREY, linestyle="--", label="noise")
panels[3].set(
    title="the error against the penalty", xlabel="alpha", ylabel="root mean squared error"
)
panels[3].set_ylim(bottom=0)
panels[3].legend(frameon=False, fontsize="small")
for ax in panels:
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
