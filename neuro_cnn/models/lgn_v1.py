"""From the retina to V1, built and not learned: simple, complex and end-stopped cells whose answers are known.

Hubel & Wiesel (1962, 1965), Journal of Physiology 160:106-154, Journal of Neurophysiology 28:229-289. What of it they
claimed: simple cells add centre-surround cells in rows, complex cells gather simple cells of one orientation over
places, end-stopped ("hypercomplex") cells are held down by complex cells at the ends of their line. That gathering is a
maximum they did not say; that is later (Fukushima 1980 saturates, Riesenhuber & Poggio 1999 take the maximum). The
instruments of `physiology` are tried on this animal, for its tuning follows from its wiring.

    LGN   ON and OFF cells                      centre .8, surround 1.6 pixels
    S1    simple cells, 8 orientations x 4 phases
    N1    divisive normalisation                on request (`surround`)
    M1    all phases of an orientation          maximum: complex over phase
    C1    all places in 5 x 5                   maximum: complex over place
    H1    end-stopped cells of each orientation
    then a linear read-out of the end-stopped cells' means, so that it can be compared
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Curriculum
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Contrast,
    Dense,
    Divisive,
    EndStopped,
    Flatten,
    Maxout,
    Mean,
    Shape,
    SimpleCells,
)
from neuro_cnn.models.features import Count, NotNegative, Positive, Readout, readout
from neuro_cnn.network import Chain


@dataclass(frozen=True)
class LGNV1:
    """Retina, simple, complex and end-stopped cells by wiring, under a linear read-out.

    `frequency` (cycles a pixel), `n_x` and `n_y` (cycles) shape the simple cells' fields; `surround` is the standard
    deviation in pixels of a pool that normalises them divisively, 0 for none, `semisaturation` its constant.
    """

    orientations: Count = 8
    phases: Count = 4
    frequency: Annotated[float, Field(ge=0.05, le=0.4)] = 0.2
    n_x: Annotated[float, Field(gt=0, le=4)] = 0.42
    n_y: Annotated[float, Field(gt=0, le=4)] = 0.55
    surround: NotNegative = 0.0
    semisaturation: Positive = 0.01
    pool: Count = 5
    ends: Positive = 6.0
    strength: Positive = 1.0
    readout: Readout = "ridge"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """28 x 28 throughout, and the read-out's means over 4 x 4."""
        cells = SimpleCells(self.orientations, self.phases, self.frequency, self.n_x, self.n_y)
        below: list[tuple[str, AnyLayer]] = [("LGN", Contrast(7, 0.8, 1.6)), ("S1", cells)]
        if self.surround:
            below.append(("N1", Divisive(self.surround, self.semisaturation)))
        below += [
            ("M1", Maxout(self.phases)),
            ("C1", CCells(self.pool, 1, "same")),
            ("H1", EndStopped(self.ends, self.strength)),
            ("P", CCells(4, pool=Mean())),
            ("flat", Flatten()),
            ("out", Dense(classes)),
        ]
        return Chain(tuple(below))

    def curriculum(self) -> Curriculum:
        """The read-out alone."""
        return (readout(self.readout),)
