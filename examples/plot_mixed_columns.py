"""
Categories and missing values: neural network or logistic regression?
=====================================================================

Many tables have numeric columns, categories and missing values. In scikit-learn, a
:class:`~sklearn.compose.ColumnTransformer` encodes the categories and imputes the missing
values, in a pipeline that works for a network as well as for
:class:`~sklearn.linear_model.LogisticRegression`. Which of the two models is better depends
on the data. This example compares them on two data sets: in one the effects are non-linear
and differ between categories (interactions), in the other they are linear and additive.
"""

# %%
# Two data sets
# -------------
#
# The task is to predict whether customers of a gym will leave. The data are generated, so
# the true probability of leaving is known. In the data with non-linear effects, customers
# with a monthly plan tend to leave soon, those with a yearly plan around the end of the
# first year, and those with a family plan at any time.

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
    """Return a table of customers without missing values."""
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


def chance_nonlinear(table):
    """Return the probability of leaving, with a non-linear effect of time for each plan."""
    course = {
        "monthly": 1.5 - table["months"] / 8,
        "yearly": 4 * np.exp(-(((table["months"] - 12) / 6) ** 2)) - 2,
        "family": -1,
    }
    over_time = np.select([table["plan"] == plan for plan in PLANS], course.values())
    return expit(over_time - 0.15 * (table["visits"] - 6) - 0.3)


def chance_linear(table):
    """Return the probability of leaving, with linear and additive effects."""
    plan = table["plan"].map({"monthly": 1.0, "yearly": 0.0, "family": -1.0})
    return expit(plan - 0.04 * (table["months"] - 18) - 0.15 * (table["visits"] - 6) - 0.3)


def with_gaps(table, seed):
    """Return the table with a fifth of the ages and a tenth of the visits missing."""
    rng = np.random.default_rng(seed)
    return table.assign(
        age=table["age"].mask(rng.random(len(table)) < 0.2),
        visits=table["visits"].mask(rng.random(len(table)) < 0.1),
    )


complete, complete_test = draw_customers(N_TRAIN, seed=0), draw_customers(N_TEST, seed=1)
X, X_test = with_gaps(complete, seed=2), with_gaps(complete_test, seed=3)
coins, coins_test = (np.random.default_rng(4).random(len(rows)) for rows in (X, X_test))
truths = {"non-linear effects": chance_nonlinear, "linear effects": chance_linear}
print(X.head())

# %%
# The same preprocessing for both models
# --------------------------------------
#
# Categories are one-hot encoded; rare and unknown towns share one column. Missing values
# are imputed with the median, and a binary column indicates where. The network standardises
# its inputs itself; the pipeline of logistic regression has an additional step for that.


def prepared(*steps):
    """Return a pipeline of the preprocessing and further steps."""
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
    print(f"{title}: log loss of the true probabilities {log_loss(y_test, truth):.3f}")
    for name, model in models.items():
        fitted[title, name] = clone(model).fit(X, y)
        p = fitted[title, name].predict_proba(X_test)[:, 1]
        losses[title, name] = log_loss(y_test, p)
        print(f"  {name:20} log loss {losses[title, name]:.3f}, ", end="")
        print(f"area under the ROC curve {roc_auc_score(y_test, p):.3f}")

# %%
# Results
# -------
#
# Each panel shows the mean predicted probability of leaving (partial dependence), as a
# function of the months since joining, if all customers had the same plan. In the upper row
# the network learns the non-linear effects of each plan; logistic regression has the same
# slope for all plans, which is right for none. In the lower row the same slope for all
# plans is correct: both models learn it, and logistic regression is slightly better, since
# it has nothing else to fit.

BLUE, RUST, GREY = "#1c5d99", "#c1440e", "#777777"
MONTHS = np.linspace(0, 36, 73)
some = slice(0, 150)


def over_the_months(probability, table, plan):
    """Return the mean probability at each of MONTHS, if all rows had this plan."""
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
