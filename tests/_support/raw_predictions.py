"""Raw predictions: as public methods give them, and by a forward pass in plain NumPy."""

import numpy as np
from sklearn.base import is_classifier

# Losses whose raw prediction is the prediction itself.
IDENTITY_LINK = ("squared_error", "absolute_error", "huber", "quantile")
FORMULAS = {
    "identity": lambda z: z,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "step": lambda z: (z > 0).astype(float),
}


def raw_prediction(net, X):
    """Return the raw predictions (n, n_outputs) of a net with a public method for them.

    They are the decision function of a classifier, and what a regressor predicts whose
    loss has the identity link.
    """
    if is_classifier(net):
        raw = net.decision_function(X)
    else:
        assert net.loss in IDENTITY_LINK, f"loss={net.loss!r} predicts through a link"
        raw = net.predict(X)
    return raw.reshape(len(raw), -1)


def forward_by_hand(net, X):
    """Return the output of each layer (n, n_units), the last one's raw, for dense rows.

    They are computed from `coefs_` and `intercepts_`, which are in the units of X.
    """
    activation = FORMULAS[net.activation]
    outputs, a = [], X
    for weight, bias in zip(net.coefs_, net.intercepts_, strict=True):
        z = a @ weight + bias
        a = activation(z)
        outputs.append(a)
    return [*outputs[:-1], z]
