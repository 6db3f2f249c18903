"""How weights move: dw = c * (G^T x) - A w, where a plasticity says what G and A are.

Each is a small pure function of g, what the competition let through, (N, K, ...); u, the excitation w . x, (N, K, ...);
the weights, (K, ...), and a state, mostly none. It returns G, the post-synaptic factor, (N, K, ...); A, the decay, of
each plane by itself, (K,), or by others too, (K, K); and the new state. The sum over positions is the weight adjoint
of the layer's convolution: no rule ever gathers patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import softhebb_factor, winner
from neuro_cnn.ops.normalize import plane_products, sum_positions

Change: TypeAlias = tuple[Array, Array, Any]
"""G, A and the new state."""


class Moves(Protocol):
    """How weights move. Most plasticities keep no state."""

    def check(self, weight_shape: tuple[int, ...]) -> None:
        """Raises UsageError where weights of this shape, (K, ...), cannot learn so."""
        return

    def start(self, weight: Array) -> Any:
        """The state before learning."""
        return ()

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        """G, A and the new state."""
        ...


@dataclass(frozen=True)
class Hebb(Moves):
    """dw = y x with y = g u (Hebb 1949): what fires together wires together. Needs UnitNorm, or it grows."""

    kind: Literal["hebb"] = "hebb"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        y = g * u
        return y, 0 * sum_positions(y), state


@dataclass(frozen=True)
class Instar(Moves):
    """dw = g (x - w) (Grossberg 1976): a winner moves to the mean of the views that it wins, as in k-means."""

    kind: Literal["instar"] = "instar"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        return g, sum_positions(g), state


@dataclass(frozen=True)
class Oja(Moves):
    """dw = y (x - y w) with y = g u (Oja 1982): Hebb with its own forgetting; alone it finds the first component."""

    kind: Literal["oja"] = "oja"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        y = g * u
        return y, sum_positions(y * y), state


@dataclass(frozen=True)
class Sanger(Moves):
    """dw_i = y_i (x - sum_{j <= i} y_j w_j) with y = g u (Sanger 1989): plane i finds the i-th principal component.

    The generalised Hebbian algorithm; Lagani et al. (2021) call its convolution HPCA. Meant for Everyone, and for
    views whose mean is removed.
    """

    kind: Literal["sanger"] = "sanger"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def check(self, weight_shape: tuple[int, ...]) -> None:
        if weight_shape[0] > prod(weight_shape[1:]):
            raise UsageError(
                f"{weight_shape[0]} planes look for as many components of {prod(weight_shape[1:])} inputs; "
                "use no more planes than inputs, or another plasticity"
            )

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        y = g * u
        return y, namespace(y).tril(plane_products(y, y)), state


class SlidingThreshold(NamedTuple):
    """The threshold between weakening and strengthening of each plane, (K,): a running mean of y^2."""

    theta: Array


@dataclass(frozen=True)
class BCM(Moves):
    """dw = x y (y - theta), theta a running mean of y^2 over the plane's chances (Bienenstock, Cooper & Munro 1982).

    y = g u, never below 0, for it is a rate of firing. The threshold follows with weight `memory` of a batch (our
    choice; it must be quicker than the weights, or they swing), and begins at the first batch's mean.
    """

    memory: float = 0.1
    kind: Literal["bcm"] = "bcm"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.memory <= 1:
            raise UsageError(f"sliding threshold with memory {self.memory}; it must lie in (0, 1]")

    def start(self, weight: Array) -> SlidingThreshold:
        return SlidingThreshold(namespace(weight).zeros((weight.shape[0],), dtype=weight.dtype))

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        xp = namespace(u)
        y = g * xp.maximum(u, xp.zeros((), dtype=u.dtype))
        chances = sum_positions(g)
        square = sum_positions(y * y) / xp.where(chances > 0, chances, xp.ones((), dtype=u.dtype))
        memory = xp.where(state.theta > 0, xp.asarray(self.memory, dtype=u.dtype), xp.ones((), dtype=u.dtype))
        theta = state.theta + xp.where(chances > 0, memory, 0 * memory) * (square - state.theta)
        away = y - xp.reshape(theta, (1, -1) + (1,) * (u.ndim - 2))
        return y * away, 0 * theta, SlidingThreshold(theta)


@dataclass(frozen=True)
class KrotovHopfield(Moves):
    """dw = G (x - u w), G = 1 for the first and -delta for the last of those let through (Krotov & Hopfield 2019).

    Under KWTA(k) the last is their k-th unit. This is their rule for p = 2; delta is theirs.
    """

    delta: float = 0.4
    kind: Literal["krotov_hopfield"] = "krotov_hopfield"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 <= self.delta < float("inf"):
            raise UsageError(f"the last of the winners unlearns by delta = {self.delta}; give a number from 0 up")

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        xp = namespace(g)
        none = xp.asarray(-xp.inf, dtype=u.dtype)
        first, last = (winner(xp.where(g > 0, side, none)) for side in (u, -u))
        factor = g * (first - self.delta * last * (1 - first))
        return factor, sum_positions(factor * u), state


@dataclass(frozen=True)
class SoftHebb(Moves):
    """dw = y (x - u w), y = g for the winner and -g for all others (Journe et al. 2023): losers turn away.

    Without the losers' sign all planes converge to one filter.
    """

    kind: Literal["soft_hebb"] = "soft_hebb"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        return *softhebb_factor(g, u), state


class Traced(NamedTuple):
    """The trace after the last frame, (K, ...) or (K, 1, ...) before any, and how many frames have been seen."""

    trace: Array
    frames: int


@dataclass(frozen=True)
class Trace(Moves):
    """dw = z (x - w), z a trace of the chances: z(t) = (1 - share) z(t-1) + share g(t) (Foldiak 1991).

    The images of a batch are frames in time, one after the other; after `length` of them a new sequence begins, and
    the trace with it. Cells learn to answer alike to what follows upon each other. `share` .2 is recalled of the paper.
    """

    length: int
    share: float = 0.2
    kind: Literal["trace"] = "trace"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.length < 1 or not 0 < self.share <= 1:
            raise UsageError(
                f"traces over {self.length} frames with share {self.share}; give 1 frame or more, a share in (0, 1]"
            )

    def start(self, weight: Array) -> Traced:
        shape = (weight.shape[0],) + (1,) * (weight.ndim - 2)
        return Traced(namespace(weight).zeros(shape, dtype=weight.dtype), 0)

    def __call__(self, g: Array, u: Array, weight: Array, state: Any = ()) -> Change:
        xp, traces = namespace(g), []
        trace, frames = state.trace, int(state.frames)
        for t in range(g.shape[0]):  # one after the other, for that is what a trace is
            trace = trace * (0.0 if frames % self.length == 0 else 1 - self.share) + self.share * g[t, ...]
            traces.append(trace)
            frames += 1
        z = xp.stack(traces)
        return z, sum_positions(z), Traced(trace, frames)


Plasticity: TypeAlias = Hebb | Instar | Oja | Sanger | BCM | KrotovHopfield | SoftHebb | Trace
