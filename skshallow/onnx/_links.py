"""Export to ONNX: inverse link functions, and the combined prediction of an ensemble."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skshallow.losses import (
    CumulativeLink,
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

END = 1 << 62  # of a slice: beyond all columns
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


def _log_probabilities(raw, link):
    """Return log probabilities (..., n, n_classes) of ordered classes."""
    logits, gaps = _cumulative_logits(raw)
    above, below, between = -softplus(-logits), -softplus(logits), -softplus(-gaps)
    by_rank = _padded(above, 1, 0) + _padded(below, 0, 1) + _padded(between, 1, 1)
    if link.ranks is None:
        return by_rank
    return by_rank.op("Gather", np.array(link.ranks), axis=-1)


def _probabilities_in_order(raw, link):
    return _log_probabilities(raw, link).op("Exp")


def _cumulative_logits(raw):
    """Return log odds of a class above each threshold, and the gaps between these."""
    first, gaps = _columns(raw, 0, 1), _columns(raw, 1, END)
    steps = softplus(gaps).op("CumSum", np.array(-1))
    return first.op("Concat", first - steps, axis=-1), gaps


def _columns(values, start, stop):
    """Return these columns of the last axis."""
    return values.op("Slice", np.array([start]), np.array([stop]), np.array([-1]))


def _padded(values, n_before, n_after):
    """Return values with so many columns of zeros before and after them."""
    return values.op("Pad", np.array([n_before, n_after]), 0, np.array([-1]))


INVERSES: dict[type, LinkForm] = {
    IdentityLink: _identity,
    LogLink: _exponential,
    GaussianLink: _means,
    QuantilesLink: _central_quantile,
    LogitLink: _sigmoid,
    SoftmaxLink: _softmax,
    CumulativeLink: _probabilities_in_order,
}
# The class with the largest is predicted; of other links these are the raw predictions.
SCORES: dict[type, LinkForm] = {CumulativeLink: _log_probabilities}


# Combinations: raw predictions of members (k, n, n_raw_outputs) to the one whose inverse
# is the mean of theirs.


def _combined_log_odds(raw, n_members):
    yes = log_sum_exp(-softplus(-raw), n_members)
    return yes - log_sum_exp(-softplus(raw), n_members)


def _combined_log_probabilities(raw, n_members):
    log_probabilities = raw.op("LogSoftmax", axis=-1)
    return log_sum_exp(log_probabilities, n_members) - math.log(n_members)


def _combined_in_order(raw, n_members):
    """Return the raw output of the mean of the members; see `CumulativeLink`."""
    logits, gaps = _cumulative_logits(raw)
    above = log_sum_exp(-softplus(-logits), n_members)
    below = log_sum_exp(-softplus(logits), n_members)
    lower, upper = _columns(logits, 0, -1), _columns(logits, 1, END)
    between = -softplus(-lower) - softplus(upper) - softplus(-gaps)
    between = log_sum_exp(between, n_members)
    to_above = between - _columns(above, 1, END)
    to_below = between - _columns(below, 0, -1)
    gap = _log_add_exp(_log_add_exp(to_above, to_below), to_above + to_below)
    first = _columns(above, 0, 1) - _columns(below, 0, 1)
    return first.op("Concat", gap, axis=-1)


def _log_add_exp(a, b):
    """Return log(exp(a) + exp(b)) without overflow."""
    return a + softplus(b - a)


COMBINATIONS: dict[type, Callable[[Tensor, int], Tensor]] = {
    LogitLink: _combined_log_odds,
    SoftmaxLink: _combined_log_probabilities,
    CumulativeLink: _combined_in_order,
}


def register_link(link_class: type[Link], form: LinkForm) -> None:
    """Register the ONNX form of the inverse of a custom link.

    Parameters
    ----------
    link_class : type
        Your subclass of :class:`~skshallow.losses.Link`.
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


def scores(link: Link, raw: Tensor) -> Tensor:
    """Return the scores (n, n_classes) of which the largest is that of the prediction."""
    return SCORES[type(link)](raw, link) if type(link) in SCORES else raw


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
