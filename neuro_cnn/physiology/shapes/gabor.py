"""Gabor functions fitted to receptive fields, beside the fit to noise, and what a bank of fields comes to.

A good fit alone says little: low-pass blobs are fitted well, and on 5 x 5 pixels so is half of the noise. It is
reported beside the fit to noise of the same size, and with what else tells a bank of simple cells from others: in how
many dimensions its fields lie, and of how many the number of subfields is not to be known.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import DataError, UsageError
from neuro_cnn.physiology.shapes.gabor_search import Array, Shapes, search, waves

KAPPA = float(np.sqrt(2 * np.log(2)) / (2 * np.pi))
"""Half width at half height of the spectrum of a Gaussian of sigma 1: 0.187 cycles a pixel."""
GOOD = 0.7
"""R2 up to which a field is not a Gabor function (our choice)."""
PARAMETERS = 8
"""Of a Gabor function: centre, direction, frequency, two sigmas, amplitude and phase."""
NOISE = 100
"""Fields of Gaussian noise that the null is fitted to (our choice)."""


class Gabors(NamedTuple):
    """The Gabor function nearest to each of K fields, g = A exp(-u^2/2sx^2 - v^2/2sy^2) cos(2 pi f u + phase).

    u runs across the bars and v along them. `fit` is g, (K, h, w); all else is (K,). `orientation` is that of the
    bars, in degrees counter-clockwise from horizontal, 0 to 180, and u points 90 degrees clockwise from it;
    `frequency` is in cycles/pixel, `phase` in degrees from -180 to 180, `row` and `column`, from the middle of the
    upper left pixel, and the sigmas `across` and `along` the bars in pixels; `n_x` and `n_y` are the sigmas in cycles
    (Ringach 2002). `r2` is 1 - ||w - g||^2 / ||w||^2, no mean subtracted, and `adjusted` the same for 8 parameters.
    `degenerate` marks f < 1 / (2 s), s the longer side: less than half a cycle is seen, and n_x is not to be known.
    Of a silent field all numbers are 0.
    """

    fit: Array
    orientation: Array
    frequency: Array
    phase: Array
    row: Array
    column: Array
    across: Array
    along: Array
    amplitude: Array
    r2: Array
    adjusted: Array
    degenerate: NDArray[np.bool_]
    silent: NDArray[np.bool_]

    @property
    def n_x(self) -> Array:
        """Width of the envelope, its sigma across the bars, in cycles."""
        return self.across * self.frequency

    @property
    def n_y(self) -> Array:
        """Length of the envelope, its sigma along the bars, in cycles."""
        return self.along * self.frequency

    @property
    def flags(self) -> list[str]:
        """What each fit is good for: ok, silent (a field of zeros), unfit (R2 up to 0.7), or degenerate."""
        states = zip(self.silent, self.r2 <= GOOD, self.degenerate, strict=True)
        return ["silent" if s else "unfit" if u else "degenerate" if d else "ok" for s, u, d in states]

    @property
    def reasons(self) -> list[str]:
        """Why each fit is not ok, in words with numbers; empty where it is."""
        least = 0.5 / max(self.fit.shape[1:])
        words = {
            "ok": "",
            "silent": "all weights are 0",
            "unfit": f"R2 {{r2:.2f}}, not above {GOOD:g}",
            "degenerate": f"frequency {{f:.3f}} under {least:.3f} cycles/px, half a cycle a field: n_x is not known",
        }
        return [words[k].format(r2=r2, f=f) for k, r2, f in zip(self.flags, self.r2, self.frequency, strict=True)]

    def rows(self) -> list[dict[str, Any]]:
        """A row a field, for tables: all numbers but the fit's pixels, the flag and its reason."""
        names = ("orientation", "frequency", "phase", "row", "column", "across", "along", "n_x", "n_y", "amplitude")
        values = {name: getattr(self, name).tolist() for name in (*names, "r2", "adjusted", "degenerate")}
        values |= {"flag": self.flags, "reason": self.reasons}
        return [
            {"plane": plane, **dict(zip(values, row, strict=True))}
            for plane, row in enumerate(zip(*values.values(), strict=True))
        ]


class Bank(NamedTuple):
    """What K fields come to together: in how many dimensions they lie, and how near the nearest other one is.

    `effective_rank` is exp of the entropy of the squared singular values, as shares, of the fields at norm 1: from 1
    to the smaller of K and D (after Roy and Vetterli 2007, recalled, who take the singular values themselves).
    `nearest` is each field's largest |cosine| to another, (K,), NaN where it is silent or alone.
    """

    effective_rank: float
    nearest: Array


