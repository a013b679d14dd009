"""What computes: versions of libraries, and the kernels of BLAS beside the processor's."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401  its BLAS is to be among those that are looked up
from threadpoolctl import threadpool_info

REQUIRED = "numpy", "scipy", "scikit-learn", "threadpoolctl", "narwhals", "joblib"
OPTIONAL = (
    "array-api-compat",
    "matplotlib",
    "onnxruntime",
    "pandas",
    "polars",
    "pyarrow",
    "skl2onnx",
    "skops",
    "skrub",
    "torch",
)
# Instructions of x86 processors, the best first: how NumPy names them, the kernels of
# OpenBLAS that use them, and the one to set by OPENBLAS_CORETYPE.
INSTRUCTIONS = (
    (
        ("X86_V4", "AVX512_SKX", "AVX512F"),
        ("skylakex", "cooperlake", "sapphirerapids"),
        "SkylakeX",
    ),
    (("X86_V3", "AVX2"), ("haswell", "zen", "excavator"), "Haswell"),
)


def show_versions() -> None:
    """Print what to tell when you report a problem or a time: libraries, BLAS, threads.

    If the kernels of OpenBLAS are older than the processor, it says what to set: the
    matrix products, and so a fit, may then take twice as long as they need to.

    Examples
    --------
    >>> from skshallow import show_versions
    >>> show_versions()  # doctest: +ELLIPSIS
    System:
    ...
    Libraries:
    ...
    BLAS:
    ...
    """
    print("\n".join(_lines()))


def _lines() -> Iterator[str]:
    """Yield the lines that `show_versions` prints."""
    yield "System:"
    yield f"    python: {sys.version.split()[0]}, {platform.python_implementation()}"
    yield f"    machine: {platform.platform()}"
    yield f"    instructions: {', '.join(_found_instructions()) or 'not known'}"
    yield "Libraries:"
    for name in ("skshallow", *REQUIRED, *OPTIONAL):
        version = _version(name)
        if version is not None or name in REQUIRED:
            yield f"    {name}: {version}"
    yield "BLAS:"
    for library in blas_libraries():
        yield f"    {library['internal_api']} {library['version']}: {_kernel(library)}"
        yield f"        threads: {library['num_threads']}, of {library['filepath']}"
    yield from kernel_advice()


def _version(name: str) -> str | None:
    """Return the version of an installed distribution, None if there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def blas_libraries() -> list[dict[str, Any]]:
    """Return threadpoolctl's description of each BLAS that is loaded."""
    return [library for library in threadpool_info() if library["user_api"] == "blas"]


def _kernel(library: dict[str, Any]) -> str:
    """Return which kernels a BLAS uses, in words."""
    return f"kernels for {library.get('architecture') or 'a processor it does not name'}"


def _found_instructions() -> list[str]:
    """Return the instructions beyond the baseline that NumPy found on this processor."""
    config: Any = np.show_config(mode="dicts")
    return list(config.get("SIMD Extensions", {}).get("found", []))


def kernel_advice() -> list[str]:
    """Return what to set where kernels of OpenBLAS are older than the processor."""
    found = set(_found_instructions())
    levels = [bool(found.intersection(names)) for names, _, _ in INSTRUCTIONS]
    if True not in levels:
        return []
    best = levels.index(True)
    _, _, setting = INSTRUCTIONS[best]
    fitting = {kernel for _, kernels, _ in INSTRUCTIONS[: best + 1] for kernel in kernels}
    older = {
        library["architecture"]
        for library in blas_libraries()
        if library["internal_api"] == "openblas"
        and library.get("architecture")
        and library["architecture"].lower() not in fitting
    }
    return [
        f"OpenBLAS uses kernels for {kernel}, which are older than this processor. Set "
        f"OPENBLAS_CORETYPE={setting} before Python starts, and matrix products take less "
        "time."
        for kernel in sorted(older)
    ]
