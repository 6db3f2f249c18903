"""Contrast responses: the Naka-Rushton function, and Fukushima's shunting cells, which follow it exactly."""

import numpy as np
import pytest
from known_cells import rectified, shunting

from neuro_cnn.physiology import PROTOCOLS, Preparation, grating_map
from neuro_cnn.physiology.tuning.contrast import CONTRASTS
from neuro_cnn.physiology.tuning.naka_rushton import naka_rushton
from neuro_cnn.physiology.tuning.orientation import orientation_curves, orientation_measures
from neuro_cnn.stimuli import gabor

SELECTIVITY = (0.5, 1.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def cells():
    """Shunting S-cells behind a retina, by their selectivity r."""
    return {r: Preparation(shunting(r)) for r in SELECTIVITY}


@pytest.mark.parametrize("r", SELECTIVITY)
def test_a_shunting_cell_answers_contrast_with_exponent_one(cells, r):
    found = PROTOCOLS["contrast"](cells[r])
    assert found.usable.all()
    np.testing.assert_allclose(found.measures["n"], 1.0, atol=0.01)
    assert found.measures["r2"].min() > 0.999
    assert np.all(found.measures["s"] == 1)


@pytest.mark.parametrize("r", SELECTIVITY)
def test_a_shunting_cells_orientation_width_does_not_depend_on_contrast(cells, r):
    high = PROTOCOLS["orientation"](cells[r]).measures["hwhh"]
    frequencies = np.unique(cells[r].gratings.frequency)
    low = grating_map(cells[r].electrode, frequencies=frequencies, contrast=0.1)
    widths = orientation_measures(orientation_curves(low), low.orientations)["hwhh"]
    np.testing.assert_allclose(widths / high, 1.0, atol=0.02)


def test_selectivity_narrows_orientation_tuning(cells):
    widths = np.array([np.median(PROTOCOLS["orientation"](cells[r]).measures["hwhh"]) for r in SELECTIVITY])
    np.testing.assert_allclose(widths, [28.9, 20.9, 14.2, 8.8], atol=1.0)  # as measured on these Gabors


def test_cross_orientation_suppression_grows_with_selectivity(cells):
    suppressed = np.array([PROTOCOLS["plaid"](cells[r]).measures["xos"] for r in SELECTIVITY])
    assert np.all(np.diff(suppressed, axis=0) >= 0)
    assert suppressed[0].max() < 0.3
    assert suppressed[-1].min() > 0.95


def test_a_rectified_linear_cell_is_not_suppressed_by_a_mask_and_its_contrast_response_does_not_saturate():
    cell = Preparation(rectified(gabor((21, 21), np.array([30.0]), 0.15, 0.4, 2.8, 4.0)))
    assert PROTOCOLS["plaid"](cell).measures["xos"][0] == pytest.approx(0, abs=0.02)
    found = PROTOCOLS["contrast"](cell)
    assert found.measures["n"][0] == pytest.approx(1, abs=0.01)
    assert np.isnan(found.measures["c50"][0])
    assert np.isnan(found.measures["rmax"][0])
    assert found.verdicts[0].flag == "unfit"
    assert found.verdicts[0].reason == "does not saturate: grows as contrast to the power of 1.00"


@pytest.mark.parametrize(("rmax", "c50", "n"), [(30.0, 0.3, 2.4), (1.0, 0.05, 1.0), (5.0, 0.8, 4.0), (2.0, 2.0, 1.5)])
def test_the_fit_recovers_what_made_the_responses(rmax, c50, n):
    found = naka_rushton(CONTRASTS, rmax * CONTRASTS**n / (CONTRASTS**n + c50**n))
    assert (found.rmax, found.c50, found.n) == pytest.approx((rmax, c50, n), rel=1e-3)
    assert found.s == 1
    assert found.r2 > 0.999999


def test_a_response_that_falls_at_high_contrast_gets_peirces_factor():
    n, s, c50 = 2.0, 1.4, 0.2
    response = 10 * CONTRASTS**n / (CONTRASTS ** (s * n) + c50 ** (s * n))
    found = naka_rushton(CONTRASTS, response)
    assert (found.c50, found.n, found.s) == pytest.approx((c50, n, s), rel=1e-2)
    np.testing.assert_allclose(found.curve, response, rtol=1e-2)
