"""Adaline: adaptive linear neurons, one a class, on the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import Dense, Flatten, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.rules import LMS
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class Adaline:
    """An adaptive linear neuron a class, taught by the least-mean-square rule of Widrow & Hoff (1960).

    A presentation takes the share `rate` of its error away; the rate falls to 0. Rate and epochs are our choice.
    """

    rate: Positive = 0.1
    epochs: Count = 20
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """All pixels to one unit a class."""
        return Chain((("flat", Flatten()), ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Every unit follows the error of its own sum, one image after the other."""
        return (Phase(("out",), Local(LMS(Linear(self.rate))), self.epochs, 100),)
