"""The electrode: the cell it says, through the whole network, and the pixels that cell sees."""

import numpy as np
import pytest
from kit import assert_close, on

from neuro_cnn import stimuli
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.layers import CCells, Contrast, Conv, Dense, Flatten, Maxout, ReLU, SCells, Shunting
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, Unit, grating_map, harmonics, on_canvas, receptive_box
from neuro_cnn.tree import tree_map

NET = Chain(
    (
        ("R", Contrast(5, 0.8, 1.6)),
        ("S1", SCells(3, 3, pad=1, response=Shunting(0.5))),
        ("C1", CCells(2)),
        ("flat", Flatten()),
        ("out", Dense(4)),
    )
)
SHAPE = (1, 16, 18)
PARAMS = NET.init(SHAPE, 0)
NOISE = stimuli.white_noise(7, (16, 18), np.random.default_rng(0))


@pytest.mark.parametrize(("layer", "place"), [("S1", None), ("S1", (5, 7)), ("C1", (2, 3)), ("out", None)])
def test_what_is_recorded_is_the_networks_own_response_to_the_stimulus_on_grey(layer, place):
    electrode = Electrode(NET, PARAMS, SHAPE, layer, place)
    whole = (0.5 + 0.5 * NOISE[:, None]).astype(np.float32)
    y = NET.respond(PARAMS, whole, stop=dict(zip(NET.names, (*NET.names[1:], None), strict=True))[layer])
    expected = y if layer == "out" else y[:, :, *(place or (8, 9))]
    np.testing.assert_allclose(electrode.respond(NOISE), expected, rtol=1e-5, atol=1e-7)
    assert electrode.respond(NOISE.reshape(7, 1, 16, 18)).shape == (7, 1, electrode.planes)
    np.testing.assert_allclose(electrode.blank, electrode.respond(0 * NOISE)[0], rtol=1e-5)
    assert electrode.unit(2) == Unit(layer, 2, *((place or (8, 9)) if layer != "out" else ()))


def test_a_colour_network_sees_the_stimulus_in_all_its_colours():
    net = Chain((("S1", Conv(2, 3)),))
    params = net.init((3, 16, 18), 0)
    image = np.repeat(0.5 + 0.5 * NOISE[:, None], 3, axis=1).astype(np.float32)
    found = Electrode(net, params, (3, 16, 18), "S1", (4, 4)).respond(NOISE)
    np.testing.assert_allclose(found, net.respond(params, image)[:, :, 4, 4], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", ["S1", "C1", "out"])
def test_the_gradient_is_the_slope_of_the_response(layer):
    params = tree_map(lambda leaf: leaf.astype(np.float64), PARAMS)
    electrode = Electrode(NET, params, SHAPE, layer)
    rng = np.random.default_rng(1)
    along = rng.normal(size=NOISE.shape)
    for plane in range(electrode.planes):
        slope = np.sum(electrode.gradient(NOISE.astype(float), plane) * along, axis=(1, 2))
        ahead, behind = (electrode.respond(NOISE.astype(float) + sign * 1e-6 * along)[:, plane] for sign in (1, -1))
        np.testing.assert_allclose(slope, (ahead - behind) / 2e-6, rtol=1e-4, atol=1e-7)


def test_every_array_library_records_the_same(xp):
    net = Chain((("S1", Conv(2, 3, stride=2)), ("T1", ReLU())))
    params = net.init(SHAPE, 0)
    plain = Electrode(net, params, SHAPE, "T1")
    other = Electrode(net, on(xp, params), SHAPE, "T1")
    assert_close(other.respond(NOISE), plain.respond(NOISE))
    assert_close(other.gradient(NOISE, 1), plain.gradient(NOISE, 1))


def test_the_box_is_that_of_the_arithmetic_and_cells_that_see_beyond_the_image_are_refused():
    box = receptive_box(NET, PARAMS, SHAPE, "C1", (3, 4))
    assert box == (3, 5, 11, 13)  # 2 x 2 of S-cells that see 7 x 7
    assert Electrode(NET, PARAMS, SHAPE, "C1", (3, 4)).whole().centre == (6.5, 8.5)
    with pytest.raises(
        UsageError,
        match=r"cells of S1 at 2/9 see rows -1 to 5 and columns 6 to 12 of an image of 16 x 18; "
        "choose a row from 3 to 12 and a column from 3 to 14",
    ):
        Electrode(NET, PARAMS, SHAPE, "S1", (2, 9)).whole()
    deep = Chain((("S1", Conv(1, 15, pad=7)), ("S2", Conv(1, 15, pad=7))))
    with pytest.raises(UsageError, match="on a larger canvas, of 58 pixels or more, or choose a layer below"):
        Electrode(deep, deep.init(SHAPE, 0), SHAPE, "S2").whole()


def test_on_a_larger_canvas_the_same_cell_answers_the_same():
    small = Electrode(NET, PARAMS, SHAPE, "S1")
    large = on_canvas(small, 40)
    assert large.shape == (3, 40, 40)
    around = np.zeros((7, 40, 40), np.float32)
    shift = [int(new - old) for new, old in zip(large.centre, small.centre, strict=True)]
    around[:, shift[0] : shift[0] + 16, shift[1] : shift[1] + 18] = NOISE
    np.testing.assert_allclose(large.respond(around), small.respond(NOISE), rtol=1e-5, atol=1e-7)
    with pytest.raises(UsageError, match=r"layer flat \(flatten\) has weights for places"):
        on_canvas(Electrode(NET, PARAMS, SHAPE, "out"), 40)


def test_a_cell_is_addressed_by_layer_plane_row_and_column():
    assert Unit.parse("C1/2/7/8", NET, PARAMS, SHAPE) == Unit("C1", 2, 7, 8)
    assert Unit.parse("S1/1", NET, PARAMS, SHAPE) == Unit("S1", 1, 8, 9)
    assert Unit.parse("out/3", NET, PARAMS, SHAPE) == Unit("out", 3, 0, 0)
    assert str(Unit("C1", 2, 7, 8)) == "C1/2/7/8"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("S11/0/0/0", "did you mean 'S1'"),
        ("S1/3/0/0", "cell S1/3/0/0: plane 3 of layer S1, which has 0 to 2"),
        ("S1/0/16/0", "row 16 of layer S1, which has 0 to 15"),
        ("C1/0/0/9", "column 9 of layer C1, which has 0 to 8"),
        ("out/4", "plane 4 of layer out, which has 0 to 3"),
        ("out/3/1/0", "row 1 of layer out, which has 0 to 0"),
        ("S1/0/1", "write LAYER/PLANE/ROW/COLUMN, such as S1/0/3/3, or S1/0"),
        ("S1/-1", "write LAYER/PLANE"),
        ("S1", "write LAYER/PLANE"),
    ],
)
def test_a_cell_that_does_not_exist_is_refused_with_what_there_is(text, message):
    with pytest.raises(UsageError, match=message):
        Unit.parse(text, NET, PARAMS, SHAPE)


