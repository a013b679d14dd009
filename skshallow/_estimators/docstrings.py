"""Docstrings of the estimators' parameters and attributes, shared by all four classes."""

from __future__ import annotations

import inspect
import textwrap
from typing import TypeVar

Class = TypeVar("Class", bound=type)

PARAMETERS = {
    "hidden_units": """
hidden_units : int >= 1{or_sequence}, default=96
    Number of units in {each} hidden layer.{as_sequence}
""",
    "depth": """
depth : int >= 0 or None, default=None
    Number of hidden layers. 0 is the linear model, which has no use for `hidden_units`.
    None means 2, or the length of `hidden_units` if that is a sequence.
""",
    "residual": """
residual : bool, default=False
    Whether each hidden layer after the first adds its input to its output (a residual
    connection): ``A + g * f(A W + b)`` instead of ``f(A W + b)``. With them nets of 50
    layers train, since the gradient reaches the first layer whatever the layers between
    do to it. The gains `g`, one per unit, are learned and start at 0, so that each layer
    starts as if it were not there (Bachlechner et al. 2021, arXiv:2003.04887). All hidden
    layers must have the same number of units. Not used with fewer than two of them.
""",
    "normalization": """
normalization : {{"layer"}} or None, default=None
    What is done to the pre-activations ``A W + b`` of hidden layers. "layer" is layer
    normalisation (Ba, Kiros and Hinton 2016, arXiv:1607.06450): those of each row get mean
    0 and variance 1 over the units of the layer, then a learned scale and shift per unit.
    Layers need at least two units, better dozens. A training step takes longer, with
    layers of 32 units about two and a half times as long. Not used without hidden layers.
""",
    "activation": """
activation : str, Activation or sequence of them, default="relu"
    Activation function of the hidden layers: "identity", "step", "sigmoid", "tanh",
    "relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "silu", "softplus", "mish" or
    "maxout", or an instance from :mod:`skshallow.activations` with settings of its own.
    A sequence has one entry for each hidden layer.
""",
    "init": """
init : str or Initializer, default="auto"
    Initialisation of the weights: "auto" (chosen by the activation: He for ReLU and its
    variants, LeCun for selu and maxout, otherwise Glorot), "he_normal", "he_uniform",
    "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "normal", "uniform" or "zeros", or an instance from
    :mod:`skshallow.initializers`. The biases of hidden layers start at 0, those of the
    output layer at the best constant prediction.
""",
    "init_scale": """
init_scale : float >= 0, default=1.0
    Factor by which the initial weights are multiplied, for every `init`. Neither of the
    two has an effect on a call that continues from earlier weights.
""",
    "loss": """
loss : {losses}
    {loss_text}
""",
    "solver": """
solver : str or Solver, default="adam"
    Optimiser: "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw" or "lbfgs", or
    an instance from :mod:`skshallow.solvers`. "sgd" with ``batch_size=None`` and
    ``max_grad_norm=None`` is plain gradient descent; "lbfgs" always uses the whole training
    set in each step.
""",
    "learning_rate": """
learning_rate : float > 0 or "auto", default="auto"
    Initial learning rate, a number; `schedule` says how it changes. (In scikit-learn's
    MLP estimators `learning_rate` is the name of the schedule.) "auto" means the
    default of the solver: 0.1 for sgd, 0.01 for momentum and nesterov, 0.01 for adam and
    adamw, 0.001 for rmsprop.
""",
    "schedule": """
schedule : str or Schedule, default="auto"
    Learning rate schedule, by which `learning_rate` is multiplied: "constant",
    "inverse_scaling", "step", "cosine", "one_cycle" or "plateau", or an instance from
    :mod:`skshallow.schedules`. "auto" means "cosine" in `fit`, which decreases to 0 at
    `max_iter`, and "constant" in `partial_fit`, where the number of epochs is not known.
""",
    "n_members": """
n_members : int >= 1, default=1
    Number of networks in an ensemble. They are trained at the same time on the same
    batches, each with its own dropout masks and, unless `share_weights`, its own initial
    weights. The ensemble predicts the mean of their probabilities or predictions. It is
    more accurate and better calibrated than one network, and costs about `n_members` times
    as much, more where it trains for more epochs. With more than one member, weights and
    biases have a leading axis of members.
""",
    "share_weights": """
share_weights : bool, default=False
    Whether the members of an ensemble share the weights of hidden layers, as in
    BatchEnsemble (Wen, Tran and Ba, 2020, arXiv:2002.06715) and TabM (Gorishniy,
    Kotelnikov and Babenko, 2024, arXiv:2410.24210). Member ``m`` multiplies the shared
    matrix ``W`` of a layer by factors of its own, ``r_m[:, None] * W * s_m``, one per input
    and one per unit; those of the first layer's inputs start as random signs (with
    `monotonic_cst`, as 0.5 or 1.5), all others as 1. Biases and the output layer are each
    member's own. Solvers move ``W`` by the mean of the members' gradients ("lbfgs" by their
    sum); "sgd", "momentum" and "nesterov" diverge at lower learning rates than without
    factors. These have no penalty; `coefs_` has the products. Members that share weights
    cannot each hold out rows of their own (see `cross_fit`), so there are no out-of-fold
    predictions.
""",
    "alpha": """
alpha : float >= 0 or "auto", default="auto"
    Strength of the L2 penalty ``alpha/2 * sum(weights^2)``, which is added to the mean
    loss. It applies to the weights for standardised features (see `standardize`), not to
    the biases, and its effect does not depend on the batch size. "auto" penalises most
    where overfitting threatens most: with hidden layers, `fit` on n rows (without those
    held out) of p columns (without those that have no number) takes
    ``1/64 * min(p/10, 1) * min(256/n, 1) ** 1.5``, but at least 0.0005. That is also what
    linear models (``depth=0``) and `partial_fit` take.
""",
    "dropout": """
dropout : float in [0, 1) or "auto", default="auto"
    Fraction of the activations of each hidden layer that is set to 0 in each training
    step. It is multiplied by `schedule`, as the learning rate is: with a schedule that
    decreases to 0, training ends without dropout. "auto" means 0.15 if `fit` trains
    layers of at least 64 units on 256 to 51 199 training rows, without those held out, and
    in more than one batch per epoch, otherwise 0.
""",
    "max_grad_norm": """
max_grad_norm : float > 0, "auto" or None, default="auto"
    Gradient clipping: a gradient with a larger Euclidean norm is scaled down to this
    norm. None means no clipping. "auto" means 1 for sgd, momentum and nesterov with
    ``learning_rate="auto"``, which are then stable at every batch size, and None for the
    other solvers and for a learning rate of your own.
""",
    "average_weights": """
average_weights : bool or "auto", default="auto"
    Whether to average the weights over the training steps (Polyak-Ruppert averaging),
    with most of the weight on the latest steps (Shamir and Zhang 2013). The average is
    less noisy than the weights of the last step. The validation set is evaluated with
    it, and `fit` keeps it. "auto" averages in `fit` if the schedule ends at `max_iter`,
    as "cosine" does. `partial_fit` never averages.
""",
    "batch_size": """
batch_size : int >= 1, "auto" or None, default="auto"
    Rows per training step. "auto" means 128, from 25 600 training rows on 256, from
    51 200 on 512, from 204 800 on 1024, and from 819 200 on 2048; in `partial_fit`, and
    with "sgd", "momentum" and "nesterov", always 128. None means the whole training set (in
    Keras None means 32). Capped at the number of training rows.
""",
    "max_iter": """
max_iter : int >= 1 or "auto", default="auto"
    Maximum number of epochs (passes over all training rows), or of iterations for "lbfgs".
    "auto" means the largest of three numbers of epochs: those of about 1500 steps (400
    with a log loss and hidden layers of at least 32 units, which on few rows soon
    overfit), but at most 500;
    those of about 4000 steps of at most 128 rows, but at most 120; and those in which
    training sees 800 000 rows, or takes 2000 steps if that is longer (20 000 with "sgd",
    "momentum" and "nesterov"), but at most 40.
    `partial_fit` runs one epoch per call, and uses `max_iter` only for a schedule that ends
    there.
""",
    "shuffle": """
shuffle : bool, default=True
    Whether to shuffle the rows in each epoch.
""",
    "tol": """
tol : float >= 0, default=0.0001
    An epoch counts as an improvement if the loss is lower than the best so far (or the
    score higher) by more than `tol`. For "lbfgs": training has converged when no entry of
    the gradient is larger than `tol`. Not used in `partial_fit`.
""",
    "n_iter_no_change": """
n_iter_no_change : int >= 1, inf or "auto", default="auto"
    Training stops after this number of consecutive epochs without an improvement (see
    `tol`): of the validation loss or score with early stopping, otherwise of the training
    loss. With a schedule that ends at `max_iter`, such as "cosine", it does not stop at
    once, but the rest of the schedule passes in the next ``max_iter // 8`` epochs (a
    cooldown), after which it stops. inf means that this never stops training. "auto" means
    10 or, with a schedule that ends at `max_iter`, the number of epochs that take about
    1000 steps, if that is more. Without early stopping, "auto" means inf for such a
    schedule, which then runs to its end, and for "lbfgs", which has a stopping rule of its
    own, beside which a number acts as well. Not used in `partial_fit`.
""",
    "early_stopping": """
early_stopping : bool or "auto", default="auto"
    Whether to select the best epoch, and to decide when to stop, by the loss or score on
    a validation set instead of the training loss. The weights of the best epoch are
    restored. The validation set is `X_val`, `y_val` if `fit` is given them; otherwise a
    fraction `validation_fraction` of the rows is held out and not trained on. "auto"
    means True if `fit` is given `X_val` or at least 256 rows of which some can be held
    out (with `scoring`, some of each class), but False for "lbfgs" and in `partial_fit`,
    and where the scorer has no value on the validation rows because a class has none.
""",
    "cross_fit": """
cross_fit : bool or "auto", default="auto"
    Whether each of several members holds out a part of the rows of its own for early
    stopping (a fold), instead of all members the same rows. Then every row trains most
    members, each member keeps its own best epoch, and every row that is held out has a
    prediction by members that it did not train, `oof_prediction_`. The temperature comes
    from all of these. "auto" means True if `n_members` is above 1, unless there is
    `scoring` or a splitter as `validation_fraction`, or members share weights. With a
    splitter, member `m` has the training and validation rows of its split `m`, from the
    first again if there are fewer: with ``TimeSeriesSplit()`` the first ones train on few
    rows. A fit that continues from an earlier one has no `oof_prediction_`.
""",
    "validation_fraction": """
validation_fraction : float in (0, 1), splitter or "auto", default="auto"
    Fraction of the rows that early stopping holds out as the validation set, stratified
    by class. "auto" means 0.1 or, with `cross_fit`, one of as many folds as there are
    members, at least 8 and at most 10. Not used if `fit` is given `X_val` and `y_val`. With
    `groups` in `fit`, it is the fraction of the groups, each of which is held out as a
    whole; "auto" means at most as many folds as groups. Or a splitter of
    :mod:`sklearn.model_selection`, of which the last split is used: ``TimeSeriesSplit()``
    validates on the last rows, ``StratifiedGroupKFold()`` on groups stratified by class,
    ``PredefinedSplit(test_fold)`` on rows of your choice. Rows of weight 0 are left out
    before it splits.
""",
    "scoring": """
scoring : str, callable or None, default=None
    Scorer for the validation set, as in :func:`sklearn.model_selection.cross_validate`.
    Early stopping selects the epoch with the best score or, with None, with the lowest
    validation loss. The scorer is given sample weights if its metric, or the function, has
    a parameter `sample_weight`; with metadata routing, if ``set_score_request`` asks for
    them. An epoch whose predictions it refuses by a ValueError, such as those below -1 for
    "neg_mean_squared_log_error", has the score NaN and is never the best. If it refuses
    those of all epochs, its error is raised; ``early_stopping="auto"`` then keeps the
    weights of the last one, with a warning.
""",
    "standardize": """
standardize : bool, default=True
    Whether to standardise internally: features are centred and divided by their
    standard deviation (sparse ones implicitly, they stay sparse){and_target}. Sample
    weights count.{of_robust}
    With hidden layers and "rmsprop", "adam" or "adamw", standardised features are also
    multiplied by ``sqrt(n_units / n_features)``, at most 4, with the number of units of the
    first hidden layer. This layer then learns as fast as the others, because these
    solvers take steps of similar size for all weights. The two values of a binary
    column are then at most 3 standard deviations apart. Predictions, `coefs_` and
    `intercepts_` are in the original units of your data.
""",
    "clip_features": """
clip_features : bool, default=True
    Whether a net with hidden layers clips each feature to its range in training: beyond
    the smallest and largest values that it has seen, predictions are constant in this
    feature, instead of following the slope at the edge without bound. `partial_fit` and
    `warm_start` widen the range by the rows of each call. Without hidden layers there is
    no clipping: the net is the linear model everywhere.
""",
    "numeric_encoding": """
numeric_encoding : None, "piecewise_linear", "periodic", "auto" or sequence, default="auto"
    How numbers enter a network that `fit` starts. None means as they are.
    "piecewise_linear" adds features that tell where a number lies between the quantiles of
    its column: the range is cut into at most 8 pieces of about equally many rows, and the
    feature of a piece rises from 0 to 1 over this piece. With them the first layer bends
    where the numbers do; their weights start at 0 (Gorishniy et al. 2022,
    arXiv:2203.05556). "periodic" adds three learned curves of each number with more than
    two values, weighted sums of 16 cosines whose frequencies and phases are learned, too
    (Holzmueller et al. 2024, arXiv:2407.04491). A fit takes two to three times as long with
    them. Columns with a direction in `monotonic_cst` have none, and with them
    ``standardize=False`` is refused. Each piece and each curve has a row of its own in
    `coefs_[0]`. A sequence has an entry for each member. "auto" means
    "piecewise_linear" for networks that are not linear, with at least 256 rows that
    train, ``standardize=True`` and a solver that scales its steps ("adam", "adamw",
    "rmsprop"); otherwise None. All columns of more than two values share a piece per
    four rows that train, at most 256; there are no pieces if these are fewer than two
    for each column. Rows that train have a weight above 0 and are not held out: if
    early stopping holds out a tenth, `fit` needs 284 rows. With `cross_fit` all rows
    count, since each trains some of the members. `partial_fit` uses numbers as they are.
    With pieces or curves, rows of sparse tables are made dense, batch by batch: sparse
    tables of more than 1000 columns have none unless you ask for them.
""",
    "categorical_features": """
categorical_features : "auto", None, or array-like of str, int or bool, default="auto"
    Which columns of `X` are categories, by name, index or mask. "auto" means the columns
    of a data frame, a list or an array of objects that are strings, booleans, or of a
    dtype of categories or enumerations, whatever the other columns are; sparse columns and
    arrays of dtype bool are numbers. None means none. A category of two levels enters the
    network as one 0/1 column, one of up to 64 levels as a column per level (one-hot), and
    one of more levels as a vector of 8 numbers that is learned for each level (an
    embedding). Levels of fewer than 5 training rows share the vector of levels that were
    not seen in training. A missing value is a level of its own.
""",
    "monotonic_cst": """
monotonic_cst : array-like of int of shape (n_features,), dict or None, default=None
    Monotonic constraints on the features, as in
    :class:`~sklearn.ensemble.HistGradientBoosting{kind}`: {monotone_prediction} never
    decreases with a feature of 1, never increases with a feature of -1, and can do
    anything with one of 0. A dict has these numbers by the names of features; others are
    0. The signs of the weights guarantee the constraints, for all values of the other
    features. They need increasing activations: "identity", "step", "sigmoid", "tanh",
    "relu", "leaky_relu", "prelu", "elu", "selu", "softplus" or "maxout". Booleans can
    have them, True being above False; categories cannot{nor_classes}.
""",
    "dtype": """
dtype : {{"float32", "float64"}} or None, default=None
    Floating-point precision of training and prediction. None means the dtype of `X` if it
    is one of the two, otherwise float64.
""",
    "record_health": """
record_health : bool, default=True
    Whether to record `health_`, and to give a
    :class:`~skshallow.exceptions.DeadUnitsWarning` or
    :class:`~skshallow.exceptions.VanishingGradientWarning` if it shows a problem.
""",
    "warm_start": """
warm_start : bool, default=False
    Whether `fit` continues from the weights and the solver state of the previous call. On
    the same data, a call of `a` epochs and then one of `b` epochs give bit for bit the
    result of one call of `a + b` epochs, with two exceptions, which continue from the last
    weights but otherwise start anew: "lbfgs", and schedules that end at `max_iter`
    ("cosine", which is the default, and "one_cycle"). The last weights are those that the
    last call kept: with early stopping those of its best epoch, with averaging the averaged
    ones. Each call counts `n_iter_no_change` from 0. In each call early stopping draws the
    rows to hold out: with an int as `random_state` they are the same if the rows of `X` are
    the same; otherwise they are others, most of which the last call trained on.
""",
    "random_state": """
random_state : int, RandomState, Generator or None, default=None
    Determines the initial weights, the validation rows, the shuffling and the dropout
    masks. Pass an int for reproducible results. None draws from NumPy's global random
    state. A :class:`numpy.random.RandomState` or
    :class:`numpy.random.Generator` is advanced by each fit, so that the next one differs.
    With `warm_start`, and in later calls of `partial_fit`, random numbers continue where
    the last call ended: a new value then only determines which rows early stopping holds
    out.
""",
    "verbose": """
verbose : bool or int >= 0, default=False
    Whether to print one line per epoch. An int n prints one line every n epochs.
""",
    "class_weight": """
class_weight : dict, list of dict, "balanced" or None, default=None
    Weight of each class, multiplied by the sample weights; a class of weight 0 is treated
    as absent. "balanced" gives all classes the same total weight. For multilabel targets, a
    list with one dict per label.
""",
    "label_smoothing": """
label_smoothing : float in [0, 1) or "auto", default="auto"
    Fraction of each target that is distributed evenly over all classes, which makes
    the network less overconfident. "auto" means 0.05 if `fit` trains hidden layers by
    minibatches with the log loss. It means 0 for the linear model, for "lbfgs" and in
    `partial_fit`.
""",
    "temperature_scaling": """
temperature_scaling : bool or "auto", default="auto"
    Whether to calibrate the probabilities at the end of `fit`. The output layer is divided
    by one number, the temperature, that minimises the log loss on the validation set (Guo
    et al. 2017, arXiv:1706.04599). Predicted classes do not change. This needs
    `early_stopping` or `X_val`. One row whose target is the same for every class is added
    to the validation set: otherwise a validation set without errors would make the
    probabilities overconfident. The validation loss of each epoch is then computed with the
    best temperature for this epoch (Berta et al. 2025, arXiv:2501.19195). "auto" means True
    with early stopping and the log loss.
""",
}

