"""What simple and complex cells become in the world that they grow up in, and without one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.layers import Params
from neuro_cnn.models import build, unlearned
from neuro_cnn.network import Chain
from neuro_cnn.physiology.gratings import GratingMap, grating_map
from neuro_cnn.physiology.learning.health import health
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.physiology.shapes import gabor
from neuro_cnn.physiology.shapes.seen import seen_fields
from neuro_cnn.physiology.tuning.frequency import frequency_curves, frequency_measures
from neuro_cnn.physiology.tuning.orientation import orientation_curves, orientation_measures
from neuro_cnn.training import train

WORLDS = {
    "natural": "natural:size={size},count={count}",
    "vertical": "stripes:angle=90,size={size},count={count}",
    "horizontal": "stripes:angle=0,size={size},count={count}",
    "mixed": "stripes:spread=90,size={size},count={count}",
}
"""Worlds to grow up in, as names of data: photographs, or stripes of one orientation or of all."""
NEAR = 22.5
"""Degrees around an orientation within which cells count as preferring it (our choice)."""


class Tuned(NamedTuple):
    """What gratings say of one cell of every plane, each (K,), NaN of silent ones.

    Preferred orientation and half width at half height in degrees, selectivity (Rp - Ro) / (Rp + Ro), preferred
    frequency in cycles a pixel, bandwidth in octaves and F1/F0.
    """

    orientation: NDArray[np.float64]
    half_width: NDArray[np.float64]
    selectivity: NDArray[np.float64]
    frequency: NDArray[np.float64]
    bandwidth: NDArray[np.float64]
    ratio: NDArray[np.float64]

    def near(self, orientation: float) -> float:
        """The share of cells that prefer an orientation within 22.5 degrees of this one: a quarter by chance."""
        known = self.orientation[np.isfinite(self.orientation)]
        return float(np.mean(np.abs((known - orientation + 90) % 180 - 90) <= NEAR)) if known.size else float("nan")


class Portrait(NamedTuple):
    """A pair of layers: the fields of its S-cells (K, h, w) in what they look at, Gabor fits and wins, and tuning.

    `wins` are the shares of views that every plane wins, (K,); `bank` says in how many dimensions the fields lie.
    """

    fields: NDArray[np.float64]
    gabors: gabor.Gabors
    bank: gabor.Bank
    wins: NDArray[np.float64]
    simple: Tuned
    complex: Tuned


def grow(data: Dataset, seed: int = 0, learned: bool = True, **options: object) -> tuple[Chain, dict[str, Params]]:
    """`simple-complex` as it grows up among these images without a teacher; or, not `learned`, as it is born.

    Those born have random weights; moments and thresholds are fitted for them too. The read-out is left out.
    """
    net, curriculum = build("simple-complex", data.shape, 1, **options)
    phases: Curriculum = tuple(phase for phase in curriculum if not phase.method.supervised)
    last = net.names.index("C1") + 1
    below = Chain(net.layers[:last])
    params = below.init(data.shape, seed)
    if wanted := phases if learned else unlearned(phases):
        *_, progress = train(below, wanted, data, seed=seed)
        params = progress.params
    return below, params


def portrait(net: Chain, params: dict[str, Params], data: Dataset) -> Portrait:
    """What became of the cells of `simple-complex`, measured in the middle of the image."""
    fields = seen_fields(net, params, "S1")
    found = [grating_map(Electrode(net, params, data.shape, layer)) for layer in ("T1", "C1")]
    won = health(net, params, data.images, "S1").wins
    return Portrait(fields, gabor.fit(fields), gabor.bank(fields), won / max(won.sum(), 1), *map(tuned, found))


def tuned(found: GratingMap) -> Tuned:
    """Tuning as the protocols measure it, of all cells that answer."""
    across = orientation_measures(orientation_curves(found), found.orientations)
    along = frequency_measures(frequency_curves(found), found.frequencies)
    columns = [across["preferred"], across["hwhh"], across["osi"], along["preferred"], along["bandwidth"], found.ratio]
    return Tuned(*(np.where(found.silent, np.nan, column) for column in columns))
