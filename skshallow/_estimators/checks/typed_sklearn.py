"""Type hints for scikit-learn's base classes and decorators.

scikit-learn has no type hints. Without these, mypy would accept any argument for a class
with an untyped base class, and any use of a method with an untyped decorator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from sklearn import callback
from sklearn.utils import metaestimators

Method = TypeVar("Method", bound=Callable[..., Any])


class Decorator(Protocol):
    """A decorator of methods that keeps their signature."""

    def __call__(self, method: Method, /) -> Method:
        """Return the decorated method."""
        ...


with_callbacks: Decorator = callback.with_callbacks
available_if: Callable[[Callable[[Any], bool]], Decorator] = metaestimators.available_if

if TYPE_CHECKING:

    class BaseEstimator:
        """Methods of all estimators."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def get_metadata_routing(self) -> Any: ...
        def set_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_partial_fit_request(self, **requests: bool | str | None) -> Self: ...
        def set_predict_request(self, **requests: bool | str | None) -> Self: ...
        def set_score_request(self, **requests: bool | str | None) -> Self: ...
        def _validate_params(self) -> None: ...
        def _get_fitted_attr_html(self, doc_link: str = "") -> Any: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __setstate__(self, state: dict[str, Any]) -> None: ...
        def __sklearn_tags__(self) -> Any: ...

    class CallbackSupportMixin:
        """Methods for callbacks."""

        def set_callbacks(self, *callbacks: Any) -> Self: ...
        def _init_callback_context(self, **options: Any) -> Any: ...

    class _Scored(BaseEstimator):
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

    class ClassifierMixin(_Scored):
        """Accuracy as the score."""

    class RegressorMixin(_Scored):
        """R squared as the score."""

else:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.callback import CallbackSupportMixin

__all__ = [
    "BaseEstimator",
    "CallbackSupportMixin",
    "ClassifierMixin",
    "RegressorMixin",
    "available_if",
    "with_callbacks",
]
