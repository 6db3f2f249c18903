"""The figure of a protocol's findings, by what they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from neuro_cnn.viz.tuning import tuning

if TYPE_CHECKING:
    from neuro_cnn.physiology import Findings

DRAWN: dict[str, Callable[[Findings, str], Figure]] = {"Curves": tuning, "NoneType": tuning}
"""How each kind of what findings show is drawn; None has histograms alone."""


def found(findings: Findings, title: str = "") -> Figure:
    """The figure of findings, under a title of its own or the protocol's."""
    return DRAWN[type(findings.shown).__name__](findings, title)
