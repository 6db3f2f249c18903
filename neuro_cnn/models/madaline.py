"""Madaline: many Adalines under a fixed majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import Dense, Flatten, Majority, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.rules import MadalineI
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class Madaline:
    """Several Adalines a class whose majority answers; the least sure of those that are wrong learn (Ridgway 1962).

    Their number must be odd. The class with the largest share of yes is the answer. All constants are our choice.
    """

    adalines: Count = 15
    rate: Positive = 1.0
    epochs: Count = 20
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """All pixels to the Adalines of each class, and their vote."""
        votes = (("adalines", Dense(classes * self.adalines)), ("out", Majority(self.adalines)))
        return Chain((("flat", Flatten()), *votes))

    def curriculum(self) -> Curriculum:
        """Madaline's first rule, one image after the other."""
        rule = MadalineI(self.adalines, Linear(self.rate))
        return (Phase(("adalines",), Local(rule), self.epochs, 100),)
