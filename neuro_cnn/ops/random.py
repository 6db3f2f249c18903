"""Random numbers by their place: a key and an index give a number, the same in every array library and on every device.

No generator, no state: nothing crosses to the device, and a resumed run draws what the uninterrupted one would have.
"""

from __future__ import annotations

from math import prod

from neuro_cnn.backend import Array, namespace

_WORD = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio; this and the two factors: SplitMix64, Steele, Lea & Flood 2014
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_BITS = 24  # as many as a number of single precision holds


def uniform(words: tuple[int, ...], shape: tuple[int, ...], like: Array, first: int = 0) -> Array:
    """Numbers of [0, 1), multiples of 2^-24, in the library and precision of `like`: key words, shape -> shape.

    Number i in C order depends on the words (each modulo 2^64) and i alone, so that it is the same in every precision.
    With `first` these are the rows from there on of an array of more rows.
    """
    xp = namespace(like)
    start = first * prod(shape[1:])
    z = xp.arange(start, start + prod(shape), dtype=xp.uint64) * _STEP + _folded(words)  # wraps at 2^64
    z = (z ^ (z >> 30)) * _FIRST
    z = (z ^ (z >> 27)) * _SECOND
    z = (z ^ (z >> 31)) >> (64 - _BITS)
    return xp.reshape(xp.astype(z, like.dtype) / 2**_BITS, shape)


def _folded(words: tuple[int, ...]) -> int:
    """All words of a key in one of 64 bits; their order and number count."""
    state = len(words)
    for word in words:
        state = _mixed((state * _STEP + (word & _WORD) + 1) & _WORD)
    return state


def _mixed(z: int) -> int:
    z = (z ^ (z >> 30)) * _FIRST & _WORD
    z = (z ^ (z >> 27)) * _SECOND & _WORD
    return z ^ (z >> 31)
