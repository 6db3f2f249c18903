"""Deformed images: shifted, rotated, enlarged, bent and noisy copies of (N, C, H, W) arrays of the same dtype."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.errors import UsageError


def shift(images: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """Move the images (N, C, H, W) by whole pixels, filling with zeros; negative numbers move up and left."""
    height, width = images.shape[-2:]
    to_rows, from_rows = _overlap(down, height)
    to_columns, from_columns = _overlap(right, width)
    moved = np.zeros_like(images)
    moved[..., to_rows, to_columns] = images[..., from_rows, from_columns]
    return moved


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    """Where the pixels that stay in view go, and where they come from."""
    step = max(-size, min(size, step))
    return slice(max(step, 0), size + min(step, 0)), slice(max(-step, 0), size - max(step, 0))


def shifts(images: NDArray[Any], pixels: int) -> Iterator[NDArray[Any]]:
    """The images moved by `pixels` down, up, right and left, in this order."""
    for down, right in axis_moves(pixels):
        yield shift(images, down, right)


def axis_moves(pixels: int) -> tuple[tuple[int, int], ...]:
    """Moves (down, right) by so many pixels in the four axis directions."""
    return (pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)


def rotate(images: NDArray[Any], degrees: float) -> NDArray[Any]:
    """Turn the images (N, C, H, W) counter-clockwise about their centre, bilinearly, filling with zeros."""
    from scipy import ndimage

    # grid-constant pads with zeros before it interpolates, so that the outermost pixels are not lost
    turned: NDArray[Any] = ndimage.rotate(images, degrees, axes=(2, 3), reshape=False, order=1, mode="grid-constant")
    return turned


def enlarge(images: NDArray[Any], factor: float) -> NDArray[Any]:
    """Enlarge the images (N, C, H, W) about their centre (below 1: shrink), bilinearly, filling with zeros."""
    from scipy import ndimage

    if factor <= 0:
        raise UsageError(f"images enlarged by {factor:g}; give a positive factor")
    middle = (np.array(images.shape[2:]) - 1) / 2
    matrix, offset = [1, 1, 1 / factor, 1 / factor], [0, 0, *(middle - middle / factor)]
    sized: NDArray[Any] = ndimage.affine_transform(images, matrix, offset, order=1, mode="grid-constant")
    return sized


def bend(images: NDArray[Any], pixels: float, rng: np.random.Generator) -> NDArray[Any]:
    """Bend the images (N, C, H, W), all alike, by up to so many pixels, bilinearly, filling with zeros."""
    from scipy import ndimage

    height, width = images.shape[2:]
    where = np.indices((height, width)).reshape(2, -1).T
    middle = (np.array([height, width]) - 1) / 2
    seen = (where + pixels * waves(where - middle, rng)).T.reshape(2, height, width)
    bent = np.zeros_like(images)
    for place in np.ndindex(images.shape[:2]):
        bent[place] = ndimage.map_coordinates(images[place], seen, order=1, mode="grid-constant")
    return bent


def warp(
    images: NDArray[Any],
    moves: NDArray[Any],
    degrees: NDArray[Any],
    factors: NDArray[Any],
    displaced: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Enlarge, turn and move each image (N, C, H, W) by amounts of its own, in one bilinear interpolation.

    `factors` (N,) and `degrees` (N,), counter-clockwise, are about the centre; `moves` (N, 2) are pixels down and
    right. `displaced` (N, 2, H, W) says how many pixels further each pixel then looks. Filled with zeros.
    """
    from scipy import ndimage, special

    height, width = images.shape[2:]
    middle = (np.array([[height], [width]]) - 1) / 2
    where = np.indices((height, width)).reshape(2, -1) - middle  # (2, P)
    cos, sin = special.cosdg(degrees) / factors, special.sindg(degrees) / factors
    back = np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)  # from the pixels seen to the image's own
    seen = (back @ (where - moves[:, :, None]) + middle).reshape(-1, 2, height, width)
    if displaced is not None:
        seen += displaced
    warped = np.zeros_like(images)
    for place in np.ndindex(images.shape[:2]):
        warped[place] = ndimage.map_coordinates(images[place], seen[place[0]], order=1, mode="grid-constant")
    return warped


def waves(where: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """How two slow waves of random direction and phase displace points, (P, 2) -> (P, 2), by 1 pixel at most.

    They are some 18 pixels long (our choice).
    """
    wave, phase = rng.normal(0, 0.35, (2, 2, 2)), rng.uniform(0, 2 * np.pi, (2, 2))
    displaced: NDArray[Any] = np.mean(np.sin(np.einsum("pc,cdw->pdw", where, wave) + phase), axis=2)
    return displaced


def flip(images: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[Any]:
    """Turn x into 1 - x at `count` pixels of each image (N, C, H, W) of values in [0, 1], chosen at random."""
    pixels = images.shape[2] * images.shape[3]
    if not 0 <= count <= pixels:
        raise UsageError(f"{count} of {pixels} pixels flipped; give 0 to {pixels}")
    spoiled = images.copy()
    for image in spoiled:
        chosen = np.unravel_index(rng.choice(pixels, count, replace=False), images.shape[2:])
        image[:, *chosen] = 1 - image[:, *chosen]
    return spoiled


def noise(images: NDArray[Any], sd: float, rng: np.random.Generator) -> NDArray[Any]:
    """Add Gaussian noise of standard deviation `sd` to images of values in [0, 1], and clip to [0, 1]."""
    if sd < 0:
        raise UsageError(f"noise of standard deviation {sd:g} is negative; give 0 or more")
    drawn = rng.standard_normal(images.shape, dtype=np.float32)
    noisy: NDArray[Any] = np.clip(images + sd * drawn, 0, 1).astype(images.dtype, copy=False)
    return noisy
