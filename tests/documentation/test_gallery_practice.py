"""What the gallery's examples of practice claim, on their own numbers and pictures."""

from functools import cache

import numpy as np
import pytest
from gallery import run_example
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

example = cache(run_example)
pytestmark = pytest.mark.gallery


# Log loss or squared error.


@cache
def descents_from_two_starts():
    return run_example("plot_log_loss_or_squared_error", STARTS=[-1, -2], N_STEPS=400)


def test_the_squared_error_alone_bends_downwards():
    costs = descents_from_two_starts().costs
    assert np.diff(costs["log_loss"], 2).min() > -1e-9
    assert np.diff(costs["squared_error"], 2).min() < -1e-3


def test_costs_on_the_line_are_those_of_scikit_learn():
    shown = descents_from_two_starts()
    at_fitted = np.isclose(shown.line, 1)
    p = shown.fitted.predict_proba(shown.X)[:, 1]
    assert_allclose(shown.costs["log_loss"][at_fitted], log_loss(shown.y, p))
    squared = 0.5 * np.mean((shown.y - p) ** 2)
    assert_allclose(shown.costs["squared_error"][at_fitted], squared)


def test_a_further_start_multiplies_the_steps_of_the_squared_error_alone():
    shown = descents_from_two_starts()
    steps = {run: shown.steps_to(accuracies) for run, accuracies in shown.descents.items()}
    assert steps["log_loss", -2] < 10
    assert steps["squared_error", -1] > 10 * steps["log_loss", -1]
    assert steps["squared_error", -2] > 4 * steps["squared_error", -1]


def test_steps_that_are_never_enough_are_infinite():
    shown = descents_from_two_starts()
    none = np.zeros(len(shown.checkpoints))
    assert shown.steps_to(none) == np.inf
    none[3] = 1
    assert shown.steps_to(none) == shown.checkpoints[3]


# Loops or vectorised.


def test_loops_rows_and_matrices_give_one_gradient():
    shown = run_example("plot_loops_or_vectorised", N_ROWS=[1, 4], N_ROUNDS=1)
    at_once = shown.gradient_at_once(shown.X, shown.y)
    row_by_row = shown.gradient_row_by_row(shown.X, shown.y, *shown.weights)
    for by_loops, by_rows, by_matrices in zip(
        shown.by_loops, row_by_row, at_once, strict=True
    ):
        assert np.abs(by_loops).max() > 1e-3
        assert_allclose(by_rows, by_loops, atol=1e-14)
        assert_allclose(np.ravel(by_matrices), np.ravel(by_loops), atol=1e-14)
    assert all(len(ratio) == 2 and min(ratio) > 0 for ratio in shown.ratios.values())


def test_the_largest_difference_is_found_in_any_part():
    shown = run_example("plot_loops_or_vectorised", N_ROWS=[1], N_ROUNDS=1)
    one = [np.zeros((2, 2)), np.zeros(3), 0.0]
    other = [np.zeros((2, 2)), np.array([0, -4.0, 1]), 2.0]
    assert shown.largest_difference(one, other) == 4


# PReLU, ELU, Maxout.


@cache
def short_training_of_activations():
    return run_example("plot_prelu_elu_maxout", N_SPLITS=2, N_EPOCHS=20)


def test_only_few_units_make_the_activation_matter():
    shown = short_training_of_activations()
    mean = {run: scores.mean() for run, scores in shown.accuracy.items()}
    for name in ("PReLU", "ELU", "Maxout"):
        assert mean[shown.deep, name] > mean[shown.deep, "ReLU"] + 0.01
    for name in ("PReLU", "ELU"):
        assert abs(mean[shown.wide, name] - mean[shown.wide, "ReLU"]) < 0.01


def test_fewer_maxout_units_have_about_as_many_parameters_as_the_rest():
    shown = short_training_of_activations()
    for shape in shown.SHAPES:
        size = {name: len(shown.nets[shape, name][0].theta_) for name in shown.ACTIVATIONS}
        assert size["Maxout"] > 1.9 * size["ReLU"]
        assert size["Maxout,\nfewer units"] == pytest.approx(size["ReLU"], rel=0.12)


def test_most_learned_slopes_lie_above_their_start():
    shown = short_training_of_activations()
    assert [len(layer) for layer in shown.slopes] == [2 * 16] * 6
    slopes = np.concatenate(shown.slopes)
    assert np.ptp(slopes) > 0.1
    assert (slopes > 0.25).mean() > 0.6


# Digits.


@pytest.fixture(scope="module")
def digits():
    return run_example("plot_digits")


