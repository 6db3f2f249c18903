"""Sounds of ten kinds as spectrograms: a world for the ear, shown to a rule that also learns from images.

Roe et al. (1990, 1992) and Metin & Frost (1989) led the retina of newborn ferrets and hamsters to the auditory or
somatosensory thalamus, and cells of the cortex behind it came to answer as those of visual cortex do. Kinds cannot be
told by how loud they are. All numbers are our choice, so that local features are needed: on a fifth of the training
images kept from the rest (splits 0 and 1) the nearest neighbour is right in 69 and 70 %, random features with a ridge
read-out in 94 and 91 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data import settings
from neuro_cnn.data.spectrogram import picture, power
from neuro_cnn.data.splits import Pool
from neuro_cnn.data.synthesis import SOURCES, Source, Waves, coloured, sound
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

PINK = (0.0, 1.0)  # power of the background falls as 1 / f to this: 0 is white, 1 pink
LOUDEST = 100.0  # dB that may be asked for, far beyond white
BLOCK = 50  # sounds made at a time, few enough for the cache of a processor


@dataclass(frozen=True)
class Sounds:
    """So many sounds of each kind to learn from, and a quarter as many for the test, each in noise.

    A sound's loudest band lies between `quiet` and `loud` dB above a background of constant power, whatever its kind.
    """

    count: int = 400
    quiet: float = 10.0
    loud: float = 40.0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError(f"sounds with count = {self.count}; ask for at least 1 of each kind")
        if not 0 <= self.quiet <= self.loud <= LOUDEST:
            levels = f"quiet = {self.quiet:g} and loud = {self.loud:g} dB"
            raise UsageError(f"sounds with {levels}; let them rise between 0 and {LOUDEST:g}")

    def pool(self, split: int) -> Pool:
        """Spectrograms of each kind in turn, training sounds first; the same for the same settings and split."""
        return _pool(self, split)


def parse(text: str) -> Sounds:
    """`sounds:KEY=VALUE,...` after its colon: "count=100" -> Sounds(count=100)."""
    return Sounds(**settings.read("sounds", text, Sounds))


@lru_cache(maxsize=2)
def _pool(how: Sounds, split: int) -> Pool:
    tests = max(1, how.count // 4)
    kinds = [_spectrograms(kind, how.count + tests, how, split) for kind in SOURCES]
    images = np.stack(kinds, axis=1).reshape(-1, 1, *kinds[0].shape[1:])
    labels = np.tile(np.arange(len(kinds)), how.count + tests)
    return Pool(images, labels, tuple(SOURCES), len(kinds) * how.count)


def _spectrograms(kind: str, count: int, how: Sounds, split: int) -> NDArray[np.float32]:
    """So many spectrograms of one kind of sound: (count, SIDE, SIDE)."""
    blocks = []
    for start in range(0, count, BLOCK):
        rng = generator(split, "sounds", kind, start)
        blocks.append(picture(power(heard(SOURCES[kind], min(BLOCK, count - start), how, rng))))
    return np.concatenate(blocks)


def heard(source: Source, count: int, how: Sounds, rng: np.random.Generator) -> Waves:
    """So many sounds in their backgrounds of noise of variance 1: (count, SAMPLES)."""
    clean = sound(source, count, rng)
    loudest = power(clean).max(axis=(1, 2))
    level = 10 ** (rng.uniform(how.quiet, how.loud, count) / 10)
    colour = rng.uniform(*PINK, (count, 1))
    noisy = coloured(count, lambda f: f ** (-colour / 2), rng)
    noisy += np.sqrt(level / loudest)[:, None].astype(np.float32) * clean
    return noisy
