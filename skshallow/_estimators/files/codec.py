r"""Encoding of parameters and fitted state as plain JSON and arrays, and decoding.

JSON types are encoded as themselves. Everything else is an object with one entry:
``{"tuple": [...]}``, or the name of a type of this package with its settings, as in
``{"LeakyReLU": {"slope": 0.1}}``. Names are looked up in the tables below, so that a file
cannot name any other type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skshallow._arrays.namespace import to_numpy
from skshallow._component import settings_of
from skshallow._estimators.columns import Columns
from skshallow._estimators.files.archive import is_plain
from skshallow.activations import ACTIVATIONS
from skshallow.engine.embedding import Embedding
from skshallow.engine.encoding import Encoding
from skshallow.engine.moments import Moments
from skshallow.engine.monotone import Directions
from skshallow.engine.network import Network
from skshallow.engine.normalization import LayerNorm
from skshallow.engine.periodic import PeriodicEmbedding
from skshallow.engine.robust_moments import RobustMoments
from skshallow.engine.state import Progress
from skshallow.engine.units import Units
from skshallow.exceptions import UnreadableModel
from skshallow.initializers import INITIALIZERS
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

Arrays = dict[str, np.ndarray]


class NotData(TypeError):
    """A value that cannot be encoded: code, or a type that is not in the tables."""

    def __init__(self, value: Any) -> None:
        super().__init__(f"{value!r} {_kind_of(value)}")
        self.value = value


def _kind_of(value: Any) -> str:
    """Return what a value is, for the message of an error."""
    if not isinstance(value, np.ndarray):
        return f"is of type {_name_of(type(value))}"
    if value.dtype != object:
        return f"has the dtype {value.dtype}"
    types = sorted({_name_of(type(item)) for item in value.ravel()})
    return f"has objects of type {', '.join(types)}"


def _name_of(cls: type) -> str:
    """Return the full name of a type."""
    return f"{cls.__module__}.{cls.__qualname__}"


@dataclass(frozen=True)
class Kind:
    """A type that can be encoded, with the functions to encode and to decode it."""

    type: type
    take_apart: Callable[[Any], dict[str, Any]]
    put_together: Callable[[dict[str, Any]], Any]


def component_types() -> Iterator[type]:
    """Yield the type of every component in the package's tables of names."""
    for table in (ACTIVATIONS, INITIALIZERS, REGRESSION_LOSSES, SCHEDULES, SOLVERS):
        yield from (type(make()) for make in table.values())
    for forms in CLASSIFICATION_LOSSES.values():
        yield from forms.values()


def _component(cls: type) -> Kind:
    """Return the encoding of a component, a frozen dataclass of settings."""

    def with_settings(settings: dict[str, Any]) -> Any:
        unknown = settings.keys() - {field.name for field in fields(cls) if field.init}
        if unknown:
            raise UnreadableModel(f"{cls.__name__} has no setting {min(unknown)!r}.")
        component = cls(**settings)  # which checks their values
        for name, value in settings.items():
            if getattr(component, name) != value:
                raise UnreadableModel(f"{cls.__name__} does not store {name} as {value!r}.")
        return component

    return Kind(cls, settings_of, with_settings)


def _take_network_apart(network: Network) -> dict[str, Any]:
    """Return the arguments of `Network`; all layers have the same dropout rate."""
    hidden = network.layers[:-1]
    return {
        "n_features": network.n_features,
        "n_outputs": network.layers[-1].n_units,
        "hidden_units": [layer.n_units for layer in hidden],
        "activations": [layer.activation for layer in hidden],
        "dropout": hidden[0].dropout.rate if hidden else 0.0,
        "n_members": network.n_members,
        "embedding": network.embedding,
        "unseen": [
            None if inputs is None else [inputs.start, inputs.stop]
            for inputs in network.layers[0].unseen
        ],
        "residual": network.residual,
        "normalization": network.normalization,
        "directions": network.directions,
        "n_shared": network.n_shared,
        "periodic": network.periodic,
        "shares_weights": network.shares_weights,
    }


def _network(settings: dict[str, Any]) -> Network:
    """Return a network with these settings; older files lack some of the last ones."""
    if type(settings.get("shares_weights", False)) is not bool:
        raise UnreadableModel("shares_weights of a network is no boolean.")
    unseen = settings.pop("unseen", [])
    of_members = [None if ends is None else slice(*ends) for ends in unseen]
    return Network(**settings, unseen=of_members)


