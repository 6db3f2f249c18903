"""What learned cells are held against: the same cells unlearned, and with random Gabor functions for weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_cnn.backend import to_numpy
from neuro_cnn.curriculum import Curriculum
from neuro_cnn.data import Dataset
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Conv, Params, SCells, StandardizedConv
from neuro_cnn.models import unlearned
from neuro_cnn.network import Chain
from neuro_cnn.stimuli import gabor
from neuro_cnn.streams import generator
from neuro_cnn.training import train

FINEST = 0.3
"""Cycles a pixel of the finest random Gabor function; the coarsest has one cycle in the view (our choice)."""
WIDTHS, LENGTHS = (0.2, 0.65), (0.3, 0.8)
"""Sigmas across and along the bars in cycles, evenly drawn: around .42 and .55, where macaque V1's medians lie (our
choice)."""


def born(net: Chain, curriculum: Curriculum, data: Dataset, seed: int) -> dict[str, Params]:
    """The network before it has learned, without a teacher or with one; moments and thresholds are fitted."""
    return _fitted(net, unlearned(curriculum), net.init(data.shape, seed), data, seed)


def gabor_bank(
    net: Chain, curriculum: Curriculum, params: dict[str, Params], data: Dataset, layer: str, seed: int
) -> dict[str, Params]:
    """The network with random Gabor functions for the weights of one layer, each of its plane's norm.

    Thresholds above are fitted anew. Raises UsageError for a layer that looks at more than ON and OFF cells or colours.
    """
    cells: Any = net[layer]
    if not isinstance(cells, Conv | SCells | StandardizedConv):
        raise UsageError(f"layer {layer} ({cells.kind}) has no weights that Gabor functions could stand in for")
    old = np.asarray(to_numpy(params[layer].learned.weight), dtype=np.float64)
    planes, inputs, *sides = old.shape
    if inputs > 3:
        raise UsageError(f"layer {layer} looks at {inputs} planes, not at an image: Gabor functions cannot stand in")
    field = random_gabors(planes, (sides[0], sides[1]), generator(seed, "physiology", "gabor bank"))
    parts = (field, -field) if inputs == 2 else (field,) * inputs
    weight = np.stack(parts, axis=1)
    if old.min() >= 0:
        weight = np.maximum(weight, 0)
    norms = [np.sqrt(np.sum(each**2, axis=(1, 2, 3), keepdims=True)) for each in (old, weight)]
    made = weight * norms[0] / np.where(norms[1] > 0, norms[1], 1)
    changed = params | {layer: _at_rest(cells.rewire(params[layer], made.astype(np.float32)))}
    above = net.names[net.names.index(layer) + 1 :]
    phases = tuple(phase for phase in unlearned(curriculum) if set(phase.learners(net)) <= set(above))
    return _fitted(net, phases, changed, data, seed)


def _at_rest(params: Params) -> Params:
    """The params without a learned bias: nothing of what was learned but the norms is left."""
    bias = getattr(params.learned, "bias", ())
    return params if isinstance(bias, tuple) else params._replace(learned=params.learned._replace(bias=0 * bias))


def random_gabors(count: int, sides: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Gabor functions of random orientation, phase, frequency, width and length, each of sum 0: (count, h, w)."""
    frequency = np.exp(rng.uniform(np.log(1 / max(sides)), np.log(max(FINEST, 1 / max(sides))), count))
    across, along = (rng.uniform(*each, count) / frequency for each in (WIDTHS, LENGTHS))
    angle, phase = rng.uniform(0, 180, count), rng.uniform(0, 2 * np.pi, count)
    fields = gabor(sides, angle, frequency, phase, across, along).astype(np.float64)
    return np.asarray(fields - fields.mean(axis=(1, 2), keepdims=True))


def _fitted(net: Chain, phases: Curriculum, params: dict[str, Params], data: Dataset, seed: int) -> dict[str, Params]:
    """The params after phases that fit moments and thresholds."""
    if not phases:
        return params
    *_, progress = train(net, phases, data, seed=seed, params=params)
    return progress.params
