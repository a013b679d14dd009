"""Reading tables: the type and the categories of each column, and one numeric matrix."""

from skshallow._estimators.columns.columns import (
    Columns,
    WithoutValues,
    has_columns,
    learn_and_encode,
    learn_columns,
)
from skshallow._estimators.columns.matrix import has_missing, read_matrix
from skshallow._estimators.columns.targets import check_classes, check_targets

__all__ = [
    "Columns",
    "WithoutValues",
    "check_classes",
    "check_targets",
    "has_columns",
    "has_missing",
    "learn_and_encode",
    "learn_columns",
    "read_matrix",
]
