"""Saving an estimator to a file, and restoring it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from skshallow import __version__
from skshallow._estimators.checks.sklearn_private import (
    SCIKIT_LEARNS_OWN,
    metadata_requests,
    set_metadata_requests,
)
from skshallow._estimators.files.archive import (
    DAMAGE,
    check_folder_of,
    check_path,
    write,
)
from skshallow._estimators.files.codec import Arrays, NotData, describe, rebuild
from skshallow._estimators.files.integrity import check_fitted
from skshallow.activations import Activation
from skshallow.exceptions import UnreadableModel
from skshallow.initializers import Initializer
from skshallow.losses import Loss
from skshallow.schedules import Schedule
from skshallow.solvers import Solver

COMPONENTS = (Activation, Initializer, Loss, Schedule, Solver)

# Remedies for parameters that cannot be saved.
ADVICE = {
    "random_state": "Set it to an int or None: it only starts a fit, and the generator "
    "that training goes on with is saved by itself.",
    "validation_fraction": "A fitted net predicts without the rows that a splitter held "
    "out, so nothing is lost by net.set_params(validation_fraction=0.1).save(path).",
    "classes_": "Convert the labels to plain text, integers or floats before the fit.",
    "scoring": "A fitted net predicts without a scorer, so nothing is lost by "
    "net.set_params(scoring=None).save(path); the name of a scorer is saved.",
}
ADVICE_ON_COMPONENTS = (
    "A component of your own is code. Store coefs_ and intercepts_ instead, and pass them "
    "to from_weights together with the component; or use skops.io.dump, and "
    "skops.io.load with the type of the component as trusted."
)
# Parameters that files of format 1 may lack, because they are older.
LATER_PARAMETERS = {
    "n_members",
    "average_weights",
    "categorical_features",
    "clip_features",
    "cross_fit",
    "normalization",
    "monotonic_cst",
    "numeric_encoding",
    "residual",
    "share_weights",
}
# Parameters that files of format 1 may have under an earlier name, and fitted attributes
# that are dicts with names of parameters as keys.
RENAMED_PARAMETERS = {"average": "average_weights"}
BY_PARAMETER = "resolved_params_", "_used_params"
ADVICE_ON_THE_REST = "Replace it by numbers, text, lists, dicts or plain arrays of these."


def save_estimator(estimator: Any, path: str | os.PathLike) -> None:
    """Write `estimator` to the file `path`; see `FittedNet.save`."""
    check_path(path)
    check_folder_of(path, "the file")
    cls = type(estimator)
    if cls.__module__.partition(".")[0] != __name__.partition(".")[0]:
        raise TypeError(
            f"save cannot store {cls.__name__}, because load only creates classes of "
            "skshallow. Use skops.io.dump or pickle for a class of your own."
        )
    arrays: Arrays = {}
    content = _describe_estimator(estimator, arrays)
    try:
        restore_estimator(content, dict(arrays), {cls.__name__: cls})
    except DAMAGE as error:
        raise ValueError(
            f"This net was not saved, because load would refuse it: {error}"
        ) from error
    write(path, content, arrays)


def _describe_estimator(estimator: Any, arrays: Arrays) -> dict[str, Any]:
    """Return the content of the header; arrays are added to `arrays`."""
    parameters = estimator.get_params(deep=False)
    fitted = {
        name: value
        for name, value in vars(estimator).items()
        if name not in parameters and name not in SCIKIT_LEARNS_OWN
    }
    return {
        "skshallow": __version__,
        "estimator": type(estimator).__name__,
        "parameters": _describe_all(parameters, "parameter", arrays),
        "fitted": _describe_all(fitted, "attribute", arrays),
        "metadata_requests": metadata_requests(estimator),
    }


def _describe_all(values: Mapping[str, Any], role: str, arrays: Arrays) -> dict[str, Any]:
    """Return the encoding of each parameter, or of each fitted attribute, by name."""
    described = {}
    for name, value in values.items():
        try:
            described[name] = describe(value, name, arrays)
        except NotData as error:
            own = isinstance(error.value, COMPONENTS)
            advice = ADVICE_ON_COMPONENTS if own else ADVICE.get(name, ADVICE_ON_THE_REST)
            raise TypeError(
                f"The {role} {name!r} cannot be saved as plain data: {error}. {advice}"
            ) from error
    return described


def restore_estimator(
    content: Mapping[str, Any], arrays: Arrays, estimators: Mapping[str, type]
) -> Any:
    """Return the estimator that the header and the arrays of a file describe.

    Parameters
    ----------
    content : mapping
        From `skshallow._estimators.files.archive.read`.
    arrays : dict of str to ndarray
        The arrays of the file; they are removed from the dict.
    estimators : mapping of str to type
        The estimator classes that a file may name.

    Raises
    ------
    UnreadableModel, or an exception in `archive.DAMAGE`
        If anything is unknown, missing, superfluous or inconsistent.
    """
    if "training" in content:
        raise UnreadableModel(
            "it has the training state of a skshallow.callbacks.Checkpoint, not a saved "
            "net. Run the fit again to finish it, then call save."
        )
    if content["estimator"] not in estimators:
        raise UnreadableModel(f"There is no estimator {content['estimator']!r}.")
    cls = estimators[content["estimator"]]
    parameters = _renamed(
        {name: rebuild(value, arrays) for name, value in content["parameters"].items()}
    )
    known = cls().get_params(deep=False).keys()
    unknown = parameters.keys() - known
    if unknown:
        raise UnreadableModel(
            f"{cls.__name__} has no parameter {min(unknown)!r} in this version of "
            f"skshallow, {__version__}; the file was written by {content['skshallow']}."
        )
    missing = known - parameters.keys() - LATER_PARAMETERS
    if missing:
        raise UnreadableModel(f"The parameter {min(missing)!r} is missing.")
    estimator = cls(**parameters)
    estimator._validate_params()
    fitted = {name: rebuild(value, arrays) for name, value in content["fitted"].items()}
    for name in fitted:
        # Attributes must not hide a parameter, a method or a property of the class.
        reserved = name in known or name in SCIKIT_LEARNS_OWN
        if reserved or getattr(cls, name, None) is not None:
            raise UnreadableModel(f"{name!r} is no attribute that a fit leaves.")
    if arrays:
        raise UnreadableModel(f"Nothing uses the array {min(arrays)!r}.")
    for name in BY_PARAMETER:
        if type(fitted.get(name)) is dict:
            fitted[name] = _renamed(fitted[name])
    if "theta_" in fitted:
        fitted.setdefault("resolved_params_", {})  # files of format 1 may lack it
    vars(estimator).update(fitted)
    if "theta_" in fitted:
        check_fitted(estimator)
    set_metadata_requests(estimator, content["metadata_requests"])
    return estimator


def _renamed(by_parameter: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a dict with parameters as keys, with the names that they have today."""
    renamed = {RENAMED_PARAMETERS.get(key, key): it for key, it in by_parameter.items()}
    if len(renamed) < len(by_parameter):
        raise UnreadableModel("It has a parameter under its earlier name and today's.")
    return renamed
