"""Array API: find the library of an array (NumPy, PyTorch, CuPy), and convert arrays.

The engine computes in the library, and on the device, of the features. It writes
``xp = namespace(a)`` and uses functions of the array API standard,
https://data-apis.org/array-api. NumPy 2 implements the standard, so that for NumPy arrays
`namespace` only checks a type and needs no wrapper.

Computations that are small, or happen once per fit, use NumPy, and `asarray_like` converts
the results: targets, standardisation, initial weights, random numbers, and everything that
is recorded. So the same `random_state` draws the same numbers in every library.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np


def _compat() -> ModuleType:
    """Return array-api-compat, which wraps all other libraries."""
    try:
        import array_api_compat
    except ImportError as error:
        raise ImportError(
            "Arrays of other libraries than NumPy need array-api-compat: "
            'pip install "skshallow[array-api]".'
        ) from error
    return array_api_compat


def namespace(array: Any) -> Any:
    """Return the module with the functions of the array API standard for `array`."""
    if isinstance(array, np.ndarray):
        return np
    return _compat().array_namespace(array)


def to_numpy(array: Any) -> Any:
    """Return `array` as a NumPy array; what is not an array is returned as it is."""
    if not is_of_another_library(array):
        return array
    compat = _compat()
    xp = compat.array_namespace(array)
    strict = compat.is_array_api_strict_namespace(xp)
    return np.asarray(compat.to_device(array, xp.Device("CPU_DEVICE") if strict else "cpu"))


def is_of_another_library(array: Any) -> bool:
    """Return whether `array` is an array of a library other than NumPy."""
    if isinstance(array, np.ndarray):
        return False
    return hasattr(array, "__dlpack__") and hasattr(array, "device")


def is_writeable(array: Any) -> bool:
    """Return whether arrays of the library of `array` can be changed in place."""
    return _compat().is_writeable_array(array)


def asarray_like(array: Any, example: Any) -> Any:
    """Return `array` in the library and on the device of `example`; None stays None.

    An array that is already there is not copied. Sparse matrices count as NumPy.
    """
    if isinstance(example, np.ndarray) and isinstance(array, np.ndarray):
        return array
    if array is None or not is_of_another_library(example):
        return to_numpy(array)
    if is_of_another_library(array) and same_place(array, example):
        return array
    array, device = to_numpy(array), _compat().device(example)
    xp = namespace(example)
    if array.dtype == np.float64:
        array = array.astype(numpy_dtype(widest_float(example)), copy=False)
    if not array.flags.writeable:
        array = array.copy()  # other libraries have no read-only arrays
    return xp.asarray(array, dtype=getattr(xp, array.dtype.name), device=device)


def widest_float(array: Any) -> Any:
    """Return float64, or float32 if the device of `array` has no float64."""
    if isinstance(array, np.ndarray):
        return np.float64
    info = namespace(array).__array_namespace_info__()
    dtypes = info.dtypes(device=_compat().device(array), kind="real floating")
    return dtypes.get("float64", dtypes["float32"])


def same_place(array: Any, other: Any) -> bool:
    """Return whether both arrays have the same library and the same device.

    Lists and sparse matrices count as NumPy.
    """
    if not (is_of_another_library(array) and is_of_another_library(other)):
        return is_of_another_library(array) == is_of_another_library(other)
    device = _compat().device
    return namespace(array) is namespace(other) and device(array) == device(other)


def dtype_of(array: Any) -> np.dtype:
    """Return the dtype of `array` as NumPy dtype."""
    return array.dtype if isinstance(array, np.ndarray) else numpy_dtype(array.dtype)


def dtype_like(dtype: Any, example: Any) -> Any:
    """Return the dtype that NumPy's `dtype` has where `example` is."""
    return asarray_like(np.empty(0, dtype), example).dtype


def numpy_dtype(dtype: Any) -> np.dtype:
    """Return the NumPy dtype of the same name."""
    if isinstance(dtype, np.dtype):
        return dtype
    return np.dtype(str(dtype).rpartition(".")[-1])


def as_dtype(array: Any, dtype: Any) -> Any:
    """Return `array` with a `dtype` of its library; not copied if it has this dtype."""
    if isinstance(array, np.ndarray):
        return array.astype(dtype, copy=False)  # half the overhead of numpy.astype
    return namespace(array).astype(array, dtype, copy=False)


# NumPy's methods have half the overhead of its functions, which matters for small nets.


def largest(array: Any) -> Any:
    """Return the maximum of all entries, as an array without dimensions."""
    return array.max() if isinstance(array, np.ndarray) else namespace(array).max(array)


def smallest(array: Any) -> Any:
    """Return the minimum of all entries, as an array without dimensions."""
    return array.min() if isinstance(array, np.ndarray) else namespace(array).min(array)


def total(array: Any) -> Any:
    """Return the sum of all entries, as an array without dimensions."""
    return array.sum() if isinstance(array, np.ndarray) else namespace(array).sum(array)


def reshaped(array: Any, shape: tuple[int, ...]) -> Any:
    """Return `array` in another shape, a view wherever that is possible."""
    if isinstance(array, np.ndarray):
        return array.reshape(shape)
    return namespace(array).reshape(array, shape)


def all_finite(array: Any) -> bool:
    """Return whether no entry is infinite or NaN."""
    if isinstance(array, np.ndarray):
        return bool(np.isfinite(array).all())
    xp = namespace(array)
    return bool(xp.all(xp.isfinite(array)))


def copy_of(array: Any) -> Any:
    """Return a copy of `array`, in its own library."""
    if isinstance(array, np.ndarray):
        return array.copy()
    return namespace(array).asarray(array, copy=True)


def rows_of(array: Any, rows: slice | np.ndarray) -> Any:
    """Return these rows of an array or sparse matrix; None stays None."""
    if isinstance(array, np.ndarray):
        # of indices, `take` is twice as fast, but first copies all that is not in row order
        if isinstance(rows, slice) or not array.flags.c_contiguous:
            return array[rows]
        return array.take(rows, axis=0)
    if array is None:
        return None
    if not is_of_another_library(array):  # a sparse matrix, of which slices are copies
        return array if isinstance(rows, slice) and rows == slice(None) else array[rows]
    if isinstance(rows, slice):
        return array[rows, ...]
    return namespace(array).take(array, asarray_like(rows, array), axis=0)


def without_overflow_warnings() -> np.errstate:
    """Return a context without NumPy's overflow warnings; results are checked instead."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")
