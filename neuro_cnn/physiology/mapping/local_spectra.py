"""Local spectral reverse correlation: where in its field a cell looks for which orientation and frequency.

It tells of power and not of phase, and so shows the fields of C-cells, which linear methods do not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict, silent
from neuro_cnn.physiology.mapping.noise import Recording, loud, middle, record
from neuro_cnn.physiology.mapping.reverse_correlation import FRAMES, MOST, bonferroni
from neuro_cnn.physiology.mapping.subfields import ellipse
from neuro_cnn.physiology.mapping.subspace import LEAST, orientation_of
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.stimuli import HIGHEST

WINDOW = 7
"""Pixels a side of the local windows, under a Hann bell (our choice)."""


class LocalSpectra(NamedTuple):
    """z of the response-weighted power (K, rows, columns, F) in windows around the pixels from `corner` on, and the
    waves' numbers down and across, in cycles a pixel, (F,) each."""

    z: NDArray[np.float64]
    corner: tuple[int, int]
    down: NDArray[np.float64]
    across: NDArray[np.float64]


def local_spectra(seen: Recording, window: int = WINDOW) -> LocalSpectra:
    """Correlation of responses with the log power of the frames in every window, in standard errors.

    Nishimoto, Ishida & Ohzawa (2006): the response-weighted mean of local spectra, here less the mean of all and over
    what it scatters by chance, 1 / sqrt(N). Half of all waves, the others being their complex conjugates.
    """
    height, width = seen.part.sides
    frames = seen.frames.reshape(-1, height, width)
    bell = np.hanning(window + 2)[1:-1]
    numbers = np.arange(-(window // 2), window // 2 + 1)
    down, across = (each.ravel() / window for each in np.meshgrid(numbers, numbers, indexing="ij"))
    kept = (np.hypot(down, across) <= HIGHEST) & ((down > 0) | ((down == 0) & (across > 0)))
    down, across = down[kept], across[kept]
    y, x = np.indices((window, window))
    waves = np.exp(2j * np.pi * (down * y[..., None] + across * x[..., None])) * np.outer(bell, bell)[..., None]
    filters = np.concatenate([waves.real, waves.imag], axis=-1).reshape(window**2, -1).astype(np.float32)
    score = seen.responses - seen.responses.mean(axis=0)
    norm = np.sqrt((score**2).sum(axis=0))
    score = np.divide(score, norm, out=np.zeros_like(score), where=norm > 0).astype(np.float32)
    places = (height - window + 1, width - window + 1)
    z = np.empty((score.shape[1], *places, len(down)))
    for row in range(places[0]):
        for column in range(places[1]):
            view = frames[:, row : row + window, column : column + window].reshape(len(frames), -1) @ filters
            power = np.log(view[:, : len(down)] ** 2 + view[:, len(down) :] ** 2 + np.float32(1e-12))
            z[:, row, column] = score.T @ (power / power.std(axis=0))  # scores have sum 0, and so no mean is taken off
    corner = (seen.part.top + window // 2, seen.part.left + window // 2)
    return LocalSpectra(z, corner, down, across)


WORDS = {
    "orientation": Measure("orientation of the wave that it looks for", "degrees", period=180.0),
    "frequency": Measure("spatial frequency of the best wave", "cycles/pixel"),
    "z": Measure("largest correlation with a local power, in standard errors"),
    "row": Measure("middle of the field, row", "pixels"),
    "column": Measure("middle of the field, column", "pixels"),
    "major": Measure("standard deviation along the field's long axis", "pixels"),
    "minor": Measure("standard deviation across it", "pixels"),
}


def local_spectral_map(preparation: Preparation) -> Findings:
    """Where each cell, S or C, looks for the wave that it likes best, and which that is.

    Raises UsageError where the box leaves the image, or is smaller than 3 pixels.
    """
    electrode = preparation.electrode.whole()
    part = middle(electrode.box, MOST)
    if min(part.sides) < LEAST:
        raise UsageError(f"receptive box of {min(part.sides)} pixels a side, too small for waves; choose a layer above")
    count = FRAMES * int(np.prod(part.sides))
    chosen = loud(preparation, part)
    seen = record(electrode, part, count, chosen.draw, preparation.rng("local spectra"), preparation.step)
    window = min(WINDOW, *part.sides)
    found = local_spectra(seen, window)
    cells, flat = np.arange(electrode.planes), found.z.reshape(electrode.planes, -1)
    at = flat.argmax(axis=1)
    peak, best = flat[cells, at], at % len(found.down)
    maps = found.z[cells, :, :, best]
    bound = bonferroni(flat.shape[1])
    quiet = silent(seen.responses, electrode.blank)
    outlines = np.array([ellipse(np.where(map_ > bound, map_, 0)) for map_ in maps])
    low = np.where(quiet | (peak <= bound), np.nan, 1.0)
    return Findings(
        protocol="local spectra",
        title="Local spectral maps",
        measures={
            "orientation": orientation_of(found.down[best], found.across[best]) * low,
            "frequency": np.hypot(found.down[best], found.across[best]) * low,
            "z": np.where(quiet, np.nan, peak),
            "row": outlines[:, 0] + found.corner[0],
            "column": outlines[:, 1] + found.corner[1],
            "major": outlines[:, 2],
            "minor": outlines[:, 3],
        },
        verdicts=[_verdict(*each) for each in zip(quiet, peak > bound, strict=True)],
        words=WORDS,
        shown=Maps(maps, found.corner, "correlation with the best wave's power (z)"),
        shown_in=("frequency",),
        notes=(
            f"{count} frames of noise of contrast {chosen.contrast:g} on the middle {part.sides[0]} x {part.sides[1]} "
            f"pixels, in windows of {window} x {window}. Power has no sign: the maps show S- and C-cells alike."
            f"{chosen.why}",
        ),
        stimuli={"box": list(electrode.box), "noise": list(part), "frames": count, "window": window}
        | {"contrast": chosen.contrast},
    )


def _verdict(quiet: bool, beyond: bool) -> Verdict:
    if quiet:
        return Verdict("silent", "answers to no frame of noise")
    return Verdict() if beyond else Verdict("untuned", "no wave's power at any place moves it beyond chance")
