"""The neocognitron of 2013: edges, a layer grown by add-if-silent, and interpolating vectors at the top.

Fukushima, K. (2013), Neural Networks 37 and 40, Neurocomputing; the architecture goes back to Fukushima (2003),
Neurocomputing 51:161-180. Read, in abstracts and later sources: contrast, edge and square-root layers, add-if-silent
and interpolating vectors. Recalled, to be checked against the papers: 16 edge orientations, the forms of the S-cell
and the C-cell, and the learning threshold above that of recognition. Our choice, tuned on splits of the training digits
alone: sizes, sigmas, thresholds, surround inhibition, the cap of 200 planes, two stages (a third lowers accuracy at
28 x 28), the margin, and the exact criterion of the top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field

from neuro_cnn.curriculum import Curriculum, Local, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import (
    AnyLayer,
    CCells,
    Contrast,
    InterpolatingVector,
    SCells,
    Shape,
    SquareRoot,
    Subtractive,
)
from neuro_cnn.models.features import Count
from neuro_cnn.network import Chain
from neuro_cnn.rules import (
    AddIfSilent,
    AnyRule,
    Edges,
    LabelledWTA,
    LearnReferences,
    WinnerKillLoser,
    WinnerTakeAll,
)

Threshold: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
Top: TypeAlias = Literal["interpolating", "all", "nearest", "wta"]


@dataclass(frozen=True)
class Neocognitron2013:
    """Planes by add-if-silent, then references wherever the own class does not lead by a margin.

    S2 grows from `images` drawn at random until it has all its `planes`; 200 are made from the first twenty or so.
    `top` is how the deepest layer decides: "interpolating" by vectors chosen with the margin (0: only on error),
    "all" by interpolating between all training images, "nearest" by the nearest of all, "wta" by labelled cells of
    supervised winner-take-all (2003). With `reach` 1 the deepest cells are there at 3 x 3 positions, four pixels
    apart, which buys tolerance of shifts. `growth` "wta" and "wkl" grow S2 by the rules that came before
    add-if-silent, winner-take-all and winner-kill-loser (with `theta_kill` as its third threshold). `stages` 1
    leaves out S2 and C2, which help with strokes but not with textures.
    """

    top: Top = "interpolating"
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.08
    planes: Count = 200
    theta_s1: Threshold = 0.65
    theta_learning: Threshold = 0.75
    theta_recognition: Threshold = 0.7
    images: Count = 1000
    growth: Literal["silent", "wta", "wkl"] = "silent"
    theta_kill: Threshold | None = None
    reach: Annotated[int, Field(ge=0, le=4)] = 0
    stages: Annotated[int, Field(ge=1, le=2)] = 2
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.theta_recognition > self.theta_learning:
            above = f"theta_recognition = {self.theta_recognition} is above theta_learning = {self.theta_learning}"
            raise UsageError(f"{above}; lower it")
        if self.theta_kill is not None and self.growth != "wkl":
            raise UsageError(f"theta_kill = {self.theta_kill} is for growth = wkl; leave it out or set growth=wkl")

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """28 x 28 -> contrast 36 -> S1 36 -> C1 18 -> S2 18 -> C2 9 -> classes."""
        nearest = 12 if self.top in ("interpolating", "all") else 1
        stages: tuple[tuple[str, AnyLayer], ...] = (
            ("S1", SCells(16, 5, pad=2, response=Subtractive(self.theta_s1, 1.6))),
            ("C1", CCells(5, 2, 2, SquareRoot())),
            ("S2", SCells(self.planes, 3, pad=1, response=Subtractive(self.theta_recognition, 1.5))),
            ("C2", CCells(5, 2, 2, SquareRoot())),
        )
        top = InterpolatingVector(classes, nearest, self.reach)
        return Chain((("R", RETINA), *stages[: 2 * self.stages], ("out", top)))

    def curriculum(self) -> Curriculum:
        """Edges as they are wired, the planes of S2 one by one, and the references."""
        rule = (
            LabelledWTA()
            if self.top == "wta"
            else LearnReferences(self.margin if self.top == "interpolating" else None)
        )
        rules: dict[str, AnyRule] = {
            "silent": AddIfSilent(self.theta_learning),
            "wta": WinnerTakeAll(self.theta_learning),
            "wkl": WinnerKillLoser(self.theta_learning, self.theta_kill),
        }
        grown = Phase(("S2",), Local(rules[self.growth]), batch=50, images=self.images)
        edges = Phase(("S1",), Local(Edges(RETINA)), epochs=0)
        top = Phase(("out",), Local(rule), batch=2000)
        return (edges, grown, top) if self.stages == 2 else (edges, top)


RETINA = Contrast(11, 0.8, 1.8, margin=4)
"""Contrast cells whose surround fits their view, with room for strokes that end at the edge of the image."""
