"""What the gallery's examples of learning claim, on their own pictures and numbers."""

from functools import cache

import numpy as np
import pytest
from gallery import run_example
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from skshallow import ShallowNetClassifier
from skshallow.activations import ACTIVATIONS
from skshallow.exceptions import DeadUnitsWarning

example = cache(run_example)
pytestmark = pytest.mark.gallery


# What a net does.


def test_only_after_the_hidden_layers_does_a_line_separate_the_spirals():
    shown = example("plot_what_a_net_does")
    by_line = [
        LogisticRegression(C=100, max_iter=1000)
        .fit(columns, shown.y)
        .score(columns, shown.y)
        for columns in (shown.X, shown.moved)
    ]
    assert by_line[0] < 0.75
    assert by_line[1] > 0.98
    assert shown.net.score(shown.X_new, shown.y_new) > 0.98


def test_the_line_of_the_output_layer_is_the_boundary_of_the_plane():
    shown = example("plot_what_a_net_does")
    probability = shown.net.predict_proba(shown.X)[:, 1]
    assert_allclose(shown.output_layer(shown.moved)[:, 0], probability, atol=1e-9)


# Overfitting.


@pytest.mark.parametrize(
    "penalties",
    [
        pytest.param({}, marks=pytest.mark.slow, id="all"),
        pytest.param({"ALPHAS": [1e-6, 1e-3, 1.0]}, id="three"),
    ],
)
def test_the_error_on_training_rows_grows_with_the_penalty_but_not_on_new_rows(penalties):
    shown = run_example("plot_overfitting", **penalties)
    assert shown.on_training_rows[0] < 0.5 * shown.NOISE
    assert shown.on_training_rows[-1] > 2 * shown.NOISE
    smallest = shown.on_new_rows.min()
    assert shown.NOISE < smallest < 1.4 * shown.NOISE
    assert min(shown.on_new_rows[0], shown.on_new_rows[-1]) > 1.5 * smallest
    assert shown.ALPHAS[0] < shown.best < shown.ALPHAS[-1]


# Boundary against depth.


@pytest.mark.parametrize("table", ["moons", "circles", "spirals"])
def test_only_depth_zero_draws_a_straight_boundary(table):
    shown = example("plot_boundary_against_depth")
    distances = [
        shown.distance_from_line(shown.boundaries[table, depth]) for depth in shown.DEPTHS
    ]
    assert distances[0] < 1e-12
    assert min(distances[1:]) > 0.3


@pytest.mark.parametrize("table", ["moons", "circles", "spirals"])
def test_deeper_nets_draw_boundaries_of_more_pieces(table):
    shown = example("plot_boundary_against_depth")
    pieces = [
        shown.count_pieces(shown.nets[table, depth], shown.boundaries[table, depth])
        for depth in shown.DEPTHS
    ]
    assert pieces[0] == 1
    assert pieces == sorted(set(pieces))


def test_only_three_layers_follow_the_spirals():
    accuracy = example("plot_boundary_against_depth").accuracy
    assert accuracy["circles", 0] < 0.6
    assert accuracy["circles", 1] > 0.95
    spirals = [accuracy["spirals", depth] for depth in range(4)]
    assert spirals == sorted(spirals)
    assert spirals[1] < 0.8
    assert spirals[3] > 0.98


def test_the_distance_from_a_line_is_that_of_the_farthest_point():
    shown = example("plot_boundary_against_depth")
    points = np.array([[-2.0, 0.0], [2.0, 0.0], [-1.0, 0.5], [1.0, -0.5], [0.0, 0.0]])
    angle = 0.7
    turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    _, vectors = np.linalg.eigh(points.T @ points)
    expected = np.abs(points @ vectors[:, 0]).max()
    assert_allclose(shown.distance_from_line(points @ turn + 3), expected)


# The symmetry of zeros.


@pytest.mark.parametrize("start", ["tanh from zero", "sigmoid from zero", "tanh from 0.5"])
def test_equal_units_stay_equal_in_every_epoch(start):
    net, weights = example("plot_symmetry_of_zeros").runs[start]
    output = net.coefs_[1]
    assert np.ptp(weights, axis=2).max() < 1e-8
    assert np.ptp(output) < 1e-8


def test_from_zero_sigmoid_units_move_and_tanh_units_do_not():
    runs = example("plot_symmetry_of_zeros").runs
    assert not runs["tanh from zero"][1].any()
    assert np.abs(runs["sigmoid from zero"][1]).max() > 0.5


