"""Tables as people have them: what each column is, and all of them as one matrix."""

from skshallow._estimators.columns.columns import (
    Columns,
    has_columns,
    learn_and_encode,
    learn_columns,
)
from skshallow._estimators.columns.matrix import has_missing, read_matrix
from skshallow._estimators.columns.targets import check_classes, check_targets

__all__ = [
    "Columns",
    "check_classes",
    "check_targets",
    "has_columns",
    "has_missing",
    "learn_and_encode",
    "learn_columns",
    "read_matrix",
]
