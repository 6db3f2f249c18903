"""The effective receptive field: how much each pixel of the receptive box matters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict
from neuro_cnn.physiology.mapping.noise import loud
from neuro_cnn.physiology.preparation import Preparation

LEVEL = 1 - 0.9545
"""Share of the largest value from which a pixel belongs to the field: two deviations (Luo et al. 2016)."""
IMAGES = 64
"""Noise images that slopes are averaged over (our choice)."""


class Spread(NamedTuple):
    """Standard deviation of fields in pixels, the mean of both axes' variances, and their area in pixels, (K,) each."""

    sigma: NDArray[np.float64]
    area: NDArray[np.float64]


WORDS = {
    "sigma": Measure("standard deviation of the effective field", "pixels"),
    "area": Measure(f"pixels above {100 * LEVEL:.3g} % of the largest", "pixels"),
    "ratio": Measure("side of the effective field over that of the receptive box", "", "below 1 (Luo et al. 2016)"),
}


def effective_field(preparation: Preparation, images: int = IMAGES) -> Findings:
    """E|dr/dx| of every pixel, its spread, and its size beside that of the box that arithmetic gives.

    Luo, Li, Urtasun & Zemel (2016): it is nearly Gaussian and fills a fraction of the box. Raises UsageError where the
    box leaves the image.
    """
    electrode = preparation.electrode.whole()
    box = electrode.box
    chosen = loud(preparation, box)
    noise = chosen.draw(images, electrode.sides, preparation.rng("effective field"))
    rows, columns = box.cut(electrode.sides)
    fields = []
    for plane in range(electrode.planes):
        fields.append(np.abs(electrode.gradient(noise, plane)).mean(axis=0)[rows, columns])
        preparation.step()
    maps = np.stack(fields)
    sigma, area = spread(maps)
    return Findings(
        protocol="effective field",
        title="Effective receptive fields",
        measures={"sigma": sigma, "area": area, "ratio": np.sqrt(area / np.prod(box.sides))},
        verdicts=[Verdict() if map_.any() else Verdict("silent", "no pixel moves it") for map_ in maps],
        words=WORDS,
        shown=Maps(maps, (box.top, box.left), "mean |dr/dx|"),
        shown_in=("ratio", "sigma"),
        notes=(f"Mean over {images} images of Gaussian noise of contrast {chosen.contrast:g}.{chosen.why}",),
        stimuli={"box": list(box), "images": images, "contrast": chosen.contrast},
    )


def spread(maps: NDArray[Any]) -> Spread:
    """How far fields (K, h, w) of values from 0 up reach around their own middle; NaN for one of zeros.

    Of L linear layers with even k x k weights sigma^2 is L (k^2 - 1) / 12.
    """
    total = maps.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = maps / total[:, None, None]
    y, x = np.arange(maps.shape[1]), np.arange(maps.shape[2])
    down, across = share.sum(axis=2), share.sum(axis=1)
    variances = [s @ at**2 - (s @ at) ** 2 for s, at in ((down, y), (across, x))]
    peak = maps.max(axis=(1, 2), keepdims=True)
    area = np.where(total > 0, (maps > LEVEL * peak).sum(axis=(1, 2)), np.nan)
    return Spread(np.sqrt(np.mean(variances, axis=0)), area)
