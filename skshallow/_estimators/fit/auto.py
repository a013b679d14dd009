"""What "auto" means, for each parameter of a fit that can be "auto"."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse

from skshallow._estimators.checks.hyperparameters import PERIODIC, PIECEWISE_LINEAR, is_auto
from skshallow._estimators.fit.components import Components
from skshallow.engine.state import Plan
from skshallow.losses import CLASSIFICATION_LOSSES, Loss

# What "auto" means, tuned on tables of 300 to 1 000 000 rows: small ones need a number of
# steps, middling ones a number of rows seen, and large ones steps again.
AUTO_BATCH_SIZES = {0: 128, 25_600: 256, 51_200: 512, 204_800: 1024, 819_200: 2048}
AUTO_STEPS_OF_SMALL, AUTO_EPOCHS_OF_SMALL = 1500, 500  # steps, in at most how many epochs
AUTO_STEPS_OF_LOG_LOSS = 400  # instead of 1500, of networks that soon overfit:
AUTO_OVERFITTING_UNITS = 32  # those with at least so many units in each hidden layer
AUTO_STEPS, AUTO_EPOCHS = 4000, 120  # steps of at most the smallest batch size
# The larger of these numbers of rows seen and of steps, in at most how many epochs:
AUTO_ROWS, AUTO_STEPS_OF_LARGE, AUTO_EPOCHS_OF_LARGE = 800_000, 2000, 40
AUTO_STEPS_OF_UNSCALED = 20_000  # instead of 2000, of solvers that do not scale their steps
AUTO_ALPHA = 5e-4  # of linear models, of partial_fit, and the least of all others
AUTO_ALPHA_MOST = 1 / 64  # with at least so many columns and at most so many rows:
AUTO_ALPHA_COLUMNS, AUTO_ALPHA_ROWS = 10, 256
AUTO_DROPOUT = 0.15
AUTO_DROPOUT_ROWS = 256, 51_200  # with more, hardly a row is learned by heart
AUTO_DROPOUT_UNITS = 64  # in a narrow layer, dropout costs accuracy
# With fewer rows, a tenth of them is too noisy to select the best epoch.
AUTO_EARLY_STOPPING_ROWS = 256
AUTO_PATIENCE, AUTO_STEPS_OF_PATIENCE = 10, 1000  # epochs; steps if a schedule has an end
AUTO_VALIDATION_FRACTION = 0.1
ENCODINGS = None, PIECEWISE_LINEAR, PERIODIC  # of numbers
AUTO_PIECED_ROWS = 256  # with fewer, a piece has hardly enough of them to learn from
# Pieces of all columns; more take time on wide tables, and gain nothing.
AUTO_PIECES, AUTO_ROWS_PER_PIECE = 256, 4
AUTO_SPARSE_COLUMNS = 1000  # with pieces, rows of a sparse table are made dense
# Members that each hold out rows of their own: one fold of at least, and at most, so many.
AUTO_FOLDS = 8, 10
AUTO_SMOOTHING = 0.05
LOG_LOSSES = "log_loss", "ordinal"


def numeric_encodings(net: Any, components: Components, n_rows: int) -> list[str | None]:
    """Return how the numbers of a table enter each member; None means as they are.

    "auto" has pieces only where features are scaled (see `feature_gain`): unscaled, they
    would rule the numbers. Linear models stay linear.

    Raises
    ------
    ValueError
        If a sequence has other entries, or does not have one for each member.
    """
    choice, n_members = net.numeric_encoding, net.n_members
    if is_auto(choice):
        scales = net.standardize and components.solver.scale_free
        suits = n_rows >= AUTO_PIECED_ROWS and scales and components.bends
        choice = PIECEWISE_LINEAR if suits else None
    if choice is None or isinstance(choice, str):
        return [choice] * n_members
    unknown = [each for each in choice if each not in ENCODINGS]
    if unknown:
        raise ValueError(
            f"numeric_encoding has the entry {unknown[0]!r}. An entry is "
            f"{', '.join(map(repr, ENCODINGS[:-1]))} or {ENCODINGS[-1]!r}."
        )
    if len(choice) != n_members:
        raise ValueError(
            f"numeric_encoding has {len(choice)} entries, and n_members={n_members}. Give "
            "one entry for all members, or one for each."
        )
    return list(choice)


def most_pieces(net: Any, encodings: list[str | None], n_rows: int, X: Any) -> float:
    """Return how many pieces the numbers of the table X may have in all, to have any."""
    if PIECEWISE_LINEAR not in encodings:
        return 0
    if not is_auto(net.numeric_encoding):
        return math.inf
    if sparse.issparse(X) and X.shape[1] > AUTO_SPARSE_COLUMNS:
        return 0
    return min(n_rows // AUTO_ROWS_PER_PIECE, AUTO_PIECES)


def shares_weights(net: Any) -> bool:
    """Return whether members share the weights of hidden layers, if there are any."""
    return bool(net.share_weights and net.n_members > 1 and net._hidden_widths())


def cross_fits(net: Any) -> bool:
    """Return whether each member is to hold out rows of its own, if rows are held out.

    "auto" does so unless members share weights, a scorer judges the whole ensemble, or a
    splitter chooses rows.
    """
    if net.n_members == 1 or net.cross_fit != "auto":
        return net.n_members > 1 and bool(net.cross_fit)
    if shares_weights(net) or net.scoring is not None:
        return False
    return isinstance(net.validation_fraction, str | Real)


def validation_fraction(net: Any) -> Any:
    """Return the fraction of the rows to hold out for each network, or a splitter."""
    if net.validation_fraction != "auto":
        return net.validation_fraction
    if not cross_fits(net):
        return AUTO_VALIDATION_FRACTION
    fewest, most = AUTO_FOLDS
    return 1 / min(max(net.n_members, fewest), most)


def auto_batch_size(n_training: int, components: Components, incremental: bool) -> int:
    """Return the number of rows of a step, larger for large tables.

    Parts of a table tell nothing about the size of the whole. A solver that does not scale
    its steps needs many.
    """
    grows = components.solver.scale_free and not incremental
    n_rows = n_training if grows else 0
    return max(size for least, size in AUTO_BATCH_SIZES.items() if n_rows >= least)


def auto_max_iter(
    n_training: int, batch_size: int, components: Components, loss: Loss
) -> int:
    """Return the number of epochs; see the parameter `max_iter` in `docstrings`."""
    steps_per_epoch = math.ceil(n_training / batch_size)
    small = AUTO_STEPS_OF_SMALL
    is_wide = min(components.hidden_units, default=0) >= AUTO_OVERFITTING_UNITS
    if is_wide and _becomes_overconfident(components, loss):
        small = AUTO_STEPS_OF_LOG_LOSS
    by_small_batches = math.ceil(n_training / min(batch_size, AUTO_BATCH_SIZES[0]))
    is_scaled = components.solver.scale_free
    large = AUTO_STEPS_OF_LARGE if is_scaled else AUTO_STEPS_OF_UNSCALED
    of_large = max(AUTO_ROWS // n_training, math.ceil(large / steps_per_epoch))
    return max(
        min(small // steps_per_epoch, AUTO_EPOCHS_OF_SMALL),
        min(AUTO_STEPS // by_small_batches, AUTO_EPOCHS),
        min(of_large, AUTO_EPOCHS_OF_LARGE),
    )


def penalty(
    choice: Any,
    components: Components,
    n_training: int,
    n_columns: int,
    incremental: bool,
) -> float:
    """Return the strength of the L2 penalty.

    "auto" falls as rows are added, which are harder to fit by chance. It falls with fewer
    columns as well: a smooth function of one or two needs large weights. Below a number
    of rows it is constant, so that a row of weight two equals two rows.
    """
    if choice != "auto":
        return float(choice)
    if incremental or not components.hidden_units:
        return AUTO_ALPHA
    of_columns = min(n_columns / AUTO_ALPHA_COLUMNS, 1)
    of_rows = min(AUTO_ALPHA_ROWS / n_training, 1) ** 1.5
    return max(AUTO_ALPHA_MOST * of_columns * of_rows, AUTO_ALPHA)


def averages_weights(choice: Any, components: Components, incremental: bool) -> bool:
    """Return whether to average the weights over the steps.

    "auto" averages if the schedule ends at `max_iter`.
    """
    if incremental or not components.solver.stochastic:
        return False
    return components.schedule.needs_end if choice == "auto" else bool(choice)


def dropout_rate(
    choice: Any, components: Components, n_rows: int, batch_size: int, incremental: bool
) -> float:
    """Return the dropout rate; for "auto", see the parameter `dropout` in `docstrings`."""
    if choice != "auto":
        return float(choice)
    wide = min(components.hidden_units, default=0) >= AUTO_DROPOUT_UNITS
    fewest, most = AUTO_DROPOUT_ROWS
    suits = fewest <= n_rows < most and n_rows > batch_size
    return AUTO_DROPOUT if wide and suits and not incremental else 0.0


def patience_of(choice: Any, plan: Plan, n_training: int, early_stopping: bool) -> float:
    """Return after how many epochs without improvement training, or its cooldown, ends.

    "auto" lets a schedule that ends at `max_iter` wait longer: at the high learning rates
    before, the loss often does not improve for many epochs. Without early stopping it runs
    to its end, as the training loss improves most at the low rates there. L-BFGS has its
    own convergence test, so that it needs a patience only for early stopping.
    """
    if choice != "auto":
        return choice
    if not plan.solver.stochastic:
        return AUTO_PATIENCE if early_stopping else np.inf
    if not plan.schedule.needs_end:
        return AUTO_PATIENCE
    steps_per_epoch = math.ceil(n_training / plan.batch_size)
    patience = max(AUTO_PATIENCE, AUTO_STEPS_OF_PATIENCE // steps_per_epoch)
    return patience if early_stopping else np.inf


def label_smoothing(
    net: Any, components: Components, loss: Loss, incremental: bool
) -> float:
    """Return the label smoothing; 0 for regressors.

    "auto" smooths where the network would become overconfident.
    """
    choice = getattr(net, "label_smoothing", 0.0)
    if choice != "auto":
        return float(choice)
    certain = _becomes_overconfident(components, loss)
    return AUTO_SMOOTHING if certain and not incremental else 0.0


def is_calibrated(net: Any, loss: Loss, early_stopping: bool, validates: bool) -> bool:
    """Return whether temperature scaling is used; False for regressors."""
    choice = getattr(net, "temperature_scaling", False)
    if choice == "auto":
        return early_stopping and _is_log_loss(loss)
    return bool(choice) and validates


def _becomes_overconfident(components: Components, loss: Loss) -> bool:
    """Return whether there are hidden layers, trained by minibatches with the log loss."""
    is_trained_long = bool(components.hidden_units) and components.solver.stochastic
    return is_trained_long and _is_log_loss(loss)


def _is_log_loss(loss: Loss) -> bool:
    """Return whether it is a log loss, by name or as an instance, in any of its forms.

    That of ordered classes is one.
    """
    return any(type(loss) in CLASSIFICATION_LOSSES[name].values() for name in LOG_LOSSES)
