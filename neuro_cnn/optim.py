"""How an error gradient moves the weights: (weights, gradient, state) -> (weights, state), trees of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.schedule import Rate, at, checked
from neuro_cnn.tree import tree_map


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum: m <- momentum m + g + decay w;  w <- w - rate m."""

    rate: Rate = 0.01
    momentum: float = 0.9
    decay: float = 0.0
    kind: Literal["sgd"] = "sgd"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        _fraction("momentum", self.momentum)
        if not 0 <= self.decay < float("inf"):
            raise UsageError(f"decay is {self.decay}; it must be a number from 0 up")

    def start(self, weights: Any) -> Any:
        """State before the first step."""
        return tree_map(lambda w: 0 * w, weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate = at(self.rate, step, steps)
        state = tree_map(lambda m, g, w: self.momentum * m + g + self.decay * w, state, gradient, weights)
        return tree_map(lambda w, m: w - rate * m, weights, state), state


@dataclass(frozen=True)
class Adam:
    """Adam of Kingma and Ba (2015), Algorithm 1; the defaults are the paper's."""

    rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    kind: Literal["adam"] = "adam"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        _fraction("beta1", self.beta1)
        _fraction("beta2", self.beta2)
        if not self.epsilon > 0:
            raise UsageError(f"epsilon is {self.epsilon}; it must be positive")

    def start(self, weights: Any) -> Any:
        """State before the first step: the running first and second moments."""
        return tree_map(lambda w: 0 * w, weights), tree_map(lambda w: 0 * w, weights)

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        b1, b2 = self.beta1, self.beta2
        rate = at(self.rate, step, steps)
        m = tree_map(lambda m, g: b1 * m + (1 - b1) * g, state[0], gradient)
        v = tree_map(lambda v, g: b2 * v + (1 - b2) * g * g, state[1], gradient)
        fix1, fix2 = 1 - b1 ** (step + 1), 1 - b2 ** (step + 1)  # the moments start at 0

        def move(w: Any, m: Any, v: Any) -> Any:
            return w - (rate / fix1) * m / (namespace(v).sqrt(v / fix2) + self.epsilon)

        return tree_map(move, weights, m, v), (m, v)


Optimizer: TypeAlias = SGD | Adam


def _fraction(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise UsageError(f"{name} is {value}; it must lie in [0, 1)")
