"""
A net for numbers, categories and gaps: better than logistic regression?
========================================================================

Tables hold numbers, categories and missing values. A
:class:`~sklearn.compose.ColumnTransformer` makes numbers of all of them, in a pipeline
that a net and :class:`~sklearn.linear_model.LogisticRegression` can share. Which of the
two is better depends on what is to be learned, so here are two tables: in one, effects
bend and differ between categories; in the other, they are straight and add up.
"""

# %%
# Two tables
# ----------
#
# Customers of a gym stay or leave. The tables are made here, so the true probability of
# leaving is known. Where effects are bent, customers on a monthly plan leave soon if at
# all, those on a yearly plan around the end of the first year, those on a family plan at
# any time.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skshallow import DeepNetClassifier

PLANS = ["monthly", "yearly", "family"]
N_TRAIN = 8000
N_TEST = 20_000


def draw_customers(n_rows, seed):
    """Return a table of customers, complete."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "plan": rng.choice(PLANS, n_rows),
            "town": [f"town {i}" for i in rng.geometric(0.2, n_rows)],
            "months": rng.uniform(0, 36, n_rows),
            "visits": rng.gamma(2, 3, n_rows),
            "age": rng.normal(40, 12, n_rows).clip(16, 90).round(),
        }
    )


def chance_bent(table):
    """Return the probability of leaving, with a course over the months for each plan."""
    course = {
        "monthly": 1.5 - table["months"] / 8,
        "yearly": 4 * np.exp(-(((table["months"] - 12) / 6) ** 2)) - 2,
        "family": -1,
    }
    over_time = np.select([table["plan"] == plan for plan in PLANS], course.values())
    return expit(over_time - 0.15 * (table["visits"] - 6) - 0.3)


def chance_straight(table):
    """Return the probability of leaving, with effects that add up."""
    plan = table["plan"].map({"monthly": 1.0, "yearly": 0.0, "family": -1.0})
    return expit(plan - 0.04 * (table["months"] - 18) - 0.15 * (table["visits"] - 6) - 0.3)


def with_gaps(table, seed):
    """Return the table without a fifth of the ages and a tenth of the visits."""
    rng = np.random.default_rng(seed)
    return table.assign(
        age=table["age"].mask(rng.random(len(table)) < 0.2),
        visits=table["visits"].mask(rng.random(len(table)) < 0.1),
    )


complete, complete_test = draw_customers(N_TRAIN, seed=0), draw_customers(N_TEST, seed=1)
X, X_test = with_gaps(complete, seed=2), with_gaps(complete_test, seed=3)
coins, coins_test = (np.random.default_rng(4).random(len(rows)) for rows in (X, X_test))
truths = {"bent effects": chance_bent, "straight effects": chance_straight}
print(X.head())

# %%
# One preparation, two models
# ---------------------------
#
# Categories become indicators, towns that are rare or unknown share one; gaps are filled
# with the median, and an indicator says where. The net standardises by itself, but
# logistic regression does not, so its pipeline has a step more.


def prepared(*steps):
    """Return a pipeline of the columns' preparation and further steps."""
    columns = make_column_transformer(
        (
            OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"),
            ["plan", "town"],
        ),
        (
            SimpleImputer(strategy="median", add_indicator=True),
            ["months", "visits", "age"],
        ),
        sparse_threshold=0,
    )
    return make_pipeline(columns, *steps)


models = {
    "net": prepared(
        DeepNetClassifier(32, activation="tanh", alpha=0.002, max_iter=40, random_state=0)
    ),
    "logistic regression": prepared(StandardScaler(), LogisticRegression()),
}
fitted, losses = {}, {}
for title, chance in truths.items():
    y = (coins < chance(complete)).astype(int)
    truth = chance(complete_test)
    y_test = (coins_test < truth).astype(int)
    print(f"{title}: the truth itself has a log loss of {log_loss(y_test, truth):.3f}")
    for name, model in models.items():
        fitted[title, name] = clone(model).fit(X, y)
        p = fitted[title, name].predict_proba(X_test)[:, 1]
        losses[title, name] = log_loss(y_test, p)
        print(f"  {name:20} log loss {losses[title, name]:.3f}, ", end="")
        print(f"area under the ROC curve {roc_auc_score(y_test, p):.3f}")

# %%
# The picture
# -----------
#
# Each panel shows the mean probability of leaving, over customers who are all put on one
# plan, month by month. In the upper row the net follows what bends and differs from plan
# to plan; logistic regression has one slope for all plans, which is right for none. In the
# lower row one slope is all there is to learn: both learn it, and logistic regression is a
# little better, since it looks for nothing else.

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#777777"
MONTHS = np.linspace(0, 36, 73)
some = slice(0, 150)


def over_the_months(probability, table, plan):
    """Return the mean probability at each of MONTHS, for rows put on a plan."""
    n = len(table)
    rows = pd.concat([table] * len(MONTHS))
    rows = rows.assign(plan=plan, months=np.repeat(MONTHS, n))
    return np.asarray(probability(rows)).reshape(-1, n).mean(axis=1)


curves = {}
for title, chance in truths.items():
    for plan in PLANS:
        curves[title, plan, "truth"] = over_the_months(chance, complete[some], plan)
        for name in models:
            curves[title, plan, name] = over_the_months(
                lambda rows, model=fitted[title, name]: model.predict_proba(rows)[:, 1],
                X[some],
                plan,
            )

styles = {
    "truth": {"color": RUST, "linestyle": "--"},
    "net": {"color": BLUE, "linewidth": 2.2},
    "logistic regression": {"color": GREY},
}
figure, panels = plt.subplots(
    len(truths),
    len(PLANS),
    figsize=(10, 5.6),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for row, title in zip(panels, truths, strict=True):
    for ax, plan in zip(row, PLANS, strict=True):
        for name, style in styles.items():
            ax.plot(MONTHS, curves[title, plan, name], label=name, **style)
        ax.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel(f"{title}\n\nprobability of leaving")
for ax, plan in zip(panels[0], PLANS, strict=True):
    ax.set_title(f"{plan} plan")
for ax in panels[-1]:
    ax.set(xlabel="months since joining", xticks=range(0, 37, 12), ylim=(0, 1))
figure.legend(
    *panels[0, 0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=3,
    frameon=False,
)
plt.show()
