"""Imprinting: weights that are views of training images, taken as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import SilentError, UsageError
from neuro_cnn.layers import PLASTIC, Dense, Params, Prototypes
from neuro_cnn.ops.geometry import batch_first, batch_last
from neuro_cnn.ops.normalize import norms, unit_norm
from neuro_cnn.rules.base import Rule

DRAWN = 20
"""Views drawn for each plane, of which it takes one (our choice)."""


@dataclass(frozen=True)
class Imprint(Rule):
    """Every plane's weights become one view of one training image, of norm `strength`. No learning follows.

    Prototypes keep the view as it is, for their cells compare and do not multiply.
    """

    strength: float = 1.0
    kind: Literal["imprint"] = "imprint"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (*PLASTIC, Prototypes)

    def __post_init__(self) -> None:
        if self.strength <= 0:
            raise UsageError(f"strength of the weights is {self.strength}; it must be positive")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        if isinstance(layer, Prototypes):
            return layer.rewire(params, exemplars(layer, params, sample, rng)), None
        return layer.rewire(params, self.strength * imprinted(layer, params, sample, rng)), None


def imprinted(layer: Any, params: Params, sample: Array, rng: np.random.Generator) -> Array:
    """Views drawn from the sample by their energy, one a plane, none of them blank, norm 1: like the layer's weights.

    Raises SilentError when the sample has fewer views that are not blank than the layer has planes.
    """
    planes = params.learned.weight.shape[0]
    views = some_views(layer, params, sample, rng, planes)
    if views.shape[0] < planes:
        raise SilentError(
            f"{views.shape[0]} views of the sample are not blank, but {planes} planes want one each; "
            "use fewer planes or other images"
        )
    return views


def some_views(layer: Any, params: Params, sample: Array, rng: np.random.Generator, count: int) -> Array:
    """So many views of the sample, drawn by their energy, or as many as are not blank, norm 1: (n, *a plane's weights).

    Strong views come before faint ones, by the square of their norm, lest planes learn the margins of strokes.
    """
    xp = namespace(sample)
    weight = params.learned.weight
    views = layer.look(params, _views(layer, sample, (count, *weight.shape[1:]), rng))
    energy = np.asarray(to_numpy(norms(views)), dtype=float) ** 2
    count = min(count, int(np.count_nonzero(energy)))
    if count == 0:
        return xp.astype(views[:0, ...], weight.dtype)
    chosen = xp.asarray(np.sort(rng.choice(len(energy), count, replace=False, p=energy / energy.sum())))
    return unit_norm(xp.astype(xp.take(views, chosen, axis=0), weight.dtype))


def exemplars(layer: Prototypes, params: Params, sample: Array, rng: np.random.Generator) -> Array:
    """A view of the sample for each prototype, of any band, drawn by its energy from DRAWN: like the prototypes.

    Raises UsageError when all of them are blank.
    """
    xp = namespace(sample)
    weight = params.learned.weight
    views = xp.reshape(_views(layer, layer.folded(sample), weight.shape, rng), (-1, DRAWN, *weight.shape[1:]))
    cut = xp.stack([layer.rewire(params, views[:, k, ...]).learned.weight for k in range(DRAWN)], axis=1)
    energy = np.asarray(to_numpy(xp.sum(cut * cut, axis=(2, 3, 4))), dtype=float)  # (K, DRAWN)
    chosen = np.empty(len(energy), np.int64)
    for k, share in enumerate(energy):
        if not share.any():
            raise UsageError(f"{DRAWN} views of the sample drawn for a prototype are all blank; enlarge its size")
        chosen[k] = DRAWN * k + rng.choice(DRAWN, p=share / share.sum())
    return xp.take(xp.reshape(cut, (-1, *weight.shape[1:])), xp.asarray(chosen), axis=0)


def _views(layer: Any, sample: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Many views at random places: (DRAWN a plane, *shape of one plane's weights)."""
    xp = namespace(sample)
    if isinstance(layer, Dense):
        return sample
    if shape[1] != sample.shape[1]:
        raise UsageError(f"views cannot be imprinted on a {layer.kind} layer with groups; use another rule")
    window = layer.window(sample.shape[1:])
    padded = batch_first(batch_last(sample, window.pad))
    places = window.places(*sample.shape[2:])
    views = []
    for _ in range(DRAWN * shape[0]):
        image, row, column = rng.integers((sample.shape[0], *places))
        rows = slice(row * window.stride[0], None, window.dilation[0])
        columns = slice(column * window.stride[1], None, window.dilation[1])
        views.append(padded[int(image), :, rows, columns][:, : shape[2], : shape[3]])
    return xp.stack(views)
