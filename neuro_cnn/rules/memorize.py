"""Memorising: every labelled training image is kept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.layers import Nearest, Params
from neuro_cnn.layers.nearest import Memory
from neuro_cnn.rules.base import Rule


@dataclass(frozen=True)
class Memorize(Rule):
    """Adds every image and its label to a Nearest layer's memory."""

    kind: Literal["memorize"] = "memorize"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (Nearest,)

    def update(
        self, layer: Any, params: Params, state: None, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, None]:
        xp = namespace(activity.x)
        templates, labels = params.fixed
        memory = Memory(xp.concat([templates, activity.x]), xp.concat([labels, target]))
        return params._replace(fixed=memory), None
