"""The ridge read-out: the linear classifier of least squared error, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.losses import one_hot
from neuro_cnn.ops.linalg import diagonal, solve_positive
from neuro_cnn.rules.base import Rule

LARGEST = 16_384
"""Most features that are solved for: the two square matrices then take 4 GB."""


class Sums(NamedTuple):
    """Sums over one part of the data: how many images, features (D,), targets (K,), and their products."""

    images: int
    x: Array
    y: Array
    xx: Array
    xy: Array
    yy: Array


class RidgeState(NamedTuple):
    """Sums over five sixths of the images, to fit, and over one sixth, to choose the penalty."""

    seen: int
    fit: Sums
    held_out: Sums


@dataclass(frozen=True)
class Ridge(Rule):
    """One-against-all ridge regression on frozen features, targets 1 and 0, the penalty chosen on held-out images.

    Every sixth training image is held out; the penalty with the least squared error there is used to fit all.
    `penalties` are in units of the features' mean variance. Streams over batches: memory is two (D, D) matrices.
    """

    penalties: tuple[float, ...] = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
    kind: Literal["ridge"] = "ridge"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    once: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Dense,)

    def __post_init__(self) -> None:
        if not self.penalties or not all(0 < penalty < float("inf") for penalty in self.penalties):
            raise UsageError(f"ridge penalties {self.penalties}; give at least one, all positive")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, RidgeState]:
        if not layer.bias:
            raise UsageError("ridge needs a read-out with a bias; leave bias out of its wiring")
        classes, size = params.learned.weight.shape
        if size > LARGEST:
            raise UsageError(
                f"ridge read-out of {size} features needs {size * size * 16 / 2**30:.0f} GiB; "
                "pool the features more, use fewer planes, or set readout=softmax"
            )
        xp = namespace(sample)
        empty = Sums(0, *(xp.zeros(s, dtype=xp.float64) for s in _shapes(size, classes)))
        return params, RidgeState(0, empty, empty)

    def update(
        self,
        layer: Any,
        params: Params,
        state: RidgeState,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, RidgeState]:
        xp = namespace(target)
        y = one_hot(target, params.learned.weight.shape[0], activity.x)
        held, kept = _parts(xp, int(state.seen), target.shape[0])
        fit = _add(state.fit, xp.take(activity.x, kept, axis=0), xp.take(y, kept, axis=0))
        out = _add(state.held_out, xp.take(activity.x, held, axis=0), xp.take(y, held, axis=0))
        return params, RidgeState(int(state.seen) + target.shape[0], fit, out)

    def finish(self, layer: Any, params: Params, state: RidgeState) -> Params:
        if int(state.seen) == 0:
            raise UsageError("ridge has seen no image; give its phase 1 epoch")
        xp = namespace(state.fit.x)
        penalty = self.penalties[0]
        if len(self.penalties) > 1 and int(state.held_out.images) > 0:
            losses = [float(_loss(state.held_out, *_solve(state.fit, p))) for p in self.penalties]
            penalty = self.penalties[int(np.argmin(losses))]
        weight, bias = _solve(Sums(*(a + b for a, b in zip(state.fit, state.held_out, strict=True))), penalty)
        dtype = params.learned.weight.dtype
        weight = xp.permute_dims(weight, (1, 0)) + xp.zeros((weight.shape[1], weight.shape[0]), dtype=weight.dtype)
        return params._replace(learned=Weights(xp.astype(weight, dtype), xp.astype(bias, dtype)))


def _parts(xp: Any, seen: int, count: int) -> tuple[Array, Array]:
    """The places of the next images that are held out, every sixth, and of the others; made where the images lie."""
    first = (5 - seen) % 6
    held = len(range(first, count, 6))
    others = xp.arange(count - held)
    return first + 6 * xp.arange(held), others + (others + 5 - first) // 5


def _shapes(size: int, classes: int) -> tuple[tuple[int, ...], ...]:
    return (size,), (classes,), (size, size), (size, classes), (classes, classes)


def _add(sums: Sums, x: Array, y: Array) -> Sums:
    # products in double precision: the small penalties are far below single precision's rounding of the sums
    xp = namespace(x)
    x, y = xp.astype(x, xp.float64), xp.astype(y, xp.float64)
    xt, yt = xp.permute_dims(x, (1, 0)), xp.permute_dims(y, (1, 0))
    new = (x.shape[0], xp.sum(x, axis=0), xp.sum(y, axis=0), xt @ x, xt @ y, yt @ y)
    return Sums(*(old + more for old, more in zip(sums, new, strict=True)))


def _solve(sums: Sums, penalty: float) -> tuple[Array, Array]:
    """Weights (D, K) and bias (K,) of least squared error with an unpenalised bias."""
    xp = namespace(sums.x)
    n = int(sums.images)
    mean_x, mean_y = sums.x / n, sums.y / n
    covariance = sums.xx / n - mean_x[:, None] * mean_x[None, :]
    scale = float(xp.sum(diagonal(covariance))) / covariance.shape[0]
    # the covariance is known to rounding only: features that hardly vary about large means need at least this
    least = 4 * float(xp.finfo(covariance.dtype).eps) * float(xp.sum(diagonal(sums.xx))) / n
    lift = max(penalty * (scale if scale > 0 else 1.0), least)
    ridge = covariance + lift * xp.eye(covariance.shape[0], dtype=covariance.dtype)
    weight = solve_positive(ridge, sums.xy / n - mean_x[:, None] * mean_y[None, :])
    return weight, mean_y - mean_x @ weight


def _loss(sums: Sums, weight: Array, bias: Array) -> Array:
    """Mean squared error of x w + b over the images behind the sums."""
    xp = namespace(weight)
    cross = xp.sum(weight * (sums.xx @ weight - 2 * sums.xy + 2 * sums.x[:, None] * bias[None, :]))
    rest = xp.sum(diagonal(sums.yy)) - 2 * xp.sum(bias * sums.y) + int(sums.images) * xp.sum(bias * bias)
    return (cross + rest) / int(sums.images)
