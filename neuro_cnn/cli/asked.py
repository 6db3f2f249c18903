"""What `neuro-cnn fields` is asked for, and what a method answers."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neuro_cnn.checkpoint import Checkpoint
    from neuro_cnn.experiment import Experiment
    from neuro_cnn.physiology import Unit


class Asked(NamedTuple):
    """A run, a layer, and the options; None where an option was left out."""

    run: Path
    saved: Checkpoint
    experiment: Experiment
    method: str
    layer: str
    image: str | None
    cell: str | None
    side: int | None
    contrast: float | None

    @property
    def unit(self) -> Unit | None:
        """The cell that was named. Raises UsageError for one that does not exist."""
        from neuro_cnn.physiology import Unit

        if self.cell is None:
            return None
        return Unit.parse(self.cell, self.saved.net, self.saved.state.params, self.saved.in_shape)


class Shown(NamedTuple):
    """A figure, its numbers, a row a plane or cell (`what`), its notes, and what else belongs into the JSON."""

    figure: Figure
    rows: list[dict[str, Any]]
    notes: list[str]
    what: str = "planes"
    about: Mapping[str, Any] = MappingProxyType({})


def number(value: Any) -> float | None:
    """A number as JSON can hold it; None for one that is not finite."""
    return float(value) if isfinite(value) else None
