"""The house style: one look for print at 180 mm, and the only place where a figure becomes a file."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.files import replacing

PAGE = 180.0  # mm: the text width of an A4 page
SIGNED, POSITIVE, SHARE = "RdBu_r", "Greys", "Blues"  # ColorBrewer maps that colour-blind readers can tell
GAP, MUTED, ALARM = "#c3ccd6", "#5a6470", "#d55e00"  # between tiles; secondary text; frames
# Okabe and Ito 2008, without their yellow, which is too pale for lines on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MARKERS = "os^Dv"  # five markers beside seven colours: 35 systems before a look repeats

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.5,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e3e7eb",
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "image.cmap": POSITIVE,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",  # outlines look alike in every browser; the page gives the words as a label
    "svg.hashsalt": "neuro_cnn",
}
_NO_DATE: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
}


def context() -> AbstractContextManager[None]:
    """The style's settings while a figure is built or written, whatever the user's own settings are."""
    return matplotlib.style.context(RC, after_reset=True)  # type: ignore[no-any-return,unused-ignore]


def drawable(path: Path | str) -> Path:
    """The path, when a figure can be saved there. Raises UsageError unless it ends in .png, .pdf or .svg."""
    if Path(path).suffix.lower() not in _NO_DATE:
        raise UsageError(f"cannot draw into {str(path)!r}: let the name end in .png, .pdf or .svg")
    return Path(path)


def save(figure: Figure, path: Path | str) -> None:
    """Write a figure whole; the suffix chooses the format: .png (150 dpi), .pdf or .svg.

    The same figure gives the same bytes: the file holds no date. Raises UsageError for another suffix.
    """
    suffix = drawable(path).suffix.lower()
    with context(), replacing(path) as temporary:
        figure.savefig(temporary, format=suffix[1:], dpi=150, metadata=_NO_DATE[suffix])


def to_svg(figure: Figure) -> str:
    """The figure as an <svg> element for a page; its ids begin with a digest of it and meet no other's."""
    buffer = io.StringIO()
    with context():
        figure.savefig(buffer, format="svg", dpi=150, metadata=_NO_DATE[".svg"])
    text = buffer.getvalue()
    prefix = f"f{hashlib.sha256(text.encode()).hexdigest()[:8]}-"
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}", text[text.index("<svg") :])


def page(
    height: float, title: str = "", detail: str = "", notes: Sequence[str] = (), width: float = PAGE
) -> tuple[Figure, float]:
    """A figure with `height` mm of room between its heading and its notes, and the room's top in mm."""
    letters = width / PAGE
    head = [(line, 9.0, "bold", "black") for line in wrap(title, int(78 * letters))]
    head += [(line, 7.5, "normal", MUTED) for line in wrap(detail, int(104 * letters))]
    foot = [line for note in notes for line in wrap(note, int(112 * letters))]
    top = 2 + 4.5 * len(head) + (1.5 if head else 0)
    total = top + height + (2 if foot else 0) + 3.8 * len(foot) + 1
    figure = Figure(figsize=(width / 25.4, total / 25.4))
    for row, (line, size, weight, colour) in enumerate(head):
        text_at(figure, 2, 2 + 4.5 * row, line, size=size, weight=weight, color=colour)
    for row, line in enumerate(foot):
        text_at(figure, 2, top + height + 2 + 3.8 * row, line, color=MUTED)
    return figure, top


def text_at(figure: Figure, left: float, top: float, text: str, **look: Any) -> None:
    """Write text with its upper left corner at (left, top) mm from the figure's."""
    width, height = 25.4 * figure.get_size_inches()
    figure.text(left / width, 1 - top / height, text, va="top", **look)


def box(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes of width x height mm, (left, top) mm from the figure's upper left corner."""
    across, down = 25.4 * figure.get_size_inches()
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def look(index: int) -> dict[str, Any]:
    """Colour and marker of system number `index`, alike in all figures."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}


def finite(name: str, array: NDArray[Any], ndims: tuple[int, ...]) -> NDArray[Any]:
    """The array as floats; raises DataError where it is empty, not finite or of another number of axes."""
    array = np.asarray(array, dtype=float)
    if array.ndim not in ndims or array.size == 0:
        wanted = " or ".join(map(str, ndims))
        raise DataError(f"cannot draw {name} of shape {array.shape}: give {wanted} axes, none of them empty")
    if not np.isfinite(array).all():
        bad = np.count_nonzero(~np.isfinite(array))
        raise DataError(f"cannot draw {name}: {bad} of {array.size} values are not finite; did it diverge?")
    return array
