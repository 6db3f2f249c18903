"""Subspace reverse correlation: receptive fields, and maps of orientation and frequency, from Hartley's basis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict, silent
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode
from neuro_cnn.stimuli import HIGHEST, Hartley, hartley

BOTH = 0.5
"""Polarity below which a field in space misleads, the cell answering to both signs alike (our choice)."""
FLAT = 0.1
"""Share by which the response to the best wave must exceed the mean of all, for a cell to be tuned (our choice)."""


LEAST = 3
"""Pixels a side of the smallest receptive box: one cycle over it is then below .4 cycles a pixel."""


class Subspace(NamedTuple):
    """Fields in space (K, h, w), root mean square responses above blank by wave number down and across, NaN where none
    was shown, (K, 2m + 1, 2m + 1), polarity (K,), and the side of the field in pixels, of which numbers are cycles."""

    fields: NDArray[np.float64]
    spectra: NDArray[np.float64]
    polarity: NDArray[np.float64]
    side: int

    @property
    def best(self) -> NDArray[np.int_]:
        """The wave numbers (down, across) to which each cell answers most, (K, 2)."""
        flat = np.nan_to_num(self.spectra, nan=-np.inf).reshape(len(self.spectra), -1)
        most = self.spectra.shape[1] // 2
        return np.asarray(np.stack(np.unravel_index(flat.argmax(axis=1), self.spectra.shape[1:]), axis=1) - most)


def orientation_of(down: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orientation of the bars of waves with these numbers down and across, in degrees."""
    return np.asarray((np.rad2deg(np.arctan2(-down, across)) + 90) % 180)  # rows go down, angles up


def subspace(electrode: Electrode) -> Subspace:
    """Every cell's answers to Hartley's basis over its receptive box, both signs of all waves up to .4 cycles a pixel.

    Ringach, Sapiro & Shapley (1997). The field is the mean of the basis weighted by the response; of four phases, two
    waves of mirrored numbers and their negatives, the power gives the map of orientation and frequency; polarity is
    sum |r+ - r-| / sum (r+ + r-): 1 of a cell that answers to one sign only, 0 where both signs are alike. Raises
    UsageError where the box leaves the image, or is smaller than 3 pixels.
    """
    box = electrode.whole().box
    side = max(box.sides)
    if side < LEAST:
        raise UsageError(f"receptive box of {side} pixels a side, too small for waves; choose a layer above")
    basis = hartley(side, int(HIGHEST * side))
    part = basis.stimuli[:, : box.sides[0], : box.sides[1]]
    responses = np.concatenate([_shown(electrode, part[i : i + 256]) for i in range(0, len(part), 256)])
    fields = np.einsum("nk,nhw->khw", responses - responses.mean(axis=0), part) / len(part)
    light, dark = responses[0::2], responses[1::2]  # the signs of one wave lie side by side
    total = np.abs(light).sum(axis=0) + np.abs(dark).sum(axis=0)
    split = np.abs(light - dark).sum(axis=0)
    polarity = np.divide(split, total, out=np.full(len(total), np.nan), where=total > 0)
    return Subspace(fields, _spectra(basis, responses), polarity, side)


WORDS = {
    "orientation": Measure("orientation of the wave that it answers to most", "degrees", period=180.0),
    "frequency": Measure("spatial frequency of the best wave", "cycles/pixel"),
    "polarity": Measure("difference between a wave and its negative over their sum"),
}


def subspace_map(preparation: Preparation) -> Findings:
    """Fields by Hartley's basis, preferred orientation and frequency of each cell, and whether its sign matters to it.

    Raises UsageError where the box leaves the image.
    """
    electrode = preparation.electrode.whole()
    found = subspace(electrode)
    preparation.step()
    flat = found.spectra.reshape(electrode.planes, -1)
    peak, mean = np.nanmax(flat, axis=1), np.nanmean(flat, axis=1)
    quiet = silent(np.nan_to_num(flat).T + electrode.blank, electrode.blank)
    down, across = found.best.T
    most, length = found.spectra.shape[1] // 2, np.hypot(down, across)
    nothing = np.where(quiet, np.nan, 1.0)
    return Findings(
        protocol="subspace",
        title="Subspace maps by Hartley's basis",
        measures={
            "orientation": orientation_of(down, across) * nothing,
            "frequency": length / found.side * nothing,
            "polarity": found.polarity * nothing,
        },
        verdicts=[
            _verdict(bool(quiet[k]), peak[k] - mean[k] > FLAT * peak[k], length[k] / found.side, length[k] < most - 0.5)
            for k in range(electrode.planes)
        ],
        words=WORDS,
        shown=Maps(found.fields, (electrode.box.top, electrode.box.left), "response-weighted mean of the basis"),
        shown_in=("polarity", "frequency"),
        notes=(
            f"{int(np.isfinite(flat[0]).sum())} waves, up to {HIGHEST} cycles a pixel, and the negative of each. "
            f"Fields of cells with a polarity below {BOTH:g} mislead: they answer to both signs. "
            f"{int(np.sum(found.polarity < BOTH))} of {len(peak)} do.",
        ),
        stimuli={"box": list(electrode.box), "side": found.side, "highest": most},
    )


def _verdict(quiet: bool, tuned: bool, frequency: float, within: bool) -> Verdict:
    if quiet:
        return Verdict("silent", "answers to no wave")
    if not tuned:
        return Verdict("untuned", "answers to all waves alike")
    return (
        Verdict() if within else Verdict("edge", f"answers most at {frequency:.2f} cycles a pixel, the highest shown")
    )


def _shown(electrode: Electrode, part: NDArray[np.float32]) -> NDArray[np.float64]:
    """Responses above blank to stimuli laid on the receptive box."""
    frames = np.zeros((len(part), *electrode.sides), np.float32)
    frames[(slice(None), *electrode.box.cut(electrode.sides))] = part
    return electrode.respond(frames) - electrode.blank


def _spectra(basis: Hartley, responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square response by wave number: of a wave, its mirror image in both numbers, and their negatives.

    Not the mean, which is 0 for a cell that is not rectified.
    """
    most = int(np.max(np.abs(basis.down)))
    sums = np.full((responses.shape[1], 2 * most + 1, 2 * most + 1), np.nan)
    sums[:, basis.down + most, basis.across + most] = 0
    for number, (down, across) in enumerate(zip(basis.down + most, basis.across + most, strict=True)):
        sums[:, down, across] += responses[number] ** 2 / 4
    return np.asarray(np.sqrt(sums + sums[:, ::-1, ::-1]))