ATTRIBUTES = """
theta_ : ndarray of shape (n_parameters,)
    All parameters in one vector; the weights are for standardised features (see
    `standardize`).
network_ : Network
    The layers, and the position of their parameters in `theta_`.
coefs_ : list of ndarray of shape (n_inputs, n_units)
    Weights of each layer, in the original units of your data, for features that were
    clipped as `clip_features` says. If `n_members` is above 1, of shape (n_members,
    n_inputs, n_units).
intercepts_ : list of ndarray of shape (n_units,)
    Biases of each layer, in the original units of your data. If `n_members` is above 1,
    of shape (n_members, n_units).{of_ordered}
{of_deep}loss_ : float
    The training objective, as in `loss_curve_`, of the epoch whose weights were kept.
best_loss_ : float
    The smallest value in `loss_curve_`, also with `early_stopping`.
loss_curve_ : ndarray of shape (n_iter_,)
    Training objective of each epoch: the mean loss over its steps, with
    {smoothing}dropout and weights as in training, plus the L2 penalty at the end of
    the epoch.{target_units}
learning_rate_curve_ : ndarray of shape (n_iter_,)
    The learning rate of the last step of each epoch; NaN for "lbfgs".
validation_loss_curve_ : ndarray of shape (n_iter_,) or (0,)
    Mean loss on the validation set after each epoch, without dropout, label smoothing or
    penalty. Empty without a validation set. If only some of several calls had one, the
    epochs of the others are NaN.{of_temperature}
validation_scores_ : ndarray of shape (n_iter_,) or (0,)
    Score on the validation set after each epoch, NaN where there is none. Empty without
    `scoring`, with NaN as in `validation_loss_curve_`.
best_validation_score_ : float
    The best of `validation_scores_`. Only if there are `scoring` and a validation set.
health_ : dict of str to ndarray
    Diagnostics of the layers on at most 256 training rows, recorded in the first epoch, in
    the last planned one and in some between; "epoch" (n_records,) has their numbers.
    For each hidden layer (n_records, n_hidden_layers): "dead" is the fraction of units
    whose gradient is 0 for every row; "zero" is the fraction of outputs that are 0;
    "saturated" is the fraction of outputs that are not 0 and have a derivative of the
    activation below 0.01. For each layer (n_records, n_layers): "gradient_norm" is the
    norm of the gradient of the loss without penalty, by the weights and, of residual
    layers, the gains; "update_ratio" is the norm of the
    last step of the epoch divided by the norm of the weights. Without `record_health`
    all arrays are empty.
resolved_params_ : dict of str to object
    The values that this fit used for the parameters that can be "auto": `init` (one
    initializer per layer), `learning_rate`, `schedule`, `alpha`, `dropout`,
    `max_grad_norm`, `average_weights`, `batch_size`, `max_iter`, `n_iter_no_change`,
    `early_stopping`, `cross_fit`, `numeric_encoding` (one entry per member),
    `validation_fraction` (of a splitter its text), `dtype`, `categorical_features` (their
    names or indices){of_classifiers}. None if the fit did not use the
    parameter, such as `dropout` with "lbfgs", or `init` in a call that continued from
    earlier weights (or, for `max_grad_norm`, did not clip). Empty for a network from
    `from_weights`.
best_iter_ : int
    The epoch with the best validation loss or score if `early_stopping`, otherwise with
    the lowest training loss, counted from 1. With `cross_fit` each member has its own:
    the last of these.
oof_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    Out-of-fold prediction of each row of `X`, by the members that it validated:
    {oof}. Where splits overlap, by those of the last
    split that has it. NaN for rows that validated no member. Standardisation and first
    biases come from all rows. Only if `fit` used `cross_fit`.
n_iter_ : int
    Number of epochs so far, including those of earlier calls that this one continued.
t_ : int
    Number of training rows, summed over these epochs. It does not count rows that have a
    weight of 0, or that were held out from all members.
n_layers_ : int
    Number of layers, with the input layer and the output layer.
n_features_in_ : int
    Number of features.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Names of the features. Only if `X` has column names that are all strings.
n_missing_ : ndarray of shape (n_features_in_,)
    Number of missing values of each column of `X`, without rows of weight 0, in the fit
    that learned what the columns are: the first one with `warm_start`, the first part with
    `partial_fit`. A missing number takes the mean of its column over the training rows, and
    each of its pieces takes the mean of that piece; an indicator says where. Missing
    categories are a level of their own. A column of numbers that are missing in all
    training rows is left out: its values have no effect.
encoded_feature_names_ : ndarray of shape (n_inputs,)
    Names of the features that enter the first layer, the rows of `coefs_[0]`: numbers,
    their missing-value indicators, one-hot encoded categories, the pieces of numbers
    (`x0_piece0`, see `numeric_encoding`), their learned curves (`x0_periodic0`),
    embeddings.
n_outputs_ : int
    Number of units in the output layer; for some losses a multiple of the number of
    targets.
out_activation_ : str
    What maps the output layer to predictions, in the names of scikit-learn: {out_names}
{own_attributes}
"""

