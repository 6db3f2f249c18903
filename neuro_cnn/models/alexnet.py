"""AlexNet, and the same shape scaled down to digits, whole or with layers taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import AnyLayer, CCells, Conv, Dense, Dropout, Flatten, LocalResponse, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import SGD, Adam
from neuro_cnn.schedule import Linear

Missing: TypeAlias = Literal["nothing", "fc7", "fc6-7", "conv3-4", "conv3-4-fc6-7"]
Named: TypeAlias = tuple[tuple[str, AnyLayer], ...]


@dataclass(frozen=True)
class AlexNet:
    """Krizhevsky, Sutskever and Hinton (2012): five convolutions, two of 4,096 units, for images of 3 x 227 x 227.

    Half of the planes of conv2, conv4 and conv5 see half of those below, as on the paper's two processors. `without`
    leaves layers out, as Zeiler and Fergus (2014) did. Rate, momentum, decay, batch, epochs and dropout are the
    paper's; initial weights (He et al. 2015) and a rate that falls to 0 in a straight line are our choice.
    """

    without: Missing = "nothing"
    epochs: Count = 90
    rate: Positive = 0.01
    batch: Count = 128
    for_images: ClassVar[tuple[int, ...]] = (3, 227, 227)
    for_classes: ClassVar[int] = 1000
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Convolutions of 96, 256, 384, 384 and 256 planes, then 4,096, 4,096 and one unit a class."""
        first = Conv(96, 11, 4)
        return _network(first, (256, 384, 384, 256), (4096, 4096), classes, 2, 3, self.without)

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with momentum and weight decay."""
        how = Backprop(optimizer=SGD(Linear(self.rate), 0.9, 5e-4))
        return (Phase(None, how, self.epochs, self.batch),)


@dataclass(frozen=True)
class AlexNetSmall:
    """AlexNet's shape for images of 28 x 28: as many layers of the same kinds, a quarter to a sixteenth as wide.

    All constants are our choice. `without` leaves layers out, to see what depth is good for.
    """

    without: Missing = "nothing"
    epochs: Count = 10
    rate: Positive = 0.001
    batch: Count = 64
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """Convolutions of 24, 64, 96, 96 and 64 planes, then 256, 256 and one unit a class."""
        first = Conv(24, 5, pad=2)
        return _network(first, (64, 96, 96, 64), (256, 256), classes, 1, 2, self.without)

    def curriculum(self) -> Curriculum:
        """Backpropagation with Adam, the rate falling to 0."""
        return (Phase(None, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch),)


def _network(
    first: Conv, planes: tuple[int, ...], units: tuple[int, ...], classes: int, groups: int, last: int, without: Missing
) -> Chain:
    """The layers, fewer where some are to be left out; `last` is the side of the last pool."""
    second, third, fourth, fifth = planes
    middle = {
        "conv3": Conv(third, 3, pad=1),
        "conv4": Conv(fourth, 3, pad=1, groups=groups),
    }
    top = {f"fc{number}": Dense(count) for number, count in zip((6, 7), units, strict=True)}
    gone = {"fc7": ("fc7",), "fc6-7": ("fc6", "fc7"), "conv3-4": ("conv3", "conv4"), "conv3-4-fc6-7": (*middle, *top)}
    left_out = gone.get(without, ())
    layers: list[tuple[str, AnyLayer]] = [
        *_rectified("conv1", first),
        *(("norm1", LocalResponse()), ("pool1", CCells(3, 2))),
        *_rectified("conv2", Conv(second, 5, pad=2, groups=groups)),
        *(("norm2", LocalResponse()), ("pool2", CCells(3, 2))),
    ]
    for name, conv in (*middle.items(), ("conv5", Conv(fifth, 3, pad=1, groups=groups))):
        layers += _rectified(name, conv) if name not in left_out else ()
    layers += [("pool5", CCells(last, 2)), ("flat", Flatten())]
    for name, dense in top.items():
        if name not in left_out:
            layers += [*_rectified(name, dense), (f"drop{name[2:]}", Dropout(0.5))]
    return Chain((*layers, ("out", Dense(classes))))


def _rectified(name: str, layer: AnyLayer) -> Named:
    return (name, layer), (f"relu{name.removeprefix('conv').removeprefix('fc')}", ReLU())
