"""The images that planes answer to most, and the parts of them that the winning cells see."""

import sys

import numpy as np
import pytest

from neuro_cnn.layers import CCells, Dense, Flatten, SCells
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Unit, example, most_active, patches, view_of, winners
from neuro_cnn.physiology.deep.active import at_once, peaks, respond_to

RNG = np.random.default_rng(0)
NETS = [("lenet5", {}, (3, 20, 20)), ("neocognitron-2013", {"planes": 5, "theta_recognition": 0.3}, (1, 28, 28))]


@pytest.mark.parametrize(("system", "options", "shape"), NETS)
def test_winners_are_those_of_all_images_at_once(system, options, shape, monkeypatch):
    net, _ = build(system, shape, 10, **options)
    params = net.init(shape, 1)
    images = RNG.random((70, *shape), dtype=np.float32)
    monkeypatch.setattr(sys.modules["neuro_cnn.physiology.deep.patches"], "at_once", lambda *about: 32)  # three batches
    steps = []
    found = winners(net, params, images, "C2", 4, step=lambda: steps.append(1))
    value, place = peaks(respond_to(net, params, images, "C2"))
    order = np.argsort(-value, axis=0, kind="stable")[:4].T
    np.testing.assert_allclose(found.responses[:, :-1], np.sort(value, axis=0)[::-1][:4].T, atol=1e-5)
    np.testing.assert_array_equal(found.images[:, :-1], order)
    np.testing.assert_array_equal(found.images[:, -1], value.argmin(axis=0))
    np.testing.assert_array_equal(found.places[:, 0], [place[n, k] for k, n in enumerate(order[:, 0])])
    assert len(steps) == 3
    assert all(len(set(row)) == 4 for row in order.tolist())  # one an image


def test_a_patch_holds_all_that_makes_its_cell_answer():
    net = Chain((("S1", SCells(4, 3, pad=1)), ("C1", CCells(2)), ("S2", SCells(5, 3))))
    params = net.init((2, 14, 14), 0)
    images = RNG.random((20, 2, 14, 14), dtype=np.float32)
    found = winners(net, params, images, "S2", 3)
    cut = patches(net, params, images, "S2", found, np.arange(5))
    awake = np.flatnonzero(cut.found[:, 0])
    assert len(awake) > 1
    for plane in awake:
        number, place = found.images[plane, 0], found.places[plane, 0]
        unit = Unit("S2", plane, *map(int, place))
        view = view_of(net, params, images[number], "S2", tuple(place))
        np.testing.assert_array_equal(cut.patches[plane, 0], view)
        alone = example(net, params, images, found, unit)  # where it was, in darkness
        value = respond_to(net, params, alone[None], "S2")[(0, *unit[1:])]
        assert value == pytest.approx(found.responses[plane, 0], rel=1e-5)


def test_beyond_the_edge_of_the_image_lies_darkness():
    net = Chain((("S1", SCells(1, 5, pad=2)),))
    params = net.init((1, 6, 6), 0)
    view = view_of(net, params, np.ones((1, 6, 6)), "S1", (0, 5))
    expected = np.zeros((5, 5))
    expected[2:, :3] = 1
    np.testing.assert_array_equal(view[0], expected)


def test_planes_that_answer_to_few_images_or_none_have_no_more_patches():
    net = Chain((("S1", SCells(2, 3)),))
    params = net.init((1, 5, 5), 0)
    params["S1"].learned.weight[0] = 1
    params["S1"].learned.weight[1] = -1
    images = np.zeros((6, 1, 5, 5), np.float32)
    images[4] = 0.5
    found = winners(net, params, images, "S1", 3)
    cut = patches(net, params, images, "S1", found, np.arange(2))
    assert cut.found.tolist() == [[True, False, False], [False, False, False]]
    np.testing.assert_array_equal(cut.mean[0], np.full((1, 3, 3), 0.5))  # of one, not of three
    assert not cut.patches[0, 1:].any()
    assert not cut.mean[1].any()


def test_patches_of_the_other_polarity_are_told():
    net = Chain((("S1", SCells(1, 2)),))
    params = net.init((1, 2, 2), 0)
    params["S1"].learned.weight[:] = 1
    light, dim, dark = np.eye(2), np.array([[0.4, 0.1], [0.1, 0.5]]), np.array([[0, 0.3], [0.3, 0.3]])
    images = np.stack([light, dark, dim])[:, None].astype(np.float32)
    found = winners(net, params, images, "S1", 3)
    assert found.images[0, :-1].tolist() == [0, 2, 1]
    cut = patches(net, params, images, "S1", found, np.array([0]))
    assert cut.opposed.tolist() == [[False, False, True]]
    np.testing.assert_allclose(cut.mean[0, 0], (light + dark + dim) / 3, atol=1e-6)


def test_fewer_images_than_patches_give_as_many_as_there_are():
    net = Chain((("flat", Flatten()), ("out", Dense(3))))
    params = net.init((1, 4, 4), 0)
    images = RNG.random((2, 1, 4, 4), dtype=np.float32)
    found = winners(net, params, images, "out")
    assert found.responses.shape == (3, 3)
    assert patches(net, params, images, "out", found, np.arange(3)).patches.shape == (3, 2, 1, 4, 4)


def test_the_most_active_cells_are_one_a_plane_and_silent_planes_have_none():
    net = Chain((("S1", SCells(3, 1)),))
    params = net.init((1, 4, 4), 0)
    params["S1"].learned.weight[:] = np.array([1.0, -1.0, 2.0]).reshape(3, 1, 1, 1)
    image = np.zeros((1, 4, 4), np.float32)
    image[0, 2, 3] = 1
    assert most_active(net, params, image, "S1", 5) == [Unit("S1", 2, 2, 3), Unit("S1", 0, 2, 3)]
    assert most_active(net, params, image, "S1", 1) == [Unit("S1", 2, 2, 3)]
    assert most_active(net, params, 0 * image, "S1", 5) == []


def test_no_more_images_are_shown_at_once_than_memory_holds():
    net, _ = build("vgg16", (3, 224, 224), 10)
    params = net.init((3, 224, 224), None)
    first = net.names[0]
    assert at_once(net, params, (3, 224, 224), first) * 4 * 64 * 224 * 224 <= 64 * 2**20
    assert at_once(net, params, (3, 224, 224), first) >= 1
