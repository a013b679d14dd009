"""The trainings that the playground shows: fitted here, packed for its script.

For each setting of a grid, the estimator that the page's code names is fitted up to each of
`EPOCHS`, and what it then is goes into a few bytes: its weights, its scores, its `health_`
and the verdicts of `health_report`. The script computes the colours from the weights.

Solvers that take gradient steps go on from frame to frame with ``warm_start``, which gives
bit for bit the weights and the record of one longer fit. L-BFGS would forget its past
steps, so it starts anew for each frame.

One file per table holds, for each setting in the order of `settings`, a frame per epoch.
`FRAME` says what a frame is; little endian, "bf16" is the upper half of a float32.
"""

from __future__ import annotations

import base64
import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np

from skshallow import DeepNetClassifier
from skshallow.inspection import health_report
from skshallow.solvers import SOLVERS

N_ROWS, N_UNITS = 200, 6
EPOCHS = (1, 3, 7, 12, 20, 32, 50, 80, 120, 190, 300)
DEPTHS = (1, 2, 4)
ACTIVATIONS = ("relu", "tanh", "sigmoid")
INIT_SCALES = (0.01, 1, 10)
# With these learning rates every solver separates every table, from a suitable start.
LEARNING_RATES = {"sgd": 0.3, "momentum": 0.1, "rmsprop": 0.01, "adam": 0.03, "lbfgs": None}

FRAME = """
    bf16  training loss
    u16   epochs that were run
    u8    training rows that are classified correctly
    u8    new rows that are classified correctly
    u16   verdict on each layer, an index into "verdicts", of indices into "phrases"
    bf16  gradient norm of each layer
    bf16  update ratio of each layer
    bf16  largest weight or bias of each layer
    u8    dead units of each hidden layer, one bit each
    u8    saturated outputs of each hidden layer, in 255ths
    i12   weights (row by row) and biases of each layer, then of the next; see `in_12_bits`
"""

# How the code makes a table; `{n}` rows of state `{state}`.
TABLES = {
    "moons": ("", "make_moons({n}, noise=0.2, random_state={state})"),
    "circles": ("", "make_circles({n}, noise=0.1, factor=0.5, random_state={state})"),
    "spirals": (
        """
def make_spirals(n, random_state):
    rng = np.random.default_rng(random_state)
    y = np.arange(n) % 2
    radius = np.sqrt(rng.uniform(0.02, 1, n))
    angle = 2.5 * np.pi * radius + np.pi * y
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0, 0.03, X.shape), y


""",
        "make_spirals({n}, random_state={state})",
    ),
}

CODE = """\
import numpy as np
{imports}from skshallow import DeepNetClassifier
from skshallow.inspection import health_report

{function}X, y = {table}
X_new, y_new = {new_table}

net = DeepNetClassifier(
    hidden_units={hidden_units},
    activation={activation},
    init_scale={init_scale},
    solver="{solver}",
{of_solver}    max_iter={max_iter},
    random_state=0,
)
net.fit(X, y)
print(f"accuracy on new rows: {{net.score(X_new, y_new):.1%}}")
print(health_report(net))
"""
OF_SOLVER = """\
    learning_rate={learning_rate},
    schedule="constant",
    batch_size=None,
    n_iter_no_change=np.inf,
"""


@dataclass(frozen=True)
class Rule:
    """What a solver does in a step: its lines as in its docstring, and in words."""

    lines: tuple[str, ...]
    words: str


RULES = {
    "sgd": Rule(
        ("theta -= learning_rate * grad",),
        "Gradient descent: the steeper the loss, the longer the step. Where the gradient "
        "vanishes, so do the steps.",
    ),
    "momentum": Rule(
        ("v = momentum * v - learning_rate * grad", "theta += v"),
        "Each step adds a share of the step before: steps in one direction grow, steps to "
        "and fro cancel.",
    ),
    "rmsprop": Rule(
        (
            "s = rho s + (1 - rho) grad^2",
            "theta -= learning_rate grad / (sqrt(s) + epsilon)",
        ),
        "Each weight has its own scale, the root of the mean square of its gradients: "
        "steps are of similar size for all weights, also where gradients are tiny.",
    ),
    "adam": Rule(
        (
            "m = beta_1 m + (1 - beta_1) grad",
            "s = beta_2 s + (1 - beta_2) grad^2",
            "theta -= learning_rate * m / (1 - beta_1^t)"
            " / (sqrt(s / (1 - beta_2^t)) + epsilon)",
        ),
        "RMSprop and momentum in one: the mean of the gradients, divided by their size. "
        "The powers of step t correct for means that start at 0.",
    ),
    "lbfgs": Rule(
        (),
        "The last steps and the changes of the gradient along them approximate the "
        "curvature of the loss. They give the direction of a Newton step; a line search "
        "chooses its length. There is no learning rate. It stops where the gradient is 0.",
    ),
}


