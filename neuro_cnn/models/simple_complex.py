"""One pair of simple and complex cells, learned from what the eye sees: the preparation for physiology."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Contrast,
    Conv,
    Dense,
    Flatten,
    Maxout,
    Normalize,
    OlshausenField,
    Shape,
    StandardizedConv,
    Threshold,
)
from neuro_cnn.models.features import READ, Count, NotNegative, Positive, Readout, readout
from neuro_cnn.network import Chain
from neuro_cnn.rules import Conscience, HardWTA, Hebbian, Homeostasis, Instar, SetThreshold, Standardize, UnitNorm
from neuro_cnn.schedule import Linear

REACH = 7
"""Pixels that the whitening filter reaches to each side: 15 a side, as of the layer itself (our choice)."""


@dataclass(frozen=True)
class SimpleComplex:
    """Simple cells learn by Hebbian competition; a complex cell answers to the best of those that it pools.

    The eye whitens (Olshausen & Field 1996) or is the `retina`'s ON and OFF cells; cells whose view would leave the
    image are left out, for its edge is none of the world's. Behind the whitening eye views have their mean removed, so
    that diffuse light drives nobody. S = phi[w x - threshold max], max being a cell's response to its best grating;
    C is the maximum over `pool` x `pool` S-cells of one plane, and of its opposite with 2 `polarities`. `rate` begins
    so high that cells behind the retina learn as well, whose views are faint beside weights of norm 1. `positions` is
    the fraction of views learned from, `source` other images of the same shape to learn from. Constants are our choice.
    """

    planes: Count = 32
    size: Annotated[int, Field(ge=1)] = 9
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.0
    pool: Annotated[int, Field(ge=1)] = 5
    polarities: Literal[1, 2] = 1
    eye: Literal["olshausen-field", "retina"] = "olshausen-field"
    rate: Positive = 0.95
    epochs: Count = 5
    batch: Count = 100
    conscience: NotNegative = 10.0
    positions: Annotated[float, Field(gt=0, le=1)] = 0.1
    readout: Readout = "ridge"
    source: str | None = None
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The eye, S- and C-cells, and a linear read-out of the pooled C-cells."""
        both = (("M1", Maxout(2)),) if self.polarities == 2 else ()
        cells = (("S1", self.cells()), ("T1", Threshold(self.polarities)), *both, ("C1", CCells(self.pool, 1)))
        return Chain((*self.eyes(), *cells, ("P", READ[1]), ("flat", Flatten()), ("out", Dense(classes))))

    def eyes(self) -> tuple[tuple[str, AnyLayer], ...]:
        """What S-cells look at."""
        if self.eye == "retina":
            return (("R", Contrast(7, 0.8, 1.6, margin=-3)),)
        return ("R", OlshausenField(2 * REACH + 1)), ("N1", Normalize())

    def cells(self) -> AnyLayer:
        """The linear part of the S-cells, whose views lie within what the eye sees of the image."""
        if self.eye == "retina":
            return Conv(self.planes, self.size, bias=False)
        return StandardizedConv(self.planes, self.size, pad=-REACH)

    def curriculum(self) -> Curriculum:
        """The S-cells without a teacher, the rate falling to 0, and their thresholds; then the read-out."""
        keep: tuple[Homeostasis, ...] = (UnitNorm(),)
        if self.conscience > 0:
            keep = (*keep, Conscience(self.conscience))
        rule = Hebbian(Linear(self.rate), HardWTA(), Instar(), keep, "data", positions=self.positions)
        learned = Phase(("S1",), Local(rule), self.epochs, self.batch, data=self.source)
        first = () if self.eye == "retina" else (Phase(("N1",), Local(Standardize()), batch=100, data=self.source),)
        last = (Phase(("T1",), Local(SetThreshold(self.threshold)), batch=100),) if self.threshold > 0 else ()
        return (*first, learned, *last, readout(self.readout))
