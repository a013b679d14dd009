"""The estimators' shared documentation, written once and filled into each class."""

from __future__ import annotations

import inspect
import textwrap
from typing import TypeVar

Class = TypeVar("Class", bound=type)

PARAMETERS = {
    "hidden_units": """
hidden_units : int{or_sequence}, default=96
    Units of {each} hidden layer.{as_sequence}
""",
    "depth": """
depth : int, default=None
    Number of hidden layers. 0 is the linear model. None means 2, or the length of
    `hidden_units` if that is a sequence.
""",
    "activation": """
activation : str, Activation or sequence of them, default="relu"
    What follows each hidden layer's affine map: "identity", "step", "sigmoid",
    "tanh", "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus",
    "mish" or "maxout", or an instance from :mod:`skshallow.activations` with settings
    of its own. A sequence gives one to each hidden layer.
""",
    "init": """
init : str or Initializer, default="auto"
    Where the weights start: "auto" (the law that fits the activation: He for
    rectifiers, LeCun for selu and maxout, else Glorot), "he_normal", "he_uniform",
    "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "normal", "uniform" or "zeros", or an instance from
    :mod:`skshallow.initializers`. Hidden biases start at 0, output biases at the best
    constant prediction.
""",
    "init_scale": """
init_scale : float, default=1.0
    Multiplies the starting weights, whatever `init`.
""",
    "loss": """
loss : {losses}
    {loss_text}
""",
    "solver": """
solver : str or Solver, default="adam"
    "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw" or "lbfgs", or an
    instance from :mod:`skshallow.solvers`. "sgd" with ``batch_size=None`` and
    ``max_grad_norm=None`` is plain gradient descent; "lbfgs" always takes the whole
    training set.
""",
    "learning_rate": """
learning_rate : float or "auto", default="auto"
    Size of the steps, multiplied by `schedule`. "auto" means the solver's own: 0.1 for
    sgd, 0.01 for momentum and nesterov, 0.01 for adam and adamw, 0.001 for rmsprop.
""",
    "schedule": """
schedule : str or Schedule, default="auto"
    How the learning rate changes over the epochs: "constant", "inverse_scaling",
    "step", "cosine", "one_cycle" or "plateau", or an instance from
    :mod:`skshallow.schedules`. "auto" means "cosine" in `fit`, down to 0 at
    `max_iter`, and "constant" in `partial_fit`, which has no end.
""",
    "n_members": """
n_members : int, default=1
    Nets that are trained at once, on the same batches, each with a start and dropped
    units of its own. They predict by the mean of their probabilities or predictions:
    more accurate and better calibrated than one, for less than their number times its
    cost. Of several, weights and biases have a leading axis of members.
""",
    "alpha": """
alpha : float, default=0.0005
    Strength of the L2 penalty ``alpha/2 * sum(weights^2)`` on the mean loss, for the
    weights in the units that the net works in, see `standardize`. It means the same at
    every batch size.
""",
    "dropout": """
dropout : float or "auto", default="auto"
    Share of each hidden layer's activations that each training step drops, multiplied
    by `schedule` as the learning rate is: where that falls to 0, training ends without.
    "auto" means 0.15 where `fit` trains layers of at least 64 units on at least 256 rows
    in several batches, else 0.
""",
    "max_grad_norm": """
max_grad_norm : float, "auto" or None, default="auto"
    Gradients longer than this are scaled down to it. None leaves them. "auto" means 1
    for sgd, momentum and nesterov with ``learning_rate="auto"``, which then are stable
    at every batch size, and None for other solvers and for a rate of your own.
""",
    "average": """
average : bool or "auto", default="auto"
    Whether an epoch ends at the average of the weights over the steps so far, the late
    ones above all (Shamir and Zhang 2013), which is less noisy than the last step's.
    Validation judges that average, and `fit` keeps it. "auto" averages in `fit` where
    the schedule ends at `max_iter`, as "cosine" does. `partial_fit` never averages.
""",
    "batch_size": """
batch_size : int, "auto" or None, default="auto"
    Rows a step. "auto" means 128, None the whole training set; both end at the
    number of rows.
""",
    "max_iter": """
max_iter : int or "auto", default="auto"
    Epochs, each a pass over all rows; iterations for "lbfgs". "auto" means as many as
    make about 1500 steps, in at most 500 epochs, or 4000 steps, in at most 120,
    whichever is more, and at least 40.
""",
    "shuffle": """
shuffle : bool, default=True
    Whether each epoch takes the rows in a new order.
""",
    "tol": """
tol : float, default=0.0001
    An epoch improves if it lowers the best loss (or raises the best score) by more
    than this. For "lbfgs": the largest gradient entry at which it has converged.
""",
    "n_iter_no_change": """
n_iter_no_change : int, inf or "auto", default="auto"
    Training stops after this many epochs in a row without improvement of the
    validation or, without early stopping, of the training loss. "auto" means 10, but
    lets a schedule that ends at `max_iter` run to its end, where early stopping only
    picks the best epoch, and L-BFGS without early stopping to its own.
""",
    "early_stopping": """
early_stopping : bool or "auto", default="auto"
    Whether validation data, not the training loss, decide which epoch is the best and
    when to stop. The weights of the best epoch are restored. "auto" does so if `fit` is
    given `X_val` or at least 256 rows, but not for "lbfgs" nor in `partial_fit`.
""",
    "validation_fraction": """
validation_fraction : float, default=0.1
    Share of the training rows that early stopping holds out, stratified by class,
    unless `fit` is given `X_val` and `y_val`.
""",
    "scoring": """
scoring : str or callable, default=None
    Scorer for the validation data, as in :func:`sklearn.model_selection.cross_validate`.
    None judges by the loss.
""",
    "standardize": """
standardize : bool, default=True
    Whether the net works in standard units: features centred and scaled (sparse ones
    only scaled), {and_target}all weighted.{of_robust}
    For "rmsprop", "adam" and "adamw", whose steps are of one size, and hidden layers,
    features are ``sqrt(n_units / n_features)`` times larger, at most 4, so that the first
    layer learns at the pace of the others; and the two values of a column that has no
    third are at most 3 deviations apart. Predictions, `coefs_` and `intercepts_` stay in
    your units.
""",
    "dtype": """
dtype : {{"float32", "float64"}}, default=None
    Precision to compute in. None means that of `X`, if it is one of the two, else
    float64.
""",
    "record_health": """
record_health : bool, default=True
    Whether `health_` is recorded, and a :class:`~skshallow.exceptions.DeadUnitsWarning`
    or :class:`~skshallow.exceptions.VanishingGradientWarning` given where it is bad.
""",
    "warm_start": """
warm_start : bool, default=False
    Whether `fit` goes on from the weights and the solver's state of the last one. On
    the same data, fits of `a` and `b` epochs then equal one of `a + b`, bit by bit, for
    every solver but "lbfgs" and every schedule that knows no end; "lbfgs" and schedules
    with an end ("cosine", which "auto" means, and "one_cycle") begin anew from the
    weights. Each fit counts `n_iter_no_change` from 0, and early stopping goes on from
    the best epoch.
""",
    "random_state": """
random_state : int, RandomState instance or None, default=None
    Fixes the starting weights, the held-out rows, the order of the rows and the
    dropped units.
""",
    "verbose": """
verbose : bool or int, default=False
    Print a line an epoch, or one every so many epochs.
""",
    "class_weight": """
class_weight : dict, list of dict, "balanced" or None, default=None
    Weights of the classes, multiplied into the sample weights. "balanced" makes all
    classes weigh the same. For several labels, one dict a label.
""",
    "label_smoothing": """
label_smoothing : float or "auto", default="auto"
    Share of each target that is spread evenly over all classes. "auto" means 0.05 where
    `fit` trains hidden layers by minibatches for the log loss, which few rows would else
    make certain; for the linear model, "lbfgs" and in `partial_fit` it means 0.
""",
    "temperature_scaling": """
temperature_scaling : bool or "auto", default="auto"
    Whether to calibrate probabilities on the validation data at the end of `fit`, which
    then needs `early_stopping` or `X_val`: the output layer is divided by the
    temperature of least log loss (Guo et al. 2017, arXiv:1706.04599), as if there was
    one row more, of every class in equal shares. Decisions stay as they are. The
    validation loss is then that at its own best temperature in every epoch (Berta et al.
    2025, arXiv:2501.19195). "auto" does so with early stopping and the log loss.
""",
}

