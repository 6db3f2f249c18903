"""Reverse correlation: the mean of noise frames weighted by the response, the spike-triggered average of cells that
answer by rates."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict, silent
from neuro_cnn.physiology.mapping.noise import Loud, Noise, Recording, loud, middle, record, shifts
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.stimuli import white_noise

MOST = 17
"""Pixels a side of the noise, in the middle of the receptive box, whose rim weighs next to nothing (our choice)."""
FRAMES = 26
"""Frames a pixel: of a half-rectified linear cell the average then has a correlation of .975 with its filter."""
VARIANCE = 1 / 2 - 1 / (2 * pi)
"""Of a half-rectified standard normal number."""
SHUFFLES = 20
"""Circular shifts; the noise being alike in all pixels, each gives as many values as there are pixels (our choice)."""
LONGER = 3.0
"""Deviations by which an average's squared length must exceed that of shuffled ones: one in a thousand by chance."""
EXPLAINED = 0.5
"""Correlation of the response with what the average predicts, below which one filter does not fit (our choice)."""


class Average(NamedTuple):
    """Response-weighted averages (K, d), their z values against shuffled responses, how many deviations their squared
    length exceeds that of shuffled ones, (K,), and the correlation with the filter that follows from it, (K,)."""

    filters: NDArray[np.float64]
    z: NDArray[np.float64]
    excess: NDArray[np.float64]
    quality: NDArray[np.float64]


def predicted_quality(pixels: int, frames: int) -> float:
    """Correlation of the average with the filter of a half-rectified linear cell, in Gaussian white noise.

    1 / sqrt(1 + 4 v d / N), v = 1/2 - 1 / (2 pi): of the cell's variance v every pixel has its share by chance.
    """
    return 1 / sqrt(1 + 4 * VARIANCE * pixels / frames)


def bonferroni(pixels: int, level: float = 0.05) -> float:
    """The |z| that one of so many pixels exceeds by chance with that probability."""
    from scipy.special import ndtri

    return float(-ndtri(level / (2 * pixels)))


def average(frames: NDArray[Any], responses: NDArray[Any], rng: np.random.Generator) -> Average:
    """sum (r - mean r) x / N and what chance gives in its place: (N, d), (N, K) -> Average.

    A cell whose response never changes has z 0 everywhere.
    """
    count, pixels = frames.shape
    centred = responses - responses.mean(axis=0)
    filters = _weighted(centred, frames)
    shuffled = [_weighted(np.roll(centred, shift, axis=0), frames) for shift in shifts(SHUFFLES, count, rng)]
    deviation = np.sqrt(np.mean(np.square(shuffled), axis=(0, 2)))
    moving = deviation > 1e-7 * np.abs(responses).max(axis=0)  # what single precision rounds to is no response
    z = np.divide(filters, deviation[:, None], out=np.zeros_like(filters), where=moving[:, None])
    length = np.sum(z**2, axis=1)
    quality = np.sqrt(np.clip(1 - np.divide(pixels, length, out=np.ones_like(length), where=length > 0), 0, 1))
    return Average(filters, z, np.where(moving, (length - pixels) / sqrt(2 * pixels), 0.0), quality)


def whitened(filters: NDArray[Any], frames: NDArray[Any], ridge: float) -> NDArray[np.float64]:
    """(C + ridge * mean variance)^-1 times averages (K, d), C the covariance of the frames: what is left of them when
    neighbouring pixels vary together, as in coloured noise and in photographs."""
    covariance = np.cov(frames, rowvar=False).reshape(frames.shape[1], -1)
    covariance[np.diag_indices_from(covariance)] += ridge * np.trace(covariance) / len(covariance)
    return np.asarray(np.linalg.solve(covariance, filters.T).T)


def prediction(frames: NDArray[Any], responses: NDArray[Any], ridge: float | None = None) -> NDArray[np.float64]:
    """Correlation of responses with the positive part of what the average over the other half of the frames projects
    them on, the mean of both halves, (K,); NaN for a cell whose response never changes."""
    halves = np.arange(len(frames)) < len(frames) // 2
    found = []
    for half in (halves, ~halves):
        filters = _weighted(responses[~half] - responses[~half].mean(axis=0), frames[~half])
        if ridge is not None:
            filters = whitened(filters, frames[~half], ridge)
        drive = np.maximum(frames[half] @ filters.T.astype(np.float32), 0).astype(float)
        drive, answer = (each - each.mean(axis=0) for each in (drive, responses[half]))
        norm = np.sqrt((drive**2).sum(axis=0) * (answer**2).sum(axis=0))
        found.append(np.divide((drive * answer).sum(axis=0), norm, out=np.full(len(norm), np.nan), where=norm > 0))
    return np.asarray(np.mean(found, axis=0))


