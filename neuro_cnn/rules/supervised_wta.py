"""Supervised winner-take-all: planes of the deepest S-cells that carry a class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import LabelledCells, Params, Shunting, Subtractive
from neuro_cnn.layers.labelled_cells import Classes
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.rules.base import Rule
from neuro_cnn.rules.growing import Lengths, Planes, active_views


@dataclass(frozen=True)
class SupervisedWTA(Rule):
    """The winner of all planes and positions adds its view to its pattern if its class is right: Fukushima 2003.

    If it is wrong, what the winner saw becomes a new plane of the right class; if all are silent, the most active
    view. Cells compete by the cosine of view and pattern, weighted by c(v); a = strength c X / ||X||.
    """

    strength: float = 1.0
    kind: Literal["supervised_wta"] = "supervised_wta"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    grows: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (LabelledCells,)

    def __post_init__(self) -> None:
        if self.strength <= 0:
            raise UsageError(f"strength of the weights is {self.strength}; it must be positive")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Lengths]:
        if not isinstance(layer.cells.response, Subtractive | Shunting):
            raise UsageError(f"{self.kind} teaches S-cells with inhibition; set response = subtractive or shunting")
        none = SWeights(*(leaf[:0] for leaf in params.learned))
        return Params(none, params.fixed._replace(labels=params.fixed.labels[:0])), Lengths(none.inhibition)

    def update(
        self, layer: Any, params: Params, state: Lengths, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Lengths]:
        planes = Planes(params, state.lengths, layer.cells.planes)
        labels = [int(label) for label in to_numpy(params.fixed.labels)]
        shown = active_views(layer.cells, activity.cells, 0)
        for (views, v), label in zip(shown, to_numpy(target), strict=True):  # sequential: each meets the planes so far
            if not len(v):
                continue
            planes.face(views, v)
            winner, view = planes.strongest(layer.cells.response.theta)
            if winner is not None and labels[winner] == label:
                planes.learn(winner, view)
            elif planes.room:
                planes.add(view)
                labels.append(int(label))
        if not planes.changed:
            return params, state
        params, state = planes.grown(layer.cells, params)
        xp = namespace(params.fixed.labels)
        named = Classes(params.fixed.surround, xp.asarray(np.array(labels), dtype=params.fixed.labels.dtype))
        return params._replace(fixed=named), state

    def finish(self, layer: Any, params: Params, state: Lengths) -> Params:
        strong: Params = layer.cells.rewire(params, self.strength * params.learned.weight)
        return strong
