"""Properties of V1 cells: the definitions on known curves, and the published histograms against their known medians."""

import numpy as np
import pytest

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, ReLU
from neuro_cnn.models import build
from neuro_cnn.network import Chain
from neuro_cnn.physiology import Electrode
from neuro_cnn.physiology.cortex.v1 import (
    DIAMETERS,
    FREQUENCIES,
    MISSING,
    ORIENTATIONS,
    PUBLISHED,
    bandwidth,
    ceiling,
    frequency_tuning,
    similarity,
    size_tuning,
    v1_cells,
)
from neuro_cnn.stimuli import gabor


def drawn(name):
    """Cells spread evenly within the bins of a published histogram."""
    edges, counts = PUBLISHED[name].edges, PUBLISHED[name].counts
    bins = zip(edges[:-1], edges[1:], counts, strict=True)
    return np.concatenate([low + (high - low) * (np.arange(n) + 0.5) / max(n, 1) for low, high, n in bins])


def test_there_are_the_22_properties_of_the_benchmark_and_seven_are_named_as_missing():
    assert len(PUBLISHED) + len(MISSING) == 22
    assert not set(PUBLISHED) & set(MISSING)


@pytest.mark.parametrize(
    ("name", "count", "median"),
    [
        ("surround_suppression_index", 190, 0.33),  # Cavanaugh et al. 2002
        ("grating_summation_field", 148, 0.78),
        ("surround_diameter", 148, 2.6),
        ("sf_bandwidth", 73, 46),  # Schiller et al. 1976
        ("peak_sf", 363, 2.85),  # De Valois et al. 1982
        ("pref_or", 385, None),
        ("sf_selective", 87, None),
    ],
)
def test_the_published_histograms_hold_as_many_cells_as_the_papers_and_their_medians(name, count, median):
    assert sum(PUBLISHED[name].counts) == count
    if median is not None:
        assert np.median(drawn(name)) == pytest.approx(median, rel=0.12)


@pytest.mark.parametrize("name", [name for name, each in PUBLISHED.items() if each.counts])
def test_a_distribution_is_as_similar_to_itself_as_can_be_and_one_at_the_end_not_at_all(name):
    published = PUBLISHED[name]
    assert similarity(drawn(name), published) == pytest.approx(1)
    ends = [similarity(np.array([end]), published) for end in (published.edges[0], published.edges[-1])]
    assert min(ends) == pytest.approx(0, abs=1e-9)
    assert 0.9 < ceiling(published) < 1
    outside = np.array([published.edges[0] - 5, published.edges[-1] + 5.0])
    assert similarity(outside, published) is not None
    assert similarity(np.array([np.nan]), published) is None


def test_what_has_no_histogram_has_no_similarity():
    assert similarity(np.array([0.5]), PUBLISHED["circular_variance"]) is None
    assert ceiling(PUBLISHED["circular_variance"]) is None


@pytest.mark.parametrize("shift", [0, 30, 75, 165])
def test_bandwidth_is_the_half_width_at_70_percent_of_the_smoothed_curve(shift):
    theta = np.deg2rad(ORIENTATIONS - shift)
    curve = 1 + np.cos(2 * theta)
    damped = (1 + 0.8 * np.cos(np.deg2rad(30))) / 1.8  # what smoothing leaves of the second harmonic
    expected = np.degrees(np.arccos((2**-0.5 * (1 + damped) - 1) / damped)) / 2
    width, preferred = bandwidth(curve, ORIENTATIONS)
    assert width == pytest.approx(expected, abs=1)
    assert preferred == pytest.approx(shift, abs=0.5)


def test_an_untuned_cell_has_no_bandwidth():
    assert np.isnan(bandwidth(1 + 0.1 * np.cos(2 * np.deg2rad(ORIENTATIONS)), ORIENTATIONS)[0])
    assert np.isnan(frequency_tuning(np.ones(len(FREQUENCIES)), FREQUENCIES)[0])
    low_pass = np.linspace(1, 0, len(FREQUENCIES))
    assert np.isnan(frequency_tuning(low_pass, FREQUENCIES)[0])


