"""Stick digits and letters, drawn by code on 16 x 16 pixels, and moved, bent and spoiled as wanted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_cnn.data import settings
from neuro_cnn.data.deform import waves
from neuro_cnn.data.splits import Pool
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

SIDE = 16
DIGITS = "0123456789"
STROKES = {
    "0": "36 39 5b ab c9 c6 a4 54 36",
    "1": "38 c8",
    "2": "54 36 39 5b 7a c4 cb",
    "3": "34 3b 77 8a ab c9 c6 b4",
    "4": "38 94 9b|69 c9",
    "5": "3b 35 75 69 8b ab c9 c6 b4",
    "6": "39 65 94 b4 c6 c9 ab 8a 78 85",
    "7": "54 34 3b 78 c7",
    "8": "78 5a 39 36 55 78 9a ba c8 b5 95 78",
    "9": "7a 87 74 54 36 39 5b 8b c8",
    "A": "c4 37 38 cb|94 9b",
    "B": "34 c4 c9 ab 99 79 5b 39 34|74 79",
    "C": "5b 39 36 54 a4 c6 c9 ab",
    "D": "34 c4 c8 ab 5b 38 34",
    "E": "3b 34 c4 cb|74 79",
    "F": "3b 34 c4|74 79",
    "G": "5b 39 36 54 a4 c6 c9 ab 8b 88",
    "H": "34 c4|3b cb|74 7b",
    "I": "35 3a|38 c8|c5 ca",
    "J": "3b ab c9 c6 a4",
    "K": "34 c4|3b 84|76 cb",
    "L": "34 c4 cb",
    "M": "c4 34 87 88 3b cb",
    "N": "c4 34 cb 3b",
    "O": "35 3a 5b ab ca c5 a4 54 35",
    "P": "c4 34 39 5b 79 74",
    "Q": "36 39 5b ab c9 c6 a4 54 36|99 cb",
    "R": "c4 34 39 5b 79 74|77 cb",
    "S": "5b 39 36 54 66 89 ab c9 c6 a4",
    "T": "34 3b|38 c8",
    "U": "34 a4 c6 c9 ab 3b",
    "V": "34 c7 c8 3b",
    "W": "34 c5 78 ca 3b",
    "X": "34 cb|3b c4",
    "Y": "34 78 c8|3b 78",
    "Z": "34 3b c4 cb",
}
"""Each character's strokes, apart by |, as points: row and column in hexadecimal. Our drawings, not Fukushima's."""


TRIES = 1000
"""Times that a test image is drawn, in the hope that it is not among the training images."""


@dataclass(frozen=True)
class Variation:
    """How glyphs vary: largest shift (pixels), scale (share), rotation (degrees), bending (pixels), pixels flipped."""

    shift: int = 2
    scale: float = 0.0
    rotate: float = 0.0
    elastic: float = 0.0
    flip: int = 0
    count: int = 20  # images of each character; a fifth as many for the test

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < (field.name == "count"):
                raise UsageError(
                    f"glyphs with {field.name} = {getattr(self, field.name)}; it must not be negative or 0"
                )
        if self.flip > SIDE * SIDE or self.scale >= 1 or self.shift >= SIDE:
            raise UsageError(
                f"glyphs with shift = {self.shift}, scale = {self.scale:g}, flip = {self.flip}: "
                f"give a shift below {SIDE}, a scale below 1, and a flip of at most {SIDE * SIDE}"
            )


def pattern(character: str) -> NDArray[np.float32]:
    """A character as it is, (16, 16), 1 on its strokes. Raises UsageError for one that is not drawn."""
    return raster(points(character))


def vary(character: str, how: Variation, rng: np.random.Generator) -> NDArray[np.float32]:
    """The character once, deformed at random within the variation: (16, 16)."""
    degrees, scale = rng.uniform(-how.rotate, how.rotate), 1 + rng.uniform(-how.scale, how.scale, 2)
    where = deformed(character, degrees, scale, how.elastic, rng)
    image = raster(where + rng.integers(-how.shift, how.shift + 1, 2))
    if how.flip:
        spoiled = rng.choice(SIDE * SIDE, how.flip, replace=False)
        image.flat[spoiled] = 1 - image.flat[spoiled]
    return image


def redrawn(
    character: str, rng: np.random.Generator, degrees: float = 0, scale: float = 1, elastic: float = 0
) -> NDArray[np.float32]:
    """The character turned, enlarged and bent (at random) about the image's centre, its lines still thin: (16, 16)."""
    return raster(deformed(character, degrees, scale, elastic, rng))


