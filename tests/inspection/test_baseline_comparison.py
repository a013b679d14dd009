"""The comparison against scikit-learn's own cross-validation, and its verdicts."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import make_circles, make_moons, make_multilabel_classification
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import check_scoring, f1_score, log_loss, make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.validation import check_is_fitted

from skshallow import DeepNetClassifier, ShallowNetClassifier, ShallowNetRegressor
from skshallow.inspection import (
    compare_with_baseline,
    corrected_t_test,
    expected_calibration_error,
    row_wise_test,
)


def compare_once(*args, **kwargs):
    """Compare on folds in the order of the rows, which are not repeated."""
    return compare_with_baseline(*args, n_repeats=1, **kwargs)


def fitted_by_hand(estimator, X, y, splits, seed="random_state"):
    """Return models and test rows, the model of split i with seed i."""
    return [
        (clone(estimator).set_params(**{seed: i}).fit(X[train], y[train]), test)
        for i, (train, test) in enumerate(splits)
    ]


def scores_by_hand(estimator, X, y, splits, scoring=None, seed="random_state"):
    scorer = check_scoring(estimator, scoring)
    models = fitted_by_hand(estimator, X, y, splits, seed)
    return [scorer(model, X[test], y[test]) for model, test in models]


@pytest.fixture
def classifier(few):
    return ShallowNetClassifier(**few)


@pytest.fixture
def regressor(few):
    return ShallowNetRegressor(**few)


# Scores.


@pytest.mark.parametrize(
    "cv",
    [
        3,
        StratifiedKFold(4, shuffle=True, random_state=0),
        RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1),
    ],
    ids=["folds", "shuffled", "repeated"],
)
def test_scores_are_those_of_cross_validation_on_the_same_splits(classifier, X, y, cv):
    baseline = make_pipeline(StandardScaler(), LogisticRegression())
    result = compare_once(classifier, X, y, baseline=baseline, cv=cv)
    assert_allclose(result.baseline.scores, cross_val_score(baseline, X, y, cv=cv))
    splits = check_cv(cv, y, classifier=True).split(X, y)
    assert_allclose(result.net.scores, scores_by_hand(classifier, X, y, splits))


def test_a_regressor_is_scored_by_its_share_of_explained_variance(regressor, X, y):
    result = compare_once(regressor, X, y.astype(float), cv=4)
    expected = scores_by_hand(regressor, X, y, KFold(4).split(X))
    assert_allclose(result.net.scores, expected)
    assert result.score_name == "R²"
    assert result.net.log_loss is None
    assert result.net.calibration_error is None
    assert "log loss" not in result.to_frame()


def test_random_splits_are_drawn_once_for_both(classifier, X, y):
    unseeded = ShuffleSplit(3, test_size=0.3)
    result = compare_once(classifier, X, y, baseline=clone(classifier), cv=unseeded)
    assert_array_equal(result.net.scores, result.baseline.scores)
    assert result.test.p_value == 1
    assert "Undecided: difference 0.00" in result.verdict


def test_splits_may_be_a_list_such_as_that_of_groups(classifier, X, y):
    groups = np.arange(len(X)) % 3
    splits = list(GroupKFold(3).split(X, y, groups))
    result = compare_once(classifier, X, y, cv=splits)
    assert_allclose(result.net.scores, scores_by_hand(classifier, X, y, splits))


@pytest.mark.parametrize("scoring", ["f1_macro", make_scorer(f1_score, average="macro")])
def test_any_single_score_may_decide(classifier, X, y, scoring):
    result = compare_once(classifier, X, y, cv=3, scoring=scoring)
    splits = StratifiedKFold(3).split(X, y)
    expected = scores_by_hand(classifier, X, y, splits, "f1_macro")
    assert_allclose(result.net.scores, expected)
    assert "f1" in result.score_name


def test_a_search_is_scored_on_rows_that_had_no_say(classifier, X, y):
    search = GridSearchCV(classifier, {"hidden_units": [1, 4]}, cv=2, scoring="f1_macro")
    result = compare_once(search, X, y, cv=3)
    splits = StratifiedKFold(3).split(X, y)
    expected = scores_by_hand(search, X, y, splits, seed="estimator__random_state")
    assert_allclose(result.net.scores, expected)
    assert result.net.name == "ShallowNetClassifier"
    assert [len(search.cv_results_["params"]) for search in result.net.estimators] == [
        2
    ] * 3


def test_a_baseline_is_scored_as_the_search_is(classifier, X, y):
    search = GridSearchCV(classifier, {"hidden_units": [1, 4]}, cv=2, scoring="f1_macro")
    for estimator in (search, make_pipeline(StandardScaler(), search)):
        result = compare_once(
            estimator, X, y, baseline=LogisticRegression(max_iter=1000), cv=3
        )
        model = LogisticRegression(max_iter=1000)
        expected = cross_val_score(model, X, y, cv=3, scoring="f1_macro")
        assert_allclose(result.baseline.scores, expected)
        assert result.score_name == "f1 macro"


def test_parallel_fits_change_nothing(classifier, X, y):
    serial = compare_once(classifier, X, y, cv=3)
    with parallel_config(backend="threading"):
        parallel = compare_once(classifier, X, y, cv=3, n_jobs=2)
    assert_array_equal(serial.net.scores, parallel.net.scores)
    assert serial.verdict == parallel.verdict


def test_nothing_that_goes_in_is_changed(classifier, X, y):
    baseline = LogisticRegression(max_iter=1000)
    result = compare_once(classifier, X, y, baseline=baseline, cv=3)
    for model in (classifier, baseline):
        with pytest.raises(NotFittedError):
            check_is_fitted(model)
    for fitted in result.net.estimators:
        check_is_fitted(fitted)


def test_times_are_those_of_fits_and_predictions(classifier, X, y):
    result = compare_once(classifier, X, y, cv=3)
    for model in (result.net, result.baseline):
        assert model.fit_time.shape == model.predict_time.shape == (3,)
        assert (model.fit_time > 0).all()
        assert (model.predict_time > 0).all()


# The baseline.


def test_the_default_baseline_is_scaled_logistic_regression(classifier, X, y):
    result = compare_once(classifier, X, y, cv=3)
    expected = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    assert_allclose(result.baseline.scores, cross_val_score(expected, X, y, cv=3))
    assert result.baseline.name == "LogisticRegression"


@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_default_baseline_of_a_regressor_is_scaled_ridge(regressor, X, y, n_targets):
    targets = np.stack([y, X[:, 1]], axis=1)[:, :n_targets].squeeze()
    result = compare_once(regressor, X, targets, cv=3)
    expected = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 13)))
    assert_allclose(result.baseline.scores, cross_val_score(expected, X, targets, cv=3))


def test_the_default_baseline_stands_behind_the_steps_before_the_net(classifier, X, y):
    frame = pd.DataFrame({"size": X[:, 0], "colour": np.where(X[:, 2] > 1, "red", "blue")})
    encode = ColumnTransformer(
        [("colour", OneHotEncoder(), ["colour"])], remainder="passthrough"
    )
    inner = Pipeline(
        [("pass", "passthrough"), ("scale", MaxAbsScaler()), ("net", classifier)]
    )
    search = GridSearchCV(inner, {"net__hidden_units": [2]}, cv=2)
    result = compare_once(make_pipeline(encode, search), frame, y, cv=3)
    names = [type(step).__name__ for _, step in result.baseline.estimators[0].steps]
    assert names == [
        "ColumnTransformer", "str", "MaxAbsScaler", "Standardizer", "LogisticRegression"
    ]  # fmt: skip
    expected = make_pipeline(encode, StandardScaler(), LogisticRegression())
    assert_allclose(result.baseline.scores, cross_val_score(expected, frame, y, cv=3))


def test_the_default_baseline_learns_several_labels(classifier):
    X, y = make_multilabel_classification(90, n_classes=3, random_state=0)
    result = compare_once(classifier, X, y, cv=3)
    assert result.baseline.name == "LogisticRegression"
    first = StandardScaler().fit(X[30:])
    p = [
        LogisticRegression(max_iter=1000)
        .fit(first.transform(X[30:]), y[30:, label])
        .predict_proba(first.transform(X[:30]))
        for label in range(3)
    ]
    expected = np.mean([log_loss(y[:30, i], p[i], labels=[0, 1]) for i in range(3)])
    assert_allclose(result.baseline.log_loss[0], expected, rtol=1e-3)


def test_the_default_baseline_keeps_sparse_rows_sparse(classifier, X, y):
    result = compare_once(classifier, csr_array(X), y, cv=3)
    scaler = result.baseline.estimators[0][-2].scaler_
    assert not scaler.with_mean
    expected = make_pipeline(
        StandardScaler(with_mean=False), LogisticRegression(max_iter=10_000)
    )
    assert_allclose(result.baseline.scores, cross_val_score(expected, X, y, cv=3))


def test_a_net_of_transformed_targets_is_named(regressor, X, y):
    model = TransformedTargetRegressor(regressor, transformer=StandardScaler())
    result = compare_once(model, X, y.astype(float), cv=3)
    assert result.net.name == "ShallowNetRegressor"


# Probabilities.


def test_log_loss_and_calibration_error_are_those_of_the_test_rows(classifier, X, y):
    names = np.array(["ant", "bee", "cat"])[y]
    result = compare_once(classifier, X, names, cv=3)
    p = np.empty((len(y), 3))
    splits = list(StratifiedKFold(3).split(X, names))
    for model, test in fitted_by_hand(classifier, X, names, splits):
        p[test] = model.predict_proba(X[test])
    expected = [log_loss(names[test], p[test]) for _, test in splits]
    assert_allclose(result.net.log_loss, expected)
    assert_allclose(result.net.calibration_error, expected_calibration_error(names, p))
    assert {"log loss", "calibration error"} <= set(result.to_frame().columns)
    assert "Calibration error: " in " ".join(str(result).split())


def test_probabilities_in_single_precision_are_no_reason_to_warn(few, X, y):
    net = DeepNetClassifier(**few, dtype="float32")
    result = compare_once(net, X, y, cv=3)
    assert np.isfinite(result.net.log_loss).all()


def test_without_probabilities_their_quality_is_left_open(classifier, X, y):
    result = compare_once(classifier, X, y, baseline=LinearSVC(max_iter=100_000), cv=3)
    assert result.baseline.log_loss is None
    assert result.to_frame()["log loss"].isna().tolist() == [False, True, False]
    assert str(result).splitlines()[4].split()[-2:] == ["-", "-"]


def test_a_list_of_probabilities_a_label_is_understood(classifier):
    X, y = make_multilabel_classification(80, n_classes=3, random_state=0)
    forest = RandomForestClassifier(5, random_state=0)
    result = compare_once(classifier, X, y, baseline=forest, cv=2)
    p = clone(forest).fit(X[40:], y[40:]).predict_proba(X[:40])
    losses = [log_loss(y[:40, i], p[i], labels=[0, 1]) for i in range(3)]
    assert_allclose(result.baseline.log_loss[0], np.mean(losses))


def test_a_class_that_training_rows_lack_has_probability_0(classifier, X):
    y = np.repeat([0, 1, 2], 20)
    result = compare_once(classifier, X, y, cv=KFold(3))
    assert (result.net.scores == 0).all()
    assert_allclose(result.net.log_loss, -np.log(np.finfo(float).eps))


# The verdict.


@pytest.mark.parametrize(
    ("cv", "ratio"),
    [
        (4, 1 / 3),
        (RepeatedKFold(n_splits=3, n_repeats=2, random_state=0), 1 / 2),
        (ShuffleSplit(5, test_size=0.2, random_state=0), 1 / 4),
    ],
    ids=["folds", "repeated", "random"],
)
def test_the_test_takes_account_of_the_rows_that_splits_share(classifier, X, y, cv, ratio):
    result = compare_once(classifier, X, y, cv=cv, scoring="accuracy")
    pairs = zip(result.net.row_scores, result.baseline.row_scores, strict=True)
    splitter = StratifiedKFold(4) if cv == 4 else cv
    tests = [test for _, test in splitter.split(X, y)]
    assert result.test == row_wise_test([a - b for a, b in pairs], tests, ratio)
    result = compare_once(classifier, X, y, cv=cv, scoring="f1_macro")
    assert result.test == corrected_t_test(
        result.net.scores - result.baseline.scores, ratio
    )


@pytest.mark.parametrize(
    "scoring",
    [
        "accuracy", "neg_log_loss", "neg_brier_score", "r2", "neg_mean_squared_error",
        "neg_mean_absolute_error",
    ],
)  # fmt: skip
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_the_mean_of_the_row_scores_is_the_score(few, X, y, scoring, n_outputs):
    is_classification = scoring in ("accuracy", "neg_log_loss", "neg_brier_score")
    if is_classification and n_outputs == 2:
        y = np.minimum(y, 1)  # two classes, whose Brier score is half
    elif n_outputs == 2:
        y = np.stack([y, X[:, 0]], axis=1)
    Net = ShallowNetClassifier if is_classification else ShallowNetRegressor
    result = compare_once(Net(**few), X, y, cv=3, scoring=scoring)
    for model in (result.net, result.baseline, result.constant):
        means = np.array([rows.mean() for rows in model.row_scores])
        if scoring == "r2":  # in units of the variance of all rows, not of the split's
            continue
        assert_allclose(means, model.scores)
    if scoring == "r2":
        p = np.empty(y.shape)
        for net, test in fitted_by_hand(Net(**few), X, y, KFold(3).split(X)):
            p[test] = net.predict(X[test])
        pooled = np.concatenate(result.net.row_scores).mean()
        assert_allclose(pooled, r2_score(y, p))


def test_labels_of_a_row_are_right_together_or_not_at_all(classifier):
    X, y = make_multilabel_classification(90, n_classes=3, random_state=0)
    result = compare_once(classifier, X, y, cv=3)
    assert_allclose([rows.mean() for rows in result.net.row_scores], result.net.scores)


def test_other_scores_are_not_taken_apart(classifier, X, y):
    for scoring in ("f1_macro", make_scorer(f1_score, average="macro")):
        result = compare_once(classifier, X, y, cv=3, scoring=scoring)
        assert result.net.row_scores is None
        assert "corrected resampled t-test" in str(result)
    assert "row-wise test" in str(compare_once(classifier, X, y, cv=3))


def test_a_published_comparison_is_reproduced():
    # "Statistical comparison of models using grid search" among scikit-learn's examples
    # prints a corrected t-value of 0.750 and a one-sided p-value of 0.227
    X, y = make_moons(100, noise=0.352, random_state=1)
    result = compare_once(
        SVC(),
        X,
        y,
        baseline=SVC(kernel="linear"),
        cv=RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0),
        scoring="roc_auc",
    )
    assert_allclose(result.test.p_value / 2, 0.227, atol=5e-4)
    assert result.winner is None


def test_the_net_wins_where_no_line_can_separate():
    X, y = make_circles(120, noise=0.05, factor=0.4, random_state=0)
    net = ShallowNetClassifier(16, learning_rate=0.02, max_iter=60, random_state=0)
    result = compare_once(net, X, y)
    assert result.winner == "net"
    assert result.verdict.startswith("The net is better: difference 0.")


def test_the_baseline_wins_where_it_is_the_truth(regressor, X):
    regressor.set_params(max_iter=10)
    result = compare_once(regressor, X, X @ [1.0, 2.0, 3.0, 4.0, 5.0], cv=10)
    assert result.winner == "baseline"
    assert result.verdict.startswith("The baseline is better: difference -")


def test_noise_is_undecided_and_the_verdict_says_what_could_have_been_shown(classifier, X):
    y = np.random.default_rng(0).integers(2, size=len(X))
    result = compare_once(classifier, X, y, scoring="accuracy")
    low, high = result.test.interval
    assert low < 0 < high
    assert result.winner is None
    assert result.verdict.startswith("Undecided: difference ")
    assert f"95 % interval {low:.2f} to {high:.2f}" in result.verdict
    assert f"show differences of {result.test.detectable:.2f} or more" in result.verdict
    assert f"unless a gain of up to {high:.2f} matters" in result.verdict
    assert "Use LogisticRegression, the simpler one" in result.verdict


@pytest.fixture
def outlying():
    """A linear target, and a last row that is far outside in the features only."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=100)
    X[-1, 0] = 1e4
    return X, y


