"""What a teacher draws: patterns on a board of 19 x 19 pixels, each with the cell that is to learn it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data import glyphs
from neuro_cnn.data.images import Dataset
from neuro_cnn.errors import UsageError

BOARD = 19
"""Side of the board, in pixels: the input layer of Fukushima (1988), read in later sources."""

STROKE = "[0-9a-f]{2}( [0-9a-f]{2})+"


@dataclass(frozen=True)
class Pattern:
    """Strokes, and the S-plane and seed cell (row, column) that the teacher points to as they are shown.

    Strokes are written as those of glyphs, whose 16 x 16 pixels lie in the middle of the board.
    """

    strokes: str
    plane: int
    seed: tuple[int, int]
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if min(self.plane, *self.seed) < 0:
            raise UsageError(f"plane {self.plane} with a seed at {self.seed}; count from 0")
        if not re.fullmatch(rf"{STROKE}(\|{STROKE})*", self.strokes):
            remedy = "write points as row and column in hexadecimal, as in '38 94 9b|69 c9'"
            raise UsageError(f"strokes {self.strokes!r}: {remedy}")


def margins(sides: tuple[int, ...]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """How images lie on the board: by which whole factor they are shrunk, and the rows and columns around them."""
    factor = -(-max(sides) // BOARD)
    rests = [BOARD - side // factor for side in sides]
    return factor, tuple((rest // 2, rest - rest // 2) for rest in rests)


def drawn(patterns: tuple[Pattern, ...], shape: tuple[int, ...]) -> Dataset:
    """The patterns as images of this shape (C, H, W), alike in all C planes, labelled by their place in the lesson.

    Raises UsageError for a pattern that images of this shape have no room for.
    """
    factor, pads = margins(shape[1:])
    corner = [factor * before for before, _ in pads]
    window = tuple(slice(start, start + side) for start, side in zip(corner, shape[1:], strict=True))
    images = np.stack([_enlarged(pattern.strokes, factor) for pattern in patterns])
    seen = images[:, *window]
    for pattern, whole, part in zip(patterns, images, seen, strict=True):
        if np.count_nonzero(part) < np.count_nonzero(whole):
            raise UsageError(
                f"pattern {pattern.strokes!r} does not fit {shape[1]} x {shape[2]} pixels; use larger images"
            )
    planes = np.repeat(seen[:, None], shape[0], axis=1)
    return Dataset(planes, np.arange(len(patterns)), tuple(pattern.strokes for pattern in patterns))


def _enlarged(strokes: str, factor: int) -> NDArray[np.float32]:
    """The board with these strokes, every pixel a square of `factor`."""
    edge = (BOARD - glyphs.SIDE) // 2
    board = np.zeros((BOARD, BOARD), np.float32)
    board[edge : edge + glyphs.SIDE, edge : edge + glyphs.SIDE] = glyphs.raster(glyphs.along(strokes))
    return np.kron(board, np.ones((factor, factor), np.float32))
