"""Single-layer k-means features: Coates, Lee and Ng (2011), and deeper layers in the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from neuro_cnn.curriculum import Local, Phase
from neuro_cnn.models.features import Count, Eye, RandomFeatures
from neuro_cnn.rules import KMeans


@dataclass(frozen=True)
class KMeansFeatures(RandomFeatures):
    """S-planes are the centres of spherical k-means of whitened views, under the triangle of Coates et al. (2011).

    Their views are 6 x 6, ours `size` 5 as in the other systems; their pooling is by quadrants, ours finer. Each of
    `iterations` is a pass over `positions` of the views (our choice).
    """

    eye: Eye = "zca"
    iterations: Count = 10
    positions: Annotated[float, Field(gt=0, le=1)] = 0.1
    batch: Count = 100

    def learning(self, name: str, level: int) -> tuple[Phase, ...]:
        """As many epochs as iterations."""
        return (Phase((name,), Local(KMeans(self.iterations, self.positions)), self.iterations, self.batch),)