def test_weights_from_a_file_predict_as_where_they_come_from(digits):
    assert isinstance(digits.elsewhere, MLPClassifier)
    assert digits.difference < 1e-6
    assert digits.accuracy_loaded == digits.elsewhere.score(digits.X_test, digits.y_test)


def test_loaded_weights_are_trained_further(digits):
    assert digits.net.n_iter_ == 40
    assert digits.accuracy_further > digits.accuracy_loaded + 0.05
    assert digits.accuracy_further > 0.95


def test_batches_of_any_size_get_the_same_answers(digits):
    for answers in digits.answers.values():
        assert_array_equal(answers, digits.elsewhere.predict(digits.some))


def test_both_panels_show_the_weights_of_the_same_units(digits):
    for ax, net in zip(digits.panels, (digits.elsewhere, digits.net), strict=True):
        assert len(ax.images) == 28
        of_unit = net.coefs_[0][:, 5].reshape(8, 8)
        assert_allclose(ax.images[5].get_array(), of_unit, rtol=1e-6)


def test_digits_are_read_from_both_layouts_of_a_file(digits, tmp_path):
    X, y = load_digits(return_X_y=True)
    pictures = X.reshape(-1, 8, 8).astype(np.uint8)
    np.savez(tmp_path / "two.npz", X=X, y=y)
    np.savez(
        tmp_path / "four.npz",
        x_train=pictures[:1000],
        y_train=y[:1000],
        x_test=pictures[1000:],
        y_test=y[1000:],
    )
    for name in ("two.npz", "four.npz"):
        X_read, y_read = digits.read_digits(tmp_path / name)
        assert_array_equal(X_read, X)
        assert_array_equal(y_read, y)


def test_a_file_without_digits_is_refused_with_what_it_holds(digits, tmp_path):
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    with pytest.raises(ValueError, match=r"holds \['images'\]; it must hold X and y"):
        digits.read_digits(tmp_path / "other.npz")


def test_the_example_runs_on_a_given_file(tmp_path, capsys):
    X, y = load_digits(return_X_y=True)
    np.savez(tmp_path / "few.npz", X=X[:400], y=y[:400])
    assert len(run_example("plot_digits", SOURCE=str(tmp_path / "few.npz")).X) == 400
    assert "400 images of 64 pixels" in capsys.readouterr().out


# Halving.


def check_halving(shown):
    assert shown.best_of_halving["log loss"] == shown.best_of_full["log loss"]
    for search in shown.halving.values():
        epochs = np.dot(search.n_candidates_, search.n_resources_)
        assert epochs < 0.6 * shown.epochs_of_full


def test_halving_by_log_loss_finds_the_best_of_a_small_grid():
    check_halving(
        run_example(
            "plot_halving_search",
            GRID={"activation": ["relu", "sigmoid"], "init_scale": [1], "depth": [1, 2, 4]},
        )
    )


@pytest.mark.slow
def test_halving_by_log_loss_finds_the_best_of_the_grid_and_by_accuracy_misses_it():
    shown = run_example("plot_halving_search")
    check_halving(shown)
    assert shown.best_of_halving["accuracy"] != shown.best_of_full["accuracy"]


# Mixed columns.


def test_the_net_wins_where_effects_bend_and_not_where_they_are_straight():
    losses = run_example("plot_mixed_columns", N_TEST=5000).losses
    gain = {
        title: losses[title, "logistic regression"] - losses[title, "net"]
        for title in ("non-linear effects", "linear effects")
    }
    assert gain["non-linear effects"] > 0.03
    assert -0.02 < gain["linear effects"] < 0.005


# Effects.


def test_effects_show_what_the_data_were_made_with():
    shown = run_example("plot_effects", N_ROWS=2000)
    columns = shown.effects.feature_names
    assert columns[shown.effects.by_importance[-1]] == "age"
    assert shown.slope == pytest.approx(-0.2, abs=0.08)
    is_monthly = (shown.X["plan"][:1000] == "monthly").to_numpy()
    months, effects = shown.X["months"][:1000], shown.effects.values[:, 1]
    assert np.polyfit(months[is_monthly], effects[is_monthly], 1)[0] < -0.05
    assert np.polyfit(months[~is_monthly], effects[~is_monthly], 1)[0] > 0.05
    assert abs(shown.coefficients["months"]) < 0.15


# Monotonic constraints.


def test_constraints_leave_no_counterexample_and_come_closer_to_the_truth():
    shown = example("plot_monotonic")
    assert shown.shares["with constraints"] == (0, 0)
    assert min(shown.shares["without constraints"]) > 0.1
    assert shown.scores["with constraints"] > shown.scores["without constraints"] + 0.1


