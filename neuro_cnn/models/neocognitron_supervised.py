"""The neocognitron of 1980 taught by backpropagation: its cells and stages, and a decision by class labels on top.

Cells, stages, r and alpha are those of `neocognitron-1980`. All else is our choice, tuned on splits of the training
digits alone: a stride of 2 in every C-layer, so that maps from 16 x 16 up shrink but do not vanish; views of 3 x 3 in
S3 and C3; the sums of d(v); the learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Local, Phase
from neuro_cnn.layers import CCells, Dense, Flatten, Saturating, SCells, Shape, Shunting
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.rules import Imprint
from neuro_cnn.schedule import Linear

STAGES = ("S1", "S2", "S3")


@dataclass(frozen=True)
class NeocognitronSupervised:
    """Shunting S-cells that follow the error gradient, their weights never negative, under a softmax of the classes.

    The C-cells are fixed. With `initial` "data" every S-plane begins as a view of a training image, with "random" by
    chance and with an `inhibition` that is this share of what selectivity asks for: then nothing is learned without a
    teacher. Views learn faster; with all digits and all epochs the two ends cannot be told apart.
    """

    planes: Count = 24
    r1: Positive = 4.0
    r2: Positive = 1.5
    r3: Positive = 1.5
    alpha: Positive = 0.5
    initial: Literal["random", "data"] = "data"
    inhibition: Annotated[float, Field(ge=0, le=1)] = 0.5
    epochs: Count = 10
    rate: Positive = 0.01
    batch: Count = 32
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """28 x 28 -> S1 28 -> C1 14 -> S2 12 -> C2 6 -> S3 6 -> C3 3 -> classes; 16 x 16 -> 16, 8, 6, 3, 3, 2."""
        c1, c2, c3 = (Saturating(total, delta, self.alpha) for total, delta in ((20.0, 0.5), (2.0, 0.5), (2.0, 1.0)))
        return Chain(
            (
                ("S1", self._s_cells(5, 2, self.r1)),
                ("C1", CCells(5, 2, 2, c1)),
                ("S2", self._s_cells(5, 1, self.r2)),
                ("C2", CCells(5, 2, 2, c2)),
                ("S3", self._s_cells(3, 1, self.r3)),
                ("C3", CCells(3, 2, 1, c3)),
                ("flat", Flatten()),
                ("out", Dense(classes)),
            )
        )

    def _s_cells(self, size: int, pad: int, r: float) -> SCells:
        return SCells(self.planes, size, pad=pad, response=Shunting(r), initial_inhibition=self.inhibition)

    def curriculum(self) -> Curriculum:
        """A start from views, stage by stage, unless it is random; then backpropagation through all layers."""
        views = tuple(Phase((name,), Local(Imprint()), epochs=0) for name in STAGES)
        taught = Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch)
        return (*(views if self.initial == "data" else ()), taught)
