"""Which cells answer to an image, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import namespace, to_numpy
from neuro_cnn.describe import describe
from neuro_cnn.layers import Params, Shape
from neuro_cnn.network import Chain
from neuro_cnn.physiology.record import MEMORY, Unit
from neuro_cnn.tree import leaves


def at_once(net: Chain, params: dict[str, Params], in_shape: Shape, layer: str) -> int:
    """How many images can be answered together by the layers up to this one, so that the largest maps fit in memory."""
    most = max(row.memory for row in describe(up_to(net, layer), in_shape, params))
    return int(np.clip(MEMORY // most, 1, 256))


def up_to(net: Chain, layer: str) -> Chain:
    """The layers up to and with this one. Raises UsageError for a layer that does not exist."""
    return Chain((*net.part(stop=layer), (layer, net[layer])))


def respond_to(net: Chain, params: dict[str, Params], images: Any, layer: str) -> NDArray[Any]:
    """A layer's response, in host memory, to images (N, C, H, W), all at once, where the weights are."""
    weights = next((leaf for _, leaf in leaves(params)), None)
    xp = np if weights is None else namespace(weights)
    result: NDArray[Any] = to_numpy(up_to(net, layer).respond(params, xp.asarray(images)))
    return result


def peaks(responses: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Each plane's largest response, (N, K), and where, (N, K, 2); units in a row are at 0, 0."""
    maps = responses.reshape(*responses.shape[:2], -1)
    best = maps.argmax(axis=2)
    sides = responses.shape[2:] or (1, 1)
    return np.take_along_axis(maps, best[..., None], axis=2)[..., 0], np.stack(np.unravel_index(best, sides), axis=-1)


def most_active(net: Chain, params: dict[str, Params], image: NDArray[Any], layer: str, most: int) -> list[Unit]:
    """The most active cell of each of the planes that answer most to an image (C, H, W), at most so many.

    Planes that answer nowhere are left out.
    """
    value, place = (each[0] for each in peaks(respond_to(net, params, image[None], layer)))
    strongest = [int(k) for k in np.argsort(-value, kind="stable") if answered(value)[k]][:most]
    return [Unit(layer, k, *map(int, place[k])) for k in strongest]


def answered(responses: NDArray[Any]) -> NDArray[np.bool_]:
    """Where cells are not silent: 0 is the silence of rectified cells, -inf that of classes without a reference."""
    return np.asarray(np.isfinite(responses) & (responses != 0))


def at(responses: NDArray[Any], units: Sequence[Unit]) -> NDArray[Any]:
    """The responses of units in a layer's response (N, K, ...): (N, n)."""
    index = np.transpose([unit[1 : responses.ndim] for unit in units])
    picked: NDArray[Any] = responses[(slice(None), *index)]
    return picked
