"""Memorising: every labelled training image is kept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Nearest, Params
from neuro_cnn.layers.nearest import Memory


@dataclass(frozen=True)
class Memorize:
    """Adds every image and its label to a Nearest layer's memory."""

    kind: Literal["memorize"] = "memorize"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Nearest,)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        return params, None

    def update(
        self, layer: Any, params: Params, state: None, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, None]:
        xp = namespace(activity.x)
        templates, labels = params.fixed
        memory = Memory(xp.concat([templates, activity.x]), xp.concat([labels, target]))
        return params._replace(fixed=memory), None

    def finish(self, layer: Any, params: Params, state: None) -> Params:
        return params