_CLASSIFIER = {
    "losses": 'str or Loss, default="log_loss"',
    "loss_text": '"log_loss" (cross-entropy), "squared_error" of the probabilities\n'
    '    (Brier score), or "ordinal" for ordered classes: proportional odds, that is, one\n'
    "    number per row is compared with ordered thresholds. The order is that of\n"
    "    `classes_`, which are sorted, or of the categories if `y` is an ordered\n"
    "    Categorical of pandas, an Enum of polars or an ordered dictionary of Arrow. For\n"
    "    two classes, and for several labels, it is the log loss.",
    "and_target": "",
    "of_robust": "",
    "kind": "Classifier",
    "monotone_prediction": "the\n    probability of the second class, or of each label,",
    "nor_classes": ",\n    nor can classifiers of more than two classes",
    "smoothing": "label smoothing, ",
    "of_temperature": " With `temperature_scaling` it is the log loss at the\n"
    "    best temperature of each epoch, with labels smoothed as if by one more row.",
    "of_ordered": ' With ``loss="ordinal"`` the last has the thresholds\n'
    "    with a minus, one less than classes, for one column of weights.",
    "target_units": "",
    "oof": "the probability of each class",
    "of_classifiers": ", `label_smoothing` and\n    `temperature_scaling`",
    "out_names": '"logistic"\n'
    '    for two classes or several labels, "softmax" for more classes. Only if the loss\n'
    '    is not "ordinal" with more than two.',
    "own_attributes": "temperature_ : float\n"
    "    The temperature that the output layer was divided by; above 1 if the network was\n"
    "    overconfident. Only if `fit` used `temperature_scaling`.",
}
_REGRESSOR = {
    "losses": 'str or Loss, default="squared_error"',
    "loss_text": '"squared_error", "absolute_error", "huber", "quantile", "poisson",\n'
    '    "gamma" or "gaussian", or an instance from :mod:`skshallow.losses` with settings\n'
    "    of its own, such as ``Quantile(0.9)``. Poisson and gamma have a log link: they\n"
    "    predict the exponential of the output. The Gaussian loss learns a mean and a\n"
    "    standard deviation, ``Quantile([0.05, 0.5, 0.95])`` several quantiles. These\n"
    "    losses have several output units per target: first the means of all targets,\n"
    "    then the logarithms of all standard deviations; or first the lowest quantile of\n"
    "    all targets, then the next.",
    "and_target": ", and\n    so is the target if the loss allows it",
    "of_robust": " For absolute error,\n"
    "    huber and quantile, targets are centred by their median and scaled by 1.4826\n"
    "    times their median absolute deviation, which outliers do not move; where that\n"
    "    is 0, the median is over the targets that differ from theirs.",
    "kind": "Regressor",
    "monotone_prediction": "the prediction",
    "nor_classes": "",
    "smoothing": "",
    "of_temperature": "",
    "of_ordered": "",
    "target_units": " In units of the standardised target.",
    "oof": "what `predict` returns",
    "of_classifiers": "",
    "out_names": '"identity",\n'
    '    or "exp" for "poisson" and "gamma". Only if each target has one output: not for\n'
    '    "gaussian" and several quantiles.',
    "own_attributes": "dispersion_ : ndarray of shape (n_targets,)\n"
    "    The variance divided by the squared mean, for each target. Only if `loss` is\n"
    '    "gamma".',
}
_SHALLOW = {"or_sequence": "", "each": "the", "as_sequence": "", "of_deep": ""}
_DEEP = {
    "or_sequence": " or sequence of int",
    "each": "every",
    "as_sequence": " A sequence has one entry for each hidden layer.",
    "of_deep": "residual_gains_ : list of ndarray of shape (n_units,)\n"
    "    Gains of each hidden layer after the first, with a leading axis of members if\n"
    "    `n_members` is above 1. Only if `residual`.\n"
    "norm_scales_ : list of ndarray of shape (n_units,)\n"
    "    Scales of the normalised pre-activations of each hidden layer, of a maxout layer\n"
    "    one per piece of a unit, with a leading axis of members as `residual_gains_`.\n"
    '    Only if `normalization` is "layer".\n'
    "norm_shifts_ : list of ndarray of shape (n_units,)\n"
    "    Their shifts, of the shapes of `norm_scales_`. Only if `normalization` is\n"
    '    "layer".\n',
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
