"""Maps of what moves cells: the laws of every figure, and what is marked in them."""

from __future__ import annotations

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
from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.physiology import Axis, Curves, Findings, Maps, Measure, Verdict

__all__ = [  # the laws of tests/viz/test_viz_layout.py, on these figures
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]
RNG = np.random.default_rng(0)
FLAGS = [Verdict("silent", "-"), Verdict("untuned", "-"), Verdict("edge", "-"), Verdict("unfit", "-")]
WORDS = {
    "overlap": Measure("ON/OFF overlap index in profile across the preferred orientation", "", "Kagan 2002: 78 %", 0.5),
    "axes": Measure("directions of the image that matter", "axes"),
    "sigma": Measure("standard deviation", "pixels"),
}


def found(
    planes, shape, box=None, signed=True, bad=4, title="Spot maps", quantity="response above blank", note="A note."
):
    maps = RNG.normal(size=(planes, *shape)) if signed else RNG.random((planes, *shape))
    measures = {"overlap": RNG.random(planes), "axes": RNG.integers(1, 7, planes), "sigma": RNG.random(planes)}
    verdicts = [*FLAGS[: min(bad, planes)], *[Verdict()] * (planes - min(bad, planes))]
    stimuli = {} if box is None else {"box": list(box)}
    return Findings(
        "spots", title, measures, verdicts, WORDS, Maps(maps, (4, 5), quantity), tuple(WORDS), (note,), stimuli
    )


FIGURES = {
    "32 planes": lambda: viz.maps(found(32, (9, 9), (4, 5, 13, 14)), title="S1 of hebbian-wta"),
    "noise on a part of the box": lambda: viz.maps(found(10, (9, 9), (0, 1, 17, 18)), title="C1"),
    "a ring around the box": lambda: viz.maps(found(10, (9, 9), (5, 6, 12, 13), signed=False), title="C1"),
    "not square": lambda: viz.maps(found(12, (5, 12)), title="bands"),
    "tall": lambda: viz.maps(found(12, (12, 5)), title="bands"),
    "one": lambda: viz.maps(found(1, (3, 3), bad=0), title="one"),
    "none usable": lambda: viz.maps(found(4, (3, 3), bad=4), title="none"),
    "many": lambda: viz.maps(found(400, (7, 7)), title="many"),
    "long": lambda: viz.maps(
        found(9, (7, 7), title="Long words " * 12, quantity="light minus dark response above blank", note="Note. " * 60)
    ),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    figure = FIGURES[request.param]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure


def test_planes_that_cannot_be_used_carry_their_flag_and_all_their_number():
    figure = viz.maps(found(6, (5, 5)), title="S1")
    FigureCanvasAgg(figure).draw()
    words = [text for text, _ in texts(figure)]
    assert {"0 silent", "1 untuned", "2 edge", "3 unfit", "4", "5"} <= set(words)


def test_the_first_hundred_of_many_are_drawn_and_that_is_said():
    figure = viz.maps(found(130, (5, 5)), title="S1")
    assert len(figure.axes[0].images) == 100
    assert "the first 100 of 130" in " ".join(text for text, _ in texts(figure))


def test_each_tile_is_its_map_over_its_largest_value():
    findings = found(3, (5, 5))
    images = viz.maps(findings).axes[0].images
    for image, map_ in zip(images, findings.shown.maps, strict=True):
        assert np.allclose(image.get_array(), map_ / np.abs(map_).max())


def test_findings_without_maps_are_refused():
    curves = Curves(Axis("orientation", "degrees", np.arange(3)), np.ones((1, 3)))
    with pytest.raises(UsageError, match="spots has no maps"):
        viz.maps(Findings("spots", "t", {}, [Verdict()], {}, curves))
    with pytest.raises(DataError, match="not finite"):
        viz.maps(Findings("spots", "t", {}, [Verdict()], {}, Maps(np.full((1, 2, 2), np.nan), (0, 0), "r")))
