"""Steps whose length each weight has for itself, from how large its gradients have been."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar, Literal, Protocol

from neuro_cnn.backend import Array
from neuro_cnn.optim.base import Flat, Numbers, Rows, check_decay, check_fraction, check_positive, penalised, root
from neuro_cnn.schedule import Rate, checked


@dataclass(frozen=True)
class AdaGrad(Flat):
    """AdaGrad of Duchi, Hazan and Singer (2011), diagonal: s <- s + g^2;  w <- w - rate g / (sqrt(s) + epsilon)."""

    rate: Rate = 0.01
    epsilon: float = 1e-10
    decay: float = 0.0
    kind: Literal["adagrad"] = "adagrad"
    compiled: ClassVar[str] = "adagrad"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def constants(self, rate: float, step: int) -> Numbers:
        return rate, self.epsilon, self.decay

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        (s,), (rate, epsilon, decay) = memories, constants
        g = penalised(g, w, decay)
        s = s + g * g
        return w - rate * g / (root(s) + epsilon), s


@dataclass(frozen=True)
class RMSProp(Flat):
    """RMSProp of Tieleman and Hinton (2012, lecture 6e): v <- rho v + (1 - rho) g^2;  w <- w - rate g / sqrt(v).

    rho is the lecture's; the rate and `epsilon`, added to the root, are as usual today (recalled).
    """

    rate: Rate = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    decay: float = 0.0
    kind: Literal["rmsprop"] = "rmsprop"
    compiled: ClassVar[str] = "rmsprop"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("rho", self.rho)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def constants(self, rate: float, step: int) -> Numbers:
        return rate, self.rho, 1 - self.rho, self.epsilon, self.decay

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        (v,), (rate, rho, rest, epsilon, decay) = memories, constants
        g = penalised(g, w, decay)
        v = rho * v + rest * g * g
        return w - rate * g / (root(v) + epsilon), v


@dataclass(frozen=True)
class Adadelta(Flat):
    """Adadelta of Zeiler (2012), Algorithm 1, in which steps d have the units of the weights.

    v <- rho v + (1 - rho) g^2;  d = g sqrt(u + epsilon) / sqrt(v + epsilon);  u <- rho u + (1 - rho) d^2;  w <- w - d.
    rho and epsilon are those of its sec. 4.1; the rate, by which d is multiplied, is 1 in the paper.
    """

    rate: Rate = 1.0
    rho: float = 0.95
    epsilon: float = 1e-6
    decay: float = 0.0
    kind: Literal["adadelta"] = "adadelta"
    compiled: ClassVar[str] = "adadelta"
    memories: ClassVar[int] = 2
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("rho", self.rho)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def constants(self, rate: float, step: int) -> Numbers:
        return rate, self.rho, 1 - self.rho, self.epsilon, self.decay

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        (v, u), (rate, rho, rest, epsilon, decay) = memories, constants
        g = penalised(g, w, decay)
        v = rho * v + rest * g * g
        d = g * root((u + epsilon) / (v + epsilon))
        return w - rate * d, v, rho * u + rest * d * d


class _Moments(Flat, Protocol):
    """Adam's step: m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - rate m' / (sqrt(v') + epsilon).

    Kingma and Ba (2015), Algorithm 1.
    """

    compiled: ClassVar[str] = "adam"
    memories: ClassVar[int] = 2
    beta1: float
    beta2: float
    epsilon: float
    decay: float

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("beta1", self.beta1)
        check_fraction("beta2", self.beta2)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    @abstractmethod
    def decays(self, rate: float) -> tuple[float, float]:
        """What is left of the weights before the step, and the decay that is part of the gradient."""
        ...

    def constants(self, rate: float, step: int) -> Numbers:
        b1, b2, (kept, decay) = self.beta1, self.beta2, self.decays(rate)
        # m' = m / fix1 and v' = v / fix2, for the moments start at 0; both as factors of the rate: end of sec. 2
        fix1, fix2 = 1 - b1 ** (step + 1), 1 - b2 ** (step + 1)
        return rate * sqrt(fix2) / fix1, b1, 1 - b1, b2, 1 - b2, self.epsilon * sqrt(fix2), kept, decay

    @staticmethod
    def formula(w: Array, g: Array, memories: Rows, constants: Numbers) -> Rows:
        m, v = memories
        rate, b1, rest1, b2, rest2, epsilon, kept, decay = constants
        g = penalised(g, w, decay)
        m = b1 * m + rest1 * g
        v = b2 * v + rest2 * g * g
        return kept * w - rate * m / (root(v) + epsilon), m, v


@dataclass(frozen=True)
class Adam(_Moments):
    """Adam of Kingma and Ba (2015), Algorithm 1; the defaults are the paper's."""

    rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.0
    kind: Literal["adam"] = "adam"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def decays(self, rate: float) -> tuple[float, float]:
        return 1, self.decay


@dataclass(frozen=True)
class AdamW(_Moments):
    """Adam whose decay is not part of the gradient: w <- (1 - rate decay) w before Adam's step.

    Loshchilov and Hutter (2019), Algorithm 2, with their rate times schedule as one `rate`, by which the decay is
    multiplied too, as is usual (recalled); the decay is our choice.
    """

    rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.01
    kind: Literal["adamw"] = "adamw"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def decays(self, rate: float) -> tuple[float, float]:
        return 1 - rate * self.decay, 0
