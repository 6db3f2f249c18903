"""The Gabor protocol: functions fitted to the fields of a layer's S-cells, or of those that a C-layer pools."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Findings, Measure, Verdict
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.shapes import gabor
from neuro_cnn.physiology.shapes.seen import seen_fields
from neuro_cnn.physiology.simple_complex import pair_of


class Fitted(NamedTuple):
    """Fields (K, h, w), the functions fitted to them, and R2 of fits to noise of the same size, (n,)."""

    fields: NDArray[np.float64]
    gabors: gabor.Gabors
    null: NDArray[np.float64]


WORDS = {
    "r2": Measure("R2 of the Gabor fit"),
    "adjusted": Measure("R2 adjusted for 8 parameters"),
    "orientation": Measure("orientation of the bars", "degrees", period=180.0),
    "frequency": Measure("spatial frequency", "cycles/px"),
    "n_x": Measure("width across the bars", "cycles", ".42 belongs to 1.4 octaves (recalled)", 0.42),
    "n_y": Measure("length along the bars", "cycles", ".55 belongs to a half width of 20 degrees", 0.55),
    "nearest": Measure("largest |cosine| to another field"),
}


def gabor_fits(preparation: Preparation) -> Findings:
    """Gabor functions fitted to the weights of the S-cells on what they look at, one field a plane.

    A C-cell that pools several planes has the field of the first of them.

    Raises UsageError for layers whose S-cells look at more than an image: more than three planes.
    """
    electrode = preparation.electrode
    layer = pair_of(electrode.net, electrode.layer).weights
    fields = _of_planes(seen_fields(electrode.net, electrode.params, layer), electrode.planes)
    if min(fields.shape[1:]) < 3:
        raise UsageError(
            f"views of {layer} of {fields.shape[1]} x {fields.shape[2]} are too small for a Gabor function"
        )
    found, bank, null = gabor.fit(fields), gabor.bank(fields), gabor.null(*fields.shape[1:])
    limit, heard = float(np.quantile(null, 0.95)), ~found.silent
    measures = {name: np.where(heard, getattr(found, name), np.nan) for name in WORDS if name != "nearest"}
    for name in ("frequency", "n_x", "n_y"):  # less than half a cycle is seen
        measures[name] = np.where(found.degenerate, np.nan, measures[name])
    flags = {"ok": "ok", "silent": "silent", "unfit": "unfit", "degenerate": "ok"}
    verdicts = [Verdict(flags[flag], reason) for flag, reason in zip(found.flags, found.reasons, strict=True)]  # type: ignore[arg-type]
    return Findings(
        "gabor",
        f"Gabor functions fitted to the fields of {layer}",
        measures | {"nearest": np.where(heard, bank.nearest, np.nan)},
        verdicts,
        WORDS,
        Fitted(fields, found, null),
        (),
        (
            f"{np.mean(found.r2 > gabor.GOOD):.0%} of the fields have R2 above {gabor.GOOD:g}; of noise of this size "
            f"5 % lie above {limit:.2f}. Effective rank {bank.effective_rank:.1f}.",
            f"{np.mean(found.degenerate):.0%} are of less than half a cycle: their frequency, width and length are "
            "unknown.",
        ),
        {"layer": layer, "null_95": limit, "effective_rank": bank.effective_rank},
    )


def _of_planes(fields: NDArray[np.float64], planes: int) -> NDArray[np.float64]:
    """The field of every recorded plane: the first of those that it pools, or both polarities of each, in turn."""
    if planes <= len(fields):
        return fields[:: len(fields) // planes]
    return np.stack([fields, -fields], axis=1).reshape(planes, *fields.shape[1:])
