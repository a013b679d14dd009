"""Settings of components: each has a range, and is checked when an instance is made."""

import copy
import decimal
import fractions
import math
import pickle
import re
from dataclasses import FrozenInstanceError, dataclass, fields, replace

import numpy as np
import pandas as pd
import pytest

from skshallow import DeepNetRegressor
from skshallow._component import Choice, Interval, OneOrIncreasing, valid_values
from skshallow.activations import ACTIVATIONS, Activation, LeakyReLU
from skshallow.initializers import INITIALIZERS, VarianceScaling
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    Gaussian,
    Huber,
    Quantile,
)
from skshallow.schedules import SCHEDULES, Cosine, OneCycle, Plateau, StepDecay
from skshallow.solvers import LBFGS, SOLVERS, Adam, Momentum

PARAMETER_OF = {  # the estimators' parameter that takes each class
    **dict.fromkeys(ACTIVATIONS.values(), "activation"),
    **dict.fromkeys({type(make()) for make in INITIALIZERS.values()}, "init"),
    **dict.fromkeys(REGRESSION_LOSSES.values(), "loss"),
    **dict.fromkeys(SCHEDULES.values(), "schedule"),
    **dict.fromkeys(SOLVERS.values(), "solver"),
}
OF_CLASSIFIERS = [
    form for forms in CLASSIFICATION_LOSSES.values() for form in forms.values()
]
COMPONENTS = [*PARAMETER_OF, *OF_CLASSIFIERS]
SETTINGS = [(cls, field.name) for cls in COMPONENTS for field in fields(cls) if field.init]
NUMBERS = [
    (cls, name)
    for cls, name in SETTINGS
    if isinstance(valid_values(cls)[name], Interval | OneOrIncreasing)
]


def named(value):
    return value.__name__ if isinstance(value, type) else str(value)


every_setting = pytest.mark.parametrize(("cls", "name"), SETTINGS, ids=named)
every_number = pytest.mark.parametrize(("cls", "name"), NUMBERS, ids=named)


def interval_of(cls, name):
    valid = valid_values(cls)[name]
    return valid.each if isinstance(valid, OneOrIncreasing) else valid


def beside(interval, number, towards):
    """Return the next number of the interval's type."""
    if interval.number is int:
        return int(number + math.copysign(1, towards - number))
    return float(np.nextafter(number, towards))


def extremes(interval):
    """Return the least and the largest number of an interval."""
    low, high = interval.low, interval.high
    least = low if interval.has_low else beside(interval, low, high)
    most = high if interval.has_high else beside(interval, high, low)
    return interval.number(least), interval.number(most)


def assert_refused(cls, name, value):
    message = f"^The '{name}' parameter of {cls.__name__} must be"
    with pytest.raises(ValueError, match=message):
        cls(**{name: value})


NEVER_VALID = [
    *(None, True, False, np.True_, "", "0.5", b"0.5", "auto", [], (), {}, set(), object()),
    *(int, np.float64, lambda: 0.5, math.nan, math.inf, -math.inf, np.float32("nan")),
    *(np.float64("inf"), 1e300, -1e300, 10**400, -(10**400), 0.5j, decimal.Decimal("0.5")),
    *(np.array([]), np.array([[0.5]]), np.array(["0.5"]), ["0.5"], [None], [[0.5]]),
    *([0.5, [0.6]], [0.5, math.nan], [True], [0.2, 0.2]),
]


def test_every_setting_of_every_component_has_a_range():
    assert len(SETTINGS) > 30
    for cls, name in SETTINGS:
        assert name in valid_values(cls), cls


@every_setting
def test_what_makes_no_sense_is_a_value_error_that_names_the_setting(cls, name):
    takes_none = "None" in valid_values(cls)[name].notation
    for value in NEVER_VALID:
        if not (value is None and takes_none):
            assert_refused(cls, name, value)


@every_number
def test_a_range_ends_where_it_says(cls, name):
    interval = interval_of(cls, name)
    for value, outwards in zip(extremes(interval), (-math.inf, math.inf), strict=True):
        assert getattr(cls(**{name: value}), name) == value
        assert_refused(cls, name, beside(interval, value, outwards))


@every_number
def test_a_whole_number_stays_one_and_a_half_is_none(cls, name):
    interval = interval_of(cls, name)
    least, most = extremes(interval)
    if interval.number is int:
        assert_refused(cls, name, float(least))
        assert_refused(cls, name, least + 0.5)
    else:
        middle = fractions.Fraction(least + most) / 2
        assert getattr(cls(**{name: middle}), name) == float(middle)


