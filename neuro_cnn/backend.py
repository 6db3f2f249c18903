"""The array shim: one source for NumPy and CuPy (and array-api-strict in tests). The only file that names cupy.

A function follows its input's device: it asks `namespace(x)` for the library that made x and works in it.
Nothing moves between devices but by `to_device` and `to_numpy`.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np

from neuro_cnn.errors import UsageError

Array: TypeAlias = Any
"""An array of NumPy, CuPy or array-api-strict; docstrings give the shape."""

Tree = TypeVar("Tree")


def namespace(*arrays: Array) -> Any:
    """The array library of the arguments.

    Raises TypeError when they come from different libraries: nothing is copied between devices silently.
    """
    for array in arrays:
        if type(array) is not np.ndarray:
            break
    else:
        return np  # most often, and so at once
    spaces = {id(space): space for space in map(_namespace, arrays)}
    if len(spaces) != 1:
        names = sorted(space.__name__ for space in spaces.values())
        raise TypeError(f"arrays of different libraries meet: {names}; move them with to_device first")
    return spaces.popitem()[1]


def _namespace(x: Array) -> Any:
    if isinstance(x, np.ndarray | np.generic):
        return np
    cupy = sys.modules.get("cupy")  # an array of CuPy cannot exist before CuPy was imported
    if cupy is not None and isinstance(x, cupy.ndarray):
        return cupy
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__()
    raise TypeError(f"not an array: {type(x).__name__}; convert it with numpy.asarray first")


def to_device(tree: Tree, device: str) -> Tree:
    """A tree of arrays, moved to the device (see `choose_device`); what is there already is not copied.

    Raises UsageError for an unknown device, and for "gpu" where no GPU answers.
    """
    from neuro_cnn.tree import tree_map

    return tree_map(to_numpy if choose_device(device) == "cpu" else _cupy().asarray, tree)


def to_numpy(x: Array) -> Any:
    """An array in host memory as a NumPy array; copies only from a GPU."""
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "get"):
        return x.get()
    return np.asarray(x)


def choose_device(device: str) -> str:
    """`auto` resolved to "gpu" where one answers, else "cpu"; other names are checked and returned."""
    if device == "auto":
        return "gpu" if gpu_name() is not None else "cpu"
    if device == "gpu":
        _cupy()
    elif device != "cpu":
        raise UsageError(f"device {device!r} is none of auto, cpu, gpu")
    return device


def on_gpu(x: Any) -> bool:
    """Whether this is an array of CuPy."""
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(x, cupy.ndarray)


def telling_singular(xp: Any) -> AbstractContextManager[Any]:
    """A context in which factorising a singular matrix raises LinAlgError; CuPy else gives numbers without meaning."""
    if xp.__name__ != "cupy":
        return nullcontext()
    import cupyx

    return cast("AbstractContextManager[Any]", cupyx.errstate(linalg="raise"))


def tf32() -> bool:
    """Whether products on a GPU may round their factors to 10 bits (TF32); off unless CUPY_TF32=1, CuPy's own variable.

    Raises UsageError for a value that is neither 0 nor 1.
    """
    wanted = os.environ.get("CUPY_TF32", "0")
    if wanted not in ("0", "1"):
        raise UsageError(f"CUPY_TF32={wanted} is none of 0, 1; set one of them or leave it out")
    return wanted == "1"


class Room(NamedTuple):
    """Memory of a GPU in bytes: what was asked for in vain, what is free, and all that this process may have."""

    asked: int
    free: int
    most: int


def room_of(error: MemoryError) -> Room | None:
    """What CuPy's error means; None for another library's."""
    cupy = sys.modules.get("cupy")
    if cupy is None or not isinstance(error, cupy.cuda.memory.OutOfMemoryError):
        return None
    pool = cupy.get_default_memory_pool()
    outside, _ = cupy.cuda.runtime.memGetInfo()
    most = outside + pool.total_bytes()
    if pool.get_limit():  # --gpu-memory; 0 is none
        most = min(most, pool.get_limit())
    return Room(int(getattr(error, "_size", 0)), most - pool.used_bytes(), most)


def gpu_name() -> str | None:
    """The first GPU's name, or None where CuPy or a GPU is missing."""
    try:
        cupy = _cupy()
    except UsageError:
        return None
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    return cast("str", name.decode() if isinstance(name, bytes) else name)


def use_gpu(number: int) -> None:
    """Compute on this GPU from now on, numbered from 0, in this thread. Raises UsageError where there is none."""
    cuda = _cupy().cuda
    count = cuda.runtime.getDeviceCount()
    if not 0 <= number < count:
        raise UsageError(f"GPU {number}: this machine has {count}, numbered from 0; learn on as many at most")
    cuda.Device(number).use()


def _cupy() -> Any:
    try:
        import cupy
    except ImportError as error:
        raise UsageError('device gpu needs CuPy: pip install "neuro_cnn[gpu]", or use --device cpu') from error
    tf32()  # a value that is neither 0 nor 1 is refused here
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise UsageError(f"device gpu: CUDA does not answer ({error}); use --device cpu") from error
    if count == 0:
        raise UsageError("device gpu: CuPy finds no GPU on this machine; use --device cpu")
    return cupy