ATTRIBUTES = """
theta_ : ndarray of shape (n_parameters,)
    All parameters in one vector, in the units that the net works in.
network_ : Network
    The layers, and where their parameters lie in `theta_`.
coefs_ : list of ndarray of shape (n_inputs, n_units)
    Weights of each layer, in your units; with `n_members` (n_members, n_inputs, n_units).
intercepts_ : list of ndarray of shape (n_units,)
    Biases of each layer, in your units; with `n_members` (n_members, n_units).
loss_ : float
    The objective, on the training data, at the epoch whose weights were kept.
loss_curve_ : ndarray of shape (n_iter_,)
    The objective of each epoch: the mean loss over its steps, plus the penalty at its
    end. A regressor's is in standard units of the target.
learning_rate_curve_ : ndarray of shape (n_iter_,)
    The learning rate that each epoch ended with; NaN for "lbfgs".
validation_loss_curve_ : ndarray of shape (n_iter_,) or (0,)
    Mean loss on the validation data, without penalty; empty without validation, NaN for
    calls without it among others that had it.
validation_scores_ : ndarray of shape (n_iter_,) or (0,)
    Score on the validation data; empty without `scoring`, or NaN likewise.
health_ : dict of str to ndarray
    What the layers did, at the epochs that "epoch" (n_records,) counts: the first, the
    last planned, and every few between, on at most 256 training rows. "dead": share of
    units that no row's gradient reaches; "zero": share of outputs that are 0;
    "saturated": share of outputs that are not 0 and have a slope below 0.01
    (n_records, n_hidden_layers); "gradient_norm", of the loss without penalty, and
    "update_ratio", the length of the epoch's last step over that of the weights
    (n_records, n_layers). Without `record_health` there are no records.
resolved_params_ : dict of str to object
    What the parameters that can be "auto" came to in this fit: `init` (one initializer per
    layer), `learning_rate`, `schedule`, `dropout`, `max_grad_norm`, `average`,
    `batch_size`, `max_iter`, `n_iter_no_change`, `early_stopping`,
    `dtype`{of_classifiers}. Empty for a net from given weights.
best_iter_ : int
    The epoch with the best validation if `early_stopping`, else with the least training
    loss, counted from 1.
n_iter_ : int
    Epochs run so far, earlier calls that this one went on from included.
n_features_in_ : int
    Number of features.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Names of the features, if all are strings.
n_outputs_ : int
    Width of the output layer, a multiple of the number of targets for some losses.
"""

