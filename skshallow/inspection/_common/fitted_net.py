"""Read off a fitted net: parameters, and names of its layers, activations and outputs."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier

from skshallow._arrays.namespace import to_numpy
from skshallow.activations import ACTIVATIONS, Activation, Params
from skshallow.losses import CumulativeLink, Gaussian, LogLink, Quantile


def layer_params(net: Any, standardized: bool, member: int = 0) -> list[Params]:
    """Return copies of a member's parameters, for standardised features or the user's."""
    network = net.network_
    if not 0 <= member < network.n_members:
        raise ValueError(
            f"member={member} does not exist: the net has n_members={network.n_members}, "
            "counted from 0."
        )
    if standardized:
        params = network.member_params(to_numpy(net.theta_).copy())
    else:
        params = net._params_in_users_units()
    return [
        {
            name: own[name].reshape(network.n_members, *shape)[member]
            for name, shape in layer.shapes().items()
        }
        for own, layer in zip(params, network.layers, strict=True)
    ]


def validation_decides(net: Any) -> bool:
    """Return whether the weights of `net` are those of its best epoch in validation."""
    return bool(net.resolved_params_.get("early_stopping", True))


def has_best_epoch_per_member(net: Any) -> bool:
    """Return whether each member of `net` has the weights of a best epoch of its own."""
    return bool(net.resolved_params_.get("cross_fit", False))


def layer_names(net: Any) -> list[str]:
    """Return the names of the layers of `net`, the output layer last."""
    return [*(f"hidden {i}" for i in range(1, len(net.network_.layers))), "output"]


def activation_title(activation: Activation) -> str:
    """Return an activation's name if its settings are the defaults, else its repr."""
    names = (name for name, cls in ACTIVATIONS.items() if cls() == activation)
    return next(names, repr(activation))


def learned_activations(net: Any) -> dict[str, tuple[list[str], Activation, Params]]:
    """Return (layer names, activation, mean learned parameters (1,)) by title."""
    found: dict[str, tuple[list[str], Activation, Params]] = {}
    names, params = layer_names(net), net.network_.views(to_numpy(net.theta_))
    for name, layer, own in zip(names, net.network_.layers[:-1], params, strict=False):
        mean = {
            key: own[key].mean().reshape(1) for key in layer.activation.initial_params(1)
        }
        title = activation_title(layer.activation)
        title += "".join(f", mean {key} {value[0]:.3g}" for key, value in mean.items())
        found.setdefault(title, ([], layer.activation, mean))[0].append(name)
    return found


def names_of_outputs(net: Any) -> list[str]:
    """Return the names of the outputs of `net`: a class, or part of a prediction.

    They are those that the last layer has weights for.
    """
    if isinstance(net._loss.link, CumulativeLink):
        return ["higher class"]
    if is_classifier(net):
        classes = [str(label) for label in net.classes_]
        one_for_two = net.n_outputs_ < len(classes)
        return [f"{classes[1]} vs {classes[0]}"] if one_for_two else classes
    parts = _parts_of_prediction(net._loss)
    n_targets = net.n_outputs_ // len(parts)
    targets = [""] if n_targets == 1 else [f" {i}" for i in range(n_targets)]
    return [f"{part}{target}" for part in parts for target in targets]


def _parts_of_prediction(loss: Any) -> list[str]:
    """Return the names of the raw outputs for one target, in their order."""
    if isinstance(loss, Gaussian):
        return ["mean", "log scale"]
    if isinstance(loss, Quantile) and len(loss.levels) > 1:
        return [f"quantile {level:g}" for level in loss.levels]
    return ["log prediction" if isinstance(loss.link, LogLink) else "prediction"]
