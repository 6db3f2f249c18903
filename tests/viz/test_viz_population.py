"""The figures of similarity, lesions and invariance keep the laws of every figure."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_viz_layout import (  # noqa: F401
    test_no_panel_is_empty,
    test_no_text_is_cut_off,
    test_no_two_texts_overlap,
    test_text_is_legible_in_print,
)

from neuro_cnn import viz
from neuro_cnn.physiology import TRANSFORMS, Cells, Kept, Lesions, Likeness

RNG = np.random.default_rng(0)


def alike(layers, runs, low=0.2, undefined=False):
    """Layers of random similarities between so many runs' three systems."""

    def likeness():
        values = RNG.uniform(low, 1, (2, 3 * runs, 3 * runs))
        values = (values + values.transpose(0, 2, 1)) / 2
        values[:, np.arange(3 * runs), np.arange(3 * runs)] = 1
        if undefined:
            values[:, -1], values[:, :, -1] = np.nan, np.nan
        draws = values[:, None] + RNG.normal(0, 0.02, (2, 20, 1, 1))
        return Likeness(*values, *draws, np.zeros(3 * runs, int))

    names = [f"{k + 1} neocognitron-2013:planes=2000, seed 0" for k in range(3 * runs)]
    return viz.similarity({name: likeness() for name in layers}, names, detail="500 test images of digits")


def silenced(planes, silent=0, seeds=5, start=0.97):
    """Lesions of so many planes, some of them silent."""
    counts = np.unique(np.linspace(0, planes, min(planes, 16) + 1).round().astype(int))
    fall = start - (start - 0.1) * counts / planes
    random = np.clip(fall + RNG.normal(0, 0.02, (seeds, len(counts))), 0, 1)
    quiet = np.arange(planes) < silent
    chosen = np.where(quiet, np.nan, RNG.uniform(0.1, 0.6, planes))
    alone = np.where(quiet, start, start - RNG.exponential(0.01, planes))
    found = Lesions(start, 0.1, alone, chosen, quiet, counts, fall**2, np.sqrt(fall), random, 1000)
    return viz.lesions(found, title="hebbian-wta: planes of S1 silenced", detail="1000 test images of digits")


def answering(planes=16, silent=0, kinds=tuple(TRANSFORMS), depth=1.0):
    """What so many planes keep of their responses."""
    quiet = np.arange(planes) < silent

    def kept(kind):
        amounts = np.array(TRANSFORMS[kind].amounts)
        fall = 1 - depth * np.abs(amounts / np.abs(amounts).max()) * RNG.uniform(0.3, 1, (planes, 1))
        response = np.where(quiet[:, None], np.nan, fall)
        return Kept(TRANSFORMS[kind].amounts, response, response[:, 0], response[:, 0], quiet, response)

    return Cells(np.zeros(planes, int), np.ones(planes), quiet, {kind: kept(kind) for kind in kinds})


def kept(**systems):
    return viz.invariance(systems, title="hebbian-wta: invariance of cells of S1", detail="100 test images")


FIGURES = {
    "invariance": lambda: kept(S1=answering(), C1=answering(silent=3), untrained=answering(depth=1.5)),
    "invariance, one": lambda: kept(S1=answering(1, kinds=("noise",))),
    "invariance, all of one silent": lambda: kept(S1=answering(), untrained=answering(silent=16)),
    "lesions": lambda: silenced(16),
    "lesions, many, some silent": lambda: silenced(300, 20),
    "lesions, one": lambda: silenced(1, seeds=1),
    "lesions, all silent": lambda: silenced(4, 4, start=0.1),
    "similarity, one run": lambda: alike(["S1", "C1"], 1),
    "similarity": lambda: alike(["S1", "C1", "S2:conv2", "out"], 2),
    "similarity, three runs": lambda: alike(["S1"], 3, -0.1),
    "similarity, undefined": lambda: alike(["S1", "out"], 2, undefined=True),
    "similarity, four runs": lambda: alike(["S1"], 4),
}


@pytest.fixture(params=FIGURES, scope="module")
def drawn(request):
    """A figure after it was drawn once, at 150 dpi."""
    figure = FIGURES[request.param]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    return figure
