"""How the deepest layer of the later neocognitrons chooses its labelled reference vectors."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, pairwise
from math import prod
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import InterpolatingVector, Params
from neuro_cnn.layers.interpolating import References, compact, scaled
from neuro_cnn.ops.interpolate import best_between
from neuro_cnn.rules.base import Rule

CHUNK = 300
"""Training vectors whose products with all are computed at a time where these are too many for WHOLE (our choice)."""
SPAN = 256
"""Training vectors looked at together, for the next in need or as those at hand (our choice)."""
WHOLE = 1 << 13
"""Training vectors up to which the products of all with all are computed at once: 1/4 GB (our choice)."""
ROWS = 64
"""Training vectors scaled at a time: few enough to stay in cache (our choice)."""


class Stimuli(NamedTuple):
    """What reaches the layer, (N, ...): all that is learned from."""

    x: Array


class Seen(NamedTuple):
    """The training vectors of norm 1, (n, D), in parts, one an update, those to come empty; then of all of them.

    Their labels, (n,), and keys that put them in a random order, (n,).
    """

    vectors: tuple[Array, ...]
    labels: Array
    keys: Array


class _Collect(Rule, Protocol):
    """Gathers the training vectors; what becomes a reference is decided at the end, from their products alone."""

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Seen]:
        xp = namespace(sample)
        none = xp.zeros((0, prod(sample.shape[1:])), dtype=sample.dtype)
        labels = xp.asarray(layer.init(sample.shape[1:], None).fixed.labels)
        return params, Seen((none,) * max(updates, 1), labels, xp.zeros((0,), dtype=xp.float64))

    def sees(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Stimuli:
        return Stimuli(x)  # there is no reference yet to compare it with

    def update(
        self, layer: Any, params: Params, state: Seen, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Seen]:
        xp = namespace(target)
        seen = [part for part in state.vectors if part.shape[0]]
        vectors = (*seen, _rows(activity.x), *state.vectors[len(seen) + 1 :])
        labels, keys = ((state.labels, target), (state.keys, xp.asarray(rng.random(target.shape[0]))))
        return params, Seen(vectors, xp.concat(labels), xp.concat(keys))

    def finish(self, layer: Any, params: Params, state: Seen) -> Params:
        products, labels = Products(state.vectors), to_numpy(state.labels)
        order = np.argsort(to_numpy(state.keys))
        groups = self.groups(products, labels, order[products.awake()[order]])  # a blank image is no reference
        return params._replace(fixed=_joined(products, state.labels, groups))

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
        while len(left) != before:
            before, place, rows = len(left), 0, dict[int, Any]()
            kept = np.ones(before, bool)
            while (place := self._next(scores, labels, left, place)) < before:
                # sequential: every reference changes how the next vectors are answered
                i, label = int(left[place]), labels[left[place]]
                if i not in rows:  # many products at a time: those of the next that are in need as it looks now
                    ahead = left[place + self._needy(scores, labels, left[place:])[:CHUNK]]
                    wanted = [j for j in ahead if j not in rows]
                    rows |= zip(wanted, products.rows(wanted), strict=True)
                row, others = rows.pop(i), known[label].all
                scores[:, label] = np.maximum(scores[:, label], best_between(row, others, row[chosen[label]]))
                chosen[label].append(i)
                known[label].append(row)
                kept[place] = False
                place += 1
            left = left[kept]
        return [[i] for references in chosen for i in references]

    def _next(self, scores: Any, labels: Any, left: Any, place: int) -> int:
        """The first place in `left`, from `place` on, of a vector in need of a reference, or its end."""
        for begin in range(place, len(left), SPAN):
            needy = self._needy(scores, labels, left[begin : begin + SPAN])
            if len(needy):
                return begin + int(needy[0])
        return len(left)

    def _needy(self, scores: Any, labels: Any, which: Any) -> Any:
        """The places in `which`, (m,), of vectors whose own class does not lead by more than the margin."""
        best, own = scores[which], labels[which]
        mine = np.arange(scores.shape[1]) == own[:, None]
        others = np.where(mine, -np.inf, best).max(axis=1, initial=-np.inf)
        return np.flatnonzero(~(best[mine] > others + self.margin))


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
        squares: list[float] = []
        sums = products.take([])  # (cells, D)
        for start in range(0, len(order), SPAN):
            span = order[start : start + SPAN]
            vectors = products.take(span)
            gram, heard = products_of(vectors, vectors), Rows(len(span), products.precision)
            for row in products_of(sums, vectors):  # the product of each sum so far with these vectors
                heard.append(row)
            shares = np.zeros((len(made) + len(span), len(span)), products.precision)  # whom each vector is added to
            for place, i in enumerate(span):  # sequential: the winner has moved when the next vector comes
                winner = int(np.argmax(heard.all[:, place] / np.sqrt(squares))) if made else -1
                if made and labels[made[winner][0]] == labels[i]:
                    squares[winner] += 2 * heard.all[winner, place] + gram[place, place]
                    heard.all[winner] += gram[place]
                    made[winner].append(int(i))
                else:
                    winner = len(made)
                    heard.append(gram[place])
                    squares.append(gram[place, place])
                    made.append([int(i)])
                shares[winner, place] = 1
            sums = _added(sums, shares[: len(made)], vectors)
        return made


class Products:
    """The products of training vectors of norm 1, (n, D) in parts, with one another: as many as are asked for."""

    def __init__(self, parts: tuple[Array, ...]) -> None:
        self.parts = parts
        self.precision = to_numpy(parts[0][:1, ...]).dtype
        counts = [part.shape[0] for part in parts]
        self.places = [(part, row) for part, count in enumerate(counts) for row in range(count)]

    def awake(self) -> Any:
        """Which vectors are not silent: (n,), in host memory."""
        return np.concatenate([to_numpy(namespace(part).any(part > 0, axis=1)) for part in self.parts])

    def take(self, which: Any) -> Array:
        """Some vectors, (m, D), where they are."""
        rows = [self.parts[part][row, ...] for part, row in (self.places[i] for i in which)]
        return namespace(self.parts[0]).stack(rows) if rows else self.parts[0][:0, ...]

    def rows(self, which: Any) -> Any:
        """The products of some vectors with all: (m, n), in host memory."""
        if len(self.places) <= WHOLE:
            return self.gram[which]
        some = self.take(which)
        return np.concatenate([products_of(some, part) for part in self.parts], axis=1)

    def within(self, which: Any) -> Array:
        """The products of some vectors with one another: (m, m), where they are."""
        xp = namespace(self.parts[0])
        if len(self.places) <= WHOLE:
            return xp.asarray(self.gram[np.ix_(which, which)])
        some = self.take(which)
        return some @ xp.permute_dims(some, (1, 0))

    @cached_property
    def gram(self) -> Any:
        """The products of all with all, (n, n), in host memory: each pair is multiplied once.

        Units that are silent throughout, such as those at the corners of a map, are left out.
        """
        xp = namespace(self.parts[0])
        awake = np.any([to_numpy(xp.any(part != 0, axis=0)) for part in self.parts], axis=0)
        parts = [xp.take(part, xp.asarray(np.flatnonzero(awake)), axis=1) for part in self.parts]
        bounds = np.cumsum([0, *(part.shape[0] for part in self.parts)])
        spans = [slice(begin, end) for begin, end in pairwise(bounds)]
        gram = np.empty((bounds[-1], bounds[-1]), self.precision)
        for one, two in combinations_with_replacement(range(len(spans)), 2):
            product = products_of(parts[one], parts[two])
            gram[spans[one], spans[two]] = product
            gram[spans[two], spans[one]] = product.T
        return gram


def products_of(one: Array, other: Array) -> Any:
    """(m, D), (l, D) -> (m, l), in host memory."""
    return to_numpy(one @ namespace(other).permute_dims(other, (1, 0)))


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


def _rows(x: Array) -> Array:
    """Training vectors of norm 1, one after the other in memory: (N, ...) -> (N, D)."""
    xp = namespace(x)
    rows = xp.empty((x.shape[0], prod(x.shape[1:])), dtype=x.dtype)
    for start in range(0, x.shape[0], ROWS):
        few = slice(start, min(start + ROWS, x.shape[0]))
        rows[few, :], _ = scaled(xp.reshape(x[few, ...], (few.stop - start, rows.shape[1])))
    return rows


def _added(sums: Array, shares: Any, vectors: Array) -> Array:
    """Sums of vectors, (l, D), and new ones, with each of (s, D) added to the one that it has a share in, (m, s)."""
    xp = namespace(vectors)
    more = xp.asarray(shares) @ vectors
    return xp.concat([sums + more[: sums.shape[0], ...], more[sums.shape[0] :, ...]])


def _joined(products: Products, labels: Array, groups: list[list[int]]) -> References:
    """The references made of groups of training vectors, scaled to norm 1."""
    xp = namespace(labels)
    firsts = [group[0] for group in groups]
    own = xp.take(labels, xp.asarray(np.array(firsts, dtype=np.int64)))
    if all(len(group) == 1 for group in groups):
        return compact(products.take(firsts), own, products.within(firsts))
    vectors, _ = scaled(xp.stack([xp.sum(products.take(group), axis=0) for group in groups]))
    return compact(vectors, own, vectors @ xp.permute_dims(vectors, (1, 0)))
