"""Cells that remember whole images: the floor that every learner must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape
from neuro_cnn.layers.conv import at_least_one


class Memory(NamedTuple):
    """Remembered inputs, (M, D), and the class of each, (M,)."""

    templates: Array
    labels: Array


class NearestActivity(NamedTuple):
    """The input, (N, D), and which template of each class was nearest, (N, classes)."""

    x: Array
    nearest: Array


@dataclass(frozen=True)
class Nearest(Layer):
    """Minus the squared distance to the nearest template of each class: (N, D) -> (N, classes).

    The largest score is the 1-nearest-neighbour decision. A class without a template scores -inf. The rule
    `Memorize` fills the memory, which is empty at first.
    """

    classes: int
    kind: Literal["nearest"] = "nearest"

    def __post_init__(self) -> None:
        at_least_one("classes", self.classes)

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if len(in_shape) != 1:
            raise UsageError(f"template cells meet a map of shape {in_shape}; put Flatten() before them")
        return Params((), Memory(np.zeros((0, in_shape[0]), np.float32), np.zeros(0, np.int64)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.templates.shape[1] == in_shape[0])

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, NearestActivity]:
        xp = namespace(x)
        templates, labels = params.fixed
        product = x @ xp.permute_dims(templates, (1, 0))
        norms = xp.sum(templates * templates, axis=1)[None, :]
        distance = xp.sum(x * x, axis=1, keepdims=True) - 2 * product + norms  # (N, M)
        far = xp.asarray(xp.inf, dtype=x.dtype)
        scores, nearest = [], []
        for label in range(self.classes):
            mine = xp.where((labels == label)[None, :], distance, far)
            if mine.shape[1] == 0:
                mine = xp.broadcast_to(far, (x.shape[0], 1))
            scores.append(-xp.min(mine, axis=1))
            nearest.append(xp.argmin(mine, axis=1))
        return xp.stack(scores, axis=1), NearestActivity(x, xp.stack(nearest, axis=1))

    def backward(
        self, params: Params, activity: NearestActivity, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        dx = xp.zeros(activity.x.shape, dtype=dy.dtype)
        taught = [label for label in range(self.classes) if xp.any(params.fixed.labels == label)]
        for label in taught:
            template = xp.take(params.fixed.templates, activity.nearest[:, label], axis=0)
            dx = dx - 2 * dy[:, label][:, None] * (activity.x - template)
        return dx, ()

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        size = params.fixed.templates.size
        return Arithmetic(size, size)