WORDS = {
    "quality": Measure("correlation of the average with the filter, by its length over shuffled ones'"),
    "prediction": Measure("correlation of responses with what the average of other frames predicts"),
    "z": Measure("largest |z| against shuffled responses"),
    "significant": Measure("pixels whose z chance exceeds in 5 % of cells (Bonferroni)", "pixels"),
}


def reverse_correlation(
    preparation: Preparation, noise: Noise = white_noise, ridge: float | None = None, frames: int | None = None
) -> Findings:
    """Each cell's response-weighted average of noise, with its significance, its quality, and what it predicts.

    `noise` draws the frames, at the lowest contrast that drives half of the cells, 26 a pixel unless `frames` says how
    many; give `ridge` where it is not white. Raises UsageError where the box leaves the image.
    """
    electrode = preparation.electrode.whole()
    part = middle(electrode.box, MOST)
    rng = preparation.rng("reverse correlation")
    pixels = int(np.prod(part.sides))
    count = FRAMES * pixels if frames is None else frames
    chosen = loud(preparation, part, noise)
    seen = record(electrode, part, count, chosen.draw, rng, preparation.step)
    found, bound = average(seen.frames, seen.responses, rng), bonferroni(pixels)
    filters = found.filters if ridge is None else whitened(found.filters, seen.frames, ridge)
    explained = prediction(seen.frames, seen.responses, ridge)
    quiet = silent(seen.responses, electrode.blank)
    return Findings(
        protocol="reverse correlation",
        title="Response-weighted averages of noise",
        measures={
            "quality": np.where(quiet, np.nan, found.quality),
            "prediction": np.where(quiet, np.nan, explained),
            "z": np.where(quiet, np.nan, np.abs(found.z).max(axis=1)),
            "significant": np.where(quiet, np.nan, (np.abs(found.z) > bound).sum(axis=1)),
        },
        verdicts=[_verdict(*each) for each in zip(quiet, found.excess, explained, strict=True)],
        words=WORDS,
        shown=Maps(filters.reshape(-1, *part.sides), (part.top, part.left), "response-weighted mean"),
        shown_in=("quality", "prediction"),
        notes=_notes(seen, electrode.box.sides, chosen),
        stimuli={"box": list(electrode.box), "noise": list(part), "frames": count, "pixels": pixels}
        | {"contrast": chosen.contrast, "quality predicted": predicted_quality(pixels, count)},
    )


def _weighted(centred: NDArray[Any], frames: NDArray[Any]) -> NDArray[np.float64]:
    """(N, K), (N, d) -> (K, d), by a product in single precision: its rounding is far below chance."""
    product = centred.T.astype(np.float32) @ np.asarray(frames, np.float32)
    return np.asarray(product, dtype=float) / len(frames)


def _verdict(quiet: bool, excess: float, explained: float) -> Verdict:
    if quiet:
        return Verdict("silent", "answers to no frame of noise")
    if excess < LONGER:
        return Verdict("untuned", "its average is no longer than shuffled ones: it may answer to both polarities alike")
    if not explained >= EXPLAINED:
        return Verdict("unfit", f"its average predicts little of its responses (r = {explained:.2f}) and may mislead")
    return Verdict()


def _notes(seen: Recording, box: tuple[int, int], chosen: Loud) -> tuple[str, ...]:
    count, pixels = seen.frames.shape
    rows, columns = seen.part.sides
    return (
        f"{count} frames of noise of contrast {chosen.contrast:g} on the middle {rows} x {columns} of {box[0]} x "
        f"{box[1]} pixels. Of a half-rectified linear cell so many give a correlation of "
        f"{predicted_quality(pixels, count):.3f} with its filter.{chosen.why}",
        "A C-cell has no one filter: over both polarities its average is nil, over one it may look like an S-cell's.",
    )
