"""Sound as an image: a log-power spectrogram on a mel axis, as the ear's frequency map lays it out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE = 8000  # samples a second; this and all other numbers here are our choice
WINDOW, HOP = 256, 128  # samples of a frame (32 ms) and from one frame to the next (16 ms)
SIDE = 28  # bands and frames, so that a spectrogram is as large as a digit
SAMPLES = WINDOW + (SIDE - 1) * HOP  # .464 s
LOWEST, HIGHEST = 100.0, 4000.0  # Hz, where the bands begin and end
RANGE = 40.0  # dB from black to white


def edges() -> NDArray[np.float64]:
    """Where the bands begin, have their middle and end, in Hz: (SIDE + 2,), evenly spaced in mel."""
    # mel = 2595 log10(1 + f / 700)   O'Shaughnessy 1987, recalled
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST, HIGHEST))
    spaced: NDArray[np.float64] = 700 * (10 ** (np.linspace(low, high, SIDE + 2) / 2595) - 1)
    return spaced


def bands() -> NDArray[np.float32]:
    """Weights of the frequencies of a frame in each band, triangles of sum 1, low bands first: (SIDE, F)."""
    low, middle, high = (edges()[start : start + SIDE, None] for start in range(3))
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
    rise, fall = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    triangles = np.maximum(np.minimum(rise, fall), 0)
    weights: NDArray[np.float32] = (triangles / triangles.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def power(waves: NDArray[Any]) -> NDArray[np.float32]:
    """Mean power of waves (N, SAMPLES) in each band and frame, low bands first; 1 for white noise of variance 1.

    (N, SIDE bands, SIDE frames).
    """
    hann = np.hanning(WINDOW + 1)[:-1]
    frames = sliding_window_view(waves, WINDOW, axis=1)[:, ::HOP] * (hann / np.sqrt(np.sum(hann**2))).astype(np.float32)
    spectra = np.fft.rfft(frames)  # (N, SIDE, F)
    measured: NDArray[np.float32] = bands() @ np.abs(spectra).astype(np.float32).swapaxes(1, 2) ** 2
    return measured


def picture(measured: NDArray[Any]) -> NDArray[np.float32]:
    """Power as images of the same shape, low bands at the bottom: 0 up to a power of 1, 1 from `RANGE` dB above it."""
    grey: NDArray[np.float32] = np.clip(10 / RANGE * np.log10(measured.clip(1)), 0, 1).astype(np.float32)
    return grey[:, ::-1]
