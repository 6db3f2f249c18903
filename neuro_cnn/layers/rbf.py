"""LeNet's output: one unit a class, which answers by how far its input is from the drawing of a character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, constant
from neuro_cnn.layers.characters import CHARACTERS, HEIGHT, WIDTH
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.streams import generator

SEED = 1998
"""From which the codes of classes beyond the tenth are drawn (our choice)."""


class Codes(NamedTuple):
    """The parameter vector w of each class, +1 and -1: (classes, D)."""

    code: Array


class Distance(NamedTuple):
    """How far the input lies from each code, x - w: (N, classes, D)."""

    difference: Array


@dataclass(frozen=True)
class RBF(Layer):
    """Minus the squared distance to each class's code, -sum_j (x_j - w_ij)^2: (N, 84) -> (N, classes).

    LeCun et al. 1998, eq. (7), with the sign turned, for here the largest score wins. Codes are bitmaps of 7 x 12
    pixels, +1 for ink and -1 for paper, and stay as they are (the paper's could later adapt): digits for the first ten
    classes, and for others drawn at random, from a seed of their own.
    """

    classes: int
    kind: Literal["rbf"] = "rbf"

    def __post_init__(self) -> None:
        at_least_one("classes", self.classes)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if in_shape != (HEIGHT * WIDTH,):
            raise UsageError(
                f"drawings of {WIDTH} x {HEIGHT} pixels meet an input of shape {in_shape}; give it 84 units"
            )
        return Params((), Codes(constant(codes(self.classes), rng)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.code.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Distance]:
        difference = x[:, None, :] - params.fixed.code[None, :, :]
        return -namespace(x).sum(difference * difference, axis=2), Distance(difference)

    def backward(
        self, params: Params, activity: Distance, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        return -2 * namespace(dy).sum(dy[:, :, None] * activity.difference, axis=1), ()

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        return Arithmetic(params.fixed.code.size, params.fixed.code.size)


def codes(classes: int) -> NDArray[np.float32]:
    """The code of each class, +1 and -1: (classes, 84)."""
    rows = [[1.0 if pixel == "#" else -1.0 for pixel in "".join(drawing.split())] for drawing in CHARACTERS[:classes]]
    for label in range(len(CHARACTERS), classes):
        rows.append(list(generator(SEED, "code", label).choice([-1.0, 1.0], HEIGHT * WIDTH)))
    return np.asarray(rows, np.float32)
