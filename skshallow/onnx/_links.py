"""Export to ONNX: inverse link functions, and the combined prediction of an ensemble."""

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
from skshallow.onnx._graph import Tensor
from skshallow.onnx._registry import form_of, register_form
from skshallow.onnx._special import log_sum_exp, softplus

LinkForm = Callable[[Tensor, Any], Tensor]


# Inverses: raw predictions (..., n, n_raw_outputs) to the scale of the target.


def _identity(raw, link):
    return raw


def _exponential(raw, link):
    smallest = np.finfo(raw.graph.dtype).tiny  # positive also where exp rounds to 0
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


INVERSES: dict[type, LinkForm] = {
    IdentityLink: _identity,
    LogLink: _exponential,
    GaussianLink: _means,
    QuantilesLink: _central_quantile,
    LogitLink: _sigmoid,
    SoftmaxLink: _softmax,
}


# Combinations: raw predictions of members (k, n, n_raw_outputs) to the one whose inverse
# is the mean of theirs.


def _combined_log_odds(raw, n_members):
    yes = log_sum_exp(-softplus(-raw), n_members)
    return yes - log_sum_exp(-softplus(raw), n_members)


def _combined_log_probabilities(raw, n_members):
    log_probabilities = raw.op("LogSoftmax", axis=-1)
    return log_sum_exp(log_probabilities, n_members) - math.log(n_members)


COMBINATIONS: dict[type, Callable[[Tensor, int], Tensor]] = {
    LogitLink: _combined_log_odds,
    SoftmaxLink: _combined_log_probabilities,
}


def register_link(link_class: type[Link], form: LinkForm) -> None:
    """Register the ONNX form of the inverse of a custom link.

    Parameters
    ----------
    link_class : type
        Your subclass of :class:`~skshallow.losses._links.Link`.
    form : callable
        ``form(raw, link)`` returns the prediction of a regressor, or the probabilities of
        a classifier, for raw predictions `raw`, a :class:`Tensor`
        (n_samples, n_raw_outputs) in the units of your data, with a leading axis of
        members if there are several.

    Raises
    ------
    TypeError
        If `link_class` is not such a class, but an instance, for example.

    Examples
    --------
    >>> from skshallow.losses import Link
    >>> from skshallow.onnx import register_link
    >>> class SquareLink(Link):
    ...     def inverse(self, raw_prediction):
    ...         return raw_prediction**2
    >>> register_link(SquareLink, lambda raw, link: raw * raw)
    """
    register_form(INVERSES, "link_class", link_class, Link, form)


def inverse(link: Link, raw: Tensor) -> Tensor:
    """Return predictions (..., n, n_outputs) for raw ones (..., n, n_raw_outputs)."""
    form = form_of(
        INVERSES,
        link,
        "register_link({}, form), where form(raw, link) returns the prediction of a "
        "regressor, or the probabilities of a classifier",
    )
    return form(raw, link)


def combine(link: Link, raw: Tensor, n_members: int) -> Tensor:
    """Return the raw prediction (n, n_raw_outputs) of an ensemble from its members'."""
    if n_members == 1:
        return raw
    if type(link) not in COMBINATIONS:
        known = " or ".join(link_class.__name__ for link_class in COMBINATIONS)
        raise ValueError(
            f"A classifier with n_members={n_members} and the link {type(link).__name__} "
            f"cannot be converted: members are combined for {known} only. Fit it with "
            "n_members=1, or with a loss that has one of these links."
        )
    return COMBINATIONS[type(link)](raw, n_members)
