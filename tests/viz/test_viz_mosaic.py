"""Tiles on a sheet: all of them, in order, unchanged, on one scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Rectangle
from scipy.ndimage import find_objects, label

from neuro_cnn import viz
from neuro_cnn.errors import UsageError
from neuro_cnn.viz import mosaic
from neuro_cnn.viz.frontispiece import grid

RNG = np.random.default_rng(0)


def words(figure):
    return "\n".join(text.get_text() for text in figure.texts)


def tiles_drawn(axes):
    """Number of separate tiles in the axes' picture."""
    picture = axes.images[0].get_array()
    shown = picture[..., 3] > 0 if picture.ndim == 3 else ~np.ma.getmaskarray(picture)
    return label(shown)[1]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 9), st.integers(1, 8))
def test_a_sheet_holds_every_tile_unchanged_in_reading_order(count, height, width, columns):
    tiles = np.arange(1.0, count * height * width + 1).reshape(count, height, width)
    sheet = mosaic.sheet(tiles, columns)
    regions = find_objects(label(~np.isnan(sheet))[0])
    zoom, gap, *_ = mosaic.Pitch.of(height, width)
    found = sorted(regions, key=lambda at: (at[0].start, at[1].start))
    assert len(found) == count
    for tile, at in zip(tiles, found, strict=True):
        np.testing.assert_array_equal(sheet[at][::zoom, ::zoom], tile)
        assert sheet[at].shape == (height * zoom, width * zoom)
    assert [at.start for at in found[0]] == [gap, gap]  # the gap runs round the sheet
    full = found[min(count, columns) - 1]
    assert sheet.shape[1] - full[1].stop == gap + (max(columns - count, 0)) * (width * zoom + gap)


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((1, 1, 3, 5), 1),
        ((37, 1, 5, 5), 37),
        ((64, 2, 7, 3), 64),
        ((96, 3, 11, 11), 96),
        ((400, 1, 1, 1), 400),
    ],
)
def test_every_plane_has_one_tile(shape, drawn):
    assert tiles_drawn(viz.filters(RNG.normal(size=shape), title="S1").axes[0]) == drawn


def test_a_table_shows_the_first_16_planes_by_their_16_strongest_inputs_and_says_so():
    weights = RNG.normal(size=(96, 32, 3, 3))
    weights[:, :16] *= 0.1
    weights[16:, 0] = 9  # of planes that are not drawn
    figure = viz.filters(weights, title="S2")
    assert tiles_drawn(figure.axes[0]) == 256
    assert "first 16 of 96 planes (rows), the 16 strongest of 32 inputs (columns)" in words(figure)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == [str(each) for each in range(16, 32)]


def test_beyond_400_planes_the_heading_says_how_many_are_left_out():
    figure = viz.filters(RNG.normal(size=(500, 1, 2, 2)), title="S1")
    assert tiles_drawn(figure.axes[0]) == 400
    assert "first 400 of 500 planes" in words(figure)


@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
@settings(deadline=None, max_examples=20)
def test_the_scale_is_symmetric_about_zero_as_soon_as_a_weight_is_negative(negative, other):
    colours, limits = mosaic.scale(np.array([-negative, other]))
    assert limits.vmin == -limits.vmax == -max(negative, abs(other))
    assert colours == "RdBu_r"


def test_positive_weights_are_grey_from_zero_and_no_weights_have_a_scale_too():
    assert mosaic.scale(np.array([0.5, 2]))[1].vmin == 0
    assert mosaic.scale(np.array([0.5, 2]))[0] == "Greys"
    assert mosaic.scale(np.zeros(3))[1].vmax > 0


def test_two_inputs_are_drawn_as_on_minus_off_about_zero():
    weights = np.zeros((4, 2, 3, 3))
    weights[0, 0] = 2.0
    weights[1, 1] = 1.0
    figure = viz.filters(weights, title="S1")
    picture = figure.axes[0].images[0]
    assert "ON \N{MINUS SIGN} OFF" in words(figure)
    assert picture.get_clim() == (-2, 2)
    assert sorted(set(picture.get_array().compressed())) == [-1, 0, 2]


def test_three_inputs_are_drawn_in_colour_on_one_scale_for_all_filters():
    weights = np.zeros((2, 3, 2, 2))
    weights[0, 0], weights[1, 2] = 4, -4  # a red filter, and a blue one inverted
    picture = viz.filters(weights, title="S1").axes[0].images[0].get_array()
    colours = {tuple(pixel[:3]) for pixel in picture.reshape(-1, 4) if pixel[3]}
    assert colours == {(1.0, 0.5, 0.5), (0.5, 0.5, 0.0)}


def test_the_colour_bar_shows_the_limits_of_the_panel():
    figure = viz.filters(np.array([-0.25, 0.125]).reshape(2, 1, 1, 1), title="S1")
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == [
        "\N{MINUS SIGN}0.25",
        "0",
        "0.25",
    ]


@pytest.mark.parametrize("inputs", [1, 5])
def test_dead_planes_are_framed(inputs):
    dead = np.array([False, True, False, True])
    figure = viz.filters(RNG.normal(size=(4, inputs, 3, 3)), title="S1", dead=dead)
    frames = [p for p in figure.axes[0].patches if isinstance(p, Rectangle) and not p.get_fill()]
    assert len(frames) == 2
    assert "2 dead, framed" in words(figure)


def test_dead_planes_must_be_as_many_as_planes():
    with pytest.raises(UsageError, match="4 planes"):
        viz.filters(RNG.normal(size=(4, 1, 3, 3)), title="S1", dead=np.zeros(3, bool))


@given(st.integers(1, 600), st.floats(25, 176), st.floats(30, 40))
@settings(deadline=None, max_examples=50)
def test_a_grid_shows_16_planes_or_all_of_fewer_and_leaves_no_row_empty(planes, wide, high):
    rows, columns = grid(planes, wide, high)
    count = min(planes, 36, rows * columns)
    assert count >= min(planes, 16)
    assert (rows - 1) * columns < count
    assert columns <= count
