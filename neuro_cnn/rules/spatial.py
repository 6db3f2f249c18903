"""Competition that reaches beyond one position: over a whole image, or from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import awake
from neuro_cnn.ops.kernels import gaussian
from neuro_cnn.rules.competition import KWTA, Competes, Everyone, HardWTA, SoftWTA

AtPosition: TypeAlias = Annotated[Everyone | HardWTA | KWTA | SoftWTA, Field(discriminator="kind")]
"""Competitions among the planes of one position, which the ones here end in."""


@dataclass(frozen=True)
class PerImage(Competes):
    """Each plane enters the competition with its best position of the image, and learns there alone.

    With HardWTA one cell of the whole image learns: the first-spike competition of Masquelier & Thorpe (2007)
    without its spikes.
    """

    among: AtPosition = HardWTA()
    kind: Literal["per_image"] = "per_image"
    spatial: ClassVar[bool] = True
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def check(self, planes: int) -> None:
        self.among.check(planes)

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        xp = namespace(drive)
        flat = xp.reshape(drive, (*drive.shape[:2], -1))  # (N, K, M)
        seen = xp.reshape(awake(drive), (drive.shape[0], 1, -1)) > 0
        flat = xp.where(seen, flat, xp.asarray(-xp.inf, dtype=drive.dtype))
        best = xp.argmax(flat, axis=2, keepdims=True)  # ties go to the upper left
        peak = xp.max(flat, axis=2)
        peak = xp.where(xp.any(seen, axis=2), peak, xp.zeros((), dtype=drive.dtype))
        there = xp.reshape(xp.arange(flat.shape[2]), (1, 1, -1)) == best
        return xp.reshape(xp.astype(there, drive.dtype) * xp.expand_dims(self.among(peak), axis=2), drive.shape)


@dataclass(frozen=True)
class Surround(Competes):
    """Planes compete by a difference of Gaussians over the map: near cells of a plane help, farther ones hold down.

    drive <- centre * drive - strength surround * drive, both Gaussians of sum 1. Lateral inhibition as in Nimmo &
    Mondragon (2025), who compete in this way; their kernel was not at hand: size, deviations (in positions) and
    strength are our choice.
    """

    among: AtPosition = HardWTA()
    size: int = 5
    centre: float = 0.5
    surround: float = 1.5
    strength: float = 0.5
    kind: Literal["surround"] = "surround"
    spatial: ClassVar[bool] = True
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.size < 1 or self.size % 2 == 0:
            raise UsageError(
                f"lateral inhibition over {self.size} positions; give an odd number, so that it is centred"
            )
        if not (0 < self.centre < self.surround < float("inf") and 0 <= self.strength < float("inf")):
            raise UsageError(
                f"lateral inhibition with deviations {self.centre} and {self.surround} and strength {self.strength}; "
                "the surround must be the wider, all of them positive"
            )

    def check(self, planes: int) -> None:
        self.among.check(planes)

    def __call__(self, drive: Array, state: Any = ()) -> Array:
        if drive.ndim != 4:
            raise UsageError("lateral inhibition from place to place needs cells on a map; use it below Flatten()")
        xp, pad = namespace(drive), self.size // 2
        near, far = (
            xp.asarray(gaussian((self.size, 1), sigma)[:, 0], dtype=drive.dtype)
            for sigma in (self.centre, self.surround)
        )
        inhibited = ops.blur(drive, near, near, 1, pad) - self.strength * ops.blur(drive, far, far, 1, pad)
        return self.among(inhibited * awake(drive))
