"""Data sets that are made and not read, by the name before a colon and the settings after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from neuro_cnn.data import glyphs, natural, sounds, spectrogram, stripes, sweeps
from neuro_cnn.data.splits import Pool
from neuro_cnn.data.synthesis import SOURCES


class Recipe(Protocol):
    """How images are made: frozen settings, from which every split has images of its own."""

    def pool(self, split: int) -> Pool: ...


@dataclass(frozen=True)
class Generated:
    """One kind of images that are made: what there is without settings, what it is, and its settings as text."""

    shape: tuple[int, int, int]
    train: int
    test: int
    classes: tuple[str, ...]
    origin: str
    example: str
    parse: Callable[[str], Recipe]


GENERATED = {
    "glyphs": Generated(
        (1, glyphs.SIDE, glyphs.SIDE), 200, 40, tuple(glyphs.DIGITS),
        "stick digits and letters",
        "glyphs:XYTZ,shift=2,scale=0.1,rotate=10,elastic=1,flip=8,count=20",
        glyphs.parse,
    ),
    "sounds": Generated(
        (1, spectrogram.SIDE, spectrogram.SIDE), 4000, 1000, tuple(SOURCES),
        "spectrograms of ten kinds of sounds in noise",
        "sounds:count=400,quiet=10,loud=40",
        sounds.parse,
    ),
    "sweeps": Generated(
        (1, 8, 8), 3200, 640, sweeps.ORIENTATIONS,
        "bars that sweep across the field, frame by frame (after Foldiak 1991)",
        "sweeps:size=8,count=100",
        sweeps.parse,
    ),
    "natural": Generated(
        (1, 16, 16), 4000, 1000, (),
        "unlabelled patches of the photographs of natural, or of a folder of yours",
        "natural:size=16,count=4000,folder=PATH",
        natural.parse,
    ),
    "stripes": Generated(
        (1, 16, 16), 4000, 1000, (),
        "unlabelled stripes of one orientation or many, to be reared in (after Blakemore and Cooper 1970)",
        "stripes:angle=90,spread=0,size=16,count=4000",
        stripes.parse,
    ),
}  # fmt: skip
