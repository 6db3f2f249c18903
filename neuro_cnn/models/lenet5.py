"""LeNet-5 in its modern form: S- and C-layers trained by backpropagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.layers import AnyLayer, BestPosition, CCells, Conv, Dense, Flatten, ReLU, SCells, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class LeNet5:
    """The wiring of LeCun et al. (1998) with rectified cells, max pooling and a softmax: what is called LeNet today.

    Rate, epochs and batch are our choice. `augment` moves each training image anew by up to so many pixels; give it
    more epochs. With `reach` 1 the same network, trained in the middle, is there at 3 x 3 positions, four pixels apart,
    and the best position counts: a space-displacement network (LeCun et al. 1998) of few positions. What it answers
    beside the middle is trained only by images that are moved.
    """

    epochs: Count = 20
    rate: Positive = 0.002
    batch: Count = 64
    augment: Annotated[int, Field(ge=0, le=100)] = 0
    reach: Annotated[int, Field(ge=0, le=4)] = 0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Two pairs of S- and C-layers, 6 and 16 planes, then 120, 84 and one unit a class."""
        if not self.reach:
            units = (
                ("flat", Flatten()),
                *(("F5", Dense(120)), ("A5", ReLU())),
                *(("F6", Dense(84)), ("A6", ReLU())),
                ("out", Dense(classes)),
            )
            return Chain((*_maps(0), *units))
        one = Chain(_maps(0))
        _, height, width = one.shapes(one.init(in_shape, None), in_shape)["C2"]
        return Chain(
            (
                *_maps(self.reach),
                ("F5", SCells(120, (height, width))),
                ("F6", SCells(84, 1)),
                ("out", Conv(classes, 1)),
                ("best", BestPosition()),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch, augment=augment),)


def _maps(reach: int) -> tuple[tuple[str, AnyLayer], ...]:
    """The S- and C-layers, wide enough for so many positions on either side."""
    return (
        ("S1", SCells(6, 5, pad=2 + 4 * reach)),
        ("C1", CCells(2)),
        ("S2", SCells(16, 5)),
        ("C2", CCells(2)),
    )
