"""Maps of known shape: what a unit prefers, how smooth the sheet is, and where orientations turn about a point."""

import numpy as np
import pytest

from neuro_cnn.curriculum import Backprop, Local, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Contrast, Dense, Flatten
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Pinwheel, topography
from neuro_cnn.physiology.learning.topography import differences, orientations, pinwheels, sheet
from neuro_cnn.rules import HardWTA, Hebbian, Neighbourhood

SIDE = 16


def bars(angle, frequency=0.18, phase=0.0):
    """A grating under a Gaussian whose bars lie `angle` degrees counter-clockwise from horizontal: (16, 16)."""
    y, x = (SIDE - 1) / 2 - np.arange(SIDE)[:, None], np.arange(SIDE) - (SIDE - 1) / 2
    across = y * np.cos(np.radians(angle)) - x * np.sin(np.radians(angle))
    return np.cos(2 * np.pi * frequency * across + phase) * np.exp(-(x**2 + y**2) / 18)


@pytest.mark.parametrize("phase", [0.0, 1.0, np.pi / 2])
def test_a_unit_prefers_the_orientation_of_its_own_bars_whatever_their_phase(phase):
    known = np.arange(0, 180, 7.5)
    found, selectivity = orientations(np.stack([bars(angle, phase=phase) for angle in known]))
    np.testing.assert_allclose((found - known + 90) % 180 - 90, 0, atol=0.5)
    assert selectivity.min() > 0.8


def test_a_round_field_and_a_blank_one_are_not_selective_and_contrast_does_not_matter():
    blob = np.abs(bars(0, frequency=0.0))
    assert orientations(np.stack([blob, 0 * blob]))[1].max() < 1e-6
    one, ten = (orientations(scale * bars(30)[None]) for scale in (1, -10))
    np.testing.assert_allclose(one, ten)


def test_orientations_differ_the_shorter_way():
    angle = np.array([[0.0, 10.0, 175.0], [90.0, 170.0, 40.0]])
    np.testing.assert_allclose(differences(angle), [90, 20, 45, 10, 15, 80, 50])


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("start", [0.0, 50.0, 133.0])
def test_a_pinwheel_is_found_where_it_is_with_its_sense(turn, start):
    y, x = 3.5 - np.arange(9)[:, None], np.arange(7) - 2.5
    angle = (turn * np.degrees(np.arctan2(y, x)) / 2 + start) % 180
    assert pinwheels(angle) == (Pinwheel(3.5, 2.5, turn),)


def test_a_map_that_does_not_turn_has_no_pinwheel_and_one_of_random_units_has_many():
    slope = (17 * np.arange(12)[:, None] + 5.0 * np.arange(12)) % 180
    assert pinwheels(slope) == ()
    chance = np.random.default_rng(0).uniform(0, 180, (60, 60))
    assert len(pinwheels(chance)) / 59**2 == pytest.approx(1 / 3, abs=0.03)  # four steps, each evenly of +-90 degrees


NET = Chain((("R", Contrast(margin=-3)), ("flat", Flatten()), ("S1", Dense(12, bias=False)), ("out", Dense(2))))
ON_SHEET = Phase(("S1",), Local(Hebbian(0.1, Neighbourhood(3, 4))))


def test_the_map_of_a_sheet_is_that_of_its_weights_in_their_places():
    params = NET.init((1, SIDE + 6, SIDE + 6), 0)
    angle = np.arange(12).reshape(3, 4) * 15.0
    fields = np.stack([bars(each) for each in angle.ravel()])
    on_off = np.stack([np.maximum(fields, 0), np.maximum(-fields, 0)], axis=1).reshape(12, -1)
    params["S1"] = NET["S1"].rewire(params["S1"], on_off.astype(np.float32))
    found = topography(NET, params, (1, SIDE + 6, SIDE + 6), (ON_SHEET,), "S1")
    np.testing.assert_allclose((found.orientation - angle + 90) % 180 - 90, 0, atol=1)
    assert found.fields.shape == (3, 4, SIDE + 6, SIDE + 6)
    assert found.neighbours.mean() == pytest.approx(differences(angle).mean(), abs=0.5)
    every = np.abs((angle.ravel()[:, None] - angle.ravel() + 90) % 180 - 90)  # shuffled, any two are neighbours
    assert found.shuffled.mean() == pytest.approx(every.sum() / (12 * 11), abs=1)


@pytest.mark.parametrize("phase", [Phase(("S1",), Local(Hebbian(0.1, HardWTA()))), Phase(None, Backprop())])
def test_a_layer_that_has_no_sheet_is_refused(phase):
    assert sheet(NET, (phase, ON_SHEET), "S1") == (3, 4)
    with pytest.raises(UsageError, match="layer S1 of this run did not learn on a sheet; cortical-sheet has such"):
        sheet(NET, (phase,), "S1")
    with pytest.raises(UsageError, match="did you mean 'S1'"):
        sheet(NET, (phase,), "S11")