@dataclass(frozen=True)
class Setting:
    """What can be chosen in the playground, but for the epoch."""

    table: str = "moons"
    depth: int = 2
    first: str = "relu"
    further: str = "relu"
    init_scale: float = 1
    solver: str = "adam"

    @property
    def activation(self) -> list[str]:
        """The activation of each hidden layer."""
        return [self.first, *[self.further] * (self.depth - 1)]


def settings(table: str) -> Iterator[Setting]:
    """Yield the settings of a table in the order of its file.

    A single hidden layer has no further ones: they count as those of the first activation.
    """
    for depth, first, further in product(DEPTHS, ACTIVATIONS, ACTIVATIONS):
        if depth > 1 or further == ACTIVATIONS[0]:
            for init_scale, solver in product(INIT_SCALES, LEARNING_RATES):
                yield Setting(table, depth, first, further, init_scale, solver)


def code(setting: Setting, epoch: int) -> str:
    """Return the program that trains what the playground shows."""
    function, table = TABLES[setting.table]
    name = table.partition("(")[0]
    learning_rate = LEARNING_RATES[setting.solver]
    return CODE.format(
        imports="" if function else f"from sklearn.datasets import {name}\n",
        function=function,
        table=table.format(n=N_ROWS, state=0),
        new_table=table.format(n=N_ROWS, state=1),
        hidden_units=[N_UNITS] * setting.depth,
        activation=json.dumps(setting.activation),
        init_scale=setting.init_scale,
        solver=setting.solver,
        of_solver=OF_SOLVER.format(learning_rate=learning_rate) if learning_rate else "",
        max_iter=epoch,
    )


def run(program: str) -> dict[str, Any]:
    """Return what a program leaves; nothing is printed."""
    names: dict[str, Any] = {"print": lambda *lines: None}
    exec(program, names)
    return names


def rows_of(table: str) -> tuple[np.ndarray, ...]:
    """Return X, y, and X, y of new rows, as the code makes them."""
    program, _, _ = code(Setting(table), 1).partition("net =")
    names = run(program)
    return names["X"], names["y"], names["X_new"], names["y_new"]


def net_of(setting: Setting, epoch: int) -> DeepNetClassifier:
    """Return the estimator of the code, unfitted."""
    _, _, rest = code(setting, epoch).partition("net = ")
    program, _, _ = rest.partition("net.fit")
    return eval(program, {"np": np, "DeepNetClassifier": DeepNetClassifier})


def trained(setting: Setting, X: np.ndarray, y: np.ndarray) -> Iterator[DeepNetClassifier]:
    """Yield the net of a setting as it is after each of `EPOCHS`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the verdicts tell what is wrong
        net = net_of(setting, EPOCHS[0])
        if setting.solver == "lbfgs":
            yield from from_scratch(net, X, y)
            return
        net.set_params(warm_start=True)
        for before, epoch in zip((0, *EPOCHS), EPOCHS, strict=False):
            yield net.set_params(max_iter=epoch - before).fit(X, y)


def from_scratch(net: Any, X: np.ndarray, y: np.ndarray) -> Iterator[DeepNetClassifier]:
    """Yield a net, fitted anew for each of `EPOCHS` until it converges."""
    for epoch in EPOCHS:
        if epoch == EPOCHS[0] or net.n_iter_ == net.max_iter:
            net.set_params(max_iter=epoch).fit(X, y)
        yield net


# Packing.


def bf16(values: Any) -> bytes:
    """Return numbers as bfloat16, rounded to the nearest."""
    bits = np.atleast_1d(np.asarray(values, "<f4")).view("<u4")
    finite = (bits & 0x7F800000) != 0x7F800000
    return (
        ((bits + np.where(finite, np.uint32(0x8000), np.uint32(0))) >> 16)
        .astype("<u2")
        .tobytes()
    )


def bits_of_dead(activation: str, outputs: np.ndarray) -> int:
    """Return a bit per unit of outputs (n, units), set if its slope is 0 on every row."""
    flat = {"relu": (0,), "tanh": (-1, 1), "sigmoid": (0, 1)}[activation]
    dead = np.isin(outputs, flat).all(axis=0)
    return int(dead @ (1 << np.arange(len(dead))))


def in_12_bits(shares: np.ndarray) -> bytes:
    """Return shares in [-1, 1] as signed squares of multiples of 1/2047, two in 3 bytes.

    So the smaller a weight, the finer its steps.
    """
    steps = np.rint(2047 * np.sign(shares) * np.sqrt(np.abs(shares))).astype(np.int64)
    steps = np.append(steps, [0] * (len(steps) % 2)) & 0xFFF
    pairs = (steps[::2] | steps[1::2] << 12).astype("<u4")
    return pairs.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


class Numbered(dict):
    """Numbers of things, in the order in which they are first met."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = len(self)
        return self[thing]


