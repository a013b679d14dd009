"""A table that tells no rows apart is said to be that, and no advice for units is given."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.exceptions import DeadUnitsWarning

Y = np.arange(300) % 3 == 2
SINGLE = pd.DataFrame({"e": ["x"] * 300})
UNIQUE = pd.DataFrame({"i": pd.Categorical([f"a{i}" for i in range(300)])})
NEVER = pd.DataFrame({"n": [np.nan] * 300})
CONSTANT = {
    "one level": (SINGLE, r"apart: 'e' has at most one value\. The"),
    "unique levels": (UNIQUE, r"apart: 'i' has levels of fewer than 5 rows each, which"),
    "both": (SINGLE.join(UNIQUE), r"'e' has at most one value, and 'i' has levels"),
    "without values": (SINGLE.join(NEVER), r"'e', 'n' have at most one value\."),
    "zeros": (np.zeros((300, 7)), "apart: column 0, .*, column 4 and 2 more have at most"),
    "a sparse matrix": (sparse.csr_array((300, 2)), "apart: column 0, column 1 have"),
}


def net(cls=DeepNetClassifier, **params):
    return cls(8, max_iter=20, random_state=0, **params)


@pytest.mark.parametrize("kind", CONSTANT)
def test_columns_that_are_constant_inputs_are_named(kind):
    X, words = CONSTANT[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeadUnitsWarning)
        with pytest.warns(ConvergenceWarning, match=words):
            net().fit(X, Y)
        with pytest.warns(ConvergenceWarning, match=words):
            net(DeepNetRegressor, n_members=2).fit(X, np.arange(300.0))


def test_one_row_that_differs_is_enough():
    X = np.zeros((5000, 1))
    X[17] = 1.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        net(early_stopping=False).fit(X, np.arange(5000) % 2)
    assert not [each for each in caught if "tells training rows" in str(each.message)]
