"""Edge-extracting S-cells: wired, not learned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Contrast, Params, SCells
from neuro_cnn.rules.base import Rule

SOFTNESS = 0.35
"""Pixels over which an ideal edge rises (our choice)."""


@dataclass(frozen=True)
class Edges(Rule):
    """Each plane is tuned to an ideal straight edge through its view as contrast cells show it: U_S1 of Fukushima 2003.

    The planes' orientations are spread evenly over 360 degrees. `retina` is the contrast layer below. Shunting cells
    answer to contrast the more sharply the greater the `strength` of their weights.
    """

    retina: Contrast = Contrast()
    strength: float = 1.0
    kind: Literal["edges"] = "edges"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (SCells,)

    def __post_init__(self) -> None:
        if self.strength <= 0:
            raise UsageError(f"strength of the weights is {self.strength}; it must be positive")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        if not layer.response.inhibited:
            raise UsageError("edges are for S-cells with inhibition; set response = subtractive")
        xp = namespace(params.learned.weight)
        seen = xp.asarray(edges(params.learned.weight.shape, self.retina), dtype=params.learned.weight.dtype)
        return tuned(layer, params, seen, self.strength), None


def tuned(layer: SCells, params: Params, patterns: Array, strength: float) -> Params:
    """S-cells that answer best to these patterns, (K, C, h, w): a = strength c X / ||X||, with the norm under c."""
    xp = namespace(patterns)
    excited = params.fixed.surround * patterns
    norm = xp.sqrt(xp.sum(excited * patterns, axis=(1, 2, 3), keepdims=True))
    return layer.rewire(params, strength * excited / norm)


def edges(shape: tuple[int, ...], retina: Contrast) -> Any:
    """What a view of contrast cells sees of edges through its centre: (K, 2C, h, w), as `shape` says."""
    planes, inputs, height, width = shape
    if inputs % 2:
        raise UsageError(f"edges are seen by ON and OFF cells, but there are {inputs} input planes; put Contrast below")
    around = retina.size  # the image goes on beyond what the view's contrast cells see
    y, x = (np.arange(side + 2 * around) - (side + 2 * around - 1) / 2 for side in (height, width))
    angle = 2 * np.pi * np.arange(planes)[:, None, None] / planes
    across = x[None, None, :] * np.cos(angle) + y[None, :, None] * np.sin(angle)
    images = np.repeat((0.5 + 0.5 * np.tanh(across / (2 * SOFTNESS)))[:, None], inputs // 2, axis=1)
    cells = replace(retina, margin=0)
    seen = cells.respond(cells.init(images.shape[1:], None), images)
    return seen[:, :, around : around + height, around : around + width]
