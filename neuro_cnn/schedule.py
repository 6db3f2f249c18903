"""How a rate changes over a phase."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.errors import UsageError


@dataclass(frozen=True)
class Linear:
    """A rate that goes in a straight line from `start` to `stop` over the phase."""

    start: float
    stop: float = 0.0
    kind: Literal["linear"] = "linear"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def at(self, step: int, steps: int) -> float:
        """The rate at update `step` of `steps`."""
        return self.stop + (self.start - self.stop) * (1 - step / steps)


@dataclass(frozen=True)
class Cosine:
    """A rate that falls from `start` to `stop` along half a cosine over the phase (Loshchilov & Hutter 2017)."""

    start: float
    stop: float = 0.0
    kind: Literal["cosine"] = "cosine"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def at(self, step: int, steps: int) -> float:
        """The rate at update `step` of `steps`."""
        return self.stop + (self.start - self.stop) * ((1 + cos(pi * (step / steps))) / 2)


@dataclass(frozen=True)
class Exponential:
    """A rate that goes from `start` to `stop` by the same factor at each update."""

    start: float
    stop: float
    kind: Literal["exponential"] = "exponential"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not (self.start > 0 and self.stop > 0):
            raise UsageError(f"no factor leads from {self.start} to {self.stop}; give numbers above 0")

    def at(self, step: int, steps: int) -> float:
        """The rate at update `step` of `steps`."""
        return float(self.start * (self.stop / self.start) ** (step / steps))


@dataclass(frozen=True)
class Steps:
    """A rate that stays, but is multiplied by `factor` once each of the shares `after` of the phase is done."""

    start: float
    factor: float = 0.1
    after: tuple[float, ...] = (0.5, 0.75)  # of CIFAR-10 in He et al. 2016, sec. 4.2, and its factor
    kind: Literal["steps"] = "steps"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.factor < float("inf"):
            raise UsageError(f"a rate multiplied by {self.factor}; give a number above 0")
        if not all(0 < share < 1 for share in self.after):
            raise UsageError(f"steps after the shares {self.after} of a phase; each must lie between 0 and 1")

    @property
    def stop(self) -> float:
        """The rate in the end."""
        return self.at(1, 1)

    def at(self, step: int, steps: int) -> float:
        """The rate at update `step` of `steps`."""
        return float(self.start * self.factor ** sum(step / steps >= share for share in self.after))


@dataclass(frozen=True)
class Warmup:
    """A rate that first rises evenly from 0, over the share `over` of the phase, to where `then` begins (our form).

    From there `then` has the rest of the phase.
    """

    then: float | Annotated[Linear | Cosine | Exponential | Steps, Field(discriminator="kind")]
    over: float = 0.05  # our choice
    kind: Literal["warmup"] = "warmup"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.over < 1:
            raise UsageError(f"a rate that rises over the share {self.over} of a phase; it must lie between 0 and 1")

    @property
    def start(self) -> float:
        """The rate to which it rises."""
        return at(self.then, 0, 1)

    @property
    def stop(self) -> float:
        """The rate in the end."""
        return at(self.then, 1, 1)

    def at(self, step: int, steps: int) -> float:
        """The rate at update `step` of `steps`."""
        rising = int(self.over * steps)
        return self.start * step / rising if step < rising else at(self.then, step - rising, steps - rising)


Schedule: TypeAlias = Linear | Cosine | Exponential | Steps | Warmup
Rate: TypeAlias = float | Annotated[Schedule, Field(discriminator="kind")]


def at(rate: Rate, step: int, steps: int) -> float:
    """The rate at update `step` of `steps`."""
    return float(rate) if isinstance(rate, float | int) else rate.at(step, steps)


def checked(rate: Rate) -> Rate:
    """The rate; raises UsageError when it is or becomes negative or is not a number."""
    ends = (rate,) if isinstance(rate, float | int) else (rate.start, rate.stop)
    if not all(0 <= end < float("inf") for end in ends):
        raise UsageError(f"rate {rate}; rates must be numbers from 0 up")
    return rate


def positive(rate: Rate) -> Rate:
    """The rate; raises UsageError when it does not begin above 0, becomes negative or is not a number."""
    checked(rate)
    if not (rate if isinstance(rate, float | int) else rate.start) > 0:
        raise UsageError(f"rate {rate}; a rate must begin above 0, or nothing is learned")
    return rate
