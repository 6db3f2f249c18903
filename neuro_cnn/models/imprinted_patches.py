"""Imprinted patches: S-cells that are views of training images, the second control of every unsupervised learner."""

from __future__ import annotations

from dataclasses import dataclass

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import RandomFeatures
from neuro_cnn.rules import Imprint


@dataclass(frozen=True)
class ImprintedPatches(RandomFeatures):
    """Each S-plane takes one view of one training image as its weights; nothing else is learned below the read-out."""

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """Imprinting at the start of an empty phase."""
        return (Phase((name,), Local(Imprint()), epochs=0),)
