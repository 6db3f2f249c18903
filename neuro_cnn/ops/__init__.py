"""Pure functions on arrays: the only performance-critical folder. Logical order N, C, H, W throughout."""

from neuro_cnn.ops.correlate import correlate, correlate_input_adjoint, correlate_weight_adjoint
from neuro_cnn.ops.geometry import Pad, Size, Window, patches, window
from neuro_cnn.ops.pool import (
    blur,
    blur_adjoint,
    max_pool,
    max_pool_adjoint,
    maximum,
    mean_pool,
    mean_pool_adjoint,
    power_mean_pool,
    power_mean_pool_adjoint,
    weighted_pool,
    weighted_pool_adjoint,
)

__all__ = [
    "Pad",
    "Size",
    "Window",
    "blur",
    "blur_adjoint",
    "correlate",
    "correlate_input_adjoint",
    "correlate_weight_adjoint",
    "max_pool",
    "max_pool_adjoint",
    "maximum",
    "mean_pool",
    "mean_pool_adjoint",
    "patches",
    "power_mean_pool",
    "power_mean_pool_adjoint",
    "weighted_pool",
    "weighted_pool_adjoint",
    "window",
]
