"""The rules of the first machines that learned from a teacher: perceptron, Adaline and Madaline.

Every unit has a yes or a no of its own to give, +1 or -1, and images are presented one at a time: dw = d x, db = d,
where the rules differ in d. Batches only say how many presentations make an update; each meets the weights so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Params
from neuro_cnn.layers.base import Weights
from neuro_cnn.losses import one_hot
from neuro_cnn.rules.base import Rule
from neuro_cnn.schedule import Linear, Rate, at, positive
from neuro_cnn.tree import tree_map


class Presented(NamedTuple):
    """How many updates were made of how many."""

    step: int
    updates: int


class Corrects(Rule, Protocol):
    """A rule that presents images one at a time and corrects units by their own answer."""

    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Dense,)

    def correction(self, drive: Array, wanted: Array, length: Array, rate: float) -> Array:
        """d of each unit, from its drive and the answer wanted, (K,), and the squared length of its input."""
        ...

    def rate_at(self, state: Presented) -> float:
        """The rate of an update."""
        return 1.0

    def wanted(self, target: Array, weight: Array) -> Array:
        """The answers that are wanted, +1 or -1: (N,) -> (N, K). Here a unit a class."""
        return 2 * one_hot(target, weight.shape[0], weight) - 1

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Presented]:
        return params._replace(learned=tree_map(lambda w: 0 * w, params.learned)), Presented(0, updates)

    def update(
        self, layer: Any, params: Params, state: Presented, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Presented]:
        xp = namespace(activity.x)
        weight, bias = params.learned
        x = activity.x
        if layer.bias:  # the bias is the weight of an input that is always 1
            x = xp.concat([x, xp.ones((x.shape[0], 1), dtype=x.dtype)], axis=1)
            weight = xp.concat([weight, bias[:, None]], axis=1)
        rate, wanted, lengths = self.rate_at(state), self.wanted(target, weight), xp.sum(x * x, axis=1)
        for n in range(x.shape[0]):  # sequential: each presentation meets the weights that the last one left
            d = self.correction(weight @ x[n, :], wanted[n, :], lengths[n], rate)
            weight = weight + d[:, None] * x[n, :][None, :]
        size = activity.x.shape[1]
        learned = Weights(weight[:, :size] + 0, weight[:, size] + 0 if layer.bias else ())  # copies, contiguous
        return params._replace(learned=learned), Presented(int(state.step) + 1, state.updates)


@dataclass(frozen=True)
class ErrorCorrection(Corrects):
    """Rosenblatt's error-correcting reinforcement: only a unit that answers wrongly learns, by d = its right answer.

    F. Rosenblatt: Principles of Neurodynamics (1962), ch. 5; the perceptron is that of 1958. Every response unit learns
    its own yes or no, as in the Mark I; a drive of 0 is wrong. Weights start at 0, and so a rate would only be their
    unit. Where a hyperplane through 0 of margin g separates inputs no longer than R it errs (R / g)^2 times at most
    (Novikoff 1962).
    """

    kind: Literal["perceptron"] = "perceptron"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def correction(self, drive: Array, wanted: Array, length: Array, rate: float) -> Array:
        return namespace(drive).where(drive * wanted > 0, 0 * wanted, wanted)


@dataclass(frozen=True)
class LMS(Corrects):
    """The least-mean-square rule of Adaline: the error of the sum itself is corrected, d = rate (t - u) / |x|^2.

    B. Widrow, M. E. Hoff: Adaptive switching circuits. IRE WESCON Convention Record 4 (1960), for inputs of +1 and -1;
    for others in the form that Widrow & Lehr (1990) call alpha-LMS. A presentation takes this share of its error away,
    so that a rate below 2 cannot diverge. It ends at least squares of errors over |x| (the bias is an input of 1).
    """

    rate: Rate = Linear(0.1)  # Widrow & Lehr: between 0.1 and 1; that it falls to 0 is our choice
    kind: Literal["lms"] = "lms"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        _share(self.rate)

    def rate_at(self, state: Presented) -> float:
        return at(self.rate, int(state.step), int(state.updates))

    def correction(self, drive: Array, wanted: Array, length: Array, rate: float) -> Array:
        return rate * (wanted - drive) / _awake(length)


@dataclass(frozen=True)
class MadalineI(Corrects):
    """Madaline's first rule: where most of the Adalines of a class are wrong, the least sure of them learn by LMS.

    W. C. Ridgway (1962); Widrow & Lehr (1990): as few as would make the majority right, and of those that are wrong the
    ones whose sums are nearest to 0: minimal disturbance. The majority is fixed, so that this teaches one layer; the
    second rule (Winter & Widrow 1988) also teaches the layer above it, by trying what that would answer.
    """

    adalines: int
    rate: Rate = Linear(1.0)  # our choice: the whole error at first
    kind: Literal["madaline"] = "madaline"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.adalines < 1 or self.adalines % 2 == 0:
            raise UsageError(f"a majority of {self.adalines} Adalines; give an odd number")
        _share(self.rate)

    def check(self, layer: Any, params: Params) -> None:
        if layer.units % self.adalines:
            raise UsageError(f"{layer.units} units are no whole number of groups of {self.adalines} Adalines")

    def rate_at(self, state: Presented) -> float:
        return at(self.rate, int(state.step), int(state.updates))

    def wanted(self, target: Array, weight: Array) -> Array:
        xp = namespace(weight)
        answers = 2 * one_hot(target, weight.shape[0] // self.adalines, weight) - 1
        return xp.reshape(xp.stack([answers] * self.adalines, axis=2), (target.shape[0], -1))  # a class after the other

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Presented]:
        return params, Presented(0, updates)  # Adalines must differ, or they would all learn the same

    def correction(self, drive: Array, wanted: Array, length: Array, rate: float) -> Array:
        xp = namespace(drive)
        wrong = xp.reshape((drive > 0) != (wanted > 0), (-1, self.adalines))
        excess = xp.sum(xp.astype(wrong, xp.int64), axis=1) - self.adalines // 2  # more than the majority can bear
        far = xp.where(wrong, xp.reshape(xp.abs(drive), (-1, self.adalines)), xp.asarray(xp.inf, dtype=drive.dtype))
        place = xp.argsort(xp.argsort(far, axis=1), axis=1)  # 0 where the sum is nearest to 0
        learns = xp.reshape(xp.logical_and(wrong, place < excess[:, None]), (-1,))
        error = rate * (wanted - drive) / _awake(length)
        return xp.where(learns, error, 0 * error)


def _awake(length: Array) -> Array:
    """The squared length, or 1 where there is nothing to learn from."""
    xp = namespace(length)
    return xp.where(length > 0, length, xp.ones((), dtype=length.dtype))


def _share(rate: Rate) -> None:
    """Raises UsageError where the rate does not begin above 0 or is not below 2."""
    positive(rate)
    if max((rate,) if isinstance(rate, float | int) else (rate.start, rate.stop)) >= 2:
        raise UsageError(f"rate {rate}; a presentation that takes twice its error away never ends: stay below 2")
