"""Fingerprints of fits for checkpoints: hashes of parameters, data and initial state.

Two fits with the same fingerprint start from the same state and see the same rows, so
they have the same result. Hashing the data takes one pass over them, training many.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
from scipy import sparse

from skshallow import __version__
from skshallow._estimators.files.codec import Arrays, NotData, describe
from skshallow._estimators.fit.run import FitRun

WITHOUT_EFFECT = ("verbose",)
TOLD_BY_ROWS = "validation_fraction"  # a splitter is known by the rows that it chose
TRAINING_ROWS, FOLDS = "the choice of training rows", "the choice of folds"
START = "what training starts from"
# What follows from parameters and data, in this order: told only where these are equal.
CONSEQUENCES = TRAINING_ROWS, FOLDS, START

Fingerprint = dict[str, dict[str, str]]


def fingerprint(net: Any, run: FitRun) -> Fingerprint:
    """Return a description and a hash of everything that determines the fit, by name.

    Parameters
    ----------
    net : estimator
        The estimator that is fitted.
    run : FitRun
        The run, before its first epoch.

    Raises
    ------
    TypeError
        If a parameter is not plain data, so that it cannot be compared.
    """
    data = run.data
    # Rows that are held out are among those of X.
    validation = None if data.draws_held_out else data.validation
    start = [run.objective.theta, run.progress, run.measured.units, run.health.n_before]
    entries = {
        "skshallow": fingerprint_entry(__version__),
        "estimator": fingerprint_entry(type(net).__name__),
        "X": fingerprint_entry(data.X),
        "the levels of X": fingerprint_entry(
            None if data.columns is None else data.columns.names_of_levels(), "levels"
        ),
        "y": fingerprint_entry(data.y),
        "sample_weight": fingerprint_entry(data.weight),
        TRAINING_ROWS: fingerprint_entry(data.train_rows),
        FOLDS: fingerprint_entry(
            [(fold.rows, fold.train_rows) for fold in data.folds or ()], "other rows"
        ),
        "X_val": fingerprint_entry(None if validation is None else validation.X),
        "y_val": fingerprint_entry(None if validation is None else validation.y),
        "sample_weight_val": fingerprint_entry(
            None if validation is None else validation.weight
        ),
        "classes_": fingerprint_entry(getattr(data.targets, "classes", None)),
        START: fingerprint_entry(start, "weights, units, random numbers"),
    }
    for name, value in net.get_params(deep=False).items():
        if name not in WITHOUT_EFFECT:
            if name == TOLD_BY_ROWS and hasattr(value, "split"):
                value = type(value).__name__
            try:
                entries[name] = fingerprint_entry(value)
            except NotData as error:
                raise TypeError(
                    f"A Checkpoint recognises a fit by its parameters, but cannot compare "
                    f"{name!r}: {error}. Use the package's own components, names of "
                    "scorers, and plain numbers and text."
                ) from error
    return entries


def differences(then: Fingerprint, now: Fingerprint) -> list[str]:
    """Return the differences between two fingerprints, for an error message."""
    words: list[str] = []
    causes = sorted((then.keys() | now.keys()) - {*CONSEQUENCES})
    for name in (*causes, *CONSEQUENCES):
        if name in CONSEQUENCES and words:
            break
        before, after = (
            it.get(name, {"words": "nothing", "sha256": ""}) for it in (then, now)
        )
        if before["words"] != after["words"]:
            words.append(f"{name} was {before['words']}, now it is {after['words']}")
        elif before["sha256"] != after["sha256"]:
            words.append(f"{name} has other values ({after['words']})")
    return words


def fingerprint_entry(value: Any, words: str | None = None) -> dict[str, str]:
    """Return a short description and a hash of a value."""
    if words is None:
        is_table = hasattr(value, "dtype") and hasattr(value, "shape") and value.shape
        words = f"{value.dtype} of shape {value.shape}" if is_table else repr(value)
    if sparse.issparse(value):
        value = [value.shape, value.data, value.indices, value.indptr]
    return {"words": words, "sha256": _digest(value)}


def _digest(value: Any) -> str:
    """Return a hash of what `describe` returns for a value; may raise NotData."""
    arrays: Arrays = {}
    digest = hashlib.sha256(json.dumps(describe(value, "value", arrays)).encode())
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        # in chunks of rows, so that no array is copied as a whole
        parts: Any = np.nditer(
            array, ["external_loop", "buffered", "zerosize_ok"], order="C"
        )
        for part in parts:
            digest.update(part.tobytes())
    return digest.hexdigest()
