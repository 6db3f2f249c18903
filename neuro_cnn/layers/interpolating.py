"""The deepest cells of the later neocognitrons: labelled reference vectors, and what lies between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Arithmetic, Key, Layer, Params, Shape, zeros
from neuro_cnn.layers.conv import at_least_one
from neuro_cnn.ops.geometry import Window, unpad, window

APART = 1e-3
"""1 - g^2 below which two references are one: what lies between them is lost in rounding (our choice)."""


class References(NamedTuple):
    """Reference vectors of norm 1, (M, D), the class of each, (M,), and their products g, (M, M)."""

    vectors: Array
    labels: Array
    products: Array


class Winners(NamedTuple):
    """The shape of the input, the views, (N, P, D), and their norms, (N, P, 1); then what won.

    Of each image and class, (N, classes): the position `place`, the two references `first` and `second`, and the
    slopes of the score in the similarities to them, `near` and `far`.
    """

    in_shape: Shape
    views: Array
    norm: Array
    place: Array
    first: Array
    second: Array
    near: Array
    far: Array


@dataclass(frozen=True)
class InterpolatingVector(Layer):
    """Similarity of the input to the nearest point between two references of a class: (N, ...) -> (N, classes).

    For similarities s_i, s_j to references with product g, s_ij^2 = (s_i^2 + s_j^2 - 2 s_i s_j g) / (1 - g^2) if the
    input projects between the two, else s_i or s_j alone counts (Fukushima 2013). Only the `nearest` references of
    each class make pairs (our choice; 1: no pairs, the nearest reference alone). With `reach` the cells are there at
    (2 reach + 1)^2 positions, and the best position counts. A class without a reference scores -inf. The rules
    `LearnReferences` and `LabelledWTA` choose the references, of which there are none at first.
    """

    classes: int
    nearest: int = 12
    reach: int = 0
    kind: Literal["interpolating_vector"] = "interpolating_vector"

    def __post_init__(self) -> None:
        at_least_one("classes", self.classes)
        at_least_one("nearest", self.nearest)
        if self.reach < 0:
            raise UsageError(f"reach is {self.reach}; it must be at least 0")

    def init(self, in_shape: Shape, rng: np.random.Generator | None) -> Params:
        if self.reach and len(in_shape) != 3:
            raise UsageError(f"cells with reach meet a row of {in_shape[0]} units; put them before Flatten()")
        size = prod(in_shape)
        return Params((), References(zeros((0, size)), np.zeros(0, np.int64), zeros((0, 0))))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.vectors.shape[1] == prod(in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Winners]:
        xp = namespace(x)
        vectors, labels, products = params.fixed
        views = self._views(x)
        count, places, size = views.shape
        # each view's energy is summed from that of all planes: cheaper than from the views
        norm = xp.sqrt(xp.sum(self._views(xp.sum(x * x, axis=1, keepdims=True)), axis=2, keepdims=True))
        similarity = xp.reshape(views, (count * places, size)) @ xp.permute_dims(vectors, (1, 0))
        similarity = similarity / xp.reshape(_safe(norm), (count * places, 1))
        found = []
        for label in range(self.classes):
            mine = xp.asarray(np.flatnonzero(to_numpy(labels) == label))
            g = xp.take(xp.take(products, mine, axis=0), mine, axis=1)
            score, first, second, near, far = best_pairs(xp.take(similarity, mine, axis=1), g, self.nearest)
            if mine.shape[0]:
                first, second = xp.take(mine, first), xp.take(mine, second)
            found.append((score, first, second, near, far))
        # (N, P, classes) each; then the best position of each class
        parts = [xp.reshape(xp.stack(part, axis=1), (count, places, self.classes)) for part in zip(*found, strict=True)]
        place = xp.argmax(parts[0], axis=1)
        score, *rest = (xp.take_along_axis(part, place[:, None, :], axis=1)[:, 0, :] for part in parts)
        return score, Winners(x.shape, views, norm, place, *rest)

    def backward(
        self, params: Params, activity: Winners, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        shape, views, norm, place, first, second, near, far = activity
        vectors, labels, _ = params.fixed
        unit = views / _safe(norm)
        error = xp.zeros(unit.shape, dtype=dy.dtype)
        positions = xp.arange(unit.shape[1])[None, :]
        for label in sorted({int(label) for label in to_numpy(labels)}):
            one, two = (xp.take(vectors, which[:, label], axis=0) for which in (first, second))
            slope = dy[:, label, None] * (near[:, label, None] * one + far[:, label, None] * two)  # (N, D)
            here = xp.astype(positions == place[:, label, None], dy.dtype)
            error = error + here[:, :, None] * slope[:, None, :]
        along = xp.sum(error * unit, axis=2, keepdims=True)
        # the norm's derivative at 0 is taken as 0
        error = xp.where(norm > 0, (error - along * unit) / _safe(norm), xp.zeros((), dtype=dy.dtype))
        return self._back(error, shape), ()

    def window(self, in_shape: Shape) -> Window:
        return window((in_shape[1], in_shape[2]), 1, self.reach) if len(in_shape) == 3 else Window((1, 1))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        size = params.fixed.vectors.size * (2 * self.reach + 1) ** 2
        return Arithmetic(size, size)

    def _views(self, x: Array) -> Array:
        """What the cells at each position see, in a row: (N, P, D). Beyond the map lies silence."""
        xp = namespace(x)
        if not self.reach:
            return xp.reshape(x, (x.shape[0], 1, prod(x.shape[1:])))
        count, planes, height, width = x.shape
        far = 2 * self.reach
        padded = xp.zeros((count, planes, height + far, width + far), dtype=x.dtype)  # in rows, to be copied as views
        padded[:, :, self.reach : self.reach + height, self.reach : self.reach + width] = x
        shifts = range(far + 1)
        views = [padded[:, :, i : i + height, j : j + width] for i in shifts for j in shifts]
        return xp.reshape(xp.stack(views, axis=1), (count, len(views), prod(x.shape[1:])))

    def _back(self, error: Array, shape: tuple[int, ...]) -> Array:
        """The adjoint of `_views`: (N, P, D) -> shape."""
        xp = namespace(error)
        if not self.reach:
            return xp.reshape(error, shape)
        count, planes, height, width = shape
        side = 2 * self.reach + 1
        padded = xp.zeros((planes, height + side - 1, width + side - 1, count), dtype=error.dtype)
        for place in range(side * side):
            i, j = divmod(place, side)
            view = xp.reshape(error[:, place, :], shape)
            padded[:, i : i + height, j : j + width, :] += xp.permute_dims(view, (1, 2, 3, 0))
        return unpad(padded, ((self.reach, self.reach),) * 2, shape)


def scaled(views: Array) -> tuple[Array, Array]:
    """Views scaled to norm 1 along the last axis, and their norms; a silent view stays 0."""
    xp = namespace(views)
    norm = xp.sqrt(xp.sum(views * views, axis=-1, keepdims=True))
    return views / _safe(norm), norm


def _safe(norm: Array) -> Array:
    """Norms to divide by: 1 where a view is silent."""
    xp = namespace(norm)
    return xp.where(norm > 0, norm, xp.ones((), dtype=norm.dtype))


def between(first: Array, second: Array, g: Array) -> tuple[Array, Array, Array]:
    """Similarity to the nearest point between two references, and its slopes in their two similarities.

    s^2 = (s_i^2 + s_j^2 - 2 s_i s_j g) / (1 - g^2); where the input does not project between the two it is s_i.
    """
    xp = namespace(g)
    zero, one = xp.zeros((), dtype=g.dtype), xp.ones((), dtype=g.dtype)
    near, far, room, inside = projected(first, second, g)
    length = xp.sqrt(xp.where(inside, (near * first + far * second) / room, one))
    score = xp.where(inside, length, first + 0 * g)
    scale = room * length
    return score, xp.where(inside, near / scale, one), xp.where(inside, far / scale, zero)


def projected(first: Array, second: Array, g: Array) -> tuple[Array, Array, Array, Array]:
    """s_i - g s_j, s_j - g s_i, 1 - g^2 (or 1), and whether the input projects between two references that differ."""
    xp = namespace(g)
    near, far, room = first - g * second, second - g * first, 1 - g * g
    apart = room > APART
    return near, far, xp.where(apart, room, xp.ones((), dtype=g.dtype)), (near > 0) & (far > 0) & apart


def best_pairs(s: Array, g: Array, nearest: int) -> tuple[Array, Array, Array, Array, Array]:
    """Score, the two references, and its slopes in their similarities, for the best pair of a class, (N,) each.

    s, (N, M), are the similarities to the references of the class, g, (M, M), their products.
    """
    xp = namespace(s)
    rows, members = s.shape
    count = min(nearest, members)
    if not count:
        none = xp.zeros((rows,), dtype=xp.int64)
        return xp.full((rows,), -xp.inf, dtype=s.dtype), none, none, *(xp.zeros((rows,), dtype=s.dtype),) * 2
    order = xp.argsort(-s, axis=1)[:, :count]
    top = xp.take_along_axis(s, order, axis=1)
    pairs = order[:, :, None] * members + order[:, None, :]
    products = xp.reshape(xp.take(xp.reshape(g, (-1,)), xp.reshape(pairs, (-1,))), (rows, count, count))
    parts = [xp.reshape(part, (rows, count * count)) for part in between(top[:, :, None], top[:, None, :], products)]
    best = xp.argmax(parts[0], axis=1)[:, None]
    score, near, far = (xp.take_along_axis(part, best, axis=1)[:, 0] for part in parts)
    first, second = (xp.take_along_axis(order, which, axis=1)[:, 0] for which in (best // count, best % count))
    return score, first, second, near, far