@pytest.mark.parametrize("scoring", ["r2", "neg_root_mean_squared_error"])
def test_a_baseline_that_collapsed_on_a_split_is_not_recommended(outlying, scoring):
    forest = RandomForestRegressor(10, random_state=0)
    result = compare_once(forest, *outlying, scoring=scoring)
    assert result.baseline.scores[4] < result.constant.scores[4]
    assert result.collapsed == [("baseline", 4)]
    assert result.winner is None
    assert result.verdict.startswith("Undecided: ")
    assert "simpler" not in result.verdict
    text = " ".join(str(result).split())
    assert "The baseline collapsed on split 4, counted from 0: " in text


@pytest.mark.parametrize("collapsed", ["net", "baseline"])
def test_scores_keep_their_digits_beside_those_of_a_collapsed_model(outlying, collapsed):
    forest = RandomForestRegressor(10, random_state=0)
    net, baseline = (Ridge(), forest) if collapsed == "net" else (forest, Ridge())
    result = compare_once(net, *outlying, baseline=baseline)
    assert result.collapsed == [(collapsed, 4)]
    texts = result.columns()[1].texts()
    for role, text in zip(("net", "baseline", "constant"), texts, strict=True):
        assert text in str(result)
        exact = getattr(result, role).scores.mean()
        assert (abs(exact) > 1000) == (role == collapsed)
        assert float(text) == pytest.approx(exact, abs=0.5 if role == collapsed else 5e-4)


