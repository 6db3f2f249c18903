"""Weights that run away: a rule that feeds on its own success, at too high a rate, has no bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.ops.normalize import norms

LIMIT = 2.0**24
"""Norm of a plane from which its rule has diverged: float32 has 24 bits, and where a weight is as large as that, a view
of pixels in [0, 1] added to it changes nothing (our choice; the largest in the catalogue is 3,000, of 1988)."""


@np.errstate(over="ignore", invalid="ignore")
def check_norms(name: str, rule: Any, params: Params, epoch: int) -> None:
    """Raises FloatingPointError, naming layer, plane, norm and epoch, where a norm is above 2^24 or no number.

    `epoch` counts from 0. Reading the norms waits for the device.
    """
    weight = getattr(params.learned, "weight", None)
    if weight is None:
        return
    length = to_numpy(norms(weight))
    wild = np.flatnonzero(~(length <= LIMIT))
    if not wild.size:
        return
    raise FloatingPointError(
        f"{name}: {rule.kind} diverges: norm of plane {wild[0]} is {length[wild[0]]:.2g} in epoch {epoch + 1}; "
        f"{_cure(rule)}"
    )


def _cure(rule: Any) -> str:
    knob = next((option for option in ("q", "strength") if hasattr(rule, option)), "the rate")
    unbound = hasattr(rule, "homeostasis") and all(each.kind != "unit_norm" for each in rule.homeostasis)
    return f"lower {knob}, or add unit_norm" if unbound else f"lower {knob}"
