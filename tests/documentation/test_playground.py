"""The recordings of the playground are what the code on the page gives."""

import base64
import inspect
import re
import warnings
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import playground_recorder as recorder
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from playground_recorder import EPOCHS, N_ROWS, N_UNITS, Setting

from skshallow.inspection import health_report
from skshallow.solvers import SOLVERS

SETTINGS = [
    Setting(),
    Setting("circles", 1, "tanh", "relu", 1, "momentum"),
    Setting("spirals", 2, "tanh", "relu", 1, "lbfgs"),
    Setting("moons", 4, "sigmoid", "tanh", 0.01, "rmsprop"),
    Setting("circles", 2, "relu", "relu", 10, "sgd"),  # dead units
    Setting("moons", 4, "tanh", "tanh", 10, "sgd"),  # saturated ones
]
CHECKED = EPOCHS[0], EPOCHS[5], EPOCHS[-1]


def ids(setting):
    return "-".join(map(str, vars(setting).values()))


def shapes_of(depth):
    widths = [2, *[N_UNITS] * depth, 1]
    return [(n_in + 1, n_out) for n_in, n_out in pairwise(widths)]


class Bytes:
    """Reads a frame from its first byte to its last."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, dtype, n):
        self.at += np.dtype(dtype).itemsize * n
        start = self.at - np.dtype(dtype).itemsize * n
        return np.frombuffer(self.data[start : self.at], dtype)

    def bf16(self, n):
        return (self.take("<u2", n).astype("<u4") << 16).view("<f4")

    def in_12_bits(self, n):
        return from_12_bits(self.take(np.uint8, 3 * -(-n // 2)))[:n]


def from_12_bits(packed):
    """Return the shares of bytes, by arithmetic instead of by bits."""
    first, second, third = packed.reshape(-1, 3).astype(int).T
    steps = np.column_stack(
        [first + 256 * (second % 16), second // 16 + 16 * third]
    ).ravel()
    steps = np.where(steps < 2048, steps, steps - 4096)
    return np.sign(steps) * (steps / 2047) ** 2


def read(data, depth, verdicts):
    """Return what the bytes of one frame say, all of which must be used."""
    own, n_layers, shapes = Bytes(data), depth + 1, shapes_of(depth)
    found = SimpleNamespace(loss=own.bf16(1)[0], n_iter=own.take("<u2", 1)[0])
    found.n_right = own.take("u1", 2).tolist()
    found.verdicts = [verdicts[number] for number in own.take("<u2", n_layers)]
    found.gradient_norm, found.update_ratio = own.bf16(n_layers), own.bf16(n_layers)
    largest = own.bf16(n_layers)
    found.dead = [int(bits).bit_count() for bits in own.take("u1", depth)]
    found.saturated = own.take("u1", depth) / 255
    shares = np.split(
        own.in_12_bits(sum(map(np.prod, shapes))), np.cumsum([*map(np.prod, shapes)])[:-1]
    )
    found.layers = [
        scale * share.reshape(shape)
        for scale, share, shape in zip(largest, shares, shapes, strict=True)
    ]
    assert own.at == len(data)
    return found


@pytest.fixture(scope="module", params=SETTINGS, ids=ids)
def recorded(request):
    """A setting, and its frames by epoch."""
    setting = request.param
    recording = recorder.record(setting.table, [setting])
    phrases = recording["phrases"]
    verdicts = ["".join(phrases[i] for i in verdict) for verdict in recording["verdicts"]]
    frames = np.frombuffer(base64.b64decode(recording["frames"]), np.uint8)
    frames = frames.reshape(len(EPOCHS), -1)
    by_epoch = {
        epoch: read(data.tobytes(), setting.depth, verdicts)
        for epoch, data in zip(EPOCHS, frames, strict=True)
    }
    return setting, by_epoch


@pytest.fixture(scope="module", params=CHECKED)
def compared(request, recorded):
    """What the code on the page leaves, and the frame that is shown beside it."""
    setting, frames = recorded
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        left = SimpleNamespace(**recorder.run(recorder.code(setting, request.param)))
    return left, frames[request.param]


def test_the_code_gives_the_recorded_weights(compared):
    left, frame = compared
    layers = map(np.vstack, zip(left.net.coefs_, left.net.intercepts_, strict=True))
    for found, expected in zip(frame.layers, layers, strict=True):
        largest = np.abs(expected).max()
        # half a step of the root, which is largest where the root is 1, and bfloat16
        assert_allclose(found, expected, atol=(1 / 2047 + 2**-8) * largest)


def test_the_code_gives_the_recorded_verdicts_and_figures(compared):
    left, frame = compared
    report = health_report(left.net)
    assert frame.verdicts == report.verdicts
    assert frame.dead == report.n_dead
    assert_allclose(frame.saturated, report.shares["saturated"], atol=0.5 / 255)
    assert_allclose(frame.gradient_norm, report.weights["gradient_norm"], rtol=2**-8)
    assert_allclose(frame.update_ratio, report.weights["update_ratio"], rtol=2**-8)


def test_the_code_gives_the_recorded_scores(compared):
    left, frame = compared
    rows = (left.X, left.y), (left.X_new, left.y_new)
    assert [n / N_ROWS for n in frame.n_right] == [left.net.score(*own) for own in rows]
    assert_allclose(frame.loss, left.net.loss_curve_[-1], rtol=2**-8)
    assert frame.n_iter == left.net.n_iter_


def test_a_training_is_recorded_the_same_twice():
    once, again = (recorder.record("moons", [Setting()]) for _ in range(2))
    assert once == again


def test_the_grid_has_no_training_twice():
    everything = [own for table in recorder.TABLES for own in recorder.settings(table)]
    trainings = {recorder.code(setting, 1) for setting in everything}
    assert len(trainings) == len(everything) == 945


def test_the_largest_epoch_and_all_counts_fit_into_their_bytes():
    assert max(EPOCHS) < 2**16
    assert N_ROWS < 2**8
    assert N_UNITS <= 8


@pytest.mark.parametrize("solver", [name for name in SOLVERS if name in recorder.RULES])
def test_rules_stand_in_the_docstring_of_their_solver(solver):
    lines = inspect.getdoc(SOLVERS[solver])
    for line in recorder.RULES[solver].lines:
        assert line in re.sub(r"\s+", " ", lines)


def test_every_solver_that_can_be_chosen_has_a_rule():
    assert list(recorder.RULES) == list(recorder.LEARNING_RATES)


def test_each_table_can_be_learned_and_new_rows_are_others():
    for table in recorder.TABLES:
        X, y, X_new, y_new = recorder.rows_of(table)
        assert not np.isin(X, X_new).any()
        assert X.shape == X_new.shape == (N_ROWS, 2)
        *_, net = recorder.trained(Setting(table, first="tanh"), X, y)
        assert net.score(X_new, y_new) > 0.9, table


def test_a_training_that_has_converged_stays_as_it_is():
    setting = Setting("circles", 1, "sigmoid", solver="lbfgs")
    X, y, _, _ = recorder.rows_of("circles")
    nets = recorder.trained(setting, X, y)
    (before, theta), (last, last_theta) = [(net.n_iter_, net.theta_) for net in nets][-2:]
    assert before == last < EPOCHS[-2]
    assert_array_equal(theta, last_theta)


def test_twelve_bits_give_the_nearest_squares():
    rng = np.random.default_rng(0)
    shares = np.concatenate([[-1, 0, 1], rng.uniform(-1, 1, 50), rng.normal(0, 1e-3, 50)])
    packed = np.frombuffer(recorder.in_12_bits(shares), np.uint8)
    found = from_12_bits(packed)[: len(shares)]
    roots = np.sign(shares) * np.sqrt(np.abs(shares))
    assert_allclose(np.sign(found) * np.sqrt(np.abs(found)), roots, atol=0.5001 / 2047)


def test_bfloat16_is_the_nearest_and_keeps_what_is_not_finite():
    values = np.array([0, 1, 1 + 2**-8 + 2**-12, 3.1e-20, 2.7e30, np.inf], np.float32)
    found = Bytes(recorder.bf16(values)).bf16(len(values))
    assert_allclose(found, values, rtol=2**-8)
    assert found[2] == 1 + 2**-7
    assert found[-1] == np.inf
    assert np.isnan(Bytes(recorder.bf16(np.nan)).bf16(1))