def test_a_net_that_collapsed_on_a_split_is_named(outlying):
    forest = RandomForestRegressor(10, random_state=0)
    result = compare_once(Ridge(), *outlying, baseline=forest)
    assert result.collapsed == [("net", 4)]


def test_no_model_collapses_where_its_scores_are_alike(classifier, X, y):
    assert compare_once(classifier, X, y).collapsed == []


def test_a_constant_prediction_is_scored_beside_both(classifier, X, y):
    result = compare_once(classifier, X, y, cv=3)
    assert_allclose(result.constant.scores, cross_val_score(DummyClassifier(), X, y, cv=3))
    result = compare_once(ShallowNetRegressor(max_iter=1), X, 1.0 * y, cv=3)
    expected = cross_val_score(DummyRegressor(), X, y, cv=KFold(3))
    assert_allclose(result.constant.scores, expected)


def test_a_constant_prediction_may_have_no_score(regressor, X, y):
    def correlation(estimator, X, y):
        p = estimator.predict(X)
        return np.nan if np.ptp(p) == 0 else np.corrcoef(p, y)[0, 1]

    result = compare_once(regressor, X, 1.0 * y, cv=3, scoring=correlation)
    assert np.isnan(result.constant.scores).all()
    assert result.collapsed == []


def test_two_models_without_merit_are_called_so(X, y):
    dummy = DummyClassifier()
    result = compare_once(dummy, X, y, baseline=dummy, cv=3)
    assert "Neither model is better than a constant prediction." in str(result)


