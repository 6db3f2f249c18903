"""How many images a GPU has room for, and the error that says so where there were too many."""

from __future__ import annotations

from math import prod

from neuro_cnn.backend import room_of
from neuro_cnn.describe import BYTES, describe
from neuro_cnn.errors import GpuMemoryError
from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain

SPARE = 2
"""Times the responses and their error gradients that layers and products need beside them. Our choice, not measured."""
COPIES = 4
"""Of the weights: themselves, their gradient, and the two moments of an optimiser."""


def batch_that_fits(net: Chain, shape: Shape, params: dict[str, Params] | None, memory: int) -> int:
    """Images of this shape that can be learned from at a time in so many bytes, by the layer table; 0 if not one."""
    rows = describe(net, shape, params)
    image = BYTES * prod(shape) + SPARE * sum(row.training_memory for row in rows)
    weights = COPIES * BYTES * sum(row.parameters for row in rows)
    return max(0, (memory - weights) // image)


def explained(
    error: MemoryError, net: Chain, shape: Shape, params: dict[str, Params] | None, batch: int
) -> MemoryError:
    """The error of a GPU's memory in words, with the batch that would fit; another error as it is."""
    room = room_of(error)
    if room is None:
        return error
    fits = min(batch_that_fits(net, shape, params, room.most), batch // 2)
    remedy = f"a batch of {fits} would fit" if fits else "not one image would fit: use fewer planes"
    return GpuMemoryError(
        f"a batch of {batch} needs more memory than the GPU has: {_size(room.asked)} were asked for and "
        f"{_size(room.free)} of {_size(room.most)} are free; {remedy}, or use --device cpu"
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.3g} GB" if count >= 1e8 else f"{count / 1e6:.3g} MB"
