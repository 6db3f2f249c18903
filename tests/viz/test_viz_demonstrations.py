"""What the figures of demonstrations say: the right cell, in the right colour, at the right place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import same_color

from neuro_cnn import viz
from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import Pinwheel, Topography, mixture, thresholds
from neuro_cnn.viz import mosaic, style
from neuro_cnn.viz.topography import cyclic

RNG = np.random.default_rng(0)


def test_a_responder_table_is_red_where_a_patterns_own_cell_loses_and_says_who_is_steady():
    winners = {"as it is": np.array([[7], [2], [-1]]), "shifted 1 px": np.array([[7, 7], [2, 5], [4, -1]])}
    images = {name: RNG.random((3, each.shape[1], 1, 4, 4)) for name, each in winners.items()}
    responding = {"as it is": np.array([[1], [2], [0]]), "shifted 1 px": np.array([[1, 2], [1, 1], [30, 0]])}
    figure = viz.responder_table("XYT", images, winners, responding, title="")
    words = {text.get_text(): text.get_color() for text in figure.texts}
    assert list(words).count("steady") == 1
    assert words["cell 7\n2 of 2\n1.5 respond"] == "black"
    assert words["cell 2\n1 of 2\n1 respond"] == style.ALARM
    assert words["silent\n0 of 1\n0 respond"] == style.ALARM
    assert {"67 %", "50 %"} <= set(words)  # 2 of 3 have a cell; it wins in 3 of 6 forms
    assert sum(len(axes.images) for axes in figure.axes) == 3


def test_seed_cells_stand_at_their_presentation_and_plane_in_the_colour_of_their_class():
    events = {"S1": [(1, 4, 0), (2, 5, 1), (3, 4, 0)], "S2": [(3, 0, 0)]}
    trained = {"S1": np.array([1, 2, 2]), "S2": np.array([0, 0, 1])}
    figure = viz.organisation(events, trained, {"S1": 6, "S2": 2}, ("X", "Y"), title="")
    first, second, counts = figure.axes
    dots = [(line.get_xdata().tolist(), line.get_ydata().tolist(), line.get_color()) for line in first.lines]
    assert [dot[:2] for dot in dots] == [([1, 3], [4, 4]), ([2], [5])]
    assert [same_color(dot[2], style.COLOURS[label]) for label, dot in enumerate(dots)] == [True, True]
    assert first.get_xlim() == second.get_xlim() == counts.get_xlim()
    assert [line.get_ydata().tolist() for line in counts.lines] == [[0, 1, 2, 2], [0, 0, 0, 1]]
    assert [text.get_text() for text in counts.texts] == ["S1: 2", "S2: 1"]


def test_thresholds_by_the_law_are_lines_and_measured_ones_dots_on_them():
    curves = {2: thresholds(2, 3.0), 4: thresholds(4, 3.0)}
    figure = viz.selectivity({3.0: mixture(1, 0.5, 3.0)}, [mixture(2, 0.5, 3.0)], curves, r=3.0, overlap=0.5)
    line, dots, *_ = figure.axes[3].lines
    drawn = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
    measured = {x: y for x, y in zip(dots.get_xdata(), dots.get_ydata(), strict=True) if not np.isnan(y)}
    assert len(measured) > 3
    assert all(drawn[x] == pytest.approx(y, abs=1e-5) for x, y in measured.items())


def points(values):
    row = {"n": 1, "control": False, "accuracy_sd": None, "shift": {}, "shift_sd": {}, "planes": {}}
    return [(value, {**row, "accuracy_mean": 0.9, "references_mean": None}) for value in values]


@pytest.mark.parametrize(
    ("values", "scale"), [([0.6, 0.7, 0.8], "linear"), ([1, 4, 100], "log"), ([0, 1, 100], "linear")]
)
def test_numbers_stand_where_they_lie_on_a_logarithmic_axis_from_a_decade_on(values, scale):
    axes = viz.against_option("q", {"a": points(values)}).axes[0]
    assert axes.get_xscale() == scale
    assert set(axes.get_xticks()) <= set(values)
    assert axes.lines[0].get_xdata().tolist() == values


def test_words_stand_in_their_order_and_all_errors_have_one_scale():
    axes = viz.against_option("top", {"a": points(["wta", "all"]), "b": points(["all"])}).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["wta", "all"]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0, 1], [1]]
    with pytest.raises(UsageError, match="no system of the comparison has the option top"):
        viz.against_option("top", {})


def test_the_colour_scale_of_fields_says_what_it_shows():
    figure = viz.filters(RNG.random((3, 1, 4, 4)), title="S2", quantity="relative")
    assert "relative" in [text.get_text() for text in figure.texts]


def test_a_map_shows_each_unit_in_its_colour_and_place_and_pinwheels_between_units_with_their_sense():
    angle = RNG.uniform(0, 180, (4, 6))
    wheels = (Pinwheel(0.5, 3.5, 1), Pinwheel(2.5, 1.5, -1), Pinwheel(1.5, 0.5, -1))
    fields, near = RNG.standard_normal((4, 6, 8, 8)), np.full(30, 12.0)
    found = Topography(fields, angle, RNG.random((4, 6)), near, np.full(60, 45.0), wheels)
    figure = viz.topography(found, title="map")
    sheets = {axes.get_title(loc="left"): axes for axes in figure.axes}
    orientation = sheets["Preferred orientation"]
    np.testing.assert_array_equal(orientation.images[0].get_array(), angle)
    assert orientation.images[0].get_clim() == (0, 180)
    marks = {line.get_color(): line.get_xydata().tolist() for line in orientation.lines}
    assert marks == {"white": [[3.5, 0.5]], "black": [[1.5, 2.5], [0.5, 1.5]]}
    np.testing.assert_array_equal(sheets["Selectivity"].images[0].get_array(), found.selectivity)
    words = [text.get_text() for text in sheets["Units side by side"].texts]
    assert words == ["neighbours: mean 12.0\N{DEGREE SIGN}", "the same units shuffled: mean 45.0\N{DEGREE SIGN}"]
    assert "Receptive fields of 4 \N{MULTIPLICATION SIGN} 6 units" in sheets


def test_the_circle_of_hues_closes_and_its_colours_are_equally_light():
    colours = np.array(cyclic(180).colors)
    steps = np.linalg.norm(colours - np.roll(colours, 1, axis=0), axis=1)
    assert steps.max() < 0.06
    linear = np.where(colours > 0.04045, ((colours + 0.055) / 1.055) ** 2.4, colours / 12.92)
    light = linear @ [0.2126, 0.7152, 0.0722]  # luminance, Rec. 709
    assert light.max() / light.min() < 1.3
    assert colours.min() > 0
    assert colours.max() < 1


def test_a_network_view_gives_each_array_on_its_own_scale_with_its_limits_and_frames_the_right_class():
    image, seen = RNG.random((1, 6, 6)), RNG.random((4, 3, 3))
    layers = {
        "S1": (seen, -3 * seen, RNG.normal(size=(4, 1, 2, 2)), seen[:, None]),
        "out": (seen[0, 0], seen[1, 0], (), ()),
    }
    figure = viz.network_view((image, -image), layers, classes=("a", "b", "c"), label=2)
    values = [image, -image, *layers["S1"], *layers["out"][:2]]
    limits = [f"min {x.min():.2g}, max {x.max():.2g}".replace("-", "\N{MINUS SIGN}") for x in values]
    assert [text.get_text() for text in figure.texts if text.get_text().startswith("min")] == limits
    shown = [axes.images[0] for axes in figure.axes]
    largest = [abs(x).max() for x in values]
    assert [each.get_clim()[1] for each in shown] == pytest.approx(largest)
    signed = [each.get_clim()[0] < 0 for each in shown]
    assert signed == [False, True, False, True, True, True, False, True]
    (out,) = [axes for axes in figure.axes if len(axes.get_xticks())]
    assert [text.get_text() for text in out.get_xticklabels()] == ["a", "b", "c"]
    (frame,) = [
        patch for patch in out.patches if same_color(patch.get_edgecolor(), style.ALARM) and not patch.get_fill()
    ]
    assert frame.get_x() < out.get_xticks()[2] < frame.get_x() + frame.get_width()


@pytest.mark.parametrize(
    ("planes", "inputs", "rows", "across"), [(4, 1, 1, 4), (4, 2, 1, 4), (40, 1, 3, 16), (5, 6, 6, 5), (40, 9, 6, 16)]
)
def test_a_plane_of_a_network_view_has_its_weights_below_its_response(planes, inputs, rows, across):
    weight = RNG.normal(size=(planes, inputs, 3, 3))
    arrays = (*RNG.normal(size=(2, planes, 7, 7)), weight, weight)
    figure = viz.network_view(tuple(RNG.random((2, 1, 9, 9))), {"S1": arrays})
    _, _, response, _, below, _ = figure.axes
    assert response.get_position().x0 == below.get_position().x0
    assert response.get_position().width == pytest.approx(below.get_position().width)
    pitch = mosaic.Pitch.of(3, 3)
    height, width = below.images[0].get_array().shape
    assert (height // pitch.down, width // pitch.across) == (rows, across)
    tile = below.images[0].get_array()[pitch.gap : pitch.down, -pitch.across : -pitch.gap : pitch.zoom]
    chosen = viz.weights.strongest(weight, 6)[0] if inputs > 3 else 0
    expected = weight[across - 1, 0] - weight[across - 1, 1] if inputs == 2 else weight[across - 1, chosen]
    np.testing.assert_allclose(tile[:: pitch.zoom], expected)
