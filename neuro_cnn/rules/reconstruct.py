"""The autoencoder with tied weights: a layer learns to reconstruct the layer below, as in 2006."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Dense, Params, SCells
from neuro_cnn.ops.normalize import sum_positions
from neuro_cnn.optim import Adam, Optimizer
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.generative import (
    Apart,
    FromChance,
    Initial,
    Lesson,
    Tied,
    Views,
    drive,
    logistic,
    sent_down,
    shaped,
    tied,
    wired,
)
from neuro_cnn.schedule import positive


@dataclass(frozen=True)
class LinearCode:
    """h = drive: the cells that see one place come to span its first principal components (Baldi & Hornik 1989)."""

    kind: Literal["linear_code"] = "linear_code"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array) -> Array:
        return drive

    def slope(self, code: Array) -> Array:
        """The derivative where the code has this value, (N, K, ...)."""
        return 0 * code + 1


@dataclass(frozen=True)
class RectifiedCode:
    """h = max(drive, 0)."""

    kind: Literal["rectified_code"] = "rectified_code"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array) -> Array:
        xp = namespace(drive)
        return xp.maximum(drive, xp.zeros((), dtype=drive.dtype))

    def slope(self, code: Array) -> Array:
        """The derivative where the code has this value, (N, K, ...)."""
        return namespace(code).astype(code > 0, code.dtype)


@dataclass(frozen=True)
class LogisticCode:
    """h = 1 / (1 + exp(-drive)), as in Bengio et al. (2007)."""

    kind: Literal["logistic_code"] = "logistic_code"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, drive: Array) -> Array:
        return logistic(drive)

    def slope(self, code: Array) -> Array:
        """The derivative where the code has this value, (N, K, ...)."""
        return code * (1 - code)


Code: TypeAlias = LinearCode | RectifiedCode | LogisticCode


class ReconstructState(NamedTuple):
    """How many updates were made of how many, the biases, and the optimiser's state."""

    step: int
    updates: int
    hidden: Array
    visible: Array
    optimizer: Any


@dataclass(frozen=True)
class Reconstruct(Rule):
    """The autoencoder with tied weights of Bengio et al. (2007): code h = s(W x + b), reconstruction W^T h + c.

    Minimised is half the squared error, the mean over views (where they are apart) or images. With `corruption` that
    share of the input is set to 0 before coding, and the whole input is asked for (denoising, Vincent et al. 2008).
    Cells without a bias have one while they learn, in the rule's state.
    """

    code: Annotated[Code, Field(discriminator="kind")] = RectifiedCode()
    corruption: float = 0.0
    views: Annotated[Views, Field(discriminator="kind")] = Apart()
    initial: Annotated[Initial, Field(discriminator="kind")] = FromChance()
    optimizer: Annotated[Optimizer, Field(discriminator="kind")] = Adam()
    kind: Literal["reconstruct"] = "reconstruct"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (Conv, SCells, Dense)

    def __post_init__(self) -> None:
        positive(self.optimizer.rate)
        if not 0 <= self.corruption < 1:
            raise UsageError(f"corruption is {self.corruption}; it must lie in [0, 1)")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, ReconstructState]:
        seen = self.views(layer, params, sample, rng).x
        machine = tied(layer, self.initial(layer, params, sample, rng), seen)
        state = ReconstructState(0, updates, machine.hidden, machine.visible, self.optimizer.start(machine))
        return wired(layer, params, machine), state

    def update(
        self,
        layer: Any,
        params: Params,
        state: ReconstructState,
        activity: Any,
        target: Array,
        rng: np.random.Generator,
    ) -> tuple[Params, ReconstructState]:
        machine = Tied(params.learned.weight, state.hidden, state.visible)
        lesson = self.views(layer, params, activity.x, rng)
        if not lesson.x.shape[0]:  # nothing but blank views
            return params, state._replace(step=state.step + 1)
        shown = lesson.x
        if self.corruption > 0:
            xp = namespace(shown)
            kept = xp.asarray(rng.random(shown.shape, dtype=np.float32) >= self.corruption)
            shown = xp.where(kept, shown, xp.zeros((), dtype=shown.dtype))
        _, gradient = self.error(lesson, machine, shown)
        step, updates = int(state.step), int(state.updates)
        gradient = shaped(gradient, machine.weight)
        machine, inner = self.optimizer.step(machine, gradient, state.optimizer, step, updates)
        state = ReconstructState(step + 1, updates, machine.hidden, machine.visible, inner)
        return wired(layer, params, machine), state

    def error(self, lesson: Lesson, machine: Tied, shown: Array) -> tuple[Array, Tied]:
        """Half the squared error of reconstructing x from what is shown of it, (N, ...), and its gradient."""
        cells, params, x = lesson
        seen = cells.forward(params, shown)[1]
        code = self.code(drive(seen, machine))
        error = (sent_down(lesson, machine, code) - x) / x.shape[0]
        back = cells.forward(params, error)[1]  # its excitation is what the error says to the code, W error
        delta = back.excitation * self.code.slope(code)
        # tied weights take part twice: in decoding, code x error, and in coding, delta x input
        weight = cells.associate(params, back, code) + cells.associate(params, seen, delta)
        loss = namespace(x).sum(error * error) * x.shape[0] / 2
        return loss, Tied(weight, sum_positions(delta), sum_positions(error))
