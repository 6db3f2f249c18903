"""Naming cells that learned without a teacher by what they answer to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Params
from neuro_cnn.layers.labelled import Labelled, Labels
from neuro_cnn.losses import one_hot
from neuro_cnn.rules.base import Rule


@dataclass(frozen=True)
class NameCells(Rule):
    """Each cell is named after the class it won most often on training images; one that never won stays unnamed.

    At every image the cell with the largest response wins, ties to the lowest; a silent layer has no winner.
    """

    kind: Literal["name_cells"] = "name_cells"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Labelled,)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Array]:
        return params, 0 * params.fixed.table

    def update(
        self, layer: Any, params: Params, state: Array, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Array]:
        xp = namespace(activity.x)
        awake = xp.astype(xp.max(activity.x, axis=1) > 0, activity.x.dtype)
        won = one_hot(xp.argmax(activity.x, axis=1), activity.x.shape[1], activity.x) * awake[:, None]
        return params, state + xp.permute_dims(one_hot(target, layer.classes, activity.x), (1, 0)) @ won

    def finish(self, layer: Any, params: Params, state: Array) -> Params:
        xp = namespace(state)
        names = xp.permute_dims(one_hot(xp.argmax(state, axis=0), layer.classes, state), (1, 0))
        won = xp.astype(xp.max(state, axis=0) > 0, state.dtype)
        return Params((), Labels(names * won[None, :]))
