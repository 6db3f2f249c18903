"""The autoencoder: its gradient, and where it comes to rest."""

import numpy as np
import pytest
from kit import inner, relative, slope
from rule_examples import LAYERS, step
from test_generative_laws import WIRINGS

from neuro_cnn.layers import Dense
from neuro_cnn.optim import SGD, Adam
from neuro_cnn.rules import Everywhere, FromData, LinearCode, LogisticCode, Reconstruct, RectifiedCode
from neuro_cnn.rules.generative import Apart, Tied
from neuro_cnn.schedule import Linear
from neuro_cnn.tree import tree_map

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("code", [LinearCode(), RectifiedCode(), LogisticCode()])
@pytest.mark.parametrize("name", WIRINGS)
@pytest.mark.parametrize("part", Tied._fields)
def test_the_gradient_is_the_derivative_of_half_the_squared_error(name, code, part):
    layer, shape = WIRINGS[name]
    rng = np.random.default_rng(2)
    x = rng.standard_normal((3, *shape))
    shown = x * (rng.random(x.shape) > 0.3)
    params = tree_map(lambda leaf: leaf.astype(float), layer.init(shape, rng))
    rule, lesson = Reconstruct(code), Everywhere()(layer, params, x, rng)
    machine = Tied(
        params.learned.weight, rng.standard_normal(len(params.learned.weight)), rng.standard_normal(shape[0])
    )

    def loss(value):
        moved = machine._replace(**{part: value})
        return float(rule.error(lesson._replace(params=layer.rewire(params, moved.weight)), moved, shown)[0])

    value = getattr(machine, part)
    direction = rng.standard_normal(value.shape)
    gradient = getattr(rule.error(lesson, machine, shown)[1], part)
    assert relative(inner(gradient, direction), slope(loss, value, direction)) < 1e-6


def test_half_the_squared_error_is_a_mean_over_what_is_reconstructed():
    x = RNG.random((5, 12))
    layer = Dense(3, bias=False)
    params = tree_map(lambda leaf: leaf.astype(float), layer.init((12,), RNG))
    weight, hidden, visible = params.learned.weight, RNG.random(3), RNG.random(12)
    lesson = Apart()(layer, params, x, RNG)
    loss, _ = Reconstruct().error(lesson, Tied(weight, hidden, visible), x)
    expected = [np.sum((weight.T @ np.maximum(weight @ v + hidden, 0) + visible - v) ** 2) / 2 for v in x]
    np.testing.assert_allclose(loss, np.mean(expected))


def test_linear_cells_come_to_span_the_first_principal_components():
    x = RNG.standard_normal((60, 6)) * [3, 2.5, 2, 0.6, 0.5, 0.4] @ np.linalg.qr(RNG.standard_normal((6, 6)))[0] + 1
    layer = Dense(3, bias=False)
    params = tree_map(lambda leaf: leaf.astype(float), layer.init((6,), RNG))
    rule = Reconstruct(LinearCode(), optimizer=Adam(Linear(0.02)))
    state = None
    for _ in range(1500):
        params, state = step(rule, layer, params, x, state, updates=1500)
    _, _, components = np.linalg.svd(x - x.mean(axis=0))
    spanned = np.linalg.qr(params.learned.weight.T)[0]
    np.testing.assert_allclose(spanned @ spanned.T, components[:3].T @ components[:3], atol=1e-4)


@pytest.mark.parametrize("name", ["conv", "scells-rectified", "dense"])
def test_an_update_goes_down_the_error_of_the_views_apart(name):
    layer, shape = LAYERS[name]
    x = RNG.random((8, *shape))
    params = tree_map(lambda leaf: leaf.astype(float), layer.init(shape, RNG))
    rule = Reconstruct(initial=FromData(), optimizer=SGD(0.01, momentum=0.0))

    def error(params, state):
        lesson = rule.views(layer, params, x, np.random.default_rng(5))
        machine = Tied(params.learned.weight, state.hidden, state.visible)
        return rule.error(lesson, machine, lesson.x)[0]

    params, state = rule.start(layer, params, x, np.random.default_rng(1), 200)
    errors = [error(params, state)]
    for _ in range(200):
        params, state = step(rule, layer, params, x, state)
        errors.append(error(params, state))
    assert np.all(np.diff(errors) < 0)


def test_corruption_hides_that_share_of_the_input_but_asks_for_all_of_it():
    shown = []

    class Watched(Reconstruct):
        def error(self, lesson, machine, given):
            shown.append((given, lesson.x))
            return super().error(lesson, machine, given)

    x = RNG.uniform(1, 2, (500, 12))
    layer = Dense(5)
    params = layer.init((12,), RNG)
    step(Watched(corruption=0.3), layer, params, x)
    ((given, asked),) = shown
    np.testing.assert_array_equal(asked, x)
    np.testing.assert_array_equal(given[given > 0], x[given > 0])
    assert abs(np.mean(given == 0) - 0.3) < 0.02
