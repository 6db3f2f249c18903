"""Folders of image files, one sub-folder a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.pixels import unit
from neuro_cnn.data.splits import Pool, pool
from neuro_cnn.errors import DataError

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def read_folder(folder: Path) -> Pool:
    """The pool in PATH/CLASS/*.png, or in PATH/train/CLASS/*.png and PATH/test/CLASS/*.png.

    Grey unless an image is coloured; transparency is dropped. Raises DataError where a folder is missing or
    empty, a file cannot be read, or two images differ in size.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds a sub-folder for each class")
    if not all((folder / side).is_dir() for side in ("train", "test")):
        files, labels, classes = _list(folder)
        return pool((_read(files), labels), classes=classes, source=str(folder))
    files, labels, classes = _list(folder / "train")
    test_files, test_labels, test_classes = _list(folder / "test")
    if extra := sorted(set(test_classes) - set(classes)):
        raise DataError(f"{folder}: class {extra[0]!r} is in test but not in train; add it to train")
    images = _read(files + test_files)
    renumber = np.array([classes.index(name) for name in test_classes])
    train, test = (images[: len(files)], labels), (images[len(files) :], renumber[test_labels])
    return pool(train, test, classes, source=str(folder))


def read_image(path: Path) -> NDArray[np.float32]:
    """One image file as (C, H, W) float32 in [0, 1], grey unless it is coloured. Raises DataError if unreadable."""
    image: NDArray[np.float32] = unit(_read([path]))[0]
    return image


def read_photographs(folder: Path, side: int) -> NDArray[np.uint8]:
    """All image files right in a folder, by name: the largest square in the middle of each, grey: (N, side, side).

    Larger ones are made smaller. Raises DataError where there are not at least two, one cannot be read or is smaller.
    """
    from PIL import Image

    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds photographs")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if len(files) < 2:
        raise DataError(
            f"{folder}: photographs found: {len(files)}; some are learned from and others tested on: give 2 or more"
        )
    squares = []
    for path in files:
        image = _read_one(path)
        least = min(image.shape[:2])
        if least < side:
            raise DataError(f"{_size(path, image)}; leave out photographs of less than {side} pixels a side")
        top, left = ((length - least) // 2 for length in image.shape[:2])
        square = Image.fromarray(image[top : top + least, left : left + least]).convert("L")
        squares.append(np.asarray(square.resize((side, side), Image.Resampling.BOX)))
    return np.stack(squares)


def _list(folder: Path) -> tuple[list[Path], list[int], list[str]]:
    """The image files below a folder, the number of each one's class, and the classes' names."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise DataError(f"{folder}: no sub-folders; put each class's images into a sub-folder of its own")
    files: list[Path] = []
    labels: list[int] = []
    for label, of_class in enumerate(folders):
        found = sorted(path for path in of_class.iterdir() if path.suffix.lower() in SUFFIXES)
        if not found:
            kinds = " ".join(sorted(SUFFIXES))
            raise DataError(f"{of_class}: no image files; add some ({kinds}) or remove the folder")
        files += found
        labels += [label] * len(found)
    return files, labels, [path.name for path in folders]


def _read(files: list[Path]) -> NDArray[Any]:
    """The images as (N, 3, H, W) uint8, or (N, 1, H, W) where all are grey."""
    images = [_read_one(files[0])]
    for path in files[1:]:
        image = _read_one(path)
        if image.shape != images[0].shape:
            sizes = f"{_size(files[0], images[0])} but {_size(path, image)}"
            raise DataError(f"{sizes} (rows x columns); bring all images to one size")
        images.append(image)
    stack = np.stack(images).transpose(0, 3, 1, 2)
    grey = all((stack[:, 0] == stack[:, plane]).all() for plane in (1, 2))
    return stack[:, :1] if grey else stack


def _size(path: Path, image: NDArray[np.uint8]) -> str:
    return f"{path} has {image.shape[0]} x {image.shape[1]} pixels"


def _read_one(path: Path) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.mode[0] not in "IF":
                return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read as an image ({error}); replace or remove it") from error
    # to make it grey, pillow would cut 16 and 32 bits off at 255
    raise DataError(f"{path}: mode {image.mode} is not 8 bits a channel; convert it, or use npz:FILE")
