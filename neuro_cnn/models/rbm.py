"""Restricted Boltzmann machines layer by layer, as in 2006: each S-layer learns what the layer below looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, Positive, RandomFeatures
from neuro_cnn.rules import Bernoulli, ContrastiveDivergence, FromData, Gaussian, Sparse
from neuro_cnn.rules.contrastive_divergence import Visible
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class RBM(RandomFeatures):
    """Binary cells by contrastive divergence (Hinton 2002), sparsely active, as a stack (Hinton et al. 2006).

    What is below is binary for pixels, Gaussian for contrast (`deviation`) and for the standardised second layer (1).
    The hidden biases serve learning alone: the read-out sees the linear S-cells through Triangle, as in every system
    beside this one. All constants are our choice, found on training images only.
    """

    rate: Positive = 0.005
    epochs: Count = 2
    batch: Count = 8
    k: Count = 1
    deviation: Positive = 0.2
    sparsity: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """CD-k, the rate falling to 0."""
        below: Visible = Gaussian() if level > 1 else Bernoulli() if self.eye == "pixels" else Gaussian(self.deviation)
        rate = Linear(self.rate if level == 1 else self.rate / 20)  # faster, a tenth of the planes falls out of use
        rule = ContrastiveDivergence(rate, below, self.k, sparse=Sparse(self.sparsity), initial=FromData())
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
