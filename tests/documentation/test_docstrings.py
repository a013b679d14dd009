"""Docstrings of estimators and components: complete, and true to the code."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re

import pandas as pd
import pytest
from numpydoc_sections import entries, sections
from varieties import VARIETIES, fitted

import skshallow
from skshallow import DeepNetClassifier, HiddenFeatures
from skshallow._component import settings_of, valid_values
from skshallow._estimators.files.codec import component_types
from skshallow._estimators.fit import auto
from skshallow.activations import ACTIVATIONS
from skshallow.initializers import INITIALIZERS
from skshallow.losses import CLASSIFICATION_LOSSES, REGRESSION_LOSSES
from skshallow.schedules import SCHEDULES
from skshallow.solvers import SOLVERS

COMPONENTS = [kind for kind in dict.fromkeys(component_types()) if settings_of(kind())]


def parameters(net_class):
    return entries(sections(net_class.__doc__)["Parameters"])


def settings_documented(kind):
    """Return type and text of a component's entries, each for a name or for several."""
    return entries(sections(kind.__doc__)["Parameters"], name=r"\w+(?:, \w+)*")


def quoted(text):
    return set(re.findall(r'"(\w+)"', text))


def test_every_parameter_is_documented_with_its_true_default(net_class):
    documented = parameters(net_class)
    signature = inspect.signature(net_class).parameters
    assert set(documented) == set(signature)
    for name, parameter in signature.items():
        kind, text = documented[name]
        default = re.search(r"default=(\S+)$", kind)[1]
        assert ast.literal_eval(default) == parameter.default, name
        assert type(ast.literal_eval(default)) is type(parameter.default), name
        assert text.strip().endswith("."), name


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
def test_every_setting_of_a_component_is_documented_with_its_true_default(kind):
    documented = {}
    for names, (type_and_default, _) in settings_documented(kind).items():
        defaults = re.search("default=(.*)$", type_and_default)[1]
        documented |= zip(names.split(", "), defaults.split(", "), strict=True)
    settings = {it.name: it.default for it in dataclasses.fields(kind) if it.init}
    assert {name: ast.literal_eval(text) for name, text in documented.items()} == settings


@pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.__name__)
def test_every_setting_of_a_component_is_documented_with_its_true_range(kind):
    documented = {}
    for names, entry in settings_documented(kind).items():
        text = " ".join(" ".join(entry).split())
        documented |= dict.fromkeys(names.split(", "), text)
    for name, valid in valid_values(kind).items():
        assert valid.notation in documented[name], name


def test_every_documented_attribute_exists_after_fit(net_class, X, y, few):
    documented = entries(sections(net_class.__doc__)["Attributes"])
    net = net_class(**few).fit(pd.DataFrame(X, columns=list("abcde")), y)
    conditional = {name for name, (_, text) in documented.items() if "Only if" in text}
    missing = {name for name in documented if not hasattr(net, name)}
    assert missing <= conditional
    properties = {
        name
        for cls in net_class.__mro__
        for name, value in vars(cls).items()
        if isinstance(value, property) and not name.startswith("_")
    }
    learned = {name for name in vars(net) if re.fullmatch(r"[a-z]\w*_", name)}
    assert set(documented) == learned | properties | missing


def test_the_documented_keys_of_resolved_params_are_its_keys(net_class, X, y, few):
    _, text = entries(sections(net_class.__doc__)["Attributes"])["resolved_params_"]
    keys, _, _ = text.partition("None if")
    net = net_class(**few).fit(X, y)
    assert set(re.findall(r"`(\w+)`", keys)) == set(net.resolved_params_)


def fitted_attributes(estimator):
    """Return the public names ending in an underscore that the estimator has now."""
    names = (name for name in dir(estimator) if re.fullmatch(r"[a-z]\w*_", name))
    return {name for name in names if hasattr(estimator, name)}


def check_attributes_are_documented(net):
    documented = entries(sections(net.__doc__)["Attributes"])
    unconditional = {name for name in documented if "Only if" not in documented[name][1]}
    assert unconditional <= fitted_attributes(net) <= set(documented)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::skshallow.exceptions.DeadUnitsWarning")
@pytest.mark.parametrize("name", VARIETIES)
def test_every_attribute_after_any_fit_is_documented_and_the_others_have_a_condition(name):
    check_attributes_are_documented(fitted(name))


