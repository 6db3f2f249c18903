"""The nearest neighbour on pixels: the floor that every learner must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import Flatten, Nearest, Shape
from neuro_cnn.network import Chain
from neuro_cnn.rules import Memorize


@dataclass(frozen=True)
class NearestNeighbour:
    """Remembers every training image and answers with the label of the nearest."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Pixels in a row, and a memory."""
        return Chain((("flat", Flatten()), ("out", Nearest(classes))))

    def curriculum(self) -> Curriculum:
        """One pass that remembers everything."""
        return (Phase(("out",), Local(Memorize()), batch=1000),)
