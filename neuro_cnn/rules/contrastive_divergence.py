"""The restricted Boltzmann machine by contrastive divergence: what the data say against what the cells dream.

G. Hinton: A practical guide to training restricted Boltzmann machines. UTML TR 2010-003; LNCS 7700 (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense, Params, SCells
from neuro_cnn.ops.normalize import at_planes, sum_positions
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.generative import (
    Apart,
    FromChance,
    Initial,
    Lesson,
    Tied,
    Views,
    drive,
    logistic,
    sent_down,
    shaped,
    tied,
    wired,
)
from neuro_cnn.schedule import Linear, Rate, at, positive
from neuro_cnn.tree import tree_map


@dataclass(frozen=True)
class Bernoulli:
    """Binary units below, or probabilities in [0, 1], as pixels are: p(v = 1 | h) = logistic(W^T h + c)."""

    kind: Literal["bernoulli"] = "bernoulli"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    variance: ClassVar[float] = 1.0

    def mean(self, drive: Array) -> Array:
        """The mean of the layer below when h speaks of it, from W^T h + c."""
        return logistic(drive)

    def bias(self, mean: Array) -> Array:
        """The visible bias that gives this mean without any h; never-lit and ever-lit units stay finite."""
        xp = namespace(mean)
        p = 0.01 + 0.98 * mean  # our choice: Hinton 2012, sec. 8, log(p / (1 - p)), of units that are ever the same
        return xp.log(p / (1 - p))


@dataclass(frozen=True)
class Gaussian:
    """Real units below, of this deviation about their mean: v | h ~ N(d^2 (W^T h + c), d^2).

    The energy is |v|^2 / 2d^2 - c v - b h - h W v. Nothing is learned of input that varies less than `deviation`:
    1 is for standardised input (Hinton 2012, sec. 13.2), less for contrast.
    """

    deviation: float = 1.0
    kind: Literal["gaussian"] = "gaussian"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.deviation < inf:
            raise UsageError(f"deviation of the visible units is {self.deviation}; it must be positive")

    def mean(self, drive: Array) -> Array:
        """The mean of the layer below when h speaks of it, from W^T h + c."""
        return self.variance * drive

    def bias(self, mean: Array) -> Array:
        """The visible bias that gives this mean without any h."""
        return mean / self.variance

    @property
    def variance(self) -> float:
        """The square of the deviation."""
        return self.deviation**2


Visible: TypeAlias = Bernoulli | Gaussian


@dataclass(frozen=True)
class Sparse:
    """Cells are drawn towards being on with probability `target` (Hinton 2012, sec. 11): dh = cost (target - share).

    `share`, how often a cell is on, is a running mean of which `memory` is left after a batch.
    """

    target: float = 0.05  # Hinton: between 0.01 and 0.1
    cost: float = 1.0  # our choice; Hinton: so that the mean is near the target and nothing else suffers
    memory: float = 0.9  # Hinton: 0.9 to 0.99
    kind: Literal["sparse"] = "sparse"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise UsageError(f"sparse with target {self.target}; it must lie between 0 and 1")
        if not 0 <= self.cost < inf:
            raise UsageError(f"sparse at a cost of {self.cost}; it must be a number from 0 up")
        if not 0 <= self.memory < 1:
            raise UsageError(f"sparse with memory {self.memory}; it must lie in [0, 1)")


class DivergenceState(NamedTuple):
    """How many updates were made of how many, the biases, the momentum, and how often each cell is on, (K,)."""

    step: int
    updates: int
    hidden: Array
    visible: Array
    velocity: Tied
    share: Array


@dataclass(frozen=True)
class ContrastiveDivergence(Rule):
    """The restricted Boltzmann machine by CD-k (Hinton 2002): dw = <v h> of the data - <v h> after k steps of Gibbs.

    As Hinton's guide says (2012, sec. 3): the cells that speak for the data are drawn, 0 or 1; what they say of the
    layer below, and the last cells, are probabilities. Where views are everywhere it is the convolutional machine of
    Lee et al. (2009) without its pooling. Products are means over images and positions, so that `rate` holds for maps
    of any size (our choice). `decay` is of the weights alone. Cells without a bias have one while they learn, in the
    rule's state; rectified cells that keep theirs answer where a cell is likelier on than off, so that sparse ones
    are seldom heard. Constants with a section are the guide's, recalled.
    """

    rate: Annotated[Rate, Field(union_mode="left_to_right")] = 0.05
    visible: Annotated[Visible, Field(discriminator="kind")] = Bernoulli()
    k: int = 1
    momentum: Annotated[Rate, Field(union_mode="left_to_right")] = Linear(0.5, 0.9)  # sec. 9: first 0.5, then 0.9
    decay: float = 0.0002  # sec. 10: 0.01 to 0.00001
    sparse: Sparse | None = None
    views: Annotated[Views, Field(discriminator="kind")] = Apart()
    initial: Annotated[Initial, Field(discriminator="kind")] = FromChance()
    kind: Literal["contrastive_divergence"] = "contrastive_divergence"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv, SCells, Dense)

    def __post_init__(self) -> None:
        positive(self.rate)
        if self.k < 1:
            raise UsageError(f"contrastive divergence with k = {self.k} steps; it takes at least 1")
        if not all(0 <= at(self.momentum, end, 1) < 1 for end in (0, 1)):
            raise UsageError(f"momentum is {self.momentum}; it must lie in [0, 1)")
        if not 0 <= self.decay < inf:
            raise UsageError(f"decay is {self.decay}; it must be a number from 0 up")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, DivergenceState]:
        xp = namespace(sample)
        x = self.views(layer, params, sample, rng).x
        weight, hidden, _ = tied(layer, self.initial(layer, params, sample, rng) / sqrt(self.visible.variance), x)
        share = hidden + (self.sparse.target if self.sparse else 0.5)
        mean = sum_positions(x) / max(x.size // x.shape[1], 1)
        machine = Tied(weight, xp.log(share / (1 - share)), self.visible.bias(xp.astype(mean, share.dtype)))  # sec. 8
        still = tree_map(lambda w: 0 * w, machine)
        return wired(layer, params, machine), DivergenceState(0, updates, *machine[1:], still, share)

    def update(
        self,
        layer: Any,
        params: Params,
        state: DivergenceState,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, DivergenceState]:
        machine = Tied(params.learned.weight, state.hidden, state.visible)
        lesson = self.views(layer, params, activity.x, rng)
        step, updates = int(state.step), int(state.updates)
        if not lesson.x.shape[0]:  # nothing but blank views
            return params, state._replace(step=step + 1)
        contrast, share = self.contrast(lesson, machine, state.share, rng)
        direction = shaped(contrast, machine.weight)
        direction = direction._replace(weight=direction.weight - self.decay * machine.weight)
        rate, momentum = at(self.rate, step, updates), at(self.momentum, step, updates)
        velocity = tree_map(lambda m, d: momentum * m + d, state.velocity, direction)
        machine = tree_map(lambda w, m: w + rate * m, machine, velocity)
        state = DivergenceState(step + 1, updates, machine.hidden, machine.visible, velocity, share)
        return wired(layer, params, machine), state

    def contrast(self, lesson: Lesson, machine: Tied, share: Array, rng: np.random.Generator) -> tuple[Tied, Array]:
        """Data against dream, the direction of a step; and how often each cell is on, with these data counted in."""
        cells, params, x = lesson
        data = dream = cells.forward(params, x)[1]
        awake = asleep = logistic(drive(data, machine))
        for _ in range(self.k):
            below = self.visible.mean(sent_down(lesson, machine, drawn(asleep, rng)))
            dream = cells.forward(params, below)[1]
            asleep = logistic(drive(dream, machine))
        seen, inputs = awake.size / awake.shape[1], x.size / x.shape[1]
        if self.sparse:
            share = self.sparse.memory * share + (1 - self.sparse.memory) * sum_positions(awake) / seen
            awake = awake + self.sparse.cost * at_planes(self.sparse.target - share, awake)
        weight = cells.associate(params, data, awake) - cells.associate(params, dream, asleep)
        unit = self.visible.variance  # a step is the same whatever the unit in which inputs are measured
        away = sum_positions(x - dream.x) / inputs
        return Tied(weight / (seen * unit), sum_positions(awake - asleep) / seen, away / unit), share


def drawn(probability: Array, rng: np.random.Generator) -> Array:
    """1 with this probability, else 0, in the order of the cells whatever their order in memory."""
    xp = namespace(probability)
    return xp.astype(xp.asarray(rng.random(probability.shape, dtype=np.float32)) < probability, probability.dtype)
