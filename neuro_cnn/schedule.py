"""How a rate changes over a phase."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.errors import UsageError


@dataclass(frozen=True)
class Linear:
    """A rate that goes in a straight line from `start` to `stop` over the phase."""

    start: float
    stop: float = 0.0
    kind: Literal["linear"] = "linear"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Cosine:
    """A rate that falls from `start` to `stop` along half a cosine over the phase (Loshchilov & Hutter 2017)."""

    start: float
    stop: float = 0.0
    kind: Literal["cosine"] = "cosine"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


Schedule: TypeAlias = Linear | Cosine
Rate: TypeAlias = float | Schedule


def at(rate: Rate, step: int, steps: int) -> float:
    """The rate at update `step` of `steps`."""
    if isinstance(rate, float | int):
        return float(rate)
    done = step / steps
    weight = 1 - done if isinstance(rate, Linear) else (1 + cos(pi * done)) / 2
    return rate.stop + (rate.start - rate.stop) * weight


def checked(rate: Rate) -> Rate:
    """The rate; raises UsageError when it is or becomes negative or is not a number."""
    ends = (rate,) if isinstance(rate, float | int) else (rate.start, rate.stop)
    if not all(0 <= end < float("inf") for end in ends):
        raise UsageError(f"rate {rate}; rates must be numbers from 0 up")
    return rate


def positive(rate: Rate) -> Rate:
    """The rate; raises UsageError unless it is positive at first and never negative."""
    checked(rate)
    if at(rate, 0, 1) == 0:
        raise UsageError(f"rate {rate}; it must be positive")
    return rate