def test_every_attribute_after_training_in_parts_is_documented(net_class, X, y, pieces):
    classes = {"classes": [0, 1, 2]} if hasattr(net_class, "decision_function") else {}
    net = net_class(**pieces).partial_fit(X, y, **classes)
    check_attributes_are_documented(net)
    if not classes:
        check_attributes_are_documented(net.conformalize(X, y))


def test_every_attribute_of_the_transformer_is_documented(X, y, few):
    table = pd.DataFrame(X, columns=list("abcde"))
    features = HiddenFeatures(DeepNetClassifier(**few)).fit(table, y)
    documented = entries(sections(HiddenFeatures.__doc__)["Attributes"])
    assert fitted_attributes(features) == set(documented)


def test_conditional_attributes_exist_under_the_documented_condition(net_class, X, y, few):
    if hasattr(net_class, "decision_function"):
        conditions = {"temperature_": {"early_stopping": True, "temperature_scaling": True}}
        scoring = "accuracy"
    else:
        conditions = {"dispersion_": {"loss": "gamma"}}
        scoring = "r2"
    conditions["oof_prediction_"] = {"early_stopping": True, "n_members": 2}
    conditions["best_validation_score_"] = {"early_stopping": True, "scoring": scoring}
    documented = entries(sections(net_class.__doc__)["Attributes"])
    for name, params in conditions.items():
        assert "Only if" in documented[name][1]
        assert hasattr(net_class(**few, **params).fit(X, y + 1), name)


def test_documented_shapes_are_those_after_fit(net_class, X, y, few):
    net = net_class(**few).fit(X, y)
    documented = entries(sections(net_class.__doc__)["Attributes"])
    sizes = {
        "n_iter_": net.n_iter_,
        "n_parameters": net.network_.layout.size,
        "n_classes": 3,
        "n_features_in_": X.shape[1],
        "n_inputs": X.shape[1],
        "0": 0,
    }
    checked = 0
    for name, (kind, _) in documented.items():
        shapes = re.findall(r"\((\w+),\)", kind) if kind.startswith("ndarray") else []
        if shapes and hasattr(net, name):
            assert getattr(net, name).shape in [(sizes[size],) for size in shapes], name
            checked += 1
    assert checked >= 5


def test_every_choice_by_name_is_documented(net_class):
    documented = parameters(net_class)
    classifies = hasattr(net_class, "decision_function")
    losses = CLASSIFICATION_LOSSES if classifies else REGRESSION_LOSSES
    for name, table in [
        ("activation", ACTIVATIONS),
        ("init", INITIALIZERS),
        ("solver", SOLVERS),
        ("schedule", SCHEDULES),
        ("loss", losses),
    ]:
        assert set(table) <= quoted(" ".join(documented[name])), name
        names = quoted(documented[name][1]) - {"auto", "sgd"}
        assert names <= set(table), name


def with_spaces(number):
    return f"{number:,}".replace(",", " ")


def test_what_auto_means_is_documented(net_class):
    documented = {name: text for name, (_, text) in parameters(net_class).items()}
    *some, last = (
        f'"{name}"'
        for name, own in SOLVERS.items()
        if own.stochastic and not own.scale_free
    )
    unscaled = f"{', '.join(some)} and {last}"
    smallest, *larger = auto.AUTO_BATCH_SIZES.values()
    _, *starts = map(with_spaces, auto.AUTO_BATCH_SIZES)
    first, *others = zip(starts, larger, strict=True)
    sizes = (
        f'"auto" means {smallest}, from {first[0]} training rows on {first[1]}, from '
        + ", from ".join(f"{start} on {size}" for start, size in others[:-1])
        + f", and from {others[-1][0]} on {others[-1][1]}; in `partial_fit`, and with "
        f"{unscaled}, always {smallest}."
    )
    assert sizes in " ".join(documented["batch_size"].split())
    epochs = (
        "the largest of three numbers of epochs: those of about "
        f"{auto.AUTO_STEPS_OF_SMALL} steps ({auto.AUTO_STEPS_OF_LOG_LOSS} with a log "
        f"loss and hidden layers of at least {auto.AUTO_OVERFITTING_UNITS} units, which on "
        "few rows soon overfit), but at most "
        f"{auto.AUTO_EPOCHS_OF_SMALL}; those of about {auto.AUTO_STEPS} steps of at most "
        f"{smallest} rows, but at most {auto.AUTO_EPOCHS}; and those in which training "
        f"sees {with_spaces(auto.AUTO_ROWS)} rows, or takes {auto.AUTO_STEPS_OF_LARGE} "
        f"steps if that is longer ({with_spaces(auto.AUTO_STEPS_OF_UNSCALED)} with "
        f"{unscaled}), but at most {auto.AUTO_EPOCHS_OF_LARGE}."
    )
    assert epochs in " ".join(documented["max_iter"].split())
    wide = f"sparse tables of more than {auto.AUTO_SPARSE_COLUMNS} columns"
    assert wide in " ".join(documented["numeric_encoding"].split())
    fewest, most = auto.AUTO_DROPOUT_ROWS
    rows = f"on {fewest} to {with_spaces(most - 1)} training rows"
    assert rows in " ".join(documented["dropout"].split())
    fewest_folds, most_folds = auto.AUTO_FOLDS
    folds = f"at least {fewest_folds} and at most {most_folds}."
    assert folds in " ".join(documented["validation_fraction"].split())
    rates = " ".join(documented["learning_rate"].split())
    for name, solver in SOLVERS.items():
        if solver.stochastic:
            rate = solver.default_learning_rate
            assert re.search(rf"{rate:g} for [^,.]*\b{name}\b", rates), name
    norms = " ".join(documented["max_grad_norm"].split())
    clipping = {
        name for name, cls in SOLVERS.items() if cls.default_max_grad_norm is not None
    }
    assert {SOLVERS[name].default_max_grad_norm for name in clipping} == {1.0}
    listed = re.search(r'"auto" means 1 for (.*) with ``learning_rate="auto"``', norms)
    assert listed is not None
    assert set(re.findall(r"\w+", listed[1])) - {"and"} == clipping


