"""Which arrays the compiled kernels take. All others are worked on by plain code, which is their definition."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError

VARIABLE = "NEURO_CNN_KERNELS"


@cache
def kernels() -> str:
    """`compiled`, or `plain` where the environment asks for it (NEURO_CNN_KERNELS=plain) or Numba is not installed.

    Raises UsageError for another value of the variable.
    """
    wanted = os.environ.get(VARIABLE, "compiled")
    if wanted not in ("compiled", "plain"):
        raise UsageError(f"{VARIABLE}={wanted} is none of compiled, plain; set one of them or leave it out")
    return wanted if find_spec("numba") else "plain"


def compiled_takes(*arrays: Array) -> bool:
    """Whether all arrays are NumPy's, not empty and in single precision, and compiled kernels are wanted."""
    mine = all(isinstance(array, np.ndarray) and array.dtype == np.float32 and array.size for array in arrays)
    return mine and kernels() == "compiled"
