"""Maps of an image's pixels: the derivative, its guided form, the deconvnet, and whether they depend on the weights."""

import numpy as np
import pytest
from kit import double, relative

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    CCells,
    Conv,
    Dense,
    Flatten,
    Mean,
    ReLU,
    SCells,
)
from neuro_cnn.models import build
from neuro_cnn.network import Chain, Residual
from neuro_cnn.physiology import Unit, backprojection, deconvnet, guided, most_active, randomisation, saliency
from neuro_cnn.physiology.deep.randomisation import ranks_agree

RNG = np.random.default_rng(0)
LOW = {"theta_s1": 0.2, "theta_recognition": 0.2}  # random cells that answer
NETS = {
    "lenet5": ("lenet5", {}, (1, 28, 28), ("S1", "C2", "F5", "out")),
    "in colour": ("lenet5", {}, (3, 20, 20), ("C1", "out")),
    "leaky": ("lenet5", {"activation": "leaky-relu", "pool": "l2"}, (1, 20, 20), ("C2",)),
    "1980": ("neocognitron-supervised", {"planes": 6, "inhibition": 0.3}, (1, 28, 28), ("S1", "C1", "S2", "C2", "out")),
    "2013": (
        "neocognitron-2013",
        {"planes": 8, "theta_s1": 0.2, "theta_recognition": 0.2},
        (1, 28, 28),
        ("C1", "S2", "C2"),
    ),
    "2003": ("neocognitron-2003", {"planes2": 5}, (1, 28, 28), ("S1", "C1")),
}


def made(name, seed=3):
    """A network of NETS with random weights in double precision, and an image on which it is far from kinks."""
    system, options, shape, layers = NETS[name]
    net, _ = build(system, shape, 10, **options)
    params = double(net.init(shape, seed))
    return net, params, np.random.default_rng(seed).uniform(0.1, 1, shape), layers


def response(net, params, image, unit):
    below = Chain((*net.part(stop=unit.layer), (unit.layer, net[unit.layer])))
    y = below.respond(params, image[None])
    return float(y[(0, *unit[1 : y.ndim])])


@pytest.mark.parametrize("name", NETS)
def test_saliency_is_the_slope_by_finite_differences(name):
    net, params, image, layers = made(name)
    for layer in layers:
        unit = most_active(net, params, image, layer, 1)[0]
        found = saliency(net, params, image, [unit])
        assert found.responses[0] == pytest.approx(response(net, params, image, unit), rel=1e-9)
        for _ in range(3):
            way = RNG.normal(size=image.shape)
            step = 1e-6
            ahead, behind = (response(net, params, image + sign * step * way, unit) for sign in (1, -1))
            slope = float(np.sum(found.maps[0] * way))
            assert relative(slope, (ahead - behind) / (2 * step)) < 1e-4, (layer, slope)


@pytest.mark.parametrize("way", [saliency, guided, deconvnet])
def test_maps_of_several_cells_are_those_of_each_alone_and_of_a_silent_one_nothing(way):
    net, params, image, _ = made("1980")
    units = most_active(net, params, image, "C2", 3)
    together = way(net, params, image, units)
    for unit, each in zip(units, together.maps, strict=True):
        np.testing.assert_allclose(way(net, params, image, [unit]).maps[0], each, atol=1e-12)
    dark = way(net, params, np.zeros_like(image), units)
    assert not dark.responses.any()
    assert not dark.maps.any()


def test_without_anything_below_zero_guided_backpropagation_is_the_derivative():
    net = Chain((("S1", SCells(3, 3)), ("C1", CCells(2)), ("S2", SCells(2, 3))))
    params = double(net.init((1, 10, 10), 1))
    for name in ("S1", "S2"):
        params[name].learned.weight[:] = abs(params[name].learned.weight)
    image = RNG.uniform(0.5, 1, (1, 10, 10))
    units = most_active(net, params, image, "S2", 2)
    slopes, lifted = (way(net, params, image, units).maps for way in (saliency, guided))
    assert slopes.max() > 0
    np.testing.assert_allclose(lifted, slopes)


def test_guided_backpropagation_lets_down_only_what_is_positive_and_open():
    # two rectified cells, one excites and one inhibits: only the first one's weights come down
    net = Chain((("a", Conv(2, 1, bias=False)), ("b", ReLU()), ("c", Conv(1, 1, bias=False))))
    params = double(net.init((1, 1, 1), 0))
    params["a"].learned.weight[:] = np.array([2.0, 5.0]).reshape(2, 1, 1, 1)
    params["c"].learned.weight[:] = np.array([3.0, -1.0]).reshape(1, 2, 1, 1)
    unit, image = [Unit("c", 0)], np.ones((1, 1, 1))
    assert saliency(net, params, image, unit).maps.item() == 2 * 3 - 5 * 1
    assert guided(net, params, image, unit).maps.item() == 2 * 3