@pytest.mark.parametrize(
    "method",
    [
        "fit", "partial_fit", "predict", "predict_proba", "predict_log_proba",
        "decision_function", "hidden_activations", "from_weights",
        "predict_quantiles", "predict_interval", "conformalize",
    ],
)  # fmt: skip
def test_every_argument_of_every_method_is_documented(net_class, method):
    if not hasattr(net_class, method):
        classifies = method in {"decision_function", "predict_log_proba"}
        assert classifies != hasattr(net_class, "decision_function")
        return
    function = inspect.unwrap(getattr(net_class, method))
    arguments = set(inspect.signature(function).parameters) - {"self", "cls"}
    found = sections(function.__doc__)
    documented = {name.lstrip("*") for name in entries(found["Parameters"])}
    assert documented == arguments
    assert "Returns" in found


def test_docstrings_have_no_gaps(net_class):
    assert not re.search(
        r"\{(parameters|attributes|and_target|losses|each)", net_class.__doc__
    )
    found = sections(net_class.__doc__)
    assert {"Parameters", "Attributes", "See Also", "References", "Examples"} <= set(found)
    assert ">>>" in found["Examples"]
    longest = max(len(line) for line in net_class.__doc__.splitlines())
    assert longest <= 92


def public_callables():
    """Yield the name of each public class, function and method, and what it is."""
    modules = [each.name for each in pkgutil.iter_modules(skshallow.__path__, "skshallow.")]
    for module in ("skshallow", *modules):
        if "._" in module or module == "skshallow.onnx":  # needs skl2onnx
            continue
        home = importlib.import_module(module)
        for public in (getattr(home, name) for name in home.__all__):
            members = (
                inspect.getmembers(public, callable) if inspect.isclass(public) else []
            )
            methods = [value for name, value in members if not name.startswith("_")]
            for value in (public, *map(inspect.unwrap, methods)):
                if getattr(value, "__module__", "").startswith("skshallow"):
                    yield value.__qualname__, value


WITH_EXAMPLE = {
    "fit", "partial_fit", "decision_function", "predict_proba", "predict_log_proba",
    "predict_members", "predict_quantiles", "predict_interval", "conformalize",
    "hidden_activations", "save", "from_weights", "set_params",
}  # fmt: skip


def test_methods_that_are_called_in_several_ways_have_examples():
    with_example = {
        name.rpartition(".")[2]
        for name, method in public_callables()
        if inspect.isroutine(method) and ">>>" in (method.__doc__ or "")
    }
    assert with_example >= WITH_EXAMPLE


def test_every_argument_that_is_none_by_default_is_documented_to_take_it():
    n_found = 0
    for name, public in public_callables():
        section = sections(public.__doc__ or "").get("Parameters", "")
        for names, (kind, _) in entries(section, name=r"\w+(?:, \w+)*").items():
            kinds, default, _ = kind.partition(", default=None")
            n_found += bool(default)
            assert not default or "None" in kinds, f"{names} of {name}"
    assert n_found > 50
