"""HMAX as a physiologist would probe it, its remembered views, and what it reads of digits."""

import numpy as np
import pytest
from kit import assert_close, on

from neuro_cnn.data import load
from neuro_cnn.describe import describe
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy, accuracy_under
from neuro_cnn.layers import Gabors, Prototypes
from neuro_cnn.layers.gabors import simple_cell
from neuro_cnn.models import build, control, learning
from neuro_cnn.network import Chain
from neuro_cnn.rules import Imprint
from neuro_cnn.training import train

DIGIT = (1, 28, 28)


def bar(angle, side=31, width=3.0, middle=(0, 0)):
    """A bright bar, `angle` from vertical in the sense of the Gabor cells' orientation: (side, side)."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    y, x = y - middle[0], x - middle[1]
    across, along = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    return ((np.abs(across) < width / 2) & (np.abs(along) < side / 3)).astype(np.float32)


def taught(data, seed=0, **options):
    net, curriculum = build("hmax", data.shape, len(data.classes), **options)
    *_, progress = train(net, curriculum, data, seed=seed)
    return net, progress.params


@pytest.fixture(scope="module")
def digits():
    data = load("digits")
    return data.train.take(np.arange(0, 4000, 8)), data.test.take(np.arange(200))


@pytest.fixture(scope="module")
def few(digits):
    return taught(digits[0], planes=40)


# S1


@pytest.mark.parametrize("orientations", [4, 6])
def test_a_gabor_cell_answers_best_to_a_bar_of_its_orientation(orientations):
    layer = Gabors(orientations, (9, 11))
    params = layer.init((1, 31, 31), None)
    for k in range(orientations):
        image = bar(k * np.pi / orientations)[None, None]
        middle = layer.respond(params, image)[0, :, 15, 15].reshape(orientations, 2)
        assert np.all(middle.argmax(axis=0) == k)
        dark = layer.respond(params, 1 - image)[0, :, 15, 15].reshape(orientations, 2)
        assert_close(dark, middle)  # blind to the sign of contrast and to diffuse light


def test_a_gabor_cell_answers_1_to_what_it_likes_best():
    layer = Gabors(4, (7, 13))
    params = layer.init((3, 13, 13), None)
    for plane, kernel in enumerate(params.fixed.kernel[:, 0]):
        best = np.broadcast_to((kernel > 0).astype(np.float32), (1, 3, 13, 13))
        assert layer.respond(params, best)[0, plane, 6, 6] == pytest.approx(1, abs=1e-5)


def test_a_wider_bar_is_for_a_cell_of_larger_scale():
    layer = Gabors(1, (7, 9, 11, 13, 15, 17))
    params = layer.init((1, 31, 31), None)
    best = [layer.respond(params, bar(0, width=w)[None, None])[0, :, 15, 15].argmax() for w in (1, 3, 5)]
    assert best == sorted(best)
    assert best[0] < best[-1]


def test_kernels_follow_the_published_table():
    # side, sigma and wavelength in Serre et al. (2007): 7, 2.8, 3.5; 9, 3.6, 4.6; 11, 4.5, 5.6; 21, 9.2, 11.5
    for size, sigma, wavelength in ((7, 2.8, 3.5), (9, 3.6, 4.6), (11, 4.5, 5.6), (21, 9.2, 11.5)):
        assert 0.0036 * size**2 + 0.35 * size + 0.18 == pytest.approx(sigma, abs=0.1)
        assert (0.0036 * size**2 + 0.35 * size + 0.18) / 0.8 == pytest.approx(wavelength, abs=0.11)
        assert simple_cell(size, 0.0).sum() == pytest.approx(0, abs=1e-12)


# C1, S2, C2


def test_a_complex_cell_keeps_its_answer_while_the_bar_stays_in_its_view_and_a_simple_cell_does_not():
    net, _ = build("hmax", (1, 31, 31), 2)
    params = net.init((1, 31, 31), 0)
    images = np.stack([bar(0, middle=(0, right))[None] for right in (0, 1)])
    simple = net.respond(params, images, stop="M1")[:, 0, 15, 15]
    pooled = net.respond(params, images, stop="S2")[:, 0, 7, 7]  # sees columns 14 to 17
    assert simple[1] < 0.8 * simple[0]
    assert pooled[1] == pytest.approx(pooled[0], rel=1e-5)


def test_a_prototype_answers_1_to_itself_in_every_band_and_less_to_all_else(xp):
    layer = Prototypes(3, (2, 4), bands=2, sigma=0.2)
    rng = np.random.default_rng(0)
    params = layer.init((6, 4, 4), rng)
    for k, weight in enumerate(params.learned.weight):
        for band in range(2):
            x = rng.random((1, 6, 4, 4), np.float32)
            x[0, band::2] = np.where(params.fixed.mask[k // 3], weight, x[0, band::2])
            y = np.asarray(layer.respond(on(xp, params), on(xp, x)))
            assert y[0, 2 * k + band, 0, 0] == pytest.approx(1, abs=1e-4)
            assert y.max() <= 1
            assert np.sum(y > 0.99) == 1


def test_every_prototype_is_a_view_of_a_training_image(digits):
    layer = Prototypes(4, (1, 3), bands=2, pad=1)
    sample = digits[0].images[:30].repeat(4, axis=1) * np.arange(1, 5, dtype=np.float32)[:, None, None]
    params = layer.init(sample.shape[1:], np.random.default_rng(0))
    params, _ = Imprint().start(layer, params, sample, np.random.default_rng(1), 0)
    assert np.all(np.any(params.learned.weight, axis=(1, 2, 3)))
    best = layer.respond(params, sample).max(axis=(0, 2, 3)).reshape(8, 2).max(axis=1)
    np.testing.assert_allclose(best, 1, atol=1e-3)  # differences that nearly cancel: rounding


def test_prototypes_of_a_blank_sample_are_refused():
    layer = Prototypes(2, (3,))
    params = layer.init((2, 6, 6), np.random.default_rng(0))
    with pytest.raises(UsageError, match=r"20 views .* are all blank; enlarge its size"):
        Imprint().start(layer, params, np.zeros((5, 2, 6, 6), np.float32), np.random.default_rng(0), 0)


def test_c2_answers_alike_wherever_on_the_grid_the_shape_lies(few):
    small = few[0]
    net = Chain(small.layers[: small.names.index("S2") + 1])
    params = {name: few[1][name] for name in net.names}
    x = np.zeros((1, 1, 60, 60), np.float32)
    x[0, 0, 24:36, 26:34] = np.random.default_rng(0).random((12, 8)) > 0.5
    still = net.respond(params, x).max(axis=(2, 3))
    for down, right in ((2, 0), (-4, 6), (6, -2)):  # the step from one C1 cell to the next is 2 pixels
        assert_close(net.respond(params, np.roll(x, (down, right), (2, 3))).max(axis=(2, 3)), still)


# The system


@pytest.mark.parametrize("in_shape", [DIGIT, (1, 16, 16), (3, 32, 32), (2, 40, 33)])
def test_one_number_a_prototype_reaches_the_read_out(in_shape):
    net, _ = build("hmax", in_shape, 5, planes=7)
    shapes = {row.name: row.out_shape for row in describe(net, in_shape)}
    assert shapes["S1"] == (16, *in_shape[1:])
    assert shapes["flat"] == (7 * len(net["S2"].sizes),)


def test_the_control_has_random_prototypes():
    _, curriculum = build("hmax", DIGIT, 10)
    assert learning(curriculum) == "imprint"
    assert [phase.layers for phase in control(curriculum)] == [("out",)]


def test_five_hundred_digits_teach_it(digits, few):
    assert accuracy(*few, digits[1]) > 0.85


@pytest.mark.slow
def test_accuracy_on_digits_plain_and_shifted():
    data = load("digits")
    net, params = taught(data.train)
    assert accuracy(net, params, data.test) >= 0.955
    assert accuracy_under(net, params, data.test.take(np.arange(250)), "shift", 2) >= 0.93
