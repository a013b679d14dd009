"""What a check of a gradient says of made-up findings: verdicts, suspect, text."""

import math

import numpy as np
import pytest

from skshallow.activations import PReLU, Step, Tanh
from skshallow.engine.embedding import Embedding
from skshallow.engine.network import Network
from skshallow.engine.periodic import PeriodicEmbedding
from skshallow.inspection._finite_differences import DerivativeComparison
from skshallow.inspection._gradient_report import CheckedParameter, GradientCheck
from skshallow.losses import SquaredError

RTOL = 1e-5
RIGHT = DerivativeComparison(0.5, 0.5, 1e-9)
WRONG = DerivativeComparison(0.5, 0.25, 0.5)
ZERO = DerivativeComparison(0.0, 0.0, 0.0)
KINK = DerivativeComparison(0.0, 0.5, 0.0, at_kink=True)
TWO = Tanh(), PReLU()
PERIODIC = PeriodicEmbedding((0,))
SHAPES = {"weight": (2, 3), "bias": (3,), "slope": (3,), "embedding": (5, 2)}
SHAPES |= PERIODIC.shapes()


def checked(layer, name, *comparisons):
    return CheckedParameter(
        layer, name, SHAPES[name], np.arange(len(comparisons)), comparisons
    )


def report(activations=TWO, embedding=None, periodic=None, **findings):
    """Return a report in which a parameter is right unless `findings` name it."""
    learned = {"embedding": embedding, "periodic": periodic}
    network = Network(2, 3, [3] * len(activations), activations, **learned)
    parameters = [
        checked(layer, name, *findings.get(f"{name}_{layer}", [RIGHT]))
        for layer, own in enumerate(network.layers)
        for name in own.shapes()
    ]
    return GradientCheck(network, SquaredError(), parameters, RTOL)


@pytest.mark.parametrize(
    ("comparisons", "verdict"),
    [
        ([], "not checked"),
        ([RIGHT, ZERO, KINK], "right"),
        ([ZERO, ZERO], "all zero"),
        ([ZERO, KINK], "only kinks"),
        ([RIGHT, KINK, WRONG], "wrong"),
        ([DerivativeComparison(math.nan, 0.5, math.inf)], "wrong"),
        ([DerivativeComparison(0.0, 1e-12, 1e-7)], "right"),
    ],
)
def test_the_verdict_follows_from_what_was_found(comparisons, verdict):
    assert checked(0, "weight", *comparisons).verdict(RTOL) == verdict


def test_the_verdict_keeps_to_the_tolerance():
    found = checked(0, "weight", DerivativeComparison(1.0, 1.001, 1e-3))
    assert found.verdict(1e-5) == "wrong"
    assert found.verdict(1e-2) == "right"


def test_it_passes_if_something_is_right_and_nothing_wrong():
    assert report().passed
    assert report(weight_0=[ZERO], bias_0=[]).passed
    assert not report(weight_0=[RIGHT, WRONG]).passed


def test_zeros_and_kinks_alone_show_nothing():
    zero = {f"{name}_{layer}": [ZERO] for name in SHAPES for layer in range(3)}
    check = report(**zero | {"bias_1": [KINK]})
    assert not check.passed
    assert check.suspect is None
    assert check.title.endswith("inconclusive")


@pytest.mark.parametrize(
    ("wrong", "suspect"),
    [
        (["weight_0"], "hidden layer 1, the backward pass of Tanh()"),
        (["bias_1"], "hidden layer 2, the backward pass of PReLU(slope=0.25)"),
        (["slope_1", "weight_1"], "hidden layer 2, the backward pass of PReLU(slope=0.25)"),
        (
            ["slope_1", "weight_0"],
            "hidden layer 2, what the backward pass of PReLU(slope=0.25) writes into "
            "grads['slope']",
        ),
        (["weight_0", "bias_1", "bias_2"], "output layer, the gradient of SquaredError()"),
        (["weight_2"], "output layer, the gradient of SquaredError()"),
    ],
)
def test_the_last_layer_with_an_error_is_the_suspect(wrong, suspect):
    check = report(**{name: [RIGHT, WRONG] for name in wrong})
    assert check.suspect == suspect
    assert f"Look first here: {suspect}." in " ".join(str(check).split())


