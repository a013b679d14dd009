"""The only module that touches what scikit-learn keeps private, and why.

- Parameter constraints: scikit-learn validates parameters from `_parameter_constraints`
  with these classes, so that a wrong one gets the message its users know. They have no
  public name.
- Callback state: a fit that fails puts the estimator back as it was, but must leave
  scikit-learn what it tears callbacks down with. The attributes have no public name.
- Whether an estimator has callbacks: contexts for epochs cost time that only callbacks
  make worth while, and there is no public way to ask.
"""

from __future__ import annotations

from typing import Any

from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import Interval, Options, StrOptions

__all__ = [
    "CALLBACK_STATE",
    "Interval",
    "Options",
    "StrOptions",
    "has_callbacks",
    "take_rows",
]

CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def has_callbacks(estimator: Any) -> bool:
    """Return whether callbacks are set on `estimator`, or were propagated to it."""
    return bool(getattr(estimator, "_skl_callbacks", None))
