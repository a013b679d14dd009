"""Experiment tracking with MLflow, as in docs/guide/tracking.md."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from pages import run_page
from sklearn.exceptions import ConvergenceWarning

pytestmark = [
    pytest.mark.slow,
    # MLflow's of its own types, on import
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What the page's code leaves, run in a folder of its own."""
    reason = 'pip install "skshallow[tracking]"'
    mlflow = pytest.importorskip("mlflow", reason=reason, exc_type=ImportError)
    pytest.importorskip("sqlalchemy", reason=reason)
    uri = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("tracking"))
        yield run_page("tracking")
        mlflow.set_tracking_uri(uri)


def history(page, run_id, metric):
    """Return the steps and the values of a metric of a run."""
    points = page.mlflow.MlflowClient().get_metric_history(run_id, metric)
    return [point.step for point in points], [point.value for point in points]


def test_each_epoch_is_logged_with_its_loss_and_its_learning_rate(page):
    for metric in ("loss", "learning_rate"):
        steps, values = history(page, page.run.info.run_id, metric)
        assert steps == [1, 2, 3, 4, 5]
        assert_array_equal(values, getattr(page.net, f"{metric}_curve_"))


def test_curves_that_a_fit_does_not_have_are_not_logged(page):
    assert history(page, page.run.info.run_id, "validation_loss") == ([], [])
    with page.mlflow.start_run() as run:
        net = page.DeepNetClassifier(4, solver="lbfgs", max_iter=5, random_state=0)
        net.set_callbacks(page.LogEpochs(run.info.run_id))
        with pytest.warns(ConvergenceWarning):
            net.fit(page.X, page.y, X_val=page.X_test, y_val=page.y_test)
    steps, values = history(page, run.info.run_id, "validation_loss")
    assert steps == [1, 2, 3, 4, 5]
    assert_array_equal(values, net.validation_loss_curve_)
    assert history(page, run.info.run_id, "learning_rate") == ([], [])


def test_parameters_and_the_score_are_logged(page):
    data = page.mlflow.get_run(page.run.info.run_id).data
    assert data.params == {
        name: str(value) for name, value in page.net.get_params().items()
    }
    assert data.metrics["test_accuracy"] == page.model.score(page.X_test, page.y_test)


def test_the_logged_model_predicts_the_same(page):
    assert_array_equal(page.same.predict_proba(page.X), page.model.predict_proba(page.X))
    assert page.same is not page.model


@pytest.mark.filterwarnings("ignore:`y_pred` was renamed:FutureWarning")
def test_autolog_records_a_pipeline_that_ends_in_a_net(page):
    mlflow = page.mlflow
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    try:
        with mlflow.start_run() as run:
            page.model.fit(page.X, page.y)
        with mlflow.start_run() as alone:
            page.DeepNetClassifier(4, max_iter=2, random_state=0).fit(page.X, page.y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    data = mlflow.get_run(run.info.run_id).data
    assert data.params["deepnetclassifier__max_iter"] == "5"
    assert np.isclose(
        data.metrics["training_accuracy_score"], page.model.score(page.X, page.y)
    )
    assert mlflow.get_run(alone.info.run_id).data.params == {}
