"""The code of docs/guide/clusters.md, on clusters started for it."""

import pytest
from numpy.testing import assert_array_equal
from pages import run_page
from sklearn.base import clone

pytestmark = [
    pytest.mark.slow,
    # joblib's of its own backend for Dask
    pytest.mark.filterwarnings("ignore:`apply_async` is deprecated:DeprecationWarning"),
]
REASON = 'pip install "skshallow[clusters]"'


@pytest.fixture(scope="module")
def page():
    """What the page's code leaves."""
    pytest.importorskip("dask.distributed", reason=REASON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")  # else a token is written to the home
        pytest.importorskip("ray", reason=REASON)
        return run_page("clusters")


def test_a_scheduler_in_its_own_process_keeps_the_logs_of_the_monitor(page):
    # 8 fits in folds and one on all rows, each of 3 epochs and a whole
    assert len(page.rows) == 9 * 4


def test_the_searches_of_the_page_have_the_scores_of_a_serial_one(page):
    serial = clone(page.search)
    serial.estimator.set_callbacks()
    serial.fit(page.X, page.y)
    for key, values in serial.cv_results_.items():
        if key.endswith("_test_score"):
            assert_array_equal(page.search.cv_results_[key], values)
    assert page.search.best_params_ == serial.best_params_
