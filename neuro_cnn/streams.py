"""Random streams: one seed, and a generator of its own for every purpose."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """The generator of a purpose, such as (seed, "order", phase, epoch).

    It depends on nothing but its arguments: a draw added in one place changes no other, and a resumed run
    needs no saved generator.
    """
    words = [crc32(word.encode()) if isinstance(word, str) else word for word in purpose]
    return np.random.default_rng([seed, len(words), *words])
