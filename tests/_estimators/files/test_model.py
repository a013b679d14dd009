"""Saved and loaded nets: the same predictions, and the same further training."""

import copy
import json
import os
import pickle
import re
import socket
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from names import called
from same_state import assert_same
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.model_selection import ShuffleSplit
from small_nets import (
    LABELS,
    ROWS,
    TARGETS,
    MyReLU,
    every_component,
    small_net,
    train,
    train_on,
    trained,
)

import skshallow
from skshallow import (
    DeepNetClassifier,
    DeepNetRegressor,
    ShallowNetClassifier,
    ShallowNetRegressor,
    load,
)
from skshallow._estimators.files.codec import KINDS, component_types
from skshallow.activations import ELU, LeakyReLU
from skshallow.initializers import VarianceScaling
from skshallow.losses import (
    Quantile,
    SquaredError,
)
from skshallow.persistence import ESTIMATORS
from skshallow.schedules import Plateau
from skshallow.solvers import AdamW

DATA = Path(__file__).parent / "data"


@pytest.fixture
def again(tmp_path):
    """Return a function from a net to what is loaded from where it was saved."""

    def save_and_load(net):
        path = tmp_path / "net.npz"
        before = copy.deepcopy(net)
        assert net.save(path) is None
        assert_same(net, before)
        return load(path)

    return save_and_load


# What survives.


@every_component(DeepNetClassifier, DeepNetRegressor)
def test_a_loaded_net_equals_the_saved_one_and_trains_on_equally(i, further, again):
    net = trained(i, further)
    loaded = again(net)
    assert_same(loaded, net)
    np.testing.assert_array_equal(loaded.predict(ROWS), net.predict(ROWS))
    if further:
        assert_same(train_on(loaded), train_on(copy.deepcopy(net)))


def test_a_path_where_no_file_can_be_says_what_is_missing(tmp_path):
    net = small_net(DeepNetClassifier)
    for act in (net.save, load):
        with pytest.raises(FileNotFoundError, match="path is an empty string"):
            act("")
    words = re.escape(f"no folder {str(tmp_path / 'none')!r} for the file. Create it first")
    with pytest.raises(FileNotFoundError, match=words):
        net.save(tmp_path / "none" / "net")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("params", [{}, {"warm_start": True}], ids=str)
def test_a_loaded_net_that_stopped_early_trains_on_equally(params, net_class, again):
    net = small_net(net_class, early_stopping=True, scoring="neg_mean_squared_error")
    net.set_params(**params)
    if is_classifier(net):
        net.set_params(scoring="accuracy", temperature_scaling=True)
    train(net)
    assert len(net.validation_scores_) == 2
    loaded = again(net)
    assert_same(loaded, net)
    np.testing.assert_array_equal(loaded.predict(ROWS), net.predict(ROWS))
    assert_same(train(loaded), train(copy.deepcopy(net)))


LABELS_OF_ALL_KINDS = {
    "text": LABELS,
    "text as objects": LABELS.astype(object),
    "text of NumPy as objects": np.array([*map(np.str_, "abc")], object)[np.arange(24) % 3],
    "text of both as objects": np.array(["a", np.str_("b")], object)[np.arange(24) % 2],
    "text that ends in zeros": np.array(["a\0", "b", ""], dtype=object)[np.arange(24) % 3],
    "text beyond 16 bits": np.array(["é", "名", "🜁", "\ud800"], dtype=object)[
        np.arange(24) % 4
    ],
    "bools": ROWS[:, 0] > 0,
    "integers": np.array([-(2**63), 0, 2**63 - 1])[np.arange(24) % 3],
    "unsigned": np.array([0, 2**63, 2**64 - 1], np.uint64)[np.arange(24) % 3],
    "bytes long": np.arange(24, dtype=np.int8) % 2,
    "floats": np.array([-1.0, 2.0])[np.arange(24) % 2],
    "dates": np.array(["2024-02-29", "1969-12-31"], "M8[D]")[np.arange(24) % 2],
    "big-endian": np.array([1, 256], ">i4")[np.arange(24) % 2],
    "labels at once": np.stack([ROWS[:, 0] > 0, ROWS[:, 1] > 5], axis=1).astype(int),
}


