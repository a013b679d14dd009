"""scikit-learn's array API dispatch: results follow the library and device of X.

With ``sklearn.set_config(array_api_dispatch=True)`` scikit-learn hands arrays of other
libraries on as they are; without it, it makes them NumPy's before a net sees them.
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
    """Return whether arrays of other libraries are handed on as they are."""
    return get_config()["array_api_dispatch"]


def in_numpy(array: Any) -> Any:
    """Return `array`, one of another library as NumPy's, if nobody else makes it that."""
    return to_numpy(array) if is_on() else array


def namespace_of(X: Any) -> Any:
    """Return the library that scikit-learn will leave X in.

    Raises
    ------
    TypeError
        If its arrays cannot be changed: training moves parameters in place.
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
    """Raise ValueError if X is of another library, or on another device, than `theta`.

    `method` is the one that got X, as in "DeepNetClassifier.predict".
    """
    if is_on() and not same_place(theta, X):
        raise ValueError(
            f"Inputs passed to {method}() must use the same namespace and the same device "
            f"as those passed to fit(): these gave parameters that are a "
            f"{_kind_of(theta)}, and X is a {_kind_of(X)}. Move X there, or fit anew."
        )


def _kind_of(array: Any) -> str:
    """Return in words what kind of array this is, and where."""
    device = f" on device {array.device}" if is_of_another_library(array) else ""
    return f"{type(array).__module__}.{type(array).__name__}{device}"


def follows_X(method: Method) -> Method:
    """Let what a `method` of NumPy's returns for rows X go where these came from.

    What another library has no type for, labels that are texts say, stays as it is.
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
    """Return a NumPy `array` where X is, if it is one of numbers."""
    is_numbers = isinstance(array, np.ndarray) and array.dtype.kind in "biuf"
    return asarray_like(array, X) if is_numbers else array
