"""The neocognitron of 2003: four stages of shunting S-cells, grown by competition, on an enlarged image.

Fukushima, K. (2003), Neurocomputing 51:161-180. Read, in the abstract: inhibitory surround of C-cells, contrast layer
below edge layer, self-organised S2 and S3, supervised competitive learning at the top, staggered S- and C-cells; 98.6 %
of 3000 digits of ETL-1 after learning 3000. Recalled, to be checked against the paper: all map sizes, 16 edge
orientations, psi, the learning and recognition thresholds, and 39, 110 and 103 planes. Our choice, tuned on splits of
the training digits alone: sides of views, sigmas, c(v), strengths, how images are enlarged, and how many teach S2 and
S3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Contrast, Hyperbolic, LabelledCells, Resize, SCells, Shape, Shunting
from neuro_cnn.models.features import Count
from neuro_cnn.models.neocognitron_2013 import Threshold
from neuro_cnn.network import Chain
from neuro_cnn.rules import Edges, SupervisedWTA, WinnerTakeAll

SIDE = 65  # of U_0, recalled
RETINA = Contrast(7, 1.0, 2.0, margin=3)
POOL = Hyperbolic(2.0, 0.5, 20.0)
STRENGTH = 200.0
"""Of all weights: high enough that S-cells answer to the shape of what they see, not to its contrast."""
GAMMA = 0.9
"""How fast c(v) falls."""


@dataclass(frozen=True)
class Neocognitron2003:
    """S2 and S3 by winner-take-all with growth, the deepest planes by supervised winner-take-all.

    S2 and S3 learn at the thresholds theta_l2 and theta_l3 and recognise at lower ones, theta_r2 and theta_r3, which
    are our choice (recalled: .51 and .58, with which accuracy here is lower). `side` is that of the image on the
    retina of 65 x 65; `images` teach S2 and S3, and all teach the top, `epochs` times.
    """

    theta_s1: Threshold = 0.55
    theta_l2: Threshold = 0.66
    theta_l3: Threshold = 0.67
    theta_r2: Threshold = 0.6
    theta_r3: Threshold = 0.65
    theta_r4: Threshold = 0.3
    planes2: Count = 60
    planes3: Count = 110
    planes4: Count = 500
    side: Annotated[int, Field(ge=1, le=SIDE)] = 57
    images: Count = 300
    epochs: Count = 1
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        for stage, low, high in ((2, self.theta_r2, self.theta_l2), (3, self.theta_r3, self.theta_l3)):
            if low > high:
                raise UsageError(f"theta_r{stage} = {low} is above theta_l{stage} = {high}; lower it")
        if self.side % 2 == 0:
            raise UsageError(f"side = {self.side} cannot lie in the middle of a retina of 65; choose an odd number")

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """U0 65 -> contrast 71 -> S1 68 -> C1 37 -> S2 38 -> C2 21 -> S3 22 -> C3 13 -> S4 5 -> classes.

        Sides of views are even up to C3, so that cells lie between those that they look at: staggered.
        """
        deepest = SCells(self.planes4, 9, response=_cells(self.theta_r4))
        return Chain(
            (
                ("U0", Resize(self.side, self.side, (SIDE - self.side) // 2)),
                ("R", RETINA),
                ("S1", SCells(16, 6, pad=1, response=_cells(self.theta_s1))),
                ("C1", CCells(8, 2, 6, POOL)),
                ("S2", SCells(self.planes2, 4, pad=2, response=_cells(self.theta_r2))),
                ("C2", CCells(8, 2, 5, POOL)),
                ("S3", SCells(self.planes3, 4, pad=2, response=_cells(self.theta_r3))),
                ("C3", CCells(8, 2, 5, POOL)),
                ("out", LabelledCells(classes, deepest)),
            )
        )

    def curriculum(self) -> Curriculum:
        """Edges as they are wired; then the planes of S2, of S3, and of the top."""
        s2, s3 = (WinnerTakeAll(theta, strength=STRENGTH) for theta in (self.theta_l2, self.theta_l3))
        return (
            Phase(("S1",), Local(Edges(RETINA, STRENGTH)), epochs=0),
            Phase(("S2",), Local(s2), batch=50, images=self.images),
            Phase(("S3",), Local(s3), batch=50, images=self.images),
            Phase(("out",), Local(SupervisedWTA(STRENGTH)), self.epochs, batch=100),
        )


def _cells(theta: float) -> Shunting:
    """S-cells in the form of 2003, u = theta/(1 - theta) phi[(1 + e)/(1 + theta h) - 1], where h = 2 b v."""
    return Shunting(theta / (1 - theta), GAMMA)
