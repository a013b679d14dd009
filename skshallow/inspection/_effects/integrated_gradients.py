"""Integrated gradients: what each column adds to an output, against a background."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_scalar

from skshallow.inspection._common.meta_estimators import input_names, net_and_input
from skshallow.inspection._effects.effects import Effects
from skshallow.inspection._effects.explained import RAW, Explained, mean_inputs
from skshallow.inspection._effects.path_integrals import PathIntegrals
from skshallow.inspection._effects.values_of_columns import values_of_columns


def integrated_gradients(estimator, X, *, background=None, output=RAW, tol=1e-3):
    """Divide the output for each row among the columns, against a background.

    The effects of a row add up to its output minus the base value, the mean output of the
    background. For a linear net (``depth=0``) they are ``coef * (x - mean)``, with the mean
    of the background.

    Parameters
    ----------
    estimator : estimator
        A fitted net, or a pipeline, a search or transformed targets around one. Behind
        other steps of a pipeline, columns are those that the steps return.
    X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
        Rows, as `estimator` takes them.
    background : {array-like, sparse matrix, DataFrame} of shape (n_rows, n_features) \
or None, default=None
        Rows to compare with, as `estimator` takes them. The effects are the mean over these
        rows, which is known as expected gradients; the time grows with their number, and
        about 100 training rows are enough. None means one row: the mean of all training
        rows, of numbers and of 0/1 features of categories, and of an embedded category the
        mean vector of its levels.
    output : {"raw", "prediction"}, default="raw"
        "raw" means raw predictions: log odds, one score per class, or for regression what
        is predicted, its logarithm if the loss is "poisson" or "gamma". "prediction" means
        what `predict_proba` or `predict` returns; of two classes, the probability of the
        second one.
    tol : float, default=1e-3
        The effects of a row add up to the difference of outputs but for this share of it;
        the lines are divided into more segments until they do. Where effects cancel, so
        that the difference is less than a hundredth of the sum of their magnitudes, it is a
        share of that hundredth.

    Returns
    -------
    effects : Effects
        With `values`, `base_values`, `data`, `feature_names` and `output_names`. It prints
        as a table of the mean absolute effects, and has `to_shap`.

    Raises
    ------
    TypeError, NotFittedError
        If there is no net inside, or it is not fitted.
    ValueError
        If the activation is "step", whose gradient in training is not its derivative; or if
        `background` is None and the net does not know the mean of the training rows, with
        ``standardize=False``.

    Warns
    -----
    ConvergenceWarning
        If `tol` is not reached with 1024 segments of the lines.

    See Also
    --------
    EffectsDisplay : Plots of the effects.
    input_gradients : The slopes at each row.

    Notes
    -----
    The effect of column j is the mean derivative by it along the straight line from a
    background row to the row, times their distance in this column. The effect of a category
    is the sum over the 0/1 features, or the values of the vector, by which it enters the
    net; that of a column with missing numbers includes the indicator of these.

    Numbers outside of their range in training are first clipped to it, as the net does:
    the line is between clipped rows.

    The line is divided into segments. On each, the mean derivative is one between those at
    its ends, chosen so that it gives the difference of outputs at the ends. With one kink
    in a segment, as of a ReLU, this is exact.

    References
    ----------
    Sundararajan, Taly, Yan (2017), "Axiomatic attribution for deep networks",
    arXiv:1703.01365.

    Erion, Janizek, Sturmfels, Lundberg, Lee (2021), "Improving performance of deep learning
    models with axiomatic attribution priors and expected gradients", arXiv:1906.10670.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skshallow import DeepNetClassifier
    >>> from skshallow.inspection import integrated_gradients
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> net = DeepNetClassifier(16, max_iter=20, random_state=0).fit(X, y)
    >>> effects = integrated_gradients(net, X[:100], background=X[100:150])
    >>> effects.values.shape
    (100, 30)
    >>> total = effects.base_values + effects.values.sum(axis=1)
    >>> bool(abs(total - net.decision_function(X[:100])).max() < 0.1)
    True
    """
    check_scalar(tol, "tol", Real, min_val=0, include_boundaries="neither")
    net, X_net = net_and_input(estimator, X)
    explained = Explained(net, output)
    if background is None:
        integrals = PathIntegrals(explained, lambda params: mean_inputs(net, params), tol)
    else:
        _, background = net_and_input(estimator, background)
        inputs = _inputs_of(net, background)
        integrals = PathIntegrals(explained, lambda params: inputs, tol)
    n_columns, n_outputs = net.n_features_in_, explained.n_outputs
    values, base_values = net._pass_through(
        X_net, [n_outputs * n_columns, n_outputs], integrals, by_members=False
    )
    if integrals.n_inexact:
        _warn_of_inexact(integrals, len(values))
    values = np.swapaxes(values.reshape(-1, n_outputs, n_columns), 1, 2)
    one = n_outputs == 1
    names = input_names(estimator)
    return Effects(
        values=values[..., 0] if one else values,
        base_values=base_values[:, 0] if one else base_values,
        data=values_of_columns(net, X_net),
        feature_names=[f"x{j}" for j in range(n_columns)] if names is None else list(names),
        output_names=explained.names,
        net_name=type(net).__name__,
    )


def _inputs_of(net: Any, X: Any) -> np.ndarray:
    """Return the inputs of the first layer (n, n_inputs), of members if embedded."""
    embedded = net.network_.embedding is not None
    n_inputs = net.network_.layers[0].n_inputs
    (inputs,) = net._pass_through(
        X,
        [n_inputs],
        lambda x, params: [net.network_.inputs(x, params)],
        by_members=embedded,
    )
    return inputs


def _warn_of_inexact(integrals: PathIntegrals, n_rows: int) -> None:
    warnings.warn(
        f"The effects of {integrals.n_inexact} of {n_rows} rows do not add up to the "
        f"difference of outputs to tol={integrals.tol:g} of it. Set a larger tol, or check "
        "the derivatives of activations of your own with gradient_check.",
        ConvergenceWarning,
        stacklevel=3,
    )
