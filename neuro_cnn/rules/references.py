"""How the deepest layer of the later neocognitrons chooses its labelled reference vectors."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import InterpolatingVector, Params
from neuro_cnn.layers.interpolating import References, between, scaled
from neuro_cnn.rules.base import Rule


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
        xp = namespace(state.vectors)
        products = state.vectors @ xp.permute_dims(state.vectors, (1, 0))
        labels = to_numpy(state.labels)
        gram = to_numpy(products)
        order = np.argsort(to_numpy(state.keys))
        groups = self.groups(gram, labels, order[np.diagonal(gram)[order] > 0])  # a blank image is no reference
        return params._replace(fixed=_joined(state, labels, groups))

    @abstractmethod
    def groups(self, gram: Any, labels: Any, order: Any) -> list[list[int]]:
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
    teaches: ClassVar[tuple[type, ...]] = (InterpolatingVector,)

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin < 1:
            raise UsageError(f"margin is {self.margin}; it must be at least 0 and below 1, or none at all")

    def groups(self, gram: Any, labels: Any, order: Any) -> list[list[int]]:
        if self.margin is None:
            return [[int(i)] for i in order]
        scores = np.full((len(labels), int(labels.max(initial=0)) + 1), -np.inf, gram.dtype)
        chosen: dict[int, list[int]] = {label: [] for label in range(scores.shape[1])}
        left, before = list(order), -1
        while len(left) != before:  # sequential: every reference changes how the next vectors are answered
            before, kept = len(left), []
            for i in left:
                mine = scores[i].copy()
                own, mine[labels[i]] = mine[labels[i]], -np.inf
                if own > mine.max() + self.margin:
                    kept.append(i)
                    continue
                references = chosen[labels[i]]
                new = _gained(gram, references, int(i))
                scores[:, labels[i]] = np.maximum(scores[:, labels[i]], new)
                references.append(int(i))
            left = kept
        return [[i] for references in chosen.values() for i in references]


@dataclass(frozen=True)
class LabelledWTA(_Collect):
    """The nearest reference adds the vector to itself if its label is right; if not, the vector becomes a new one.

    Supervised winner-take-all at the deepest layer, as in Fukushima 2003; each vector is presented once.
    """

    kind: Literal["labelled_wta"] = "labelled_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (InterpolatingVector,)

    def groups(self, gram: Any, labels: Any, order: Any) -> list[list[int]]:
        made: list[list[int]] = []
        product = np.empty_like(gram)  # of each sum so far with every vector
        square = np.empty(len(gram), gram.dtype)
        for i in order:  # sequential: the winner has moved when the next vector comes
            count = len(made)
            winner = int(np.argmax(product[:count, i] / np.sqrt(square[:count]))) if count else -1
            if count and labels[made[winner][0]] == labels[i]:
                square[winner] += 2 * product[winner, i] + gram[i, i]
                product[winner] += gram[i]
                made[winner].append(int(i))
            else:
                product[count], square[count] = gram[i], gram[i, i]
                made.append([int(i)])
        return made


def _gained(gram: Any, references: list[int], i: int) -> Any:
    """The best score that a new reference i gives each vector, alone or paired with one of its class: (n,)."""
    pairs, _, _ = between(gram[i], gram[references], gram[references, i][:, None])
    return np.maximum(gram[i], pairs.max(axis=0, initial=-np.inf))


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
