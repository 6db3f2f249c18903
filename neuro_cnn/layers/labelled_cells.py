"""The deepest stage of 2003: S-cells that carry a class each, and a C-cell a class."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.layers.scells import SActivity, SCells, SWeights
from neuro_cnn.ops.geometry import Window


class Classes(NamedTuple):
    """The V-cells' weights c(v), (1, C, h, w) or () where none inhibits, and the class of each plane, (K,)."""

    surround: Array
    labels: Array


class DeepestActivity(NamedTuple):
    """What the S-cells saw and did, where each plane answers most, (N, K), and each class's strongest plane.

    Planes count from 1, (N, classes): 0 where all planes of the class are silent.
    """

    cells: SActivity
    place: Array
    plane: Array


@dataclass(frozen=True)
class LabelledCells(Layer):
    """The strongest S-cell of each class, of whatever plane and position: (N, C, H, W) -> (N, classes).

    U_S4 and U_C4 of Fukushima (2003). A class without planes is silent. The rule `SupervisedWTA` makes the planes;
    before it the classes are dealt out in turn.
    """

    classes: int
    cells: SCells
    kind: Literal["labelled_cells"] = "labelled_cells"

    def __post_init__(self) -> None:
        at_least_one("classes", self.classes)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        learned, fixed = self.cells.init(in_shape, rng)
        labels = np.arange(self.cells.planes, dtype=np.int64) % self.classes
        return Params(learned, Classes(fixed.surround if fixed else zeros((0,)), labels))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        self.cells.out_shape(params, in_shape)
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return self.cells.fits(params, in_shape)

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, DeepestActivity]:
        xp = namespace(x)
        y, cells = self.cells.forward(params, x)
        flat = xp.reshape(y, (*y.shape[:2], prod(y.shape[2:])))
        silence = xp.zeros((x.shape[0], self.classes, 1), dtype=y.dtype)
        own = self._own(params, y)
        named = xp.concat([silence, xp.max(flat, axis=2)[:, None, :] * own[None, :, :]], axis=2)  # (N, classes, 1 + K)
        return xp.max(named, axis=2), DeepestActivity(cells, xp.argmax(flat, axis=2), xp.argmax(named, axis=2))

    def backward(
        self, params: Params, activity: DeepestActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, SWeights]:
        xp = namespace(dy)
        drive = activity.cells.drive
        planes = xp.arange(1, drive.shape[1] + 1)[None, None, :] == activity.plane[:, :, None]
        share = xp.sum(xp.astype(planes, dy.dtype) * dy[:, :, None], axis=1)  # (N, K)
        here = xp.arange(prod(drive.shape[2:]))[None, None, :] == activity.place[:, :, None]
        error = xp.reshape(xp.astype(here, dy.dtype) * share[:, :, None], drive.shape)
        return self.cells.backward(params, activity.cells, error, need_input)

    def project(self, learned: SWeights) -> SWeights:
        return self.cells.project(learned)

    def window(self, in_shape: Shape) -> Window:
        return Window((in_shape[1], in_shape[2])) if len(in_shape) == 3 else Window((1, 1))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        return self.cells.arithmetic(params, in_shape)

    def _own(self, params: Params, like: Array) -> Array:
        """Which planes each class has: (classes, K)."""
        xp = namespace(like)
        return xp.astype(xp.arange(self.classes)[:, None] == params.fixed.labels[None, :], like.dtype)
