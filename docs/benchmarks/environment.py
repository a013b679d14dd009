"""What a page is measured with: optional packages, their versions, the kernels of BLAS."""

from __future__ import annotations

import importlib
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_info

from skshallow._arrays.versions import kernel_advice

# What nets are compared with if it is installed, and the package that is needed.
LIBRARIES = {"PyTorch": "torch", "JAX": "jax"}
# For the variable XLA_FLAGS, before JAX is imported.
XLA_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
ALWAYS = "skshallow", "numpy", "scipy", "scikit-learn"


def imported(name: str, install: str) -> ModuleType:
    """Return the module of this name; the error says what to install if there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        remedy = f"To install it: pip install {install}"
        raise ModuleNotFoundError(f"{error}. {remedy}") from error


def without_missing(contenders: dict[str, Any]) -> dict[str, Any]:
    """Return the contenders without those whose library is not installed; print which."""
    missing = [name for name, package in LIBRARIES.items() if not find_spec(package)]
    for name in missing:
        print(f"{name} is not installed; leaving it out.")
    return {name: it for name, it in contenders.items() if name not in missing}


def versions_and_kernels(*packages: str) -> str:
    """Return the last line of a page: of those installed, versions; and BLAS's kernels.

    `packages` are those in addition to `ALWAYS`.
    """
    versions = []
    for name in dict.fromkeys([*ALWAYS, *packages]):
        with suppress(PackageNotFoundError):
            versions.append(f"{name} {version(name)}")
    kernels = {info.get("architecture") or "" for info in threadpool_info()} - {""}
    older = ", older than the processor" if kernel_advice() else ""
    return f"Versions: {', '.join(versions)}. Kernels: {', '.join(sorted(kernels))}{older}."