_CLASSIFIER = {
    "losses": 'str or Loss, default="log_loss"',
    "loss_text": '"log_loss", or "squared_error" on the probabilities.',
    "and_target": "",
    "of_robust": "",
    "of_classifiers": ",\n    `label_smoothing` and `temperature_scaling`",
}
_REGRESSOR = {
    "losses": 'str or Loss, default="squared_error"',
    "loss_text": '"squared_error", "absolute_error", "huber", "quantile", "poisson",\n'
    '    "gamma" or "gaussian", or an instance from :mod:`skshallow.losses` with settings\n'
    "    of its own, such as ``Quantile(0.9)``. Poisson and gamma predict through an\n"
    "    exponential. The Gaussian loss learns a mean and a scale, ``Quantile([0.05, 0.5,\n"
    "    0.95])`` several quantiles; these take as many output units a target, parameter\n"
    "    by parameter: the means of all targets, then the logarithms of all scales; the\n"
    "    first quantile of all targets, then the second.",
    "and_target": "the target\n    too, as far as its loss allows, ",
    "of_robust": " For absolute error,\n"
    "    huber and quantile, targets are centred by their median and scaled by 1.4826\n"
    "    times their median absolute deviation, which outliers do not move.",
    "of_classifiers": "",
}
_SHALLOW = {"or_sequence": "", "each": "the", "as_sequence": ""}
_DEEP = {
    "or_sequence": " or sequence of int",
    "each": "every",
    "as_sequence": " A sequence gives one width to each.",
}


def documented(cls: Class) -> Class:
    """Fill ``{parameters}`` and ``{attributes}`` in the docstring of an estimator."""
    names = list(inspect.signature(cls).parameters)
    words = _CLASSIFIER if "class_weight" in names else _REGRESSOR
    words = words | (_DEEP if "depth" in names else _SHALLOW)
    entries = "".join(
        entry.lstrip("\n").format(**words)
        for name, entry in PARAMETERS.items()
        if name in names
    )
    sections = {
        "parameters": "Parameters\n----------\n" + entries.rstrip("\n"),
        "attributes": "Attributes\n----------\n" + ATTRIBUTES.strip("\n").format(**words),
    }
    text = inspect.getdoc(cls) or ""
    for name, section in sections.items():
        text = text.replace("{" + name + "}", section)
    cls.__doc__ = textwrap.dedent(text)
    return cls
