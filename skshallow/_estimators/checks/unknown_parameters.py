"""Advice for unknown parameters, arguments and values: what to write instead.

The names in MLPClassifier, Keras, PyTorch, skorch, XGBoost and LightGBM are in
tables; a name that is in none is compared with the valid ones, for it may be misspelt.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, TypeVar

from skshallow._estimators.checks.typed_sklearn import Method

Class = TypeVar("Class", bound=type)

_SOLVER = "a setting of the solver"
_MAX_ITER = "max_iter, the number of epochs"
_RANDOM_STATE = "random_state"
_SHARED = "n_members=8, share_weights=True"
_L2 = "alpha, the strength of the L2 penalty"
_L1 = "There is no L1 penalty here. alpha is the strength of the L2 penalty."
_BETAS = "solver=Adam(beta_1=0.9, beta_2=0.99) (from skshallow.solvers)"
_PATIENCE = "n_iter_no_change, in epochs"
_DEPTH = "depth, the number of hidden layers of the deep estimators"
_NORMALIZATION = "normalization='layer', of the deep estimators"
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
    "betas": f"two settings of the solver: {_BETAS}",
    "epsilon": f"{_SOLVER}: solver=Adam(epsilon=1e-8) (from skshallow.solvers)",
    "eps": f"{_SOLVER}: solver=Adam(epsilon=1e-8) (from skshallow.solvers)",
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
    "skip_connections": "residual, of the deep estimators",
    "residual_connections": "residual, of the deep estimators",
    "layer_norm": f"{_NORMALIZATION}",
    "norm": f"{_NORMALIZATION}",
    "batch_norm": f"{_NORMALIZATION}, which normalises each row by itself",
    "batchnorm": f"{_NORMALIZATION}, which normalises each row by itself",
    "optimizer": "solver",
    "optimiser": "solver",
    "batch": "batch_size",
    "minibatch_size": "batch_size",
    "weight_decay": "alpha, the strength of the L2 penalty, or for decoupled weight decay "
    "solver=AdamW(weight_decay=0.01) (from skshallow.solvers)",
    "l2": _L2,
    "l2_regularization": _L2,
    "reg_lambda": _L2,
    "lambda_l2": _L2,
    "regularization": _L2,
    "penalty": _L2,
    "kernel_regularizer": f"{_L2} on the weights of all layers",
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
    "validation_size": "validation_fraction",
    "metrics": "scoring",
    "monitor": "scoring",
    "eval_metric": "scoring",
    "min_delta": "tol, the least improvement that counts as one",
    "restore_best_weights": "early_stopping: it always restores the weights of the best "
    "epoch",
    "average": "average_weights, over the training steps",
    "use_ema": "average_weights, over the training steps",
    "ema_momentum": "average_weights=True, which has no momentum to set: it averages over "
    "the training steps",
    # gradient boosting and others
    "n_estimators": "max_iter for the number of epochs, or n_members for an ensemble",
    "num_iterations": _MAX_ITER,
    "patience": _PATIENCE,
    "early_stopping_rounds": _PATIENCE,
    "n_ensemble": "n_members",
    "ensemble_size": "n_members",
    "oob_score": "cross_fit: with n_members=8 and early_stopping=True each row has a "
    "prediction by members that it did not train, oof_prediction_",
    "cv": "validation_fraction, which takes splitters too, or cross_fit for folds",
    "clip": "clip_features",
    "encoding": "numeric_encoding, or categorical_features",
    "shared_weights": "share_weights",
    "weight_sharing": "share_weights",
    "share_members": "share_weights",
    "batch_ensemble": _SHARED,
    "tabm": _SHARED,
    "k": "n_members, with share_weights=True as in TabM",
    "random_seed": _RANDOM_STATE,
    "seed": _RANDOM_STATE,
    "standardise": "standardize",
    "normalize": "standardize",
    "cat_features": "categorical_features",
    "categorical_feature": "categorical_features",
}
_VALIDATION_SET = (
    "Pass a validation set to fit as two arguments: fit(X, y, X_val=X_val, y_val=y_val)."
)
_BIAS = "Every layer has a bias."
_THREADS = (
    "Large matrix products use all threads of BLAS; threadpoolctl.threadpool_limits or the "
    "environment variable OMP_NUM_THREADS limits them. Searches and cross-validation of "
    "scikit-learn take n_jobs."
)
# What is set elsewhere than by a parameter, or does not exist, in whole sentences.
NO_PARAMETERS = {
    "l1": _L1,
    "l1_ratio": _L1,
    "l1_regularization": _L1,
    "reg_alpha": _L1,
    "lambda_l1": _L1,
    "bias_regularizer": "Biases have no penalty here. alpha is that of the weights.",
    "activity_regularizer": "There is no penalty on the outputs of layers here. alpha is "
    "the strength of the L2 penalty on the weights.",
    "use_bias": _BIAS,
    "bias": _BIAS,
    "fit_intercept": _BIAS,
    "callbacks": "Callbacks are set by a method: net.set_callbacks(callback, ...).",
    "device": "A net computes where X is. For a GPU, pass arrays that are on it, such as "
    "PyTorch tensors, in sklearn.config_context(array_api_dispatch=True).",
    "n_jobs": _THREADS,
    "n_threads": _THREADS,
    "num_threads": _THREADS,
    "nthread": _THREADS,
    "validation_data": _VALIDATION_SET,
    "eval_set": _VALIDATION_SET,
    "X_val": _VALIDATION_SET,
    "y_val": _VALIDATION_SET,
    "sample_weight": "Pass it to fit: fit(X, y, sample_weight=sample_weight).",
    "groups": "Pass it to fit: fit(X, y, groups=groups).",
}
# Names of losses in scikit-learn (today's and earlier ones), Keras, PyTorch, XGBoost and
# LightGBM, by the name here. A "loss" at their end makes no difference.
_LOSSES = {
    "log_loss": "categorical_crossentropy sparse_categorical_crossentropy cross_entropy "
    "binary_crossentropy binary_cross_entropy crossentropy bce bce_with_logits nll log "
    "softmax logistic deviance binomial_deviance multinomial_deviance binary:logistic "
    "binary:logitraw multi:softmax multi:softprob multi_logloss binary_logloss multiclass "
    "binary",
    "squared_error": "mse mean_squared_error squared l2 least_squares ls rmse "
    "root_mean_squared_error brier friedman_mse reg:linear reg:squarederror regression "
    "regression_l2",
    "absolute_error": "mae mean_absolute_error absolute l1 lad least_absolute_deviation "
    "reg:absoluteerror regression_l1",
    "huber": "smooth_l1 pseudo_huber reg:pseudohubererror",
    "quantile": "pinball reg:quantileerror",
    "poisson": "poisson_nll count:poisson half_poisson",
    "gamma": "reg:gamma half_gamma",
    "gaussian": "normal gaussian_nll norm",
    "ordinal": "coral corn cumulative cumulative_link cumulative_logit cumulative_logits "
    "ordered ordered_logit ordered_model ordinal_regression proportional_odds",
}
# Losses that only a classifier takes, and those that only a regressor takes.
_OF_CLASSES = {"log_loss", "ordinal"}
_OF_NUMBERS = _LOSSES.keys() - _OF_CLASSES - {"squared_error"}
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
        word: ("loss", name)
        for name, words in _LOSSES.items()
        for word in (name, *words.split())
    },
    "normalization": {
        "layer_norm": ("normalization", "layer"),
        "layernorm": ("normalization", "layer"),
    },
    "schedule": {
        "invscaling": ("schedule", "inverse_scaling"),
        "adaptive": ("schedule", "plateau"),
        "reduce_on_plateau": ("schedule", "plateau"),
        "cosine_annealing": ("schedule", "cosine"),
    },
    "solver": {
        "bfgs": ("solver", "lbfgs"),
        "l_bfgs_b": ("solver", "lbfgs"),
        "gradient_descent": ("solver", "sgd"),
    },
    "batch_size": {"full": ("batch_size", None), "all": ("batch_size", None)},
    "dtype": {
        "float32": ("dtype", "float32"),
        "float64": ("dtype", "float64"),
        "float": ("dtype", "float64"),
        "double": ("dtype", "float64"),
        "single": ("dtype", "float32"),
    },
}
_OUTPUT_FUNCTION = (
    "It is a function for outputs, which here belongs to the loss: with 'log_loss' the "
    "probabilities of a classifier are a softmax, or a sigmoid for two classes. activation "
    "is that of the hidden layers."
)
_MARGIN = (
    "It is a loss for classes that gives no probabilities, and there is none such here: a "
    "classifier has loss='log_loss'."
)
_LIKE_ADAM = "It does not exist here. The closest one is solver='adam'."
_LIKE_RMSPROP = (
    "It does not exist here. The closest one is solver='rmsprop', which also divides steps "
    "by the size of past gradients."
)
_LIKE_HUBER = "It does not exist here. The closest one is loss='huber', of a regressor."
# Other libraries' values that do not exist here, by parameter, and what to know of them.
NO_VALUES = {
    "activation": {"softmax": _OUTPUT_FUNCTION, "log_softmax": _OUTPUT_FUNCTION},
    "loss": {
        "hinge": _MARGIN,
        "squared_hinge": _MARGIN,
        "categorical_hinge": _MARGIN,
        "modified_huber": _MARGIN,
        "perceptron": _MARGIN,
        "log_cosh": _LIKE_HUBER,
        "epsilon_insensitive": _LIKE_HUBER,
    },
    "solver": {
        "adagrad": _LIKE_RMSPROP,
        "adadelta": _LIKE_RMSPROP,
        "adamax": _LIKE_ADAM,
        "nadam": _LIKE_ADAM,
        "radam": _LIKE_ADAM,
    },
}


def about_parameter(name: str, valid: Collection[str]) -> str:
    """Return in a sentence what to write instead of a parameter that is not `valid`."""
    return (
        _about_foreign(name)
        or _about_misspelt(name, valid)
        or f"The parameters are {', '.join(valid)}."
    )


def about_argument(name: str, valid: Collection[str], parameters: Collection[str]) -> str:
    """Return in a sentence what to write instead of an argument that is not `valid`.

    It may be one of the `parameters` of the estimator, or what other libraries call one.
    """
    if name in parameters:
        return f"It is a parameter of the estimator: set_params({name}=...)."
    if name in PARAMETERS:
        return f"It is a parameter of the estimator. {_about_foreign(name)}"
    return (
        _about_foreign(name)
        or _about_misspelt(name, valid)
        or f"The arguments are {', '.join(valid)}."
    )


def _about_foreign(name: str) -> str:
    """Return what to write for a parameter of another library; "" if it is unknown."""
    if name in PARAMETERS:
        return f"Here it is {PARAMETERS[name]}."
    return NO_PARAMETERS.get(name, "")


def _about_misspelt(name: str, valid: Collection[str]) -> str:
    """Return the question whether the closest valid name is meant; "" without any."""
    closest = _closest(name, valid)
    return f"Did you mean {closest}?" if closest is not None else ""


def about_value(parameter: str, value: Any, valid: Collection[str] = ()) -> str:
    """Return in a sentence what to write instead of the `value` of a parameter, or "".

    The names that this parameter takes are `valid`.
    """
    if parameter == "dtype":
        value = _name_of_dtype(value)
    if isinstance(value, type):
        return f"It is a class. Pass an instance of it, such as {value.__name__}()."
    if not isinstance(value, str):
        return ""
    words = _words_for(parameter)
    letters = _letters(value)
    found = words.get(letters) or words.get(letters.removesuffix("loss"))
    if found is not None:
        target, called = found
        if target != parameter or not valid or called in valid:
            return f"Write {target}={called!r}."
        if called in _OF_CLASSES:
            return "It is for classes, and a regressor predicts numbers: use a classifier."
        if called in _OF_NUMBERS:
            return "It is for numbers, and a classifier predicts classes: use a regressor."
    for word, advice in NO_VALUES.get(parameter, {}).items():
        if _letters(word) == letters.removesuffix("loss"):
            return advice
    closest = _closest(value, valid)
    return f"Did you mean {closest!r}?" if closest is not None else ""


@functools.cache
def _words_for(parameter: str) -> dict[str, tuple[str, Any]]:
    """Return what other libraries' values of a parameter are here, by their letters."""
    return {_letters(word): here for word, here in VALUES.get(parameter, {}).items()}


def _name_of_dtype(value: Any) -> Any:
    """Return the name of a dtype of NumPy or a type of its numbers, else the value."""
    name = getattr(value, "name", getattr(value, "__name__", value))  # np.dtype, np.float32
    return name if isinstance(name, str) else value


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


def explains_arguments(method: Method) -> Method:
    """Let a method say what to write for an argument that it does not have."""
    valid = [*inspect.signature(method).parameters][1:]

    @functools.wraps(method)
    def checked(self: Any, *args: Any, **arguments: Any) -> Any:
        for name in arguments:
            if name not in valid:
                advice = about_argument(name, valid, self.get_params(deep=False))
                raise TypeError(f"{method.__name__}() has no argument {name!r}. {advice}")
        return method(self, *args, **arguments)

    return checked  # type: ignore[return-value]
