"""The multi-layer perceptron: a network with no idea that its input is an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.layers import AnyLayer, Dense, Flatten, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class MLP:
    """Hidden layers of rectified units, trained by backpropagation. All constants are our choice.

    `augment` moves each training image anew by up to so many pixels; give it more epochs.
    """

    layers: Annotated[int, Field(ge=1, le=3)] = 1  # hidden ones, each of `hidden` units
    hidden: Count = 256
    epochs: Count = 15
    rate: Positive = 0.001
    batch: Count = 64
    augment: Annotated[int, Field(ge=0, le=100)] = 0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """All pixels to hidden units, layer by layer, to one unit a class."""
        hidden: list[tuple[str, AnyLayer]] = []
        for level in ("", "2", "3")[: self.layers]:
            hidden += [(f"hidden{level}", Dense(self.hidden)), (f"rectified{level}", ReLU())]
        return Chain((("flat", Flatten()), *hidden, ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Backpropagation with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch, augment=augment),)
