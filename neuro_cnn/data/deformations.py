"""What networks are tried on: images deformed by an amount, the same images for every system and seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.data.deform import axis_moves, bend, enlarge, noise, rotate, shift
from neuro_cnn.errors import UsageError
from neuro_cnn.streams import generator

Change: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
"""Images (N, C, H, W), deformed."""


class Deformation(NamedTuple):
    """A way to deform images by an amount, and the words for it."""

    forms: Callable[[Any], Sequence[Change]]  # by an amount; accuracy is the mean over them
    none: int  # the amount that leaves images as they are
    noun: str
    word: str
    amount: str  # as in "2 px"
    axis: str

    def told(self, amount: float | str) -> str:
        """An amount with its unit, as in "2 px"."""
        return self.amount.format(amount)


def forms(kind: str, amount: float) -> Sequence[Change]:
    """What a deformation by so much does to images, one function a form.

    Each serves for one pass over the images, batch by batch in their order: what chance it takes, it draws anew for
    each image, from a seed that is always the same. Raises UsageError for an amount that is not finite.
    """
    if not np.isfinite(amount):
        raise UsageError(f"{kind} {amount:g}; give a finite number")
    return DEFORMATIONS[kind].forms(amount)


def key(amount: float) -> str:
    """An amount as a key of results: 20.0 -> "20"."""
    return f"{amount:.15g}"


def measured(summary: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """The amounts of a deformation that any of these rows tells of, in their order as numbers."""
    return sorted({amount for row in summary for amount in row.get(kind, {})}, key=float)


def _shifted(pixels: int) -> list[Change]:
    return [partial(shift, down=down, right=right) for down, right in axis_moves(pixels)]


def _enlarged(factor: float) -> list[Change]:
    return [partial(enlarge, factor=factor)]


def _turned(degrees: float) -> list[Change]:
    return [partial(rotate, degrees=degrees)]


def _bent(pixels: float) -> list[Change]:
    rng = generator(0, "bend")
    return [lambda images: np.concatenate([bend(image[None], pixels, rng) for image in images])]


def _noisy(sd: float) -> list[Change]:
    return [partial(noise, sd=sd, rng=generator(0, "noise"))]


TIMES, DEGREE = "\N{MULTIPLICATION SIGN}", "\N{DEGREE SIGN}"
MEANINGS = {
    "shift": "the mean over the four directions, filled with zeros",
    "scale": "enlarged about the centre by a factor, below 1 shrunk",
    "rotate": "turned counter-clockwise about the centre",
    "bend": "each image by slow waves of its own, no pixel by more than so many along either axis",
    "noise": "Gaussian noise of this standard deviation added to values in [0, 1], and clipped",
}
"""What is done to the images, for who reads of the accuracy under it."""
DEFORMATIONS = {
    "shift": Deformation(_shifted, 0, "shift", "shifted", "{} px", "shift, pixels"),
    "scale": Deformation(_enlarged, 1, "scaling", "scaled", f"{TIMES} {{}}", "scale"),
    "rotate": Deformation(_turned, 0, "rotation", "turned", f"{{}}{DEGREE}", "rotation, degrees"),
    "bend": Deformation(_bent, 0, "bending", "bent", "{} px", "bending, pixels"),
    "noise": Deformation(_noisy, 0, "noise", "with noise", "{}", "standard deviation of the noise"),
}
"""Every deformation that `evaluate` and `compare` know, by its name in results."""


def told(key: str) -> str:
    """A deformation and its amount in words: "shift 4" -> "shifted 4 px"."""
    kind, _, amount = key.partition(" ")
    return f"{DEFORMATIONS[kind].word} {DEFORMATIONS[kind].told(amount)}"
