"""Layers that behave otherwise in a learning pass: what they obey there."""

import numpy as np
import pytest
from kit import assert_close, inner, is_float, on, relative, slope
from layer_examples import EXAMPLES, example

from neuro_cnn.backend import to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import BatchNorm, BestPosition, Dropout, Key, RReLU
from neuro_cnn.tree import fill, leaves, tree_map

KINDS = (BatchNorm, BestPosition, Dropout, RReLU)
OTHERWISE = [name for name, (layer, _) in EXAMPLES.items() if isinstance(layer, KINDS) or name == "residual-norm"]
KEY = Key((1, 2))
those = pytest.mark.parametrize("name", OTHERWISE)
drawing = pytest.mark.parametrize("layer", [Dropout(0.4), RReLU()])


@those
def test_a_learning_pass_differs_from_rest(name):
    layer, params, x, _ = example(name)
    assert np.any(layer.forward(params, x, KEY)[0] != layer.forward(params, x)[0])


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in OTHERWISE])
def test_all_other_layers_do_the_same_in_a_learning_pass_as_at_rest(name):
    layer, params, x, _ = example(name)
    y, activity = layer.forward(params, x)
    np.testing.assert_array_equal(layer.forward(params, x, KEY)[0], y)
    assert_close(layer.absorb(params, activity), params)


@those
def test_the_gradients_of_a_learning_pass_are_its_derivatives(name):
    layer, params, x, dy = example(name, np.float64)
    dx, gradient = layer.backward(params, layer.forward(params, x, KEY)[1], dy)
    direction = np.random.default_rng(1).standard_normal(x.shape)
    expected = slope(lambda x: inner(layer.forward(params, x, KEY)[0], dy), x, direction)
    assert relative(inner(dx, direction), expected) < 1e-6
    weights, gradients = dict(leaves(params.learned)), dict(leaves(gradient))
    for array, value in weights.items():

        def response(value, array=array):
            changed = params._replace(learned=fill(params.learned, {**weights, array: value}))
            return inner(layer.forward(changed, x, KEY)[0], dy)

        direction = np.random.default_rng(1).standard_normal(value.shape)
        assert relative(inner(gradients[array], direction), slope(response, value, direction)) < 1e-6


@those
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_library_learns_alike_in_the_same_precision(xp, name, precision):
    layer, params, x, dy = example(name, precision)
    y, activity = layer.forward(params, x, KEY)
    there, seen = layer.forward(on(xp, params), on(xp, x), KEY)
    back, absorbed = layer.backward(on(xp, params), seen, on(xp, dy)), layer.absorb(on(xp, params), seen)
    assert_close(there, y)
    assert_close(back, layer.backward(params, activity, dy))
    assert_close(absorbed, layer.absorb(params, activity))
    made = [leaf for _, leaf in leaves((there, back, absorbed)) if is_float(leaf)]
    assert {str(to_numpy(leaf).dtype) for leaf in made} == {precision}


@those
def test_a_learning_pass_changes_nothing_given_and_no_learned_weight(name):
    layer, params, x, dy = example(name)
    given = tree_map(np.copy, (params, x, dy))
    _, activity = layer.forward(params, x, KEY)
    layer.backward(params, activity, dy)
    assert layer.absorb(params, activity).learned is params.learned
    for (_, now), (_, then) in zip(leaves((params, x, dy)), leaves(given), strict=True):
        np.testing.assert_array_equal(now, then)


def test_moments_run_in_layers_within_layers():
    layer, params, x, _ = example("residual-norm", np.float64)
    seen = layer.forward(params, x, KEY)[1].paths[0]["n"].batch
    now = layer.absorb(params, layer.forward(params, x, KEY)[1]).fixed["n"]
    assert_close(now.mean, 0.9 * params.fixed["n"].mean + 0.1 * seen.mean)


@drawing
def test_the_same_key_draws_the_same_and_another_key_another(layer):
    x = -np.random.default_rng(0).random((3, 4, 5, 5))
    one, same, other = (layer.forward((), x, key)[0] for key in (KEY, Key((1, 2)), KEY.child(0)))
    np.testing.assert_array_equal(one, same)
    assert np.mean(one != other) > 0.4


@drawing
def test_on_average_a_learning_pass_answers_as_at_rest(layer):
    x = -np.random.default_rng(0).random((1, 200))
    passes = np.stack([layer.forward((), x, Key((step,)))[0] for step in range(2000)])
    deviation = passes.std(axis=0) / np.sqrt(len(passes))
    assert np.all(np.abs(passes.mean(axis=0) - layer.forward((), x)[0]) < 5 * deviation)


def test_without_a_rate_dropout_is_the_identity():
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    y, activity = Dropout(0).forward((), x, KEY)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(Dropout(0).backward((), activity, x)[0], x)


def test_one_slope_alone_is_a_leaky_rectifier_even_in_a_learning_pass():
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    layer = RReLU(0.2, 0.2)
    assert_close(layer.forward((), x, KEY)[0], np.where(x > 0, x, 0.2 * x))


def test_batch_normalisation_brings_planes_to_mean_0_and_variance_1(xp):
    layer = BatchNorm(epsilon=1e-12)
    x = np.random.default_rng(0).standard_normal((5, 3, 4, 2)) * 7 + 100
    y = to_numpy(layer.forward(on(xp, tree_map(np.float64, layer.init((3, 4, 2), None))), on(xp, x), KEY)[0])
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(0, 2, 3)), 1)


def test_running_moments_near_those_of_the_images():
    layer = BatchNorm()
    rng = np.random.default_rng(0)
    params = layer.init((2, 3, 3), rng)
    for _ in range(200):
        x = (rng.standard_normal((32, 2, 3, 3)) * [[[[2]], [[0.5]]]] + [[[[1]], [[-3]]]]).astype(np.float32)
        params = layer.absorb(params, layer.forward(params, x, KEY)[1])
    np.testing.assert_allclose(params.fixed.mean, [1, -3], atol=0.1)
    np.testing.assert_allclose(params.fixed.variance, [4, 0.25], rtol=0.1)


@pytest.mark.parametrize(("images", "values"), [(1, 1), (0, 0)])
def test_a_batch_without_a_variance_is_refused(images, values):
    layer = BatchNorm()
    with pytest.raises(UsageError, match=rf"^batch normalisation meets {values} values a plane, .* at least 2 images"):
        layer.forward(layer.init((3,), None), np.zeros((images, 3), np.float32), KEY)
