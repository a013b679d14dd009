"""Private functions of scikit-learn: the only module that uses them, and why.

- Parameter constraints: scikit-learn validates parameters from `_parameter_constraints`
  with these classes, so that a wrong one gets the message its users know. They have no
  public name.
- What scikit-learn keeps on an estimator, its callbacks and its metadata requests, is no
  part of a net that is saved; the requests have a public setter, and no public getter
  for those that were set.
- Whether the metric of a scorer takes sample weights: without metadata routing,
  scikit-learn goes by the metric's signature, and there is no public way to ask.
- Which callbacks an estimator has: contexts for epochs cost time that only callbacks
  make worth while, a checkpoint is to be found before training starts, and there is no
  public way to ask.
- The table of fitted attributes in HTML: it cuts every value after a few entries, and
  there is no public way to have one shown whole.
"""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.metadata_routing import get_routing_for_object

__all__ = [
    "SCIKIT_LEARNS_OWN",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "asks_for_weights",
    "callbacks_of",
    "metadata_requests",
    "set_metadata_requests",
    "shown_whole",
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


def asks_for_weights(scorer: Any) -> bool:
    """Return whether `scorer` asks for sample weights, as scikit-learn decides it.

    With metadata routing by ``set_score_request``, else by the signature: that of the
    metric, or of the function ``scorer(estimator, X, y)`` itself.
    """
    if get_config()["enable_metadata_routing"]:
        request = get_routing_for_object(scorer)
        return "sample_weight" in request.consumes("score", ["sample_weight"])
    function = getattr(scorer, "_score_func", scorer)
    return "sample_weight" in signature(function).parameters


def metadata_requests(estimator: Any) -> dict[str, dict[str, bool | str]]:
    """Return the requests set through ``set_{method}_request``, by method."""
    found = {}
    for method, request in vars(getattr(estimator, "_metadata_request", object)).items():
        requests = getattr(request, "requests", None) or {}
        chosen = {name: alias for name, alias in requests.items() if alias is not None}
        if chosen:
            found[method] = chosen
    return found


def set_metadata_requests(estimator: Any, requests: dict[str, dict[str, Any]]) -> None:
    """Set metadata requests on `estimator`, whether or not metadata routing is enabled."""
    with config_context(enable_metadata_routing=True):
        for method, chosen in requests.items():
            getattr(estimator, f"set_{method}_request")(**chosen)


def shown_whole(table: Any, name: str) -> Any:
    """Return the table of fitted attributes with the whole value of the one of this name.

    scikit-learn shows four entries of a dict, and cuts their names; an array of a single
    object it shows as it is.
    """
    if name in table:
        table[name]["value"] = np.array(table[name]["value"], dtype=object)
    return table
