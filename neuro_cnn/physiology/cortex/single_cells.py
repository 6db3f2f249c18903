"""One table of single cells: the shape of their fields and their tuning, by which ways of learning are told apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.shapes import gabor
from neuro_cnn.physiology.shapes.seen import seen_fields
from neuro_cnn.physiology.simple_complex import pair_of
from neuro_cnn.physiology.tuning.frequency import frequency_curves, frequency_measures
from neuro_cnn.physiology.tuning.orientation import orientation_curves, orientation_measures
from neuro_cnn.stimuli import grating


class SingleCells(NamedTuple):
    """One cell of every plane of an S-layer, each (K,), NaN where a cell has no such number.

    R2 of the Gabor fit, half width at half height in degrees, circular variance, (Rp - Ro) / (Rp + Ro), preferred
    frequency in cycles a pixel, bandwidth in octaves, F1/F0, and how far excitation and inhibition cancel,
    1 - |sum w| / sum |w| of the slope w by every pixel at the cell's best grating. `rank` is of the fields together.
    """

    r2: NDArray[np.float64]
    half_width: NDArray[np.float64]
    variance: NDArray[np.float64]
    selectivity: NDArray[np.float64]
    frequency: NDArray[np.float64]
    bandwidth: NDArray[np.float64]
    ratio: NDArray[np.float64]
    cancellation: NDArray[np.float64]
    rank: float

    def summary(self) -> dict[str, float | None]:
        """The share of fields that Gabor functions fit, R2 > .7, the rank, and medians of all else."""
        found: dict[str, float | None] = {"fitted": float(np.mean(self.r2 > gabor.GOOD)), "rank": self.rank}
        for name in self._fields[1:-1]:
            known = getattr(self, name)[np.isfinite(getattr(self, name))]
            found[name] = float(np.median(known)) if known.size else None
        return found


def single_cells(preparation: Preparation) -> SingleCells:
    """The table of the S-cells under the electrode. Raises UsageError as `pair_of`, `seen_fields` and `whole` do."""
    electrode = preparation.close
    names = pair_of(electrode.net, electrode.layer)
    if names.simple != electrode.layer:
        raise UsageError(f"layer {electrode.layer} is none of S-cells' responses; choose {names.simple}")
    fields = seen_fields(electrode.net, electrode.params, names.weights)
    found = preparation.gratings
    across = orientation_measures(orientation_curves(found), found.orientations)
    along = frequency_measures(frequency_curves(found), found.frequencies)
    best = grating(electrode.sides, found.orientation, found.frequency, found.phase, centre=electrode.centre)
    slopes = np.stack([electrode.gradient(best[k : k + 1], k)[0] for k in preparation.planes])
    total = np.abs(slopes).sum(axis=(1, 2))
    driven = ~found.silent & (total > 0)
    columns = {
        "half_width": across["hwhh"],
        "variance": across["circular_variance"],
        "selectivity": across["osi"],
        "frequency": along["preferred"],
        "bandwidth": along["bandwidth"],
        "ratio": found.ratio,
        "cancellation": 1 - np.abs(slopes.sum(axis=(1, 2))) / np.where(total > 0, total, 1),
    }
    known = {name: np.where(driven, values, np.nan) for name, values in columns.items()}
    shaped = gabor.fit(fields).r2 if min(fields.shape[1:]) > 2 else np.full(len(fields), np.nan)
    return SingleCells(shaped, **known, rank=gabor.bank(fields).effective_rank)
