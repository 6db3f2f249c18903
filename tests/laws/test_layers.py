"""The laws that the response and the gradients of every layer obey."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, inner, is_float, on, relative, slope
from layer_examples import EXAMPLES, LEARNING, every, example

from neuro_cnn.layers import (
    Nearest,
    Rectified,
    SCells,
    Shunting,
    Subtractive,
)
from neuro_cnn.layers.nearest import Memory
from neuro_cnn.tree import fill, leaves, tree_map

SILENT = ("scells", "ccells", "contrast", "triangle", "interpolating", "gabors", "maxout")


@every
def test_out_shape_is_the_shape_of_the_response(name):
    layer, params, x, _ = example(name)
    assert layer.forward(params, x)[0].shape == (len(x), *layer.out_shape(params, x.shape[1:]))


@every
def test_the_gradient_of_the_input_is_its_derivative(name):
    layer, params, x, dy = example(name, np.float64)
    dx, _ = layer.backward(params, layer.forward(params, x)[1], dy)
    direction = np.random.default_rng(1).standard_normal(x.shape)
    expected = slope(lambda x: inner(layer.forward(params, x)[0], dy), x, direction)
    assert relative(inner(dx, direction), expected) < 1e-6


@pytest.mark.parametrize("name", LEARNING)
def test_the_gradient_of_each_learned_array_is_its_derivative(name):
    layer, params, x, dy = example(name, np.float64)
    gradient = dict(leaves(layer.backward(params, layer.forward(params, x)[1], dy)[1]))
    weights = dict(leaves(params.learned))
    assert gradient.keys() == weights.keys()
    for array, value in weights.items():

        def response(value, array=array):
            changed = params._replace(learned=fill(params.learned, {**weights, array: value}))
            return inner(layer.forward(changed, x)[0], dy)

        direction = np.random.default_rng(1).standard_normal(value.shape)
        assert relative(inner(gradient[array], direction), slope(response, value, direction)) < 1e-6


@every
def test_float32_stays_float32(xp, name):
    layer, params, x, dy = example(name)
    params, x, dy = on(xp, (params, x, dy))
    y, activity = layer.forward(params, x)
    made = dict(leaves((y, activity, layer.backward(params, activity, dy))))
    precisions = {key: str(leaf.dtype) for key, leaf in made.items() if is_float(leaf)}
    assert {key: kind for key, kind in precisions.items() if "float32" not in kind} == {}


@every
def test_nothing_given_is_changed(name):
    layer, params, x, dy = example(name)
    given = tree_map(np.copy, (params, x, dy))
    for leaf in (leaf for _, leaf in leaves((params, x, dy))):
        leaf.flags.writeable = False
    _, activity = layer.forward(params, x)
    before = tree_map(np.copy, activity)
    layer.backward(params, activity, dy)
    for now, then in (((params, x, dy), given), (activity, before)):
        for (_, a), (_, b) in zip(leaves(now), leaves(then), strict=True):
            np.testing.assert_array_equal(a, b)


@every
def test_an_image_is_answered_alike_alone_and_in_a_batch(name):
    layer, params, x, _ = example(name)
    y, _ = layer.forward(params, x)
    for i in range(len(x)):
        assert_close(layer.forward(params, x[i : i + 1])[0], y[i : i + 1])


@every
def test_no_images_give_no_responses(name):
    layer, params, x, dy = example(name, images=0)
    y, activity = layer.forward(params, x)
    assert y.shape == dy.shape
    assert layer.backward(params, activity, dy)[0].shape == x.shape


@every
def test_at_rest_a_layer_is_deterministic_and_respond_is_forward(name):
    layer, params, x, _ = example(name)
    y, _ = layer.forward(params, x)
    np.testing.assert_array_equal(layer.forward(params, x)[0], y)
    np.testing.assert_array_equal(layer.respond(params, x), y)


@every
def test_without_need_for_the_input_only_its_gradient_is_missing(name):
    layer, params, x, dy = example(name)
    _, activity = layer.forward(params, x)
    dx, gradient = layer.backward(params, activity, dy)
    nothing, same = layer.backward(params, activity, dy, need_input=False)
    assert dx.shape == x.shape
    assert nothing is None
    assert_close(same, gradient)


@every
def test_every_library_gives_the_same_numbers(xp, name):
    layer, params, x, dy = example(name, np.float64)
    y, activity = layer.forward(params, x)
    there, seen = layer.forward(on(xp, params), on(xp, x))
    assert_close(there, y)
    assert_close(layer.backward(on(xp, params), seen, on(xp, dy)), layer.backward(params, activity, dy))
    assert_close(layer.project(on(xp, params.learned)), layer.project(params.learned))


@pytest.mark.parametrize("name", ["conv", "conv-no-bias", "relu", "gelu", "scaled-tanh", "srelu", "triangle-steep"])
@given(down=st.integers(0, 3), right=st.integers(0, 2))
def test_shifting_the_input_shifts_the_response(name, down, right):
    layer, params, x, _ = example(name)
    y = layer.forward(params, x)[0]
    assert_close(layer.forward(params, x[:, :, down:, right:])[0], y[:, :, down:, right:])


@pytest.mark.parametrize("response", [Rectified(), Shunting(), Subtractive(0.5)])
@given(down=st.integers(0, 2), right=st.integers(0, 4))
def test_shifting_by_the_stride_shifts_the_response_of_s_cells(response, down, right):
    layer = SCells(2, 3, stride=(2, 1), response=response)
    rng = np.random.default_rng(0)
    params, x = layer.init((2, 9, 8), rng), rng.random((2, 2, 9, 8), np.float32)
    y = layer.forward(params, x)[0]
    assert np.any(y > 0)
    assert_close(layer.forward(params, x[:, :, 2 * down :, right:])[0], y[:, :, down:, right:])


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.split("-")[0] in SILENT])
def test_darkness_gives_silence(name):
    layer, params, x, _ = example(name)
    if name.startswith("scells"):  # inhibition that inhibits
        params = params._replace(learned=params.learned._replace(inhibition=np.abs(params.learned.inhibition)))
    y, activity = layer.forward(params, 0 * x)
    np.testing.assert_array_equal(y, np.zeros_like(y))
    assert np.all(np.isfinite(layer.backward(params, activity, np.ones_like(y))[0]))


def test_a_class_without_a_template_scores_minus_infinity_and_has_no_gradient(xp):
    layer = Nearest(3)
    x, templates = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])
    for memory, scores in (
        (Memory(templates, np.array([0, 2])), [[-4.0, -np.inf, -1.0]]),
        (Memory(templates[:0], np.zeros(0, np.int64)), [[-np.inf] * 3]),
    ):
        params = on(xp, layer.init((2,), None)._replace(fixed=memory))
        y, activity = layer.forward(params, on(xp, x))
        np.testing.assert_array_equal(np.asarray(y), scores)
        dx, _ = layer.backward(params, activity, on(xp, np.array([[0.0, 1.0, 0.0]])))
        np.testing.assert_array_equal(np.asarray(dx), np.zeros((1, 2)))