def test_stimuli_of_another_size_a_layer_and_a_place_that_do_not_exist_are_refused():
    with pytest.raises(UsageError, match="stimuli of 16 x 16 for a network that sees 16 x 18"):
        Electrode(NET, PARAMS, SHAPE, "S1").respond(np.zeros((2, 16, 16), np.float32))
    with pytest.raises(UsageError, match="did you mean 'S1'"):
        Electrode(NET, PARAMS, SHAPE, "s1").respond(NOISE)
    with pytest.raises(UsageError, match="row 16 of layer S1, whose map has 0 to 15"):
        Electrode(NET, PARAMS, SHAPE, "S1", (16, 0)).respond(NOISE)


@pytest.mark.parametrize("phases", [8, 16, 24])
def test_harmonics_are_the_mean_above_blank_and_the_amplitude_at_the_gratings_frequency(phases):
    turn = 2 * np.pi * np.arange(phases) / phases
    responses = np.stack([3 + 2 * np.cos(turn - 0.7), 1 + 0 * turn, np.cos(2 * turn)], axis=1)
    found = harmonics(responses, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(found.f0, [2, 1, 0], atol=1e-12)
    np.testing.assert_allclose(found.f1, [2, 0, 0], atol=1e-12)
    assert found.phase[0] == pytest.approx(0.7)
    np.testing.assert_allclose(found.ratio, [1, 0, np.nan], atol=1e-12)


def test_the_search_finds_the_grating_that_a_built_cell_was_built_for():
    net, _ = build("lgn-v1", (1, 28, 28), 10, phases=2)
    params = net.init((1, 28, 28), 0)
    orientations, frequencies = np.arange(0, 180, 22.5), np.array([0.05, 0.1, 0.2, 0.3])
    found = grating_map(Electrode(net, params, (1, 28, 28), "S1"), orientations, frequencies)
    np.testing.assert_array_equal(found.orientation, np.repeat(orientations, 2))
    np.testing.assert_array_equal(found.frequency, 0.2)
    assert found.simple.all()
    np.testing.assert_allclose(found.ratio, np.pi / 2, atol=0.03)
    np.testing.assert_allclose(np.abs(np.angle(np.exp(1j * (found.phase[0::2] - found.phase[1::2])))), np.pi, atol=1e-3)
    above = grating_map(Electrode(net, params, (1, 28, 28), "C1"), orientations, frequencies)
    np.testing.assert_array_equal(above.orientation, orientations)
    assert not above.simple.any()


def test_a_cell_that_gratings_only_hold_down_is_silent_and_rounding_is_no_tuning():
    phases = np.arange(8) * np.pi / 4
    weight = stimuli.gabor((11, 11), 40.0, 0.15, phases, 2.5, 3.0)[:, None]
    weight = weight - weight.mean(axis=(2, 3), keepdims=True)
    layers = (("S1", Conv(8, 11)), ("T1", ReLU()), ("M1", Maxout(8)), ("I", Conv(1, 1)), ("T2", ReLU()))
    net = Chain(layers)
    params = net.init((1, 24, 24), 0)
    learned = {"S1": (weight.astype(np.float32), np.zeros(8, np.float32))}
    learned["I"] = -np.ones((1, 1, 1, 1), np.float32), np.float32([20])
    for name, (w, b) in learned.items():
        params[name] = params[name]._replace(learned=params[name].learned._replace(weight=w, bias=b))
    angles, frequencies = np.arange(0, 180, 20.0), np.array([0.1, 0.15])
    held, driven = (
        grating_map(Electrode(net, params, (1, 24, 24), name), angles, frequencies) for name in ("T2", "M1")
    )
    assert held.harmonics.f0.min() < -1
    assert (held.silent.tolist(), driven.silent.tolist()) == ([True], [False])


def test_a_plane_that_answers_with_no_number_is_refused_by_its_number():
    params = NET.init(SHAPE, 0)
    params["S1"].learned.weight[1] = np.nan
    with pytest.raises(DataError, match="plane 1 of S1 answers with no number; did it diverge"):
        Electrode(NET, params, SHAPE, "S1").respond(NOISE)
