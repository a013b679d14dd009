"""A net in PyTorch, trained by the loop that a script has: what benchmarks compare with."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler


def train(
    X: torch.Tensor,
    y: torch.Tensor,
    widths: Sequence[int],
    batch_size: int,
    n_epochs: int,
) -> torch.nn.Module:
    """Return a net of these `widths`, from features to classes, in the dtype of X."""
    layers: list[torch.nn.Module] = []
    for n_inputs, n_units in itertools.pairwise(widths):
        layers += [torch.nn.Linear(n_inputs, n_units), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1]).to(device=X.device, dtype=X.dtype)
    solver = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-4, fused=True)
    for _ in range(n_epochs):
        order = torch.randperm(len(X), device=X.device)
        for rows in order.split(batch_size):
            solver.zero_grad()
            torch.nn.functional.cross_entropy(net(X[rows]), y[rows]).backward()
            solver.step()
    return net


class TorchNet:
    """A script's net: standardised features, 100 units, 200 epochs of 200 rows a step."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> TorchNet:
        torch.manual_seed(0)
        self.scaler = StandardScaler().fit(X)
        widths = X.shape[1], 100, int(y.max()) + 1
        self.net = train(self._there(X), torch.as_tensor(y), widths, 200, 200)
        return self

    def _there(self, X: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(self.scaler.transform(X), dtype=torch.float32)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return torch.softmax(self.net(self._there(X)), dim=1).numpy()

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        return float((self.predict_proba(X).argmax(axis=1) == y).mean())
