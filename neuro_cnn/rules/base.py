"""What every local rule is: it changes one layer from that layer's own activity."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np

from neuro_cnn.backend import Array
from neuro_cnn.data import Dataset
from neuro_cnn.layers import Params


class Rule(Protocol):
    """Changes one layer from its own activity; it is given no other layer.

    "Local" means local to a layer: winner-take-all, normalisation and weight sharing are not local to a synapse.
    """

    supervised: ClassVar[bool]
    """Whether `target` is read: a supervised rule is shown labelled images only."""
    teaches: ClassVar[tuple[type, ...]]
    """The kinds of layer whose weights or fixed arrays it sets."""
    once: ClassVar[bool] = False
    """Whether it must see every image once: what chooses ridge's penalty must not be fitted, a reference is one."""
    grows: ClassVar[bool] = False
    """Whether it makes the layer's planes, as many as it takes."""

    @property
    def sequence(self) -> int:
        """How many images are the frames of one sequence and read in their order; 0 where order means nothing."""
        return 0

    @property
    def samples(self) -> bool:
        """Whether it `sees` views drawn at random, and not the layer's whole activity."""
        return False

    def check(self, layer: Any, params: Params) -> None:
        """Raises UsageError, before anything is learned, where it cannot teach this layer; params may be empty."""
        return

    def shows(self, shape: tuple[int, ...]) -> Dataset | None:
        """The images, of this shape, that are learned from instead of the data set's; None: the data set's."""
        return None

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, Any]:
        """Params and state before the first of `updates` updates; `sample`, (n, *in_shape), is training input."""
        return params, None

    def sees(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Any:
        """What `update` is told of a batch, (N, *in_shape), where no layer above learns too: the layer's activity."""
        return layer.forward(params, x)[1]

    def settled(self, layer: Any, params: Params, state: Any) -> bool:
        """Whether nothing it could be shown would change anything any more: then it need not be shown the rest."""
        return False

    def update(
        self, layer: Any, params: Params, state: Any, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, Any]:
        """Params and state after one batch; `target` holds the labels, (N,)."""
        return params, state

    def finish(self, layer: Any, params: Params, state: Any) -> Params:
        """Params at the end of the phase (ridge, k-means and other rules that need all data)."""
        return params
