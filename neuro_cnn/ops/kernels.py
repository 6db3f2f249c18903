"""Fixed kernels: those that retina and cortex are described by, and those that lectures begin with.

All are small host arrays in float64; a layer casts them to its own precision.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Size, pair

Kernel: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]


def _grid(size: Size) -> tuple[Kernel, Kernel]:
    """Rows and columns counted from the centre, (h, 1) and (1, w)."""
    height, width = pair(size)
    if min(height, width) < 1:
        raise UsageError(f"kernel of size {size}; it must be at least 1")
    rows, columns = (np.arange(side, dtype=np.float64) - (side - 1) / 2 for side in (height, width))
    return rows[:, None], columns[None, :]


def _bell(square: Kernel, sigma: float) -> Kernel:
    """exp(-square / 2 sigma^2), scaled to 1 at its largest, so that a narrow bell between pixels does not vanish."""
    if sigma <= 0:
        raise UsageError(f"Gaussian with sigma = {sigma}; it must be positive")
    return np.asarray(np.exp(-(square - square.min()) / (2 * sigma * sigma)))


def gaussian(size: Size, sigma: float) -> Kernel:
    """Gaussian of standard deviation `sigma` pixels, sum 1: (h, w)."""
    y, x = _grid(size)
    bell = _bell(x * x + y * y, sigma)
    return np.asarray(bell / bell.sum())


def difference_of_gaussians(size: int, centre: float, surround: float) -> Kernel:
    """ON-centre receptive field of retina and LGN: a Gaussian minus a wider one, sum 0: (size, size).

    Raises UsageError unless 0 < centre < surround.
    """
    if not 0 < centre < surround:
        raise UsageError(f"centre {centre} and surround {surround}; the surround must be the wider of two positive")
    return gaussian(size, centre) - gaussian(size, surround)


def gabor(
    size: int,
    wavelength: float,
    orientation: float,
    phase: float = 0.0,
    sigma: float | None = None,
    aspect: float = 1.0,
) -> Kernel:
    """Gabor function, the simple cell's receptive field: (size, size), sum 0, norm 1.

    `wavelength` in pixels, `orientation` of the stripes and `phase` in radians (orientation 0 is vertical
    stripes, 0 phase even), `sigma` of the envelope across the stripes (default: half a wavelength), `aspect` its
    width over its length.
    """
    if wavelength < 2:
        raise UsageError(f"Gabor of wavelength {wavelength} px; below 2 px the grid cannot carry it")
    y, x = _grid(size)
    across = x * np.cos(orientation) + y * np.sin(orientation)
    along = -x * np.sin(orientation) + y * np.cos(orientation)
    envelope = _bell(across**2 + (aspect * along) ** 2, wavelength / 2 if sigma is None else sigma)
    wave = envelope * np.cos(2 * np.pi * across / wavelength + phase)
    wave -= envelope * wave.sum() / envelope.sum()  # blind to diffuse light
    norm = np.linalg.norm(wave)
    if norm <= 1e-9 * np.linalg.norm(envelope):  # nothing but rounding errors is left
        raise UsageError(f"Gabor of size {size} has no stripes; enlarge it to about its wavelength of {wavelength} px")
    return np.asarray(wave / norm)


def falling(size: Size, gamma: float = 1.0) -> Kernel:
    """Fukushima's c(v) = gamma^|v|, largest at the centre, sum 1: (h, w).

    The papers say only that c falls with |v|; the geometric form is that of later users, and gamma = 1 (flat) our
    choice.
    """
    if not 0 < gamma <= 1:
        raise UsageError(f"c(v) = gamma^|v| with gamma = {gamma}; gamma must lie in (0, 1]")
    y, x = _grid(size)
    c = gamma ** np.hypot(y, x)
    return np.asarray(c / c.sum())


LECTURE: dict[str, Kernel] = {
    "identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], float),
    "edge-diagonal": np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], float),
    "edge-cross": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float),
    "edge-all": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], float),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], float),
    "box": np.full((3, 3), 1 / 9),
    "gaussian": np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], float) / 16,
}
"""The 3 x 3 kernels of introductory lectures on convolution."""
