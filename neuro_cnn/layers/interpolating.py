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
from neuro_cnn.ops.geometry import Window, batch_last, gather, scatter, unpad, window
from neuro_cnn.ops.interpolate import best_pairs


class References(NamedTuple):
    """Reference vectors of norm 1, the class of each, (M,), their products g, (M, M), and what they say nothing of.

    Units that are silent in all of them, such as those at the corners of a map, are left out: `awake`, (D,), is 1
    at the others, and the vectors are (M, L) of these alone.
    """

    vectors: Array
    labels: Array
    products: Array
    awake: Array


class Winners(NamedTuple):
    """The input, (N, ...), and the norms of its views at P positions, (1, P N); then what won.

    Of each image and class, (N, classes): the position `place`, the two references `first` and `second`, and the
    slopes of the score in the similarities to them, `near` and `far`.
    """

    x: Array
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
        return Params((), References(zeros((0, 0)), np.zeros(0, np.int64), zeros((0, 0)), np.zeros(size, np.int8)))

    def out_shape(self, params: Params, in_shape: Shape) -> Shape:
        return (self.classes,)

    def fits(self, params: Params, in_shape: Shape) -> bool:
        return bool(params.fixed.awake.shape[0] == prod(in_shape))

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Winners]:
        xp = namespace(x)
        vectors, labels, products, awake = params.fixed
        views = xp.take(self._views(x), xp.nonzero(awake)[0], axis=0)  # (L, P N)
        # each view's energy is summed from that of all planes: cheaper than from the views
        norm = xp.sqrt(xp.sum(self._views(xp.sum(x * x, axis=1, keepdims=True)), axis=0, keepdims=True))  # (1, P N)
        similarity = vectors @ views / _safe(norm)  # (M, P N)
        found = best_pairs(xp.permute_dims(similarity, (1, 0)), products, labels, self.classes, self.nearest)
        parts = [xp.reshape(part, (self._places, x.shape[0], self.classes)) for part in found]
        place = xp.argmax(parts[0], axis=0)  # the best position of each class
        score, *rest = (xp.take_along_axis(part, place[None, :, :], axis=0)[0, ...] for part in parts)
        return score, Winners(x, norm, place, *rest)

    def backward(
        self, params: Params, activity: Winners, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        xp = namespace(dy)
        x, norm, place, first, second, near, far = activity
        vectors, labels = whole(params.fixed), params.fixed.labels
        unit = self._views(x) / _safe(norm)
        error = xp.zeros((unit.shape[0], self._places, x.shape[0]), dtype=dy.dtype)  # (D, P, N)
        positions = xp.arange(self._places)[:, None]
        for label in sorted({int(label) for label in to_numpy(labels)}):
            one, two = (xp.take(vectors, which[:, label], axis=0) for which in (first, second))
            slope = dy[:, label, None] * (near[:, label, None] * one + far[:, label, None] * two)  # (N, D)
            here = xp.astype(positions == place[None, :, label], dy.dtype)  # (P, N)
            error = error + here[None, :, :] * xp.permute_dims(slope, (1, 0))[:, None, :]
        error = xp.reshape(error, unit.shape)
        along = xp.sum(error * unit, axis=0, keepdims=True)
        # the norm's derivative at 0 is taken as 0
        error = xp.where(norm > 0, (error - along * unit) / _safe(norm), xp.zeros((), dtype=dy.dtype))
        return self._back(error, x.shape), ()

    def window(self, in_shape: Shape) -> Window:
        return window((in_shape[1], in_shape[2]), 1, self.reach) if len(in_shape) == 3 else Window((1, 1))

    def arithmetic(self, params: Params, in_shape: Shape) -> Arithmetic:
        size = params.fixed.vectors.size * (2 * self.reach + 1) ** 2
        return Arithmetic(size, size)

    @property
    def _places(self) -> int:
        """At how many positions the cells are there."""
        return (2 * self.reach + 1) ** 2

    def _views(self, x: Array) -> Array:
        """What the cells at each position see, in columns: (D, P N). Beyond the map lies silence."""
        xp = namespace(x)
        size = (prod(x.shape[1:]), self._places * x.shape[0])
        if not self.reach:
            return xp.reshape(xp.permute_dims(x, (*range(1, x.ndim), 0)), size)
        w = self._shifts(x.shape)
        return xp.reshape(gather(batch_last(x, w.pad), w, w.places(*x.shape[2:])), size)

    def _back(self, error: Array, shape: tuple[int, ...]) -> Array:
        """The adjoint of `_views`: (D, P N) -> shape."""
        xp = namespace(error)
        count, *sides = shape
        if not self.reach:
            return xp.permute_dims(xp.reshape(error, (*sides, count)), (len(sides), *range(len(sides))))
        w = self._shifts(shape)
        places = w.places(*sides[1:])
        padded = xp.zeros((sides[0], *(side + 2 * self.reach for side in sides[1:]), count), dtype=error.dtype)
        scatter(padded, xp.reshape(error, (*sides, *places, count)), w, places)
        return unpad(padded, w.pad, shape)

    def _shifts(self, shape: tuple[int, ...]) -> Window:
        """Views as large as the map, (N, C, H, W), that lie up to `reach` beside it."""
        return window((shape[2], shape[3]), 1, self.reach)


def compact(vectors: Array, labels: Array, products: Array) -> References:
    """The references of these vectors, (M, D)."""
    xp = namespace(vectors)
    awake = xp.astype(xp.any(vectors != 0, axis=0), xp.int8)
    return References(xp.take(vectors, xp.nonzero(awake)[0], axis=1), labels, products, awake)


def whole(references: References) -> Array:
    """Their vectors over all units: (M, D)."""
    xp = namespace(references.vectors)
    awake = to_numpy(references.awake) == 1
    silence = xp.zeros((references.vectors.shape[0], 1), dtype=references.vectors.dtype)
    places = np.where(awake, np.cumsum(awake) - 1, np.count_nonzero(awake))
    return xp.take(xp.concat([references.vectors, silence], axis=1), xp.asarray(places), axis=1)


def scaled(views: Array) -> tuple[Array, Array]:
    """Views scaled to norm 1 along the last axis, and their norms; a silent view stays 0."""
    xp = namespace(views)
    norm = xp.sqrt(xp.sum(views * views, axis=-1, keepdims=True))
    return views / _safe(norm), norm


def _safe(norm: Array) -> Array:
    """Norms to divide by: 1 where a view is silent."""
    xp = namespace(norm)
    return xp.where(norm > 0, norm, xp.ones((), dtype=norm.dtype))
