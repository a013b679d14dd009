"""Special functions against SciPy's, for NumPy and other array libraries."""

import numpy as np
import pytest
from array_libraries import strict_elsewhere
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from skshallow._arrays import special as ours
from skshallow._arrays.namespace import to_numpy

Z = np.array([[-1000.0, -40.0, -1.0], [0.0, 1e-9, 2.0], [30.0, 700.0, 1000.0]])
CASES = {
    "expit": (ours.expit, special.expit, (Z,)),
    "log_expit": (ours.log_expit, special.log_expit, (Z,)),
    "softmax": (ours.softmax, lambda z: special.softmax(z, axis=-1), (Z,)),
    "log_softmax": (ours.log_softmax, lambda z: special.log_softmax(z, axis=-1), (Z,)),
    "logsumexp": (
        lambda z: ours.logsumexp(z, axis=0),
        lambda z: special.logsumexp(z, axis=0),
        (Z,),
    ),
    "xlogy": (ours.xlogy, special.xlogy, (np.maximum(Z, 0), np.abs(Z))),
}
every_function = pytest.mark.parametrize(
    ("own", "scipys", "arguments"), CASES.values(), ids=CASES
)


@every_function
def test_on_numpy_arrays_they_are_scipys_functions(own, scipys, arguments):
    assert_array_equal(own(*arguments), scipys(*arguments))


@every_function
def test_on_other_arrays_they_equal_scipys_up_to_rounding(own, scipys, arguments):
    there = [strict_elsewhere(array) for array in arguments]
    assert_allclose(to_numpy(own(*there)), scipys(*arguments), rtol=1e-14, atol=1e-300)
