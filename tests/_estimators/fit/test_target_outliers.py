"""The warning of a few targets that rule the squared error."""

import warnings

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor

from skshallow import DeepNetClassifier, DeepNetRegressor
from skshallow.exceptions import TargetOutlierWarning

N_ROWS = 100
FEW = {"hidden_units": 4, "max_iter": 2, "random_state": 0}


def rows(**outliers):
    """Return features and targets, and at these places, such as x7, another target."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 2))
    y = X[:, 0] + rng.normal(size=N_ROWS)
    for place, value in outliers.items():
        y[int(place[1:])] = value
    return X, y


def warning_of(X, y, *args, **params):
    """Return the warning of a fit."""
    with pytest.warns(TargetOutlierWarning) as caught:
        DeepNetRegressor(**FEW | params).fit(X, y, *args)
    return str(caught[0].message)


def assert_silent(X, y, *args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("error", TargetOutlierWarning)
        return DeepNetRegressor(**FEW | params).fit(X, y, *args)


def test_the_warning_names_number_place_and_share_of_the_outliers():
    X, y = rows(x7=5000.0, x30=-400.0)
    message = warning_of(X, y)
    median = np.median(y)
    mad = 1.4826 * np.median(np.abs(y - median))
    squares = (y - median) ** 2
    assert message.startswith(
        f"y has 2 values more than 50 robust standard deviations ({mad:.3g}) from the "
        f"median, {median:.3g}; the farthest is 5000, in row 7 (counted from 0)."
    )
    assert f"make up {squares[[7, 30]].sum() / squares.sum():.0%} of the sum" in message
    assert message.endswith("try for typical values instead of the mean, loss='huber'.")


def test_targets_that_are_not_negative_may_be_transformed_as_the_warning_says():
    X, y = rows(x7=5000.0)
    message = warning_of(X, np.abs(y))
    code = message[message.index("TransformedTargetRegressor") : -1]
    scope = {"TransformedTargetRegressor": TransformedTargetRegressor, "np": np}
    net = eval(code, scope | {"net": DeepNetRegressor(**FEW)})
    with warnings.catch_warnings():
        warnings.simplefilter("error", TargetOutlierWarning)
        net.fit(X, np.abs(y))


@pytest.mark.parametrize(
    ("targets", "advice"),
    [
        (lambda y: np.abs(y).round(), "try loss='poisson' for the mean or, for typical"),
        (lambda y: np.abs(y) + 1, "try loss='gamma' for the mean or, for typical"),
        (lambda y: np.abs(y) * (y > 0), "try for typical values instead of the mean"),
    ],
    ids=["counts", "positive", "with zeros"],
)
def test_losses_that_keep_the_mean_are_named_where_they_suit(targets, advice):
    X, y = rows(x7=5000.0)
    assert advice in warning_of(X, targets(y))


def test_rows_are_those_of_X_where_some_have_no_weight_or_validate():
    X, y = rows(x7=5000.0)
    weight = np.ones(N_ROWS)
    weight[:5] = 0
    assert "in row 7 (" in warning_of(X, y, weight)
    held_out = {"early_stopping": True, "validation_fraction": 0.2}
    for seed in range(3):
        assert "in row 7 (" in warning_of(X, y, weight, **held_out | {"random_state": seed})
        own_folds = held_out | {"n_members": 2, "random_state": seed}
        assert "in row 7 (" in warning_of(X, y, **own_folds)


def test_of_several_targets_the_one_farthest_out_is_named():
    X, y = rows(x7=5000.0)
    message = warning_of(X, np.column_stack([X, y, np.where(y > 1000, 500, y)]))
    assert message.startswith("y[:, 2] has 1 value")


@pytest.mark.parametrize("sigma", [2.5, 3, 4])
def test_heavier_tails_are_told_too(sigma):
    y = np.exp(sigma * np.random.default_rng(1).normal(size=400))
    median = np.median(y)
    far = np.abs(y - median) > 50 * 1.4826 * np.median(np.abs(y - median))
    message = warning_of(np.arange(400.0)[:, np.newaxis], y)
    assert message.startswith(f"y has {far.sum()} values more than 50 robust")
    assert "TransformedTargetRegressor" in message


@pytest.mark.parametrize("power", [-300, 300])
def test_outliers_are_found_in_any_unit(power):
    X, y = rows(x7=5000.0)
    assert "y has 1 value more" in warning_of(X, y * 10.0**power)


@pytest.mark.parametrize("loss", ["huber", "absolute_error", "gaussian"])
def test_other_losses_have_no_warning(loss):
    assert_silent(*rows(x7=5000.0), loss=loss)


def test_parts_and_classes_have_no_warning():
    X, y = rows(x7=5000.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TargetOutlierWarning)
        DeepNetRegressor(4).partial_fit(X, y)
        DeepNetClassifier(**FEW, loss="squared_error").fit(X, y > 0)


def test_rows_of_weight_0_have_no_warning():
    X, y = rows(x7=5000.0)
    assert_silent(X, y, np.where(y > 1000, 0, 1))


@pytest.mark.parametrize(
    "y",
    [
        np.random.default_rng(0).normal(size=N_ROWS),
        np.random.default_rng(0).exponential(size=N_ROWS),
        np.random.default_rng(0).lognormal(size=N_ROWS),
        np.random.default_rng(0).poisson(0.1, size=N_ROWS),
        np.where(np.arange(N_ROWS) < 10, 1e4, np.random.default_rng(0).normal(size=N_ROWS)),
        np.zeros(N_ROWS),
        np.arange(N_ROWS) == 3,
    ],
    ids=["normal", "exponential", "lognormal", "counts", "two modes", "constant", "one 1"],
)
def test_targets_of_other_shapes_have_no_warning(y):
    assert_silent(rows()[0], y)
