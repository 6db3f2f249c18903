"""The tests of Hubel and Wiesel on cells whose answers are known."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Conv, Maxout, Mean, Threshold
from neuro_cnn.layers.threshold import Level
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode, Preparation, hw62
from neuro_cnn.physiology.hubel_wiesel.hw62_stimuli import width_at_half
from neuro_cnn.stimuli import gabor

SHAPE = (1, 17, 17)
ORIENTATIONS = np.array([0.0, 50.0, 90.0, 140.0])


def measured(pool=None, layer="C", polarities=1, level=0.0, centred=True):
    """What is found of four Gabor cells and the C-cells that pool them."""
    both = (("M", Maxout(2)),) if polarities == 2 else ()
    cells = (("S", Conv(4, 9, bias=False)), ("T", Threshold(polarities)), *both, ("C", pool or CCells(5, 1)))
    net = Chain(cells)
    params = net.init(SHAPE, 0)
    weight = gabor((9, 9), ORIENTATIONS, 0.2, 0.6, 1.8, 2.2)
    weight = weight - weight.mean(axis=(1, 2), keepdims=True) * centred
    params["S"] = params["S"]._replace(learned=params["S"].learned._replace(weight=weight[:, None]))
    params["T"] = params["T"]._replace(fixed=Level(np.full(4, level, np.float32)))
    return hw62(Preparation(Electrode(net, params, SHAPE, layer)))


@pytest.fixture(scope="module")
def found():
    return measured()


def test_linear_cells_sum_cancel_and_have_on_apart_from_off(found):
    np.testing.assert_allclose(found.measures["summation_s"], 1, atol=1e-6)
    np.testing.assert_allclose(found.measures["cancellation_s"], 1, atol=1e-5)
    assert found.measures["diffuse_s"].max() < 1e-5
    assert np.all(found.measures["overlap_s"] == 0)


def test_a_cell_whose_weights_do_not_cancel_answers_to_diffuse_light():
    loud = measured(centred=False, layer="S").measures
    assert loud["diffuse_s"].max() > 1e-3
    assert loud["cancellation_s"].min() < 0.999


def test_the_pool_widens_the_place_of_a_bar_by_its_own_stretch(found):
    tolerance = found.measures["tolerance_c"] - found.measures["tolerance_s"]
    turn = np.deg2rad(ORIENTATIONS)
    np.testing.assert_allclose(tolerance, 4 * (np.abs(np.cos(turn)) + np.abs(np.sin(turn))), atol=0.5)
    assert found.measures["tolerance_error_c"].max() < 0.5


def test_spots_in_line_fool_c_at_least_as_much_as_its_best_placed_s_cell(found):
    assert found.measures["fooled_c"].min() >= 0


def test_c_of_the_maximum_is_its_bank_to_the_last_bit_and_c_of_the_mean_is_not(found):
    assert found.measures["bank_error_c"].max() == 0
    mean = measured(CCells(5, 1, pool=Mean()))
    assert mean.measures["bank_error_c"].min() > 0.01
    assert all("bank_error_c" in verdict.reason for verdict in mean.verdicts)


def test_what_the_wiring_certifies(found):
    np.testing.assert_allclose(found.measures["modulation_s"], np.pi / 2, atol=0.03)
    assert found.measures["modulation_c"].max() < 1
    assert np.all(found.measures["as_predicted_c"] == 1)
    assert max(found.measures[f"direction_{cells}"].max() for cells in "sc") < 1e-6


def test_a_pool_short_against_the_wavelength_leaves_c_cells_simple():
    short = measured(CCells(2, 1)).measures
    assert short["modulation_c"].max() > 1
    assert np.all(short["as_predicted_c"] == 1)


def test_c_cells_of_both_polarities_cannot_tell_light_from_dark():
    both = measured(polarities=2).measures
    np.testing.assert_allclose(both["polarity_c"], 1, atol=1e-5)
    assert both["polarity_s"].max() < 0.2


def test_an_s_layer_alone_is_asked_for_its_own_part(found):
    alone = measured(layer="S")
    assert not any(name.endswith("_c") for name in alone.measures)
    best_placed = {"spots_s", "jitter1_s", "jitter2_s", "jitter3_s"}  # among one, or all of a pool
    for name in set(alone.measures) - best_placed - {"direction_s"}:
        np.testing.assert_allclose(alone.measures[name], found.measures[name], atol=1e-6)


def test_silent_cells_are_counted_and_measure_nothing():
    silent = measured(level=100.0)
    assert silent.count() == "0 of 4 cells usable, 4 silent"
    assert np.isnan(silent.measures["summation_s"]).all()
    assert not silent.usable.any()


def test_every_measure_has_its_words_and_every_criterion_its_measure(found):
    assert set(found.words) == set(found.measures)
    assert all(criterion.measure in found.measures for trial in found.shown.trials for criterion in trial.criteria)
    assert found.summary()["usable"] == 4


def test_width_at_half_height_is_interpolated_and_nowhere_where_a_curve_does_not_fall():
    offsets = np.arange(-3.0, 3.5, 0.5)
    assert width_at_half(offsets, np.maximum(0, 1 - np.abs(offsets) / 2)) == pytest.approx(2)
    assert np.isnan(width_at_half(offsets, offsets + 4))


def test_cells_that_see_beyond_the_image_are_refused():
    net = Chain((("S", Conv(2, 9, pad=4)), ("C", CCells(5, 1, pad=2))))
    params = net.init((1, 9, 9), 0)
    with pytest.raises(UsageError, match="show stimuli on a larger canvas"):
        hw62(Preparation(Electrode(net, params, (1, 9, 9), "C")))