def test_constrained_lines_are_monotone_and_the_free_column_bends_them():
    shown = example("plot_monotonic")
    net = shown.nets["with constraints"]
    for column, direction in (("area", 1), ("distance", -1)):
        line = shown.X_new.iloc[:1].loc[[shown.X_new.index[0]] * 50]
        line = line.assign(
            **{column: np.linspace(*shown.X[column].agg(["min", "max"]), 50)}
        )
        rents = net.predict(line)
        assert (direction * np.diff(rents) >= -1e-9).all()
        assert direction * (rents[-1] - rents[0]) > 100
    years = shown.X_new.iloc[:200].assign(year=1965.0)
    assert (net.predict(years.assign(year=1905.0)) > net.predict(years)).mean() > 0.9


# Ordered classes.


def test_the_ordinal_loss_comes_closer_to_the_true_probabilities():
    shown = example("plot_ordered_classes")
    assert_allclose(shown.truth.sum(axis=1), 1)
    for name, better in (("error", -1), ("kappa", 1)):
        gain = shown.scores["ordinal"][name] - shown.scores["log_loss"][name]
        assert better * gain > 0.01


# Weights and imbalance.


def test_class_weights_are_sample_weights():
    assert example("plot_weights_and_imbalance").difference == 0


def test_weights_and_threshold_move_the_decision_alike():
    points = example("plot_weights_and_imbalance").points
    plain, moved, balanced = np.array(list(points.values()))
    assert plain[0] < 0.5
    assert plain[1] > 0.75
    assert moved[0] > 0.75
    assert_allclose(moved, balanced, atol=0.08)


def test_weights_cost_calibration_until_the_odds_are_corrected():
    shown = example("plot_weights_and_imbalance")
    share = shown.y_test.mean()
    mean = {name: p.mean() for name, p in shown.probabilities.items()}
    assert mean["balanced"] > 3 * share
    assert mean["plain"] == pytest.approx(share, rel=0.1)
    assert mean["balanced, odds corrected"] == pytest.approx(share, rel=0.15)
    loss = {name: log_loss(shown.y_test, p) for name, p in shown.probabilities.items()}
    assert loss["balanced"] > 2 * loss["balanced, odds corrected"]


# Out of core.


@cache
def small_file():
    settings = {"hidden_units": 32, "batch_size": 128, "random_state": 0}
    return run_example("plot_out_of_core", N_ROWS=40_000, N_FEATURES=10, SETTINGS=settings)


def test_chunks_from_all_over_the_file_end_where_fit_ends():
    shown = small_file()
    last = {name: losses[-1] for name, losses in shown.losses.items()}
    assert last["chunks of shuffled blocks"] < shown.loss_in_memory + 0.05
    assert last["top to bottom"] > shown.loss_in_memory + 0.15
    assert last["shuffled chunks"] > shown.loss_in_memory + 0.15


def test_the_best_net_on_the_way_is_kept():
    shown = small_file()
    for name, net in shown.nets.items():
        kept = log_loss(shown.y_val, net.predict_proba(shown.X_val))
        assert kept == min(shown.losses[name])


def test_a_mapped_file_is_not_copied_and_chunks_take_less_still():
    shown = small_file()
    in_memory, mapped, chunks = shown.peaks.values()
    table = shown.N_ROWS * shown.N_FEATURES * 4 / 1e6
    assert in_memory - mapped == pytest.approx(table, rel=0.1)
    assert chunks < 0.7 * mapped


def test_the_file_is_gone_at_the_end():
    assert not small_file().path.exists()


def test_each_way_reads_every_block_once():
    shown = small_file()
    starts = np.arange(0, shown.N_ROWS, shown.BLOCK).reshape(-1, 10)
    for arrange in shown.WAYS.values():
        order = arrange(starts, np.random.default_rng(0))
        assert order.shape == starts.shape
        assert_array_equal(np.sort(order, axis=None), starts.ravel())


# Each epoch on record.


def test_the_file_has_the_learning_curves_of_each_run():
    shown = run_example("plot_log_epochs", N_EPOCHS=3)
    assert list(shown.records) == shown.LEARNING_RATES
    epochs, loss, validation_loss = shown.records[shown.LEARNING_RATES[-1]]
    assert epochs == (1, 2, 3)
    assert_array_equal(loss, shown.net.loss_curve_)
    assert_array_equal(validation_loss, shown.net.validation_loss_curve_)


# A subclass.


def test_a_search_chooses_a_short_half_life_where_old_rows_mislead():
    shown = run_example("plot_subclass", N_ROWS=900)
    assert shown.chosen <= 120
    assert shown.errors[shown.chosen] < shown.errors[np.inf] - 4
    assert shown.errors[shown.chosen] > shown.NOISE
