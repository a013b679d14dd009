"""History: curves, the best epoch, and when training stalls."""

import math

import numpy as np
import pytest

from skshallow.engine.history import History
from skshallow.engine.layout import Layout


def run(losses, *, tol=0.0, n_iter_no_change=3, validation=None, early_stopping=False):
    """Record epochs that end with `losses`, at parameters that number the epochs."""
    results = iter(validation or [()] * len(losses))
    history = History(tol, n_iter_no_change, early_stopping)
    criteria = [
        history.record(np.array([float(epoch)]), loss, 0.1 / epoch, *next(results))
        for epoch, loss in enumerate(losses, start=1)
    ]
    return history, criteria


def test_curves_hold_one_value_per_epoch():
    history, criteria = run(
        [3.0, 2.0], validation=[(5.0, 0.5), (4.0, 0.6)], early_stopping=True
    )
    assert history.loss == [3, 2]
    assert history.validation_loss == [5, 4]
    assert history.validation_score == [0.5, 0.6]
    assert history.learning_rate == [0.1, 0.05]
    assert history.n_epochs == 2
    assert criteria == [-0.5, -0.6]


def test_the_curves_one_epoch_ahead_leave_the_history_as_it_is():
    history, _ = run([3.0], validation=[(5.0, 0.5)], early_stopping=True)
    ahead = history.ahead(2.0, 0.05, 4.0)
    assert ahead.n_epochs == 2
    np.testing.assert_array_equal(ahead.curve("loss"), [3, 2])
    np.testing.assert_array_equal(ahead.curve("validation_loss"), [5, 4])
    np.testing.assert_array_equal(ahead.curve("validation_score"), [0.5, math.nan])
    assert history.n_epochs == len(history.loss) == 1


@pytest.mark.parametrize(
    ("early_stopping", "validation", "expected"),
    [
        (False, None, [3.0, 1.0, 2.0]),
        (False, [(9.0, None), (8.0, None), (7.0, None)], [3.0, 1.0, 2.0]),
        (False, [(9.0, 0.1), (8.0, 0.2), (7.0, 0.3)], [3.0, 1.0, 2.0]),
        (True, [(9.0, None), (8.0, None), (7.0, None)], [9.0, 8.0, 7.0]),
        (True, [(9.0, 0.1), (8.0, 0.3), (7.0, 0.2)], [-0.1, -0.3, -0.2]),
    ],
)
def test_the_criterion_is_the_score_or_the_validation_loss_or_the_training_loss(
    early_stopping, validation, expected
):
    history, criteria = run(
        [3.0, 1.0, 2.0], validation=validation, early_stopping=early_stopping
    )
    assert criteria == expected
    best = int(np.argmin(expected))
    assert history.best_epoch == best + 1
    assert history.best_criterion == expected[best]
    np.testing.assert_array_equal(history.best_theta, [best + 1])


def test_the_best_parameters_are_a_copy():
    history = History(0.0, 3)
    theta = np.array([1.0, 2.0])
    history.record(theta, 1.0, 0.1)
    theta += 10
    np.testing.assert_array_equal(history.best_theta, [1, 2])
    history.record(theta, 2.0, 0.1)
    np.testing.assert_array_equal(history.best_theta, [1, 2])


def test_the_first_of_equally_good_epochs_is_the_best():
    assert run([2.0, 1.0, 1.0, 1.0])[0].best_epoch == 2


def test_there_is_no_best_epoch_before_the_first():
    history = History(0.0, 3)
    assert history.best_theta is None
    assert history.best_epoch == history.n_epochs == 0
    assert not history.stalled


def test_training_stalls_after_n_iter_no_change_epochs_without_improvement():
    assert not run([3.0, 2.0, 2.0, 2.5])[0].stalled
    assert run([3.0, 2.0, 2.0, 2.5, 2.0])[0].stalled


def test_an_improvement_resets_the_count():
    assert not run([3.0, 3.0, 3.0, 2.0, 2.0, 2.0])[0].stalled


def test_improvements_below_tol_do_not_reset_the_count_but_may_be_the_best():
    history, _ = run([3.0, 2.95, 2.92, 2.91], tol=0.1)
    assert history.stalled
    assert history.best_epoch == 4


def test_a_steady_descent_by_less_than_tol_per_epoch_is_a_stall():
    """As in scikit-learn: each epoch has to beat the best so far, however good, by tol."""
    losses = 3.0 - 0.06 * np.arange(4)
    assert run(losses, tol=0.1)[0].stalled
    assert not run(losses, tol=0.05)[0].stalled


def test_an_infinite_patience_never_stalls():
    assert not run([1.0] * 100, n_iter_no_change=math.inf)[0].stalled


def test_a_loss_that_is_not_finite_is_never_the_best():
    history, _ = run([2.0, math.nan, math.inf])
    assert history.best_epoch == 1
    assert history.n_stalled == 2


def test_each_member_keeps_the_parameters_of_its_own_best_epoch():
    layout = Layout([{"weight": (1, 1), "bias": (1,)}], n_members=2)
    history = History(0.5, 2, early_stopping=True, layout=layout)
    losses = [(3.0, 5.0), (2.0, 6.0), (2.0, 4.8), (1.9, 4.0)]
    for epoch, of_members in enumerate(losses, start=1):
        theta = np.full(layout.size, float(epoch))
        criterion = history.record(theta, 1.0, 0.1, np.array(of_members))
        assert criterion == sum(of_members) / 2
    (best,) = layout.views(history.best_theta)
    assert best["weight"].ravel().tolist() == best["bias"].ravel().tolist() == [4, 4]
    assert history.best_epoch.tolist() == [4, 4]
    history.record(np.zeros(layout.size), 1.0, 0.1, np.array([9.0, 1.0]))
    assert best["weight"].ravel().tolist() == [4, 0]
    assert history.last_best_epoch == 5
    assert history.validation_loss == [4, 4, 3.4, 2.95, 5]


def test_members_have_a_best_epoch_once_each_had_a_finite_loss():
    layout = Layout([{"weight": (1, 1)}], n_members=2)
    history = History(0.0, 9, early_stopping=True, layout=layout)
    assert not history.has_best
    for epoch, of_members in enumerate([(3.0, math.inf), (math.nan, math.nan), (4.0, 5.0)]):
        assert not history.has_best
        history.record(np.full(2, float(epoch)), 1.0, 0.1, np.array(of_members))
    assert history.has_best
    np.testing.assert_array_equal(history.best_theta, [0, 2])


def test_members_stall_when_none_of_them_improves():
    layout = Layout([{"weight": (1, 1)}], n_members=2)
    history = History(0.0, 2, early_stopping=True, layout=layout)
    for of_members in [(3.0, 5.0), (4.0, 4.0), (4.0, 3.0), (4.0, 3.0)]:
        history.record(np.zeros(2), 1.0, 0.1, np.array(of_members))
        assert not history.stalled
    history.record(np.zeros(2), 1.0, 0.1, np.array([3.0, 3.0]))
    assert history.stalled
