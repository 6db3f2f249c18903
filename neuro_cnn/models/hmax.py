"""HMAX: Gabor cells, maxima over position and scale, remembered views, and a maximum over everything.

Riesenhuber & Poggio (1999), Nature Neuroscience 2:1019-1025; Serre, Wolf, Bileschi, Riesenhuber & Poggio (2007), IEEE
PAMI 29:411-426.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import AnyLayer, CCells, Dense, Flatten, Gabors, Maxout, Prototypes, Shape
from neuro_cnn.models.features import Count, Positive, Readout, readout
from neuro_cnn.network import Chain
from neuro_cnn.rules import Imprint

SMALLEST = 7
SIZES = (3, 5, 7)


@dataclass(frozen=True)
class HMAX:
    """Prototypes drawn from training images, sought at every place and scale, under a linear read-out."""

    planes: Count = 200  # of each size
    orientations: Count = 4
    bands: Annotated[int, Field(ge=1, le=8)] = 2
    pool: Count = 4
    sigma: Positive = 0.1
    pad: Annotated[int, Field(ge=0, le=20)] = 0
    readout: Readout = "ridge"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """28 x 28 -> S1 28 -> C1 13 -> S2 7 -> C2 1, two bands of scales up to S2."""
        scales = tuple(range(SMALLEST, SMALLEST + 4 * self.bands, 2))
        below: tuple[tuple[str, AnyLayer], ...] = (
            ("S1", Gabors(self.orientations, scales)),
            ("M1", Maxout(2)),
            ("C1", CCells(self.pool, 2)),
            ("S2", Prototypes(self.planes, SIZES, self.bands, self.pad, self.sigma)),
            ("M2", Maxout(self.bands)),
        )
        net = Chain(below)
        _, height, width = net.shapes(net.init(in_shape, None), in_shape)["M2"]
        return Chain((*below, ("C2", CCells((height, width))), ("flat", Flatten()), ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """Prototypes from the training images, then the read-out."""
        return (Phase(("S2",), Local(Imprint()), epochs=0), readout(self.readout))
