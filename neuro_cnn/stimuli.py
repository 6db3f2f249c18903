"""Visual stimuli: patterns around a grey background of 0, light up to 1 and dark down to -1.

Every function takes `sides` (H, W) in pixels. Its other numbers may be arrays that broadcast against each other, and
the result has their shape before (H, W). Orientation is that of the bars, in degrees counter-clockwise from horizontal;
spatial frequency is in cycles a pixel, phase in radians; a place is (row, column) in pixels, fractions allowed, None
being the middle. Contrast is Michelson's, the amplitude around the background; of noise it is the standard deviation.
Outlines are one pixel soft, so that widths may be fractions and turn without steps.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError

Number: TypeAlias = "float | NDArray[Any]"
Sides: TypeAlias = tuple[int, int]
Place: TypeAlias = "tuple[Number, Number] | None"
Stimulus: TypeAlias = NDArray[np.float32]

HIGHEST = 0.4
"""Cycles a pixel up to which a grating is shown: nearer to .5 its samples beat (our choice)."""


def grid(sides: Sides, orientation: Number = 0.0, centre: Place = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Coordinates across and along bars of an orientation, in pixels from the centre: (..., H, W) each.

    `across` grows to the left of the bars' direction: upwards for horizontal bars.
    """
    row, column = ((side - 1) / 2 for side in sides) if centre is None else map(_column, centre)
    y = row - np.arange(sides[0], dtype=float)[:, None]  # rows go down, angles up
    x = np.arange(sides[1], dtype=float)[None, :] - column
    turn = np.deg2rad(_column(orientation))
    return y * np.cos(turn) - x * np.sin(turn), x * np.cos(turn) + y * np.sin(turn)


def spot(sides: Sides, diameter: Number = 1.0, contrast: Number = 1.0, centre: Place = None) -> Stimulus:
    """A disc of light (of darkness, where contrast is negative)."""
    return _made(_contrast(contrast) * disc(sides, diameter, centre))


def annulus(sides: Sides, inner: Number, outer: Number, contrast: Number = 1.0, centre: Place = None) -> Stimulus:
    """A ring of light between two diameters. Raises UsageError where the inner exceeds the outer."""
    if np.any(np.asarray(inner) > np.asarray(outer)):
        raise UsageError(f"annulus from {inner} to {outer} pixels; let the inner diameter be the smaller")
    return _made(_contrast(contrast) * (disc(sides, outer, centre) - disc(sides, inner, centre)))


def bar(
    sides: Sides,
    orientation: Number,
    width: Number = 1.0,
    length: Number = np.inf,
    offset: Number = 0.0,
    contrast: Number = 1.0,
    centre: Place = None,
) -> Stimulus:
    """A bar (a slit of light, or dark where contrast is negative), its axis `offset` pixels across from the centre.

    Raises UsageError for a width or length below one pixel.
    """
    if np.min(width) < 1 or np.min(length) < 1:
        raise UsageError(f"bar of {width} by {length} pixels; give at least 1 by 1")
    across, along = grid(sides, orientation, centre)
    inside = _soft(_column(width) / 2 - np.abs(across - _column(offset))) * _soft(_column(length) / 2 - np.abs(along))
    return _made(_contrast(contrast) * inside)


def edge(
    sides: Sides, orientation: Number, offset: Number = 0.0, contrast: Number = 1.0, centre: Place = None
) -> Stimulus:
    """A straight border, light on the side to which `across` grows (see `grid`), dark on the other."""
    across, _ = grid(sides, orientation, centre)
    return _made(_contrast(contrast) * (2 * _soft(across - _column(offset)) - 1))


def grating(
    sides: Sides,
    orientation: Number,
    frequency: Number,
    phase: Number = 0.0,
    contrast: Number = 1.0,
    diameter: Number = np.inf,
    inner: Number = 0.0,
    centre: Place = None,
) -> Stimulus:
    """A sinusoidal grating, contrast * cos(2 pi f across - phase), in a round window; with `inner`, in a ring.

    Phases of one whole cycle, one after the other, drift it towards growing `across`. Raises UsageError for a
    frequency outside 0 to 0.4.
    """
    _passes(frequency)
    across, _ = grid(sides, orientation, centre)
    wave = np.cos(2 * np.pi * _column(frequency) * across - _column(phase))
    window = disc(sides, diameter, centre) - disc(sides, inner, centre)
    return _made(_contrast(contrast) * wave * window)


