"""Simple and complex cells learned from photographs, and what physiologists would find of them.

Bounds are those of the reference protocols, which were set on other photographs; B1 to B7 are their names there. Six of
the embedded photographs are learned from, 20,000 views an epoch.

Fields and how sharply they are tuned (B1, B3, B6, B7) are measured on what S-cells look at: gratings are shown to them
directly, in place of the whitened image, as where the bounds were set. Through the whole eye the same cells are tuned
more narrowly and to higher frequencies, for whitening holds low ones down. With a threshold of half of a cell's best
response half widths are 19 to 24 degrees and bandwidths 1.4 to 1.5 octaves directly, 14 to 20 and .9 to 1 through the
eye. B2, B4 and B5 are measured through the eye.

C-cells of B5 pool 7 x 7, as where its bounds were set. Under the system's own 5 x 5 spots predict bars a little too
well (a median correlation of .61 to .67, not .6), and of spots 3 pixels off the line .49 to .54 is left, not .5.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.layers import CCells, Conv, Divisive, Params, ReLU
from neuro_cnn.layers.base import Weights
from neuro_cnn.network import Chain
from neuro_cnn.physiology import PROTOCOLS, Electrode, Preparation, grow, health, hw62, on_canvas, seen_fields
from neuro_cnn.physiology.cortex.nature import tuned
from neuro_cnn.physiology.hubel_wiesel.hw62 import CROSSINGS
from neuro_cnn.physiology.shapes.gabor import bank as in_dimensions
from neuro_cnn.physiology.shapes.gabor import fit

BANKS = [(9, 0), *(pytest.param(size, seed, marks=pytest.mark.slow) for size in (7, 9, 11) for seed in (0, 1, 2))]
BANKS = [BANKS[0], *(each for each in BANKS[1:] if each.values != BANKS[0])]
banks = pytest.mark.parametrize(("size", "seed"), BANKS)
pools = pytest.mark.parametrize("pool", [7, pytest.param(5, marks=pytest.mark.slow)])
EYES = ("olshausen-field", "retina")


class Learned(NamedTuple):
    """32 S-cells of so many pixels a side, and the C-cells that pool them."""

    net: Chain
    params: dict
    images: np.ndarray

    def recorded(self, layer):
        """An electrode in a field no larger than what the cells see."""
        electrode = Electrode(self.net, self.params, self.images.shape[1:], layer)
        return on_canvas(electrode, max(electrode.box.sides))

    def pooled(self, pool):
        """The same under C-cells that pool so many S-cells a side."""
        layers = tuple((name, CCells(pool, 1) if name == "C1" else layer) for name, layer in self.net.layers)
        return self._replace(net=Chain(layers))


@cache
def bank(size, seed, eye="olshausen-field"):
    """What is learned from 2000 images in which cells of every size have 10 x 10 places, a tenth of them an epoch."""
    data = load(f"natural:size={size + 23},count=2000").train
    return Learned(*grow(data, seed, size=size, eye=eye), data.images)


@cache
def fields(size, seed, eye="olshausen-field"):
    """What S-cells weigh on the image that they look at."""
    learned = bank(size, seed, eye)
    return seen_fields(learned.net, learned.params, "S1")


@cache
def shown(size, seed, eye="olshausen-field", threshold=0.0):
    """Rectified cells with these fields, shown gratings directly; thresholds are this part of their best drive."""
    weight = fields(size, seed, eye)
    if threshold:  # F1 of a rectified cosine is half its amplitude
        threshold = threshold * 2 * shown(size, seed, eye).gratings.peak
    return Preparation(rectified(weight, threshold))


def rectified(weight, threshold=0.0, *above):
    """An electrode in cells [w (x - grey) - threshold]+ or in what lies `above` them, as small as what they see."""
    level = threshold + 0.5 * weight.sum(axis=(1, 2))
    net = Chain((("S", Conv(len(weight), weight.shape[1:])), ("R", ReLU()), *above))
    params = net.init((1, *weight.shape[1:]), 0)
    params["S"] = Params(Weights(weight[:, None].astype(np.float32), -level.astype(np.float32)))
    electrode = Electrode(net, params, (1, 2 * weight.shape[1], 2 * weight.shape[1]), net.names[-1])
    return on_canvas(electrode, max(electrode.box.sides))


@cache
def simple(size, seed):
    """The S-cells behind the eye."""
    return Preparation(bank(size, seed).recorded("T1"))


def divided(size, seed):
    """The same as `shown`, each divided by all cells around it.

    The pool is a Gaussian of a quarter of the field's side, and the semisaturation a fiftieth of each cell's own best
    response, to which weights are scaled. Both are our choice, by gratings alone: with a tenth of the best response a
    surround takes a fifth, with a half of it next to nothing.
    """
    best = 2 * shown(size, seed).gratings.peak
    pool = ("D", Divisive(size / 4, 0.02))
    return Preparation(rectified(fields(size, seed) / best[:, None, None], 0.0, pool))


@cache
def pooled(size, seed, pool):
    """C-cells that pool so many S-cells a side."""
    return Preparation(bank(size, seed).pooled(pool).recorded("C1"), seed)


@cache
def found(size, seed, pool):
    """What hw62 measures of a bank under such C-cells."""
    return hw62(pooled(size, seed, pool)).measures


@banks
@pytest.mark.parametrize("eye", EYES)
def test_fields_are_gabor_functions_broadly_tuned_and_of_many_dimensions(size, seed, eye):
    gabors = fit(fields(size, seed, eye))
    assert np.mean(gabors.r2 > 0.7) >= 0.9
    assert np.mean(gabors.r2 > 0.9) >= 0.6
    assert gabors.degenerate.mean() <= 0.55
    assert in_dimensions(fields(size, seed, eye)).effective_rank >= 9
    assert np.median(tuned(shown(size, seed, eye).gratings).half_width) <= 46


@banks
@pytest.mark.parametrize("eye", EYES)
def test_no_cell_is_dead_and_all_win_alike(size, seed, eye):
    learned = bank(size, seed, eye)
    wins = health(learned.net, learned.params, learned.images, "S1").wins
    share = wins / wins.sum()
    assert share.min() > 0.1 / 32
    assert -np.sum(share * np.log(share)) >= 0.95 * np.log(32)


@banks
def test_cells_are_selective_and_a_threshold_makes_them_as_narrow_as_those_of_monkeys(size, seed):
    assert np.median(tuned(shown(size, seed).gratings).selectivity) >= 0.78
    narrow = tuned(shown(size, seed, threshold=0.5).gratings)
    assert np.median(narrow.half_width) == pytest.approx(20, abs=6)
    assert np.median(narrow.bandwidth) == pytest.approx(1.4, abs=0.15)


@banks
def test_whitening_narrows_what_cells_are_tuned_to(size, seed):
    direct = tuned(shown(size, seed).gratings)
    through = tuned(simple(size, seed).gratings)
    for name in ("half_width", "bandwidth"):
        assert np.median(getattr(through, name)) < np.median(getattr(direct, name))
    assert np.median(through.frequency) > np.median(direct.frequency)


@banks
def test_drifting_gratings_tell_simple_from_complex_as_the_pools_stretch_predicts(size, seed):
    assert simple(size, seed).gratings.ratio.min() > 1
    gratings = pooled(size, seed, 5).gratings
    turn = np.deg2rad(gratings.orientation)
    stretch = 4 * (np.abs(np.cos(turn)) + np.abs(np.sin(turn))) * gratings.frequency
    complex_ = gratings.ratio < 1
    np.testing.assert_array_equal(complex_, stretch >= CROSSINGS[0])
    assert size != 9 or complex_.mean() >= 0.9


@banks
def test_complex_cells_prefer_the_orientation_of_their_simple_cells(size, seed):
    turn = pooled(size, seed, 5).gratings.orientation - simple(size, seed).gratings.orientation
    assert np.mean(np.abs((turn + 90) % 180 - 90) <= 10) >= 0.9


@banks
def test_diffuse_light_drives_nobody(size, seed):
    cells = found(size, seed, 7)
    assert max(cells["diffuse_s"].max(), cells["diffuse_c"].max()) <= 0.01
    assert cells["cancellation_s"].min() >= 0.95


@banks
def test_spots_predict_the_bars_of_simple_cells_and_not_of_complex_ones(size, seed):
    cells = found(size, seed, 7)
    assert cells["summation_s"].min() >= 0.99
    assert np.median(cells["summation_c"]) <= 0.6
    assert cells["summation_gap_c"].min() >= 0.1


@banks
def test_on_and_off_oppose_each_other_in_simple_cells_alone(size, seed):
    cells = found(size, seed, 7)
    assert np.median(cells["antagonism_s"]) <= 0.3
    assert np.median(cells["antagonism_c"]) >= 0.9


@banks
@pools
def test_a_line_of_spots_fools_a_complex_cell_no_less_than_its_best_placed_simple_cell(size, seed, pool):
    assert found(size, seed, pool)["fooled_c"].min() >= 0


@banks
def test_spots_off_the_line_are_lost_on_simple_cells_more_than_on_complex_ones(size, seed):
    cells = found(size, seed, 7)
    assert np.median(cells["jitter3_s"]) <= 0.3
    assert np.median(cells["jitter3_c"]) >= 0.5


@banks
@pools
def test_a_complex_cell_takes_its_bar_over_as_many_more_pixels_as_its_pool_covers(size, seed, pool):
    error = found(size, seed, pool)["tolerance_error_c"]
    assert np.isfinite(error).all()
    assert np.median(error) <= 0.1
    assert np.quantile(error, 0.9) <= 0.5


@banks
def test_a_simple_cell_answers_one_polarity_at_a_place(size, seed):
    assert np.median(found(size, seed, 7)["polarity_s"]) <= 0.2


@banks
@pools
def test_a_complex_cell_is_the_maximum_of_its_simple_cells(size, seed, pool):
    assert found(size, seed, pool)["bank_error_c"].max() <= 1e-6


@banks
def test_weights_on_the_retina_are_not_negative(size, seed):
    assert bank(size, seed, "retina").params["S1"].learned.weight.min() >= 0


def suppression(preparation):
    """What is lost of the response to a grating as its disc grows over all that a cell sees."""
    return PROTOCOLS["size"](preparation).measures["suppression"]


@banks
def test_a_large_grating_takes_nothing_from_a_simple_cell(size, seed):
    assert suppression(shown(size, seed)).max() < 0.02
    assert np.median(suppression(simple(size, seed))) < 0.02  # the eye itself takes up to .04 from single cells


@banks
def test_a_large_grating_takes_a_part_from_simple_cells_whose_neighbours_divide_them(size, seed):
    assert 0.2 <= np.median(suppression(divided(size, seed))) <= 0.5
