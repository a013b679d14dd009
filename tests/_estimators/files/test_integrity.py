"""Model files that were damaged or altered are refused, and no code of theirs is run."""

import functools
import io
import json
import pickle
import re
import struct
import sys
import tracemalloc
import warnings
import zipfile
import zlib
from contextlib import contextmanager

import numpy as np
import pytest
from same_state import assert_same
from small_nets import small_net, train

from skshallow import DeepNetClassifier, DeepNetRegressor, load
from skshallow._estimators.files.archive import LARGEST_HEADER
from skshallow.exceptions import UnreadableModel
from skshallow.losses import Quantile

ROWS = np.random.default_rng(0).normal(size=(24, 3))
LABELS = np.array(["no", "perhaps", "yes"], dtype=object)[np.arange(24) % 3]

# What reading data has no reason to do; opening files to read them is looked at apart.
RUNS_SOMETHING = re.compile(
    r"exec|import|pickle\..*|marshal\..*|os\..*|subprocess\..*|socket\..*|ctypes\..*|shutil\..*"
)
_events = None


def _hook(event, args):
    if _events is not None and RUNS_SOMETHING.fullmatch(event):
        _events.append((event, *map(str, args)))


@functools.cache
def _listen():
    sys.addaudithook(_hook)  # for good: Python has no way to take one off


@contextmanager
def nothing_runs():
    """Assert that the block executes no code, imports, unpickles and starts nothing."""
    global _events
    _listen()
    _events = []
    try:
        yield
        events = _events
    finally:
        _events = None
    assert events == []


def saved(tmp_path_factory, net, name):
    path = tmp_path_factory.mktemp("saved") / f"{name}.npz"
    net.save(path)
    load(path)  # what loading itself imports is imported before it is watched
    return path.read_bytes()


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    """Two small nets that may be trained further, and the bytes of their files."""
    classifier = DeepNetClassifier((2, 2), activation=("maxout", "prelu"), random_state=0)
    regressor = DeepNetRegressor(
        2, loss=Quantile([0.1, 0.9]), solver="adamw", schedule="plateau", random_state=0
    )
    classifier.partial_fit(ROWS, LABELS, classes=np.unique(LABELS))
    regressor.partial_fit(ROWS, ROWS[:, 0] ** 2).conformalize(ROWS[:5], ROWS[:5, 0])
    named = {"classifier": classifier, "regressor": regressor}
    return {name: (net, saved(tmp_path_factory, net, name)) for name, net in named.items()}


@pytest.fixture
def written(tmp_path, nets):
    """Return a function that writes bytes to a file and returns its path."""
    path = tmp_path / "altered.npz"

    def write(data):
        path.unlink(missing_ok=True)  # to overwrite a file may wait for the disk
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def read(written):
    """Return a function from bytes to the net that is loaded from a file of them."""
    return lambda data: load(written(data))


@pytest.fixture
def refused(written):
    """Return a function that asserts that bytes are refused for a reason."""

    def assert_refused(data, reason=None):
        path = written(data)
        with nothing_runs(), pytest.raises(UnreadableModel, match=reason) as caught:
            load(path)
        message = str(caught.value)
        assert message.startswith("Cannot load a net from '")
        assert "altered.npz'" in message

    return assert_refused


# Archives, taken apart and put together with correct checksums.