def counterphase(
    sides: Sides,
    orientation: Number,
    frequency: Number,
    phase: Number,
    time: Number,
    contrast: Number = 1.0,
    diameter: Number = np.inf,
    centre: Place = None,
) -> Stimulus:
    """A standing grating whose contrast reverses: that of `phase` times cos(time), time in radians of a cycle."""
    standing = grating(sides, orientation, frequency, phase, contrast, diameter, centre=centre)
    return _made(standing * np.cos(_column(time)))


def plaid(
    sides: Sides,
    orientation: tuple[Number, Number],
    frequency: tuple[Number, Number],
    phase: tuple[Number, Number],
    contrast: tuple[Number, Number],
    diameter: Number = np.inf,
    centre: Place = None,
) -> Stimulus:
    """The sum of two gratings, each number a pair. Raises UsageError where their contrasts add up to more than 1."""
    if np.max(np.abs(contrast[0]) + np.abs(contrast[1])) > 1:
        raise UsageError(f"plaid of contrasts {contrast[0]} and {contrast[1]}; let them add up to 1 at most")
    parts = zip(orientation, frequency, phase, contrast, strict=True)
    first, second = (grating(sides, *part, diameter, centre=centre) for part in parts)
    return _made(first + second)


def gabor(
    sides: Sides,
    orientation: Number,
    frequency: Number,
    phase: Number = 0.0,
    across: Number = 2.0,
    along: Number = 2.0,
    contrast: Number = 1.0,
    centre: Place = None,
) -> Stimulus:
    """A grating under a Gaussian with these standard deviations across and along its bars, in pixels."""
    _passes(frequency)
    if np.min(across) <= 0 or np.min(along) <= 0:
        raise UsageError(f"Gabor of {across} by {along} pixels; standard deviations must be positive")
    u, v = grid(sides, orientation, centre)
    envelope = np.exp(-(u**2) / (2 * _column(across) ** 2) - v**2 / (2 * _column(along) ** 2))
    wave = np.cos(2 * np.pi * _column(frequency) * u - _column(phase))
    return _made(_contrast(contrast) * envelope * wave)


def disc(sides: Sides, diameter: Number, centre: Place = None) -> NDArray[Any]:
    """A round window: 1 inside, 0 outside, (..., H, W)."""
    if np.min(diameter) < 0:
        raise UsageError(f"diameter of {diameter} pixels; it cannot be negative")
    across, along = grid(sides, 0.0, centre)
    wide = _column(diameter)
    return np.where(wide > 0, _soft(wide / 2 - np.hypot(across, along)), 0.0)


def white_noise(count: int, sides: Sides, rng: np.random.Generator, contrast: float = 0.3) -> Stimulus:
    """Gaussian noise, every pixel for itself: (N, H, W). Not cut off at 1, or it would not be Gaussian."""
    return _made(_rms(contrast) * rng.standard_normal((count, *sides), dtype=np.float32))


