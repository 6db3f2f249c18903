"""Hebbian winner-take-all: competitive learning of S-cells, layer by layer, without a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.errors import UsageError
from neuro_cnn.models.features import Count, NotNegative, Positive, RandomFeatures
from neuro_cnn.rules import (
    BCM,
    KWTA,
    AntiHebbian,
    Conscience,
    HardWTA,
    Hebb,
    Hebbian,
    Homeostasis,
    Instar,
    KrotovHopfield,
    Oja,
    PerImage,
    SoftWTA,
    Surround,
    UnitNorm,
)
from neuro_cnn.rules.hebbian import Competition
from neuro_cnn.rules.plasticity import Plasticity
from neuro_cnn.schedule import Linear

PLASTICITIES: dict[str, Plasticity] = {
    "instar": Instar(),
    "hebb": Hebb(),
    "oja": Oja(),
    "bcm": BCM(),
    "krotov-hopfield": KrotovHopfield(),
}


@dataclass(frozen=True)
class HebbianWTA(RandomFeatures):
    """The best plane of each position moves towards what it sees (instar), with a conscience to keep all in use.

    `competition` and `plasticity` set other classical rules in its place, weights always of norm 1: `k` planes win
    alike, or all softly, or at one position of the image (per-image), under a surround (with bcm Nimmo & Mondragon
    2025) or learned lateral inhibition (anti-hebbian, with instar Foldiak 1990); krotov-hopfield wants competition=k.
    `positions` is the fraction of the views learned from. All constants are our choice, found on training images only.
    """

    rate: Positive = 0.2
    epochs: Count = 1
    batch: Count = 32
    conscience: NotNegative = 10.0
    initial: Literal["random", "positive", "data"] = "data"
    plasticity: Literal["instar", "hebb", "oja", "bcm", "krotov-hopfield"] = "instar"
    competition: Literal["hard", "k", "soft", "per-image", "surround", "anti-hebbian"] = "hard"
    k: Count = 2
    temperature: Positive = 0.03
    positions: Annotated[float, Field(gt=0, le=1)] = 1.0
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.plasticity == "krotov-hopfield" and self.competition != "k":
            raise UsageError("krotov-hopfield teaches the first and the last of k winners; set competition=k")

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """The rule, its rate falling to 0."""
        keep: tuple[Homeostasis, ...] = (UnitNorm(),)
        if self.conscience > 0 and self.competition != "anti-hebbian":  # whose thresholds do the same
            keep = (*keep, Conscience(self.conscience))
        rule = Hebbian(
            Linear(self.rate),
            self._competition(),
            PLASTICITIES[self.plasticity],
            keep,
            self.initial,
            positions=self.positions,
        )
        return (Phase((name,), Local(rule), self.epochs, self.batch),)

    def _competition(self) -> Competition:
        choices: dict[str, Competition] = {
            "hard": HardWTA(),
            "k": KWTA(self.k),
            "soft": SoftWTA(self.temperature),
            "per-image": PerImage(),
            "surround": Surround(),
            "anti-hebbian": AntiHebbian(),
        }
        return choices[self.competition]
