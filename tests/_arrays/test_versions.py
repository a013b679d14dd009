"""Versions: what is printed, and advice on kernels that are older than the processor."""

import numpy as np
import pytest
import scipy
import sklearn
import threadpoolctl

import skshallow
from skshallow._arrays import versions
from skshallow._arrays.versions import kernel_advice, show_versions

FILE = "/lib/libopenblas.so"
LIBRARY = {
    "user_api": "blas",
    "internal_api": "openblas",
    "version": "0.3",
    "filepath": FILE,
}


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets what the processor has, and which kernels BLAS uses."""

    def be(found, *kernels, internal_api="openblas"):
        libraries = [
            LIBRARY
            | {"architecture": kernel, "internal_api": internal_api, "num_threads": 4}
            for kernel in kernels
        ]
        config = {"SIMD Extensions": {"found": found}}
        monkeypatch.setattr(versions, "threadpool_info", lambda: libraries)
        monkeypatch.setattr(np, "show_config", lambda mode: config)

    return be


def test_the_libraries_and_each_blas_are_printed(capsys):
    show_versions()
    printed = capsys.readouterr().out
    for module in (skshallow, np, scipy, sklearn, threadpoolctl):
        assert module.__version__ in printed
    for library in versions.blas_libraries():
        assert library["filepath"] in printed
        assert f"threads: {library['num_threads']}" in printed


@pytest.mark.parametrize(
    ("found", "kernel", "setting"),
    [
        (["AVX2", "AVX512F", "AVX512_SKX"], "Haswell", "SkylakeX"),
        (["X86_V3", "X86_V4", "AVX512_ICL"], "Zen", "SkylakeX"),
        (["X86_V3"], "Nehalem", "Haswell"),
        (["SSE42", "AVX2"], "Sandybridge", "Haswell"),
    ],
)
def test_older_kernels_than_the_processors_are_named_with_what_to_set(
    machine, found, kernel, setting
):
    machine(found, kernel, kernel)
    (advice,) = kernel_advice()
    assert f"kernels for {kernel}, " in advice
    assert f"OPENBLAS_CORETYPE={setting} " in advice


@pytest.mark.parametrize(
    ("found", "kernel"),
    [
        (["X86_V3", "X86_V4"], "SkylakeX"),
        (["X86_V3", "X86_V4"], "Cooperlake"),
        (["X86_V3"], "Zen"),
        (["X86_V3"], "Haswell"),
        (["NEON", "ASIMD"], "neoversen1"),
        ([], "Nehalem"),
        (["X86_V4"], None),
    ],
)
def test_kernels_that_fit_or_are_unknown_need_no_advice(machine, found, kernel):
    machine(found, kernel)
    assert kernel_advice() == []


def test_other_libraries_than_openblas_need_no_advice(machine):
    machine(["X86_V4"], "Haswell", internal_api="mkl")
    assert kernel_advice() == []