def deformed(
    character: str, degrees: float, scale: ArrayLike, elastic: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points along the strokes, (P, 2), turned, enlarged by `scale` (or one scale an axis) and bent."""
    middle = (SIDE - 1) / 2
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    where = (points(character) - middle) @ turn * np.asarray(scale)
    moved: NDArray[np.float64] = middle + where + elastic * waves(where, rng)
    return moved


def points(character: str) -> NDArray[np.float64]:
    """Points along the strokes, four a pixel, (P, 2) in rows and columns."""
    if character not in STROKES:
        raise UsageError(f"no glyph is drawn for {character!r}; there is {''.join(STROKES)}")
    return along(STROKES[character])


def along(strokes: str) -> NDArray[np.float64]:
    """Points along strokes written as in `STROKES`, four a pixel, (P, 2) in rows and columns."""
    runs = []
    for stroke in strokes.split("|"):
        corners = np.array([[int(digit, 16) for digit in point] for point in stroke.split()], float)
        for start, stop in pairwise(corners):
            steps = 4 * int(np.abs(stop - start).max()) + 1
            runs.append(np.linspace(start, stop, steps))
    return np.concatenate(runs)


def raster(where: NDArray[np.float64]) -> NDArray[np.float32]:
    """Points, (P, 2), as an image, (16, 16), of 1 where one lies and 0 elsewhere."""
    image = np.zeros((SIDE, SIDE), np.float32)
    row, column = np.floor(where + 0.5).astype(int).T  # halves always go up, so that a shift is a shift
    inside = (row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE)
    image[row[inside], column[inside]] = 1
    return image


@dataclass(frozen=True)
class Glyphs:
    """Characters, and how their images vary."""

    characters: str
    how: Variation

    def __post_init__(self) -> None:
        if len(set(self.characters)) < max(1, len(self.characters)):
            raise UsageError(f"glyphs {self.characters!r}: name at least one character, none of them twice")

    def pool(self, split: int) -> Pool:
        """Images of the characters, presented in turn, training images first; the same for the same arguments.

        No test image is among the training images, unless nothing varies and there is but one of each. Raises
        UsageError where they have used up all variations.
        """
        characters, how = self.characters, self.how
        rng = generator(split, "glyphs", characters)
        shown = [vary(character, how, rng) for _ in range(how.count) for character in characters]
        varied = how.shift or how.scale or how.rotate or how.elastic or how.flip
        seen = {image.tobytes() for image in shown if varied}
        tests = max(1, how.count // 5)
        images = np.stack([*shown, *(_unseen(c, how, rng, seen) for _ in range(tests) for c in characters)])[:, None]
        labels = np.tile(np.arange(len(characters)), how.count + tests)
        return Pool(images, labels, tuple(characters), how.count * len(characters))


def parse(text: str) -> Glyphs:
    """`glyphs:CHARACTERS[,KEY=VALUE...]` after its colon: "01,shift=1" -> Glyphs("01", Variation(shift=1))."""
    characters, _, rest = (text or DIGITS).partition(",")
    return Glyphs(characters, Variation(**settings.read("glyphs", rest, Variation)))


def _unseen(character: str, how: Variation, rng: np.random.Generator, seen: set[bytes]) -> NDArray[np.float32]:
    """A variation of the character that is none of those seen."""
    for _ in range(TRIES):
        image = vary(character, how, rng)
        if image.tobytes() not in seen:
            return image
    raise UsageError(
        f"glyphs with {how} leave no {character!r} for the test that is not learned; lower count or vary more"
    )
