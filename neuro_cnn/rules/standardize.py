"""Fitting a Normalize layer: mean and deviation of each plane over the training images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Normalize, Params
from neuro_cnn.layers.normalize import Moments
from neuro_cnn.ops.normalize import moments
from neuro_cnn.rules.base import Rule

ROUNDING = 1e-5
"""Deviation over mean up to which a plane is taken never to vary: rounding alone makes as much (our choice)."""


class Pooled(NamedTuple):
    """Count of values seen, and mean and sum of squared deviations of each plane."""

    seen: int
    mean: Array
    squares: Array


@dataclass(frozen=True)
class Standardize(Rule):
    """One pass over the training images fits the layer's mean and deviation (pooled by Chan et al. 1983)."""

    kind: Literal["standardize"] = "standardize"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Normalize,)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Pooled]:
        zero = 0 * params.fixed.mean
        return Params((), Moments(zero, zero + 1)), Pooled(0, zero, zero)

    def update(
        self,
        layer: Any,
        params: Params,
        state: Pooled,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, Pooled]:
        count = activity.x.size // activity.x.shape[1]
        mean, variance = moments(activity.x)
        total = int(state.seen) + count
        away = mean - state.mean
        squares = state.squares + variance * count + away * away * (int(state.seen) * count / total)
        return params, Pooled(total, state.mean + away * (count / total), squares)

    def finish(self, layer: Any, params: Params, state: Pooled) -> Params:
        xp = namespace(state.mean)
        deviation = xp.sqrt(state.squares / max(int(state.seen), 1))
        never = deviation <= ROUNDING * xp.abs(state.mean)
        return Params((), Moments(state.mean, xp.where(never, 0 * deviation, deviation)))
