"""The figure of a protocol's findings, by what they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from neuro_cnn.viz.gabor import gabors
from neuro_cnn.viz.hw62 import hw62
from neuro_cnn.viz.invariance import invariance
from neuro_cnn.viz.maps import maps
from neuro_cnn.viz.tuning import tuning

if TYPE_CHECKING:
    from neuro_cnn.physiology import Findings


def _gabors(findings: Findings, title: str) -> Figure:
    fields, found, null = findings.shown
    return gabors(fields, found, null, title=title or findings.title, detail=findings.count())


def _invariance(findings: Findings, title: str) -> Figure:
    return invariance({"cells": findings.shown}, title=title or findings.title, detail=findings.count())


DRAWN: dict[str, Callable[[Findings, str], Figure]] = {
    "Curves": tuning,
    "Maps": lambda findings, title: maps(findings, title=title),
    "Trials": lambda findings, title: hw62(findings, detail=title),
    "Fitted": _gabors,
    "Cells": _invariance,
    "NoneType": tuning,
}
"""How each kind of what findings show is drawn; None has histograms alone."""


def found(findings: Findings, title: str = "") -> Figure:
    """The figure of findings, under a title of its own or the protocol's."""
    return DRAWN[type(findings.shown).__name__](findings, title)
