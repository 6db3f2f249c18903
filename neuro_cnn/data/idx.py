"""IDX files, the format of MNIST: a magic number, the sizes of the axes, then the values, big-endian."""

from __future__ import annotations

import gzip
import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.splits import Pool, pool
from neuro_cnn.errors import DataError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DIGITS = tuple("0123456789")


def read_idx(path: Path) -> NDArray[Any]:
    """The array in an IDX file, plain or gzipped; raises DataError where it is not whole."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_idx(content, str(path))


def parse_idx(content: bytes, source: str) -> NDArray[Any]:
    """The array in the bytes of an IDX file, gzipped or not; raises DataError, opening with `source`."""
    if content[:2] == b"\x1f\x8b":
        content = _gunzip(content, source)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in DTYPES or not 1 <= content[3] <= 4:
        raise DataError(f"{source}: not an IDX file: it opens with {content[:4].hex(' ') or 'nothing'}")
    header = 4 + 4 * content[3]
    sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, min(header, len(content)), 4)]
    dtype = np.dtype(DTYPES[content[2]])
    expected = header + dtype.itemsize * math.prod(sizes)
    if len(content) != expected:
        shape = " x ".join(map(str, sizes))
        found = f"{expected} bytes expected for {shape} values of {dtype.itemsize}, {len(content)} found"
        raise DataError(f"{source}: {found}; get the file again")
    return np.frombuffer(content, dtype, offset=header).reshape(sizes)


def _gunzip(content: bytes, source: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{source}: damaged gzip file ({error}); get the file again") from error


def read_folder(folder: Path, classes: Sequence[str] | None = None) -> Pool:
    """The pool in a folder of files named as MNIST's: train and t10k, images-idx3 and labels-idx1 [.gz]."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; name one that holds train-images-idx3-ubyte[.gz]")
    train, test = (
        (read_idx(_find(folder, f"{side}-images", 3)), read_idx(_find(folder, f"{side}-labels", 1)))
        for side in ("train", "t10k")
    )
    return pool(train, test, classes, str(folder))


def _find(folder: Path, stem: str, axes: int) -> Path:
    names = sorted(path.name for path in folder.iterdir())
    for name in names:  # a plain file sorts before its .gz
        if re.fullmatch(rf"{stem}[-.]idx\d-\w+(\.gz)?", name):
            return folder / name
    there = ", ".join(names[:8]) or "nothing"
    raise DataError(f"{folder}: no {stem}-idx{axes}-ubyte[.gz]; there is: {there}")


def read_emnist(folder: Path) -> Pool:
    """The digits of EMNIST, from its archive gzip.zip of gzipped IDX files."""
    path = folder / "gzip.zip"
    try:
        with zipfile.ZipFile(path) as archive:
            train, test = (
                (
                    _member(archive, f"{side}-images-idx3").swapaxes(1, 2),
                    _member(archive, f"{side}-labels-idx1"),
                )
                for side in ("train", "test")
            )  # EMNIST stores its images with rows and columns exchanged
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged archive ({error}); run: neuro-cnn data fetch emnist-digits") from error
    return pool(train, test, DIGITS, "emnist-digits")


def _member(archive: zipfile.ZipFile, part: str) -> NDArray[Any]:
    name = f"gzip/emnist-digits-{part}-ubyte.gz"
    return parse_idx(archive.read(name), name)
