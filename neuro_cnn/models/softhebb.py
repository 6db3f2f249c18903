"""SoftHebb: soft winner-take-all in which winners learn Hebbian and losers anti-Hebbian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, NotNegative, Positive, RandomFeatures
from neuro_cnn.rules import Conscience, Hebbian, Homeostasis, SoftWTA, UnitNorm
from neuro_cnn.rules import SoftHebb as SoftHebbRule
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class SoftHebb(RandomFeatures):
    """The rule of Journe et al. (2023) with weights of norm 1 and a conscience, for small data.

    All constants are our choice, found on training images only; the published ones (`softhebb-2023`) need thousands of
    updates. Each further layer, four times as wide, learns at half the rate and with four times the conscience: there
    more planes are left behind.
    """

    rate: Positive = 0.1
    temperature: Positive = 0.03
    epochs: Count = 1
    batch: Count = 32
    conscience: NotNegative = 10.0
    initial: Literal["random", "positive", "data"] = "data"
    positions: Annotated[float, Field(gt=0, le=1)] = 1.0

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """SoftHebb under soft competition, the rate falling to 0."""
        keep: tuple[Homeostasis, ...] = (UnitNorm(),)
        if self.conscience > 0:
            keep = (*keep, Conscience(self.conscience * 4 ** (level - 1)))
        rule = Hebbian(
            Linear(self.rate / 2 ** (level - 1)),
            SoftWTA(self.temperature),
            SoftHebbRule(),
            keep,
            self.initial,
            positions=self.positions,
        )
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
