"""Frames look like the figure of fields, share one colour scale, and come back whole from the GIF."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from neuro_cnn import viz
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.viz import mosaic, style
from neuro_cnn.viz.animation import DPI

RNG = np.random.default_rng(0)


def frames(weights):
    return list(viz.frames(weights, [f"moment {k}" for k in range(len(weights))], title="S1"))


@pytest.mark.parametrize("shape", [(5, 1, 4, 4), (9, 2, 5, 5), (4, 3, 3, 3), (20, 18, 2, 2)])
def test_a_frame_of_a_single_moment_is_the_figure_of_fields(shape):
    weights = RNG.normal(size=shape)
    figure = viz.filters(weights, title="S1", notes=["moment 0"])
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    with style.context():
        canvas.draw()
    (frame,) = frames(weights[None])
    np.testing.assert_array_equal(frame, np.asarray(canvas.buffer_rgba())[:, :, :3])


@pytest.mark.parametrize("inputs", [1, 2, 3, 5])
def test_a_weight_has_the_same_colour_in_all_frames(inputs):
    weights = np.zeros((2, 4, inputs, 3, 3))
    weights[:, 0, 0] = 1.0
    weights[1, 1, 0] = -4.0
    small, large = frames(weights)
    assert (small != large).any()
    first = mosaic_pixel(weights[0])
    np.testing.assert_array_equal(small[first], large[first])
    alone = frames(weights[:1])[0]
    assert not np.array_equal(alone[first], small[first])  # on a scale of its own it would be as dark as can be


def mosaic_pixel(weights):
    """Where in a frame the middle of the first plane's first input lies."""
    figure = viz.filters(weights, title="S1", notes=["moment 0"])
    figure.set_dpi(DPI)
    axes = figure.axes[0]
    FigureCanvasAgg(figure).draw()
    pitch = mosaic.Pitch.of(*weights.shape[2:])
    x, y = axes.transData.transform((pitch.gap + 1.5 * pitch.zoom, pitch.gap + 1.5 * pitch.zoom))
    return int(figure.bbox.height - y), int(x)


def test_planes_that_have_not_grown_yet_are_blank():
    grown = [np.ones((0, 2, 3, 3)), np.ones((2, 2, 3, 3)), np.ones((5, 2, 3, 3))]
    weights = viz.aligned(grown)
    assert weights.shape == (3, 5, 2, 3, 3)
    assert weights.sum(axis=(1, 2, 3, 4)).tolist() == [0, 36, 90]
    assert len({frame.shape for frame in frames(weights)}) == 1


def test_weights_that_are_no_numbers_are_refused():
    weights = np.ones((2, 3, 1, 4, 4))
    weights[1, 0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="1 of 96 values are not finite"):
        frames(weights)


def test_a_gif_holds_every_frame_loops_for_ever_and_dwells_on_the_last():
    pictures = frames(RNG.normal(size=(12, 8, 1, 5, 5)))
    found = Image.open(io.BytesIO(viz.gif(pictures)))
    assert (found.format, found.n_frames, found.info["loop"]) == ("GIF", 12, 0)
    times = []
    for number, picture in enumerate(pictures):
        found.seek(number)
        assert found.size == picture.shape[1::-1]
        colours = np.asarray(found.convert("RGB")).astype(int)
        times.append(found.info["duration"])
        assert np.abs(colours - picture).max(axis=2).mean() < 1.5  # 256 colours stand for all
        assert (colours[0] == 255).all()  # white paper
    assert times == [100] * 11 + [2500]


def test_the_same_frames_give_the_same_bytes():
    pictures = frames(RNG.normal(size=(3, 8, 1, 5, 5)))
    assert viz.gif(pictures) == viz.gif(pictures)


@pytest.mark.parametrize("name", ["a.png", "a", "gif"])
def test_an_animation_is_a_gif(name):
    assert viz.animatable("a.GIF").name == "a.GIF"
    with pytest.raises(UsageError, match=f"cannot animate into '{name}': let the name end in .gif"):
        viz.animatable(name)


def test_moments_side_by_side_share_a_scale():
    weights = np.stack([np.full((4, 1, 3, 3), 0.5), np.full((4, 1, 3, 3), 2.0)])
    figure = viz.formation(weights, [("before", "0 images"), ("after", "9 images")], title="S1")
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 2), (0, 2)]
    assert {"before", "9 images"} <= {text.get_text() for text in figure.texts}
