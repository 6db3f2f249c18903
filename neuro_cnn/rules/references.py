"""How the deepest layer of the later neocognitrons chooses its labelled reference vectors."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import InterpolatingVector, Params
from neuro_cnn.layers.interpolating import References, projected, scaled
from neuro_cnn.rules.base import Rule

CHUNK = 300
"""Training vectors whose products with all others are computed at a time (our choice)."""


class Seen(NamedTuple):
    """The training vectors of norm 1, (n, D), their labels, (n,), and keys that put them in a random order, (n,)."""

    vectors: Array
    labels: Array
    keys: Array


class _Collect(Rule, Protocol):
    """Gathers the training vectors; what becomes a reference is decided at the end, from their products alone."""

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Seen]:
        xp = namespace(sample)
        empty = layer.init(sample.shape[1:], None).fixed
        vectors, labels = (xp.asarray(leaf) for leaf in (empty.vectors, empty.labels))
        return params, Seen(xp.astype(vectors, sample.dtype), labels, xp.zeros((0,), dtype=xp.float64))

    def update(
        self, layer: Any, params: Params, state: Seen, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Seen]:
        xp = namespace(target)
        unit, _ = scaled(activity.views[:, activity.views.shape[1] // 2, :])  # at the middle position
        new = Seen(unit, target, xp.asarray(rng.random(target.shape[0])))
        return params, Seen(*(xp.concat(parts) for parts in zip(state, new, strict=True)))

    def finish(self, layer: Any, params: Params, state: Seen) -> Params:
        labels = to_numpy(state.labels)
        awake = to_numpy(namespace(state.vectors).any(state.vectors > 0, axis=1))
        order = np.argsort(to_numpy(state.keys))
        groups = self.groups(Products(state.vectors), labels, order[awake[order]])  # a blank image is no reference
        return params._replace(fixed=_joined(state, labels, groups))

    @abstractmethod
    def groups(self, products: Products, labels: Any, order: Any) -> list[list[int]]:
        """Which training vectors, summed, make each reference; all of a group have one label."""
        ...


@dataclass(frozen=True)
class LearnReferences(_Collect):
    """A training vector becomes a reference when its class does not win by more than the margin.

    margin 0 is the error-driven rule of Fukushima (2013); a margin above 0 handicaps the other classes while
    learning, as in his later winner-take-all with margin (2018); None keeps every vector. The vectors are presented
    in random order, again and again until none is added.
    """

    margin: float | None = 0.08
    kind: Literal["learn_references"] = "learn_references"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    once: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (InterpolatingVector,)

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin < 1:
            raise UsageError(f"margin is {self.margin}; it must be at least 0 and below 1, or none at all")

    def groups(self, products: Products, labels: Any, order: Any) -> list[list[int]]:
        if self.margin is None:
            return [[int(i)] for i in order]
        classes = int(labels.max(initial=0)) + 1
        scores = np.full((len(labels), classes), -np.inf, products.precision)
        chosen: list[list[int]] = [[] for _ in range(classes)]
        known = [Rows(len(labels), products.precision) for _ in range(classes)]
        left, before = np.asarray(order), -1
        while len(left) != before:  # sequential: every reference changes how the next vectors are answered
            before, rows = len(left), dict[int, Any]()
            kept = np.ones(before, bool)
            for place, i in enumerate(left):
                label = labels[i]
                if self._led(scores[i : i + 1], labels[i : i + 1]):
                    continue
                if i not in rows:  # many products at a time: those of the next vectors that are not led as it looks now
                    ahead = left[place:]
                    needy = np.flatnonzero(~self._led(scores[ahead], labels[ahead]))
                    needy = needy if len(needy) <= CHUNK else needy[needy < CHUNK]
                    rows |= products.rows([j for j in ahead[needy] if j not in rows])
                row = rows.pop(i)
                new = _gained(row, known[label].all, row[chosen[label]])
                scores[:, label] = np.maximum(scores[:, label], new)
                chosen[label].append(int(i))
                known[label].append(row)
                kept[place] = False
            left = left[kept]
        return [[i] for references in chosen for i in references]

    def _led(self, scores: Any, labels: Any) -> Any:
        """Whether each vector's own class leads by more than the margin: (n, classes), (n,) -> (n,)."""
        mine = np.arange(scores.shape[1]) == labels[:, None]
        others = np.where(mine, -np.inf, scores).max(axis=1, initial=-np.inf)
        return scores[np.arange(len(labels)), labels] > others + self.margin


