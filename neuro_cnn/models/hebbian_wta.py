"""Hebbian winner-take-all: competitive learning of S-cells, layer by layer, without a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, NotNegative, Positive, RandomFeatures
from neuro_cnn.rules import Conscience, Hebbian, Homeostasis, Instar, UnitNorm
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class HebbianWTA(RandomFeatures):
    """The best plane of each position moves towards what it sees (instar), with a conscience to keep all in use.

    All constants are our choice, found on training images only.
    """

    rate: Positive = 0.2
    epochs: Count = 1
    batch: Count = 32
    conscience: NotNegative = 10.0
    initial: Literal["random", "data"] = "data"

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """Instar under hard competition, the rate falling to 0."""
        keep: tuple[Homeostasis, ...] = (UnitNorm(),)
        if self.conscience > 0:
            keep = (*keep, Conscience(self.conscience))
        rule = Hebbian(Linear(self.rate), plasticity=Instar(), homeostasis=keep, initial=self.initial)
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
