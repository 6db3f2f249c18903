"""Which part of an image a cell needs: its response while a square is covered."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.physiology.deep.active import at, at_once, respond_to
from neuro_cnn.physiology.record import Pixels, Unit, receptive_box

PARTS = 4
"""Squares along the shorter side of what a cell sees (our choice)."""


class Occlusion(NamedTuple):
    """What a cell loses by each square: `lost`, (rows, columns), is its response minus that with the square covered.

    `map`, (H, W), is the mean loss over the squares that cover a pixel, 0 outside what the cell sees. Squares have
    `side` pixels and lie `stride` apart, from `box` on; `response` is that to the whole image.
    """

    lost: NDArray[Any]
    map: NDArray[Any]
    response: float
    side: int
    stride: int
    box: Pixels


def occlusion(
    net: Chain, params: dict[str, Params], image: NDArray[Any], unit: Unit, side: int | None = None
) -> Occlusion:
    """Cover an image (C, H, W) square by square, at strides of half a side (Zeiler & Fergus 2014, fig. 6).

    Each square gets the mean of what it covers, in every colour: a grey square has edges of its own, to which S-cells
    answer. Squares lie where the cell sees, a quarter of its shorter side wide unless `side` is given. Raises
    UsageError for a square that is wider than what the cell sees.
    """
    box = receptive_box(net, params, image.shape, unit.layer, (unit.row, unit.column))
    rows, columns = box.cut(image.shape[1:])
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    side = max(min(high, wide) // PARTS, 2) if side is None else side
    most = min(high, wide)
    if not 1 <= side <= most:
        raise UsageError(f"squares of {side} pixels over the {high} x {wide} that {unit} sees; give 1 to {most}")
    stride = max(side // 2, 1)
    tops, lefts = (_starts(part.start, part.stop, side, stride) for part in (rows, columns))
    corners = [(top, left) for top in tops for left in lefts]
    response = float(at(respond_to(net, params, image[None], unit.layer), [unit])[0, 0])
    lost: list[float] = []
    size = at_once(net, params, image.shape, unit.layer)
    for first in range(0, len(corners), size):
        some = corners[first : first + size]
        covered = np.stack([_covered(image, top, left, side) for top, left in some])
        lost += (response - at(respond_to(net, params, covered, unit.layer), [unit])[:, 0]).tolist()
    total, count = np.zeros(image.shape[1:]), np.zeros(image.shape[1:])
    for (top, left), loss in zip(corners, lost, strict=True):
        total[top : top + side, left : left + side] += loss
        count[top : top + side, left : left + side] += 1
    maps = total / np.maximum(count, 1)
    return Occlusion(np.reshape(lost, (len(tops), len(lefts))), maps, response, side, stride, box)


def _starts(first: int, beyond: int, side: int, stride: int) -> list[int]:
    """Where squares begin along an axis; the last ends with it."""
    return [*range(first, beyond - side, stride), beyond - side]


def _covered(image: NDArray[Any], top: int, left: int, side: int) -> NDArray[Any]:
    covered = image.copy()
    square = covered[:, top : top + side, left : left + side]
    square[:] = square.mean(axis=(1, 2), keepdims=True)
    return covered
