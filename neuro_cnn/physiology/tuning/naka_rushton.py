"""The hyperbolic ratio that contrast responses follow, fitted."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

STARTS = np.geomspace(0.03, 30, 31), np.geomspace(0.5, 8, 25)
"""Half-saturation contrasts and exponents among which the search starts."""
BOUNDS = ([1e-3, 0.2, 1.0], [1e3, 20.0, 4.0])
"""Of half-saturation contrast, exponent and Peirce's factor (our choice)."""
FALLS = 0.95
"""A response that ends below this share of its best is supersaturated, and gets Peirce's factor (our choice)."""
BEYOND = 10.0
"""A half-saturation contrast above this cannot be told from a response that does not saturate (our choice)."""


class NakaRushton(NamedTuple):
    """R = rmax c^n / (c^(s n) + c50^(s n)), above blank, fitted to one cell's contrast response (n,).

    Naka & Rushton (1966); s, with which responses may fall again, is Peirce's (2007), and 1 where they do not. `r2` is
    the share of variance explained. Where the response does not saturate, rmax and c50 are NaN: no contrast tells them.
    """

    rmax: float
    c50: float
    n: float
    s: float
    r2: float
    curve: NDArray[np.float64]


def shape(contrast: NDArray[np.float64], c50: Any, n: Any, s: float = 1.0) -> NDArray[np.float64]:
    """The ratio for rmax = 1, written so that large exponents do not overflow."""
    with np.errstate(over="ignore"):
        return np.asarray(contrast ** (n * (1 - s)) / (1 + (c50 / contrast) ** (s * n)))


def naka_rushton(contrast: NDArray[np.float64], response: NDArray[np.float64]) -> NakaRushton:
    """Least squares over c50, n and, of a response that falls at high contrast, s; rmax follows from them."""
    from scipy.optimize import least_squares

    falls = response[-1] < FALLS * response.max()
    first = [*_start(contrast, response), *([1.2] if falls else [])]
    low, high = (np.log(each[: len(first)]) for each in BOUNDS)
    unit = float(response.max())

    def missed(logs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((_scaled(shape(contrast, *np.exp(logs)), response)[1] - response) / unit)

    found = least_squares(missed, np.clip(np.log(first), low, high), bounds=(low, high), xtol=1e-10, ftol=1e-12)
    c50, n, s = (*np.exp(found.x), 1.0)[:3]
    rmax, curve = _scaled(shape(contrast, c50, n, s), response)
    r2 = 1 - np.sum((curve - response) ** 2) / np.sum((response - response.mean()) ** 2)
    if c50 > BEYOND:
        rmax = c50 = float("nan")
    return NakaRushton(float(rmax), float(c50), float(n), float(s), float(r2), curve)


def _start(contrast: NDArray[np.float64], response: NDArray[np.float64]) -> tuple[float, float]:
    """The c50 and n on a grid that explain most."""
    c50, n = (each.ravel() for each in np.meshgrid(*STARTS, indexing="ij"))
    forms = shape(contrast, c50[:, None], n[:, None])
    best = np.argmax(np.maximum(forms @ response, 0) ** 2 / np.sum(forms**2, axis=1))
    return float(c50[best]), float(n[best])


def _scaled(form: NDArray[np.float64], response: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The factor by which a form fits best, and what it then comes to."""
    factor = float(form @ response / max(float(form @ form), float(np.finfo(float).tiny)))
    return factor, factor * form
