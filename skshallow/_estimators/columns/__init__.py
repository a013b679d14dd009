"""Tables as people have them: what each column is, and all of them as one matrix."""

from skshallow._estimators.columns.encoding import (
    Columns,
    has_columns,
    learn_and_encode,
    learn_columns,
)

__all__ = ["Columns", "has_columns", "learn_and_encode", "learn_columns"]
