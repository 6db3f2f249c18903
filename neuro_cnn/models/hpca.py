"""Hebbian principal components: convolutional planes that find the components of their views, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, Eye, Positive, RandomFeatures
from neuro_cnn.rules import EqualPower, Everyone, Hebbian, Sanger, UnitNorm
from neuro_cnn.schedule import Linear


@dataclass(frozen=True)
class HPCA(RandomFeatures):
    """Sanger's rule on centred views (Lagani et al. 2021, HPCA): plane i finds the i-th principal component.

    While they learn planes have norm 1; then all get the same power, lest only the first ones are heard (our choice).
    A layer has no more planes than its views have dimensions: one less, for their mean is removed. Constants are our
    choice, found on training images only.
    """

    planes: Count = 24
    eye: Eye = "centred"
    rate: Positive = 0.5
    epochs: Count = 4
    batch: Count = 32

    def standardized(self, level: int) -> bool:
        """Views of every level are centred, for components are those of a covariance."""
        return level > 1 or super().standardized(level)

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """All planes learn everywhere, the rate falling to 0."""
        rate = self.rate if level == 1 else self.rate / 20  # standardised responses are far stronger than pixels
        rule = Hebbian(Linear(rate), Everyone(), Sanger(), (UnitNorm(), EqualPower()))
        return (Phase((name,), Local(rule), self.epochs, self.batch),)
