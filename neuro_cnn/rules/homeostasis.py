"""Keeping cells in use: what holds weights, rates and winning chances within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.ops.compete import awake, deviation, raise_awake
from neuro_cnn.ops.normalize import at_planes, norms, over_planes, sum_positions, unit_norm


class Keeping(Protocol):
    """What is done before a competition to its drives, and after an update to the weights; most do one of these."""

    def start(self, weight: Array) -> tuple[Array, Any]:
        """The weights to begin with, and the state."""
        return weight, ()

    def handicap(self, drive: Array, state: Any) -> Array:
        """The drives with which the planes compete; blank positions stay blank."""
        return drive

    def pace(self, weight: Array) -> Array | float:
        """What each plane's rate is multiplied by, (K,)."""
        return 1.0

    def settle(self, weight: Array, g: Array, drive: Array, state: Any) -> tuple[Array, Any]:
        """Weights and state after a batch in which these drives, without handicap, came to these chances."""
        return weight, state

    def finish(self, weight: Array, state: Any) -> Array:
        """The weights at the end of the phase."""
        return weight


@dataclass(frozen=True)
class UnitNorm(Keeping):
    """Each plane's weights are scaled back to norm 1 after every update."""

    kind: Literal["unit_norm"] = "unit_norm"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def start(self, weight: Array) -> tuple[Array, Any]:
        return unit_norm(weight), ()

    def settle(self, weight: Array, g: Array, drive: Array, state: Any) -> tuple[Array, Any]:
        return unit_norm(weight), ()


@dataclass(frozen=True)
class NormDependentRate(Keeping):
    """rate |norm - 1|^power for each plane (Journe et al. 2023): learning ends as the weights reach norm 1.

    For rules that bring the norm to 1 of their own, from weights that start far off; `power` is theirs.
    """

    power: float = 0.5
    kind: Literal["norm_dependent_rate"] = "norm_dependent_rate"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.power < float("inf"):
            raise UsageError(f"rates that depend on the norm with power {self.power}; it must be a positive number")

    def pace(self, weight: Array) -> Array:
        return namespace(weight).abs(norms(weight) - 1) ** self.power


class WinningShare(NamedTuple):
    """Running share of the learning chances that each plane took, (K,), summing to 1."""

    share: Array


@dataclass(frozen=True)
class Conscience(Keeping):
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
        xp = namespace(weight)
        planes = weight.shape[0]
        return weight, WinningShare(xp.full((planes,), 1 / planes, dtype=weight.dtype))

    def handicap(self, drive: Array, state: WinningShare) -> Array:
        return raise_awake(drive, self.strength * deviation(drive) * (1 / drive.shape[1] - state.share))

    def settle(self, weight: Array, g: Array, drive: Array, state: WinningShare) -> tuple[Array, WinningShare]:
        xp = namespace(weight)
        wins = sum_positions(g)
        total = xp.sum(wins)
        share = wins / xp.where(total > 0, total, xp.ones((), dtype=wins.dtype))
        return weight, WinningShare(
            state.share + self.memory * (share - state.share) * xp.astype(total > 0, wins.dtype)
        )


class Thresholds(NamedTuple):
    """The threshold of each plane, (K,), in deviations of the drives."""

    threshold: Array


@dataclass(frozen=True)
class AdaptiveThreshold(Keeping):
    """A plane that wins more than its target raises its threshold: dt = rate (wins - target) (Foldiak 1990).

    Where conscience is a spring this is an integral: it ends only at the target. `target` is the share of views won,
    by default 1 / K; thresholds are in units of the drives' deviation over the batch and `rate` per fair share of
    wins (our choices, as for conscience).
    """

    rate: float = 0.05
    target: float | None = None
    kind: Literal["adaptive_threshold"] = "adaptive_threshold"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.rate < float("inf"):
            raise UsageError(f"thresholds that adapt at rate {self.rate}; it must be a positive number")
        if self.target is not None and not 0 < self.target < 1:
            raise UsageError(f"planes that win {self.target} of the views; the target must lie between 0 and 1")

    def start(self, weight: Array) -> tuple[Array, Thresholds]:
        return weight, Thresholds(namespace(weight).zeros((weight.shape[0],), dtype=weight.dtype))

    def handicap(self, drive: Array, state: Thresholds) -> Array:
        return raise_awake(drive, -deviation(drive) * state.threshold)

    def settle(self, weight: Array, g: Array, drive: Array, state: Thresholds) -> tuple[Array, Thresholds]:
        count, some = _views(drive)
        target = 1 / g.shape[1] if self.target is None else self.target
        excess = sum_positions(g) / count - target
        return weight, Thresholds(state.threshold + some * (self.rate / target) * excess)


