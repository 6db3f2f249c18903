"""What a network view shows: every response, and gradients that are those of the loss."""

import numpy as np
import pytest
from kit import assert_close, double, inner, relative, slope

from neuro_cnn.losses import CrossEntropy, SquaredError
from neuro_cnn.models import build
from neuro_cnn.physiology import network_view

SHAPE, LABEL = (1, 12, 12), 2
TEXT = "INPUT -> CONV(3) -> RELU -> POOL -> CONV(4) -> RELU -> POOL -> FC(5) -> RELU -> FC"


@pytest.fixture(scope="module")
def seen():
    """A network in double precision, its weights, and an image."""
    net, _ = build(TEXT, SHAPE, 3)
    return net, double(net.init(SHAPE, 0)), np.random.default_rng(1).random(SHAPE)


@pytest.mark.parametrize("loss", [CrossEntropy(), SquaredError()])
def test_the_gradient_by_the_pixels_and_by_every_layers_response_is_the_slope_of_the_loss(seen, loss):
    net, params, image = seen
    view, rng = network_view(net, params, image, LABEL, loss), np.random.default_rng(2)
    starts = [*net.names, None]
    pairs = [(image, view.error), *((each.response, each.error) for each in view.layers.values())]
    scores = pairs[-1][0]
    for start, (x, error) in zip(starts, pairs, strict=True):

        def value(x, start=start):
            answer = x[None] if start is None else net.respond(params, x[None], start=start)
            return loss(answer, np.array([LABEL]))[0]

        assert error.shape == x.shape
        way = rng.standard_normal(x.shape) * (x != 0)  # cells that are silent together have no slope under a maximum
        assert relative(inner(error, way), slope(value, x, way)) < 1e-6
    assert view.loss == value(scores)


def test_responses_weights_and_their_gradients_are_those_of_learning(seen):
    net, params, image = seen
    view = network_view(net, params, image, LABEL, CrossEntropy())
    scores, activity = net.forward(params, image[None])
    error, gradients = net.backward(params, activity, CrossEntropy()(scores, np.array([LABEL]))[1])
    assert_close(view.error, error[0])
    assert tuple(view.layers) == net.names
    for index, (name, each) in enumerate(view.layers.items()):
        above = net.names[index + 1] if index + 1 < len(net.names) else None
        assert_close(each.response, net.respond(params, image[None], stop=above)[0])
        if params[name].learned:
            assert_close(each.weight, params[name].learned.weight)
            assert_close(each.gradient, gradients[name].weight)
        else:
            assert (each.weight, each.gradient) == ((), ())
    assert {name for name, each in view.layers.items() if len(each.weight)} == {"conv1", "conv2", "fc1", "out"}
