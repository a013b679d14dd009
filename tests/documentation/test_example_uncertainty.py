"""The example of bands in examples/, on fewer rows and epochs."""

import numpy as np
import plot_uncertainty as example
import pytest
from numpy.testing import assert_allclose
from scipy import stats


@pytest.fixture
def few_rows(monkeypatch):
    monkeypatch.setattr(example, "N_TRAIN", 200)
    monkeypatch.setattr(example, "N_CAL", 199)
    monkeypatch.setattr(example, "N_TEST", 4000)
    monkeypatch.setitem(example.SETTINGS, "max_iter", 30)
    monkeypatch.setitem(example.SETTINGS, "hidden_units", 8)


def test_the_noise_has_the_stated_mean_and_deviation():
    X, y = example.draw_rows(20_000, seed=3)
    x = X[:, 0]
    z = (y - example.true_mean(x)) / example.true_scale(x)
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert np.ptp(example.true_scale(x)) > 0.8


@pytest.mark.parametrize("loss", example.LOSSES.values(), ids=example.LOSSES)
def test_the_coverage_of_both_halves_averages_to_the_promise(few_rows, loss):
    left, right = example.coverage_by_half(example.fit_calibrated(loss))
    # four deviations of the calibration on 199 rows and of a mean over 4000
    margin = 4 * np.sqrt(0.09 * (1 / 201 + 1 / 4000))
    assert abs((left + right) / 2 - example.COVERAGE) < margin


def test_the_command_prints_the_coverages_and_draws_a_panel_a_net(
    few_rows, tmp_path, capsys
):
    path = tmp_path / "bands.png"
    example.main(["--output", str(path)])
    printed = capsys.readouterr().out
    assert all(title in printed for title in example.LOSSES)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_panel_shows_the_prediction_and_the_true_quantiles(few_rows):
    net = example.fit_calibrated("gaussian")
    figure = example.draw({"Gaussian": net})
    (axes,) = figure.axes
    rows, prediction, low, high = axes.lines
    assert len(rows.get_xdata()) == 200
    x = prediction.get_xdata()
    assert_allclose(prediction.get_ydata(), net.predict(x[:, np.newaxis]))
    half = (high.get_ydata() - low.get_ydata()) / 2
    assert_allclose(half, stats.norm.ppf(0.95) * example.true_scale(x), rtol=1e-4)
    left, right = example.coverage_by_half(net)
    assert f"{left:.0%} on the left, {right:.0%} on the right" in axes.get_title()
