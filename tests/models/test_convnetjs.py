"""ConvNetJS's networks: the counts that its pages show, and the crops that its MNIST network learns from."""

import numpy as np
import pytest
from kit import assert_close

from neuro_cnn.data.augment import Augment
from neuro_cnn.data.deform import shift
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.models import build
from neuro_cnn.optim import Adadelta


def rows(name, in_shape):
    return {row.name: row for row in describe(build(name, in_shape, 10)[0], in_shape)}


@pytest.mark.parametrize("in_shape", [(1, 28, 28), (1, 24, 24)])
def test_the_mnist_network_has_the_counts_that_its_page_shows(in_shape):
    found = rows("convnetjs-mnist", in_shape)
    assert found["conv1"].out_shape == (8, 24, 24)
    assert found["pool1"].out_shape == (8, 12, 12)
    assert found["pool2"].out_shape == (16, 4, 4)
    parameters = {"conv1": 8 * 25 + 8, "conv2": 16 * 25 * 8 + 16, "out": 10 * 256 + 10}
    assert {name: row.parameters for name, row in found.items() if row.parameters} == parameters
    assert parameters["conv1"] == 208


def test_the_cifar_network_has_the_counts_that_its_page_shows():
    found = rows("convnetjs-cifar", (3, 32, 32))
    shapes = {"conv1": (16, 32, 32), "conv2": (20, 16, 16), "conv3": (20, 8, 8), "pool3": (20, 4, 4)}
    assert {name: found[name].out_shape for name in shapes} == shapes
    parameters = {"conv1": 1216, "conv2": 8020, "conv3": 10020, "out": 3210}
    assert {name: row.parameters for name, row in found.items() if row.parameters} == parameters


def test_a_digit_that_is_moved_by_up_to_2_pixels_is_a_crop_of_24_x_24():
    whole, _ = build("convnetjs-mnist", (1, 28, 28), 10)
    part, _ = build("convnetjs-mnist", (1, 24, 24), 10)
    params = whole.init((1, 28, 28), 0)
    x = np.random.default_rng(0).random((2, 1, 28, 28), np.float32)
    for down, right in ((0, 0), (2, -2), (-1, 2)):
        crop = x[:, :, 2 - down : 26 - down, 2 - right : 26 - right]
        assert_close(whole.respond(params, shift(x, down, right)), part.respond(params, crop))


def test_images_smaller_than_the_crop_are_refused():
    with pytest.raises(UsageError, match="cannot see images of 1 x 28 x 20: it sees 24 x 24 pixels; choose images"):
        build("convnetjs-mnist", (1, 28, 20), 10)


@pytest.mark.parametrize(("name", "batch", "decay"), [("convnetjs-mnist", 20, 0.001), ("convnetjs-cifar", 4, 0.0001)])
def test_they_learn_by_adadelta_in_small_batches_with_a_decay_that_is_divided_by_the_batch(name, batch, decay):
    (phase,) = build(name, (3, 32, 32), 10)[1]
    assert (phase.batch, phase.method.optimizer) == (batch, Adadelta(rate=1.0, rho=0.95, decay=decay / batch))
    (phase,) = build(name, (3, 32, 32), 10, batch=10, decay=0.5)[1]
    assert (phase.batch, phase.method.optimizer.decay) == (10, 0.05)


def test_images_are_moved_and_colour_ones_mirrored_unless_told_otherwise():
    assert build("convnetjs-mnist", (1, 28, 28), 10)[1][0].augment == Augment(shift=2)
    assert build("convnetjs-mnist", (1, 28, 28), 10, augment=0)[1][0].augment is None
    assert build("convnetjs-cifar", (3, 32, 32), 10)[1][0].augment == Augment(shift=2, flip=True)
    assert build("convnetjs-cifar", (3, 32, 32), 10, augment=0, flip=False)[1][0].augment is None