def test_the_deconvnet_follows_the_switches_of_this_image():
    net = Chain((("S1", SCells(1, 1)), ("C1", CCells(2))))
    params = double(net.init((1, 4, 4), 0))
    params["S1"].learned.weight[:] = 2
    image = np.zeros((1, 4, 4))
    image[0, 1, 0] = 1
    expected = np.zeros((1, 4, 4))
    expected[0, 1, 0] = 2
    np.testing.assert_array_equal(deconvnet(net, params, image, [Unit("C1", 0, 0, 0)]).maps[0], expected)


def test_without_maxima_and_below_a_single_rectifier_the_deconvnet_is_the_back_projection():
    net = Chain((("S1", SCells(3, 3)), ("C1", CCells(2, pool=Mean()))))
    params = net.init((2, 9, 9), 2)
    image = RNG.uniform(0, 1, (2, 9, 9)).astype(np.float32)
    middle = [
        unit for unit in (Unit("C1", plane, 1, 1) for plane in range(3)) if response(net, params, image, unit) > 0
    ]
    found = backprojection(net, params, (2, 9, 9), "C1")
    top, left = found.corner
    rows, columns = (slice(at, at + side) for at, side in zip((top, left), found.weights.shape[2:], strict=True))
    assert middle
    for unit, each in zip(middle, deconvnet(net, params, image, middle).maps, strict=True):
        np.testing.assert_allclose(each[:, rows, columns], found.weights[unit.plane], rtol=1e-5)


def test_layers_that_a_map_cannot_pass_are_refused():
    net, _ = build("nearest-neighbour", (1, 8, 8), 3)
    with pytest.raises(UsageError, match="no linear path leads down through layer out"):
        deconvnet(net, net.init((1, 8, 8), 0), np.ones((1, 8, 8), np.float32), [Unit("out", 0)])
    block = Chain((("block", Residual(Chain((("a", Conv(1, 3, pad=1)), ("b", ReLU()))))),))
    with pytest.raises(UsageError, match="does not see into block"):
        guided(block, block.init((1, 8, 8), 0), np.ones((1, 8, 8), np.float32), [Unit("block", 0, 4, 4)])


# Drawing weights anew


def test_rank_correlation_is_spearmans_and_has_none_for_a_constant():
    assert ranks_agree(np.array([1.0, 2.0, 30.0]), np.array([0.1, 5.0, 6.0])) == pytest.approx(1)
    assert ranks_agree(np.array([1, 2, 3]), np.array([3, 2, 1])) == pytest.approx(-1)
    # 1 - 6 sum d^2 / (n (n^2 - 1)) without ties
    assert ranks_agree(np.array([1, 2, 3, 4]), np.array([2, 1, 4, 3])) == pytest.approx(1 - 6 * 4 / (4 * 15))
    assert ranks_agree(np.array([1, 1, 2]), np.array([5, 5, 9])) == pytest.approx(1)  # ties share their rank
    assert np.isnan(ranks_agree(np.zeros(4), np.arange(4)))


@pytest.mark.parametrize("name", ["lenet5", "1980", "2013"])
@pytest.mark.parametrize("way", [saliency, guided, deconvnet])
def test_every_layer_with_weights_is_drawn_anew_from_the_top_down(name, way):
    net, params, image, _ = made(name)
    layer = "C2"
    units = most_active(net, params, image, layer, 2)
    before = saliency(net, params, image, units).maps
    found = randomisation(net, params, image, units, way, draws=2)
    assert [each.layer for each in found] == ["S2", "S1"]
    assert all(each.alike.shape == each.signed.shape == (2,) for each in found)
    assert all(abs(value) <= 1 for each in found for value in (each.means[1] or 0, *each.alike[~np.isnan(each.alike)]))
    again = randomisation(net, params, image, units, way, draws=2)
    np.testing.assert_array_equal([each.alike for each in found], [each.alike for each in again])
    np.testing.assert_array_equal(saliency(net, params, image, units).maps, before)  # the weights are as they were


def test_a_map_that_does_not_read_the_weights_stays_the_same_and_the_slope_does_not():
    net = Chain((("S1", SCells(4, 5)), ("C1", CCells(2)), ("flat", Flatten()), ("out", Dense(3))))
    params = net.init((1, 12, 12), 0)
    image = RNG.uniform(size=(1, 12, 12)).astype(np.float32)
    units = [Unit("out", 0), Unit("out", 1)]

    def of_the_image(net, params, image, units):
        return saliency(net, params, image, units)._replace(maps=np.stack([image] * len(units)))

    blind = randomisation(net, params, image, units, of_the_image)
    assert [each.layer for each in blind] == ["out", "S1"]
    assert all(each.means == (pytest.approx(1), pytest.approx(1)) for each in blind)
    seeing = randomisation(net, params, image, units, saliency)
    assert abs(seeing[-1].means[1]) < 0.3


def test_a_cell_that_falls_silent_is_counted_and_has_no_correlation():
    net = Chain((("S1", SCells(1, 1)),))
    params = net.init((1, 3, 3), 0)
    params["S1"].learned.weight[:] = 1
    image = np.zeros((1, 3, 3), np.float32)
    found = randomisation(net, params, image, [Unit("S1", 0, 1, 1)], saliency, draws=3)
    assert (found[0].silent.tolist(), found[0].means) == ([3], (None, None))
