"""Python's errors about the arguments of methods."""

import inspect
import pickle

import pytest
from joblib import wrap_non_picklable_objects

from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)

ESTIMATORS = (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
)


def own_methods(estimator):
    """Yield the names and functions of the public methods that skshallow defines."""
    for name, method in inspect.getmembers(estimator, callable):
        module = getattr(method, "__module__", "")
        if not name.startswith("_") and module.startswith("skshallow"):
            yield name, method


CASES = [
    pytest.param(estimator, name, id=f"{estimator.__name__}-{name}")
    for estimator in ESTIMATORS
    for name, _ in own_methods(estimator())
]


@pytest.mark.parametrize(("estimator", "name"), CASES)
def test_errors_about_arguments_call_a_method_as_the_user_does(estimator, name):
    method = getattr(estimator(loss="squared_error"), name)
    with pytest.raises(TypeError) as caught:
        method(1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert str(caught.value).startswith(f"{name}() takes ")


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_forgotten_y_is_told_of_by_the_name_of_fit(estimator):
    with pytest.raises(TypeError, match=r"^fit\(\) missing 1 .* argument: 'y'$"):
        estimator().fit([[0.0], [1.0]])


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_bound_methods_can_be_pickled(estimator):
    method = pickle.loads(pickle.dumps(estimator(3).fit))
    assert method.__self__.hidden_units == 3


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_methods_of_the_class_can_be_sent_to_workers(estimator):
    """Dask and joblib send functions by cloudpickle, which joblib wraps."""
    sent = [wrap_non_picklable_objects(f) for f in (estimator.fit, estimator.predict)]
    fit, predict = pickle.loads(pickle.dumps(sent))
    X, y = [[0.0], [1.0]], [0, 1]
    net = fit(estimator(2, max_iter=1, random_state=0), X, y)
    assert predict(net, X).tolist() == net.predict(X).tolist()
