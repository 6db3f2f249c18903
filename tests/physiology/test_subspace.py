"""Hartley's subspace maps and local spectra of known cells."""

import numpy as np
import pytest
from cells import FREQUENCIES, ORIENTATIONS, both_polarities, gabors, linear, prepared, simple_and_complex

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import local_spectral_map, subspace_map
from neuro_cnn.physiology.mapping.subspace import orientation_of


def apart(a, b):
    return np.abs((np.asarray(a) - b + 90) % 180 - 90)


def test_the_field_of_an_s_cell_is_its_filter_and_its_best_wave_has_the_filters_orientation_and_frequency():
    w = gabors(15, spread=2.5)
    found = subspace_map(prepared(*linear(w)))
    assert found.usable.all()
    assert apart(found.measures["orientation"], ORIENTATIONS).max() < 12
    assert np.abs(found.measures["frequency"] - FREQUENCIES).max() < 0.04
    assert np.allclose(found.measures["polarity"], 1)
    for map_, each in zip(found.shown.maps, w, strict=True):
        assert np.corrcoef(map_.ravel(), each.ravel())[0, 1] > 0.95


def test_a_c_cell_keeps_its_orientation_where_it_has_lost_its_polarity():
    found = subspace_map(prepared(*both_polarities(17, 13)))
    assert np.all(found.measures["polarity"] < 0.01)
    assert apart(found.measures["orientation"], ORIENTATIONS).max() < 12
    assert "4 of 4 do" in found.notes[0]


def test_flags_of_cells_that_like_the_finest_waves_all_waves_or_none():
    fine = np.where(np.indices((9, 9)).sum(axis=0) % 2, 1.0, -1.0) * np.hanning(11)[1:-1, None] * np.hanning(11)[1:-1]
    dot = np.zeros((9, 9))
    dot[4, 4] = 1
    found = subspace_map(prepared(*linear(np.array([fine, dot, 0 * dot], np.float32))))
    assert [verdict.flag for verdict in found.verdicts] == ["edge", "untuned", "silent"]


def test_a_box_too_small_for_waves_is_refused():
    with pytest.raises(UsageError, match="receptive box of 2 pixels"):
        subspace_map(prepared(*linear(np.ones((1, 2, 2), np.float32))))


@pytest.mark.parametrize(("down", "across", "orientation"), [(1, 0, 0), (0, 1, 90), (1, 1, 45), (1, -1, 135)])
def test_bars_lie_across_their_wave(down, across, orientation):
    assert orientation_of(np.array([float(down)]), np.array([float(across)])) == pytest.approx(orientation)


@pytest.mark.parametrize("layer", [0, 1])
def test_local_spectra_show_where_s_and_c_cells_look_for_their_orientation(layer):
    preparation = simple_and_complex()[layer]
    found = local_spectral_map(preparation)
    assert found.usable.all()
    assert apart(found.measures["orientation"], ORIENTATIONS).max() < 20
    assert np.abs(found.measures["row"] - preparation.electrode.centre[0]).max() < 1
    assert np.abs(found.measures["column"] - preparation.electrode.centre[1]).max() < 1


def test_a_c_cell_looks_over_more_places_than_its_s_cell():
    simple, complex_ = (local_spectral_map(each) for each in simple_and_complex())
    assert np.all(complex_.measures["major"] > simple.measures["major"])


def test_a_dead_cell_has_no_local_spectrum():
    found = local_spectral_map(prepared(*linear(np.zeros((1, 9, 9), np.float32))))
    assert found.verdicts[0].flag == "silent"
    assert not found.shown.maps.any()
