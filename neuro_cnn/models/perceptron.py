"""Rosenblatt's perceptron: a retina, association units on request, and response units that learn from their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import AnyLayer, Associations, Dense, Flatten, Resize, Shape
from neuro_cnn.models.features import Count
from neuro_cnn.network import Chain
from neuro_cnn.rules import ErrorCorrection

RETINA = 20
"""Photocells on a side of the Mark I (1960)."""


@dataclass(frozen=True)
class Perceptron:
    """Twenty by twenty photocells and a response unit a class, taught by error correction (Rosenblatt 1958, 1962).

    `associations` are units between them with fixed random connections; the Mark I had 512. Epochs: our choice.
    """

    associations: Annotated[int, Field(ge=0, le=100_000)] = 0
    epochs: Count = 20
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The retina, A-units where wanted, and R-units."""
        units: tuple[tuple[str, AnyLayer], ...] = ()
        if self.associations:
            units = (("A", Associations(self.associations)),)
        return Chain((("retina", Resize(RETINA, RETINA)), ("flat", Flatten()), *units, ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Response units learn from their errors, one image after the other."""
        return (Phase(("out",), Local(ErrorCorrection()), self.epochs, 100),)
