"""How C-cells pool their view: the maximum of today, and its ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Pad, Pair, Size
from neuro_cnn.ops.kernels import falling

How: TypeAlias = tuple[Size, Size, Pad]
"""Size, stride and padding of the views."""


class Pool(Protocol):
    """What a view of S-cells comes to: a pure function and its adjoint."""

    def fixed(self, size: Pair) -> Any:
        """Fixed weights over the view, or ()."""
        return ()

    def at_rest(self, x: Array, fixed: Any, how: How) -> Array:
        """The pooled response alone: (N, K, H, W) -> (N, K, H', W')."""
        return self.gather(x, fixed, how)[0]

    def gather(self, x: Array, fixed: Any, how: How) -> tuple[Array, Any]:
        """The pooled response, and what the adjoint needs: (N, K, H, W) -> (N, K, H', W'), kept."""
        ...

    def spread(self, dy: Array, kept: Any, fixed: Any, in_shape: tuple[int, ...], how: How) -> Array:
        """The error gradient of the input: (N, K, H', W') -> in_shape."""
        ...


@dataclass(frozen=True)
class Max(Pool):
    """The strongest S-cell of the view speaks for it; ties go to the first."""

    kind: Literal["max"] = "max"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def at_rest(self, x: Array, fixed: Any, how: How) -> Array:
        return ops.maximum(x, *how)

    def gather(self, x: Array, fixed: Any, how: How) -> tuple[Array, Any]:
        return ops.max_pool(x, *how)

    def spread(self, dy: Array, kept: Any, fixed: Any, in_shape: tuple[int, ...], how: How) -> Array:
        return ops.max_pool_adjoint(dy, kept, in_shape, *how)


@dataclass(frozen=True)
class Mean(Pool):
    """The mean of the view; cells outside the map are silent."""

    kind: Literal["mean"] = "mean"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def gather(self, x: Array, fixed: Any, how: How) -> tuple[Array, Any]:
        return ops.mean_pool(x, *how), ()

    def spread(self, dy: Array, kept: Any, fixed: Any, in_shape: tuple[int, ...], how: How) -> Array:
        return ops.mean_pool_adjoint(dy, in_shape, *how)


class Spread(NamedTuple):
    """The fixed weights d(v) over the view of a C-cell, (h, w)."""

    blur: Array


@dataclass(frozen=True)
class Saturating(Pool):
    """u_C = psi[(1 + e) / (1 + v_S) - 1], psi[x] = phi[x / (alpha + x)]: the C-cell of Fukushima 1980, eqs. (4)-(6).

    e is the plane's own sum of d(v) u_S, and v_S its mean over all planes: lateral inhibition. d(v) falls as
    delta^|v| and sums to `total`. The paper gives alpha; that d falls with distance, but not how: delta and total
    are our choice.
    """

    total: float
    delta: float = 0.5
    alpha: float = 0.5
    kind: Literal["saturating"] = "saturating"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.total <= 0 or self.alpha <= 0:
            raise UsageError(f"total {self.total} and alpha {self.alpha} of a saturating C-cell; both must be positive")

    def fixed(self, size: Pair) -> Spread:
        return Spread((self.total * falling(size, self.delta)).astype(np.float32))

    def gather(self, x: Array, fixed: Spread, how: How) -> tuple[Array, Any]:
        xp = namespace(x)
        e = ops.weighted_pool(x, fixed.blur, how[1], how[2])
        v = xp.mean(e, axis=1, keepdims=True)  # eq. (6)
        drive = (1 + e) / (1 + v) - 1
        risen = xp.maximum(drive, xp.zeros((), dtype=drive.dtype))  # before psi: its pole lies at -alpha
        return risen / (self.alpha + risen), (e, v, drive)

    def spread(self, dy: Array, kept: Any, fixed: Spread, in_shape: tuple[int, ...], how: How) -> Array:
        xp = namespace(dy)
        e, v, drive = kept
        slope = self.alpha / (self.alpha + xp.abs(drive)) ** 2
        error = xp.where(drive > 0, dy * slope, xp.zeros((), dtype=dy.dtype))
        inhibited = xp.mean(error * (1 + e), axis=1, keepdims=True) / (1 + v) ** 2
        return ops.weighted_pool_adjoint(error / (1 + v) - inhibited, fixed.blur, in_shape, how[1], how[2])


AnyPool: TypeAlias = Max | Mean | Saturating
