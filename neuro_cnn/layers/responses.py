"""How S-cells answer: what becomes of excitation e, the inhibitory weight b and the V-cell's v."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array
from neuro_cnn.errors import UsageError
from neuro_cnn.ops import inhibition
from neuro_cnn.ops.geometry import Pair
from neuro_cnn.ops.kernels import falling, gaussian
from neuro_cnn.ops.normalize import at_planes


class Response(Protocol):
    """A cell's drive as a pure function of e, (N, K, H, W), b, (K,), and v, (N, 1, H, W), and its derivatives."""

    inhibited: ClassVar[bool]
    """Whether a V-cell inhibits: then there is v, and a and b are not negative."""

    def surround(self, size: Pair) -> Any:
        """The V-cell's weights c(v) over the view, (h, w), sum 1; () where there is none."""
        return ()

    def balance(self, norm: Array) -> Array:
        """The b with which selectivity keeps its meaning, for weights of norm sqrt(sum a^2 / c): (K,) -> (K,)."""
        return norm

    def drive(self, e: Array, b: Array, v: Array) -> Array:
        """The drive; the cell answers with its positive part: (N, K, H, W), (K,), (N, 1, H, W) -> (N, K, H, W)."""
        ...

    def answer(self, e: Array, b: Array, v: Array) -> Array:
        """The response: the positive part of the drive."""
        ...

    def spread(self, error: Array, e: Array, b: Array, v: Array) -> tuple[Array, Array, Array]:
        """Error gradients of e, b and v, each (N, K, H, W) (of v: () where there is none)."""
        ...


@dataclass(frozen=True)
class Rectified(Response):
    """u = phi[e - b]: a rectified linear cell; S-cells that are exactly Conv + ReLU with bias -b."""

    kind: Literal["rectified"] = "rectified"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    inhibited: ClassVar[bool] = False

    def drive(self, e: Array, b: Array, v: Array) -> Array:
        return e - at_planes(b, e)

    def answer(self, e: Array, b: Array, v: Array) -> Array:
        return ops.rectify(self.drive(e, b, v))

    def spread(self, error: Array, e: Array, b: Array, v: Array) -> tuple[Array, Array, Array]:
        return error, -error, ()


@dataclass(frozen=True)
class Shunting(Response):
    """u = r phi[(1 + e) / (1 + 2r/(1+r) b v) - 1]: the S-cell of Fukushima 1980, eqs. (1)-(3).

    v is the root mean square of the view under c(v) = gamma^|v| (`falling`). r sets selectivity: a cell that
    has learned one pattern fires when the weighted cosine to it exceeds r / (1 + r).
    """

    r: float = 4.0  # r_1 of Fukushima 1980
    gamma: float = 1.0  # our choice: the paper gives no value
    kind: Literal["shunting"] = "shunting"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    inhibited: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.r <= 0:
            raise UsageError(f"selectivity r is {self.r}; it must be positive")
        falling(1, self.gamma)

    @property
    def theta(self) -> float:
        """The cosine that a strongly tuned cell answers above: the threshold of the later papers."""
        return self.r / (1 + self.r)

    def surround(self, size: Pair) -> Any:
        return falling(size, self.gamma)

    def balance(self, norm: Array) -> Array:
        # for a = q c x: norm = q v(x), so that b = (q / 2) v as in eq. (8), and r keeps its meaning
        return norm / 2

    def answer(self, e: Array, b: Array, v: Array) -> Array:
        return inhibition.rectified_shunting(e, b, v, self.r)

    def drive(self, e: Array, b: Array, v: Array) -> Array:
        return inhibition.shunting(e, b, v, self.r)  # eq. (1)

    def spread(self, error: Array, e: Array, b: Array, v: Array) -> tuple[Array, Array, Array]:
        weight = 2 * self.r / (1 + self.r)
        h = 1 + weight * b * v
        de = error * self.r / h
        dh = -de * (1 + e) / h * weight
        return de, dh * v, dh * b


@dataclass(frozen=True)
class Subtractive(Response):
    """u = phi[e - theta b v] / (1 - theta): the S-cell with subtractive inhibition of Fukushima (2011, 2013).

    With a = c X / ||X|| and b = 1 this is ||x|| phi[s - theta] / (1 - theta), where s is the cosine of the view x to
    the cell's pattern X and ||x|| = v, both weighted by c(v), a Gaussian. sigma is our choice.
    """

    theta: float
    sigma: float = 1.5
    kind: Literal["subtractive"] = "subtractive"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    inhibited: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.theta < 1:
            raise UsageError(f"threshold theta is {self.theta}; it must lie between 0 and 1")
        gaussian(1, self.sigma)

    def surround(self, size: Pair) -> Any:
        c = gaussian(size, self.sigma)
        if c.min() < np.finfo(np.float32).tiny:
            raise UsageError(f"sigma = {self.sigma} leaves cells of a view of {size} without weight; enlarge sigma")
        return c

    def answer(self, e: Array, b: Array, v: Array) -> Array:
        return inhibition.rectified_subtractive(e, b, v, self.theta)

    def drive(self, e: Array, b: Array, v: Array) -> Array:
        return inhibition.subtractive(e, b, v, self.theta)

    def spread(self, error: Array, e: Array, b: Array, v: Array) -> tuple[Array, Array, Array]:
        de = error / (1 - self.theta)
        return de, -self.theta * v * de, -self.theta * b * de


AnyResponse: TypeAlias = Rectified | Shunting | Subtractive
