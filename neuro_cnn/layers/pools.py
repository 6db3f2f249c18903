"""How C-cells pool their view: the maximum of today, and its ancestors."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.geometry import Pad, Pair, Size, Window, pads, pair
from neuro_cnn.ops.kernels import falling, gaussian
from neuro_cnn.ops.power_mean import check_power

How: TypeAlias = tuple[Size, Size, Pad]
"""Size, stride and padding of the views."""


class Pool(Protocol):
    """What a view of S-cells comes to: a pure function and its adjoint."""

    def fixed(self, size: Pair) -> Any:
        """Fixed weights over the view, or ()."""
        return ()

    def sees(self, view: Window) -> Window:
        """The view with all that inhibits the cell."""
        return view

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


@dataclass(frozen=True)
class PowerMean(Pool):
    """(mean |x|^p)^(1/p) of the view, from the mean (p = 1) to the maximum (p -> inf) of what |x| shows there.

    Boureau, Ponce & LeCun (2010) set the path between the two out; p = 2 is our choice.
    """

    p: float = 2.0
    kind: Literal["power_mean"] = "power_mean"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        check_power(self.p)

    def gather(self, x: Array, fixed: Any, how: How) -> tuple[Array, Any]:
        y = ops.power_mean_pool(x, how[0], self.p, *how[1:])
        return y, (x, y)

    def spread(self, dy: Array, kept: Any, fixed: Any, in_shape: tuple[int, ...], how: How) -> Array:
        x, y = kept
        return ops.power_mean_pool_adjoint(dy, x, y, how[0], self.p, *how[1:])


@dataclass(frozen=True)
class L2(Pool):
    """sqrt(sum x^2) of the view, its length: the complex cell of Hyvarinen & Hoyer (2000).

    The sum of squares and not their mean, as in PyTorch's `lp_pool2d`: sqrt(h w) times `PowerMean(2)`.
    """

    kind: Literal["l2"] = "l2"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def gather(self, x: Array, fixed: Any, how: How) -> tuple[Array, Any]:
        y, kept = PowerMean(2).gather(x, fixed, how)
        return y * _side(how), kept

    def spread(self, dy: Array, kept: Any, fixed: Any, in_shape: tuple[int, ...], how: How) -> Array:
        return PowerMean(2).spread(dy * _side(how), kept, fixed, in_shape, how)


def _side(how: How) -> float:
    """Square root of the area of a view."""
    return sqrt(prod(pair(how[0])))


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
        risen = ops.rectify(drive)  # before psi: its pole lies at -alpha
        return risen / (self.alpha + risen), (e, v, drive)

    def spread(self, dy: Array, kept: Any, fixed: Spread, in_shape: tuple[int, ...], how: How) -> Array:
        xp = namespace(dy)
        e, v, drive = kept
        slope = self.alpha / (self.alpha + xp.abs(drive)) ** 2
        error = xp.where(drive > 0, dy * slope, xp.zeros((), dtype=dy.dtype))
        inhibited = xp.mean(error * (1 + e), axis=1, keepdims=True) / (1 + v) ** 2
        return ops.weighted_pool_adjoint(error / (1 + v) - inhibited, fixed.blur, in_shape, how[1], how[2])


class Bells(NamedTuple):
    """Gaussians down and across a C-cell's view, (h,) and (w,), and the wider ones of what inhibits it."""

    down: Array
    across: Array
    wide_down: Array
    wide_across: Array


