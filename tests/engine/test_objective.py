"""The objective's gradient against central differences of its value, and its averages."""

import math

import numpy as np
import pytest
from covering import covering
from finite_differences import assert_objective_gradient_is_exact
from scipy import sparse, special
from sklearn import metrics

from skshallow.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    SELU,
    Identity,
    LeakyReLU,
    Maxout,
    PReLU,
    ReLU,
    Sigmoid,
    Step,
    Tanh,
)
from skshallow.engine.network import Network
from skshallow.engine.objective import Objective
from skshallow.losses import (
    CLASSIFICATION_LOSSES,
    REGRESSION_LOSSES,
    BinomialLogLoss,
    Huber,
    MultinomialLogLoss,
    Quantile,
    SquaredError,
)

N_ROWS, N_FEATURES = 9, 3


class StepSurrogate(Step):
    """What Step says that its gradient belongs to: ``clip(z, -1, 1)``."""

    straight_through = False

    def forward(self, z, params):
        _, cache = super().forward(z.copy(), params)
        return np.clip(z, -1, 1), cache


def activation_of(name):
    return StepSurrogate() if name == "step" else ACTIVATIONS[name]()


def positive(rng, shape):
    return rng.gamma(2, size=shape)


def real(rng, shape):
    return rng.normal(size=shape)


def counts(rng, shape):
    return rng.poisson(1.5, shape).astype(float)


def labels(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def one_of_the_classes(rng, shape):
    return rng.integers(shape[1], size=(shape[0], 1))


def smoothed(draw, share=0.2):
    def draw_smoothed(rng, shape):
        return (1 - share) * draw(rng, shape) + share / 2

    return draw_smoothed


def cases():
    """Yield (name, loss, how to draw targets, number of outputs): all output kinds."""
    domains = {"poisson": counts, "gamma": positive}
    for name, kind in REGRESSION_LOSSES.items():
        for n_outputs in [1, 3]:
            yield f"{name}-{n_outputs}", kind(), domains.get(name, real), n_outputs
    yield "huber(0.3)-2", Huber(0.3), real, 2
    yield "quantile(0.9)-2", Quantile(0.9), real, 2
    yield "quantile(0.1, 0.5, 0.9)-2", Quantile([0.1, 0.5, 0.9]), real, 2
    for name, kinds in CLASSIFICATION_LOSSES.items():
        for kind, draw, n_outputs in [
            ("binomial", labels, 1),
            ("multilabel", labels, 3),
            ("multinomial", one_of_the_classes, 3),
        ]:
            loss = kinds["binomial" if kind == "multilabel" else kind]()
            yield f"{name}-{kind}", loss, draw, n_outputs
            if loss.takes_codes:
                loss = loss.smoothed(0.2)
            else:
                draw = smoothed(draw)
            yield f"{name}-{kind}-smoothed", loss, draw, n_outputs


CASES = {name: case for name, *case in cases()}
every_case = pytest.mark.parametrize("case", CASES)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def sample_weights(n_rows=N_ROWS):
    """Return weights of mean 1, very unequal."""
    weight = np.random.default_rng(7).exponential(size=n_rows)
    weight[0] *= 10
    return weight / weight.mean()


def problem(
    case="squared_error-1",
    activations=(),
    *,
    hidden=None,
    alpha=0.0,
    n_rows=N_ROWS,
    dropout=0.0,
    seed=0,
    dtype=np.float64,
):
    """Return an objective at random parameters, X and y."""
    loss, draw, n_outputs = CASES[case]
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, N_FEATURES))
    y = draw(rng, (n_rows, n_outputs))
    hidden = [4, 3][: len(activations)] if hidden is None else hidden
    n_raw = loss.n_raw_outputs(n_outputs)
    network = Network(N_FEATURES, n_raw, hidden, activations, dropout)
    theta = 0.6 * rng.normal(size=network.layout.size)
    objective = Objective(network, loss, alpha, theta.astype(dtype))
    return objective, X.astype(dtype), y if loss.takes_codes else y.astype(dtype)


def evaluate(objective, X, y, *args, **kwargs):
    """Return the value and a copy of the gradient."""
    value = objective.value_and_gradient(X, y, *args, **kwargs)
    return value, objective.grad.copy()


# The gradient, with networks of many shapes


@pytest.mark.parametrize(("alpha", "weighted"), [(0.3, False), (0.0, True)])
@every_case
def test_gradient_is_exact_with_only_a_penalty_or_only_weights(case, alpha, weighted):
    objective, X, y = problem(case, [Tanh(), PReLU()], alpha=alpha)
    weight = sample_weights() if weighted else None
    assert_objective_gradient_is_exact(objective, X, y, weight)


