"""The networks of ConvNetJS's demonstrations on MNIST and CIFAR-10 (Karpathy 2014), which learn in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import AnyLayer, CCells, Conv, Dense, Flatten, ReLU, Shape
from neuro_cnn.models.features import Count, NotNegative
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adadelta

SIDE = 24  # pixels of a side that the network for MNIST sees of 28


@dataclass(frozen=True)
class ConvNetJSMNIST:
    """Karpathy's network for digits: 24 x 24 pixels, two pairs of convolution and max pooling, softmax.

    Where images are larger, it sees their middle; in learning they are moved by up to `augment` pixels, so that of 28 x
    28 pixels it sees any 24 x 24, as there. There, a digit is tested by the mean answer to four such crops, here by the
    middle one. Adadelta, batch and decay are its own, epochs our choice.
    """

    epochs: Count = 10
    batch: Count = 20
    decay: NotNegative = 0.001
    augment: Annotated[int, Field(ge=0, le=100)] = 2
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """8 planes, pooled by 2, and 16, pooled by 3, then one unit a class."""
        maps = (*_stage(1, 8, pool=2), *_stage(2, 16, pool=3))
        return Chain((*_crop(in_shape), *maps, ("flat", Flatten()), ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adadelta."""
        return _taught(self.epochs, self.batch, self.decay, Augment(self.augment))


@dataclass(frozen=True)
class ConvNetJSCIFAR:
    """Karpathy's network for small colour images: three pairs of convolution and max pooling, softmax.

    In learning, images are moved by up to `augment` pixels, and with `flip` one in two is mirrored; there, an image is
    tested by the mean answer to six such, here as it is. Adadelta, batch and decay are its own, epochs our choice.
    """

    epochs: Count = 10
    batch: Count = 4
    decay: NotNegative = 0.0001
    augment: Annotated[int, Field(ge=0, le=100)] = 2
    flip: bool = True
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """16, 20 and 20 planes, each pooled by 2, then one unit a class."""
        maps = (*_stage(1, 16, pool=2), *_stage(2, 20, pool=2), *_stage(3, 20, pool=2))
        return Chain((*maps, ("flat", Flatten()), ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adadelta."""
        return _taught(self.epochs, self.batch, self.decay, Augment(self.augment, flip=self.flip))


def _crop(in_shape: Shape) -> tuple[tuple[str, AnyLayer], ...]:
    """Views of one cell, none of them at the edges: the middle of larger images."""
    spare = [length - SIDE for length in in_shape[1:]]
    if min(spare) < 0:
        raise UsageError(f"it sees {SIDE} x {SIDE} pixels; choose images at least as large")
    if max(spare) == 0:
        return ()
    down, across = ((-(extra // 2), extra // 2 - extra) for extra in spare)
    return (("crop", CCells(1, pad=(down, across))),)


def _stage(number: int, planes: int, pool: int) -> tuple[tuple[str, AnyLayer], ...]:
    """Views of 5 x 5 that keep the map's side, and the largest of each pool x pool."""
    return (
        (f"conv{number}", Conv(planes, 5, pad=2)),
        (f"relu{number}", ReLU()),
        (f"pool{number}", CCells(pool)),
    )


def _taught(epochs: int, batch: int, decay: float, augment: Augment) -> Curriculum:
    """Adadelta; there, the slope of the decay is divided by the batch as the gradients are, and biases do not decay."""
    method = Backprop(optimizer=Adadelta(decay=decay / batch))
    return (Phase(None, method, epochs, batch, augment=None if augment == Augment() else augment),)
