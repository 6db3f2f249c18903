"""Noise on a part of the receptive box, and what cells answered to it: what reverse correlation starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.record import Electrode, Pixels

AT_ONCE = 1024
"""Frames that are drawn and recorded at once (our choice)."""


class Noise(Protocol):
    """Draws so many frames of these sides: (N, h, w)."""

    def __call__(self, count: int, sides: tuple[int, int], rng: np.random.Generator, /) -> NDArray[np.float32]:
        """The frames."""
        ...


class Recording(NamedTuple):
    """Frames (N, d) in single precision, a column a pixel of `part`, and responses (N, K)."""

    frames: NDArray[np.float32]
    responses: NDArray[np.float64]
    part: Pixels


def middle(box: Pixels, most: int) -> Pixels:
    """The middle of a box, at most so many pixels a side."""
    top, left = (low + max(side - most, 0) // 2 for low, side in zip(box[:2], box.sides, strict=True))
    height, width = (min(side, most) for side in box.sides)
    return Pixels(top, left, top + height, left + width)


def record(
    electrode: Electrode,
    part: Pixels,
    count: int,
    noise: Noise,
    rng: np.random.Generator,
    step: Callable[[], None] = lambda: None,
) -> Recording:
    """Every cell's responses to frames of noise on a part of what it sees, grey around it."""
    frames, responses = [], []
    for first in range(0, count, AT_ONCE):
        drawn = noise(min(AT_ONCE, count - first), part.sides, rng)
        shown = np.zeros((len(drawn), *electrode.sides), np.float32)
        shown[:, part.top : part.bottom, part.left : part.right] = drawn
        frames.append(drawn.reshape(len(drawn), -1))
        responses.append(electrode.respond(shown))
        step()
    return Recording(np.concatenate(frames), np.concatenate(responses), part)


def shifts(count: int, frames: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """By how many frames responses are shifted, in a circle, against the stimuli that caused them, (count,)."""
    return rng.integers(1, frames, size=count)
