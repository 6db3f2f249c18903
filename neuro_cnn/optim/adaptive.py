"""Steps whose length each weight has for itself, from how large its gradients have been."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.backend import namespace
from neuro_cnn.optim.base import check_decay, check_fraction, check_positive, penalised, zeros
from neuro_cnn.schedule import Rate, at, checked
from neuro_cnn.tree import tree_map


@dataclass(frozen=True)
class AdaGrad:
    """AdaGrad of Duchi, Hazan and Singer (2011), diagonal: s <- s + g^2;  w <- w - rate g / (sqrt(s) + epsilon)."""

    rate: Rate = 0.01
    epsilon: float = 1e-10
    decay: float = 0.0
    kind: Literal["adagrad"] = "adagrad"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def start(self, weights: Any) -> Any:
        """State before the first step: the sums of squares."""
        return zeros(weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate, gradient = at(self.rate, step, steps), penalised(gradient, weights, self.decay)
        state = tree_map(lambda s, g: s + g * g, state, gradient)
        return tree_map(lambda w, g, s: w - rate * g / (_root(s) + self.epsilon), weights, gradient, state), state


@dataclass(frozen=True)
class RMSProp:
    """RMSProp of Tieleman and Hinton (2012, lecture 6e): v <- rho v + (1 - rho) g^2;  w <- w - rate g / sqrt(v).

    rho is the lecture's; the rate and `epsilon`, added to the root, are as usual today (recalled).
    """

    rate: Rate = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    decay: float = 0.0
    kind: Literal["rmsprop"] = "rmsprop"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("rho", self.rho)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def start(self, weights: Any) -> Any:
        """State before the first step: the running mean squares."""
        return zeros(weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate, gradient = at(self.rate, step, steps), penalised(gradient, weights, self.decay)
        state = _faded(state, gradient, self.rho)
        return tree_map(lambda w, g, v: w - rate * g / (_root(v) + self.epsilon), weights, gradient, state), state


@dataclass(frozen=True)
class Adadelta:
    """Adadelta of Zeiler (2012), Algorithm 1, in which steps d have the units of the weights.

    v <- rho v + (1 - rho) g^2;  d = g sqrt(u + epsilon) / sqrt(v + epsilon);  u <- rho u + (1 - rho) d^2;  w <- w - d.
    rho and epsilon are those of its sec. 4.1; the rate, by which d is multiplied, is 1 in the paper.
    """

    rate: Rate = 1.0
    rho: float = 0.95
    epsilon: float = 1e-6
    decay: float = 0.0
    kind: Literal["adadelta"] = "adadelta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("rho", self.rho)
        check_positive("epsilon", self.epsilon)
        check_decay(self.decay)

    def start(self, weights: Any) -> Any:
        """State before the first step: the running mean squares of gradients and of steps."""
        return zeros(weights), zeros(weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate, gradient = at(self.rate, step, steps), penalised(gradient, weights, self.decay)
        v = _faded(state[0], gradient, self.rho)
        ratio = tree_map(lambda u, v: _root((u + self.epsilon) / (v + self.epsilon)), state[1], v)
        d = tree_map(lambda g, r: g * r, gradient, ratio)
        return tree_map(lambda w, d: w - rate * d, weights, d), (v, _faded(state[1], d, self.rho))


@dataclass(frozen=True)
class Adam:
    """Adam of Kingma and Ba (2015), Algorithm 1; the defaults are the paper's."""

    rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.0
    kind: Literal["adam"] = "adam"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        _check_moments(self)

    def start(self, weights: Any) -> Any:
        """State before the first step: the running first and second moments."""
        return zeros(weights), zeros(weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        return _by_moments(self, weights, penalised(gradient, weights, self.decay), state, step, steps)


@dataclass(frozen=True)
class AdamW:
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

    def __post_init__(self) -> None:
        _check_moments(self)

    def start(self, weights: Any) -> Any:
        """State before the first step: the running first and second moments."""
        return zeros(weights), zeros(weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        kept = 1 - at(self.rate, step, steps) * self.decay
        return _by_moments(self, tree_map(lambda w: kept * w, weights), gradient, state, step, steps)


def _check_moments(optimizer: Adam | AdamW) -> None:
    checked(optimizer.rate)
    check_fraction("beta1", optimizer.beta1)
    check_fraction("beta2", optimizer.beta2)
    check_positive("epsilon", optimizer.epsilon)
    check_decay(optimizer.decay)


def _by_moments(
    optimizer: Adam | AdamW, weights: Any, gradient: Any, state: Any, step: int, steps: int
) -> tuple[Any, Any]:
    """Adam's step: m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2;  w <- w - rate m' / (sqrt(v') + epsilon)."""
    b1, b2 = optimizer.beta1, optimizer.beta2
    rate = at(optimizer.rate, step, steps)
    m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state[0], gradient)
    v = _faded(state[1], gradient, b2)
    fix1, fix2 = 1 - b1 ** (step + 1), 1 - b2 ** (step + 1)  # the moments start at 0
    moved = tree_map(lambda w, m, v: w - (rate / fix1) * m / (_root(v / fix2) + optimizer.epsilon), weights, m, v)
    return moved, (m, v)


def _faded(state: Any, gradient: Any, rho: float) -> Any:
    """The running mean square: v <- rho v + (1 - rho) g^2."""
    return tree_map(lambda v, g: rho * v + (1 - rho) * g * g, state, gradient)


def _root(x: Any) -> Any:
    return namespace(x).sqrt(x)