@pytest.mark.parametrize("start", ["sigmoid from zero", "tanh from 0.5"])
def test_a_layer_of_equal_units_predicts_as_one_unit(start):
    shown = example("plot_symmetry_of_zeros")
    net, _ = shown.runs[start]
    (hidden, output), (hidden_bias, output_bias) = net.coefs_, net.intercepts_
    one = ShallowNetClassifier.from_weights(
        [hidden[:, :1], output.sum(axis=0, keepdims=True)],
        [hidden_bias[:1], output_bias],
        activation=net.activation,
    )
    decision = net.decision_function(shown.X)
    assert_allclose(one.decision_function(shown.X), decision, atol=1e-8)
    linear = LogisticRegression().fit(shown.X, shown.y).score(shown.X, shown.y)
    assert net.score(shown.X, shown.y) < linear + 0.03


def test_units_of_random_weights_come_apart_and_bend_the_boundary():
    shown = example("plot_symmetry_of_zeros")
    net, weights = shown.runs["tanh from random"]
    assert np.ptp(weights[0], axis=1).max() < 0.1
    assert np.ptp(weights[-1], axis=1).max() > 1
    assert net.score(shown.X, shown.y) > 0.97


# The scale of the start.


def test_deep_nets_learn_from_starts_near_their_law_alone_and_deep_sigmoids_from_none():
    shown = run_example("plot_init_scale", DEPTHS=[1, 10], SCALES=[1 / 8, 1, 8])
    sigmoid, tanh, relu = shown.accuracy
    for shallow, deep in (tanh, relu):
        assert min(shallow[:2]) > 0.9
        assert deep[1] > 0.9
        assert max(deep[[0, 2]]) < 0.5
    assert min(sigmoid[0, :2]) > 0.8
    assert max(sigmoid[1]) < 0.5


# Activations.


def test_no_more_than_a_quarter_of_a_gradient_passes_a_sigmoid():
    shown = example("plot_activations")
    assert list(shown.steepest) == list(ACTIVATIONS)
    assert_allclose(shown.steepest["sigmoid"], 1 / 4)
    assert_allclose(shown.steepest["tanh"], 1)


def test_flat_is_where_the_slope_is_below_a_hundredth():
    flat = example("plot_activations").flat
    # sigmoid: a (1 - a) = 0.01; tanh: 1 - a^2 = 0.01; both on pre-activations of -6 .. 6
    edges = {"sigmoid": logit((1 + np.sqrt(0.96)) / 2), "tanh": np.arctanh(np.sqrt(0.99))}
    for name, edge in edges.items():
        assert_allclose(flat[name], 1 - edge / 6, atol=0.005)
    assert_allclose(flat["relu"], 0.5, atol=0.005)
    assert flat["leaky_relu"] == flat["identity"] == 0


def test_slopes_follow_from_outputs_and_are_the_left_ones_at_kinks():
    shown = example("plot_activations")
    for name, formula in shown.formulas.items():
        slope = formula(shown.display.functions[name])
        assert_allclose(shown.display.derivatives[name], slope, atol=1e-12)
    kinks = {"relu": 0, "leaky_relu": 0.01, "prelu": 0.25, "selu": 1.0507 * 1.67326}
    for name, left in kinks.items():
        slope = shown.display.derivatives[name][shown.at_zero]
        assert_allclose(slope, left, rtol=1e-4)


# Vanishing gradients.


@pytest.mark.parametrize("moment", ["at the start", "after 30 epochs"])
def test_gradients_vanish_behind_sigmoids_alone(moment):
    shown = example("plot_vanishing_gradients")
    first_to_last = {
        name: shown.norms[name, moment][0] / shown.norms[name, moment][-1]
        for name in shown.colors
    }
    assert first_to_last["sigmoid"] < 1e-4
    assert 0.2 < first_to_last["tanh"] < 5
    assert 0.2 < first_to_last["relu"] < 5


def test_the_net_of_sigmoids_learns_nothing_while_the_others_do():
    accuracy = example("plot_vanishing_gradients").accuracy
    assert accuracy["sigmoid"] < 0.2
    assert min(accuracy["tanh"], accuracy["relu"]) > 0.98


def test_recorded_gradients_are_those_of_the_objective():
    shown = example("plot_vanishing_gradients")
    expected = shown.norms["sigmoid", "after 30 epochs"]
    recorded = shown.nets["sigmoid"].health_["gradient_norm"]
    assert recorded.shape[1] == len(expected)
    # on a sample of rows, and not after the last epoch
    assert_allclose(np.log10(recorded[-1]), np.log10(expected), atol=0.7)


def test_gradients_reach_the_first_of_fifty_layers_by_residual_connections_alone():
    shown = example("plot_vanishing_gradients")
    for record in 0, -1:
        plain, *residual = (
            net.health_["gradient_norm"][record] / net.health_["gradient_norm"][record][-1]
            for net in shown.deep_nets.values()
        )
        assert plain[0] < 1e-20
        assert all(norms[0] > 0.05 and np.median(norms) > 1e-3 for norms in residual)


