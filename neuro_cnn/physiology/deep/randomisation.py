"""The sanity check of Adebayo et al. (2018): does a map change when the weights that made it are drawn anew?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.layers import Params, SCells
from neuro_cnn.network import AnyPart, Chain
from neuro_cnn.physiology.deep.saliency import PixelMaps
from neuro_cnn.physiology.record import Unit, receptive_box
from neuro_cnn.streams import generator
from neuro_cnn.tree import leaves, tree_map

DRAWS = 5
"""Times that all weights are drawn anew (our choice)."""


class Redrawn(NamedTuple):
    """How alike each unit's map stays, (n,), once this layer and all above it have been drawn anew.

    `alike` is the rank correlation of the maps' absolute values, and `signed` of the maps themselves, the mean over
    the draws in which the unit still had a map; `silent` counts the others, and with nothing else both are NaN.
    """

    layer: str
    alike: NDArray[Any]
    signed: NDArray[Any]
    silent: NDArray[Any]

    @property
    def means(self) -> tuple[float | None, float | None]:
        """`alike` and `signed` over the units that have a map; None where none has."""
        there = ~np.isnan(self.alike)
        if not there.any():
            return None, None
        return float(self.alike[there].mean()), float(self.signed[there].mean())


def randomisation(
    net: Chain,
    params: dict[str, Params],
    image: NDArray[Any],
    units: Sequence[Unit],
    way: Callable[[Chain, dict[str, Params], NDArray[Any], Sequence[Unit]], PixelMaps],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    step: Callable[[], None] = lambda: None,
) -> list[Redrawn]:
    """Draw weights anew from the units' layer down, and compare each map with the one that was learned.

    `way` is saliency, guided or deconvnet. Every learned array of a layer is drawn from its own values, without
    putting back (it is shuffled), so that a layer keeps its scale and its excess of small weights, also one that grew.
    PixelMaps are compared by Spearman's rank correlation over the pixels that the cell sees. `step` is called after
    each draw.
    """
    layer = units[0].layer
    names = [name for name in reversed(net.names[: net.names.index(layer) + 1]) if any(leaves(params[name].learned))]
    learned = way(net, params, image, units).maps
    own = [_seen(net, params, unit, each) for unit, each in zip(units, learned, strict=True)]
    found = np.full((len(names), draws, 2, len(units)), np.nan)
    for draw in range(draws):
        drawn = dict(params)
        for depth, name in enumerate(names):
            drawn[name] = redrawn(net[name], params[name], generator(seed, "redrawn", draw, name))
            maps = way(net, drawn, image, units).maps
            for place, (unit, each) in enumerate(zip(units, maps, strict=True)):
                other = _seen(net, params, unit, each)
                found[depth, draw, :, place] = ranks_agree(abs(own[place]), abs(other)), ranks_agree(own[place], other)
        step()
    lost = np.isnan(found[:, :, 0]).sum(axis=1)
    means = [_means(each) for each in found]
    return [Redrawn(name, *mean, each) for name, mean, each in zip(names, means, lost, strict=True)]


def redrawn(cells: AnyPart, params: Params, rng: np.random.Generator) -> Params:
    """A layer's params with every learned array shuffled, and S-cells that have a V-cell freed of its inhibition.

    Under it random cells are silent, and a silent cell has no map to compare.
    """
    learned = tree_map(lambda leaf: rng.permuted(to_numpy(leaf).ravel()).reshape(leaf.shape), params.learned)
    if isinstance(cells, SCells) and cells.response.inhibited:
        learned = learned._replace(inhibition=0 * learned.inhibition)
    return params._replace(learned=learned)


def ranks_agree(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Spearman's rank correlation of two arrays, ties with their mean rank; NaN where one is constant."""
    one, other = (_ranks(each) for each in (first, second))
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else float("nan")


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """Ranks less their mean."""
    _, which, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return np.asarray(ranks - ranks.mean())


def _seen(net: Chain, params: dict[str, Params], unit: Unit, image: NDArray[Any]) -> NDArray[Any]:
    """The pixels of an image, (C, H, W), that a unit sees."""
    rows, columns = receptive_box(net, params, image.shape, unit.layer, (unit.row, unit.column)).cut(image.shape[1:])
    return image[:, rows, columns]


def _means(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Means over the draws that there are: (draws, 2, n) -> (n,) and (n,), NaN where there is none."""
    there = ~np.isnan(values)
    total = np.where(there, values, 0).sum(axis=0)
    alike, signed = np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)
    return alike, signed
