"""LeNet-5 as it was in 1998: trainable subsampling, a connection table, squashed cells, drawings as targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.data.augment import Augment
from neuro_cnn.layers import RBF, AnyLayer, Conv, Dense, Flatten, Frame, Resize, ScaledTanh, Shape, Subsampling
from neuro_cnn.losses import MAP
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear

Table: TypeAlias = Literal["hand-made", "direct", "aggregated", "full"]
SIDE = 32
"""Rows and columns of the input: larger than any digit, so that strokes' ends can lie in the middle of a C5 view."""

THREES = tuple(tuple((first + step) % 6 for step in range(3)) for first in range(6))
FOURS = tuple(tuple((first + step) % 6 for step in range(4)) for first in range(6))
TABLES: dict[str, tuple[tuple[int, ...], ...]] = {
    "hand-made": (*THREES, *FOURS, (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5), (0, 1, 2, 3, 4, 5)),
    "direct": tuple((plane % 6,) for plane in range(16)),
    "aggregated": tuple(THREES[plane % 6] for plane in range(16)),
    "full": ((0, 1, 2, 3, 4, 5),) * 16,
}
"""Which planes of S2 each of C3's 16 planes sees: Table I of LeCun et al. (1998), by hand, and three to compare."""


@dataclass(frozen=True)
class LeNet5Of1998:
    """LeNet-5 exactly as LeCun, Bottou, Bengio and Haffner (1998) wired it: 60,000 parameters, 340,908 connections.

    The parameters of the output units, 840 drawn pixels, are fixed and not counted; their connections are. Images are
    set into 32 x 32 pixels, larger ones resized to them. `table` says which planes of S2 the planes of C3 see: those of
    the paper's table ("hand-made"), one each ("direct"), three neighbours each ("aggregated"), or all ("full"). Layers
    bear the paper's names, C for convolution and S for subsampling.

    Weights begin as in the paper and follow its criterion, eq. (9), but by Adam in batches, where the paper goes image
    by image with the stochastic diagonal Levenberg-Marquardt method; rate, epochs and batch are our choice. `augment`
    moves each training image anew by up to so many pixels; give it more epochs.
    """

    table: Table = "hand-made"
    epochs: Count = 20
    rate: Positive = 0.003
    batch: Count = 64
    augment: Annotated[int, Field(ge=0, le=100)] = 0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The framed image, C1 to F6, each squashed, and the output units."""
        rows = tuple(tuple(plane in row for plane in range(6)) for row in TABLES[self.table])
        cells: tuple[tuple[str, AnyLayer], ...] = (
            ("C1", Conv(6, 5, initial="lecun-1998")),
            ("S2", Subsampling()),
            ("C3", Conv(16, 5, table=rows, initial="lecun-1998")),
            ("S4", Subsampling()),
            ("C5", Conv(120, 5, initial="lecun-1998")),
        )
        squashed = (part for name, cell in cells for part in ((name, cell), (f"{name}_squashed", ScaledTanh())))
        larger = max(in_shape[-2:]) > SIDE
        return Chain(
            (
                *((("resized", Resize(SIDE, SIDE)),) if larger else ()),
                ("frame", Frame(SIDE, SIDE)),
                *squashed,
                ("flat", Flatten()),
                *(("F6", Dense(84, initial="lecun-1998")), ("F6_squashed", ScaledTanh())),
                ("out", RBF(classes)),
            )
        )

    def curriculum(self) -> Curriculum:
        """Backpropagation through all layers with Adam, the rate falling to 0."""
        augment = Augment(self.augment) if self.augment else None
        backprop = Backprop(MAP(), Adam(Linear(self.rate)))
        return (Phase(None, backprop, self.epochs, self.batch, augment=augment),)
