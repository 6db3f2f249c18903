"""The animal that the instruments are tried on: what its wiring promises, cell by cell."""

import numpy as np
import pytest

from neuro_cnn import stimuli
from neuro_cnn.data import load
from neuro_cnn.errors import UsageError
from neuro_cnn.evaluate import accuracy
from neuro_cnn.layers import Divisive, EndStopped, SimpleCells
from neuro_cnn.models import build, control, learning
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, harmonics
from neuro_cnn.training import train

FIELD = (1, 48, 48)
CYCLE = 2 * np.pi * np.arange(16) / 16


def electrode(layer, **options):
    net, _ = build("lgn-v1", FIELD, 10, **options)
    return Electrode(net, net.init(FIELD, 0), FIELD, layer).whole()


def test_simple_cells_are_blind_to_diffuse_light_and_answer_one_polarity():
    s1 = electrode("S1")
    light, dark = np.ones((2, 1, 48, 48), np.float32) * [[[[1]]], [[[-1]]]]
    best = stimuli.grating(s1.sides, 0.0, 0.2, CYCLE, centre=s1.centre)
    peak = s1.respond(best).max(axis=0)[:4]
    assert np.abs(s1.respond(np.concatenate([light, dark]))[:, :4] - s1.blank[:4]).max() < 1e-3 * peak.max()
    bar = stimuli.bar(s1.sides, 0.0, 2.0, contrast=np.array([1.0, -1.0]), centre=s1.centre)
    on, off = s1.respond(bar)[:, 0], s1.respond(bar)[:, 2]  # phases 0 and 180 degrees
    assert on[0] > 0.05 > on[1] == 0
    assert off[1] > 0.05 > off[0] == 0


def test_simple_cells_add_up_what_they_see_until_the_rectifier():
    s1 = electrode("S1")
    parts = stimuli.white_noise(40, s1.sides, np.random.default_rng(0), 0.2)
    both = s1.respond(parts[:20] + parts[20:])
    one, two = s1.respond(parts[:20]), s1.respond(parts[20:])
    positive = (one > 0) & (two > 0)
    assert positive.sum() > 50
    np.testing.assert_allclose(both[positive], (one + two)[positive], atol=1e-5)


@pytest.mark.parametrize("orientations", [4, 6])
def test_planes_go_round_by_orientation_counter_clockwise_and_within_it_by_phase(orientations):
    s1 = electrode("S1", orientations=orientations)
    angles = np.arange(orientations) * 180 / orientations
    shown = stimuli.grating(s1.sides, angles[:, None], 0.2, CYCLE[None, ::4], centre=s1.centre)  # a phase each
    responses = s1.respond(shown).reshape(4 * orientations, 4 * orientations)
    assert (responses.argmax(axis=0) == np.arange(4 * orientations)).all()
    assert (responses.argmax(axis=1) == np.arange(4 * orientations)).all()


def test_a_complex_cell_is_the_maximum_of_its_simple_cells_over_phase_and_place():
    net, _ = build("lgn-v1", FIELD, 10)
    params = net.init(FIELD, 0)
    images = np.random.default_rng(0).random((20, *FIELD), np.float32)
    simple, complex_ = (net.respond(params, images, stop=layer) for layer in ("M1", "H1"))
    pooled = simple.reshape(20, 8, 4, 48, 48)[:, :, :, 18:23, 28:33].max(axis=(2, 3, 4))
    np.testing.assert_array_equal(complex_[:, :, 20, 30], pooled)


def test_a_complex_cell_answers_its_line_alike_in_every_phase_and_either_polarity():
    c1 = electrode("C1")
    drift = c1.respond(stimuli.grating(c1.sides, 0.0, 0.2, CYCLE, centre=c1.centre))[:, :1]
    assert harmonics(drift, c1.blank[:1]).ratio[0] < 0.01
    bars = c1.respond(stimuli.bar(c1.sides, 0.0, 2.0, contrast=np.array([1.0, -1.0]), centre=c1.centre))[:, 0]
    assert bars[0] == pytest.approx(bars[1], rel=1e-4)


@pytest.mark.parametrize("plane", range(8))
def test_an_end_stopped_cell_answers_a_short_line_and_not_one_that_goes_on(plane):
    h1 = electrode("H1")
    lengths = np.array([1, 4, 7, 10, 13, 16, 20, 40.0])
    bars = stimuli.bar(h1.sides, plane * 22.5, 2.0, lengths, centre=h1.centre)
    responses = h1.respond(bars)[:, plane]
    assert 4 <= lengths[responses.argmax()] <= 13
    assert responses[-1] < 0.1 * responses.max()
    complex_ = electrode("C1").respond(bars)[:, plane]
    assert complex_[-1] > 0.98 * complex_.max()


def test_a_normalising_pool_suppresses_large_gratings_as_the_median_cell_of_macaque_v1():
    diameters = np.array([2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48.0])
    for options, low, high in (({}, 0, 0.02), ({"surround": 3.0}, 0.2, 0.5)):  # Cavanaugh et al. 2002: median .33
        cells = electrode("N1" if options else "S1", **options)
        found = []
        for k in range(8):
            discs = stimuli.grating(
                cells.sides, k * 22.5, 0.2, CYCLE[None], diameter=diameters[:, None], centre=cells.centre
            )
            f1 = harmonics(cells.respond(discs), cells.blank).f1[:, 4 * k]
            found.append((f1.max() - f1[-1]) / f1.max())
        assert low <= np.median(found) <= high


def test_normalised_cells_saturate_with_contrast_where_plain_ones_do_not():
    contrast = np.array([0.1, 0.2, 0.5, 1.0])
    plain, normalised = (
        electrode(layer, **options).respond(
            stimuli.grating(FIELD[1:], 0.0, 0.2, 0.0, contrast, centre=electrode(layer, **options).centre)
        )[:, 0]
        for layer, options in (("S1", {}), ("N1", {"surround": 3.0}))
    )
    np.testing.assert_allclose(plain / plain[-1], contrast, rtol=1e-3)
    assert normalised[2] > 0.85 * normalised[3]


def test_a_colour_image_without_colours_is_seen_as_its_grey_one():
    image = np.random.default_rng(0).random((2, *FIELD), np.float32)
    one, three = (build("lgn-v1", (planes, 48, 48), 10)[0] for planes in (1, 3))
    grey = one.respond(one.init(FIELD, 0), image, stop="M1")
    colour = three.respond(three.init((3, 48, 48), 0), image.repeat(3, axis=1), stop="M1")
    np.testing.assert_allclose(colour, grey, atol=1e-6)


def test_only_the_readout_learns_and_it_reads_digits():
    digits = load("digits")
    net, curriculum = build("lgn-v1", (1, 28, 28), 10)
    assert learning(curriculum) == "none"
    assert control(curriculum) is None
    *_, progress = train(net, curriculum, digits.train.take(np.arange(0, 4000, 8)), seed=0)
    assert accuracy(net, progress.params, digits.test.take(np.arange(300))) > 0.9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SimpleCells(frequency=0.5), "simple cells for 0.5 cycles a pixel; choose between .05 and .4"),
        (lambda: SimpleCells(n_x=0), "n_x = 0 and n_y = 0.55; both must be above 0, and 4 at most"),
        (lambda: SimpleCells(0), "orientations is 0"),
        (lambda: Chain((("S1", SimpleCells()),)).init((1, 9, 9), None), "look at ON and OFF cells, not at 1 planes"),
        (lambda: Divisive(sigma=0), "sigma"),
        (lambda: EndStopped(distance=-1), "distance"),
    ],
)
def test_what_cannot_be_wired_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
