"""Who may learn: competition among the planes at each position.

A competition is a pure function of the drives, (N, K, ...) -> (N, K, ...): how much of a learning chance each
cell gets, in [0, 1]. Where every drive is exactly 0 (a blank view) nobody competes, and nobody learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError


@dataclass(frozen=True)
class HardWTA:
    """The plane with the largest drive takes all; ties go to the lowest index."""

    kind: Literal["hard_wta"] = "hard_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array) -> Array:
        return winner(drive) * awake(drive)


@dataclass(frozen=True)
class KWTA:
    """The k planes with the largest drives win alike; ties go to the lowest index."""

    k: int
    kind: Literal["k_wta"] = "k_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"{self.k} winners; there must be at least 1")

    def __call__(self, drive: Array) -> Array:
        xp = namespace(drive)
        if self.k > drive.shape[1]:
            raise UsageError(f"{self.k} winners among {drive.shape[1]} planes; choose k up to the number of planes")
        left, won = drive, xp.zeros(drive.shape, dtype=drive.dtype)
        for _ in range(self.k):
            first = winner(left)
            won = won + first
            left = xp.where(first > 0, xp.asarray(-xp.inf, dtype=drive.dtype), left)
        return won * awake(drive)


@dataclass(frozen=True)
class SoftWTA:
    """softmax(drive / temperature) over the planes; as the temperature falls to 0 it becomes HardWTA."""

    temperature: float = 1.0
    kind: Literal["soft_wta"] = "soft_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise UsageError(f"temperature {self.temperature}; it must be a positive number")

    def __call__(self, drive: Array) -> Array:
        xp = namespace(drive)
        power = xp.exp((drive - xp.max(drive, axis=1, keepdims=True)) / self.temperature)
        return power / xp.sum(power, axis=1, keepdims=True) * awake(drive)


Competition: TypeAlias = HardWTA | KWTA | SoftWTA


def winner(drive: Array) -> Array:
    """1 at the plane with the largest drive of each position, ties to the lowest index: (N, K, ...) -> (N, K, ...)."""
    xp = namespace(drive)
    first = xp.expand_dims(xp.argmax(drive, axis=1), axis=1)
    planes = xp.reshape(xp.arange(drive.shape[1]), (1, -1) + (1,) * (drive.ndim - 2))
    return xp.astype(first == planes, drive.dtype)


def awake(drive: Array) -> Array:
    """1 where any plane of the position is driven at all, else 0: (N, K, ...) -> (N, 1, ...)."""
    xp = namespace(drive)
    return xp.astype(xp.any(drive != 0, axis=1, keepdims=True), drive.dtype)
