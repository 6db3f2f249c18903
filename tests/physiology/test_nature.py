"""What cells become in worlds of one orientation, of all, and without having learned."""

from functools import cache

import numpy as np
import pytest

from neuro_cnn.data import load
from neuro_cnn.physiology import WORLDS, Tuned, grow, portrait


@cache
def grown(world, learned=True, seed=0, planes=12):
    """The portrait of a small pair of layers that grew up in a world, or did not learn in it."""
    data = load(WORLDS[world].format(size=27, count=200)).train
    return portrait(*grow(data, seed, learned, planes=planes, size=7), data)


def test_all_cells_reared_among_vertical_stripes_prefer_them_as_do_the_complex_cells_above_them():
    found = grown("vertical")
    assert found.simple.near(90) == found.complex.near(90) == 1
    assert found.simple.near(0) == 0


def test_cells_reared_among_all_orientations_share_them_out():
    found = grown("mixed")
    assert found.simple.near(90) <= 0.5
    assert len(set((found.simple.orientation // 45).tolist())) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_weights_prefer_each_orientation_about_as_often(seed):
    found = grown("mixed", learned=False, seed=seed, planes=64)
    for orientation in (0, 45, 90, 135):
        assert 0.1 <= found.simple.near(orientation) <= 0.4  # a quarter, three deviations of 64 cells


def test_random_weights_have_no_orientation_in_common_and_no_gabor_functions():
    found = grown("mixed", learned=False)
    assert found.simple.near(90) < 0.7
    assert np.median(found.gabors.r2) < 0.5
    assert np.median(grown("vertical").gabors.r2) > 0.7


def test_every_plane_of_a_portrait_has_its_number():
    found = grown("vertical")
    assert found.fields.shape == (12, 7, 7)
    assert found.wins.sum() == pytest.approx(1)
    assert all(values.shape == (12,) for cells in (found.simple, found.complex) for values in cells)
    assert np.all(found.simple.ratio == pytest.approx(np.pi / 2, abs=0.05))  # of rectified linear cells
    assert np.all(found.complex.ratio < found.simple.ratio)


def test_orientations_are_near_each_other_around_the_circle():
    nothing = np.full(4, np.nan)
    cells = Tuned(np.array([178.0, 2.0, 90.0, np.nan]), *[nothing] * 5)
    assert cells.near(0) == cells.near(180) == pytest.approx(2 / 3)
    assert cells.near(90) == pytest.approx(1 / 3)
    assert np.isnan(Tuned(*[nothing] * 6).near(0))
