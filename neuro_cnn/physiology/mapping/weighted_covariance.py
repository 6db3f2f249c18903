"""Response-weighted covariance: along which patterns noise varies more, or less, when a cell answers.

The spike-triggered covariance (Rust, Schwartz, Movshon & Simoncelli 2005) of cells that answer by rates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.physiology.findings import Findings, Maps, Measure, Verdict, silent
from neuro_cnn.physiology.mapping.noise import loud, middle, record, shifts
from neuro_cnn.physiology.mapping.reverse_correlation import LONGER, average
from neuro_cnn.physiology.preparation import Preparation

MOST = 11
"""Pixels a side of the noise, in the middle of the receptive box: frames and time grow with its fourth power and more
(our choice)."""
FRAMES = 50
"""Frames a pixel that an estimate needs."""
SHUFFLES = 200
"""Circular shifts in all, shared among the cells: see `chance`."""
LEVEL = 0.02
"""Share of shuffled runs whose largest eigenvalue lies above the bound, and whose smallest below the other: less than
the usual .025, so that both are wrong in less than 5 % of cells though runs are shared among them (our choice)."""


class Axes(NamedTuple):
    """Eigenvalues (K, d), growing, in units of the noise's variance, and eigenvectors in rows, (K, d, d); what chance
    gives, (K,) each; and how many lie above and below it."""

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def excitatory(self) -> NDArray[np.int_]:
        """Directions along which frames vary more where the cell answers, (K,)."""
        return np.asarray((self.values > self.high[:, None]).sum(axis=1))

    @property
    def strongest(self) -> NDArray[np.float64]:
        """The axis of the eigenvalue farthest from 0, times that, (K, d)."""
        cells, end = np.arange(len(self.values)), np.where(-self.values[:, 0] > self.values[:, -1], 0, -1)
        return np.asarray(self.values[cells, end, None] * self.vectors[cells, end])

    @property
    def suppressive(self) -> NDArray[np.int_]:
        """Directions along which they vary less, (K,)."""
        return np.asarray((self.values < self.low[:, None]).sum(axis=1))


def spectrum(
    frames: NDArray[Any], responses: NDArray[Any], apart: NDArray[Any] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues (K, d), growing, and eigenvectors in rows, (K, d, d), of sum r (x - m)(x - m)^T / sum r minus the
    noise's own covariance, in units of its variance: of frames (N, d) and responses (N, K).

    m is the response-weighted mean. `apart` are filters (K, d), or zeros, that are taken out of the frames first.
    Responses count from their smallest up; a cell whose response never changes has values of 0. Raises UsageError for
    fewer than 50 frames a pixel.
    """
    pixels = frames.shape[1]
    _enough(len(frames), pixels)
    x = _standard(frames)
    covariances = np.stack([_covariance(x, weight) for weight in _weights(responses).T])
    if apart is not None:
        norms = np.linalg.norm(apart, axis=1, keepdims=True)
        units = np.divide(apart, norms, out=np.zeros_like(apart), where=norms > 0)[:, :, None]
        outside = np.eye(pixels) - units @ units.transpose(0, 2, 1)
        covariances = outside @ covariances @ outside
    values, vectors = np.linalg.eigh(covariances)
    return values, vectors.transpose(0, 2, 1)


def axes(
    frames: NDArray[Any], responses: NDArray[Any], rng: np.random.Generator, apart: NDArray[Any] | None = None
) -> Axes:
    """The `spectrum` beside the bounds that `chance` gives it."""
    values, vectors = spectrum(frames, responses, apart)
    return Axes(values, vectors, *chance(_standard(frames), _weights(responses), rng))