@pytest.mark.filterwarnings(
    "ignore:max_iter=:skshallow.exceptions.IneffectiveParameterWarning"
)
@pytest.mark.parametrize("y", LABELS_OF_ALL_KINDS.values(), ids=LABELS_OF_ALL_KINDS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_classes_keep_their_values_and_their_type(y, method, again):
    net = small_net()
    if method == "fit":
        train(net, ROWS, y)
    else:
        net.partial_fit(ROWS, y, classes=None if y.ndim == 2 else np.unique(y))
    loaded = again(net)
    assert loaded.classes_.tolist() == net.classes_.tolist()
    assert loaded.classes_.dtype == net.classes_.dtype.newbyteorder("=")
    assert loaded.predict(ROWS).tolist() == net.predict(ROWS).tolist()
    assert_same(loaded.predict_proba(ROWS), net.predict_proba(ROWS))
    assert_same(loaded.predict_log_proba(ROWS), net.predict_log_proba(ROWS))
    loaded.partial_fit(ROWS, y)
    assert_same(loaded.theta_, net.partial_fit(ROWS, y).theta_)


@pytest.mark.parametrize(
    "classes",
    [None, [2**70, -(2**70), 5], ["b", "a", "c"], [[0, 1]] * 3],
    ids=["none", "big integers", "not sorted", "labels at once"],
)
def test_nets_from_weights_keep_their_weights_and_classes(classes, again):
    rng = np.random.default_rng(0)
    coefs = [rng.normal(size=(3, 4)), rng.normal(size=(4, 3))]
    net = ShallowNetClassifier.from_weights(
        coefs, [np.zeros(4), np.ones(3)], classes=classes, warm_start=True, max_iter=2
    )
    loaded = again(net)
    assert_same(loaded, net)
    assert loaded.predict(ROWS).tolist() == net.predict(ROWS).tolist()


@pytest.mark.parametrize("copied", ["saved", "pickled", "deepcopied"])
def test_copies_of_a_net_from_weights_train_on_in_measured_units(copied, again):
    weights = [np.ones((3, 1))], [np.zeros(1)]
    params = {"max_iter": 2, "random_state": 0, "warm_start": True}
    net = DeepNetRegressor.from_weights(*weights, **params)
    make = {
        "saved": again,
        "pickled": lambda net: pickle.loads(pickle.dumps(net)),
        "deepcopied": copy.deepcopy,
    }
    assert_same(train(make[copied](net)), train(net))


def test_feature_names_are_saved(again):
    frame = pd.DataFrame(ROWS, columns=["height", "weight\0", "größe"])
    net = train(small_net(), frame)
    loaded = again(net)
    assert_same(loaded.feature_names_in_, net.feature_names_in_)
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict(frame.rename(columns={"height": "h"}))


@pytest.mark.parametrize(
    "loss", ["squared_error", "gamma", "gaussian", Quantile([0.1, 0.9])]
)
@pytest.mark.parametrize("n_targets", [1, 2])
def test_the_uncertainty_of_a_regressor_is_saved(loss, n_targets, again):
    y = TARGETS if n_targets == 1 else np.stack([TARGETS, TARGETS[::-1]], axis=1)
    net = train(small_net(ShallowNetRegressor, loss=loss), ROWS, y)
    net.conformalize(ROWS[:20], y[:20])
    loaded = again(net)
    assert_same(loaded, net)
    assert_same(loaded.predict_interval(ROWS, 0.8), net.predict_interval(ROWS, 0.8))
    if loss in ("gamma", "gaussian"):
        ours, theirs = loaded.predict_proba(ROWS), net.predict_proba(ROWS)
        assert_same(ours.ppf(0.3), theirs.ppf(0.3))


def test_weights_curves_and_health_records_are_saved(net_class, again):
    net = train(small_net(net_class))
    loaded = again(net)
    for name in ("coefs_", "intercepts_", "loss_curve_", "learning_rate_curve_", "health_"):
        assert_same(getattr(loaded, name), getattr(net, name), name)
    assert len(loaded.health_["epoch"]) > 0


def test_a_net_fitted_on_sparse_rows_is_saved(net_class, again):
    net = train(small_net(net_class), sparse.csr_array(ROWS))
    assert_same(again(net), net)


@pytest.mark.parametrize(
    "params",
    [
        {"hidden_units": np.array([3, 4])},
        {"hidden_units": (3, 4), "activation": (ELU(0.5), "tanh")},
        {"hidden_units": [np.int64(3)], "depth": 1, "alpha": np.float64(0.1)},
        {"n_iter_no_change": np.inf, "tol": 1e-4, "alpha": np.float32(0.1)},
        {"shuffle": np.True_, "random_state": np.int32(3), "activation": np.str_("tanh")},
        {"scoring": "accuracy", "early_stopping": True, "verbose": False, "depth": 0},
    ],
    ids=str,
)
def test_parameters_keep_their_values_and_their_types(params, again):
    net = DeepNetClassifier(**{"max_iter": 2} | params)
    loaded = again(net)
    assert_same(loaded.get_params(deep=False), net.get_params(deep=False))
    assert_same(again(train(net)), net)


def test_a_generator_as_random_state_is_saved_where_it_stands(again):
    net = train(small_net(random_state=np.random.default_rng(3)))
    loaded = again(net)
    assert_same(train(loaded), train(net))


def test_an_unfitted_net_is_saved_with_its_parameters(net_class, again):
    loaded = again(net_class(7, alpha=0.25, activation=ELU(0.5)))
    assert_same(loaded, net_class(7, alpha=0.25, activation=ELU(0.5)))
    with pytest.raises(NotFittedError):
        loaded.predict(ROWS)


def test_parameters_set_after_the_fit_are_saved_beside_what_was_fitted(again):
    net = train(small_net(DeepNetRegressor)).set_params(loss="poisson", activation="tanh")
    loaded = again(net)
    assert_same(loaded, net)
    assert loaded.get_params()["loss"] == "poisson"
    assert_same(loaded.predict(ROWS), net.predict(ROWS))


def test_attributes_added_by_users_are_saved_if_they_are_data(again):
    net = train(small_net())
    net.note_ = {"by": ("me", 1, 2.5, None, True), 3: [np.arange(3), np.float64(2)], "": {}}
    net.größe_ = np.arange(2)
    assert_same(again(net), net)


def test_metadata_requests_are_saved(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        net = small_net().set_fit_request(sample_weight=True)
        net.set_score_request(sample_weight="w")
    net.save(tmp_path / "net.npz")
    loaded = load(tmp_path / "net.npz")
    with sklearn.config_context(enable_metadata_routing=True):
        assert str(loaded.get_metadata_routing()) == str(net.get_metadata_routing())
        assert "'w'" in str(loaded.get_metadata_routing())


class SavesEachEpoch:
    """A callback of scikit-learn that saves what an epoch led to."""

    def __init__(self, path):
        self.path = path

    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...
    def on_fit_task_begin(self, estimator, context): ...

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.parent is not None:
            fitted_estimator.save(self.path)


def test_callbacks_may_save_the_net_and_are_not_saved(net_class, again, tmp_path):
    net = small_net(net_class).set_callbacks(SavesEachEpoch(tmp_path / "epoch.npz"))
    train(net)
    net.save(tmp_path / "net.npz")
    for name in ("epoch.npz", "net.npz"):
        loaded = load(tmp_path / name)
        assert_same(loaded.theta_, net.theta_)
        assert_same(loaded.predict(ROWS), net.predict(ROWS))
        assert not any("callback" in attribute for attribute in vars(loaded))


# The file.


def test_the_file_is_an_npz_that_numpy_reads_without_pickle(tmp_path):
    net = train(small_net())
    net.save(tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["theta_"], net.theta_)
        header = json.loads(file["header.json"])
        assert set(file.files) == {"header.json", *header["arrays"]}
    assert header["format"] == 1
    assert header["skshallow"] == skshallow.__version__
    assert header["estimator"] == "DeepNetClassifier"
    assert header["arrays"]["theta_"] == {"dtype": "<f8", "shape": [len(net.theta_)]}


def test_components_are_written_by_name_with_their_settings(tmp_path):
    train(small_net(activation=LeakyReLU(0.1))).save(tmp_path / "net.npz")
    with zipfile.ZipFile(tmp_path / "net.npz") as file:
        header = json.loads(file.read("header.json"))
    assert header["parameters"]["activation"] == {"LeakyReLU": {"slope": 0.1}}
    assert "skshallow." not in json.dumps(header)


def test_the_same_net_gives_the_same_bytes(tmp_path):
    net = train(small_net(warm_start=True))
    for name in "ab":
        net.save(tmp_path / name)
    load(tmp_path / "a").save(tmp_path / "c")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    net, path = train(small_net()), tmp_path / "net.npz"
    net.save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space left"):
        train(small_net(hidden_units=5)).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["net.npz"]


def test_a_file_is_synced_before_it_replaces_the_old_one(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)

        def record(*args, name=name, original=original):
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(os, name, record)
    small_net().save(tmp_path / "net.npz")
    assert calls == ["fsync", "replace"]


@pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")
def test_links_and_file_modes_are_kept(tmp_path):
    path, link = tmp_path / "net.npz", tmp_path / "link.npz"
    small_net().save(path)
    path.chmod(0o640)
    link.symlink_to(path)
    train(small_net()).save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert hasattr(load(path), "theta_")


def test_paths_may_be_strings_and_missing_files_raise_oserror(tmp_path):
    small_net().save(str(tmp_path / "net.npz"))
    assert isinstance(load(str(tmp_path / "net.npz")), DeepNetClassifier)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "other.npz")
    with pytest.raises(FileNotFoundError):
        small_net().save(tmp_path / "folder" / "net.npz")


NO_FILES = {
    "folder": os.mkdir,
    "named pipe": getattr(os, "mkfifo", None),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(path),
    "device": lambda path: os.symlink(os.devnull, path),
}


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are those of POSIX")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_neither_read_nor_replaced(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # paths of sockets are short
    NO_FILES[kind]("path")
    before = os.stat("path")
    for act in (load, small_net().save):
        with pytest.raises(OSError, match=rf"'path' is a {kind}, not a file\. Pass the"):
            act("path")
    after = os.stat("path")
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert os.listdir() == ["path"]


def test_what_is_no_path_is_refused(tmp_path):
    with open(tmp_path / "file", "w+b") as file:
        for act in (load, small_net().save):
            for path in (None, 0, b"path"):
                with pytest.raises(TypeError, match="path must be a str or a path-like"):
                    act(path)
            with pytest.raises(TypeError, match=r"got <.*>\. Pass its name instead\."):
                act(file)


# What is refused.


class MySquaredError(SquaredError):
    pass


class MyAdamW(AdamW):
    pass


class MyPlateau(Plateau):
    pass


class MyInit(VarianceScaling):
    pass


class LeakyReLUOfMine(LeakyReLU):
    pass


LeakyReLUOfMine.__name__ = LeakyReLUOfMine.__qualname__ = "LeakyReLU"


def a_scorer(net, X, y):
    return 0.0


@pytest.mark.parametrize(
    ("params", "advice"),
    [
        ({"activation": MyReLU()}, "from_weights"),
        ({"activation": ["relu", MyReLU()]}, "from_weights"),
        ({"activation": LeakyReLUOfMine()}, "from_weights"),
        ({"init": MyInit()}, "skops"),
        ({"loss": MySquaredError()}, "skops"),
        ({"solver": MyAdamW()}, "skops"),
        ({"schedule": MyPlateau()}, "skops"),
        ({"scoring": a_scorer}, "net.set_params(scoring=None).save(path)"),
        (
            {"validation_fraction": ShuffleSplit()},
            "net.set_params(validation_fraction=0.1).save(path)",
        ),
        ({"random_state": np.random.RandomState(0)}, "an int or None"),
        ({"random_state": np.random.Generator(np.random.MT19937(0))}, "an int or None"),
        ({"alpha": np.longdouble(1)}, "plain arrays"),
    ],
    ids=called,
)
def test_parameters_that_are_code_are_refused_by_name(params, advice, tmp_path):
    (name,) = params
    with pytest.raises(
        TypeError, match=f"The parameter '{name}' cannot be saved"
    ) as caught:
        DeepNetRegressor(**params).save(tmp_path / "net.npz")
    assert advice in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_fitted_components_that_are_code_are_refused(tmp_path):
    net = train(small_net(activation=MyReLU())).set_params(activation="relu")
    with pytest.raises(TypeError, match="attribute 'network_' cannot be saved"):
        net.save(tmp_path / "net.npz")
    net = train(small_net())
    net.notes_ = {"net": object()}
    with pytest.raises(TypeError, match=r"attribute 'notes_' .* plain arrays"):
        net.save(tmp_path / "net.npz")


def test_subclasses_by_users_are_refused(tmp_path):
    class MyNet(DeepNetClassifier):
        pass

    with pytest.raises(TypeError, match="save cannot store MyNet"):
        MyNet().save(tmp_path / "net.npz")


def broken(**attributes):
    net = train(small_net())
    vars(net).update(attributes)
    return net


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (lambda: broken(theta_=np.full(34, np.nan)), "not finite"),
        (lambda: broken(theta_=np.zeros(33)), "another length"),
        (lambda: broken(n_outputs_=7), "n_outputs_"),
        (lambda: broken(predict=3), "'predict' is no attribute"),
        (lambda: small_net(alpha=-1), "'alpha' parameter"),
    ],
    ids=["nan", "length", "outputs", "hides a method", "parameter"],
)
def test_a_net_that_would_not_load_is_not_saved(net, reason, tmp_path):
    with pytest.raises(ValueError, match=f"load would refuse it: .*{reason}"):
        net().save(tmp_path / "net.npz")
    assert os.listdir(tmp_path) == []


