"""Learning with a teacher, who draws a pattern and points to the cell that is to learn it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.data import Dataset
from neuro_cnn.data.lessons import Pattern, drawn
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Shunting
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops.normalize import sum_positions
from neuro_cnn.rules.base import Rule


@dataclass(frozen=True)
class Taught(Rule):
    """da = q c(v) u_C and db = (q/2) v_C at the cell that the teacher points to: Fukushima, Miyake & Ito 1983.

    All weights start at 0, so that a plane without a pattern stays silent. Several patterns may teach one plane; planes
    do not compete, so that a whole lesson may be one batch. The images of the data set are not looked at: the lesson's
    patterns are shown in their place. Data of other classes than the lesson's are refused. Fukushima (1988) writes
    db = q v and r / (1 + r) in the S-cell, which is the same as q/2 here and 2r / (1 + r) in `Shunting`.
    """

    q: float
    lesson: tuple[Pattern, ...]
    classes: tuple[str, ...] = ()  # what the lesson's planes stand for, where they are the answers
    kind: Literal["taught"] = "taught"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = True
    teaches: ClassVar[tuple[type, ...]] = (SCells,)

    def __post_init__(self) -> None:
        if self.q <= 0:
            raise UsageError(f"q = {self.q}; it must be positive")
        if not self.lesson:
            raise UsageError("a lesson without patterns; give it at least one")

    def shows(self, shape: tuple[int, ...]) -> Dataset:
        """The lesson as images; an image's label is its place in the lesson."""
        return drawn(self.lesson, shape)

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        if not isinstance(layer, SCells) or not isinstance(layer.response, Shunting):
            raise UsageError("the teacher's rule is for S-cells with shunting inhibition; set response = shunting")
        a, b = params.learned
        return params._replace(learned=SWeights(0 * a, 0 * b)), None

    def update(
        self, layer: Any, params: Params, state: None, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, None]:
        seeds = self._seeds(activity, to_numpy(target))
        a, b = params.learned
        a = a + self.q * layer.associate(params, activity, seeds)
        b = b + self.q / 2 * sum_positions(seeds * activity.inhibition)
        return params._replace(learned=SWeights(a, b)), None

    def _seeds(self, activity: Any, places: Any) -> Array:
        """1 at the cell that each image, `places` in the lesson, is to teach: like the drive."""
        seeds, seen = np.zeros(activity.drive.shape), to_numpy(activity.inhibition)[:, 0]
        for image, pattern in enumerate(self.lesson[place] for place in places):
            cell = (pattern.plane, *pattern.seed)
            if any(index >= side for index, side in zip(cell, seeds.shape[1:], strict=True)):
                shape = " x ".join(map(str, seeds.shape[1:]))
                raise UsageError(f"{pattern} lies outside the layer of {shape} cells; move the seed")
            if not seen[image, *pattern.seed]:
                raise UsageError(f"the seed cell sees nothing of {pattern}; draw or seed it elsewhere")
            seeds[image, *cell] = 1
        return namespace(activity.drive).asarray(seeds, dtype=activity.drive.dtype)
