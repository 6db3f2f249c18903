"""Spot maps, subfields and minimal response fields of known cells."""

import numpy as np
import pytest
from cells import gabors, linear, prepared, simple_and_complex

from neuro_cnn.physiology import response_field, spot_map, spot_maps
from neuro_cnn.physiology.mapping.subfields import ellipse, overlap_index, profile, shared_area
from neuro_cnn.stimuli import gabor


@pytest.fixture(scope="module")
def pair():
    return simple_and_complex(pool=7)


def test_the_signed_map_of_a_half_rectified_cell_by_spots_of_one_pixel_is_its_filter():
    w = gabors()
    preparation = prepared(*linear(w, in_side=13))
    found = spot_maps(preparation.electrode)
    assert np.allclose(found.signed, w / 2, atol=1e-6)
    assert not np.any((found.on > 0) & (found.off > 0))


def test_subfields_of_s_cells_lie_apart_and_those_of_c_cells_overlap(pair):
    simple, complex_ = (spot_map(each) for each in pair)
    assert np.all(simple.measures["overlap"] <= 0.3)
    assert np.all(simple.measures["shared"] == 0)
    assert np.median(complex_.measures["overlap"]) >= 0.5
    assert np.median(complex_.measures["shared"]) > 0.2


def test_the_middle_of_the_field_is_that_of_the_box(pair):
    for each in pair:
        found = spot_map(each)
        assert np.allclose(found.measures["row"], each.electrode.centre[0], atol=1)
        assert np.allclose(found.measures["column"], each.electrode.centre[1], atol=1)


def test_a_cell_with_one_subfield_is_monocontrast_and_has_no_overlap():
    blob = np.abs(gabor((9, 9), 0.0, 0.0))[None].astype(np.float32)
    found = spot_map(prepared(*linear(blob, in_side=9)))
    assert found.measures["monocontrast"][0] == 1
    assert np.isnan(found.measures["overlap"][0])


def test_a_dead_cell_is_silent():
    found = spot_map(prepared(*linear(np.zeros((1, 7, 7), np.float32))))
    assert found.verdicts[0].flag == "silent"
    assert np.isnan(found.measures["row"][0])


@pytest.mark.parametrize("orientation", [0.0, 90.0])
def test_overlap_is_1_of_equal_subfields_0_of_those_that_touch_and_negative_beyond(orientation):
    field = np.zeros((12, 12))
    field[2:5] = 1
    turned = field.T if orientation == 90 else field
    axis = int(orientation == 90)
    assert overlap_index(turned, turned, orientation) == pytest.approx(1)
    assert overlap_index(turned, np.roll(turned, 3, axis), orientation) == pytest.approx(0)
    assert overlap_index(turned, np.roll(turned, 6, axis), orientation) == pytest.approx(-1 / 3)


def test_shared_area_counts_pixels():
    on, off = np.zeros((2, 6, 6))
    on[:2], off[1:4] = 1, 3
    assert shared_area(on, off) == pytest.approx(6 / 24)
    assert np.isnan(shared_area(0 * on, 0 * off))


def test_a_profile_keeps_the_sum_and_shows_bars_across_their_orientation():
    bars = gabor((21, 21), 30.0, 0.2, 0.0, 4.0, 4.0)
    along, across = profile(bars, 120.0), profile(bars, 30.0)
    assert across.sum() == pytest.approx(bars.sum(), rel=1e-4)
    assert np.abs(across).max() > 5 * np.abs(along).max()


@pytest.mark.parametrize("tilt", [0.0, 30.0, 90.0, 150.0])
def test_the_ellipse_of_a_gaussian_has_its_deviations_and_orientation(tilt):
    found = ellipse(gabor((41, 41), tilt, 0.0, 0.0, 2.0, 4.0, centre=(18.0, 23.0)))
    assert found[:4] == pytest.approx((18, 23, 4, 2), rel=0.01)
    assert abs((found.tilt - tilt + 90) % 180 - 90) < 0.5


def test_the_response_field_is_centred_and_larger_for_c_cells_than_for_s_cells(pair):
    simple, complex_ = (response_field(each) for each in pair)
    for found, each in zip((simple, complex_), pair, strict=True):
        assert np.allclose(found.measures["row"], each.electrode.centre[0], atol=1)
        assert np.allclose(found.measures["column"], each.electrode.centre[1], atol=1)
    assert np.all(complex_.measures["area"] > simple.measures["area"])


def test_the_patch_is_one_cycle_of_the_cells_own_grating_so_that_finer_cells_have_smaller_fields():
    w = gabors(15, np.zeros(2), np.array([0.1, 0.25]), spread=2.0)
    found = response_field(prepared(*linear(w, in_side=25)))
    assert found.measures["area"][0] > found.measures["area"][1]