def test_a_clear_case_has_a_tiny_p_value_in_words(X):
    y = X @ [1.0, 2.0, 3.0, 4.0, 5.0]
    result = compare_once(Ridge(), X, y, baseline=DummyRegressor(), cv=10)
    assert "p < 0.001" in result.verdict


def test_two_nets_that_differ_in_their_seeds_are_hardly_ever_called_different():
    different = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(120, 3))
        y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)
        net, other = (
            ShallowNetClassifier(4, max_iter=8, random_state=s) for s in (seed, 100 + seed)
        )
        comparison = compare_with_baseline(net, X, y, baseline=other, cv=4)
        different += comparison.winner is not None
    # 4 or more of 15 are seen in 1 of 200 cases at a level of 5 %
    assert different <= 3


# Repetitions.


def test_an_integer_is_two_repetitions_of_shuffled_folds_on_small_tables(classifier, X, y):
    result = compare_with_baseline(classifier, X, y, cv=3)
    cv = [StratifiedKFold(3, shuffle=True, random_state=seed) for seed in range(2)]
    splits = [split for folds in cv for split in folds.split(X, y)]
    assert_allclose(result.net.scores, scores_by_hand(classifier, X, y, splits))
    thrice = compare_with_baseline(classifier, X, y, cv=3, n_repeats=3)
    assert_allclose(thrice.net.scores[:6], result.net.scores)
    assert len(thrice.net.scores) == 9


