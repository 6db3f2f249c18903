"""Residual networks: so deep that each block learns only what is to be added to its input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import BatchNorm, CCells, Conv, Dense, GlobalPool, ReLU, Shape
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import AnyPart, Chain, Residual
from neuro_cnn.optim import SGD
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class _ResNet:
    """How residual networks are trained: by backpropagation with momentum and weight decay."""

    epochs: Count = 90
    rate: Positive = 0.1
    batch: Count = 256
    for_images: ClassVar[tuple[int, ...]] = (3, 224, 224)
    for_classes: ClassVar[int] = 1000
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with momentum and weight decay."""
        how = Backprop(optimizer=SGD(Linear(self.rate), 0.9, 1e-4))
        return (Phase(None, how, self.epochs, self.batch),)


@dataclass(frozen=True)
class ResNet18(_ResNet):
    """He et al. (2016), table 1: 18 layers with weights, eight blocks of two convolutions, for 3 x 224 x 224.

    Shortcuts of option B: a 1 x 1 convolution where planes or map change. Layers are named as in torchvision, so that
    its weights can be taken over. Rate, momentum, decay and batch are the paper's, the rate falling to 0 in a straight
    line, and the number of epochs are our choice.
    """

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """A convolution, four stages of 64 to 512 planes, the mean of every plane, and one unit a class."""
        return _network((2, 2, 2, 2), basic, 1, classes)


@dataclass(frozen=True)
class ResNet50(_ResNet):
    """He et al. (2016), table 1: 50 layers with weights, sixteen blocks of three convolutions, for 3 x 224 x 224.

    The first of the three halves the map, as published (torchvision moved this to the second). Else as `resnet18`.
    """

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """A convolution, four stages of 256 to 2,048 planes, the mean of every plane, and one unit a class."""
        return _network((3, 4, 6, 3), bottleneck, 4, classes)


def _network(blocks: tuple[int, ...], body: Any, wider: int, classes: int) -> Chain:
    """So many blocks in each stage; their responses have `wider` times the stage's planes."""
    layers: list[tuple[str, AnyPart]] = [
        *(("conv1", Conv(64, 7, 2, 3, bias=False)), ("bn1", BatchNorm()), ("relu1", ReLU())),
        ("maxpool", CCells(3, 2, 1)),
    ]
    before = 64
    for stage, count in enumerate(blocks, 1):
        planes = 32 << stage
        for number in range(count):
            stride = 2 if stage > 1 and number == 0 else 1
            changes = stride > 1 or before != planes * wider
            shortcut = Chain(
                (
                    ("downsample_0", Conv(planes * wider, 1, stride, bias=False)),
                    ("downsample_1", BatchNorm()),
                )
            )
            name = f"layer{stage}_{number}"
            layers += [(name, Residual(body(planes, stride), shortcut if changes else None)), (f"{name}_relu", ReLU())]
            before = planes * wider
    return Chain((*layers, ("avgpool", GlobalPool()), ("out", Dense(classes))))


def basic(planes: int, stride: int) -> Chain:
    """Two views of 3 x 3 (fig. 5, left)."""
    return Chain(
        (
            *(("conv1", Conv(planes, 3, stride, 1, bias=False)), ("bn1", BatchNorm()), ("relu", ReLU())),
            *(("conv2", Conv(planes, 3, pad=1, bias=False)), ("bn2", BatchNorm())),
        )
    )


def bottleneck(planes: int, stride: int) -> Chain:
    """A 3 x 3 view between two 1 x 1 convolutions, which take planes away and give them back (fig. 5, right)."""
    return Chain(
        (
            *(("conv1", Conv(planes, 1, stride, bias=False)), ("bn1", BatchNorm()), ("relu1", ReLU())),
            *(("conv2", Conv(planes, 3, pad=1, bias=False)), ("bn2", BatchNorm()), ("relu2", ReLU())),
            *(("conv3", Conv(4 * planes, 1, bias=False)), ("bn3", BatchNorm())),
        )
    )
