"""HMAX: Gabor cells, maxima over position and scale, remembered views, and a maximum over everything.

Riesenhuber & Poggio (1999), Nature Neuroscience 2:1019-1025; Serre, Wolf, Bileschi, Riesenhuber & Poggio (2007), IEEE
Transactions on Pattern Analysis and Machine Intelligence 29:411-426. Published (read in later sources), and beside it
ours for images of 28 x 28, tuned on splits of the training digits alone:

    S1  Gabor cells of 4 orientations     views of 7, 9 ... 37           the first two pairs of them
    C1  maximum over pairs of scales      8 bands                        2 bands
        and over position                 8, 10 ... 22, half overlapping 4, half overlapping, in both bands
    S2  remembered views of C1            4, 8, 12, 16; 1000 in all      3, 5, 7; 200 of each
        exp(-beta |X - P|^2)                                             beta |X - P|^2 = mean square / 2 sigma^2
    C2  maximum over positions and bands  one number a prototype         the same
        then                              a support vector machine       ridge regression
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
"""Side of the smallest Gabor cell's view, as published."""
SIZES = (3, 5, 7)
"""Sides of the prototypes in cells of C1 (our choice)."""


@dataclass(frozen=True)
class HMAX:
    """Prototypes drawn from training images, sought at every place and scale, under a linear read-out.

    `pad` rows and columns of silence around C1 let prototypes lie across the edge.
    """

    planes: Count = 200  # of each size
    orientations: Count = 4
    bands: Annotated[int, Field(ge=1, le=8)] = 2
    pool: Count = 4
    sigma: Positive = 0.1
    pad: Annotated[int, Field(ge=0, le=20)] = 2
    readout: Readout = "ridge"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """28 x 28 -> S1 28 -> C1 13 -> S2 11 -> C2 1, two bands of scales up to S2."""
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
