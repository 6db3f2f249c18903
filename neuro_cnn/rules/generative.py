"""What rules that reconstruct the layer below have in common: tied weights, their start, and the views they see."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from neuro_cnn import ops
from neuro_cnn.backend import Array, namespace, to_numpy
from neuro_cnn.errors import UsageError
from neuro_cnn.layers import Dense, Params, SCells
from neuro_cnn.layers.base import Weights
from neuro_cnn.layers.scells import SWeights
from neuro_cnn.ops.normalize import at_planes
from neuro_cnn.rules.imprint import imprinted


class Lesson(NamedTuple):
    """Cells to be taught, with their params, and what they see, (N, ...)."""

    cells: Any
    params: Params
    x: Array


@dataclass(frozen=True)
class Apart:
    """Views that do not overlap, on a grid laid anew at random in each update, and none of them blank.

    Each view is reconstructed on its own, so that every layer learns as Dense does: the models of patches that
    Coates, Lee and Ng (2011) compare. It costs a small part of a convolution, for every input is seen once.
    """

    kind: Literal["apart"] = "apart"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Lesson:
        """Dense cells with the layer's weights, (K, D), and the views, (M, D), of which there may be none."""
        xp = namespace(x)
        weight = params.learned.weight
        if not isinstance(layer, Dense):
            if weight.shape[1] != x.shape[1] or getattr(layer, "table", None) is not None:
                raise UsageError("cells that see some of the planes below have no views apart; set views = everywhere")
            w = layer.window(x.shape[1:])
            if w.dilation != (1, 1):
                raise UsageError("dilated views cannot be laid apart without gaps; set views = everywhere")
            before = [int(rng.integers(side)) for side in w.size]
            pad = [(b, -(n + b) % side) for b, n, side in zip(before, x.shape[2:], w.size, strict=True)]
            views = ops.patches(x, w.size, w.size, (pad[0], pad[1]))  # (N, C, h, w, H', W')
            x = xp.reshape(xp.permute_dims(views, (0, 4, 5, 1, 2, 3)), (-1, weight[0, ...].size))  # (M, D)
        lit = np.flatnonzero(to_numpy(xp.any(x != 0, axis=1)))
        flat = Weights(xp.reshape(weight, (weight.shape[0], -1)))
        return Lesson(Dense(weight.shape[0], bias=False), Params(flat), xp.take(x, xp.asarray(lit), axis=0))


@dataclass(frozen=True)
class Everywhere:
    """The layer's own views, which overlap and explain the map together: Masci et al. (2011), Lee et al. (2009).

    Every input is explained by all planes at many places, so that rates must be smaller. Blank views count.
    """

    kind: Literal["everywhere"] = "everywhere"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __call__(self, layer: Any, params: Params, x: Array, rng: np.random.Generator) -> Lesson:
        """The layer and the maps as they are."""
        return Lesson(layer, params, x)


Views: TypeAlias = Apart | Everywhere


@dataclass(frozen=True)
class FromChance:
    """Small normally distributed weights of this deviation (0.01: Hinton 2012, sec. 8)."""

    deviation: float = 0.01
    kind: Literal["from_chance"] = "from_chance"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.deviation < inf:
            raise UsageError(f"initial weights of deviation {self.deviation}; it must be positive")

    def __call__(self, layer: Any, params: Params, sample: Array, rng: np.random.Generator) -> Array:
        """The weights before learning: like the layer's."""
        weight = params.learned.weight
        return namespace(weight).asarray(self.deviation * rng.standard_normal(weight.shape), dtype=weight.dtype)


@dataclass(frozen=True)
class FromData:
    """Views of training images of this norm, one a plane (our choice): fewer planes are left that nothing drives."""

    norm: float = 1.0
    kind: Literal["from_data"] = "from_data"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 0 < self.norm < inf:
            raise UsageError(f"initial weights of norm {self.norm}; it must be positive")

    def __call__(self, layer: Any, params: Params, sample: Array, rng: np.random.Generator) -> Array:
        """The weights before learning: like the layer's."""
        return self.norm * imprinted(layer, params, sample, rng)


Initial: TypeAlias = FromChance | FromData


class Tied(NamedTuple):
    """Weights that lead up and down, the cells' bias, (K,), and that of what they see: a number a plane or input."""

    weight: Array
    hidden: Array
    visible: Array


def tied(layer: Any, weight: Array, x: Array) -> Tied:
    """These weights, and biases of 0, for cells that see such x.

    Raises UsageError for S-cells that a V-cell inhibits, for their weights cannot be negative.
    """
    if isinstance(layer, SCells) and layer.response.inhibited:
        raise UsageError(
            f"cells with {layer.response.kind} inhibition cannot learn to reconstruct, for their weights are never "
            "negative; set response = rectified"
        )
    xp = namespace(weight)
    return Tied(weight, xp.zeros(weight.shape[0], dtype=weight.dtype), xp.zeros(x.shape[1], dtype=weight.dtype))


def wired(layer: Any, params: Params, machine: Tied) -> Params:
    """The layer's params with these weights, and with the hidden bias where its cells have one."""
    learned = layer.rewire(params, machine.weight).learned
    if isinstance(learned, SWeights):
        learned = learned._replace(inhibition=-machine.hidden)
    elif layer.bias:
        learned = learned._replace(bias=machine.hidden)
    return params._replace(learned=learned)


def drive(activity: Any, machine: Tied) -> Array:
    """Excitation and hidden bias, (N, K, ...)."""
    return activity.excitation + at_planes(machine.hidden, activity.excitation)


def sent_down(lesson: Lesson, machine: Tied, code: Array) -> Array:
    """What the code says of the layer below, W^T code + visible bias: (N, K, ...) -> shape of x."""
    return lesson.cells.recall(lesson.params, code, lesson.x.shape) + at_planes(machine.visible, lesson.x)


def shaped(gradient: Tied, like: Array) -> Tied:
    """The gradient with the weights' part in the shape of the layer's weights."""
    return gradient._replace(weight=namespace(like).reshape(gradient.weight, like.shape))


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), which overflows nowhere."""
    return (1 + namespace(x).tanh(x / 2)) / 2
