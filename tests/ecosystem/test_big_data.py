"""Data larger than memory: Parquet by pyarrow, blocks by Dask, as in the guide."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pages import run_page
from sklearn.metrics import log_loss

from skshallow import DeepNetClassifier

REASON = 'pip install "skshallow[bigdata]"'


# Parquet.


@pytest.fixture(scope="module")
def parquet_page(tmp_path_factory):
    """What the page's code for Parquet leaves, run in a folder of its own."""
    pytest.importorskip("pyarrow", reason=REASON)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("parquet"))
        yield run_page("big_data", last=1)


def test_a_net_learns_files_that_are_sorted(parquet_page):
    page = parquet_page
    assert page.losses[-1] < 0.5 * page.losses[0]
    assert page.net.score(page.X_val, page.y_val) > 0.85
    assert page.net.n_iter_ == 10 * 15


def test_chunks_hold_every_row_of_the_files_once(parquet_page):
    page = parquet_page
    X = np.concatenate([X for X, _ in page.chunks(page.files, page.rng)])
    tables = [page.pa.parquet.read_table(path) for path in page.files]
    expected = np.concatenate([np.column_stack([t["x0"], t["x1"]]) for t in tables])
    assert_array_equal(np.sort(X, axis=0), np.sort(expected, axis=0))


# The example.


@pytest.fixture(scope="module")
def example():
    pytest.importorskip("pyarrow", reason=REASON)
    import train_on_parquet

    return train_on_parquet


@pytest.fixture
def small(example, monkeypatch):
    """The example with chunks of 800 rows, a hundred of each file, and smaller steps."""
    new_net = example.new_net
    steps = {"batch_size": 64, "learning_rate": 0.01}
    monkeypatch.setattr(
        example, "new_net", lambda max_iter: new_net(max_iter).set_params(**steps)
    )
    monkeypatch.setattr(example, "BATCH", 100)
    monkeypatch.setattr(example, "CHUNK", 800)
    return example


def test_the_example_reads_each_row_once_in_chunks_of_one_size(small, tmp_path):
    files, _ = small.write_files(tmp_path, 10_100, 9)
    for rng in (None, np.random.default_rng(0)):
        parts = list(small.chunks(files, rng))
        assert [len(y) for _, y in parts] == [800] * 12 + [500]
        X = np.concatenate([X for X, _ in parts])
        everything = small.pa.dataset.dataset(files).to_table()
        expected, _ = small.features_and_targets(everything)
        assert_array_equal(np.sort(X, axis=0), np.sort(expected, axis=0))
        assert np.array_equal(X, expected) is (rng is None)


def test_rows_of_the_example_come_from_all_over_the_files(small, tmp_path):
    files, _ = small.write_files(tmp_path, 16_000, 16)
    mixed = [np.ptp(X[:, 0]) for X, _ in small.chunks(files, np.random.default_rng(0))]
    in_order = [np.ptp(X[:, 0]) for X, _ in small.chunks(files, None)]
    assert np.median(mixed) > 1.5 * np.median(in_order)


def test_the_example_learns_only_from_shuffled_chunks(small, tmp_path):
    arguments = ["--rows", "24000", "--files", "16", "--folder", str(tmp_path)]
    mixed = small.main([*arguments, "--passes", "2"])
    in_order = small.main([*arguments, "--passes", "2", "--in-order"])
    in_memory = small.main([*arguments, "--passes", "2", "--in-memory"])
    name = "validation loss"
    assert mixed["rows"] == in_order["rows"] == in_memory["rows"] == 24_000
    assert mixed[name] < in_order[name] - 0.1
    assert mixed[name] < in_memory[name] + 0.05
    assert mixed[name] > mixed["validation loss of the true probabilities"]


def test_the_best_net_of_the_example_is_the_one_that_is_kept(small, tmp_path):
    files, validation = small.write_files(tmp_path, 20_000, 8)
    rng = np.random.default_rng(0)
    best, losses = small.train_by_chunks(files, validation, 2, rng)
    X_val, y_val = small.features_and_targets(small.pa.parquet.read_table(validation))
    assert_allclose(log_loss(y_val, best.predict_proba(X_val)), min(losses))
    assert len(losses) == 5


def test_the_example_holds_a_small_part_of_its_open_files(small, tmp_path):
    files, _ = small.write_files(tmp_path, 160_000, small.N_OPEN)
    table = small.pa.dataset.dataset(files).to_table().nbytes
    before = small.pa.total_allocated_bytes()
    read = small.chunks(files, np.random.default_rng(0))
    held = [small.pa.total_allocated_bytes() - before for _ in read]
    assert len(held) == 200
    assert 0 < max(held) < table / 3


# Dask.


@pytest.fixture(scope="module")
def dask_page():
    pytest.importorskip("dask_ml", reason=REASON)
    names = {"np": np, "DeepNetClassifier": DeepNetClassifier}
    return run_page("big_data", first=1, **names)


def test_incremental_makes_one_pass_over_the_blocks(dask_page):
    page = dask_page
    assert page.model.estimator_.n_iter_ == 16
    assert page.model.score(page.X, page.y) > 0.9
    assert type(page.probability).__module__.startswith("dask")
    expected = page.model.estimator_.predict_proba(page.X.compute())
    assert_allclose(page.probability.compute(), expected)


def test_incremental_in_order_is_partial_fit_on_each_block(dask_page, net_class, few):
    page = dask_page
    X, y = page.X[:2000], page.y[:2000].astype(float)
    classes = {"classes": [0, 1]} if hasattr(net_class, "decision_function") else {}
    model = type(page.model)(net_class(**few), shuffle_blocks=False)
    model.fit(X, y, **classes)
    net = net_class(**few)
    for i in range(4):
        net.partial_fit(X.blocks[i].compute(), y.blocks[i].compute(), **classes)
    assert_array_equal(model.estimator_.theta_, net.theta_)