class Tracked(NamedTuple):
    """Running mean and variance of each plane's drive, (K,), and how much has been seen: at most one memory, ()."""

    mean: Array
    variance: Array
    seen: Array


@dataclass(frozen=True)
class TrackedMoments(Keeping):
    """Planes compete by standardised drives, (drive - mean) / deviation, of moments tracked over batches.

    As batch normalisation does before a competition (Ioffe & Szegedy 2015; no gain, no offset); `memory` is the weight
    of a batch.
    """

    memory: float = 0.1
    kind: Literal["tracked_moments"] = "tracked_moments"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.memory <= 1:
            raise UsageError(f"moments with memory {self.memory}; it must lie in (0, 1]")

    def start(self, weight: Array) -> tuple[Array, Tracked]:
        xp, planes = namespace(weight), weight.shape[0]
        zero = xp.zeros((planes,), dtype=weight.dtype)
        return weight, Tracked(zero, xp.ones((planes,), dtype=weight.dtype), xp.zeros((), dtype=weight.dtype))

    def handicap(self, drive: Array, state: Tracked) -> Array:
        xp = namespace(drive)
        deviation = xp.sqrt(xp.where(state.variance > 0, state.variance, xp.ones((), dtype=drive.dtype)))
        return (drive - at_planes(state.mean, drive)) / at_planes(deviation, drive) * awake(drive)

    def settle(self, weight: Array, g: Array, drive: Array, state: Tracked) -> tuple[Array, Tracked]:
        count, some = _views(drive)
        mean = sum_positions(drive) / count  # drives of blank positions are 0
        away = (drive - at_planes(mean, drive)) * awake(drive)
        variance = sum_positions(away * away) / count
        seen, share = _seen(state.seen, self.memory, some)
        mean, variance = state.mean + share * (mean - state.mean), state.variance + share * (variance - state.variance)
        return weight, Tracked(mean, variance, seen)


class Power(NamedTuple):
    """Running mean square of each plane's drive, (K,), and how much has been seen: at most one memory, ()."""

    power: Array
    seen: Array


@dataclass(frozen=True)
class EqualPower(Keeping):
    """At the end each plane's weights are scaled so that all planes' drives have the same mean square: gain control.

    For rules whose planes are of unequal strength by nature, such as principal components: the faint ones would never
    be heard. The mean square is tracked over batches with weight `memory` (our choice).
    """

    memory: float = 0.1
    kind: Literal["equal_power"] = "equal_power"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.memory <= 1:
            raise UsageError(f"mean squares with memory {self.memory}; it must lie in (0, 1]")

    def start(self, weight: Array) -> tuple[Array, Power]:
        xp = namespace(weight)
        return weight, Power(xp.zeros((weight.shape[0],), dtype=weight.dtype), xp.zeros((), dtype=weight.dtype))

    def settle(self, weight: Array, g: Array, drive: Array, state: Power) -> tuple[Array, Power]:
        count, some = _views(drive)
        seen, share = _seen(state.seen, self.memory, some)
        return weight, Power(state.power + share * (sum_positions(drive * drive) / count - state.power), seen)

    def finish(self, weight: Array, state: Power) -> Array:
        xp = namespace(weight)
        silent = state.power <= 0
        gain = xp.sqrt(xp.mean(state.power) / xp.where(silent, xp.ones((), dtype=weight.dtype), state.power))
        return weight * over_planes(xp.where(silent, xp.ones((), dtype=weight.dtype), gain), weight)


def _seen(seen: Array, memory: float, some: Array) -> tuple[Array, Array]:
    """How much has been seen with this batch, and the batch's weight in a running mean of it: 1 for the first."""
    xp = namespace(seen)
    now = seen + some * (1 - seen) * memory
    return now, some * memory / xp.where(now > 0, now, xp.ones((), dtype=seen.dtype))


def _views(drive: Array) -> tuple[Array, Array]:
    """How many positions saw anything, at least 1, and whether any did, 1 or 0."""
    xp = namespace(drive)
    count = xp.sum(awake(drive))
    one = xp.ones((), dtype=drive.dtype)
    return xp.where(count > 0, count, one), xp.astype(count > 0, drive.dtype)


Homeostasis: TypeAlias = UnitNorm | NormDependentRate | Conscience | AdaptiveThreshold | TrackedMoments | EqualPower