@every_number
def test_numbers_of_numpy_become_those_of_python(cls, name):
    default = getattr(cls(), name)
    for kind in (np.int64, np.int8) if type(default) is int else (np.float64, np.float32):
        component = cls(**{name: kind(default)})
        value = getattr(component, name)
        assert type(value) is type(default)
        assert value == kind(default)
        assert component == cls(**{name: value})
        assert hash(component) == hash(cls(**{name: value}))
        assert "np." not in repr(component)
        for other in (pickle.loads(pickle.dumps(component)), copy.deepcopy(component)):
            assert other == component


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Adam(beta_1=1.0), "must be a float in the range [0, 1). Got 1.0 instead."),
        (lambda: Adam(beta_2=2), "must be a float in the range [0, 1). Got 2 instead."),
        (lambda: Adam(epsilon=-1), "a float in the range [1e-20, 1]. Got -1 instead."),
        (lambda: Momentum(1.5), "a float in the range [0, 1). Got 1.5 instead."),
        (lambda: StepDecay(every=0), "an int in the range [1, 1e9]. Got 0 instead."),
        (lambda: StepDecay(factor=math.nan), "in the range (0, 1]. Got nan instead."),
        (lambda: Cosine(final=-1), "in the range [0, 1]. Got -1 instead."),
        (lambda: OneCycle(warmup=1), "in the range [0, 1). Got 1 instead."),
        (lambda: LeakyReLU(1e300), "in the range [-10, 10]. Got 1e+300 instead."),
        (lambda: Huber(-1), "in the range [1e-15, 1e15]. Got -1 instead."),
        (lambda: LBFGS(memory=0), "an int in the range [1, 1000]. Got 0 instead."),
        (lambda: LBFGS(max_line_search=1), "int in the range [2, 1000]. Got 1 instead."),
        (lambda: VarianceScaling(fan="in"), "must be 'fan_in' or 'fan_avg'. Got 'in' inst"),
        (lambda: Quantile([0.9, 0.1]), "in increasing order. Got [0.9, 0.1] instead."),
        (lambda: Gaussian(1e-6), "0 or a float in the range [0.001, 1). Got 1e-06 instead"),
    ],
)
def test_the_error_says_what_would_be_valid(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()


def test_what_replaces_a_setting_is_checked_too():
    assert replace(Adam(), beta_2=np.float32(0.5)) == Adam(beta_2=0.5)
    with pytest.raises(ValueError, match="'beta_2' parameter of Adam"):
        replace(Adam(), beta_2=1)


@pytest.mark.parametrize(
    "levels",
    [[0.25, 0.5], (0.25, 0.5), np.array([0.25, 0.5], np.float32), pd.Series([0.25, 0.5])],
    ids=named,
)
def test_several_quantiles_become_a_tuple_of_floats(levels):
    loss = Quantile(levels)
    assert loss.quantile == (0.25, 0.5)
    assert [type(level) for level in loss.quantile] == [float, float]
    assert loss == Quantile([0.25, 0.5])


def test_names_become_plain_text():
    assert type(VarianceScaling(fan=np.str_("fan_avg")).fan) is str


def test_notations_that_are_no_interval_are_refused():
    for notation in ("0, 1", "[0,1]", "[0, 1", "(a, b)", "[0, 1, 2]", ""):
        with pytest.raises(ValueError, match=r"is no interval|could not convert"):
            Interval(notation, float)


def test_the_notation_of_a_choice_is_that_of_numpydoc():
    assert Choice("one", "two").notation == '{"one", "two"}'


# Components of users.


@dataclass(frozen=True)
class Scaled(Activation):
    """With a setting that says nothing of its range, as it was always written."""

    factor: float = 2.0
    note: object = None

    def forward(self, z, params):
        return self.factor * z, None

    def backward(self, grad_a, cache, params, grads):
        return self.factor * grad_a


@dataclass(frozen=True)
class Ordered(Plateau):
    """With settings that depend on each other."""

    wait: int = 3

    def __post_init__(self):
        super().__post_init__()
        if self.wait > self.patience:
            raise ValueError(f"wait={self.wait} must be at most patience={self.patience}.")


class Renamed(Adam):
    pass


class Unsaid(Activation):
    """With a setting that is no field."""

    def __init__(self, factor):
        self.factor = factor


def test_settings_without_a_range_hold_whatever_they_are_given():
    given = [1, "x"]
    assert Scaled(factor=-7, note=given).note is given
    assert type(Scaled(np.float32(1)).factor) is np.float32
    X, y = rows()
    assert np.isfinite(net(activation=Scaled(0.5)).fit(X, y).predict(X)).all()


def test_settings_that_depend_on_each_other_are_checked_after_each_by_itself():
    assert Ordered(patience=5, wait=5).patience == 5
    with pytest.raises(ValueError, match="wait=6 must be at most patience=5"):
        Ordered(wait=6)
    with pytest.raises(ValueError, match="'patience' parameter of Ordered"):
        Ordered(patience=0)


def test_a_class_derived_from_a_component_names_itself():
    with pytest.raises(ValueError, match="'beta_1' parameter of Renamed"):
        Renamed(beta_1=1)


def test_a_class_without_settings_of_its_own_needs_no_decorator():
    assert repr(Renamed(beta_1=0.5)) == repr(Adam(beta_1=0.5)).replace("Adam", "Renamed")
    assert Renamed() == Renamed() != Renamed(beta_1=0.5)
    assert Renamed() != Adam()
    assert len({Renamed(), Renamed(), Renamed(beta_1=0.5)}) == 2
    with pytest.raises(FrozenInstanceError, match="'new' of Renamed cannot be assigned"):
        Renamed().new = 1
    with pytest.raises(FrozenInstanceError, match="'new' of Renamed cannot be deleted"):
        del Renamed().new


def test_a_setting_that_is_no_field_is_an_error_that_says_how_to_declare_it():
    with pytest.raises(FrozenInstanceError, match=r"such as factor: float = 1\.0"):
        Unsaid(2.0)


# Ranges are those in which training works.


def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(32, 3))
    return X, 1 + np.abs(X[:, 0] + 0.1 * rng.normal(size=32))


def net(**params):
    parameters = {"hidden_units": 4, "max_iter": 5, "record_health": False}
    return DeepNetRegressor(**parameters | params, random_state=0)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings(  # 5 epochs are fewer than a schedule's largest patience
    "ignore:schedule=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_number
def test_a_net_trains_at_both_ends_of_every_range(cls, name, dtype):
    X, y = rows()
    for value in extremes(interval_of(cls, name)):
        component = cls(**{name: value})
        estimator = net(**{PARAMETER_OF[cls]: component}, dtype=dtype)
        estimator.fit(X, y)
        assert np.isfinite(estimator.predict(X)).all()
        assert np.isfinite(estimator.loss_curve_).all()
