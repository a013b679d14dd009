"""Warnings and exceptions that the estimators and `load` can raise."""

__all__ = [
    "DeadUnitsWarning",
    "DoubtfulCategoryWarning",
    "FeatureOutlierWarning",
    "IneffectiveParameterWarning",
    "TargetOutlierWarning",
    "UnreadableModel",
    "VanishingGradientWarning",
]


def __dir__() -> list[str]:
    return __all__


class DeadUnitsWarning(UserWarning):
    """Most units of a hidden layer are dead: their gradient is 0 for all training rows.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.exceptions import DeadUnitsWarning
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DeepNetClassifier(learning_rate=1.0, random_state=0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", DeadUnitsWarning)
    ...     net = net.fit(X, y)
    >>> caught[0].category.__name__
    'DeadUnitsWarning'
    """


class DoubtfulCategoryWarning(UserWarning):
    """A column of strings was read as a category, and may be numbers or identifiers.

    There is none for columns of a categorical dtype, nor if `categorical_features` names
    the categories.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.exceptions import DoubtfulCategoryWarning
    >>> X = np.array([[str(i % 30)] for i in range(300)], dtype=object)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", DoubtfulCategoryWarning)
    ...     net = DeepNetRegressor(max_iter=5, random_state=0).fit(X, np.arange(300.0))
    >>> print(caught[0].message)  # doctest: +ELLIPSIS
    X has 1 column of strings that is read as a category, and may not be:
    - integers as strings in column 0 (300 values): if they are quantities, convert ...
    """


class VanishingGradientWarning(UserWarning):
    """The gradient of a layer is so small compared with others that it hardly learns.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.exceptions import VanishingGradientWarning
    >>> X, y = load_iris(return_X_y=True)
    >>> params = {"activation": "sigmoid", "init_scale": 0.1, "random_state": 0}
    >>> net = DeepNetClassifier(8, depth=8, **params)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", VanishingGradientWarning)
    ...     net = net.fit(X, y)
    >>> caught[0].category.__name__
    'VanishingGradientWarning'
    """


class IneffectiveParameterWarning(UserWarning):
    """A parameter was set, but this fit does not use it, because of another one.

    There is no warning if the parameter

    - is "auto", or switched off, such as ``dropout=0``,
    - asks for what the fit does anyway,
    - was used by an earlier call that this one continues, such as `max_iter` by `fit`
      before `partial_fit`,
    - is an int as `hidden_units` with ``depth=0``, so that it can be set beside a grid
      over `depth`.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_iris
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.exceptions import IneffectiveParameterWarning
    >>> X, y = load_iris(return_X_y=True)
    >>> params = {"early_stopping": False, "validation_fraction": 0.3, "random_state": 0}
    >>> net = DeepNetClassifier(**params)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", IneffectiveParameterWarning)
    ...     net = net.fit(X, y)
    >>> print(caught[0].message)  # doctest: +ELLIPSIS
    validation_fraction=0.3 has no effect with early_stopping=False. ...
    """


class FeatureOutlierWarning(UserWarning):
    """A few values of a column are so far out that all others are almost the same.

    The column's standard deviation, by which the network divides, is more than 50 times
    that of a normal distribution with the quantiles of 5 and 95 % that the values have
    besides the farthest one, which may be in many rows, as a code for missing values. There
    is no warning for columns that enter in pieces (`numeric_encoding`), for sparse tables,
    where these quantiles are equal, nor from `partial_fit`.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.exceptions import FeatureOutlierWarning
    >>> X = np.linspace(-1, 1, 100)[:, np.newaxis]
    >>> y = X[:, 0].copy()
    >>> X[7] = 999999  # a code for a missing value
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", FeatureOutlierWarning)
    ...     net = DeepNetRegressor(max_iter=5, random_state=0).fit(X, y)
    >>> print(caught[0].message)  # doctest: +ELLIPSIS
    Column 0 has values so far out that all others are almost the same ...
    """


class TargetOutlierWarning(UserWarning):
    """A few targets are so far out that they rule the squared error.

    They are more than 50 robust standard deviations from the median, and at most 5 % of
    the rows, by weight; or more rows are, and 5 % have nine tenths of the sum of squares. A
    robust standard deviation is 1.4826 times the median absolute deviation from the median.
    Where that is 0, since most targets are equal, it is 1.4826 times the median over the
    rows whose absolute deviation is not 0. There is no warning for other losses, nor from
    `partial_fit`.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from skshallow import DeepNetRegressor
    >>> from skshallow.exceptions import TargetOutlierWarning
    >>> X = np.linspace(-1, 1, 100)[:, np.newaxis]
    >>> y = X[:, 0].copy()
    >>> y[7] = 1e4
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", TargetOutlierWarning)
    ...     net = DeepNetRegressor(max_iter=5, random_state=0).fit(X, y)
    >>> print(caught[0].message)  # doctest: +ELLIPSIS
    y has 1 value more than 50 robust standard deviations ...
    """


class UnreadableModel(ValueError):
    """A file is not a saved model, is damaged, or was written by a newer version.

    Examples
    --------
    >>> import tempfile
    >>> import skshallow
    >>> from skshallow.exceptions import UnreadableModel
    >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
    ...     try:
    ...         skshallow.load(file.name)
    ...     except UnreadableModel as error:
    ...         print(error)  # doctest: +ELLIPSIS
    Cannot load a net from '...npz': it is damaged ...
    """
