"""Autoencoders layer by layer: each S-layer learns to reconstruct the layer below, as in 2006."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, Positive, RandomFeatures
from neuro_cnn.optim import Adam
from neuro_cnn.rules import FromData, Reconstruct
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class Autoencoder(RandomFeatures):
    """Rectified cells with tied weights reconstruct their views (Bengio et al. 2007; denoising: Vincent et al. 2008).

    The hidden biases serve learning alone: the read-out sees the linear S-cells through Triangle, as in every system
    beside this one. All constants are our choice, found on training images only.
    """

    rate: Positive = 0.001
    epochs: Count = 2
    batch: Count = 8
    corruption: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """Adam on the squared error of the reconstruction, the rate falling to 0."""
        rate = Linear(self.rate if level == 1 else self.rate / 5)  # faster, a quarter of the planes falls out of use
        rule = Reconstruct(corruption=self.corruption, initial=FromData(), optimizer=Adam(rate))
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
