"""The neocognitron of 1980: three stages of S- and C-cells that organise themselves, without a teacher.

Fukushima, K. (1980), Biological Cybernetics 36:193-202. Read in later sources: equations, planes, map sizes and r.
Recalled, to be checked against the paper: q, alpha, sides of views and S-columns. Our choice, where the paper gives
no values: d(v), c(v), initial weights, and the pitch of 2 from S1 to C1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase, Together
from neuro_cnn.layers import CCells, Flatten, Labelled, Saturating, SCells, Shape, Shunting
from neuro_cnn.models.features import Count, Positive
from neuro_cnn.network import Chain
from neuro_cnn.rules import Fukushima1980, NameCells


@dataclass(frozen=True)
class Neocognitron1980:
    """Self-organisation by seed cells; in the end each deepest cell is named by what it answers to."""

    planes: Count = 24
    r1: Positive = 4.0
    r2: Positive = 1.5
    r3: Positive = 1.5
    q1: Positive = 1.0
    q2: Positive = 16.0
    q3: Positive = 16.0
    alpha: Positive = 0.5
    initial: Positive = 1e-4  # our choice
    presentations: Count = 1  # epochs: how often each training image is shown
    pitch: Annotated[int, Field(ge=1, le=2)] = 2  # our choice, from S1 to C1
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """16 x 16 -> S1 16 -> C1 10 -> S2 8 -> C2 6 -> S3 2 -> C3 1, all with views of 5 x 5 but C3's 2 x 2."""
        c1, c2, c3 = map(self.saturating, (1, 2, 3))
        overhang = ((3, 4), (3, 4)) if self.pitch == 2 else ((-1, -1), (-1, -1))
        return Chain(
            (
                ("S1", SCells(self.planes, 5, pad=2, response=Shunting(self.r1))),
                ("C1", CCells(5, self.pitch, overhang, c1)),
                ("S2", SCells(self.planes, 5, pad=1, response=Shunting(self.r2))),
                ("C2", CCells(5, 1, 1, c2)),
                ("S3", SCells(self.planes, 5, response=Shunting(self.r3))),
                ("C3", CCells(2, 1, 0, c3)),
                ("flat", Flatten()),
                ("out", Labelled(classes)),
            )
        )

    def saturating(self, number: int) -> Saturating:
        """What the C-cells of a stage do."""
        # d(v) sums to 80, 1 and 1: S1 answers weakly, and C1 has to saturate. Found by a search over 200 settings on
        # presentation seeds from 100 on (our choice)
        return Saturating(80.0 if number == 1 else 1.0, 1.0 if number == 3 else 0.5, self.alpha)

    def curriculum(self) -> Curriculum:
        """All stages at each presentation; afterwards the deepest cells get their names."""
        rules = (
            ("S1", Fukushima1980(self.q1, 5, self.initial)),
            ("S2", Fukushima1980(self.q2, 5, self.initial)),
            ("S3", Fukushima1980(self.q3, 2, self.initial)),
        )
        stages = tuple(name for name, _ in rules)
        return (
            Phase(stages, Together(rules), self.presentations, batch=1),
            Phase(("out",), Local(NameCells()), batch=100),
        )
