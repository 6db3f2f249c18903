"""The catalogue of protocols: what can be done to a preparation, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from neuro_cnn.physiology.bars import length, position
from neuro_cnn.physiology.contrast import contrast
from neuro_cnn.physiology.findings import Findings
from neuro_cnn.physiology.frequency import frequency
from neuro_cnn.physiology.modulation import phase
from neuro_cnn.physiology.orientation import orientation
from neuro_cnn.physiology.plaids import cross_orientation
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.summation import size

Protocol: TypeAlias = Callable[[Preparation], Findings]

PROTOCOLS: dict[str, Protocol] = {
    "orientation": orientation,
    "frequency": frequency,
    "phase": phase,
    "contrast": contrast,
    "size": size,
    "length": length,
    "plaid": cross_orientation,
    "position": position,
}
