"""The page of simple and complex cells obeys the laws of every figure."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from test_viz_layout import test_no_panel_is_empty as no_panel_is_empty
from test_viz_layout import test_no_text_is_cut_off as no_text_is_cut_off
from test_viz_layout import test_no_two_texts_overlap as no_two_texts_overlap
from test_viz_layout import test_text_is_legible_in_print as text_is_legible

from neuro_cnn import viz
from neuro_cnn.errors import UsageError
from neuro_cnn.physiology import Findings, Trials, Verdict
from neuro_cnn.physiology.hubel_wiesel.hw62_trials import NOTES, WORDS, judged

RNG = np.random.default_rng(0)
NAMES = ("T1", "T2", "T3", "T4", "T4b", "T5", "T6")


def findings(cells, measures, lost=0.0, scale=1.0):
    found = {name: scale * RNG.random(cells) for name in measures}
    for values in found.values():
        values[RNG.random(cells) < lost] = np.nan
    tiles = RNG.uniform(-1, 1, (3, 23, 23))
    frames = dict.fromkeys(NAMES, (tiles, ("in line", "off", "inverse")))
    shown = Trials(judged(found), cells - 1, frames)
    notes = (*NOTES, "Of them all met.")
    title = "Simple and complex cells put to the tests of Hubel and Wiesel (1962)"
    return Findings("hw62", title, found, [Verdict()] * cells, WORDS, shown, notes=notes)


SIMPLE = [name for name in WORDS if name.endswith("_s")]
FIGURES = {
    "pairs": lambda: viz.hw62(findings(32, WORDS), detail="simple-complex on natural: C1, 32 planes"),
    "simple cells alone": lambda: viz.hw62(findings(128, SIMPLE)),
    "some not measured": lambda: viz.hw62(findings(4, WORDS, lost=0.5, scale=12345)),
    "one, not measured": lambda: viz.hw62(findings(1, WORDS, lost=1.0)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_obeys_the_laws_of_every_figure(name):
    figure = FIGURES[name]()
    figure.set_dpi(150)
    FigureCanvasAgg(figure).draw()
    for law in (no_text_is_cut_off, no_two_texts_overlap, no_panel_is_empty, text_is_legible):
        law(figure)


def test_findings_of_another_protocol_are_refused():
    with pytest.raises(UsageError, match="findings of contrast have no trials to draw; give those of hw62"):
        viz.hw62(Findings("contrast", "", {}, [], {}))
