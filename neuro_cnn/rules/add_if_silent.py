"""Add-if-silent: a new plane wherever no cell of the layer answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Params, SCells, Subtractive
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops import patches
from neuro_cnn.rules.base import Rule


@dataclass(frozen=True)
class AddIfSilent(Rule):
    """A place where all planes are silent at the learning threshold gets a plane of its own: Fukushima 2013.

    Image by image, the silent view of largest v becomes the next plane, a = c X / ||X||, until none is silent or the
    layer has all its planes. Once made, a plane never changes. Views with v below `least_activity` times the image's
    largest are left out (our choice). The learning threshold is not below the layer's theta, at which it recognises.
    """

    theta: float
    least_activity: float = 0.3
    kind: Literal["add_if_silent"] = "add_if_silent"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}
    supervised: ClassVar[bool] = False
    teaches: ClassVar[tuple[type, ...]] = (SCells,)
    grows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.theta < 1:
            raise UsageError(f"learning threshold theta is {self.theta}; it must lie between 0 and 1")
        if not 0 <= self.least_activity < 1:
            raise UsageError(f"least_activity is {self.least_activity}; it must be at least 0 and below 1")

    def start(
        self, layer: Any, params: Params, sample: Array, rng: np.random.Generator, updates: int
    ) -> tuple[Params, None]:
        if not isinstance(layer.response, Subtractive):
            raise UsageError("add-if-silent teaches S-cells with subtractive inhibition; set response = subtractive")
        if layer.response.theta > self.theta:
            raise UsageError(
                f"recognition threshold {layer.response.theta} above the learning threshold {self.theta}: "
                "views would be learned twice; raise the one or lower the other"
            )
        return params._replace(learned=SWeights(*(leaf[:0] for leaf in params.learned))), None

    def update(
        self, layer: Any, params: Params, state: None, activity: Any, target: Array, rng: np.random.Generator
    ) -> tuple[Params, None]:
        weight = params.learned.weight
        made = self._made(layer, params, activity)
        if not made:
            return params, None
        xp = namespace(weight)
        grown = xp.reshape(xp.asarray(np.stack(made), dtype=weight.dtype), (len(made), *weight.shape[1:]))
        new = layer.rewire(params, grown).learned
        learned = SWeights(*(xp.concat(leaves) for leaves in zip(params.learned, new, strict=True)))
        return params._replace(learned=learned), None

    def _made(self, layer: SCells, params: Params, activity: Any) -> list[Any]:
        """The weights, (D,) each, of the planes that a batch adds. Sequential: each image meets the planes so far."""
        c = to_numpy(params.fixed.surround).ravel()
        x, e, v = (to_numpy(part) for part in (activity.x, activity.excitation, activity.inhibition))
        most = layer.planes - e.shape[1]
        made: list[Any] = []
        for image in range(len(x)):
            if len(made) == most:
                break
            strength = v[image].ravel()
            active = np.flatnonzero(strength > self.least_activity * strength.max())
            w = layer.window(x.shape[1:])
            views = patches(x[image : image + 1], w.size, w.stride, w.pad)[0].reshape(c.size, -1)[:, active]
            heard = e[image].reshape(-1, strength.size)[:, active].max(axis=0, initial=0)
            if made:
                heard = np.maximum(heard, (np.stack(made) @ views).max(axis=0))
            made += self._seeds(views, strength[active], heard, c, most - len(made))
        return made

    def _seeds(self, views: Any, v: Any, e: Any, c: Any, most: int) -> list[Any]:
        """The weights of the planes that one image adds: views (D, P), v and largest e there, (P,) each."""
        made: list[Any] = []
        silent = e <= self.theta * v
        while np.any(silent) and len(made) < most:
            seed = int(np.argmax(np.where(silent, v, 0)))
            made.append(c * views[:, seed] / v[seed])
            silent &= made[-1] @ views <= self.theta * v
            silent[seed] = False  # whatever rounding makes of e = v
        return made