def test_a_header_that_is_too_long_is_not_saved(tmp_path):
    net = small_net(class_weight={"x" * 5_000_000: 1})
    with pytest.raises(ValueError, match="at most 4194304 bytes can be saved"):
        net.save(tmp_path / "net.npz")
    assert os.listdir(tmp_path) == []


# The tables.


def test_component_names_are_unique():
    assert len(KINDS) == 12 + len(set(component_types()))
    for name, kind in KINDS.items():
        assert kind.type.__name__ == name


def test_the_estimators_that_a_file_may_name_are_those_of_the_package():
    assert set(ESTIMATORS) < set(skshallow.__all__)
    assert [getattr(skshallow, name) for name in ESTIMATORS] == list(ESTIMATORS.values())


# Files of earlier versions.


@pytest.mark.parametrize("name", ["classifier", "regressor"])
def test_files_of_format_1_load(name):
    """The files were written once, by version 0.1.0, and are never written anew."""
    expected = json.loads((DATA / f"format_1_{name}.json").read_text(encoding="utf-8"))
    net = load(DATA / f"format_1_{name}.npz")
    assert type(net).__name__ == expected["estimator"]
    for attribute, values in expected["attributes"].items():
        assert np.asarray(getattr(net, attribute)).tolist() == values
    X = pd.DataFrame(expected["X"], columns=getattr(net, "feature_names_in_", None))
    # the regressor computes in float32, whose products differ between machines
    tolerance = {"rtol": 1e-9} if name == "classifier" else {"rtol": 1e-4}
    for method, values in expected["methods"].items():
        predicted = getattr(net, method)(X)
        if method == "predict" and name == "classifier":
            assert predicted.tolist() == values
        else:
            np.testing.assert_allclose(predicted, values, **tolerance)
    n_before = net.n_iter_
    net.partial_fit(X, net.predict(X))
    assert net.n_iter_ == n_before + 1


