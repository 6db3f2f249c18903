"""Rows of pictures, and maps that explain an image: the laws of every figure, and what these two show."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_viz_layout import (
    test_no_panel_is_empty,
    test_no_text_is_cut_off,
    test_no_two_texts_overlap,
    test_text_is_legible_in_print,
)

from neuro_cnn import viz
from neuro_cnn.errors import UsageError

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]

RNG = np.random.default_rng(0)
NOTES = ["A note on what is to be seen, and what is not. " * 4]


def rows(count, columns, shape, words="plane 199\n0.000123"):
    headings = [*map(str, range(1, columns - 1)), "mean", "least"]
    return viz.picture_rows(RNG.random((count, columns, *shape)), [words] * count, headings, title="S2", notes=NOTES)


def ascended(count):
    pictures = RNG.random((count, 5, 1, 18, 18))
    pictures[0] = np.nan
    labels = ["S2/199/14/14\n0.00012 (\N{MINUS SIGN}0.0023), \N{MINUS SIGN}0.18"] * count
    return viz.picture_rows(pictures, labels, [f"seed {k}" for k in range(5)], title="lenet5: what S2 prefers")


def maps(count, shape=(1, 28, 28), layers=("S3", "S2", "S1"), checked=True, address="S2/199/14/14"):
    values = RNG.normal(size=(count, *shape[1:]))
    cells = [(address, -0.0001234, (-3, 5, 20, 60))] * count
    check = {name: (RNG.uniform(0, 1, count), RNG.uniform(-1, 1, count)) for name in layers}
    return viz.explained(
        RNG.random(shape),
        values,
        cells,
        quantity="relative\nto peak",
        title="neocognitron-2013: guided backpropagation of S2",
        detail="a photograph with a long name.jpg",
        notes=NOTES,
        check=check if checked else None,
    )


def silent():
    gone = {"S2": (np.full(3, np.nan), np.full(3, np.nan)), "S1": (np.array([0.4, np.nan, 0.2]), np.full(3, 0.1))}
    cells = [("S2/0/3/3", 0.2, (0, 0, 9, 9))] * 3
    values = RNG.random((3, 9, 9))
    return viz.explained(RNG.random((1, 9, 9)), values, cells, quantity="relative\nto peak", title="S2", check=gone)


FIGURES = {
    "patches": lambda: rows(18, 11, (1, 18, 18)),
    "patches, colour": lambda: rows(4, 11, (3, 60, 90)),
    "patches, one": lambda: rows(1, 3, (1, 5, 5)),
    "patches, tall": lambda: rows(2, 11, (1, 40, 10)),
    "preferred": lambda: ascended(12),
    "preferred, one": lambda: ascended(1),
    "maps": lambda: maps(12),
    "maps, one": lambda: maps(1),
    "maps, colour, wide": lambda: maps(7, (3, 64, 96), [f"conv{k}" for k in range(5, 0, -1)]),
    "maps, deep": lambda: maps(3, layers=[f"conv{k}" for k in range(13, 0, -1)], address="conv13/511/12/12"),
    "maps, tall, unchecked": lambda: maps(5, (1, 40, 20), checked=False),
    "maps, silent": silent,
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    figure = FIGURES[request.param]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure


def test_a_map_stands_on_one_scale_about_zero_and_its_cell_is_framed():
    figure = maps(3)
    tiles = [axes for axes in figure.axes if axes.images][1:4]
    assert {axes.images[0].get_clim() for axes in tiles} == {
        (-tiles[0].images[0].norm.vmax, tiles[0].images[0].norm.vmax)
    }
    frame = tiles[0].patches[0]  # clipped to the image
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (4.5, -0.5, 23, 20)


def test_a_cell_that_sees_all_of_the_image_has_no_frame():
    values = RNG.random((1, 9, 9))
    figure = viz.explained(values, values, [("out/0/0/0", 1.0, (-2, -2, 9, 11))], quantity="share", title="out")
    assert not figure.axes[1].patches


def test_what_is_blank_shows_the_ground_between_tiles_also_in_colour():
    pictures = np.full((1, 2, 3, 4, 4), np.nan)
    pictures[:, 1] = 0.0
    figure = viz.picture_rows(pictures, ["plane 0"], ["1", "2"], title="S1")
    image = np.asarray(figure.axes[0].images[0].get_array())
    blank = image[image.shape[0] // 2, image.shape[1] // 4]
    assert blank[:3] == pytest.approx([0xC3 / 255, 0xCC / 255, 0xD6 / 255])
    assert image[image.shape[0] // 2, 3 * image.shape[1] // 4, :3] == pytest.approx([0, 0, 0])


def test_rows_without_labels_or_too_many_are_refused():
    pictures = RNG.random((2, 3, 1, 4, 4))
    with pytest.raises(UsageError, match="2 rows of 3 pictures with 1 labels and 3 headings"):
        viz.picture_rows(pictures, ["a"], list("abc"), title="S1")
    with pytest.raises(UsageError, match="18 rows at most"):
        rows(19, 3, (1, 4, 4))
