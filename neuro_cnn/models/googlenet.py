"""GoogLeNet: views of several sizes side by side, made cheap by 1 x 1 convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import CCells, Conv, Dense, Dropout, GlobalPool, LocalResponse, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import AnyPart, Branches, Chain
from neuro_cnn.optim import SGD
from neuro_cnn.schedule import Linear

MODULES = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "pool3": None,
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "pool4": None,
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}
"""Planes of 1x1, 3x3 reduced, 3x3, 5x5 reduced, 5x5 and pooled 1x1 (table 1)."""
HALF = CCells(3, 2, ((0, 1), (0, 1)))
"""Overlapping maxima that halve the map: 112 -> 56, the last view beyond the edge."""


@dataclass(frozen=True)
class GoogLeNet:
    """Szegedy et al. (2015): 22 layers with weights, nine of them Inception modules, for images of 3 x 224 x 224.

    Without the two auxiliary classifiers, which the paper cuts off after training. Momentum and dropout are the
    paper's, which gives no rate or batch: those, decay, epochs and initial weights (He et al. 2015) are our choice.
    """

    epochs: Count = 90
    rate: Positive = 0.01
    batch: Count = 128
    for_images: ClassVar[tuple[int, ...]] = (3, 224, 224)
    for_classes: ClassVar[int] = 1000
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Three convolutions, nine modules, the mean of every plane, and one unit a class."""
        modules: list[tuple[str, AnyPart]] = [
            (name, HALF if planes is None else inception(*planes)) for name, planes in MODULES.items()
        ]
        return Chain(
            (
                *(("conv1", Conv(64, 7, 2, 3)), ("relu1", ReLU()), ("pool1", HALF), ("norm1", LocalResponse())),
                *(("conv2_reduce", Conv(64, 1)), ("relu2_reduce", ReLU())),
                *(("conv2", Conv(192, 3, pad=1)), ("relu2", ReLU()), ("norm2", LocalResponse()), ("pool2", HALF)),
                *modules,
                *(("mean", GlobalPool()), ("drop", Dropout(0.4)), ("out", Dense(classes))),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with momentum and weight decay."""
        how = Backprop(optimizer=SGD(Linear(self.rate), 0.9, 2e-4))
        return (Phase(None, how, self.epochs, self.batch),)


def inception(ones: int, reduce3: int, threes: int, reduce5: int, fives: int, pooled: int) -> Branches:
    """Views of 1 x 1, 3 x 3, 5 x 5 and of maxima, side by side (fig. 2b)."""
    return Branches(
        (
            Chain((("ones", Conv(ones, 1)), ("relu_ones", ReLU()))),
            Chain(
                (
                    *(("reduce3", Conv(reduce3, 1)), ("relu_reduce3", ReLU())),
                    *(("threes", Conv(threes, 3, pad=1)), ("relu_threes", ReLU())),
                )
            ),
            Chain(
                (
                    *(("reduce5", Conv(reduce5, 1)), ("relu_reduce5", ReLU())),
                    *(("fives", Conv(fives, 5, pad=2)), ("relu_fives", ReLU())),
                )
            ),
            Chain((("pool", CCells(3, 1, 1)), ("pooled", Conv(pooled, 1)), ("relu_pooled", ReLU()))),
        )
    )