class Verdicts:
    """Verdicts by their numbers, each as the numbers of its phrases.

    Facts and advice recur, their combinations hardly do: phrase by phrase they take little.
    """

    def __init__(self) -> None:
        self.phrases, self._numbered = Numbered(), Numbered()

    def number(self, text: str) -> int:
        """Return the number of a verdict."""
        facts, try_this, advice = text.partition(": try ")
        facts = re.split("(?<=; )", facts)
        phrases = [*facts, try_this + advice] if advice else facts
        return self._numbered[tuple(self.phrases[phrase] for phrase in phrases)]

    def packed(self) -> dict[str, list]:
        """Return what the script puts together."""
        return {"phrases": list(self.phrases), "verdicts": list(self._numbered)}


def frame(
    net: DeepNetClassifier, rows: tuple[np.ndarray, ...], verdicts: Verdicts
) -> bytes:
    """Return a fitted net as the bytes of a `FRAME`."""
    X, y, X_new, y_new = rows
    report = health_report(net)
    layers = [
        np.vstack([weight, bias])
        for weight, bias in zip(net.coefs_, net.intercepts_, strict=True)
    ]
    largest = [float(np.abs(layer).max()) for layer in layers]
    outputs = net.hidden_activations(X)
    dead = [bits_of_dead(*layer) for layer in zip(net.activation, outputs, strict=True)]
    saturated = np.rint(255 * np.array(report.shares["saturated"]))
    shares = [
        (layer / (scale or 1)).ravel() for layer, scale in zip(layers, largest, strict=True)
    ]
    right = net.predict(np.vstack([X, X_new])) == np.concatenate([y, y_new])
    n_right = [int(right[: len(y)].sum()), int(right[len(y) :].sum())]
    return b"".join(
        [
            bf16(net.loss_curve_[-1]),
            np.array(net.n_iter_, "<u2").tobytes(),
            bytes(n_right),
            np.array([verdicts.number(text) for text in report.verdicts], "<u2").tobytes(),
            bf16(report.weights["gradient_norm"]),
            bf16(report.weights["update_ratio"]),
            bf16(largest),
            bytes(dead),
            saturated.astype(np.uint8).tobytes(),
            in_12_bits(np.concatenate(shares)),
        ]
    )


def record(table: str, chosen: list[Setting] | None = None) -> dict[str, Any]:
    """Return all trainings of a table, or the `chosen` ones, as the script reads them."""
    rows = X, y, X_new, y_new = rows_of(table)
    verdicts = Verdicts()
    frames = b"".join(
        frame(net, rows, verdicts)
        for setting in (settings(table) if chosen is None else chosen)
        for net in trained(setting, X, y)
    )
    return {
        "table": table,
        "rows": [X.round(3).tolist(), y.tolist()],
        "newRows": [X_new.round(3).tolist(), y_new.tolist()],
        "bounds": [X.min(axis=0).tolist(), X.max(axis=0).tolist()],
        **verdicts.packed(),
        "frames": base64.b64encode(frames).decode(),
    }


def grid() -> dict[str, Any]:
    """Return what the script needs to know of all tables: the grid, code and rules."""
    return {
        "nRows": N_ROWS,
        "nUnits": N_UNITS,
        "epochs": EPOCHS,
        "choices": {
            "table": list(TABLES),
            "depth": DEPTHS,
            "first": ACTIVATIONS,
            "further": ACTIVATIONS,
            "init_scale": INIT_SCALES,
            "solver": list(LEARNING_RATES),
        },
        "code": {"program": CODE, "ofSolver": OF_SOLVER, "tables": TABLES},
        "solvers": {
            name: {
                "title": SOLVERS[name].__name__,
                "learningRate": LEARNING_RATES[name],
                "settings": asdict(SOLVERS[name]()),
                **asdict(rule),
            }
            for name, rule in RULES.items()
        },
    }
