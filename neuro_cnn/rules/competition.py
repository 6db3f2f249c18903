"""Who may learn: competition among the planes at each position.

A competition is a pure function of the drives, (N, K, ...) -> (N, K, ...): how much of a learning chance each
cell gets, in [0, 1]. Where every drive is exactly 0 (a blank view) nobody competes, and nobody learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import awake, awake_winner, softmax_planes, winner


class Competes(Protocol):
    """Who may learn. Most competitions look at nothing but the drives, and keep no state."""

    spatial: ClassVar[bool] = False
    """Whether cells at different positions compete, so that a fraction of the positions would not do."""

    def check(self, planes: int) -> None:
        """Raises UsageError where so many planes cannot compete."""
        return

    def start(self, weight: Array, updates: int) -> Any:
        """The state before the first of `updates` updates."""
        return ()

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        """Each cell's chance to learn: like the drives."""
        ...

    def settle(self, g: Array, drive: Array, state: Any) -> Any:
        """The state after a batch in which these drives came to these chances."""
        return state


@dataclass(frozen=True)
class Everyone(Competes):
    """No competition: every plane learns wherever anything is seen."""

    kind: Literal["everyone"] = "everyone"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        return 0 * drive + awake(drive)


@dataclass(frozen=True)
class HardWTA(Competes):
    """The plane with the largest drive takes all; ties go to the lowest index."""

    kind: Literal["hard_wta"] = "hard_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        return awake_winner(drive)


@dataclass(frozen=True)
class KWTA(Competes):
    """The k planes with the largest drives win alike; ties go to the lowest index."""

    k: int
    kind: Literal["k_wta"] = "k_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"{self.k} winners; there must be at least 1")

    def check(self, planes: int) -> None:
        if self.k > planes:
            raise UsageError(f"{self.k} winners among {planes} planes; choose k up to the number of planes")

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        xp = namespace(drive)
        self.check(drive.shape[1])
        left, won = drive, xp.zeros(drive.shape, dtype=drive.dtype)
        for _ in range(self.k):
            first = winner(left)
            won = won + first
            left = xp.where(first > 0, xp.asarray(-xp.inf, dtype=drive.dtype), left)
        return won * awake(drive)


@dataclass(frozen=True)
class SoftWTA(Competes):
    """softmax(drive / temperature) over the planes; as the temperature falls to 0 it becomes HardWTA."""

    temperature: float = 1.0
    kind: Literal["soft_wta"] = "soft_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise UsageError(f"temperature {self.temperature}; it must be a positive number")

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        return softmax_planes(drive, self.temperature)