def chance(
    x: NDArray[np.float32], weights: NDArray[np.float64], rng: np.random.Generator, shuffles: int = SHUFFLES
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds that the smallest and the largest eigenvalue of shuffled responses leave in 2 % of runs each, (K,).

    Shuffled responses w_t give sum (w_t - 1/N) x_t x_t^T, whose spectrum ends at values that follow from the weights
    alone (`edges`). Of cell to cell only these differ; how far a run's extremes scatter around them does not, so that
    200 runs, shared among the cells, serve all. The bounds are those of the whole space. After m axes have been found,
    chance has those of the rest, of which they are bounds too: a matrix cut down to a subspace has its eigenvalues
    within those of the whole (Cauchy's interlacing). So the nested test of Rust et al. (2005) needs no further runs.
    """
    cells = np.flatnonzero(weights.any(axis=0))
    bounds = np.array([edges(weights[:, cell], x.shape[1]) for cell in cells]).reshape(-1, 2)
    ratios = []
    if len(cells):
        for run, shift in enumerate(shifts(max(shuffles, len(cells)), len(x), rng)):
            number = run % len(cells)
            values = np.linalg.eigvalsh(_covariance(x, np.roll(weights[:, cells[number]], shift)))
            ratios.append((values[0] / bounds[number, 0], values[-1] / bounds[number, 1]))
    low, high = np.zeros((2, weights.shape[1]))
    if ratios:
        ranked = np.sort(ratios, axis=0)
        # of n + 1 values that are alike one more lies above rank k with probability (n + 1 - k) / (n + 1)
        rank = min(int(np.ceil((1 - LEVEL) * (len(ranked) + 1))), len(ranked)) - 1
        low[cells], high[cells] = (bounds * ranked[rank]).T
    return low, high


def edges(weights: NDArray[np.float64], pixels: int) -> tuple[float, float]:
    """Where the spectrum of sum a_t x_t x_t^T ends, x_t normal in so many pixels, for weights a_t of both signs.

    z(s) = -d / s + sum a_t / (1 + a_t s), at s with sum (a_t s / (1 + a_t s))^2 = d (Marchenko & Pastur 1967).
    """
    ends = []
    for pole in (weights.min(), weights.max()):
        near, far = 0.0, -1.0 / pole  # of s; the sum grows from 0 at one end without bound at the other
        for _ in range(40):
            s = (near + far) / 2
            grown = weights * s / (1 + weights * s)
            near, far = (s, far) if grown @ grown < pixels else (near, s)
        ends.append(-pixels / s + float(np.sum(weights / (1 + weights * s))))
    return ends[0], ends[1]


WORDS = {
    "excitatory": Measure("directions of more variance than chance gives", "axes"),
    "suppressive": Measure("directions of less", "axes"),
    "dimensions": Measure("directions of the image that matter, the average included", "axes"),
    "largest": Measure("largest eigenvalue above the noise's variance", "of that variance"),
    "smallest": Measure("smallest eigenvalue above the noise's variance", "of that variance"),
}


def weighted_covariance(preparation: Preparation, frames: int | None = None) -> Findings:
    """How many directions of the image drive a cell, or silence it, besides its average.

    An average beyond chance is taken out first, so that an S-cell has none besides; a C-cell has several. Raises
    UsageError where the box leaves the image, and for fewer than 50 frames a pixel.
    """
    electrode = preparation.electrode.whole()
    part = middle(electrode.box, MOST)
    rng = preparation.rng("weighted covariance")
    pixels = int(np.prod(part.sides))
    count = FRAMES * pixels if frames is None else frames
    _enough(count, pixels)  # before they are recorded
    chosen = loud(preparation, part)
    seen = record(electrode, part, count, chosen.draw, rng, preparation.step)
    mean = average(seen.frames, seen.responses, rng)
    along = mean.excess >= LONGER
    found = axes(seen.frames, seen.responses, rng, np.where(along[:, None], mean.filters, 0.0))
    quiet = silent(seen.responses, electrode.blank)
    excitatory, suppressive = found.excitatory, found.suppressive
    return Findings(
        protocol="weighted covariance",
        title="Axes of the response-weighted covariance",
        measures={
            name: np.where(quiet, np.nan, values)
            for name, values in {
                "excitatory": excitatory,
                "suppressive": suppressive,
                "dimensions": excitatory + suppressive + along,
                "largest": found.values[:, -1],
                "smallest": found.values[:, 0],
            }.items()
        },
        verdicts=[_verdict(*each) for each in zip(quiet, along, excitatory + suppressive, strict=True)],
        words=WORDS,
        shown=Maps(
            found.strongest.reshape(-1, *part.sides), (part.top, part.left), "strongest axis times its eigenvalue"
        ),
        shown_in=("dimensions",),
        notes=(
            f"{count} frames of noise of contrast {chosen.contrast:g} on the middle {part.sides[0]} x {part.sides[1]} "
            f"of {electrode.box.sides[0]} x {electrode.box.sides[1]} pixels; chance by {SHUFFLES} circular shifts of "
            f"the responses, shared among the cells. The sign of an axis means nothing.{chosen.why}",
        ),
        stimuli={"box": list(electrode.box), "noise": list(part), "frames": count, "pixels": pixels}
        | {"contrast": chosen.contrast, "shuffles": max(SHUFFLES, electrode.planes)},
    )


def _enough(frames: int, pixels: int) -> None:
    if frames < FRAMES * pixels:
        raise UsageError(
            f"{frames} frames for a covariance of {pixels} pixels; show at least {FRAMES} a pixel: {FRAMES * pixels}"
        )


def _standard(frames: NDArray[Any]) -> NDArray[np.float32]:
    """Frames of variance 1."""
    return np.ascontiguousarray(frames / frames.std(), dtype=np.float32)


def _weights(responses: NDArray[Any]) -> NDArray[np.float64]:
    """r / sum r - 1/N, of responses from their smallest up, (N, K); 0 of a cell whose response never changes."""
    r = responses - np.minimum(responses.min(axis=0), 0)
    moving = np.ptp(responses, axis=0) > 1e-6 * np.abs(responses).max(axis=0)
    total = r.sum(axis=0)
    share = np.divide(r, total, out=np.full(r.shape, 1 / len(r)), where=moving & (total > 0))
    return np.asarray(share - 1 / len(r))


def _covariance(x: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """sum w (x - m)(x - m)^T - sum x x^T / N, for weights w of sum 1 less 1/N, m their mean of x."""
    mean = (weight + 1 / len(x)).astype(np.float32) @ x
    product = x.T @ (x * weight[:, None].astype(np.float32))
    return np.asarray(product - np.outer(mean, mean), dtype=float)


def _verdict(quiet: bool, along: bool, beyond: int) -> Verdict:
    if quiet:
        return Verdict("silent", "answers to no frame of noise")
    if not along and not beyond:
        return Verdict("untuned", "no direction of the image beyond chance")
    return Verdict()
