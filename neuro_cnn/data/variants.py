"""The patterns of a data set and how they are moved, deformed and spoiled to try a network on them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data import glyphs
from neuro_cnn.data.deform import bend, enlarge, flip, rotate, shift
from neuro_cnn.data.images import Data
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

DIRECTIONS = tuple((down, right) for down, right in product((0, 1, -1), repeat=2) if down or right)
SHIFTS, SCALES, DEGREES, BEND = (1, 2, 3), (1.15, 0.87), (10.0, -10.0), 1.0  # our choice
FLIPPED, DRAWS = 8 / 256, 8  # share of pixels; how often chance draws (our choice)
AS_IT_IS = "as it is"

Drawn: TypeAlias = Callable[[float, float, float, np.random.Generator], NDArray[Any]]
"""The patterns turned by degrees, enlarged and bent: (P, C, H, W)."""


def patterns(data: Data) -> tuple[tuple[str, ...], NDArray[Any]]:
    """The patterns and their names: glyphs as they are drawn, else the first test image of each class: (P, C, H, W).

    Raises UsageError for data whose test images have no labels.
    """
    classes = data.test.classes
    if _is_drawn(data):
        return classes, np.stack([glyphs.pattern(character) for character in classes])[:, None]
    present = [label for label in range(len(classes)) if np.any(data.test.labels == label)]
    if not present:
        raise UsageError(f"{data.name} has no labelled test images to take patterns from; choose other data")
    first = [int(np.argmax(data.test.labels == label)) for label in present]
    return tuple(classes[label] for label in present), data.test.images[first]


def variants(data: Data, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Each pattern as it is and in transformations by name, each of these in one form or more: (P, M, C, H, W).

    Glyphs are redrawn, so that their lines stay thin; other images are interpolated. Chance, in bending and noise,
    depends on the seed alone.
    """
    classes, images = patterns(data)
    count = round(FLIPPED * images.shape[2] * images.shape[3])
    drawn = _glyphs(classes) if _is_drawn(data) else _images(images)

    def chance(name: str, draw: int) -> np.random.Generator:
        return generator(seed, "variants", name, draw)

    made = {AS_IT_IS: [images]}
    for pixels in SHIFTS:
        made[f"shifted {pixels} px"] = [shift(images, down * pixels, right * pixels) for down, right in DIRECTIONS]
    for scale in SCALES:
        name = "enlarged" if scale > 1 else "shrunk"
        made[f"{name} \N{MULTIPLICATION SIGN} {scale}"] = [drawn(0, scale, 0, chance(name, 0))]
    turned = f"turned \N{PLUS-MINUS SIGN}{max(DEGREES):g}\N{DEGREE SIGN}"
    made[turned] = [drawn(degrees, 1, 0, chance("turned", 0)) for degrees in DEGREES]
    made[f"bent {BEND:g} px"] = [drawn(0, 1, BEND, chance("bent", draw)) for draw in range(DRAWS)]
    made[f"noise on {count} px"] = [flip(images, count, chance("noise", draw)) for draw in range(DRAWS)]
    return {name: np.stack(forms, axis=1) for name, forms in made.items()}


def _is_drawn(data: Data) -> bool:
    return data.name.partition(":")[0] == "glyphs"


def _glyphs(characters: tuple[str, ...]) -> Drawn:
    def drawn(degrees: float, scale: float, elastic: float, rng: np.random.Generator) -> NDArray[Any]:
        images = [glyphs.redrawn(character, rng, degrees, scale, elastic) for character in characters]
        return np.stack(images)[:, None]

    return drawn


def _images(images: NDArray[Any]) -> Drawn:
    def drawn(degrees: float, scale: float, elastic: float, rng: np.random.Generator) -> NDArray[Any]:
        moved = enlarge(rotate(images, degrees), scale) if degrees or scale != 1 else images
        return bend(moved, elastic, rng) if elastic else moved

    return drawn
