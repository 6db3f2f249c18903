"""Correlation on a GPU and its two adjoints: by cuDNN where it is installed, else by windows and matrix products.

cuDNN takes single precision; other arrays, and shapes for which it has no plan (told by a warning), go the other way.
"""

from __future__ import annotations

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import gpu_graphs, gpu_windows
from neuro_cnn.ops.geometry import Window
from neuro_cnn.ops.normalize import ended


def route() -> str:
    """The way that is gone here, in words; or why none can be gone."""
    if not gpu_graphs.installed():
        return "windows and matmul"
    try:
        return f"cuDNN {gpu_graphs.library().backend_version_string()}"
    except UsageError as error:
        return str(error)


def respond(x: Array, weight: Array, w: Window, bias: Array | None, rectified: bool) -> Array:
    """Weighted sum over every view: (N, C, H, W), (K, C, h, w) -> (N, K, H', W')."""
    y = gpu_graphs.respond(x, weight, w) if _cudnn_takes(x, weight) else None
    return ended(gpu_windows.respond(x, weight, w) if y is None else y, bias, rectified)


def spread(dy: Array, weight: Array, in_shape: tuple[int, ...], w: Window) -> Array:
    """Every output's value sent back over its view: (N, K, H', W') -> in_shape (N, C, H, W)."""
    dx = gpu_graphs.spread(dy, weight, in_shape, w) if _cudnn_takes(dy, weight) else None
    return gpu_windows.spread(dy, weight, in_shape, w) if dx is None else dx


def multiply(x: Array, dy: Array, weight_shape: tuple[int, ...], w: Window) -> Array:
    """Sum over positions of (value at the cell) x (its view): (N, C, H, W), (N, K, H', W') -> (K, C, h, w)."""
    dw = gpu_graphs.multiply(x, dy, weight_shape, w) if _cudnn_takes(x, dy) else None
    return gpu_windows.multiply(x, dy, weight_shape, w) if dw is None else dw


def _cudnn_takes(*arrays: Array) -> bool:
    return gpu_graphs.installed() and all(array.dtype == np.float32 and array.size for array in arrays)
