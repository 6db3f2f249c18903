"""Add-if-silent: a new plane wherever no cell of the layer answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.layers import Params
from neuro_cnn.rules.growing import Growing, Planes


@dataclass(frozen=True)
class AddIfSilent(Growing):
    """A place where all planes are silent at the learning threshold gets a plane of its own: Fukushima 2013.

    Once made, a plane never changes. What is silent, and which views are shown, says `Growing`.
    """

    theta: float
    least_activity: float = 0.3
    strength: float = 1.0
    kind: Literal["add_if_silent"] = "add_if_silent"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def settled(self, layer: Any, params: Params, state: Any) -> bool:
        return bool(params.learned.weight.shape[0] >= layer.planes)

    def meet(self, planes: Planes) -> None:
        silent = planes.silent(self.theta)
        while planes.room and silent.any():  # sequential: every plane answers to some of the views to come
            view = int(silent.argmax())
            planes.add(view)
            silent &= planes.silent(self.theta, planes.count - 1)
            silent[view] = False

    def answered(self, planes: Planes, view: int, winner: int) -> None:
        return
