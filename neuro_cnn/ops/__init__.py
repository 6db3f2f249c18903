"""Pure functions on arrays: the only performance-critical folder. Logical order N, C, H, W throughout."""

from neuro_cnn.ops.blur import blur, blur_adjoint
from neuro_cnn.ops.correlate import convolve, correlate, correlate_input_adjoint, correlate_weight_adjoint, turned
from neuro_cnn.ops.geometry import Pad, Padding, Size, Window, padding, patches, window
from neuro_cnn.ops.pool import (
    max_pool,
    max_pool_adjoint,
    maximum,
    mean_pool,
    mean_pool_adjoint,
    weighted_pool,
    weighted_pool_adjoint,
)
from neuro_cnn.ops.power_mean import power_mean_pool, power_mean_pool_adjoint
from neuro_cnn.ops.rectifier import gate, rectify
from neuro_cnn.ops.unshared import (
    correlate_unshared,
    correlate_unshared_input_adjoint,
    correlate_unshared_weight_adjoint,
)

__all__ = [
    "Pad",
    "Padding",
    "Size",
    "Window",
    "blur",
    "blur_adjoint",
    "convolve",
    "correlate",
    "correlate_input_adjoint",
    "correlate_unshared",
    "correlate_unshared_input_adjoint",
    "correlate_unshared_weight_adjoint",
    "correlate_weight_adjoint",
    "gate",
    "max_pool",
    "max_pool_adjoint",
    "maximum",
    "mean_pool",
    "mean_pool_adjoint",
    "padding",
    "patches",
    "power_mean_pool",
    "power_mean_pool_adjoint",
    "rectify",
    "turned",
    "weighted_pool",
    "weighted_pool_adjoint",
    "window",
]
