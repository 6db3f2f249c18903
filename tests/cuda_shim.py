"""Our CUDA kernels without a GPU: compiled as C++, run one thread after the other, called as CuPy would call them."""

import ctypes
import shutil
import subprocess
from functools import cache

import numpy as np
from fake_gpu import Cupy

from neuro_cnn.ops import cuda

HEAD = r"""
#include <cmath>
#include <cstddef>
#define __global__
#define __device__
struct Index { unsigned x; };
static Index blockIdx, blockDim, threadIdx;
extern "C" void place(unsigned block, unsigned threads, unsigned thread) {
  blockIdx.x = block, blockDim.x = threads, threadIdx.x = thread;
}
"""
KINDS = {np.uint32: ctypes.c_uint32, np.int32: ctypes.c_int32, np.float32: ctypes.c_float}


def compiler():
    """A C++ compiler, or None."""
    return shutil.which("g++") or shutil.which("clang++")


@cache
def library(folder):
    """The kernels as a library, built in a folder."""
    source, built = folder / "kernels.cpp", folder / "kernels.so"
    source.write_text(HEAD + cuda.SOURCE)
    command = [compiler(), "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", source, "-o", built]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(built))


class Emulated(Cupy):
    """The stand-in for CuPy whose kernels run on the CPU."""

    def __init__(self, folder):
        self.folder = folder

    def RawModule(self, code):  # noqa: N802
        assert code == cuda.SOURCE
        return self

    def get_function(self, name):
        kernels = library(self.folder)

        def run(grid, block, arguments):
            given = [
                ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else KINDS[type(a)](a) for a in arguments
            ]
            assert all(a.flags.c_contiguous for a in arguments if isinstance(a, np.ndarray))
            for each in range(grid[0]):
                for thread in range(block[0]):
                    kernels.place(each, block[0], thread)
                    kernels[name](*given)

        return run
