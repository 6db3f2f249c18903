"""Layers that draw lots in a learning pass, and do at rest what they do on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers.base import Key, Layer, Params
from neuro_cnn.ops.random import uniform


class Gains(NamedTuple):
    """What each cell was multiplied by, (N, K, ...); () where all cells passed unchanged."""

    gain: Array


@dataclass(frozen=True)
class Dropout(Layer):
    """In a learning pass each cell falls silent with probability `rate`, and the others answer 1 / (1 - rate) times.

    Srivastava et al. (2014), whose rate for inner layers it is; inverted: they scale the weights at rest instead.
    """

    rate: float = 0.5
    kind: Literal["dropout"] = "dropout"

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise UsageError(f"dropout at a rate of {self.rate}; it must lie in [0, 1)")

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Gains]:
        if train is None or self.rate == 0:
            return x, Gains(())
        kept = uniform(train.words, x.shape, x, train.first) >= self.rate
        gain = namespace(x).astype(kept, x.dtype) / (1 - self.rate)
        return x * gain, Gains(gain)

    def backward(
        self, params: Params, activity: Gains, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        if not need_input:
            return None, ()
        return dy if isinstance(activity.gain, tuple) else dy * activity.gain, ()


@dataclass(frozen=True)
class RReLU(Layer):
    """x above 0; below, in a learning pass, x times a slope drawn for each cell between `lower` and `upper`.

    At rest the slope is the mean of both. The bounds are those of Xu et al. (2015), who draw the divisor, from 3 to 8;
    that slopes are uniform is how libraries have it.
    """

    lower: float = 1 / 8
    upper: float = 1 / 3
    kind: Literal["rrelu"] = "rrelu"

    def __post_init__(self) -> None:
        if not 0 <= self.lower <= self.upper < float("inf"):
            raise UsageError(f"slopes from {self.lower} to {self.upper}; give 0 <= lower <= upper")

    def forward(self, params: Params, x: Array, train: Key | None = None) -> tuple[Array, Gains]:
        xp = namespace(x)
        if train is None:
            slope = xp.asarray((self.lower + self.upper) / 2, dtype=x.dtype)
        else:
            slope = self.lower + (self.upper - self.lower) * uniform(train.words, x.shape, x, train.first)
        gain = xp.where(x > 0, xp.ones((), dtype=x.dtype), slope)
        return x * gain, Gains(gain)

    def backward(
        self, params: Params, activity: Gains, dy: Array, need_input: bool = True
    ) -> tuple[Array | None, tuple[()]]:
        return dy * activity.gain if need_input else None, ()
