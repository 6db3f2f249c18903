"""What a result comes from: versions, processor and settings on which its last bits depend, and the data."""

from __future__ import annotations

import os
import platform
import re
from contextlib import closing
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from neuro_cnn.data import Data, Dataset
from neuro_cnn.data.ahead import in_batches
from neuro_cnn.evaluate import BATCH

PACKAGES = (
    *("numpy", "scipy", "numba", "llvmlite", "matplotlib", "pillow", "pydantic", "safetensors", "threadpoolctl"),
    *("joblib", "cupy"),
)
MOST = 1 << 30
"""Bytes of images that are looked at to know a data set again; of more, so many, evenly spread (our choice)."""


def environment() -> dict[str, Any]:
    """Versions and settings on which the last bits of a result depend."""
    import scipy.linalg
    from threadpoolctl import threadpool_info

    from neuro_cnn import __version__
    from neuro_cnn.backend import gpu_name, tf32
    from neuro_cnn.ops.choice import kernels
    from neuro_cnn.ops.gpu_correlate import route
    from neuro_cnn.ops.threads import threads

    gpu = gpu_name()
    _ = np.__version__, scipy.linalg  # both must be loaded for their BLAS to be seen
    blas = [
        {
            "library": pool.get("internal_api"),
            "version": pool.get("version"),
            "core": pool.get("architecture"),
            "threads": pool.get("num_threads"),
        }
        for pool in threadpool_info()
        if pool.get("user_api") == "blas"
    ]
    return {
        "neuro_cnn": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        **{name: _version(name) for name in PACKAGES},
        "blas": sorted(blas, key=str),  # in whichever order they were loaded
        "threads": threads(),
        "kernels": kernels(),
        "gpu": gpu,
        "gpu_correlation": gpu and route(),
        "gpu_tf32": gpu and tf32(),
        "gpu_memory_limit": gpu and os.environ.get("CUPY_GPU_MEMORY_LIMIT"),
    }


def processor() -> str:
    """The processor's name, as the system has it."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", info.read_text("utf-8"), re.MULTILINE) if info.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def digests(data: Data) -> dict[str, str]:
    """The name of the data, and what tells their training and test images and labels from all others."""
    return {"name": data.name, "train_sha256": _digest(data.train), "test_sha256": _digest(data.test)}


def _digest(data: Dataset) -> str:
    """Of images, labels and classes; of images beyond 1 GiB so many, evenly spread, that they come to no more."""
    found = sha256(repr((data.images.shape, data.classes)).encode())
    found.update(np.ascontiguousarray(data.labels).tobytes())
    count = min(len(data), max(1, MOST // (4 * int(np.prod(data.shape)))))
    looked_at = data.take(np.arange(count) * len(data) // max(count, 1)) if count < len(data) else data
    with closing(in_batches(looked_at.images, BATCH)) as batches:
        for batch in batches:
            found.update(np.ascontiguousarray(batch).data)
    return found.hexdigest()


@cache
def _version(name: str) -> str | None:
    try:
        return version(name if name != "cupy" else "cupy-cuda13x")
    except PackageNotFoundError:
        return None
