"""Maps and weights as a network's layers leave them in memory: ours batch last, PyTorch's in either of its formats."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.bench.base import Precision
from neuro_cnn.ops.geometry import batch_first, batch_last

DISTINCT = 4
"""Images of a batch that differ; the others repeat them, so that no two cells of a competition are so close that
rounding decides which of them wins. Time does not depend on it. Our choice."""


def signals(batch: int, *shape: int) -> Array:
    """Responses of a layer below, not negative: (N, C, H, W) in [0, 1), as images lie."""
    return _repeated(np.random.default_rng(0).random((min(batch, DISTINCT), *shape), np.float32), batch)


def errors(batch: int, *shape: int) -> Array:
    """Error gradients of a layer above, of mean 0 and variance 1: (N, K, H, W)."""
    drawn = np.random.default_rng(1).standard_normal((min(batch, DISTINCT), *shape), np.float32)
    return _repeated(drawn, batch)


def _repeated(images: Array, batch: int) -> Array:
    return np.take(images, np.arange(batch) % len(images), axis=0)


def weights(*shape: int) -> Array:
    """Weights of mean 0 under which a plane's squares sum to about 1: (K, ...)."""
    scale = np.float32(np.prod(shape[1:])) ** -0.5
    return scale * np.random.default_rng(2).standard_normal(shape, np.float32)


def left(x: Array) -> Array:
    """A map as our layers leave it, the batch innermost in memory: (N, C, H, W) -> the same."""
    return batch_first(batch_last(x, ((0, 0), (0, 0))))


def formats(torch: Any, precision: Precision, *arrays: Array) -> dict[str, list[Any]]:
    """Copies for PyTorch in both formats that its layers leave maps in; vectors and matrices have one."""
    orders = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
    tensors = [torch.from_numpy(np.array(array, precision, order="C")) for array in arrays]
    return {
        name: [each.clone(memory_format=order if each.ndim == 4 else torch.contiguous_format) for each in tensors]
        for name, order in orders.items()
    }