@pytest.mark.parametrize(
    ("wrong", "suspect"),
    [
        (["embedding_0"], "hidden layer 1, the backward pass of the embedding"),
        (["embedding_0", "weight_0"], "hidden layer 1, the backward pass of Tanh()"),
        (["embedding_0", "bias_2"], "output layer, the gradient of SquaredError()"),
    ],
)
def test_an_embedding_is_suspect_if_all_after_it_is_right(wrong, suspect):
    findings = {name: [RIGHT, WRONG] for name in wrong}
    assert report(embedding=Embedding((3, 2), 2), **findings).suspect == suspect


@pytest.mark.parametrize(
    ("wrong", "suspect"),
    [
        (["periodic_phase_0"], "the periodic embedding"),
        (["periodic_phase_0", "periodic_bias_0"], "the periodic embedding"),
        (["periodic_phase_0", "embedding_0"], "the embedding and the periodic embedding"),
        (["periodic_phase_0", "weight_0"], "Tanh()"),
    ],
)
def test_curves_are_suspect_if_all_after_them_is_right(wrong, suspect):
    findings = {name: [RIGHT, WRONG] for name in wrong}
    check = report(embedding=Embedding((3, 2), 2), periodic=PERIODIC, **findings)
    assert check.suspect == f"hidden layer 1, the backward pass of {suspect}"


def test_nothing_is_suspect_where_all_is_right():
    check = report()
    assert check.suspect is None
    assert check.notes() == []
    assert check.raise_unless_passed() is None


def test_the_text_names_the_entry_with_the_largest_error():
    worse = DerivativeComparison(3.0, -1.5, 1.5)
    check = report(weight_0=[WRONG], weight_1=[RIGHT, RIGHT, WRONG, RIGHT, worse])
    assert check.largest_error == 1.5
    with pytest.raises(AssertionError) as error:
        check.raise_unless_passed()
    text = " ".join(str(error.value).split())
    assert "is in hidden layer 2, weight[1, 1]: 3 by backpropagation, -1.5 by" in text
    assert str(error.value) == str(check)


def test_the_text_names_what_is_not_shown():
    notes = " ".join(report(weight_0=[ZERO], slope_1=[KINK]).notes())
    assert "kink: hidden layer 1, weight; hidden layer 2, slope." in notes


def test_the_text_tells_what_a_straight_through_activation_hides():
    check = report([Step(), Tanh()], weight_0=[], bias_0=[])
    assert check.passed
    (note,) = check.notes()
    assert note.startswith("The layers up to hidden layer 1, whose activation Step()")


def test_no_largest_error_where_nothing_was_checked():
    network = Network(2, 3, [], [])
    check = GradientCheck(network, SquaredError(), [checked(0, "weight")], RTOL)
    assert math.isnan(check.largest_error)
    assert not check.passed


def test_the_table_has_a_row_a_parameter():
    check = report(weight_0=[RIGHT, WRONG, KINK])
    frame = check.to_frame()
    assert frame.index.tolist() == [
        "hidden layer 1, weight",
        "hidden layer 1, bias",
        "hidden layer 2, weight",
        "hidden layer 2, bias",
        "hidden layer 2, slope",
        "output layer, weight",
        "output layer, bias",
    ]
    first = frame.iloc[0]
    assert first[["entries", "checked", "at a kink"]].tolist() == [6, 3, 1]
    assert first["largest relative error"] == 0.5
    assert first["verdict"] == "wrong"
    assert "<caption>Gradient check of Network(2-3-3-3" in check._repr_html_()