@dataclass(frozen=True)
class LabelledWTA(_Collect):
    """The nearest reference adds the vector to itself if its label is right; if not, the vector becomes a new one.

    Supervised winner-take-all at the deepest layer, as in Fukushima 2003; each vector is presented once.
    """

    kind: Literal["labelled_wta"] = "labelled_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    once: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (InterpolatingVector,)

    def groups(self, products: Products, labels: Any, order: Any) -> list[list[int]]:
        made: list[list[int]] = []
        sums = Rows(len(labels), products.precision)  # the product of each sum so far with every vector
        squares: list[float] = []
        for start in range(0, len(order), CHUNK):
            rows = products.rows(order[start : start + CHUNK])
            for i in rows:  # sequential: the winner has moved when the next vector comes
                winner = int(np.argmax(sums.all[:, i] / np.sqrt(squares))) if made else -1
                if made and labels[made[winner][0]] == labels[i]:
                    squares[winner] += 2 * sums.all[winner, i] + rows[i][i]
                    sums.all[winner] += rows[i]
                    made[winner].append(int(i))
                else:
                    sums.append(rows[i])
                    squares.append(rows[i][i])
                    made.append([int(i)])
        return made


class Products:
    """The products of training vectors, (n, D), with one another, computed a few rows at a time."""

    def __init__(self, vectors: Array) -> None:
        self.vectors = vectors
        self.precision = to_numpy(vectors[:1, ...]).dtype

    def rows(self, which: Any) -> dict[int, Any]:
        """The products of some vectors with all of them, (n,) each, by the vector's number; in host memory."""
        xp = namespace(self.vectors)
        some = xp.take(self.vectors, xp.asarray(np.asarray(which)), axis=0)
        return dict(zip(which, to_numpy(some @ xp.permute_dims(self.vectors, (1, 0))), strict=True))


class Rows:
    """Rows of one length that grow in number: room is made by doubling."""

    def __init__(self, length: int, precision: Any) -> None:
        self.room, self.count = np.empty((16, length), precision), 0

    @property
    def all(self) -> Any:
        """The rows so far, (count, length), to be read and changed."""
        return self.room[: self.count]

    def append(self, row: Any) -> None:
        """One more row."""
        if self.count == len(self.room):
            self.room = np.concatenate([self.room, np.empty_like(self.room)])
        self.room[self.count] = row
        self.count += 1


def _gained(row: Any, references: Any, products: Any) -> Any:
    """The best score that a new reference gives each vector, alone or paired with one of its class: (n,).

    `row`, (n,), are its products with all vectors, `references`, (m, n), those of the references of its class, and
    `products`, (m,), its own with them.
    """
    near, far, room, inside = projected(row, references, products[:, None])
    squares = np.where(inside, (near * row + far * references) / room, 0)
    return np.maximum(row, np.sqrt(squares.max(axis=0, initial=0)))


def _joined(state: Seen, labels: Any, groups: list[list[int]]) -> References:
    """The references made of groups of training vectors, scaled to norm 1."""
    xp = namespace(state.vectors)
    firsts = np.array([group[0] for group in groups], dtype=np.int64)
    vectors = xp.take(state.vectors, xp.asarray(firsts), axis=0)
    if any(len(group) > 1 for group in groups):
        member = np.zeros((len(groups), len(labels)), np.float32)
        for row, group in zip(member, groups, strict=True):
            row[group] = 1
        vectors, _ = scaled(xp.astype(xp.asarray(member), state.vectors.dtype) @ state.vectors)
    return References(vectors, xp.take(state.labels, xp.asarray(firsts)), vectors @ xp.permute_dims(vectors, (1, 0)))
