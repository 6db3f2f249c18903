"""ZFNet: AlexNet looked at through deconvolution, and mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import CCells, Conv, Dense, Dropout, Flatten, LocalResponse, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class ZFNet:
    """Zeiler and Fergus (2014, fig. 3): a first view of 7 at stride 2 and no groups, for images of 3 x 224 x 224.

    Its contrast normalisation across planes is that of AlexNet. Rate, momentum, batch, epochs and dropout are the
    paper's; initial weights (He et al. 2015) and a rate that falls to 0 in a straight line are our choice.
    """

    epochs: Count = 70
    rate: Positive = 0.01
    batch: Count = 128
    for_images: ClassVar[tuple[int, ...]] = (3, 224, 224)
    for_classes: ClassVar[int] = 1000
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Convolutions of 96, 256, 384, 384 and 256 planes, then 4,096, 4,096 and one unit a class."""
        return Chain(
            (
                *(
                    ("conv1", Conv(96, 7, 2, 1)),
                    ("relu1", ReLU()),
                    ("pool1", CCells(3, 2, 1)),
                    ("norm1", LocalResponse()),
                ),
                *(
                    ("conv2", Conv(256, 5, 2)),
                    ("relu2", ReLU()),
                    ("pool2", CCells(3, 2, 1)),
                    ("norm2", LocalResponse()),
                ),
                *(("conv3", Conv(384, 3, pad=1)), ("relu3", ReLU())),
                *(("conv4", Conv(384, 3, pad=1)), ("relu4", ReLU())),
                *(("conv5", Conv(256, 3, pad=1)), ("relu5", ReLU()), ("pool5", CCells(3, 2))),
                ("flat", Flatten()),
                *(("fc6", Dense(4096)), ("relu6", ReLU()), ("drop6", Dropout(0.5))),
                *(("fc7", Dense(4096)), ("relu7", ReLU()), ("drop7", Dropout(0.5))),
                ("out", Dense(classes)),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with momentum."""
        return (Phase(None, Backprop(optimizer=SGD(Linear(self.rate), 0.9)), self.epochs, self.batch),)