@every_case
def test_gradient_of_the_linear_model_is_exact(case):
    objective, X, y = problem(case, alpha=0.3)
    assert_objective_gradient_is_exact(objective, X, y, sample_weights())


@pytest.mark.parametrize(
    "activations",
    [
        [Tanh(), ReLU(), Sigmoid()],
        [PReLU(0.1), PReLU(-0.3), PReLU(0.7)],
        [Maxout(3), PReLU(), Maxout(2)],
        [Maxout(4)],
        [LeakyReLU(0.3), ELU(0.5), SELU(), GELU()],
        [Identity(), StepSurrogate(), Maxout(2), Tanh(), PReLU()],
        [PReLU()],
    ],
    ids=str,
)
def test_gradient_is_exact_with_an_activation_for_each_layer(activations):
    objective, X, y = problem(
        "log_loss-multinomial",
        activations,
        hidden=[4, 3, 5, 2, 4][: len(activations)],
        alpha=0.1,
    )
    assert_objective_gradient_is_exact(objective, X, y, sample_weights())


@pytest.mark.parametrize("error", [np.nan, 1e-5], ids=str)
def test_one_wrong_entry_of_a_gradient_is_noticed(error):
    objective, X, y = problem("log_loss-multinomial", [Tanh(), PReLU()])

    class OneWrongEntry(Objective):
        def value_and_gradient(self, *args, **kwargs):
            value = super().value_and_gradient(*args, **kwargs)
            self.grad[self.entry] += error
            return value

    changed = OneWrongEntry(objective.network, objective.loss, 0.0, objective.theta)
    for changed.entry in range(len(objective.theta)):
        with pytest.raises(AssertionError, match="relative_error"):
            assert_objective_gradient_is_exact(changed, X, y)


@pytest.mark.parametrize("hidden", [[1], [1, 1], [7, 1, 5]], ids=str)
@pytest.mark.parametrize("activation", [Tanh(), PReLU(), Maxout(3)], ids=str)
@pytest.mark.parametrize("n_rows", [1, 2, 30])
def test_gradient_is_exact_for_layers_of_any_width_and_batches_of_any_size(
    hidden, activation, n_rows
):
    objective, X, y = problem(
        "squared_error-3", [activation] * len(hidden), hidden=hidden, n_rows=n_rows
    )
    assert_objective_gradient_is_exact(objective, X, y)


@every_activation
def test_gradient_with_a_fixed_dropout_mask_is_exact(activation):
    objective, X, y = problem(
        "log_loss-multinomial",
        [activation_of(activation)] * 2,
        hidden=[6, 5],
        dropout=0.4,
        alpha=0.1,
    )
    assert_objective_gradient_is_exact(objective, X, y, sample_weights(), seed=3)


def test_dropout_is_applied_only_with_a_generator():
    objective, X, y = problem(activations=[Tanh()], hidden=[50], dropout=0.5)
    without, X, y = problem(activations=[Tanh()], hidden=[50])
    predicted, _ = evaluate(objective, X, y)
    assert predicted == evaluate(without, X, y)[0]
    dropped = [
        evaluate(objective, X, y, rng=np.random.default_rng(seed))[0] for seed in (0, 0, 1)
    ]
    assert dropped[0] == dropped[1]
    assert dropped[0] != dropped[2]
    assert predicted not in dropped


