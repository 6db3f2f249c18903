"""Layers that grow: what a view is shown to, plane by plane, and what the rules of growth have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from math import sqrt
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Shunting, Subtractive
from neuro_cnn.layers.scells import SActivity, SWeights
from neuro_cnn.ops import patches
from neuro_cnn.rules.base import Rule


class Lengths(NamedTuple):
    """The norm ||X|| of each plane's pattern, (K,): the sum of the views that it has learned. Weights are c X / ||X||.

    All norms are under c(v), the weights of the V-cell.
    """

    lengths: Array


class Growing(Rule, Protocol):
    """Makes a plane of every view at which all planes are silent; what winner and losers do is the rule's own.

    A layer starts without planes. Image by image and view by view, the most active first, the planes so far compete
    for the view X: those answer whose pattern has a cosine above `theta` to it, weighted by c(v). Where none does,
    X becomes the next plane, a = strength c X / ||X||, unless the layer has all its planes. Our choice: every view is
    a stimulus of its own, but for those with v below `least_activity` times the image's largest. The learning
    threshold is not below the layer's own, at which it recognises.
    """

    theta: float
    least_activity: float
    strength: float
    kind: Any
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (SCells,)
    grows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.theta < 1:
            raise UsageError(f"learning threshold theta is {self.theta}; it must lie between 0 and 1")
        if not 0 <= self.least_activity < 1:
            raise UsageError(f"least_activity is {self.least_activity}; it must be at least 0 and below 1")
        if self.strength <= 0:
            raise UsageError(f"strength of the weights is {self.strength}; it must be positive")

    def meet(self, planes: Planes) -> None:
        """What becomes of the planes, and of the views at hand, as these meet them one by one."""
        for view in range(len(planes.v)):  # sequential: each view meets the planes so far
            winner = planes.winner(view, self.theta)
            if winner is not None:
                self.answered(planes, view, winner)
            elif planes.room:
                planes.add(view)

    @abstractmethod
    def answered(self, planes: Planes, view: int, winner: int) -> None:
        """What becomes of the planes that answer to a view."""
        ...

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Lengths]:
        if not isinstance(layer.response, Subtractive | Shunting):
            raise UsageError(f"{self.kind} teaches S-cells with inhibition; set response = subtractive or shunting")
        if layer.response.theta > self.theta * (1 + 1e-9):  # theta of shunting cells is rounded
            raise UsageError(
                f"recognition threshold {layer.response.theta:.3g} above the learning threshold {self.theta}: "
                "views would be learned twice; raise the one or lower the other"
            )
        none = SWeights(*(leaf[:0] for leaf in params.learned))
        return params._replace(learned=none), Lengths(none.inhibition)

    def update(
        self, layer: Any, params: Params, state: Lengths, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Lengths]:
        planes = Planes(params, state.lengths, layer.planes)
        for views, v in active_views(layer, activity, self.least_activity):
            planes.face(views, v)
            self.meet(planes)
            planes.bury()
        return planes.grown(layer, params) if planes.changed else (params, state)

    def finish(self, layer: Any, params: Params, state: Lengths) -> Params:
        return params if self.strength == 1 else layer.rewire(params, self.strength * params.learned.weight)


def active_views(layer: SCells, activity: SActivity, least: float) -> Iterator[tuple[Any, Any]]:
    """The views of each image, (D, P), and their v, (P,), the most active first; v is above `least` of the largest."""
    x, v = to_numpy(activity.x), to_numpy(activity.inhibition)
    w = layer.window(x.shape[1:])
    for image in range(len(x)):
        strength = v[image].ravel()
        order = np.argsort(-strength, kind="stable")
        active = order[strength[order] > least * strength.max()]
        views = patches(x[image : image + 1], w.size, w.stride, w.pad)[0].reshape(-1, strength.size)
        yield views[:, active], strength[active]


class Planes:
    """The planes of a layer while one batch is learned: cosines to the views at hand follow every change."""

    def __init__(self, params: Params, lengths: Array, most: int) -> None:
        self.surround = to_numpy(params.fixed.surround).ravel()
        self.weights = to_numpy(params.learned.weight).reshape(-1, self.surround.size).copy()
        self.lengths, self.most = to_numpy(lengths).copy(), most
        self.count = self.living = len(self.weights)
        self.changed = False

    def face(self, views: Any, v: Any) -> None:
        """Take up the views of an image, (D, P), with norms v, (P,)."""
        self.patterns, self.v = views / v, v
        self._between: Any = None
        need = self.count + len(v)  # no more planes than views can be new
        if need > len(self.weights):
            more = need + self.count - len(self.weights)  # twice what there is, so that room is seldom made
            self.weights = np.concatenate([self.weights, np.empty((more, len(views)), self.weights.dtype)])
            self.lengths = np.concatenate([self.lengths, np.empty(more, self.lengths.dtype)])
        self.cosines = np.empty((need, len(v)), self.weights.dtype)
        self.cosines[: self.count] = self.weights[: self.count] @ self.patterns

    def tuned(self, view: int) -> Any:
        """The weights of a plane tuned to one view, (D,): c X / ||X||."""
        return self.surround * self.patterns[:, view]

    def between(self, view: int) -> Any:
        """The cosines of one view to all, (P,)."""
        if self._between is None:
            self._between = (self.surround[:, None] * self.patterns).T @ self.patterns
        return self._between[view]

    def winner(self, view: int, theta: float) -> int | None:
        """The plane that answers most to a view, or None where all are silent; ties go to the oldest."""
        heard = self.cosines[: self.count, view]
        best = int(heard.argmax()) if self.count else -1
        return best if best >= 0 and heard[best] > theta else None

    def strongest(self, theta: float) -> tuple[int | None, int]:
        """The plane that answers most to any view, and the view; None and the most active view where all are silent."""
        heard = self.cosines[: self.count]
        plane, view = divmod(int(heard.argmax()), len(self.v)) if self.count else (0, 0)
        return (plane, view) if self.count and heard[plane, view] > theta else (None, 0)

    def silent(self, theta: float, first: int = 0) -> Any:
        """At which views all planes from `first` on are silent: (P,)."""
        return ~np.any(self.cosines[first : self.count] > theta, axis=0)

    def answering(self, view: int, theta: float) -> list[int]:
        """All planes that answer to a view."""
        return [int(plane) for plane in np.flatnonzero(self.cosines[: self.count, view] > theta)]

    @property
    def room(self) -> bool:
        """Whether the layer may have another plane."""
        return self.living < self.most

    def add(self, view: int) -> None:
        """A view becomes a plane."""
        self.weights[self.count] = self.tuned(view)
        self.lengths[self.count] = self.v[view]
        self.cosines[self.count] = self.between(view)
        self.count += 1
        self.living += 1
        self.changed = True

    def learn(self, plane: int, view: int) -> None:
        """X += x: a plane adds a view to its pattern."""
        before, v = float(self.lengths[plane]), float(self.v[view])
        after = sqrt(before**2 + 2 * before * v * float(self.cosines[plane, view]) + v**2)
        old, new = before / after, v / after
        self.weights[plane] = old * self.weights[plane] + new * self.tuned(view)
        self.cosines[plane] = old * self.cosines[plane] + new * self.between(view)
        self.lengths[plane] = after
        self.changed = True

    def kill(self, plane: int) -> None:
        """A plane never answers again."""
        self.cosines[plane] = -np.inf
        self.living -= 1
        self.changed = True

    def bury(self) -> None:
        """Leave the views, and the planes that died at them."""
        if self.living < self.count:
            alive = np.flatnonzero(np.all(self.cosines[: self.count] > -np.inf, axis=1))
            self.weights, self.lengths, self.count = self.weights[alive], self.lengths[alive], len(alive)

    def grown(self, layer: Any, params: Params) -> tuple[Params, Lengths]:
        """The layer's params with these planes, and the norms of their patterns."""
        weight = params.learned.weight
        xp = namespace(weight)
        planes = self.weights[: self.count].reshape(-1, *weight.shape[1:])
        lengths = xp.asarray(self.lengths[: self.count].copy(), dtype=weight.dtype)
        return layer.rewire(params, xp.asarray(planes, dtype=weight.dtype)), Lengths(lengths)
