"""Images that stay in their files: as many as the disk holds, read a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_cnn.data.pixels import check_pixels, planes_first, unit
from neuro_cnn.errors import DataError


@dataclass(frozen=True, eq=False)
class Stored:
    """Images (N, C, H, W) in npy files; indexing along N reads some of them, as float32 in [0, 1].

    The files are mapped anew for each reading, so that nothing of them is held between two, and a copy of this in
    another process costs no more than `index`: which of the files' images these are, (N,).
    """

    files: tuple[tuple[Path, int], ...]  # each with the number of its images
    size: tuple[int, int, int]
    index: NDArray[np.int64]
    dtype: ClassVar[np.dtype[np.float32]] = np.dtype(np.float32)
    ndim: ClassVar[int] = 4

    @classmethod
    def open(cls, path: Path) -> Stored:
        """All images of an npy file, looked through once. Raises DataError where they are none."""
        array = mapped(path)
        check_pixels(array, str(path))
        planes, height, width = planes_first(array, str(path)).shape[1:]
        return cls(((path, len(array)),), (planes, height, width), np.arange(len(array)))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape (N, C, H, W)."""
        return len(self.index), *self.size

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        chosen = self.index[key]
        return self._read(chosen) if np.ndim(chosen) else self._read(chosen[None])[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)  # all of them, for who asks for all

    def chosen(self, indices: ArrayLike) -> Stored:
        """The images at these indices, unread."""
        return replace(self, index=self.index[np.asarray(indices)])

    def then(self, other: Stored) -> Stored:
        """These images, and after them others of the same size."""
        count = sum(count for _, count in self.files)
        return replace(self, files=self.files + other.files, index=np.concatenate([self.index, other.index + count]))

    def _read(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        parts, start = [], 0
        for path, count in self.files:
            mine = np.flatnonzero((places >= start) & (places < start + count))
            if len(mine):
                array = mapped(path)
                if len(array) != count:
                    raise DataError(
                        f"{path}: {len(array)} images, {count} a while ago; leave it alone while it is read"
                    )
                parts.append((mine, unit(planes_first(array[places[mine] - start], str(path)))))
            start += count
        if len(parts) == 1:
            return parts[0][1]  # held once
        images = np.empty((len(places), *self.size), np.float32)
        for mine, part in parts:
            images[mine] = part
        return images


def mapped(path: Path) -> NDArray[Any]:
    """The array in an npy file, mapped into memory unread; raises DataError where it is none."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: cannot be read as npy ({error}); save a plain array with numpy.save") from error
    return array
