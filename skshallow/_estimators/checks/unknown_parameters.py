"""Advice for unknown parameters and values: what to write instead.

The names in MLPClassifier, Keras, PyTorch, skorch, XGBoost and LightGBM are in
tables; a name that is in none is compared with the valid ones, for it may be misspelt.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type)

_SOLVER = "a setting of the solver"
_MAX_ITER = "max_iter, the number of epochs"
_RANDOM_STATE = "random_state"
_PATIENCE = "n_iter_no_change, in epochs"
_DEPTH = "depth, the number of hidden layers of the deep estimators"
# What other libraries' parameters are called here, with what is to be known about it.
PARAMETERS = {
    # MLPClassifier and MLPRegressor
    "hidden_layer_sizes": "hidden_units",
    "learning_rate_init": "learning_rate",
    "momentum": f"{_SOLVER}: solver=Nesterov(momentum=0.9) (from skshallow.solvers)",
    "nesterovs_momentum": "the solver: solver='nesterov', or 'momentum' for False",
    "power_t": "schedule=InverseScaling(power=0.5) (from skshallow.schedules)",
    "beta_1": f"{_SOLVER}: solver=Adam(beta_1=0.9) (from skshallow.solvers)",
    "beta_2": f"{_SOLVER}: solver=Adam(beta_2=0.99) (from skshallow.solvers)",
    "epsilon": f"{_SOLVER}: solver=Adam(epsilon=1e-8) (from skshallow.solvers)",
    "max_fun": f"{_SOLVER}: solver=LBFGS(max_line_search=50) (from skshallow.solvers)",
    # Keras, PyTorch, skorch
    "lr": "learning_rate",
    "eta": "learning_rate",
    "epochs": _MAX_ITER,
    "n_epochs": _MAX_ITER,
    "num_epochs": _MAX_ITER,
    "max_epochs": _MAX_ITER,
    "hidden_layers": "hidden_units",
    "hidden_sizes": "hidden_units",
    "hidden_size": "hidden_units",
    "hidden_dim": "hidden_units",
    "layers": "hidden_units",
    "units": "hidden_units",
    "n_hidden": "hidden_units",
    "n_layers": _DEPTH,
    "num_layers": _DEPTH,
    "optimizer": "solver",
    "optimiser": "solver",
    "batch": "batch_size",
    "minibatch_size": "batch_size",
    "weight_decay": "alpha, the strength of the L2 penalty, or for decoupled weight decay "
    "solver=AdamW(weight_decay=0.01) (from skshallow.solvers)",
    "l2": "alpha, the strength of the L2 penalty",
    "reg_lambda": "alpha, the strength of the L2 penalty",
    "criterion": "loss",
    "objective": "loss",
    "loss_function": "loss",
    "dropout_rate": "dropout",
    "scheduler": "schedule",
    "lr_scheduler": "schedule",
    "clipnorm": "max_grad_norm",
    "gradient_clip_val": "max_grad_norm",
    "kernel_initializer": "init",
    "activation_function": "activation",
    "validation_split": "validation_fraction",
    "metrics": "scoring",
    "average": "average_weights, over the training steps",
    # gradient boosting and others
    "n_estimators": "max_iter for the number of epochs, or n_members for an ensemble",
    "num_iterations": _MAX_ITER,
    "patience": _PATIENCE,
    "early_stopping_rounds": _PATIENCE,
    "n_ensemble": "n_members",
    "random_seed": _RANDOM_STATE,
    "seed": _RANDOM_STATE,
    "standardise": "standardize",
    "normalize": "standardize",
    "cat_features": "categorical_features",
    "categorical_feature": "categorical_features",
}
_CROSS_ENTROPIES = (
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "binary_crossentropy",
    "binary_cross_entropy",
    "cross_entropy",
    "crossentropy",
    "bce",
    "nll",
    "logistic",
)
# What other libraries' values are here: for each parameter and value the parameter to set,
# and its value.
VALUES: dict[str, dict[str, tuple[str, Any]]] = {
    "activation": {
        "logistic": ("activation", "sigmoid"),
        "swish": ("activation", "silu"),
        "linear": ("activation", "identity"),
        "heaviside": ("activation", "step"),
    },
    "init": {
        "xavier": ("init", "glorot_uniform"),
        "xavier_uniform": ("init", "glorot_uniform"),
        "xavier_normal": ("init", "glorot_normal"),
        "kaiming": ("init", "he_normal"),
        "kaiming_uniform": ("init", "he_uniform"),
        "kaiming_normal": ("init", "he_normal"),
    },
    "learning_rate": {
        "constant": ("schedule", "constant"),
        "invscaling": ("schedule", "inverse_scaling"),
        "adaptive": ("schedule", "plateau"),
    },
    "loss": {
        **dict.fromkeys(_CROSS_ENTROPIES, ("loss", "log_loss")),
        "mse": ("loss", "squared_error"),
        "mean_squared_error": ("loss", "squared_error"),
        "l2": ("loss", "squared_error"),
        "brier": ("loss", "squared_error"),
        "mae": ("loss", "absolute_error"),
        "mean_absolute_error": ("loss", "absolute_error"),
        "l1": ("loss", "absolute_error"),
        "smooth_l1": ("loss", "huber"),
        "pinball": ("loss", "quantile"),
        "normal": ("loss", "gaussian"),
    },
    "schedule": {
        "invscaling": ("schedule", "inverse_scaling"),
        "adaptive": ("schedule", "plateau"),
        "reduce_on_plateau": ("schedule", "plateau"),
        "cosine_annealing": ("schedule", "cosine"),
    },
    "batch_size": {"full": ("batch_size", None), "all": ("batch_size", None)},
}


def about_parameter(name: str, valid: Collection[str]) -> str:
    """Return in a sentence what to write instead of a parameter that is not `valid`."""
    if name in PARAMETERS:
        return f"Here it is {PARAMETERS[name]}."
    closest = _closest(name, valid)
    if closest is not None:
        return f"Did you mean {closest}?"
    return f"The parameters are {', '.join(valid)}."


def about_value(parameter: str, value: Any, valid: Collection[str] = ()) -> str:
    """Return in a sentence what to write instead of the `value` of a parameter, or "".

    The names that this parameter takes are `valid`.
    """
    if not isinstance(value, str):
        return ""
    word = value.lower().replace("-", "_")
    if word in VALUES.get(parameter, {}):
        target, called = VALUES[parameter][word]
        if target != parameter or not valid or called in valid:
            return f"Write {target}={called!r}."
    closest = _closest(value, valid)
    return f"Did you mean {closest!r}?" if closest is not None else ""


def _closest(word: str, valid: Collection[str]) -> str | None:
    """Return the valid word that is most like a word, apart from case and separators."""
    by_letters = {_letters(name): name for name in valid}
    closest = get_close_matches(_letters(word), by_letters, n=1, cutoff=0.75)
    return by_letters[closest[0]] if closest else None


def _letters(word: str) -> str:
    """Return a word without upper case and separators, so that LeakyReLU is leaky_relu."""
    return "".join(filter(str.isalnum, word.lower()))


def explains_parameters(cls: Class) -> Class:
    """Let ``__init__`` say what to write for a parameter that the class does not have."""
    init = vars(cls)["__init__"]
    valid = [*inspect.signature(init).parameters][1:]

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **params: Any) -> None:
        for name in params:
            if name not in valid:
                raise TypeError(
                    f"{type(self).__name__} has no parameter {name!r}. "
                    f"{about_parameter(name, valid)}"
                )
        init(self, *args, **params)

    cls.__init__ = checked  # type: ignore[misc]
    return cls
