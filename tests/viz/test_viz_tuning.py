"""Figures of tuning keep the laws of every figure: of few cells and many, silent ones, all kinds of axes."""

from dataclasses import replace

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
from neuro_cnn.physiology import Axis, Curves, Findings, Measure, Verdict

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]
RNG = np.random.default_rng(0)
AXES = {
    "orientation": Axis("orientation of the bars", "degrees", np.arange(0.0, 180, 5)),
    "frequency": Axis("spatial frequency", "cycles/px", np.geomspace(0.0105, 0.4, 22), log=True),
    "contrast": Axis("contrast", "", np.geomspace(0.01, 1, 12), log=True),
    "position": Axis("position across the bar", "px", np.linspace(-40, 40, 121)),
    "size": Axis("diameter of the disc", "px", np.geomspace(1, 250, 12), log=True),
}
FLAGS = ("ok", "untuned", "silent", "edge", "unfit", "ok")
WORDS = {
    "width": Measure("half width at half height", "degrees", "macaque V1 median 20 (someone and other 1982)", 20.0),
    "ratio": Measure("response to the orthogonal over the preferred orientation"),
}


def findings(cells, axis="orientation", flags=FLAGS, quantity="response above blank", same=False):
    """Made-up findings of so many cells, flags in turn."""
    n = len(AXES[axis].values)
    curves = np.exp(-((np.arange(n) - RNG.uniform(0, n, (cells, 1))) ** 2) / n)
    verdicts = [Verdict(flags[k % len(flags)], "") for k in range(cells)]
    curves[[verdict.flag == "silent" for verdict in verdicts]] = 0
    if quantity == "F1/F0":
        curves = np.where(curves < 0.01, np.nan, 1.6 * curves)
    width = np.full(cells, 20.0) if same else RNG.uniform(5, 40, cells)
    return Findings(
        "made-up",
        "Orientation tuning",
        {"width": width, "ratio": RNG.uniform(-1, 1, cells)},
        verdicts,
        WORDS,
        Curves(AXES[axis], curves, quantity, curves if axis == "contrast" else ()),
        ("width", "ratio"),
        ("Responses are F1 of simple cells and F0 above blank of complex ones, at the best spatial frequency.",),
    )


FIGURES = {
    "one cell": lambda: findings(1),
    "six": lambda: findings(6),
    "32": lambda: findings(32, "contrast"),
    "96": lambda: findings(96, "position"),
    "96, frequency": lambda: findings(96, "frequency", quantity="F1/F0"),
    "400": lambda: findings(400, "size"),
    "all silent": lambda: findings(32, flags=("silent",)),
    "all alike": lambda: findings(32, flags=("ok",), same=True),
    "no curves": lambda: replace(findings(32), shown=None),
}


def drawn_of(found, title="hebbian-wta, C1: orientation tuning"):
    """The figure of findings, drawn once at 150 dpi."""
    figure = viz.found(found, title)
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn."""
    return drawn_of(FIGURES[request.param]())


def words(figure):
    """All that is written on a figure."""
    return " ".join(text.get_text() for text in [*figure.texts, *(each for axes in figure.axes for each in axes.texts)])


def test_a_figure_says_how_many_cells_were_usable_and_names_each_flag():
    told = words(drawn_of(findings(12)))
    assert "4 of 12 cells usable, 2 silent, 2 untuned, 2 at the edge of the range, 2 unfit" in told
    assert "2 silent" in told
    assert "macaque V1 median 20" in told.replace("\n", " ")


def test_at_most_24_cells_are_drawn_and_the_figure_says_so():
    assert "Drawn are 24 of 96 cells" in words(drawn_of(findings(96)))
    assert "Drawn are" not in words(drawn_of(findings(24)))


def test_a_layer_that_is_silent_is_drawn_without_histograms():
    figure = drawn_of(findings(32, flags=("silent",)))
    assert len(figure.axes) == 1
    assert words(figure).count("no usable cell has it") == 2