@every_case
def test_sparse_rows_give_the_same_value_and_gradient(case):
    objective, X, y = problem(case, [PReLU(), Maxout()], alpha=0.2)
    X[np.abs(X) < 0.5] = 0
    value, grad = evaluate(objective, X, y, sample_weights())
    sparse_value, sparse_grad = evaluate(
        objective, sparse.csr_array(X), y, sample_weights()
    )
    assert sparse_value == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(sparse_grad, grad, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("case", ["squared_error-3", "log_loss-multinomial", "poisson-1"])
@every_activation
def test_float32_follows_float64(activation, case):
    exact = problem(case, [activation_of(activation)] * 2, alpha=0.3)
    single = problem(case, [activation_of(activation)] * 2, alpha=0.3, dtype=np.float32)
    weight = sample_weights()
    value, grad = evaluate(*exact, weight)
    single_value, single_grad = evaluate(*single, weight.astype(np.float32))
    assert single_grad.dtype == np.float32
    assert single_value == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(single_grad, grad, rtol=0, atol=2e-5 * np.abs(grad).max())


# What is averaged, and what is not


@pytest.mark.parametrize("weighted", [False, True])
@every_case
def test_values_and_gradients_of_minibatches_average_to_those_of_the_full_batch(
    case, weighted
):
    objective, X, y = problem(case, [Tanh()], alpha=0.3, n_rows=24)
    weight = sample_weights(24) if weighted else None
    value, grad = evaluate(objective, X, y, weight)
    for batch_size in [1, 4, 12]:
        parts = [
            evaluate(objective, X[part], y[part], None if weight is None else weight[part])
            for part in np.split(np.arange(24), 24 // batch_size)
        ]
        assert np.mean([part[0] for part in parts]) == pytest.approx(value, rel=1e-12)
        mean_grad = np.mean([part[1] for part in parts], axis=0)
        np.testing.assert_allclose(mean_grad, grad, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("n_rows", [1, 3, 24])
def test_the_penalty_is_the_same_at_every_batch_size(n_rows):
    free, X, y = problem(activations=[Tanh()], n_rows=24)
    penalised, _, _ = problem(activations=[Tanh()], n_rows=24, alpha=0.7)
    X, y = X[:n_rows], y[:n_rows]
    value, grad = evaluate(free, X, y)
    penalised_value, penalised_grad = evaluate(penalised, X, y)
    weights = np.concatenate([layer["weight"].ravel() for layer in free.params])
    assert penalised_value - value == pytest.approx(0.35 * weights @ weights, rel=1e-12)
    expected = np.zeros_like(grad)
    expected[: len(weights)] = 0.7 * weights
    np.testing.assert_allclose(penalised_grad - grad, expected, rtol=1e-12, atol=1e-14)


def test_biases_and_learned_slopes_are_not_penalised():
    free, X, y = problem(activations=[PReLU(), PReLU()])
    penalised, _, _ = problem(activations=[PReLU(), PReLU()], alpha=10.0)
    _, grad = evaluate(free, X, y)
    _, penalised_grad = evaluate(penalised, X, y)
    views = free.network.views(penalised_grad - grad)
    for layer in views:
        assert layer.pop("weight").all()
        assert not any(difference.any() for difference in layer.values())


def test_gradient_of_squared_error_does_not_grow_with_the_number_of_outputs():
    """Three copies of a target pull on their own weights as hard as each would alone."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    one = Objective(Network(3, 1, [], []), SquaredError(), 0.0, np.zeros(4))
    three = Objective(Network(3, 3, [], []), SquaredError(), 0.0, np.zeros(12))
    one.value_and_gradient(X, y)
    three.value_and_gradient(X, np.tile(y, 3))
    np.testing.assert_allclose(
        three.grads[0]["weight"], np.tile(one.grads[0]["weight"], 3), rtol=1e-13
    )
    np.testing.assert_allclose(
        one.grads[0]["weight"], -X.T @ y / 20, rtol=1e-12
    )  # of 1/2 (y - raw)^2, at raw = 0


@every_case
def test_a_weight_of_two_equals_a_repeated_row(case):
    objective, X, y = problem(case, [Tanh()])
    times = np.arange(N_ROWS) % 3 + 1
    value, grad = evaluate(objective, X, y, times / times.mean())
    repeated = evaluate(objective, np.repeat(X, times, axis=0), np.repeat(y, times, axis=0))
    assert repeated[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(repeated[1], grad, rtol=1e-10, atol=1e-13)


def test_a_minibatch_of_zero_weights_contributes_only_the_penalty():
    objective, X, y = problem("log_loss-binomial", [Tanh()], alpha=0.5)
    value, grad = evaluate(objective, X, y, np.zeros(N_ROWS))
    n_weights = objective.network.layout.n_weights
    weights = objective.theta[:n_weights]
    assert value == pytest.approx(0.25 * weights @ weights, rel=1e-13)
    np.testing.assert_allclose(grad[:n_weights], 0.5 * weights, rtol=1e-13)
    np.testing.assert_array_equal(grad[n_weights:], 0)


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_loss_is_the_value_without_penalty_for_any_batches(weighted):
    objective, X, y = problem("log_loss-multinomial", [Tanh()], alpha=0.5, n_rows=20)
    free, _, _ = problem("log_loss-multinomial", [Tanh()], n_rows=20)
    weight = sample_weights(20) if weighted else None
    expected, _ = evaluate(free, X, y, weight)
    for cuts in [[], [1], [7, 15]]:
        batches = [
            (X[part], y[part], None if weight is None else weight[part])
            for part in np.split(np.arange(20), cuts)
        ]
        assert objective.mean_loss(batches) == pytest.approx(expected, rel=1e-12)


def test_known_outputs_have_no_gradient_and_leave_that_of_the_others():
    objective, X, y = problem("squared_error-3", [Tanh()], alpha=0.0)
    objective.gradient(X, y)
    grad = objective.grads[-1]
    known = np.array([False, True, False])
    masked = Objective(objective.network, objective.loss, 0.0, objective.theta, known)
    masked.gradient(X, y)
    of_outputs = masked.grads[-1]
    assert not of_outputs["weight"][:, known].any()
    assert not of_outputs["bias"][..., known].any()
    for name in "weight", "bias":
        np.testing.assert_array_equal(
            of_outputs[name][..., ~known], grad[name][..., ~known]
        )
    objective.network.views(objective.theta)[-1]["weight"][:, known] = 0
    objective.gradient(X, y)
    masked.gradient(X, y)
    first = objective.network.views(objective.grad)[0]["weight"]
    np.testing.assert_allclose(masked.grads[0]["weight"], first, rtol=1e-12)


def test_mean_loss_divides_by_the_weights_that_it_saw():
    objective, X, y = problem("squared_error-1", [Tanh()])
    weight = sample_weights()
    expected = objective.mean_loss([(X, y, weight)])
    assert objective.mean_loss([(X, y, 7 * weight)]) == pytest.approx(expected, rel=1e-13)


def test_the_loss_of_float32_rows_is_averaged_in_float64():
    rng = np.random.default_rng(0)
    y = rng.lognormal(sigma=3, size=(10_000, 1)).astype(np.float32)
    objective = Objective(Network(1, 1, [], []), SquaredError(), 0.0, np.zeros(2, "f"))
    raw_prediction = np.zeros_like(y)
    by_row = SquaredError().loss(y, raw_prediction)
    assert by_row.dtype == np.float32
    expected = math.fsum(by_row.tolist()) / len(y)
    assert objective.loss_of(y, raw_prediction) == pytest.approx(expected, rel=1e-14)


def test_raw_predictions_are_those_of_all_rows_in_order():
    objective, X, y = problem("squared_error-3", [Tanh()])
    batches = [(X[part], y[part], None) for part in (slice(4), slice(4, 5), slice(5, 9))]
    raw_predictions = np.concatenate([*objective.raw_predictions(batches)])
    assert raw_predictions.shape == (N_ROWS, 3)
    np.testing.assert_allclose(
        raw_predictions, objective.network.forward(X, objective.params)[0], rtol=1e-12
    )


# Members side by side


def problem_of_members(case="squared_error-3", alpha=0.3):
    """Return an objective of four members, one for each of them alone, X and y."""
    problems = [problem(case, [Tanh()], alpha=alpha, seed=seed) for seed in range(4)]
    alone, _, X, y = [objective for objective, _, _ in problems], *problems[0]
    n_raw = alone[0].network.layers[-1].n_units
    network = Network(N_FEATURES, n_raw, [4], [Tanh()], n_members=4)
    objective = Objective(network, alone[0].loss, alpha, np.empty(network.layout.size))
    for i, layer in enumerate(objective.params):
        for name, value in layer.items():
            value[...] = np.reshape([own.params[i][name] for own in alone], value.shape)
    return objective, alone, X, y


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_the_value_of_members_is_the_sum_of_theirs_and_each_has_its_own_gradient(alpha):
    objective, alone, X, y = problem_of_members(alpha=alpha)
    weight = sample_weights()
    value = objective.value_and_gradient(X, y, weight)
    assert value == pytest.approx(
        sum(own.value_and_gradient(X, y, weight) for own in alone), rel=1e-12
    )
    for i, layer in enumerate(objective.grads):
        for name, grad in layer.items():
            expected = np.reshape([own.grads[i][name] for own in alone], grad.shape)
            np.testing.assert_allclose(grad, expected, rtol=1e-10, atol=1e-13)


def test_loss_and_penalty_of_members_are_the_means_of_theirs():
    objective, alone, X, y = problem_of_members()
    loss = objective.loss_of(y, objective.gradient(X, y))
    expected = np.mean([own.loss_of(y, own.gradient(X, y)) for own in alone])
    assert loss == pytest.approx(expected, rel=1e-12)
    expected = np.mean([own.penalty() for own in alone])
    assert objective.penalty() == pytest.approx(expected, rel=1e-12)


def test_raw_predictions_of_members_are_those_of_each():
    objective, alone, X, y = problem_of_members()
    batches = [(X[:4], y[:4], None), (X[4:], y[4:], None)]
    for together, *apart in zip(
        *(it.raw_predictions(batches) for it in (objective, *alone)), strict=True
    ):
        np.testing.assert_allclose(together, apart, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_loss_of_members_is_that_of_what_they_predict_together(weighted):
    objective, alone, X, y = problem_of_members("log_loss-multinomial")
    weight = sample_weights() if weighted else None
    raw = np.stack([*map(next, (own.raw_predictions([(X, y, weight)]) for own in alone))])
    probability = special.softmax(raw, axis=-1).mean(axis=0)
    expected = metrics.log_loss(y, probability, sample_weight=weight, labels=range(3))
    halves = [
        (X[part], y[part], None if weight is None else weight[part])
        for part in (slice(4), slice(4, None))
    ]
    assert objective.mean_loss(halves) == pytest.approx(expected, rel=1e-12)


# What an evaluation leaves behind


@every_activation
def test_evaluations_are_independent_of_each_other(activation):
    objective, X, y = problem("squared_error-3", [activation_of(activation)] * 2, n_rows=12)
    first = evaluate(objective, X, y)
    objective.grad[...] = np.nan
    for rows in [slice(5), slice(1), slice(12)]:  # the last batch of an epoch is smaller
        again = evaluate(objective, X[rows], y[rows])
        other, _, _ = problem("squared_error-3", [activation_of(activation)] * 2, n_rows=12)
        fresh = evaluate(other, X[rows], y[rows])
        assert again[0] == fresh[0]
        np.testing.assert_array_equal(again[1], fresh[1])
    assert again[0] == first[0]
    np.testing.assert_array_equal(again[1], first[1])


@every_case
def test_data_and_parameters_are_left_unchanged(case):
    objective, X, y = problem(case, [ReLU(), Maxout()], alpha=0.1)
    weight = sample_weights()
    before = X.copy(), y.copy(), weight.copy(), objective.theta.copy()
    objective.value_and_gradient(X, y, weight)
    objective.mean_loss([(X, y, weight)])
    for array, copy in zip((X, y, weight, objective.theta), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_params_follow_the_vector_that_a_solver_moves():
    objective, X, y = problem(activations=[Tanh()])
    before, grad = evaluate(objective, X, y)
    objective.theta -= 1e-3 * grad
    after, _ = evaluate(objective, X, y)
    assert after == pytest.approx(before - 1e-3 * grad @ grad, abs=1e-4 * grad @ grad)
    for layer in objective.params:
        assert all(np.shares_memory(view, objective.theta) for view in layer.values())


def test_the_value_is_a_python_float():
    objective, X, y = problem(activations=[Tanh()], dtype=np.float32)
    assert type(objective.value_and_gradient(X, y)) is float
    assert type(objective.mean_loss([(X, y, None)])) is float


def test_log_losses_of_two_classes_have_the_same_gradient_either_way():
    rng = np.random.default_rng(0)
    X, label = rng.normal(size=(20, 3)), rng.integers(0, 2, (20, 1)).astype(float)
    theta = rng.normal(size=4)
    binomial = Objective(Network(3, 1, [], []), BinomialLogLoss(), 0.0, theta)
    both = np.zeros(8)
    multinomial = Objective(Network(3, 2, [], []), MultinomialLogLoss(), 0.0, both)
    multinomial.params[0]["weight"][:, 1] = theta[:3]
    multinomial.params[0]["bias"][1] = theta[3]
    value = binomial.value_and_gradient(X, label)
    other = multinomial.value_and_gradient(X, label.astype(int))
    assert other == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(
        multinomial.grads[0]["weight"][:, [1]], binomial.grads[0]["weight"], rtol=1e-12
    )


# Every activation, loss and kind of output, without and with penalty and weights. Not each
# activation meets each loss: a layer sees but the gradient of what is behind it.


@pytest.mark.parametrize(
    ("activation", "case", "penalty_and_weights"),
    covering(ACTIVATIONS, CASES, [False, True], apart=[(0, 1)]),
)
def test_gradient_equals_central_differences(activation, case, penalty_and_weights):
    objective, X, y = problem(
        case, [activation_of(activation)] * 2, alpha=0.3 if penalty_and_weights else 0.0
    )
    weight = sample_weights() if penalty_and_weights else None
    assert_objective_gradient_is_exact(objective, X, y, weight)