def test_a_large_table_is_split_once():
    y = np.arange(10_001) % 2
    dummy = DummyClassifier()
    for n_rows, n_splits in [(10_000, 4), (10_001, 2)]:
        result = compare_with_baseline(
            dummy, y[:n_rows, np.newaxis], y[:n_rows], baseline=dummy, cv=2
        )
        assert len(result.net.scores) == n_splits


def test_splits_of_ones_own_are_not_repeated(classifier, X, y):
    result = compare_with_baseline(classifier, X, y, cv=KFold(3))
    assert len(result.net.scores) == 3
    with pytest.raises(ValueError, match="n_repeats=2 is for an integer cv, got cv=KFold"):
        compare_with_baseline(classifier, X, y, cv=KFold(3), n_repeats=2)
    with pytest.raises(ValueError, match='n_repeats must be "auto" or an integer'):
        compare_with_baseline(classifier, X, y, n_repeats=0)
    with pytest.raises(ValueError, match=r'n_repeats must be "auto" .* got True\.'):
        compare_with_baseline(classifier, X, y, n_repeats=True)


def test_a_model_that_collapsed_on_a_row_in_each_repetition_is_named_once(outlying):
    forest = RandomForestRegressor(10, random_state=0)
    result = compare_with_baseline(forest, *outlying)
    tests = [
        test
        for seed in range(2)
        for _, test in KFold(5, shuffle=True, random_state=seed).split(outlying[0])
    ]
    splits = [i for i, test in enumerate(tests) if 99 in test]
    assert result.collapsed == [("baseline", split) for split in splits]
    text = " ".join(str(result).split())
    assert f"The baseline collapsed on splits {splits[0]} and {splits[1]}, counted" in text


