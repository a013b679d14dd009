r"""Training objective: mean loss plus L2 penalty, as function of the parameter vector.

    J(theta) = 1/n sum_i w_i loss(y_i, network(x_i; theta)) + alpha/2 ||weights||^2

The sample weights ``w_i`` have mean 1 over the training set. A minibatch averages
``w_i loss_i`` over its rows, which is an unbiased estimate; dividing by the sum of the
weights in the batch would be biased. Weighting, averaging and penalty are computed only
here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skshallow._arrays.linalg import add_scaled
from skshallow._arrays.namespace import (
    asarray_like,
    copy_of,
    dtype_of,
    namespace,
    widest_float,
)
from skshallow.activations import Params
from skshallow.engine.network import Network
from skshallow.losses import Loss


class Objective:
    """Value and gradient of ``J`` at the parameter vector `theta`.

    Parameters
    ----------
    network : Network
        Maps rows to raw predictions.
    loss : Loss
        Compares raw predictions with targets.
    alpha : float
        Strength of the L2 penalty on the weights; biases have no penalty. Weights that
        members share count once for each of them.
    theta : ndarray of shape (P,)
        The parameters; solvers move them in place, and `params` follow.
    known_outputs : ndarray of bool of shape (n_raw_outputs,) or None, default=None
        Raw outputs that are optimal already: their gradient counts as 0.

    Attributes
    ----------
    grad : ndarray of shape (P,)
        The gradient after the last call of `gradient`.
    params, grads : list of dict
        Views of `theta` and `grad`, one dict per layer, as they are stored.

    Examples
    --------
    >>> import numpy as np
    >>> from skshallow.engine import Network, Objective
    >>> from skshallow.losses import SquaredError
    >>> network = Network(2, 1, hidden_units=[], activations=[])  # a linear model
    >>> theta = np.array([1.0, -1.0, 0.5])  # two weights and a bias
    >>> objective = Objective(network, SquaredError(), alpha=0.1, theta=theta)
    >>> X, y = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([[0.0], [2.0]])
    >>> value = objective.value_and_gradient(X, y)
    >>> round(float(value), 3)
    0.225
    >>> objective.grad.round(3)
    array([ 0.6 , -0.35,  0.  ])
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        alpha: float,
        theta: np.ndarray,
        known_outputs: np.ndarray | None = None,
    ) -> None:
        self.network = network
        self.loss = loss
        self.alpha = alpha
        self.theta = theta
        self.grad = namespace(theta).empty_like(theta)
        self._penalized = list(self._penalized_parts())
        self.params = network.views(theta)
        self.grads = network.views(self.grad)
        self._grads_of_members = network.grads_of_members(self.grads)
        self._bounds: Any = None  # in the array library of `theta`
        if network.bounds is not None:
            self._bounds = tuple(
                asarray_like(bound.astype(dtype_of(theta)), theta)
                for bound in network.bounds
            )
        self._learned: Any = None  # 1 where a raw output is to be learned, else 0
        if known_outputs is not None:
            self._learned = asarray_like((~known_outputs).astype(dtype_of(theta)), theta)

    def _penalized_parts(self) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """Yield weights and their gradients, and how strong the penalty is there.

        That of weights that members share counts once for each of them.
        """
        layout = self.network.layout
        shared = slice(layout.n_shared_weights)
        others = slice(layout.n_shared_weights, layout.n_weights)
        if layout.n_shared_weights:
            yield layout.n_members * self.alpha, self.theta[shared], self.grad[shared]
        yield self.alpha, self.theta[others], self.grad[others]

    def value_and_gradient(
        self,
        X: Any,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        rng: np.random.Generator | None = None,
    ) -> float:
        """Return ``J`` on a batch, summed over ensemble members, and fill `grad`."""
        raw_prediction = self.gradient(X, y, sample_weight, rng)
        loss = self.loss_of(y, raw_prediction, sample_weight)
        return self.network.n_members * (loss + self.penalty())

    def gradient(
        self,
        X: Any,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        rng: np.random.Generator | None = None,
        dropout_share: float = 1.0,
        penalized: bool = True,
    ) -> np.ndarray:
        """Fill `grad` with the gradient of ``J`` on a batch, by backpropagation.

        Parameters
        ----------
        X : ndarray or sparse matrix of shape (n, n_features)
        y : ndarray of shape (n, n_outputs), or (n, 1) of class codes
        sample_weight : ndarray of shape (n,) or (n, n_members), or None, default=None
            With mean 1 over the training set, not over the batch. Each member may have
            weights of its own.
        rng : Generator or None, default=None
            Draws the dropout masks.
        dropout_share : float, default=1.0
            Multiplies the dropout rates.
        penalized : bool, default=True
            Whether the penalty counts; else it is the gradient of the loss alone.

        Returns
        -------
        raw_prediction : ndarray of shape (n, n_raw_outputs)
            For `loss_of`, if the loss is needed; of members (n_members, n, n_raw_outputs).
        """
        network, params = self.network, self.network.of_members(self.params)
        raw_prediction, caches = network.forward(X, params, rng, dropout_share)
        grad_raw = self.loss.gradient(y, raw_prediction)
        if sample_weight is None:
            grad_raw *= 1 / y.shape[0]
        else:
            grad_raw *= _by_member(sample_weight / y.shape[0])[..., np.newaxis]
        if self._learned is not None:
            grad_raw *= self._learned
        network.backward(grad_raw, caches, params, self._grads_of_members)
        network.gather(self._grads_of_members, self.params, self.grads)
        if self.alpha and penalized:
            for strength, weights, grad in self._penalized:
                add_scaled(weights, strength, out=grad)
        return raw_prediction

    def average_over_members(self) -> None:
        """Divide the gradient of shared weights by the number of members that use them.

        By such a gradient, steps have the size that those of a single network have.
        """
        layout = self.network.layout
        if layout.n_shared_weights:
            self.grad[: layout.n_shared_weights] /= layout.n_members

    def loss_of(
        self,
        y: np.ndarray,
        raw_prediction: np.ndarray,
        sample_weight: np.ndarray | None = None,
        loss: Loss | None = None,
    ) -> float:
        """Return the loss part of ``J`` for raw predictions (n, n_raw_outputs).

        Of several members (n_members, n, n_raw_outputs) it is the mean of theirs. Another
        `loss` takes the place of the objective's.
        """
        losses = (self.loss if loss is None else loss).loss(y, raw_prediction)
        if sample_weight is not None:
            losses = losses * _by_member(sample_weight)
        xp = namespace(losses)
        return float(xp.sum(losses, dtype=widest_float(losses))) / math.prod(losses.shape)

    def project(self) -> None:
        """Move `theta` to the nearest parameters within the network's bounds, if any."""
        if self._bounds is not None:
            xp, (least, greatest) = namespace(self.theta), self._bounds
            self.theta[...] = xp.minimum(xp.maximum(self.theta, least), greatest)

    def penalty(self) -> float:
        """Return ``alpha/2 ||weights||^2``, for an ensemble the mean over the members."""
        squares = (strength * float(w @ w) for strength, w, _ in self._penalized)
        return 0.5 * sum(squares) / self.network.n_members

    @contextmanager
    def at(self, theta: np.ndarray | None) -> Iterator[None]:
        """Within the context, set the parameters to `theta` (P,); None changes nothing."""
        if theta is None or theta is self.theta:
            yield
            return
        here = copy_of(self.theta)
        self.theta[...] = theta
        try:
            yield
        finally:
            self.theta[...] = here

    def params_of(self, member: int | None = None) -> list[Params]:
        """Return what `Network.forward` takes: of all members, or of one `member`."""
        params = self.network.of_members(self.params)
        if member is None:
            return params
        return [{name: array[member, ...] for name, array in own.items()} for own in params]

    def raw_predictions(
        self, batches: Iterable[tuple], member: int | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the raw predictions of each of `batches`, shaped as `gradient`'s."""
        params = self.params_of(member)
        for X, _, _ in batches:
            yield self.network.forward(X, params)[0]

    def mean_loss(
        self,
        batches: Iterable[tuple],
        loss: Loss | None = None,
        member: int | None = None,
    ) -> float:
        """Return the weighted mean loss over `batches` of (X, y, weight), no penalty.

        Of several members it is the loss of what they predict together, or of one `member`.
        Another `loss` with the same link takes the place of the objective's.
        """
        total = total_weight = 0.0
        params = self.params_of(member)
        for X, y, sample_weight in batches:
            raw_prediction, _ = self.network.forward(X, params)
            raw_prediction = self.loss.link.combine(raw_prediction)
            sample_weight = row_weight(sample_weight)
            n_rows = y.shape[0]
            total += n_rows * self.loss_of(y, raw_prediction, sample_weight, loss)
            if sample_weight is None:
                total_weight += n_rows
            else:
                total_weight += float(namespace(sample_weight).sum(sample_weight))
        return total / total_weight


def row_weight(sample_weight: Any) -> Any:
    """Return one weight for each row (n,): of members' weights (n, n_members), the mean."""
    if sample_weight is None or sample_weight.ndim == 1:
        return sample_weight
    return namespace(sample_weight).mean(sample_weight, axis=1)


def _by_member(sample_weight: Any) -> Any:
    """Return weights as losses have them: (n,), or of members (n_members, n)."""
    return sample_weight if sample_weight.ndim == 1 else sample_weight.T
