"""Which arrays kernels of our own take. All others are worked on by plain code, which is their definition."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

import numpy as np

from neuro_cnn.backend import Array, on_gpu
from neuro_cnn.environment import compiled_wanted

COUNTED = 1 << 31
"""Numbers that the CUDA kernels' 32-bit indices can tell apart."""


@cache
def kernels() -> str:
    """What runs on the CPU: `compiled`, or `plain` where that is asked for or Numba is not installed."""
    return "compiled" if compiled_wanted() and find_spec("numba") else "plain"


def compiled_takes(*arrays: Array) -> bool:
    """Whether all arrays are NumPy's, not empty and in single precision, and compiled kernels are wanted."""
    mine = all(isinstance(array, np.ndarray) and array.dtype == np.float32 and array.size for array in arrays)
    return mine and kernels() == "compiled"


def gpu_takes(*arrays: Array) -> bool:
    """Whether all arrays lie on a GPU, are not empty, and what was written for GPUs is wanted."""
    return all(on_gpu(array) and array.size for array in arrays) and compiled_wanted()


def cuda_takes(*arrays: Array) -> bool:
    """Whether our CUDA kernels may take all arrays: single precision, and no more numbers than they can count."""
    return gpu_takes(*arrays) and all(array.dtype == np.float32 and array.size < COUNTED for array in arrays)