# Log loss beside accuracy.


def in_five_folds(scores):
    return np.split(np.array(scores, dtype=float), 5)


def compared(accuracies, losses):
    """Return a comparison of 20 rows in five folds, of a net and a baseline."""
    X = y = np.arange(20) % 2
    dummy = DummyClassifier()
    result = compare_once(dummy, X[:, np.newaxis], y, baseline=dummy)
    tests = np.split(np.arange(20), 5)
    gains = np.subtract(*accuracies)
    result.test = row_wise_test(in_five_folds(gains), tests, 1 / 4, confidence=0.975)
    losses = in_five_folds(np.subtract(*losses))
    result.log_loss_test = row_wise_test(losses, tests, 1 / 4, confidence=0.975)
    return result


ALTERNATING = np.arange(20) % 2
SMALL = 0.1 * ALTERNATING


@pytest.mark.parametrize(
    ("accuracies", "losses", "winner"),
    [
        ((ALTERNATING, ALTERNATING[::-1]), (SMALL, 1 + SMALL[::-1]), "net"),
        ((ALTERNATING, ALTERNATING[::-1]), (1 + SMALL, SMALL[::-1]), "baseline"),
        ((1 + SMALL, SMALL[::-1]), (SMALL, SMALL[::-1]), "net"),
        ((1 + SMALL, SMALL[::-1]), (SMALL, 1 + SMALL[::-1]), "net"),
        ((1 + SMALL, SMALL[::-1]), (1 + SMALL, SMALL[::-1]), None),
        ((ALTERNATING, ALTERNATING[::-1]), (SMALL, SMALL[::-1]), None),
    ],
)
def test_accuracy_and_log_loss_decide_together(accuracies, losses, winner):
    result = compared(accuracies, losses)
    assert result.winner == winner
    if winner is not None:
        assert result.verdict.startswith(f"The {winner} is better: difference ")
    assert "; difference of log loss " in result.verdict


