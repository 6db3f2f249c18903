"""Steps along the gradient, with the same rate for all weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.backend import Array
from neuro_cnn.optim.base import Flat, Numbers, Rows, check_decay, check_fraction, penalised
from neuro_cnn.schedule import Rate, checked


@dataclass(frozen=True)
class _Momentum(Flat):
    """What both kinds of momentum keep: m <- momentum m + g."""

    rate: Rate = 0.01
    momentum: float = 0.9
    decay: float = 0.0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("momentum", self.momentum)
        check_decay(self.decay)

    def constants(self, rate: float, step: int) -> Numbers:
        return rate, self.momentum, self.decay


@dataclass(frozen=True)
class SGD(_Momentum):
    """Stochastic gradient descent with momentum (Polyak 1964): m <- momentum m + g;  w <- w - rate m."""

    kind: Literal["sgd"] = "sgd"
    compiled: ClassVar[str] = "sgd"

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        (m,), (rate, momentum, decay) = memories, constants
        m = momentum * m + penalised(g, w, decay)
        return w - rate * m, m


@dataclass(frozen=True)
class Nesterov(_Momentum):
    """Nesterov's momentum (1983), which looks ahead: m <- momentum m + g;  w <- w - rate (g + momentum m).

    As Sutskever et al. (2013), eqs. 3 and 4, but w is the place ahead, at which the gradient is taken.
    """

    kind: Literal["nesterov"] = "nesterov"
    compiled: ClassVar[str] = "nesterov"

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        (m,), (rate, momentum, decay) = memories, constants
        g = penalised(g, w, decay)
        m = momentum * m + g
        return w - rate * (g + momentum * m), m