def members_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(members, **options):
    """Return the bytes of an archive; `members` is a dict, or pairs with names twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(zipfile.ZipInfo(name), content, options.get("compression"))
    return buffer.getvalue()


def npy_of(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), **options)
    return buffer.getvalue()


def npy_with_header(text, content=b""):
    text = text.encode("latin1").ljust(118 - 1) + b"\n"
    return np.lib.format.magic(1, 0) + struct.pack("<H", len(text)) + text + content


def header_of(data):
    return json.loads(members_of(data)["header.json"])


def with_header(data, change):
    """Return the file with its header changed by a function, in place."""
    members = members_of(data)
    header = json.loads(members["header.json"])
    change(header)
    return archive_of(members | {"header.json": json.dumps(header).encode()})


def with_array(data, name, array):
    """Return the file with one array replaced, and declared as it is."""
    members = members_of(data)
    header = json.loads(members["header.json"])
    array = np.asarray(array)
    header["arrays"][name] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    return archive_of(
        members
        | {
            f"{name}.npy": npy_of(array, allow_pickle=True),
            "header.json": json.dumps(header).encode(),
        }
    )


def test_an_archive_rebuilt_from_its_members_loads(nets, read):
    for net, data in nets.values():
        assert_same(read(archive_of(members_of(data))), net)


# The archive.


def test_a_file_truncated_anywhere_is_refused(nets, refused):
    _, data = nets["regressor"]
    for length in range(len(data)):
        refused(data[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"not an archive",
        pickle.dumps({"theta_": 1}),
        npy_of(np.zeros(3)),
        archive_of({}),
        archive_of({"theta_.npy": npy_of(np.zeros(3))}),
        zlib.compress(bytes(1000)),
    ],
    ids=["empty", "start", "text", "pickle", "npy", "no members", "npz", "zlib"],
)
def test_other_files_are_refused(data, refused):
    refused(data)


def test_bytes_before_an_archive_are_ignored(nets, read):
    """Archives may start and end with what is none of theirs; the net is the same."""
    net, data = nets["classifier"]
    assert_same(read(b"#!/bin/sh\n" + data), net)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../theta_.npy",
        "C:\\a.npy",
        "a/b.npy",
        "extra.npy",
        "extra",
        "x\0.npy",
    ],
)
def test_members_that_are_not_declared_are_refused(nets, refused, name):
    _, data = nets["classifier"]
    refused(archive_of(members_of(data) | {name: npy_of(np.zeros(2))}), "not those that")


@pytest.mark.parametrize("name", ["/etc/passwd", "../theta_", "a/b", "", ".", "a..b", "é"])
def test_odd_names_are_refused_even_if_declared(nets, refused, name):
    _, data = nets["classifier"]
    members = members_of(data) | {f"{name}.npy": npy_of(np.zeros(2))}
    header = json.loads(members["header.json"])
    header["arrays"][name] = {"dtype": "<f8", "shape": [2]}
    header["fitted"]["extra_"] = {"array": name}
    refused(archive_of(members | {"header.json": json.dumps(header).encode()}), "not those")


def test_missing_members_are_refused(nets, refused):
    _, data = nets["classifier"]
    members = members_of(data)
    for name in members:
        refused(archive_of({key: members[key] for key in members if key != name}))


def test_members_of_the_same_name_are_refused(nets, refused):
    _, data = nets["classifier"]
    members = members_of(data)
    for name in ("header.json", "theta_.npy"):
        refused(archive_of([*members.items(), (name, members[name])]), "the same name")


def test_a_zip_bomb_is_refused_before_it_is_decompressed(nets, refused):
    _, data = nets["classifier"]
    bomb = with_array(data, "theta_", np.zeros(3_000_000))
    bomb = archive_of(members_of(bomb), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        refused(bomb, "compressed")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_a_header_that_is_compressed_or_too_long_is_refused(nets, refused):
    _, data = nets["classifier"]
    members = members_of(data)
    long = members["header.json"] + b" " * LARGEST_HEADER
    refused(archive_of(members | {"header.json": long}), "its header takes")
    refused(archive_of(members, compression=zipfile.ZIP_DEFLATED), "compressed")


def central_entry(data, name):
    """Return where the central directory has the entry of a member."""
    where = data.rindex(name.encode())
    assert data[where - 46 : where - 42] == b"PK\1\2"
    return where - 46


@pytest.mark.parametrize(
    ("offset", "format", "value"),
    [
        (24, "<I", 10**9),  # size
        (20, "<I", 10**9),  # compressed size
        (20, "<II", (10**9, 10**9)),  # both
        (20, "<II", (8, 8)),
        (42, "<I", 2**32 - 2),  # where it lies
        (42, "<I", 0),
        (16, "<I", 12345),  # checksum
        (8, "<H", 1),  # encrypted
        (10, "<H", 99),  # an unknown compression
    ],
)
def test_a_zip_directory_with_false_entries_is_refused(
    nets, refused, offset, format, value
):
    _, data = nets["classifier"]
    where = central_entry(data, "theta_.npy") + offset
    values = value if isinstance(value, tuple) else (value,)
    field = struct.pack(format, *values)
    refused(data[:where] + field + data[where + len(field) :])


# The header.


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"3",
        b'"text"',
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "arrays": {}}',
        b'{"format": 1, "arrays": [], "estimator": "DeepNetClassifier"}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"format": ' + b"1" * 10_000 + b"}",
        b'{"format": NaN}',
        b'{"format": 1e999}',
    ],
    ids=lambda text: text[:20].decode("latin1"),
)
def test_invalid_headers_are_refused(nets, refused, text):
    _, data = nets["classifier"]
    refused(archive_of(members_of(data) | {"header.json": text}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_outside_of_json_are_refused(nets, refused, number):
    _, data = nets["classifier"]
    members = members_of(data)
    text = members["header.json"].replace(b'"tol": 0.0001', f'"tol": {number}'.encode())
    assert text != members["header.json"]
    refused(archive_of(members | {"header.json": text}), "no number of JSON")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 1', '"format": 1, "format": 1'),
        ('"tol": 0.0001', '"tol": 0.0001, "tol": 0.1'),
        ('"theta_": {"array": "theta_"}', '"theta_": {"array": "theta_", "array": "x"}'),
        ('"theta_": {"dtype"', '"theta_": {"dtype": "<f8", "dtype"'),
    ],
)
def test_duplicate_keys_are_refused(nets, refused, old, new):
    _, data = nets["classifier"]
    members = members_of(data)
    text = members["header.json"].replace(old.encode(), new.encode())
    assert text != members["header.json"]
    refused(archive_of(members | {"header.json": text}), "same key twice")


def test_a_newer_format_says_to_upgrade(nets, refused):
    _, data = nets["classifier"]
    newer = with_header(data, lambda header: header.update(format=2, skshallow="9.1"))
    refused(newer, r"format 2, written by skshallow 9\.1.*Upgrade skshallow\.")


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None, [1]])
def test_formats_that_never_existed_are_refused(nets, refused, number):
    _, data = nets["classifier"]
    refused(with_header(data, lambda header: header.update(format=number)), "format")


def test_a_parameter_of_a_later_version_names_both_versions(nets, refused):
    def change(header):
        header["parameters"]["telepathy"] = True
        header["skshallow"] = "9.1"

    _, data = nets["classifier"]
    refused(with_header(data, change), r"no parameter 'telepathy' .*written by 9\.1")


@pytest.mark.parametrize("name", ["n_members", "average_weights"])
def test_parameters_unknown_to_an_earlier_version_get_their_default(name, nets, read):
    net, data = nets["classifier"]
    loaded = read(with_header(data, lambda header: header["parameters"].pop(name)))
    assert_same(loaded, net)


@pytest.mark.parametrize("value", [True, False, "auto"])
def test_parameters_under_an_earlier_name_are_those_of_today(value, read, tmp_path):
    """Also in `resolved_params_`, and in what further training compares."""
    net = train(small_net(average_weights=value))
    net.save(tmp_path / "net.npz")
    members = members_of((tmp_path / "net.npz").read_bytes())
    text = members["header.json"]
    assert text.count(b'"average_weights"') == 3
    text = text.replace(b'"average_weights"', b'"average"')
    loaded = read(archive_of(members | {"header.json": text}))
    assert_same(loaded, net)


def test_a_net_of_an_earlier_version_trains_on_without_a_count_of_rows(nets, read):
    _, data = nets["classifier"]
    loaded = read(with_header(data, lambda header: header["fitted"].pop("t_")))
    n_iter = loaded.n_iter_
    assert loaded.partial_fit(ROWS, LABELS).n_iter_ == n_iter + 1
    assert not hasattr(loaded, "t_")


def test_a_parameter_under_both_of_its_names_is_refused(nets, refused):
    def change(header):
        header["parameters"]["average"] = header["parameters"]["average_weights"]

    _, data = nets["classifier"]
    refused(with_header(data, change), "under its earlier name and today's")


@pytest.mark.parametrize("name", ["alpha", "random_state", "hidden_units"])
def test_a_file_without_a_parameter_is_refused_by_name(name, nets, refused):
    _, data = nets["classifier"]
    lost = with_header(data, lambda header: header["parameters"].pop(name))
    refused(lost, f"The parameter '{name}' is missing")


CODE = [
    {"os.system": "true"},
    {"skshallow.activations.ReLU": {}},
    {"builtins": {}},
    {"eval": "1"},
    {"__class__": "x"},
    {"Adam": {}},
    {"Activation": {}},
    {"ReLU": {"slope": 1}},
    {"LeakyReLU": {"slope": "0.1"}},
    {"LeakyReLU": {"slope": True}},
    {"LeakyReLU": {"slope": {"LeakyReLU": {"slope": 0.1}}}},
    {"LeakyReLU": {"__class__": 0.1}},
    {"LeakyReLU": []},
    {"Maxout": {"pieces": 1}},
    {"Maxout": {"pieces": 2.5}},
    {"VarianceScaling": {"fan": "fan_out"}},
    {"ELU": {"alpha": {"tuple": [1.0]}}},
    {"ReLU": {}, "Tanh": {}},
    {},
    {"float": "1"},
    {"tuple": 3},
    {"dict": [[1]]},
    {"dict": [[[], 1]]},
    {"dict": [[1, 1], [1, 1]]},
    {"array": "nowhere"},
    {"scalar": "theta_"},
    {"objects": {"of": "object", "text": {"array": "theta_"}, "lengths": 1}},
    3,
    True,
    None,
    [None],
]


@pytest.mark.parametrize("value", CODE, ids=str)
def test_components_outside_of_the_tables_or_with_unknown_settings_are_refused(
    nets, refused, value
):
    _, data = nets["classifier"]

    def change(header):
        header["parameters"]["activation"] = value

    if value == [None]:  # that activation holds names is checked when it is used
        change = functools.partial(_replace_activation_of_the_network, value)
    refused(with_header(data, change))


def _replace_activation_of_the_network(value, header):
    header["fitted"]["network_"]["Network"]["activations"] = value * 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", -1),
        ("alpha", "1"),
        ("hidden_units", 0),
        ("hidden_units", None),
        ("scoring", {"ReLU": {}}),
        ("scoring", 3),
        ("random_state", "now"),
        ("random_state", {"Generator": {}}),
        ("dtype", "object"),
        ("verbose", "yes"),
    ],
)
def test_parameters_are_checked_as_in_fit(nets, refused, name, value):
    _, data = nets["classifier"]
    refused(with_header(data, lambda header: header["parameters"].update({name: value})))


@pytest.mark.parametrize(
    "name", ["predict", "coefs_", "__class__", "__dict__", "fit", "alpha", "scoring",
             "_skl_callbacks", "_metadata_request", "_parameter_constraints"]
)  # fmt: skip
def test_attributes_that_would_shadow_others_are_refused(nets, refused, name):
    _, data = nets["classifier"]
    changed = with_header(data, lambda header: header["fitted"].update({name: "x"}))
    refused(changed, "no attribute that a fit leaves")


@pytest.mark.parametrize(
    "estimator", ["Pipeline", "BaseNet", "skshallow.DeepNetClassifier", "", None, 3, ["x"]]
)
def test_other_estimators_are_refused(nets, refused, estimator):
    _, data = nets["classifier"]
    refused(with_header(data, lambda header: header.update(estimator=estimator)))


def test_a_classifier_does_not_load_as_a_regressor(nets, refused):
    for name, other in [("classifier", "Regressor"), ("regressor", "Classifier")]:
        _, data = nets[name]
        refused(
            with_header(
                data, lambda header, o=other: header.update(estimator=f"DeepNet{o}")
            )
        )


@pytest.mark.parametrize(
    "requests",
    [{"fit": {"x": True}}, {"__init__": {}}, {"fit": []}, [], None, {"predict": 1}],
)
def test_invalid_metadata_requests_are_refused(nets, refused, requests):
    _, data = nets["classifier"]
    refused(with_header(data, lambda header: header.update(metadata_requests=requests)))


def test_arrays_used_twice_or_never_are_refused(nets, refused):
    def use_twice(header):
        header["fitted"]["copy_"] = {"array": "theta_"}

    def use_never(header):
        del header["fitted"]["loss_curve_"]

    _, data = nets["classifier"]
    refused(with_header(data, use_twice), "theta_")
    refused(with_header(data, use_never), "Nothing uses the array 'loss_curve_'")


# Arrays.


class Evil:
    """What runs when it is unpickled, and leaves a mark."""

    unpickled = False

    def __reduce__(self):
        return setattr, (Evil, "unpickled", True)


def test_pickles_are_never_opened(nets, refused):
    _, data = nets["classifier"]
    refused(
        with_array(data, "theta_", np.array([Evil()] * 34, dtype=object)), "plain dtype"
    )
    members = members_of(data)
    objects = npy_of(np.array([Evil()] * 34, dtype=object), allow_pickle=True)
    refused(archive_of(members | {"theta_.npy": objects}), "declares")
    refused(archive_of(members | {"theta_.npy": pickle.dumps(Evil())}))
    refused(archive_of(members | {"header.json": pickle.dumps(Evil())}))
    assert not Evil.unpickled
    pickle.loads(pickle.dumps(Evil()))
    assert Evil.unpickled
    Evil.unpickled = False


GIANT = [[10**15], [10**18], [2**63], [10**30], [10**6, 10**6, 10**6], [0, 10**30]]


@pytest.mark.parametrize("shape", GIANT, ids=str)
@pytest.mark.parametrize("where", ["header", "npy", "both"])
def test_giant_shapes_are_refused_before_anything_is_allocated(nets, refused, shape, where):
    _, data = nets["classifier"]
    members = members_of(data)
    header = json.loads(members["header.json"])
    if where != "npy":
        header["arrays"]["theta_"]["shape"] = shape
    if where != "header":
        text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
        members["theta_.npy"] = npy_with_header(text, members["theta_.npy"][128:])
    data = archive_of(members | {"header.json": json.dumps(header).encode()})
    tracemalloc.start()
    try:
        refused(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "dtype",
    ["|O", "object", "|V8", "<c16", "<f16", "|S8", "<U0", "", "f8,f8", "<f8\n", "np", 3],
)
def test_other_dtypes_are_refused(nets, refused, dtype):
    _, data = nets["classifier"]

    def change(header):
        header["arrays"]["theta_"]["dtype"] = dtype

    refused(with_header(data, change))


@pytest.mark.parametrize(
    "shape", [[34.0], ["34"], [-1], [True], 34, None, [[34]], {"a": 1}]
)
def test_shapes_are_lists_of_counts(nets, refused, shape):
    _, data = nets["classifier"]

    def change(header):
        header["arrays"]["loss_curve_"]["shape"] = shape

    refused(with_header(data, change))


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
        "__import__('os').getcwd()",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }",
        "{" + "(" * 100,
        "",
        "\xff",
    ],
)
def test_arrays_with_another_header_are_refused(nets, refused, text):
    _, data = nets["classifier"]
    members = members_of(data)
    assert members["loss_curve_.npy"][128:] == npy_of(np.zeros(1) + read_loss(data))[128:]
    changed = npy_with_header(text, members["loss_curve_.npy"][128:])
    refused(archive_of(members | {"loss_curve_.npy": changed}))


def read_loss(data):
    return header_of(data)["fitted"]["loss_"]


def test_other_versions_and_other_lengths_of_npy_are_refused(nets, refused):
    _, data = nets["classifier"]
    members = members_of(data)
    loss = np.array([read_loss(data)])
    for version in [(2, 0), (3, 0)]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            changed = npy_of(loss, version=version)
        refused(
            archive_of(members | {"loss_curve_.npy": changed}), r"no array of format 1\.0"
        )
    whole = members["loss_curve_.npy"]
    for changed in (whole + b"\0", whole[:-1], whole[:100], whole[:9], b""):
        refused(archive_of(members | {"loss_curve_.npy": changed}))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["theta_", "_units.center", "_moments.0.mean"])
@pytest.mark.parametrize("which", ["classifier", "regressor"])
def test_numbers_that_are_not_finite_are_refused(nets, refused, value, name, which):
    _, data = nets[which]
    array = np.load(io.BytesIO(members_of(data)[f"{name}.npy"]))
    array[-1] = value
    refused(with_array(data, name, array))


@pytest.mark.parametrize(
    ("which", "name", "change"),
    [
        ("classifier", "theta_", lambda a: a[:-1]),
        ("classifier", "theta_", lambda a: a[:, None]),
        ("classifier", "theta_", lambda a: a.astype(np.float16)),
        ("classifier", "theta_", lambda a: a.astype(np.int64)),
        ("classifier", "theta_", lambda a: a.astype("U8")),
        ("classifier", "_units.center", lambda a: a[:-1]),
        ("classifier", "_units.scale", lambda a: -a),
        ("classifier", "_units.scale", lambda a: 0 * a),
        ("classifier", "classes_", lambda a: a[:-1]),
        ("classifier", "classes_", lambda a: a.astype(float)),
        ("classifier", "classes_", lambda a: a + 128),
        ("classifier", "classes_.lengths", lambda a: a[:-1]),
        ("classifier", "classes_.lengths", lambda a: -a),
        ("classifier", "classes_.lengths", lambda a: a * 2**60),
        ("classifier", "classes_.lengths", lambda a: a.astype(float)),
        ("classifier", "classes_.lengths", lambda a: a[:, None]),
        ("regressor", "_units.factor", lambda a: a[:1]),
        ("regressor", "_units.target_scale", lambda a: -a),
        ("regressor", "_calibration.0", lambda a: a[1:]),
        ("regressor", "_calibration.1", lambda a: a * np.nan),
        ("regressor", "_calibration.1", lambda a: np.hstack([a, a])),
        ("classifier", "_moments.1.square", lambda a: np.append(a, a)),
        ("regressor", "_moments.1.values", lambda a: np.hstack([a, a])),
        ("regressor", "_moments.1.values", lambda a: a[:-1]),
        ("regressor", "_moments.1.weight", lambda a: -a),
        ("regressor", "_moments.1.center", lambda a: a * np.nan),
        ("regressor", "_moments.1.deviation", lambda a: 0 * a),
        ("regressor", "_moments.0.unit", lambda a: a.astype(np.float32)),
        ("regressor", "_progress.solver_state.mean", lambda a: a[:-1]),
        ("regressor", "_progress.solver_state.square", lambda a: a.astype(np.float32)),
        ("regressor", "loss_curve_", lambda a: a.astype(int)),
        ("regressor", "validation_scores_", lambda a: a[:, None]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(nets, refused, which, name, change):
    _, data = nets[which]
    array = np.load(io.BytesIO(members_of(data)[f"{name}.npy"]))
    refused(with_array(data, name, change(array)))


def test_unusual_bytes_in_booleans_and_characters_are_refused(tmp_path_factory, refused):
    for y, bad in [(ROWS[:, 0] > 0, 2), (LABELS.astype(str), 0x110000)]:
        net = train(small_net(), ROWS, y)
        members = members_of(saved(tmp_path_factory, net, "net"))
        array = np.load(io.BytesIO(members["classes_.npy"]))
        raw = array.view(np.uint8 if y.dtype == bool else np.uint32).copy()
        raw[-1] = bad
        changed = members["classes_.npy"][:128] + raw.tobytes()
        refused(archive_of(members | {"classes_.npy": changed}), "truth values|characters")


def set_path(header, path, value):
    *parents, last = path
    for key in parents:
        header = header[key]
    header[last] = value


def directions(inputs, outputs=(True, True)):
    """Return how a file has the directions of a network."""
    parts = {"inputs": {"tuple": inputs}, "outputs": {"tuple": [*outputs]}}
    return {"Directions": parts}


PROGRESS = ["_progress", "Progress"]
GENERATOR = [*PROGRESS, "rng", "Generator"]
NETWORK = ["network_", "Network"]


@pytest.mark.parametrize(
    ("which", "path", "value"),
    [
        ("classifier", ["n_features_in_"], 4),
        ("classifier", ["n_features_in_"], "3"),
        ("classifier", ["n_outputs_"], 4),
        ("classifier", ["n_iter_"], -1),
        ("classifier", ["best_iter_"], 0.5),
        ("classifier", ["_is_multilabel"], True),
        ("classifier", ["_is_multilabel"], 0),
        ("classifier", ["_loss"], {"SquaredError": {}}),
        ("classifier", ["_loss"], {"ReLU": {}}),
        ("classifier", ["_loss"], "log_loss"),
        ("classifier", ["classes_"], [1, 2, 3]),
        ("classifier", ["classes_"], {"ReLU": {}}),
        ("classifier", ["temperature_"], 0.0),
        ("classifier", ["temperature_"], {"float": "nan"}),
        ("classifier", ["feature_names_in_"], [1, 2, 3]),
        ("classifier", ["theta_"], [1.0, 2.0]),
        ("classifier", ["theta_"], None),
        ("classifier", ["network_"], None),
        ("classifier", ["_units"], None),
        ("classifier", ["_units"], {"Units": {"factor": 1.0}}),
        ("classifier", ["_moments"], []),
        ("classifier", ["_moments"], {"tuple": [None, None]}),
        ("classifier", ["_moments", "tuple", 0, "Moments", "total"], -1.0),
        ("classifier", ["_moments", "tuple", 0, "Moments", "more"], 1.0),
        ("classifier", ["health_"], [1]),
        ("classifier", ["health_"], {"dict": [["dead", 3]]}),
        ("classifier", [*NETWORK, "n_features"], 10**18),
        ("classifier", [*NETWORK, "hidden_units"], [10**18, 2]),
        ("classifier", [*NETWORK, "hidden_units"], [2, -2]),
        ("classifier", [*NETWORK, "hidden_units"], [2.0, 2]),
        ("classifier", [*NETWORK, "hidden_units"], [True, 2]),
        ("classifier", [*NETWORK, "hidden_units"], [30, 30]),
        ("classifier", [*NETWORK, "hidden_units"], [2]),
        ("classifier", [*NETWORK, "activations"], ["relu", "relu"]),
        ("classifier", [*NETWORK, "activations"], [{"ReLU": {}}, {"ReLU": {}}]),
        ("classifier", [*NETWORK, "activations"], [{"Maxout": {"pieces": 10**18}}] * 2),
        ("classifier", [*NETWORK, "dropout"], 1.0),
        ("classifier", [*NETWORK, "dropout"], {"float": "nan"}),
        ("classifier", [*NETWORK, "dropout"], "0"),
        ("classifier", [*NETWORK, "n_members"], 0),
        ("classifier", [*NETWORK, "n_members"], 2),
        ("classifier", [*NETWORK, "n_members"], 10**18),
        ("classifier", [*NETWORK, "n_members"], 1.0),
        ("classifier", [*NETWORK, "shares_weights"], "yes"),
        ("classifier", [*NETWORK, "shares_weights"], []),
        ("classifier", [*NETWORK, "more"], 1),
        ("classifier", PROGRESS, {}),
        ("classifier", [*PROGRESS, "epoch"], -1),
        ("classifier", [*PROGRESS, "solver"], None),
        ("classifier", [*PROGRESS, "solver"], {"SGD": {}}),
        ("classifier", [*PROGRESS, "schedule"], {"Adam": {}}),
        ("classifier", [*PROGRESS, "solver_state"], {"dict": []}),
        ("classifier", [*PROGRESS, "solver_state", "dict", 2, 1], -1),
        ("classifier", [*PROGRESS, "solver_state", "dict", 2, 1], 1.5),
        ("classifier", [*PROGRESS, "rng"], 3),
        ("classifier", [*GENERATOR, "bit_generator"], "MT19937"),
        ("classifier", [*GENERATOR, "bit_generator"], "RandomState"),
        ("classifier", [*GENERATOR, "state"], -1),
        ("classifier", [*GENERATOR, "state"], 2**128),
        ("classifier", [*GENERATOR, "state"], 1.5),
        ("classifier", [*GENERATOR, "inc"], "1"),
        ("classifier", [*GENERATOR, "uinteger"], 2**32),
        ("classifier", [*GENERATOR, "has_uint32"], "x"),
        ("regressor", ["_n_targets"], 2),
        ("regressor", ["_n_targets"], 0),
        ("regressor", ["_target_ndim"], 3),
        ("regressor", ["_target_ndim"], 1.0),
        ("regressor", ["_loss"], {"Quantile": {"quantile": {"tuple": [0.9, 0.1]}}}),
        ("regressor", ["_loss"], {"Quantile": {"quantile": {"tuple": [0.1, "x"]}}}),
        ("regressor", ["_loss"], {"Quantile": {"quantile": [0.1, 0.9]}}),
        ("regressor", ["_loss"], {"Quantile": {"quantile": 2.0}}),
        ("regressor", ["_calibration"], [1, 2]),
        ("regressor", [*NETWORK, "directions"], {"tuple": [1, 0, 0]}),
        ("regressor", [*NETWORK, "directions"], directions([1, 0])),
        ("regressor", [*NETWORK, "directions"], directions([0, 0, 2])),
        ("regressor", [*NETWORK, "directions"], directions([0, 0, 0.0])),
        ("regressor", [*NETWORK, "directions"], directions([0, 0, True])),
        ("regressor", [*NETWORK, "directions"], directions([0, 0, 0], [True])),
        ("regressor", [*NETWORK, "directions"], directions([0, 0, 0], [1, 1])),
        ("regressor", [*NETWORK, "directions"], directions([1, -1, 1])),
        ("classifier", [*NETWORK, "directions"], directions([1, -1, 1], [True] * 3)),
        ("regressor", [*PROGRESS, "schedule_state", "dict", 0, 1], "x"),
        ("regressor", [*PROGRESS, "schedule_state", "dict", 2, 1], -1),
        ("regressor", [*PROGRESS, "solver_state", "dict", 3, 1], 7.5),
    ],
    ids=str,
)
def test_state_that_does_not_fit_is_refused(nets, refused, which, path, value):
    _, data = nets[which]
    changed = with_header(data, lambda header: set_path(header["fitted"], path, value))
    # what the value takes the place of is declared and used no longer: so drop it too
    refused(without_unused_arrays(changed))


@pytest.fixture(scope="module")
def of_members(tmp_path_factory):
    """Return the file of a regressor whose members held rows out, calibrated on them."""
    own_folds = {"n_members": 2, "early_stopping": True, "validation_fraction": 0.5}
    net = DeepNetRegressor(2, **own_folds, max_iter=2, random_state=0)
    net.fit(ROWS, ROWS[:, 0]).conformalize(y_cal=ROWS[:, 0])
    return saved(tmp_path_factory, net, "members")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("_calibration.1", lambda a: a[1:]),
        ("_calibration.2", lambda a: a[1:]),
        ("_calibration.2", lambda a: a - 1),
        ("_calibration.2", lambda a: a + 1),
        ("_calibration.2", lambda a: a.astype(float)),
        ("_calibration.3", lambda a: a[1:]),
        ("_calibration.3", lambda a: 0 * a),
        ("_held_out.0", lambda a: a[1:]),
        ("_held_out.0", lambda a: a * np.nan),
        ("_held_out.0", lambda a: np.hstack([a, a])),
        ("_held_out.1", lambda a: a + 1),
        ("_held_out.1", lambda a: 0 * a - 1),
        ("_held_out.1", lambda a: a[:, None]),
        ("_held_out.2", lambda a: a.astype(float)),
        ("_held_out.2", lambda a: np.append(a, a)),
    ],
)
def test_folds_that_do_not_fit_are_refused(of_members, refused, name, change):
    array = np.load(io.BytesIO(members_of(of_members)[f"{name}.npy"]))
    refused(with_array(of_members, name, change(array)))


@pytest.mark.parametrize(
    "path",
    [["_calibration", "tuple", 3], ["_held_out"], ["_held_out", "tuple", 3]],
    ids=str,
)
def test_folds_that_are_none_are_refused(of_members, refused, path):
    changed = with_header(of_members, lambda header: set_path(header["fitted"], path, [0]))
    refused(without_unused_arrays(changed))


@pytest.fixture(scope="module")
def of_views(tmp_path_factory):
    """Return the file of a regressor whose members have views of their own."""
    few = {"n_members": 2, "max_iter": 2, "random_state": 0, "early_stopping": False}
    net = DeepNetRegressor(2, numeric_encoding=["piecewise_linear", "periodic"], **few)
    return saved(tmp_path_factory, net.fit(ROWS, ROWS[:, 0]), "views")


CURVES = [*NETWORK, "periodic"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (CURVES, None),
        (CURVES, 1),
        ([*CURVES, "PeriodicEmbedding", "gain"], 0.0),
        ([*CURVES, "PeriodicEmbedding", "gain"], -1.0),
        ([*CURVES, "PeriodicEmbedding", "gain"], {"float": "inf"}),
        ([*CURVES, "PeriodicEmbedding", "gain"], "1"),
        ([*CURVES, "PeriodicEmbedding", "columns"], {"tuple": [0, 1]}),
        ([*CURVES, "PeriodicEmbedding", "columns"], {"tuple": [0, 1, 7]}),
        ([*NETWORK, "unseen"], []),
        ([*NETWORK, "unseen"], [None, None]),
        ([*NETWORK, "unseen"], [[0, 1], [1, 2]]),
        ([*NETWORK, "unseen"], [[3, 4]]),
    ],
    ids=str,
)
def test_views_that_do_not_fit_are_refused(of_views, refused, path, value):
    refused(with_header(of_views, lambda header: set_path(header["fitted"], path, value)))


@pytest.mark.parametrize(
    "change", [lambda a: a + 1, lambda a: a[1:], lambda a: a[[0, 0, 1]], lambda a: a[::-1]]
)
def test_curves_of_other_columns_are_refused(of_views, refused, change):
    array = np.load(io.BytesIO(members_of(of_views)["_encoding.periodic.npy"]))
    refused(with_array(of_views, "_encoding.periodic", change(array)))


def test_missing_state_is_refused(nets, refused):
    optional = {"health_", "loss_", "n_iter_", "best_iter_", "_moments", "_progress"}
    optional |= {"resolved_params_", "_used_params", "t_"}
    for _, data in nets.values():
        for name in header_of(data)["fitted"]:
            if name in optional | {"theta_", "_calibration"} or name.endswith("_curve_"):
                continue
            if name == "validation_scores_":
                continue
            changed = with_header(
                data, lambda header, name=name: header["fitted"].pop(name)
            )
            refused(without_unused_arrays(changed))


def without_unused_arrays(data):
    """Return the file without the arrays that nothing in its header names."""
    members = members_of(data)
    header = json.loads(members["header.json"])
    arrays = header.pop("arrays")
    text = json.dumps(header)
    used = {name: arrays[name] for name in arrays if f'"{name}"' in text}
    members = {f"{name}.npy": members[f"{name}.npy"] for name in used}
    return archive_of(
        members | {"header.json": json.dumps({**header, "arrays": used}).encode()}
    )


# Mutations.


def mutate(data, other, rng):
    """Return the bytes of a file, changed in one to four places at random."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        i = int(rng.integers(len(data) + 1))
        j = min(len(data), i + int(rng.integers(1, 40)))
        kind = rng.integers(8)
        if kind == 0 and i < len(data):
            data[i] ^= 1 << int(rng.integers(8))
        elif kind == 1 and i < len(data):
            data[i] = int(rng.integers(256))
        elif kind == 2:
            del data[i:j]
        elif kind == 3:
            data[i:i] = rng.bytes(j - i)
        elif kind == 4:
            data[i:j] = bytes(j - i)
        elif kind == 5:
            data[i:i] = data[i:j]
        elif kind == 6:
            data[i:j] = other[i:j]
        else:
            del data[i:]
    return bytes(data)


