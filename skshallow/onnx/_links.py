"""Links as operators: what predictions go through, and what stands for several members."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow.losses import (
    GaussianLink,
    IdentityLink,
    Link,
    LogitLink,
    LogLink,
    QuantilesLink,
    SoftmaxLink,
)
from skshallow.onnx._formulas import log_sum_exp, softplus
from skshallow.onnx._graph import Tensor, check_class

LinkForm = Callable[[Tensor, Any], Tensor]


# Raw predictions (..., n, n_raw_outputs) to the scale of the target.


def _identity(raw, link):
    return raw


def _exponential(raw, link):
    smallest = np.finfo(raw.graph.dtype).tiny  # a mean above 0, also where exp rounds to 0
    return raw.op("Exp").op("Max", smallest)


def _means(raw, link):
    means, _ = raw.ops("Split", axis=-1, num_outputs=2, n_outputs=2)
    return means


def _central_quantile(raw, link):
    n_levels = len(link.levels)
    levels = raw.ops("Split", axis=-1, num_outputs=n_levels, n_outputs=n_levels)
    first, *others = (level.op("Unsqueeze", np.array([-2])) for level in levels)
    by_level = first.op("Concat", *others, axis=-2)  # (..., n_levels, n_targets)
    count = np.array([n_levels])
    in_order, _ = by_level.ops("TopK", count, axis=-2, largest=0, n_outputs=2)
    central = link.inverse(np.arange(n_levels)[np.newaxis])[0, 0]
    return in_order.op("Gather", central, axis=-2)


def _sigmoid(raw, link):
    return raw.op("Sigmoid")


def _softmax(raw, link):
    return raw.op("Softmax", axis=-1)


INVERSES: dict[type[Link], LinkForm] = {
    IdentityLink: _identity,
    LogLink: _exponential,
    GaussianLink: _means,
    QuantilesLink: _central_quantile,
    LogitLink: _sigmoid,
    SoftmaxLink: _softmax,
}


# Raw predictions of members (k, n, n_raw_outputs) to one whose inverse is their mean.


def _combined_log_odds(raw, n_members):
    yes = log_sum_exp(-softplus(-raw), n_members)
    return yes - log_sum_exp(-softplus(raw), n_members)


def _combined_log_probabilities(raw, n_members):
    log_probabilities = raw.op("LogSoftmax", axis=-1)
    return log_sum_exp(log_probabilities, n_members) - math.log(n_members)


COMBINATIONS: dict[type[Link], Callable[[Tensor, int], Tensor]] = {
    LogitLink: _combined_log_odds,
    SoftmaxLink: _combined_log_probabilities,
}


def register_link(link_class: type[Link], form: LinkForm) -> None:
    """Say how the link of a loss of your own is written in ONNX.

    Parameters
    ----------
    link_class : type
        Your subclass of :class:`~skshallow.losses._links.Link`.
    form : callable
        ``form(raw, link)`` returns what a regressor predicts for raw predictions `raw`,
        a :class:`Tensor` (n_samples, n_raw_outputs) in the units of your data, with a
        leading axis of members if there are several.

    Raises
    ------
    TypeError
        If `link_class` is no such class, an instance say.

    Examples
    --------
    >>> from skshallow.losses import Link
    >>> from skshallow.onnx import register_link
    >>> class SquareLink(Link):
    ...     def inverse(self, raw_prediction):
    ...         return raw_prediction**2
    >>> register_link(SquareLink, lambda raw, link: raw * raw)
    """
    check_class("link_class", link_class, Link)
    INVERSES[link_class] = form


def _form_for(link: Link, table: dict) -> Any:
    """Return the entry of `table` for a link."""
    name = type(link).__name__
    if type(link) not in table:
        raise ValueError(
            f"The link {name} has no form in ONNX yet. Say how it is written with "
            f"skshallow.onnx.register_link({name}, form), where form(raw, link) returns "
            "the prediction of a regressor."
        )
    return table[type(link)]


def inverse(link: Link, raw: Tensor) -> Tensor:
    """Return predictions (..., n, n_outputs) for raw ones (..., n, n_raw_outputs)."""
    return _form_for(link, INVERSES)(raw, link)


def combine(link: Link, raw: Tensor, n_members: int) -> Tensor:
    """Return the raw prediction (n, n_raw_outputs) that stands for those of members."""
    return raw if n_members == 1 else _form_for(link, COMBINATIONS)(raw, n_members)