def test_accuracy_and_log_loss_that_disagree_are_called_so():
    result = compared((1 + SMALL, SMALL[::-1]), (1 + SMALL, SMALL[::-1]))
    assert result.verdict.startswith("Undecided, since accuracy and log loss disagree: ")


def test_log_loss_is_tested_row_by_row_at_half_of_the_level(classifier, X, y):
    result = compare_once(classifier, X, y, cv=3)
    tests = [test for _, test in StratifiedKFold(3).split(X, y)]
    means = [rows.mean() for rows in result.net.row_log_loss]
    assert_allclose(means, result.net.log_loss)
    pairs = zip(result.net.row_log_loss, result.baseline.row_log_loss, strict=True)
    differences = [a - b for a, b in pairs]
    expected = row_wise_test(differences, tests, 1 / 2, confidence=0.975)
    assert result.log_loss_test == expected
    assert result.test.confidence == 0.975
    assert "97.5 % interval" in result.verdict
    assert "p-value is below 2.5 %" in " ".join(str(result).split())


def test_a_score_that_was_chosen_decides_alone(classifier, X, y):
    search = GridSearchCV(classifier, {}, scoring="accuracy", cv=2)
    for given in (
        compare_once(classifier, X, y, cv=3, scoring="accuracy"),
        compare_once(search, X, y, cv=3),
        compare_once(classifier, X, y, cv=3, baseline=LinearSVC(max_iter=100_000)),
    ):
        assert given.log_loss_test is None
        assert given.test.confidence == 0.95
        assert "log loss" not in given.verdict


# What it looks like.


def test_the_table_has_a_row_a_model_and_the_verdict_below(classifier, X, y):
    result = compare_once(classifier, X, y, cv=3)
    lines = str(result).splitlines()
    assert (
        lines[0] == "ShallowNetClassifier against LogisticRegression on the same 3 splits"
    )
    assert lines[2].split()[0] == "accuracy"
    assert lines[3].startswith("net: ShallowNetClassifier  ")
    assert lines[4].startswith("baseline: LogisticRegression  ")
    assert lines[5].startswith("constant: DummyClassifier ")
    assert result.verdict in " ".join(lines)
    assert result.verdict.split(":")[0] in result._repr_html_()
    frame = result.to_frame()
    models = result.net, result.baseline, result.constant
    assert_allclose(frame["accuracy"], [model.scores.mean() for model in models])
    assert_allclose(frame["std"], [model.scores.std(ddof=1) for model in models])


def test_the_picture_joins_the_scores_of_each_split(X, y):
    dummy = DummyClassifier()
    result = compare_once(dummy, X, y, baseline=dummy, cv=3)
    result.net.scores[:] = [0.1, 0.5, 0.9]
    result.baseline.scores[:] = [0.2, 0.5, 0.3]
    ax = Figure().subplots()
    assert result.plot(ax) is result
    assert result.ax_ is ax
    *splits, mean = ax.lines
    assert [line.get_ydata().tolist() for line in splits] == [
        [0.2, 0.1], [0.5, 0.5], [0.3, 0.9]
    ]  # fmt: skip
    vermillion, grey, blue = "#d55e00", "#666666", "#0072b2"  # of Okabe and Ito
    assert [to_hex(line.get_color()) for line in splits] == [vermillion, grey, blue]
    assert_allclose(mean.get_ydata(), [1 / 3, 0.5])


