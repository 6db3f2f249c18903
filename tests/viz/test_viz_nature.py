"""Worlds side by side: the laws of every figure, and what each row shows."""

from functools import cache

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_viz_layout import (
    test_no_panel_is_empty,
    test_no_text_is_cut_off,
    test_no_two_texts_overlap,
    test_text_is_legible_in_print,
    texts,
)

from neuro_cnn import viz
from neuro_cnn.physiology import Portrait, Tuned
from neuro_cnn.physiology.shapes import gabor

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]
RNG = np.random.default_rng(0)


def tuned(planes, ratio, silent=0, orientation=None):
    """Cells with these numbers drawn at random, the first of them silent."""
    turned = RNG.uniform(0, 180, planes) if orientation is None else np.full(planes, orientation)
    columns = [turned, *(RNG.uniform(*ends, planes) for ends in ((10, 60), (0, 1), (0.05, 0.4), (1, 2), ratio))]
    return Tuned(*(np.where(np.arange(planes) < silent, np.nan, column) for column in columns))


@cache
def fitted(planes):
    """Fields, fits and bank of so many planes, of which the first has learned nothing."""
    fields = RNG.standard_normal((planes, 5, 5)).cumsum(axis=1).cumsum(axis=2)
    fields[0] = 0
    return fields, gabor.fit(fields), gabor.bank(fields)


def portrait(planes, silent=0, orientation=None):
    wins = np.full(planes, 1 / planes)
    cells = tuned(planes, (1.5, 1.6), silent, orientation), tuned(planes, (0, 1), silent, orientation)
    return Portrait(*fitted(planes), wins, *cells)


def worlds(names, planes, seeds=1, **how):
    return {name: [portrait(planes, **how) for _ in range(seeds)] for name in names}


REARED = ("vertical", "mixed", "random weights")
FIGURES = {
    "one world": lambda: viz.nature(worlds(("natural",), 4, orientation=90.0)),
    "rearing, seeds": lambda: viz.nature(worlds(REARED, 4, 2), "What cells become. " * 6, "A long detail. " * 12),
    "many planes": lambda: viz.nature(worlds(("natural:size=36,count=2000,folder=photographs",), 40), "Many"),
    "some silent": lambda: viz.nature(worlds(("vertical",), 4, silent=2), "Silent"),
    "all silent": lambda: viz.nature(worlds(("dark",), 4, silent=4), "Dark"),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    figure = FIGURES[request.param]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure


def test_every_world_has_its_name_and_its_fields():
    figure = viz.nature(worlds(REARED, 4), "What cells become")
    FigureCanvasAgg(figure).draw()
    assert set(REARED) <= {words for words, _ in texts(figure)}
    assert sum(bool(axes.images) for axes in figure.axes) == len(REARED)
