"""Random nets on random data: some of the cases of ``docs/reliability/fuzz.py``."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "docs" / "reliability" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = spec_from_file_location("fuzz", PATH)
    module = sys.modules["fuzz"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fuzz"]


def test_random_cases_hold(fuzz):
    tally = fuzz.fuzz(50, seed_of_draws=0)
    assert tally["cases"] >= 50
    assert tally["trained"] > 20
    assert tally["predicted"] > 10


def test_unexplained_errors_are_raised(fuzz):
    with pytest.raises(ValueError, match="of no kind"):
        fuzz.explanation(ValueError("an error of no kind"))
    with pytest.raises(ZeroDivisionError):
        fuzz.explanation(ZeroDivisionError("training diverged with solver='adam'. Try"))
    error = ValueError("Training diverged with solver='lbfgs': no epoch. Try another.")
    assert fuzz.explanation(error) == "diverged"


def test_outputs_that_are_not_finite_are_found(fuzz):
    outputs = {"predict": fuzz.np.array([0.0, fuzz.np.nan])}
    with pytest.raises(AssertionError, match="predict is not finite"):
        fuzz.check_outputs(None, outputs)
