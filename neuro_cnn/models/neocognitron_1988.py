"""The neocognitron of 1988: four stages of S- and C-cells, taught plane by plane by a teacher who draws patterns.

Fukushima, K., Miyake, S. & Ito, T. (1983), IEEE SMC-13:826-834, and Fukushima, K. (1988), Neural Networks 1:119-130.
Read in later sources: the teacher's part, 19 x 19 pixels, 12 planes of S1 with views of 3 x 3 that 8 planes of C1
join by orientation, ten cells at the top. Recalled, to be checked against the papers: the map sizes, 38 and 22 planes
of S2 and C2. Our choice, tuned on glyphs of our own drawing: r, q and alpha, d(v), c(v), all other views, 30 planes of
S3, 10 of S4, and every pattern that the teacher draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.data.lessons import margins
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import CCells, Flatten, Join, Mean, Saturating, SCells, Shape, Shunting
from neuro_cnn.models.features import Positive
from neuro_cnn.models.lessons_1988 import DIGITS, digits, lines, parts, stars
from neuro_cnn.network import Chain
from neuro_cnn.rules import Taught


@dataclass(frozen=True)
class Neocognitron1988:
    """Learns the ten digits from its teacher's patterns alone; the images of the data set are only recognised.

    Classes must be the digits from 0 on. Images are padded to 19 x 19 pixels with zeros; larger ones are first shrunk
    by a whole factor, each pixel the mean of a square. Its drawings are of thin strokes: of handwritten digits it names
    few (19 % of the embedded ones).
    """

    r1: Positive = 1.0
    r2: Positive = 3.0
    r3: Positive = 4.0
    r4: Positive = 0.2
    q: Positive = 1e4
    alpha: Positive = 0.25
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """19 x 19 -> S1 19 -> C1 21 -> S2 21 -> C2 13 -> S3 13 -> C3 7 -> S4 3 -> C4 1."""
        if classes > len(DIGITS):
            raise UsageError(f"the teacher knows ten digits, but the data has {classes} classes; choose data of digits")
        factor, ((top, bottom), (left, right)) = margins(in_shape[1:])
        frame = ((top + 1, bottom + 1), (left + 1, right + 1))
        (s1, j1), (s2, j2) = lines(), stars()
        return Chain(
            (
                *((("U0", CCells(factor, pool=Mean())),) if factor > 1 else ()),
                ("S1", SCells(len(s1), 3, pad=frame, response=Shunting(self.r1, GAMMA))),
                ("J1", Join(j1)),
                ("C1", CCells(3, 1, 2, Saturating(200.0, DELTA, self.alpha))),
                ("S2", SCells(len(s2), 3, pad=1, response=Shunting(self.r2, GAMMA))),
                ("J2", Join(j2)),
                ("C2", CCells(5, 2, 4, Saturating(80.0, DELTA, self.alpha))),
                ("S3", SCells(len(parts()), 5, pad=2, response=Shunting(self.r3, GAMMA))),
                ("C3", CCells(5, 2, 2, Saturating(20.0, DELTA, self.alpha))),
                ("S4", SCells(len(DIGITS), 5, response=Shunting(self.r4, GAMMA))),
                # the cells of the digits that the data has
                ("J4", Join(tuple((digit,) for digit in range(classes)))),
                ("C4", CCells(3, pool=Saturating(1.0, 1.0, self.alpha))),
                ("out", Flatten()),
            )
        )

    def curriculum(self) -> Curriculum:
        """The lessons, lower layers first."""
        lessons = (("S1", lines()[0]), ("S2", stars()[0]), ("S3", parts()), ("S4", digits()))
        names = {"S4": tuple("0123456789")}
        rules = ((name, Taught(self.q, lesson, names.get(name, ()))) for name, lesson in lessons)
        return tuple(Phase((name,), Local(rule), batch=50) for name, rule in rules)


GAMMA, DELTA = 0.7, 0.5
"""How c(v) and d(v) fall with distance (our choice)."""
