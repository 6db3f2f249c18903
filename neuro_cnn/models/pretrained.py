"""Pretraining without a teacher, layer by layer, then backpropagation: the road that deep learning took in 2006."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from pydantic import Field

from neuro_cnn.curriculum import Backprop, Curriculum, Phase
from neuro_cnn.layers import Shape
from neuro_cnn.models.autoencoder import Autoencoder
from neuro_cnn.models.features import Count, Positive, RandomFeatures
from neuro_cnn.models.hebbian_wta import HebbianWTA
from neuro_cnn.models.hpca import HPCA
from neuro_cnn.models.imprinted_patches import ImprintedPatches
from neuro_cnn.models.kmeans_features import KMeansFeatures
from neuro_cnn.models.rbm import RBM
from neuro_cnn.models.softhebb import SoftHebb
from neuro_cnn.network import Chain
from neuro_cnn.optim import Adam
from neuro_cnn.schedule import Linear

FIRST: dict[str, type[RandomFeatures]] = {
    "none": RandomFeatures,
    "imprinted": ImprintedPatches,
    "hebbian-wta": HebbianWTA,
    "softhebb": SoftHebb,
    "k-means": KMeansFeatures,
    "hpca": HPCA,
    "autoencoder": Autoencoder,
    "rbm": RBM,
}
"""The system whose S-layers learn first, by the option `rule`."""


@dataclass(frozen=True)
class PretrainedFinetuned(RandomFeatures):
    """Any local `rule` of the catalogue with its own constants, then backprop through all layers or the last alone.

    All rules see what `eye` shows. The control is the same network from scratch, with the same epochs of backprop.
    Fine-tuning is our choice.
    """

    planes: Count = 32
    rule: Literal["none", "imprinted", "hebbian-wta", "softhebb", "k-means", "hpca", "autoencoder", "rbm"] = "softhebb"
    tune: Literal["all", "last"] = "all"
    epochs: Annotated[int, Field(ge=0, le=100_000)] = 10
    rate: Positive = 0.01
    batch: Count = 32

    def network(self, in_shape: Shape, classes: int) -> Chain:
        """That of the system whose rule comes first."""
        return self._first().network(in_shape, classes)

    def curriculum(self) -> Curriculum:
        """The S-layers as the chosen system learns them; in place of its read-out, the whole network or its end."""
        *features, _ = self._first().curriculum()
        layers = None if self.tune == "all" else ("out",)
        return (*features, Phase(layers, Backprop(optimizer=Adam(Linear(self.rate))), self.epochs, self.batch))

    def _first(self) -> RandomFeatures:
        shared: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(RandomFeatures)}
        return FIRST[self.rule](**shared)
