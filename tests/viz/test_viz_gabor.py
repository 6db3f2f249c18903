"""The figure of Gabor fits obeys the laws of every figure."""

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
from neuro_cnn.errors import DataError
from neuro_cnn.physiology.shapes import gabor
from neuro_cnn.viz.gabor import MACAQUE, MEDIANS

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]


def figure(count, height, width, silent=0, **words):
    fields = np.random.default_rng(0).standard_normal((count, height, width)).cumsum(axis=1).cumsum(axis=2)
    fields[:silent] = 0
    null = np.linspace(0.05, 0.6, 100)
    return viz.gabors(fields, gabor.fit(fields), null, **{"title": "hebbian-wta: Gabor functions of S1", **words})


FIGURES = {
    "a bank": lambda: figure(32, 7, 7, detail="natural, 20000 patches"),
    "one": lambda: figure(1, 5, 5),
    "silent": lambda: figure(3, 5, 5, 3),
    "some silent": lambda: figure(9, 6, 6, 4),
    "many": lambda: figure(120, 5, 5, title="A long title. " * 12),
    "wide": lambda: figure(6, 5, 12),
    "tall": lambda: figure(30, 12, 5),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    made = FIGURES[request.param]()
    made.set_dpi(150)
    FigureCanvasAgg(made).draw()
    return made


def test_the_macaques_cells_are_all_counted_and_the_medians_lie_where_most_of_them_do():
    from neuro_cnn.viz.gabor import EDGES

    assert MACAQUE.sum() == 79
    x, y = np.searchsorted(EDGES, MEDIANS) - 1
    assert MACAQUE[x, y] >= 0.8 * MACAQUE.max()


def test_fields_that_are_not_finite_are_refused():
    fields = np.ones((2, 5, 5))
    with pytest.raises(DataError, match="not finite"):
        viz.gabors(fields * np.nan, gabor.fit(fields), np.ones(5), title="")
