"""Neural network classifiers: class labels, probabilities, decision function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from skshallow._arrays.namespace import asarray_like
from skshallow._estimators.base import BaseNet, takes_minibatches
from skshallow._estimators.checks.array_api import follows_X, in_numpy
from skshallow._estimators.checks.labels import ordered_categories, plain_labels
from skshallow._estimators.checks.method_names import called_by_name
from skshallow._estimators.checks.missing_attributes import KnownAfter
from skshallow._estimators.checks.typed_sklearn import (
    ClassifierMixin,
    available_if,
    with_callbacks,
)
from skshallow._estimators.checks.unknown_parameters import (
    explains_arguments,
    explains_parameters,
)
from skshallow._estimators.columns import check_classes
from skshallow._estimators.docstrings import documented
from skshallow._estimators.fit.targets import ClassTargets, Targets
from skshallow._estimators.hidden_layers import Deep, Shallow
from skshallow.losses import Loss


class FittedClasses:
    """Fitted attributes that only classifiers have."""

    classes_: np.ndarray
    temperature_ = KnownAfter(
        "a fit with temperature scaling, which needs rows that are held out. Set "
        "temperature_scaling=True and early_stopping=True."
    )
    _is_multilabel: bool


@dataclass(kw_only=True, eq=False, repr=False)
class NetClassifier(ClassifierMixin, FittedClasses, BaseNet):
    """Methods and parameters of both classifiers."""

    _targets_type: ClassVar[type[Targets]] = ClassTargets

    loss: str | Loss = "log_loss"
    class_weight: Any = None
    label_smoothing: float | str = "auto"
    temperature_scaling: bool | str = "auto"

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of the predicted classes; of several labels, that of rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes, or which labels they have.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights.

        Returns
        -------
        score : float
            The share of rows that are predicted right.

        Raises
        ------
        ValueError
            If targets are missing or infinite; the error says in which row.
        """
        self._check_scored(X, y)
        return super().score(X, y, sample_weight)

    @available_if(takes_minibatches)
    @explains_arguments
    @with_callbacks
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train for one epoch on a part of the data, from the current weights.

        The first call computes the mean and standard deviation of the features for
        `standardize`, and later calls update them, with the weights as they are. After a
        `fit`, or for given weights after the first call, they do not change.

        "auto" means no dropout, no label smoothing, no averaging, an `alpha` of 0.0005,
        a `batch_size` of 128 and a constant schedule here, also after a `fit`, whatever it
        meant there. With `warm_start` the solver's state and the random numbers of that
        `fit` go on, else they begin anew.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            A part of the training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes, or a multilabel indicator matrix.
        classes : array-like of shape (n_classes,) or None, default=None
            All classes that `y` has in any call. Required in the first call for
            one-dimensional `y`, optional later.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights; only their ratios within this call matter.

        Returns
        -------
        self : object
            The fitted estimator.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_digits
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> net = DeepNetClassifier(32, random_state=0)
        >>> for rows in np.array_split(np.random.default_rng(0).permutation(len(X)), 4):
        ...     net = net.partial_fit(X[rows], y[rows], classes=np.arange(10))
        >>> net.t_ == len(X)
        True
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once, so partial_fit cannot use "
                "it. Pass class_weight as a dict, or use fit."
            )
        y, classes = in_numpy(y), in_numpy(classes)
        check_classes(classes)
        if not hasattr(self, "theta_"):
            if classes is None and (np.ndim(y) == 1 or np.shape(y)[1:] == (1,)):
                raise ValueError("classes must be passed in the first call to partial_fit.")
        elif classes is not None and set(classes) != set(self.classes_):
            raise ValueError(
                f"classes={classes!r} differ from those of the first call, "
                f"{self.classes_.tolist()}. Leave classes out, or start with a new net, "
                "clone(net)."
            )
        order = ordered_categories(classes)
        classes = None if classes is None else np.asarray(plain_labels(classes))
        return self._fit(
            X, y, sample_weight, classes=classes, order=order, incremental=True
        )

    @follows_X
    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or its labels if multilabel.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes; for a multilabel network 1 if the probability of a label is above
            1/2, otherwise 0.
        """
        decision = self._decision(X)
        return self._targets.decode(decision)

    @follows_X
    def decision_function(self, X: Any) -> np.ndarray:
        """Return raw predictions: the output layer before the sigmoid or softmax.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The log odds of ``classes_[1]`` for two classes, one column per class for
            more, and the log odds of each label for a multilabel network. With
            ``loss="ordinal"`` and more than two classes, the logarithm of the probability
            of each class.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> raw = net.decision_function(X)
        >>> raw.shape
        (150, 3)
        >>> bool((net.classes_[raw.argmax(axis=1)] == net.predict(X)).all())
        True
        """
        return self._decision(X)

    @follows_X
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> probability = net.predict_proba(X)
        >>> probability.shape
        (150, 3)
        >>> bool(abs(probability.sum(axis=1) - 1).max() < 1e-9)
        True
        """
        logits = self._logits(X)
        return self._loss.link.inverse(logits)

    @follows_X
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`, finite even if a probability is tiny.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, max_iter=20, random_state=0).fit(X, y)
        >>> np.allclose(np.exp(net.predict_log_proba(X)), net.predict_proba(X))
        True
        """
        logits = self._logits(X)
        return self._loss.link.log_inverse(logits)

    @follows_X
    def predict_members(self, X: Any) -> np.ndarray:
        """Return the probabilities of each ensemble member; their mean is `predict_proba`.

        The more the members disagree on a row, the less the training data determine its
        prediction (epistemic uncertainty).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        probability : ndarray of shape (n_members, n_samples, n_classes)

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from skshallow import DeepNetClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DeepNetClassifier(8, n_members=4, max_iter=20, random_state=0).fit(X, y)
        >>> of_members = net.predict_members(X)
        >>> of_members.shape
        (4, 150, 3)
        >>> np.allclose(of_members.mean(axis=0), net.predict_proba(X))
        True
        """
        raw = self._raw_by_members(X)
        raw = raw.reshape(self.network_.n_members, -1, raw.shape[-1])
        return self._loss.link.inverse(_with_a_column_per_class(raw, self._is_multilabel))

    def _decision(self, X) -> np.ndarray:
        """Return raw predictions, for two classes of shape (n_samples,)."""
        raw = self._raw_predict(X)
        scores = self._loss.link.scores(raw)
        return scores if self._is_multilabel or scores.shape[1] > 1 else scores[:, 0]

    def _logits(self, X) -> np.ndarray:
        """Return raw predictions with one column per class; two classes: ``-raw, raw``."""
        return _with_a_column_per_class(self._raw_predict(X), self._is_multilabel)

    # Targets.

    @property
    def _targets(self) -> ClassTargets:
        return ClassTargets(self.classes_, self._is_multilabel)

    def _attributes_of_targets(self, targets, result):
        attributes = {
            "classes_": targets.classes,
            "_is_multilabel": targets.is_multilabel,
        }
        if result.temperature is not None:
            attributes["temperature_"] = result.temperature
        held_out = result.out_of_fold
        if held_out is not None:
            raw = _with_a_column_per_class(held_out.raw_prediction, targets.is_multilabel)
            attributes["oof_prediction_"] = asarray_like(
                held_out.spread(result.loss.link.inverse(raw)), result.theta
            )
        return attributes

    def _become_fitted(self, weights, biases, classes, further):
        """Set given weights; of two outputs for two classes the difference is kept.

        The softmax of two outputs is the sigmoid of their difference, the log odds.
        """
        if weights[-1].shape[-1] == 2 and np.ndim(classes) < 2:
            weights = [*weights[:-1], np.diff(weights[-1], axis=-1)]
            biases = [*biases[:-1], np.diff(biases[-1])]
        super()._become_fitted(weights, biases, classes, further)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@documented
@called_by_name
@explains_parameters
@dataclass(kw_only=True, eq=False, repr=False)
class ShallowNetClassifier(NetClassifier, Shallow):
    """Classifier with one hidden layer.

    The network computes ``raw = activation(X @ W1 + b1) @ W2 + b2``, and probabilities
    are ``sigmoid(raw)`` for two classes or labels, ``softmax(raw)`` for more classes.
    Training minimises the weighted mean loss plus ``alpha/2`` times the sum of squared
    weights.

    {parameters}

    {attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels; for a multilabel network the indices of the labels.

    See Also
    --------
    DeepNetClassifier : Classifier with any number of hidden layers.

    References
    ----------
    Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating
    errors", doi:10.1038/323533a0.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from skshallow import ShallowNetClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> net = ShallowNetClassifier(32, schedule="cosine", random_state=0)
    >>> net = net.fit(X_train, y_train)
    >>> net.score(X_test, y_test) > 0.95
    True
    """


@documented
@called_by_name
@explains_parameters
@dataclass(kw_only=True, eq=False, repr=False)
class DeepNetClassifier(NetClassifier, Deep):
    """Classifier with any number of hidden layers; with none, logistic regression.

    Each hidden layer computes ``a = activation(a_before @ W + b)``; probabilities are
    the sigmoid (two classes, labels) or the softmax (more classes) of the last affine
    map. Training minimises the weighted mean loss plus ``alpha/2`` times the sum of
    squared weights.

    {parameters}

    {attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels; for a multilabel network the indices of the labels.

    See Also
    --------
    ShallowNetClassifier : Classifier with exactly one hidden layer.

    References
    ----------
    Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating
    errors", doi:10.1038/323533a0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> from skshallow import DeepNetClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = DeepNetClassifier(16, learning_rate=0.01, schedule="cosine", random_state=0)
    >>> bool(cross_val_score(net, X, y).mean() > 0.9)
    True
    """


def _with_a_column_per_class(raw: np.ndarray, is_multilabel: bool) -> np.ndarray:
    """Return raw predictions (..., n_classes); two classes have one output before."""
    if is_multilabel or raw.shape[-1] > 1:
        return raw
    return np.concatenate([-raw, raw], axis=-1)