def binary_noise(count: int, sides: Sides, rng: np.random.Generator, contrast: float = 1.0, block: int = 1) -> Stimulus:
    """Checks of `block` pixels a side, each light or dark by the toss of a coin: (N, H, W)."""
    fine = [-(-side // _whole("block", block)) for side in sides]
    coins = rng.integers(2, size=(count, *fine), dtype=np.int8) * 2 - 1
    large = coins.repeat(block, axis=1).repeat(block, axis=2)[:, : sides[0], : sides[1]]
    return _made(_rms(contrast) * large)


def sparse_noise(
    count: int, sides: Sides, rng: np.random.Generator, contrast: float = 1.0, size: int = 1, spots: int = 1
) -> Stimulus:
    """Some squares of `size` pixels in a frame, each light or dark, anywhere within it: (N, H, W)."""
    _whole("size", size), _whole("spots", spots)
    if size > min(sides):
        raise UsageError(f"squares of {size} pixels in a field of {sides[0]} x {sides[1]}; give {min(sides)} or less")
    frames = np.zeros((count, *sides), np.float32)
    for _ in range(spots):
        rows, columns = (rng.integers(side - size + 1, size=count) for side in sides)
        value = _rms(contrast) * (rng.integers(2, size=count) * 2 - 1)
        for i in range(size):
            for j in range(size):
                frames[np.arange(count), rows + i, columns + j] = value
    return frames


def coloured_noise(
    count: int, sides: Sides, rng: np.random.Generator, exponent: float = 1.0, contrast: float = 0.3
) -> Stimulus:
    """Noise with amplitudes 1 / f^exponent, as natural images have them at exponent 1; every frame of mean 0.

    Its expected standard deviation over pixels is `contrast`.
    """
    f = np.hypot(np.fft.fftfreq(sides[0])[:, None], np.fft.rfftfreq(sides[1])[None, :])
    f[0, 0] = np.inf
    gain = f**-exponent
    mirrored = np.where(np.arange(f.shape[1]) % (sides[1] / 2) == 0, 1, 2)  # of each pair rfft keeps one
    gain *= np.sqrt(sides[0] * sides[1] / np.sum(mirrored * gain**2))
    spectrum = np.fft.rfft2(rng.standard_normal((count, *sides))) * gain
    return _made(_rms(contrast) * np.fft.irfft2(spectrum, s=sides))


class Hartley(NamedTuple):
    """The basis (N, H, W), and of each member its wave numbers down and across, cycles a field, and its sign."""

    stimuli: Stimulus
    down: NDArray[np.int_]
    across: NDArray[np.int_]
    sign: NDArray[np.int_]


def hartley(side: int, most: int, contrast: float = 1.0) -> Hartley:
    """The Hartley basis sign * cas(2 pi (kx x + ky y) / M), both signs, of all |k| <= `most` cycles a field.

    Ringach, Sapiro & Shapley (1997). cas = cos + sin reaches sqrt(2), by which it is divided. Raises UsageError where
    `most` exceeds 0.4 cycles a pixel.
    """
    _passes(most / side)
    numbers = np.arange(-most, most + 1)
    down, across = (each.ravel() for each in np.meshgrid(numbers, numbers, indexing="ij"))
    kept = (down**2 + across**2 <= most**2) & ((down != 0) | (across != 0))
    down, across = (np.repeat(each[kept], 2) for each in (down, across))
    sign = np.tile([1, -1], len(down) // 2)
    rows, columns = np.arange(side)[:, None], np.arange(side)[None, :]
    angle = 2 * np.pi / side * (_column(down) * rows + _column(across) * columns)
    waves = (np.cos(angle) + np.sin(angle)) / np.sqrt(2)
    return Hartley(_made(_contrast(contrast) * _column(sign) * waves), down, across, sign)


def patches(
    images: NDArray[Any], count: int, sides: Sides, rng: np.random.Generator, contrast: float | None = None
) -> Stimulus:
    """Patches at random places of photographs (N, H, W) in [0, 1], their mean removed: (count, *sides).

    Light is doubled, so that a photograph's white stands 1 above middle grey. `contrast` scales every patch to this
    standard deviation (blank ones stay blank); None leaves each its own.
    """
    if any(side > whole for side, whole in zip(sides, images.shape[1:], strict=True)):
        raise UsageError(f"patches of {sides[0]} x {sides[1]} from images of {images.shape[1]} x {images.shape[2]}")
    which, rows, columns = (
        rng.integers(places, size=count)
        for places in (len(images), *(w - s + 1 for w, s in zip(images.shape[1:], sides, strict=True)))
    )
    views = np.lib.stride_tricks.sliding_window_view(images, sides, axis=(1, 2))
    drawn = 2 * views[which, rows, columns].astype(float)
    drawn -= drawn.mean(axis=(1, 2), keepdims=True)
    if contrast is not None:
        deviation = drawn.std(axis=(1, 2), keepdims=True)
        drawn *= _rms(contrast) / np.where(deviation > 0, deviation, 1)
    return _made(drawn)


def _column(value: Number) -> NDArray[Any]:
    return np.asarray(value, dtype=float)[..., None, None]


def _soft(depth: NDArray[Any]) -> NDArray[Any]:
    """How much of a pixel lies inside an outline that is so many pixels away: half on it."""
    return np.clip(depth + 0.5, 0, 1)


def _contrast(value: Number) -> NDArray[Any]:
    if np.max(np.abs(value)) > 1:
        raise UsageError(f"contrast of {np.max(np.abs(value)):g}; it lies between 0 and 1")
    return _column(value)


def _rms(value: float) -> np.float32:
    if not 0 <= value <= 1:
        raise UsageError(f"contrast of {value:g}; it lies between 0 and 1")
    return np.float32(value)


def _passes(frequency: Number) -> None:
    if np.min(frequency) < 0 or np.max(frequency) > HIGHEST:
        worst = np.max(frequency) if np.max(frequency) > HIGHEST else np.min(frequency)
        raise UsageError(f"{worst:g} cycles a pixel; gratings are shown from 0 to {HIGHEST}, for finer ones alias")


def _whole(name: str, value: int) -> int:
    if value < 1:
        raise UsageError(f"{name} of {value}; give at least 1")
    return value


def _made(values: NDArray[Any]) -> Stimulus:
    return np.ascontiguousarray(values, dtype=np.float32)