class _Centred(Pool, Protocol):
    """An excitatory centre minus an inhibitory surround, and then a saturation.

    The drive is e - k v: e is the plane blurred by a Gaussian of `sigma` over the view, v by one twice as wide over
    twice the view (both of sum 1), and k the strength of `inhibition`.
    """

    sigma: float
    inhibition: float

    def __post_init__(self) -> None:
        gaussian(1, self.sigma)
        if self.inhibition < 0:
            raise UsageError(f"surround inhibition of {self.inhibition} in a C-cell; give 0 or more")

    @abstractmethod
    def saturated(self, drive: Array) -> Array:
        """The response to a drive that is not negative: 0 to 0."""
        ...

    @abstractmethod
    def steered(self, dy: Array, y: Array) -> Array:
        """The error gradient of the drive where it gives a positive response y."""
        ...

    def fixed(self, size: Pair) -> Bells:
        narrow = [gaussian((side, 1), self.sigma) for side in size]
        wide = [gaussian((side + 2 * _beyond(side), 1), 2 * self.sigma) for side in size]
        return Bells(*(bell[:, 0].astype(np.float32) for bell in (*narrow, *wide)))

    def sees(self, view: Window) -> Window:
        if not self.inhibition:
            return view
        rows, columns = (side + 2 * _beyond(side) for side in view.size)
        return view._replace(size=(rows, columns), pad=_wider((view.size, view.stride, view.pad)))

    def gather(self, x: Array, fixed: Bells, how: How) -> tuple[Array, Any]:
        drive = ops.blur(x, fixed.down, fixed.across, *how[1:])
        if self.inhibition:
            drive -= self.inhibition * ops.blur(x, fixed.wide_down, fixed.wide_across, how[1], _wider(how))
        y = self.saturated(ops.rectify(drive))
        return y, y

    def spread(self, dy: Array, kept: Array, fixed: Bells, in_shape: tuple[int, ...], how: How) -> Array:
        xp = namespace(dy)
        safe = xp.where(kept > 0, kept, xp.ones((), dtype=kept.dtype))  # the derivative at 0 is taken as 0
        error = xp.where(kept > 0, self.steered(dy, safe), xp.zeros((), dtype=dy.dtype))
        dx = ops.blur_adjoint(error, fixed.down, fixed.across, in_shape, *how[1:])
        if self.inhibition:
            wide = ops.blur_adjoint(error, fixed.wide_down, fixed.wide_across, in_shape, how[1], _wider(how))
            dx = dx - self.inhibition * wide
        return dx


@dataclass(frozen=True)
class SquareRoot(_Centred):
    """u_C = sqrt(phi[e - k v]): the C-cell of Fukushima (2010, 2013). sigma and k are our choice."""

    sigma: float = 1.2
    inhibition: float = 0.5
    kind: Literal["square_root"] = "square_root"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def saturated(self, drive: Array) -> Array:
        return namespace(drive).sqrt(drive)

    def steered(self, dy: Array, y: Array) -> Array:
        return dy / (2 * y)


@dataclass(frozen=True)
class Hyperbolic(_Centred):
    """u_C = psi[total (e - k v)], psi[x] = phi[x] / (1 + phi[x]): the C-cell of Fukushima (2003).

    sigma, k and `total`, to which the excitatory weights sum, are our choice.
    """

    sigma: float = 1.2
    inhibition: float = 0.5
    total: float = 4.0
    kind: Literal["hyperbolic"] = "hyperbolic"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.total <= 0:
            raise UsageError(f"excitatory weights of a C-cell that sum to {self.total}; give more than 0")

    def saturated(self, drive: Array) -> Array:
        return self.total * drive / (1 + self.total * drive)

    def steered(self, dy: Array, y: Array) -> Array:
        return dy * self.total * (1 - y) ** 2


def _beyond(side: int) -> int:
    """How far the surround of a view reaches beyond it on either side: about half the view."""
    return (side + 1) // 2


def _wider(how: How) -> tuple[Pair, Pair]:
    """The padding of the surrounds, which lie around the views."""
    rows, columns = (
        (before + _beyond(side), after + _beyond(side))
        for side, (before, after) in zip(pair(how[0]), pads(how[2]), strict=True)
    )
    return rows, columns


AnyPool: TypeAlias = Hyperbolic | L2 | Max | Mean | PowerMean | Saturating | SquareRoot
