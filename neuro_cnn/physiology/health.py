"""The health of a learned layer: are its planes in use, and do they differ?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neuro_cnn.backend import namespace, to_numpy
from neuro_cnn.layers import Params
from neuro_cnn.network import Chain
from neuro_cnn.tree import leaves

SHOWN = 500
"""Training images on which wins are counted, evenly spread over all: they may be sorted by class (our choice)."""
FAIR = 10
"""Wins that a dense unit should have on average among them, where there are images enough (our choice)."""
DEAD = 0.02
"""A unit is dead when it wins less than this part of its fair share."""
WORRY = 0.05
"""Share of dead units from which a health line complains."""


class Health(NamedTuple):
    """Planes of a layer, which of them are dead, and the median cosine of a filter to its nearest other.

    `spare` planes have never been a seed: their inhibitory weight b is 0 still. They are not counted as dead.
    """

    planes: int
    dead: tuple[bool, ...]
    redundancy: float | None
    spare: tuple[bool, ...] = ()

    @property
    def dead_units(self) -> float:
        """Share of dead units, in [0, 1]."""
        return sum(self.dead) / self.planes

    def line(self, name: str) -> str:
        """The health in one line, with a cure where the layer needs one."""
        text = f"{name}: {sum(self.dead)} of {self.planes} units dead ({100 * self.dead_units:.1f} %)"
        if any(self.spare):
            text += f", {sum(self.spare)} never learned"
        if self.redundancy is not None:
            text += f", median nearest-filter cosine {self.redundancy:.2f}"
        if self.dead_units >= WORRY and not any(self.spare):
            text += "; use fewer planes, or with a Hebbian rule initial=data and a larger conscience"
        return text


def health(net: Chain, params: dict[str, Params], images: Any, layer: str) -> Health:
    """Health of one layer from 500 of these images, (N, C, H, W): who wins where, and how filters differ.

    At every position that is not blank the plane with the largest drive wins.
    """
    xp = namespace(*(leaf for _, leaf in leaves(params)))
    weight = to_numpy(params[layer].learned.weight)
    wins = np.zeros(len(weight), np.int64)
    dense = params[layer].learned.weight.ndim == 2  # one view an image: it takes more of them to be fair
    count = min(max(SHOWN, FAIR * len(weight)) if dense else SHOWN, len(images))
    shown = np.arange(count) * len(images) // count
    for start in range(0, count, 50):
        x = net.respond(params, xp.asarray(images[shown[start : start + 50]]), stop=layer)
        cells: Any = net[layer]  # a plastic layer: its activity has excitation and drive
        activity = cells.forward(params[layer], x)[1]
        seen = xp.any(activity.excitation != 0, axis=1)
        best = to_numpy(xp.where(seen, xp.argmax(activity.drive, axis=1), xp.asarray(-1)))
        wins += np.bincount(best[best >= 0], minlength=len(weight))
    dead = wins < DEAD * wins.sum() / len(weight) if wins.sum() else np.ones(len(weight), bool)
    spare = _spare(cells, params[layer])
    cosine = _nearest_cosine(weight.reshape(len(weight), -1))
    return Health(len(weight), tuple(bool(d) for d in dead & ~spare), cosine, tuple(bool(s) for s in spare))


def _spare(layer: Any, params: Params) -> Any:
    """Shunting S-cells that nothing has taught: their b has stayed 0 where the rule starts there, (K,)."""
    count = params.learned.weight.shape[0]
    shunting = getattr(getattr(layer, "response", None), "kind", None) == "shunting"
    return to_numpy(params.learned.inhibition) == 0 if shunting else np.zeros(count, bool)


def _nearest_cosine(filters: Any) -> float | None:
    if len(filters) < 2:
        return None
    norm = np.linalg.norm(filters, axis=1, keepdims=True)
    cosine = (filters / np.where(norm > 0, norm, 1)) @ (filters / np.where(norm > 0, norm, 1)).T
    np.fill_diagonal(cosine, -1)
    return float(np.median(cosine.max(axis=1)))
