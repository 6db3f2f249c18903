"""Problems in the plane: points of the unit square, in a region or outside, as images of two planes of one pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.images import Dataset

Region: TypeAlias = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.bool_]]
"""Whether points (x, y) of the unit square lie inside."""


def half_plane(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Above a slanting line."""
    return np.asarray(y > 0.3 + 0.4 * x)


def exclusive_or(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """In one half of the square or the other, but not in both: what no perceptron can tell (Minsky & Papert 1969)."""
    return np.asarray((x > 0.5) != (y > 0.5))


def disc(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Within a circle: a closed convex region."""
    return np.asarray((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.3**2)


def meshed(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """On an arm of a spiral that another arm of the rest of the square lies along: two regions that interlock."""
    away, angle = np.hypot(x - 0.5, y - 0.5), np.arctan2(y - 0.5, x - 0.5)
    return np.asarray(np.sin(angle - 9 * away) > 0)


PROBLEMS: dict[str, Region] = {
    "half-plane": half_plane,
    "exclusive or": exclusive_or,
    "convex": disc,
    "meshed": meshed,
}
"""The problems of Lippmann's figure (1987), as we draw them."""


def points(region: Region, count: int, rng: np.random.Generator) -> Dataset:
    """So many points drawn uniformly from the square: (count, 2, 1, 1), labelled 1 inside and 0 outside."""
    return located(region, *rng.random((2, count)))


def grid(region: Region, side: int) -> Dataset:
    """The middles of side x side squares that tile the square, row by row from below."""
    middles = (np.arange(side) + 0.5) / side
    y, x = np.meshgrid(middles, middles, indexing="ij")
    return located(region, x.ravel(), y.ravel())


def located(region: Region, x: NDArray[Any], y: NDArray[Any]) -> Dataset:
    """These points, (N,) and (N,), and on which side each lies."""
    images = np.stack([x, y], axis=1)[:, :, None, None].astype(np.float32)
    return Dataset(images, region(x, y).astype(np.int64), ("outside", "inside"))
