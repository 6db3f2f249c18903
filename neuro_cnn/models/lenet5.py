"""LeNet-5 in its modern form: S- and C-layers trained by backpropagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import CCells, Dense, Flatten, ReLU, SCells, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class LeNet5:
    """The wiring of LeCun et al. (1998) with rectified cells, max pooling and a softmax: what is called LeNet today.

    Rate, epochs and batch are our choice.
    """

    epochs: Count = 20
    rate: Positive = 0.002
    batch: Count = 64
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Two pairs of S- and C-layers, 6 and 16 planes, then 120, 84 and one unit a class."""
        return Chain(
            (
                ("S1", SCells(6, 5, pad=2)),
                ("C1", CCells(2)),
                ("S2", SCells(16, 5)),
                ("C2", CCells(2)),
                ("flat", Flatten()),
                ("F5", Dense(120)),
                ("A5", ReLU()),
                ("F6", Dense(84)),
                ("A6", ReLU()),
                ("out", Dense(classes)),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch),)
