"""Classifiers: labels in, probabilities out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.callback import with_callbacks
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skshallow._estimators.base import BaseNet, Deep, Shallow, takes_minibatches
from skshallow._estimators.checks.array_api import follows_X, in_numpy
from skshallow._estimators.checks.inputs import plain_labels
from skshallow._estimators.checks.resolve import resolve
from skshallow._estimators.docstrings import documented
from skshallow._estimators.fit.training_data import check_weights
from skshallow._estimators.temperature import best_temperature, refined_loss
from skshallow.losses import CLASSIFICATION_LOSSES, Loss
from skshallow.solvers import SOLVERS, Solver

AUTO_SMOOTHING = 0.05


@dataclass(kw_only=True, eq=False, repr=False)
class NetClassifier(ClassifierMixin, BaseNet):
    """What both classifiers share."""

    loss: str | Loss = "log_loss"
    class_weight: Any = None
    label_smoothing: float | str = "auto"
    temperature_scaling: bool | str = "auto"

    @available_if(takes_minibatches)
    @with_callbacks
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on a part of the data, from where the net is.

        The first call measures the units of the features, later ones refine them; after
        a `fit` they stay as they are.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Some training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes, or an indicator of their labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that any call will bring. Required in the first call for
            one-dimensional `y`, optional later.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which only the ratios within this call count.

        Returns
        -------
        self : object
            The estimator, trained further.
        """
        y, classes = in_numpy(y), in_numpy(classes)
        if not hasattr(self, "theta_"):
            if classes is None and (np.ndim(y) == 1 or np.shape(y)[1:] == (1,)):
                raise ValueError("classes must be passed in the first call to partial_fit.")
        elif classes is not None and set(classes) != set(self.classes_):
            raise ValueError(
                f"classes={classes!r} differ from those of the first call, "
                f"{self.classes_.tolist()}. Leave them out, or start with a new net."
            )
        classes = None if classes is None else np.asarray(plain_labels(classes))
        return self._fit(X, y, sample_weight, classes=classes, incremental=True)

    @follows_X
    def predict(self, X):
        """Return the most probable class of each row, or the labels it has.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes; for a multilabel net 1 where a label's probability exceeds 1/2.
        """
        decision = self._decision(X)
        if self._is_multilabel:
            return (decision > 0).astype(int)
        if decision.ndim == 1:
            return self.classes_[(decision > 0).astype(int)]
        return self.classes_[decision.argmax(axis=1)]

    @follows_X
    def decision_function(self, X):
        """Return raw predictions: what the output layer gives before the link.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The log odds of ``classes_[1]`` for two classes, one column a class for
            more, the log odds of each label for a multilabel net.
        """
        return self._decision(X)

    @follows_X
    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        logits = self._logits(X)
        return self._loss.link.inverse(logits)

    @follows_X
    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`, finite however small that is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        logits = self._logits(X)
        return self._loss.link.log_inverse(logits)

    @follows_X
    def predict_members(self, X):
        """Return the probabilities that each member gives, whose mean is `predict_proba`.

        How far they spread tells how little the training rows say of a row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        probability : ndarray of shape (n_members, n_samples, n_classes)
        """
        raw = self._raw_by_members(X)
        raw = raw.reshape(self.network_.n_members, -1, raw.shape[-1])
        return self._loss.link.inverse(self._with_a_column_a_class(raw))

    def _decision(self, X) -> np.ndarray:
        """Return raw predictions, (n_samples,) of one output for two classes."""
        raw = self._raw_predict(X)
        return raw if self._is_multilabel or raw.shape[1] > 1 else raw[:, 0]

    def _logits(self, X) -> np.ndarray:
        """Return raw predictions with a column a class: two classes are ``-raw, raw``."""
        return self._with_a_column_a_class(self._raw_predict(X))

    def _with_a_column_a_class(self, raw: np.ndarray) -> np.ndarray:
        """Return raw predictions (..., n_classes) of what may be one output for two."""
        if self._is_multilabel or raw.shape[-1] > 1:
            return raw
        return np.concatenate([-raw, raw], axis=-1)

    def _become_fitted(self, weights, biases, classes):
        """Take over given weights; two classes have one output, the log odds.

        The softmax of two outputs is the sigmoid of their difference.
        """
        if weights[-1].shape[-1] == 2 and np.ndim(classes) < 2:
            weights = [*weights[:-1], np.diff(weights[-1], axis=-1)]
            biases = [*biases[:-1], np.diff(biases[-1])]
        super()._become_fitted(weights, biases, classes)

    # Targets.

    def _start_targets(self, y, classes):
        kind = _kind_of_target(y)
        self._is_multilabel = kind == "multilabel-indicator"
        if self._is_multilabel:
            self.classes_ = np.arange(y.shape[1])
        else:
            labels = y if classes is None else classes
            if classes is not None:
                _check_distinct(classes)
            self.classes_ = np.unique(labels)
            if len(self.classes_) < 2:
                raise ValueError(
                    f"{type(self).__name__} needs at least 2 classes; the rows of "
                    f"positive weight have only one class: {labels.tolist()[0]!r}."
                )
            if classes is not None:
                self._check_labels(y)

    def _start_outputs(self, n_outputs, classes):
        n_classes = max(n_outputs, 2)
        if classes is None:
            classes = np.arange(n_classes)
        # one pair of classes a label, as scikit-learn has it for several targets
        self._is_multilabel = np.ndim(classes) == 2
        self.classes_ = (
            np.arange(len(classes)) if self._is_multilabel else np.asarray(classes)
        )
        if len(self.classes_) != (n_outputs if self._is_multilabel else n_classes):
            raise ValueError(
                f"{len(self.classes_)} classes do not fit an output layer of "
                f"{n_outputs} units: give {n_classes}."
            )
        if len(np.unique(self.classes_)) != len(self.classes_):
            raise ValueError(f"The same class stands twice in classes={classes!r}.")

    @property
    def _form(self) -> str:
        """Which form of a loss the targets want."""
        binomial = self._is_multilabel or len(self.classes_) == 2
        return "binomial" if binomial else "multinomial"

    def _resolve_loss(self):
        table = {name: forms[self._form] for name, forms in CLASSIFICATION_LOSSES.items()}
        return resolve("loss", self.loss, table, Loss)

    def _check_targets(self, y):
        multilabel = _kind_of_target(y) == "multilabel-indicator"
        if multilabel != self._is_multilabel:
            raise ValueError(
                "y changed between one class a row and an indicator of several labels."
            )
        if multilabel:
            if y.shape[1] != len(self.classes_):
                raise ValueError(
                    f"y has {y.shape[1]} labels, but the net was trained on "
                    f"{len(self.classes_)}."
                )
        else:
            self._check_labels(y)

    def _check_labels(self, y: np.ndarray) -> None:
        """Raise ValueError if a label of y (n,) is not among `classes_`."""
        known = _are_among(y, self.classes_)
        if not known.all():
            label = y[~known].tolist()[0]
            raise ValueError(
                f"y contains the label {label!r}, which is not among the classes "
                f"{self.classes_.tolist()}. Name all classes in the first fit."
            )

    def _encode_targets(self, y):
        """Return 1.0 for the classes that rows have, else 0.0: (n, n_outputs)."""
        if self._is_multilabel:
            return y.astype(np.float64)
        indicators = np.zeros((len(y), len(self.classes_)))
        indicators[np.arange(len(y)), self._codes(y)] = 1
        return indicators[:, 1:] if len(self.classes_) == 2 else indicators

    def _targets_to_learn(self, targets, *, incremental):
        share = self.label_smoothing
        if share == "auto":
            share = 0.0 if incremental or not self._would_be_certain else AUTO_SMOOTHING
        return self._smooth(targets, share)

    @property
    def _would_be_certain(self) -> bool:
        """Whether training ends with probabilities of 0 and 1, if nothing is against it."""
        minibatches = resolve("solver", self.solver, SOLVERS, Solver).stochastic
        return bool(self._hidden_widths()) and minibatches and self.loss == "log_loss"

    @property
    def _n_alternatives(self) -> int:
        """How many answers each target has."""
        return 2 if self._is_multilabel else len(self.classes_)

    def _smooth(self, indicators: np.ndarray, share: float) -> np.ndarray:
        """Return targets of which a `share` is spread evenly over the alternatives."""
        return (1 - share) * indicators + share / self._n_alternatives

    def _codes(self, y: np.ndarray) -> np.ndarray:
        """Return where each label of y (n,) stands in `classes_`, sorted or not."""
        order = np.argsort(self.classes_)
        labels = y.astype(self.classes_.dtype, copy=False)
        return order[np.searchsorted(self.classes_, labels, sorter=order)]

    def _weigh_targets(self, y, sample_weight, incremental):
        if self.class_weight is None:
            return sample_weight
        if incremental and self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once, so partial_fit cannot "
                "use it. Pass class_weight as a dict, or use fit."
            )
        if self._is_multilabel and self.class_weight == "balanced":
            class_weight = _balance_labels(y, sample_weight)
        elif self._is_multilabel:
            class_weight = compute_sample_weight(self.class_weight, y)
        else:
            per_class = compute_class_weight(
                self.class_weight,
                classes=self.classes_,
                y=y.astype(self.classes_.dtype, copy=False),
                sample_weight=sample_weight,
            )
            class_weight = per_class[self._codes(y)]
        class_weight = check_weights(class_weight, y, "class_weight")
        if sample_weight is None:
            return class_weight
        name = "sample_weight times class_weight"
        return check_weights(sample_weight * class_weight, y, name)

    def _is_calibrated(self, early_stopping: bool) -> bool:
        """Return whether the net's temperature is set on its validation data."""
        if self.temperature_scaling != "auto":
            return bool(self.temperature_scaling)
        return early_stopping and self.loss == "log_loss"

    def _to_calibrate(self, fit) -> tuple:
        """Return the log loss, and targets and weights of the validation data for it.

        As if there was one row more, of every class in equal shares: without it, a
        validation part that is all right would make the net as sure as can be.
        """
        _, targets, sample_weight = fit.data.validation
        log_loss = CLASSIFICATION_LOSSES["log_loss"][self._form]()
        y = self._smooth(targets, share=1 / (len(targets) + 1))
        return log_loss, y, sample_weight

    def _validation_loss(self, fit):
        if not self._is_calibrated(fit.data.early_stopping):
            return super()._validation_loss(fit)
        log_loss, y, sample_weight = self._to_calibrate(fit)
        return lambda: refined_loss(
            log_loss, y, fit.validation_predictions(), sample_weight
        )

    def _conclude(self, fit):
        """Divide the output layer by the temperature that suits the validation data."""
        vars(self).pop("temperature_", None)
        if not self._is_calibrated(fit.data.early_stopping):
            return
        log_loss, y, sample_weight = self._to_calibrate(fit)
        raw_prediction = fit.validation_predictions()
        temperature = best_temperature(log_loss, y, raw_prediction, sample_weight)
        output_params = fit.network.views(self.theta_)[-1]
        output_params["weight"] /= temperature
        output_params["bias"] /= temperature
        self.temperature_ = temperature

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _balance_labels(y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return weights (n,) of rows: over the labels, the product of balanced weights."""
    weight = np.ones(len(y))
    for label in y.T:
        values, codes = np.unique(label, return_inverse=True)
        balanced = compute_class_weight(
            "balanced", classes=values, y=label, sample_weight=sample_weight
        )
        weight *= balanced[codes]
    return weight


def _kind_of_target(y: np.ndarray) -> str:
    """Return "binary", "multiclass" or "multilabel-indicator"; refuse all else."""
    if y.dtype == object and "NoneType" in _types_in(y):
        raise ValueError(
            "y has None among its labels; rows without a label cannot train a classifier."
        )
    try:
        kind = type_of_target(y, input_name="y")
    except TypeError as error:  # from sorting, or from bytes
        raise ValueError(
            f"y has labels of types {_types_in(y)}, which cannot be put in order. Give "
            "strings, or labels of one type."
        ) from error
    if kind == "unknown" and y.dtype == object:
        raise ValueError(
            f"Unknown label type: y holds objects of type {_types_in(y)}. Labels are "
            "numbers, booleans or strings; y.astype(int) or y.astype(str), say, converts "
            "them."
        )
    if kind == "multiclass-multioutput":
        raise ValueError(
            "Several targets of several classes each are not supported: wrap the net in "
            "sklearn.multioutput.MultiOutputClassifier."
        )
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        check_classification_targets(y)  # raises, and says what y looks like
    return kind


def _check_distinct(classes: np.ndarray) -> None:
    """Raise ValueError if one of the `classes` (n_classes,) is none, as NaN or None."""
    try:
        ordered = np.unique(classes)
    except TypeError as error:  # from sorting
        raise ValueError(
            f"classes={classes.tolist()} cannot be put in order: give labels of one type."
        ) from error
    if (ordered != ordered).any():
        raise ValueError(f"classes={classes.tolist()} holds a NaN, which is no label.")


def _types_in(y: np.ndarray) -> str:
    """Return the names of the types in an array of objects."""
    return ", ".join(sorted({type(label).__name__ for label in y.ravel().tolist()}))


def _are_among(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return which labels of y (n,) are classes; the string "1" is not the number 1.

    NumPy would compare large integers of two dtypes as floats, where neighbours are
    equal. So only those count that the dtype of the classes holds as they are.
    """
    if "O" in (y.dtype.kind, classes.dtype.kind):
        return np.isin(y.astype(object), classes.astype(object))
    if (y.dtype.kind in "UST") != (classes.dtype.kind in "UST"):
        return np.zeros(len(y), bool)
    with np.errstate(invalid="ignore"):
        labels = y.astype(classes.dtype)
        exact = (labels == y) & (labels.astype(y.dtype) == y)
    return exact & np.isin(labels, classes)


@documented
@dataclass(kw_only=True, eq=False, repr=False)
class ShallowNetClassifier(Shallow, NetClassifier):
    """Classifier with one hidden layer.

    The network computes ``raw = activation(X @ W1 + b1) @ W2 + b2``, and probabilities
    are ``sigmoid(raw)`` for two classes or labels, ``softmax(raw)`` for more classes.
    Training minimises the weighted mean loss plus ``alpha/2`` times the sum of squared
    weights.

    {parameters}

    {attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels; for a multilabel net the numbers of the labels.

    See Also
    --------
    DeepNetClassifier : The same with any number of hidden layers.

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
@dataclass(kw_only=True, eq=False, repr=False)
class DeepNetClassifier(Deep, NetClassifier):
    """Classifier with any number of hidden layers; with none, logistic regression.

    Each hidden layer computes ``a = activation(a_before @ W + b)``; probabilities are
    the sigmoid (two classes, labels) or the softmax (more classes) of the last affine
    map. Training minimises the weighted mean loss plus ``alpha/2`` times the sum of
    squared weights.

    {parameters}

    {attributes}
    classes_ : ndarray of shape (n_classes,)
        Class labels; for a multilabel net the numbers of the labels.

    See Also
    --------
    ShallowNetClassifier : The same with exactly one hidden layer.

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
