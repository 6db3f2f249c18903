"""The laws that every layer obeys."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import assert_close, difference, double, inner, is_float, on, relative, slope
from pydantic import TypeAdapter, ValidationError

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Contrast,
    Conv,
    Dense,
    Flatten,
    Max,
    Mean,
    Nearest,
    Normalize,
    Rectified,
    ReLU,
    SCells,
    Shunting,
    Triangle,
)
from neuro_cnn.layers.nearest import Memory
from neuro_cnn.layers.normalize import Moments
from neuro_cnn.network import Chain
from neuro_cnn.tree import fill, leaves, tree_map

TABLE = ((True, False, True), (True, True, False))
ODD = {"stride": (2, 1), "pad": ((1, 0), (-1, 2))}
MAP = (2, 7, 6)
EXAMPLES = {
    "conv": (Conv(3, 3), MAP),
    "conv-odd": (Conv(4, (2, 3), **ODD, dilation=(1, 2), groups=2), MAP),
    "conv-table": (Conv(2, 2, pad=1, table=TABLE), (3, 5, 4)),
    "conv-no-bias": (Conv(2, 3, bias=False), MAP),
    "scells-rectified": (SCells(3, (3, 2), **ODD), MAP),
    "scells-shunting": (SCells(3, (3, 2), **ODD, response=Shunting(r=0.5, gamma=0.7)), MAP),
    "ccells-max": (CCells(2), MAP),
    "ccells-max-overhang": (CCells((3, 2), stride=2, pad=((1, 2), (0, 1))), MAP),
    "ccells-mean": (CCells(3, stride=1, pool=Mean()), MAP),
    "ccells-mean-overhang": (CCells((3, 2), stride=2, pad=((1, 2), (0, -1)), pool=Mean()), MAP),
    "dense": (Dense(4), (5,)),
    "dense-no-bias": (Dense(4, bias=False), (5,)),
    "relu": (ReLU(), MAP),
    "triangle": (Triangle(), (4, 3, 3)),
    "triangle-flat": (Triangle(0.7), (6,)),
    "triangle-steep": (Triangle(1.4), (4, 3, 3)),
    "contrast": (Contrast(5), MAP),
    "contrast-even": (Contrast(4, 0.5, 2.0), MAP),
    "normalize": (Normalize(), MAP),
    "flatten": (Flatten(), MAP),
    "nearest": (Nearest(3), (6,)),
}
LEARNING = [name for name, (layer, shape) in EXAMPLES.items() if layer.init(shape, None).learned]
every = pytest.mark.parametrize("name", EXAMPLES)


def example(name, precision=np.float32, images=3):
    """A layer, params as after learning, a batch, and an error for its response."""
    layer, shape = EXAMPLES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    params = layer.init(shape, rng)
    if isinstance(layer, Normalize):
        params = params._replace(fixed=Moments(rng.standard_normal(shape[0]), rng.uniform(0.5, 2, shape[0])))
    if isinstance(layer, Nearest):
        params = params._replace(fixed=Memory(rng.standard_normal((7, *shape)), np.array([0, 1, 2, 0, 1, 2, 2])))
    moved = tree_map(lambda w: w + 0.2 * rng.standard_normal(w.shape, np.float32), params.learned)
    params = params._replace(learned=layer.project(moved))
    x = rng.standard_normal((images, *shape))
    dy = rng.standard_normal((images, *layer.out_shape(params, shape)))
    cast = tree_map(lambda leaf: leaf.astype(precision) if is_float(leaf) else leaf, (params, x, dy))
    return layer, *cast


def test_every_layer_has_an_example():
    assert {type(layer) for layer, _ in EXAMPLES.values()} == set(get_args(AnyLayer))


@every
def test_out_shape_is_the_shape_of_the_response(name):
    layer, params, x, _ = example(name)
    assert layer.forward(params, x)[0].shape == (len(x), *layer.out_shape(params, x.shape[1:]))


@every
def test_weights_fit_the_input_that_they_were_made_for(name):
    layer, params, x, _ = example(name)
    assert layer.fits(params, x.shape[1:])


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
def test_initial_weights_are_float32(name):
    layer, shape = EXAMPLES[name]
    for rng in (None, np.random.default_rng(0)):
        assert all(leaf.dtype == np.float32 for _, leaf in leaves(layer.init(shape, rng)) if is_float(leaf))


@every
def test_nothing_given_is_changed(name):
    layer, params, x, dy = example(name)
    given = tree_map(np.copy, (params, x, dy))
    for leaf in (leaf for _, leaf in leaves((params, x, dy))):
        leaf.flags.writeable = False
    y, activity = layer.forward(params, x)
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
def test_placeholders_have_the_shapes_of_weights(name):
    layer, shape = EXAMPLES[name]
    made, placeholder = layer.init(shape, np.random.default_rng(0)), layer.init(shape, None)
    assert tree_map(np.shape, placeholder) == tree_map(np.shape, made)
    assert layer.out_shape(placeholder, shape) == layer.out_shape(made, shape)


@pytest.mark.parametrize("name", LEARNING)
def test_placeholders_take_no_memory(name):
    layer, shape = EXAMPLES[name]
    assert all(set(leaf.strides) == {0} for _, leaf in leaves(layer.init(shape, None).learned))


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


@every
def test_wiring_reads_back_from_plain_data_and_from_json(name):
    chain = Chain(((("L", EXAMPLES[name][0])),))
    adapter = TypeAdapter(Chain)
    assert adapter.validate_python(adapter.dump_python(chain)) == chain
    assert adapter.validate_json(adapter.dump_json(chain)) == chain


@every
def test_an_unknown_key_is_refused(name):
    adapter = TypeAdapter(Chain)
    data = adapter.dump_python(Chain((("L", EXAMPLES[name][0]),)), mode="json")
    data["layers"][0][1]["strid"] = 1
    with pytest.raises(ValidationError, match="strid"):
        adapter.validate_python(data)


@pytest.mark.parametrize("part", [Max(), Mean(), Rectified(), Shunting()])
def test_an_unknown_key_of_a_pool_or_response_is_refused(part):
    adapter = TypeAdapter(type(part))
    with pytest.raises(ValidationError, match="gama"):
        adapter.validate_python({**adapter.dump_python(part), "gama": 1})


@pytest.mark.parametrize("name", ["conv", "conv-no-bias", "relu", "triangle-steep"])
@given(down=st.integers(0, 3), right=st.integers(0, 2))
def test_shifting_the_input_shifts_the_response(name, down, right):
    layer, params, x, _ = example(name)
    y = layer.forward(params, x)[0]
    assert_close(layer.forward(params, x[:, :, down:, right:])[0], y[:, :, down:, right:])


@pytest.mark.parametrize("response", [Rectified(), Shunting()])
@given(down=st.integers(0, 2), right=st.integers(0, 4))
def test_shifting_by_the_stride_shifts_the_response_of_s_cells(response, down, right):
    layer = SCells(2, 3, stride=(2, 1), response=response)
    rng = np.random.default_rng(0)
    params, x = layer.init((2, 9, 8), rng), rng.random((2, 2, 9, 8), np.float32)
    y = layer.forward(params, x)[0]
    assert np.any(y > 0)
    assert_close(layer.forward(params, x[:, :, 2 * down :, right:])[0], y[:, :, down:, right:])


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.split("-")[0] in ("scells", "ccells", "contrast", "triangle")])
def test_darkness_gives_silence(name):
    layer, params, x, _ = example(name)
    if name.startswith("scells"):  # inhibition that inhibits
        params = params._replace(learned=params.learned._replace(inhibition=np.abs(params.learned.inhibition)))
    y, activity = layer.forward(params, 0 * x)
    np.testing.assert_array_equal(y, np.zeros_like(y))
    assert np.all(np.isfinite(layer.backward(params, activity, np.ones_like(y))[0]))


@pytest.mark.parametrize("name", LEARNING)
def test_projection_permits_and_changes_nothing_that_is_permitted(name):
    layer, params, _, _ = example(name)
    free = tree_map(lambda w: w - 1, params.learned)
    permitted = layer.project(free)
    assert difference(layer.project(permitted).weight, permitted.weight) == 0
    if isinstance(layer, SCells) and isinstance(layer.response, Shunting):
        assert all(np.all(leaf >= 0) for _, leaf in leaves(permitted))
    else:
        assert_close(permitted, free)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv(0, 3), "planes is 0; it must be at least 1"),
        (lambda: Conv(2, 3, groups=0), "groups is 0; it must be at least 1"),
        (lambda: Conv(2, 3, stride=0), r"stride is \(0, 0\); it must be at least 1"),
        (lambda: Conv(3, 3, table=TABLE), "connection table of 2 rows for 3 planes; give a row a plane"),
        (lambda: Conv(2, 2, table=((True,), (True, True))).init((2, 5, 5), None), "with a row of 1 for 2 input planes"),
        (lambda: Conv(4, 3, groups=2).init((3, 5, 5), None), "2 groups do not divide 3 input planes"),
        (lambda: Chain((("L", Conv(2, 3)),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: Chain((("L", SCells(2, 3)),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: Chain((("L", CCells(2)),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: Chain((("L", Contrast()),)).init((5,), None), "views meet a row of 5 units; put them before Flatten"),
        (lambda: SCells(0, 3), "planes is 0; it must be at least 1"),
        (lambda: CCells(2, pad=2), "wholly outside the map; pad by less"),
        (lambda: Shunting(r=0), "selectivity r is 0; it must be positive"),
        (lambda: Shunting(gamma=0), r"gamma must lie in \(0, 1\]"),
        (lambda: Triangle(0), "triangle with power 0; it must be positive"),
        (lambda: Contrast(7, 2, 1), "the surround must be the wider"),
        (lambda: Dense(0), "units is 0; it must be at least 1"),
        (lambda: Dense(2).init(MAP, None), r"meet a map of shape \(2, 7, 6\); put Flatten\(\) before them"),
        (lambda: Nearest(0), "classes is 0; it must be at least 1"),
        (lambda: Nearest(2).init(MAP, None), r"meet a map of shape \(2, 7, 6\); put Flatten\(\) before them"),
    ],
)
def test_wiring_that_cannot_be_is_refused_with_the_remedy(make, message):
    with pytest.raises(UsageError, match=message):
        make()


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


def test_double_casts_every_float_and_no_label():
    params = double(example("nearest")[1])
    assert params.fixed.templates.dtype == np.float64
    assert params.fixed.labels.dtype == np.int64
