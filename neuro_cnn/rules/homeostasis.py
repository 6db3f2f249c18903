"""Keeping cells in use: what holds weights and winning chances within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import deviation, raise_awake
from neuro_cnn.ops.normalize import sum_positions, unit_norm


@dataclass(frozen=True)
class UnitNorm:
    """Each plane's weights are scaled back to norm 1 after every update."""

    kind: Literal["unit_norm"] = "unit_norm"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def start(self, weight: Array) -> tuple[Array, tuple[()]]:
        """Weights of norm 1, and no state."""
        return unit_norm(weight), ()

    def handicap(self, drive: Array, state: tuple[()]) -> Array:
        """The drives, unchanged."""
        return drive

    def settle(self, weight: Array, g: Array, state: tuple[()]) -> tuple[Array, tuple[()]]:
        """Weights of norm 1."""
        return unit_norm(weight), ()


class WinningShare(NamedTuple):
    """Running share of the learning chances that each plane took, (K,), summing to 1."""

    share: Array


@dataclass(frozen=True)
class Conscience:
    """A plane that wins too often feels guilty: drive + strength (1/K - share) (DeSieno 1988).

    The share of wins f follows f += memory (z - f), once a batch. `strength` is in units of the drives' deviation
    over the batch (our choice: so that it means the same for any input).
    """

    strength: float = 10.0  # C of DeSieno 1988
    memory: float = 0.1  # our choice: the paper's 0.0001 is per view, ours per batch
    kind: Literal["conscience"] = "conscience"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not (0 <= self.strength < float("inf") and 0 < self.memory <= 1):
            raise UsageError(
                f"conscience of strength {self.strength} and memory {self.memory}; "
                "strength must be a number from 0 up, and memory lie in (0, 1]"
            )

    def start(self, weight: Array) -> tuple[Array, WinningShare]:
        """The weights as they are, and every plane at its fair share."""
        xp = namespace(weight)
        planes = weight.shape[0]
        return weight, WinningShare(xp.full((planes,), 1 / planes, dtype=weight.dtype))

    def handicap(self, drive: Array, state: WinningShare) -> Array:
        """The drives, with those of frequent winners lowered; blank positions stay blank."""
        lead = self.strength * deviation(drive) * (1 / drive.shape[1] - state.share)
        return raise_awake(drive, lead)

    def settle(self, weight: Array, g: Array, state: WinningShare) -> tuple[Array, WinningShare]:
        """Shares moved towards those of this batch."""
        xp = namespace(weight)
        wins = sum_positions(g)
        total = xp.sum(wins)
        share = wins / xp.where(total > 0, total, xp.ones((), dtype=wins.dtype))
        return weight, WinningShare(
            state.share + self.memory * (share - state.share) * xp.astype(total > 0, wins.dtype)
        )


Homeostasis: TypeAlias = UnitNorm | Conscience
