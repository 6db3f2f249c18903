"""Noise on a part of the receptive box, and what cells answered to it: what reverse correlation starts from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.physiology.findings import silent
from neuro_cnn.physiology.preparation import Preparation
from neuro_cnn.physiology.record import Electrode, Pixels
from neuro_cnn.stimuli import white_noise

AT_ONCE = 1024
"""Frames that are drawn and recorded at once (our choice)."""
CONTRASTS = (0.3, 0.6, 1.0)
"""Standard deviations of noise, of which the lowest that drives the cells is shown (our choice)."""
TRIED, ANSWERED = 100, 5
"""Frames on which that is tried, and to how many per cent of them a cell that it drives answers (our choice)."""


class Noise(Protocol):
    """Draws so many frames of these sides at a contrast, their standard deviation: (N, h, w)."""

    def __call__(
        self, count: int, sides: tuple[int, int], rng: np.random.Generator, /, *, contrast: float
    ) -> NDArray[np.float32]:
        """The frames."""
        ...


Frames: TypeAlias = Callable[[int, tuple[int, int], np.random.Generator], NDArray[np.float32]]
"""Noise at a contrast that has been chosen."""


class Loud(NamedTuple):
    """Noise at the contrast that was chosen for a preparation."""

    contrast: float
    draw: Frames

    @property
    def why(self) -> str:
        """Why it is not the lowest, in a sentence, or nothing."""
        if self.contrast == CONTRASTS[0]:
            return ""
        return f" At contrast {CONTRASTS[0]} noise drives fewer than half of the cells that gratings drive."


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


def loud(preparation: Preparation, part: Pixels, noise: Noise = white_noise) -> Loud:
    """Noise of the lowest contrast that drives half of all cells, or half of those that answer to gratings.

    It is turned up for cells with thresholds; a cell that it drives answers to 5 % of the frames or more.
    """
    electrode = preparation.electrode
    for contrast in CONTRASTS:
        draw = partial(noise, contrast=contrast)
        seen = record(electrode, part, TRIED, draw, preparation.rng(f"noise of contrast {contrast}"))
        often = np.percentile(np.abs(seen.responses - electrode.blank), 100 - ANSWERED, axis=0)
        quiet = silent(electrode.blank + often, electrode.blank)
        if _half(~quiet) or _half(~quiet[~preparation.gratings.silent]):
            break
    return Loud(contrast, draw)


def _half(answered: NDArray[np.bool_]) -> bool:
    return bool(2 * answered.sum() >= len(answered))


def record(
    electrode: Electrode,
    part: Pixels,
    count: int,
    noise: Frames,
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
