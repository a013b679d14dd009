"""A net in JAX, each epoch of which is one compiled function: what benchmarks compare with.

All batches of a compiled epoch have one size, so the last one is filled up.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from sklearn.preprocessing import StandardScaler

Layers = list[tuple[jax.Array, jax.Array]]  # weight and bias of each


def raw_prediction(layers: Layers, X: jax.Array) -> jax.Array:
    """Return the raw predictions (n, n_classes)."""
    *hidden, (weight, bias) = layers
    for own_weight, own_bias in hidden:
        X = jax.nn.relu(X @ own_weight + own_bias)
    return X @ weight + bias


def objective(layers: Layers, X: jax.Array, y: jax.Array) -> jax.Array:
    """Return the mean log loss, and a penalty on the weights."""
    log_probability = jax.nn.log_softmax(raw_prediction(layers, X))
    squares = sum((weight**2).sum() for weight, _ in layers)
    return -log_probability[jnp.arange(len(y)), y].mean() + 0.5e-4 * squares


@jax.jit
def epoch(state: Any, X: jax.Array, y: jax.Array, batches: jax.Array) -> Any:
    """Return the state after a step of Adam on each of the `batches` of rows."""

    def step(state, rows):
        layers, means, squares, t = state
        grads = jax.grad(objective)(layers, X[rows], y[rows])
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, grads)
        squares = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, squares, grads)
        rate = (1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)).astype(X.dtype)
        layers = jax.tree.map(
            lambda p, m, s: p - rate * m / (jnp.sqrt(s) + 1e-8), layers, means, squares
        )
        return (layers, means, squares, t + 1), None

    return jax.lax.scan(step, state, batches)[0]


def trainer(
    X: np.ndarray, y: np.ndarray, widths: Sequence[int], batch_size: int
) -> Callable[[int], Layers]:
    """Return a function that trains a net of these `widths` for so many epochs."""
    rng = np.random.default_rng(0)
    layers = [
        (
            jnp.asarray(rng.normal(0, math.sqrt(2 / a), (a, b)), X.dtype),
            jnp.zeros(b, X.dtype),
        )
        for a, b in itertools.pairwise(widths)
    ]
    zeros = jax.tree.map(jnp.zeros_like, layers)
    X_there, y_there = jnp.asarray(X), jnp.asarray(y)
    n_batches = math.ceil(len(X) / batch_size)

    def train(n_epochs: int) -> Layers:
        state = layers, zeros, zeros, jnp.asarray(1.0)
        for _ in range(n_epochs):
            batches = np.resize(rng.permutation(len(X)), (n_batches, batch_size))
            state = epoch(state, X_there, y_there, jnp.asarray(batches))
        return jax.block_until_ready(state)[0]

    return train


class JaxNet:
    """A script's net: standardised features, 100 units, 200 epochs of 200 rows a step."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> JaxNet:
        self.scaler = StandardScaler().fit(X)
        widths = X.shape[1], 100, int(y.max()) + 1
        rows = self.scaler.transform(X).astype(np.float32)
        self.layers = trainer(rows, y, widths, min(200, len(X)))(200)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        rows = jnp.asarray(self.scaler.transform(X), jnp.float32)
        return np.asarray(jax.nn.softmax(raw_prediction(self.layers, rows)))

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return float((self.predict_proba(X).argmax(axis=1) == y).mean())