def _moments(columns: dict[str, Any]) -> Moments:
    """Return moments with these attributes."""
    moments = Moments(0)
    if "mean" in columns and "minimum" not in columns:
        columns = _with_range(columns)
    if columns.keys() != vars(moments).keys():
        raise UnreadableModel(f"Moments are not made of {sorted(columns)}.")
    vars(moments).update(columns)
    return moments


def _with_range(columns: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of moments in an older file, with the range of columns.

    Such a file knows it only as long as some column is binary; otherwise there is none.
    """
    columns = dict(columns)
    low, high = columns.pop("low", None), columns.pop("high", None)
    two_valued = columns.setdefault("two_valued", np.zeros(len(columns["mean"]), bool))
    if not two_valued.any():
        low, high = (np.full(len(two_valued), sign * np.inf) for sign in (-1, 1))
    return columns | {"minimum": low, "maximum": high}


def _robust_moments(columns: dict[str, Any]) -> RobustMoments:
    """Return robust moments that have grown to these."""
    moments = RobustMoments(0)
    if columns.keys() != vars(moments).keys():
        raise UnreadableModel(f"Robust moments are not made of {sorted(columns)}.")
    vars(moments).update(columns)
    return moments


BIT_GENERATORS = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM}


def _take_generator_apart(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a random generator as plain numbers."""
    state: Any = generator.bit_generator.state
    if state["bit_generator"] not in BIT_GENERATORS:
        raise NotData(generator)
    return {**state, **state["state"]}


def _generator(numbers: dict[str, Any]) -> np.random.Generator:
    """Return a random generator with a state given as plain numbers."""
    bit_generator = BIT_GENERATORS[numbers["bit_generator"]](0)
    inner = {name: numbers.pop(name) for name in ("state", "inc")}
    if not all(type(number) is int for number in (*inner.values(), numbers["uinteger"])):
        raise UnreadableModel("The state of a random generator is no integer.")
    bit_generator.state = {**numbers, "state": inner}
    return np.random.Generator(bit_generator)


# The types of the fitted state; their contents are encoded recursively.
STATE = (
    Kind(Network, _take_network_apart, _network),
    Kind(Directions, settings_of, lambda settings: Directions(**settings)),
    Kind(Embedding, settings_of, lambda settings: Embedding(**settings)),
    Kind(PeriodicEmbedding, settings_of, lambda settings: PeriodicEmbedding(**settings)),
    Kind(Encoding, settings_of, lambda columns: Encoding(**columns)),
    Kind(Columns, settings_of, lambda columns: Columns(**columns)),
    Kind(Units, settings_of, lambda columns: Units(**columns)),
    _component(LayerNorm),
    Kind(Moments, lambda moments: dict(vars(moments)), _moments),
    Kind(RobustMoments, lambda moments: dict(vars(moments)), _robust_moments),
    Kind(Progress, settings_of, lambda settings: Progress(**settings)),
    Kind(np.random.Generator, _take_generator_apart, _generator),
)
KINDS: dict[str, Kind] = {
    kind.type.__name__: kind
    for kind in (*STATE, *(_component(cls) for cls in component_types()))
}


# The types of what an array of objects may have, by their names in files.
OBJECTS: dict[type, str] = {str: "str", np.str_: "str_", int: "int"}


# Encoding.


def describe(value: Any, name: str, arrays: Arrays) -> Any:
    """Return `value` as JSON; its arrays are added to `arrays` under names like `name`.

    Raises
    ------
    NotData
        If `value` is, or contains, something that is neither JSON nor in the tables.
    """
    value = to_numpy(value)  # arrays of other libraries are stored as NumPy arrays
    if isinstance(value, np.generic):
        return {"scalar": _store(np.asarray(value), name, arrays)}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, np.ndarray):
        return _describe_array(np.asarray(value), name, arrays)
    if type(value) in (list, tuple):
        items = [describe(item, f"{name}.{i}", arrays) for i, item in enumerate(value)]
        return items if type(value) is list else {"tuple": items}
    if type(value) is dict:
        pairs = [
            [describe(key, f"{name}.{i}", arrays), describe(item, f"{name}.{key}", arrays)]
            for i, (key, item) in enumerate(value.items())
        ]
        return {"dict": pairs}
    kind = KINDS.get(type(value).__name__)
    if kind is None or kind.type is not type(value):
        raise NotData(value)
    parts = kind.take_apart(value).items()
    described = {part: describe(item, f"{name}.{part}", arrays) for part, item in parts}
    return {type(value).__name__: described}