def fit(fields: NDArray[Any]) -> Gabors:
    """Fit a Gabor function to each field (K, h, w). Raises DataError for fields that are not finite or too small."""
    fields = _checked(fields)
    size = fields.shape[1:]
    silent = np.all(fields == 0, axis=(1, 2))
    shapes, amplitudes = Shapes(*np.zeros((6, len(fields)))), np.zeros((len(fields), 2))
    g = np.zeros(fields.shape)
    if not silent.all():
        found, amplitudes[~silent] = search(fields[~silent])
        for into, values in zip(shapes, found, strict=True):
            into[~silent] = values
        cosine, sine = waves(found, size)
        g[~silent] = (amplitudes[~silent, :1] * cosine + amplitudes[~silent, 1:] * sine).reshape(-1, *size)
    unexplained = np.sum((fields - g) ** 2, axis=(1, 2)) / np.where(silent, 1, np.sum(fields**2, axis=(1, 2)))
    unexplained[silent] = 1
    freedom = fields[0].size
    # A cos(t + phase) = a cos t + b sin t;  the other way across the bars, t and the phase change their sign
    phase, turned = np.arctan2(-amplitudes[:, 1], amplitudes[:, 0]), np.degrees(shapes.direction) + 90
    back = np.floor(turned / 180) % 2 == 1
    return Gabors(
        fit=g,
        orientation=turned % 180 * ~silent,
        frequency=shapes.frequency,
        phase=np.degrees(np.where(back, -phase, phase)),
        row=shapes.row,
        column=shapes.column,
        across=shapes.across,
        along=shapes.along,
        amplitude=np.hypot(*amplitudes.T),
        r2=1 - unexplained,
        adjusted=(1 - unexplained * freedom / (freedom - PARAMETERS)) * ~silent,
        degenerate=(shapes.frequency < 0.5 / max(size)) & ~silent,
        silent=silent,
    )


@cache
def null(height: int, width: int, seed: int = 0) -> Array:
    """R2 of the fit to Gaussian noise of height x width, sorted: (NOISE,)."""
    noise = np.random.default_rng(seed).standard_normal((NOISE, height, width))
    return np.sort(fit(noise).r2)


def bank(fields: NDArray[Any]) -> Bank:
    """Effective rank and cosines of fields (K, h, w). Raises DataError where all are silent."""
    rows = _checked(fields).reshape(len(fields), -1)
    heard = ~np.all(rows == 0, axis=1)
    if not heard.any():
        raise DataError(f"all {len(rows)} fields are silent: there are no weights to compare")
    rows = rows[heard] / np.linalg.norm(rows[heard], axis=1, keepdims=True)
    shares = np.linalg.svd(rows, compute_uv=False) ** 2 / len(rows)
    shares = shares[shares > 0]
    nearest = np.full(len(heard), np.nan)
    if len(rows) > 1:
        cosines = np.abs(rows @ rows.T)
        np.fill_diagonal(cosines, 0)
        nearest[heard] = cosines.max(axis=1)
    return Bank(float(np.exp(-np.sum(shares * np.log(shares)))), nearest)


def bandwidth(n_x: NDArray[Any]) -> Array:
    """Bandwidth of frequency at half height, in octaves, of a linear Gabor cell; infinite where n_x <= KAPPA."""
    n_x = np.asarray(n_x, float)
    low = np.maximum(n_x - KAPPA, 0)
    with np.errstate(divide="ignore"):
        return np.log2((n_x + KAPPA) / low)


def half_width(n_y: NDArray[Any]) -> Array:
    """Half width at half height of a linear Gabor cell's orientation tuning, in degrees; 90 where n_y <= KAPPA."""
    n_y = np.asarray(n_y, float)
    return np.asarray(np.degrees(np.arcsin(KAPPA / np.maximum(n_y, KAPPA))))


def _checked(fields: NDArray[Any]) -> Array:
    fields = np.asarray(fields, float)
    if fields.ndim != 3 or not len(fields):
        raise UsageError(f"fields of shape {fields.shape}; give (K, h, w), one field or more")
    if not np.isfinite(fields).all():
        raise DataError(f"{np.count_nonzero(~np.isfinite(fields))} of {fields.size} weights are not finite")
    if fields[0].size <= PARAMETERS + 1:
        size = " x ".join(map(str, fields.shape[1:]))
        raise UsageError(
            f"fields of {size} say no more than the {PARAMETERS} parameters of a Gabor function; give 4 x 4"
        )
    return fields
