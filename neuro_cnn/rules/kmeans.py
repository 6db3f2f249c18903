"""Spherical k-means: the limit of instar under hard competition when a batch holds all images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import PLASTIC, Params
from neuro_cnn.ops.compete import awake
from neuro_cnn.ops.normalize import over_planes, sum_positions, unit_norm
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import HardWTA
from neuro_cnn.rules.imprint import imprinted, some_views
from neuro_cnn.rules.positions import a_fraction, at_views, drawn_views


class Assigned(NamedTuple):
    """Updates made and to be made; sums of the views that each plane won, like the weights; and its wins, (K,)."""

    step: int
    updates: int
    sums: Array
    wins: Array


@dataclass(frozen=True)
class KMeans(Rule):
    """Lloyd's algorithm on the sphere: each plane becomes the mean of the views that it wins, of norm 1.

    Dhillon & Modha (2001); for features Coates, Lee & Ng (2011). Each of `iterations` takes its share of the phase's
    batches: with as many epochs every one is a pass over all images. A plane that won nothing becomes a view of the
    last batch, if that has one to give. `positions` is the fraction of the views looked at, drawn anew each time.
    """

    iterations: int = 10
    positions: float = 1.0
    kind: Literal["k_means"] = "k_means"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = PLASTIC

    def __post_init__(self) -> None:
        if self.iterations < 1:
            raise UsageError(f"{self.iterations} iterations of k-means; give at least 1")
        a_fraction(self.positions)

    @property
    def samples(self) -> bool:
        """Whether it draws its views."""
        return self.positions < 1

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Assigned]:
        if 0 < updates < self.iterations:
            raise UsageError(
                f"{updates} batches for {self.iterations} iterations of k-means; give each at least one, by "
                "more epochs or smaller batches"
            )
        params = layer.rewire(params, imprinted(layer, params, sample, rng))
        weight = params.learned.weight
        return params, Assigned(0, updates, 0 * weight, namespace(weight).zeros((weight.shape[0],), dtype=weight.dtype))

    def sees(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Any:
        if self.positions == 1:
            return super().sees(layer, params, x, rng)
        return at_views(layer).forward(params, drawn_views(layer, x, self.positions, rng))[1]

    def update(
        self, layer: Any, params: Params, state: Assigned, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Assigned]:
        layer = layer if self.positions == 1 else at_views(layer)
        g = HardWTA()(activity.drive * awake(activity.excitation))
        sums, wins = state.sums + layer.associate(params, activity, g), state.wins + sum_positions(g)
        step, updates = int(state.step) + 1, int(state.updates)
        # the last batch of an iteration is the one in which step * iterations / updates passes a whole number
        if step * self.iterations // updates == (step - 1) * self.iterations // updates:
            return params, Assigned(step, updates, sums, wins)
        xp, weight = namespace(sums), unit_norm(sums)
        lost = np.flatnonzero(to_numpy(wins) == 0)
        if len(lost):
            fresh = some_views(layer, params, activity.x, rng, len(lost))
            place = np.arange(wins.shape[0])  # where the batch has too few views, a plane stays as it was
            place[lost[: fresh.shape[0]]] = wins.shape[0] + np.arange(fresh.shape[0])
            found = xp.take(xp.concat([params.learned.weight, fresh]), xp.asarray(place), axis=0)
            weight = xp.where(over_planes(wins, sums) > 0, weight, found)
        return layer.rewire(params, weight), Assigned(step, updates, 0 * sums, 0 * wins)