EVERY_VALUE = [
    None,
    True,
    -1,
    0,
    1,
    3,
    2**64,
    0.5,
    -1.5,
    "",
    "x",
    "relu",
    [],
    {},
    [1],
    {"a": 1},
]


def places(value, path=()):
    """Yield the path to every value within JSON."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def mutate_header(data, rng):
    """Return a file of correct checksums, one value of its header replaced or removed."""
    members = members_of(data)
    header = json.loads(members["header.json"])
    _, *paths = places(header)
    *parents, last = paths[rng.integers(len(paths))]
    parent = header
    for key in parents:
        parent = parent[key]
    kind = rng.integers(4)
    if kind == 0:
        del parent[last]
    elif kind == 1 and isinstance(parent, dict):
        parent[f"{last}x"] = parent.pop(last)
    else:
        parent[last] = EVERY_VALUE[rng.integers(len(EVERY_VALUE))]
    return archive_of(members | {"header.json": json.dumps(header).encode()})


def assert_altered_bytes_are_refused_or_mean_the_same(nets, written, n_mutations):
    """Every checksum intact, a file says the same: dates, say, are no part of the net."""
    rng = np.random.default_rng(n_mutations)
    files = list(nets.values())
    n_refused = 0
    for _ in range(n_mutations):
        k = int(rng.integers(len(files)))
        net, data = files[k]
        changed = mutate(data, files[1 - k][1], rng)
        path = written(changed)
        with nothing_runs():
            try:
                loaded = load(path)
            except UnreadableModel:
                n_refused += 1
                continue
        assert_same(loaded, net)
        np.testing.assert_array_equal(loaded.predict(ROWS), net.predict(ROWS))
    assert n_refused > 0.7 * n_mutations


def assert_altered_headers_are_refused_or_make_a_net(nets, written, n_mutations):
    """What loads despite a changed header is a net whose arrays all fit."""
    rng = np.random.default_rng(n_mutations)
    files = list(nets.values())
    n_refused = 0
    for _ in range(n_mutations):
        net, data = files[int(rng.integers(len(files)))]
        changed = mutate_header(data, rng)
        path = written(changed)
        with nothing_runs():
            try:
                loaded = load(path)
            except UnreadableModel:
                n_refused += 1
                continue
        if not hasattr(loaded, "theta_"):
            continue
        assert_same(loaded.theta_, net.theta_)
        assert type(loaded) is type(net)
        assert loaded.predict(ROWS).shape == net.predict(ROWS).shape
    assert n_refused > 0.5 * n_mutations


def test_some_hundred_mutations_are_refused_or_change_nothing(nets, written):
    assert_altered_bytes_are_refused_or_mean_the_same(nets, written, 400)


def test_some_hundred_changed_headers_are_refused_or_make_a_net(nets, written):
    assert_altered_headers_are_refused_or_make_a_net(nets, written, 300)


@pytest.mark.slow
def test_ten_thousand_mutations_are_refused_or_change_nothing(
    nets, written, record_property
):
    assert_altered_bytes_are_refused_or_mean_the_same(nets, written, 12_000)
    record_property("altered_files", 12_000)


@pytest.mark.slow
def test_ten_thousand_changed_headers_are_refused_or_make_a_net(
    nets, written, record_property
):
    assert_altered_headers_are_refused_or_make_a_net(nets, written, 10_000)
    record_property("altered_files", 10_000)
