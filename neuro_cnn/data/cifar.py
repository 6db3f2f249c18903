"""CIFAR-10's binary version: records of one label byte and 3 x 32 x 32 grey levels, in a tar archive."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path

import numpy as np

from neuro_cnn.data.splits import Pool, pool
from neuro_cnn.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32
TRAIN = tuple(f"data_batch_{batch}.bin" for batch in range(1, 6))
TEST = "test_batch.bin"


def read_cifar10(folder: Path) -> Pool:
    """The pool in cifar-10-binary.tar.gz, read without unpacking; raises DataError where it is not whole."""
    path = folder / "cifar-10-binary.tar.gz"
    again = "run: neuro-cnn data fetch cifar10"
    batches: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                content = archive.extractfile(member) if name in (*TRAIN, TEST) else None
                if content is not None:
                    batches[name] = content.read()
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{path}: damaged archive ({error}); {again}") from error
    for name in (*TRAIN, TEST):
        if name not in batches:
            raise DataError(f"{path}: has no {name}; {again}")
        if len(batches[name]) % RECORD:
            raise DataError(f"{path}: {name} has {len(batches[name])} bytes, no multiple of {RECORD}; {again}")
    train, test = b"".join(batches[name] for name in TRAIN), batches[TEST]
    sides = [np.frombuffer(side, np.uint8).reshape(-1, RECORD) for side in (train, test)]
    parts = [(side[:, 1:].reshape(-1, 3, 32, 32), side[:, 0]) for side in sides]
    return pool(parts[0], parts[1], CLASSES, source="cifar10")
