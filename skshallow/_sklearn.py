"""The only module that touches what scikit-learn keeps private, and why.

- Parameter constraints: scikit-learn validates parameters from `_parameter_constraints`
  with these classes, so that a wrong one gets the message its users know. They have no
  public name.
- Callback state: a fit that fails puts the estimator back as it was, but must leave
  scikit-learn what it tears callbacks down with. The attributes have no public name.
- What scikit-learn keeps on an estimator, its callbacks and its metadata requests, is no
  part of a net that is saved; the requests have a public setter, and no public getter
  for those that were set.
- Whether an estimator has callbacks: contexts for epochs cost time that only callbacks
  make worth while, and there is no public way to ask.
"""

from __future__ import annotations

from typing import Any

from sklearn import config_context
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import Interval, Options, StrOptions

__all__ = [
    "CALLBACK_STATE",
    "SCIKIT_LEARNS_OWN",
    "Interval",
    "Options",
    "StrOptions",
    "has_callbacks",
    "metadata_requests",
    "set_metadata_requests",
    "take_rows",
]

CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
SCIKIT_LEARNS_OWN = (
    *CALLBACK_STATE,
    "_skl_callbacks",
    "_parent_callback_ctx",
    "_metadata_request",
)


def has_callbacks(estimator: Any) -> bool:
    """Return whether callbacks are set on `estimator`, or were propagated to it."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def metadata_requests(estimator: Any) -> dict[str, dict[str, bool | str]]:
    """Return what was requested through ``set_{method}_request``, by method."""
    found = {}
    for method, request in vars(getattr(estimator, "_metadata_request", object)).items():
        requests = getattr(request, "requests", None) or {}
        chosen = {name: alias for name, alias in requests.items() if alias is not None}
        if chosen:
            found[method] = chosen
    return found


def set_metadata_requests(estimator: Any, requests: dict[str, dict[str, Any]]) -> None:
    """Request the same of `estimator`, whether or not metadata routing is on."""
    with config_context(enable_metadata_routing=True):
        for method, chosen in requests.items():
            getattr(estimator, f"set_{method}_request")(**chosen)