def _describe_array(array: np.ndarray, name: str, arrays: Arrays) -> dict[str, Any]:
    """Return the encoding of an array; arrays of objects may have strings, or integers.

    Labels from pandas, and integers beyond 64 bits, are arrays of objects. They are stored
    as one text and the length of each, because NumPy strings drop trailing null
    characters. Strings of which only some are NumPy's are all stored as Python's.
    """
    if array.dtype != object:
        return {"array": _store(array, name, arrays)}
    items = array.ravel().tolist()
    types = {type(item) for item in items} or {str}
    if types == {str, np.str_}:
        types = {str}
    if not (len(types) == 1 and types <= OBJECTS.keys()):
        raise NotData(array)
    texts = [str(item) for item in items]
    text = np.frombuffer("".join(texts).encode("utf-8", "surrogatepass"), np.uint8)
    lengths = np.array([len(text) for text in texts], np.int64).reshape(array.shape)
    return {
        "objects": {
            "of": OBJECTS[types.pop()],
            "text": describe(text, name, arrays),
            "lengths": describe(lengths, f"{name}.lengths", arrays),
        }
    }


def _store(array: np.ndarray, name: str, arrays: Arrays) -> str:
    """Add an array to `arrays` under a unique name like `name`; return the name."""
    if not is_plain(array.dtype):
        raise NotData(array)
    plain = re.sub("[^A-Za-z0-9_.]+|[.](?![A-Za-z0-9_])", "_", name)
    free = plain
    while free in arrays:
        free = f"{plain}.{len(arrays)}"
    arrays[free] = array
    return free


# Decoding.


def rebuild(description: Any, arrays: Arrays) -> Any:
    """Return the value that `describe` encoded; its arrays are removed from `arrays`.

    Raises
    ------
    UnreadableModel, or an exception in `archive.DAMAGE`
        If the encoding is invalid.
    """
    if description is None or isinstance(description, bool | int | float | str):
        return description
    if isinstance(description, list):
        return [rebuild(item, arrays) for item in description]
    ((tag, content),) = description.items()
    if tag in PLAIN:
        return PLAIN[tag](content, arrays)
    if tag not in KINDS:
        raise UnreadableModel(
            f"It names {tag!r}, which this version of skshallow does not have."
        )
    parts = {part: rebuild(item, arrays) for part, item in content.items()}
    return KINDS[tag].put_together(parts)


def _rebuild_float(text: str, arrays: Arrays) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[text]


def _rebuild_scalar(name: str, arrays: Arrays) -> Any:
    array = arrays.pop(name)
    if array.shape != ():
        raise UnreadableModel(f"The array {name!r} is not a scalar.")
    return array[()]


def _rebuild_dict(pairs: list, arrays: Arrays) -> dict:
    """Return a dict from its pairs (key, value)."""
    found = {rebuild(key, arrays): rebuild(value, arrays) for key, value in pairs}
    if len(found) != len(pairs):
        raise UnreadableModel("A dict has the same key twice.")
    return found


def _rebuild_objects(content: dict[str, Any], arrays: Arrays) -> np.ndarray:
    """Return an array of strings, or of integers, as objects."""
    (convert,) = (cls for cls, name in OBJECTS.items() if name == content["of"])
    lengths = rebuild(content["lengths"], arrays)
    text = rebuild(content["text"], arrays).tobytes().decode("utf-8", "surrogatepass")
    outside = (lengths < 0) | (lengths > len(text))
    if outside.any() or lengths.sum() != len(text):
        raise UnreadableModel("Text is longer or shorter than what it is cut into.")
    array = np.empty(lengths.shape, object)
    stops = np.cumsum(lengths)
    starts = stops - lengths.ravel()
    items = [convert(text[i:j]) for i, j in zip(starts, stops, strict=True)]
    array.reshape(-1)[...] = items  # a view: the array is new
    return array


PLAIN: dict[str, Callable[[Any, Arrays], Any]] = {
    "array": lambda name, arrays: arrays.pop(name),
    "scalar": _rebuild_scalar,
    "float": _rebuild_float,
    "tuple": lambda items, arrays: tuple(rebuild(item, arrays) for item in items),
    "dict": _rebuild_dict,
    "objects": _rebuild_objects,
}