# Errors.


def test_two_kinds_of_models_are_not_compared(classifier, regressor, X, y):
    with pytest.raises(ValueError, match="is a classifier, but baseline=Ridge is not"):
        compare_once(classifier, X, y, baseline=Ridge())
    with pytest.raises(ValueError, match="is a regressor, but baseline=Logistic"):
        compare_once(regressor, X, y, baseline=LogisticRegression())
    with pytest.raises(ValueError, match="a classifier or a regressor; KMeans is neither"):
        compare_once(KMeans(), X, y, baseline=LogisticRegression())


def test_a_single_split_is_not_enough(classifier, X, y):
    with pytest.raises(ValueError, match="a single split"):
        compare_once(classifier, X, y, cv=ShuffleSplit(1))


@pytest.mark.parametrize("scoring", [["accuracy", "f1"], {"a": "accuracy"}])
def test_several_scores_are_an_error(classifier, X, y, scoring):
    with pytest.raises(ValueError, match="scoring must be a single score"):
        compare_once(classifier, X, y, scoring=scoring)
    search = GridSearchCV(classifier, {}, scoring=scoring, refit=False)
    with pytest.raises(ValueError, match="scoring must be a single score"):
        compare_once(search, X, y)


def test_a_misspelt_score_is_an_error_before_any_fit(classifier, X, y):
    with pytest.raises(ValueError, match="acuracy"):
        compare_once(classifier, X, y, scoring="acuracy")


def test_a_score_that_is_not_finite_is_an_error_that_names_model_and_split(
    classifier, X, y
):
    def score(estimator, X, y):
        return np.nan if isinstance(estimator, DummyClassifier) else 0.5

    with pytest.raises(ValueError, match="DummyClassifier on split 0 is nan"):
        compare_once(classifier, X, y, baseline=DummyClassifier(), scoring=score)


def test_a_fit_that_fails_raises_its_own_error(few, X, y):
    with pytest.raises(ValueError, match="solver"):
        compare_once(ShallowNetClassifier(**few, solver="adm"), X, y)


# Groups.

GROUPS = np.repeat(np.arange(60), 5)


class SeesGroups(ShallowNetClassifier):
    """A net that notes the groups that `fit` was given."""

    def fit(self, X, y, groups=None):
        super().fit(X, y, groups=groups)
        self.given_groups_ = groups
        return self


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("wrap", [lambda net: net, lambda net: make_pipeline(net)])
def test_groups_are_whole_in_splits_and_reach_the_net(routing, wrap):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 3)), GROUPS % 2
    net = wrap(SeesGroups(2, max_iter=2, random_state=0))
    with config_context(enable_metadata_routing=routing):
        comparison = compare_once(net, X, y, cv=3, groups=GROUPS)
    cv = list(StratifiedGroupKFold(3).split(X, y, GROUPS))
    for fitted, (train, _) in zip(comparison.net.estimators, cv, strict=True):
        last = fitted[-1] if hasattr(fitted, "steps") else fitted
        assert_array_equal(last.given_groups_, GROUPS[train])
    rows = compare_once(net, X, y, cv=cv)
    assert_array_equal(comparison.baseline.scores, rows.baseline.scores)
    differences = comparison.net.scores - comparison.baseline.scores
    expected = corrected_t_test(differences, 0.5)
    assert_allclose(comparison.test.p_value, expected.p_value)
    assert "splits of whole groups" in str(comparison)


def test_a_regressors_groups_are_whole_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    net = ShallowNetRegressor(2, max_iter=2, random_state=0)
    y = X[:, 0]
    comparison = compare_once(net, X, y, cv=3, groups=GROUPS)
    cv = list(GroupKFold(3).split(X, y, GROUPS))
    assert_array_equal(
        comparison.baseline.scores, compare_once(net, X, y, cv=cv).baseline.scores
    )
    with pytest.raises(ValueError, match="groups has 10 entries"):
        compare_once(net, X, y, groups=GROUPS[:10])
