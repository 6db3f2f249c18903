"""VGG-16: nothing but views of 3 x 3, thirteen times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import AnyLayer, CCells, Conv, Dense, Dropout, Flatten, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD
from neuro_cnn.schedule import Linear

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Planes of the convolutions before each pool (configuration D, table 1)."""


@dataclass(frozen=True)
class VGG16:
    """Simonyan and Zisserman (2015), configuration D: thirteen convolutions, three layers of units, 3 x 224 x 224.

    Rate, momentum, decay, batch, epochs and dropout are the paper's; initial weights (He et al. 2015) and a rate that
    falls to 0 in a straight line are our choice.
    """

    epochs: Count = 74
    rate: Positive = 0.01
    batch: Count = 256
    for_images: ClassVar[tuple[int, ...]] = (3, 224, 224)
    for_classes: ClassVar[int] = 1000
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Five stages of 64 to 512 planes, then 4,096, 4,096 and one unit a class."""
        layers: list[tuple[str, AnyLayer]] = []
        for stage, widths in enumerate(STAGES, 1):
            for number, planes in enumerate(widths, 1):
                layers += [(f"conv{stage}_{number}", Conv(planes, 3, pad=1)), (f"relu{stage}_{number}", ReLU())]
            layers.append((f"pool{stage}", CCells(2)))
        layers.append(("flat", Flatten()))
        for number in (6, 7):
            layers += [(f"fc{number}", Dense(4096)), (f"relu{number}", ReLU()), (f"drop{number}", Dropout(0.5))]
        return Chain((*layers, ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with momentum and weight decay."""
        how = Backprop(optimizer=SGD(Linear(self.rate), 0.9, 5e-4))
        return (Phase(None, how, self.epochs, self.batch),)
