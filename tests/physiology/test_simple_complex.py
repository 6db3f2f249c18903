"""Which S-layer belongs to which C-layer, and what both are recorded to do."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Contrast, Conv, Maxout, Normalize, ReLU, SCells, Threshold, Triangle
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import PROTOCOLS, Electrode, Pair, Preparation, pair_of
from neuro_cnn.stimuli import white_noise

SHAPE = (1, 20, 24)
EYE = (("R", Contrast(margin=-3)), ("N", Normalize()))
TWO = Chain((*EYE, ("S", Conv(3, 3)), ("T", Threshold(2)), ("M", Maxout(2)), ("C", CCells(4, stride=2, pad=1))))


@pytest.mark.parametrize(
    ("layer", "found"),
    [("C", ("S", "T", "C")), ("S", ("S", "T", "")), ("T", ("S", "T", ""))],
)
def test_an_s_layer_stands_below_its_output_function_and_a_c_layer_above_both(layer, found):
    assert pair_of(TWO, layer) == found


@pytest.mark.parametrize(
    ("name", "layer", "found"),
    [
        ("hebbian-wta", "C1", ("S1", "T1", "C1")),
        ("hebbian-wta", "S1", ("S1", "T1", "")),
        ("neocognitron-1980", "C2", ("S2", "S2", "C2")),
        ("neocognitron-1980", "S1", ("S1", "S1", "")),
        ("simple-complex", "C1", ("S1", "T1", "C1")),
        ("lgn-v1", "S1", ("S1", "S1", "")),
    ],
)
def test_the_pairs_of_systems_of_the_catalogue(name, layer, found):
    assert pair_of(build(name, (1, 28, 28), 10)[0], layer) == found


def test_simple_cells_that_are_normalised_are_those_that_complex_cells_pool():
    assert pair_of(build("lgn-v1", (1, 28, 28), 10, surround=3.0)[0], "C1") == ("S1", "N1", "C1")


@pytest.mark.parametrize("layer", ["R", "N", "M"])
def test_what_is_neither_is_refused_with_what_would_do(layer):
    with pytest.raises(UsageError, match=rf"layer {layer} .* is no S-layer, nor does it pool one; choose one of S, or"):
        pair_of(TWO, layer)


@pytest.mark.parametrize("wiring", [CCells(4, stride=2, pad=1), CCells(3, 1), CCells((2, 5), (1, 2))])
def test_a_c_cell_is_the_maximum_of_the_bank_of_s_cells_found_for_it(wiring):
    net = Chain((*TWO.layers[:-1], ("C", wiring)))
    pair = Pair.of(Electrode(net, net.init(SHAPE, 0), SHAPE, "C", (2, 2)))
    noise = white_noise(30, SHAPE[1:], np.random.default_rng(0))
    np.testing.assert_array_equal(pair.bank(noise).max(axis=-1), pair.complex.respond(noise))


def test_the_s_cell_recorded_lies_in_the_middle_of_the_pool_and_both_responses_are_above_blank():
    net = Chain((("S", SCells(4, 5, stride=2)), ("C", CCells(3, 1))))
    pair = Pair.of(Electrode(net, net.init(SHAPE, 0), SHAPE, "C", (1, 2)))
    assert pair.simple.at == (2, 3)
    assert pair.reach == (4, 4)
    np.testing.assert_allclose(pair.along(np.array([0.0, 90.0, 45.0])), [4, 4, 4 * np.sqrt(2)])
    s, c = pair.record(np.zeros((1, *SHAPE[1:]), np.float32))
    assert not s.any()
    assert not c.any()


def test_an_s_layer_alone_is_its_own_bank():
    net = Chain((("S", Conv(4, 5)), ("T", ReLU()), ("U", Triangle())))
    pair = Pair.of(Electrode(net, net.init(SHAPE, 0), SHAPE, "S", (1, 2)))
    noise = white_noise(5, SHAPE[1:], np.random.default_rng(0))
    assert (pair.complex, pair.simple.layer, pair.simple.at) == (None, "U", (1, 2))
    np.testing.assert_array_equal(pair.bank(noise)[..., 0], pair.simple.respond(noise))


@pytest.mark.parametrize(("layer", "between"), [("S", ()), ("T", ()), ("C", ()), ("C", (("M", Maxout(4)),))])
def test_every_recorded_plane_has_the_field_of_its_s_cells(layer, between):
    net = Chain((("S", Conv(4, 5)), ("T", Threshold(2)), *between, ("C", CCells(2, 1))))
    params = net.init((1, 12, 12), 0)
    found = PROTOCOLS["gabor"](Preparation(Electrode(net, params, (1, 12, 12), layer)))
    weights = params["S"].learned.weight[:, 0]
    both = np.stack([weights, -weights], axis=1).reshape(8, 5, 5)
    np.testing.assert_array_equal(found.shown.fields, weights if layer == "S" else weights[::2] if between else both)
    assert len(found.verdicts) == Electrode(net, params, (1, 12, 12), layer).planes
