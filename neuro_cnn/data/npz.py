"""NumPy archives of images and labels."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.splits import Pool, pool
from neuro_cnn.errors import DataError

WHOLE = ("images", "labels")
SPLIT = ("train_images", "train_labels", "test_images", "test_labels")


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file by name, without pickled objects; raises DataError where it is not whole."""
    if not path.is_file():
        raise DataError(f"{path}: no such file; name an npz file with the arrays {', '.join(WHOLE)}")
    try:
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be read as npz ({error}); save plain arrays with numpy.savez") from error


def read_npz(path: Path) -> Pool:
    """The pool in an npz file: the arrays images and labels, or these for each side (train_images, ...)."""
    arrays = read_arrays(path)
    if all(name in arrays for name in SPLIT):
        images, labels, test_images, test_labels = (arrays[name] for name in SPLIT)
        return pool((images, labels), (test_images, test_labels), source=str(path))
    if all(name in arrays for name in WHOLE):
        return pool((arrays["images"], arrays["labels"]), source=str(path))
    there = ", ".join(arrays) or "nothing"
    raise DataError(f"{path}: needs the arrays {', '.join(WHOLE)}, or {', '.join(SPLIT)}; there is: {there}")
