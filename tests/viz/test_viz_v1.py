"""The V1 table's page obeys the laws of every figure, whatever cells have no property."""

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
from neuro_cnn.physiology import PUBLISHED, SingleCells, V1Cells, V1Column
from neuro_cnn.viz.v1 import NAMES

__all__ = [
    "test_no_panel_is_empty",
    "test_no_text_is_cut_off",
    "test_no_two_texts_overlap",
    "test_text_is_legible_in_print",
]
RNG = np.random.default_rng(0)


def column(system, cells, count=32, none=False):
    """Cells drawn from the published histograms, or none that fires."""
    properties = {}
    for name, published in PUBLISHED.items():
        values = RNG.uniform(0, 1, count)
        if published.counts:
            low, high = published.edges[0], published.edges[-1]
            values = low + (high - low) * values
        properties[name] = values[:0] if none else values
    single = SingleCells(*RNG.uniform(0, 1, (8, count)), rank=12.3) if cells == "S" else None
    return V1Column(system, cells, "T1" if cells == "S" else "C1", V1Cells(properties, count), single)


def page(systems, layers="SC", none=False, **words):
    columns = [column(system, cells, none=none) for system in systems for cells in layers]
    return viz.v1(columns, pixels_per_degree=20, title="simple-complex: cells beside macaque V1", **words)


THREE = ("learned", "unlearned", "Gabor bank")
FIGURES = {
    "a pair": lambda: page(THREE),
    "simple cells alone": lambda: page(THREE, "S"),
    "without a bank": lambda: page(THREE[:2], notes=("no Gabor bank: layer S2 looks at 16 planes, not at an image",)),
    "nobody fires": lambda: page(THREE, none=True),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    made = FIGURES[request.param]()
    made.set_dpi(150)
    FigureCanvasAgg(made).draw()
    return made


def test_every_property_and_its_medians_are_on_the_page():
    columns = [column("learned", "S")]
    words = [text.get_text() for text in viz.v1(columns, pixels_per_degree=20).texts]
    assert sum(words.count(each) for each in NAMES.values()) == len(PUBLISHED)
    assert any(each.startswith(f"{columns[0].v1.median('circular_variance'):.2g}") for each in words)
