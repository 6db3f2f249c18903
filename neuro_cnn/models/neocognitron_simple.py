"""The neocognitron as introductory lectures tell it: weighted sum and rectifier, maximum, input times output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from neuro_cnn.curriculum import Curriculum, Local, Phase, Together
from neuro_cnn.layers import CCells, Flatten, Labelled, SCells, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.rules import Hebb, Hebbian, NameCells, SeedCells


@dataclass(frozen=True)
class NeocognitronSimple:
    """S = ReLU of the weighted sum, C = maximum, and seed cells that learn by input times output; no inhibition.

    The wiring is that of 1980. Without inhibition nothing keeps planes apart: it works from views of the training
    images, and collapses from random weights (`initial=random` shows it). Rate and initial weights are our choice.
    """

    planes: Count = 24
    rate: Positive = 0.05
    presentations: Count = 1
    initial: Literal["random", "data"] = "data"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """16 x 16 -> S1 16 -> C1 10 -> S2 8 -> C2 6 -> S3 2 -> C3 1, as in 1980."""
        return Chain(
            (
                ("S1", SCells(self.planes, 5, pad=2)),
                ("C1", CCells(5, 2, ((3, 4), (3, 4)))),
                ("S2", SCells(self.planes, 5, pad=1)),
                ("C2", CCells(5, 1, 1)),
                ("S3", SCells(self.planes, 5)),
                ("C3", CCells(2, 1)),
                ("flat", Flatten()),
                ("out", Labelled(classes)),
            )
        )

    def curriculum(self) -> Curriculum:
        """All stages at each presentation, weights held at norm 1; afterwards the deepest cells get their names."""
        rules = tuple(
            (name, Hebbian(self.rate, SeedCells(column), Hebb(), initial=self.initial))
            for name, column in (("S1", 5), ("S2", 5), ("S3", 2))
        )
        stages = tuple(name for name, _ in rules)
        return (
            Phase(stages, Together(rules), self.presentations, batch=1),
            Phase(("out",), Local(NameCells()), batch=100),
        )