@pytest.mark.parametrize("octaves", [0.6, 1.0])
def test_schillers_index_is_the_ratio_of_the_frequencies_at_70_percent(octaves):
    distance = np.log2(FREQUENCIES / 3.0)
    curve = np.exp(-(distance**2) / (2 * octaves**2))
    reach = octaves * np.sqrt(np.log(2))  # where it has fallen to .707
    index, peak = frequency_tuning(curve, FREQUENCIES)
    assert index == pytest.approx(100 * 2 ** (-2 * reach), rel=0.06)
    assert peak == pytest.approx(3.0, rel=0.04)


def test_size_tuning_finds_field_surround_and_suppression():
    curve = np.array([1, 4, 8, 10, 9, 7, 6, 5.1, 5, 5, 5, 5.0])
    assert size_tuning(curve, DIAMETERS) == (DIAMETERS[3], DIAMETERS[7], 0.5)
    grows = np.linspace(0, 1, 12)
    assert size_tuning(grows, DIAMETERS)[2] == 0
    assert np.isnan(size_tuning(grows, DIAMETERS)[:2]).all()
    assert np.isnan(size_tuning(np.zeros(12), DIAMETERS)).all()
    assert size_tuning(np.array([0, 2.0, -1]), DIAMETERS[:3])[2] == 1.5  # suppressed below blank


def test_the_built_animal_shows_the_v1_that_its_wiring_says():
    net, _ = build("lgn-v1", (1, 40, 40), 10, surround=3.0)
    params = net.init((1, 40, 40), 0)
    simple = v1_cells(Electrode(net, params, (1, 40, 40), "S1"))
    complex_ = v1_cells(Electrode(net, params, (1, 40, 40), "C1"))
    assert (simple.cells, len(simple.properties["max_dc"])) == (32, 32)
    assert (simple.properties["modulation_ratio"] > 1.5).all()
    assert (complex_.properties["modulation_ratio"] < 0.1).all()
    np.testing.assert_allclose(simple.properties["pref_or"], np.repeat([0, 22, 45, 68, 90, 112, 135, -22], 4), atol=2)
    assert simple.median("peak_sf") == pytest.approx(0.2 * 20, rel=0.1)
    assert simple.median("surround_suppression_index") < 0.02
    assert 0.2 < complex_.median("surround_suppression_index") < 0.5
    assert simple.median("max_dc") == pytest.approx(33.8)
    assert simple.median("or_selective") == 1


def test_cells_that_do_not_fire_are_counted_and_have_no_properties():
    net = Chain((("S1", Conv(3, 5)), ("T1", ReLU())))
    params = net.init((1, 24, 24), 0)
    weights = params["S1"].learned
    dead = params | {"S1": params["S1"]._replace(learned=weights._replace(weight=0 * weights.weight))}
    found = v1_cells(Electrode(net, dead, (1, 24, 24), "T1"))
    assert found.cells == 3
    assert found.median("circular_variance") is None
    weights.weight[1] = 0
    assert len(v1_cells(Electrode(net, params, (1, 24, 24), "T1")).properties["max_dc"]) == 2


def test_cells_that_see_beyond_the_image_are_refused():
    net, _ = build("lgn-v1", (1, 28, 28), 10)
    with pytest.raises(UsageError, match="see rows"):
        v1_cells(Electrode(net, net.init((1, 28, 28), 0), (1, 28, 28), "H1"))


def test_cells_without_a_rectifier_have_the_properties_of_their_positive_part():
    angles = np.arange(0, 180, 30.0)
    weight = gabor((11, 11), angles, 0.15, 0.0, 2.5, 3.0)[:, None]
    net = Chain((("S1", Conv(6, 11, bias=False)), ("T1", ReLU())))
    params = net.init((1, 28, 28), 0)
    params = params | {"S1": params["S1"]._replace(learned=params["S1"].learned._replace(weight=weight))}
    linear, rectified = (v1_cells(Electrode(net, params, (1, 28, 28), layer)).properties for layer in ("S1", "T1"))
    for name, values in rectified.items():
        np.testing.assert_allclose(linear[name], values, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("pixels", [0.5, 300])
def test_a_world_in_which_no_grating_can_be_shown_is_refused(pixels):
    net = Chain((("S1", Conv(2, 5)),))
    with pytest.raises(UsageError, match="pixels a degree leave too few gratings to show"):
        v1_cells(Electrode(net, net.init((1, 24, 24), 0), (1, 24, 24), "S1"), pixels)
