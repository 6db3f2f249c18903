"""SoftHebb as published: three layers of 96, 384 and 1,536 planes, learned one after the other in one epoch each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, Eye, RandomFeatures
from neuro_cnn.rules import Hebbian, NormDependentRate, SoftHebb, SoftWTA

RATES, TEMPERATURES, POWERS = (0.08, 0.005, 0.01), (1.0, 1 / 0.65, 4.0), (0.7, 1.4, 1.0)
"""Of the three layers, recalled from the authors' program for CIFAR-10."""


@dataclass(frozen=True)
class SoftHebb2023(RandomFeatures):
    """The network of Journe et al. (2023) for CIFAR-10: input standardised, weights from norm 25 down to 1.

    Rates fall with each plane's norm, steps are scaled by their largest change, batches are of 10. Constants are
    recalled, not verified. Their maps are padded by reflection, ours by 0; their moments follow the batches, ours are
    fitted before; their read-out is a softmax with dropout, ours as `readout` says. An epoch must bring some
    thousand batches, or the norms stay far above 1 and the planes untrained: `softhebb` is for fewer images.
    """

    layers: Annotated[int, Field(ge=1, le=3)] = 3
    eye: Eye = "pixels"
    epochs: Count = 1
    batch: Count = 10

    def normalized(self, level: int) -> bool:
        """What any level looks at is standardised."""
        return True

    def power_at(self, level: int) -> float:
        """Times the option `power`, of which the published value is 1."""
        return self.power * POWERS[level - 1]

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """SoftHebb with a rate that ends where the norm is 1."""
        rule = Hebbian(
            RATES[level - 1],
            SoftWTA(TEMPERATURES[level - 1]),
            SoftHebb(),
            (NormDependentRate(),),
            radius=25.0,
            scale="largest",
        )
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
