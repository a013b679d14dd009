"""Advice: what warnings and the health report tell to try, and what they leave out."""

import numpy as np
import pytest

from skshallow import DeepNetRegressor, ShallowNetRegressor
from skshallow._estimators.fit.health_advice import (
    ACTIVATION,
    AGAINST_DEAD_UNITS,
    AGAINST_INFINITE_GRADIENT,
    AGAINST_LARGE_UPDATES,
    AGAINST_SATURATION,
    AGAINST_VANISHING_GRADIENT,
    ALPHA,
    CLIP,
    DEPTH,
    INIT,
    LEARNING_RATE,
    RESIDUAL,
    STANDARDIZE,
    applicable_remedies,
    in_words,
)
from skshallow.exceptions import DeadUnitsWarning, VanishingGradientWarning
from skshallow.inspection import health_report

ALL = [INIT, STANDARDIZE, LEARNING_RATE, ALPHA, CLIP, RESIDUAL, DEPTH, ACTIVATION]


@pytest.fixture
def net(few, X, y):
    return DeepNetRegressor(**few, depth=2).fit(X, y)


@pytest.mark.parametrize(
    ("params", "remedy"),
    [
        ({"init": "he_normal"}, INIT),
        ({"init_scale": 0.5}, INIT),
        ({"standardize": False}, STANDARDIZE),
        ({"alpha": 1.0}, ALPHA),
    ],
)
def test_what_the_parameters_do_already_is_left_out(net, params, remedy):
    before = applicable_remedies(net.get_params(), net.network_, True)
    assert before == [LEARNING_RATE, CLIP, RESIDUAL, DEPTH, ACTIVATION]
    after = applicable_remedies(net.set_params(**params).get_params(), net.network_, True)
    assert after == [what for what in ALL if what in {*before, remedy}]


def test_without_a_learning_rate_it_is_neither_lowered_nor_clipped(net):
    without = applicable_remedies(net.get_params(), net.network_, False)
    assert without == [RESIDUAL, DEPTH, ACTIVATION]
    net.set_params(max_grad_norm=1.0)
    assert CLIP not in applicable_remedies(net.get_params(), net.network_, True)


@pytest.mark.parametrize(
    ("params", "could_be"),
    [
        ({"depth": 2}, True),
        ({"hidden_units": [3, 4]}, False),
        ({"depth": 1}, False),
        ({"depth": 2, "residual": True}, False),
    ],
)
def test_residual_connections_are_advised_where_they_could_be_set(
    few, X, y, params, could_be
):
    net = DeepNetRegressor(**few | params).fit(X, y)
    remedies = applicable_remedies(net.get_params(), net.network_, True)
    assert (RESIDUAL in remedies) == could_be


def test_residual_connections_are_not_advised_to_an_estimator_without_them(few, X, y):
    net = ShallowNetRegressor(**few).fit(X, y)
    assert RESIDUAL not in applicable_remedies(net.get_params(), net.network_, True)


@pytest.mark.parametrize(
    "helpful",
    [
        AGAINST_DEAD_UNITS,
        AGAINST_INFINITE_GRADIENT,
        AGAINST_LARGE_UPDATES,
        AGAINST_SATURATION,
        AGAINST_VANISHING_GRADIENT,
    ],
)
def test_every_remedy_that_helps_is_said_once_and_no_other(helpful):
    words = in_words(ALL, helpful)
    assert [words.count(remedy) for remedy in ALL] == [what in helpful for what in ALL]
    assert words.count(" or ") == 1


def test_warnings_and_report_give_the_same_advice(few):
    X = np.random.default_rng(0).normal(size=(200, 3))
    few |= {"standardize": False, "alpha": 0.2}
    with pytest.warns(DeadUnitsWarning) as caught:
        dead = DeepNetRegressor(**few, init="zeros").fit(X, X[:, 0])
    advice = in_words(ALL, AGAINST_DEAD_UNITS)
    assert str(caught[0].message).endswith(f"Try {advice}.")
    assert f"try {advice}" in health_report(dead).verdicts[0]
    with pytest.warns(VanishingGradientWarning) as caught:
        flat = DeepNetRegressor(**few, depth=8, activation="sigmoid", init_scale=0.5).fit(
            X, X[:, 0]
        )
    advice = in_words(ALL, AGAINST_VANISHING_GRADIENT)
    assert str(caught[0].message).endswith(f"Try {advice}.")
    assert health_report(flat).verdicts[0].endswith(f"try {advice}")
