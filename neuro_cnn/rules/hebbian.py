"""Hebbian competition: every rule that moves weights by dw = c * (G^T x) - A w."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import PLASTIC, Params
from neuro_cnn.ops.compete import awake
from neuro_cnn.ops.normalize import norms, over_planes, sum_positions
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.competition import KWTA, Everyone, HardWTA, SoftWTA
from neuro_cnn.rules.homeostasis import Homeostasis, UnitNorm
from neuro_cnn.rules.imprint import imprinted
from neuro_cnn.rules.lateral import AntiHebbian
from neuro_cnn.rules.plasticity import Instar, Plasticity, Trace
from neuro_cnn.rules.positions import a_fraction, at_views, drawn_views
from neuro_cnn.rules.seed_cells import SeedCells
from neuro_cnn.rules.sheet import Neighbourhood
from neuro_cnn.rules.spatial import PerImage, Surround
from neuro_cnn.schedule import Rate, at, positive

Competition: TypeAlias = (
    Everyone | HardWTA | KWTA | SoftWTA | SeedCells | PerImage | Surround | AntiHebbian | Neighbourhood
)


class HebbianState(NamedTuple):
    """How many updates were made of how many, and the states of competition, plasticity and each homeostasis."""

    step: int
    updates: int
    competition: Any
    plasticity: Any
    homeostasis: tuple[Any, ...]


@dataclass(frozen=True)
class Hebbian(Rule):
    """Learning by competition: the planes compete at each position, and the winners learn what they see.

    `scale` says what a step of `rate` is. By "chances" each plane moves by `rate` times its mean over the learning
    chances it got in the batch; a plane that got less than its fair share, or than the largest chance of one cell,
    moves in proportion less (our choice: steps then depend neither on the size of the batch nor on the number of
    planes). By "largest" the synapse that changes most changes by `rate`, as Krotov & Hopfield (2019) and Journe et al.
    (2023) scale theirs.

    `initial` weights are the layer's own ("random"), their absolute values ("positive") or views of training images
    ("data"), of norm `radius` where it is given. `positions` is the fraction of the views of a batch that is learned
    from, drawn anew each time: for that much less work.
    """

    rate: Annotated[Rate, Field(union_mode="left_to_right")] = 0.1
    competition: Annotated[Competition, Field(discriminator="kind")] = HardWTA()
    plasticity: Annotated[Plasticity, Field(discriminator="kind")] = Instar()
    homeostasis: tuple[Annotated[Homeostasis, Field(discriminator="kind")], ...] = (UnitNorm(),)
    initial: Literal["random", "positive", "data"] = "random"
    radius: float | None = None
    scale: Literal["chances", "largest"] = "chances"
    positions: float = 1.0
    kind: Literal["hebbian"] = "hebbian"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = PLASTIC

    def __post_init__(self) -> None:
        positive(self.rate)
        a_fraction(self.positions)
        if self.radius is not None and not 0 < self.radius < float("inf"):
            raise UsageError(f"initial weights of norm {self.radius}; radius must be a positive number")
        if self.positions < 1 and (self.competition.spatial or self.sequence):
            kind = (self.competition if self.competition.spatial else self.plasticity).kind
            raise UsageError(f"{kind} needs all positions, not a fraction of {self.positions}; leave positions out")

    @property
    def sequence(self) -> int:
        """The frames of a sequence, where a trace is kept."""
        return self.plasticity.length if isinstance(self.plasticity, Trace) else 0

    @property
    def samples(self) -> bool:
        """Whether it draws its views."""
        return self.positions < 1

    def check(self, layer: Any, params: Params) -> None:
        weight = params.learned.weight
        self.competition.check(weight.shape[0])
        self.plasticity.check(weight.shape)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, HebbianState]:
        weight = layer.rewire(params, self._first(layer, params, sample, rng)).learned.weight  # permitted weights
        states = []
        for h in self.homeostasis:
            weight, kept = h.start(weight)
            states.append(kept)
        state = HebbianState(
            0, updates, self.competition.start(weight, updates), self.plasticity.start(weight), tuple(states)
        )
        return layer.rewire(params, weight), state

    def _first(self, layer: Any, params: Params, sample: Array, rng: np.random.Generator) -> Array:
        weight = params.learned.weight
        if self.initial == "data":
            weight = imprinted(layer, params, sample, rng)
        elif self.initial == "positive":
            weight = namespace(weight).abs(weight)
        if self.radius is None:
            return weight
        # of this norm in the mean over planes: single planes keep their differences
        size = norms(weight)
        return weight * (self.radius / sqrt(float(namespace(size).mean(size * size))))

    def sees(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Any:
        if self.positions == 1:
            return super().sees(layer, params, x, rng)
        return at_views(layer).forward(params, drawn_views(layer, x, self.positions, rng))[1]

    def update(
        self,
        layer: Any,
        params: Params,
        state: HebbianState,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, HebbianState]:
        wired = layer if self.positions == 1 else at_views(layer)
        drive, weight = self._drive(activity), params.learned.weight
        g = self.competition(self._handicapped(drive, state), state.competition)
        factor, decay, plasticity = self.plasticity(g, activity.excitation, weight, state.plasticity)
        step = wired.associate(params, activity, factor) - _decayed(decay, weight)
        rate = at(self.rate, int(state.step), int(state.updates))
        step = self._scaled(step, g)
        for h in self.homeostasis:
            step = step * _over(h.pace(weight), weight)
        weight = layer.rewire(params, weight + rate * step).learned.weight
        states = []
        for h, kept in zip(self.homeostasis, state.homeostasis, strict=True):
            weight, kept = h.settle(weight, g, drive, kept)
            states.append(kept)
        competition = self.competition.settle(g, drive, state.competition)
        new = HebbianState(state.step + 1, state.updates, competition, plasticity, tuple(states))
        return layer.rewire(params, weight), new

    def finish(self, layer: Any, params: Params, state: HebbianState) -> Params:
        weight = params.learned.weight
        for h, kept in zip(self.homeostasis, state.homeostasis, strict=True):
            weight = h.finish(weight, kept)
        finished: Params = layer.rewire(params, weight)
        return finished

    def chosen(self, activity: Any, state: HebbianState) -> Array:
        """What the competition lets through, 1 at winners: like the drive."""
        return self.competition(self._handicapped(self._drive(activity), state), state.competition)

    def _drive(self, activity: Any) -> Array:
        if activity.drive is activity.excitation:
            return activity.drive
        return activity.drive * awake(activity.excitation)  # a bias alone drives nobody to compete

    def _handicapped(self, drive: Array, state: HebbianState) -> Array:
        for h, kept in zip(self.homeostasis, state.homeostasis, strict=True):
            drive = h.handicap(drive, kept)
        return drive

    def _scaled(self, step: Array, g: Array) -> Array:
        if self.scale == "chances":
            return step / over_planes(_share(g), step)
        xp = namespace(step)
        largest = xp.max(xp.abs(step))
        return step / xp.where(largest > 0, largest, xp.ones((), dtype=step.dtype))


def _decayed(decay: Array, weight: Array) -> Array:
    """A w for a decay of each plane, (K,), or between planes, (K, K): like the weights."""
    if decay.ndim == 1:
        return over_planes(decay, weight) * weight
    xp = namespace(weight)
    return xp.reshape(decay @ xp.reshape(weight, (weight.shape[0], -1)), weight.shape)


def _over(pace: Array | float, weight: Array) -> Array | float:
    return pace if isinstance(pace, float) else over_planes(pace, weight)


def _share(g: Array) -> Array:
    """Learning chances of each plane, (K,), but never less than a fair share of all, nor a single cell's, nor 0."""
    xp = namespace(g)
    chances = sum_positions(g)
    least = xp.maximum(xp.sum(chances) / g.shape[1], xp.max(g))
    return xp.maximum(chances, xp.where(least > 0, least, xp.ones((), dtype=g.dtype)))
