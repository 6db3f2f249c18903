"""Steps along the gradient, with the same rate for all weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.optim.base import check_decay, check_fraction, penalised, zeros
from neuro_cnn.schedule import Rate, at, checked
from neuro_cnn.tree import tree_map


@dataclass(frozen=True)
class _Momentum:
    """What both kinds of momentum keep: m <- momentum m + g."""

    rate: Rate = 0.01
    momentum: float = 0.9
    decay: float = 0.0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        checked(self.rate)
        check_fraction("momentum", self.momentum)
        check_decay(self.decay)

    def start(self, weights: Any) -> Any:
        """State before the first step."""
        return zeros(weights)

    def _kept(self, weights: Any, gradient: Any, state: Any) -> tuple[Any, Any]:
        """The gradient with its penalty, and the momentum after it."""
        gradient = penalised(gradient, weights, self.decay)
        return gradient, tree_map(lambda m, g: self.momentum * m + g, state, gradient)


@dataclass(frozen=True)
class SGD(_Momentum):
    """Stochastic gradient descent with momentum (Polyak 1964): m <- momentum m + g;  w <- w - rate m."""

    kind: Literal["sgd"] = "sgd"

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate, (_, state) = at(self.rate, step, steps), self._kept(weights, gradient, state)
        return tree_map(lambda w, m: w - rate * m, weights, state), state


@dataclass(frozen=True)
class Nesterov(_Momentum):
    """Nesterov's momentum (1983), which looks ahead: m <- momentum m + g;  w <- w - rate (g + momentum m).

    As Sutskever et al. (2013), eqs. 3 and 4, but w is the place ahead, at which the gradient is taken.
    """

    kind: Literal["nesterov"] = "nesterov"

    def step(self, weights: Any, gradient: Any, state: Any, step: int, steps: int) -> tuple[Any, Any]:
        """One step, number `step` of `steps`."""
        rate, (gradient, state) = at(self.rate, step, steps), self._kept(weights, gradient, state)
        return tree_map(lambda w, g, m: w - rate * (g + self.momentum * m), weights, gradient, state), state