# Pickle.


@pytest.mark.parametrize("version", [None, "0.0.1", "99.0"])
def test_unpickling_a_net_of_another_version_warns(version, net_class):
    net = train(small_net(net_class))
    state = net.__getstate__()
    assert state.pop("_skshallow_version") == skshallow.__version__
    if version is not None:
        state["_skshallow_version"] = version
    other = net_class.__new__(net_class)
    with pytest.warns(InconsistentVersionWarning, match="from version skshallow") as caught:
        other.__setstate__(state)
    assert (version or "unknown") in str(caught[0].message)
    assert f"skshallow {skshallow.__version__}" in str(caught[0].message)
    assert_same(other, net)


def test_unpickling_a_net_of_this_version_gives_an_equal_net_without_a_warning(net_class):
    net = train(small_net(net_class, warm_start=True))
    for other in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net), copy.copy(net)):
        assert_same(other, net)
        assert not hasattr(other, "_skshallow_version")
    assert not hasattr(clone(net), "theta_")


def test_an_invalid_pickle_state_is_an_error(net_class):
    with pytest.raises((TypeError, ValueError)):
        net_class.__new__(net_class).__setstate__(3)


def test_a_net_with_a_splitter_is_saved_by_the_line_of_the_error(tmp_path):
    rng = np.random.default_rng(0)
    X, path = rng.normal(size=(60, 3)), tmp_path / "net.npz"
    net = DeepNetRegressor(2, max_iter=2, early_stopping=True, random_state=0)
    net.set_params(validation_fraction=ShuffleSplit(2, random_state=0)).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="so nothing is lost by net") as error:
        net.save(path)
    predicted = net.predict(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), predicted)
    exec(str(error.value).split("lost by ")[1].rstrip("."), {"net": net, "path": path})
    np.testing.assert_array_equal(load(path).predict(X), predicted)
