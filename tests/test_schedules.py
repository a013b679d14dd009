"""Schedules against their closed forms."""

import math
import pickle

import numpy as np
import pytest
from names import called

from skshallow.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    InverseScaling,
    OneCycle,
    Plateau,
    StepDecay,
)

EPOCHS = np.linspace(0, 40, 161)[:-1]  # four steps an epoch
N_EPOCHS = 40


def curve(schedule, epochs=EPOCHS, n_epochs=N_EPOCHS):
    state = schedule.init()
    return np.array([schedule.multiplier(epoch, n_epochs, state) for epoch in epochs])


def one_cycle(p, warmup, initial, final):
    if p < warmup:
        return initial + (1 - initial) * math.sin(math.pi / 2 * p / warmup) ** 2
    return final + (1 - final) * math.cos(math.pi / 2 * (p - warmup) / (1 - warmup)) ** 2


@pytest.mark.parametrize(
    ("schedule", "closed_form"),
    [
        (Constant(), lambda epoch: 1.0),
        (InverseScaling(), lambda epoch: 1 / math.sqrt(1 + epoch)),
        (InverseScaling(1.0), lambda epoch: 1 / (1 + epoch)),
        (StepDecay(), lambda epoch: 1.0),
        (StepDecay(10, 0.1), lambda epoch: 10.0 ** -(epoch // 10)),
        (Cosine(), lambda epoch: math.cos(math.pi / 2 * epoch / 40) ** 2),
        (Cosine(0.2), lambda epoch: 0.2 + 0.8 * math.cos(math.pi / 2 * epoch / 40) ** 2),
        (OneCycle(), lambda epoch: one_cycle(epoch / 40, 0.3, 0.04, 1e-4)),
        (OneCycle(0.5, 0.1, 0.01), lambda epoch: one_cycle(epoch / 40, 0.5, 0.1, 0.01)),
        (Plateau(), lambda epoch: 1.0),
    ],
    ids=called,
)
def test_multiplier_equals_closed_form(schedule, closed_form):
    expected = [closed_form(float(epoch)) for epoch in EPOCHS]
    np.testing.assert_allclose(curve(schedule), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SCHEDULES)
def test_multiplier_lies_between_zero_and_one(name):
    multipliers = curve(SCHEDULES[name](), np.linspace(0, 200, 801), 200)
    assert (multipliers >= 0).all()
    assert (multipliers <= 1).all()
    assert multipliers.max() == pytest.approx(1)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_needs_the_end_exactly_if_it_depends_on_it(name):
    schedule = SCHEDULES[name]()
    depends = not np.array_equal(curve(schedule), curve(schedule, n_epochs=80))
    assert schedule.needs_end == depends


@pytest.mark.parametrize("name", SCHEDULES)
def test_settings_are_separate_from_the_state(name):
    schedule = SCHEDULES[name]()
    state = schedule.init()
    for _ in range(20):
        schedule.update(state, 1.0)
    np.testing.assert_array_equal(curve(schedule), curve(SCHEDULES[name]()))
    assert schedule == SCHEDULES[name]() == pickle.loads(pickle.dumps(schedule))


def test_step_decay_drops_at_its_epochs():
    schedule = StepDecay(10, 0.5)
    multipliers = curve(schedule, [0, 9.999, 10, 19.999, 20])
    np.testing.assert_array_equal(multipliers, [1, 1, 0.5, 0.5, 0.25])


@pytest.mark.parametrize("schedule", [it() for it in SCHEDULES.values()], ids=called)
def test_the_learning_rate_is_constant_in_idle_epochs_and_may_change_after(schedule):
    n_idle = schedule.n_idle_epochs
    multipliers = [schedule.multiplier(0, 100, schedule.init())]
    multipliers += multipliers_after(schedule, [1.0] * 100)  # no loss improves
    assert set(multipliers[:n_idle]) <= {1.0}
    if n_idle:
        assert multipliers[n_idle] < 1


@pytest.mark.parametrize("schedule", [Cosine(), Cosine(0.1)], ids=str)
def test_cosine_falls_from_one_to_its_final_value(schedule):
    multipliers = curve(schedule, np.linspace(0, 40, 1001))
    assert multipliers[0] == 1
    assert multipliers[-1] == pytest.approx(schedule.final, abs=1e-15)
    assert (np.diff(multipliers) < 0).all()


def test_one_cycle_rises_to_one_at_the_end_of_its_warmup_then_falls():
    schedule = OneCycle(warmup=0.25)
    multipliers = curve(schedule, np.linspace(0, 40, 1001))
    assert multipliers[0] == pytest.approx(0.04)
    assert multipliers[250] == 1
    assert multipliers[-1] == pytest.approx(1e-4)
    assert (np.diff(multipliers[:251]) > 0).all()
    assert (np.diff(multipliers[250:]) < 0).all()


def test_one_cycle_without_warmup_is_a_cosine():
    np.testing.assert_array_equal(curve(OneCycle(warmup=0, final=0)), curve(Cosine()))


def multipliers_after(schedule, criteria):
    """Return the multiplier after each epoch that ended with one of `criteria`."""
    state, multipliers = schedule.init(), []
    for epoch, criterion in enumerate(criteria):
        schedule.update(state, criterion)
        multipliers.append(schedule.multiplier(epoch + 1, len(criteria), state))
    return multipliers


def test_plateau_drops_after_as_many_stale_epochs_as_its_patience():
    criteria = [3, 2, 2, 2, 2, 2, 2, 2]
    expected = [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01]
    actual = multipliers_after(Plateau(factor=0.1, patience=3, tol=0), criteria)
    np.testing.assert_allclose(actual, expected, rtol=1e-15)


def test_plateau_waits_anew_after_an_improvement():
    criteria = [3, 3, 2, 2, 1, 1, 0]
    assert multipliers_after(Plateau(patience=2), criteria) == [1] * 7


def test_plateau_compares_with_the_best_not_with_the_last():
    criteria = [1, 5, 4, 3, 2]  # better each time, yet never the best
    assert multipliers_after(Plateau(factor=0.5, patience=4), criteria)[-1] == 0.5


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("sign", [1, -1])
def test_plateau_counts_improvements_relative_to_the_best(unit, sign):
    schedule = Plateau(factor=0.5, patience=1, tol=1e-2)
    enough = [sign * unit, sign * unit - 0.02 * unit]
    too_little = [sign * unit, sign * unit - 0.005 * unit]
    assert multipliers_after(schedule, enough) == [1, 1]
    assert multipliers_after(schedule, too_little) == [1, 0.5]