def test_fifty_residual_layers_learn_what_plain_ones_do_not():
    shown = example("plot_vanishing_gradients")
    plain, *residual = (net.score(shown.X, shown.y) for net in shown.deep_nets.values())
    assert plain < 0.2
    assert min(residual) > 0.95


# Dead units.


@cache
def dead_relus():
    return run_example("plot_dead_relus", N_EPOCHS=10)


def test_what_is_before_dead_units_learns_until_all_are_dead():
    shown = dead_relus()
    assert min(shown.before_dead[:-1]) > 0
    assert shown.before_dead[-1] == 0
    assert not any(shown.into_dead)


def test_a_row_teaches_some_units_and_all_rows_teach_all():
    taught = dead_relus().taught
    assert all(0 < number < 32 for number in taught["one row"])
    assert taught["all rows"] == [32, 32]


@pytest.mark.parametrize("layer", [0, 1])
def test_a_bad_start_kills_the_units_that_it_should(layer):
    shown = dead_relus()
    silent = shown.is_silent(shown.net_from(*shown.bad_start(layer, 5)), layer)
    assert silent[:5].all()
    assert not silent[5:].any()


def test_only_in_the_first_layer_is_a_bad_start_for_good():
    shares = [np.array(shares) for shares in dead_relus().silent.values()]
    first, second, leaky, too_fast = shares
    assert_array_equal(first, 0.75)
    assert second[-1] < 0.65
    assert leaky[-1] < 0.3
    assert too_fast[0] == 0
    assert too_fast[-1] > 0.25


def test_a_net_with_dead_units_learns_what_the_live_ones_alone_learn():
    accuracies = dead_relus().accuracies
    whole, alone = accuracies["ReLU"], accuracies["ReLU, the live units alone"]
    assert_allclose(whole[1:], alone, atol=0.003)  # a row of 450 may round otherwise
    assert whole[0] < 0.2
    assert whole[1] < whole[3] < whole[-1]
    assert min(accuracies["leaky ReLU"]) > 0.9


def test_fit_records_the_dead_units_and_warns():
    shown = dead_relus()
    assert_array_equal(shown.net.health_["dead"][:, 0], 28 / 32)
    (warning,) = shown.caught
    assert warning.category is DeadUnitsWarning


# Sparsity.


def test_relu_units_alone_put_out_zeros():
    zeros = example("plot_sparsity").zeros
    assert all(0.3 < share < 0.7 for share in zeros.pop("relu"))
    assert_array_equal(list(zeros.values()), np.zeros((3, 4)))


def test_which_units_are_silent_tells_most_digits():
    scores = example("plot_sparsity").pattern_scores
    assert len(scores) == 4
    assert min(scores) > 0.85


def test_panels_show_all_outputs_in_order():
    shown = example("plot_sparsity")
    a = shown.outputs["tanh"][2]
    drawn = shown.in_order(a)
    rows = np.argsort(shown.y_test, kind="stable")
    assert_array_equal(np.sort(drawn, axis=1), np.sort(a[rows], axis=1))


# The zig-zag.


def test_all_steps_behind_sigmoid_units_move_both_weights_the_same_way():
    runs = example("plot_zig_zag").runs
    steps = {name: np.diff(run.path, axis=0) for name, run in runs.items()}
    assert (steps["sigmoid"].prod(axis=1) > 0).all()
    assert 0.3 < (steps["tanh"].prod(axis=1) > 0).mean() < 0.7


def test_the_zig_zag_is_the_longer_path_to_the_same_goal():
    shown = example("plot_zig_zag")
    length = {
        name: np.linalg.norm(np.diff(run.path, axis=0), axis=1).sum()
        for name, run in shown.runs.items()
    }
    assert length["sigmoid"] > 2 * length["tanh"]
    for run in shown.runs.values():
        assert np.linalg.norm(run.path[-1] - shown.GOAL) < 0.2


@pytest.mark.parametrize(
    ("name", "units", "learning_rate"),
    [("sigmoid", lambda x: expit(2 * x), 1.5), ("tanh", np.tanh, 0.375)],
)
def test_the_path_is_that_of_gradient_descent_on_one_row_after_the_other(
    name, units, learning_rate
):
    shown = example("plot_zig_zag")
    weight = shown.START.copy()
    for x, shown_weight in zip(units(shown.X), shown.runs[name].path, strict=False):
        assert_allclose(shown_weight, weight, atol=1e-12)
        weight = weight - learning_rate * (x @ weight - x @ shown.GOAL) * x
