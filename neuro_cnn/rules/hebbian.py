"""Hebbian competition: every rule that moves weights by dw = c * (G^T x) - A w."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Conv, Dense, Params, SCells
from neuro_cnn.ops.compete import awake
from neuro_cnn.ops.normalize import over_planes, sum_positions
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import Competition, HardWTA
from neuro_cnn.rules.homeostasis import Homeostasis, UnitNorm
from neuro_cnn.rules.imprint import imprinted
from neuro_cnn.rules.plasticity import Instar, Plasticity
from neuro_cnn.schedule import Rate, at, checked


class HebbianState(NamedTuple):
    """How many updates were made of how many, and the state of each homeostasis."""

    step: int
    updates: int
    homeostasis: tuple[Any, ...]


@dataclass(frozen=True)
class Hebbian(Rule):
    """Learning by competition: the planes compete at each position, and the winners learn what they see.

    In a batch, each plane moves by `rate` times its mean over the learning chances it got; a plane that got less
    than its fair share moves in proportion less (our choice: steps then depend neither on the size of the batch
    nor on the number of planes). `initial` "data" starts from views of training images, "random" from the layer's
    own weights.
    """

    rate: Annotated[Rate, Field(union_mode="left_to_right")] = 0.1
    competition: Annotated[Competition, Field(discriminator="kind")] = HardWTA()
    plasticity: Annotated[Plasticity, Field(discriminator="kind")] = Instar()
    homeostasis: tuple[Annotated[Homeostasis, Field(discriminator="kind")], ...] = (UnitNorm(),)
    initial: Literal["random", "data"] = "random"
    kind: Literal["hebbian"] = "hebbian"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv, SCells, Dense)

    def __post_init__(self) -> None:
        checked(self.rate)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, HebbianState]:
        weight = params.learned.weight if self.initial == "random" else imprinted(layer, params, sample, rng)
        weight = layer.rewire(params, weight).learned.weight  # norms are taken of permitted weights
        states = []
        for h in self.homeostasis:
            weight, kept = h.start(weight)
            states.append(kept)
        return layer.rewire(params, weight), HebbianState(0, updates, tuple(states))

    def update(
        self,
        layer: Any,
        params: Params,
        state: HebbianState,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, HebbianState]:
        g = self.chosen(activity, state)
        factor, decay = self.plasticity(g, activity.excitation)
        weight = params.learned.weight
        step = layer.associate(params, activity, factor) - over_planes(decay, weight) * weight
        weight = weight + at(self.rate, int(state.step), int(state.updates)) * step / over_planes(_share(g), weight)
        weight = layer.rewire(params, weight).learned.weight
        states = []
        for h, kept in zip(self.homeostasis, state.homeostasis, strict=True):
            weight, kept = h.settle(weight, g, kept)
            states.append(kept)
        return layer.rewire(params, weight), HebbianState(state.step + 1, state.updates, tuple(states))

    def chosen(self, activity: Any, state: HebbianState) -> Array:
        """What the competition lets through, 1 at winners: like the drive."""
        drive = activity.drive
        if drive is not activity.excitation:
            drive = drive * awake(activity.excitation)  # a bias alone drives nobody to compete
        for h, kept in zip(self.homeostasis, state.homeostasis, strict=True):
            drive = h.handicap(drive, kept)
        return self.competition(drive)


def _share(g: Array) -> Array:
    """Learning chances of each plane, (K,), but never less than a fair share of all, nor 0."""
    xp = namespace(g)
    chances = sum_positions(g)
    fair = xp.sum(chances) / g.shape[1]
    return xp.maximum(chances, xp.where(fair > 0, fair, xp.ones((), dtype=g.dtype)))
