"""The example in examples/ on small tables and a small grid."""

from types import SimpleNamespace

import compare_with_logistic_regression as example
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.datasets import make_circles
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

N_ROWS = 120


@pytest.fixture(scope="module", autouse=True)
def small_grid():
    grid = {
        "net__activation": ["tanh", "relu"],
        "net__depth": [1, 2],
        "net__init_scale": [0.1, 1.0],
    }
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(example, "GRID", grid)
        monkeypatch.setattr(example, "PENALTIES", np.array([0.1, 1.0]))
        monkeypatch.setitem(example.NET_SETTINGS, "max_iter", 5)
        monkeypatch.setitem(example.NET_SETTINGS, "hidden_units", 4)
        yield


@pytest.fixture
def three_folds(monkeypatch):
    monkeypatch.setattr(example, "N_FOLDS", 3)


@pytest.fixture
def frame():
    """Numbers, whole numbers, categories and truth values, a tenth of them missing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=N_ROWS),
            "count": rng.integers(5, size=N_ROWS),
            "colour": rng.choice(["red", "green", "blue"], N_ROWS),
            "new": rng.random(N_ROWS) < 0.5,
        }
    )
    price = 3.0 * frame["size"] + frame["count"] + (frame["colour"] == "red")
    frame = frame.astype(object).mask(rng.random(frame.shape) < 0.1)
    frame["empty"] = np.nan
    frame["price"] = price
    frame["kind"] = np.where(price > price.median(), "dear", "cheap")
    frame["grade"] = np.digitize(price, price.quantile([0.3, 0.6]))
    return frame


@pytest.fixture
def write(tmp_path):
    def write(frame):
        path = tmp_path / "goods.csv"
        frame.to_csv(path, index=False)
        return path

    return write


def read(path, target, **options):
    defaults = {
        "task": "auto", "max_rows": 1000, "drop": [], "sep": None, "decimal": None,
        "encoding": None, "scoring": None, "repeats": 1, "skip_rows": 0,
    }  # fmt: skip
    return example.read_table(path, target, SimpleNamespace(**{**defaults, **options}))


@pytest.mark.parametrize(
    ("target", "is_classification"), [("kind", True), ("grade", True), ("price", False)]
)
def test_the_kind_of_target_decides_the_task(frame, write, target, is_classification):
    table = read(write(frame), target)
    assert table.is_classification == is_classification
    assert len(table.y) == N_ROWS
    assert target not in table.X.columns
    assert "empty" not in table.X.columns


def test_the_user_can_name_the_task(frame, write):
    assert not read(write(frame), "grade", task="regression").is_classification
    assert read(write(frame.assign(n=np.arange(N_ROWS) % 12)), "n", task="classification")


@pytest.mark.parametrize(
    ("n_values", "is_classification", "flag"),
    [(10, True, "--task regression"), (11, False, "--task classification")],
)
def test_whole_numbers_of_many_values_are_quantities(
    frame, write, capsys, n_values, is_classification, flag
):
    path = write(frame.assign(grade=np.arange(N_ROWS) % n_values))
    assert read(path, "grade").is_classification == is_classification
    assert f"pass {flag}" in " ".join(capsys.readouterr().out.split())


def test_preparation_fills_every_gap_and_encodes_every_category(frame, write):
    table = read(write(frame.drop(columns=["kind", "grade"])), "price")
    assert table.X.isna().any().any()
    prepared = table.preparation.fit_transform(table.X)
    assert prepared.dtype == np.float64
    assert np.isfinite(prepared).all()
    # size, count and where they were missing; three colours, two truths, each or missing
    assert prepared.shape == (N_ROWS, 2 + 2 + 4 + 3)


def test_preparation_takes_categories_that_it_has_not_seen(frame, write):
    table = read(write(frame), "price")
    later = table.X.assign(colour="mauve")
    assert np.isfinite(table.preparation.fit(table.X).transform(later)).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scoring", "f1"], "--scoring f1 does not suit this target: pos_label=1"),
        (["--scoring", "r2"], "--scoring r2 does not suit this target"),
        (["--sep", "##"], "'##' is not a separator: pass a single character"),
        (["--drop", "kind"], "--drop leaves out 'kind', which is the --target"),
    ],
)
def test_flags_that_do_not_suit_the_table_are_errors_before_any_fit(
    frame, write, capsys, arguments, message
):
    with pytest.raises(SystemExit):
        example.main(["--data", str(write(frame)), "--target", "kind", *arguments])
    assert message in " ".join(capsys.readouterr().err.split())


def test_rows_without_a_target_are_left_out_aloud(frame, write, capsys):
    frame["kind"] = frame["kind"].mask(np.arange(N_ROWS) < 7)
    assert len(read(write(frame), "kind").y) == N_ROWS - 7
    assert "Leaving out 7 of 120 rows without a value in 'kind'" in capsys.readouterr().out


def test_a_target_of_numbers_may_have_a_typing_error(frame, write, capsys):
    texts = frame["price"].astype(str)
    texts[3] = "?"
    assert len(read(write(frame.assign(price=texts)), "price").y) == N_ROWS - 1
    assert "no number count as missing: 1, such as '?'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "decimal"),
    [("{:_.2f}", ","), ("${:,.2f}", "."), ("{:.1f} %", "."), ("({:.2f})", ".")],
)
def test_a_tenth_of_a_target_of_quantities_may_be_no_number(
    frame, write, capsys, form, decimal
):
    numbers = np.round(1000 * (frame["price"] - frame["price"].min()) + 1, 1)
    texts = numbers.map(form.format)
    if decimal == ",":
        texts = texts.str.replace(".", ",").str.replace("_", ".")
    signs = np.where(np.arange(N_ROWS) % 5, "", "-") if form[0] != "(" else ""
    texts = (signs + texts).mask(np.arange(N_ROWS) >= N_ROWS * 0.9, "on request")
    table = read(write(frame.assign(price=texts)), "price")
    assert not table.is_classification
    sign = -1 if form[0] == "(" else np.where(np.arange(N_ROWS) % 5, 1, -1)
    assert_allclose(table.y, (sign * numbers)[: len(table.y)])
    out = capsys.readouterr().out
    assert "that are no number count as missing: 12, such as 'on request'" in out
    assert "Leaving out 12 of 120 rows" in out


def test_a_target_with_more_texts_has_classes(frame, write):
    texts = frame["price"].astype(str).mask(np.arange(N_ROWS) >= 105, "on request")
    with pytest.raises(ValueError, match="does not have two classes"):
        read(write(frame.assign(price=texts)), "price")
    grades = frame["grade"].astype(str).mask(np.arange(N_ROWS) % 12 == 0, "none")
    table = read(write(frame.assign(grade=grades)), "grade")
    assert set(table.y) == {"0", "1", "2", "none"}


def test_a_title_above_the_header_is_hinted_at(frame, tmp_path):
    path = tmp_path / "goods.csv"
    path.write_text("Export of today\n" + frame.to_csv(index=False, sep=";"))
    with pytest.raises(ValueError, match=r"line 2, below a title: pass --skip-rows 1"):
        read(path, "price")
    path.write_text("Export of today;;;;;;;\n" + frame.to_csv(index=False, sep=";"))
    with pytest.raises(ValueError, match=r"no column 'price'\. .* pass --skip-rows 1"):
        read(path, "price")
    with pytest.raises(ValueError, match=r"no column 'kind'\. .* pass --skip-rows 1"):
        read(path, "price", drop=["kind"])
    assert len(read(path, "price", skip_rows=1).y) == N_ROWS


def test_the_reason_is_all_that_a_wrong_table_prints(frame, write, capsys):
    with pytest.raises(SystemExit):
        example.main(["--data", str(write(frame)), "--target", "prise"])
    error = capsys.readouterr().err
    assert "has no column 'prise'" in error
    assert "usage:" not in error


def test_columns_left_out_as_asked_have_a_line_too(frame, write, capsys):
    read(write(frame), "price", drop=["kind", "grade"])
    out = capsys.readouterr().out
    assert "\n  kind: left out, as asked\n  grade: left out, as asked\n" in out


def test_columns_can_be_left_out(frame, write):
    table = read(write(frame), "price", drop=["kind", "grade"])
    assert list(table.X.columns) == ["size", "count", "colour", "new"]
    with pytest.raises(ValueError, match=r"no column 'kin'\. Did you mean 'kind'"):
        read(write(frame), "price", drop=["kin"])


def test_each_column_has_a_line_on_what_it_became(frame, write, capsys):
    read(write(frame), "price")
    out = capsys.readouterr().out
    for name, kind in [
        ("size", "number"),
        ("colour", "category of 3"),
        ("empty", "left out"),
    ]:
        assert f"\n  {name}: {kind}" in out


def test_a_target_of_two_columns_is_an_error_that_says_how_to_choose(frame, tmp_path):
    path = tmp_path / "goods.csv"
    twice = pd.concat([frame, frame[["price"]]], axis="columns")
    twice.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"several columns 'price'.*--drop 'price \(2\)'"):
        read(path, "price")
    assert "price (2)" not in read(path, "price", drop=["price (2)"]).X


def test_classes_too_rare_for_the_folds_are_left_out_aloud(frame, write, capsys):
    frame.loc[:2, "kind"] = "odd"
    table = read(write(frame), "kind")
    assert set(table.y) == {"cheap", "dear"}
    assert "fewer than 5 rows: odd" in capsys.readouterr().out


def test_a_large_table_is_sampled_aloud(frame, write, capsys):
    assert len(read(write(frame), "price", max_rows=50).y) == 50
    assert "50 of 120 rows" in capsys.readouterr().out


def test_a_misspelt_target_is_named_with_the_closest_column(frame, write):
    with pytest.raises(ValueError, match=r"no column 'prise'. Did you mean 'price'\?"):
        read(write(frame), "prise")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b'a,b\n1,2\n"3'])
def test_a_file_that_is_no_table_is_an_error_that_names_it(tmp_path, content):
    path = tmp_path / "goods.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot read .*goods\.csv"):
        read(path, "price")


def test_unusable_targets_are_errors_that_say_why(frame, write):
    with pytest.raises(ValueError, match="not numeric"):
        read(write(frame), "kind", task="regression")
    with pytest.raises(ValueError, match="does not have two classes"):
        read(write(frame.assign(one="same")), "one")
    with pytest.raises(ValueError, match="12 of 12 rows have a value in 'price'"):
        read(write(frame.head(12)), "price")
    with pytest.raises(ValueError, match="no column of use except 'price'"):
        read(write(frame[["price", "empty"]]), "price")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "goods.csv"], "go together"),
        (["--data", "none.csv", "--target", "price"], "cannot open none.csv"),
        (["--picture", "none/compare.png"], "no folder none"),
        (["--repeats", "0"], "--repeats must be at least 1"),
        (["--data", "n", "--target", "n", "--scoring", "acuracy"], "'acuracy' is not"),
    ],
)
def test_a_wrong_command_ends_with_its_reason(
    monkeypatch, tmp_path, capsys, arguments, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        example.main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("three_folds")
@pytest.mark.parametrize(
    ("target", "baseline"), [("kind", "LogisticRegression"), ("price", "Ridge")]
)
def test_the_command_prints_leaders_and_a_verdict_and_draws(
    frame, write, capsys, target, baseline
):
    data = write(frame)
    picture = data.with_name("scores.png")
    arguments = ["--data", str(data), "--target", target, "--picture", str(picture)]
    example.main([*arguments, "--jobs", "1", "--seconds", "3600"])  # on any machine
    out = capsys.readouterr().out
    assert "goods: 120 rows" in out
    assert out.count("\nnet, activation") == 5
    assert f"\n{baseline}, " in out
    assert f" against {baseline} on the same 3 splits" in out
    assert "\nconstant: Dummy" in out
    assert "\nGradient boosted trees on the same test rows: " in out
    assert "Searching 8 of 8 nets" in out
    assert " is better: difference " in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_trees_have_one_thread_that_waits_for_no_busy_core(monkeypatch):
    threads = []

    def report(table, options):
        of_openmp = [each for each in threadpool_info() if each["user_api"] == "openmp"]
        threads.extend(each["num_threads"] for each in of_openmp)

    monkeypatch.setattr(example, "report", report)
    monkeypatch.setattr(example, "draw", lambda comparisons, picture: None)
    example.main([])
    assert threads
    assert set(threads) == {1}


@pytest.mark.usefixtures("three_folds")
def test_the_score_can_be_chosen(frame, write, capsys, tmp_path):
    arguments = ["--data", str(write(frame)), "--target", "kind", "--jobs", "1"]
    arguments += ["--scoring", "neg_log_loss", "--drop", "price", "grade"]
    arguments += ["--seconds", "1e-9"]  # for one net, and those that it is compared with
    example.main([*arguments, "--picture", str(tmp_path / "scores.png")])
    assert "trees on the same test rows: neg log loss -" in capsys.readouterr().out


def test_a_short_search_keeps_the_preferred_nets(circles):
    grid, *_ = example.plan(circles, seconds=1e-9, n_jobs=1)
    assert grid == {
        "net__activation": ["relu"], "net__depth": [2], "net__init_scale": [1.0]
    }  # fmt: skip
    grid, seconds, _ = example.plan(circles, seconds=1e9, n_jobs=1)
    assert grid == example.GRID
    assert seconds > 0


def test_a_short_search_starts_no_processes(circles, monkeypatch):
    assert example.plan(circles, seconds=1e9, n_jobs=2)[2] == 1
    monkeypatch.setattr(example, "SHORT", 0)
    monkeypatch.setattr(example, "rehearse", lambda table, n_jobs: pace())
    assert example.plan(circles, seconds=1e9, n_jobs=2)[2] == 2


def pace(**parts):
    parts = {"per_net": {1: 1.0, 3: 2.0}, "per_split": 3.0, "once": 4.0} | parts
    return example.Pace(**parts, n_splits=5)


def test_the_seconds_of_a_search_are_those_of_all_its_parts():
    grid = {"net__activation": ["relu", "tanh"], "net__depth": [1, 2, 3]}
    assert pace().seconds(grid) == 5 * (2 * (1.0 + 1.5 + 2.0) + 3.0) + 4.0


def test_a_search_with_time_is_as_large_as_the_limit_allows(circles, monkeypatch):
    monkeypatch.setattr(example, "rehearse", lambda table, n_jobs: pace())
    n_before = 0
    for limit in [100, 120, 140, 160]:
        grid, seconds, _ = example.plan(circles, limit, n_jobs=1)
        n_nets = len(example.ParameterGrid(grid))
        assert n_before <= n_nets
        assert n_nets == 1 or example.LONGEST * seconds <= limit
        n_before = n_nets
    assert n_before > 1


def test_a_rehearsal_runs_each_part_as_it_will_run(circles, monkeypatch, capsys):
    found = {}
    timed = example.timed

    def watched(call, *arguments):
        found[call.__name__] = found.get(call.__name__, 0) + 1
        return timed(call, *arguments)

    monkeypatch.setattr(example, "timed", watched)
    measured = example.rehearse(circles, n_jobs=1)
    assert found == {"fit": 2, "score_trees": 1}  # the nets and the baseline
    assert set(measured.per_net) == {1, 2}
    assert min(measured.per_net.values()) > 0
    assert measured.per_split > 0
    assert measured.once > example.SECONDS_TO_DRAW
    assert capsys.readouterr().out == ""


def test_a_short_search_is_announced_and_drawn(circles, capsys, tmp_path):
    grid = example.smaller(example.GRID)
    example.announce(grid, 20, spent=2, limit=30)
    out = capsys.readouterr().out
    assert "Searching 4 of 8 nets; about 12 to 25 s with" in out
    assert "raise --seconds" in out
    assert "longer than" not in out
    comparison = example.compare(circles, 1, grid)
    example.draw({"circles": comparison}, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_the_announcement_says_if_no_search_is_short_enough(capsys):
    least = {name: values[:1] for name, values in example.GRID.items()}
    example.announce(least, 20, spent=2, limit=27)
    assert "longer" not in capsys.readouterr().out
    example.announce(least, 20, spent=2.1, limit=27)
    assert "it may take longer than --seconds 27." in capsys.readouterr().out


def test_without_arguments_the_tables_are_those_of_scikit_learn():
    names = [str(table) for table in example.bundled_tables()]
    assert names == [
        "breast cancer: 569 rows, 30 columns, 2 classes",
        "digits: 1797 rows, 64 columns, 10 classes",
    ]


def table_of_circles():
    X, y = make_circles(N_ROWS, noise=0.05, factor=0.4, random_state=0)
    return example.Table("circles", X, y, is_classification=True)


@pytest.fixture
def circles():
    return table_of_circles()


def test_repeated_folds_differ_and_the_first_stay(circles):
    once = circles.splits
    circles.n_repeats = 3
    tests = [test.tolist() for _, test in circles.splits]
    assert tests[:5] == [test.tolist() for _, test in once]
    assert len({tuple(test) for test in tests}) == len(tests) == 15
    assert sorted(np.concatenate(tests[5:10])) == list(range(N_ROWS))


@pytest.fixture
def long_fits(monkeypatch):
    monkeypatch.setitem(example.NET_SETTINGS, "max_iter", 40)
    monkeypatch.setitem(example.NET_SETTINGS, "hidden_units", 16)


@pytest.mark.usefixtures("long_fits")
def test_the_net_wins_where_no_line_can_separate(circles):
    assert example.compare(circles, n_jobs=1).winner == "net"


def test_the_baseline_wins_where_it_is_the_truth():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 3))
    table = example.Table("line", X, X @ [1.0, 2.0, 3.0], is_classification=False)
    comparison = example.compare(table, n_jobs=1)
    assert comparison.winner == "baseline"
    assert example.leader_table(comparison).splitlines()[1].startswith("Ridge")


@pytest.mark.parametrize("is_classification", [True, False])
def test_the_baseline_is_the_scaled_linear_model_on_the_same_folds(
    circles, is_classification
):
    circles.is_classification = is_classification
    result = example.compare(circles, n_jobs=1).baseline
    linear = LogisticRegression if is_classification else Ridge
    for i, (train, test) in enumerate(circles.splits):
        (choice,) = result.estimators[i].best_params_.items()
        model = make_pipeline(StandardScaler(), linear(**{choice[0][7:]: choice[1]}))
        model.fit(circles.X[train], circles.y[train])
        assert_allclose(result.scores[i], model.score(circles.X[test], circles.y[test]))


@pytest.fixture(scope="module")
def comparison():
    return example.compare(table_of_circles(), n_jobs=1)


def test_each_fold_chooses_by_the_same_rows_of_its_training_part(circles, comparison):
    train, _ = circles.splits[0]
    X, y = circles.X[train], circles.y[train]
    ((fit, choose),) = circles.validation.split(X, y)
    assert len(choose) == len(train) / 4
    for model in (comparison.net, comparison.baseline):
        search = model.estimators[0]
        for params, score in zip(
            search.cv_results_["params"],
            example.validation_scores(model)[:, 0],
            strict=True,
        ):
            candidate = clone(search.estimator).set_params(**params).fit(X[fit], y[fit])
            assert_allclose(candidate.score(X[choose], y[choose]), score)


def test_leaders_are_the_best_in_the_mean_over_the_folds(comparison):
    means = sorted(example.validation_scores(comparison.net).mean(axis=1), reverse=True)
    leaders = example.leaders(comparison.net, "net", 5)
    assert_allclose([mean for mean, *_ in leaders], means[:5])
    assert all(seconds > 0 for _, _, seconds, _ in leaders)


def test_the_picture_has_each_score_in_its_place(comparison):
    grid = example.score_grid(comparison.net, "relu")
    assert grid.shape == (2, 2)
    means = example.validation_scores(comparison.net).mean(axis=1)
    candidates = comparison.net.estimators[0].cv_results_["params"]
    for params, score in zip(candidates, means, strict=True):
        if params["net__activation"] == "relu":
            row = example.GRID["net__depth"].index(params["net__depth"])
            column = example.GRID["net__init_scale"].index(params["net__init_scale"])
            assert grid[row, column] == score
