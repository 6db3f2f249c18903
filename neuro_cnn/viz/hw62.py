"""One page on simple and complex cells: what was shown, what S- and C-cells make of it, and what must hold."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Criterion, Findings, Trial, Trials
from neuro_cnn.viz import style

TILE, PITCH, LINE = 8.5, 11.0, 3.3  # mm: a picture, from one to the next, a line of text
CLAIM, CELLS, VALUES, BOUND, MET = 36.0, 107.0, 112.0, 148.0, 164.0  # mm: columns, from the left
LETTERS = 54  # of a line of the claim
APART = (
    ("summation", "bars predicted by spots (r)"),
    ("overlap", "overlap of ON and OFF"),
    ("antagonism", "ON + OFF spots over ON"),
    ("jitter3", "spots 3 px off the line"),
)
"""The measures that set S apart from C, and what they are."""


def hw62(findings: Findings, *, detail: str = "") -> Figure:
    """The page of what hw62 found. Raises UsageError for findings without trials."""
    shown = findings.shown
    if not isinstance(shown, Trials):
        raise UsageError(f"findings of {findings.protocol} have no trials to draw; give those of hw62")
    pictured = [
        shown.frames.get(trial.name) if trial.name not in [t.name for t in shown.trials[:place]] else None
        for place, trial in enumerate(shown.trials)
    ]
    heights = [_height(trial, picture is not None) for trial, picture in zip(shown.trials, pictured, strict=True)]
    notes = findings.notes[:-1]  # the last counts what the table does
    note = f"Pictures: what cell {shown.cell} was shown, from black (-1) over the grey background to white (1)."
    with style.context():
        figure, top = style.page(sum(heights) + 47, findings.title, detail or findings.count(), [note, *notes])
        for left, words in ((2.0, "Shown"), (CLAIM, "Claim"), (VALUES, "Median [range]"), (BOUND, "Wanted")):
            style.text_at(figure, left, top, words, color=style.MUTED)
        style.text_at(figure, MET, top, "Cells", color=style.MUTED)
        top += 4.5
        for trial, picture, height in zip(shown.trials, pictured, heights, strict=True):
            for place, (frame, words) in enumerate(zip(*(picture or ((), ())), strict=True)):
                _picture(figure, 2 + PITCH * place, top, frame, words)
            _words(figure, top, trial)
            for line, criterion in enumerate(trial.criteria):
                _number(figure, top + LINE * line, criterion, findings)
            top += height
        drawn = [each for each in APART if f"{each[0]}_s" in findings.measures]
        for place, (name, words) in enumerate(drawn):
            axes = style.box(figure, 11 + 44 * place, top + 6, 34, 27)
            _distribution(axes, findings, name, words)
            if place == 0:
                axes.set_ylabel("cells")
                axes.legend(loc="lower left", bbox_to_anchor=(-0.05, 1.0), ncols=2, borderpad=0)
    return figure


def _height(trial: Trial, pictured: bool) -> float:
    """What a row takes: its words, its numbers, or its pictures with their names below."""
    lines = max(len(wrap(trial.claim, LETTERS - 6)) + len(wrap(trial.how, LETTERS)), len(trial.criteria))
    return max(LINE * lines, TILE + LINE if pictured else 0) + 2.2


def _words(figure: Figure, top: float, trial: Trial) -> None:
    style.text_at(figure, CLAIM, top, trial.name, weight="bold")
    claim, how = wrap(trial.claim, LETTERS - 6), wrap(trial.how, LETTERS)
    for line, words in enumerate(claim):
        style.text_at(figure, CLAIM + 9, top + LINE * line, words)
    for line, words in enumerate(how, len(claim)):
        style.text_at(figure, CLAIM, top + LINE * line, words, color=style.MUTED)


def _number(figure: Figure, top: float, criterion: Criterion, findings: Findings) -> None:
    """One criterion: whose, median and range, what is wanted, and how many cells have it."""
    values = findings.measures[criterion.measure]
    measured = values[np.isfinite(values)]
    spread = "not measured"
    if measured.size:
        spread = f"{_short(np.median(measured))} [{_short(measured.min())}, {_short(measured.max())}]"
    met = int(criterion.met(values).sum())
    look = {"color": "black" if met == len(values) else style.ALARM}
    style.text_at(figure, CELLS, top, criterion.cells, weight="bold", color=_colour(criterion.cells))
    style.text_at(figure, VALUES, top, spread)
    style.text_at(figure, BOUND, top, str(criterion))
    style.text_at(figure, MET, top, f"{met} of {len(values)}", **look)


def _short(value: float) -> str:
    if abs(value) < 1e-6:  # rounding, in single precision
        return "0"
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"


def _colour(cells: str) -> str:
    return style.COLOURS["SC".index(cells)]


def _picture(figure: Figure, left: float, top: float, frame: np.ndarray, words: str) -> None:
    axes = style.box(figure, left, top, TILE, TILE)
    axes.imshow(frame, cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    style.text_at(figure, left, top + TILE + 0.3, words, color=style.MUTED)


def _distribution(axes: Axes, findings: Findings, name: str, words: str) -> None:
    """How a measure lies over the S-cells and over the C-cells."""
    pairs = [(cells, findings.measures.get(f"{name}_{cells.lower()}")) for cells in "SC"]
    found = {cells: values[np.isfinite(values)] for cells, values in pairs if values is not None}
    together = np.concatenate(list(found.values()))
    low, high = (together.min(), together.max()) if together.size else (0.0, 1.0)
    edges = np.linspace(min(low, 0), max(high, 1), 21).tolist()
    for cells, values in found.items():
        colour = _colour(cells)
        axes.hist(
            values, edges, histtype="stepfilled", facecolor=f"{colour}55", edgecolor=colour, label=f"{cells}-cells"
        )
    axes.set(xlabel=words, ylim=(0, max(axes.get_ylim()[1], 1)))
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
