"""Array API dispatch of scikit-learn: results have the library and device of X.

With ``sklearn.set_config(array_api_dispatch=True)`` scikit-learn passes on arrays of
other libraries. Without it, they are converted to NumPy arrays before an estimator sees
them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.utils.validation import check_is_fitted

from skshallow._arrays.namespace import (
    asarray_like,
    is_of_another_library,
    is_writeable,
    namespace,
    same_place,
    to_numpy,
)

Method = TypeVar("Method", bound=Callable)


def is_on() -> bool:
    """Return whether arrays of other libraries are not converted to NumPy arrays."""
    return get_config()["array_api_dispatch"]


def in_numpy(array: Any) -> Any:
    """Return `array` as a NumPy array, where scikit-learn does not convert it."""
    return to_numpy(array) if is_on() else array


def namespace_of(X: Any) -> Any:
    """Return the array library that X will have after scikit-learn's validation.

    Raises
    ------
    TypeError
        If its arrays are immutable, because training changes parameters in place.
    """
    if not (is_on() and is_of_another_library(X)):
        return np
    if not is_writeable(X):
        raise TypeError(
            f"A net cannot compute with a {_kind_of(X)}, since such arrays cannot be "
            "changed in place. Pass np.asarray(X)."
        )
    return namespace(X)


def check_same_place(X: Any, theta: Any, method: str) -> None:
    """Raise ValueError if X has another library or device than `theta`.

    `method` is the method that was called, such as "DeepNetClassifier.predict".
    """
    if is_on() and not same_place(theta, X):
        raise ValueError(
            f"Inputs passed to {method}() must use the same namespace and the same device "
            f"as those passed to fit(): these gave parameters that are a "
            f"{_kind_of(theta)}, and X is a {_kind_of(X)}. Move X there, or fit anew."
        )


def _kind_of(array: Any) -> str:
    """Return the type of an array and its device, for messages."""
    device = f" on device {array.device}" if is_of_another_library(array) else ""
    return f"{type(array).__module__}.{type(array).__name__}{device}"


def follows_X(method: Method) -> Method:
    """Convert the NumPy arrays that a `method` returns to the library and device of X.

    Arrays that another library has no dtype for, such as strings, are not converted.
    """

    @functools.wraps(method)
    def where_X_is(self, X, *args, **kwargs):
        if not is_on():
            return method(self, X, *args, **kwargs)
        check_is_fitted(self)
        check_same_place(X, self.theta_, f"{type(self).__name__}.{method.__name__}")
        result = method(self, X, *args, **kwargs)
        if isinstance(result, list | tuple):
            return type(result)(moved(array, X) for array in result)
        return moved(result, X)

    return where_X_is  # type: ignore[return-value]


def moved(array: Any, X: Any) -> Any:
    """Return a numeric NumPy `array` in the library and on the device of X."""
    is_numbers = isinstance(array, np.ndarray) and array.dtype.kind in "biuf"
    return asarray_like(array, X) if is_numbers else array
