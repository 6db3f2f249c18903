"""A sheet of cortex: units that share no weights, each learning with its neighbours, on which a map emerges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.layers import Contrast, Dense, Flatten, Shape, Triangle
from neuro_cnn.models.features import Count, NotNegative, Positive, Readout, readout
from neuro_cnn.network import Chain
from neuro_cnn.rules import Conscience, Hebbian, Homeostasis, Instar, Neighbourhood, UnitNorm
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class CorticalSheet:
    """Units on a sheet see the whole image through ON and OFF cells, and learn with their neighbours (Kohonen 1982).

    Of patches of natural images an orientation map emerges, as Obermayer, Ritter and Schulten (1990) have shown of
    drawn stimuli; von der Malsburg (1973) was the first to make one. Contrast cells whose view leaves the image are
    left out, for its edge is none of the world's. `radius` falls to `last`; below `last` it stays as it is, and far
    below 1 nobody has neighbours: the control. All constants are our choice, for some 20,000 patches of 16 x 16.
    """

    rows: Count = 32
    columns: Count = 32
    radius: Positive = 3.0
    last: Positive = 1.0
    rate: Positive = 1.0
    epochs: Count = 5
    batch: Count = 500
    conscience: NotNegative = 1000.0
    readout: Readout = "ridge"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """The retina, the sheet, and a linear read-out of its rectified responses."""
        eye = (("R", Contrast(margin=-3)), ("flat", Flatten()))  # views of 7 that lie within the image
        sheet = (("S1", Dense(self.rows * self.columns, bias=False)), ("T1", Triangle()))
        return Chain((*eye, *sheet, ("out", Dense(classes))))

    def curriculum(self) -> Curriculum:
        """The sheet without a teacher, the rate falling to 0; then the read-out."""
        keep: tuple[Homeostasis, ...] = (UnitNorm(),)
        if self.conscience > 0:
            keep = (*keep, Conscience(self.conscience))
        among = Neighbourhood(self.rows, self.columns, self.radius, min(self.last, self.radius))
        rule = Hebbian(Linear(self.rate), among, Instar(), keep)
        return Phase(("S1",), Local(rule), self.epochs, self.batch), readout(self.readout)
