"""Folders of npy files: images that are read from disk batch by batch, so that they need not fit in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.splits import Pool, pool
from neuro_cnn.data.stored import Stored, mapped
from neuro_cnn.errors import DataError


def read_folder(folder: Path) -> Pool:
    """The pool in images.npy, or in train_images.npy and test_images.npy; their labels in labels.npy, .... if there."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds images.npy")
    if all((folder / f"{side}_images.npy").is_file() for side in ("train", "test")):
        return pool(_side(folder, "train_"), _side(folder, "test_"), source=str(folder))
    if (folder / "images.npy").is_file():
        return pool(_side(folder, ""), source=str(folder))
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
    raise DataError(f"{folder}: needs images.npy, or train_images.npy and test_images.npy; there is: {there}")


def _side(folder: Path, prefix: str) -> tuple[Stored, NDArray[Any] | None]:
    labels = folder / f"{prefix}labels.npy"
    return Stored.open(folder / f"{prefix}images.npy"), np.array(mapped(labels)) if labels.is_file() else None
