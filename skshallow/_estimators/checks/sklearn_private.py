"""The only module that touches what scikit-learn keeps private, and why.

- Parameter constraints: scikit-learn validates parameters from `_parameter_constraints`
  with these classes, so that a wrong one gets the message its users know. They have no
  public name.
- What scikit-learn keeps on an estimator, its callbacks and its metadata requests, is no
  part of a net that is saved; the requests have a public setter, and no public getter
  for those that were set.
- Which callbacks an estimator has: contexts for epochs cost time that only callbacks
  make worth while, a checkpoint is to be found before training starts, and there is no
  public way to ask.
"""

from __future__ import annotations

from typing import Any

from sklearn import config_context
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import Interval, Options, StrOptions

__all__ = [
    "SCIKIT_LEARNS_OWN",
    "Interval",
    "Options",
    "StrOptions",
    "callbacks_of",
    "metadata_requests",
    "set_metadata_requests",
    "take_rows",
]

SCIKIT_LEARNS_OWN = (
    "_callback_fit_ctx",
    "_skl_callbacks_to_teardown",
    "_skl_callbacks",
    "_parent_callback_ctx",
    "_metadata_request",
)


def callbacks_of(estimator: Any) -> list:
    """Return the callbacks that were set on `estimator`, or propagated to it."""
    return getattr(estimator, "_skl_callbacks", None) or []


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
