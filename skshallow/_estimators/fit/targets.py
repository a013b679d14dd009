"""Encoding of targets: class labels, multilabel indicators and real values."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.validation import column_or_1d

from skshallow._estimators.checks.hyperparameters import resolve
from skshallow._estimators.checks.inputs import check_weights
from skshallow._estimators.checks.labels import (
    are_among,
    check_sortable,
    kind_of_target,
    plain_labels,
)
from skshallow._estimators.checks.user_warnings import warn_user
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES, Loss


class Targets(ABC):
    """The kind of target of an estimator, and its encoding for the loss.

    Attributes
    ----------
    numeric : bool
        Whether scikit-learn should convert `y` to numbers.
    """

    numeric: ClassVar[bool]

    @classmethod
    @abstractmethod
    def learn(cls, y: np.ndarray, classes: Any = None) -> Targets:
        """Return the kind of target, learned from the first `y`."""

    @classmethod
    @abstractmethod
    def of_outputs(cls, n_outputs: int, choice: str | Loss, classes: Any) -> Targets:
        """Return the kind of target for given weights with `n_outputs` outputs."""

    @staticmethod
    def before_validation(y: Any) -> Any:
        """Return `y` in a form that scikit-learn's validation does not round."""
        return y

    @staticmethod
    def after_validation(y: np.ndarray) -> np.ndarray:
        """Return `y` in the shape that the other methods expect."""
        return y

    @abstractmethod
    def loss(self, choice: str | Loss) -> Loss:
        """Return the loss for the parameter `loss`, in the form for these targets."""

    @abstractmethod
    def check(self, y: np.ndarray, name: str = "y") -> None:
        """Raise ValueError if later targets, called `name`, do not match the first."""

    def ranks(self, order: list | None) -> tuple[int, ...] | None:
        """Return the ranks of the classes in an `order` of labels, if they have ranks."""
        return None

    def check_order(self, loss: Loss) -> None:  # noqa: B027
        """Warn if the loss takes an order of the classes that hardly can be meant."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """How many values are predicted per row."""

    @abstractmethod
    def encode(self, y: np.ndarray, loss: Loss) -> np.ndarray:
        """Return targets as the loss takes them: floats (n, n_outputs) or codes (n, 1)."""

    def best_constant(
        self, loss: Loss, encoded: np.ndarray, sample_weight: np.ndarray | None
    ) -> np.ndarray:
        """Return the constant raw prediction (n_raw_outputs,) of least loss."""
        return loss.fit_intercept_only(encoded, sample_weight)

    @property
    def log_loss(self) -> Loss:
        """The log loss, binomial or multinomial; only for classes."""
        raise NotImplementedError

    @staticmethod
    def weigh(
        y: np.ndarray,
        sample_weight: np.ndarray | None,
        class_weight: Any,
        known: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """Return the sample weights (n,) times those of the classes.

        It is called before the classes are learned, because rows of weight 0 count as
        absent. The `known` classes (n_classes,), if given, need not all be in `y`.
        """
        return sample_weight

    def smooth(
        self, encoded: np.ndarray, loss: Loss, share: float
    ) -> tuple[np.ndarray, Loss]:
        """Return targets and loss with a `share` of each target spread over the classes."""
        return encoded, loss

    def strata(self, y: np.ndarray) -> np.ndarray | None:
        """Return the strata (n,) for the validation split, None for no stratification."""
        return None

    def missing(self, y: np.ndarray) -> str | None:
        """Return that classes have no row, in words, or None if each has one."""
        return None


@dataclass(frozen=True)
class RealTargets(Targets):
    """Real values, one or several per row.

    Parameters
    ----------
    n_targets : int
        Values per row.
    ndim : int
        Dimensions of `y`, and of predictions: 1 or 2.
    """

    n_targets: int
    ndim: int
    numeric: ClassVar[bool] = True

    @classmethod
    def learn(cls, y, classes=None):
        return cls(1 if y.ndim == 1 else y.shape[1], y.ndim)

    @classmethod
    def of_outputs(cls, n_outputs, choice, classes):
        if classes is not None:
            raise ValueError("A regressor has no classes; leave classes at None.")
        per_target = resolve("loss", choice, REGRESSION_LOSSES, Loss).n_raw_outputs(1)
        if n_outputs % per_target != 0:
            raise ValueError(
                f"loss={choice!r} needs {per_target} outputs per target, but the output "
                f"layer has {n_outputs} units, which is not a multiple of {per_target}."
            )
        n_targets = n_outputs // per_target
        return cls(n_targets, 1 if n_targets == 1 else 2)

    def loss(self, choice):
        loss = resolve("loss", choice, REGRESSION_LOSSES, Loss)
        if loss.takes_codes:
            raise ValueError(
                f"loss={choice!r} compares classes, and a regressor predicts numbers: use "
                "a classifier, or another loss, such as 'squared_error'."
            )
        return loss

    @property
    def n_outputs(self):
        return self.n_targets

    def check(self, y, name="y"):
        n_targets = 1 if y.ndim == 1 else y.shape[1]
        if n_targets != self.n_targets:
            raise ValueError(
                f"{name} has {n_targets} targets per row, but the net was trained on "
                f"{self.n_targets}."
            )

    def encode(self, y, loss):
        targets = y.reshape(len(y), -1).astype(np.float64)
        loss.check_targets(targets)
        return targets

    def decode(self, prediction: np.ndarray) -> np.ndarray:
        """Return predictions (..., n, n_targets) in the shape of the first `y`."""
        return prediction[..., 0] if self.ndim == 1 else prediction


@dataclass(frozen=True, eq=False)
class ClassTargets(Targets):
    """Class labels, one per row, or an indicator matrix of several labels.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The class labels; for a multilabel network the indices of the labels.
    is_multilabel : bool
        Whether `y` is an indicator matrix.
    """

    classes: np.ndarray
    is_multilabel: bool
    numeric: ClassVar[bool] = False

    @classmethod
    def learn(cls, y, classes=None):
        if kind_of_target(y) == "multilabel-indicator":
            return cls(np.arange(y.shape[1]), True)
        if classes is None:
            targets = cls(np.unique(y), False)
        else:
            check_sortable(classes)
            targets = cls(np.unique(classes), False)
        if len(targets.classes) < 2:
            raise ValueError(
                "A classifier needs at least 2 classes; the rows of positive weight have "
                f"only one class: {y.tolist()[0]!r}."
            )
        if classes is not None:
            targets._check_labels(y)
        return targets

    @classmethod
    def of_outputs(cls, n_outputs, choice, classes):
        loss = resolve("loss", choice, _losses_of("multinomial"), Loss)
        n_classes = max(2 * n_outputs - loss.n_raw_outputs(n_outputs), 2)
        if classes is None:
            classes = np.arange(n_classes)
        # one pair of classes per label, as scikit-learn has it for several targets
        is_multilabel = np.ndim(classes) == 2
        labels = np.arange(len(classes)) if is_multilabel else np.asarray(classes)
        if len(labels) != (n_outputs if is_multilabel else n_classes):
            raise ValueError(
                f"classes has {len(labels)} entries, which do not fit an output layer of "
                f"{n_outputs} units: give {n_classes}."
            )
        if len(np.unique(labels)) != len(labels):
            raise ValueError(f"The same class occurs twice in classes={classes!r}.")
        return cls(labels, is_multilabel)

    @staticmethod
    def before_validation(y):
        return plain_labels(y)

    @staticmethod
    def after_validation(y):
        is_column = y.ndim == 2 and y.shape[1] == 1
        return column_or_1d(y, warn=True) if is_column else y

    @property
    def form(self) -> str:
        """The form of the loss for these targets: "binomial" or "multinomial"."""
        binomial = self.is_multilabel or len(self.classes) == 2
        return "binomial" if binomial else "multinomial"

    def loss(self, choice):
        table = _losses_of(self.form)
        loss = resolve("loss", choice, table, Loss)
        if loss.takes_codes and self.form == "binomial":
            what = "several labels per row" if self.is_multilabel else "two classes"
            names = " or ".join(map(repr, table))
            raise ValueError(
                f"loss={choice!r} is for more than two classes, one per row, and y has "
                f"{what}. Pass loss={names}, which take the form that y needs."
            )
        n_ranks, n_classes = len(getattr(loss, "ranks", None) or ()), len(self.classes)
        if n_ranks not in (0, n_classes):
            raise ValueError(
                f"loss={choice!r} ranks {n_ranks} classes, and there are {n_classes}: "
                f"{listed(self.classes.tolist())}. Give each one rank, in this order."
            )
        return loss

    def ranks(self, order):
        if order is None or self.is_multilabel:
            return None
        place = {label: rank for rank, label in enumerate(order)}
        missing = [label for label in self.classes.tolist() if label not in place]
        if missing:
            raise ValueError(
                f"y has the ordered categories {order}, without {listed(missing)}. Give it "
                "all classes as categories, lowest first."
            )
        places = np.array([place[label] for label in self.classes.tolist()])
        return tuple(places.argsort().argsort().tolist())

    def check_order(self, loss):
        are_text = all(isinstance(label, str) for label in self.classes.tolist())
        is_given = getattr(loss, "ranks", None) is not None
        if is_given or not (loss.takes_order and are_text):
            return
        order = " < ".join(map(repr, self.classes.tolist()))
        warn_user(
            f"loss='ordinal' takes strings in alphabetical order: {order}. For another "
            "order pass an ordered categorical:\n"
            "    y = pd.Categorical(y, categories=[...], ordered=True)  # lowest first\n"
            "With this order as categories, it also says that the order is meant. Or give "
            "each class its rank, loss=OrdinalLogLoss(ranks=[...]).",
            UserWarning,
        )

    @property
    def log_loss(self) -> Loss:
        """The log loss in the form for these targets."""
        return CLASSIFICATION_LOSSES["log_loss"][self.form]()

    def check(self, y, name="y"):
        is_multilabel = kind_of_target(y, name) == "multilabel-indicator"
        if is_multilabel != self.is_multilabel:
            raise ValueError(
                f"{name} and the y of the first fit differ: one has one class per row, the "
                "other is a multilabel indicator matrix. Pass the same kind of targets, or "
                "start with a new net, clone(net)."
            )
        if not is_multilabel:
            self._check_labels(y, name)
        elif y.shape[1] != len(self.classes):
            raise ValueError(
                f"{name} has {y.shape[1]} labels, but the net was trained on "
                f"{len(self.classes)}."
            )

    def _check_labels(self, y: np.ndarray, name: str = "y") -> None:
        """Raise ValueError if a label of y (n,) is not among the classes."""
        known = are_among(y, self.classes)
        if not known.all():
            raise ValueError(self._about_label(y[~known], name))

    def _about_label(self, unknown: np.ndarray, name: str) -> str:
        """Return that the first of the labels is `unknown`, and what to do about it."""
        text = "OUST"
        if (unknown.dtype.kind in text) != (self.classes.dtype.kind in text):
            advice = f"Convert {name} to the type of the labels that fit was given."
        elif name == "y":
            advice = (
                "Name all classes in the first call, partial_fit(X, y, classes=...), or "
                "start with a new net, clone(net)."
            )
        else:
            advice = (
                "Give fit rows of that class, of a weight above 0, to train on, or leave "
                f"its rows out of {name}, and of what belongs to them."
            )
        return (
            f"{name} contains the label {unknown.tolist()[0]!r}, which is not among the "
            f"{listed(self.classes.tolist())}. {advice}"
        )

    def codes(self, y: np.ndarray) -> np.ndarray:
        """Return the index in `classes`, sorted or not, of each label of y (n,)."""
        order = np.argsort(self.classes)
        labels = y.astype(self.classes.dtype, copy=False)
        return order[np.searchsorted(self.classes, labels, sorter=order)]

    @property
    def n_outputs(self):
        one_for_both = len(self.classes) == 2 and not self.is_multilabel
        return 1 if one_for_both else len(self.classes)

    def encode(self, y, loss):
        """Return codes (n, 1), or 1.0 for the classes that rows have: (n, n_outputs)."""
        if self.is_multilabel:
            return y.astype(np.float64)
        codes = self.codes(y)[:, np.newaxis]
        if loss.takes_codes:
            return codes
        return (codes == np.arange(len(self.classes))[-self.n_outputs :]).astype(np.float64)

    def best_constant(self, loss, encoded, sample_weight):
        if not loss.takes_codes:
            return loss.fit_intercept_only(encoded, sample_weight)
        return loss.fit_intercept_only(encoded, sample_weight, n_classes=self.n_outputs)

    def smooth(self, encoded, loss, share):
        """Smooth the targets, or for codes the loss, which then smooths them itself."""
        if loss.takes_codes:
            return encoded, loss.smoothed(share)
        n_alternatives = 2 if self.is_multilabel else len(self.classes)
        return (1 - share) * encoded + share / n_alternatives, loss

    def strata(self, y):
        return None if self.is_multilabel else y

    def missing(self, y):
        if self.is_multilabel:
            constant = (y == y[:1]).all(axis=0)
            labels = np.flatnonzero(constant).tolist()
            words = f"there are no rows both with and without {listed(labels, 'label')}"
            return words if labels else None
        classes = self.classes[self._counts(y) == 0].tolist()
        return f"there is no row of {listed(classes)}" if classes else None

    def _counts(self, y: np.ndarray) -> np.ndarray:
        """Return the number of rows of each class (n_classes,)."""
        return np.bincount(self.codes(y), minlength=len(self.classes))

    @staticmethod
    def weigh(y, sample_weight, class_weight, known=None):
        if class_weight is None:
            return sample_weight
        _check_class_weight(class_weight)
        is_multilabel = kind_of_target(y) == "multilabel-indicator"
        if is_multilabel and class_weight == "balanced":
            weight = _balance_labels(y, sample_weight)
        elif is_multilabel:
            weight = compute_sample_weight(class_weight, y)
        else:
            classes, codes = np.unique(y, return_inverse=True)
            if known is not None and isinstance(class_weight, dict):
                class_weight = _weights_among(class_weight, classes, known)
            per_class = compute_class_weight(
                class_weight, classes=classes, y=y, sample_weight=sample_weight
            )
            weight = per_class[codes]
        weight = check_weights(weight, y, "class_weight")
        if sample_weight is None:
            return weight
        return check_weights(sample_weight * weight, y, "sample_weight times class_weight")

    def decode(self, decision: np.ndarray) -> np.ndarray:
        """Return class labels (n,), or an indicator matrix (n, n_labels), from logits."""
        if self.is_multilabel:
            return (decision > 0).astype(int)
        if decision.ndim == 1:
            return self.classes[(decision > 0).astype(int)]
        return self.classes[decision.argmax(axis=1)]


def _losses_of(form: str) -> dict[str, type[Loss]]:
    """Return the losses of classes by name, all in the same form."""
    return {name: forms[form] for name, forms in CLASSIFICATION_LOSSES.items()}


def listed(classes: list, noun: str = "class") -> str:
    """Return some classes in words, or some labels if that is the `noun`."""
    shown = ", ".join(map(repr, classes[:5]))
    more = f" and {len(classes) - 5} more" if len(classes) > 5 else ""
    plural = {"class": "classes", "label": "labels"}[noun]
    return f"{plural if len(classes) > 1 else noun} {shown}{more}"


def _check_class_weight(class_weight: Any) -> None:
    """Raise ValueError if a class has a weight that is not a number."""
    of_labels = class_weight if isinstance(class_weight, list) else [class_weight]
    for weights in of_labels:
        if not isinstance(weights, dict):
            continue
        for label, weight in weights.items():
            if not isinstance(weight, Real) or math.isnan(weight):
                raise ValueError(
                    f"class_weight has the weight {weight!r} for class {label!r}. Weights "
                    "are numbers, 0 or greater."
                )


def _weights_among(
    class_weight: dict, classes: np.ndarray, known: np.ndarray
) -> dict[Any, float]:
    """Return the weights of these `classes` among all `known` ones (n_known,).

    Raises ValueError for a class that is not known, unless its weight is 0: rows of weight
    0 count as absent, and so may their class.
    """
    positive = {label: weight for label, weight in class_weight.items() if weight}
    compute_class_weight(positive, classes=known, y=known)  # raises, and names the classes
    present = set(classes.tolist())
    return {label: weight for label, weight in class_weight.items() if label in present}


def _balance_labels(y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return weights (n,): for each row the product of balanced weights of its labels."""
    weight = np.ones(len(y))
    for label in y.T:
        values, codes = np.unique(label, return_inverse=True)
        balanced = compute_class_weight(
            "balanced", classes=values, y=label, sample_weight=sample_weight
        )
        weight *= balanced[codes]
    return weight
